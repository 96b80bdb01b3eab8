//! `wait: 500ms`: time that passes, and nothing else.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stage_support::{case, fails, passes, played, setting};
use glare::scenario::{Place, Scenario};
use glare::server::ServerSpec;
use glare::stage::{Setting, play};
use glare_signaling_server::Fault;

fn text(steps: &str, expect: &str) -> String {
    format!(
        "scenario: x\npeers: {{ alice: {{ stack: wire }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n{steps}{expect}"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_step_begins_when_the_time_is_over() {
    let began = Instant::now();
    let log = passes(
        &played(&text(
            "  - wait: 300ms\n  - destroy: { peer: alice, room: lobby }\n",
            "",
        ))
        .await,
    );
    assert!(began.elapsed() >= Duration::from_millis(300));
    let lines: Vec<&str> = log.lines().collect();
    assert_eq!(
        lines[1..4],
        [
            "server -> alice: created lobby",
            "stage: waits 300ms",
            "alice -> server: destroy lobby"
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_never_happen_ends_the_time_at_once() {
    let setting = Setting {
        server: ServerSpec::faulty(Fault::CutsIdleLines),
        ..setting()
    };
    let never = "expect:\n  never: |\n    alice: disconnected\n";
    let case = case(&text("  - wait: 40s\n", never));
    let began = Instant::now();
    let outcome = play(&case, Arc::new(setting)).await;
    fails(&outcome, Place::Never(1), "must never happen");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_beyond_the_time_of_the_case_fails_and_says_so() {
    let setting = Setting {
        max_time: Duration::from_secs(2),
        ..setting()
    };
    let case = case(&text("  - wait: 5m\n", ""));
    let outcome = play(&case, Arc::new(setting)).await;
    fails(&outcome, Place::Step(2), "the case's time was up");
}

#[test]
fn a_wait_is_a_duration_of_at_most_five_minutes() {
    for (wait, word) in [
        ("wait: 5", "say the unit: `5s`"),
        ("wait: 6m", "at most `5m`"),
        ("wait: 0s", "no time at all"),
        ("wait: { for: 1s }", "expected a duration"),
        ("wait:", "expected a duration"),
        ("wait", "expected a duration"),
        ("sleep: 1s", "where time itself is the point: `wait: 500ms`"),
    ] {
        let text = text(&format!("  - {wait}\n"), "");
        let told = Scenario::read(Path::new("x.yaml"), &text).expect_err(wait);
        let told = told.render(false);
        assert!(told.contains(word), "no {word:?} in {told}");
    }
    let all = text("  - wait: 5m\n", "");
    let scenario = Scenario::read(Path::new("x.yaml"), &all).expect("a wait");
    assert_eq!(scenario.steps[1].text(), "wait: 5m");
}
