//! Duplicates, corrupted messages, and messages that swap places.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use glare::tap::{Delivery, Verdict};
use glare::terms::Direction;
use glare::terms::{Corruption, RawFrame};
use tokio::io::AsyncWriteExt;

use super::ends::*;

/// Holds what begins with `first` and lets it go behind what begins with `second`.
fn swapping() -> impl Fn(&glare::tap::Passing<'_>, u64) -> Verdict + Send + Sync + 'static {
    let kept = AtomicU64::new(0);
    move |passing, hold| match passing.data {
        data if data.starts_with(b"first") => {
            kept.store(hold, Ordering::SeqCst);
            Verdict::Hold
        }
        data if data.starts_with(b"second") => Verdict::Then(kept.load(Ordering::SeqCst), None),
        data if data.starts_with(b"slow second") => Verdict::Then(
            kept.load(Ordering::SeqCst),
            Some(Duration::from_millis(200)),
        ),
        _ => Verdict::Pass,
    }
}

#[tokio::test]
async fn a_duplicate_comes_twice_with_its_pings_once() {
    let mut bench = Bench::judging(|passing| match passing.data {
        b"double" => Verdict::Duplicate,
        _ => Verdict::Pass,
    })
    .await;
    let (mut peer, mut server) = bench.pair().await;
    let (begin, ping, end) = (
        frame(0x01, b"dou", KEY),
        frame(0x89, b"p", KEY),
        frame(0x80, b"ble", KEY),
    );
    let sent = [begin.clone(), ping, end.clone(), up("last")].concat();
    peer.write_all(&sent).await.unwrap();
    let head = sent.len() - up("last").len();
    let expected = [&sent[..head], &begin, &end, &up("last")].concat();
    assert_eq!(read(&mut server, expected.len()).await, expected);
    // It is judged once.
    assert_eq!(bench.next().await.short(), "up double");
    assert_eq!(bench.next().await.short(), "up last");

    server
        .write_all(&[down("double"), down("last")].concat())
        .await
        .unwrap();
    let expected = [down("double"), down("double"), down("last")].concat();
    assert_eq!(read(&mut peer, expected.len()).await, expected);
}

#[tokio::test]
async fn a_corrupted_message_is_one_valid_frame_of_the_same_length() {
    for (how, expected) in [
        (Corruption::Letter, &b"{\"a\":\"c\"}"[..]),
        (Corruption::NotJson, b"#\"a\":\"b\"}"),
        (Corruption::NotUtf8, b"\xff\"a\":\"b\"}"),
    ] {
        let mut bench = Bench::judging(move |passing| match passing.data {
            b"whole" => Verdict::Pass,
            _ => Verdict::Corrupt(how),
        })
        .await;
        let (mut peer, mut server) = bench.pair().await;
        let ping = frame(0x89, b"", KEY);
        let sent = [
            frame(0x01, b"{\"a\"", KEY),
            ping.clone(),
            frame(0x80, b":\"b\"}", KEY),
            up("whole"),
        ];
        peer.write_all(&sent.concat()).await.unwrap();
        assert_eq!(read(&mut server, ping.len()).await, ping);
        let got = read(&mut server, 6 + expected.len()).await;
        let key = [got[2], got[3], got[4], got[5]];
        assert_eq!(got, frame(0x81, expected, Some(key)));
        assert_eq!(read(&mut server, up("whole").len()).await, up("whole"));

        server
            .write_all(&[frame(0x82, b"{\"a\":\"b\"}", None), down("whole")].concat())
            .await
            .unwrap();
        let expected = [frame(0x82, expected, None), down("whole")].concat();
        assert_eq!(read(&mut peer, expected.len()).await, expected);
    }
}

#[tokio::test]
async fn two_messages_swap_places_and_what_is_between_them_passes() {
    for second in ["second", "slow second"] {
        let mut bench = Bench::choosing(swapping()).await;
        let (mut peer, mut server) = bench.pair().await;
        let ping = frame(0x89, b"", KEY);
        let sent = [
            up("first"),
            ping.clone(),
            up("other"),
            up(second),
            up("last"),
        ];
        peer.write_all(&sent.concat()).await.unwrap();
        let expected = [ping, up("other"), up(second), up("first"), up("last")].concat();
        assert_eq!(read(&mut server, expected.len()).await, expected);
        // It has gone: it cannot go again.
        for _ in 0..4 {
            let seen = bench.next().await;
            assert_eq!(
                soon(bench.tap.release(seen.hold())).await,
                Delivery::Undeliverable
            );
        }
    }
}

#[tokio::test]
async fn a_swap_is_within_one_direction() {
    let mut bench = Bench::choosing(swapping()).await;
    let (mut peer, mut server) = bench.pair().await;
    peer.write_all(&up("first")).await.unwrap();
    let hold = bench.next().await.hold();
    server.write_all(&down("second")).await.unwrap();
    assert_eq!(read(&mut peer, 8).await, down("second"));
    // Still there.
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(read(&mut server, up("first").len()).await, up("first"));
}

#[tokio::test]
async fn an_http_body_is_corrupted_in_its_place_and_goes_once() {
    let bench = Bench::judging(|passing| match passing.direction {
        Direction::Up => Verdict::Corrupt(Corruption::NotJson),
        Direction::Down => Verdict::Duplicate,
    })
    .await;
    let mut peer = bench.connect().await;
    let host = bench.tap.address();
    let head = |body: usize| {
        format!("POST /create HTTP/1.1\r\nHost: {host}\r\nContent-Length: {body}\r\n\r\n")
    };
    peer.write_all(format!("{}{{\"a\":1}}", head(7)).as_bytes())
        .await
        .unwrap();
    let mut server = bench.accept().await;
    read_head(&mut server).await;
    assert_eq!(read(&mut server, 7).await, b"#\"a\":1}");
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    server.write_all(answer).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer);
    // The connection is in step: the next request is answered with its own answer.
    peer.write_all(format!("{}x", head(1)).as_bytes())
        .await
        .unwrap();
    read_head(&mut server).await;
    assert_eq!(read(&mut server, 1).await, b"#");
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    server.write_all(answer).await.unwrap();
    assert_eq!(read(&mut peer, answer.len()).await, answer);
}

