//! The command line as a script and a person meet it: exit statuses, words, files. Native peers only.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{FromRawFd, OwnedFd};
use std::process::Stdio;

use crate::cli_support;
use crate::cli_support::{Stand, eventually, run, scenarios};

const CAST: &str = "--cast=alice=native,bob=native";

fn project(scenario: &str) -> String {
    scenarios().join(scenario).display().to_string()
}

#[test]
fn a_pass_is_0_and_records_are_where_they_were_asked_for() {
    let stand = Stand::new();
    stand
        .glare(&[
            "run",
            &project("rooms/happy-path.yaml"),
            CAST,
            "--records",
            "t",
        ])
        .ends(0)
        .says("1 passed, 0 failed");
    let trace =
        std::fs::read(stand.path("t/latest/happy-path@alice-native+bob-native/trace.jsonl"))
            .expect("a record");
    let trace = glare::record::read_trace(trace.as_slice()).expect("a readable trace");
    assert!(!trace.cut_off && trace.events.len() > 50);
}

#[test]
fn a_fail_is_1_and_says_where_in_which_state_and_how_to_see_it_again() {
    let stand = Stand::new();
    let path = project("rooms/creator-vanishes-alone.yaml");
    stand
        .glare(&["run", &path, CAST, "--fault", "room-never-freed"])
        .ends(1)
        .says("FAIL")
        .says("0 passed, 1 failed")
        .complains("step 5 failed")
        .complains("room lobby already exists")
        .complains("bob (native): signaling up, no connection")
        .complains("step 3, kill: { peer: alice, how: socket }")
        .complains(&format!(
            "Again: glare run {path} --cast alice=native,bob=native"
        ));
}

#[test]
fn wrong_usage_is_2() {
    let stand = Stand::new();
    let path = project("rooms/happy-path.yaml");
    let wrong: &[(&[&str], &str)] = &[
        (
            &["run", &path, "--cast", "nonsense"],
            "`nonsense` is no cast",
        ),
        (
            &["run", &path, "--cast", "alice=nativ"],
            "did you mean `native`?",
        ),
        (
            &["run", &path, "--cast", "alice=native,alice=wire"],
            "cast twice",
        ),
        (&["run", &path, "--jobs", "0"], "--jobs"),
        (&["run", &path, "--repeat", "0"], "--repeat"),
        (&["run", &path, "--max-time", "0"], "--max-time"),
        (&["run", &path, "--fault", "no-such-fault"], "no-such-fault"),
        (&["run", &path, "--ready", "port"], "--server"),
        (
            &["run", &path, "--server", "x", "--ready", "line:"],
            "expected `port`",
        ),
        (
            &["run", &path, "--server", "x", "--fault", "room-never-freed"],
            "cannot be used with",
        ),
        (
            &["run", &path, "--dialect", "no-such-file.yaml"],
            "no-such-file.yaml",
        ),
        (&["run", "no-such-folder"], "no-such-folder: No such file"),
        (&["check", "no-such-folder"], "no-such-folder"),
        (&["list", "no-such-folder"], "no-such-folder"),
        (&["serve", "--port", "99999"], "99999"),
        (&["completions", "cobol"], "cobol"),
        (&["sing"], "sing"),
        (&[], "Usage:"),
    ];
    for (arguments, word) in wrong {
        stand.glare(arguments).ends(2).complains(word);
    }
    let nonsense = run(stand
        .command(&["run", &path])
        .env("GLARE_STACKS", "nonsense"));
    nonsense
        .ends(2)
        .complains("GLARE_STACKS")
        .complains("nonsense");
}

