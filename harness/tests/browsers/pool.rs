//! Pages are lent, renewed and lost; browsers of one's own die alone.

use std::time::Duration;

use crate::browser_support::{DEADLINE, Tap, actor, actor_at, chat, connect, own_actor, processes};
use glare::hand::{Command, Hand, HandError, Happening};
use glare::names::Stack;
use glare::peer::browser::{EnvironmentError, Pool, Programs};
use glare::run::Run;
use glare::terms::{Kill, Via};
use rstest::rstest;
use tokio::time::timeout;

#[rstest]
#[tokio::test]
async fn a_page_given_back_has_a_fresh_realm_and_no_cookies(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    let mut a = actor(&pool, stack).await;
    a.does(Command::NewConnection { conn: 1 }).await;
    a.does(Command::OpenLink {
        link: 1,
        path: "/ws".into(),
        protocols: vec![],
        headers: vec![],
        via: Via::default(),
    })
    .await;
    a.sees(|saw| *saw == Happening::LinkOpened { link: 1 })
        .await;
    a.fetches("/cookie").await;
    assert!(a.fetches("/seen").await.contains("tasty=yes"));
    a.hand.finish().await;
    assert!(matches!(
        a.hand.perform(Command::NewConnection { conn: 2 }).await,
        Err(HandError::Gone(_))
    ));

    let page = a.hand.page().to_owned();
    let b = actor_at(&pool, stack, a.tap).await;
    assert_eq!(b.hand.page(), page, "the page is lent again");
    assert_eq!(b.fetches("/seen").await, "");
    let stale = b
        .hand
        .perform(Command::CreateOffer {
            conn: 1,
            ice_restart: false,
        })
        .await;
    assert_eq!(stale, Err(HandError::Unsupported("no connection 1".into())));
    drop(b);
    pool.shutdown().await;
    run.end().unwrap();
}

#[rstest]
#[tokio::test]
async fn a_closed_tab_is_gone_and_says_so_to_pending_commands(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b) = tokio::join!(actor(pool, stack), actor(pool, stack));
    connect(&mut a, &mut b).await;
    // The tap never answers it.
    let held = Command::Fetch {
        method: "GET".into(),
        path: "/held".into(),
        headers: vec![],
        body: None,
    };
    let (held, killed) = tokio::join!(a.hand.perform(held), a.hand.kill(Kill::Tab));
    assert_eq!(killed, Ok(()));
    assert_eq!(held, Err(HandError::Gone("its page was closed".into())));
    let later = a.hand.perform(Command::Stats { conn: 1 }).await;
    assert_eq!(later, Err(HandError::Gone("its page was closed".into())));
    assert!(a.hand.kill(Kill::Browser).await.is_err());
    // It was told to go: that is no accident to be told.
    while let Some(happening) = a.happenings.recv().await {
        assert!(!matches!(happening, Happening::Gone { .. }));
    }
    b.does(Command::Stats { conn: 1 }).await;
    a.hand.finish().await;
    b.hand.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_browser_of_its_own_dies_alone(#[values(Stack::Chromium, Stack::Firefox)] stack: Stack) {
    let pool = Pool::global().unwrap();
    let (mut a, mut b, own) = tokio::join!(
        actor(pool, stack),
        actor(pool, stack),
        own_actor(pool, stack)
    );
    connect(&mut a, &mut b).await;
    assert!(matches!(
        a.hand.kill(Kill::Browser).await,
        Err(HandError::Unsupported(_))
    ));
    own.does(Command::NewConnection { conn: 1 }).await;
    let folder = Run::global().unwrap().folder();
    let folders = || std::fs::read_dir(folder).unwrap().count();
    assert!(folders() > 0);
    own.hand.kill(Kill::Browser).await.unwrap();
    let dead = own.hand.perform(Command::Stats { conn: 1 }).await;
    assert_eq!(dead, Err(HandError::Gone("its browser was killed".into())));
    chat(&mut a, &mut b).await;
    a.hand.finish().await;
    b.hand.finish().await;
}

#[rstest]
#[case(Stack::Chromium, "--type=renderer")]
#[case(Stack::Firefox, "-isForBrowser")]
#[tokio::test]
async fn a_crash_is_told_and_the_next_borrower_gets_another(
    #[case] stack: Stack,
    #[case] renderer: &str,
) {
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    // Chromium's BiDi is itself spoken by a page, so only the renderers that come with the new page are killed.
    let renderers = || {
        let all = processes::of_run(run.mark(), run.folder().to_str().unwrap());
        processes::with_argument(&all, renderer)
    };
    pool.warm_up(stack).await.unwrap();
    let others = renderers();
    // Takes the renderer that was kept in store.
    let first = actor(&pool, stack).await;
    let mut a = actor(&pool, stack).await;
    let mut its_own = renderers();
    its_own.retain(|pid| !others.contains(pid));
    assert!(!its_own.is_empty());
    for pid in its_own {
        processes::kill(pid, libc::SIGKILL);
    }
    a.sees(|saw| matches!(saw, Happening::Gone { .. })).await;
    assert!(matches!(
        a.hand.perform(Command::NewConnection { conn: 1 }).await,
        Err(HandError::Gone(_))
    ));
    a.hand.finish().await;

    first.hand.finish().await;
    let mut b = actor(&pool, stack).await;
    b.does(Command::NewConnection { conn: 1 }).await;
    for pid in processes::of_run(run.mark(), run.folder().to_str().unwrap()) {
        processes::kill(pid, libc::SIGKILL);
    }
    let told = "has ended by itself (signal: 9 (SIGKILL))";
    b.sees(|saw| matches!(saw, Happening::Gone { why } if why.contains(told)))
        .await;
    let c = actor(&pool, stack).await;
    c.does(Command::NewConnection { conn: 1 }).await;
    pool.shutdown().await;
    run.end().unwrap();
}

