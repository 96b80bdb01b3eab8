//! What the tap answers by itself, and says so.

use glare::tap::{LinkChange, Refused, Verdict};
use glare::terms::Direction;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::ends::*;

async fn answer(bench: &Bench, request: &[u8]) -> String {
    let mut peer = bench.connect().await;
    peer.write_all(request).await.unwrap();
    let answer = read_to_end(&mut peer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn foreign_hosts_and_origins_are_refused() {
    let bench = Bench::with(
        |_| Verdict::Pass,
        |options| {
            options.hosts = vec!["app.test:8080".to_owned()];
        },
    )
    .await;
    let own = bench.tap.address();
    let port = own.port();
    for (headers, why) in [
        (String::new(), "400"),
        (format!("Host: {own}\r\nHost: {own}\r\n"), "400"),
        ("Host: evil.test\r\n".to_owned(), "403"),
        (format!("Host: evil.test:{port}\r\n"), "403"),
        ("Host: 127.3.1.1\r\n".to_owned(), "403"),
        (format!("Host: localhost:{port}\r\n"), "403"),
        (
            format!("Host: {own}\r\nOrigin: http://evil.test\r\n"),
            "403",
        ),
        (format!("Host: {own}\r\nOrigin: null\r\n"), "403"),
        (format!("Host: {own}\r\nOrigin: https://{own}\r\n"), "403"),
        (
            format!("Host: {own}\r\nOrigin: http://{own}\r\nOrigin: http://evil.test\r\n"),
            "403",
        ),
    ] {
        for more in [
            "",
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n",
        ] {
            let request = format!("GET /.glare/x HTTP/1.1\r\n{headers}{more}\r\n");
            let got = answer(&bench, request.as_bytes()).await;
            assert!(
                got.starts_with(&format!("HTTP/1.1 {why} ")),
                "{headers}{got}"
            );
            assert!(got.contains("glare's tap"), "{got}");
        }
    }
    // Known ones get through: 404 is the page's, after the check.
    for headers in [
        format!("Host: {own}\r\n"),
        format!("Host: {own}\r\nOrigin: http://{own}\r\n"),
        "Host: app.test:8080\r\nOrigin: http://app.test:8080\r\n".to_owned(),
    ] {
        let request = format!("GET /.glare/x HTTP/1.1\r\n{headers}\r\n");
        let got = answer(&bench, request.as_bytes()).await;
        assert!(got.starts_with("HTTP/1.1 404 "), "{got}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_502_that_says_so() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let mut bench = Bench::with(|_| Verdict::Pass, |options| options.upstream = address).await;
    let host = bench.tap.address();
    let request = format!("POST /create HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1\r\n\r\nx");
    let got = answer(&bench, request.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{got}");
    assert!(got.contains(&format!(
        "the server under test at {address} is not reachable"
    )));
    assert_eq!(bench.next().await.short(), "POST /create [x]");
    assert_eq!(bench.next().await, Seen::Undeliverable(0, Direction::Up));

    let got = answer(&bench, upgrade(host).as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 502 Bad Gateway\r\n"), "{got}");
    let why = match bench.next().await {
        Seen::Link(1, LinkChange::Refused(Refused::ByTap { why })) => why,
        other => panic!("{other:?}"),
    };
    assert!(why.contains("is not reachable"), "{why}");
}

#[tokio::test]
async fn hostile_heads_are_refused() {
    let bench = Bench::new().await;
    let host = format!("Host: {}\r\n", bench.tap.address());
    let long = format!("GET / HTTP/1.1\r\n{host}X: {}", "x".repeat(70_000));
    let many = format!("GET / HTTP/1.1\r\n{host}{}\r\n", "X: y\r\n".repeat(300));
    let post = |headers: &str| format!("POST / HTTP/1.1\r\n{host}{headers}\r\n\r\n");
    for (request, status) in [
        (long, "431"),
        (many, "431"),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}".to_owned(), "400"),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400"),
        (
            format!("GET http://evil.test/ HTTP/1.1\r\n{host}\r\n"),
            "400",
        ),
        (
            format!("CONNECT evil.test:443 HTTP/1.1\r\n{host}\r\n"),
            "400",
        ),
        (
            format!("GET / HTTP/1.1\r\n{host}Bad Name: x\r\n\r\n"),
            "400",
        ),
        (post("Content-Length: 1\r\nContent-Length: 2\r\n"), "400"),
        (post("Content-Length: -1\r\n"), "400"),
        (post("Content-Length: +1\r\n"), "400"),
        (post("Content-Length: 99999999999999999999\r\n"), "400"),
        (
            post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
            "400",
        ),
        (post("Transfer-Encoding: gzip\r\n"), "400"),
        (
            post("Transfer-Encoding: chunked\r\n").replace("\r\n\r\n\r\n", "\r\n\r\nzz\r\n"),
            "400",
        ),
        (
            upgrade(bench.tap.address()).replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\n"),
            "400",
        ),
    ] {
        let got = answer(&bench, request.as_bytes()).await;
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status} ")),
            "{request}\n{got}"
        );
        assert!(got.contains("glare's tap"), "{got}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_speak_http_is_a_502() {
    let bench = Bench::new().await;
    let host = bench.tap.address();
    let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for nonsense in [
        "220 mail.test ESMTP\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let mut peer = bench.connect().await;
        peer.write_all(request.as_bytes()).await.unwrap();
        let mut server = bench.accept().await;
        read_head(&mut server).await;
        server.write_all(nonsense.as_bytes()).await.unwrap();
        let got = String::from_utf8(read_to_end(&mut peer).await.unwrap()).unwrap();
        assert!(got.starts_with("HTTP/1.1 502 "), "{nonsense}{got}");
    }
}
