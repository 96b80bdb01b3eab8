//! What a person reads of each kind of failure, each really played. Read a changed snapshot as a tired stranger would before accepting it.

use crate::cli_support::{GLARE, Stand};

/// Both peers signal only: what is shown then has one order.
const PEERS: &str = "peers:\n  alice: { stack: wire }\n  bob: { stack: wire }\n";

/// What a run of this scenario says, its case line first, without what differs from run to run.
fn told(stand: &Stand, steps: &str, flags: &[&str]) -> String {
    if !steps.is_empty() {
        stand.write(
            "x.yaml",
            &format!("scenario: a failure\n{PEERS}steps:\n{steps}"),
        );
    }
    let ran = stand.glare(&[&["run", "x.yaml"], flags].concat());
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    let case = ran
        .out
        .lines()
        .take_while(|line| !line.contains(" passed, "));
    let case: Vec<&str> = case.collect();
    for text in [&ran.out, &ran.err] {
        let hostile = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(hostile), "{text:?}");
        let command = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
        assert!(!text.lines().any(command), "{text}");
    }
    let text = format!(
        "exit status {}\n{}\n{}",
        ran.status,
        case.join("\n"),
        ran.err
    );
    stable(&text)
}

/// Without times, ports, the numbers of events, and the place of the binary.
fn stable(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.replace(GLARE, "glare").lines() {
        let mut line = line.trim_end().to_owned();
        // That is of this machine and this moment.
        if line.starts_with("  glare itself got no time for ") {
            continue;
        }
        if let Some((before, rest)) = line.split_once("127.0.0.1:") {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            line = format!("{before}127.0.0.1:<port>{rest}");
        }
        if let Some((before, rest)) = line.split_once(".glare/runs/") {
            let case = rest.split_once('/').map_or("", |(_, case)| case);
            line = format!("{before}.glare/runs/<time>/{case}");
        }
        for word in ["event ", "events "] {
            if let Some((before, rest)) = line.split_once(word) {
                let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
                if after.len() < rest.len() {
                    line = format!("{before}{word}<number>{after}");
                }
            }
        }
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(at) = words.iter().position(|word| *word == "ms")
            && at > 0
            && words[at - 1].parse::<u64>().is_ok()
        {
            let (before, after) = (words[..at - 1].join(" "), words[at + 1..].join(" "));
            line = format!("{before} <time> {after}").trim_end().to_owned();
        }
        // `  >    12  bob -> server: offer`: an event that a broken law is made of.
        let numbered = line.trim_start_matches([' ', '>']);
        if let Some((number, rest)) = numbered.split_once("  ")
            && number.parse::<u64>().is_ok()
        {
            let mark = if line.contains('>') && line.find('>') < line.find(number) {
                ">"
            } else {
                " "
            };
            line = format!("  {mark} <number>  {rest}");
        }
        out.push(line);
    }
    // What the server sends two peers at once has no order.
    let message = |line: &String| line.starts_with("    ") && line.contains(" -> ");
    for run in out.chunk_by_mut(|one, other| message(one) && message(other)) {
        run.sort();
    }
    out.join("\n")
}

const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";

#[test]
fn a_wait_that_never_holds() {
    let steps = format!(
        "{CREATE}  - connect: {{ peer: bob }}\n  - await: {{ peer: alice, hears: peer-joined, within: 200ms }}\n"
    );
    insta::assert_snapshot!(told(&Stand::new(), &steps, &[]));
}

#[test]
fn a_message_that_a_step_holds() {
    let steps = format!(
        "{CREATE}  - hold: {{ message: joined, to: bob, nth: 1 }}\n  - join: {{ peer: bob, room: hall, refused: true }}\n  - join: {{ peer: bob, room: lobby, within: 200ms }}\n"
    );
    insta::assert_snapshot!(told(&Stand::new(), &steps, &["--max-time", "60"]));
}

