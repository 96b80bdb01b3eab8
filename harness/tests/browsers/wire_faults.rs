//! A server that writes wrongly is named, in the step that fails or at the end of the run; a right one never is.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::stage_support::{TOGETHER, case, fails, passes, scenario, setting};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::join_all;
use glare::names::Stack;
use glare::record::Verdict;
use glare::record::What;
use glare::scenario::{Place, Scenario};
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::Dialect;
use glare::stage::{Case, Outcome, Setting, play};
use glare::terms::Direction;
use glare::terms::Rule;
use glare_signaling_server::{Options, Server};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// What becomes of some bytes of the server's.
type Way = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;

/// The reference server behind a line that writes something else.
struct Meddled {
    address: SocketAddr,
    _lines: JoinSet<()>,
    _server: Server,
}

impl Meddled {
    async fn start(way: Way) -> Self {
        let server = Server::start(Options::default()).await.expect("a server");
        let behind = server.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut lines = JoinSet::new();
        lines.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                open.spawn(line(near, behind, way.clone()));
            }
        });
        Self {
            address,
            _lines: lines,
            _server: server,
        }
    }

    fn spec(&self) -> ServerSpec {
        let url = format!("http://{}", self.address);
        ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(url.parse().expect("a URL"))
        })
    }
}

async fn line(near: TcpStream, behind: SocketAddr, way: Way) {
    let Ok(far) = TcpStream::connect(behind).await else {
        return;
    };
    drop((near.set_nodelay(true), far.set_nodelay(true)));
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let down = async move {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = far_in.read(&mut bytes).await {
            if near_out
                .write_all(&way(bytes[..count].to_vec()))
                .await
                .is_err()
            {
                break;
            }
        }
        // The way back may be over already.
        drop(near_out.shutdown().await);
    };
    let up = async move {
        // However it ended, the server sees the end.
        drop(tokio::io::copy(&mut near_in, &mut far_out).await);
        drop(far_out.shutdown().await);
    };
    tokio::join!(down, up);
}

/// Where this stands in the bytes.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|part| part == what)
}

/// Puts these bytes before each piece that tells that somebody came in; one frame is one piece.
fn before_news(bytes: &'static [u8]) -> Way {
    Arc::new(move |piece| match find(&piece, b"peer-joined") {
        Some(_) => [bytes, &piece].concat(),
        None => piece,
    })
}

/// Changes heads that begin so.
fn in_head(begins: &'static str, from: &'static str, to: &'static str) -> Way {
    Arc::new(move |piece| match std::str::from_utf8(&piece) {
        Ok(text) if text.starts_with(begins) => text.replacen(from, to, 1).into_bytes(),
        _ => piece,
    })
}

