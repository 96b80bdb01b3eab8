//! Scenarios that no native peers can play are seen red, too.

use std::path::PathBuf;

use glare::scenario::Scenario;
use glare::stage::Setting;
use glare::suite;
use glare_signaling_server::Faults;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scenarios_for_browsers_alone_catch_the_faults_that_they_name() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = suite::files(&[folder]).expect("the scenarios");
    let (mut scenarios, mistakes) = suite::read(&files);
    assert!(mistakes.is_empty());
    // Those of pages are seen red where pages are played.
    let is_app = |scenario: &Scenario| scenario.peers.iter().any(|(_, spec)| spec.is_app());
    scenarios.retain(|scenario| suite::native(scenario).is_none() && !is_app(scenario));
    let stacks = suite::stacks().expect("stacks");
    let setting = Setting::reference(Faults::none()).expect("a run");
    let mut table = suite::planted(&scenarios, &setting, &stacks).await;
    // The others are for the other scenarios.
    table.uncaught.clear();
    assert!(!table.rows.is_empty());
    assert!(table.is_whole(), "{}", suite::table(&table));
}
