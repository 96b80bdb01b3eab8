//! Engine.io: polls, packets that are brought up, the WebSocket that follows.

use std::time::{Duration, Instant};

use glare::hand::{Command, Hand, Happenings, Reply};
use glare::peer::WirePeer;
use glare::tap::{Cut, Delivery, Passing, Verdict};
use glare::terms::{Carrier, Corruption, Engine, Kill, Silence, Start, Via};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::carriers_support::*;

const STARTS: [Start; 3] = [Start::Upgrade, Start::Polling, Start::WebSocket];

#[tokio::test]
async fn two_native_peers_talk_over_engine_io() {
    for engine in [Engine::V4, Engine::V3] {
        for start in STARTS {
            let server = Server::start().await;
            let mut tap_a = Tapped::before(server.address, pass).await;
            let mut tap_b = Tapped::before(server.address, pass).await;
            let (a, mut hear_a) = WirePeer::start(tap_a.tap.address()).await;
            let (b, mut hear_b) = WirePeer::start(tap_b.tap.address()).await;
            talk_engine(
                (&a, &b),
                (&mut hear_a, &mut hear_b),
                (&mut tap_a, &mut tap_b),
                Via::SocketIo { engine, start },
            )
            .await;
            soon(b.kill(Kill::Tab)).await.unwrap();
            assert_eq!(tap_b.next().await, "1 over by Peer");
        }
    }
}

fn by_word(passing: &Passing<'_>, _: u64) -> Verdict {
    let text = passing.text.unwrap_or_default();
    if !matches!(passing.carrier, Carrier::Packet) {
        return Verdict::Pass;
    }
    match text {
        text if text.contains("hold") => Verdict::Hold,
        text if text.contains("drop") => Verdict::Drop,
        text if text.contains("slow") => Verdict::Delay(Duration::from_millis(300)),
        text if text.contains("twice") => Verdict::Duplicate,
        text if text.contains("spoil") => Verdict::Corrupt(Corruption::Letter),
        _ => Verdict::Pass,
    }
}

/// A peer whose words come back to itself.
async fn line(server: &Server, via: Via) -> (Tapped, WirePeer, Happenings) {
    let mut tap = Tapped::before(server.address, by_word).await;
    let (a, mut hear) = WirePeer::start(tap.tap.address()).await;
    open(&a, "/socket.io/?me=a", via).await;
    opened(&mut hear).await;
    heard(&mut hear).await;
    assert!(tap.next().await.starts_with("1 open "));
    assert!(tap.next().await.starts_with("1 down packet 0{"));
    (tap, a, hear)
}

const POLLING: [Engine; 2] = [Engine::V4, Engine::V3];

fn polling(engine: Engine) -> Via {
    let start = Start::Polling;
    Via::SocketIo { engine, start }
}

#[tokio::test]
async fn faults_strike_one_packet_on_its_way_down() {
    for engine in POLLING {
        let server = Server::start().await;
        let (mut tap, a, mut hear) = line(&server, polling(engine)).await;
        let out = server.state.of("a");
        for word in ["4one", "4hold", "4drop", "4twice", "4{\"spoil\":1}", "4é"] {
            out.put(word.into());
        }
        for expected in ["4one", "4twice", "4twice", "4{\"spojl\":1}", "4é"] {
            let expected = match expected.contains("spojl") {
                true => String::from_utf8(Corruption::Letter.apply(b"4{\"spoil\":1}")).unwrap(),
                false => expected.to_owned(),
            };
            assert_eq!(heard(&mut hear).await, expected);
        }
        tap.next().await;
        let (seen, hold) = tap.next_hold().await;
        assert_eq!(seen, "1 down packet 4hold");
        assert_eq!(soon(tap.tap.release(hold)).await, Delivery::Delivered);
        assert_eq!(heard(&mut hear).await, "4hold");
        let begun = Instant::now();
        out.put("4slow".into());
        out.put("4behind".into());
        assert_eq!(heard(&mut hear).await, "4slow");
        assert!(begun.elapsed() >= Duration::from_millis(300));
        assert_eq!(heard(&mut hear).await, "4behind");
        // A body of which nothing is left is none that a client takes.
        out.put("4drop".into());
        out.put("4last".into());
        assert_eq!(heard(&mut hear).await, "4last");
        soon(a.finish()).await;
    }
}

