//! Processes that end while a page is under way: which it was is told, and nobody is blamed.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use glare::peer::browser::Pool;
use glare::record::{InconclusiveKind, Verdict};
use glare::run::Run;
use glare::stage::{Setting, play};
use tokio::time::sleep;

use super::starved::processes;
use super::{case, casts, from};
use crate::site_support::Site;
use crate::stage_support::setting;

casts! {
    a_driver_that_is_killed_is_named_in_chromium: "alice=chromium", a_killed_driver;
    a_browser_that_is_killed_is_named_in_firefox: "alice=firefox", a_killed_firefox;
    a_browser_that_is_killed_behind_its_driver_is_told_from_it_in_chromium: "alice=chromium", a_killed_chromium;
}

/// The program that a process runs, and what it was started with.
fn started(id: &str) -> (String, String) {
    let of = Path::new("/proc").join(id);
    let program = std::fs::read_link(of.join("exe")).unwrap_or_default();
    let name = program.file_name().unwrap_or_default();
    let line = std::fs::read(of.join("cmdline")).unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    (name, String::from_utf8_lossy(&line).into_owned())
}

/// Kills what is meant once the page is there, and answers why the case says nothing.
async fn killed(cast: &str, is_meant: impl Fn(&str, &str) -> bool) -> String {
    let site = Site::page("<p>here").await;
    let run = Run::start().expect("a run");
    let setting = Arc::new(Setting {
        app: Some(from(&site)),
        pool: Pool::start(run.clone()).expect("a pool"),
        max_time: Duration::from_secs(240),
        ..setting()
    });
    let text = "scenario: s\npeers:\n  alice: { app: / }\nsteps:\n  - see: { peer: alice, text: here }\n  - see: { peer: alice, text: nowhere, within: 60s }\n";
    let case = case(text, cast);
    let kills = async {
        while site.asked().is_empty() {
            sleep(Duration::from_millis(20)).await;
        }
        let all = processes(&run);
        let meant = all.iter().find(|id| {
            let (program, line) = started(id);
            is_meant(&program, &line)
        });
        let done = Command::new("kill")
            .args(["-9", meant.expect("such a process")])
            .status();
        assert!(done.expect("to kill").success());
    };
    let (outcome, ()) = tokio::join!(play(&case, Arc::clone(&setting)), kills);
    setting.pool.shutdown().await;
    let Verdict::Inconclusive(found) = &outcome.verdict else {
        panic!("nobody is at fault: {:?}", outcome.verdict);
    };
    assert_eq!(found.kind, InconclusiveKind::Environment);
    let why = found.why.clone();
    assert!(
        why.contains("alice is gone without having been told to"),
        "{why}"
    );
    why
}

async fn a_killed_driver(cast: &str) {
    let why = killed(cast, |program, _| program == "chromedriver").await;
    let told = "chromedriver has ended by itself (signal: 9 (SIGKILL)), and with it the browser";
    assert!(why.contains(told), "{why}");
}

async fn a_killed_chromium(cast: &str) {
    let is_chromium = |program: &str, line: &str| {
        program.starts_with("chrom") && program != "chromedriver" && !line.contains("--type=")
    };
    let why = killed(cast, is_chromium).await;
    assert!(why.contains("the browser is dead; its driver"), "{why}");
    assert!(why.contains("chromedriver goes on"), "{why}");
}

async fn a_killed_firefox(cast: &str) {
    let is_firefox = |program: &str, line: &str| {
        program.starts_with("firefox") && !line.contains("-contentproc")
    };
    let why = killed(cast, is_firefox).await;
    assert!(
        why.contains("firefox") && why.contains("has ended by itself (signal: 9 (SIGKILL))"),
        "{why}"
    );
}
