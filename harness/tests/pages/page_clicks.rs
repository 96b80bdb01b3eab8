//! Clicks of other kinds than one in the middle: twice at once, and beside something.

use crate::site_support::{BRIEF, LONG, Site, Visitor, button, field, selector, text};
use glare::names::Stack;
use glare::peer::page::{Hindrance, PageError, Role, Sight, Target};
use rstest::rstest;

const LIST: &str = r#"<!doctype html><title>t</title><style>li { padding: 20px }</style>
<ul><li id=one>Name</li><li><button id=two>Twice</button></ul><p id=said>nothing</p>
<script>
  const heard = [];
  for (const type of ["mousedown", "mouseup", "click", "dblclick"])
    addEventListener(type, (e) => { heard.push(`${type} ${e.detail}${e.isTrusted ? "" : " made up"}`); }, true);
  one.ondblclick = () => { one.innerHTML = "<input aria-label=Name>"; one.firstChild.focus(); };
  two.ondblclick = () => { said.textContent = heard.splice(0).join(", "); };
</script>"#;

#[rstest]
#[tokio::test]
async fn a_double_click_is_two_clicks_that_the_browser_counts_as_one(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(LIST).await;
    let visitor = Visitor::at(stack, &site).await;
    visitor
        .page
        .double_click(&button("Twice"), LONG)
        .await
        .unwrap();
    visitor
        .sees("mousedown 1, mouseup 1, click 1, mousedown 2, mouseup 2, click 2, dblclick 2")
        .await;
    // What it makes of the page is there for the next step, whose click counts anew.
    visitor
        .page
        .double_click(&text("Name"), LONG)
        .await
        .unwrap();
    visitor.fills(&field("Name"), "other").await;
    let held = Sight::Value("other".into());
    let seen = visitor.page.see(&field("Name"), &held, LONG).await;
    assert_eq!(seen, Ok(()));
    // A click of its own, at another place, counts anew.
    visitor.clicks(&button("Twice")).await;
    visitor.clicks(&selector("#said")).await;
    visitor
        .sees("mousedown 1, mouseup 1, click 1, mousedown 2, mouseup 2, click 2, dblclick 2")
        .await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_double_click_whose_clicks_lie_apart_is_told_and_not_made_again(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    // The page takes its time over the first one, as one does on a machine that is busy.
    let site = Site::page(
        r#"<!doctype html><title>t</title><button>Slow</button><p id=said>0</p><script>
        let count = 0;
        document.querySelector("button").onclick = () => {
          said.textContent = ++count;
          for (const end = performance.now() + 1500; performance.now() < end;);
        };</script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    let told = visitor.page.double_click(&button("Slow"), LONG).await;
    match told {
        // A browser that dates events by when they were sent has one all the same.
        Ok(()) => {}
        Err(PageError::Unusable { why, .. }) => assert_eq!(why, Hindrance::Apart),
        Err(other) => panic!("{other}"),
    }
    visitor.sees("2").await;
    visitor.page.finish().await;
}

#[rstest]
#[case::disabled("once.disabled = true")]
#[case::removed("once.remove()")]
#[case::hidden("once.hidden = true")]
#[case::moved("once.style.marginLeft = '400px'")]
#[tokio::test]
async fn a_double_click_is_done_whatever_its_first_click_makes_of_the_target(
    #[case] then: &str,
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(&format!(
        r#"<!doctype html><title>t</title><button id=once>Once</button><p id=said>0</p><script>
        let count = 0;
        once.onclick = () => {{ {then}; said.textContent = ++count; }};</script>"#
    ))
    .await;
    let visitor = Visitor::at(stack, &site).await;
    let told = visitor.page.double_click(&button("Once"), LONG).await;
    assert_eq!(told, Ok(()));
    visitor.sees("1").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_double_click_aims_again_where_the_page_moves_away(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    // It steps aside whenever the pointer comes near, three times.
    let site = Site::page(
        r#"<!doctype html><title>t</title><style>button { position: absolute; left: 20px; top: 20px; width: 90px; height: 40px }</style>
        <button>Shy</button><p id=said style="margin-top: 300px">nothing</p><script>
        const shy = document.querySelector("button");
        let left = 3, clicks = 0;
        shy.onpointerenter = () => { if (left-- > 0) shy.style.left = `${200 + 100 * left}px`; };
        document.addEventListener("click", () => clicks++);
        shy.ondblclick = () => { said.textContent = `double after ${clicks} clicks`; };</script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor
        .page
        .double_click(&button("Shy"), LONG)
        .await
        .unwrap();
    visitor.sees("double after 2 clicks").await;
    visitor.page.finish().await;
}

fn dialog(name: &str) -> Target {
    Target::Role(Role::Dialog, name.to_owned())
}

#[rstest]
#[tokio::test]
async fn a_click_outside_comes_beside_it_and_not_to_anything_else(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><style>
          dialog { position: fixed; inset: auto; margin: 0; left: 40px; top: 40px; width: 300px; height: 100px; padding: 0 }
          #menu { position: fixed; right: 0; top: 50px; width: 200px; height: 80px; border: 1px solid }
          .wide { width: 100%; height: 40px }
        </style>
        <button class=wide onclick="said.textContent = 'pressed'">Behind</button>
        <dialog aria-label=Modal><button>Stay</button></dialog>
        <div id=menu role=dialog aria-label=Menu hidden>Menu</div>
        <p id=said>nothing</p><button onclick="open_()">Open</button><button onclick="menu.hidden = false">Show</button>
        <script>
          const modal = document.querySelector("dialog");
          const open_ = () => modal.showModal();
          modal.onclick = (e) => { if (e.target === modal) { modal.close(); said.textContent = `closed, ${e.isTrusted}`; } };
          document.addEventListener("pointerdown", (e) => { if (!menu.hidden && !menu.contains(e.target)) { menu.hidden = true; said.textContent = "menu closed"; } });
        </script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Open")).await;
    let outside = visitor.page.click_outside(&dialog("Modal"), LONG).await;
    assert_eq!(outside, Ok(()));
    visitor.sees("closed, true").await;
    visitor.clicks(&button("Show")).await;
    let outside = visitor.page.click_outside(&dialog("Menu"), LONG).await;
    assert_eq!(outside, Ok(()));
    visitor.sees("menu closed").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn where_nothing_is_outside_that_is_told_with_what_is_there(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><style>html, body { margin: 0; height: 100% }
          #all { position: fixed; inset: 0 } #half { position: fixed; inset: 0 50% 0 0 } #more { position: fixed; inset: 0 0 0 50%; width: 50%; height: 100% }
        </style><div id=all>Everything</div><div id=half hidden>Half</div><button id=more hidden>More</button>
        <button style="position: fixed; left: 40%" onclick="all.hidden = true; half.hidden = more.hidden = false; this.remove()">Change</button>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    let told = async |target: &Target| {
        let told = visitor.page.click_outside(target, BRIEF).await;
        told.unwrap_err().to_string()
    };
    let full = told(&selector("#all")).await;
    assert!(
        full.starts_with("selector \"#all\" fills the window: nothing is outside of it"),
        "{full}"
    );
    visitor.clicks(&button("Change")).await;
    let half = told(&selector("#half")).await;
    assert!(
        half.starts_with("selector \"#half\" has no place beside it where a click would be for nothing else: there is button \"More\""),
        "{half}"
    );
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn keys_and_clicks_are_what_a_keyboard_and_a_mouse_make_of_them(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><label>Text <textarea id=it></textarea></label><button id=b>Press</button><p id=said></p>
        <script>
          const saw = [];
          const say = (line) => { saw.push(line); said.textContent = saw.join(", "); };
          for (const type of ["keydown", "keyup"])
            it.addEventListener(type, (e) => say(`${type} ${e.key} ${e.code} ${e.location} ${+e.ctrlKey}${+e.shiftKey}${+e.isTrusted}`));
          for (const type of ["mousedown", "mouseup", "click", "dblclick"])
            b.addEventListener(type, (e) => say(`${type} ${e.button} ${e.buttons} ${e.detail} ${+e.isTrusted}`));
          for (const type of ["pointerdown", "pointerup"]) b.addEventListener(type, (e) => say(`${type} ${e.pointerType} ${e.isPrimary}`));
        </script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.fills(&field("Text"), "aB1!").await;
    visitor
        .sees(
            "keydown a KeyA 0 001, keyup a KeyA 0 001, keydown B KeyB 0 001, keyup B KeyB 0 001, keydown 1 Digit1 0 001, keyup 1 Digit1 0 001, \
             keydown ! Digit1 0 001, keyup ! Digit1 0 001",
        )
        .await;
    // What it holds is selected, and what is typed takes its place.
    visitor.fills(&field("Text"), "ü 👍\nx").await;
    let held = Sight::Value("ü 👍\nx".to_owned());
    visitor.page.see(&field("Text"), &held, LONG).await.unwrap();
    for key in ["Control+a", "Shift+ArrowLeft", "Backspace"] {
        visitor
            .page
            .press(Some(&field("Text")), key, LONG)
            .await
            .unwrap();
    }
    visitor
        .sees("keydown Control ControlLeft 1 101, keydown a KeyA 0 101, keyup a KeyA 0 101, keyup Control ControlLeft 1 001")
        .await;
    visitor
        .sees("keydown Shift ShiftLeft 1 011, keydown ArrowLeft ArrowLeft 0 011")
        .await;
    visitor
        .page
        .double_click(&button("Press"), LONG)
        .await
        .unwrap();
    visitor
        .sees(
            "pointerdown mouse true, mousedown 0 1 1 1, pointerup mouse true, mouseup 0 0 1 1, click 0 0 1 1, \
             pointerdown mouse true, mousedown 0 1 2 1, pointerup mouse true, mouseup 0 0 2 1, click 0 0 2 1, dblclick 0 0 2 1",
        )
        .await;
    visitor.page.finish().await;
}
