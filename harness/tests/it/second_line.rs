//! `connect` beside a line that is half-open: a new line, which the server refuses, or lets in in the old one's place, as its dialect says.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::stage_support::{case, fails, passes, setting};
use glare::scenario::{Place, Scenario};
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
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
