//! What a dialect can say of how one talks to a server, each by a script: the peer's own conversation and the tap's are given the same, and
//! understand the same.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glare::names::RoomName;
use glare::signaling::{
    Book, Conversation, Dialect, Field, Garbage, Kind, Meant, Notice, Out, Request, Say, Signal,
    Unspeakable, Word,
};
use proptest::prelude::*;

/// What every dialect needs, if the rest says nothing else.
const SIGNALS: &str = r#"
  offer:  { message: { type: offer, to: "{peer}", sdp: "{sdp}" } }
  answer: { message: { type: answer, to: "{peer}", sdp: "{sdp}" } }
"#;
const HEARD: &str = r#"
  offer:  { message: { type: offer, from: "{peer}", sdp: "{sdp}" } }
  answer: { message: { type: answer, from: "{peer}", sdp: "{sdp}" } }
"#;

fn dialect(head: &str, say: &str, hear: &str) -> Arc<Dialect> {
    let text = format!("dialect: d\n{head}\nsay:\n{SIGNALS}\n{say}\nhear:\n{HEARD}\n{hear}\n");
    match Dialect::read(Path::new("d.yaml"), &text) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{mistakes:?}\n{text}"),
    }
}

/// A peer, and the tap that hears what passes.
struct Ends {
    peer: Conversation,
    tap: Conversation,
}

impl Ends {
    fn new(dialect: &Arc<Dialect>, name: &str, book: &Book) -> Self {
        let new = || Conversation::new(dialect.clone(), name).with(book.clone());
        Self {
            peer: new(),
            tap: new(),
        }
    }

    fn open(&mut self) -> Vec<String> {
        let says = self.peer.opened();
        self.send(says).0
    }

    /// What goes up, and what it is at the tap.
    fn send(&mut self, says: Vec<Say>) -> (Vec<String>, Vec<Word>) {
        let mut texts = Vec::new();
        let mut words = Vec::new();
        for Say { out, means } in says {
            match out {
                Out::Text(text) => {
                    let overheard = self.tap.overhear_text(&text, Some(means));
                    assert!(overheard.understood, "{text}");
                    // Nobody need tell the tap what is meant, unless two words are one.
                    assert!(self.tap.clone().overhear_text(&text, None).understood);
                    if let Meant::Word(kind) = means {
                        let word = overheard.word.expect("it is a word");
                        assert_eq!(word.kind(), kind);
                        words.push(word);
                    }
                    words.extend(overheard.implied);
                    texts.push(text);
                }
                Out::Fetch { method, path, .. } => texts.push(format!("{method} {path}")),
                Out::Close => texts.push("close".into()),
            }
        }
        (texts, words)
    }

    fn say(&mut self, word: Word) -> (Vec<String>, Vec<Word>) {
        let says = self.peer.say(&word).expect("it can be said");
        let (texts, words) = self.send(says);
        for word in words
            .iter()
            .filter(|word| matches!(word, Word::Notice { .. }))
        {
            self.peer.told(word);
        }
        (texts, words)
    }

    /// What comes down, at both; what is said to it by itself.
    fn hear(&mut self, text: &str) -> (Vec<Word>, Vec<String>) {
        let (peer, tap) = (self.peer.hear_text(text), self.tap.hear_text(text));
        assert_eq!(peer.words, tap.words, "both understand the same: {text}");
        assert_eq!(peer.understood, tap.understood, "{text}");
        let (texts, _) = self.send(peer.says);
        (peer.words, texts)
    }

    fn is_understood(&mut self, text: &str) -> bool {
        self.peer.hear_text(text).understood
    }
}

fn lobby() -> RoomName {
    RoomName::new("lobby")
}

fn create() -> Word {
    let request = Request::Create { room: lobby() };
    Word::Request { request }
}

fn join() -> Word {
    let request = Request::Join { room: lobby() };
    Word::Request { request }
}

fn leave() -> Word {
    let request = Request::Leave { room: lobby() };
    Word::Request { request }
}

fn offer(to: &str) -> Word {
    Word::Signal {
        peer: Some(to.into()),
        signal: Signal::Offer { sdp: "v=0".into() },
    }
}

fn joined(with: &[&str]) -> Word {
    let notice = Notice::Joined {
        room: lobby(),
        with: with.iter().map(|name| (*name).to_owned()).collect(),
    };
    Word::Notice { notice }
}

fn created() -> Word {
    let notice = Notice::Created { room: lobby() };
    Word::Notice { notice }
}

fn came(peer: &str) -> Word {
    let peer = peer.to_owned();
    let notice = Notice::PeerJoined { peer };
    Word::Notice { notice }
}

fn went(peer: &str) -> Word {
    let notice = Notice::PeerLeft {
        peer: peer.to_owned(),
        how: None,
    };
    Word::Notice { notice }
}