#[test]
fn mistakes_are_3_and_all_of_all_files_are_shown() {
    let stand = Stand::new();
    stand.write("a.yaml", "scenario: a\npeers: { alice: {} }\nsteps:\n  - jion: { peer: alice }\n  - create: { peer: alcie, room: x }\n");
    stand.write(
        "deep/b.yaml",
        "scenario: b\npeers: { bob: {} }\nsteps:\n  - frobnicate: { peer: bob }\n",
    );
    stand.write(
        "good.yaml",
        "scenario: c\npeers: { bob: {} }\nsteps:\n  - connect: { peer: bob }\n",
    );
    std::fs::write(stand.path("latin1.yaml"), b"scenario: \xe9\n").expect("a file");
    for command in ["check", "run", "list"] {
        let ran = stand.glare(&[command, "."]).ends(3);
        for word in [
            "jion",
            "alcie",
            "frobnicate",
            "latin1.yaml",
            "a.yaml:4",
            "b.yaml:4",
        ] {
            assert!(
                ran.err.contains(word),
                "{command} does not mention {word}:\n{}",
                ran.err
            );
        }
    }
    assert!(
        !stand.path(".glare").exists(),
        "nothing runs while there are mistakes"
    );
    stand.glare(&["check", "."]).says("1 good, 3 with");
    stand.write("dialect.yaml", "dialect: 5\nsay: { dance: {} }\n");
    stand
        .glare(&["run", "good.yaml", "--dialect", "dialect.yaml"])
        .ends(3)
        .complains("dialect.yaml");
}

#[test]
fn a_missing_browser_is_4_before_anything_is_played() {
    let stand = Stand::new();
    let arguments = [
        "run",
        &project("rooms/happy-path.yaml"),
        "--cast",
        "alice=chromium",
        "--cast",
        "bob=firefox",
    ];
    let mut command = stand.command(&arguments);
    command
        .env_remove("GLARE_STACKS")
        .env("GLARE_CHROMIUM", "/nonexistent")
        .env("GLARE_FIREFOX", "/nowhere");
    let ran = run(&mut command)
        .ends(4)
        .complains("/nonexistent")
        .complains("/nowhere")
        .complains("GLARE_STACKS=native");
    assert_eq!(ran.out, "", "nothing was played");
    // What is not needed is not asked for.
    let mut command = stand.command(&["run", &project("rooms/happy-path.yaml"), CAST]);
    run(command
        .env_remove("GLARE_STACKS")
        .env("GLARE_CHROMIUM", "/nonexistent"))
    .ends(0);
}

#[test]
fn records_that_cannot_be_written_are_4() {
    let stand = Stand::new();
    let path = project("rooms/happy-path.yaml");
    stand
        .glare(&["run", &path, CAST, "--records", "/dev/null/records"])
        .ends(4)
        .complains("/dev/null/records");
}

#[test]
fn a_server_that_does_not_come_up_is_5_with_its_last_words() {
    let stand = Stand::new();
    let path = project("rooms/happy-path.yaml");
    let ran = stand
        .glare(&[
            "run",
            &path,
            CAST,
            "--server",
            "printf 'it is\\033[31m broken'; exit 3",
        ])
        .ends(5);
    let ran = ran
        .says("INCONCLUSIVE")
        .says("exit status: 3")
        .says("it is\\u{1b}[31m broken");
    assert!(
        !ran.out.contains('\u{1b}'),
        "a server's escape codes are shown, not sent"
    );
}

#[test]
fn nothing_selected_is_6_and_says_why() {
    let stand = Stand::new();
    std::fs::create_dir(stand.path("empty")).expect("a folder");
    let path = project("rooms/happy-path.yaml");
    stand
        .glare(&["run", "empty"])
        .ends(6)
        .complains("no scenario file");
    stand.glare(&["check", "empty"]).ends(6);
    stand.glare(&["list", "empty"]).ends(6);
    stand
        .glare(&["run", &path, "--cast", "zed=native"])
        .ends(2)
        .complains("--cast: the scenario has no peer `zed`: alice, bob");
    // Nothing is booted, not even what every scenario would need.
    stand
        .glare(&[
            "run",
            &path,
            "--cast",
            "allice=native,bob=native",
            "--server",
            "touch booted",
        ])
        .ends(2)
        .complains("did you mean `alice`?");
    assert!(!stand.path("booted").exists());
    stand
        .glare(&["run", &path, "--cast", "alice=chromium"])
        .ends(6)
        .complains("GLARE_STACKS");
}

