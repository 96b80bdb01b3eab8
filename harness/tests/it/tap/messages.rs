//! What passes, passes unchanged.

use futures_util::{SinkExt, StreamExt};
use glare::tap::{LinkChange, MESSAGE_CAP, Verdict};
use glare::terms::{Carrier, Direction, Ending, Side};
use tokio::io::AsyncWriteExt;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::ends::*;

#[tokio::test]
async fn an_upgrade_passes_byte_for_byte_but_for_its_extensions() {
    let mut bench = Bench::new().await;
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    let origin = bench.tap.origin();
    let before = format!(
        "GET /chat/%20x?room=a&b=%7B HTTP/1.1\r\nHOST: {host}\r\nx-Odd-CASE:  two  spaces \r\nupgrade: WebSocket\r\n"
    );
    let after = format!(
        "Connection: keep-alive, Upgrade\r\nCookie: a=1; b=2\r\nOrigin: {origin}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: json.v2, json.v1\r\n"
    );
    let extensions = "sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n";
    let sent = format!("{before}{extensions}{after}Sec-WebSocket-Extensions:\r\n\r\n");
    // In pieces, as a slow network would bring it.
    for piece in sent.as_bytes().chunks(7) {
        peer.write_all(piece).await.unwrap();
    }
    let mut server = bench.accept().await;
    assert_eq!(read_head(&mut server).await, format!("{before}{after}\r\n"));

    let answer = "HTTP/1.1 101 Sure thing\r\nupgrade: websocket\r\nConnection: Upgrade\r\nSet-Cookie: x\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: json.v1\r\n\r\n";
    // A first message right behind the answer.
    server
        .write_all(&[answer.as_bytes(), &down("hello")].concat())
        .await
        .unwrap();
    assert_eq!(read_head(&mut peer).await, answer);
    assert_eq!(read(&mut peer, 7).await, down("hello"));
    let path = "/chat/%20x?room=a&b=%7B".to_owned();
    assert_eq!(bench.next().await, Seen::Link(1, LinkChange::Up { path }));
    assert_eq!(bench.next().await.short(), "down hello");
}

#[tokio::test]
async fn every_kind_of_frame_passes_byte_for_byte_both_ways() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    for (key, direction) in [(KEY, Direction::Up), (None, Direction::Down)] {
        let long = vec![0xabu8; 70_000];
        let stream = [
            frame(0x81, b"text", key),
            frame(0x82, &[0, 255, 1], key),
            frame(0x89, b"ping", key),
            frame(0x8a, b"pong", key),
            frame(0x01, b"fra", key),
            frame(0x00, b"", key),
            frame(0x89, b"between", key),
            frame(0x80, b"gment", key),
            frame(0x81, b"", key),
            frame(0x82, &[7; 126], key),
            frame(0x82, &long, key),
            frame(0x88, b"\x0f\xa1over", key),
        ]
        .concat();
        let (from, to) = match direction {
            Direction::Up => (&mut peer, &mut server),
            Direction::Down => (&mut server, &mut peer),
        };
        from.write_all(&stream).await.unwrap();
        assert!(read(to, stream.len()).await == stream, "{direction:?}");
        for (expected, data) in [
            (Carrier::Text, b"text".to_vec()),
            (Carrier::Binary, vec![0, 255, 1]),
            (Carrier::Text, b"fragment".to_vec()),
            (Carrier::Text, b"".to_vec()),
            (Carrier::Binary, vec![7; 126]),
            (Carrier::Binary, long),
        ] {
            let seen = bench.next().await;
            let hold = seen.hold();
            assert_eq!(
                seen,
                Seen::Message {
                    link: 1,
                    direction,
                    carrier: expected,
                    data,
                    head: String::new(),
                    truncated: false,
                    swallowed: false,
                    hold
                }
            );
        }
        if direction == Direction::Up {
            let ending = Ending::Close {
                code: Some(4001),
                reason: "over".to_owned(),
            };
            let by = Side::Peer;
            assert_eq!(
                bench.next().await,
                Seen::Link(1, LinkChange::Down { by, ending })
            );
        }
    }
    // The second close frame is no second end; and nobody has answered a ping.
    drop(peer);
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_ping_does_not_wait_for_the_message_around_it() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let (first, ping) = (frame(0x01, b"unfi", KEY), frame(0x89, b"there?", KEY));
    peer.write_all(&[first.clone(), ping.clone()].concat())
        .await
        .unwrap();
    assert_eq!(read(&mut server, ping.len()).await, ping);
    let last = frame(0x80, b"nished", KEY);
    peer.write_all(&last).await.unwrap();
    let rest = [first, last].concat();
    assert_eq!(read(&mut server, rest.len()).await, rest);
    assert_eq!(bench.next().await.short(), "up unfinished");
}

