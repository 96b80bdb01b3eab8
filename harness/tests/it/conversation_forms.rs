//! Ids that the client chooses, values in other clothes, several messages in one, and answers that are alike.

use std::path::Path;
use std::sync::Arc;

use glare::names::RoomName;
use glare::signaling::{
    Book, Candidate, Conversation, Dialect, Field, Garbage, Kind, Meant, Notice, Out, Request,
    Signal, Word,
};

fn read(text: &str) -> Result<Dialect, String> {
    Dialect::read(Path::new("d.yaml"), text).map_err(|mistakes| mistakes.render(false))
}

fn dialect(head: &str, say: &str, hear: &str) -> Arc<Dialect> {
    let text = format!("dialect: d\n{head}\nsay:\n{say}\nhear:\n{hear}\n");
    Arc::new(read(&text).unwrap_or_else(|why| panic!("{why}")))
}

fn room() -> RoomName {
    RoomName::new("lobby")
}

fn join() -> Word {
    let request = Request::Join { room: room() };
    Word::Request { request }
}

fn joined(with: &[&str]) -> Word {
    let notice = Notice::Joined {
        room: room(),
        with: with.iter().map(|name| (*name).to_owned()).collect(),
    };
    Word::Notice { notice }
}

fn came(peer: &str) -> Word {
    let peer = peer.to_owned();
    let notice = Notice::PeerJoined { peer };
    Word::Notice { notice }
}

fn offer(to: &str) -> Word {
    Word::Signal {
        peer: Some(to.into()),
        signal: Signal::Offer { sdp: "v=0".into() },
    }
}

/// What it says, as text.
fn said(conversation: &mut Conversation, word: &Word) -> Vec<String> {
    let says = conversation.say(word).expect("it can be said");
    let texts = says.into_iter().map(|say| match say.out {
        Out::Text(text) => text,
        other => format!("{other:?}"),
    });
    texts.collect()
}

const TRACKER: &str = r#"
connect:
  path: /
  self: "{me|digest}"
  room-id: "{room|digest}""#;
const ANNOUNCE: &str = r#"
  join:   { message: { hash: "{room-id}", id: "{self}", event: started } }
  leave:  { message: { hash: "{room-id}", id: "{self}", event: stopped }, done: sent }
  offer:  { message: { hash: "{room-id}", id: "{self}", to: "{peer}", offer: "{sdp}" } }
  answer: { message: { hash: "{room-id}", id: "{self}", to: "{peer}", answer: "{sdp}" } }"#;
const ANNOUNCED: &str = r#"
  joined: { message: { interval: "{_}" }, of: join }
  offer:  { message: { id: "{peer}", offer: "{sdp}" } }
  answer: { message: { id: "{peer}", answer: "{sdp}" } }"#;

// echo -n alice | sha256sum, and the others.
const ALICE: &str = "2bd806c97f0e00af1a1f";
const BOB: &str = "81b637d8fcd2c6da6359";
const LOBBY: &str = "4b5dc076e7b9c122b3c8";

