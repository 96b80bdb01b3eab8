//! The reference dialect: what it writes, what it understands, and that nothing from outside can break it.

use std::sync::Arc;
use std::time::Duration;

use crate::cluster;
use glare::names::RoomName;
use glare::signaling::Reason;
use glare::signaling::{
    AbsentPeer, Candidate, Conversation, Dialect, Kind, Notice, Out, Request, SameId, Signal,
    Unspeakable, Word,
};

fn alice() -> Conversation {
    Conversation::new(Dialect::reference(), "alice")
}

fn request(request: Request) -> Word {
    Word::Request { request }
}

fn signal(signal: Signal) -> Word {
    Word::Signal { peer: None, signal }
}

fn notice(notice: Notice) -> Vec<Word> {
    vec![Word::Notice { notice }]
}

fn lobby() -> RoomName {
    RoomName::new("lobby")
}

fn candidate() -> Candidate {
    Candidate {
        candidate: "candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host".into(),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: Some("abcd".into()),
    }
}

/// What matters of what a conversation answers, in these tests.
trait Plain {
    fn says(&mut self, word: &Word) -> Result<Vec<Out>, Unspeakable>;
    fn hears(&mut self, text: &str) -> Vec<Word>;
    fn hears_response(&mut self, method: &str, path: &str, status: u16, body: &str) -> Vec<Word>;
    fn overhears(&mut self, text: &str) -> Option<Word>;
    fn overhears_request(&mut self, method: &str, path: &str, body: &str) -> Option<Word>;
}

impl Plain for Conversation {
    fn says(&mut self, word: &Word) -> Result<Vec<Out>, Unspeakable> {
        let says = self.say(word)?;
        Ok(says.into_iter().map(|say| say.out).collect())
    }

    fn hears(&mut self, text: &str) -> Vec<Word> {
        self.hear_text(text).words
    }

    fn hears_response(&mut self, method: &str, path: &str, status: u16, body: &str) -> Vec<Word> {
        self.hear_response(method, path, status, body).words
    }

    fn overhears(&mut self, text: &str) -> Option<Word> {
        self.overhear_text(text, None).word
    }

    fn overhears_request(&mut self, method: &str, path: &str, body: &str) -> Option<Word> {
        self.overhear_request(method, path, body, None).word
    }
}

#[test]
fn it_declares_what_the_reference_server_has() {
    let dialect = Dialect::reference();
    assert_eq!(dialect.name(), "reference");
    assert_eq!(dialect.wire(), "reference");
    // Nobody is given there what may expire, or be somebody else's, and nobody logs in.
    let declared = |reason: &Reason| dialect.properties().refusals.has(*reason);
    let lacking: Vec<Reason> = Reason::ALL
        .into_iter()
        .filter(|one| !declared(one))
        .collect();
    let logins = [Reason::WrongLogin, Reason::OthersLogin];
    assert_eq!(
        lacking,
        [&[Reason::Expired], &logins[..], &[Reason::OthersTicket]].concat()
    );
    let properties = dialect.properties();
    assert_eq!(
        properties.announces_leaving_within,
        Some(Duration::from_secs(1))
    );
    assert_eq!(
        (properties.same_id, properties.absent_peer),
        (Some(SameId::Reject), Some(AbsentPeer::Error))
    );
    assert!(!properties.rewrites && properties.echoes == Some(false));
}

#[test]
fn the_id_in_the_address_is_percent_encoded() {
    let odd = Conversation::new(Dialect::reference(), "a&b=c/ü");
    assert_eq!(odd.connect(None).path, "/?userId=a%26b%3Dc%2F%C3%BC");
    assert_eq!(odd.connect(None).protocols, Vec::<String>::new());
}

