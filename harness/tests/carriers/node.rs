//! Real clients of npm against real servers, through the tap: unharmed, and each message seen.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use glare::tap::{Delivery, Verdict};
use glare::terms::Corruption;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

use crate::carriers_support::*;

/// The folder with what npm has installed; `None` where there is no Node.
fn installed() -> Option<&'static PathBuf> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(install).as_ref()
}

fn install() -> Option<PathBuf> {
    let is_there = |program: &str| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    };
    let off = std::env::var("GLARE_SERVERS").is_ok_and(|servers| servers == "off");
    if off || !is_there("node") || !is_there("npm") {
        let why = match off {
            true => "GLARE_SERVERS=off",
            false => "no `node` and `npm` here",
        };
        eprintln!("SKIPPED: {why}, so no real client of npm plays through the tap");
        return None;
    }
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/carriers/node");
    let to = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("carriers-node");
    let lock = std::fs::read(from.join("package-lock.json")).unwrap();
    let stamp = to.join("installed");
    std::fs::create_dir_all(&to).unwrap();
    for entry in std::fs::read_dir(&from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
    if std::fs::read(&stamp).is_ok_and(|stamp| stamp == lock) {
        return Some(to);
    }
    let output = Command::new("timeout")
        .args([
            "300",
            "npm",
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ])
        .current_dir(&to)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm packages: {said}");
    std::fs::write(stamp, lock).unwrap();
    Some(to)
}

/// A program of Node that speaks in lines. It ends with its input.
struct Program {
    _child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Program {
    fn start(folder: &PathBuf, arguments: &[&str]) -> Self {
        let mut child = tokio::process::Command::new("node")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            _child: child,
            input,
            output,
        }
    }

    async fn line(&mut self) -> String {
        let line = soon(self.output.next_line()).await.unwrap();
        line.expect("the program runs")
    }

    async fn told(&mut self) -> Value {
        serde_json::from_str(&self.line().await).unwrap()
    }

    async fn order(&mut self, order: Value) {
        let line = format!("{order}\n");
        self.input.write_all(line.as_bytes()).await.unwrap();
    }
}

async fn server(
    folder: &PathBuf,
    major: &str,
    transports: &str,
) -> (Program, std::net::SocketAddr) {
    let mut server = Program::start(folder, &["server.js", major, transports]);
    let port: u16 = server.line().await.parse().unwrap();
    (server, ([127, 0, 0, 1], port).into())
}

/// What the tap has seen that is neither a ping nor a part of a handshake, as soon as there is so much.
async fn seen(tap: &mut Tapped, count: usize) -> Vec<String> {
    let mut all = Vec::new();
    while all.len() < count {
        let one = tap.next_of_all().await;
        let text = one.splitn(4, ' ').nth(3).unwrap_or_default();
        let quiet = matches!(text, "2" | "3" | "2probe" | "3probe" | "5" | "6");
        if !quiet && !text.starts_with('0') && !text.starts_with("40") {
            all.push(one);
        }
    }
    all
}

async fn talks(major: &str, server_transports: &str, client_transports: &str, ends_as: &str) {
    let Some(folder) = installed() else {
        return;
    };
    let (_server, address) = server(folder, major, server_transports).await;
    let mut tap_a = Tapped::before(address, pass).await;
    let mut tap_b = Tapped::before(address, pass).await;
    let client = |tap: &Tapped, me: &str| {
        let url = tap.tap.origin();
        Program::start(folder, &["client.js", major, &url, client_transports, me])
    };
    let (mut a, mut b) = (client(&tap_a, "a"), client(&tap_b, "b"));
    for one in [&mut a, &mut b] {
        assert_eq!(one.told().await, json!(["connect"]));
    }
    for tap in [&mut tap_a, &mut tap_b] {
        let opened = seen(tap, 1).await;
        assert!(opened[0].starts_with("1 open /socket.io/?"), "{opened:?}");
    }
    let long = "ä𝄞".repeat(3000);
    for round in 0..2 {
        let carrier = match (round, client_transports) {
            (_, "websocket") => "text",
            _ => "packet",
        };
        for text in ["hello", &long, "a \u{1d11e} b"] {
            a.order(json!(["say", "b", text])).await;
            assert!(b.told().await == json!(["said", text]));
            let up = seen(&mut tap_a, 1).await.remove(0);
            let said = json!(["say", "b", text]).to_string();
            assert!(up == format!("1 up {carrier} 42{said}"), "{up:.200}");
            let down = seen(&mut tap_b, 1).await.remove(0);
            let said = json!(["said", text]).to_string();
            assert!(down == format!("1 down {carrier} 42{said}"), "{down:.200}");
        }
        a.order(json!(["ack", "b", "x"])).await;
        assert_eq!(b.told().await, json!(["said", "x"]));
        assert_eq!(a.told().await, json!(["ack", "heard"]));
        let up = seen(&mut tap_a, 2).await;
        assert!(
            up[0].contains("[\"say\",\"b\",\"x\"]") && up[1].contains("[\"heard\"]"),
            "{up:?}"
        );
        seen(&mut tap_b, 1).await;
        a.order(json!(["bytes", "b", 3])).await;
        assert_eq!(b.told().await, json!(["said", "bytes 070707"]));
        let up = seen(&mut tap_a, 2).await;
        assert!(up[0].contains("_placeholder"), "{up:?}");
        seen(&mut tap_b, 2).await;
        for one in [&mut a, &mut b] {
            one.order(json!(["until", ends_as])).await;
            assert_eq!(one.told().await, json!(["is", ends_as]));
        }
    }
    a.order(json!(["end"])).await;
    assert_eq!(
        a.told().await,
        json!(["disconnect", "io client disconnect"])
    );
    loop {
        let one = tap_a.next_of_all().await;
        assert!(!one.contains(" wrong ") && !one.contains(" lost "), "{one}");
        if one.starts_with("1 over by ") {
            break;
        }
    }
}

