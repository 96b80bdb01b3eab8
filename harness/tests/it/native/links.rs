//! Links and requests of a wire peer (a native peer has the same) against real servers.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use glare::hand::{Command, Hand, HandError, Happening, Happenings, Reply};
use glare::peer::{NativePeer, WirePeer};
use glare::terms::{Data, Kill, Via};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::peer::SOON;

type Server = WebSocketStream<TcpStream>;

/// Awaits with a bound.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, future).await.expect("it hangs")
}

async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("bind");
    let address = listener.local_addr().expect("address");
    (listener, address)
}

fn open(link: u32) -> Command {
    Command::OpenLink {
        link,
        path: "/socket?room=x".into(),
        protocols: vec!["v2".into(), "v1".into()],
        headers: vec![],
        via: Via::default(),
    }
}

async fn accept(listener: &TcpListener, origin: SocketAddr) -> Server {
    let (stream, _) = soon(listener.accept()).await.expect("accept");
    #[expect(
        clippy::result_large_err,
        reason = "the callback's type is the library's"
    )]
    let check = |request: &Request, mut response: Response| {
        let header = |name: &str| request.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(request.uri(), "/socket?room=x");
        assert_eq!(header("host"), origin.to_string());
        assert_eq!(header("origin"), format!("http://{origin}"));
        assert_eq!(header("sec-websocket-protocol"), "v2, v1");
        response
            .headers_mut()
            .insert("sec-websocket-protocol", "v1".parse().expect("header"));
        Ok(response)
    };
    soon(tokio_tungstenite::accept_hdr_async(stream, check))
        .await
        .expect("handshake")
}

async fn next(happenings: &mut Happenings) -> Option<Happening> {
    soon(happenings.recv()).await
}

fn closed(link: u32, code: u16, reason: &str) -> Option<Happening> {
    Some(Happening::LinkClosed {
        link,
        code,
        reason: reason.into(),
    })
}

/// A peer with link 1 open, and the other end of it.
async fn linked() -> (WirePeer, Happenings, Server) {
    let (listener, origin) = listen().await;
    let (peer, mut happenings) = WirePeer::start(origin).await;
    peer.perform(open(1)).await.expect("open");
    let server = accept(&listener, origin).await;
    assert_eq!(
        next(&mut happenings).await,
        Some(Happening::LinkOpened { link: 1 })
    );
    (peer, happenings, server)
}

#[tokio::test]
async fn messages_go_both_ways_in_order() {
    let (peer, mut happenings, mut server) = linked().await;
    for n in 0..20 {
        peer.perform(Command::SendText {
            link: 1,
            text: n.to_string(),
        })
        .await
        .expect("send");
        server
            .feed(Message::text(n.to_string()))
            .await
            .expect("feed");
    }
    server
        .send(Message::binary(vec![0, 255]))
        .await
        .expect("send");
    for n in 0..20 {
        let message = soon(server.next()).await.expect("open").expect("message");
        assert_eq!(message, Message::text(n.to_string()));
        let data = Data::Text(n.to_string());
        assert_eq!(
            next(&mut happenings).await,
            Some(Happening::LinkMessage { link: 1, data })
        );
    }
    let data = Data::Bytes("AP8=".into());
    assert_eq!(
        next(&mut happenings).await,
        Some(Happening::LinkMessage { link: 1, data })
    );
    soon(peer.finish()).await;
}

#[tokio::test]
async fn links_are_told_apart_by_number() {
    let (listener, origin) = listen().await;
    let (peer, mut happenings) = WirePeer::start(origin).await;
    for link in [1, 2] {
        peer.perform(open(link)).await.expect("open");
        let mut server = accept(&listener, origin).await;
        assert_eq!(
            next(&mut happenings).await,
            Some(Happening::LinkOpened { link })
        );
        server.close(None).await.expect("close");
        soon(async { while server.next().await.is_some() {} }).await;
        assert_eq!(next(&mut happenings).await, closed(link, 1005, ""));
    }
    assert!(matches!(
        peer.perform(open(2)).await,
        Err(HandError::Refused { .. })
    ));
}

#[tokio::test]
async fn a_close_of_the_server_keeps_its_code() {
    let (_peer, mut happenings, mut server) = linked().await;
    let frame = CloseFrame {
        code: 4001.into(),
        reason: "full".into(),
    };
    server
        .send(Message::Close(Some(frame)))
        .await
        .expect("close");
    drop(server);
    assert_eq!(next(&mut happenings).await, closed(1, 4001, "full"));
}

