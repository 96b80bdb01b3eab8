//! The windows of a Firefox that guests' tabs are in, each after the other: nothing of one who left is left there, and none is lost.

use std::collections::BTreeMap;

use glare::names::{Stack, Viewport};
use glare::peer::browser::{EnvironmentError, Pool, Remotes};
use glare::peer::page::{PageEvent, Route, Told, UserPage, Wanted};
use glare::run::Run;
use rstest::rstest;
use serde_json::json;
use tokio::time::timeout;

use crate::between::{Asked, Between};
use crate::browser_support::firefox::{Firefox, counts};
use crate::browser_support::processes;
use crate::site_support::{BRIEF, LONG, Site, Visitor, button};

/// Says how it is shown.
const SHOWN: &str = r#"<!doctype html><title>t</title><p id=shown></p><p id=has></p>
<button onclick="document.documentElement.requestFullscreen()">Large</button>
<button onclick="window.open('/', '', 'width=300,height=200')">Another</button>
<button onclick="window.close()">Close</button>
<script>
  const show = () => {
    shown.textContent = `${document.visibilityState}, ${innerWidth}x${innerHeight}`;
    has.textContent = document.hasFocus() ? "it has the focus" : "it has none";
  };
  onresize = onfocus = onblur = document.onvisibilitychange = show; show();
</script>"#;
/// As it is for its user.
const WHOLE: &str = "visible, 1366x682";

fn wanted() -> Wanted {
    Wanted {
        route: Route::Direct,
        ..Wanted::new(Stack::Firefox)
    }
}

/// A Firefox that runs already, a pool that has it, and who hears what they say.
struct Stand {
    pool: Pool,
    between: Between,
    run: Run,
    site: Site,
    firefox: Firefox,
    /// Its pages and user contexts before anybody was there.
    before: (usize, usize),
    _alone: tokio::sync::MutexGuard<'static, ()>,
}

impl Stand {
    async fn new() -> Self {
        let _alone = crate::OWN_BROWSERS.lock().await;
        let firefox = Firefox::start();
        let before = counts(firefox.at);
        let between = Between::before(firefox.at).await;
        let run = Run::start().unwrap();
        let url = format!("ws://{}", between.at).parse().unwrap();
        let remotes = Remotes::new(
            BTreeMap::from([(Stack::Firefox, url)]),
            [127, 0, 0, 1].into(),
        );
        let pool = Pool::with_remotes(run.clone(), remotes).unwrap();
        let site = Site::page(SHOWN).await;
        Self {
            pool,
            between,
            run,
            site,
            firefox,
            before,
            _alone,
        }
    }

    /// A guest whose page is shown as it should be; who came last has the focus.
    async fn visitor(&self) -> Visitor {
        let visitor = Visitor::wanted(&self.pool, wanted()).await;
        self.is_whole(&visitor).await;
        visitor.sees("it has the focus").await;
        visitor
    }

    async fn is_whole(&self, visitor: &Visitor) {
        visitor.page.open(&self.site.url("/"), LONG).await.unwrap();
        visitor.sees(WHOLE).await;
    }

    async fn ends(self) {
        self.pool.shutdown().await;
        self.run.end().unwrap();
    }
}

#[tokio::test]
async fn a_tab_that_comes_when_nobody_waits_for_it_any_more_is_closed_and_its_window_used_again() {
    let stand = Stand::new().await;
    let between = &stand.between;
    let mut visitor = stand.visitor().await;
    between.holds("browsingContext.create");
    let late = visitor.page.new_tab(BRIEF).await.unwrap_err();
    assert_eq!(late.to_string(), "the browser refused: no new tab in 0.7 s");
    between.lets_go();
    // The one that is made in the second window.
    between
        .until("browsingContext.close", |closed| {
            let made = between.asked("browsingContext.create");
            let tabs = made.iter().filter(|asked| asked.params["type"] == "tab");
            let late = tabs.skip(1).find_map(|asked| asked.made("context"));
            let is_its = |asked: &&Asked| {
                late.is_some() && asked.params["context"].as_str() == late.as_deref()
            };
            closed
                .iter()
                .find(is_its)
                .is_some_and(|asked| matches!(asked.answer, Some(Ok(_))))
        })
        .await;
    // What came was not the page's doing.
    visitor
        .hears(|event| matches!(event, PageEvent::Gone { .. }))
        .await;
    let opened = |told: &Told| matches!(told.event, PageEvent::Opened { by_page: true });
    assert!(!visitor.heard.iter().any(opened), "{:?}", visitor.heard);
    // The others stay as they were, and more can be opened.
    stand.is_whole(&visitor).await;
    visitor.page.finish().await;
    let both = [stand.visitor().await, stand.visitor().await];
    assert_eq!(between.windows().len(), 2, "none was lost, and none is new");
    for visitor in both {
        visitor.page.finish().await;
    }
    stand.ends().await;
}

