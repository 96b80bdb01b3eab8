//! What `text` finds in a page, and what is told where it finds nothing.

use crate::site_support::{BRIEF, Site, Visitor, text};
use glare::names::Stack;
use glare::peer::page::Sight;
use rstest::rstest;

#[rstest]
#[tokio::test]
async fn a_text_is_no_part_of_a_longer_word(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let page = "<!doctype html><title>t</title><p>disconnected at 10:45</p><p>You have left.</p><p>接続しました</p><p><b>un</b>seen</p>";
    let site = Site::page(page).await;
    let visitor = Visitor::at(stack, &site).await;
    for there in [
        "disconnected",
        "disconnected at",
        "at 10:45",
        "have left",
        "接続",
        "unseen",
        "left.",
    ] {
        visitor.sees(there).await;
    }
    for part in [
        "connected",
        "discon",
        "at 10:4",
        "0:45",
        "seen",
        "You have lef",
    ] {
        let seen = visitor.page.see(&text(part), &Sight::Present, BRIEF).await;
        let told = seen.expect_err(part).to_string();
        assert!(told.starts_with(&format!("no text {part:?}")), "{told}");
    }
    visitor.page.finish().await;
}

#[tokio::test]
async fn what_is_there_instead_has_what_the_page_says_of_itself_and_is_counted() {
    let lines = "<li>the other one said something</li>".repeat(9);
    let page =
        format!("<!doctype html><title>t</title><ul>{lines}</ul><p role=status>connected</p>");
    let site = Site::page(&page).await;
    let visitor = Visitor::at(Stack::Chromium, &site).await;
    let left = text("the other left");
    let seen = visitor.page.see(&left, &Sight::Present, BRIEF).await;
    let told = seen.expect_err("it is not there").to_string();
    assert!(told.contains("p \"connected\""), "{told}");
    assert!(told.ends_with(", and 5 more"), "{told}");
    visitor.page.finish().await;
}
