//! Every planted fault is caught by a scenario, at the place that it names: an earlier failure does not count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use glare::laws::Law;
use glare::names::Stack;
use glare::scenario::{Place, Scenario};
use glare::stage::Setting;
use glare::suite::{self, Caught, Planted, Table};
use glare_signaling_server::Faults;
use tokio::sync::OnceCell;

/// For each law a fault that breaks it, and no other law, in whatever scenario.
const ONLY: &[(u8, &str)] = &[
    (1, "ghost-on-disconnect"),
    (2, "crosses-rooms"),
    (3, "reorders-candidates"),
    (4, "silent-refusal"),
    (5, "bad-json-cuts-others"),
    (6, "room-never-freed"),
    (7, "stale-answer-to-newcomer"),
    (8, "stays-on-stage"),
    (9, "late-expire"),
    (10, "lets-both-in"),
    (11, "dies-of-deep-json"),
    (12, "offer-before-news"),
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// All scenarios that need no browser, with all faults that they name, played once. Those that need one are played where browsers are.
async fn table() -> &'static Table {
    static ONCE: OnceCell<Table> = OnceCell::const_new();
    ONCE.get_or_init(|| async {
        let (scenarios, mistakes) =
            suite::read(&suite::files(&[folder()]).expect("a folder of scenarios"));
        assert!(mistakes.is_empty(), "the scenarios have no mistakes");
        suite::planted(
            &scenarios,
            &Setting::reference(Faults::none()).expect("a run"),
            &[Stack::Native],
        )
        .await
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_planted_fault_is_caught_where_its_scenario_says() {
    let table = table().await;
    let wrong: Vec<_> = table
        .rows
        .iter()
        .filter(|row| row.caught != Caught::There && suite::native(&row.scenario).is_some())
        .collect();
    let wrong: Vec<_> = wrong
        .iter()
        .map(|row| {
            let (planted, file) = (row.planted.as_str(), row.scenario.file());
            format!(
                "{planted} in {file}: {:?}, not at {}",
                row.caught, row.expected
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(table.unknown.is_empty(), "{}", suite::table(table));
    // What wears a server out shows where it is strained: each case of `glare validate` is played with its fault by a test of its own.
    let sections = glare::validate::sections();
    let cases = || sections.iter().flat_map(|section| &section.cases);
    let uncaught: Vec<&str> = (table.uncaught.iter().map(|fault| fault.as_str()))
        .filter(|fault| !cases().any(|case| case.broken_by == *fault))
        .collect();
    assert!(
        uncaught.is_empty(),
        "faults without a scenario or a case: {uncaught:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_law_has_a_fault_that_only_it_catches() {
    let table = table().await;
    for (number, fault) in ONLY {
        let rows = || {
            table
                .rows
                .iter()
                .filter(|row| row.planted.as_str() == *fault)
        };
        let place = Place::Law(usize::from(*number));
        assert!(
            rows().any(|row| row.expected == place && row.caught == Caught::There),
            "no scenario fails at {place} with {fault}\n{}",
            suite::table(table)
        );
        let broken: BTreeSet<u8> = rows()
            .flat_map(|row| &row.broken)
            .map(|law| law.number())
            .collect();
        assert_eq!(broken, BTreeSet::from([*number]), "{fault}");
    }
    assert_eq!(ONLY.len(), Law::ALL.len());
}

/// A fault that many scenarios name breaks what they have in common. What a scenario is there for is broken by a fault that no other
/// one names: whoever brings a scenario plants one for it.
#[test]
fn every_scenario_names_a_fault_that_is_its_own() {
    let (scenarios, mistakes) = suite::read(&suite::files(&[folder()]).expect("the scenarios"));
    assert!(mistakes.is_empty());
    let mut named: BTreeMap<&str, BTreeSet<&Path>> = BTreeMap::new();
    for scenario in &scenarios {
        for fault in scenario.catches.keys() {
            named
                .entry(fault)
                .or_default()
                .insert(&scenario.source.path);
        }
    }
    let has_its_own = |scenario: &Scenario| {
        let mut faults = scenario.catches.keys();
        faults.any(|fault| named[fault.as_str()].len() == 1)
    };
    let without: BTreeSet<_> = (scenarios.iter())
        .filter(|scenario| !has_its_own(scenario))
        .map(|scenario| {
            scenario
                .source
                .path
                .strip_prefix(folder())
                .expect("a file in it")
        })
        .collect();
    assert!(
        without.is_empty(),
        "no fault of {without:?} is named by no other scenario"
    );
}

/// A scenario that no fault turns red could be one that cannot fail.
#[test]
fn every_scenario_names_a_fault_that_it_catches() {
    let (scenarios, mistakes) = suite::read(&suite::files(&[folder()]).expect("the scenarios"));
    assert!(mistakes.is_empty());
    let silent: BTreeSet<_> = (scenarios.iter())
        .filter(|scenario| scenario.catches.is_empty())
        .map(|scenario| &scenario.source.path)
        .collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// `catches:` names a fault alone, so the server's and the peers' must differ.
#[test]
fn no_two_faults_have_one_name() {
    let mut names = BTreeSet::new();
    let twice: Vec<&str> = Planted::all()
        .map(Planted::as_str)
        .filter(|name| !names.insert(*name))
        .collect();
    assert!(twice.is_empty(), "{twice:?}");
}