#[test]
fn a_login_comes_before_all_else_and_may_be_refused() {
    let head = r#"
connect:
  path: /
  then:
    - message: { type: login, name: "{me}" }
    - hear: { type: welcome, key: "{key}" }
      refused: { type: denied, why: "{reason}" }
    - message: { type: here, key: "{key}" }"#;
    let dialect = dialect(head, "", "");
    let mut ends = Ends::new(&dialect, "alice", &Book::default());
    assert_eq!(ends.open(), [r#"{"type":"login","name":"alice"}"#]);
    assert!(!ends.peer.is_ready());
    assert!(!ends.is_understood(r#"{"type":"news"}"#));
    let (words, says) = ends.hear(r#"{"type":"welcome","key":7}"#);
    assert_eq!(words, []);
    assert_eq!(says, [r#"{"type":"here","key":7}"#]);
    assert!(ends.peer.is_ready() && ends.tap.opened().is_empty());

    let mut ends = Ends::new(&dialect, "alice", &Book::default());
    ends.open();
    let heard = ends
        .peer
        .hear_text(r#"{"type":"denied","why":"no such user"}"#);
    assert_eq!(heard.refused.as_deref(), Some("no such user"));
    assert!(!ends.peer.is_ready());
}

#[test]
fn whoever_is_given_an_id_is_called_so_and_a_new_line_gives_a_new_one() {
    let head = r#"
connect:
  path: /
  then:
    - hear: { type: id, id: "{self}" }"#;
    let dialect = dialect(head, "", "");
    let book = Book::default();
    let mut alice = Ends::new(&dialect, "alice", &book);
    let mut bob = Ends::new(&dialect, "bob", &book);
    alice.open();
    bob.open();
    alice.hear(r#"{"type":"id","id":"u1"}"#);
    assert!(matches!(
        alice.peer.clone().say(&offer("bob")),
        Err(Unspeakable::Missing { .. })
    ));
    bob.hear(r#"{"type":"id","id":2}"#);
    let (texts, words) = alice.say(offer("bob"));
    assert_eq!(texts, [r#"{"type":"offer","to":2,"sdp":"v=0"}"#]);
    assert_eq!(words, [offer("bob")]);
    let from_alice = r#"{"type":"offer","from":"u1","sdp":"v=0"}"#;
    assert_eq!(bob.hear(from_alice).0, [offer("alice")]);

    let mut again = Ends::new(&dialect, "alice", &book);
    again.open();
    again.hear(r#"{"type":"id","id":"u3"}"#);
    let (texts, _) = bob.say(offer("alice"));
    assert_eq!(texts, [r#"{"type":"offer","to":"u3","sdp":"v=0"}"#]);
    // What she sent before is still hers.
    assert_eq!(bob.hear(from_alice).0, [offer("alice")]);
}

#[test]
fn a_full_list_says_who_came_and_who_went_and_answers_whoever_has_asked() {
    let head = "connect: { path: \"/?id={me|url}\" }";
    let say = r#"
  create: join
  join:  { message: { type: enter, room: "{room}" } }
  leave: { message: { type: exit }, done: sent }"#;
    let hear = r#"
  members: { message: { type: members, list: { $each: { id: "{members}" } } } }
  refused: { message: { type: full, why: "{reason}" }, of: join }"#;
    let dialect = dialect(head, say, hear);
    let list = |names: &[&str]| {
        let items: Vec<String> = names
            .iter()
            .map(|id| format!(r#"{{"id":"{id}"}}"#))
            .collect();
        format!(r#"{{"type":"members","list":[{}]}}"#, items.join(","))
    };
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    // To create is to join: the answer is to what was asked.
    let (texts, words) = alice.say(create());
    assert_eq!(texts, [r#"{"type":"enter","room":"lobby"}"#]);
    assert_eq!(words, [create()]);
    assert_eq!(alice.hear(&list(&["alice"])).0, [created()]);
    assert_eq!(alice.hear(&list(&["alice", "bob"])).0, [came("bob")]);
    assert_eq!(alice.hear(&list(&["alice", "bob"])).0, []);
    let (words, _) = alice.hear(&list(&["carol", "alice"]));
    assert_eq!(
        words,
        [went("bob"), came("carol")],
        "two words in one message"
    );
    let (_, words) = alice.say(leave());
    let left = Notice::Left { room: lobby() };
    assert_eq!(words, [leave(), Word::Notice { notice: left }]);
    assert_eq!(alice.hear(&list(&["carol"])).0, [], "she is not inside");

    let mut bob = Ends::new(&dialect, "bob", &Book::default());
    bob.say(join());
    assert_eq!(bob.hear(&list(&["carol", "bob"])).0, [joined(&["carol"])]);
    let mut dave = Ends::new(&dialect, "dave", &Book::default());
    dave.say(create());
    let refused = Notice::Refused {
        request: Some(Kind::Create),
        reason: "two are inside".into(),
    };
    let (words, _) = dave.hear(r#"{"type":"full","why":"two are inside"}"#);
    assert_eq!(words, [Word::Notice { notice: refused }]);
}

#[test]
fn a_word_without_an_answer_is_done_when_it_is_sent_and_the_stage_knows_who_is_inside() {
    let head = "connect: { path: \"/?id={me|url}\" }";
    let say = r#"
  create: join
  join: { message: { type: subscribe, topic: "{room}" }, done: sent }"#;
    let dialect = dialect(head, say, "");
    let book = Book::default();
    let mut alice = Ends::new(&dialect, "alice", &book);
    let mut bob = Ends::new(&dialect, "bob", &book);
    assert_eq!(alice.say(create()).1, [create(), created()]);
    assert_eq!(bob.say(join()).1, [join(), joined(&["alice"])]);
    book.leave("alice");
    let mut carol = Ends::new(&dialect, "carol", &book);
    assert_eq!(carol.say(join()).1, [join(), joined(&["bob"])]);
}

#[test]
fn to_be_connected_is_to_be_inside() {
    let head = "connect: { path: \"/?id={me|url}\" }";
    let say = "\n  create: join\n  join: { done: connected }\n  leave: { done: closed }";
    let dialect = dialect(head, say, "");
    assert!(!dialect.has_rooms());
    let book = Book::default();
    let mut alice = Ends::new(&dialect, "alice", &book);
    assert_eq!(alice.peer.say(&create()), Ok(Vec::new()));
    assert!(alice.peer.is_done_unsaid(Kind::Create));
    assert_eq!(alice.tap.unsaid(&create()), [created()]);
    let mut bob = Ends::new(&dialect, "bob", &book);
    assert_eq!(bob.tap.unsaid(&join()), [joined(&["alice"])]);
    assert_eq!(bob.say(leave()).0, ["close"]);
}

#[test]
fn it_answers_by_itself_and_speaks_every_so_often() {
    let head = r#"
connect: { path: / }
every:
  - { after: 5s, message: { type: beat, of: "{me}" } }
reply:
  - { hear: { type: ping, n: "{n}" }, message: { type: pong, n: "{n}" } }
ignore:
  - { message: { type: beat-heard } }"#;
    let dialect = dialect(head, "", "");
    let mut ends = Ends::new(&dialect, "alice", &Book::default());
    assert_eq!(ends.peer.beats(), [Duration::from_secs(5)]);
    let beat = ends.peer.beat(0).expect("there is one");
    assert_eq!(ends.send(vec![beat]).0, [r#"{"type":"beat","of":"alice"}"#]);
    let (words, says) = ends.hear(r#"{"type":"ping","n":3}"#);
    assert_eq!(
        (words, says),
        (vec![], vec![r#"{"type":"pong","n":3}"#.into()])
    );
    assert!(ends.is_understood(r#"{"type":"beat-heard"}"#));
    assert!(!ends.is_understood(r#"{"type":"beat"}"#));
}

#[test]
fn a_pair_has_an_id_of_its_own_that_a_prelude_opens() {
    let head = r#"
connect: { path: "/?id={me|url}" }
learn:
  - { message: { type: called, by: "{peer}", call: "{call}" } }"#;
    let text = format!(
        r#"dialect: d
{head}
say:
  offer:
    - {{ message: {{ type: call, whom: "{{peer}}" }} }}
    - {{ hear: {{ type: calling, call: "{{call}}" }} }}
    - {{ message: {{ type: sdp, call: "{{call}}", offer: "{{sdp}}" }} }}
  answer: {{ message: {{ type: sdp, call: "{{call}}", answer: "{{sdp}}" }} }}
hear:
  offer:  {{ message: {{ type: sdp, call: "{{call}}", offer: "{{sdp}}" }} }}
  answer: {{ message: {{ type: sdp, call: "{{call}}", answer: "{{sdp}}" }} }}
"#
    );
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("it is right"));
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    let (texts, words) = alice.say(offer("bob"));
    assert_eq!(
        (texts, words),
        (vec![r#"{"type":"call","whom":"bob"}"#.into()], vec![])
    );
    let (_, says) = alice.hear(r#"{"type":"calling","call":9}"#);
    assert_eq!(says, [r#"{"type":"sdp","call":9,"offer":"v=0"}"#]);
    let mut bob = Ends::new(&dialect, "bob", &Book::default());
    bob.hear(r#"{"type":"called","by":"alice","call":9}"#);
    let (words, _) = bob.hear(r#"{"type":"sdp","call":9,"offer":"v=0"}"#);
    assert_eq!(words, [offer("alice")], "the call is with her");
}

/// Where both open one at once, what is said in the first is on its way when the second is there.
#[test]
fn what_is_said_in_an_older_session_is_still_known() {
    let text = r#"
dialect: d
connect: { path: "/?id={me|url}" }
learn: { message: { type: called, by: "{peer}", call: "{call}" } }
say:
  offer: { message: { call: "{call}", offer: "{sdp}" } }
  answer: { message: { call: "{call}", answer: "{sdp}" } }
hear:
  offer: { message: { call: "{call}", offer: "{sdp}" } }
  answer: { message: { call: "{call}", answer: "{sdp}" } }
"#;
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), text).expect("it is right"));
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    for call in [1, 2] {
        alice.hear(&format!(r#"{{"type":"called","by":"bob","call":{call}}}"#));
    }
    alice.hear(r#"{"type":"called","by":"carol","call":3}"#);
    let answer = Word::Signal {
        peer: Some("bob".into()),
        signal: Signal::Answer { sdp: "v=1".into() },
    };
    for call in [1, 2, 1] {
        let (words, _) = alice.hear(&format!(r#"{{"call":{call},"offer":"v=0"}}"#));
        assert_eq!(words, [offer("bob")]);
        // It is answered where it was made.
        let said = format!(r#"{{"call":{call},"answer":"v=1"}}"#);
        assert_eq!(alice.say(answer.clone()).0, [said]);
    }
    let (words, _) = alice.hear(r#"{"call":3,"offer":"v=0"}"#);
    assert_eq!(words, [offer("carol")]);
}

/// What waits behind a prelude that the server refuses is not kept for ever.
#[test]
fn a_prelude_that_is_refused_gives_up_its_word_alone() {
    let say = r#"
  candidate: { message: { type: ice, to: "{peer}", ice: "{candidate}" } }
  bye:
    - { message: { type: hangs-up, whom: "{peer}" } }
    - { hear: { type: may, token: "{token}" }, refused: [{ type: "no", why: "{reason}" }, { type: never }] }
    - { message: { type: bye, token: "{token}" } }"#;
    let hear = r#"
  bye: { message: { type: bye, from: "{peer}" } }
  error: { message: { type: "no", why: "{reason}" } }"#;
    let dialect = dialect("connect: { path: / }", say, hear);
    let bye = |peer: &str| Word::Signal {
        peer: Some(peer.into()),
        signal: Signal::Bye,
    };
    let why = |reason: &str| Word::Notice {
        notice: Notice::Error {
            reason: reason.into(),
        },
    };
    for (refusal, heard) in [
        (r#"{"type":"no","why":"gone"}"#, vec![why("gone")]),
        (r#"{"type":"never"}"#, vec![]),
    ] {
        let mut alice = Ends::new(&dialect, "alice", &Book::default());
        let asks = r#"{"type":"hangs-up","whom":"bob"}"#;
        assert_eq!(alice.say(bye("bob")).0, [asks]);
        assert_eq!(alice.say(offer("bob")).0, [""; 0], "it waits behind");
        assert_eq!(alice.say(bye("bob")).0, [""; 0]);
        // The offer is said now, and then the next word begins.
        let offers = r#"{"type":"offer","to":"bob","sdp":"v=0"}"#;
        assert_eq!(
            alice.hear(refusal),
            (heard.clone(), vec![offers.into(), asks.into()])
        );
        let (_, says) = alice.hear(r#"{"type":"may","token":7}"#);
        assert_eq!(says, [r#"{"type":"bye","token":7}"#]);
        // Where nothing waits it is what it was.
        assert_eq!(alice.hear(refusal), (heard, vec![]));
    }
}

/// Where everybody is told of everybody, and of the room beside.
#[test]
fn news_of_another_room_is_none() {
    let say = r#"
  join: { message: { type: join, room: "{room}" } }
  leave: { message: { type: leave, room: "{room}" } }"#;
    let hear = r#"
  joined: { message: { type: joined, room: "{room}" } }
  left: { message: { type: left } }
  peer-joined: { message: { type: came, who: "{peer}", room: "{room}" } }
  peer-left: { message: { type: went, who: "{peer}", room: "{room}" } }"#;
    let head =
        "connect: { path: / }\nignore: [{ message: { type: came } }, { message: { type: went } }]";
    let dialect = dialect(head, say, hear);
    let came = |room: &str| format!(r#"{{"type":"came","who":"bob","room":"{room}"}}"#);
    let went = |room: &str| format!(r#"{{"type":"went","who":"bob","room":"{room}"}}"#);
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    assert_eq!(alice.hear(&came("lobby")).0, [], "she is in none");
    alice.say(join());
    assert_eq!(alice.hear(&came("attic")).0, []);
    alice.hear(r#"{"type":"joined","room":"lobby"}"#);
    let peer = || "bob".to_owned();
    let news = |notice| vec![Word::Notice { notice }];
    let joined = news(Notice::PeerJoined { peer: peer() });
    let left = news(Notice::PeerLeft {
        peer: peer(),
        how: None,
    });
    let rows = [
        (came("attic"), vec![]),
        (came("lobby"), joined),
        (went("attic"), vec![]),
        (went("lobby"), left),
        (r#"{"type":"came","who":"bob","room":5}"#.to_owned(), vec![]),
    ];
    for (text, words) in rows {
        assert_eq!(alice.hear(&text).0, words, "{text}");
        assert!(alice.is_understood(&text), "{text}");
    }
    alice.say(leave());
    alice.hear(r#"{"type":"left"}"#);
    assert_eq!(alice.hear(&came("lobby")).0, []);
}

#[test]
fn socket_io_shakes_hands_by_itself_and_counts_its_answers() {
    let head = "framing: socket.io-4\nconnect: { path: \"/socket.io/?EIO=4&transport=websocket\" }";
    let text = format!(
        r#"dialect: d
{head}
say:
  join:   {{ message: [enter, "{{room}}"], ack: true }}
  offer:  {{ message: [signal, "{{peer}}", {{ sdp: "{{sdp}}", type: offer }}] }}
  answer: {{ message: [signal, "{{peer}}", {{ sdp: "{{sdp}}", type: answer }}] }}
hear:
  joined:  {{ ack: [true, "{{with}}"], of: join }}
  refused: {{ ack: [false, "{{reason}}"], of: join }}
  offer:   {{ message: [signal, "{{peer}}", {{ sdp: "{{sdp}}", type: offer }}] }}
  answer:  {{ message: [signal, "{{peer}}", {{ sdp: "{{sdp}}", type: answer }}] }}
"#
    );
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("it is right"));
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    assert_eq!(alice.open(), [] as [&str; 0]);
    assert_eq!(alice.hear(r#"0{"sid":"e","pingInterval":25000}"#).1, ["40"]);
    assert!(!alice.peer.is_ready());
    alice.hear(r#"40{"sid":"s"}"#);
    assert!(alice.peer.is_ready());
    assert_eq!(alice.hear("2").1, ["3"]);
    assert_eq!(alice.say(join()).0, [r#"420["enter","lobby"]"#]);
    assert_eq!(alice.hear(r#"430[true,["bob"]]"#).0, [joined(&["bob"])]);
    assert_eq!(alice.say(join()).0, [r#"421["enter","lobby"]"#]);
    let refused = Notice::Refused {
        request: Some(Kind::Join),
        reason: "full".into(),
    };
    assert_eq!(
        alice.hear(r#"431[false,"full"]"#).0,
        [Word::Notice { notice: refused }]
    );
    assert_eq!(
        alice
            .hear(r#"42["signal","bob",{"sdp":"v=0","type":"offer"}]"#)
            .0,
        [offer("bob")]
    );
    let refused = alice.peer.hear_text(r#"44{"message":"no id"}"#).refused;
    assert_eq!(refused.as_deref(), Some("no id"));

    // Version 2: the server connects unasked, and the client pings.
    let text = text
        .replace("socket.io-4", "socket.io-2")
        .replace("EIO=4", "EIO=3");
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), &text).expect("it is right"));
    let mut bob = Ends::new(&dialect, "bob", &Book::default());
    bob.hear(r#"0{"sid":"e","pingInterval":25000}"#);
    bob.hear("40");
    assert!(bob.peer.is_ready());
    assert_eq!(bob.peer.beats(), [Duration::from_secs(25)]);
    let ping = bob.peer.beat(0).expect("there is one");
    assert_eq!(bob.send(vec![ping]).0, ["2"]);
}

#[test]
fn the_end_of_a_line_may_be_a_refusal() {
    let head = "connect: { path: \"/?id={me|url}\" }";
    let say = "\n  join: { message: { type: join, room: \"{room}\" } }";
    let hear = "\n  joined: { message: { type: joined } }\n  refused: { close: 4003, of: join }";
    let dialect = dialect(head, say, hear);
    let mut ends = Ends::new(&dialect, "alice", &Book::default());
    ends.say(join());
    assert_eq!(ends.peer.hear_close(1000, ""), []);
    let refused = Notice::Refused {
        request: Some(Kind::Join),
        reason: "room is full".into(),
    };
    let words = ends.peer.hear_close(4003, "room is full");
    assert_eq!(words, [Word::Notice { notice: refused }]);
}

#[test]
fn what_an_http_request_brings_stands_in_how_the_line_is_dialled() {
    let head = r#"
connect:
  before:
    http: POST /session
    body: { name: "{me}" }
    hear: { status: 200, body: { token: "{token}", id: "{self}" } }
  path: /ws?token={token|url}"#;
    let dialect = dialect(head, "", "");
    let book = Book::default();
    let mut alice = Conversation::new(dialect, "alice").with(book);
    let Ok(Some(Out::Fetch {
        method, path, body, ..
    })) = alice.before(0)
    else {
        panic!("there is a request");
    };
    assert_eq!((method.as_str(), path.as_str()), ("POST", "/session"));
    assert_eq!(body.as_deref(), Some(r#"{"name":"alice"}"#));
    assert!(alice.hear_before(0, 403, "{}").is_err());
    let heard = alice.hear_before(0, 200, r#"{"token":"a b","id":5}"#);
    assert_eq!(heard, Ok(()));
    assert_eq!(alice.before(1), Ok(None));
    assert_eq!(alice.connect(None).path, "/ws?token=a%20b");
}

proptest! {
    /// Whatever comes in, nothing panics, and both ends go on understanding the same.
    #[test]
    fn garbage_leaves_both_ends_equal(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "[", "]", "\"", ":", ",", "0", "40", "42", "430", "44", "2", "{\"type\":\"id\",\"id\":\"u1\"}", "null", "1e999",
            "{\"type\":\"offer\",\"from\":", "\"sdp\":\"v=0\"", "{\"type\":\"members\",\"list\":[", "\u{202e}", "\"u1\"", "{\"id\":5}",
        ]), 0..8),
        io in any::<bool>(),
    ) {
        let framing = if io { "framing: socket.io-4\n" } else { "" };
        let head = format!("{framing}connect:\n  path: /\n  then:\n    - hear: {{ type: id, id: \"{{self}}\" }}");
        let hear = "\n  members: { message: { type: members, list: { $each: { id: \"{members}\" } } } }";
        let dialect = dialect(&head, "\n  join: { message: { type: join } }", hear);
        let mut ends = Ends::new(&dialect, "alice", &Book::default());
        ends.open();
        let text = pieces.concat();
        for text in pieces.iter().copied().chain([text.as_str()]) {
            let (peer, tap) = (ends.peer.hear_text(text), ends.tap.hear_text(text));
            prop_assert_eq!(peer.words, tap.words);
            ends.tap.overhear_text(text, None);
        }
    }
}

/// Ids may be numbers, and stand in a path as text.
#[test]
fn a_number_that_was_captured_is_known_in_a_path() {
    let text = r#"
dialect: d
connect:
  via: long-poll
  before: { http: POST /lines, hear: { body: { id: "{line-id}" } } }
  path: /lines/{line-id|url}
say:
  offer:  { http: "POST /lines/{line-id|url}", body: { offer: "{sdp}", to: "{peer}" } }
  answer: { http: "POST /lines/{line-id|url}", body: { answer: "{sdp}", to: "{peer}" } }
hear:
  offer:  { message: { offer: "{sdp}", from: "{peer}" } }
  answer: { message: { answer: "{sdp}", from: "{peer}" } }
"#;
    let dialect = Arc::new(Dialect::read(Path::new("d.yaml"), text).expect("it is right"));
    let mut tap = Conversation::new(dialect, "alice");
    let opened = tap.hear_response("POST", "/lines", 200, r#"{"id":714148951559608}"#);
    assert!(opened.understood);
    let body = r#"{"offer":"v=0","to":"bob"}"#;
    let said = tap.overhear_request("POST", "/lines/714148951559608", body, None);
    assert_eq!(said.word, Some(offer("bob")));
    let of_another = tap.overhear_request("POST", "/lines/714148951559609", body, None);
    assert_eq!(of_another.word, None);
    // The next line is another one.
    let opened = tap.hear_response("POST", "/lines", 200, r#"{"id":714148951559609}"#);
    assert!(opened.understood);
    let said = tap.overhear_request("POST", "/lines/714148951559609", body, None);
    assert_eq!(said.word, Some(offer("bob")));
}

/// JSON-RPC: answers are alike, and say by their number what they answer.
fn calls() -> Arc<Dialect> {
    let say = r#"
  create: join
  join:  { message: { id: "{number}", method: join, room: "{room}" } }
  leave: { message: { id: "{number}", method: leave } }
  bye:   { message: { id: "{number}", method: bye, to: "{peer}" } }"#;
    let hear = r#"
  joined:  { message: { id: "{number}", result: "{with}" }, of: join }
  left:    { message: { id: "{number}", result: true }, of: leave }
  refused: { message: { id: "{number}", error: "{reason}" } }
  error:   { message: { error: "{reason}" } }
  peer-joined: { message: { method: came, peer: "{peer}" } }"#;
    let head = "connect:\n  path: /\nignore:\n  - { message: { id: \"{_}\", result: true } }";
    dialect(head, say, hear)
}

fn refused(request: Option<Kind>, reason: &str) -> Word {
    let reason = reason.to_owned();
    let notice = Notice::Refused { request, reason };
    Word::Notice { notice }
}

fn left() -> Word {
    let notice = Notice::Left { room: lobby() };
    Word::Notice { notice }
}

fn goodbye(to: &str) -> Word {
    let peer = Some(to.to_owned());
    let signal = Signal::Bye;
    Word::Signal { peer, signal }
}

#[test]
fn each_request_has_a_number_of_its_own_and_its_answer_is_known_by_it() {
    let dialect = calls();
    let book = Book::default();
    let mut alice = Ends::new(&dialect, "alice", &book);
    let mut bob = Ends::new(&dialect, "bob", &book);
    for ends in [&mut alice, &mut bob] {
        ends.open();
    }
    let (said, _) = alice.say(join());
    assert_eq!(said, [r#"{"id":10001,"method":"join","room":"lobby"}"#]);
    // No number is said twice, be it on another line.
    let (said, _) = bob.say(join());
    assert_eq!(said, [r#"{"id":10002,"method":"join","room":"lobby"}"#]);
    assert_eq!(alice.hear(r#"{"id":10001,"result":[]}"#).0, [joined(&[])]);
    let (said, _) = alice.say(goodbye("bob"));
    assert_eq!(said, [r#"{"id":10003,"method":"bye","to":"bob"}"#]);
    let (said, _) = alice.say(leave());
    assert_eq!(said, [r#"{"id":10004,"method":"leave"}"#]);
    // Alike but for the number: one is the answer to a signal, which says nothing.
    assert_eq!(alice.hear(r#"{"id":10003,"result":true}"#).0, []);
    assert_eq!(alice.hear(r#"{"id":10004,"result":true}"#).0, [left()]);
    // A refusal says by it what it refuses.
    let full = r#"{"id":10002,"error":"full"}"#;
    assert_eq!(bob.hear(full).0, [refused(Some(Kind::Join), "full")]);
    bob.say(goodbye("alice"));
    let nobody = r#"{"id":10005,"error":"nobody"}"#;
    assert_eq!(bob.hear(nobody).0, [refused(Some(Kind::Bye), "nobody")]);
    // Written as a double it is the same.
    bob.say(join());
    let full = r#"{"id":10006.0,"error":"full"}"#;
    assert_eq!(bob.hear(full).0, [refused(Some(Kind::Join), "full")]);
    // What was never understood has none.
    let no = r#"{"id":null,"error":"no JSON"}"#;
    assert_eq!(bob.hear(no).0, [refused(None, "no JSON")]);
}

#[test]
fn an_answer_to_somebody_else_is_taken_for_anything_else_first() {
    let dialect = calls();
    let book = Book::default();
    let mut alice = Ends::new(&dialect, "alice", &book);
    let mut bob = Ends::new(&dialect, "bob", &book);
    for ends in [&mut alice, &mut bob] {
        ends.open();
        ends.say(join());
    }
    bob.hear(r#"{"id":10002,"result":["alice"]}"#);
    bob.say(leave());
    // `ignore` has a place for what is not for her.
    assert_eq!(alice.hear(r#"{"id":10003,"result":true}"#).0, []);
    // Nothing has one for this: a wrong answer, as it is heard.
    let wrong = r#"{"id":10002,"result":["alice"]}"#;
    let heard = alice.tap.hear_text(wrong);
    assert_eq!(heard.words.len(), 1);
    assert_eq!(heard.numbers, [Some("10002".to_owned())]);
}

#[test]
fn a_number_that_is_heard_is_said() {
    let text = r#"
dialect: d
connect: { path: / }
say:
  join: { message: { id: join, room: "{room}" } }
  offer: { message: { offer: "{sdp}", to: "{peer}" } }
  answer: { message: { answer: "{sdp}", to: "{peer}" } }
hear:
  joined: { message: { id: "{number}", result: "{with}" } }
  offer: { message: { offer: "{sdp}", from: "{peer}" } }
  answer: { message: { answer: "{sdp}", from: "{peer}" } }
"#;
    let mistakes = Dialect::read(Path::new("d.yaml"), text).expect_err("nothing says it");
    let told: Vec<String> = mistakes.iter().map(|mistake| mistake.line()).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("`{number}` is heard, and nothing says it"),
        "{told:?}"
    );
    // In how a line is dialled nothing is asked that could be answered.
    let text = text
        .replace("path: /", "path: \"/{number}\"")
        .replace("id: join", "id: \"{number}\"");
    let mistakes = Dialect::read(Path::new("d.yaml"), &text).expect_err("none is known there");
    let told: Vec<String> = mistakes.iter().map(|mistake| mistake.line()).collect();
    assert!(told[0].contains("`{number}` is not known here"), "{told:?}");
}

/// Pages number what they say themselves, each from the same beginning.
#[test]
fn the_same_number_may_be_said_on_several_lines() {
    let dialect = calls();
    let book = Book::default();
    let new = |name| Conversation::new(dialect.clone(), name).with(book.clone());
    let (mut alice, mut bob) = (new("alice"), new("bob"));
    let said = alice.overhear_text(r#"{"id":1,"method":"join","room":"lobby"}"#, None);
    assert_eq!((said.word, said.number), (Some(join()), Some("1".into())));
    bob.overhear_text(r#"{"id":1,"method":"leave"}"#, None);
    assert_eq!(
        alice.hear_text(r#"{"id":1,"result":[]}"#).words,
        [joined(&[])]
    );
    let heard = bob.hear_text(r#"{"id":1,"result":true}"#);
    assert_eq!(heard.words.len(), 1);
    assert_eq!(heard.words[0].kind(), Kind::Left);
}

/// Who looks up 1 does not find "1" (JSON-RPC 2.0, section 5). Within a text all is text, and a dialect may say that a text is meant.
#[test]
fn a_text_is_not_the_number_that_it_looks_like() {
    let joins = |id: &str| format!(r#"{{"id":{id},"method":"join","room":"lobby"}}"#);
    for (said, told, number, recorded) in [
        ("1", "1", "1", "1"),
        ("1", "1.0", "1", "1"),
        ("1", "\"1\"", "1", "\"1\""),
        ("\"1\"", "1", "\"1\"", "1"),
        ("\"1\"", "\"1\"", "\"1\"", "\"1\""),
        ("\"a\"", "\"a\"", "a", "a"),
    ] {
        let mut alice = Conversation::new(calls(), "alice");
        let overheard = alice.overhear_text(&joins(said), None);
        assert_eq!(overheard.number.as_deref(), Some(number), "{said}");
        let heard = alice.hear_text(&format!(r#"{{"id":{told},"result":[]}}"#));
        assert_eq!(heard.words, [joined(&[])], "{said} {told}");
        assert_eq!(heard.numbers, [Some(recorded.to_owned())], "{said} {told}");
    }
    for (say, hear, told) in [
        ("{number}", "{number|json}", "\"10001\""),
        ("tx-{number}", "tx-{number}", "\"tx-10001\""),
        ("tx-{number}", "{number}", "10001"),
        ("tx-{number}", "{number}", "\"10001\""),
    ] {
        let say = format!("  join: {{ message: {{ id: \"{say}\", room: \"{{room}}\" }} }}");
        let hear = format!("  joined: {{ message: {{ id: \"{hear}\" }} }}");
        let dialect = dialect("connect: { path: / }", &say, &hear);
        let mut ends = Ends::new(&dialect, "alice", &Book::default());
        ends.open();
        ends.say(join());
        let heard = ends.tap.hear_text(&format!(r#"{{"id":{told}}}"#));
        assert_eq!(heard.numbers, [Some("10001".to_owned())], "{hear} {told}");
    }
}

/// What is spoilt is the word, and not the number beside it, be that the only number or the first of a list.
#[test]
fn a_number_is_not_taken_for_the_word_that_is_spoilt() {
    for (form, spoilt) in [
        (r#"["{number}", 7, "{room}"]"#, "[10001,987654321,"),
        (
            r#"{ id: "{number}", op: 7, room: "{room}" }"#,
            "\"op\":987654321",
        ),
        (
            r#"{ id: "tx-{number}", op: join, room: "{room}" }"#,
            "\"id\":\"tx-10001\",\"op\":\"glare",
        ),
    ] {
        let say = format!("  join: {{ message: {form} }}");
        let hear = "  joined: { message: { id: \"{number}\" } }";
        let dialect = dialect("connect: { path: / }", &say, hear);
        let alice = Conversation::new(dialect, "alice");
        let says = alice.garbage_in(Garbage::UnknownWord, Kind::Join, Field::Word, None);
        let says = says.expect("it can be said");
        let Out::Text(text) = &says[0].out else {
            panic!("{says:?}");
        };
        assert!(text.contains(spoilt), "{form}: {text}");
    }
}

/// The number of what is no word is nobody's request.
#[test]
fn the_answer_to_what_is_no_word_answers_no_request() {
    let head = "connect:\n  path: /\nevery:\n  - { after: 1s, message: { id: \"{number}\", method: ping } }";
    let say = "  join: { message: { id: \"{number}\", method: join, room: \"{room}\" } }";
    let hear = "  joined: { message: { id: \"{number}\", with: \"{with}\" } }\n  refused: { message: { id: \"{number}\", error: \"{reason}\" } }";
    let dialect = dialect(head, say, hear);
    let mut ends = Ends::new(&dialect, "alice", &Book::default());
    ends.open();
    let beat = ends.peer.beat(0).expect("it pings");
    ends.send(vec![beat]);
    ends.say(join());
    let heard = ends
        .tap
        .hear_text(r#"{"id":10001,"error":"no such method"}"#);
    let reason = "no such method".to_owned();
    let notice = Notice::Error { reason };
    assert_eq!(heard.words, [Word::Notice { notice }]);
    assert_eq!(heard.numbers, [None]);
    let heard = ends.tap.hear_text(r#"{"id":10002,"error":"full"}"#);
    assert_eq!(heard.words, [refused(Some(Kind::Join), "full")]);
    assert_eq!(heard.numbers, [Some("10002".to_owned())]);
}

/// By HTTP a fence is asked beside the line on which its answer comes: it is known there by its number, though it looks as any error does.
#[test]
fn the_answer_to_a_fence_is_known_by_its_number_on_another_line() {
    let say = "  join: { done: connected }\n  fence: { http: \"POST /say\", body: { tx: \"{number}\", ask: nothing } }";
    let hear = "  fenced: { message: { tx: \"{number}\", error: \"{reason}\" } }\n  error: { message: { error: \"{reason}\" } }";
    let dialect = dialect("connect: { path: / }", say, hear);
    let book = Book::default();
    let new = || Conversation::new(dialect.clone(), "alice").with(book.clone());
    let (mut beside, mut line) = (new(), new());
    let body = r#"{"tx":5,"ask":"nothing"}"#;
    let said = beside.overhear_request("POST", "/say", body, None);
    assert_eq!(said.word.map(|word| word.kind()), Some(Kind::Fence));
    let heard = line.hear_text(r#"{"tx":5,"error":"no such word"}"#);
    assert_eq!(heard.words, [refused(Some(Kind::Fence), "no such word")]);
    assert_eq!(heard.numbers, [Some("5".to_owned())]);
    // What answers none is an error.
    let heard = line.hear_text(r#"{"error":"no such word"}"#);
    let reason = "no such word".to_owned();
    let notice = Notice::Error { reason };
    assert_eq!(heard.words, [Word::Notice { notice }]);
}

/// Where two requests are under way at once, an answer without the room is of the one whose number it has.
#[test]
fn an_answer_is_of_the_room_that_was_asked_for_under_its_number() {
    let dialect = calls();
    let mut alice = Ends::new(&dialect, "alice", &Book::default());
    alice.open();
    let attic = RoomName::new("attic");
    alice.say(join());
    let request = Request::Join {
        room: attic.clone(),
    };
    alice.say(Word::Request { request });
    let joined_attic = Word::Notice {
        notice: Notice::Joined {
            room: attic,
            with: vec!["carol".to_owned()],
        },
    };
    let answer = r#"{"id":10002,"result":["carol"]}"#;
    assert_eq!(alice.hear(answer).0, [joined_attic]);
    let answer = r#"{"id":10001,"result":["bob"]}"#;
    assert_eq!(alice.hear(answer).0, [joined(&["bob"])]);
}