#[tokio::test]
async fn a_close_of_the_peer_arrives_and_is_answered() {
    let (peer, mut happenings, mut server) = linked().await;
    let (code, reason) = (Some(3000), "bye".to_owned());
    peer.perform(Command::CloseLink {
        link: 1,
        code,
        reason,
    })
    .await
    .expect("close");
    let frame = CloseFrame {
        code: 3000.into(),
        reason: "bye".into(),
    };
    let message = soon(server.next()).await.expect("open").expect("message");
    assert_eq!(message, Message::Close(Some(frame)));
    soon(async { while server.next().await.is_some() {} }).await;
    drop(server);
    assert_eq!(next(&mut happenings).await, closed(1, 3000, "bye"));
    // Sending now is silently lost, as in a browser.
    peer.perform(Command::SendText {
        link: 1,
        text: "late".into(),
    })
    .await
    .expect("send");
}

#[tokio::test]
async fn a_close_that_nobody_answers_ends_abnormally() {
    let (peer, mut happenings, server) = linked().await;
    let (code, reason) = (None, String::new());
    peer.perform(Command::CloseLink {
        link: 1,
        code,
        reason,
    })
    .await
    .expect("close");
    assert_eq!(next(&mut happenings).await, closed(1, 1006, ""));
    drop(server);
}

#[tokio::test]
async fn an_end_without_a_close_frame_is_abnormal() {
    let (_peer, mut happenings, server) = linked().await;
    drop(server);
    assert_eq!(next(&mut happenings).await, closed(1, 1006, ""));
    let (_peer, mut happenings, server) = linked().await;
    server.get_ref().set_zero_linger().expect("linger");
    drop(server);
    assert_eq!(next(&mut happenings).await, closed(1, 1006, ""));
}

#[tokio::test]
async fn a_refused_connect_is_told_as_a_close() {
    let (listener, origin) = listen().await;
    drop(listener);
    let (peer, mut happenings) = WirePeer::start(origin).await;
    assert_eq!(peer.perform(open(1)).await, Ok(Reply::Done));
    assert_eq!(next(&mut happenings).await, closed(1, 1006, ""));
}

#[tokio::test]
async fn a_close_before_the_handshake_ends_it() {
    let (_listener, origin) = listen().await;
    let (peer, mut happenings) = WirePeer::start(origin).await;
    peer.perform(open(1)).await.expect("open");
    let early = peer
        .perform(Command::SendText {
            link: 1,
            text: "early".into(),
        })
        .await;
    assert!(matches!(early, Err(HandError::Refused { name, .. }) if name == "InvalidStateError"));
    let (code, reason) = (None, String::new());
    peer.perform(Command::CloseLink {
        link: 1,
        code,
        reason,
    })
    .await
    .expect("close");
    assert_eq!(next(&mut happenings).await, closed(1, 1006, ""));
}

#[tokio::test]
async fn codes_that_no_page_may_send_are_refused() {
    let (peer, _happenings, _server) = linked().await;
    for code in [0, 1001, 1005, 1006, 2999, 5000] {
        let close = Command::CloseLink {
            link: 1,
            code: Some(code),
            reason: String::new(),
        };
        let refused = peer.perform(close).await;
        assert!(
            matches!(refused, Err(HandError::Refused { name, .. }) if name == "InvalidAccessError")
        );
    }
}

#[tokio::test]
async fn a_path_cannot_lead_elsewhere() {
    let (peer, _happenings) = WirePeer::start(SocketAddr::from(([127, 0, 0, 1], 9))).await;
    for path in [
        "",
        "@example.org/",
        "//\r\nx: y",
        "http://example.org/",
        "/a b",
    ] {
        let (link, protocols) = (1, Vec::new());
        let opened = peer
            .perform(Command::OpenLink {
                link,
                path: path.into(),
                protocols,
                headers: vec![],
                via: Via::default(),
            })
            .await;
        assert!(
            matches!(opened, Err(HandError::Refused { .. })),
            "{path:?}: {opened:?}"
        );
    }
}

#[tokio::test]
async fn finishing_closes_as_a_page_that_goes_away() {
    let (peer, mut happenings, mut server) = linked().await;
    let read = async {
        let message = soon(server.next()).await.expect("open").expect("message");
        assert!(matches!(message, Message::Close(Some(frame)) if u16::from(frame.code) == 1001));
        soon(async { while server.next().await.is_some() {} }).await;
        drop(server);
    };
    tokio::join!(soon(peer.finish()), read);
    assert_eq!(next(&mut happenings).await, None);
    let late = peer.perform(open(2)).await;
    assert_eq!(late, Err(HandError::Gone("it has finished".into())));
}

