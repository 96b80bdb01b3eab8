//! A page of the user's against every other kind of peer: the page is as it is, and there is one log.

use std::sync::Arc;

use glare::record::{Event, Story, What};
use glare::stage::{Setting, play};
use glare::tls::Security;

use super::{TWO, case, casts, played, setting_of};
use crate::site_support::Site;
use crate::stage_support::{passes, setting};

const MEET: &str = r#"scenario: two pages meet
peers:
  alice: { app: / }
  bob: { app: / }
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, text: "Waiting for somebody" }
  - fill: { peer: bob, field: "Room", text: lobby }
  - press: { peer: bob, key: Enter, field: "Room" }
  - await: { connected: [alice, bob] }
  - see: { peer: bob, text: "Connected" }
  - fill: { peer: bob, field: "Message", text: "hello" }
  - press: { peer: bob, key: Enter, field: "Message" }
  - see: { peer: alice, text: "hello" }
  - await: { peer: alice, said: "hello" }
expect:
  never: |
    alice: console error
    bob: console error
"#;

/// The log of two pages that meet, in whatever browsers.
const MET: &str = r#"alice: fills field "Room" with "lobby"
alice: clicks button "Create"
alice -> server: create lobby
server -> alice: created lobby
alice: sees text "Waiting for somebody"
bob: fills field "Room" with "lobby"
bob: presses Enter in field "Room"
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
bob -> alice: offer application, ice <bob 1>
alice -> bob: answer application, ice <alice 1>
alice: connection connected
bob: connection connected
bob: sees text "Connected"
bob: fills field "Message" with "hello"
bob: presses Enter in field "Message"
alice: sees text "hello"
bob ~> alice: chat "hello"
"#;

async fn two_meet(cast: &str) {
    let site = Site::page(TWO).await;
    let outcome = played(MEET, cast, &site).await;
    assert_eq!(passes(&outcome), MET);
    // The page asked its own server for itself alone, and wrote nothing.
    assert_eq!(site.asked().len(), 2, "{:?}", site.asked());
    let console = |event: &&Arc<Event>| matches!(event.what, What::Console { .. });
    assert_eq!(outcome.events.iter().find(console), None);
}

casts! {
    two_pages_meet_in_chromium: "alice=chromium,bob=chromium", two_meet;
    two_pages_meet_in_firefox: "alice=firefox,bob=firefox", two_meet;
    a_page_in_chromium_meets_one_in_firefox: "alice=chromium,bob=firefox", two_meet;
    a_page_in_firefox_meets_one_in_chromium: "alice=firefox,bob=chromium", two_meet;
    a_page_in_chromium_meets_a_native_peer: "alice=chromium,bob=native", one_meets;
    a_page_in_firefox_meets_a_native_peer: "alice=firefox,bob=native", one_meets;
    a_page_in_chromium_meets_a_chromium_that_the_harness_drives: "alice=chromium,bob=chromium", one_meets;
    a_page_in_firefox_meets_a_firefox_that_the_harness_drives: "alice=firefox,bob=firefox", one_meets;
    a_page_comes_to_a_native_peer_in_chromium: "alice=native,bob=chromium", one_comes;
    a_page_comes_to_a_native_peer_in_firefox: "alice=native,bob=firefox", one_comes;
    two_meet_in_the_chat_that_the_server_serves_in_chromium: "alice=chromium,bob=chromium", in_the_chat;
    a_connection_that_went_with_its_page_is_none_in_chromium: "alice=chromium,bob=chromium", gone_with_its_page;
    a_connection_that_went_with_its_page_is_none_in_firefox: "alice=firefox,bob=firefox", gone_with_its_page;
    the_files_of_a_page_are_no_messages_in_chromium: "alice=chromium", nothing_in_the_chat;
    two_meet_in_the_chat_that_the_server_serves_in_firefox: "alice=firefox,bob=firefox", in_the_chat;
    two_meet_in_the_chat_by_tls_in_chromium: "alice=chromium,bob=chromium", in_the_chat_by_tls;
    two_meet_in_the_chat_by_tls_in_firefox: "alice=firefox,bob=firefox", in_the_chat_by_tls;
    two_pages_have_one_log_again_and_again: "alice=chromium,bob=firefox", again_and_again;
    a_page_hears_a_wire_peer_in_chromium: "alice=chromium,bob=wire", one_hears;
}