#[tokio::test]
async fn what_is_no_frame_passes_unread() {
    for bad in [
        frame(0xc1, b"reserved bit", KEY),
        frame(0x83, b"reserved opcode", KEY),
        frame(0x81, b"no mask", None),
        frame(0x80, b"nothing to continue", KEY),
        frame(0x09, b"a ping in two", KEY),
        frame(0x89, &[0; 200], KEY),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0x82, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
    ] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = bench.pair().await;
        let stream = [up("good"), bad, up("unread")].concat();
        peer.write_all(&stream).await.unwrap();
        assert_eq!(read(&mut server, stream.len()).await, stream);
        assert_eq!(bench.next().await.short(), "up good");
        // Told once, as the peer's own doing, and nothing is judged any more.
        let told = bench.next().await;
        assert!(
            matches!(told, Seen::Violation(1, Direction::Up, _)),
            "{told:?}"
        );
        assert!(bench.seen.try_recv().is_err());
        server.write_all(&down("still read")).await.unwrap();
        assert_eq!(bench.next().await.short(), "down still read");
    }
}

#[tokio::test]
async fn several_links_live_beside_and_after_each_other() {
    let mut bench = Bench::new().await;
    let (mut first, mut server_1) = bench.pair().await;
    let (mut second, _server_2) = bench.pair().await;
    second.write_all(&up("two")).await.unwrap();
    first.write_all(&up("one")).await.unwrap();
    let mut links = Vec::new();
    for _ in 0..2 {
        match bench.next().await {
            Seen::Message { link, data, .. } => links.push((link, data)),
            other => panic!("{other:?}"),
        }
    }
    links.sort();
    assert_eq!(links, [(1, b"one".to_vec()), (2, b"two".to_vec())]);
    drop(first);
    let _ = read_to_end(&mut server_1).await;
    drop(server_1);
    bench.next().await;
    let (mut third, _server_3) = bench.pair().await;
    third.write_all(&up("three")).await.unwrap();
    assert!(matches!(bench.next().await, Seen::Message { link: 3, .. }));
}

async fn library_pair(
    bench: &mut Bench,
) -> (
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>,
    tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>,
) {
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let url = format!("ws://{}/ws", bench.tap.address());
    let (peer, server) = tokio::join!(
        tokio_tungstenite::connect_async_with_config(url, Some(config), true),
        async {
            let stream = bench.accept().await;
            tokio_tungstenite::accept_async_with_config(stream, Some(config)).await
        }
    );
    assert!(matches!(
        bench.next().await,
        Seen::Link(_, LinkChange::Up { .. })
    ));
    (peer.unwrap().0, server.unwrap())
}

#[tokio::test]
async fn ten_megabytes_pass_both_ways_at_once() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = library_pair(&mut bench).await;
    let big: Vec<u8> = (0..10_000_000u32).map(|i| (i % 251) as u8).collect();
    let message = Message::binary(big.clone());
    let (mut peer_out, mut peer_in) = (&mut peer).split();
    let (mut server_out, mut server_in) = (&mut server).split();
    let (a, b, to_server, to_peer) = soon(async {
        tokio::join!(
            peer_out.send(message.clone()),
            server_out.send(message.clone()),
            server_in.next(),
            peer_in.next()
        )
    })
    .await;
    a.unwrap();
    b.unwrap();
    assert!(to_server.unwrap().unwrap() == message);
    assert!(to_peer.unwrap().unwrap() == message);
    for _ in 0..2 {
        assert!(bench.next().await.data() == big);
    }
}

#[tokio::test]
async fn a_message_beyond_the_cap_is_judged_by_its_beginning() {
    for verdict in [Verdict::Pass, Verdict::Drop, Verdict::Hold] {
        let mut bench = Bench::judging(move |passing| match passing.truncated {
            true => verdict,
            false => Verdict::Pass,
        })
        .await;
        let (mut peer, mut server) = library_pair(&mut bench).await;
        let big = Message::binary(vec![5u8; MESSAGE_CAP + 5_000_000]);
        let (sent, got) = soon(async {
            tokio::join!(
                async {
                    peer.send(big.clone()).await?;
                    peer.send(Message::text("after")).await
                },
                async {
                    let first = server.next().await.unwrap().unwrap();
                    if verdict == Verdict::Drop {
                        return (None, first);
                    }
                    (Some(first), server.next().await.unwrap().unwrap())
                }
            )
        })
        .await;
        sent.unwrap();
        // What is too long to keep cannot be held.
        assert!(got.0.is_none_or(|first| first == big));
        assert_eq!(got.1, Message::text("after"));
        match bench.next().await {
            Seen::Message {
                truncated, data, ..
            } => {
                assert!(truncated && data.len() >= MESSAGE_CAP - 100);
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(bench.next().await.short(), "up after");
    }
}