#[tokio::test]
async fn what_is_being_opened_when_a_firefox_elsewhere_is_given_back_goes_too() {
    let stand = Stand::new().await;
    let between = &stand.between;
    between.holds("browser.createUserContext");
    let starting = tokio::spawn({
        let pool = stand.pool.clone();
        async move { UserPage::start(&pool, wanted()).await.map(drop) }
    });
    let is_made = |asked: &[Asked]| asked.iter().any(|asked| asked.answer.is_some());
    between.until("browser.createUserContext", is_made).await;
    let goes_on = async {
        // A session that ends at once does so in this time.
        let ended = between.until("session.end", |ended| !ended.is_empty());
        drop(timeout(BRIEF, ended).await);
        between.lets_go();
    };
    tokio::join!(stand.pool.shutdown(), goes_on);
    drop(starting.await);
    let after = counts(stand.firefox.at);
    assert_eq!(after, stand.before, "pages and user contexts");
    stand.run.end().unwrap();
}

#[tokio::test]
async fn what_a_firefox_says_of_a_tab_is_told_and_costs_no_second_window() {
    let stand = Stand::new().await;
    stand.visitor().await.page.finish().await;
    let (tab, code) = (r#""type":"tab""#, "unknown error");
    stand
        .between
        .refuses("browsingContext.create", tab, 0, code);
    let refused = UserPage::start(&stand.pool, wanted()).await.map(drop);
    let told = match refused {
        Err(error @ EnvironmentError::Page { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(told.contains("unknown error: as the test has it"), "{told}");
    // It is there for the next one.
    stand.visitor().await.page.finish().await;
    assert_eq!(stand.between.windows().len(), 1);
    stand.ends().await;
}

#[tokio::test]
async fn a_window_that_somebody_has_closed_is_replaced() {
    let stand = Stand::new().await;
    let between = &stand.between;
    let closes =
        |window: String| between.ask("browsingContext.close", json!({ "context": window }));
    stand.visitor().await.page.finish().await;
    closes(between.windows().remove(0)).await;
    let visitor = stand.visitor().await;
    assert_eq!(between.windows().len(), 2);
    // While one is in it.
    closes(between.windows().remove(1)).await;
    stand.is_whole(&visitor).await;
    visitor.page.finish().await;
    stand.visitor().await.page.finish().await;
    assert_eq!(between.windows().len(), 3);
    stand.ends().await;
}

#[tokio::test]
async fn whatever_a_page_does_to_its_window_the_next_one_is_shown_as_the_first() {
    let stand = Stand::new().await;
    for deed in ["", "Large", "Another", "Close"] {
        let mut visitor = stand.visitor().await;
        match deed {
            "" => {}
            "Close" => {
                visitor.clicks(&button(deed)).await;
                visitor
                    .hears(|event| matches!(event, PageEvent::Gone { .. }))
                    .await;
            }
            "Another" => {
                visitor.clicks(&button(deed)).await;
                let by_page =
                    |event: &PageEvent| matches!(event, PageEvent::Opened { by_page: true });
                visitor.hears(by_page).await;
            }
            _ => {
                visitor.clicks(&button(deed)).await;
                visitor.sees("visible, 1366x768").await;
            }
        }
        visitor.page.finish().await;
    }
    let phone = Wanted {
        viewport: Some(Viewport {
            width: 390,
            height: 844,
        }),
        ..wanted()
    };
    let visitor = Visitor::wanted(&stand.pool, phone).await;
    visitor.page.open(&stand.site.url("/"), LONG).await.unwrap();
    visitor.sees("visible, 390x844").await;
    visitor.page.finish().await;
    stand.visitor().await.page.finish().await;
    assert_eq!(stand.between.windows().len(), 1, "all were in the same");
    stand.ends().await;
}

#[rstest]
#[tokio::test]
async fn of_two_at_once_each_has_a_window_whoever_leaves_first(
    #[values(false, true)] second_first: bool,
) {
    let stand = Stand::new().await;
    let mut both = [stand.visitor().await, stand.visitor().await];
    if second_first {
        both.reverse();
    }
    let [first, last] = both;
    stand.is_whole(&last).await;
    first.page.finish().await;
    // The place of who has left is another's, and nobody's else.
    let next = stand.visitor().await;
    let third = stand.visitor().await;
    for visitor in [&next, &last] {
        stand.is_whole(visitor).await;
    }
    last.page.finish().await;
    for visitor in [&third, &next] {
        stand.is_whole(visitor).await;
        visitor.page.finish().await;
    }
    assert_eq!(stand.between.windows().len(), 3);
    stand.ends().await;
}

/// A Firefox tells of none, and the window that it was in is as good as before.
#[tokio::test]
async fn after_a_crash_the_next_page_is_shown_as_the_first() {
    let stand = Stand::new().await;
    let visitor = stand.visitor().await;
    let renderers = stand.firefox.renderers();
    assert!(!renderers.is_empty(), "nobody to kill");
    for pid in renderers {
        processes::kill(pid, libc::SIGKILL);
    }
    visitor.page.finish().await;
    for _ in 0..3 {
        stand.visitor().await.page.finish().await;
    }
    stand.ends().await;
}

/// Each command that made something for a guest, the key of its id, and the command that takes it back.
const TAKEN_BACK: [(&str, &str, &str); 3] = [
    (
        "script.addPreloadScript",
        "script",
        "script.removePreloadScript",
    ),
    ("session.subscribe", "subscription", "session.unsubscribe"),
    (
        "browser.createUserContext",
        "userContext",
        "browser.removeUserContext",
    ),
];

/// Waits until all that was made for guests is taken back, which the Firefox has to have granted; how much that is of each kind.
async fn all_is_taken_back(between: &Between) -> [usize; 3] {
    let mut counted = [0; 3];
    for (at, (made, key, taken_back)) in TAKEN_BACK.into_iter().enumerate() {
        let are_answered = |all: &[Asked]| all.iter().all(|asked| asked.answer.is_some());
        between.until(made, are_answered).await;
        // Not what the browser has of its own: its events are of all user contexts, and that of the windows is used again.
        let windows = between.asked("browsingContext.create").into_iter();
        let whose = windows.filter(|asked| asked.params["type"] == "window");
        let own: Vec<_> = whose
            .map(|asked| asked.params["userContext"].clone())
            .collect();
        let made = between.asked(made).into_iter();
        let made =
            made.filter(|asked| key != "subscription" || asked.params["userContexts"].is_array());
        let made = made.filter_map(|asked| asked.made(key));
        let made: Vec<_> = made.filter(|id| !own.contains(&json!(id))).collect();
        between
            .until(taken_back, |taken| {
                let is_of = |id: &String| {
                    let mut of = taken
                        .iter()
                        .filter(|asked| asked.params.to_string().contains(id.as_str()));
                    of.any(|asked| matches!(asked.answer, Some(Ok(_))))
                };
                made.iter().all(is_of)
            })
            .await;
        counted[at] = made.len();
    }
    counted
}

#[tokio::test]
async fn who_has_left_leaves_no_script_and_no_subscription() {
    let stand = Stand::new().await;
    stand.visitor().await.page.finish().await;
    assert_eq!(all_is_taken_back(&stand.between).await, [2, 1, 1]);
    stand.ends().await;
}

#[rstest]
#[case::of_scripts("script.addPreloadScript", 1, [1, 1, 1])]
#[case::of_events("session.subscribe", 0, [2, 0, 1])]
#[tokio::test]
async fn who_could_not_be_watched_leaves_nothing_of_what_was_made_for_him(
    #[case] method: &'static str,
    #[case] after: usize,
    #[case] made: [usize; 3],
) {
    let stand = Stand::new().await;
    stand
        .between
        .refuses(method, "userContexts", after, "unknown error");
    let refused = UserPage::start(&stand.pool, wanted()).await.map(drop);
    assert!(
        matches!(refused, Err(EnvironmentError::Page { .. })),
        "{refused:?}"
    );
    assert_eq!(all_is_taken_back(&stand.between).await, made);
    stand.ends().await;
}