#[tokio::test]
async fn socket_io_4_polls_and_then_upgrades() {
    talks("4", "polling,websocket", "polling,websocket", "websocket").await;
}

#[tokio::test]
async fn socket_io_4_polls_for_ever() {
    talks("4", "polling", "polling", "polling").await;
}

#[tokio::test]
async fn socket_io_4_has_a_websocket_at_once() {
    talks("4", "polling,websocket", "websocket", "websocket").await;
}

#[tokio::test]
async fn socket_io_2_polls_and_then_upgrades() {
    talks("2", "polling,websocket", "polling,websocket", "websocket").await;
}

#[tokio::test]
async fn socket_io_2_polls_for_ever() {
    talks("2", "polling", "polling", "polling").await;
}

#[tokio::test]
async fn socket_io_2_has_a_websocket_at_once() {
    talks("2", "polling,websocket", "websocket", "websocket").await;
}

#[tokio::test]
async fn an_event_source_and_a_polling_page_hear_what_is_said() {
    let Some(folder) = installed() else {
        return;
    };
    for (program, path, first) in [
        ("events.js", "/events", Some(json!(["open"]))),
        ("polls.js", "/poll", None),
    ] {
        let server = Server::start().await;
        let mut tap = Tapped::with(server.address, pass, |options| {
            let route = glare::tap::PollRoute {
                method: "GET".into(),
                path: "/poll".into(),
            };
            options.polls = vec![route].into();
        })
        .await;
        let url = format!("{}{path}?me=a", tap.tap.origin());
        let mut client = Program::start(folder, &[program, &url]);
        if let Some(first) = first {
            assert_eq!(client.told().await, first);
        }
        assert_eq!(tap.next().await, format!("1 open {path}?me=a"));
        for n in 0..5 {
            let text = format!("\"ä {n}\"");
            server.state.of("a").put(text.clone());
            let said = client.told().await;
            assert!(
                said[1].as_str().unwrap().contains(&format!("ä {n}")),
                "{said}"
            );
            let seen = tap.next().await;
            assert!(
                seen.starts_with("1 down ") && seen.ends_with(&text),
                "{seen}"
            );
        }
    }
}

/// Each client hears what a fault on a packet among others makes of it, and no harm comes to its connection.
async fn faults(major: &str, transports: &str, ends_as: &str) {
    let Some(folder) = installed() else {
        return;
    };
    let (_server, address) = server(folder, major, transports).await;
    let mut tap = Tapped::before(address, |passing, _| {
        match passing.text.unwrap_or_default() {
            text if text.contains("hold") => Verdict::Hold,
            text if text.contains("drop") => Verdict::Drop,
            text if text.contains("twice") => Verdict::Duplicate,
            text if text.contains("slow") => Verdict::Delay(Duration::from_millis(100)),
            text if text.contains("spoil") => Verdict::Corrupt(Corruption::Letter),
            _ => Verdict::Pass,
        }
    })
    .await;
    let url = tap.tap.origin();
    let mut a = Program::start(folder, &["client.js", major, &url, transports, "a"]);
    assert_eq!(a.told().await, json!(["connect"]));
    for _ in 0..2 {
        // Up and down alike: what is doubled both ways comes four times.
        for word in [
            "one",
            "drop",
            "twice",
            "slow",
            "hold",
            "spoil this one",
            "two",
        ] {
            a.order(json!(["say", "a", word])).await;
        }
        let packet = format!("42{}", json!(["say", "a", "spoil this one"]));
        let packet = Corruption::Letter.apply(packet.as_bytes());
        let packet: Value = serde_json::from_slice(&packet[2..]).unwrap();
        let spoiled = packet[2].as_str().unwrap();
        assert!(!spoiled.contains("spoil"), "{spoiled}");
        let mut said = Vec::new();
        while said.last() != Some(&json!(["said", "two"])) {
            said.push(a.told().await);
        }
        let words: Vec<_> = said.iter().map(|one| one[1].as_str().unwrap()).collect();
        assert_eq!(
            words,
            [
                "one", "twice", "twice", "twice", "twice", "slow", spoiled, "two"
            ]
        );
        let held = loop {
            let (one, hold) = tap.next_hold().await;
            if one.contains("hold") {
                break hold;
            }
        };
        assert_eq!(soon(tap.tap.release(held)).await, Delivery::Delivered);
        // And held again on its way down.
        let held = loop {
            let (one, hold) = tap.next_hold().await;
            if one.contains("hold") {
                break hold;
            }
        };
        assert_eq!(soon(tap.tap.release(held)).await, Delivery::Delivered);
        assert_eq!(a.told().await, json!(["said", "hold"]));
        a.order(json!(["until", ends_as])).await;
        assert_eq!(a.told().await, json!(["is", ends_as]));
    }
}

#[tokio::test]
async fn faults_strike_packets_of_real_clients_on_polls() {
    faults("4", "polling", "polling").await;
    faults("2", "polling", "polling").await;
}

#[tokio::test]
async fn faults_strike_packets_of_real_clients_that_upgrade() {
    faults("4", "polling,websocket", "websocket").await;
    faults("2", "polling,websocket", "websocket").await;
}
