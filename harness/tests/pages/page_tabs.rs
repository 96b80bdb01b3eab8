//! The tabs of one page: its user opens some, the page others, and the steps go from one to another.

use crate::site_support::{BRIEF, LONG, Site, Visitor, button, field};
use glare::names::Stack;
use glare::peer::page::{PageError, PageEvent, Tab};
use rstest::rstest;

const OPENER: &str = r#"<!doctype html><title>t</title><p id=at>opener</p><p id=shown></p>
<button onclick="window.open('/popup?x=1')">Log in</button>
<script>
  addEventListener("message", ({ data }) => { at.textContent = data; });
  const show = () => { shown.textContent = `opener ${document.visibilityState}`; };
  document.onvisibilitychange = show; show();
</script>"#;
const POPUP: &str = r#"<!doctype html><title>t</title><p>popup</p>
<button onclick="opener.postMessage('logged in', '*'); window.close()">Allow</button>"#;

/// It is gone before the button is let go.
const HASTY: &str = r#"<!doctype html><title>t</title><p>hasty</p>
<button onmousedown="window.close()">Allow</button><input aria-label=Code onkeydown="window.close()">"#;

async fn site() -> Site {
    Site::of(&[
        ("/", OPENER),
        ("/popup", POPUP),
        ("/hasty", HASTY),
        ("/opens-hasty", &OPENER.replace("/popup?x=1", "/hasty")),
        ("/third", "<!doctype html><title>t</title>third"),
    ])
    .await
}

#[rstest]
#[tokio::test]
async fn a_window_that_a_page_opened_is_gone_to_and_come_back_from(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = site().await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Log in")).await;
    let to = Tab::At("/popup".into());
    visitor.page.switch_tab(&to, LONG).await.unwrap();
    visitor.sees("popup").await;
    // It closes itself: that is told of the steps that go on there, and the others are there.
    visitor.clicks(&button("Allow")).await;
    let mut visitor = visitor;
    visitor
        .hears(|event| matches!(event, PageEvent::Gone { .. }))
        .await;
    let gone = visitor.cannot_click(&button("Allow")).await;
    assert!(matches!(gone, PageError::Gone(_)), "{gone}");
    visitor
        .page
        .switch_tab(&Tab::Number(1), LONG)
        .await
        .unwrap();
    visitor.sees("logged in").await;
    visitor.sees("opener visible").await;
    let closed = visitor.page.switch_tab(&Tab::Number(2), LONG).await;
    assert_eq!(
        closed.unwrap_err().to_string(),
        format!(
            "no tab 2: it was closed; there is tab 1 at {} (this one)",
            site.url("/")
        )
    );
    visitor.page.finish().await;
}

/// What is left of a click has nobody to come to. It was seen as an error now and then, as it was where the click as a whole closes the window.
#[rstest]
#[tokio::test]
async fn a_window_that_closes_in_the_middle_of_input_has_had_it(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = site().await;
    let visitor = Visitor::at(stack, &site).await;
    for by_key in [false, true] {
        visitor
            .page
            .open(&site.url("/opens-hasty"), LONG)
            .await
            .unwrap();
        visitor.clicks(&button("Log in")).await;
        let to = Tab::At("/hasty".into());
        visitor.page.switch_tab(&to, LONG).await.unwrap();
        visitor.sees("hasty").await;
        let done = match by_key {
            true => visitor.page.fill(&field("Code"), "123", LONG).await,
            false => visitor.page.click(&button("Allow"), LONG).await,
        };
        done.unwrap_or_else(|error| panic!("by key {by_key}: {error}"));
        visitor
            .page
            .switch_tab(&Tab::Number(1), LONG)
            .await
            .unwrap();
    }
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_tab_that_is_closed_gives_way_to_the_one_before_it(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = site().await;
    let mut visitor = Visitor::at(stack, &site).await;
    let page = &visitor.page;
    for path in ["/third", "/popup"] {
        page.new_tab(LONG).await.unwrap();
        page.open(&site.url(path), LONG).await.unwrap();
    }
    page.switch_tab(&Tab::Number(1), LONG).await.unwrap();
    visitor.sees("opener visible").await;
    visitor
        .page
        .switch_tab(&Tab::Number(3), LONG)
        .await
        .unwrap();
    visitor.sees("popup").await;
    visitor.page.leave_tab(LONG).await.unwrap();
    // The one that was used last.
    visitor.clicks(&button("Log in")).await;
    let to = Tab::At("/popup?x=1".into());
    visitor.page.switch_tab(&to, LONG).await.unwrap();
    visitor.page.leave_tab(LONG).await.unwrap();
    visitor.sees("opener").await;
    visitor.page.leave_tab(LONG).await.unwrap();
    visitor.sees("third").await;
    // Each end is told once, and what the user opened is nobody else's doing.
    let told = |heard: &[glare::peer::page::Told]| {
        let gone = heard
            .iter()
            .filter(|told| matches!(told.event, PageEvent::Gone { .. }));
        gone.map(|told| told.window).collect::<Vec<_>>()
    };
    while told(&visitor.heard).len() < 3 {
        visitor.hears(|_| true).await;
    }
    assert_eq!(told(&visitor.heard), [3, 4, 1]);
    let by_page: Vec<_> = (visitor.heard.iter())
        .filter_map(|told| match told.event {
            PageEvent::Opened { by_page } => Some((told.window, by_page)),
            _ => None,
        })
        .collect();
    assert_eq!(by_page, [(2, false), (3, false), (4, true)]);
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_tab_that_does_not_come_is_told_with_those_that_there_are(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = site().await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.page.new_tab(LONG).await.unwrap();
    visitor.page.open(&site.url("/third"), LONG).await.unwrap();
    visitor.is_at(&site.url("/third")).await;
    let there = format!(
        "there is tab 1 at {}, tab 2 at {} (this one)",
        site.url("/"),
        site.url("/third")
    );
    for (to, wanted) in [
        (Tab::Number(3), "tab 3"),
        (Tab::At("/thir".into()), "tab at \"/thir\""),
    ] {
        let told = visitor.page.switch_tab(&to, BRIEF).await.unwrap_err();
        assert_eq!(told.to_string(), format!("no {wanted} in 0.7 s; {there}"));
    }
    visitor.page.new_tab(LONG).await.unwrap();
    visitor
        .page
        .open(&site.url("/third?x"), LONG)
        .await
        .unwrap();
    visitor.is_at(&site.url("/third?x")).await;
    let several = visitor
        .page
        .switch_tab(&Tab::At("/third".into()), BRIEF)
        .await;
    let several = several.unwrap_err().to_string();
    assert!(
        several.starts_with("2 times tab at \"/third\""),
        "{several}"
    );
    let exact = Tab::At("/third?x".into());
    visitor.page.switch_tab(&exact, BRIEF).await.unwrap();
    visitor.page.finish().await;
}
