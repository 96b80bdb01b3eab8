//! Long polls.

use std::time::{Duration, Instant};

use glare::hand::{Command, Hand, Happening};
use glare::peer::WirePeer;
use glare::tap::{Cut, Delivery, Verdict};
use glare::terms::{Carrier, Corruption, Kill, Silence, Via};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::carriers_support::*;

#[tokio::test]
async fn two_native_peers_talk_over_long_polls() {
    let server = Server::start().await;
    let mut tap_a = Tapped::before(server.address, pass).await;
    let mut tap_b = Tapped::before(server.address, pass).await;
    let (a, mut hear_a) = WirePeer::start(tap_a.tap.address()).await;
    let (b, mut hear_b) = WirePeer::start(tap_b.tap.address()).await;
    talk_down(
        (&a, &b),
        (&mut hear_a, &mut hear_b),
        (&mut tap_a, &mut tap_b),
        ("/poll", Via::LongPoll, "poll"),
    )
    .await;
    soon(b.kill(Kill::Tab)).await.unwrap();
    assert_eq!(tap_b.next().await, "1 over by Peer");
}

fn by_word(passing: &glare::tap::Passing<'_>, _: u64) -> Verdict {
    let text = passing.text.unwrap_or_default();
    if passing.carrier != Carrier::Poll {
        return Verdict::Pass;
    }
    match text {
        text if text.contains("hold") => Verdict::Hold,
        text if text.contains("drop") => Verdict::Drop,
        text if text.contains("slow") => Verdict::Delay(Duration::from_millis(300)),
        text if text.contains("twice") => Verdict::Duplicate,
        text if text.contains("spoil") => Verdict::Corrupt(Corruption::NotJson),
        _ => Verdict::Pass,
    }
}

/// A peer with a line that stands.
async fn polling(server: &Server) -> (Tapped, WirePeer, glare::hand::Happenings) {
    let mut tap = Tapped::before(server.address, by_word).await;
    let (a, mut hear) = WirePeer::start(tap.tap.address()).await;
    open(&a, "/poll?me=a", Via::LongPoll).await;
    opened(&mut hear).await;
    assert_eq!(tap.next().await, "1 open /poll?me=a");
    (tap, a, hear)
}

#[tokio::test]
async fn faults_strike_one_message_among_others() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = polling(&server).await;
    let words = ["1", "hold", "drop", "twice", "spoil", "2"];
    let all = words.map(|word| format!("{word:?}")).join(",");
    server.state.of("a").put(all);
    for expected in ["\"1\"", "\"twice\"", "\"twice\"", "#spoil\"", "\"2\""] {
        assert_eq!(heard(&mut hear).await, expected);
    }
    assert_eq!(tap.next().await, "1 down poll \"1\"");
    let (seen, hold) = tap.next_hold().await;
    assert_eq!(seen, "1 down poll \"hold\"");
    // The server has nothing to say: the tap answers the poll that stands.
    assert_eq!(soon(tap.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(heard(&mut hear).await, "\"hold\"");
    assert_eq!(soon(tap.tap.release(hold)).await, Delivery::Undeliverable);
    // And what the server says then comes with the next.
    let begun = Instant::now();
    server.state.of("a").put("\"slow\",\"behind\"".into());
    assert_eq!(heard(&mut hear).await, "\"slow\"");
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(heard(&mut hear).await, "\"behind\"");
    soon(a.finish()).await;
}

#[tokio::test]
async fn an_answer_of_which_nothing_is_left_says_nothing() {
    let server = Server::start().await;
    let (_tap, a, mut hear) = polling(&server).await;
    server.state.of("a").put("\"drop\"".into());
    server.state.of("a").put("\"heard\"".into());
    assert_eq!(heard(&mut hear).await, "\"heard\"");
    soon(a.finish()).await;
}

#[tokio::test]
async fn a_silent_line_swallows_and_a_mended_one_goes_on() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = polling(&server).await;
    let silence = Silence {
        up: false,
        down: true,
    };
    assert_eq!(soon(tap.tap.silence(None, silence)).await, 1);
    server.state.of("a").put("\"lost\"".into());
    assert_eq!(tap.next().await, "1 down poll \"lost\" swallowed");
    assert_eq!(soon(tap.tap.mend(None)).await, 1);
    server.state.of("a").put("\"heard\"".into());
    assert_eq!(heard(&mut hear).await, "\"heard\"");
    assert_eq!(tap.next().await, "1 down poll \"heard\"");
    assert_eq!(soon(tap.tap.stall(Some(1))).await, 1);
    server.state.of("a").put("\"late\"".into());
    let nothing = tokio::time::timeout(Duration::from_millis(200), hear.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    soon(tap.tap.mend(Some(1))).await;
    assert_eq!(heard(&mut hear).await, "\"late\"");
    soon(a.finish()).await;
}

#[tokio::test]
async fn a_cut_ends_the_line_and_another_can_be_opened() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = polling(&server).await;
    assert_eq!(soon(tap.tap.cut(Some(1), Cut::Reset)).await, 1);
    assert_eq!(tap.next().await, "1 over by Tap");
    assert_eq!(closed(&mut hear).await, 1006);
    let command = Command::OpenLink {
        link: 2,
        path: "/poll?me=a".into(),
        protocols: vec![],
        headers: vec![],
        via: Via::LongPoll,
    };
    soon(a.perform(command)).await.unwrap();
    assert_eq!(told(&mut hear).await, Happening::LinkOpened { link: 2 });
    assert_eq!(tap.next().await, "2 open /poll?me=a");
    server.state.of("a").put("3".into());
    assert_eq!(tap.next().await, "2 down poll 3");
    soon(a.finish()).await;
    assert_eq!(tap.next().await, "2 over by Peer");
}

