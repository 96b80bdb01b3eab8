//! Ends: of either side's own, and cuts by the tap.

use std::io::ErrorKind;

use futures_util::{SinkExt, StreamExt};
use glare::tap::{Cut, Delivery, LinkChange, Verdict};
use glare::terms::{Ending, Side};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::ends::*;

fn down_by(by: Side, ending: Ending) -> Seen {
    Seen::Link(1, LinkChange::Down { by, ending })
}

async fn is_reset(stream: &mut TcpStream) {
    let error = read_to_end(stream).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_reset_goes_on_as_a_reset_after_what_came_before() {
    for by in [Side::Peer, Side::Server] {
        let mut bench = Bench::new().await;
        let (peer, server) = bench.pair().await;
        let (mut from, mut to, last) = match by {
            Side::Peer => (peer, server, up("last")),
            _ => (server, peer, down("last")),
        };
        from.write_all(&last).await.unwrap();
        assert_eq!(read(&mut to, last.len()).await, last);
        bench.next().await;
        from.set_zero_linger().unwrap();
        drop(from);
        is_reset(&mut to).await;
        assert_eq!(bench.next().await, down_by(by, Ending::Reset));
    }
}

#[tokio::test]
async fn an_end_of_stream_goes_on_and_the_other_way_stays_open() {
    for by in [Side::Peer, Side::Server] {
        let mut bench = Bench::new().await;
        let (peer, server) = bench.pair().await;
        let (mut from, mut to, answer) = match by {
            Side::Peer => (peer, server, down("still here")),
            _ => (server, peer, up("still here")),
        };
        // With the beginning of a message that never ends.
        from.write_all(&[0x01]).await.unwrap();
        from.shutdown().await.unwrap();
        assert_eq!(read_to_end(&mut to).await.unwrap(), [0x01]);
        assert_eq!(bench.next().await, down_by(by, Ending::Eof));
        to.write_all(&answer).await.unwrap();
        drop(to);
        assert_eq!(read_to_end(&mut from).await.unwrap(), answer);
    }
}

#[tokio::test]
async fn a_close_handshake_between_libraries_is_told_once() {
    let mut bench = Bench::new().await;
    let url = format!("ws://{}/ws", bench.tap.address());
    let (peer, server) = tokio::join!(tokio_tungstenite::connect_async(url), async {
        tokio_tungstenite::accept_async(bench.accept().await).await
    });
    let (mut peer, mut server) = (peer.unwrap().0, server.unwrap());
    server.close(None).await.unwrap();
    // Each end closes by its own rules; the library answers while it is read.
    let reading = async {
        let answer = server.next().await;
        let end = server.next().await;
        drop(server);
        (answer, end)
    };
    let (question, (answer, end)) =
        soon(async { tokio::join!(peer.by_ref().collect::<Vec<_>>(), reading) }).await;
    assert!(matches!(question.as_slice(), [Ok(Message::Close(None))]));
    assert!(matches!(answer, Some(Ok(Message::Close(None)))));
    assert!(end.is_none());
    bench.next().await;
    let ending = Ending::Close {
        code: None,
        reason: String::new(),
    };
    assert_eq!(bench.next().await, down_by(Side::Server, ending));
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_cut_by_close_frame_is_a_close_by_the_other_at_both_ends() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let how = Cut::Close {
        code: 1012,
        reason: "restart".to_owned(),
    };
    assert_eq!(soon(bench.tap.cut(Some(1), how)).await, 1);
    let payload = b"\x03\xf4restart";
    assert_eq!(read(&mut peer, 11).await, frame(0x88, payload, None));
    let close = read(&mut server, 15).await;
    let key = [close[2], close[3], close[4], close[5]];
    assert_eq!(close, frame(0x88, payload, Some(key)));
    let ending = Ending::Close {
        code: Some(1012),
        reason: "restart".to_owned(),
    };
    assert_eq!(bench.next().await, down_by(Side::Tap, ending));

    // What crosses the cut reaches nobody, and each end's answer ends its own side.
    peer.write_all(&[up("too late"), frame(0x88, payload, KEY)].concat())
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
    server
        .write_all(&[down("too late"), frame(0x88, payload, None)].concat())
        .await
        .unwrap();
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
    drop((peer, server));
    // Over: it can be cut no more.
    soon(async {
        while bench.tap.cut(None, Cut::Reset).await > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert!(bench.seen.try_recv().is_err());
}

#[tokio::test]
async fn a_cut_by_close_frame_where_no_frame_has_a_place_is_a_reset() {
    for by in [Side::Peer, Side::Server] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = bench.pair().await;
        // No frame, so nobody knows where one would begin.
        let (from, to, opaque) = match by {
            Side::Peer => (&mut peer, &mut server, down("without a mask")),
            _ => (&mut server, &mut peer, up("with a mask")),
        };
        from.write_all(&opaque).await.unwrap();
        assert_eq!(read(to, opaque.len()).await, opaque);
        let how = Cut::Close {
            code: 1012,
            reason: String::new(),
        };
        assert_eq!(soon(bench.tap.cut(Some(1), how)).await, 1);
        is_reset(&mut peer).await;
        is_reset(&mut server).await;
        assert!(matches!(bench.next().await, Seen::Violation(..)));
        assert_eq!(bench.next().await, down_by(Side::Tap, Ending::Reset));
    }
}

#[tokio::test]
async fn libraries_see_a_cut_by_close_frame_and_one_by_reset() {
    for how in [
        Cut::Close {
            code: 4000,
            reason: "cut".to_owned(),
        },
        Cut::Reset,
    ] {
        let bench = Bench::new().await;
        let url = format!("ws://{}/ws", bench.tap.address());
        let (peer, server) = tokio::join!(tokio_tungstenite::connect_async(url), async {
            tokio_tungstenite::accept_async(bench.accept().await).await
        });
        let (mut peer, mut server) = (peer.unwrap().0, server.unwrap());
        peer.send(Message::text("x")).await.unwrap();
        soon(server.next()).await.unwrap().unwrap();
        assert_eq!(soon(bench.tap.cut(None, how.clone())).await, 1);
        for (end, got) in [
            ("peer", soon(peer.next()).await),
            ("server", soon(server.next()).await),
        ] {
            match (&how, got) {
                (Cut::Close { .. }, Some(Ok(Message::Close(Some(close))))) => {
                    assert_eq!(u16::from(close.code), 4000, "{end}");
                    assert_eq!(close.reason.as_str(), "cut", "{end}");
                }
                (Cut::Reset, Some(Err(Error::Io(error)))) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{end}");
                }
                (how, got) => panic!("{end} saw {got:?} after {how:?}"),
            }
        }
        if how != Cut::Reset {
            let (peer, server) = tokio::join!(soon(peer.next()), soon(server.next()));
            assert!(peer.is_none() && server.is_none());
        }
    }
}

#[tokio::test]
async fn a_cut_by_reset_resets_both_ends_and_only_its_link() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    let (mut other, mut other_server) = bench.pair().await;
    assert_eq!(soon(bench.tap.cut(Some(1), Cut::Reset)).await, 1);
    is_reset(&mut peer).await;
    is_reset(&mut server).await;
    assert_eq!(bench.next().await, down_by(Side::Tap, Ending::Reset));
    other.write_all(&up("here")).await.unwrap();
    assert_eq!(read(&mut other_server, 10).await, up("here"));
    assert_eq!(soon(bench.tap.cut(Some(1), Cut::Reset)).await, 0);
}

#[tokio::test]
async fn stopping_closes_everything_and_frees_the_port() {
    let mut bench = Bench::judging(|_| Verdict::Hold).await;
    let (mut peer, mut server) = bench.pair().await;
    let mut idle = bench.connect().await;
    peer.write_all(&up("held")).await.unwrap();
    bench.next().await;
    let address = bench.tap.address();
    soon(bench.tap.stop()).await;
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
    assert_eq!(read_to_end(&mut idle).await.unwrap(), b"");
    // The policy is let go: no task has it any more.
    assert!(soon(bench.seen.recv()).await.is_none());
    TcpListener::bind(address).await.unwrap();
}

#[tokio::test]
async fn dropping_the_tap_ends_everything() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    drop(bench.tap);
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
    assert_eq!(read_to_end(&mut server).await.unwrap(), b"");
    assert!(soon(bench.seen.recv()).await.is_none());
}

#[tokio::test]
async fn a_release_of_nothing_is_undeliverable() {
    let bench = Bench::new().await;
    for hold in [0, 1, 1 << 32, u64::MAX] {
        assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);
        bench.tap.discard(hold).await;
    }
}
