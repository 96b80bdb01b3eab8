//! The life of a page: loaded again, left, gone back to, closed, killed, without network, with a second tab.

use super::{TWO, casts, is_here, played, setting_of};
use crate::site_support::Site;
use crate::stage_support::{passes, setting};
use glare::names::Stack;
use glare::server::{AppFrom, AppSpec, CommandSpec};
use glare::signaling::Dialect;
use glare::stage::{Setting, play};
use std::path::Path;
use std::sync::Arc;

casts! {
    a_page_that_is_loaded_again_comes_back_on_a_new_line_in_chromium: "bob=chromium", reloads;
    a_page_that_is_loaded_again_comes_back_on_a_new_line_in_firefox: "bob=firefox", reloads;
    a_page_that_is_left_is_gone_and_can_be_gone_back_to_in_chromium: "bob=chromium", goes_away;
    a_page_that_is_left_is_gone_and_can_be_gone_back_to_in_firefox: "bob=firefox", goes_away;
    a_page_whose_tab_is_closed_comes_back_in_another_in_chromium: "bob=chromium", tab_closed;
    a_page_whose_tab_is_closed_comes_back_in_another_in_firefox: "bob=firefox", tab_closed;
    a_page_whose_browser_is_killed_comes_back_in_another_in_chromium: "bob=chromium", browser_killed;
    a_page_whose_browser_is_killed_comes_back_in_another_in_firefox: "bob=firefox", browser_killed;
    a_second_tab_is_a_second_line_of_the_same_peer_in_chromium: "bob=chromium", second_tab;
    a_second_tab_is_a_second_line_of_the_same_peer_in_firefox: "bob=firefox", second_tab;
    a_second_tab_is_left_for_the_first_in_chromium: "bob=chromium", tab_left;
    a_second_tab_is_left_for_the_first_in_firefox: "bob=firefox", tab_left;
    a_second_tab_that_is_killed_leaves_the_first_in_front_in_chromium: "bob=chromium", tab_killed;
    a_second_tab_that_is_killed_leaves_the_first_in_front_in_firefox: "bob=firefox", tab_killed;
    a_first_tab_that_is_killed_takes_its_line_alone_with_it_in_chromium: "bob=chromium", first_tab_killed;
    a_first_tab_that_is_killed_takes_its_line_alone_with_it_in_firefox: "bob=firefox", first_tab_killed;
    a_page_whose_tabs_are_killed_one_after_another_comes_back_in_a_new_one_in_chromium: "bob=chromium", all_tabs_killed;
    a_page_whose_tabs_are_killed_one_after_another_comes_back_in_a_new_one_in_firefox: "bob=firefox", all_tabs_killed;
    a_window_that_closes_with_the_tab_that_opened_it_is_nobodys_fault_in_chromium: "bob=chromium", popup_goes_along;
    the_only_tab_of_a_page_is_not_closed_by_a_step_in_chromium: "alice=chromium", only_tab;
    a_page_is_given_no_login_and_needs_none_in_chromium: "alice=chromium", without_login;
    a_secret_is_in_the_page_and_in_no_record_log_or_picture_in_chromium: "alice=chromium", secret;
    a_secret_is_in_the_page_and_in_no_record_log_or_picture_in_firefox: "alice=firefox", secret;
    a_page_without_a_network_makes_no_request_in_chromium: "bob=chromium", offline;
    a_page_without_a_network_makes_no_request_in_firefox: "bob=firefox", offline;
}

/// Alice signals on the wire, and Bob's page comes to her room.
async fn bob_does(cast: &str, steps: &str) -> String {
    let text = format!(
        r#"scenario: the life of a page
peers:
  alice: {{ stack: wire }}
  bob: {{ app: / }}
steps:
  - create: {{ peer: alice, room: lobby }}
  - fill: {{ peer: bob, field: "Room", text: lobby }}
  - click: {{ peer: bob, button: "Join" }}
  - await: {{ peer: bob, hears: joined }}
  - await: {{ peer: alice, hears: peer-joined, from: bob }}
{steps}"#
    );
    let outcome = played(&text, cast, &Site::page(TWO).await).await;
    passes(&outcome)
}