async fn one_meets(cast: &str) {
    let text = r#"scenario: a page meets another peer
peers:
  alice: { app: / }
  bob: {}
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, text: "Waiting for somebody" }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - say: { from: bob, text: "hello" }
  - see: { peer: alice, text: "hello" }
  - fill: { peer: alice, field: "Message", text: "hello too" }
  - press: { peer: alice, key: Enter, field: "Message" }
  - await: { peer: bob, said: "hello too" }
  - leave: { peer: bob }
  - see: { peer: alice, text: "Somebody left" }
"#;
    let outcome = played(text, cast, &Site::page(TWO).await).await;
    assert_eq!(
        passes(&outcome),
        r#"alice: fills field "Room" with "lobby"
alice: clicks button "Create"
alice -> server: create lobby
server -> alice: created lobby
alice: sees text "Waiting for somebody"
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
bob -> alice: offer application, ice <bob 1>
alice -> bob: answer application, ice <alice 1>
alice: connection connected
bob: connection connected
bob: channel chat open
bob ~> alice: chat "hello"
alice: sees text "hello"
alice: fills field "Message" with "hello too"
alice: presses Enter in field "Message"
alice ~> bob: chat "hello too"
bob -> server: leave lobby
server -> bob: left lobby
server -> alice: peer-left bob (left)
alice: sees text "Somebody left"
"#
    );
}

/// The page offers, and the other one answers.
async fn one_comes(cast: &str) {
    let text = r#"scenario: a page comes to another peer
peers:
  alice: {}
  bob: { app: / }
steps:
  - create: { peer: alice, room: lobby }
  - fill: { peer: bob, field: "Room", text: lobby }
  - click: { peer: bob, button: "Join" }
  - await: { connected: [alice, bob] }
  - await: { peer: bob, applied: answer }
"#;
    let outcome = played(text, cast, &Site::page(TWO).await).await;
    assert_eq!(
        passes(&outcome),
        r#"alice -> server: create lobby
server -> alice: created lobby
bob: fills field "Room" with "lobby"
bob: clicks button "Join"
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
bob -> alice: offer application, ice <bob 1>
alice -> bob: answer application, ice <alice 1>
alice: connection connected
bob: connection connected
bob: applied answer from alice
"#
    );
}

/// Faults on the wire are as for any peer.
async fn one_hears(cast: &str) {
    let text = r#"scenario: a page and one who only signals
peers:
  alice: { app: / }
  bob: { stack: wire }
steps:
  - fill: { peer: alice, field: "Room", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, text: "Waiting for somebody" }
  - await: { peer: alice, hears: created }
  - hold: { message: peer-joined, to: alice }
  - join: { peer: bob, room: lobby }
  - await: { held: peer-joined, to: alice }
  - see: { peer: alice, text: "Waiting for somebody" }
  - release: { message: peer-joined, to: alice }
  - see: { peer: alice, text: "Somebody came" }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - cut: { peer: alice, how: reset }
  - await: { peer: bob, hears: peer-left, from: alice }
"#;
    let outcome = played(text, cast, &Site::page(TWO).await).await;
    assert_eq!(
        passes(&outcome),
        r#"alice: fills field "Room" with "lobby"
alice: clicks button "Create"
alice -> server: create lobby
server -> alice: created lobby
alice: sees text "Waiting for somebody"
tap: hold peer-joined to alice
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob (held)
alice: sees text "Waiting for somebody"
tap: release peer-joined to alice
server -> alice: peer-joined bob (released)
alice: sees text "Somebody came"
tap: cut alice (reset)
server -> bob: peer-left alice (lost)
"#
    );
}

