//! What each kind of garbage is made of.

use super::*;

fn spoilt(kind: Garbage, text: &str) -> String {
    super::spoilt(kind, text, &Words::default())
}

fn spoilt_in(kind: Garbage, field: Field, text: &str) -> String {
    super::spoilt_in(kind, field, (text, text), &Words::default())
}

const JSON: &str = r#"{"type":"join","room":"glare-garbage"}"#;
const EVENT: &str = r#"42["enter",{"room":"glare-garbage"}]"#;
const TEXT: &str = "JOIN glare-garbage";

#[test]
fn each_kind_spoils_what_the_dialect_would_say() {
    let rows: &[(Garbage, &str, &str, &str)] = &[
        (
            Garbage::CutShort,
            r#"{"type":"join","roo"#,
            r#"42["enter",{"room""#,
            "JOIN glar",
        ),
        (
            Garbage::WrongType,
            r#"{"type":"join","room":5}"#,
            r#"42["enter",{"room":5}]"#,
            "JOIN 5",
        ),
        (
            Garbage::FieldMissing,
            r#"{"type":"join"}"#,
            r#"42["enter",{}]"#,
            "JOIN",
        ),
        (
            Garbage::UnknownWord,
            r#"{"type":"glare-nonsense","room":"glare-garbage"}"#,
            r#"42["glare-nonsense",{"room":"glare-garbage"}]"#,
            "glare-nonsense glare-garbage",
        ),
        (Garbage::Null, "null", "42null", "null"),
        (Garbage::Empty, "", "", ""),
    ];
    for (kind, json, event, text) in rows {
        let parsed = |text: &str| serde_json::from_str::<Json>(text).map_err(drop);
        let made = spoilt(*kind, JSON);
        assert!(
            made == *json || parsed(&made).is_ok() && parsed(&made) == parsed(json),
            "{kind}: {made}"
        );
        assert_eq!(spoilt(*kind, EVENT), *event, "{kind}");
        assert_eq!(spoilt(*kind, TEXT), *text, "{kind}");
    }
}

const RPC: &str = "dialect: rpc
framing: json
connect: { path: / }
say:
  join: { message: { jsonrpc: '2.0', id: join, method: join, params: { space: '{room}' } } }
  leave: { message: { jsonrpc: '2.0', id: leave, method: leave } }
  offer: { message: { jsonrpc: '2.0', id: signal, method: signal, params: { to: '{peer}', kind: offer, sdp: '{sdp}' } } }
  answer: { message: { jsonrpc: '2.0', id: signal, method: signal, params: { to: '{peer}', kind: answer, sdp: '{sdp}' } } }
hear:
  joined: { message: { jsonrpc: '2.0', id: join, result: { space: '{room}' } } }
  left: { message: { jsonrpc: '2.0', id: leave, result: ok } }
  offer: { message: { jsonrpc: '2.0', method: signal, params: { from: '{peer}', kind: offer, sdp: '{sdp}' } } }
  answer: { message: { jsonrpc: '2.0', method: signal, params: { from: '{peer}', kind: answer, sdp: '{sdp}' } } }
  peer-joined: { message: { jsonrpc: '2.0', method: joined, params: { who: '{peer}' } } }
  error: { message: { jsonrpc: '2.0', error: { message: '{reason}' } } }
";

/// By the number of its request an answer is told apart; what is asked is by another key.
#[test]
fn where_a_request_has_a_number_besides_the_word_is_spoilt() {
    let dialect = Dialect::read(std::path::Path::new("rpc.yaml"), RPC).expect("a dialect");
    assert_eq!(dialect.word_key(), Some("method"));
    let conversation = Conversation::new(Arc::new(dialect), "alice");
    let text = |says: Vec<Say>| match says.into_iter().next_back().map(|say| say.out) {
        Some(Out::Text(text)) => serde_json::from_str::<Json>(&text).expect("JSON"),
        _ => panic!("no text"),
    };
    let whole = conversation.garbage(Garbage::UnknownWord, Some(Kind::Join));
    let whole = text(whole.expect("it can be said"));
    assert_eq!(whole["method"], NONSENSE);
    assert_eq!(whole["id"], "join");
    for (kind, method) in [
        (Garbage::Prototype, Json::from(PROTOTYPE)),
        (Garbage::FieldMissing, Json::Null),
        (Garbage::WrongType, Json::from(5)),
    ] {
        let one = conversation.garbage_in(kind, Kind::Join, Field::Word, None);
        let one = text(one.expect("it can be said"));
        assert_eq!(one["method"], method, "{kind}");
        assert_eq!(one["id"], "join", "{kind}");
    }
}