#[tokio::test]
async fn raw_frames_go_up_between_two_messages_unjudged() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    for raw in RawFrame::ALL {
        peer.write_all(&up("one")).await.unwrap();
        assert_eq!(read(&mut server, up("one").len()).await, up("one"));
        assert_eq!(bench.next().await.short(), "up one");
        assert_eq!(soon(bench.tap.inject(1, raw)).await, Delivery::Delivered);
        assert_eq!(read(&mut server, raw.bytes().len()).await, raw.bytes());
    }
    let bytes = |raw: RawFrame| raw.bytes();
    assert_eq!(bytes(RawFrame::Unmasked)[..2], [0x81, 16]);
    assert_eq!(bytes(RawFrame::ReservedBit)[..2], [0xc1, 0x80 | 16]);
    assert_eq!(bytes(RawFrame::FalseLength)[..2], [0x81, 0x80 | 116]);
    assert_eq!(bytes(RawFrame::FalseLength).len(), 6 + 16);
    let utf8 = bytes(RawFrame::NotUtf8);
    assert_eq!(utf8, frame(0x81, b"\xff\xfe", Some(*b"glar")));
    assert!(bench.seen.try_recv().is_err());
    assert_eq!(
        soon(bench.tap.inject(2, RawFrame::Unmasked)).await,
        Delivery::Undeliverable
    );
}

#[tokio::test]
async fn a_raw_frame_for_a_link_that_has_said_goodbye_is_undeliverable() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    // Its way up is open still.
    server
        .write_all(&frame(0x88, b"\x03\xe8", None))
        .await
        .unwrap();
    read(&mut peer, 4).await;
    let told = soon(bench.tap.inject(1, RawFrame::ALL[0])).await;
    assert_eq!(told, Delivery::Undeliverable);
    peer.write_all(&up("after")).await.unwrap();
    assert_eq!(read(&mut server, up("after").len()).await, up("after"));
}

#[tokio::test]
async fn a_knock_tells_the_status_and_spends_no_number() {
    let mut bench = Bench::new().await;
    let serving = async {
        let mut server = bench.accept().await;
        let head = read_head(&mut server).await;
        server
            .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .await
            .unwrap();
        head
    };
    let (status, head) = tokio::join!(soon(bench.tap.knock("/no/where?x")), serving);
    assert_eq!(status.unwrap(), 404);
    assert!(head.starts_with("GET /no/where?x HTTP/1.1\r\n"), "{head}");
    let (status, ()) = tokio::join!(soon(bench.tap.knock("/")), async {
        drop(bench.accept().await);
    });
    assert!(status.is_err());
    // The next WebSocket is the first.
    bench.pair().await;
    assert!(bench.seen.try_recv().is_err());
}