const COMES: &str = r#"alice -> server: create lobby
server -> alice: created lobby
bob: fills field "Room" with "lobby"
bob: clicks button "Join"
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
"#;

const AGAIN: &str = r#"  - await: { peer: alice, hears: peer-left, from: bob }
  - fill: { peer: bob, field: "Room", text: lobby }
  - press: { peer: bob, key: Enter, field: "Room" }
  - await: { peer: alice, hears: peer-joined, from: bob }
"#;

const COMES_AGAIN: &str = r#"bob: fills field "Room" with "lobby"
bob: presses Enter in field "Room"
bob#2 -> server: join lobby
server -> bob#2: joined lobby with alice
server -> alice: peer-joined bob
"#;

async fn reloads(cast: &str) {
    let log = bob_does(cast, &format!("  - reload: {{ peer: bob }}\n{AGAIN}")).await;
    assert_eq!(
        log,
        format!("{COMES}bob: reloads\nserver -> alice: peer-left bob (lost)\n{COMES_AGAIN}")
    );
}

async fn goes_away(cast: &str) {
    let steps = format!(
        "  - navigate: {{ peer: bob }}\n  - await: {{ peer: alice, hears: peer-left, from: bob }}\n  - back: {{ peer: bob }}\n{}",
        AGAIN.split_once('\n').expect("lines").1
    );
    let log = bob_does(cast, &steps).await;
    let left = "bob: leaves its page\nserver -> alice: peer-left bob (lost)\nbob: goes back\n";
    assert_eq!(log, format!("{COMES}{left}{COMES_AGAIN}"));
}

async fn tab_closed(cast: &str) {
    let log = bob_does(
        cast,
        &format!("  - kill: {{ peer: bob, how: tab }}\n{AGAIN}"),
    )
    .await;
    let killed = "bob: killed (tab)\nserver -> alice: peer-left bob (lost)\n";
    assert_eq!(log, format!("{COMES}{killed}{COMES_AGAIN}"));
}

async fn browser_killed(cast: &str) {
    let log = bob_does(
        cast,
        &format!("  - kill: {{ peer: bob, how: browser }}\n{AGAIN}"),
    )
    .await;
    let killed = "bob: killed (browser)\nserver -> alice: peer-left bob (lost)\n";
    assert_eq!(log, format!("{COMES}{killed}{COMES_AGAIN}"));
}

async fn second_tab(cast: &str) {
    let steps = r#"  - new-tab: { peer: bob }
  - see: { peer: bob, text: "Nothing yet" }
  - fill: { peer: bob, field: "Room", text: other }
  - click: { peer: bob, button: "Create" }
  - await: { peer: bob, hears: created }
"#;
    let log = bob_does(cast, steps).await;
    assert_eq!(
        log,
        format!(
            "{COMES}bob: opens a tab\nbob: sees text \"Nothing yet\"\nbob: fills field \"Room\" with \"other\"\n\
             bob: clicks button \"Create\"\nbob#2 -> server: create other\nserver -> bob#2: created other\n"
        )
    );
}

/// The line of the tab that is closed ends, and the first one's goes on.
async fn tab_left(cast: &str) {
    let steps = r#"  - new-tab: { peer: bob }
  - fill: { peer: bob, field: "Room", text: other }
  - click: { peer: bob, button: "Create" }
  - await: { peer: bob, hears: created }
  - switch-tab: { peer: bob, tab: 1 }
  - see: { peer: bob, text: "Nothing yet" }
  - switch-tab: { peer: bob, tab: 2 }
  - see: { peer: bob, text: "Waiting for somebody" }
  - close-tab: { peer: bob }
  - see: { peer: bob, text: "Nothing yet" }
  - disconnect: { peer: alice }
  - see: { peer: bob, text: "Somebody left" }
  - await: { peer: bob, hears: peer-left, from: alice }
"#;
    let log = bob_does(cast, steps).await;
    assert_eq!(
        log,
        format!(
            "{COMES}bob: opens a tab\nbob: fills field \"Room\" with \"other\"\nbob: clicks button \"Create\"\n\
             bob#2 -> server: create other\nserver -> bob#2: created other\nbob: goes to tab 1\nbob: sees text \"Nothing yet\"\n\
             bob: goes to tab 2\nbob: sees text \"Waiting for somebody\"\nbob: closes its tab\nbob: sees text \"Nothing yet\"\n\
             alice: disconnects\nserver -> bob: peer-left alice (lost)\nbob: sees text \"Somebody left\"\n"
        )
    );
}

