//! A user's page is driven as a user drives it: by what is shown, with real input.

use crate::site_support::{BRIEF, LONG, Site, Visitor, button, field, selector, text};
use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{
    Arrival, Hindrance, PageError, PageEvent, Role, Route, Sight, Target, UserPage, Wanted,
};
use rstest::rstest;

const CHAT: &str = r#"<!doctype html><title>chat</title>
<form id=f><label>Room name <input id=room value="old"></label><button>Create</button></form>
<p id=said></p>
<script>
  const events = [];
  for (const type of ["focus", "keydown", "beforeinput", "input", "change"]) room.addEventListener(type, (e) => events.push(type));
  f.onsubmit = (e) => { e.preventDefault(); said.textContent = `room ${room.value} by ${e.isTrusted}: ${[...new Set(events)].sort()}`; };
</script>"#;

#[rstest]
#[tokio::test]
async fn a_field_is_filled_and_a_button_clicked_by_name_with_what_typing_fires(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(CHAT).await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.fills(&field("Room name"), "lobby 🙂").await;
    let held = Sight::Value("lobby 🙂".into());
    let seen = visitor.page.see(&field("Room name"), &held, LONG).await;
    assert_eq!(seen, Ok(()));
    visitor.clicks(&button("Create")).await;
    visitor
        .sees("room lobby 🙂 by true: beforeinput,change,focus,input,keydown")
        .await;
    visitor.fills(&field("Room name"), "").await;
    visitor
        .page
        .press(Some(&field("Room name")), "Enter", LONG)
        .await
        .unwrap();
    visitor.sees("room by true").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_step_costs_two_round_trips_and_a_look_one(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(CHAT).await;
    // A browser of its own: in Firefox another page that is used puts this one behind it, and coming back is one command more.
    let wanted = Wanted {
        stack,
        route: Route::Direct,
        own_browser: true,
    };
    let Arrival { page, .. } = UserPage::start(Pool::global().unwrap(), wanted)
        .await
        .unwrap();
    page.open(&site.url("/"), LONG).await.unwrap();
    page.press(None, "Tab", LONG).await.unwrap();
    let mut spent = Vec::new();
    let mut count = page.commands();
    for step in ["fill", "click", "see", "press", "absent"] {
        match step {
            "fill" => page.fill(&field("Room name"), "lobby", LONG).await,
            "click" => page.click(&button("Create"), LONG).await,
            "see" => page.see(&text("room lobby"), &Sight::Present, LONG).await,
            "press" => page.press(None, "Escape", LONG).await,
            _ => page.see(&text("nothing"), &Sight::Absent, LONG).await,
        }
        .unwrap();
        spent.push(page.commands() - count);
        count = page.commands();
    }
    assert_eq!(spent, [2, 2, 1, 1, 1]);
    page.finish().await;
}