#[test]
fn peers_and_rooms_are_known_by_ids_that_the_client_makes_of_their_names() {
    let dialect = dialect(TRACKER, ANNOUNCE, ANNOUNCED);
    let book = Book::default();
    let new = |name| Conversation::new(dialect.clone(), name).with(book.clone());
    let (mut alice, mut bob) = (new("alice"), new("bob"));
    let announced = format!(r#"{{"hash":"{LOBBY}","id":"{BOB}","event":"started"}}"#);
    assert_eq!(said(&mut bob, &join()), [announced.as_str()]);
    // The tap reads the room and the peer from them.
    let overheard = new("bob").overhear_text(&announced, None);
    assert_eq!(overheard.word, Some(join()));
    bob.hear_text(r#"{"interval":120}"#);
    let text = format!(r#"{{"hash":"{LOBBY}","id":"{BOB}","to":"{ALICE}","offer":"v=0"}}"#);
    assert_eq!(said(&mut bob, &offer("alice")), [text.as_str()]);
    let meant = Some(Meant::Word(Kind::Offer));
    assert_eq!(
        new("bob").overhear_text(&text, meant).word,
        Some(offer("alice"))
    );
    let heard = alice.hear_text(&format!(r#"{{"id":"{BOB}","offer":"v=0"}}"#));
    assert_eq!(heard.words, [offer("bob")]);
}

#[test]
fn an_answer_to_one_request_is_none_where_nothing_was_asked() {
    let dialect = dialect(TRACKER, ANNOUNCE, ANNOUNCED);
    let book = Book::default();
    let new = |name| Conversation::new(dialect.clone(), name).with(book.clone());
    let (_alice, mut bob) = (new("alice"), new("bob"));
    assert!(!bob.hear_text(r#"{"interval":120}"#).understood);
    said(&mut bob, &join());
    assert_eq!(bob.hear_text(r#"{"interval":120}"#).words, [joined(&[])]);
    // What an offer is answered with is the same, and says nothing.
    said(&mut bob, &offer("alice"));
    assert_eq!(bob.hear_text(r#"{"interval":120}"#).words, []);
}

#[test]
fn several_messages_in_one_are_heard_in_their_order() {
    let say = r#"
  join:   { message: { things: [{ enter: "{room}" }] } }
  offer:  { message: { things: [{ to: "{peer}", offer: "{sdp}" }] } }
  answer: { message: { things: [{ to: "{peer}", answer: "{sdp}" }] } }"#;
    let hear = r#"
  joined: { message: { entered: "{room}" } }
  peer-joined: { message: { meet: "{peer}" } }
  offer:  { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }"#;
    let head = "connect: { path: / }\nbundle: { things: \"{messages}\" }";
    let dialect = dialect(head, say, hear);
    let mut bob = Conversation::new(dialect, "bob");
    assert_eq!(
        said(&mut bob, &join()),
        [r#"{"things":[{"enter":"lobby"}]}"#]
    );
    let heard = bob.hear_text(
        r#"{"things":[{"entered":"lobby"},{"meet":"carol"},{"meet":"alice"},{"from":"alice","offer":"v=0"}]}"#,
    );
    assert_eq!(
        heard.words,
        [joined(&[]), came("carol"), came("alice"), offer("alice")]
    );
    assert!(heard.understood);
    // One that nobody understands hides none of the others, and is not hidden by them.
    let heard = bob.hear_text(r#"{"things":[{"what":1},{"meet":"dave"}]}"#);
    assert_eq!(heard.words, [came("dave")]);
    assert!(!heard.understood);
    assert!(bob.hear_text(r#"{"things":[]}"#).understood);
    assert!(!bob.hear_text(r#"{"things":7}"#).understood);
}

#[test]
fn a_bundle_that_captures_no_messages_is_a_mistake() {
    let text = format!(
        "dialect: d\nconnect: {{ path: / }}\nbundle: {{ things: [] }}\nsay:\n{}\nhear:\n{}\n",
        r#"  offer:  { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }"#,
        r#"  offer:  { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }"#
    );
    let why = read(&text).expect_err("nothing says where the messages are");
    assert!(why.contains("nothing here captures `{messages}`"), "{why}");
    let why =
        read(&text.replace("things: []", "things: \"{messages|rot13}\"")).expect_err("a filter");
    let all = "only `url`, `json`, `base64`, `digest`, `commas`, `spaces`";
    assert!(why.contains(all), "{why}");
}

#[test]
fn base64_leads_back_and_what_is_none_is_no_word() {
    let say = r#"
  join:   { message: { room: "{room|base64}" } }
  offer:  { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }"#;
    let hear = r#"
  joined: { message: { in: "{room|base64}" } }
  offer:  { message: { offer: "{sdp}" } }
  answer: { message: { answer: "{sdp}" } }"#;
    let dialect = dialect("connect: { path: / }", say, hear);
    let mut bob = Conversation::new(dialect, "bob");
    assert_eq!(said(&mut bob, &join()), [r#"{"room":"bG9iYnk="}"#]);
    for none in [r#"{"in":"bG9iY"}"#, r#"{"in":"//79"}"#, r#"{"in":7}"#] {
        assert!(!bob.hear_text(none).understood, "{none}");
    }
    assert_eq!(bob.hear_text(r#"{"in":"bG9iYnk="}"#).words, [joined(&[])]);
}

/// Lines of text with bars between fields, as people write them who like no JSON.
#[test]
fn lists_and_candidates_within_a_text_lead_back() {
    let written = |form: &str| {
        let say = format!(
            r#"
  join:   {{ message: "IN {{room}}" }}
  candidate: {{ message: "ICE|{form}" }}
  offer:  {{ message: "O|{{sdp|base64}}" }}
  answer: {{ message: "A|{{sdp|base64}}" }}"#
        );
        let hear = format!(
            r#"
  joined: {{ message: "ROOM|{{room}}|{{with|commas}}" }}
  peer-joined: {{ message: "MORE|{{peer|spaces}}" }}
  candidate: {{ message: "ICE|{form}" }}
  offer:  {{ message: "O|{{sdp|base64}}" }}
  answer: {{ message: "A|{{sdp|base64}}" }}"#
        );
        dialect("framing: text\nconnect: { path: / }", &say, &hear)
    };
    let mut bob = Conversation::new(written("{candidate}"), "bob");
    assert_eq!(said(&mut bob, &join()), ["IN lobby"]);
    for (text, with) in [
        ("ROOM|lobby|", vec![]),
        ("ROOM|lobby|alice", vec!["alice"]),
        ("ROOM|lobby|alice, carol", vec!["alice", "carol"]),
    ] {
        assert_eq!(bob.hear_text(text).words, [joined(&with)], "{text}");
    }
    let more = bob.hear_text("MORE|dora  emil").words;
    assert_eq!(more, [came("dora"), came("emil")]);
    for form in [
        "{candidate}",
        "{candidate|json}",
        "{candidate|base64}",
        "{candidate|url}",
        "{sdp-mline-index}|{sdp-mid}|{ufrag}|{candidate-line}",
    ] {
        let mut bob = Conversation::new(written(form), "bob");
        let candidate = Candidate {
            candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host".into(),
            sdp_mid: Some("0".into()),
            sdp_mline_index: Some(0),
            username_fragment: Some("abcd".into()),
        };
        let signal = Signal::Candidate { candidate };
        let word = Word::Signal { peer: None, signal };
        let text = said(&mut bob, &word);
        assert_eq!(bob.hear_text(&text[0]).words, [word], "{form}: {text:?}");
    }
}

/// Many servers answer a POST with `200` and nothing that means anything.
#[test]
fn yes_to_a_request_that_nothing_answers_says_nothing() {
    let say = r#"
  join: { http: POST /join, body: { room: "{room}" } }
  offer: { http: "POST /offer/{peer|url}", body: { sdp: "{sdp}" } }
  answer: { http: "POST /answer/{peer|url}", body: { sdp: "{sdp}" } }"#;
    let hear = r#"
  joined: { http: POST /join, status: 200, body: { room: "{room}" } }
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }"#;
    let dialect = dialect("connect: { path: /, via: events }", say, hear);
    let mut alice = Conversation::new(dialect, "alice");
    assert!(
        alice
            .hear_response("POST", "/offer/bob", 200, "{}")
            .understood
    );
    assert!(
        !alice
            .hear_response("POST", "/offer/bob", 500, "{}")
            .understood
    );
    // There an answer says something, and this one does not.
    assert!(!alice.hear_response("POST", "/join", 200, "{}").understood);
}

#[test]
fn news_of_several_at_once_is_a_word_for_each() {
    let hear = concat!(
        "  peer-joined: { message: { came: { $keys: \"{peer}\" } } }\n",
        "  peer-left: { message: { gone: { $each: { who: \"{peer}\" } } } }\n",
        "  offer: { message: { from: \"{peer}\", sdp: \"{sdp}\" } }\n",
        "  answer: { message: { of: \"{peer}\", sdp: \"{sdp}\" } }",
    );
    let say = concat!(
        "  offer: { message: { to: \"{peer}\", sdp: \"{sdp}\" } }\n",
        "  answer: { message: { for: \"{peer}\", sdp: \"{sdp}\" } }",
    );
    let dialect = dialect("connect: { path: / }", say, hear);
    let mut alice = Conversation::new(dialect, "alice");
    let one = alice.hear_text(r#"{"came":{"bob":true}}"#);
    assert_eq!(one.words, [came("bob")]);
    let two = alice.hear_text(r#"{"came":{"carol":1,"dora":2}}"#);
    assert_eq!(two.words, [came("carol"), came("dora")]);
    let gone = |peer: &str| Word::Notice {
        notice: Notice::PeerLeft {
            peer: peer.into(),
            how: None,
        },
    };
    let left = alice.hear_text(r#"{"gone":[{"who":"dora"},{"who":"bob"}]}"#);
    assert_eq!(left.words, [gone("dora"), gone("bob")]);
    // Nobody is no news, and what is no id is not this word.
    assert!(alice.hear_text(r#"{"came":{}}"#).words.is_empty());
    assert!(
        alice
            .hear_text(r#"{"gone":[{"who":["x"]}]}"#)
            .words
            .is_empty()
    );
}

/// Somebody who is in no room leaves, and joins at once: the refusal is the answer to the first of both, and must not be taken for one to the second.
#[test]
fn a_refusal_that_answers_one_request_is_of_that_request() {
    let head = "framing: socket.io-4\nconnect: { path: /socket.io/?EIO=4&transport=websocket }";
    let say = "  join: { message: [enter, \"{room}\"], ack: true }\n  leave: { message: [exit], ack: true }\n  offer: { message: [s, { sdp: \"{sdp}\" }] }\n  answer: { message: [t, { sdp: \"{sdp}\" }] }";
    let hear = "  joined: { ack: [{ room: \"{room}\" }] }\n  refused: { ack: [{ no: \"{reason}\" }] }\n  offer: { message: [s, { sdp: \"{sdp}\" }] }\n  answer: { message: [t, { sdp: \"{sdp}\" }] }";
    let mut alice = Conversation::new(dialect(head, say, hear), "alice").of_a_page();
    for text in ["421[\"exit\"]", "422[\"enter\",\"lobby\"]"] {
        assert!(alice.overhear_text(text, None).word.is_some(), "{text}");
    }
    let refused = Notice::Refused {
        request: Some(Kind::Leave),
        reason: "not inside".into(),
    };
    let heard = alice.hear_text("431[{\"no\":\"not inside\"}]");
    assert_eq!(heard.words, [Word::Notice { notice: refused }]);
    assert_eq!(alice.hear_text("432[{\"room\":\"lobby\"}]").words.len(), 1);
}

#[test]
fn garbage_of_what_names_its_room_by_an_id_can_be_made() {
    let dialect = dialect(TRACKER, ANNOUNCE, ANNOUNCED);
    let book = Book::default();
    let _bob = Conversation::new(dialect.clone(), "bob").with(book.clone());
    let mut alice = Conversation::new(dialect, "alice").with(book);
    said(&mut alice, &join());
    let heard = alice.hear_text("{\"interval\":5}");
    assert_eq!(heard.words, [joined(&[])]);
    let last = |says: Vec<glare::signaling::Say>| match says.last().map(|say| &say.out) {
        Some(Out::Text(text)) => text.clone(),
        other => panic!("{other:?}"),
    };
    let all = alice.garbage(Garbage::UnknownWord, Some(Kind::Offer));
    let all = last(all.expect("it can be said"));
    assert!(all.contains("\"hash\":\"glare-garbage\""), "{all}");
    // All but one field is as it should be.
    for field in [Field::Peer, Field::Sdp, Field::Room] {
        let one = alice.garbage_in(Garbage::Empty, Kind::Offer, field, Some("bob"));
        let one = last(one.expect("it can be said"));
        assert_eq!(
            one.contains(LOBBY),
            field != Field::Room,
            "{field:?}: {one}"
        );
    }
}

const TERSE: (&str, &str, &str) = (
    "framing: text\nconnect: { path: / }\nrefusals: { full: no seat left }",
    "  create: join\n  join: { message: 'IN|{room}' }\n  leave: { message: OUT }\n  offer: { message: 'TO|{peer}|O|{sdp}' }\n  answer: { message: 'TO|{peer}|A|{sdp}' }",
    "  members: { message: 'ROOM|{room}|{members|commas}' }\n  left: { message: BYE }\n  refused: { message: 'ERR|{reason}' }\n  offer: { message: 'FROM|{peer}|O|{sdp}' }\n  answer: { message: 'FROM|{peer}|A|{sdp}' }",
);

/// What the list says of who asks again to be let in, after a bare refusal; he said this on his way out.
fn listed_after(refusal: &str, late: Option<&Word>) -> Vec<Word> {
    let mut bob = Conversation::new(dialect(TERSE.0, TERSE.1, TERSE.2), "bob");
    said(&mut bob, &join());
    bob.hear_text("ROOM|lobby|alice,bob");
    // What he said before a request that is answered is done with.
    said(&mut bob, &offer("alice"));
    let leave = Request::Leave { room: room() };
    said(&mut bob, &Word::Request { request: leave });
    late.map(|word| said(&mut bob, word));
    bob.hear_text("BYE");
    said(&mut bob, &join());
    bob.hear_text(refusal);
    bob.hear_text("ROOM|lobby|alice,bob").words
}

#[test]
fn a_bare_refusal_may_be_of_what_was_said_before_the_request() {
    let (late, let_in) = (offer("alice"), [joined(&["alice"])]);
    assert_eq!(listed_after("ERR|no alice here", Some(&late)), let_in);
    // It is by its words that of a join.
    assert_ne!(listed_after("ERR|no seat left", Some(&late)), let_in);
    // Nothing else was said that could have been refused: what comes next is news.
    assert_ne!(listed_after("ERR|no alice here", None), let_in);
}

/// Some servers tell who is inside one by one, before the yes.
#[test]
fn a_bare_refusal_of_something_else_takes_away_nobody_who_is_told_to_be_inside() {
    let hear = "  joined: { message: 'YES|{room}' }\n  peer-joined: { message: 'HERE|{peer}' }\n  left: { message: BYE }\n  refused: { message: 'ERR|{reason}' }\n  offer: { message: 'FROM|{peer}|O|{sdp}' }\n  answer: { message: 'FROM|{peer}|A|{sdp}' }";
    for (refusal, with) in [
        ("ERR|no alice here", &["alice"][..]),
        ("ERR|no seat left", &[]),
    ] {
        let mut bob = Conversation::new(dialect(TERSE.0, TERSE.1, hear), "bob");
        said(&mut bob, &offer("alice"));
        said(&mut bob, &join());
        assert_eq!(bob.hear_text("HERE|alice").words, []);
        bob.hear_text(refusal);
        assert_eq!(bob.hear_text("YES|lobby").words, [joined(with)]);
    }
}

/// A fence may be a request that is always refused, in the words in which a true one is.
#[test]
fn what_answers_a_fence_answers_something_else_where_no_fence_is_under_way() {
    let say = "  create: join\n  join: { message: { cmd: enter, room: \"{room}\" } }\n  fence: { message: { cmd: enter, room: 0 } }\n  offer: { message: { cmd: to, offer: \"{sdp}\" } }\n  answer: { message: { cmd: to, answer: \"{sdp}\" } }";
    let hear = "  joined: { message: { ev: entered } }\n  fenced: { message: { ev: error, cmd: enter, code: bad-room } }\n  refused: { message: { ev: error, cmd: enter, code: \"{reason}\" }, of: join }\n  error: { message: { ev: error } }\n  offer: { message: { ev: from, offer: \"{sdp}\" } }\n  answer: { message: { ev: from, answer: \"{sdp}\" } }";
    let refusal = r#"{"ev":"error","cmd":"enter","code":"bad-room"}"#;
    let refused = |request| Word::Notice {
        notice: Notice::Refused {
            request: Some(request),
            reason: match request {
                Kind::Fence => String::new(),
                _ => "bad-room".into(),
            },
        },
    };
    let fence = Word::Request {
        request: Request::Fence,
    };
    let dialect = dialect("connect: { path: / }", say, hear);
    // The peer's own, and what the tap makes of it.
    let mut own = Conversation::new(Arc::clone(&dialect), "alice");
    let mut tap = Conversation::new(dialect, "alice");
    for (word, expected) in [
        (join(), Kind::Join),
        (fence, Kind::Fence),
        (join(), Kind::Join),
    ] {
        for text in said(&mut own, &word) {
            tap.overhear_text(&text, None);
        }
        for all in [&mut own, &mut tap] {
            assert_eq!(all.hear_text(refusal).words, [refused(expected)]);
        }
    }
}

/// A server may give an id for a place in a room, and another for the next one.
#[test]
fn who_comes_in_again_may_be_told_another_id() {
    let say = "  create: join\n  join: { message: { enter: \"{room}\" } }\n  leave: { message: { exit: true } }\n  offer: { message: { to: \"{peer}\", offer: \"{sdp}\" } }\n  answer: { message: { to: \"{peer}\", answer: \"{sdp}\" } }";
    let hear = "  joined: { message: { inside: \"{self}\" } }\n  left: { message: { outside: true } }\n  peer-joined: { message: { came: \"{peer}\" } }\n  peer-left: { message: { gone: \"{peer}\" } }\n  offer: { message: { from: \"{peer}\", offer: \"{sdp}\" } }\n  answer: { message: { from: \"{peer}\", answer: \"{sdp}\" } }";
    let dialect = dialect("connect: { path: / }", say, hear);
    let book = Book::default();
    let new = |name| Conversation::new(Arc::clone(&dialect), name).with(book.clone());
    let (mut alice, mut bob) = (new("alice"), new("bob"));
    said(&mut alice, &join());
    assert_eq!(alice.hear_text(r#"{"inside":"m1"}"#).words, [joined(&[])]);
    for id in ["m2", "m3"] {
        said(&mut bob, &join());
        let inside = format!(r#"{{"inside":"{id}"}}"#);
        let words = bob.hear_text(&inside).words;
        assert_eq!(words.len(), 1, "{id}: {words:?}");
        // Said to nobody who asked, it is no answer.
        assert_eq!(bob.hear_text(r#"{"inside":"m9"}"#).words, [], "{id}");
        let told = format!(r#"{{"came":"{id}"}}"#);
        assert_eq!(alice.hear_text(&told).words, [came("bob")]);
        let offered = said(&mut alice, &offer("bob"));
        assert!(offered[0].contains(id), "{offered:?}");
    }
    let gone = Word::Notice {
        notice: Notice::PeerLeft {
            peer: "bob".into(),
            how: None,
        },
    };
    assert_eq!(alice.hear_text(r#"{"gone":"m2"}"#).words, [gone]);
}

/// Where the client chooses its id, an answer that has another is not its own.
#[test]
fn who_has_chosen_its_id_takes_no_other_for_it() {
    let say = "  create: join\n  join: { message: { enter: \"{room}\", as: \"{self}\" } }\n  offer: { message: { offer: \"{sdp}\" } }\n  answer: { message: { answer: \"{sdp}\" } }";
    let hear = "  joined: { message: { inside: \"{self}\" } }\n  peer-joined: { message: { inside: \"{peer}\" } }\n  offer: { message: { offer: \"{sdp}\" } }\n  answer: { message: { answer: \"{sdp}\" } }";
    let head = "connect: { path: /, self: \"{me|digest}\" }";
    let dialect = dialect(head, say, hear);
    let mut bob = Conversation::new(Arc::clone(&dialect), "bob");
    let said = said(&mut bob, &join());
    let own = said[0]
        .split("\"as\":\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let own = format!(r#"{{"inside":"{}"}}"#, own.expect("an id"));
    // He who is named before the yes is there already.
    assert_eq!(bob.hear_text(r#"{"inside":"another"}"#).words, []);
    assert_eq!(bob.hear_text(&own).words, [joined(&["another"])]);
}
