//! Servers of others, and the example servers: each in its true protocol, by its dialect alone.
//!
//! `ci/test` installs them first (`ci/servers --install quick`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::cli_support::{Ran, Stand};

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