/// A server that answers one poll on each connection, says that it keeps it, and lets go of it.
async fn fickle(listener: &TcpListener, word: &str) {
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    soon(asked(&mut stream)).await.unwrap();
    let body = format!("[{word:?}]");
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_connection_that_the_server_lets_go_of_between_two_polls_does_not_end_the_line() {
    // Sometimes it is gone before the next poll, sometimes just as that is on its way.
    for _ in 0..20 {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut tap = Tapped::before(listener.local_addr().unwrap(), by_word).await;
        let (a, mut hear) = WirePeer::start(tap.tap.address()).await;
        open(&a, "/poll?me=a", Via::LongPoll).await;
        opened(&mut hear).await;
        for word in ["1", "2", "3"] {
            fickle(&listener, word).await;
            assert_eq!(heard(&mut hear).await, format!("{word:?}"));
        }
        drop(listener);
        assert_eq!(closed(&mut hear).await, 1006);
        assert_eq!(tap.next().await, "1 open /poll?me=a");
        for word in ["1", "2", "3"] {
            assert_eq!(tap.next().await, format!("1 down poll {word:?}"));
        }
        assert_eq!(tap.next().await, "1 over by Server");
    }
}

#[tokio::test]
async fn a_peer_that_goes_while_it_waits_is_felt_by_the_server() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = polling(&server).await;
    close(&a).await;
    assert_eq!(closed(&mut hear).await, 1005);
    assert_eq!(tap.next().await, "1 over by Peer");
    // Nobody takes it away any more.
    server.state.of("a").put("\"kept\"".into());
    let kept = soon(server.state.of("a").wait()).await;
    assert_eq!(kept, ["\"kept\""]);
}