#[test]
fn a_law_that_is_broken() {
    let stand = Stand::new();
    let path = stand.copy("signaling/relayed-once-in-order.yaml");
    std::fs::rename(path, stand.path("x.yaml")).expect("renamed");
    let fault = ["--fault", "duplicates-offers"];
    let told = told(&stand, "", &fault);
    // The answer to the last step may come before or after the harness has gone on.
    let (before, rest) = told
        .split_once("The last that happened")
        .and_then(|(before, rest)| Some((before, rest.split_once(":\n")?.1)))
        .expect("a sequence");
    let (last, after) = rest.split_once("\n\n").expect("what follows");
    assert!(
        last.contains("server -> alice: offer from bob (again)"),
        "{last}"
    );
    insta::assert_snapshot!(format!("{before}{after}"));
}

#[test]
fn a_line_that_must_never_be_seen() {
    let steps = format!(
        "{CREATE}  - disconnect: {{ peer: alice }}\n  - create: {{ peer: bob, room: lobby }}\nexpect:\n  never: |\n    server -> bob: created\n"
    );
    insta::assert_snapshot!(told(&Stand::new(), &steps, &[]));
}

#[test]
fn a_line_that_must_be_seen_and_is_not() {
    let steps = format!("{CREATE}expect:\n  seen: |\n    server -> alice: created hall\n");
    insta::assert_snapshot!(told(&Stand::new(), &steps, &[]));
}

#[test]
fn a_snapshot_that_is_missing() {
    insta::assert_snapshot!(told(&Stand::new(), CREATE, &[]));
}

#[test]
fn a_snapshot_that_differs() {
    let stand = Stand::new();
    stand.write(
        "x.snap",
        "alice -> server: create hall\nserver -> alice: created lobby\n",
    );
    insta::assert_snapshot!(told(&stand, CREATE, &[]));
}

#[test]
fn a_request_that_is_refused() {
    let steps = format!("{CREATE}  - create: {{ peer: bob, room: lobby }}\n");
    insta::assert_snapshot!(told(&Stand::new(), &steps, &[]));
}

#[test]
fn a_request_that_had_to_be_refused() {
    let steps = "  - create: { peer: alice, room: lobby, refused: exists }\n";
    insta::assert_snapshot!(told(&Stand::new(), steps, &[]));
}

#[test]
fn a_server_that_does_not_start() {
    let server = r"printf '::error::x\n##[error]x\n\033[31mCannot find module express\n'; exit 1";
    insta::assert_snapshot!(told(&Stand::new(), CREATE, &["--server", server]));
}

#[test]
fn a_server_that_dies_in_the_middle() {
    let server = format!("{GLARE} serve --port {{port}} --fault crashes-on-bad-json 2>/dev/null");
    let steps = format!(
        "{CREATE}  - send-raw: {{ peer: alice, text: \"{{\" }}\n  - await: {{ peer: alice, hears: peer-joined, within: 10s }}\n"
    );
    let told = told(&Stand::new(), &steps, &["--server", &server]);
    // Which is told first is a race: the end of the program, or of its socket.
    for word in [
        "step 3 failed",
        "the server ended by itself: exit status: 1",
        "law 11 (the server goes on, whatever its clients send) was put to the test once and is broken:",
        "    alice -> server: opaque \"{\"",
        "--server 'glare serve --port {port} --fault crashes-on-bad-json 2>/dev/null'",
    ] {
        assert!(told.contains(word), "no {word:?} in\n{told}");
    }
}

#[test]
fn a_refusal_of_a_stack() {
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        &format!("scenario: a description of nothing\npeers: {{ alice: {{ stack: native, negotiation: manual }}, bob: {{ stack: wire }} }}\nsteps:\n{CREATE}  - create-answer: {{ peer: alice }}\n"),
    );
    insta::assert_snapshot!(told(&stand, "", &[]));
}