/// The first text of it is its version, which is the same in all. So it was that of which nothing asked what becomes of a word that is none.
#[test]
fn what_is_alike_in_all_words_is_no_word() {
    let plain = RPC
        .replace("id: join, ", "")
        .replace("id: leave, ", "")
        .replace("id: signal, ", "");
    // As a server with numbers is spoken with.
    let numbered = ["join", "leave", "signal"]
        .iter()
        .fold(RPC.to_owned(), |text, id| {
            text.replace(&format!("id: {id},"), "id: '{number}',")
        });
    // The word is said again here too, and what else differs stands beside some words alone.
    let role = plain.replace("method: join, params", "method: join, role: guest, params");
    let role = role.replace("method: leave }", "method: leave, role: host }");
    let role = role.replace("result: { space", "method: join, result: { space");
    for text in [plain, numbered, role] {
        let dialect = Dialect::read(std::path::Path::new("rpc.yaml"), &text).expect("a dialect");
        assert_eq!(dialect.word_key(), Some("method"));
        let conversation = Conversation::new(Arc::new(dialect), "alice");
        let made = conversation.garbage_in(Garbage::Prototype, Kind::Join, Field::Word, None);
        let made = made.expect("it can be said");
        let Out::Text(text) = &made.last().expect("one").out else {
            panic!("no text")
        };
        let made: Json = serde_json::from_str(text).expect("JSON");
        assert_eq!(made["method"], PROTOTYPE);
        assert_eq!(made["jsonrpc"], "2.0");
    }
}

/// Where all keys that differ are said again, nothing is known but what stands first.
#[test]
fn of_two_keys_that_are_said_again_none_is_known() {
    let both = RPC.replace("id: join, result", "id: join, method: join, result");
    let dialect = Dialect::read(std::path::Path::new("rpc.yaml"), &both).expect("a dialect");
    assert_eq!(dialect.word_key(), None);
}

#[test]
fn what_is_a_word_all_the_same_is_no_garbage() {
    let bars = "dialect: bars\nframing: text\nconnect: { path: / }\nsay:\n  create: join\n  join: { message: \"IN|{room}\" }\n  offer: { message: \"TO|{peer}|O|{sdp|base64}\" }\n  answer: { message: \"TO|{peer}|A|{sdp|base64}\" }\nhear:\n  joined: { message: \"ROOM|{room}\" }\n  offer: { message: \"FROM|{peer}|O|{sdp|base64}\" }\n  answer: { message: \"FROM|{peer}|A|{sdp|base64}\" }\n";
    let bars = Dialect::read(std::path::Path::new("bars.yaml"), bars).unwrap();
    let still = |dialect: &Dialect, kind| dialect.still_says(kind, None, None);
    for kind in [
        Garbage::WrongType,
        Garbage::CutShort,
        Garbage::Deep,
        Garbage::Prototype,
    ] {
        // Five, half of a name, many brackets: each is a room's name.
        assert_eq!(still(&bars, kind), Some(Kind::Join), "{kind}");
    }
    for kind in [Garbage::Null, Garbage::Empty, Garbage::UnknownWord] {
        assert_eq!(still(&bars, kind), None, "{kind}");
    }
    for kind in [Garbage::WrongType, Garbage::CutShort, Garbage::Huge] {
        assert_eq!(still(&Dialect::reference(), kind), None, "{kind}");
    }
}

#[test]
fn a_word_without_any_text_is_spoilt_too() {
    let sound = r#"{"find":true}"#;
    assert_eq!(
        spoilt(Garbage::WrongType, sound),
        r#"{"find":"glare-nonsense"}"#
    );
    assert_eq!(spoilt(Garbage::FieldMissing, sound), "{}");
    assert_eq!(
        spoilt(Garbage::UnknownWord, sound),
        r#"{"glare-nonsense":{"find":true}}"#
    );
    for kind in Garbage::ALL {
        assert_ne!(spoilt(kind, sound), sound, "{kind}");
    }
}

