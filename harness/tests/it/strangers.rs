//! A scenario, a server and a page of a stranger: what they must not be able to do, each tried.

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::cli_support::{GLARE, Stand};
use glare::names::PeerName;
use glare::record::{Event, Limit, Recorder, TraceWriter, What, read_trace};
use glare::scenario::Scenario;

const HEAD: &str = "scenario: x\npeers:\n  alice: { stack: wire }\n  bob: { stack: wire }\n";

/// The file is refused, with this word.
#[track_caller]
fn refused(text: &str, word: &str) {
    let mistakes = Scenario::read(Path::new("x.yaml"), text).err();
    let told = mistakes
        .unwrap_or_else(|| panic!("this is taken:\n{text}"))
        .to_string();
    assert!(told.contains(word), "no {word:?} in {told}");
}

#[track_caller]
fn step(step: &str, word: &str) {
    refused(&format!("{HEAD}steps:\n  - {step}\n"), word);
}

#[test]
fn no_scenario_names_a_command_or_a_file() {
    for key in [
        "server: touch owned",
        "command: touch owned",
        "dialect: /etc/passwd",
        "include: x.yaml",
    ] {
        let name = key.split(':').next().unwrap_or_default();
        refused(&format!("{HEAD}{key}\nsteps: [restart]\n"), name);
    }
    step("run: touch owned", "run");
    step("exec: { command: touch owned }", "exec");
    step("restart: { command: touch owned }", "command");
    step("send-raw: { peer: alice, file: /etc/passwd }", "file");
    step("say: { from: alice, file: /etc/passwd }", "file");
    step(
        "send-raw: { peer: alice, text: !include /etc/passwd }",
        "tag",
    );
}

#[test]
fn no_scenario_names_a_foreign_address() {
    let candidate = "candidate:1 1 udp 1 8.8.8.8 53 typ host";
    step(
        &format!("send-raw: {{ peer: alice, text: '{candidate}' }}"),
        "8.8.8.8",
    );
    step(
        "send-raw: { peer: alice, text: 'candidate:1 1 udp 1 evil.example 53 typ host' }",
        "evil.example",
    );
    step(
        r#"send-raw: { peer: alice, text: '{"candidate":"\u0063andidate:1 1 udp 1 \u0038.8.8.8 53 typ host"}' }"#,
        "8.8.8.8",
    );
    step(
        r#"send-raw: { peer: alice, text: "c=IN IP6 2001:db8::1" }"#,
        "2001:db8::1",
    );
    step(
        "http: { peer: alice, method: POST, path: /x, body: 'c=IN IP4 10.1.2.3' }",
        "10.1.2.3",
    );
    let ice = "scenario: x\npeers: { alice: { ice-servers: ['stun:stun.example.org'] } }\nsteps: [restart]\n";
    refused(ice, "ice-servers");
}

#[test]
fn no_request_goes_elsewhere_or_is_two() {
    for path in [
        "http://example.org/",
        "//example.org/",
        "/\\\\example.org/",
        "@example.org/",
        "example.org",
        "/x HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\nGET /y",
        "/x\\ny",
        "/a b",
        "",
    ] {
        for verb in [
            "http: { peer: alice, method: GET, path",
            "send-raw: { peer: alice, status: 400, path",
        ] {
            let text = format!("{HEAD}steps:\n  - {verb}: \"{path}\" }}\n");
            assert!(
                Scenario::read(Path::new("x.yaml"), &text).is_err(),
                "this is taken:\n{text}"
            );
        }
    }
    step(
        r#"http: { peer: alice, method: "GET /x HTTP/1.1\r\n\r\nGET", path: / }"#,
        "is not known",
    );
}

