//! What is no regular file is refused, and nobody waits for it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::cli_support::{GLARE, Stand};

/// The exit status and what was complained of; nothing may take longer than ten seconds.
fn ends(stand: &Stand, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(GLARE);
    command.args(arguments).current_dir(stand.path("."));
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("glare starts");
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().expect("a child").is_none() {
        if Instant::now() > deadline {
            child.kill().expect("a child that hangs");
            panic!("glare {arguments:?} waits for ever");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = child.wait_with_output().expect("its output");
    (
        output.status.code().expect("a status"),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_named_pipe_is_refused_wherever_a_file_is_named() {
    let stand = Stand::new();
    for name in ["pipe.yaml", "all/sequences.yaml", "glare.toml"] {
        let path = stand.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        let made = Command::new("mkfifo").arg(&path).status();
        assert!(made.expect("mkfifo").success());
    }
    let wire = "peers: { alice: { stack: wire } }";
    let scenario = format!("scenario: x\n{wire}\nsteps:\n  - use: a\n");
    stand.write("all/x.yaml", &scenario);
    stand.write("other/y.yaml", &scenario.replace("use: a", "restart"));
    stand.write("other/glare.toml", "[server]\ndialect = \"../pipe.yaml\"\n");
    let project = ["run", "other/y.yaml", "--project", "other/glare.toml"];
    for (arguments, status) in [
        (&["check", "pipe.yaml"][..], 3),
        (&["check", "all"], 3),
        (&["run", "other/y.yaml", "--project", "glare.toml"], 3),
        (&project, 3),
        (&["run", "other/y.yaml", "--dialect", "pipe.yaml"], 2),
    ] {
        if arguments.contains(&"--dialect") {
            std::fs::remove_file(stand.path("glare.toml")).expect("the pipe");
        }
        let (ended, told) = ends(&stand, arguments);
        assert_eq!(ended, status, "{arguments:?}: {told}");
        assert!(told.contains("it is a named pipe"), "{arguments:?}: {told}");
    }
}

#[test]
fn so_is_a_device_and_a_folder() {
    let stand = Stand::new();
    let (ended, told) = ends(&stand, &["check", "/dev/zero"]);
    assert_eq!(ended, 3, "{told}");
    assert!(told.contains("it is a device"), "{told}");
    std::fs::create_dir(stand.path("x.toml")).expect("a folder");
    let (_, told) = ends(&stand, &["run", ".", "--project", "x.toml"]);
    assert!(told.contains("it is a folder"), "{told}");
}