#[test]
fn the_pool_outlives_the_runtimes_of_its_borrowers() {
    let run = Run::start().unwrap();
    let pool = Pool::start(run.clone()).unwrap();
    let on_a_runtime_of_its_own = |tap: Option<Tap>| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .unwrap();
        runtime.block_on(async {
            let tap = match tap {
                Some(tap) => tap,
                None => Tap::start().await,
            };
            let a = actor_at(&pool, Stack::Chromium, tap).await;
            a.does(Command::NewConnection { conn: 1 }).await;
            a.hand.finish().await;
            a.hand.page().to_owned()
        })
    };
    let first = on_a_runtime_of_its_own(None);
    let second = on_a_runtime_of_its_own(None);
    assert_eq!(first, second);
    tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(pool.shutdown());
    run.end().unwrap();
    assert!(!run.folder().exists());
}

#[tokio::test]
async fn who_comes_when_all_pages_are_lent_waits_in_line() {
    let run = Run::start().unwrap();
    let pool = Pool::with_pages(run.clone(), 1).unwrap();
    let first = actor(&pool, Stack::Chromium).await;
    let second = actor(&pool, Stack::Chromium);
    tokio::pin!(second);
    assert!(
        timeout(Duration::from_millis(300), &mut second)
            .await
            .is_err(),
        "it waits"
    );
    first.hand.finish().await;
    let second = timeout(DEADLINE, second).await.unwrap();
    assert_eq!(second.hand.page(), first.hand.page());
    pool.shutdown().await;
    let late = pool
        .peer(Stack::Chromium, &second.tap.origin)
        .await
        .map(drop);
    assert!(matches!(late, Err(EnvironmentError::Pool(_))), "{late:?}");
    run.end().unwrap();
}

#[rstest]
#[tokio::test]
async fn a_call_that_does_not_get_through_is_made_again(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let wrong_number = "const Real = WebSocket; let calls = 0;
        WebSocket = function (url, ...more) { return new Real(calls++ ? url : url + '0', ...more) };";
    let tap = Tap::with_script(wrong_number).await;
    let mut a = actor_at(Pool::global().unwrap(), stack, tap).await;
    let told = "the line to the harness came up at attempt 2";
    a.sees(|saw| matches!(saw, Happening::Console { text, .. } if text == told))
        .await;
    a.does(Command::NewConnection { conn: 1 }).await;
    a.hand.finish().await;
}

#[tokio::test]
async fn a_page_whose_hand_never_calls_says_what_it_shows() {
    let tap = Tap::with_script("console.warn('no line'); WebSocket = class {};").await;
    let pool = Pool::global().unwrap();
    let error = match pool.peer(Stack::Chromium, &tap.origin).await {
        Ok(_) => panic!("it cannot have called"),
        Err(error) => error.to_string(),
    };
    for part in [
        "its hand does not call",
        "/.glare/peer",
        "complete",
        "no line",
    ] {
        assert!(error.contains(part), "{part:?} is missing: {error}");
    }
}

#[tokio::test]
async fn a_page_that_does_not_load_is_an_error_of_the_environment() {
    let pool = Pool::global().unwrap();
    // Nobody listens on port 1.
    let missing = pool
        .peer(Stack::Chromium, "http://127.0.0.1:1")
        .await
        .map(drop);
    assert!(
        matches!(missing, Err(EnvironmentError::Page { .. })),
        "{missing:?}"
    );
    let native = pool
        .peer(Stack::Native, "http://127.0.0.1:1")
        .await
        .map(drop);
    assert!(matches!(
        native,
        Err(EnvironmentError::NoBrowser(Stack::Native))
    ));
}

#[tokio::test]
async fn programs_tell_their_versions() {
    let versions = |stack| async move { Programs::find(stack).unwrap().versions().await.unwrap() };
    let chromium = versions(Stack::Chromium).await.to_string();
    assert!(
        chromium.starts_with("Chromium ") && chromium.contains(", ChromeDriver "),
        "{chromium}"
    );
    let firefox = versions(Stack::Firefox).await;
    assert!(firefox.browser.starts_with("Mozilla Firefox "), "{firefox}");
    assert_eq!(firefox.driver, None, "it is its own");
}