#[test]
fn a_word_that_is_a_number_is_spoilt_as_one_that_is_a_text() {
    let sound = r#"[1,"glare-garbage"]"#;
    assert_eq!(
        spoilt(Garbage::UnknownWord, sound),
        r#"[987654321,"glare-garbage"]"#
    );
    for (kind, made) in [
        (Garbage::Null, r#"[null,"glare-garbage"]"#),
        (Garbage::WrongType, r#"["glare-nonsense","glare-garbage"]"#),
        (Garbage::FieldMissing, r#"["glare-garbage"]"#),
        (Garbage::Empty, r#"["","glare-garbage"]"#),
        (Garbage::Prototype, r#"["__proto__","glare-garbage"]"#),
    ] {
        assert_eq!(spoilt_in(kind, Field::Word, sound), made, "{kind}");
    }
    // Another text beside it is no word, and a number beside a text is none.
    let beside = r#"[1,"a digest"]"#;
    let made = spoilt_in(Garbage::Null, Field::Word, beside);
    assert_eq!(made, r#"[null,"a digest"]"#);
    let named = r#"{"op":7,"room":"glare-garbage"}"#;
    let made = spoilt_in(Garbage::Null, Field::Word, named);
    assert_eq!(made, r#"{"op":null,"room":"glare-garbage"}"#);
    let versioned = r#"{"type":"join","v":1}"#;
    let made = spoilt_in(Garbage::Null, Field::Word, versioned);
    assert!(made.contains(r#""type":null"#), "{made}");
}

/// A sound message as garbage would be green for nothing.
#[test]
fn no_message_stays_sound_whatever_field_is_meant() {
    for sound in [
        JSON,
        EVENT,
        r#"[1,"a"]"#,
        r#"{"find":true}"#,
        r#"[true,[]]"#,
    ] {
        for kind in Garbage::ALL {
            for field in [Field::Word, Field::Room, Field::Peer, Field::Sdp] {
                assert_ne!(spoilt_in(kind, field, sound), sound, "{kind} {field:?}");
            }
        }
    }
}

#[test]
fn a_room_whose_id_is_made_of_its_name_is_spoilt() {
    let text = "dialect: pairs\nconnect: { path: /, room-id: \"{room|digest}\" }\nsay:\n  create: join\n  join: { message: [1, \"{room-id}\"] }\n  offer: { message: [2, \"{peer}\", \"{sdp}\"] }\n  answer: { message: [3, \"{peer}\", \"{sdp}\"] }\nhear:\n  joined: { message: [100] }\n  offer: { message: [2, \"{peer}\", \"{sdp}\"] }\n  answer: { message: [3, \"{peer}\", \"{sdp}\"] }\n";
    let dialect = Dialect::read(std::path::Path::new("pairs.yaml"), text).unwrap();
    let conversation = Conversation::new(Arc::new(dialect), "alice");
    let made = |field| {
        let outs = conversation.garbage_in(Garbage::Null, Kind::Join, field, None);
        match &outs.unwrap().last().unwrap().out {
            Out::Text(text) => text.clone(),
            _ => panic!("a text"),
        }
    };
    assert_eq!(made(Field::Room), "[1,null]");
    // All else is sound: what the room's name comes to.
    let word: Json = serde_json::from_str(&made(Field::Word)).unwrap();
    let room = word[1].as_str().unwrap();
    assert!(
        word[0].is_null() && !room.contains(MARK) && room.len() > 10,
        "{word}"
    );
}

#[test]
fn one_field_is_spoilt_and_all_else_is_sound() {
    let offer = r#"{"data":{"to":"bob","sdp":"glare-garbage"},"type":"offer"}"#;
    for (kind, sdp) in [
        (Garbage::Null, r#","sdp":null"#),
        (Garbage::WrongType, r#","sdp":5"#),
        (Garbage::FieldMissing, ""),
        (Garbage::Empty, r#","sdp":"""#),
        (Garbage::Prototype, r#","sdp":"__proto__""#),
    ] {
        let wanted = format!(r#"{{"data":{{"to":"bob"{sdp}}},"type":"offer"}}"#);
        let parsed = |text: &str| serde_json::from_str::<Json>(text).map_err(drop);
        let made = spoilt_in(kind, Field::Sdp, offer);
        assert!(parsed(&made).is_ok(), "{kind}: {made}");
        assert_eq!(parsed(&made), parsed(&wanted), "{kind}");
        let framed = spoilt_in(kind, Field::Sdp, &format!("42[\"offer\",{offer}]"));
        assert_eq!(framed, format!("42[\"offer\",{made}]"), "{kind}");
    }
}

/// It used to be that who says the id that the server gave could say nothing then, and that a word without its type was for nobody.
#[test]
fn all_but_the_one_field_is_what_the_server_knows() {
    let text = r#"
dialect: d
framing: json
connect: { path: /, then: [ { hear: { id: "{self}" } } ] }
say:
  create: join
  join: { done: connected }
  offer: { message: { t: offer, pair: "{self}~{peer}", by: "{self}", sdp: "{sdp}" } }
  answer: { message: { t: answer, pair: "{self}~{peer}", by: "{self}", sdp: "{sdp}" } }
hear:
  offer: { message: { t: offer, by: "{peer}", sdp: "{sdp}" } }
  answer: { message: { t: answer, by: "{peer}", sdp: "{sdp}" } }
"#;
    let dialect = Dialect::read(std::path::Path::new("d.yaml"), text).unwrap();
    let mut bob = Conversation::new(Arc::new(dialect), "bob");
    bob.remember(vec![("self".into(), Json::from("s1"))], None);
    bob.book.learn_peer("alice", &Json::from("s2"));
    let said = |kind, field| {
        let outs = bob.garbage_in(kind, Kind::Offer, field, Some("alice"));
        let outs = outs.unwrap_or_else(|error| panic!("{field}: {error}"));
        let Out::Text(text) = &outs.last().expect("one").out else {
            panic!("{outs:?}")
        };
        serde_json::from_str::<Json>(text).unwrap()
    };
    let sound = serde_json::json!({ "t": "offer", "pair": "s1~s2", "by": "s1", "sdp": SOUND_SDP });
    for (field, key) in [
        (Field::Word, "t"),
        (Field::Me, "by"),
        (Field::Peer, "pair"),
        (Field::Sdp, "sdp"),
    ] {
        let mut wanted = sound.clone();
        wanted[key] = Json::from(5);
        assert_eq!(said(Garbage::WrongType, field), wanted, "{field}");
    }
}

/// A session is of the two, and no word: it used to be that nothing could be said, or that it was spoilt in the word's place.
#[test]
fn what_was_captured_is_as_sound_as_the_rest_of_a_word_without_its_type() {
    let text = r#"
dialect: d
framing: json
connect: { path: /, then: [ { hear: { token: "{token}" } } ] }
learn: [ { message: { with: "{peer}", session: "{session}" } } ]
say:
  create: join
  join: { done: connected }
  offer: { message: { a: "{token}", s: "{session}", sdp: "{sdp}", t: offer } }
  answer: { message: { a: "{token}", s: "{session}", sdp: "{sdp}", t: answer } }
hear:
  offer: { message: { t: offer, by: "{peer}", sdp: "{sdp}" } }
  answer: { message: { t: answer, by: "{peer}", sdp: "{sdp}" } }
"#;
    let dialect = Dialect::read(std::path::Path::new("d.yaml"), text).unwrap();
    let mut bob = Conversation::new(Arc::new(dialect), "bob");
    bob.remember(vec![("token".into(), Json::from("k1"))], None);
    bob.remember(vec![("session".into(), Json::from("s7"))], Some("alice"));
    let outs = bob.garbage_in(Garbage::Null, Kind::Offer, Field::Word, Some("alice"));
    let outs = outs.unwrap_or_else(|error| panic!("{error}"));
    let Out::Text(text) = &outs.last().expect("one").out else {
        panic!("{outs:?}")
    };
    let wanted = serde_json::json!({ "a": "k1", "s": "s7", "sdp": SOUND_SDP, "t": null });
    assert_eq!(serde_json::from_str::<Json>(text).unwrap(), wanted);
}

#[test]
fn the_word_is_what_stands_at_the_top() {
    let offer = r#"{"data":{"kind":"signal","sdp":"glare-garbage"},"type":"offer"}"#;
    for (kind, word) in [
        (Garbage::Null, r#""type":null,"#),
        (Garbage::FieldMissing, ""),
        (Garbage::Prototype, r#""type":"__proto__","#),
    ] {
        let made = spoilt_in(kind, Field::Word, offer);
        let wanted = format!(r#"{{{word}"data":{{"kind":"signal","sdp":"glare-garbage"}}}}"#);
        let parsed = |text: &str| serde_json::from_str::<Json>(text).map_err(drop);
        assert_eq!(parsed(&made), parsed(&wanted), "{kind}: {made}");
    }
}

/// What a person may be called is no word, and a key that differs from word to word is one.
#[test]
fn a_word_may_be_a_key() {
    let read = |text: &str| Dialect::read(std::path::Path::new("x.yaml"), text).unwrap();
    let table = "dialect: table\nconnect: { path: / }\nsay:\n  create: join\n  join: { message: { sit: { name: \"{me}\", table: \"{room}\" } } }\n  offer: { message: { describe: { sdp: \"{sdp}\" } } }\n  answer: { message: { reply: { sdp: \"{sdp}\" } } }\nhear:\n  joined: { message: { seated: \"{room}\" } }\n  offer: { message: { describe: { sdp: \"{sdp}\" } } }\n  answer: { message: { reply: { sdp: \"{sdp}\" } } }\n";
    // In one key all words are wrapped alike: it is no word.
    let wrapped = table
        .replace("{ sit: { name", "{ w: { act: sit, name")
        .replace("{ describe: {", "{ w: { act: describe,")
        .replace("{ reply: {", "{ w: { act: reply,");
    let made = |dialect: &str, kind, of, field: Option<Field>| {
        let conversation = Conversation::new(Arc::new(read(dialect)), "alice");
        let outs = match field {
            Some(field) => conversation.garbage_in(kind, of, field, None),
            None => conversation.garbage(kind, Some(of)),
        };
        match &outs.unwrap().last().unwrap().out {
            Out::Text(text) => serde_json::from_str::<Json>(text).unwrap(),
            _ => panic!("a text"),
        }
    };
    let unknown = Garbage::UnknownWord;
    assert_eq!(
        made(table, unknown, Kind::Join, None),
        serde_json::json!({ NONSENSE: { "name": "alice", "table": MARK } })
    );
    assert_eq!(
        made(&wrapped, unknown, Kind::Join, None),
        serde_json::json!({ "w": { "act": NONSENSE, "name": "alice", "table": MARK } })
    );
    let key = |kind| {
        let made = made(table, kind, Kind::Join, Some(Field::Word));
        made.as_object().unwrap().keys().next().unwrap().clone()
    };
    assert_eq!(key(Garbage::Null), NONSENSE);
    assert_eq!(key(Garbage::Prototype), PROTOTYPE);
    assert_eq!(key(Garbage::Empty), "");
    assert_eq!(key(Garbage::FieldMissing), "name");
    assert_eq!(key(Garbage::Huge).len(), HUGE);
}

#[test]
fn what_is_deep_or_huge_is_so_in_a_field() {
    for sound in [JSON, EVENT, TEXT] {
        let deep = spoilt(Garbage::Deep, sound);
        assert_eq!(
            deep.matches('[').count() - sound.matches('[').count(),
            DEPTH
        );
        let huge = spoilt(Garbage::Huge, sound);
        assert!(
            huge.len() > HUGE && huge.starts_with(&sound[..1]),
            "{sound}"
        );
    }
}

/// One who has several things to come back with is read past the first of them.
#[test]
fn what_was_given_is_spoilt_each_in_a_message_of_its_own() {
    let text = "dialect: back\nconnect: { path: / }\nrejoin: { message: { do: back, of: \"{session}\", by: \"{ticket}\", in: \"{room}\", who: \"{me}\" } }\nsay:\n  create: join\n  join: { message: { do: join, in: \"{room}\" } }\n  leave: { message: { do: leave } }\n  offer: { message: { do: offer, sdp: \"{sdp}\" } }\n  answer: { message: { do: answer, sdp: \"{sdp}\" } }\nhear:\n  joined: { message: { joined: { of: \"{session}\", by: \"{ticket}\" } } }\n  offer: { message: { do: offer, sdp: \"{sdp}\" } }\n  answer: { message: { do: answer, sdp: \"{sdp}\" } }\n";
    let dialect = Arc::new(Dialect::read(std::path::Path::new("back.yaml"), text).unwrap());
    let book = Book::default();
    let line = || Conversation::new(dialect.clone(), "alice").with(book.clone());
    let mut first = line();
    let lobby = RoomName::new("lobby");
    let join = |room| Word::Request {
        request: Request::Join { room },
    };
    first.say(&join(lobby)).unwrap();
    first.hear_text(r#"{"joined":{"of":7,"by":"t1"}}"#);
    let made = |kind| -> Vec<Json> {
        let outs = line().garbage_in(kind, Kind::Join, Field::Given, None);
        let texts = outs.unwrap().into_iter().map(|say| match say.out {
            Out::Text(text) => serde_json::from_str(&text).unwrap(),
            _ => panic!("a text"),
        });
        texts.collect()
    };
    let said = |of: Json, by: Json| serde_json::json!({ "do": "back", "of": of, "by": by, "in": "lobby", "who": "alice" });
    assert_eq!(
        made(Garbage::Null),
        [said(Json::Null, "t1".into()), said(7.into(), Json::Null)]
    );
    let missing = made(Garbage::FieldMissing);
    let keys = missing.iter().map(|made| made.as_object().unwrap().len());
    assert_eq!(keys.collect::<Vec<_>>(), [4, 4]);
    assert_eq!(missing[1]["of"], 7);
}

#[test]
fn what_holds_the_others_is_spoilt_as_one() {
    let nested = r#"{"type":"offer","to":"bob","say":{"offer":"glare-garbage"}}"#;
    for (kind, event, said) in [
        (Garbage::Null, r#"42["enter",null]"#, "\"say\":null"),
        (Garbage::WrongType, r#"42["enter",5]"#, "\"say\":5"),
        (Garbage::FieldMissing, r#"42["enter"]"#, ""),
        (
            Garbage::Prototype,
            r#"42["enter","__proto__"]"#,
            "\"say\":\"__proto__\"",
        ),
    ] {
        assert_eq!(spoilt_in(kind, Field::Payload, EVENT), event, "{kind}");
        let made = spoilt_in(kind, Field::Payload, nested);
        assert!(
            made.contains(said) && made.contains("\"to\":\"bob\""),
            "{kind}: {made}"
        );
        assert_eq!(made.contains("say"), !said.is_empty(), "{kind}: {made}");
    }
}

#[test]
fn an_event_that_wants_no_acknowledgement_is_else_the_same() {
    for (sound, made) in [
        (r#"4217["leave"]"#, r#"42["leave"]"#),
        (r#"42/calls,17["leave"]"#, r#"42/calls,["leave"]"#),
        (r#"42["leave",{"n":5}]"#, r#"42["leave",{"n":5}]"#),
    ] {
        assert_eq!(unacknowledged(sound), made);
    }
}

/// `None`: words are keys, or names of events.
#[test]
fn of_the_servers_of_others_the_word_is_where_they_look_for_it() {
    let servers = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers");
    for (server, key) in [
        ("examples/numbered", Some("method")),
        ("janus", Some("janus")),
        ("bittorrent-tracker", Some("action")),
        ("peerjs", Some("type")),
        ("gst-signalling", Some("type")),
        ("y-webrtc", Some("type")),
        ("rtcmulticonnection-server", None),
        ("examples/meeting", None),
    ] {
        let path = servers.join(server).join("dialect.yaml");
        let text = std::fs::read_to_string(&path).expect("a text");
        let dialect = Dialect::read(&path, &text).expect("a dialect");
        assert_eq!(dialect.word_key(), key, "{server}");
    }
}

/// What an answer says again is no word of the request, though it is as fixed.
#[test]
fn what_answers_repeat_is_not_where_the_word_is() {
    let text = r#"
dialect: d
connect: { path: / }
say:
  join: { message: { id: join, method: join, room: "{room}" } }
  leave: { message: { id: leave, method: leave } }
  offer: { message: { id: relay, method: relay, to: "{peer}", offer: "{sdp}" } }
  answer: { message: { id: relay, method: relay, to: "{peer}", answer: "{sdp}" } }
hear:
  joined: { message: { id: join, with: "{with}" } }
  left: { message: { id: leave, done: true } }
  offer: { message: { method: relayed, from: "{peer}", offer: "{sdp}" } }
  answer: { message: { method: relayed, from: "{peer}", answer: "{sdp}" } }
"#;
    let dialect = Dialect::read(std::path::Path::new("d.yaml"), text).expect("a dialect");
    assert_eq!(dialect.word_key(), Some("method"));
}
