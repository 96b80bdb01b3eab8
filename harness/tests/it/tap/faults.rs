//! Hold, release, drop, delay.

use std::time::{Duration, Instant};

use glare::tap::{Delivery, Verdict};
use glare::terms::Direction;
use tokio::io::AsyncWriteExt;

use super::ends::*;

fn by_text(data: &[u8]) -> Verdict {
    match data {
        data if data.starts_with(b"hold") => Verdict::Hold,
        data if data.starts_with(b"drop") => Verdict::Drop,
        data if data.starts_with(b"slow") => Verdict::Delay(Duration::from_millis(300)),
        _ => Verdict::Pass,
    }
}

#[tokio::test]
async fn a_held_message_is_overtaken_and_then_released_unchanged() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    let held = [frame(0x01, b"hold ", KEY), frame(0x80, b"it", KEY)].concat();
    peer.write_all(&[held.clone(), up("next")].concat())
        .await
        .unwrap();
    assert_eq!(read(&mut server, up("next").len()).await, up("next"));
    let hold = bench.next().await.hold();
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(read(&mut server, held.len()).await, held);
    // A hold ends once.
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);

    server
        .write_all(&[down("hold that"), down("passes")].concat())
        .await
        .unwrap();
    assert_eq!(read(&mut peer, 8).await, down("passes"));
    bench.next().await;
    let hold = bench.next().await.hold();
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    assert_eq!(read(&mut peer, 11).await, down("hold that"));
}

#[tokio::test]
async fn a_release_from_within_the_judgement_is_not_lost() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    for _ in 0..200 {
        peer.write_all(&up("hold")).await.unwrap();
        let hold = bench.next().await.hold();
        assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Delivered);
    }
    let all = up("hold").repeat(200);
    assert_eq!(read(&mut server, all.len()).await, all);
}

#[tokio::test]
async fn a_discarded_hold_is_gone() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    peer.write_all(&up("hold")).await.unwrap();
    let hold = bench.next().await.hold();
    soon(bench.tap.discard(hold)).await;
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);
    peer.write_all(&up("next")).await.unwrap();
    assert_eq!(read(&mut server, up("next").len()).await, up("next"));
}

#[tokio::test]
async fn a_release_to_a_link_that_is_down_is_undeliverable() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    server.write_all(&down("hold")).await.unwrap();
    let hold = bench.next().await.hold();
    // It has said goodbye, but its socket is still there.
    peer.write_all(&frame(0x88, b"\x03\xe8", KEY))
        .await
        .unwrap();
    bench.next().await;
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);

    let (mut peer, mut server) = bench.pair().await;
    peer.write_all(&up("hold")).await.unwrap();
    let hold = bench.next().await.hold();
    server.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
    drop((peer, server));
    bench.next().await;
    assert_eq!(soon(bench.tap.release(hold)).await, Delivery::Undeliverable);
}

#[tokio::test]
async fn a_dropped_message_leaves_its_pings_and_the_rest() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    let ping = frame(0x89, b"stays", KEY);
    let stream = [
        up("one"),
        frame(0x01, b"drop", KEY),
        ping.clone(),
        frame(0x80, b"ped", KEY),
        up("two"),
    ]
    .concat();
    peer.write_all(&stream).await.unwrap();
    let rest = [up("one"), ping, up("two")].concat();
    assert_eq!(read(&mut server, rest.len()).await, rest);
    for expected in ["up one", "up dropped", "up two"] {
        assert_eq!(bench.next().await.short(), expected);
    }
}

#[tokio::test]
async fn what_follows_a_delay_waits_behind_it_and_the_other_way_does_not() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    let begun = Instant::now();
    let ping = frame(0x89, b"", KEY);
    let stream = [up("first"), up("slow"), ping, up("last")].concat();
    peer.write_all(&stream).await.unwrap();
    assert_eq!(read(&mut server, up("first").len()).await, up("first"));
    // All is read and judged, though not yet forwarded.
    for expected in ["up first", "up slow", "up last"] {
        assert_eq!(bench.next().await.short(), expected);
    }
    server.write_all(&down("quick")).await.unwrap();
    assert_eq!(read(&mut peer, 7).await, down("quick"));
    let rest = &stream[up("first").len()..];
    assert_eq!(read(&mut server, rest.len()).await, rest);
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn an_end_of_stream_waits_behind_a_delay() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, mut server) = bench.pair().await;
    peer.write_all(&up("slow")).await.unwrap();
    peer.shutdown().await.unwrap();
    assert_eq!(read_to_end(&mut server).await.unwrap(), up("slow"));
}

#[tokio::test]
async fn a_message_into_a_socket_that_is_gone_is_told() {
    let mut bench = Bench::judging(|passing| by_text(passing.data)).await;
    let (mut peer, server) = bench.pair().await;
    peer.write_all(&up("slow")).await.unwrap();
    assert_eq!(bench.next().await.short(), "up slow");
    server.set_zero_linger().unwrap();
    drop(server);
    bench.next().await;
    assert_eq!(bench.next().await, Seen::Undeliverable(1, Direction::Up));
    assert!(read_to_end(&mut peer).await.is_err());
}

#[tokio::test]
async fn backpressure_reaches_the_sender() {
    let mut bench = Bench::new().await;
    let (mut peer, _server) = bench.pair().await;
    let message = frame(0x82, &[1; 60_000], KEY);
    let sending = async {
        loop {
            peer.write_all(&message).await.unwrap();
        }
    };
    let stuck = tokio::time::timeout(Duration::from_secs(2), sending).await;
    assert!(stuck.is_err());
    let mut judged = 0;
    while bench.seen.try_recv().is_ok() {
        judged += 1;
    }
    // Kernel buffers hold a few megabytes; the tap adds no more than its own quarter.
    assert!(judged * 60_000 < 64_000_000, "{judged} messages taken in");
}