/// The tab in front dies with its line, and the steps go on in the one behind it.
async fn tab_killed(cast: &str) {
    let steps = r#"  - new-tab: { peer: bob }
  - fill: { peer: bob, field: "Room", text: other }
  - click: { peer: bob, button: "Create" }
  - await: { peer: bob, hears: created }
  - kill: { peer: bob, how: tab }
  - see: { peer: bob, text: "Nothing yet" }
  - disconnect: { peer: alice }
  - see: { peer: bob, text: "Somebody left" }
  - await: { peer: bob, hears: peer-left, from: alice }
"#;
    let log = bob_does(cast, steps).await;
    assert_eq!(
        log,
        format!(
            "{COMES}bob: opens a tab\nbob: fills field \"Room\" with \"other\"\nbob: clicks button \"Create\"\n\
             bob#2 -> server: create other\nserver -> bob#2: created other\nbob: killed (tab)\nbob: sees text \"Nothing yet\"\n\
             alice: disconnects\nserver -> bob: peer-left alice (lost)\nbob: sees text \"Somebody left\"\n"
        )
    );
}

/// The line of the tab that dies is not the newest.
async fn first_tab_killed(cast: &str) {
    let steps = format!(
        "  - new-tab: {{ peer: bob }}\n  - see: {{ peer: bob, text: \"The line is open\" }}\n  - switch-tab: {{ peer: bob, tab: 1 }}\n  - kill: {{ peer: bob, how: tab }}\n{AGAIN}"
    );
    let log = bob_does(cast, &steps).await;
    assert_eq!(
        log,
        format!(
            "{COMES}bob: opens a tab\nbob: sees text \"The line is open\"\nbob: goes to tab 1\nbob: killed (tab)\n\
             server -> alice: peer-left bob (lost)\n{COMES_AGAIN}"
        )
    );
}

async fn all_tabs_killed(cast: &str) {
    let steps = format!(
        "  - new-tab: {{ peer: bob }}\n  - see: {{ peer: bob, text: \"The line is open\" }}\n  - kill: {{ peer: bob, how: tab }}\n  - kill: {{ peer: bob, how: tab }}\n{AGAIN}"
    );
    let log = bob_does(cast, &steps).await;
    let again = COMES_AGAIN.replace("bob#2", "bob#3");
    assert_eq!(
        log,
        format!(
            "{COMES}bob: opens a tab\nbob: sees text \"The line is open\"\nbob: killed (tab)\nbob: killed (tab)\n\
             server -> alice: peer-left bob (lost)\n{again}"
        )
    );
}

/// What is left when a tab dies may go with it, of the page's own doing.
async fn popup_goes_along(cast: &str) {
    let page = format!(
        "{TWO}<button onclick=\"this.popup = window.open('/'); onpagehide = () => this.popup.close()\">Popup</button>"
    );
    let text = "scenario: a window\npeers: { alice: { stack: wire }, bob: { app: / } }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - click: { peer: bob, button: Popup }\n  - switch-tab: { peer: bob, tab: 2 }\n  - fill: { peer: bob, field: Room, text: lobby }\n  - click: { peer: bob, button: Join }\n  - await: { peer: alice, hears: peer-joined, from: bob }\n  - switch-tab: { peer: bob, tab: 1 }\n  - kill: { peer: bob, how: tab }\n  - await: { peer: alice, hears: peer-left, from: bob }\n";
    let outcome = played(text, cast, &Site::page(&page).await).await;
    passes(&outcome);
}