/// Answers every request for a WebSocket so.
fn refusing(answer: &'static [u8]) -> Way {
    Arc::new(move |piece| match piece.starts_with(b"HTTP/1.1 101") {
        true => answer.to_vec(),
        false => piece,
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

/// Encodes what is answered to requests, whoever asks for it.
fn encoding(coding: &'static str, chunked: bool) -> Way {
    Arc::new(move |piece| {
        let body = find(&piece, b"\r\n\r\n").map(|at| at + 4);
        match body.filter(|_| piece.starts_with(b"HTTP/1.1 200")) {
            None => piece,
            Some(at) => {
                let body = gzip(&piece[at..]);
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: {coding}\r\n"
                );
                let (length, end) = match chunked {
                    true => (
                        format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n", body.len()),
                        "\r\n0\r\n\r\n",
                    ),
                    false => (format!("content-length: {}\r\n\r\n", body.len()), ""),
                };
                [head.as_bytes(), length.as_bytes(), &body, end.as_bytes()].concat()
            }
        }
    })
}

async fn played(way: Way, case: &Case) -> Outcome {
    let server = Meddled::start(way).await;
    let setting = Setting {
        server: server.spec(),
        ..setting()
    };
    play(case, Arc::new(setting)).await
}

/// Alice on this stack, Bob beside her.
fn on(stack: Stack, steps: &str) -> Case {
    let text = format!(
        "scenario: x\npeers: {{ alice: {{ stack: {stack} }}, bob: {{ stack: {stack} }} }}\nsteps:\n{steps}"
    );
    let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("no mistake");
    let cast = scenario.casts().remove(0);
    Case {
        scenario: Arc::new(scenario),
        cast,
    }
}

#[track_caller]
fn broken(outcome: &Outcome, place: Option<Place>, words: &[&str]) {
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{words:?}: {:#?}\n{}", outcome.verdict, outcome.log);
    };
    assert_eq!(failure.place, place, "{failure:#?}");
    for word in words {
        assert!(failure.message.contains(word), "no {word:?}: {failure:#?}");
    }
}

const MEET: &str =
    "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_in_which_the_server_breaks_the_protocol_fails_though_every_step_is_green() {
    let wanted = [
        (&b"\xc1\x02{}"[..], "5.2", "a reserved bit is set"),
        (
            b"\x81\x82\x01\x02\x03\x04\x7a\x7f",
            "5.1",
            "a server's frame with a mask",
        ),
        (b"\x83\x00", "5.2", "reserved opcode 0x3"),
        (b"\x09\x00", "5.5", "a control frame is fragmented"),
        (b"\x80\x01x", "5.4", "without a message to continue"),
        (b"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "5.2", "2^63"),
        (b"\x81\x04{\xff\xfe}", "8.1", "ff at byte 1 of 4"),
        (b"\x88\x01\x03", "5.5.1", "one byte"),
        (b"\x88\x02\x03\xed", "7.4", "code 1005"),
    ];
    let ended = format!("{MEET}  - await: {{ peer: alice, disconnected: true }}\n");
    let plays = wanted.map(|(bytes, section, detail)| {
        let ended = &ended;
        async move {
            for stack in [Stack::Native, Stack::Wire] {
                let outcome = played(before_news(bytes), &on(stack, ended)).await;
                let said = format!("the server broke RFC 6455, section {section}, towards alice: ");
                broken(&outcome, None, &[&said, detail]);
            }
        }
    });
    join_all(plays).await;
}

#[tokio::test]
async fn a_wasteful_length_is_broken_protocol_that_most_clients_take() {
    let steps = format!("{MEET}  - await: {{ peer: alice, hears: peer-joined }}\n");
    let outcome = played(before_news(b"\x81\x7e\x00\x02{}"), &on(Stack::Wire, &steps)).await;
    broken(
        &outcome,
        None,
        &[
            "section 5.2",
            "a payload length of 2, written with more bytes",
        ],
    );
}

#[tokio::test]
async fn a_trace_with_faults_and_refusals_reads_back() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Meddled::start(before_news(b"\x81\x7e\x00\x02{}")).await;
    let setting = Setting {
        server: server.spec(),
        traces: Some(folder.path().to_owned()),
        ..setting()
    };
    let steps = format!("{MEET}  - connect: {{ peer: bob, refused: true }}\n");
    let outcome = play(&on(Stack::Wire, &steps), Arc::new(setting)).await;
    broken(&outcome, None, &["section 5.2"]);
    let path = outcome.trace.clone().expect("a trace");
    let text = std::fs::read_to_string(path).expect("a file");
    let read = glare::record::read_trace(text.as_bytes()).expect("a trace");
    let events: Vec<_> = (outcome.events.iter())
        .map(|event| (**event).clone())
        .collect();
    assert_eq!(read.events[..events.len()], events);
    for part in [
        r#""event":"violation""#,
        r#""rule":"length","section":"RFC 6455, section 5.2""#,
        r#""event":"link-refused""#,
        r#""status":409"#,
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
}

#[tokio::test]
async fn the_step_that_fails_says_what_the_server_did() {
    let steps = format!("{MEET}  - await: {{ peer: alice, hears: offer, within: 4s }}\n");
    let outcome = played(before_news(b"\xc1\x02{}"), &on(Stack::Native, &steps)).await;
    let words = [
        "alice waited for offer",
        "the server broke RFC 6455, section 5.2, towards alice: ",
    ];
    broken(&outcome, Some(Place::Step(3)), &words);
}

#[tokio::test]
async fn a_binary_message_explains_what_was_not_understood_and_accuses_nobody() {
    // The news of Bob as a binary message, which has the same length.
    let way: Way = Arc::new(|mut piece| {
        if let Some(at) = find(&piece, b"peer-joined") {
            let frame = piece[..at].iter().rposition(|byte| *byte == 0x81);
            piece[frame.expect("a frame")] = 0x82;
        }
        piece
    });
    let steps = format!("{MEET}  - await: {{ peer: alice, hears: peer-joined, within: 4s }}\n");
    let outcome = played(way.clone(), &on(Stack::Wire, &steps)).await;
    let words = [
        "did not happen",
        "the server sent alice a binary message, where the dialect says text (`framing: json`)",
    ];
    broken(&outcome, Some(Place::Step(3)), &words);
    // Where no step needs it, it is an addition of the server's own.
    passes(&played(before_news(b"\x82\x02\x01\x02"), &on(Stack::Wire, MEET)).await);
}

#[tokio::test]
async fn a_wrong_handshake_is_named_by_the_step_that_cannot_connect() {
    let text = include_str!("../../../fixtures/servers/reference/dialect.yaml");
    let asking = text.replacen("connect:\n", "connect:\n  protocols: [signal-v1]\n", 1);
    let asking = Dialect::read(Path::new("d.yaml"), &asking).expect("no mistake");
    let (asking, silent) = (Arc::new(asking), Dialect::reference());
    for (dialect, to, words) in [
        (
            &silent,
            "\r\nsec-websocket-protocol: bogus\r\n",
            "the server broke RFC 6455, section 4.1, towards alice: it chose the subprotocol \"bogus\" (none",
        ),
        (
            &asking,
            "\r\nsec-websocket-protocol: bogus\r\n",
            "it chose the subprotocol \"bogus\" (asked for: signal-v1)",
        ),
        (
            &asking,
            "\r\n",
            "the server sent alice no `Sec-WebSocket-Protocol`, though signal-v1 was asked for",
        ),
        (&silent, "\r\nx-was-", "an answer 101 without `"),
    ] {
        for stack in [Stack::Native, Stack::Wire] {
            let server = Meddled::start(in_head("HTTP/1.1 101", "\r\n", to)).await;
            let setting = Setting {
                server: server.spec(),
                dialect: Arc::clone(dialect),
                ..setting()
            };
            let case = on(stack, "  - connect: { peer: alice }\n");
            let outcome = play(&case, Arc::new(setting)).await;
            broken(&outcome, Some(Place::Step(1)), &["close code 1006", words]);
        }
    }
}

const REFUSALS: [(&[u8], &str); 4] = [
    (
        b"HTTP/1.1 401 X\r\ncontent-length: 66\r\n\r\n{\"type\":\"refused\",\"request\":\"connect\",\"reason\":\"the card expired\"}",
        "alice could not: the server refused the connection: 401 Unauthorized, \"the card expired\"",
    ),
    (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 25\r\n\r\n\r\n full \x1b[2J\r\nsecond line",
        "the server refused the connection: 503 Service Unavailable, \"full \\u{1b}[2J\"",
    ),
    (
        b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
        "the server refused the connection: 404 Not Found",
    ),
    (
        b"HTTP/1.1 499 Odd\r\ncontent-length: 2\r\n\r\n?!",
        "the server refused the connection: 499 Odd, \"?!\"",
    ),
];

#[tokio::test]
async fn a_refused_connection_says_the_servers_status_and_reason() {
    for (answer, words) in REFUSALS {
        for stack in [Stack::Native, Stack::Wire] {
            let case = on(stack, "  - connect: { peer: alice }\n");
            let outcome = played(refusing(answer), &case).await;
            broken(&outcome, Some(Place::Step(1)), &[words]);
        }
    }
    // Nothing is at fault that must be refused.
    let case = on(
        Stack::Wire,
        "  - connect: { peer: alice }\n  - connect: { peer: alice, refused: true }\n",
    );
    let outcome = play(&case, Arc::new(setting())).await;
    passes(&outcome);
    let told = outcome.events.iter().any(|event| {
        matches!(&event.what, What::LinkRefused { status: Some(409), text, .. } if text.contains("409 Conflict, \""))
    });
    assert!(told, "{:#?}", outcome.events);
}

#[tokio::test]
async fn encoded_answers_are_understood() {
    for stack in [Stack::Native, Stack::Wire] {
        for chunked in [false, true] {
            let outcome = played(encoding("gzip", chunked), &on(stack, MEET)).await;
            let log = passes(&outcome);
            assert!(log.contains("server -> alice: created lobby\n"), "{log}");
        }
    }
}

#[tokio::test]
async fn a_coding_that_cannot_be_read_is_said_by_name() {
    let outcome = played(encoding("zstd", false), &on(Stack::Wire, MEET)).await;
    let words = ["the answer to POST /create is encoded as \"zstd\", which glare cannot decode"];
    broken(&outcome, Some(Place::Step(1)), &words);
}

#[tokio::test]
async fn a_chromium_says_the_status_and_understands_encoded_answers() {
    let (answer, words) = REFUSALS[0];
    let case = on(Stack::Chromium, "  - connect: { peer: alice }\n");
    let outcome = played(refusing(answer), &case).await;
    broken(&outcome, Some(Place::Step(1)), &[words]);
    let outcome = played(encoding("gzip", true), &on(Stack::Chromium, MEET)).await;
    assert!(passes(&outcome).contains("server -> alice: created lobby\n"));
    let outcome = played(before_news(b"\xc1\x02{}"), &on(Stack::Chromium, MEET)).await;
    broken(
        &outcome,
        None,
        &["the server broke RFC 6455, section 5.2, towards alice: "],
    );
}

#[tokio::test]
async fn what_steps_do_to_frames_accuses_no_server() {
    let frames = ["unmasked", "reserved-bit", "not-utf8", "false-length"];
    let plays = frames.map(|frame| async move {
        let steps = format!(
            "{TOGETHER}  - connect: {{ peer: carol }}\n  - send-raw: {{ peer: carol, frame: {frame} }}\n  - say: {{ from: alice, text: hi }}\n"
        );
        play(&case(&scenario(&steps)), Arc::new(setting())).await
    });
    let mut outcomes = join_all(plays).await;
    for how in ["letter", "not-json", "not-utf8"] {
        let steps = format!(
            "  - corrupt: {{ message: peer-joined, to: alice, as: {how} }}\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby, offer: false }}\n"
        );
        let case = case(&scenario(&steps));
        outcomes.push(play(&case, Arc::new(setting())).await);
    }
    for outcome in &outcomes {
        let found = outcome.events.iter().find(|event| {
            matches!(&event.what, What::Violation { direction: Direction::Down, rule, .. } if *rule != Rule::Binary)
        });
        assert!(found.is_none(), "{found:?}");
        passes(outcome);
    }
}

#[tokio::test]
async fn a_server_that_cannot_be_reached_refuses_nobody() {
    let steps = "  - connect: { peer: alice }\n  - kill-server\n  - connect: { peer: alice }\n";
    let outcome = play(&on(Stack::Wire, steps), Arc::new(setting())).await;
    let failure = fails(&outcome, Place::Step(3), "no connection to the server: ");
    assert!(
        !failure.message.contains("refused the connection:"),
        "{failure:#?}"
    );
    assert!(outcome.took < Duration::from_secs(60));
}