#[tokio::test]
async fn a_killed_peer_resets_its_socket() {
    let (listener, origin) = listen().await;
    let (peer, mut happenings) = NativePeer::start(origin).await;
    peer.perform(open(1)).await.expect("open");
    let mut server = accept(&listener, origin).await;
    assert_eq!(
        next(&mut happenings).await,
        Some(Happening::LinkOpened { link: 1 })
    );
    peer.kill(Kill::Socket).await.expect("a note");
    peer.perform(Command::SendText {
        link: 1,
        text: "alive".into(),
    })
    .await
    .expect("send");
    assert_eq!(
        soon(server.next()).await.expect("open").expect("message"),
        Message::text("alive")
    );
    peer.kill(Kill::Browser).await.expect("kill");
    match soon(server.next()).await {
        Some(Err(Error::Io(error))) => {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset)
        }
        other => panic!("no reset but {other:?}"),
    }
    assert_eq!(next(&mut happenings).await, None);
    let late = peer.perform(open(2)).await;
    assert_eq!(late, Err(HandError::Gone("killed (browser)".into())));
}

#[tokio::test]
async fn a_wire_peer_has_no_connections() {
    let (peer, _happenings) = WirePeer::start(SocketAddr::from(([127, 0, 0, 1], 9))).await;
    let answer = peer.perform(Command::NewConnection { conn: 1 }).await;
    assert!(
        matches!(answer, Err(HandError::Unsupported(_))),
        "{answer:?}"
    );
}

fn fetch(method: &str, body: Option<&str>) -> Command {
    Command::Fetch {
        method: method.into(),
        path: "/rooms?x=1".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.map(Into::into),
    }
}

/// Serves one request with `response`; answers what it got.
async fn serve(listener: &TcpListener, response: &str) -> String {
    let (mut stream, _) = soon(listener.accept()).await.expect("accept");
    let mut got = Vec::new();
    let whole = |got: &[u8]| match got.starts_with(b"GET") {
        true => got.ends_with(b"\r\n\r\n"),
        false => got.ends_with(b"{}"),
    };
    while !whole(&got) {
        soon(stream.read_buf(&mut got)).await.expect("read");
    }
    soon(stream.write_all(response.as_bytes()))
        .await
        .expect("write");
    String::from_utf8(got).expect("text").to_lowercase()
}

#[tokio::test]
async fn requests_are_answered_with_status_and_body() {
    let (listener, origin) = listen().await;
    let (peer, _happenings) = WirePeer::start(origin).await;
    let created = "HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok";
    let (answer, got) = tokio::join!(
        peer.perform(fetch("POST", Some("{}"))),
        serve(&listener, created)
    );
    assert_eq!(
        answer,
        Ok(Reply::Response {
            status: 201,
            body: "ok".into()
        })
    );
    assert!(got.starts_with("post /rooms?x=1 http/1.1\r\n"), "{got}");
    for line in [
        format!("host: {origin}"),
        format!("origin: http://{origin}"),
        "content-type: application/json".into(),
    ] {
        assert!(got.contains(&format!("{line}\r\n")), "no {line} in {got}");
    }
    let gone = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
    let (answer, got) = tokio::join!(peer.perform(fetch("GET", None)), serve(&listener, gone));
    assert_eq!(
        answer,
        Ok(Reply::Response {
            status: 404,
            body: String::new()
        })
    );
    assert!(!got.contains("origin:"), "{got}");
}

#[tokio::test]
async fn a_failed_request_says_why() {
    let (listener, origin) = listen().await;
    drop(listener);
    let (peer, _happenings) = WirePeer::start(origin).await;
    match soon(peer.perform(fetch("GET", None))).await {
        Err(HandError::Refused { message, .. }) => {
            assert!(message.to_lowercase().contains("refused"), "{message}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_request_does_not_outlive_its_peer() {
    let (listener, origin) = listen().await;
    let (peer, _happenings) = WirePeer::start(origin).await;
    let waiting = peer.perform(fetch("GET", None));
    let (_silent, _) = soon(listener.accept()).await.expect("accept");
    soon(peer.finish()).await;
    assert!(matches!(soon(waiting).await, Err(HandError::Gone(_))));
}