#[tokio::test]
async fn faults_strike_one_packet_on_its_way_up() {
    for engine in POLLING {
        let server = Server::start().await;
        let (mut tap, a, mut hear) = line(&server, polling(engine)).await;
        for word in ["one", "drop", "hold", "two"] {
            send(&a, &format!("4x {word}")).await;
        }
        let mut held = None;
        for word in ["one", "drop", "hold", "two"] {
            let (seen, hold) = tap.next_hold().await;
            assert_eq!(seen, format!("1 up packet 4x {word}"));
            held = if word == "hold" { Some(hold) } else { held };
        }
        let out = server.state.of("x");
        let mut all = soon(out.wait()).await;
        while all.len() < 2 {
            all.extend(soon(out.wait()).await);
        }
        assert_eq!(all, ["4one", "4two"]);
        // The tap brings it up by a request of its own.
        assert_eq!(
            soon(tap.tap.release(held.unwrap())).await,
            Delivery::Delivered
        );
        assert_eq!(soon(out.wait()).await, ["4hold"]);
        send(&a, "4x twice").await;
        let mut all = soon(out.wait()).await;
        while all.len() < 2 {
            all.extend(soon(out.wait()).await);
        }
        assert_eq!(all, ["4twice", "4twice"]);
        let binary = Command::SendBinary {
            link: 1,
            bytes: "aGk=".into(),
        };
        assert_eq!(soon(a.perform(binary)).await, Ok(Reply::Done));
        tap.next().await;
        let mark = if engine == Engine::V3 { "b4" } else { "b" };
        assert_eq!(tap.next().await, format!("1 up packet {mark}aGk="));
        close(&a).await;
        assert_eq!(closed(&mut hear).await, 1005);
        assert_eq!(tap.next().await, "1 over by Peer");
    }
}

#[tokio::test]
async fn what_was_held_before_the_upgrade_comes_on_the_websocket() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = line(
        &server,
        Via::SocketIo {
            engine: Engine::V4,
            start: Start::Upgrade,
        },
    )
    .await;
    send(&a, "4a hold").await;
    let (seen, up) = tap.next_hold().await;
    assert_eq!(seen, "1 up packet 4a hold");
    // It has changed over once two have come in a row without a poll between; whatever carries them, all are heard.
    for n in 0..50 {
        send(&a, &format!("4a {n}")).await;
        assert_eq!(heard(&mut hear).await, format!("4{n}"));
        tap.next().await;
        tap.next().await;
    }
    assert_eq!(soon(tap.tap.release(up)).await, Delivery::Delivered);
    let (seen, down) = tap.next_hold().await;
    assert_eq!(seen, "1 down packet 4hold");
    assert_eq!(soon(tap.tap.release(down)).await, Delivery::Delivered);
    assert_eq!(heard(&mut hear).await, "4hold");
    soon(tap.tap.cut(Some(1), Cut::Reset)).await;
    assert_eq!(closed(&mut hear).await, 1006);
    assert_eq!(tap.next().await, "1 over by Tap");
}

#[tokio::test]
async fn a_silent_line_swallows_and_a_cut_one_is_over() {
    let server = Server::start().await;
    let (mut tap, a, mut hear) = line(&server, polling(Engine::V4)).await;
    let silence = Silence {
        up: false,
        down: true,
    };
    assert_eq!(soon(tap.tap.silence(Some(1), silence)).await, 1);
    server.state.of("a").put("4lost".into());
    assert_eq!(tap.next().await, "1 down packet 4lost swallowed");
    soon(tap.tap.mend(Some(1))).await;
    server.state.of("a").put("4heard".into());
    assert_eq!(heard(&mut hear).await, "4heard");
    assert_eq!(tap.next().await, "1 down packet 4heard");
    let silence = Silence {
        up: true,
        down: false,
    };
    soon(tap.tap.silence(Some(1), silence)).await;
    send(&a, "4a unsaid").await;
    assert_eq!(tap.next().await, "1 up packet 4a unsaid swallowed");
    soon(tap.tap.cut(Some(1), Cut::Reset)).await;
    assert_eq!(closed(&mut hear).await, 1006);
    assert_eq!(tap.next().await, "1 over by Tap");
}

