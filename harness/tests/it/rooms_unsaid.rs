//! Messages that do not say of which room they are: the log tells it, as far as it is known.

use std::path::Path;
use std::sync::Arc;

use glare::names::RoomName;
use glare::signaling::{Book, Conversation, Dialect, Meant, Notice, Out, Request, Word};
use glare::stage::{Setting, play};

use crate::stage_support::{case, passes, setting};

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

const PEERS: &str =
    "scenario: rooms\npeers: { alice: { stack: wire }, bob: { stack: wire } }\nsteps:\n";

/// What Alice and the server say to each other.
async fn of_alice(steps: &str, near: Setting) -> Vec<String> {
    let log = passes(&play(&case(&format!("{PEERS}{steps}")), Arc::new(near)).await);
    let alice = ["alice", "server -> alice"];
    let lines = log
        .lines()
        .filter(|line| alice.iter().any(|own| line.starts_with(own)));
    lines.map(str::to_owned).collect()
}

/// She makes rooms by HTTP, and leaves them by a word on her line that names none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_leaves_leaves_the_room_that_it_is_in() {
    let steps = "  - create: { peer: bob, room: other }
  - create: { peer: alice, room: lobby }
  - join: { peer: alice, room: other, refused: inside }
  - leave: { peer: alice }
  - join: { peer: alice, room: other, offer: false }
  - create: { peer: alice, room: lobby, refused: true }
  - leave: { peer: alice }
  - leave: { peer: alice, refused: outside }
";
    assert_eq!(
        of_alice(steps, setting()).await,
        [
            "alice -> server: create lobby",
            "server -> alice: created lobby",
            "alice -> server: join other",
            "server -> alice: refused join \"you are already in room lobby\"",
            "alice -> server: leave lobby",
            "server -> alice: left lobby",
            "alice -> server: join other",
            "server -> alice: joined other with bob",
            "alice -> server: create lobby",
            "server -> alice: refused create \"you are already in room other\"",
            "alice -> server: leave other",
            "server -> alice: left other",
            "alice -> server: leave other",
            "server -> alice: refused leave \"you are in no room\"",
        ]
    );
}

/// On a new line it is nowhere: what it asks to leave is where it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_back_and_leaves_leaves_the_room_that_it_was_in() {
    let steps = "  - create: { peer: alice, room: lobby }
  - disconnect: { peer: alice }
  - connect: { peer: alice }
  - leave: { peer: alice, refused: outside }
";
    assert_eq!(
        of_alice(steps, setting()).await,
        [
            "alice -> server: create lobby",
            "server -> alice: created lobby",
            "alice: disconnects",
            "alice#2 -> server: leave lobby",
            "server -> alice#2: refused leave \"you are in no room\"",
        ]
    );
}

/// A dialect in which nobody is answered who comes in or goes.
fn unanswered() -> Setting {
    let text = REFERENCE
        .replace(
            "join, room: \"{room}\" } }",
            "join, room: \"{room}\" }, done: sent }",
        )
        .replace("{ type: leave } }", "{ type: leave }, done: sent }")
        .replace("  joined:      {", "  #")
        .replace("  left:        {", "  #")
        .replace(
            "hear:\n",
            "ignore:\n  - { message: { type: joined } }\n  - { message: { type: left } }\nhear:\n",
        );
    let dialect = Dialect::read(Path::new("d.yaml"), &text).expect("a dialect");
    assert!(!dialect.answers(glare::signaling::Kind::Join));
    Setting {
        dialect: Arc::new(dialect),
        ..setting()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_request_is_taken_to_have_led_to_was_asked_for() {
    let steps = "  - create: { peer: bob, room: lobby }
  - join: { peer: alice, room: lobby, offer: false }
  - leave: { peer: alice }
  - await: { peer: bob, hears: peer-left }
";
    assert_eq!(
        of_alice(steps, unanswered()).await,
        [
            "alice -> server: join lobby",
            "server -> alice: joined lobby with bob",
            "alice -> server: leave lobby",
            "server -> alice: left lobby",
        ]
    );
}

fn pair(dialect: &str) -> (Conversation, Conversation) {
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), dialect).expect("a dialect"));
    let book = Book::default();
    let new = || Conversation::new(Arc::clone(&dialect), "alice").with(book.clone());
    (new(), new())
}

/// The server makes up what a room is called, and tells it with its yes.
#[test]
fn a_room_that_its_maker_does_not_name_is_the_one_that_it_means() {
    let (mut own, mut tap) = pair(
        r#"
dialect: codes
connect: { path: / }
say:
  create: { message: { do: create } }
  join: { message: { do: join, code: "{room-id}" } }
  offer: { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }
hear:
  created: { message: { made: "{room-id}" } }
  joined: { message: { in: "{room-id}" } }
  offer: { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }
"#,
    );
    for (room, code) in [("lobby", "17"), ("other", "18")] {
        let room = RoomName::new(room);
        let request = Request::Create { room: room.clone() };
        let create = Word::Request { request };
        let says = own.say(&create).expect("it can be said");
        let [Out::Text(text)] = [&says[0].out] else {
            panic!("{says:?}")
        };
        let meant = Some(Meant::Word(create.kind()));
        assert_eq!(tap.overhear_text(text, meant).word, Some(create));
        let heard = tap.hear_text(&format!("{{\"made\":\"{code}\"}}"));
        let notice = Notice::Created { room };
        assert_eq!(heard.words, [Word::Notice { notice }]);
    }
    // What nobody has told before is nobody's room.
    let unknown = tap.overhear_text("{\"do\":\"create\"}", None).word;
    let room = RoomName::new("other");
    let request = Request::Create { room };
    assert_eq!(unknown, Some(Word::Request { request }));
}

/// That another room is gone takes nobody out of his own.
#[test]
fn who_removes_a_room_stays_in_his_own() {
    let (mut own, _) = pair(REFERENCE);
    let overhear = |own: &mut Conversation, text: &str| own.overhear_text(text, None).word;
    own.hear_text(r#"{"type":"joined","room":"lobby","peers":[]}"#);
    own.hear_response(
        "POST",
        "/destroy",
        200,
        r#"{"type":"destroyed","room":"other"}"#,
    );
    let room = RoomName::new("lobby");
    let request = Request::Leave { room };
    let leave = overhear(&mut own, r#"{"type":"leave"}"#);
    assert_eq!(leave, Some(Word::Request { request }));
}