/// The chat that the server under test serves, at its own origin.
const CHAT: &str = r#"scenario: two meet in the chat
peers:
  alice: { app: / }
  bob: { app: / }
steps:
  - click: { peer: alice, button: "New room" }
  - fill: { peer: alice, field: "Room name", text: lobby }
  - click: { peer: alice, button: "Create" }
  - see: { peer: alice, heading: "Room lobby" }
  - click: { peer: bob, button: "Join a room" }
  - fill: { peer: bob, field: "Room name", text: lobby }
  - press: { peer: bob, key: Enter }
  - await: { connected: [alice, bob] }
  - fill: { peer: bob, field: "Message", text: "hello" }
  - press: { peer: bob, key: Enter }
  - see: { peer: alice, text: "hello" }
  - click: { peer: bob, button: "Leave" }
  - await: { peer: alice, hears: peer-left, from: bob }
expect:
  never: |
    alice: console error
    bob: console error
"#;

async fn in_the_chat(cast: &str) {
    let outcome = play(&case(CHAT, cast), Arc::new(setting())).await;
    assert_eq!(
        passes(&outcome),
        r#"alice: clicks button "New room"
alice: fills field "Room name" with "lobby"
alice: clicks button "Create"
alice -> server: create lobby
server -> alice: created lobby
alice: sees heading "Room lobby"
bob: clicks button "Join a room"
bob: fills field "Room name" with "lobby"
bob: presses Enter
bob -> server: join lobby
server -> bob: joined lobby with alice
server -> alice: peer-joined bob
bob -> alice: offer application, ice <bob 1>
alice -> bob: answer application, ice <alice 1>
alice: connection connected
bob: connection connected
bob: fills field "Message" with "hello"
bob: presses Enter
alice: sees text "hello"
bob: clicks button "Leave"
bob -> alice: bye
bob -> server: leave lobby
server -> bob: left lobby
server -> alice: peer-left bob (left)
"#
    );
}

/// A connection that went with its page connects nobody any more.
async fn gone_with_its_page(cast: &str) {
    let text = MEET.replace(
        "expect:\n",
        "  - reload: { peer: bob }\n  - see: { peer: bob, field: \"Room\" }\n  - await: { connected: [alice, bob], within: 2s }\nexpect:\n",
    );
    let outcome = played(&text, cast, &Site::page(TWO).await).await;
    let failure = crate::stage_support::fails(&outcome, glare::scenario::Place::Step(14), "");
    assert!(
        failure
            .message
            .contains("alice and bob connected did not happen"),
        "{failure:#?}"
    );
}

/// What a page loads is no message that the dialect would have a word for.
async fn nothing_in_the_chat(cast: &str) {
    let text = "scenario: chat\npeers: { alice: { app: / } }\nsteps:\n  - see: { peer: alice, text: nowhere, within: 100ms }\n";
    let outcome = play(&case(text, cast), Arc::new(setting())).await;
    let story = Story::of(outcome.record.clone()).expect("a record");
    let told = glare::report::failure(&story.into(), false).expect("a failure");
    assert!(!told.contains("What no word"), "{told}");
}

/// At https and wss, by a certificate of the run's own: the page and its log are the same.
async fn in_the_chat_by_tls(cast: &str) {
    let plain = play(&case(CHAT, cast), Arc::new(setting())).await;
    let setting = Setting {
        security: Some(Security::new(None, None).expect("an authority")),
        ..setting()
    };
    let outcome = play(&case(CHAT, cast), Arc::new(setting)).await;
    assert_eq!(passes(&outcome), passes(&plain));
}

/// However the races go.
async fn again_and_again(cast: &str) {
    let site = Site::page(TWO).await;
    for take in 1..=8 {
        let setting = Setting {
            shake: Some(take),
            ..Setting::clone(&setting_of(&site))
        };
        let outcome = play(&case(MEET, cast), Arc::new(setting)).await;
        assert_eq!(passes(&outcome), MET, "take {take}");
    }
}
