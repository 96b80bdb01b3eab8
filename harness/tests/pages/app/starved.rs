//! A machine that has no time for the browser: nobody is blamed for what comes late.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;

use glare::peer::browser::Pool;
use glare::record::{InconclusiveKind, Verdict};
use glare::run::Run;
use glare::stage::{Setting, Turns, play};
use tokio::time::sleep;

use super::{case, casts, from};
use crate::site_support::Site;
use crate::stage_support::setting;

casts! {
    chromium_that_gets_no_time_is_no_fault_of_the_page: "alice=chromium", a_browser_that_gets_no_time;
    a_case_in_which_chromium_got_half_its_time_is_no_fault_of_the_page: "alice=chromium", a_slow_case;
    who_waits_for_chromium_lets_others_begin_where_the_machine_has_time: "alice=chromium", two_and_one_turn;
    who_waits_for_firefox_lets_others_begin_where_the_machine_has_time: "alice=firefox", two_and_one_turn;
}

/// It always has something to do, and never shows what is waited for.
const BUSY: &str = "<!doctype html><title>t</title>here<script>setInterval(() => {
    const end = performance.now() + 100;
    while (performance.now() < end);
}, 0)</script>";

const STEPS: &str = "scenario: s
peers:
  alice: { app: / }
steps:
  - see: { peer: alice, text: here }
  - see: { peer: alice, text: nowhere, within: 10s }
";

/// The first one that this process may use.
fn first_processor() -> String {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let allowed = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = allowed.and_then(|list| list.trim().split([',', '-']).next());
    first.expect("a processor").to_owned()
}

/// Keeps one processor busy while it lives.
struct Hog(Child);

impl Hog {
    fn on_the_first_processor() -> Self {
        let processor = first_processor();
        let spin = ["-c", &processor, "sh", "-c", "while :; do :; done"];
        Self(Command::new("taskset").args(spin).spawn().expect("a hog"))
    }
}

impl Drop for Hog {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The processes of a run: those that carry its folder in their environment or their command.
pub(super) fn processes(run: &Run) -> Vec<String> {
    let folder = run.folder().display().to_string();
    let all = std::fs::read_dir("/proc").expect("Linux").flatten();
    let ids = all.filter_map(|entry| entry.file_name().into_string().ok());
    let of_run = |id: &String| {
        let path = Path::new("/proc").join(id);
        ["environ", "cmdline"].iter().any(|file| {
            let text = std::fs::read(path.join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(&folder)
        })
    };
    ids.filter(|id| id.parse::<u32>().is_ok())
        .filter(of_run)
        .collect()
}

/// All of them on one processor, and behind all others by so much.
fn squeeze(run: &Run, nice: &str) {
    let processor = first_processor();
    let mut done = BTreeSet::new();
    loop {
        let all: Vec<String> = processes(run);
        assert!(!all.is_empty(), "no browser");
        let new: Vec<&String> = all.iter().filter(|id| !done.contains(*id)).collect();
        // What these start from now on is as they are; what they started a moment ago is not.
        if new.is_empty() {
            return;
        }
        for id in new {
            // Some come and go.
            let _ = Command::new("taskset")
                .args(["-acp", &processor, id])
                .output();
            let threads = std::fs::read_dir(format!("/proc/{id}/task"));
            for thread in threads.into_iter().flatten().flatten() {
                let id = thread.file_name().into_string().expect("a number");
                let args = ["-n", nice, "-p", &id];
                let _ = Command::new("renice").args(args).output();
            }
        }
        done.extend(all);
    }
}

async fn a_browser_that_gets_no_time(cast: &str) {
    let site = Site::page(BUSY).await;
    let run = Run::start().expect("a run");
    let setting = Arc::new(Setting {
        app: Some(from(&site)),
        pool: Pool::start(run.clone()).expect("a pool"),
        max_time: std::time::Duration::from_secs(240),
        ..setting()
    });
    let outcome = play(&case(STEPS, cast), Arc::clone(&setting)).await;
    assert_ne!(outcome.verdict, Verdict::Pass, "it is not there");
    squeeze(&run, "15");
    let _hogs = [Hog::on_the_first_processor(), Hog::on_the_first_processor()];
    let outcome = play(&case(STEPS, cast), Arc::clone(&setting)).await;
    let Verdict::Inconclusive(found) = &outcome.verdict else {
        panic!("nobody is at fault: {:?}", outcome.verdict);
    };
    assert_eq!(found.kind, InconclusiveKind::Environment);
    let word = "the machine had no time for the browser";
    assert!(found.why.contains(word), "{}", found.why);
    setting.pool.shutdown().await;
}

/// It gets a third of a processor: too much for a wait to be excused, and too little for all that a case has to do.
async fn a_slow_case(cast: &str) {
    let site = Site::page(BUSY).await;
    let run = Run::start().expect("a run");
    let setting = Arc::new(Setting {
        app: Some(from(&site)),
        pool: Pool::start(run.clone()).expect("a pool"),
        max_time: std::time::Duration::from_secs(25),
        ..setting()
    });
    let waits = STEPS.replace("within: 10s", "within: 60s");
    let outcome = play(&case(&waits, cast), Arc::clone(&setting)).await;
    assert_ne!(outcome.verdict, Verdict::Pass, "it is not there");
    squeeze(&run, "0");
    let _hogs = [Hog::on_the_first_processor(), Hog::on_the_first_processor()];
    let outcome = play(&case(&waits, cast), Arc::clone(&setting)).await;
    let Verdict::Inconclusive(found) = &outcome.verdict else {
        panic!("nobody is at fault: {:?}", outcome.verdict);
    };
    assert_eq!(found.kind, InconclusiveKind::Environment);
    let word = "(the case's time was up), but the machine had no time for the browser";
    assert!(found.why.contains(word), "{}", found.why);
    setting.pool.shutdown().await;
}

/// A page that its browser does not get to looks like one that has nothing to do; where the machine is full, one more page makes both later.
async fn two_and_one_turn(cast: &str) {
    let steps = |within: &str| STEPS.replace("within: 10s", &format!("within: {within}"));
    let opened = |site: &Site| {
        site.asked()
            .iter()
            .filter(|asked| asked.starts_with("GET / "))
            .count()
    };
    let of = |site: &Site, has_time: fn() -> bool| {
        Arc::new(Setting {
            app: Some(from(site)),
            turns: Turns::judging(1, has_time),
            ..setting()
        })
    };

    let site = Site::page("<!doctype html><title>t</title>here").await;
    let (brief, setting) = (case(&steps("3s"), cast), of(&site, || false));
    let first = async {
        play(&brief, Arc::clone(&setting)).await;
        assert_eq!(opened(&site), 1, "the second began beside the first");
    };
    let second = async {
        while opened(&site) == 0 {
            sleep(Duration::from_millis(20)).await;
        }
        play(&brief, Arc::clone(&setting)).await;
    };
    tokio::join!(first, second);
    assert_eq!(opened(&site), 2);

    let site = Site::page("<!doctype html><title>t</title>here").await;
    let (long, setting) = (case(&steps("60s"), cast), of(&site, || true));
    let both_are_open = async {
        while opened(&site) < 2 {
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        _ = play(&long, Arc::clone(&setting)) => panic!("the second did not begin"),
        _ = play(&long, Arc::clone(&setting)) => panic!("the second did not begin"),
        () = both_are_open => {}
    }
}
