//! The stories of pages, each with every cast, compared with the snapshot beside it; and each is seen red on the fault that it names.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use glare::record::Verdict;
use glare::record::runs::{FOLDER, KEPT, RunFolder};
use glare::report;
use glare::scenario::Scenario;
use glare::stage::{Setting, Turns};
use glare::suite::{self, Plan};
use glare_signaling_server::Faults;
use rstest::rstest;

use crate::site_support::turn;

fn plan() -> Plan {
    static ONCE: OnceLock<RunFolder> = OnceLock::new();
    let folder = || {
        let base = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(FOLDER);
        RunFolder::create(&base, KEPT).expect("a folder for records")
    };
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    Plan {
        repeat: 1,
        until_failure: false,
        accept: is_set("GLARE_ACCEPT") && !is_set("CI"),
        records: Some(ONCE.get_or_init(folder).clone()),
        home: ".".into(),
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn plays_as_its_snapshot_says(
    #[files("../scenarios/app/*.yaml")]
    #[exclude("/sequences\\.yaml$")]
    path: PathBuf,
) {
    let _place = turn().await;
    let scenarios: Vec<Arc<Scenario>> = match Scenario::load_all(&path) {
        Ok(variants) => variants.into_iter().map(Arc::new).collect(),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    };
    // A browser that is left out by GLARE_STACKS is told of by the tests of all scenarios.
    let stacks = suite::stacks().expect("GLARE_STACKS names stacks");
    let (cases, _) = suite::cases(&scenarios, &[], &stacks);
    let setting = Arc::new(Setting::reference(Faults::none()).expect("a run"));
    let mut red = Vec::new();
    for case in cases {
        let played = suite::run(vec![case], Arc::clone(&setting), plan(), &|_| ()).await;
        let told = played[0].told().expect("a record");
        if told.story.verdict != Verdict::Pass {
            let explained = report::failure(&told, false).unwrap_or_default();
            red.push(format!("{}\n{explained}", report::case_line(&told)));
        }
    }
    assert!(red.is_empty(), "{}", red.join("\n"));
}

/// As `glare faults scenarios/app` does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "plays each story once more with each of its faults: some minutes"]
async fn each_catches_the_fault_of_the_page_that_it_names() {
    let _place = turn().await;
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../scenarios/app");
    let (scenarios, mistakes) = suite::read(&suite::files(&[folder]).expect("the scenarios"));
    assert!(mistakes.is_empty());
    let stacks = suite::stacks().expect("stacks");
    let setting = Setting {
        turns: Turns::new(2),
        ..Setting::reference(Faults::none()).expect("a run")
    };
    let mut table = suite::planted(&scenarios, &setting, &stacks).await;
    // The others are for the other scenarios.
    table.uncaught.clear();
    assert!(!table.rows.is_empty());
    assert!(table.is_whole(), "{}", suite::table(&table));
}
