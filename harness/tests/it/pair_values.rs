//! Values of a pair that whoever speaks first makes up: the id of a connection, of a session; and what a page overhears of others.

use std::path::Path;
use std::sync::Arc;

use glare::signaling::{Book, Conversation, Dialect, Out, Signal, Word};
use serde_json::Value as Json;

/// The answer, and what follows, name the session and nobody.
const SESSIONS: &str = r#"
dialect: d
connect: { path: "/?id={me|url}" }
pair: [session]
say:
  offer: { message: { offer: "{sdp}", to: "{peer}", session: "{session}" } }
  answer: { message: { answer: "{sdp}", session: "{session}" } }
  bye: { message: { bye: "{session}" } }
hear:
  offer: { message: { offer: "{sdp}", from: "{peer}", session: "{session}" } }
  answer: { message: { answer: "{sdp}", session: "{session}" } }
  bye: { message: { bye: "{session}" } }
"#;

fn two() -> (Conversation, Conversation) {
    let dialect = Dialect::read(Path::new("d.yaml"), SESSIONS);
    let dialect = Arc::new(dialect.unwrap_or_else(|why| panic!("{}", why.render(false))));
    let book = Book::default();
    let of = |name: &str| Conversation::new(Arc::clone(&dialect), name).with(book.clone());
    (of("alice"), of("bob"))
}

fn offer() -> Signal {
    Signal::Offer { sdp: "v=0".into() }
}

fn answer() -> Signal {
    Signal::Answer { sdp: "v=1".into() }
}

fn to(peer: &str, signal: Signal) -> Word {
    Word::Signal {
        peer: Some(peer.into()),
        signal,
    }
}

fn said(conversation: &mut Conversation, word: &Word) -> Json {
    let mut says = conversation.say(word).expect("it can be said");
    match says.pop().expect("one message").out {
        Out::Text(text) => serde_json::from_str(&text).expect("JSON"),
        other => panic!("{other:?}"),
    }
}

/// Hears what the other one said, as the server relays it.
fn hears(conversation: &mut Conversation, message: &Json, from: &str) -> Vec<Word> {
    let mut message = message.clone();
    if message.get("to").is_some() {
        message["from"] = Json::from(from);
    }
    conversation.hear_text(&message.to_string()).words
}

#[test]
fn who_offers_makes_up_the_session_and_both_say_it() {
    let (mut alice, mut bob) = two();
    let message = said(&mut alice, &to("bob", offer()));
    let session = message["session"].as_str().expect("a text").to_owned();
    assert!(session.len() > 8, "{session}");
    assert_eq!(hears(&mut bob, &message, "alice"), [to("alice", offer())]);
    let message = said(&mut bob, &to("alice", answer()));
    assert_eq!(message["session"], session.as_str());
    // The session alone says from whom it is.
    assert_eq!(hears(&mut alice, &message, "bob"), [to("bob", answer())]);
    // An offer on the same connection is of the same session.
    let again = said(&mut alice, &to("bob", offer()));
    assert_eq!(again["session"], session.as_str());
}

#[test]
fn after_a_goodbye_there_is_another_session() {
    let (mut alice, mut bob) = two();
    let first = said(&mut alice, &to("bob", offer()));
    hears(&mut bob, &first, "alice");
    let bye = said(&mut bob, &to("alice", Signal::Bye));
    assert_eq!(bye["bye"], first["session"]);
    assert_eq!(hears(&mut alice, &bye, "bob"), [to("bob", Signal::Bye)]);
    let second = said(&mut bob, &to("alice", offer()));
    assert_ne!(second["session"], first["session"]);
    // The other one takes it over, and makes up none.
    hears(&mut alice, &second, "bob");
    let answer = said(&mut alice, &to("bob", answer()));
    assert_eq!(answer["session"], second["session"]);
}

#[test]
fn a_page_makes_up_the_session_itself() {
    let (alice, mut bob) = two();
    let mut alice = alice.of_a_page();
    alice.overhear_path("/?id=alice");
    let text = r#"{"offer":"v=0","to":"bob","session":"its own"}"#;
    assert_eq!(
        alice.overhear_text(text, None).word,
        Some(to("bob", offer()))
    );
    let message = serde_json::from_str(text).expect("JSON");
    hears(&mut bob, &message, "alice");
    let answered = said(&mut bob, &to("alice", answer()));
    assert_eq!(answered["session"], "its own");
    assert_eq!(
        hears(&mut alice, &answered, "bob"),
        [to("bob", answer())],
        "the tap knows the session of what the page said"
    );
}

#[test]
fn a_name_that_means_something_else_is_a_mistake() {
    for name in ["peer", "sdp", "line", "Session"] {
        let text = SESSIONS.replace("pair: [session]", &format!("pair: [session, {name}]"));
        let mistakes = Dialect::read(Path::new("d.yaml"), &text).expect_err("a mistake");
        let told = mistakes.render(false);
        assert!(told.contains("that means nothing else"), "{name}: {told}");
    }
}

#[test]
fn what_is_for_another_is_no_word_to_a_page_that_overhears_it() {
    let text = "dialect: d\nconnect: { path: /x }\nignore: { message: { to: \"{_}\" } }\nsay:\n  offer: { message: { offer: \"{sdp}\", from: \"{me}\", to: \"{peer}\" } }\n  answer: { message: { answer: \"{sdp}\", from: \"{me}\", to: \"{peer}\" } }\nhear:\n  offer: { message: { offer: \"{sdp}\", from: \"{peer}\", to: \"{me}\" } }\n  answer: { message: { answer: \"{sdp}\", from: \"{peer}\", to: \"{me}\" } }\n";
    let dialect = Dialect::read(Path::new("d.yaml"), text);
    let dialect = Arc::new(dialect.expect("a dialect"));
    let mut alice = Conversation::new(dialect, "alice").of_a_page();
    let offer = |from: &str, to: &str| format!(r#"{{"offer":"v=0","from":"{from}","to":"{to}"}}"#);
    // Before she has said who she is, whatever comes may be for her.
    assert_eq!(alice.hear_text(&offer("bob", "u-17")).words.len(), 1);
    assert!(
        alice
            .overhear_text(&offer("u-17", "bob"), None)
            .word
            .is_some()
    );
    // The echo of her own, and what others say to each other.
    for to in ["bob", "carol"] {
        let heard = alice.hear_text(&offer("u-17", to));
        assert!(heard.words.is_empty() && heard.understood, "{heard:?}");
    }
    assert_eq!(alice.hear_text(&offer("bob", "u-17")).words.len(), 1);
}