/// A poll that is known by its route, its answer as the peer gets it, and what the tap sees.
async fn polled(answer: &[u8], ends: bool, count: usize) -> (Vec<u8>, Vec<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut tap = Tapped::with(listener.local_addr().unwrap(), by_word, |options| {
        let route = glare::tap::PollRoute {
            method: "GET".into(),
            path: "/inbox".into(),
        };
        options.polls = vec![route].into();
    })
    .await;
    let mut peer = TcpStream::connect(tap.tap.address()).await.unwrap();
    let host = tap.tap.address();
    let request = format!("GET /inbox/a?since=3 HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = soon(listener.accept()).await.unwrap();
    let mut came = vec![0; request.len()];
    soon(server.read_exact(&mut came)).await.unwrap();
    assert_eq!(came, request.as_bytes());
    let bytes = answer.to_vec();
    let writing = tokio::spawn(async move {
        let _ = server.write_all(&bytes).await;
        if ends {
            let _ = server.shutdown().await;
        }
        let mut rest = Vec::new();
        let _ = server.read_to_end(&mut rest).await;
    });
    let mut got = Vec::new();
    match ends {
        true => drop(soon(peer.read_to_end(&mut got)).await),
        false => {
            got.resize(answer.len(), 0);
            soon(peer.read_exact(&mut got)).await.unwrap();
        }
    }
    drop(peer);
    soon(writing).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(tap.next().await);
    }
    (got, seen)
}

#[tokio::test]
async fn answers_pass_byte_for_byte_whatever_they_are() {
    for (answer, expected) in [
        (
            "HTTP/1.1 200 OK\r\ncontent-LENGTH: 10\r\n\r\n[1, \"a\" ]\n",
            vec!["1", "\"a\""],
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{\"a\r\n04\r\n\":1}\r\n0\r\nT: 1\r\n\r\n",
            vec!["{\"a\":1}"],
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", vec![]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", vec![]),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", vec![]),
    ] {
        let (got, seen) = polled(answer.as_bytes(), false, expected.len() + 1).await;
        assert_eq!(String::from_utf8_lossy(&got), answer);
        let mut told = vec!["1 open /inbox/a?since=3".to_owned()];
        told.extend(expected.iter().map(|text| format!("1 down poll {text}")));
        assert_eq!(seen, told);
    }
}

#[tokio::test]
async fn what_a_hostile_server_answers_is_bounded_and_named() {
    // Refused, cut short, and what is no answer.
    for (answer, expected) in [
        (
            "HTTP/1.1 410 Gone\r\nContent-Length: 2\r\n\r\nno",
            vec!["1 over by Server"],
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n[1",
            vec!["1 wrong Down Body", "1 over by Server"],
        ),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            vec!["1 over by Server"],
        ),
        ("nonsense\r\n\r\n", vec!["1 over by Server"]),
        ("", vec!["1 over by Server"]),
        // Half a letter.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\u{e9}",
            vec!["1 down poll \u{fffd}"],
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
            vec!["1 wrong Down Coding", "1 down poll none"],
        ),
    ] {
        let (_, seen) = polled(answer.as_bytes(), true, expected.len() + 1).await;
        assert_eq!(seen[1..], expected, "{answer:?}");
    }
    // A body of 20 MB.
    let mut long = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n".to_vec();
    long.resize(long.len() + 20_000_000, b'[');
    let (got, seen) = polled(&long, false, 3).await;
    assert!(got == long);
    assert_eq!(seen[1], "1 wrong Down Endless");
    assert!(seen[2].starts_with("1 down poll [[["));
}

#[tokio::test]
async fn headers_of_a_line_go_with_each_of_its_requests() {
    use glare::terms::{Engine, Start};
    let polled = |start| Via::SocketIo {
        engine: Engine::V4,
        start,
    };
    for via in [
        Via::WebSocket,
        Via::Events { names: vec![] },
        Via::LongPoll,
        polled(Start::Polling),
        polled(Start::WebSocket),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (a, _hear) = WirePeer::start(listener.local_addr().unwrap()).await;
        let command = Command::OpenLink {
            link: 1,
            path: "/line".into(),
            protocols: vec![],
            headers: vec![("x-token".into(), "for alice".into())],
            via: via.clone(),
        };
        soon(a.perform(command)).await.unwrap();
        let (mut stream, _) = soon(listener.accept()).await.unwrap();
        let asked = soon(asked(&mut stream)).await.unwrap();
        let sent = asked.head.lines().any(|line| line == "x-token: for alice");
        assert!(sent, "{via:?}\n{}", asked.head);
    }
}
