//! Every scenario file but those of pages with every cast, compared with the snapshot beside it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use glare::names::Stack;
use glare::record::Verdict;
use glare::record::runs::{FOLDER, KEPT, RunFolder};
use glare::report;
use glare::scenario::{Cast, Scenario};
use glare::stage::{Case, Setting};
use glare::suite::{self, Plan};
use glare_signaling_server::Faults;
use rstest::rstest;

/// One setting for all tests of this process: one pool of browsers, one limit on what is busy.
fn setting() -> Arc<Setting> {
    static ONCE: OnceLock<Arc<Setting>> = OnceLock::new();
    let setting = || Arc::new(Setting::reference(Faults::none()).expect("a run"));
    ONCE.get_or_init(setting).clone()
}

/// One run for all of them, with the records of them all. `GLARE_ACCEPT=1` writes snapshots, never under CI.
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

/// The stacks that may be used; without `GLARE_STACKS` all of them, and then a missing browser is a failure.
fn allowed(stack: Stack) -> bool {
    glare::suite::stacks()
        .expect("GLARE_STACKS names stacks")
        .contains(&stack)
}

/// What the cast varies: the stacks of the peers that the scenario does not pin, the first two of them.
fn varied(scenario: &Scenario, cast: &Cast) -> Vec<Stack> {
    let free = scenario
        .peers
        .iter()
        .filter(|(_, spec)| spec.stack.is_none());
    free.take(2)
        .filter_map(|(peer, _)| cast.get(peer))
        .collect()
}

fn load(path: &Path) -> Vec<Arc<Scenario>> {
    match Scenario::load_all(path) {
        Ok(variants) => variants.into_iter().map(Arc::new).collect(),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// What was left out must be said; libtest keeps what a passing test prints to itself, so this goes past it.
#[test]
fn left_out_by_glare_stacks() {
    use std::io::Write as _;
    let left_out: Vec<&str> = Stack::CONNECTING
        .into_iter()
        .filter(|stack| !allowed(*stack))
        .map(Stack::as_str)
        .collect();
    if !left_out.is_empty() {
        writeln!(
            std::io::stderr(),
            "GLARE_STACKS leaves out every case with {}",
            left_out.join(" or ")
        )
        .expect("a standard error");
    }
}

/// How many tests each scenario has.
const TURNS: usize = 9;

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn plays_as_its_snapshot_says(
    #[files("../scenarios/**/*.yaml")]
    #[exclude("/sequences\\.yaml$|/app/")]
    path: PathBuf,
    #[values("native", "chromium", "firefox")] first: &str,
    #[values("native", "chromium", "firefox")] second: &str,
) {
    let stacks: Vec<Stack> = [first, second]
        .iter()
        .map(|name| name.parse().expect("a stack"))
        .collect();
    let variants = load(&path);
    let number = variants.len();
    // All of them, so that one red test tells of every variant that is red.
    let mut red = Vec::new();
    for scenario in variants {
        let name = scenario.name.clone();
        if let Err(panic) = tokio::spawn(plays(scenario, stacks.clone())).await {
            if number == 1 {
                std::panic::resume_unwind(panic.into_panic());
            }
            red.push(name);
        }
    }
    assert!(
        red.is_empty(),
        "{} of {number} variants: {red:?}",
        red.len()
    );
}

/// The case of a scenario that these stacks play, if there is one; of one that lists its mixes, those whose turn it is.
async fn plays(scenario: Arc<Scenario>, stacks: Vec<Stack>) {
    let casts = scenario.casts();
    if !scenario.mixes.is_empty() {
        let place = |stack: &Stack| Stack::CONNECTING.iter().position(|one| one == stack);
        let turns = stacks.iter().filter_map(place);
        let turn = turns.fold(0, |turn, place| turn * Stack::CONNECTING.len() + place);
        for cast in casts.into_iter().skip(turn).step_by(TURNS) {
            plays_with(scenario.clone(), cast).await;
        }
        return;
    }
    // A scenario that pins its peers has fewer casts: one of them is played by the first of the nine.
    let pinned =
        (casts.len() == 1 && stacks == [Stack::Native, Stack::Native]).then(|| casts[0].clone());
    let Some(cast) = pinned.or_else(|| {
        casts
            .into_iter()
            .find(|cast| varied(&scenario, cast) == stacks)
    }) else {
        return;
    };
    plays_with(scenario, cast).await;
}

async fn plays_with(scenario: Arc<Scenario>, cast: Cast) {
    // Those of all peers: a pinned one needs its browser too.
    let left_out = |stack: &Stack| Stack::CONNECTING.contains(stack) && !allowed(*stack);
    if cast.stacks().values().any(left_out) {
        return; // `left_out_by_glare_stacks` says so.
    }
    let case = Case { scenario, cast };
    let played = suite::run(vec![case], setting(), plan(), &|_| ()).await;
    let told = played[0].told().expect("a record");
    // A scenario of the project's own has a snapshot.
    if told.story.verdict != Verdict::Pass {
        let explained = report::failure(&told, false).unwrap_or_default();
        panic!("{}\n{explained}", report::case_line(&told));
    }
}