#[test]
fn garbage_with_escape_codes_in_it() {
    let stand = Stand::new();
    let garbage = "\\e]0;owned\\a\\e[2J\\n::notice file=x::y\\n##[add-path]/tmp \\u202e";
    let text = format!(
        "scenario: \"\\e[31mred ##[error]\"\n{PEERS}steps:\n{CREATE}  - send-raw: {{ peer: alice, text: \"{garbage}\" }} # \u{202e}\n  - await: {{ peer: alice, hears: peer-joined, within: 200ms }}\n"
    );
    stand.write("x.yaml", &text);
    // The server's answer to it may come before or after the harness has gone on.
    let told = told(&stand, "", &[]);
    for word in [
        "\\u{1b}[31mred \\u{23}#[error]",
        "\\u{202e}",
        "owned",
        "step 3 failed",
    ] {
        assert!(told.contains(word), "no {word:?} in\n{told}");
    }
}

/// A server that is another one each second time: it relays an offer once or twice.
#[test]
fn two_logs_in_repeats() {
    let stand = Stand::new();
    let path = stand.copy("signaling/relayed-once-in-order.yaml");
    let text = std::fs::read_to_string(&path).expect("a file");
    let text = text.replace("steps:\n", "breaks:\n  3: it is planted\nsteps:\n");
    std::fs::rename(
        stand.path("relayed-once-in-order.snap"),
        stand.path("x.snap"),
    )
    .expect("renamed");
    stand.write("x.yaml", &text);
    std::fs::remove_file(path).expect("removed");
    stand.write(
        "server.sh",
        &format!("test -e twice && fault='--fault duplicates-offers'\ntouch twice\nexec {GLARE} serve --port $PORT $fault\n"),
    );
    let flags = [
        "--server",
        "sh server.sh",
        "--repeat",
        "20",
        "--until-failure",
    ];
    let told = told(&stand, "", &flags);
    assert!(told.contains("2 different logs in 2 runs"), "{told}");
    for trace in ["trace.jsonl", "trace-2.jsonl"] {
        let trace = format!("x@alice-wire+bob-wire/{trace}");
        let there = stand.path(".glare/runs/latest").join(&trace);
        assert!(told.contains(&trace) && there.exists());
    }
    insta::assert_snapshot!(told);
}

/// The file's name is a stranger's.
#[test]
fn the_line_that_plays_it_again_says_the_same_in_a_shell() {
    for (name, shell) in [
        ("it's a $(touch owned) `x`; *.yaml", "sh"),
        ("\u{1b}[2J\u{202e}it's \\.yaml", "bash"),
    ] {
        let stand = Stand::new();
        stand.write(
            name,
            &format!("scenario: a failure\n{PEERS}steps:\n{CREATE}  - create: {{ peer: bob, room: lobby }}\n"),
        );
        let server = format!("exec '{GLARE}' serve --port {{port}}");
        let ran = stand
            .glare(&["run", ".", "--server", &server, "--ready", "line:listening"])
            .ends(1);
        let again = ran
            .err
            .lines()
            .find_map(|line| line.strip_prefix("Again: glare "));
        let again = again.unwrap_or_else(|| panic!("no line:\n{}", ran.err));
        assert!(!ran.err.contains(['\u{1b}', '\u{202e}']), "{}", ran.err);
        let mut command = stand.command(&[]);
        let same = std::process::Command::new(shell)
            .args(["-c", &format!("\"$GLARE\" {again}")])
            .current_dir(
                command
                    .current_dir(stand.folder.path())
                    .get_current_dir()
                    .expect("a folder"),
            )
            .env("GLARE", GLARE)
            .env("GLARE_STACKS", "native")
            .output()
            .expect("a shell");
        let told = String::from_utf8_lossy(&same.stderr);
        assert_eq!(same.status.code(), Some(1), "{again}\n{told}");
        assert!(told.contains(again), "{again}\n{told}");
        assert!(!stand.path("owned").exists());
    }
}
