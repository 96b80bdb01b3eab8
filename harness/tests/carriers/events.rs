//! Server-sent events.

use glare::hand::{Hand, Happening};
use glare::peer::WirePeer;
use glare::tap::Verdict;
use glare::terms::{Carrier, Kill, Via};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use crate::carriers_support::*;

fn via() -> Via {
    Via::Events {
        names: vec!["offer".into()],
    }
}

#[tokio::test]
async fn two_native_peers_talk_over_event_streams() {
    let server = Server::start().await;
    let mut tap_a = Tapped::before(server.address, pass).await;
    let mut tap_b = Tapped::before(server.address, pass).await;
    let (a, mut hear_a) = WirePeer::start(tap_a.tap.address()).await;
    let (b, mut hear_b) = WirePeer::start(tap_b.tap.address()).await;
    talk_down(
        (&a, &b),
        (&mut hear_a, &mut hear_b),
        (&mut tap_a, &mut tap_b),
        ("/events", via(), "event"),
    )
    .await;
    soon(b.finish()).await;
    assert_eq!(tap_b.next().await, "1 over by Peer");
}

#[tokio::test]
async fn an_event_that_is_held_comes_when_it_is_released() {
    let server = Server::start().await;
    let mut tap = Tapped::before(server.address, |passing, _| {
        match (passing.carrier, passing.data) {
            (Carrier::Event, b"first") => Verdict::Hold,
            (Carrier::Event, b"lost") => Verdict::Drop,
            _ => Verdict::Pass,
        }
    })
    .await;
    let (a, mut hear) = WirePeer::start(tap.tap.address()).await;
    open(&a, "/events?me=a", via()).await;
    opened(&mut hear).await;
    tap.next().await;
    for text in ["first", "lost", "second"] {
        say(&a, "a", text).await;
    }
    assert_eq!(heard(&mut hear).await, "second");
    let (seen, hold) = tap.next_hold().await;
    assert_eq!(seen, "1 down event first");
    soon(tap.tap.release(hold)).await;
    assert_eq!(heard(&mut hear).await, "first");
}

/// A line to a server that answers with these bytes and closes.
async fn line_to(answer: &[u8]) -> Vec<Happening> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (peer, mut hear) = WirePeer::start(listener.local_addr().unwrap()).await;
    open(&peer, "/events", via()).await;
    let (mut stream, _) = soon(listener.accept()).await.unwrap();
    let asked = soon(asked(&mut stream)).await.unwrap();
    assert!(
        asked
            .head
            .to_lowercase()
            .contains("accept: text/event-stream")
    );
    // Who has heard enough may close.
    let _ = stream.write_all(answer).await;
    drop(stream);
    let mut all = Vec::new();
    loop {
        all.push(told(&mut hear).await);
        if matches!(all.last(), Some(Happening::LinkClosed { .. })) {
            return all;
        }
    }
}

#[tokio::test]
async fn events_are_heard_as_the_standard_says() {
    let stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream;charset=utf-8\r\n\r\n\u{feff}data: 1\r\n\r\n: c\n\nretry: 1\n\n\
        event: offer\rdata: a\rdata: b\r\revent: else\ndata: no\n\nevent: message\ndata:2\n\ndata\n\ndata: unfinished\n";
    let all = line_to(stream.as_bytes()).await;
    let told: Vec<String> = all
        .iter()
        .map(|one| serde_json::to_string(one).unwrap())
        .collect();
    let message =
        |text: &str| format!(r#"{{"saw":"link-message","link":1,"data":{{"text":{text:?}}}}}"#);
    assert_eq!(
        told,
        [
            r#"{"saw":"link-opened","link":1}"#.to_owned(),
            message("1"),
            message("a\nb"),
            message("2"),
            message(""),
            r#"{"saw":"link-closed","link":1,"code":1006,"reason":""}"#.to_owned(),
        ]
    );
}

#[tokio::test]
async fn what_is_no_event_stream_opens_no_line() {
    for answer in [
        "HTTP/1.1 404 Not Found\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\ndata: 1\n\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "garbage\r\n\r\n",
        "",
    ] {
        let all = line_to(answer.as_bytes()).await;
        let closed = Happening::LinkClosed {
            link: 1,
            code: 1006,
            reason: String::new(),
        };
        assert_eq!(all, [closed], "{answer:?}");
    }
}

#[tokio::test]
async fn an_endless_event_ends_the_line() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: ".to_vec();
    answer.resize(17 << 20, b'x');
    let all = line_to(&answer).await;
    assert_eq!(all.len(), 2, "opened and closed");
}

#[tokio::test]
async fn a_peer_that_is_killed_resets_its_line() {
    let server = Server::start().await;
    let mut tap = Tapped::before(server.address, pass).await;
    let (a, mut hear) = WirePeer::start(tap.tap.address()).await;
    open(&a, "/events?me=a", via()).await;
    opened(&mut hear).await;
    a.kill(Kill::Tab).await.unwrap();
    assert_eq!(tap.next().await, "1 open /events?me=a");
    assert_eq!(tap.next().await, "1 over by Peer");
    assert!(soon(hear.recv()).await.is_none());
}
