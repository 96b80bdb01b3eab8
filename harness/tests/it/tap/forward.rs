//! The tap as the proxy of a browser's user context.

use glare::tap::{Forward, PageServer, Verdict};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use super::ends::*;

/// A tap in whose context the server under test is called by its address and as `signal.test`, and another server has the pages.
async fn bench() -> (Bench, TcpListener) {
    let pages = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = pages.local_addr().unwrap();
    let bench = Bench::with(
        |_| Verdict::Pass,
        move |options| {
            let server = vec![options.upstream.to_string(), "signal.test:80".to_owned()];
            let names = vec![address.to_string()];
            let pages = PageServer {
                names,
                address,
                tls: None,
            };
            options.forward = Some(Forward {
                server,
                pages: Some(pages),
            });
        },
    )
    .await;
    (bench, pages)
}

async fn answer(peer: &mut TcpStream, request: &str) -> String {
    peer.write_all(request.as_bytes()).await.unwrap();
    String::from_utf8(soon(read_to_end(peer)).await.unwrap()).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_request_by_the_servers_own_url_is_judged_and_comes_as_without_a_proxy() {
    let (mut bench, _pages) = bench().await;
    let host = bench.listener.local_addr().unwrap();
    let mut peer = bench.connect().await;
    let sent = format!(
        "GET http://{host}/a?b=c HTTP/1.1\r\nHost: {host}\r\nProxy-Connection: keep-alive\r\nOrigin: http://{host}\r\nCookie: x=y\r\n\r\n"
    );
    let got = format!(
        "GET /a?b=c HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nCookie: x=y\r\n\r\n"
    );
    peer.write_all(sent.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    assert_eq!(read(&mut server, got.len()).await, got.as_bytes());
    server.write_all(OK.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, OK.len()).await, OK.as_bytes());
    assert_eq!(bench.next().await.short(), "GET /a?b=c []");
    assert_eq!(bench.next().await.short(), "GET /a?b=c 200 [ok]");
    // By its other name, whose port goes without saying, and without a path.
    let named = [
        "HEAD http://Signal.test?x HTTP/1.1\r\nHost: signal.test\r\n\r\n",
        "HEAD /?x HTTP/1.1\r\nHost: signal.test\r\n\r\n",
    ];
    peer.write_all(named[0].as_bytes()).await.unwrap();
    assert_eq!(read(&mut server, named[1].len()).await, named[1].as_bytes());
    assert_eq!(bench.next().await.short(), "HEAD /?x []");
}

#[tokio::test]
async fn what_is_for_the_server_of_the_page_passes_and_nobody_judges_it() {
    let (mut bench, pages) = bench().await;
    let (host, app) = (
        bench.listener.local_addr().unwrap(),
        pages.local_addr().unwrap(),
    );
    // One connection to the proxy carries both, in turns.
    let mut peer = bench.connect().await;
    let get = |host: &dyn std::fmt::Display, path: &str| {
        [
            format!("GET http://{host}{path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n"),
        ]
    };
    let page = get(&app, "/page");
    peer.write_all(page[0].as_bytes()).await.unwrap();
    let (mut server, _) = soon(pages.accept()).await.unwrap();
    assert_eq!(read(&mut server, page[1].len()).await, page[1].as_bytes());
    server.write_all(OK.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, OK.len()).await, OK.as_bytes());
    let create = get(&host, "/rooms");
    peer.write_all(create[0].as_bytes()).await.unwrap();
    let mut signaling = bench.accept().await;
    assert_eq!(
        read(&mut signaling, create[1].len()).await,
        create[1].as_bytes()
    );
    signaling.write_all(OK.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, OK.len()).await, OK.as_bytes());
    // Of the first nothing was seen.
    assert_eq!(bench.next().await.short(), "GET /rooms []");
    assert_eq!(bench.next().await.short(), "GET /rooms 200 [ok]");
    let again = get(&app, "/more");
    peer.write_all(again[0].as_bytes()).await.unwrap();
    let (mut server, _) = soon(pages.accept()).await.unwrap();
    assert_eq!(read(&mut server, again[1].len()).await, again[1].as_bytes());
}

#[tokio::test]
async fn a_socket_comes_through_a_tunnel_and_is_a_line_as_any_other() {
    let (mut bench, _pages) = bench().await;
    let host = bench.listener.local_addr().unwrap();
    let mut peer = bench.connect().await;
    let connect = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(connect.as_bytes()).await.unwrap();
    let established = "HTTP/1.1 200 Connection Established\r\n\r\n";
    assert_eq!(
        read(&mut peer, established.len()).await,
        established.as_bytes()
    );
    let one = format!("GET /plain HTTP/1.1\r\nHost: {host}\r\nOrigin: http://other.test\r\n\r\n");
    peer.write_all(one.as_bytes()).await.unwrap();
    let mut server = bench.accept().await;
    exchange_back(&mut peer, &mut server, &one).await;
    assert_eq!(bench.next().await.short(), "GET /plain []");
    assert_eq!(bench.next().await.short(), "GET /plain 200 [ok]");
    let upgrade = format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    peer.write_all(upgrade.as_bytes()).await.unwrap();
    read(&mut server, upgrade.len()).await;
    let switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    server.write_all(switched.as_bytes()).await.unwrap();
    assert_eq!(read(&mut peer, switched.len()).await, switched.as_bytes());
    assert!(format!("{:?}", bench.next().await).contains("Up { path: \"/ws\" }"));
    server.write_all(b"\x81\x02hi").await.unwrap();
    assert_eq!(read(&mut peer, 4).await, b"\x81\x02hi");
    assert_eq!(bench.next().await.short(), "down hi");
}

