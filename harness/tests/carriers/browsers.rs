//! Two browsers talk over each carrier, with what a page has for it: `EventSource`, `fetch`, `WebSocket`.

use glare::hand::Hand;
use glare::hand::Happenings;
use glare::names::Stack;
use glare::peer::browser::{BrowserPeer, Pool};
use glare::terms::{Engine, Start, Via};

use crate::carriers_support::*;

/// Two that may be used, one twice if there is no other; none where browsers are left out.
fn two() -> Option<[Stack; 2]> {
    let allowed = glare::suite::stacks().expect("GLARE_STACKS");
    let both = [Stack::Chromium, Stack::Firefox];
    let may: Vec<_> = both
        .into_iter()
        .filter(|one| allowed.contains(one))
        .collect();
    if may.is_empty() {
        eprintln!("LEFT OUT: browsers on the carriers (GLARE_STACKS)");
    }
    Some([*may.first()?, *may.last()?])
}

async fn page(stack: Stack, tap: &Tapped) -> (BrowserPeer, Happenings) {
    let pool = Pool::global().unwrap();
    pool.peer(stack, &tap.tap.origin()).await.unwrap()
}

#[tokio::test]
async fn two_browsers_talk_over_event_streams() {
    let Some([one, other]) = two() else {
        return;
    };
    let server = Server::start().await;
    let mut tap_a = Tapped::before(server.address, pass).await;
    let mut tap_b = Tapped::before(server.address, pass).await;
    let ((a, mut hear_a), (b, mut hear_b)) = tokio::join!(page(one, &tap_a), page(other, &tap_b));
    let names = vec!["offer".into()];
    talk_down(
        (&a, &b),
        (&mut hear_a, &mut hear_b),
        (&mut tap_a, &mut tap_b),
        ("/events", Via::Events { names }, "event"),
    )
    .await;
    // The stream ends: the line ends with it, and nobody dials again.
    soon(tap_b.tap.cut(None, glare::tap::Cut::Reset)).await;
    assert_eq!(closed(&mut hear_b).await, 1006);
    assert_eq!(tap_b.next().await, "1 over by Tap");
    soon(a.finish()).await;
    soon(b.finish()).await;
}

#[tokio::test]
async fn a_stream_that_a_page_is_not_given_opens_no_line() {
    let Some([one, other]) = two() else {
        return;
    };
    for stack in [one, other] {
        let server = Server::start().await;
        let mut tap = Tapped::before(server.address, pass).await;
        let (a, mut hear) = page(stack, &tap).await;
        open(&a, "/nothing", Via::Events { names: vec![] }).await;
        assert_eq!(closed(&mut hear).await, 1006);
        let seen = tap.next().await;
        assert!(
            seen.starts_with("1 refused Answered { status: 404"),
            "{seen}"
        );
        soon(a.finish()).await;
    }
}

#[tokio::test]
async fn two_browsers_talk_over_long_polls() {
    let Some([one, other]) = two() else {
        return;
    };
    let server = Server::start().await;
    let mut tap_a = Tapped::before(server.address, pass).await;
    let mut tap_b = Tapped::before(server.address, pass).await;
    let ((a, mut hear_a), (b, mut hear_b)) = tokio::join!(page(one, &tap_a), page(other, &tap_b));
    talk_down(
        (&a, &b),
        (&mut hear_a, &mut hear_b),
        (&mut tap_a, &mut tap_b),
        ("/poll", Via::LongPoll, "poll"),
    )
    .await;
    soon(tap_b.tap.cut(None, glare::tap::Cut::Reset)).await;
    assert_eq!(closed(&mut hear_b).await, 1006);
    assert_eq!(tap_b.next().await, "1 over by Tap");
    soon(a.finish()).await;
    soon(b.finish()).await;
}

#[tokio::test]
async fn two_browsers_talk_over_engine_io() {
    let Some([one, other]) = two() else {
        return;
    };
    for engine in [Engine::V4, Engine::V3] {
        for start in [Start::Upgrade, Start::Polling, Start::WebSocket] {
            let server = Server::start().await;
            let mut tap_a = Tapped::before(server.address, pass).await;
            let mut tap_b = Tapped::before(server.address, pass).await;
            let ((a, mut hear_a), (b, mut hear_b)) =
                tokio::join!(page(one, &tap_a), page(other, &tap_b));
            talk_engine(
                (&a, &b),
                (&mut hear_a, &mut hear_b),
                (&mut tap_a, &mut tap_b),
                Via::SocketIo { engine, start },
            )
            .await;
            soon(a.finish()).await;
            soon(b.finish()).await;
        }
    }
}
