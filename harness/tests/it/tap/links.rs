//! Half-open links, and readers that stop reading.

use std::time::Duration;

use glare::tap::{Cut, LinkChange};
use glare::terms::Silence;
use glare::terms::{Ending, Side};
use tokio::io::AsyncWriteExt;

use super::ends::*;

const UP: Silence = Silence {
    up: true,
    down: false,
};
const DOWN: Silence = Silence {
    up: false,
    down: true,
};
const BOTH: Silence = Silence {
    up: true,
    down: true,
};

#[tokio::test]
async fn what_is_sent_into_a_silence_is_swallowed_and_the_other_way_goes_on() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    assert_eq!(soon(bench.tap.silence(None, UP)).await, 1);
    // A ping, a whole message, and the beginning of one that ends after the silence.
    let half = up("whole again");
    let sent = [frame(0x89, b"ping", KEY), up("lost"), half[..5].to_vec()].concat();
    peer.write_all(&sent).await.unwrap();
    let seen = bench.next().await;
    assert_eq!(seen.short(), "up lost");
    assert!(seen.swallowed());
    server.write_all(&down("heard")).await.unwrap();
    assert_eq!(read(&mut peer, 7).await, down("heard"));
    assert!(!bench.next().await.swallowed());

    assert_eq!(soon(bench.tap.mend(Some(1))).await, 1);
    peer.write_all(&[half[5..].to_vec(), up("next")].concat())
        .await
        .unwrap();
    let expected = [half, up("next")].concat();
    assert_eq!(read(&mut server, expected.len()).await, expected);
    assert!(!bench.next().await.swallowed());
}

#[tokio::test]
async fn a_silent_link_closes_for_nobody() {
    for how in [UP, BOTH] {
        let mut bench = Bench::new().await;
        let (mut peer, mut server) = bench.pair().await;
        assert_eq!(soon(bench.tap.silence(Some(1), how)).await, 1);
        peer.write_all(&frame(0x88, b"\x03\xe8", KEY))
            .await
            .unwrap();
        peer.shutdown().await.unwrap();
        assert!(matches!(
            bench.next().await,
            Seen::Link(1, LinkChange::Unheard { .. })
        ));
        // The server may speak as long as it likes: no answer, no end, no reset.
        for _ in 0..3 {
            server.write_all(&down("hello?")).await.unwrap();
            bench.next().await;
        }
        let nothing = tokio::time::timeout(Duration::from_millis(100), read(&mut server, 1)).await;
        assert!(nothing.is_err(), "{how:?}: {nothing:?}");
        // When it gives up, all ends: by the reset where that can still be heard.
        server.set_zero_linger().unwrap();
        drop(server);
        assert_eq!(read_to_end(&mut peer).await.is_err(), how == UP);
    }
}

#[tokio::test]
async fn a_reset_of_a_silent_peer_is_not_felt_until_the_server_ends() {
    for by_reset in [true, false] {
        let mut bench = Bench::new().await;
        let (peer, mut server) = bench.pair().await;
        assert_eq!(soon(bench.tap.silence(None, UP)).await, 1);
        peer.set_zero_linger().unwrap();
        drop(peer);
        assert_eq!(
            bench.next().await,
            Seen::Link(
                1,
                LinkChange::Unheard {
                    ending: Ending::Reset
                }
            )
        );
        for _ in 0..3 {
            server.write_all(&down("hello?")).await.unwrap();
            bench.next().await;
        }
        let nothing = tokio::time::timeout(Duration::from_millis(100), read(&mut server, 1)).await;
        assert!(nothing.is_err(), "{nothing:?}");
        if by_reset {
            server.set_zero_linger().unwrap();
        }
        drop(server);
        // Over for the tap as well.
        soon(async {
            while bench.tap.mend(None).await > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_silence_of_who_has_ended_keeps_no_reset_from_the_other_side() {
    for (how, by) in [(UP, Side::Peer), (DOWN, Side::Server)] {
        let mut bench = Bench::new().await;
        let (peer, server) = bench.pair().await;
        let (mut gone, mut left) = match by {
            Side::Peer => (peer, server),
            _ => (server, peer),
        };
        gone.shutdown().await.unwrap();
        assert!(matches!(
            bench.next().await,
            Seen::Link(1, LinkChange::Down { .. })
        ));
        assert_eq!(soon(bench.tap.silence(None, how)).await, 1);
        gone.set_zero_linger().unwrap();
        drop(gone);
        let word = match by {
            Side::Peer => down("there?"),
            _ => up("there?"),
        };
        soon(async {
            while left.write_all(&word).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn a_close_that_a_silence_swallowed_is_not_told_by_a_mend() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    assert_eq!(soon(bench.tap.silence(None, UP)).await, 1);
    let close = frame(0x88, b"\x03\xe8", KEY);
    peer.write_all(&close).await.unwrap();
    assert!(matches!(
        bench.next().await,
        Seen::Link(1, LinkChange::Unheard { .. })
    ));
    assert_eq!(soon(bench.tap.mend(None)).await, 1);
    // The server speaks on, and that is the next thing to be seen.
    server.write_all(&down("still there?")).await.unwrap();
    assert!(!matches!(bench.next().await, Seen::Link(..)));
    // An end that it can hear of is told.
    peer.shutdown().await.unwrap();
    assert!(matches!(
        bench.next().await,
        Seen::Link(1, LinkChange::Down { by: Side::Peer, .. })
    ));
}

#[tokio::test]
async fn an_end_within_a_silence_is_told_when_it_is_mended() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    assert_eq!(soon(bench.tap.silence(None, DOWN)).await, 1);
    server.write_all(&down("lost")).await.unwrap();
    assert!(bench.next().await.swallowed());
    server.shutdown().await.unwrap();
    bench.next().await;
    assert_eq!(soon(bench.tap.mend(None)).await, 1);
    assert_eq!(read_to_end(&mut peer).await.unwrap(), b"");
}

#[tokio::test]
async fn a_silent_link_can_still_be_reset() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    soon(bench.tap.silence(None, BOTH)).await;
    assert_eq!(soon(bench.tap.cut(None, Cut::Reset)).await, 1);
    assert!(read_to_end(&mut peer).await.is_err());
    assert!(read_to_end(&mut server).await.is_err());
    assert_eq!(soon(bench.tap.silence(None, BOTH)).await, 0);
}

#[tokio::test]
async fn a_stall_reaches_the_server_as_backpressure_and_loses_nothing() {
    let mut bench = Bench::new().await;
    let (mut peer, mut server) = bench.pair().await;
    assert_eq!(soon(bench.tap.stall(None)).await, 1);
    // The other way is free.
    peer.write_all(&up("still here")).await.unwrap();
    assert_eq!(read(&mut server, 16).await, up("still here"));
    bench.next().await;
    let message = frame(0x82, &[1; 60_000], None);
    let mut written = 0;
    loop {
        let chunk = &message[written % message.len()..];
        match tokio::time::timeout(Duration::from_secs(1), server.write(chunk)).await {
            Ok(count) => written += count.unwrap(),
            Err(_) => break,
        }
    }
    assert!(bench.seen.try_recv().is_err(), "nothing is read");
    assert_eq!(soon(bench.tap.mend(None)).await, 1);
    // The tap passes messages whole: what was written of the last one stays with it.
    let whole = written - written % message.len();
    let mut got = 0;
    while got + 65536 <= whole {
        let expected: Vec<u8> = (0..65536)
            .map(|i| message[(got + i) % message.len()])
            .collect();
        assert!(read(&mut peer, 65536).await == expected, "at {got}");
        got += 65536;
    }
}