/// What came over already is read, and answered.
async fn exchange_back(peer: &mut TcpStream, server: &mut TcpStream, request: &str) {
    assert_eq!(read(server, request.len()).await, request.as_bytes());
    server.write_all(OK.as_bytes()).await.unwrap();
    assert_eq!(read(peer, OK.len()).await, OK.as_bytes());
}

#[tokio::test]
async fn a_host_that_nobody_named_is_refused_and_told_once() {
    let (mut bench, _pages) = bench().await;
    for request in [
        "GET http://foreign.test/x HTTP/1.1\r\nHost: foreign.test\r\n\r\n",
        "CONNECT foreign.test:80 HTTP/1.1\r\nHost: foreign.test:80\r\n\r\n",
        "CONNECT other.test:443 HTTP/1.1\r\nHost: other.test:443\r\n\r\n",
    ] {
        let mut peer = bench.connect().await;
        let got = answer(&mut peer, request).await;
        assert!(got.starts_with("HTTP/1.1 403 Forbidden\r\n"), "{got}");
        assert!(got.contains("nobody has named the host"), "{got}");
    }
    assert_eq!(bench.next().await, Seen::Foreign("foreign.test:80".into()));
    assert_eq!(bench.next().await, Seen::Foreign("other.test:443".into()));
    // The request and its `Host` must be of one mind, and what is no request to a proxy is none.
    let host = bench.listener.local_addr().unwrap();
    for (request, status) in [
        (
            format!("GET http://{host}/ HTTP/1.1\r\nHost: foreign.test\r\n\r\n"),
            "403",
        ),
        (format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), "400"),
        (
            format!("GET http://user@{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            "400",
        ),
        (
            format!("GET ftp://{host}/ HTTP/1.1\r\nHost: {host}\r\n\r\n"),
            "400",
        ),
    ] {
        let mut peer = bench.connect().await;
        let got = answer(&mut peer, &request).await;
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{got}");
    }
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn tls_is_refused_and_told_where_there_is_no_certificate() {
    let (mut bench, _pages) = bench().await;
    let host = bench.listener.local_addr().unwrap();
    let mut peer = bench.connect().await;
    let connect = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(connect.as_bytes()).await.unwrap();
    let established = "HTTP/1.1 200 Connection Established\r\n\r\n";
    read(&mut peer, established.len()).await;
    peer.write_all(&[22, 3, 1, 0, 1, 0]).await.unwrap();
    assert_eq!(bench.next().await, Seen::TlsWanted(host.to_string()));
    // Ended or reset: it gets nothing.
    assert!(
        soon(read_to_end(&mut peer))
            .await
            .unwrap_or_default()
            .is_empty()
    );
}

/// A browser's connection to its proxy that asks for a WebSocket of the server.
async fn asks_for_a_socket(bench: &Bench, path: &str) -> TcpStream {
    let host = bench.listener.local_addr().unwrap();
    let mut peer = bench.connect().await;
    let connect = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n");
    peer.write_all(connect.as_bytes()).await.unwrap();
    read_head(&mut peer).await;
    let asked = upgrade(host).replacen("/ws", path, 1);
    peer.write_all(asked.as_bytes()).await.unwrap();
    peer
}

/// The first line of the next request at the server, and where it came.
async fn asked_next(bench: &Bench) -> (String, TcpStream) {
    let mut server = bench.accept().await;
    let head = read_head(&mut server).await;
    (head.lines().next().unwrap().to_owned(), server)
}

#[tokio::test]
async fn sockets_of_one_page_are_asked_for_one_after_another_as_by_a_browser_that_knows_the_address()
 {
    let (bench, _pages) = bench().await;
    let host = bench.listener.local_addr().unwrap();
    let mut first = asks_for_a_socket(&bench, "/first").await;
    let (asked, mut server) = asked_next(&bench).await;
    assert_eq!(asked, "GET /first HTTP/1.1");
    let mut second = asks_for_a_socket(&bench, "/second").await;
    let gone = asks_for_a_socket(&bench, "/gone").await;
    // Something else passes meanwhile.
    let mut other = bench.connect().await;
    let get = format!("GET http://{host}/other HTTP/1.1\r\nHost: {host}\r\n\r\n");
    other.write_all(get.as_bytes()).await.unwrap();
    assert_eq!(asked_next(&bench).await.0, "GET /other HTTP/1.1");
    // One who goes while he waits was never there.
    drop(gone);
    server.write_all(ACCEPTED).await.unwrap();
    assert_eq!(read_head(&mut first).await.as_bytes(), ACCEPTED);
    let (asked, mut server) = asked_next(&bench).await;
    assert_eq!(asked, "GET /second HTTP/1.1");
    server
        .write_all(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")
        .await
        .unwrap();
    assert!(read_head(&mut second).await.starts_with("HTTP/1.1 503 "));
    // A refusal ends the turn as well.
    let _third = asks_for_a_socket(&bench, "/third").await;
    assert_eq!(asked_next(&bench).await.0, "GET /third HTTP/1.1");
}
