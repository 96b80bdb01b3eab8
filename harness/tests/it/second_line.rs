//! `connect` beside a line that is half-open: a new line, which the server refuses, or lets in in the old one's place, as its dialect says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::stage_support::{case, fails, passes, setting};
use glare::record::{Story, Verdict, What};
use glare::report::page;
use glare::scenario::{Place, Scenario, Second};
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
use glare::terms::Side;
use glare_signaling_server::{Fault, Faults, Policy, SameId};

/// Alice and Bob in the lobby, her line half-open.
const HALF_OPEN: &str = "scenario: x\npeers: { alice: { stack: native }, bob: { stack: native } }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - await: { connected: [alice, bob] }\n  - cut: { peer: alice, how: silence }\n";

/// They meet once more, over her new line.
const MEET: &str = "  - join: { peer: alice, room: lobby }\n  - await: { connected: [alice, bob] }\n  - say: { from: bob, text: hello }\n";

async fn on(name: &str, same_id: SameId, faults: Faults, steps: &str) -> Outcome {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference");
    let dialect = Dialect::load(&folder.join(format!("{name}.yaml"))).expect("a dialect");
    let policy = Policy {
        same_id,
        ..Policy::default()
    };
    let setting = Setting {
        server: ServerSpec::Embedded { faults, policy },
        dialect: Arc::new(dialect),
        ..setting()
    };
    play(&case(&format!("{HALF_OPEN}{steps}")), Arc::new(setting)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_it_fails_the_step_and_says_why() {
    let connect = "  - connect: { peer: alice }\n";
    let outcome = on("dialect", SameId::Reject, Faults::none(), connect).await;
    fails(&outcome, Place::Step(5), "user alice is connected already");
    let refused = "  - connect: { peer: alice, refused: true }\n";
    passes(&on("dialect", SameId::Reject, Faults::none(), refused).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lets_it_take_over_tells_that_the_old_one_is_gone() {
    let left = "  - connect: { peer: alice }\n  - await: { peer: bob, hears: peer-left, from: alice, within: 5s }\n";
    let steps = format!("{left}{MEET}");
    let takeover = "takeover.dialect";
    let log = passes(&on(takeover, SameId::Takeover, Faults::none(), &steps).await);
    assert!(log.contains("alice#2 -> server: join lobby"), "{log}");
    assert!(
        log.contains("server -> bob: peer-left alice (lost)"),
        "{log}"
    );
    // It is let in, but the old line keeps what it had.
    let fault = Fault::StaleCloseEvictsReplacement.into();
    let outcome = on(takeover, SameId::Takeover, fault, &steps).await;
    fails(&outcome, Place::Step(6), "peer-left from alice");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lets_it_resume_tells_nobody() {
    let steps = format!(
        "  - connect: {{ peer: alice }}\n{MEET}expect:\n  never: |\n    server -> bob: peer-left\n"
    );
    let resuming = "resuming.dialect";
    let log = passes(&on(resuming, SameId::Resume, Faults::none(), &steps).await);
    assert!(
        log.contains("server -> alice#2: joined lobby with bob"),
        "{log}"
    );
    let fault = Fault::StaleCloseEvictsReplacement.into();
    let outcome = on(resuming, SameId::Resume, fault, &steps).await;
    // The new line has the user's place already, and is asked for none.
    fails(&outcome, Place::Step(6), "you are already in room lobby");
}

/// The server has ended the line, of which the peer hears nothing; then a reset ends it for her, too. Whichever of the two is known first:
/// `connect` is done when the line stands that she speaks on from then on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connect_is_done_when_that_very_line_is_open() {
    let policy = Policy {
        ends_idle_lines: Some(Duration::from_millis(500)),
        ..Policy::default()
    };
    let setting = Arc::new(Setting {
        server: ServerSpec::variant(policy),
        ..setting()
    });
    let text = "scenario: x\npeers: { alice: { stack: wire } }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - cut: { peer: alice, how: silence }\n  - wait: 900ms\n  - kill: { peer: alice, how: socket }\n  - connect: { peer: alice }\n  - create: { peer: alice, room: hall }\n";
    let case = case(text);
    for _ in 0..10 {
        let log = passes(&play(&case, setting.clone()).await);
        assert!(log.contains("server -> alice#2: created hall"), "{log}");
    }
}

#[test]
fn a_line_that_was_dialled_anew_can_be_silenced_and_the_old_one_mended() {
    let read = |steps: &str| Scenario::read(Path::new("x.yaml"), &format!("{HALF_OPEN}{steps}"));
    let again = "  - cut: { peer: alice, how: silence }\n";
    assert!(read(again).is_err());
    read(&format!("  - connect: {{ peer: alice }}\n{again}")).unwrap_or_else(|m| panic!("{m}"));
    read("  - connect: { peer: alice }\n  - mend: { peer: alice }\n")
        .unwrap_or_else(|m| panic!("{m}"));
}

/// How often she had to dial is a race wherever a peer dials by itself: only what the server let in is counted, by the log and by what is expected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_was_refused_counts_for_none() {
    let refused = "  - connect: { peer: alice, refused: true }\n".repeat(2);
    let text = format!(
        "scenario: x\npeers: {{ alice: {{ stack: wire }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n{refused}  - kill: {{ peer: alice, how: socket }}\n  - connect: {{ peer: alice }}\n  - create: {{ peer: alice, room: hall }}\nexpect:\n  seen: |\n    server -> alice#2: created hall\n  order: |\n    alice#2 -> server: connect\n    server -> alice#2: http 200\n  count:\n    \"server -> alice#2: created\": 1\n  never: |\n    alice#3 -> server: connect\n"
    );
    let text = text.replace(
        "    server -> alice#2: http 200\n",
        "    server -> alice#2: created hall\n",
    );
    let outcome = play(&case(&text), Arc::new(setting())).await;
    let log = passes(&outcome);
    assert!(!log.contains("alice#3"), "{log}");
    let links: Vec<u32> = (outcome.events.iter())
        .filter_map(|event| match &event.what {
            What::LinkUp { link } => Some(link.instance),
            _ => None,
        })
        .collect();
    assert_eq!(links, [1, 4], "the record has each as it was dialled");
    let page = page(&Story::of(outcome.record.clone()).expect("a story"));
    assert!(
        page.contains("alice#2: signaling up"),
        "the page counts so, too"
    );
    assert!(!page.contains("alice#4"), "the page counts so, too");
}

/// Nobody who only sends and hears through a WebSocket notices that it is half-open. He dials again when it ends for him: here the server has ended
/// it meanwhile, of which he hears once the line is mended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dials_again_does_so_when_a_silent_line_ends_for_him() {
    let steps = |mend: &str| {
        format!(
            "scenario: x\npeers: {{ alice: {{ stack: wire }}, bob: {{ stack: wire, reconnects: {{}} }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby }}\n  - await: {{ peer: alice, hears: peer-joined, from: bob }}\n  - cut: {{ peer: bob, how: silence, direction: down }}\n  - send-raw: {{ peer: bob, frame: unmasked }}\n  - await: {{ peer: alice, hears: peer-left, from: bob, within: 20s }}\n{mend}  - await: {{ peer: alice, hears: peer-joined, from: bob, within: 2s }}\n"
        )
    };
    let outcome = play(&case(&steps("")), Arc::new(setting())).await;
    fails(&outcome, Place::Step(7), "peer-joined");
    let mend = "  - mend: { peer: bob }\n";
    let log = passes(&play(&case(&steps(mend)), Arc::new(setting())).await);
    assert!(log.contains("bob#2 -> server: join lobby"), "{log}");
}

/// Bob opens a second line while his first one stands.
fn second(how: &str, more: &str) -> String {
    format!(
        "scenario: x\npeers: {{ alice: {{ stack: wire }}, bob: {{ stack: wire }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby }}\n  - connect: {{ peer: bob, second: {how}{more} }}\n  - join: {{ peer: bob, room: lobby }}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_line_that_is_let_in_is_unsupported_where_the_dialect_says_otherwise() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference");
    for (name, how, why) in [
        (
            "dialect",
            "takes-over",
            "line 6 has a second line with the same id take over: the dialect `reference` declares no `same-id: takeover`",
        ),
        (
            "takeover.dialect",
            "resumes",
            "line 6 has a second line with the same id resume: the dialect `takeover` declares no `coalesces`",
        ),
        (
            "resuming.dialect",
            "takes-over",
            "the dialect `resuming` declares `coalesces`",
        ),
    ] {
        let dialect = Dialect::load(&folder.join(format!("{name}.yaml"))).expect("a dialect");
        let setting = Setting {
            dialect: Arc::new(dialect),
            ..setting()
        };
        let outcome = play(&case(&second(how, "")), Arc::new(setting)).await;
        let Verdict::Unsupported(told) = &outcome.verdict else {
            panic!("{name}: {:?}", outcome.verdict);
        };
        assert!(told.why.contains(why), "{}", told.why);
    }
    // Where nobody says which, the reference server does as the scenario has it.
    for how in ["takes-over", "resumes"] {
        let log = passes(&play(&case(&second(how, "")), Arc::new(setting())).await);
        assert!(log.contains("bob: one more connection, let in"), "{log}");
    }
}

#[test]
fn a_second_line_is_refused_or_let_in_and_stands_beside_one() {
    let read = |text: &str| {
        Scenario::read(Path::new("x.yaml"), text).map_err(|mistakes| mistakes.to_string())
    };
    for more in [", refused: true", ", answer: any"] {
        let told = read(&second("resumes", more)).expect_err(more);
        assert!(told.contains("`second` and"), "{told}");
    }
    let told = read(&second("takes over", "")).expect_err("no such word");
    assert!(told.contains("takes-over, resumes"), "{told}");
    let scenario = read(&second("takes-over", "")).expect("no mistake");
    assert_eq!(scenario.second(), Some((3, Second::TakesOver)));
    let again = Scenario::read(Path::new("x.yaml"), &scenario.to_yaml()).expect("no mistake");
    assert_eq!(again.steps.len(), 4);
    assert_eq!(again.second(), scenario.second());
}

/// Bob's second line stands, he is inside again, and then the first one has ended.
fn older(how: &str, more: &str) -> String {
    let older = "  - disconnect: { peer: bob, older: true }\n";
    format!(
        "{}{older}  - send: {{ from: alice, message: offer }}\n  - await: {{ peer: bob, hears: offer, from: alice }}\n{more}",
        second(how, "")
    )
}

/// The end of the first line is waited for, whoever ends it: a right server by itself, and this one with the fault leaves it open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_older_line_is_a_step_whoever_ends_it() {
    for how in ["takes-over", "resumes"] {
        let outcome = play(&case(&older(how, "")), Arc::new(setting())).await;
        let log = passes(&outcome);
        assert!(log.contains("bob: closes its older connections"), "{log}");
        let faulty = Setting {
            server: ServerSpec::faulty(Fault::ReplacedLineCountsAsLoss),
            ..setting()
        };
        // What the server makes of that end is over when Alice is told of it: once more where she was told of the takeover, too.
        let news = match how {
            "takes-over" => 2,
            _ => 1,
        };
        let told = "  - await: { peer: alice, hears: peer-left, from: bob }\n".repeat(news);
        let text = older(how, "").replace("  - send:", &format!("{told}  - send:"));
        let outcome = play(&case(&text), Arc::new(faulty)).await;
        let ended = |by: Side| {
            outcome.events.iter().any(|event| {
                matches!(&event.what, What::LinkDown { link, by: ended, .. }
                    if link.peer.as_str() == "bob" && link.instance == 1 && *ended == by)
            })
        };
        assert!(ended(Side::Peer), "{how}: {}", outcome.log);
        let awaits = Place::Step(7 + news);
        fails(&outcome, awaits, "bob hears offer from alice");
    }
}

/// What he speaks on stays, also where there is none before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_older_line_closes_none() {
    let older = "  - disconnect: { peer: bob, older: true }\n";
    let text = second("resumes", "").replace("  - connect: { peer: bob, second: resumes }\n", "");
    let steps = "  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer, from: bob }\n";
    let text = text.replace(
        "  - join: { peer: bob, room: lobby }\n  - join: { peer: bob, room: lobby }\n",
        "  - join: { peer: bob, room: lobby }\n",
    );
    let log = passes(&play(&case(&format!("{text}{older}{steps}")), Arc::new(setting())).await);
    assert!(!log.contains("bob#2"), "{log}");
    let once = format!("{text}{older}");
    let scenario = Scenario::read(Path::new("x.yaml"), &once).expect("no mistake");
    let again = Scenario::read(Path::new("x.yaml"), &scenario.to_yaml()).expect("no mistake");
    assert_eq!(again.steps[2].action, scenario.steps[2].action);
    let at_once = "  - together:\n      - disconnect: { peer: bob, older: true }\n      - leave: { peer: alice }\n";
    let told = Scenario::read(Path::new("x.yaml"), &format!("{text}{at_once}"));
    let told = told.expect_err("not at once").to_string();
    assert!(told.contains("`older` within `together`"), "{told}");
}
