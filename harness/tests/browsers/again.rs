//! Who comes back after a kill: in a page of the pool where one is free, and in a browser of its own where that is killed again.

use crate::browser_support::{DEADLINE, Tap};
use crate::cli_support::{self, Stand};
use glare::hand::{Hand, HandError};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::run::Run;
use glare::terms::Kill;
use rstest::rstest;
use tokio::time::timeout;

#[tokio::test]
async fn who_comes_back_takes_a_free_page_and_waits_for_none() {
    let run = Run::start().unwrap();
    let pool = Pool::with_pages(run.clone(), 1).unwrap();
    let again = async || {
        let tap = Tap::start().await;
        let came = pool.peer_again(Stack::Chromium, &tap.origin);
        let (hand, _) = timeout(DEADLINE, came).await.expect("at once").unwrap();
        (hand, tap)
    };
    let (pooled, _tap) = again().await;
    let killed = pooled.kill(Kill::Browser).await;
    assert!(
        matches!(killed, Err(HandError::Unsupported(_))),
        "{killed:?}"
    );
    // No page is free.
    let (own, _tap) = again().await;
    assert_eq!(own.kill(Kill::Browser).await, Ok(()));
    pooled.finish().await;
    let (next, _tap) = again().await;
    assert_eq!(next.page(), pooled.page(), "the page is lent again");
    drop(next);
    pool.shutdown().await;
    run.end().unwrap();
}

#[rstest]
fn a_browser_is_killed_as_often_as_steps_say(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let _alone = crate::OWN_BROWSERS.blocking_lock();
    let stand = Stand::new();
    stand.write(
        "twice.yaml",
        "scenario: killed twice
about: Bob's browser is killed, he comes back, his browser is killed, and he comes back for good.
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - kill: { peer: bob, how: browser }
  - await: { peer: alice, hears: peer-left, from: bob }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - kill: { peer: bob, how: browser }
  - await: { peer: alice, hears: peer-left, from: bob }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - say: { from: bob, text: back }
",
    );
    let cast = format!("alice=native,bob={stack}");
    let arguments = ["run", "twice.yaml", "--cast", &cast, "--logs", "--accept"];
    let mut command = stand.command(&arguments);
    command.env("GLARE_STACKS", format!("native,{stack}"));
    let ran = cli_support::run(&mut command).ends(0);
    let ran = ran.says("bob#3 -> server: join lobby");
    let ran = ran.says("bob ~> alice: chat \"back\"");
    assert_eq!(ran.out.matches("bob: killed (browser)").count(), 2);
}
