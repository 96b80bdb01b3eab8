//! Snapshots of casts, without playing any.

use std::sync::Arc;

use super::{Shelf, Snapshot, accept, fail, judge_log, rank};
use crate::log::{Line, Log};
use crate::names::Stack;
use crate::record::{FailureKind, InconclusiveKind, UnsupportedKind, Verdict};
use crate::scenario::Scenario;
use crate::stage::Case;

/// A scenario's first cast, and one with a browser.
fn casts(folder: &std::path::Path) -> [Case; 2] {
    let text = "scenario: x\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n";
    let scenario = match Scenario::read(&folder.join("x.yaml"), text) {
        Ok(scenario) => Arc::new(scenario),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    };
    [Stack::Native, Stack::Chromium].map(|wanted| {
        let mut all = scenario.casts().into_iter();
        let cast = all.find(|cast| cast.stacks().values().all(|stack| *stack == wanted));
        let (scenario, cast) = (scenario.clone(), cast.expect("a cast"));
        Case { scenario, cast }
    })
}

/// A log of one line.
fn log(text: &str) -> Log {
    Log {
        outcome: None,
        lines: vec![Line {
            text: text.to_owned(),
            forms: Vec::new(),
            events: Vec::new(),
        }],
    }
}

#[test]
fn a_cast_has_a_snapshot_of_its_own_only_as_long_as_its_log_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let [first, other] = casts(folder.path());
    let shelf = Shelf::of(&crate::signaling::Dialect::reference(), folder.path());
    let shared = Snapshot::shared_path(&first.scenario);
    let own = Snapshot::own_path(&other.scenario, &other.cast);
    let green = |case, text| judge_log(case, &shelf, &log(text)) == Verdict::Pass;
    let is_new = |case| matches!(judge_log(case, &shelf, &log("a")), Verdict::New { .. });
    assert!(is_new(&first) && is_new(&other));

    accept(&first, &shelf, &[log("a").to_string()]).expect("to be written");
    assert!(shared.exists() && green(&first, "a") && green(&other, "a"));
    accept(&other, &shelf, &[log("a").to_string()]).expect("to be written");
    assert!(!own.exists(), "it says the same");

    accept(&other, &shelf, &[log("b").to_string()]).expect("to be written");
    assert!(own.exists() && green(&other, "b") && !green(&other, "a"));
    assert!(green(&first, "a") && !green(&first, "b"));
    let Verdict::Fail(failure) = judge_log(&other, &shelf, &log("a")) else {
        panic!("its own log is another");
    };
    assert_eq!(failure.kind, FailureKind::SnapshotDiffers);
    assert!(failure.message.contains("@alice-chromium"), "{failure:?}");

    accept(&other, &shelf, &[log("a").to_string()]).expect("to be written");
    assert!(!own.exists() && green(&other, "a"));
    assert!(shared.exists(), "that of the others stays");
}

#[test]
fn of_several_runs_the_worst_is_told() {
    let snapshot = "x.snap".to_owned();
    let all = [
        Verdict::Pass,
        Verdict::Flaky { failed: 1 },
        Verdict::New { snapshot },
        Verdict::unsupported(UnsupportedKind::Server, "no"),
        Verdict::inconclusive(InconclusiveKind::NoServer, "no"),
        fail(FailureKind::SeveralLogs, "no".into(), None),
    ];
    assert!(all.iter().map(rank).is_sorted_by(|one, next| one < next));
}