async fn only_tab(cast: &str) {
    let text = "scenario: tabs\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: Nothing yet }\n  - close-tab: { peer: alice }\n";
    let outcome = played(text, cast, &Site::page(TWO).await).await;
    let failure = crate::stage_support::fails(&outcome, glare::scenario::Place::Step(2), "");
    assert!(
        failure
            .message
            .contains("no other tab to come back to; there is tab 1 at http://"),
        "{failure:#?}"
    );
}

/// Whoever signals for the harness needs one; a page says what its user has it say.
async fn without_login(cast: &str) {
    let dialect = include_str!("../../../../fixtures/servers/reference/dialect.yaml").replace(
        "path: /?userId={me|url}",
        "path: \"/?userId={me|url}&token={token|url}\"\n  login: [token]",
    );
    assert!(dialect.contains("login: [token]"));
    let dialect = Dialect::read(Path::new("d.yaml"), &dialect).expect("a dialect");
    let setting = Setting {
        dialect: Arc::new(dialect),
        ..setting()
    };
    let text = "scenario: login\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, button: New room }\n";
    crate::stage_support::passes(&play(&super::case(text, cast), Arc::new(setting)).await);
}

async fn offline(cast: &str) {
    // Its socket stands; a request fails.
    let steps = r#"  - reload: { peer: bob }
  - await: { peer: alice, hears: peer-left, from: bob }
  - see: { peer: bob, text: "The line is open" }
  - offline: { peer: bob }
  - fill: { peer: bob, field: "Room", text: other }
  - click: { peer: bob, button: "Create" }
  - see: { peer: bob, text: "Nothing yet" }
  - online: { peer: bob }
  - click: { peer: bob, button: "Create" }
  - see: { peer: bob, text: "Waiting for somebody" }
  - await: { peer: bob, hears: created }
expect:
  count:
    "bob -> server: create": 1
"#;
    bob_does(cast, steps).await;
}