#[test]
fn what_the_server_has_not_is_counted_and_is_no_failure_but_where_it_is_all_that_there_is() {
    let stand = Stand::new();
    let reference = scenarios().join("../fixtures/servers/reference/dialect.yaml");
    let reference = std::fs::read_to_string(reference).expect("the reference dialect");
    assert!(reference.contains("room-size: 2\n"));
    stand.write("dialect.yaml", &reference.replace("room-size: 2\n", ""));
    let (lacking, played) = (
        project("rooms/room-full.yaml"),
        project("rooms/happy-path.yaml"),
    );
    let run = |paths: &[&str]| {
        let flags = ["--cast", "alice=native", "--dialect", "dialect.yaml"];
        stand.glare(&[&["run"][..], paths, &flags].concat())
    };
    run(&[&lacking, &played])
        .ends(0)
        .says("unsupported")
        .says("room-size")
        .says("1 passed, 0 failed, 1 unsupported");
    // Nothing was played: that is not green.
    run(&[&lacking])
        .ends(6)
        .says("0 passed, 0 failed, 1 unsupported")
        .complains("nothing was played: all that was selected is unsupported");
    let ask = |cases: &[&str]| {
        stand.glare(&[&["validate", "--dialect", "dialect.yaml"][..], cases].concat())
    };
    ask(&["--case", "2.1", "--case", "2.2"]).ends(0);
    ask(&["--case", "2.2"])
        .ends(6)
        .complains("nothing was asked: all that was selected is unsupported");
}

#[test]
fn a_part_of_a_cast_and_what_glare_stacks_leaves_out() {
    let stand = Stand::new();
    let path = project("rooms/happy-path.yaml");
    stand
        .glare(&["run", &path, "--cast", "bob=native"])
        .ends(0)
        .says("1 passed")
        .complains("2 casts are left out: GLARE_STACKS allows only native");
    stand
        .glare(&["run", &path, "--jobs", "1"])
        .ends(0)
        .says("1 passed")
        .complains("8 casts are left out");
}

#[test]
fn a_file_that_is_named_twice_is_played_once() {
    let stand = Stand::new();
    stand.copy("rooms/happy-path.yaml");
    stand
        .glare(&["run", "happy-path.yaml", "./happy-path.yaml", "."])
        .ends(0)
        .says("1 passed, 0 failed");
}

#[test]
fn repeats_say_how_many_logs_there_were() {
    let stand = Stand::new();
    let path = project("rooms/happy-path.yaml");
    stand
        .glare(&["run", &path, CAST, "--repeat", "3", "--shake", "1"])
        .ends(0)
        .says("3 runs, 1 log");
}

#[test]
fn accept_writes_the_snapshot_and_never_in_ci() {
    let stand = Stand::new();
    stand.copy("rooms/happy-path.yaml");
    let snapshot = stand.path("happy-path.snap");
    let right = std::fs::read_to_string(&snapshot).expect("a snapshot");
    let play = ["run", "happy-path.yaml"];
    let accept = ["run", "happy-path.yaml", "--accept"];

    std::fs::remove_file(&snapshot).expect("removed");
    stand
        .glare(&play)
        .ends(0)
        .says("new   happy-path.yaml")
        .says("there is no snapshot happy-path.snap yet; `--accept` writes it")
        .says(", 1 new in ");
    run(stand.command(&play).env("CI", "1"))
        .ends(1)
        .complains("1 without a snapshot, and CI is set");
    assert!(!snapshot.exists(), "only --accept writes");
    run(stand.command(&accept).env("CI", "1"))
        .ends(2)
        .complains("CI");
    assert!(!snapshot.exists(), "never in CI");
    stand.glare(&accept).ends(0);
    assert_eq!(
        std::fs::read_to_string(&snapshot).expect("a snapshot"),
        right,
        "as `cargo test` has it"
    );
    stand.glare(&play).ends(0);

    let wrong = right.replace(
        "server -> alice: created lobby",
        "server -> alice: created elsewhere",
    );
    assert_ne!(wrong, right);
    std::fs::write(&snapshot, &wrong).expect("written");
    stand
        .glare(&play)
        .ends(1)
        .complains("-server -> alice: created elsewhere")
        .complains("+server -> alice: created lobby");
    assert_eq!(
        std::fs::read_to_string(&snapshot).expect("a snapshot"),
        wrong
    );
}