#[test]
fn no_name_leaves_its_folder() {
    for name in [
        "..", "../x", "a/b", "a\\\\b", ".", "", "-x", "a b", "a\\0b", "CON:",
    ] {
        refused(
            &format!("scenario: x\npeers: {{ \"{name}\": {{}} }}\nsteps: [restart]\n"),
            "",
        );
    }
    // A file's name goes into its trace's.
    let stand = Stand::new();
    let text = format!("{HEAD}steps:\n  - create: {{ peer: alice, room: lobby }}\n");
    for name in ["..yaml", "...yaml", "-rf \u{1b}[2J.yaml", "a:b\n.yaml"] {
        stand.write(&format!("deep/{name}"), &text);
    }
    stand.glare(&["run", "deep", "--records", "deep/t"]).ends(0);
    let names = |folder: &str| -> Vec<String> {
        let files = std::fs::read_dir(stand.path(folder)).expect("a folder");
        files
            .map(|file| {
                file.expect("a file")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    };
    assert_eq!(names("."), ["deep"], "nothing is written beside");
    let traces = names("deep/t/latest");
    assert!(traces.len() >= 3, "{traces:?}");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_+@.".contains(c);
    assert!(
        traces
            .iter()
            .all(|name| name.chars().all(plain) && !name.starts_with('.')),
        "{traces:?}"
    );
}

#[test]
fn a_report_is_linked_by_https_alone() {
    for url in [
        "http://example.org/1",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://user:password@example.org/1",
        "//example.org",
        "\"https://example.org/\\e]8;;\"",
    ] {
        refused(
            &format!("scenario: x\nissue: {url}\npeers: {{ alice: {{}} }}\nsteps: [restart]\n"),
            "",
        );
    }
}

#[test]
fn nothing_is_larger_than_its_cap() {
    let peers: Vec<String> = (0..9).map(|n| format!("p{n}: {{}}")).collect();
    refused(
        &format!(
            "scenario: x\npeers: {{ {} }}\nsteps: [restart]\n",
            peers.join(", ")
        ),
        "8",
    );
    refused(
        &format!("{HEAD}steps:\n{}", "  - restart\n".repeat(201)),
        "200",
    );
    step("say: { from: alice, size: 1000001 }", "1000000");
    step(
        "say: { from: alice, size: 99999999999999999999 }",
        "1000000",
    );
    step(
        &format!("send-raw: {{ peer: alice, text: {} }}", "x".repeat(70_000)),
        "65536",
    );
    step("delay: { message: offer, to: bob, by: 6m }", "5m");
    step("connect: { peer: alice, within: 301s }", "5m");
    refused(
        &format!("{HEAD}steps: [restart]\n{}", "#".repeat(300_000)),
        "too long",
    );
    let stand = Stand::new();
    stand.write("x.yaml", &format!("{HEAD}steps: [restart]\n"));
    for flags in [
        ["--repeat", "1000001"],
        ["--max-time", "86401"],
        ["--jobs", "65536"],
    ] {
        stand
            .glare(&["run", "x.yaml", flags[0], flags[1]])
            .ends(2)
            .complains(flags[0]);
    }
}

/// Takes in what is written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_trace_that_a_page_fills_is_cut_with_a_word_and_still_read() {
    let written = Written::default();
    let limit = Limit {
        events: 10_000,
        ..Limit::default()
    };
    let writer = TraceWriter::new(written.clone());
    let recorder = Recorder::with_limit(Some(writer), limit, Default::default());
    recorder.record(
        What::Run {
            version: glare::record::TRACE_VERSION,
            scenario: "x".into(),
            cast: Default::default(),
            server: "reference".into(),
            shake: None,
        },
        &[],
    );
    for _ in 0..2 * limit.events {
        let (peer, level) = (PeerName::new("alice"), "log".to_owned());
        recorder.record(
            What::Console {
                peer,
                level,
                text: "again".into(),
            },
            &[],
        );
    }
    recorder.record(What::End, &[]);
    let bytes = written.0.lock().expect("no panic").clone();
    let trace = read_trace(bytes.as_slice()).expect("it is read");
    assert!(trace.events.len() == limit.events + 2);
    let said =
        |event: &Event| matches!(&event.what, What::Note { text, .. } if text.contains("left out"));
    assert!(trace.events.iter().any(said));
    assert_eq!(
        trace.events.last().map(|event| &event.what),
        Some(&What::End)
    );
}

#[test]
fn a_server_cannot_speak_to_the_terminal_nor_to_the_runner() {
    let stand = Stand::new();
    let text = format!(
        "{HEAD}steps:\n  - create: {{ peer: alice, room: lobby }}\n  - await: {{ peer: alice, hears: peer-joined, within: 2s }}\n"
    );
    stand.write("x.yaml", &text);
    let hostile = r"::error file=x::y\n  ::add-mask::x\n##[add-path]/tmp\n\033]0;owned\007\033[2J\r::set-output name=x::y\n\342\200\256 bidi\n";
    stand.write("says.sh", &format!("printf '{hostile}'\n"));
    let started = format!("sh says.sh; exec {GLARE} serve --port {{port}}");
    let failing = stand
        .glare(&["run", "x.yaml", "--server", &started, "--logs"])
        .ends(1);
    let ended = "sh says.sh; exit 3";
    let inconclusive = stand.glare(&["run", "x.yaml", "--server", ended]).ends(5);
    for ran in [failing, inconclusive] {
        for text in [&ran.out, &ran.err] {
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!text.contains(steers), "{text:?}");
            let speaks = |line: &str| line.trim_start().starts_with("::") || line.contains("##[");
            assert!(!text.lines().any(speaks), "{text}");
        }
        assert!(
            format!("{}{}", ran.out, ran.err).contains("\\u{202e} bidi"),
            "it is shown all the same"
        );
    }
}

