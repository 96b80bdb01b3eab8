//! Pages on the client libraries of others, each on the server that it was made for; and faults that were reported against them, in the version that
//! had them and in the one that mended them.
//!
//! `ci/test` installs them first (`ci/clients --install`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

#[path = "support/cli.rs"]
mod cli_support;

use cli_support::{Ran, Stand};
use glare::names::Stack;
use rstest::rstest;

/// One run at a time: each starts browsers, and processes for each of its cases.
static ONE: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/clients")
        .canonicalize()
        .expect("the clients")
}

/// Whether they are to be played at all. One that is, and is not installed, is a failure that says what to do.
fn wanted(client: &str) -> bool {
    if std::env::var("GLARE_SERVERS").is_ok_and(|value| value == "off") {
        eprintln!("GLARE_SERVERS=off: the pages on {client} are left out");
        return false;
    }
    let installed = folder().join(client).join("node_modules");
    assert!(
        installed.exists(),
        "{} is not there: `ci/clients --install {client}` puts it there, and GLARE_SERVERS=off leaves it out",
        installed.display()
    );
    true
}

/// The browsers that may be used, as `GLARE_STACKS` has them, and native peers.
fn stacks() -> Vec<Stack> {
    glare::suite::stacks().expect("GLARE_STACKS")
}

/// Plays these scenarios of a client, with a package in the version that is wanted (`peerjs@1.4.7`), or as it is.
fn play(client: &str, scenarios: &[&str], with: Option<&str>, cast: Option<&str>) -> Ran {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = folder().join(client);
    let mut arguments = vec![
        "run".to_owned(),
        format!("--project={}", project.join("glare.toml").display()),
    ];
    for scenario in scenarios {
        let path = project.join("scenarios").join(format!("{scenario}.yaml"));
        arguments.push(path.to_str().expect("a plain path").to_owned());
    }
    arguments.extend(cast.map(|cast| format!("--cast={cast}")));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let stand = Stand::new();
    let mut command = stand.command(&arguments);
    let names: Vec<String> = stacks().iter().map(ToString::to_string).collect();
    command.env("GLARE_STACKS", names.join(","));
    match with {
        Some(with) => command.env("WITH", with),
        None => command.env_remove("WITH"),
    };
    cli_support::run(&mut command)
}

/// All scenarios of a client, but for the reports.
fn stories(client: &str) -> Vec<String> {
    let reports: BTreeSet<String> = reports().into_iter().map(|report| report.name).collect();
    let stories = scenarios(client).into_iter();
    stories.filter(|name| !reports.contains(name)).collect()
}

fn scenarios(client: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join(client).join("scenarios")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    names
        .filter_map(|name| Some(name.to_str()?.strip_suffix(".yaml")?.to_owned()))
        .filter(|name| name != "sequences")
        .collect()
}

/// A line of the table in the README.
struct Report {
    name: String,
    client: String,
    package: String,
    had: String,
    mended: String,
    /// What is said of the version that had it.
    says: String,
}

fn reports() -> Vec<Report> {
    let readme = std::fs::read_to_string(folder().join("README.md")).expect("a text");
    let report = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, package, had, mended, _, says] = cells[..] else {
            return None;
        };
        let (name, path) = name.strip_prefix('[')?.split_once("](")?;
        Some(Report {
            name: name.to_owned(),
            client: path.split_once('/')?.0.to_owned(),
            package: package.to_owned(),
            had: had.to_owned(),
            mended: mended.to_owned(),
            says: says.trim_matches('`').to_owned(),
        })
    };
    readme.lines().filter_map(report).collect()
}

#[rstest]
fn people_meet_on_the_page_of_each_library(
    #[values("peerjs", "simple-peer", "socket.io-client", "y-webrtc")] client: &str,
) {
    if !stacks().iter().any(|stack| stack.is_browser()) {
        eprintln!("LEFT OUT: the pages on {client} (GLARE_STACKS)");
        return;
    }
    if wanted(client) {
        let stories = stories(client);
        let names: Vec<&str> = stories.iter().map(String::as_str).collect();
        let ran = play(client, &names, None, None).ends(0);
        let passed = ran.out.lines().filter(|line| line.starts_with("pass "));
        assert!(passed.count() >= stories.len(), "{}\n{}", ran.out, ran.err);
        ran.says(" 0 failed in ");
    }
}

#[rstest]
fn reports_are_seen_in_the_version_that_had_them_and_not_where_they_are_mended(
    #[values("peerjs", "simple-peer", "socket.io-client", "y-webrtc")] client: &str,
) {
    if !stacks().contains(&Stack::Chromium) {
        eprintln!("LEFT OUT: reports against {client} (GLARE_STACKS)");
        return;
    }
    if !wanted(client) {
        return;
    }
    let reports = reports()
        .into_iter()
        .filter(|report| report.client == client);
    for report in reports {
        let path = folder().join(client).join("scenarios");
        let text = std::fs::read_to_string(path.join(format!("{}.yaml", report.name)));
        let both = text.expect("a scenario").contains("\n  bob:");
        let cast = match both {
            true => "alice=chromium,bob=chromium",
            false => "alice=chromium",
        };
        let with = |version: &str| format!("{}@{version}", report.package);
        let plays = |with: Option<&str>| play(client, &[&report.name], with, Some(cast));
        // Not by a law or a mistake of the file: by what was reported.
        let ran = plays(Some(&with(&report.had))).ends(1);
        assert!(
            ran.err.contains(&report.says) && ran.out.contains("0 passed, 1 failed"),
            "{} with {}: no {:?} in\n{}\n{}",
            report.name,
            report.had,
            report.says,
            ran.out,
            ran.err
        );
        assert!(!ran.err.contains(" is broken"), "{}", ran.err);
        plays(Some(&with(&report.mended)))
            .ends(0)
            .says("1 passed, 0 failed");
        plays(None).ends(0).says("1 passed, 0 failed");
    }
}

/// A scenario that is named after a report stands in the table, with versions that are installed.
#[test]
fn the_table_of_reports_has_each_of_them() {
    let reports = reports();
    assert!(reports.len() >= 6, "{}", reports.len());
    for client in ["peerjs", "simple-peer", "socket.io-client", "y-webrtc"] {
        let listed = reports.iter().filter(|report| report.client == client);
        let listed: BTreeSet<String> = listed.map(|report| report.name.clone()).collect();
        let is_report = |name: &String| name.ends_with(|end: char| end.is_ascii_digit());
        let there: BTreeSet<String> = scenarios(client).into_iter().filter(is_report).collect();
        assert_eq!(listed, there, "{client}");
    }
    for report in reports {
        let package = folder().join(&report.client).join("package.json");
        let text = std::fs::read_to_string(package).expect("a text");
        let package: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        for version in [&report.had, &report.mended] {
            let alias = format!("{}-{version}", report.package);
            let pinned = package["dependencies"][&alias].as_str();
            let wanted = format!("npm:{}@{version}", report.package);
            assert_eq!(pinned, Some(wanted.as_str()), "{}", report.name);
        }
    }
}