#[test]
fn a_failing_run_is_never_accepted() {
    let stand = Stand::new();
    stand.copy("rooms/creator-vanishes-alone.yaml");
    let snapshot = stand.path("creator-vanishes-alone.snap");
    std::fs::remove_file(&snapshot).expect("removed");
    stand
        .glare(&["run", ".", "--accept", "--fault", "room-never-freed"])
        .ends(1);
    assert!(!snapshot.exists());
}

#[test]
fn logs_come_after_the_summary_once_each() {
    let stand = Stand::new();
    let happy = project("rooms/happy-path.yaml");
    let ran = stand.glare(&["run", &happy, CAST, "--logs"]).ends(0);
    let (_, logs) = ran.out.split_once("1 passed, 0 failed").expect("a summary");
    let (head, log) = logs
        .split_once("happy path: 1 cast, one log\n")
        .expect("a heading");
    assert!(head.ends_with("\n\n"), "{head:?}");
    let snapshot = std::fs::read_to_string(happy.replace(".yaml", ".snap")).expect("a snapshot");
    let (_, known) = snapshot
        .trim_start_matches("---")
        .split_once("---\n")
        .expect("a head");
    let read: Vec<&str> = log
        .lines()
        .map(|line| line.strip_prefix("  ").expect("indented"))
        .collect();
    assert_eq!(read.join("\n"), known.trim_end());
    assert!(!stand.glare(&["run", &happy, CAST]).out.contains("one log"));
}

#[test]
fn check_list_and_schema_boot_nothing() {
    let stand = Stand::new();
    let all = scenarios().display().to_string();
    stand.glare(&["check", &all]).ends(0).says(" good\n");
    stand
        .glare(&["list", &all])
        .ends(0)
        .says("happy path  (9 casts)")
        .says("catches room-never-freed at step 5");
    let schema: serde_json::Value =
        serde_json::from_str(&stand.glare(&["schema"]).ends(0).out).expect("JSON");
    for (what, key) in [("scenario", "steps"), ("sequences", "sequences")] {
        assert!(
            schema["$defs"][what]["properties"][key].is_object(),
            "{what}"
        );
    }
    stand
        .glare(&["completions", "bash"])
        .ends(0)
        .says("_glare()");
    stand.glare(&["--version"]).ends(0).says("glare ");
    stand
        .glare(&["run", "--help"])
        .ends(0)
        .says("--logs")
        .says("--shake");
    assert!(!stand.path(".glare").exists());
}