#[test]
fn the_password_of_a_url_is_in_no_log() {
    for url in [
        "http://me:hunter2@127.0.0.1:4444/wd/hub",
        "wss://x:hunter2@example.org",
    ] {
        assert!(
            !glare::record::redact(&format!("no driver at {url}: refused")).contains("hunter2")
        );
    }
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        &format!("{HEAD}steps:\n  - create: {{ peer: alice, room: lobby }}\n"),
    );
    let server = format!(
        "echo 'WebDriver http://me:hunter2@127.0.0.1:4444'; exec {GLARE} serve --port {{port}}"
    );
    let ran = stand
        .glare(&["run", "x.yaml", "--server", &server, "--logs"])
        .ends(0);
    let trace = stand.records();
    assert!(trace.contains("127.0.0.1:4444"));
    for text in [&ran.out, &trace] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn a_server_beside_a_scenario_is_not_booted() {
    let stand = Stand::new();
    stand.write(
        "from-a-stranger/x.yaml",
        &format!("{HEAD}steps:\n  - create: {{ peer: alice, room: lobby }}\n"),
    );
    let owned = stand.path("owned").display().to_string();
    stand.write(
        "from-a-stranger/glare.toml",
        &format!("[server]\ncommand = \"touch {owned}\"\n"),
    );
    stand.write(
        "from-a-stranger/package.json",
        &format!("{{\"scripts\":{{\"start\":\"touch {owned}\"}}}}"),
    );
    for name in ["server", "server.sh", "x", "x.sh"] {
        stand.write(
            &format!("from-a-stranger/{name}"),
            &format!("#!/bin/sh\ntouch {owned}\n"),
        );
    }
    for arguments in [
        &["run", "from-a-stranger"][..],
        &["run", "from-a-stranger/x.yaml", "--accept"],
        &["check", "from-a-stranger"],
        &["list", "from-a-stranger"],
        &["faults", "from-a-stranger"],
    ] {
        drop(stand.glare(arguments));
        assert!(!Path::new(&owned).exists(), "{arguments:?}");
    }
    // The command would have done it.
    let project = [
        "run",
        "from-a-stranger/x.yaml",
        "--project",
        "from-a-stranger/glare.toml",
    ];
    stand.glare(&project).ends(5);
    assert!(Path::new(&owned).exists());
}
