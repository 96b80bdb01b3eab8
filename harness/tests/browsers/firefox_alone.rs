//! Firefox speaks WebDriver BiDi by itself: here, and where it runs already. No geckodriver is asked for.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use crate::browser_support::firefox::{Firefox, Line, counts, has_session, own_address};
use crate::cli_support::{Stand, eventually, run, scenarios};
use glare::names::Stack;
use rstest::rstest;
use serde_json::json;

fn project(scenario: &str) -> String {
    scenarios().join(scenario).display().to_string()
}

/// Whether the tests with a Firefox are to be played; where not it is said, past what the test runner keeps to itself.
fn wanted() -> bool {
    let wanted = glare::suite::stacks()
        .expect("GLARE_STACKS")
        .contains(&Stack::Firefox);
    if !wanted {
        use std::io::Write as _;
        drop(std::io::stderr().write_all(b"LEFT OUT: Firefox by itself (GLARE_STACKS)\n"));
    }
    wanted
}

/// Played with a Firefox that runs already. There is no other program: what it would be is named, and is none.
fn played_by(firefox: &Firefox, stand: &Stand, more: &[&str]) -> Command {
    let mut command = stand.command(&["run"]);
    command
        .args(["--webdriver", &format!("firefox={}", firefox.url())])
        .args(["--advertise", &own_address().to_string()])
        .args(more)
        .env("GLARE_STACKS", "native,firefox");
    for program in ["CHROMIUM", "CHROMEDRIVER", "FIREFOX", "GECKODRIVER"] {
        command.env(format!("GLARE_{program}"), "/none");
    }
    command
}

#[test]
fn a_firefox_here_wants_no_driver_and_leaves_nothing_at_home() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted() {
        return;
    }
    let stand = Stand::new();
    let home = tempfile::tempdir().expect("a folder");
    let happy = project("rooms/happy-path.yaml");
    let arguments = ["run", &happy, "--cast", "alice=firefox,bob=firefox"];
    let mut command = stand.command(&arguments);
    command
        .env("GLARE_STACKS", "firefox")
        .env("GLARE_GECKODRIVER", "/none")
        .env("HOME", home.path())
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_CACHE_HOME");
    run(&mut command).ends(0).says("1 passed");
    let left: Vec<_> = std::fs::read_dir(home.path())
        .expect("it is there")
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[rstest]
#[case::dies(
    "echo 'error while loading shared libraries: libgtk-3.so.0' >&2; exit 127",
    &["did not start: it ended before it told where it listens (exit status: 127)", "libgtk-3.so.0"]
)]
#[case::dies_saying_nothing("exit 1", &["(exit status: 1)", "it wrote nothing"])]
#[case::is_killed("kill -9 $$", &["(signal: 9 (SIGKILL))"])]
#[case::listens_where_nobody_is(
    "echo 'WebDriver BiDi listening on ws://127.0.0.1:9' >&2; exec sleep 1000",
    &["no session with firefox: no connection to ws://127.0.0.1:9/session", "refused", "listening on ws://127.0.0.1:9"]
)]
fn a_firefox_that_does_not_come_up_says_why(#[case] script: &str, #[case] told: &[&str]) {
    let stand = Stand::new();
    let program = stand.write("my-firefox", &format!("#!/bin/sh\n{script}\n"));
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&program, executable).expect("a program");
    let happy = project("rooms/happy-path.yaml");
    let arguments = ["run", &happy, "--cast", "alice=firefox,bob=native"];
    let mut command = stand.command(&arguments);
    command
        .env("GLARE_STACKS", "native,firefox")
        .env("GLARE_FIREFOX", &program);
    let mut ran = run(&mut command).ends(5);
    for text in told {
        ran = ran.says(text);
    }
}

#[test]
fn a_firefox_elsewhere_gives_its_session_back_and_stays() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted() {
        return;
    }
    let firefox = Firefox::start();
    let before = counts(firefox.at);
    let happy = project("rooms/happy-path.yaml");
    let casts = ["--cast", "alice=firefox", "--cast", "bob=firefox"];
    for more in [&[][..], &["--tls"]] {
        let arguments: Vec<&str> = casts.iter().chain(more).copied().chain([&*happy]).collect();
        // Compared with the snapshot that all casts have.
        run(&mut played_by(&firefox, &Stand::new(), &arguments))
            .ends(0)
            .says("3 passed");
        assert_eq!(has_session(firefox.at), Some(false));
        assert_eq!(counts(firefox.at), before, "pages and user contexts");
    }
    // It is not ours to kill.
    let killed = project("closing/browser-killed.yaml");
    let arguments = ["--cast", "bob=firefox,alice=native", &killed];
    // Nothing else was selected.
    run(&mut played_by(&firefox, &Stand::new(), &arguments))
        .ends(6)
        .says("1 unsupported")
        .says("can only be asked to end");
}

#[test]
fn an_interrupted_run_ends_its_session_with_a_firefox_elsewhere() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted() {
        return;
    }
    let firefox = Firefox::start();
    let before = counts(firefox.at);
    // It waits 30 s for a time-out.
    let slow = project("closing/abrupt-drop.yaml");
    let arguments = ["--cast", "alice=firefox,bob=firefox", &slow];
    let stand = Stand::new();
    let mut child = played_by(&firefox, &stand, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("glare starts");
    eventually("a session", || has_session(firefox.at) == Some(true));
    // SAFETY: a signal to a child that has not been waited for.
    unsafe { libc::kill(child.id() as i32, libc::SIGINT) };
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(5));
    assert_eq!(has_session(firefox.at), Some(false));
    assert_eq!(counts(firefox.at), before, "pages and user contexts");
}

#[test]
fn a_firefox_whose_session_another_has_says_so() {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    if !wanted() {
        return;
    }
    let firefox = Firefox::start();
    let mut other = Line::to(firefox.at).expect("it listens");
    other.ask("session.new", json!({ "capabilities": {} }));
    let happy = project("rooms/happy-path.yaml");
    let arguments = ["--cast", "alice=firefox,bob=native", &happy];
    let ran = run(&mut played_by(&firefox, &Stand::new(), &arguments)).ends(5);
    let ran = ran.says(&format!("no session with firefox at {}: ", firefox.url()));
    ran.says("one session at a time");
    assert_eq!(has_session(firefox.at), Some(true), "the other's is left");
}
