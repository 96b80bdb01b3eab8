//! A machine that has no time for glare: that is seen, and nobody is blamed for what comes late.

use std::sync::Arc;
use std::time::Duration;

use glare::record::{InconclusiveKind, Verdict, What};
use glare::server::ServerSpec;
use glare::stage::{Outcome, Setting, play};
use glare_signaling_server::Policy;

use crate::stage_support::{case, passes, scenario, setting};

/// Plays while this runtime gets a moment of time now and then, and none in between.
async fn played_on_a_busy_machine(steps: &str, policy: Policy) -> Outcome {
    let hog = tokio::spawn(async {
        loop {
            tokio::time::sleep(Duration::from_millis(30)).await;
            // Not the case: the machine.
            std::thread::sleep(Duration::from_millis(200));
        }
    });
    let setting = Setting {
        server: ServerSpec::variant(policy),
        ..setting()
    };
    let outcome = play(&case(&scenario(steps)), Arc::new(setting)).await;
    hog.abort();
    let starved = |event: &Arc<glare::record::Event>| matches!(event.what, What::Starved { millis } if millis >= 100);
    assert!(outcome.events.iter().any(starved));
    outcome
}

#[tokio::test]
async fn what_is_to_happen_soon_gets_the_time_that_the_machine_kept_back() {
    // The answer takes 600 ms, and then some things must happen, one after the other.
    let steps = "  - create: { peer: alice, room: lobby }\n  - join: { peer: carol, room: lobby, within: 700ms }\n";
    let late = Policy {
        answer_late: Some(Duration::from_millis(600)),
        ..Policy::default()
    };
    passes(&played_on_a_busy_machine(steps, late).await);
}

#[tokio::test]
async fn a_wait_that_was_mostly_the_machines_blames_nobody() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - await: { peer: alice, hears: peer-joined, within: 1s }\n";
    let outcome = played_on_a_busy_machine(steps, Policy::default()).await;
    let Verdict::Inconclusive(found) = &outcome.verdict else {
        panic!("{:?}", outcome.verdict);
    };
    assert_eq!(found.kind, InconclusiveKind::Environment);
    let word = "the machine had no time for glare itself";
    assert!(found.why.contains(word), "{}", found.why);
}

#[tokio::test]
async fn a_wait_on_a_machine_that_has_time_fails_as_ever() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - await: { peer: alice, hears: peer-joined, within: 1s }\n";
    let outcome = crate::stage_support::played(&scenario(steps)).await;
    assert!(
        matches!(outcome.verdict, Verdict::Fail(_)),
        "{:?}",
        outcome.verdict
    );
}
