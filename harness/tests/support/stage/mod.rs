//! Plays small scenarios natively.

pub mod configurations;
pub mod far;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glare::names::Stack;
use glare::record::{Failure, Verdict};
use glare::scenario::{Place, Scenario};
use glare::server::{CommandSpec, ServerSpec};
use glare::stage::{Case, Outcome, Setting, play};
use glare_signaling_server::Faults;

pub fn setting() -> Setting {
    Setting {
        max_time: Duration::from_secs(60),
        ..Setting::reference(Faults::none()).expect("a run")
    }
}

pub fn case(text: &str) -> Case {
    let scenario = match Scenario::read(Path::new("x.yaml"), text) {
        Ok(scenario) => Arc::new(scenario),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    };
    let native = |stack: &Stack| matches!(stack, Stack::Native | Stack::Wire);
    let cast = scenario
        .casts()
        .into_iter()
        .find(|cast| cast.stacks().values().all(native))
        .expect("a native cast");
    Case { scenario, cast }
}

/// Alice, Bob and (on the wire only) Carol.
pub fn scenario(steps: &str) -> String {
    let peers = "  alice: {}\n  bob: {}\n  carol: { stack: wire }\n";
    format!("scenario: x\npeers:\n{peers}steps:\n{steps}")
}

pub async fn played(text: &str) -> Outcome {
    played_with(text, setting().server).await
}

pub async fn played_with(text: &str, server: ServerSpec) -> Outcome {
    let setting = Setting {
        server,
        ..setting()
    };
    play(&case(text), Arc::new(setting)).await
}

/// The reference server as a program.
pub fn program() -> ServerSpec {
    let serve = format!("exec {} serve --port {{port}}", env!("CARGO_BIN_EXE_glare"));
    ServerSpec::Command(CommandSpec {
        within: Duration::from_secs(20),
        ..CommandSpec::new(serve)
    })
}

#[track_caller]
pub fn passes(outcome: &Outcome) -> String {
    assert!(
        matches!(outcome.verdict, Verdict::Pass),
        "{:#?}\n{}",
        outcome.verdict,
        outcome.log
    );
    outcome.log.to_string()
}

#[track_caller]
pub fn fails<'a>(outcome: &'a Outcome, place: Place, word: &str) -> &'a Failure {
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{:#?}\n{}", outcome.verdict, outcome.log);
    };
    assert_eq!(failure.place.as_ref(), Some(&place), "{failure:#?}");
    assert!(failure.message.contains(word), "{failure:#?}");
    failure
}

pub const TOGETHER: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - await: { connected: [alice, bob] }\n";
