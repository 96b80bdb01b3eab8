//! Servers of others, and the example servers: each in its true protocol, by its dialect alone.
//!
//! A binary of its own, so that nothing else is busy meanwhile. `ci/test` installs them first (`ci/servers --install quick`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

#[path = "support/cli.rs"]
mod cli_support;

use cli_support::{Ran, Stand};

/// One server at a time: each run boots a process for each of its cases, and fills the machine by itself.
static ONE: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/servers")
        .canonicalize()
        .expect("the servers")
}

/// Whether they are to be played at all. One that is, and is not installed, is a failure that says what to do.
fn wanted(name: &str) -> bool {
    if std::env::var("GLARE_SERVERS").is_ok_and(|value| value == "off") {
        eprintln!("GLARE_SERVERS=off: {name} is left out");
        return false;
    }
    let installed = folder().join(name).join("node_modules");
    assert!(
        installed.exists(),
        "{} is not there: `ci/servers --install {name}` puts it there, and GLARE_SERVERS=off leaves it out",
        installed.display()
    );
    true
}

fn play(project: &Path) -> Ran {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = project.to_str().expect("a plain path");
    Stand::new().glare(&["run", "--project", project])
}

fn examples() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join("examples")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").path());
    names
        .filter(|path| path.join("glare.toml").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect()
}

#[test]
fn two_peers_meet_on_each_example() {
    if !wanted("examples") {
        return;
    }
    let wrong: Vec<String> = examples()
        .into_iter()
        .filter_map(|name| {
            let ran = play(&folder().join("examples").join(&name).join("glare.toml"));
            let met = ran.status == 0
                && ran
                    .out
                    .lines()
                    .any(|line| line.contains(" passed, 0 failed in "));
            (!met).then(|| format!("── {name}: {}\n{}\n{}", ran.status, ran.out, ran.err))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_examples_has_each_of_them() {
    let readme = std::fs::read_to_string(folder().join("examples/README.md")).expect("a text");
    let listed: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.rsplit_once("](")?.1.strip_suffix(") |"))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, examples());
}
/// What a line of a case says: the verdict, and the scenario with its parameters.
fn verdict(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let known = [
        "pass",
        "new",
        "flaky",
        "FAIL",
        "unsupported",
        "INCONCLUSIVE",
    ];
    let scenario = rest.trim_start().split("  ").next()?;
    let scenario = scenario
        .rsplit_once("/scenarios/")
        .map_or(scenario, |(_, path)| path);
    known.contains(&word).then_some((word, scenario))
}

/// The scenarios in which this server is at fault: `known.txt`, a line each. What is at fault is said in its README.
fn known(server: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(server.join("known.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Every scenario of the project that it supports, with native peers: nothing is held against it but what is known.
fn plays(name: &str) {
    if !wanted(name) {
        return;
    }
    let server = folder().join(name);
    let ran = play(&server.join("glare.toml"));
    let of = |wanted: &[&str]| -> BTreeSet<String> {
        let cases = ran.out.lines().filter_map(verdict);
        let cases = cases.filter(|(word, _)| wanted.contains(word));
        cases.map(|(_, scenario)| scenario.to_owned()).collect()
    };
    let all = format!("{}\n{}", ran.out, ran.err);
    assert!(!of(&["pass", "new"]).is_empty(), "{all}");
    assert_eq!(of(&["INCONCLUSIVE", "flaky"]), BTreeSet::new(), "{all}");
    assert_eq!(of(&["FAIL"]), known(&server), "{all}");
}

#[test]
fn peerjs_plays_what_it_supports() {
    plays("peerjs");
}

#[test]
fn bittorrent_tracker_plays_what_it_supports() {
    plays("bittorrent-tracker");
}

#[test]
fn simple_signal_server_plays_what_it_supports() {
    plays("simple-signal-server");
}

#[test]
fn signalhub_plays_what_it_supports() {
    plays("signalhub");
}

#[test]
fn two_nodes_of_socketio_behind_redis_play_what_they_support() {
    plays("socketio-cluster");
}