#[test]
fn every_word_is_written_and_overheard_as_the_same_word() {
    let words = [
        (
            request(Request::Join { room: lobby() }),
            r#"{"type":"join","room":"lobby"}"#,
        ),
        (
            signal(Signal::Offer {
                sdp: "v=0\r\n".into(),
            }),
            r#"{"type":"offer","sdp":"v=0\r\n"}"#,
        ),
        (
            signal(Signal::Answer {
                sdp: "v=0\r\n".into(),
            }),
            r#"{"type":"answer","sdp":"v=0\r\n"}"#,
        ),
        (
            signal(Signal::Candidate {
                candidate: candidate(),
            }),
            r#"{"type":"candidate","candidate":{"candidate":"candidate:1 1 udp 2122260223 127.0.0.1 50000 typ host","sdpMLineIndex":0,"sdpMid":"0","usernameFragment":"abcd"}}"#,
        ),
        (
            signal(Signal::EndOfCandidates),
            r#"{"type":"candidate","candidate":null}"#,
        ),
        (signal(Signal::Bye), r#"{"type":"bye"}"#),
        (request(Request::Fence), r#"{"type":"glare-fence"}"#),
    ];
    let (mut peer, mut tap) = (alice(), alice());
    for (word, text) in words {
        assert_eq!(peer.says(&word), Ok(vec![Out::Text(text.into())]));
        assert_eq!(tap.overhears(text), Some(word));
    }
}

#[test]
fn rooms_are_made_and_removed_by_http() {
    for (word, path) in [
        (request(Request::Create { room: lobby() }), "/create"),
        (request(Request::Destroy { room: lobby() }), "/destroy"),
    ] {
        let outs = alice().says(&word).unwrap();
        let [
            Out::Fetch {
                method,
                path: to,
                headers,
                body: Some(body),
            },
        ] = outs.as_slice()
        else {
            panic!("{outs:?}");
        };
        assert_eq!((method.as_str(), to.as_str()), ("POST", path));
        assert_eq!(
            headers,
            &[("content-type".to_string(), "application/json".to_string())]
        );
        assert_eq!(body, r#"{"userId":"alice","room":"lobby"}"#);
        assert_eq!(alice().overhears_request(method, to, body), Some(word));
        let other = body.replace("alice", "mallory");
        assert_eq!(
            alice().overhears_request(method, to, &other),
            None,
            "somebody else's id is not hers"
        );
    }
    let mut conversation = alice();
    assert_eq!(
        conversation.hears_response(
            "POST",
            "/create",
            200,
            r#"{"type":"created","room":"lobby"}"#
        ),
        notice(Notice::Created { room: lobby() })
    );
    assert_eq!(
        conversation.hears_response(
            "POST",
            "/create",
            409,
            r#"{"type":"refused","request":"create","reason":"taken"}"#
        ),
        notice(Notice::Refused {
            request: Some(Kind::Create),
            reason: "taken".into()
        })
    );
    assert_eq!(
        conversation.hears_response(
            "POST",
            "/create",
            500,
            r#"{"type":"created","room":"lobby"}"#
        ),
        vec![]
    );
}

#[test]
fn what_the_server_says_is_understood() {
    let from = |signal| {
        vec![Word::Signal {
            peer: Some("bob".into()),
            signal,
        }]
    };
    let cases = [
        (
            r#"{"type":"joined","room":"lobby","peers":["bob"]}"#,
            notice(Notice::Joined {
                room: lobby(),
                with: vec!["bob".into()],
            }),
        ),
        (
            r#"{"type":"left","room":"lobby"}"#,
            notice(Notice::Left { room: lobby() }),
        ),
        (
            r#"{"type":"refused","request":"join","reason":"room lobby is full"}"#,
            notice(Notice::Refused {
                request: Some(Kind::Join),
                reason: "room lobby is full".into(),
            }),
        ),
        (
            r#"{"type":"refused","request":"connect","reason":"no"}"#,
            notice(Notice::Refused {
                request: None,
                reason: "no".into(),
            }),
        ),
        (
            r#"{"type":"peer-joined","peer":"bob"}"#,
            notice(Notice::PeerJoined { peer: "bob".into() }),
        ),
        (
            r#"{"type":"peer-left","peer":"bob","how":"lost"}"#,
            notice(Notice::PeerLeft {
                peer: "bob".into(),
                how: Some("lost".into()),
            }),
        ),
        (
            r#"{"type":"peer-left","peer":"bob"}"#,
            notice(Notice::PeerLeft {
                peer: "bob".into(),
                how: None,
            }),
        ),
        (
            r#"{"type":"offer","from":"bob","sdp":"v=0"}"#,
            from(Signal::Offer { sdp: "v=0".into() }),
        ),
        (
            r#"{"type":"candidate","from":"bob","candidate":null}"#,
            from(Signal::EndOfCandidates),
        ),
        (
            r#"{"type":"candidate","from":"bob","candidate":{"candidate":"","sdpMid":"0","sdpMLineIndex":0,"usernameFragment":null}}"#,
            from(Signal::Candidate {
                candidate: Candidate {
                    sdp_mid: Some("0".into()),
                    sdp_mline_index: Some(0),
                    ..Candidate::default()
                },
            }),
        ),
        (r#"{"type":"bye","from":"bob"}"#, from(Signal::Bye)),
        (
            r#"{"type":"error","reason":"not JSON"}"#,
            notice(Notice::Error {
                reason: "not JSON".into(),
            }),
        ),
    ];
    for (text, words) in cases {
        assert_eq!(alice().hears(text), words, "{text}");
    }
}

#[test]
fn the_refusal_of_a_fence_answers_the_fence() {
    let reason = r#"type "glare-fence" is unknown"#;
    let text = serde_json::json!({ "type": "error", "reason": reason }).to_string();
    let mut alice = alice();
    alice
        .say(&request(Request::Fence))
        .expect("there is a word for it");
    assert_eq!(
        alice.hears(&text),
        notice(Notice::Refused {
            request: Some(Kind::Fence),
            reason: reason.into()
        })
    );
}

#[test]
fn leaving_names_the_room_that_the_wire_leaves_out() {
    let mut tap = alice();
    tap.hears(r#"{"type":"joined","room":"lobby","peers":[]}"#);
    assert_eq!(
        tap.overhears(r#"{"type":"leave"}"#),
        Some(request(Request::Leave { room: lobby() }))
    );
}

#[test]
fn what_has_the_wrong_type_is_not_understood() {
    for text in [
        "",
        "null",
        "[]",
        "{",
        r#"{"type":7}"#,
        r#"{"type":"offer","from":"bob"}"#,
        r#"{"type":"offer","from":"bob","sdp":null}"#,
        r#"{"type":"offer","from":{},"sdp":"v=0"}"#,
        r#"{"type":"joined","room":[],"peers":["bob"]}"#,
        r#"{"type":"joined","room":"lobby","peers":[true]}"#,
        r#"{"type":"candidate","from":"bob","candidate":["x"]}"#,
        r#"{"type":"candidate","from":"bob","candidate":{"candidate":"x","sdpMLineIndex":-1}}"#,
        r#"{"type":"candidate","from":"bob","candidate":{"candidate":"x","sdpMLineIndex":70000}}"#,
        r#"{"type":"peer-left","peer":{"__proto__":1}}"#,
        r#"{"type":"error","reason":{"glare-fence":1}}"#,
    ] {
        assert_eq!(alice().hears(text), vec![], "{text}");
        alice().overhears(text);
        assert_eq!(
            alice().hears_response("POST", "/create", 200, text),
            vec![],
            "{text}"
        );
        assert_eq!(
            alice().overhears_request("POST", "/create", text),
            None,
            "{text}"
        );
    }
}

#[test]
fn deep_and_huge_messages_are_not_understood_and_do_no_harm() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let within = format!(r#"{{"type":"offer","from":"bob","sdp":"v=0","x":{deep}}}"#);
    let huge = format!(
        r#"{{"type":"offer","from":"bob","sdp":"{}"}}"#,
        "x".repeat(5 * 1024 * 1024)
    );
    for text in [deep, within, huge] {
        assert_eq!(alice().hears(&text), vec![]);
        assert_eq!(alice().overhears(&text), None);
    }
}

/// The largest garbage, said again with each character escaped.
#[test]
fn what_a_server_says_again_of_huge_garbage_is_understood() {
    let reason = "\\u0078".repeat(600_000);
    let error = format!(r#"{{"type":"error","reason":"{reason}"}}"#);
    assert_eq!(alice().hears(&error).len(), 1);
}

#[test]
fn what_cannot_be_said_is_told_apart_from_what_a_server_does() {
    let missing = Unspeakable::Missing {
        dialect: "x".into(),
        kind: Kind::Join,
        variable: "seat".into(),
    };
    let none = Unspeakable::NoSuchWord {
        dialect: "x".into(),
        kind: Kind::Bye,
    };
    for error in [missing, none] {
        assert!(Unspeakable::is_told(&format!("bob could not: {error}")));
    }
    for other in [
        "the server refused bob's join: \"the dialect `x` is not spoken here\"",
        "bob hears offer did not happen (after 10 s)",
    ] {
        assert!(!Unspeakable::is_told(other), "{other}");
    }
}

#[test]
fn what_a_server_cannot_do_is_said_in_words() {
    let word = Word::Notice {
        notice: Notice::Error {
            reason: String::new(),
        },
    };
    assert_eq!(
        alice().says(&word).unwrap_err().to_string(),
        "the dialect `reference` has no way to say `error`"
    );
    let addressed = read(
        "dialect: direct\nconnect: { path: /ws }\nsay:\n  offer: { message: { to: \"{peer}\", sdp: \"{sdp}\" } }\n  answer: { message: { to: \"{peer}\", answer: \"{sdp}\" } }\nhear:\n  offer: { message: { sdp: \"{sdp}\" } }\n  answer: { message: { answer: \"{sdp}\" } }\n",
    );
    let mut alice = Conversation::new(addressed, "alice");
    let offer = signal(Signal::Offer { sdp: "v=0".into() });
    assert!(
        matches!(alice.says(&offer), Err(Unspeakable::Missing { variable, .. }) if variable == "peer")
    );
}

fn read(text: &str) -> Arc<Dialect> {
    match Dialect::read(std::path::Path::new("d.yaml"), text) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// Matchbox: JSON in a string, externally tagged, ids given by the server.
#[test]
fn json_within_text_and_nested_tags_can_be_said() {
    let matchbox = read(
        r#"
dialect: matchbox
connect: { path: "/room1?next=2", protocols: [json] }
say:
  offer:     { message: { Signal: { receiver: "{peer}", data: { Offer: "{sdp}" } } } }
  answer:    { message: { Signal: { receiver: "{peer}", data: { Answer: "{sdp}" } } } }
  candidate: { message: { Signal: { receiver: "{peer}", data: { IceCandidate: "{candidate|json}" } } } }
hear:
  peer-joined: { message: { NewPeer: "{peer}" } }
  peer-left:   { message: { PeerLeft: "{peer}" } }
  offer:       { message: { Signal: { sender: "{peer}", data: { Offer: "{sdp}" } } } }
  answer:      { message: { Signal: { sender: "{peer}", data: { Answer: "{sdp}" } } } }
  candidate:   { message: { Signal: { sender: "{peer}", data: { IceCandidate: { $json: { candidate: "{candidate-line}", sdpMid: "{sdp-mid}" } } } } } }
"#,
    );
    let mut alice = Conversation::new(matchbox, "alice");
    let word = Word::Signal {
        peer: Some("b694".into()),
        signal: Signal::Candidate {
            candidate: candidate(),
        },
    };
    let Ok([Out::Text(text)]) = alice
        .says(&word)
        .map(|outs| <[Out; 1]>::try_from(outs).unwrap())
    else {
        panic!("one text");
    };
    assert!(
        text.starts_with(r#"{"Signal":{"receiver":"b694","data":{"IceCandidate":"{\"candidate\":"#),
        "{text}"
    );
    assert_eq!(alice.overhears(&text), Some(word));
    let heard = alice.hears(&text.replace("receiver", "sender"));
    let Some(Word::Signal {
        peer: Some(peer),
        signal: Signal::Candidate { candidate: got },
    }) = heard.first()
    else {
        panic!("{heard:?}");
    };
    assert_eq!(
        (peer.as_str(), &got.candidate),
        ("b694", &candidate().candidate)
    );
    assert_eq!(alice.connect(None).protocols, ["json"]);
}

/// y-webrtc: everybody hears everything, its own words too.
#[test]
fn own_words_that_come_back_are_told_apart() {
    let echo = read(
        r#"
dialect: topics
connect: { path: / }
echoes: true
say:
  offer:  { message: { type: publish, data: { to: "{peer}", from: "{me}", offer: "{sdp}" } } }
  answer: { message: { type: publish, data: { to: "{peer}", from: "{me}", answer: "{sdp}" } } }
hear:
  offer:  { message: { type: publish, data: { to: "{me}", from: "{peer}", offer: "{sdp}" } } }
  answer: { message: { type: publish, data: { to: "{me}", from: "{peer}", answer: "{sdp}" } } }
"#,
    );
    let mut alice = Conversation::new(echo.clone(), "alice");
    let word = Word::Signal {
        peer: Some("bob".into()),
        signal: Signal::Offer { sdp: "v=0".into() },
    };
    let Ok([Out::Text(text)]) = alice
        .says(&word)
        .map(|outs| <[Out; 1]>::try_from(outs).unwrap())
    else {
        panic!("one text");
    };
    assert_eq!(alice.hears(&text), vec![], "an echo");
    let heard = Conversation::new(echo, "bob").hears(&text);
    assert_eq!(
        heard,
        [Word::Signal {
            peer: Some("alice".into()),
            signal: Signal::Offer { sdp: "v=0".into() }
        }]
    );
}

#[test]
fn plain_text_lines_can_be_a_dialect() {
    let lines = read(
        "dialect: lines\nframing: text\nconnect: { path: / }\nsay:\n  join: { message: \"JOIN {room}\" }\n  offer: { message: \"OFFER {peer} {sdp}\" }\n  answer: { message: \"ANSWER {peer} {sdp}\" }\nhear:\n  joined: { message: \"OK {room}\" }\n  offer: { message: \"OFFER {peer} {sdp}\" }\n  answer: { message: \"ANSWER {peer} {sdp}\" }\n",
    );
    let mut alice = Conversation::new(lines, "alice");
    assert_eq!(
        alice.says(&request(Request::Join { room: lobby() })),
        Ok(vec![Out::Text("JOIN lobby".into())])
    );
    assert_eq!(
        alice.hears("OK lobby"),
        notice(Notice::Joined {
            room: lobby(),
            with: vec![]
        })
    );
    assert_eq!(
        alice.hears("OFFER bob v=0 o=x"),
        [Word::Signal {
            peer: Some("bob".into()),
            signal: Signal::Offer {
                sdp: "v=0 o=x".into()
            }
        }]
    );
}

#[test]
fn what_a_dialect_may_promise_is_in_the_guide() {
    let guide = include_str!("../../GUIDE.md");
    let promised = include_str!("../../../fixtures/servers/reference/debounced.dialect.yaml");
    let keys = promised
        .lines()
        .skip_while(|line| !line.starts_with("connect:"))
        .skip(3)
        .take_while(|line| !line.starts_with("say:"))
        .filter_map(|line| line.split_once(':').map(|(key, _)| key))
        .filter(|key| !key.starts_with(['#', ' ']) && *key != "same-id");
    let mut count = 0;
    for key in keys {
        count += 1;
        assert!(
            guide.contains(&format!("`{key}")),
            "{key} is not in the guide"
        );
    }
    assert!(count >= 8, "only {count} promises");
}

#[test]
fn a_login_has_a_name_of_its_own() {
    let refused = |names: &str| {
        let text =
            cluster::DIALECT.replace("connect: { ", &format!("connect: {{ login: {names}, "));
        let read = Dialect::read(std::path::Path::new("d.yaml"), &text);
        read.err().map(|mistakes| mistakes.render(false))
    };
    for names in [
        "[me]", "[room]", "[line]", "[a b]", "[Token]", "[\"\"]", "[a, a]", "[7x, me]",
    ] {
        let told = refused(names).expect(names);
        assert!(told.contains("that means nothing else: `token`"), "{told}");
    }
    assert_eq!(refused("[token, api-key-2]"), None);
    let unnamed = cluster::DIALECT.replace("\"/?id={me|url}\"", "\"/?id={me|url}&t={token|url}\"");
    let read = Dialect::read(std::path::Path::new("d.yaml"), &unnamed);
    let told = read.expect_err("nobody gives it").render(false);
    assert!(told.contains("token"), "{told}");
}