/// It is in the page, in what the page sends, says on its console and shows: and nowhere else.
async fn secret(cast: &str) {
    const SECRET: &str = "correct horse & battery";
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::page(
        "<style>body { background: white } p { font: 40px monospace }</style>\
         <label>Password <input id=field></label>\
         <p id=shown></p><p>other</p>\
         <script>field.oninput = () => { if (field.value.endsWith('battery')) {\
             shown.textContent = `you said ${field.value}`; console.log(field.value); fetch(`http://signal.test/rooms?password=${encodeURIComponent(field.value)}`).catch(() => {}); document.title = 'done' } }</script>",
    )
    .await;
    let setting = Setting {
        traces: Some(folder.path().to_owned()),
        secrets: Arc::new([
            SECRET.to_owned(),
            "correct%20horse%20%26%20battery".to_owned(),
        ]),
        filled: Arc::new([("password".to_owned(), SECRET.to_owned())].into()),
        ..Setting::clone(&setting_of(&site))
    };
    let text = "scenario: secrets\npeers: { alice: { app: / } }\nsteps:\n  - screenshot: { peer: alice, file: before }\n  - fill: { peer: alice, field: Password, secret: password }\n  - see: { peer: alice, text: \"you said\" }\n  - screenshot: { peer: alice, file: after }\n  - see: { peer: alice, field: Password, value: other, within: 500ms }\n";
    let outcome = play(&super::case(text, cast), Arc::new(setting)).await;
    crate::stage_support::fails(&outcome, glare::scenario::Place::Step(5), "");
    assert!(
        outcome
            .log
            .to_string()
            .contains("alice: fills field \"Password\" with the secret password"),
        "{}",
        outcome.log
    );
    let trace = std::fs::read_to_string(folder.path().join("trace.jsonl")).expect("a record");
    for told in [&trace, &format!("{:?}{}", outcome.verdict, outcome.log)] {
        assert!(!told.contains("horse"), "{told}");
    }
    assert!(trace.contains("<redacted>"), "{trace}");
    // What shows it is covered, the rest is there.
    let black = |name: &str| {
        let picture = std::fs::File::open(folder.path().join(name)).expect("a picture");
        let mut decoder = png::Decoder::new(std::io::BufReader::new(picture));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().expect("a picture");
        let mut points = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut points).expect("a picture");
        let samples = info.color_type.samples();
        let all = points.chunks(samples);
        all.filter(|point| point[..3] == [0, 0, 0]).count()
    };
    // A line of 40 pixels across the window, and a field.
    assert!(black("before-alice.png") < 5_000);
    assert!(black("after-alice.png") > 20_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_stand_beside_the_record() {
    if !is_here(Stack::Chromium) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::page(TWO).await;
    let setting = Setting {
        traces: Some(folder.path().to_owned()),
        ..Setting::clone(&setting_of(&site))
    };
    let text = "scenario: pictures\npeers: { alice: { app: / } }\nsteps:\n  - screenshot: { peer: alice }\n  - screenshot: { peer: alice, file: start }\n  - click: { peer: alice, button: \"Creat\", within: 500ms }\n";
    let outcome = play(&super::case(text, "alice=chromium"), Arc::new(setting)).await;
    let failure = crate::stage_support::fails(
        &outcome,
        glare::scenario::Place::Step(3),
        "no button \"Creat\"",
    );
    // What is there in its place, and where it can be seen.
    assert!(
        failure.message.contains("button \"Create\""),
        "{failure:#?}"
    );
    assert!(failure.message.contains("step-3-alice.png"), "{failure:#?}");
    for name in ["step-1-alice.png", "start-alice.png", "step-3-alice.png"] {
        let picture = std::fs::read(folder.path().join(name)).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_leaves_a_picture_of_each_page() {
    if !is_here(Stack::Chromium) {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let site = Site::page(TWO).await;
    let setting = Setting {
        traces: Some(folder.path().to_owned()),
        ..Setting::clone(&setting_of(&site))
    };
    let text = "scenario: pictures\npeers: { alice: { app: / }, bob: { app: / } }\nsteps:\n  - open: { peer: alice }\n  - open: { peer: bob }\n  - await: { connected: [alice, bob], within: 500ms }\n";
    let case = super::case(text, "alice=chromium,bob=chromium");
    let outcome = play(&case, Arc::new(setting)).await;
    let place = glare::scenario::Place::Step(3);
    crate::stage_support::fails(&outcome, place, "did not happen");
    for name in ["step-3-alice.png", "step-3-bob.png"] {
        let picture = std::fs::read(folder.path().join(name)).expect("a picture");
        assert!(picture.starts_with(b"\x89PNG"), "{name}");
    }
}

/// A setting whose pages come from this command.
fn served_by(command: &str, seen: &str) -> Setting {
    let mut spec = CommandSpec::new(command);
    spec.env.push(("SERVER".into(), seen.into()));
    Setting {
        app: Some(AppSpec {
            from: AppFrom::Command(spec),
            names: Vec::new(),
        }),
        ..setting()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_pages_is_started_for_a_case_and_ended_after_it() {
    if !is_here(Stack::Chromium) {
        return;
    }
    let _place = crate::site_support::turn().await;
    let folder = tempfile::tempdir().expect("a folder");
    let command = format!(
        "cd {}; echo $$ $SERVER > seen; exec {} serve --port {{port}}",
        folder.path().display(),
        env!("CARGO_BIN_EXE_glare"),
    );
    let text = "scenario: served\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, button: New room }\n";
    let case = super::case(text, "alice=chromium");
    let outcome = play(&case, Arc::new(served_by(&command, "ws://{server}"))).await;
    crate::stage_support::passes(&outcome);
    let seen = std::fs::read_to_string(folder.path().join("seen")).expect("it was started");
    let (process, server) = seen.trim().split_once(' ').expect("two words");
    assert!(server.starts_with("ws://127.0.0.1:"), "{seen}");
    assert!(
        !Path::new("/proc").join(process).exists(),
        "{process} lives"
    );
    // One that does not get up is nobody's fault but its own.
    let outcome = play(
        &case,
        Arc::new(served_by("echo no such file >&2; exit 3", "")),
    )
    .await;
    let said = format!("{:?}", outcome.verdict);
    assert!(
        said.starts_with("Inconclusive") && said.contains("no such file"),
        "{said}"
    );
}
