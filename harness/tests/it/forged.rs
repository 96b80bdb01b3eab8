//! A message in another's name: where it can be written, and what is sent then.

use std::path::Path;
use std::sync::Arc;

use glare::signaling::{Conversation, Dialect, Kind, Meant, Notice, Out, Word};

const SERVERS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/servers");

fn shipped(name: &str) -> Dialect {
    let path = Path::new(SERVERS).join(name).join("dialect.yaml");
    let text = std::fs::read_to_string(&path).expect("a dialect");
    Dialect::read(&path, &text).expect("a sound dialect")
}

fn dialect(say: &str, hear: &str) -> Arc<Dialect> {
    dialect_in("json", say, hear)
}

fn dialect_in(framing: &str, say: &str, hear: &str) -> Arc<Dialect> {
    let text = format!(
        "dialect: x\nframing: {framing}\nconnect: {{ path: /ws }}\nsay:\n  join: {{ message: {{ join: \"{{room}}\" }} }}\n  offer: {{ message: {say} }}\n  answer: {{ message: {{ answer: \"{{sdp}}\" }} }}\nhear:\n  joined: {{ message: {{ in: \"{{room}}\", id?: \"{{self}}\" }} }}\n  peer-joined: {{ message: {{ came: \"{{peer}}\" }} }}\n  offer: {{ message: {hear} }}\n  answer: {{ message: {{ answer: \"{{sdp}}\" }} }}\n"
    );
    Arc::new(Dialect::read(Path::new("x.yaml"), &text).expect("a sound dialect"))
}

/// What bob sends to alice so that it seems to be carol's.
fn forged(dialect: Arc<Dialect>) -> Option<String> {
    let bob = Conversation::new(dialect, "bob");
    let mut says = bob.forged(Kind::Offer, "alice", "carol").ok()?;
    let last = says.pop()?;
    assert_eq!(last.means, Meant::Nothing);
    match last.out {
        Out::Text(text) => Some(text),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_sender_stands_where_it_is_heard() {
    let plain = dialect(
        "{ offer: \"{sdp}\", to: \"{peer}\" }",
        "{ offer: \"{sdp}\", from: \"{peer}\" }",
    );
    let sent = forged(plain).expect("it can be forged");
    let sent: serde_json::Value = serde_json::from_str(&sent).expect("JSON");
    assert_eq!(
        (&sent["from"], &sent["to"]),
        (&"carol".into(), &"alice".into())
    );
    assert!(sent["offer"].is_string(), "{sent}");
}

#[test]
fn it_stands_within_what_is_said_or_in_an_object_of_its_own() {
    let within = dialect(
        "{ m: [offer, { sdp: \"{sdp}\", to: \"{peer}\" }] }",
        "{ m: [offer, { sdp: \"{sdp}\", by: \"u-{peer}\" }] }",
    );
    let sent = forged(within).expect("it can be forged");
    assert!(sent.contains("\"by\":\"u-carol\""), "{sent}");
    let own = dialect(
        "{ offer: \"{sdp}\" }",
        "{ offer: \"{sdp}\", who: { name: \"{_}\", id: \"{peer}\" } }",
    );
    let sent = forged(own).expect("it can be forged");
    assert!(sent.contains("\"who\":{\"id\":\"carol\"}"), "{sent}");
    let text = dialect(
        "{ d: { $json: { offer: \"{sdp}\" } } }",
        "{ d: { $json: { offer: \"{sdp}\", from: \"{peer}\" } } }",
    );
    let sent = forged(text).expect("it can be forged");
    assert!(sent.contains("\\\"from\\\":\\\"carol\\\""), "{sent}");
}

/// Where a client writes by design who it is, where the sender is not told, and where other people's programs write the wire.
#[test]
fn where_nobody_is_misled_nothing_is_forged() {
    for (say, hear) in [
        (
            "{ offer: \"{sdp}\", from: \"{me}\" }",
            "{ offer: \"{sdp}\", from: \"{peer}\" }",
        ),
        (
            "{ offer: \"{sdp}\", by: \"{me}\" }",
            "{ offer: \"{sdp}\", from: \"{peer}\" }",
        ),
        ("{ offer: \"{sdp}\" }", "{ offer: \"{sdp}\" }"),
        (
            "{ offer: \"{sdp}\", peer: \"{peer}\" }",
            "{ offer: \"{sdp}\", peer: \"{peer}\" }",
        ),
        (
            "{ offer: \"{sdp}\" }",
            "{ offer: \"{sdp}\", key: \"{_}~{peer}\" }",
        ),
        ("[offer, \"{sdp}\"]", "[offer, \"{sdp}\", \"{peer}\"]"),
    ] {
        let dialect = dialect(say, hear);
        assert!(!dialect.forges(Kind::Offer), "{say} {hear}");
        assert_eq!(forged(dialect), None);
    }
}

/// A third one's id is the one that the server gave him.
#[test]
fn it_is_the_others_id_that_is_written() {
    let dialect = dialect(
        "{ offer: \"{sdp}\", to: \"{peer}\" }",
        "{ offer: \"{sdp}\", from: \"{peer}\" }",
    );
    let book = glare::signaling::Book::default();
    let named = |name: &str| Conversation::new(dialect.clone(), name).with(book.clone());
    let (mut bob, mut alice, mut carol) = (named("bob"), named("alice"), named("carol"));
    for (who, id) in [(&mut bob, "1"), (&mut alice, "2")] {
        who.hear_text(&format!("{{\"in\":\"lobby\",\"id\":\"{id}\"}}"));
    }
    let early = bob.forged(Kind::Offer, "alice", "carol");
    assert!(early.is_err(), "carol has no id yet: {early:?}");
    carol.hear_text("{\"in\":\"lobby\",\"id\":\"3\"}");
    let says = bob
        .forged(Kind::Offer, "alice", "carol")
        .expect("it can be said");
    let Some(Out::Text(text)) = says.last().map(|say| &say.out) else {
        panic!("{says:?}");
    };
    assert!(
        text.contains("\"from\":\"3\"") && text.contains("\"to\":\"2\""),
        "{text}"
    );
    // The tap takes it for nothing, and the one who believes it for carol's.
    let overheard = bob.overhear_text(text, Some(Meant::Nothing));
    assert_eq!((overheard.word, overheard.understood), (None, false));
    let heard = alice.hear_text(text).words;
    let from_carol =
        |word: &Word| matches!(word, Word::Signal { peer: Some(peer), .. } if peer == "carol");
    assert!(heard.iter().any(from_carol), "{heard:?}");
    assert!(!heard.iter().any(|word| matches!(
        word,
        Word::Notice {
            notice: Notice::Error { .. }
        }
    )));
}

#[test]
fn of_the_shipped_dialects_those_can_be_asked_whose_server_says_who_it_was() {
    let forging: Vec<String> = std::fs::read_dir(SERVERS)
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.to_owned()))
        .filter(|name| Path::new(SERVERS).join(name).join("dialect.yaml").exists())
        .filter(|name| shipped(name).forges(Kind::Offer))
        .collect();
    let mut forging = forging;
    forging.sort();
    assert_eq!(
        forging,
        [
            "janus",
            "janus-http",
            "matchbox_server",
            "peerjs",
            "reference"
        ]
    );
}
