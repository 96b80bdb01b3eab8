//! The `garbage` verb on the reference server: each kind is garbage there, the step waits for what is declared, and nobody else notices. And
//! whoever could not be served before it, either, says nothing of it.

use std::path::Path;
use std::sync::Arc;

use crate::stage_support::{case, fails, passes, setting};
use glare::laws::Law;
use glare::record::Verdict;
use glare::scenario::Place;
use glare::server::ServerSpec;
use glare::signaling::{Dialect, Garbage, Kind};
use glare::stage::{Outcome, Setting, play};
use glare_signaling_server::{Fault, Faults, Policy};

const HEAD: &str = "scenario: x\npeers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire } }\nsteps:\n";
const TWO: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - connect: { peer: carol }\n";

async fn on(faults: Faults, dialect: Arc<Dialect>, steps: &str) -> Outcome {
    let policy = Policy::default();
    let setting = Setting {
        server: ServerSpec::Embedded { faults, policy },
        dialect,
        ..setting()
    };
    play(&case(&format!("{HEAD}{steps}")), Arc::new(setting)).await
}

fn altered(from: &str, to: &str) -> Arc<Dialect> {
    let text = include_str!("../../../fixtures/servers/reference/dialect.yaml");
    assert!(text.contains(from), "{from}");
    let text = text.replace(from, to);
    Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("a dialect"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_is_garbage_and_is_answered_as_declared() {
    for kind in Garbage::NAMES {
        let steps = format!(
            "{TWO}  - garbage: {{ peer: carol, kind: \"{kind}\" }}\n  - send: {{ from: bob, message: offer }}\n  - await: {{ peer: alice, hears: offer }}\n"
        );
        let outcome = on(Faults::none(), Dialect::reference(), &steps).await;
        let log = passes(&outcome);
        let told = log.contains("server -> carol: error");
        // It is a name like another, and no room's.
        let named = kind == "prototype";
        let refused = log.contains("server -> carol: refused");
        assert_eq!(
            (told, refused),
            (kind != "huge" && !named, named),
            "{kind}\n{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_of_a_request_by_http_and_of_a_signal_is_made_of_their_templates() {
    for of in ["create", "offer", "candidate", "leave"] {
        let steps = format!("{TWO}  - garbage: {{ peer: carol, kind: cut-short, of: {of} }}\n");
        passes(&on(Faults::none(), Dialect::reference(), &steps).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_do_what_it_declares_fails_the_step() {
    let steps = format!("{TWO}  - garbage: {{ peer: carol, kind: cut-short, within: 1s }}\n");
    let silent = Faults::from(Fault::PassesOverBadJson);
    let outcome = on(silent.clone(), Dialect::reference(), &steps).await;
    fails(
        &outcome,
        Place::Step(4),
        "what the server says to carol's garbage",
    );
    // Where nothing is declared, nothing is awaited.
    let quiet = altered("garbage: { any: word, huge: close }\n", "");
    passes(&on(silent, quiet, &steps).await);
}

/// The mutants of a word hold no word of the dialect.
#[test]
fn what_is_made_is_no_word_of_the_dialect() {
    use glare::signaling::{Conversation, Out};
    let talk = Conversation::new(Dialect::reference(), "carol");
    for kind in Garbage::ALL {
        for of in [Kind::Join, Kind::Offer, Kind::Answer] {
            let says = talk.garbage(kind, Some(of)).expect("it has the word");
            let [say] = says.as_slice() else {
                panic!("{says:?}");
            };
            let Out::Text(text) = &say.out else {
                panic!("{say:?}");
            };
            let proper = talk.clone().garbage(Garbage::Empty, Some(of));
            assert!(proper.is_ok());
            assert_ne!(text, "{\"type\":\"join\",\"room\":\"glare-garbage\"}");
        }
    }
}

/// Whose strangers cannot meet in any case is not accused of what garbage did to them. (Its dialect creates rooms for nobody who is there.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_work_before_the_garbage_is_not_held_against_it() {
    let nobody = altered(
        "    http: POST /create\n    body: { userId: \"{me}\"",
        "    http: POST /create\n    body: { userId: \"nobody-{me}\"",
    );
    let steps = "  - connect: { peer: alice }\n  - connect: { peer: carol }\n  - garbage: { peer: carol, kind: unknown-word }\n";
    let outcome = on(Faults::none(), nobody.clone(), steps).await;
    assert_eq!(outcome.verdict, Verdict::Pass, "{:#?}", outcome.laws);
    // A sound dialect finds what a fault does.
    let cuts = Faults::from(Fault::BadJsonCutsOthers);
    let steps = format!("{TWO}  - garbage: {{ peer: carol, kind: cut-short, answered: false }}\n");
    let outcome = on(cuts, Dialect::reference(), &steps).await;
    let five = Law::GarbageHarmsNobodyElse.number();
    fails(
        &outcome,
        Place::Law(five.into()),
        "the server ended the connection",
    );
}
