//! The reference server far away: what each peer says and hears is under way for a while, and the log is the same.

use std::sync::Arc;
use std::time::Duration;

use crate::cli_support;
use crate::stage_support::far::{Far, Way};
use crate::stage_support::{case, passes, scenario, setting};
use futures_util::future::join_all;
use glare::names::Stack;
use glare::record::Verdict;
use glare::stage::{Case, Setting, play};
use glare::suite::{self, Snapshot};
use rstest::rstest;

/// What a peer is to hear of another is under way for longer than the answer to what that one asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_comes_after_the_senders_own_answer_is_reordered_too() {
    let far = Far::start(|user| {
        let ms = Duration::from_millis;
        if user.starts_with("alice") {
            (ms(0), ms(30))
        } else {
            (ms(60), ms(0))
        }
    })
    .await;
    let steps = "  - create: { peer: alice, room: lobby }\n  - join: { peer: carol, room: lobby, offer: false }\n  \
                 - reorder: { message: bye, to: alice, behind: offer }\n  \
                 - send-raw: { peer: carol, text: '{\"type\": \"bye\"}' }\n";
    let near = Setting {
        server: far.spec(),
        ..setting()
    };
    let log = passes(&play(&case(&scenario(steps)), Arc::new(near)).await);
    assert!(
        log.ends_with("server -> alice: bye from carol (released)\n"),
        "{log}"
    );
}

const NOTHING: Duration = Duration::ZERO;
const AWHILE: Duration = Duration::from_millis(40);

fn alice_hears_late(user: &str) -> (Duration, Duration) {
    (
        NOTHING,
        if user.starts_with("alice") {
            AWHILE
        } else {
            NOTHING
        },
    )
}

fn the_others_are_late(user: &str) -> (Duration, Duration) {
    if user.starts_with("alice") {
        (NOTHING, AWHILE)
    } else {
        (AWHILE, NOTHING)
    }
}

fn alice_is_late(user: &str) -> (Duration, Duration) {
    if user.starts_with("alice") {
        (AWHILE, NOTHING)
    } else {
        (NOTHING, AWHILE)
    }
}

fn all_are_late(_: &str) -> (Duration, Duration) {
    (AWHILE, AWHILE)
}

/// What the scenarios wait for besides the server, or a time that is theirs.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_has_its_log(
    #[values(alice_hears_late, the_others_are_late, alice_is_late, all_are_late)] way: Way,
) {
    let far = Far::start(way).await;
    let (scenarios, mistakes) =
        suite::read(&suite::files(&[cli_support::scenarios()]).expect("the scenarios"));
    assert!(mistakes.is_empty());
    let setting = Arc::new(Setting {
        server: far.spec(),
        max_time: Duration::from_secs(60),
        ..setting()
    });
    let native = |stack: &Stack| matches!(stack, Stack::Native | Stack::Wire);
    let cases = scenarios.into_iter().filter_map(|scenario| {
        let short = |step: &glare::scenario::Step| step.within <= LONGEST_WAIT;
        let casts = scenario.casts();
        let cast = casts
            .into_iter()
            .find(|cast| cast.stacks().values().all(native))?;
        let short = scenario.steps.iter().all(short);
        short.then_some(Case { scenario, cast })
    });
    let plays = cases.map(|case| {
        let setting = setting.clone();
        tokio::spawn(async move { (play(&case, setting).await, case) })
    });
    let mut red = Vec::new();
    let mut passed = 0;
    for played in join_all(plays).await {
        let (outcome, case) = played.expect("no panic");
        let name = &case.scenario.name;
        let log = outcome.log.to_string();
        match outcome.verdict {
            Verdict::Pass => {
                let known = Snapshot::of(&case.scenario, &case.cast).expect("a snapshot");
                passed += 1;
                if !known.matches(&log) {
                    red.push(format!("{name}:\n{}", known.diff(&log)));
                }
            }
            Verdict::Unsupported(_) => {}
            other => red.push(format!("{name}: {other:#?}\n{log}")),
        }
    }
    assert!(passed >= 40, "only {passed} played");
    assert!(red.is_empty(), "{}", red.join("\n"));
}
