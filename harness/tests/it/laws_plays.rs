//! The laws over real runs: they hold with the right server, and each planted fault breaks the law that it should.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glare::laws::{Finding, Law, judge};
use glare::record::{Event, Role, Verdict, What};
use glare::scenario::Scenario;
use glare::signaling::Dialect;
use glare::signaling::Terms;
use glare::stage::{Case, Outcome, Setting, play};
use glare::suite;
use glare_signaling_server::{Fault, Faults};

fn setting(faults: Faults) -> Arc<Setting> {
    Arc::new(Setting::reference(faults).expect("a run"))
}

/// All scenarios with native peers, by their file's name.
fn cases() -> Vec<Case> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let (scenarios, mistakes) =
        suite::read(&suite::files(&[folder]).expect("a folder of scenarios"));
    assert!(mistakes.is_empty(), "the scenarios have no mistakes");
    let native = |scenario: Arc<Scenario>| {
        let cast = suite::native(&scenario)?;
        Some(Case { scenario, cast })
    };
    scenarios.into_iter().filter_map(native).collect()
}

/// What the server owes that was played with, by the dialect in the record.
fn terms(outcome: &Outcome) -> Terms {
    let dialect = outcome.events.iter().find_map(|event| match &event.what {
        What::Source {
            role: Role::Dialect,
            path,
            text,
        } => Some(Dialect::read(Path::new(path), text).expect("a dialect")),
        _ => None,
    });
    Terms::of(&dialect.expect("it is in the record"))
}

fn judged(outcome: &Outcome) -> (Vec<Event>, Vec<Finding>) {
    let events: Vec<Event> = outcome
        .events
        .iter()
        .map(|event| Event::clone(event))
        .collect();
    let findings = judge(&events, &terms(outcome));
    (events, findings)
}

fn broken(findings: &[Finding]) -> Vec<u8> {
    findings
        .iter()
        .filter(|f| !f.breaches.is_empty())
        .map(|f| f.law.number())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_laws_hold_in_every_scenario_with_the_right_server() {
    let setting = setting(Faults::none());
    let cases = cases();
    let outcomes =
        futures_util::future::join_all(cases.iter().map(|case| play(case, setting.clone()))).await;
    let mut premises: BTreeMap<Law, usize> = BTreeMap::new();
    for (case, outcome) in cases.iter().zip(&outcomes) {
        assert!(
            matches!(outcome.verdict, Verdict::Pass),
            "{}: {:#?}",
            case.scenario.name,
            outcome.verdict
        );
        let (_, findings) = judged(outcome);
        let counts: Vec<_> = findings
            .iter()
            .map(|f| (f.law.number(), f.premises))
            .collect();
        println!("{}: premises {counts:?}", case.scenario.name);
        for finding in findings {
            assert_eq!(
                finding.breaches,
                [],
                "{}\n{}",
                case.scenario.name,
                outcome.log
            );
            *premises.entry(finding.law).or_default() += finding.premises;
        }
    }
    for law in Law::OBSERVED {
        assert!(premises[&law] > 0, "{law} was never put to the test");
    }
}

/// The same traces cut off anywhere: what was under way is no breach.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_cut_off_run_of_the_right_server_is_accused() {
    let setting = setting(Faults::none());
    let cases = cases();
    let quick: Vec<&Case> = cases
        .iter()
        .filter(|case| {
            !case.scenario.name.contains("close") && !case.scenario.name.contains("abrupt")
        })
        .collect();
    let plays = quick.iter().map(|case| play(case, setting.clone()));
    let outcomes = futures_util::future::join_all(plays).await;
    for outcome in &outcomes {
        let (events, _) = judged(outcome);
        for end in 0..events.len() {
            let findings = judge(&events[..end], &terms(outcome));
            assert!(
                broken(&findings).is_empty(),
                "cut off at {end}: {findings:#?}"
            );
        }
    }
}

/// Plays the scenario with the fault and answers the laws that it breaks.
async fn with(fault: Fault, name: &str) -> Vec<u8> {
    let case = cases()
        .into_iter()
        .find(|case| case.scenario.name == name)
        .expect("a scenario of this name");
    let outcome = play(&case, setting(fault.into())).await;
    let (_, findings) = judged(&outcome);
    for breach in findings.iter().flat_map(|f| &f.breaches) {
        println!(
            "{fault} in {name}: {} at {}: {} {:?}",
            breach.law, breach.event, breach.message, breach.because
        );
    }
    broken(&findings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ghost_breaks_law_1_alone() {
    assert_eq!(
        with(Fault::GhostOnDisconnect, "mid-join disconnect").await,
        [1]
    );
    assert_eq!(
        with(Fault::GhostOnDisconnect, "abrupt drop of a connected peer").await,
        [1]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_answer_breaks_law_7_alone() {
    assert_eq!(
        with(Fault::StaleAnswerToNewcomer, "mid-join disconnect").await,
        [7]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn relaying_to_the_sender_breaks_law_3_alone() {
    assert_eq!(with(Fault::RelaysToRoom, "happy path").await, [3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_candidates_break_law_3_alone() {
    assert_eq!(
        with(Fault::DropsEarlyCandidates, "relayed once and in order").await,
        [3]
    );
}

/// Nothing that was ever said shows it: this one is law 6's, which is probed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_never_freed_breaks_no_observed_law() {
    assert!(
        with(Fault::RoomNeverFreed, "creator vanishes alone")
            .await
            .is_empty()
    );
}