#[test]
fn serve_says_where_it_listens_and_ends_on_ctrl_c() {
    let stand = Stand::new();
    let mut child = Ended(
        stand
            .command(&["serve"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("started"),
    );
    let mut line = String::new();
    BufReader::new(child.0.stdout.take().expect("a pipe"))
        .read_line(&mut line)
        .expect("a line");
    let address = line
        .trim()
        .strip_prefix("listening on http://")
        .expect("an address")
        .to_owned();
    let mut socket = std::net::TcpStream::connect(&address).expect("it listens");
    write!(
        socket,
        "GET /health HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .expect("asked");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    interrupt(&child.0);
    let mut status = None;
    eventually("the server's end", || {
        status = child.0.try_wait().expect("it can be asked");
        status.is_some()
    });
    assert_eq!(status.and_then(|status| status.code()), Some(0));
    // The port is taken: an exit status of its own.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    stand
        .glare(&["serve", "--port", &port])
        .ends(4)
        .complains(&port);
}

/// A process that does not outlive a test that fails.
struct Ended(std::process::Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn interrupt(child: &std::process::Child) {
    let pid = i32::try_from(child.id()).expect("a process id");
    // SAFETY: plain system call, to a child that is not reaped yet.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGINT) }, 0);
}

#[test]
fn ctrl_c_ends_a_run_and_leaves_nothing() {
    let stand = Stand::new();
    let slow = "scenario: slow\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n  - await: { peer: alice, disconnected: true, within: 60s }\n";
    stand.write("slow.yaml", slow);
    let server = format!("{} serve --port {{port}}", cli_support::GLARE);
    let mut command = stand.command(&["run", "slow.yaml", "--server", &server]);
    command
        .env("TMPDIR", stand.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = command.spawn().expect("started");
    let trace = stand.record("slow@alice-native");
    eventually("the second step", || {
        std::fs::read_to_string(&trace).is_ok_and(|trace| trace.contains("\"index\":2"))
    });
    interrupt(&child);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(5));
    assert!(String::from_utf8_lossy(&output.stderr).contains("interrupted"));
    let left: Vec<_> = std::fs::read_dir(stand.folder.path())
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with("glare-")),
        "{left:?}"
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let stand = Stand::new();
    stand.copy("rooms/room-full.yaml");
    stand.copy("rooms/happy-path.yaml");
    for arguments in [
        &["run", ".", "--logs"][..],
        &["schema"],
        &["completions", "bash"],
        &["list", "."],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = stand
            .command(arguments)
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let output = output.wait_with_output().expect("an end");
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {err}");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    }
}

#[test]
fn colours_go_to_a_terminal_that_wants_them_and_nowhere_else() {
    let stand = Stand::new();
    stand.write(
        "bad.yaml",
        "scenario: a\npeers: { alice: {} }\nsteps:\n  - jion: { peer: alice }\n",
    );
    let ran = stand.glare(&["check", "bad.yaml"]).ends(3);
    assert!(!ran.err.contains('\u{1b}'));
    let path = project("rooms/creator-vanishes-alone.yaml");
    let ran = stand
        .glare(&["run", &path, CAST, "--fault", "room-never-freed"])
        .ends(1);
    assert!(!ran.err.contains('\u{1b}') && !ran.out.contains('\u{1b}'));
    assert!(
        on_a_terminal(&stand, None).contains('\u{1b}'),
        "the test's own terminal works"
    );
    assert!(!on_a_terminal(&stand, Some("1")).contains('\u{1b}'));
}

/// What `check bad.yaml` writes to a terminal on standard error.
fn on_a_terminal(stand: &Stand, no_color: Option<&str>) -> String {
    let (mut controller, mut terminal) = (0, 0);
    let null = std::ptr::null_mut();
    // SAFETY: the two numbers are written; names, settings and size are not asked for.
    assert_eq!(
        unsafe {
            libc::openpty(
                &mut controller,
                &mut terminal,
                null,
                null.cast(),
                null.cast(),
            )
        },
        0
    );
    // SAFETY: both were just opened and belong to nobody else.
    let (controller, terminal) = unsafe {
        (
            OwnedFd::from_raw_fd(controller),
            OwnedFd::from_raw_fd(terminal),
        )
    };
    let mut command = stand.command(&["check", "bad.yaml"]);
    command
        .stdout(Stdio::null())
        .stderr(terminal)
        .env("TERM", "xterm");
    if let Some(value) = no_color {
        command.env("NO_COLOR", value);
    }
    let mut child = command.spawn().expect("started");
    // The command holds the terminal's other end, too.
    drop(command);
    let mut text = Vec::new();
    // A terminal whose other end is gone says so with an error.
    drop(std::fs::File::from(controller).read_to_end(&mut text));
    assert_eq!(child.wait().expect("an end").code(), Some(3));
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_scenario_cannot_drive_the_terminal() {
    let stand = Stand::new();
    let text = "scenario: \"a \\e[31m \\u202e name\"\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice } # \u{202e}\n  - join: { peer: alice, room: nowhere, refused: \"\\e[2J\" }\n";
    stand.write("x.yaml", text);
    let ran = stand.glare(&["run", "x.yaml", "--logs"]);
    assert!(ran.status == 1 || ran.status == 3, "{}", ran.err);
    for hidden in ['\u{1b}', '\u{202e}'] {
        assert!(
            !ran.out.contains(hidden) && !ran.err.contains(hidden),
            "{hidden:?} is sent:\n{}\n{}",
            ran.out,
            ran.err
        );
    }
}

/// Two scenarios in two folders, the second with tags.
fn two_to_choose_from(stand: &Stand) {
    let steps = "peers: { bob: {} }\nsteps:\n  - connect: { peer: bob }\n";
    stand.write("a/first.yaml", &format!("scenario: one connects\n{steps}"));
    stand.write(
        "b/second.yaml",
        &format!("scenario: another connects\ntags: [slow, ice]\n{steps}"),
    );
}

#[test]
fn filters_choose_by_name_by_path_and_by_tag() {
    let stand = Stand::new();
    two_to_choose_from(&stand);
    let (first, second) = ("one connects", "another connects");
    let chosen: &[(&[&str], &[&str])] = &[
        (&[], &[first, second]),
        (&["--filter", "connects"], &[first, second]),
        (&["--filter", "another"], &[second]),
        (&["--filter", "a/first"], &[first]),
        (
            &["--filter", "first", "--filter", "second"],
            &[first, second],
        ),
        (&["--tag", "slow"], &[second]),
        (&["--tag", "never", "--tag", "ice"], &[second]),
        (&["--tag", "ice", "--filter", "b/"], &[second]),
    ];
    for (flags, names) in chosen {
        let arguments = [&["list", "."], *flags].concat();
        let listed = stand.glare(&arguments).ends(0);
        for name in [first, second] {
            let there = listed.out.contains(&format!("  {name}  "));
            assert_eq!(there, names.contains(&name), "{flags:?}:\n{}", listed.out);
        }
        let good = format!("{} good", names.len());
        stand
            .glare(&[&["check", "."], *flags].concat())
            .ends(0)
            .says(&good);
    }
    stand
        .glare(&["run", ".", "--tag", "slow", "--accept"])
        .ends(0)
        .says("second.yaml")
        .says("passed");
    assert!(!stand.path("a/first.snap").exists());
}

#[test]
fn filters_that_leave_nothing_are_6_and_say_what_there_is() {
    let stand = Stand::new();
    two_to_choose_from(&stand);
    for command in ["run", "list", "check", "faults"] {
        stand
            .glare(&[command, ".", "--filter", "third"])
            .ends(6)
            .complains("of 2 scenarios none has `third` in its name or path")
            .complains("glare list");
        stand
            .glare(&[command, ".", "--tag", "slwo"])
            .ends(6)
            .complains("none has the tag `slwo`; did you mean `slow`?");
        stand
            .glare(&[command, ".", "--tag", "media"])
            .ends(6)
            .complains("tags: ice, slow");
        stand
            .glare(&[command, ".", "--tag", "ice", "--filter", "first"])
            .ends(6)
            .complains("`first` in its name or path, and the tag `ice`");
    }
    stand.write(
        "c.yaml",
        "scenario: c\ntags: [one two, x, x]\npeers: { bob: {} }\nsteps: [ { connect: { peer: bob } } ]\n",
    );
    stand
        .glare(&["check", ".", "--filter", "third"])
        .ends(3)
        .complains("`one two` cannot be a tag")
        .complains("`x` is in this list twice");
}

#[test]
fn variants_are_listed_chosen_played_and_compared_one_by_one() {
    let stand = Stand::new();
    stand.write(
        "said.yaml",
        "scenario: said\nwith:\n  - { name: yes sir, text: aye }\n  - { name: no, text: nay }\npeers: { alice: {}, bob: {} }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - await: { connected: [alice, bob] }\n  - say: { from: bob, text: \"${text}\" }\n",
    );
    stand
        .glare(&["list", "."])
        .ends(0)
        .says("said [yes sir]  (9 casts)")
        .says("said [no]  (9 casts)");
    stand.glare(&["check", "."]).ends(0).says("2 good");
    stand
        .glare(&["run", ".", CAST, "--accept"])
        .ends(0)
        .says("said.yaml [yes sir]  alice=native")
        .says("2 passed");
    let snapshot = |name: &str| std::fs::read_to_string(stand.path(name)).expect("a snapshot");
    assert!(snapshot("said[yes-sir].snap").contains("aye"));
    assert!(snapshot("said[no].snap").contains("nay"));
    stand.write("said[no].snap", &snapshot("said[yes-sir].snap"));
    stand
        .glare(&["run", ".", CAST])
        .ends(1)
        .says("1 passed, 1 failed")
        .complains("said [no] with")
        .complains("--filter '[no]'");
    stand
        .glare(&["run", ".", CAST, "--filter", "[yes sir]"])
        .ends(0)
        .says("1 passed, 0 failed");
    let traces = std::fs::read_dir(stand.path(".glare/runs/latest")).expect("records");
    let names: Vec<String> = traces
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    assert!(
        names.contains(&"said+yes-sir@alice-native+bob-native".to_owned()),
        "{names:?}"
    );
}