/// One exchange through a tap: what the peer asks, and the bytes of the answer, which it gets as they are.
async fn exchanged(
    tap: &Tapped,
    listener: &TcpListener,
    request: &str,
    answer: &[u8],
) -> (TcpStream, TcpStream) {
    let mut peer = TcpStream::connect(tap.tap.address()).await.unwrap();
    peer.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = soon(listener.accept()).await.unwrap();
    let mut came = vec![0; request.len()];
    soon(server.read_exact(&mut came)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&came), request);
    let writing = async { server.write_all(answer).await.unwrap() };
    let mut got = vec![0; answer.len()];
    let reading = async { soon(peer.read_exact(&mut got)).await.map(drop) };
    let ((), read) = tokio::join!(writing, reading);
    read.unwrap();
    assert!(got == answer);
    (peer, server)
}

fn ok(body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nX-Odd:  y\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn hostile_ends_are_bounded_and_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut tap = Tapped::before(listener.local_addr().unwrap(), by_word).await;
    let host = tap.tap.address();
    let get = |engine: u8, sid: &str| {
        format!("GET /io/?EIO={engine}&transport=polling{sid} HTTP/1.1\r\nHost: {host}\r\n\r\n")
    };
    // Handshakes that are none.
    for body in ["", "nonsense", "40", "0{}", "0{\"sid\":"] {
        exchanged(&tap, &listener, &get(4, ""), &ok(body)).await;
        let seen = tap.next().await;
        assert!(seen.contains(" refused Answered { status: 200"), "{seen}");
    }
    // A session that the tap does not know is plain HTTP.
    exchanged(&tap, &listener, &get(4, "&sid=none"), &ok("4hello")).await;
    let seen = [tap.next_of_all().await, tap.next_of_all().await];
    assert!(seen[0].starts_with("0 up http GET /io/"), "{seen:?}");
    assert!(seen[1].ends_with("4hello"), "{seen:?}");

    exchanged(&tap, &listener, &get(4, ""), &ok("0{\"sid\":\"x\"}")).await;
    assert!(tap.next().await.starts_with("6 open /io/"));
    tap.next().await;
    let mut told = false;
    for body in ["<html>", "4a\u{1e}", "9"] {
        exchanged(&tap, &listener, &get(4, "&sid=x"), &ok(body)).await;
        if !std::mem::replace(&mut told, true) {
            assert_eq!(tap.next().await, "6 wrong Down Body");
        }
    }
    let mut long = b"HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n4".to_vec();
    long.resize(long.len() + 19_999_999, b'x');
    exchanged(&tap, &listener, &get(4, "&sid=x"), &long).await;
    assert_eq!(tap.next().await, "6 wrong Down Endless");
    assert!(tap.next().await.starts_with("6 down packet 4xxx"));

    exchanged(&tap, &listener, &get(3, ""), &ok("12:0{\"sid\":\"y\"}")).await;
    assert!(tap.next().await.starts_with("7 open /io/"));
    tap.next().await;
    exchanged(&tap, &listener, &get(3, "&sid=y"), &ok("99:4a")).await;
    assert_eq!(tap.next().await, "7 wrong Down Body");
    // What comes up is the peer's.
    let post = format!(
        "POST /io/?EIO=3&transport=polling&sid=y HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\n\r\n7:4a"
    );
    exchanged(&tap, &listener, &post, &ok("ok")).await;
    assert_eq!(tap.next().await, "7 wrong Up Body");
    // The server knows it no more.
    let gone = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
    exchanged(&tap, &listener, &get(3, "&sid=y"), gone).await;
    assert_eq!(tap.next().await, "7 over by Server");
}

