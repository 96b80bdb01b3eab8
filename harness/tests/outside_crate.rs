//! A crate outside the workspace tests its own server with glare as a dev-dependency: `fixtures/outside`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn outside() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/outside")
}

/// `cargo test` there, with what is built here.
fn test(variables: &[(&str, &str)]) -> Output {
    let built = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("a target folder");
    Command::new(env!("CARGO"))
        .args(["test", "--test", "signaling", "--target-dir"])
        .arg(built)
        .current_dir(outside())
        .envs(variables.iter().copied())
        .output()
        .expect("cargo runs")
}

fn told(output: &Output) -> String {
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    format!("{out}\n{err}")
}

#[test]
fn it_tests_its_own_server() {
    // The versions that are built here: its own lock file is nobody's.
    let lock = outside().join("../../Cargo.lock");
    std::fs::copy(lock, outside().join("Cargo.lock")).expect("a lock file");

    let output = test(&[]);
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    assert!(
        told.contains("the_doorbell_signals_as_its_scenarios_say ... ok"),
        "{told}"
    );

    // Red when it should be: the server wants a key that the project then has not got.
    let output = test(&[("DOORBELL_KEY", "")]);
    let told = self::told(&output);
    assert!(!output.status.success(), "{told}");
    assert!(
        told.contains("there is no environment variable \"DOORBELL_KEY\""),
        "{told}"
    );

    // And when the server does wrong.
    let output = test(&[("DOORBELL_FORGETS", "1"), ("GLARE_STACKS", "native")]);
    let told = self::told(&output);
    assert!(!output.status.success(), "{told}");
    for part in [
        "0 passed, 2 failed, 16 casts left out by GLARE_STACKS",
        "peer-left",
        // How to play it again.
        "glare.toml --server 'exec ",
        "--ready 'line:doorbell listens'",
    ] {
        assert!(told.contains(part), "{part:?} is missing: {told}");
    }
}
