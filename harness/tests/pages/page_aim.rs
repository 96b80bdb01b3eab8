//! Input comes where it was meant to, also where the page moves while it is on its way.

use crate::site_support::{LONG, Site, Visitor, button, field};
use glare::names::Stack;
use glare::peer::page::{Hindrance, PageError, Sight};
use rstest::rstest;

/// A notice comes, once, when the pointer is over the page, and all that is below it moves down; what lies at the old place counts what it gets.
const SHIFTS: &str = r#"<!doctype html><title>shifts</title>
<style>* { margin: 0; padding: 0; border: 0 } button, input, p { display: block; height: 40px; width: 200px }</style>
<div id=top></div>
<button id=wrong>Delete all</button><button id=right>Save</button><label>Name <input id=name value="old"></label><p id=said></p>
<script>
  const got = { wrong: [], right: [] };
  for (const [id, events] of Object.entries(got))
    for (const type of ["pointerdown", "mousedown", "pointerup", "mouseup", "click", "keydown", "focus"])
      document.getElementById(id).addEventListener(type, () => { events.push(type); said.textContent = JSON.stringify(got); });
  addEventListener("pointermove", () => { document.getElementById("top").style.height = "40px"; }, { once: true });
</script>"#;

#[rstest]
#[tokio::test]
async fn a_click_waits_for_a_page_that_moves_while_it_is_on_its_way(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(SHIFTS).await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Save")).await;
    visitor
        .sees(r#"{"wrong":[],"right":["pointerdown","mousedown","focus","pointerup","mouseup","click"]}"#)
        .await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn what_is_typed_goes_nowhere_but_into_its_field(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(SHIFTS).await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.fills(&field("Name"), "new").await;
    let held = Sight::Value("new".into());
    let seen = visitor.page.see(&field("Name"), &held, LONG).await;
    assert_eq!(seen, Ok(()));
    let clean = visitor
        .page
        .see(&crate::site_support::text("wrong"), &Sight::Absent, LONG)
        .await;
    assert_eq!(clean, Ok(()));
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_key_goes_nowhere_where_the_page_takes_the_focus_elsewhere(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    // Each time that the field gets the focus, the page takes it elsewhere soon after: three times.
    let page = r#"<!doctype html><title>f</title><label>Name <input id=name></label><label>Other <input id=other></label><p id=said></p>
<script>
  let times = 0;
  other.onkeydown = () => { said.textContent = "the other got it"; };
  name_ = document.getElementById("name");
  name_.onkeydown = (e) => { said.textContent = `it got ${e.key}`; };
  name_.onfocus = () => { if (times++ < 3) Promise.resolve().then(() => other.focus()); };
</script>"#;
    let site = Site::page(page).await;
    let visitor = Visitor::at(stack, &site).await;
    let pressed = visitor
        .page
        .press(Some(&field("Name")), "Enter", LONG)
        .await;
    assert_eq!(pressed, Ok(()));
    visitor.sees("it got Enter").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_button_that_is_never_where_the_pointer_is_does_not_stand_still(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let page = r#"<!doctype html><title>e</title><style>button { position: absolute; left: 100px; top: 100px; width: 80px; height: 30px }</style>
<button id=it>Catch me</button><script>
  addEventListener("pointermove", (e) => { it.style.left = `${e.clientX > 200 ? 50 : 300}px`; });
  it.onclick = () => { it.textContent = "Caught"; };
</script>"#;
    let site = Site::page(page).await;
    let visitor = Visitor::at(stack, &site).await;
    let refused = visitor.cannot_click(&button("Catch me")).await;
    let moves = matches!(
        &refused,
        PageError::Unusable {
            why: Hindrance::Moving,
            ..
        }
    );
    assert!(moves, "{refused}");
    visitor.page.finish().await;
}
