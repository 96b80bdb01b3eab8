//! Plain HTTP through the tap.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use std::sync::Arc;
use std::time::{Duration, Instant};

use glare::tap::{Delivery, LinkChange, MESSAGE_CAP, Pages, Refused, Verdict};
use glare::terms::Direction;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::ends::*;

/// Both sides write; each must get the other's bytes as they are.
async fn exchange(peer: &mut TcpStream, server: &mut TcpStream, request: &[u8], response: &[u8]) {
    // In two writes, so that a head or a chunk comes in pieces.
    for half in request.chunks(request.len() / 2 + 1) {
        peer.write_all(half).await.unwrap();
    }
    assert!(read(server, request.len()).await == request);
    for half in response.chunks(response.len() / 2 + 1) {
        server.write_all(half).await.unwrap();
    }
    assert!(read(peer, response.len()).await == response);
}

#[tokio::test]
async fn requests_and_responses_pass_byte_for_byte_on_one_connection() {
    let mut bench = Bench::new().await;
    let host = bench.tap.address();
    let origin = bench.tap.origin();
    let mut peer = bench.connect().await;
    let request = |rest: &str| rest.replace("HOST", &format!("Host: {host}"));
    let cases = [
        (
            "GET /a?b=c HTTP/1.1\r\nHOST\r\nx-Odd:   y\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\ncontent-LENGTH: 5\r\n\r\nhello",
            ["GET /a?b=c []", "GET /a?b=c 200 [hello]"],
        ),
        (
            format!(
                "POST /create HTTP/1.1\r\nHOST\r\nOrigin: {origin}\r\nContent-Length: 4\r\n\r\nbody"
            ),
            "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n02\r\nde\r\n0\r\nT: 1\r\n\r\n",
            ["POST /create [body]", "POST /create 201 [abcde]"],
        ),
        (
            "PUT /p HTTP/1.1\r\nHOST\r\ntransfer-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"
                .to_owned(),
            "HTTP/1.1 204 No Content\r\n\r\n",
            ["PUT /p [x]", "PUT /p 204 []"],
        ),
        (
            "HEAD /h HTTP/1.1\r\nHOST\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
            ["HEAD /h []", "HEAD /h 200 []"],
        ),
        (
            "GET /cached HTTP/1.1\r\nHOST\r\n\r\n".to_owned(),
            "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            ["GET /cached []", "GET /cached 304 []"],
        ),
        (
            "GET /last HTTP/1.1\r\nHOST\r\n\r\n".to_owned(),
            "HTTP/1.1 200 OK\r\n\r\nto the end",
            ["GET /last []", "GET /last 200 [to the end]"],
        ),
    ];
    let mut server = None;
    for (sent, answered, judged) in cases {
        let sent = request(&sent);
        if server.is_none() {
            peer.write_all(&sent.as_bytes()[..9]).await.unwrap();
            peer.write_all(&sent.as_bytes()[9..]).await.unwrap();
            let mut fresh = bench.accept().await;
            assert_eq!(read(&mut fresh, sent.len()).await, sent.as_bytes());
            fresh.write_all(answered.as_bytes()).await.unwrap();
            assert_eq!(read(&mut peer, answered.len()).await, answered.as_bytes());
            server = Some(fresh);
        } else if sent.contains("/last") {
            let mut last = server.take().unwrap();
            peer.write_all(sent.as_bytes()).await.unwrap();
            read(&mut last, sent.len()).await;
            last.write_all(answered.as_bytes()).await.unwrap();
            drop(last);
            assert_eq!(read_to_end(&mut peer).await.unwrap(), answered.as_bytes());
        } else {
            let server = server.as_mut().unwrap();
            exchange(&mut peer, server, sent.as_bytes(), answered.as_bytes()).await;
        }
        for expected in judged {
            assert_eq!(bench.next().await.short(), expected);
        }
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let bench = Bench::new().await;
    let host = bench.tap.address();
    let mut peer = bench.connect().await;
    let one = format!("POST /1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx");
    let two = format!("GET /2 HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(format!("{one}{two}").as_bytes())
        .await
        .unwrap();
    let mut server = bench.accept().await;
    for (request, answer) in [(one, "first"), (two, "secnd")] {
        assert_eq!(read(&mut server, request.len()).await, request.as_bytes());
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{answer}");
        server.write_all(answer.as_bytes()).await.unwrap();
        assert_eq!(read(&mut peer, answer.len()).await, answer.as_bytes());
    }
}

#[tokio::test]
async fn a_body_waits_for_its_invitation() {
    let mut bench = Bench::new().await;
    let host = bench.tap.address();
    let mut peer = bench.connect().await;
    let head = format!(
        "POST /big HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    );
    peer.write_all(head.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    assert_eq!(read_head(&mut server).await, head);
    let invitation = "HTTP/1.1 100 Continue\r\n\r\n";
    server.write_all(invitation.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut peer).await, invitation);
    exchange(
        &mut peer,
        &mut server,
        b"body",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    assert_eq!(bench.next().await.short(), "POST /big [body]");
    assert_eq!(bench.next().await.short(), "POST /big 200 []");
    // The same connection, refused this time.
    peer.write_all(head.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut server).await, head);
    let refusal = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    server.write_all(refusal.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut peer).await, refusal);
}

#[tokio::test]
async fn a_real_client_and_bodies_beyond_the_cap() {
    let mut bench = Bench::new().await;
    let origin = bench.tap.origin();
    let size = MESSAGE_CAP + 3_000_000;
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    let request = hyper::Request::post(format!("{origin}/big"))
        .body(Full::new(Bytes::from(vec![7; size])))
        .unwrap();
    let answering = async {
        let mut server = bench.accept().await;
        read_head(&mut server).await;
        assert!(read(&mut server, size).await == vec![7; size]);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n");
        server.write_all(head.as_bytes()).await.unwrap();
        server.write_all(&vec![8; size]).await.unwrap();
        server
    };
    let (response, _server) = tokio::join!(
        async {
            let response = client.request(request).await.unwrap();
            response.into_body().collect().await.unwrap().to_bytes()
        },
        answering
    );
    assert!(response == vec![8; size]);
    for _ in 0..2 {
        match bench.next().await {
            Seen::Message {
                truncated, data, ..
            } => {
                assert!(truncated && data.len() > MESSAGE_CAP / 2 && data.len() < size);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn server_sent_events_do_not_wait_for_an_end() {
    let mut bench = Bench::new().await;
    let mut peer = bench.connect().await;
    let request = format!(
        "GET /events HTTP/1.1\r\nHost: {}\r\n\r\n",
        bench.tap.address()
    );
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
    server.write_all(head).await.unwrap();
    assert_eq!(read(&mut peer, head.len()).await, head);
    for event in [b"data: 1\n\n", b"data: 2\n\n"] {
        server.write_all(event).await.unwrap();
        assert_eq!(read(&mut peer, 9).await, event);
    }
    bench.next().await;
    assert!(matches!(
        bench.next().await,
        Seen::Message {
            truncated: true,
            ..
        }
    ));
    // A peer that goes away is felt by the server.
    drop(peer);
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
}

fn by_head(head: &str, down: bool) -> Verdict {
    match (head, down) {
        (head, false) if head.contains("/hold-up") => Verdict::Hold,
        (head, true) if head.contains("/hold-down") => Verdict::Hold,
        (head, false) if head.contains("/drop-up") => Verdict::Drop,
        (head, true) if head.contains("/drop-down") => Verdict::Drop,
        (head, false) if head.contains("/slow") => Verdict::Delay(Duration::from_millis(200)),
        _ => Verdict::Pass,
    }
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn requests_and_responses_are_held_released_dropped_and_delayed() {
    let mut bench =
        Bench::judging(|passing| by_head(passing.head, passing.direction == Direction::Down)).await;
    let host = bench.tap.address();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");

    // A held request reaches nobody; another connection overtakes it.
    let mut held = bench.connect().await;
    held.write_all(get("/hold-up").as_bytes()).await.unwrap();
    let hold = bench.next().await.hold();
    let mut other = bench.connect().await;
    other.write_all(get("/other").as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    assert_eq!(read_head(&mut server).await, get("/other"));
    let (delivery, mut held_server) = tokio::join!(soon(bench.tap.release(hold)), bench.accept());
    assert_eq!(delivery, Delivery::Delivered);
    assert_eq!(read_head(&mut held_server).await, get("/hold-up"));
    held_server.write_all(OK).await.unwrap();
    assert_eq!(read(&mut held, OK.len()).await, OK);
    bench.next().await;
    bench.next().await;

    // A held response.
    exchange_start(&mut held, &mut held_server, &get("/hold-down"), OK).await;
    bench.next().await;
    let hold = bench.next().await.hold();
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(read(&mut held, OK.len()).await, OK);

    // One whose peer has gone.
    exchange_start(&mut held, &mut held_server, &get("/hold-down"), OK).await;
    bench.next().await;
    let hold = bench.next().await.hold();
    held.set_zero_linger().unwrap();
    drop(held);
    // Loopback delivers the reset before `close` returns; the tap's poller may need a moment, so a fresh one is made busy.
    let mut delayed = bench.connect().await;
    let begun = Instant::now();
    delayed.write_all(get("/slow").as_bytes()).await.unwrap();
    let mut delayed_server = bench.accept().await;
    assert_eq!(read_head(&mut delayed_server).await, get("/slow"));
    assert!(begun.elapsed() >= Duration::from_millis(200));
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);
    bench.next().await;

    // Dropped: silence, until the peer gives up.
    for path in ["/drop-up", "/drop-down"] {
        let mut dropped = bench.connect().await;
        dropped.write_all(get(path).as_bytes()).await.unwrap();
        if path == "/drop-down" {
            let mut server = bench.accept().await;
            read_head(&mut server).await;
            server.write_all(OK).await.unwrap();
            assert_eq!(bench.next().await.short(), "GET /drop-down []");
            assert_eq!(bench.next().await.short(), "GET /drop-down 200 [ok]");
        } else {
            assert_eq!(bench.next().await.short(), "GET /drop-up []");
        }
        dropped.shutdown().await.unwrap();
        assert_eq!(read_to_end(&mut dropped).await.unwrap(), b"");
    }
}

async fn exchange_start(
    peer: &mut TcpStream,
    server: &mut TcpStream,
    request: &str,
    answer: &[u8],
) {
    peer.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_head(server).await, request);
    server.write_all(answer).await.unwrap();
}

#[tokio::test]
async fn a_server_that_closes_resets_or_moves_is_seen_as_such() {
    let bench = Bench::new().await;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", bench.tap.address());
    // Closed while idle.
    let mut peer = bench.connect().await;
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    server.write_all(OK).await.unwrap();
    assert_eq!(read(&mut peer, OK.len()).await, OK);
    drop(server);
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
    // Reset instead of an answer.
    let mut peer = bench.connect().await;
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    server.set_zero_linger().unwrap();
    drop(server);
    assert!(read_to_end(&mut peer).await.is_err());
    // Moved.
    let moved = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    bench.tap.set_upstream(moved.local_addr().unwrap());
    let mut peer = bench.connect().await;
    peer.write_all(request.as_bytes()).await.unwrap();
    let (mut server, _) = soon(moved.accept()).await.unwrap();
    assert_eq!(read_head(&mut server).await, request);
    // The peer resets: so does the tap.
    peer.set_zero_linger().unwrap();
    drop(peer);
    assert!(read_to_end(&mut server).await.is_err());
}

#[tokio::test]
async fn a_refused_upgrade_passes_with_its_text_and_is_told() {
    let mut bench = Bench::new().await;
    let mut peer = bench.connect().await;
    let request = upgrade(bench.tap.address());
    peer.write_all(request.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    let answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 6\r\n\r\nsecret";
    read_head(&mut server).await;
    server.write_all(answer).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer);
    assert_eq!(
        bench.next().await,
        Seen::Link(
            1,
            LinkChange::Refused(Refused::Answered {
                status: 401,
                phrase: "Unauthorized".into(),
                body: b"secret".to_vec(),
            })
        )
    );
    // The connection is still good.
    peer.write_all(request.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut server).await, request);
    server.write_all(ACCEPTED).await.unwrap();
    read_head(&mut peer).await;
    assert!(matches!(
        bench.next().await,
        Seen::Link(2, LinkChange::Up { .. })
    ));
}

#[tokio::test]
async fn its_own_pages_are_served_and_nothing_of_them_is_judged() {
    let pages = Pages::new().with("/.glare/peer.html", "text/html; charset=utf-8", "<p>hi");
    let mut bench = Bench::with(
        |_| Verdict::Pass,
        |options| {
            options.pages = Some(Arc::new(pages));
        },
    )
    .await;
    let host = bench.tap.address();
    let mut peer = bench.connect().await;
    for method in ["GET", "HEAD", "GET"] {
        let request = format!("{method} /.glare/peer.html?x=1 HTTP/1.1\r\nHost: {host}\r\n\r\n");
        peer.write_all(request.as_bytes()).await.unwrap();
        let head = read_head(&mut peer).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("Content-Type: text/html; charset=utf-8\r\n"));
        assert!(head.contains("Content-Length: 5\r\n"));
        if method == "GET" {
            assert_eq!(read(&mut peer, 5).await, b"<p>hi");
        }
    }
    let request = format!("GET /.glare/other HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(request.as_bytes()).await.unwrap();
    let answer = String::from_utf8(read_to_end(&mut peer).await.unwrap()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn headers_of_the_project_are_added_to_every_request() {
    let bench = Bench::with(
        |_| Verdict::Pass,
        |options| options.headers = vec![("x-key".into(), "ring".into())].into(),
    )
    .await;
    let host = bench.tap.address();
    let mut peer = bench.connect().await;
    let plain = format!("GET /a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(plain.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    let expected = plain.replace("\r\n\r\n", "\r\nx-key: ring\r\n\r\n");
    assert_eq!(read(&mut server, expected.len()).await, expected.as_bytes());
    let response = "HTTP/1.1 204 No Content\r\n\r\n";
    server.write_all(response.as_bytes()).await.unwrap();
    read(&mut peer, response.len()).await;

    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
    );
    peer.write_all(upgrade.as_bytes()).await.unwrap();
    let expected = upgrade.replace(
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
        "x-key: ring\r\n\r\n",
    );
    assert_eq!(read(&mut server, expected.len()).await, expected.as_bytes());
}