/// A session whose WebSocket is asked for: the tap, and the two ends of that.
async fn changing(answer: &[u8]) -> (Tapped, TcpListener, TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut tap = Tapped::before(listener.local_addr().unwrap(), pass).await;
    let host = tap.tap.address();
    let get = format!("GET /io/?EIO=4&transport=polling HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let opened = ok("0{\"sid\":\"x\",\"upgrades\":[\"websocket\"]}");
    exchanged(&tap, &listener, &get, &opened).await;
    assert!(tap.next().await.starts_with("1 open /io/"));
    tap.next().await;
    let upgrade = format!(
        "GET /io/?EIO=4&transport=websocket&sid=x HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let (peer, server) = exchanged(&tap, &listener, &upgrade, answer).await;
    (tap, listener, peer, server)
}

const SWITCHED: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// A text frame of the peer's, with a key of zeros.
fn masked(text: &str) -> Vec<u8> {
    let length = 0x80 | u8::try_from(text.len()).unwrap();
    let head = [0x81, length, 0, 0, 0, 0];
    [&head[..], text.as_bytes()].concat()
}

#[tokio::test]
async fn a_line_that_is_changing_to_a_websocket_is_cut_as_the_websocket_that_it_becomes() {
    let close = Cut::Close {
        code: 4000,
        reason: "bye".into(),
    };
    for how in [Cut::Reset, close] {
        let (mut tap, _listener, mut peer, mut server) = changing(SWITCHED).await;
        let mut cut = Box::pin(tap.tap.cut(Some(1), how.clone()));
        assert!(futures_util::poll!(cut.as_mut()).is_pending());
        // What is asked later is done, so the cut was looked at.
        soon(tap.tap.mend(Some(1))).await;
        assert!(futures_util::poll!(cut.as_mut()).is_pending(), "{how:?}");
        for (text, answer) in [("2probe", Some("3probe")), ("5", None)] {
            peer.write_all(&masked(text)).await.unwrap();
            let mut came = vec![0; 6 + text.len()];
            soon(server.read_exact(&mut came)).await.unwrap();
            if let Some(answer) = answer {
                let length = u8::try_from(answer.len()).unwrap();
                let frame = [&[0x81, length][..], answer.as_bytes()].concat();
                server.write_all(&frame).await.unwrap();
                let mut came = vec![0; frame.len()];
                soon(peer.read_exact(&mut came)).await.unwrap();
            }
        }
        assert_eq!(soon(&mut cut).await, 1);
        drop(cut);
        assert_eq!(tap.next().await, "1 over by Tap");
        let mut end = [0; 7];
        let ended = soon(peer.read_exact(&mut end)).await;
        match how {
            Cut::Reset => assert!(ended.is_err(), "{end:?}"),
            Cut::Close { .. } => assert_eq!(&end, b"\x88\x05\x0f\xa0bye"),
        }
    }
}

#[tokio::test]
async fn a_line_that_stays_with_its_polls_is_cut_once_that_is_decided() {
    let refused = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nno";
    let (mut tap, ..) = changing(refused).await;
    assert_eq!(soon(tap.tap.cut(Some(1), Cut::Reset)).await, 1);
    assert_eq!(tap.next().await, "1 over by Tap");
    // One that is given up.
    let (mut tap, _listener, peer, _server) = changing(SWITCHED).await;
    let mut cut = Box::pin(tap.tap.cut(Some(1), Cut::Reset));
    assert!(futures_util::poll!(cut.as_mut()).is_pending());
    drop(peer);
    assert_eq!(soon(&mut cut).await, 1);
    drop(cut);
    assert_eq!(tap.next().await, "1 over by Tap");
}

#[tokio::test]
async fn a_line_that_never_gets_done_with_its_change_is_cut_as_it_is() {
    let (mut tap, ..) = changing(SWITCHED).await;
    let patience = Duration::from_millis(100);
    let cut = tap.tap.cut_within(Some(1), Cut::Reset, patience);
    assert_eq!(soon(cut).await, 1);
    assert_eq!(tap.next().await, "1 over by Tap");
    // What the tap itself keeps from it is not waited for.
    let (mut tap, _listener, _peer, _server) = changing(SWITCHED).await;
    let silence = Silence {
        up: true,
        down: true,
    };
    soon(tap.tap.silence(Some(1), silence)).await;
    let cut = tap
        .tap
        .cut_within(Some(1), Cut::Reset, Duration::from_secs(3600));
    assert_eq!(soon(cut).await, 1);
    assert_eq!(tap.next().await, "1 over by Tap");
}
