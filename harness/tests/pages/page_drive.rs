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
        route: Route::Direct,
        own_browser: true,
        ..Wanted::new(stack)
    };
    let Arrival { page, .. } = UserPage::start(Pool::global().unwrap(), wanted)
        .await
        .unwrap();
    page.open(&site.url("/"), LONG).await.unwrap();
    page.press(None, "Tab", LONG).await.unwrap();
    let mut spent = Vec::new();
    let mut count = page.round_trips();
    for step in [
        "fill", "click", "see", "press", "absent", "double", "outside",
    ] {
        match step {
            "fill" => page.fill(&field("Room name"), "lobby", LONG).await,
            "click" => page.click(&button("Create"), LONG).await,
            "see" => page.see(&text("room lobby"), &Sight::Present, LONG).await,
            "press" => page.press(None, "Escape", LONG).await,
            "double" => page.double_click(&button("Create"), LONG).await,
            "outside" => page.click_outside(&field("Room name"), LONG).await,
            _ => page.see(&text("nothing"), &Sight::Absent, LONG).await,
        }
        .unwrap();
        spent.push(page.round_trips() - count);
        count = page.round_trips();
    }
    assert_eq!(spent, [2, 2, 1, 1, 1, 2, 2]);
    page.finish().await;
}

#[rstest]
#[tokio::test]
async fn what_is_not_there_is_told_with_what_is(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let page = r#"<!doctype html><title>t</title><button>Create room</button><button>Join</button><a href="/x">Create</a>
        <button hidden>Creat</button><input placeholder="Name"><p>Welcome, \u001b[31m stranger</p>"#;
    let site = Site::page(&page.replace("\\u001b", "\u{1b}")).await;
    let visitor = Visitor::at(stack, &site).await;

    let missing = visitor.cannot_click(&button("Create")).await;
    let PageError::NotFound { near, .. } = &missing else {
        panic!("{missing}");
    };
    assert_eq!(
        near,
        &[
            "button \"Create room\"",
            "link \"Create\"",
            "button \"Join\""
        ]
    );
    let said = missing.to_string();
    assert!(
        said.starts_with("no button \"Create\" in 0.7 s at http://127.0.0.1:"),
        "{said}"
    );

    let hidden = visitor.cannot_click(&button("Creat")).await;
    let is_hidden = matches!(
        &hidden,
        PageError::Unusable {
            why: Hindrance::Hidden,
            ..
        }
    );
    assert!(is_hidden, "{hidden}");
    let missing = visitor.cannot_click(&field("Nmae")).await.to_string();
    assert!(missing.ends_with("; there is field \"Name\""), "{missing}");
    let missing = visitor
        .cannot_click(&text("Welcome stranger"))
        .await
        .to_string();
    assert!(
        missing.contains(r"Welcome, \u{1b}[31m stranger"),
        "{missing}"
    );
    let many = visitor
        .cannot_click(&selector("button:not([hidden])"))
        .await
        .to_string();
    assert!(many.starts_with("2 times selector"), "{many}");
    let none = visitor.cannot_click(&selector("##")).await;
    assert_eq!(none, PageError::Mistake("not a CSS selector: ##".into()));
    let Err(PageError::Otherwise {
        found, expected, ..
    }) = visitor
        .page
        .see(&button("Join"), &Sight::Absent, BRIEF)
        .await
    else {
        panic!("it is there");
    };
    assert_eq!(
        (found, expected.as_str()),
        (vec!["button \"Join\"".to_owned()], "to be gone")
    );
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn what_a_user_could_not_click_is_not_clicked_and_it_is_said_why(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    // What runs never turns: at a turn, with a frame left out, it is twice at the same place, and can be clicked.
    let site = Site::page(
        r#"<!doctype html><title>t</title><style>button { display: block; margin: 4px }
        #over { position: fixed; left: 0; top: 200px; width: 300px; height: 60px; background: red }
        #under { position: absolute; left: 10px; top: 210px }
        #runs { position: absolute; top: 100px; animation: run 1s linear infinite } @keyframes run { to { transform: translateX(300px) } }
        #off { position: fixed; left: -500px; top: 10px }</style>
        <button disabled>Disabled</button><button aria-disabled=true>Aria</button><fieldset disabled><button>Inside</button></fieldset>
        <button id=under>Under</button><div id=over>Please wait</div><button id=runs>Runs</button><button id=off>Off</button>
        <input aria-label="Read" readonly value=1><button style="visibility: hidden">Invisible</button>
        <p id=said></p><script>onclick = (e) => said.textContent += "clicked " + e.target.textContent</script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    for (name, expected) in [
        ("Disabled", Hindrance::Disabled),
        ("Aria", Hindrance::Disabled),
        ("Inside", Hindrance::Disabled),
        (
            "Under",
            Hindrance::Covered {
                by: "div#over \"Please wait\"".into(),
            },
        ),
        ("Runs", Hindrance::Moving),
        ("Off", Hindrance::OffScreen),
        ("Invisible", Hindrance::Hidden),
    ] {
        match visitor.page.click(&button(name), BRIEF).await {
            Err(PageError::Unusable { why, .. }) => assert_eq!(why, expected, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    let read_only = visitor
        .page
        .fill(&field("Read"), "2", BRIEF)
        .await
        .unwrap_err();
    assert!(
        read_only.to_string().contains("cannot be filled"),
        "{read_only}"
    );
    let nothing = visitor
        .page
        .see(&text("clicked"), &Sight::Absent, LONG)
        .await;
    assert_eq!(nothing, Ok(()), "nothing was clicked");
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_step_waits_until_it_can_be_done(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><style>body { height: 5000px } #bar { position: fixed; bottom: 0; height: 50%; width: 100%; background: grey }
        #over { position: fixed; inset: 0 }</style>
        <button id=late disabled style="position: absolute; top: 3000px">Late</button><div id=bar>bar</div><div id=over></div><p id=said></p><host-el></host-el>
        <script>
          setTimeout(() => late.disabled = false, 300); setTimeout(() => over.remove(), 600);
          late.onclick = () => setTimeout(() => { const b = document.createElement("button"); b.innerHTML = "<b>So</b>on"; b.onclick = () => said.textContent = "done"; document.body.append(b); scrollTo(0, 0); }, 300);
          const root = document.querySelector("host-el").attachShadow({ mode: "open" });
          root.innerHTML = "<label>Inner <input></label><button>Deep</button>"; root.querySelector("button").onclick = () => said.textContent = "deep " + root.querySelector("input").value;
        </script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Late")).await;
    visitor.clicks(&button("Soon")).await;
    visitor.sees("done").await;
    visitor.fills(&field("Inner"), "water").await;
    visitor.clicks(&button("Deep")).await;
    visitor.sees("deep water").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn lists_long_texts_editable_parts_and_checkboxes_are_used_as_a_user_does(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><label>Colour <select><option>Red<option disabled>Grey<option>Green<option>Blue</select></label>
        <label>Notes <textarea>old</textarea></label><div contenteditable aria-label="Free">old <b>text</b></div>
        <label><input type=checkbox> Agreed</label><label for=pw>Password</label><input id=pw type=password>
        <p id=said></p><script>let n = 0; document.querySelector("select").onchange = (e) => said.textContent = e.target.value + " " + e.isTrusted</script>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.fills(&field("Colour"), "Blue").await;
    visitor.sees("Blue true").await;
    visitor.fills(&field("Colour"), "Red").await;
    visitor.sees("Red true").await;
    let none = visitor
        .page
        .fill(&field("Colour"), "Pink", BRIEF)
        .await
        .unwrap_err()
        .to_string();
    assert!(none.contains("to have the option \"Pink\""), "{none}");
    assert!(none.contains("option \"Green\""), "{none}");
    for (name, value) in [
        ("Notes", "one\ntwo é"),
        ("Free", "fresh"),
        ("Password", "s3cret"),
    ] {
        visitor.fills(&field(name), value).await;
        let held = Sight::Value(value.to_owned());
        assert_eq!(
            visitor.page.see(&field(name), &held, LONG).await,
            Ok(()),
            "{name}"
        );
    }
    let agreed = Target::Role(Role::Checkbox, "Agreed".into());
    visitor
        .page
        .see(&agreed, &Sight::Unchecked, LONG)
        .await
        .unwrap();
    visitor.clicks(&agreed).await;
    visitor
        .page
        .see(&agreed, &Sight::Checked, LONG)
        .await
        .unwrap();
    visitor.clicks(&Target::Label("Agreed".into())).await;
    visitor
        .page
        .see(&agreed, &Sight::Unchecked, LONG)
        .await
        .unwrap();
    let otherwise = visitor
        .page
        .see(&agreed, &Sight::Checked, BRIEF)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        otherwise.contains("checkbox \"Agreed\": not checked"),
        "{otherwise}"
    );
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_page_that_overrides_what_scripts_stand_on_is_driven_all_the_same(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><script>
          const no = () => { throw new Error("overridden"); };
          for (const method of ["map", "push", "shift", "filter", "includes", "some", "forEach", Symbol.iterator]) Array.prototype[method] = no;
          for (const method of ["querySelectorAll", "querySelector", "elementFromPoint", "getElementById"]) Document.prototype[method] = no;
          for (const method of ["getBoundingClientRect", "getClientRects", "matches", "checkVisibility", "getAttribute", "scrollIntoView"]) Element.prototype[method] = no;
          JSON.parse = JSON.stringify = performance.now = getComputedStyle = requestAnimationFrame = setTimeout = no;
          Promise.prototype.then = no; MutationObserver = no; EventTarget.prototype.addEventListener = no;
          Object.prototype.toJSON = () => "polluted";
        </script><form name=f onsubmit="return false"><label>Name <input name=matches></label><input name=localName><button name=getAttribute type=button
        onclick="document.title = 'clicked'; this.textContent = 'Clicked ' + this.form.elements[0].value">Click</button></form>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.fills(&field("Name"), "hostile").await;
    visitor.clicks(&button("Click")).await;
    visitor.sees("Clicked hostile").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_page_that_runs_without_a_pause_is_named_and_others_go_on(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::of(&[
        ("/", CHAT),
        (
            "/loop",
            "<!doctype html><title>t</title><button onclick='for (;;);'>Loop</button>",
        ),
    ])
    .await;
    // Firefox has one process for the pages of a site.
    let pool = Pool::global().unwrap();
    let wanted = Wanted {
        route: Route::Direct,
        own_browser: true,
        ..Wanted::new(stack)
    };
    let looping = Visitor::wanted(pool, wanted).await;
    looping.page.open(&site.url("/loop"), LONG).await.unwrap();
    let clicked = looping.page.click(&button("Loop"), BRIEF).await;
    let busy = looping
        .page
        .see(&text("Loop"), &Sight::Present, BRIEF)
        .await
        .unwrap_err();
    assert!(matches!(busy, PageError::Busy { .. }), "{busy} {clicked:?}");
    assert!(
        busy.to_string().contains("its scripts run without a pause"),
        "{busy}"
    );
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Create")).await;
    visitor.sees("room old").await;
    visitor.page.finish().await;
    looping.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn dialogs_are_answered_and_told(#[values(Stack::Chromium, Stack::Firefox)] stack: Stack) {
    let site = Site::of(&[
        (
            "/",
            r#"<!doctype html><title>t</title><button onclick="for (let i = 0; i < 3; i++) alert('number ' + i); document.body.append(confirm('Sure?') ? 'sure' : 'not')">Ask</button>
            <script>onbeforeunload = (e) => e.preventDefault()</script>"#,
        ),
        ("/next", "<!doctype html><title>t</title>next"),
    ])
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Ask")).await;
    visitor.sees("sure").await;
    let asked = visitor
        .hears(|event| matches!(event, PageEvent::Dialog { message, .. } if message == "Sure?"))
        .await;
    assert!(
        matches!(asked, PageEvent::Dialog { accepted: true, .. }),
        "{asked:?}"
    );
    visitor.page.open(&site.url("/next"), LONG).await.unwrap();
    visitor.sees("next").await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn its_history_its_tabs_its_network_and_its_looks(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::of(&[
        ("/", "<!doctype html><title>t</title><a href=/two>Two</a><p id=p>one</p><script>localStorage.at ??= 0; p.textContent = 'one ' + localStorage.at++</script>"),
        ("/two", r#"<!doctype html><title>t</title><button onclick="fetch('/x').then(() => p.textContent = 'there', () => p.textContent = 'away')">Fetch</button><p id=p>two</p>"#),
    ])
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor.sees("one 0").await;
    let nothing = visitor.page.forward(LONG).await.unwrap_err();
    assert!(matches!(nothing, PageError::NotLoaded { .. }), "{nothing}");
    visitor
        .clicks(&Target::Role(Role::Link, "Two".into()))
        .await;
    visitor.sees("two").await;
    visitor.page.back(LONG).await.unwrap();
    visitor.sees("one 1").await;
    visitor.page.forward(LONG).await.unwrap();
    visitor.sees("two").await;
    visitor.page.set_offline(true, LONG).await.unwrap();
    visitor.clicks(&button("Fetch")).await;
    visitor.sees("away").await;
    visitor.page.set_offline(false, LONG).await.unwrap();
    visitor.clicks(&button("Fetch")).await;
    visitor.sees("there").await;
    visitor.page.reload(LONG).await.unwrap();
    visitor.sees("two").await;
    let shot = visitor.page.screenshot(&[], LONG).await.unwrap();
    assert!(shot.starts_with(b"\x89PNG\r\n"), "{} bytes", shot.len());
    visitor.page.new_tab(LONG).await.unwrap();
    visitor.page.open(&site.url("/"), LONG).await.unwrap();
    visitor.sees("one 2").await;
    visitor.is_at(&site.url("/")).await;
    visitor.page.close_tab(LONG).await.unwrap();
    visitor.sees("two").await;
    let only = visitor.page.leave_tab(LONG).await.unwrap_err().to_string();
    assert_eq!(
        only,
        format!(
            "no other tab to come back to; there is tab 1 at {} (this one)",
            site.url("/two")
        )
    );
    let opened = visitor
        .hears(|event| matches!(event, PageEvent::Opened { .. }))
        .await;
    assert_eq!(opened, PageEvent::Opened { by_page: false });
    visitor.page.finish().await;
    let gone = visitor.page.reload(LONG).await;
    assert_eq!(gone, Err(PageError::Gone("it was given back".into())));
}

#[rstest]
#[tokio::test]
async fn a_page_that_does_not_load_is_told_in_time(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::of(&[
        ("/", "<!doctype html><title>t</title>fine"),
        (
            "/slow",
            "<!doctype html><title>t</title>slow<img src=/held>",
        ),
        (
            "/away",
            "<!doctype html><title>t</title><script>location.replace('/')</script>",
        ),
    ])
    .await;
    let mut visitor = Visitor::new(stack).await;
    for (path, why) in [("/held", "not done in"), ("/slow", "not done in")] {
        let url = site.url(path);
        let late = visitor
            .page
            .open(&url, BRIEF)
            .await
            .unwrap_err()
            .to_string();
        assert!(
            late.starts_with(&format!("{url} could not be loaded: {why}")),
            "{late}"
        );
    }
    // Nobody listens there, nor will: no other test has this address.
    let nobody = std::net::TcpListener::bind("127.99.99.99:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let refused = visitor
        .page
        .open(&format!("http://{nobody}/"), LONG)
        .await
        .unwrap_err();
    assert!(matches!(refused, PageError::NotLoaded { .. }), "{refused}");
    visitor.page.open(&site.url("/away"), LONG).await.unwrap();
    visitor.sees("fine").await;
    visitor.is_at(&site.url("/")).await;
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn windows_downloads_and_floods_are_bounded_and_named(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title><button onclick="for (let i = 0; i < 20; i++) window.open('about:blank')">Windows</button>
        <a href=/file>File</a><button onclick="for (let i = 0; i < 3000; i++) console.log('line ' + i)">Flood</button>
        <button onclick="Notification.requestPermission(); navigator.geolocation?.getCurrentPosition(() => {}); setTimeout(() => { throw new Error('uncaught \u001b[2J') })">Permit</button>"#,
    )
    .await;
    let mut visitor = Visitor::at(stack, &site).await;
    visitor
        .clicks(&Target::Role(Role::Link, "File".into()))
        .await;
    let file = visitor
        .hears(|event| matches!(event, PageEvent::Download { .. }))
        .await;
    let PageEvent::Download { url, file } = file else {
        unreachable!()
    };
    assert_eq!((url, file.as_str()), (site.url("/file"), "notes.txt"));
    visitor.clicks(&button("Permit")).await;
    let uncaught = visitor
        .hears(|event| matches!(event, PageEvent::Uncaught { .. }))
        .await;
    let PageEvent::Uncaught { text } = uncaught else {
        unreachable!()
    };
    assert!(text.contains("uncaught"), "{text}");
    visitor.clicks(&button("Flood")).await;
    visitor
        .hears(
            |event| matches!(event, PageEvent::Flood { what: "console", count } if *count >= 1024),
        )
        .await;
    let lines = visitor
        .heard
        .iter()
        .filter(|told| matches!(told.event, PageEvent::Console { .. }))
        .count();
    assert!((900..=1000).contains(&lines), "{lines}");
    visitor.clicks(&button("Windows")).await;
    if stack == Stack::Chromium {
        visitor
            .hears(|event| matches!(event, PageEvent::TooManyWindows { .. }))
            .await;
    } else {
        // Firefox lets one click open one window.
        visitor
            .hears(|event| matches!(event, PageEvent::Opened { by_page: true }))
            .await;
    }
    visitor
        .page
        .see(&button("Windows"), &Sight::Present, LONG)
        .await
        .unwrap();
    visitor.page.finish().await;
}

/// What this crate takes for roles and names, beside what the browsers do.
#[rstest]
#[tokio::test]
async fn roles_and_names_are_those_of_the_browsers_own_tree(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(
        r#"<!doctype html><title>t</title>
        <button>Plain</button><button>  White
          space </button><button aria-label="By label">x</button><span id=l1>By</span><span id=l2>reference</span><button aria-labelledby="l1 l2">y</button>
        <button><img alt="Picture" src="data:,"> and text</button><button title="By title"></button><input type=submit value="Value"><input type=submit>
        <input type=reset><button><b>Bo</b>ld</button><button><span hidden>not </span>Shown</button><button><span aria-hidden=true>× </span>Close</button>
        <div role=button tabindex=0>Div</div><style>.before::before { content: "Before " }</style><button class=before>after</button>
        <a href="/">Link</a><a href="/"><img alt="Image link" src="data:,"></a>
        <label>Wraps <input></label><label for=i1>For</label><input id=i1><input aria-label="Labelled"><input placeholder="Place"><input title="Titled">
        <label>Search <input type=search></label><label>Number <input type=number></label><label>Area <textarea>held</textarea></label>
        <label>Pick <select><option>First</select></label><label><input type=checkbox> Check</label><label><input type=radio> Radio</label>
        <div role=textbox contenteditable aria-label="Edit">z</div><h2>Head <em>line</em></h2><div role=tab>Tab</div><div role=dialog aria-label="Dialog">d</div>
        <ul aria-label="List"><li>Item</ul><img alt="Alone" src="data:," width=9 height=9><div role=switch aria-checked=true tabindex=0>Switch</div>"#,
    )
    .await;
    let visitor = Visitor::at(stack, &site).await;
    let mut differing = Vec::new();
    for (role, native, name) in [
        (Role::Button, "button", "Plain"),
        (Role::Button, "button", "White space"),
        (Role::Button, "button", "By label"),
        (Role::Button, "button", "By reference"),
        (Role::Button, "button", "Picture and text"),
        (Role::Button, "button", "By title"),
        (Role::Button, "button", "Value"),
        (Role::Button, "button", "Bold"),
        (Role::Button, "button", "Shown"),
        (Role::Button, "button", "Close"),
        (Role::Button, "button", "Div"),
        (Role::Button, "button", "Before after"),
        (Role::Button, "button", "Reset"),
        (Role::Link, "link", "Link"),
        (Role::Link, "link", "Image link"),
        (Role::Field, "textbox", "Wraps"),
        (Role::Field, "textbox", "For"),
        (Role::Field, "textbox", "Labelled"),
        (Role::Field, "textbox", "Place"),
        (Role::Field, "textbox", "Titled"),
        (Role::Field, "searchbox", "Search"),
        (Role::Field, "spinbutton", "Number"),
        (Role::Field, "textbox", "Area"),
        (Role::Field, "combobox", "Pick"),
        (Role::Checkbox, "checkbox", "Check"),
        (Role::Radio, "radio", "Radio"),
        (Role::Field, "textbox", "Edit"),
        (Role::Heading, "heading", "Head line"),
        (Role::Tab, "tab", "Tab"),
        (Role::Dialog, "dialog", "Dialog"),
        (Role::List, "list", "List"),
        (Role::Checkbox, "switch", "Switch"),
        (Role::Button, "button", "not Shown"),
        (Role::Button, "button", "x"),
    ] {
        let target = Target::Role(role, name.to_owned());
        let ours = match visitor.page.see(&target, &Sight::Present, BRIEF / 10).await {
            Ok(()) => true,
            Err(PageError::NotFound { .. }) => false,
            Err(other) => panic!("{target}: {other}"),
        };
        let theirs = visitor
            .page
            .count_in_tree(native, name, LONG)
            .await
            .unwrap()
            > 0;
        if ours != theirs {
            differing.push(format!("{native} {name:?}: here {ours}, there {theirs}"));
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    visitor.page.finish().await;
}

#[rstest]
#[tokio::test]
async fn a_page_that_writes_to_its_console_without_end_takes_nothing_from_others(
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::of(&[
        ("/", CHAT),
        ("/endless", "<!doctype html><title>t</title><button onclick='for (let i = 0; ; i++) console.log(i)'>Endless</button>"),
    ])
    .await;
    let wanted = Wanted {
        route: Route::Direct,
        own_browser: true,
        ..Wanted::new(stack)
    };
    let mut endless = Visitor::wanted(Pool::global().unwrap(), wanted).await;
    endless
        .page
        .open(&site.url("/endless"), LONG)
        .await
        .unwrap();
    // Whether the click itself is answered is the browser's matter.
    let soon = std::time::Duration::from_secs(5);
    let _ = endless.page.click(&button("Endless"), soon).await;
    endless
        .hears(
            |event| matches!(event, PageEvent::Flood { what: "console", count } if *count >= 65_536),
        )
        .await;
    // The driver is not busy with it: a tab beside it opens. (Firefox has one process for both, which runs without a pause.)
    if stack == Stack::Chromium {
        endless.page.new_tab(LONG).await.unwrap();
    }
    endless.page.finish().await;
    let visitor = Visitor::at(stack, &site).await;
    visitor.clicks(&button("Create")).await;
    visitor.sees("room old").await;
    visitor.page.finish().await;
}

const SIZE: &str = "<!doctype html><title>size</title><p id=size></p><script>size.textContent = `${innerWidth} by ${innerHeight}, ${matchMedia('(max-width: 600px)').matches ? 'narrow' : 'wide'}`</script>";

/// What a page is shown at: in each browser the same, or what was wanted, in each of its tabs, also after it was loaded anew.
#[rstest]
#[case::unless_said(None, "1366 by 682, wide")]
#[case::of_a_phone(Some("390x844"), "390 by 844, narrow")]
#[case::of_a_large_screen(Some("2560x1300"), "2560 by 1300, wide")]
#[tokio::test]
async fn a_page_is_shown_as_large_as_was_said(
    #[case] viewport: Option<&str>,
    #[case] shown: &str,
    #[values(Stack::Chromium, Stack::Firefox)] stack: Stack,
) {
    let site = Site::page(SIZE).await;
    let wanted = Wanted {
        route: Route::Direct,
        viewport: viewport.map(|text| text.parse().expect("a viewport")),
        ..Wanted::new(stack)
    };
    let Arrival { page, .. } = UserPage::start(Pool::global().unwrap(), wanted)
        .await
        .unwrap();
    let sees = async |what: &str| {
        let seen = page.see(&text(shown), &Sight::Present, LONG).await;
        seen.unwrap_or_else(|error| panic!("{what}: {error}"));
    };
    page.open(&site.url("/"), LONG).await.unwrap();
    sees("at first").await;
    page.reload(LONG).await.unwrap();
    sees("loaded anew").await;
    page.new_tab(LONG).await.unwrap();
    page.open(&site.url("/"), LONG).await.unwrap();
    sees("in a new tab").await;
}
