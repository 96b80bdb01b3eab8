//! The schema and the reader say the same; a scenario written as YAML reads back equal.

use std::path::Path;
use std::time::Duration;

use glare::names::{PeerName, RoomName, Stack};
use glare::scenario::{
    Action, Answer, Condition, Cut, EarlyCandidates, Pattern, PeerSpec, Place, Pretence, Raw,
    Scenario, Sequences, schema,
};
use glare::signaling::{DescriptionKind, Kind};
use glare::source::Span;
use glare::terms::Machine;
use glare::terms::{ChannelOptions, Data, Kill};
use glare::terms::{Corruption, RawFrame};
use proptest::prelude::*;
use serde_json::{Value, json};

const EVERY_STEP: &str = include_str!("every-step.yaml");

/// Checks a value by the part of JSON Schema that the schema uses; patterns apart.
fn fits(value: &Value, schema: &Value, root: &Value) -> bool {
    let Some(rules) = schema.as_object() else {
        return schema != &json!(false);
    };
    rules.iter().all(|(rule, wanted)| match rule.as_str() {
        "$ref" => {
            let pointer = wanted.as_str().unwrap().strip_prefix('#').unwrap();
            fits(value, root.pointer(pointer).unwrap(), root)
        }
        "type" => match wanted {
            Value::Array(types) => types.iter().any(|one| is_type(value, one)),
            one => is_type(value, one),
        },
        "const" => value == wanted,
        "enum" => wanted.as_array().unwrap().contains(value),
        "oneOf" => {
            wanted
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| fits(value, one, root))
                .count()
                == 1
        }
        "anyOf" => wanted
            .as_array()
            .unwrap()
            .iter()
            .any(|one| fits(value, one, root)),
        "not" => !fits(value, wanted, root),
        "if" => {
            let branch = if fits(value, wanted, root) {
                "then"
            } else {
                "else"
            };
            fits(value, &schema[branch], root)
        }
        "then" | "else" => true,
        "required" => value.as_object().is_none_or(|map| {
            wanted
                .as_array()
                .unwrap()
                .iter()
                .all(|key| map.contains_key(key.as_str().unwrap()))
        }),
        "properties" => value.as_object().is_none_or(|map| {
            map.iter()
                .all(|(key, value)| wanted.get(key).is_none_or(|rule| fits(value, rule, root)))
        }),
        "additionalProperties" => value.as_object().is_none_or(|map| {
            let known = |key: &str| {
                rules
                    .get("properties")
                    .is_some_and(|known| known.get(key).is_some())
            };
            map.iter()
                .filter(|(key, _)| !known(key))
                .all(|(_, value)| fits(value, wanted, root))
        }),
        "propertyNames" => value
            .as_object()
            .is_none_or(|map| map.keys().all(|key| fits(&json!(key), wanted, root))),
        "items" => value
            .as_array()
            .is_none_or(|items| items.iter().all(|item| fits(item, wanted, root))),
        "minItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap()),
        "maxItems" => value
            .as_array()
            .is_none_or(|items| items.len() as u64 <= wanted.as_u64().unwrap()),
        "minProperties" => value
            .as_object()
            .is_none_or(|map| map.len() as u64 >= wanted.as_u64().unwrap()),
        "maxProperties" => value
            .as_object()
            .is_none_or(|map| map.len() as u64 <= wanted.as_u64().unwrap()),
        "minLength" => value
            .as_str()
            .is_none_or(|text| text.len() as u64 >= wanted.as_u64().unwrap()),
        "maxLength" => value
            .as_str()
            .is_none_or(|text| text.len() as u64 <= wanted.as_u64().unwrap()),
        "minimum" => value
            .as_f64()
            .is_none_or(|number| number >= wanted.as_f64().unwrap()),
        "maximum" => value
            .as_f64()
            .is_none_or(|number| number <= wanted.as_f64().unwrap()),
        // Of the patterns only the placeholder's; it is told from the others by its beginning.
        "pattern" if wanted.as_str().unwrap().starts_with(r"\$") => value
            .as_str()
            .is_none_or(|text| text.contains("${") && text.contains('}')),
        "pattern" | "uniqueItems" | "description" | "title" | "$schema" | "$defs" => true,
        other => panic!("the schema uses {other}, which this test does not know"),
    })
}

fn is_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("type {other}"),
    }
}

fn json_of(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

fn read(text: &str) -> Scenario {
    Scenario::read(Path::new("x.yaml"), text)
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

#[test]
fn the_file_with_every_step_is_read_and_fits_the_schema() {
    read(EVERY_STEP);
    let schema = schema();
    assert!(fits(&json_of(EVERY_STEP), &schema, &schema));
}

#[test]
fn uses_and_files_of_sequences_fit_the_schema_as_the_reader_says() {
    let schema = schema();
    let fits = |text: &str| fits(&json_of(text), &schema, &schema);
    let read = |text: &str| Sequences::read(Path::new("s.yaml"), text).check().is_ok();
    let two = "sequences: { a: { about: x, with: [p], steps: [leave: { peer: \"${p}\" }] }, b: { steps: [use: { sequence: a, p: bob }, use: c] }, c: { steps: [restart] } }";
    for (from, to) in [
        ("", ""),
        ("sequences:", "version: 1\nabout: x\nsequences:"),
        ("sequences:", "version: 2\nsequences:"),
        ("sequences:", "peers: {}\nsequences:"),
        ("steps: [restart]", "steps: []"),
        ("steps: [restart]", "stops: [restart]"),
        ("with: [p]", "with: p"),
        ("with: [p]", "with: [p, sequence]"),
        ("steps: [restart]", "steps: [rewind]"),
        ("use: c", "use: [c]"),
        ("use: c", "use: { a: b }"),
        ("p: bob", "p: [bob]"),
    ] {
        let text = two.replacen(from, to, 1);
        assert_eq!(fits(&text), read(&text), "{text}");
    }
    assert!(read(two));
    let mixed = format!("{two}\nscenario: x\npeers: {{ alice: {{}} }}\nsteps: [restart]\n");
    assert!(!fits(&mixed) && Scenario::read(Path::new("x.yaml"), &mixed).is_err());
    assert!(fits(
        "scenario: x\npeers: { alice: {} }\nsteps: [use: a, use: { sequence: a, p: 5 }]\n"
    ));
}

/// Every verb and key of the schema stands in the file with every step, which the reader takes; and the reader takes no other.
#[test]
fn every_verb_and_key_of_the_schema_is_read_and_no_other() {
    let schema = schema();
    let verbs = schema["$defs"]["step"]["oneOf"][0]["properties"]
        .as_object()
        .unwrap();
    let file = json_of(EVERY_STEP);
    let steps = file["steps"].as_array().unwrap();
    let bodies =
        |verb: &str| -> Vec<&Value> { steps.iter().filter_map(|step| step.get(verb)).collect() };
    for (verb, rule) in verbs {
        let forms: Vec<&Value> = match rule.get("oneOf").filter(|_| verb == "await") {
            Some(forms) => forms.as_array().unwrap().iter().collect(),
            None => vec![rule],
        };
        for form in forms {
            let keys: Vec<&String> = form["properties"].as_object().unwrap().keys().collect();
            for key in keys.iter().filter(|key| **key != "within") {
                let there = bodies(verb)
                    .iter()
                    .any(|body| body.get(key.as_str()).is_some())
                    || file["steps"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|step| step.get(verb.as_str()).is_some() && verb == "await");
                assert!(there, "`{verb}` with `{key}` is not in every-step.yaml");
            }
        }
        let used = steps
            .iter()
            .any(|step| step == verb.as_str() || step.get(verb).is_some());
        assert!(used, "`{verb}` is not in every-step.yaml");
    }
    let tried = "scenario: x\npeers: { alice: {} }\nsteps:\n  - VERB: { KEY: x }\n";
    for verb in verbs.keys() {
        let text = tried.replace("VERB", verb).replace("KEY", "zzz");
        assert!(
            Scenario::read(Path::new("x.yaml"), &text).is_err(),
            "{verb} takes any key"
        );
    }
    for stranger in ["delays", "rewind", "wait", "CREATE", "create_offer", ""] {
        let text = format!(
            "scenario: x\npeers: {{ alice: {{}} }}\nsteps:\n  - \"{stranger}\": {{ peer: alice }}\n"
        );
        assert!(!verbs.contains_key(stranger));
        assert!(
            Scenario::read(Path::new("x.yaml"), &text).is_err(),
            "{stranger} is taken"
        );
    }
}

/// Each single key taken out or renamed, each word replaced: the schema and the reader agree that it is wrong.
#[test]
fn what_the_schema_refuses_the_reader_refuses() {
    let schema = schema();
    let file = json_of(EVERY_STEP);
    let mut tried = 0;
    for at in 0..file["steps"].as_array().unwrap().len() {
        let Some((verb, body)) = file["steps"][at]
            .as_object()
            .and_then(|step| step.iter().next())
            .filter(|(_, body)| body.is_object())
        else {
            continue;
        };
        let Some(body) = body.as_object() else {
            continue;
        };
        for key in body.keys() {
            for change in [
                None,
                Some(json!([1])),
                Some(json!("no such word")),
                Some(json!(-1)),
                Some(json!(null)),
            ] {
                let mut changed = file.clone();
                let body = changed["steps"][at][verb].as_object_mut().unwrap();
                match &change {
                    None => body.remove(key),
                    Some(value) => body.insert(key.clone(), value.clone()),
                };
                if !fits(&changed, &schema, &schema) {
                    tried += 1;
                    let text = changed.to_string();
                    let result = Scenario::read(Path::new("x.yaml"), &text);
                    let mistakes = result
                        .err()
                        .unwrap_or_else(|| panic!("`{verb}` with `{key}` as {change:?} is read"));
                    assert!(mistakes.iter().count() > 0);
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[test]
fn the_file_with_every_step_is_written_and_reads_back_equal() {
    let first = read(EVERY_STEP);
    let second = read(&first.to_yaml());
    assert!(same(&first, &second), "{}", first.to_yaml());
    assert_eq!(second, read(&second.to_yaml()));
}

/// Without the places of those that begin together.
fn bare(action: &Action) -> Action {
    let mut action = action.clone();
    if let Action::Together(together) = &mut action {
        for step in &mut together.steps {
            step.span = Span {
                bytes: 0..0,
                line: 1,
            };
        }
    }
    action
}

/// Equal apart from places.
fn same(a: &Scenario, b: &Scenario) -> bool {
    let steps = |s: &Scenario| -> Vec<_> {
        s.steps
            .iter()
            .map(|step| (bare(&step.action), step.within))
            .collect()
    };
    let lines = |s: &Scenario| -> Vec<_> {
        s.expect
            .seen
            .iter()
            .chain(&s.expect.never)
            .map(|line| line.text.clone())
            .collect()
    };
    (&a.name, &a.about, &a.issue, &a.wire, &a.peers)
        == (&b.name, &b.about, &b.issue, &b.wire, &b.peers)
        && (&a.catches, &a.breaks) == (&b.catches, &b.breaks)
        && steps(a) == steps(b)
        && lines(a) == lines(b)
}

fn peer() -> impl Strategy<Value = PeerName> {
    prop_oneof![Just("alice"), Just("bob"), Just("no"), Just("y")].prop_map(PeerName::new)
}

fn room() -> impl Strategy<Value = RoomName> {
    prop_oneof![
        Just("lobby"),
        Just("1"),
        Just("true"),
        Just("-"),
        Just("1e5")
    ]
    .prop_map(RoomName::new)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,40}",
        any::<String>(),
        "[ \\-:#{}\\[\\],&*!|>'\"%@`\\\\\n\t]{0,12}",
        Just("null".into()),
        Just("0x10".into()),
        Just("2001-01-01".into()),
        Just("\u{85}\u{2028}\u{feff}\u{fffe}\u{7f}\u{0}".into()),
    ]
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        Just(Answer::Granted),
        Just(Answer::Refused),
        Just(Answer::Any),
        text()
            .prop_filter("not empty", |text| !text.is_empty())
            .prop_map(Answer::RefusedWith)
    ]
}

fn fails() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text())
}

fn description() -> impl Strategy<Value = DescriptionKind> {
    use DescriptionKind::{Answer, Offer, Pranswer, Rollback};
    prop::sample::select(vec![Offer, Pranswer, Answer, Rollback])
}

fn hold() -> impl Strategy<Value = Pattern> {
    (
        prop::sample::select(vec![Kind::Offer, Kind::Answer, Kind::Candidate, Kind::Bye]),
        peer(),
        any::<bool>(),
        prop::option::of(1u32..=1000),
    )
        .prop_map(|(message, who, sender, nth)| {
            let (from, to) = if sender {
                (Some(who), None)
            } else {
                (None, Some(who))
            };
            Pattern {
                message,
                from,
                to,
                nth,
            }
        })
}

fn data() -> impl Strategy<Value = Data> {
    use base64::Engine;
    prop_oneof![
        text().prop_map(Data::Text),
        prop::collection::vec(any::<u8>(), 0..50)
            .prop_map(|bytes| Data::Bytes(base64::engine::general_purpose::STANDARD.encode(bytes)))
    ]
}

/// Somebody and one of the others, who has to be named, since there are more than two.
fn couple() -> impl Strategy<Value = (PeerName, Option<PeerName>)> {
    peer().prop_map(|peer| {
        let other = if peer.as_str() == "alice" {
            "no"
        } else {
            "alice"
        };
        (peer, Some(other.into()))
    })
}

/// Any step that needs nothing before it but the room and the negotiation that every scenario here begins with.
fn action() -> impl Strategy<Value = Action> {
    let rooms = prop_oneof![
        (
            peer(),
            // That it is granted is a mistake where the peer is connected already.
            prop::sample::select(vec![Answer::Refused, Answer::Any])
        )
            .prop_map(|(peer, answer)| Action::Connect { peer, answer }),
        (peer(), room(), answer()).prop_map(|(peer, room, answer)| Action::Create {
            peer,
            room,
            answer
        }),
        (peer(), any::<Option<bool>>(), answer()).prop_map(|(peer, offer, answer)| Action::Join {
            peer,
            room: "lobby".into(),
            offer,
            answer
        }),
        answer().prop_map(|answer| Action::Leave {
            peer: "alice".into(),
            answer
        }),
        (peer(), room()).prop_map(|(peer, room)| Action::Destroy {
            peer,
            room,
            answer: Answer::Refused
        }),
        peer().prop_map(|peer| Action::Disconnect { peer }),
        (
            peer(),
            prop::sample::select(vec![Pretence::WrongLogin, Pretence::OwnLogin])
        )
            .prop_map(|(peer, how)| Action::Pretend { peer, how }),
    ]
    .boxed();
    let connections = prop_oneof![
        couple().prop_map(|(from, to)| Action::Negotiate { from, to }),
        (couple(), description(), fails()).prop_map(|((peer, to), kind, fails)| Action::SetLocal {
            peer,
            to,
            kind,
            fails
        }),
        (couple(), description(), fails()).prop_map(|((peer, to), kind, fails)| {
            Action::SetRemote {
                peer,
                to,
                kind,
                fails,
            }
        }),
        (couple(), fails()).prop_map(|((peer, to), fails)| Action::AddCandidate {
            peer,
            to,
            fails
        }),
        couple().prop_map(|(peer, to)| Action::CreateOffer { peer, to }),
        couple().prop_map(|(peer, to)| Action::CreateAnswer { peer, to }),
        couple().prop_map(|(peer, to)| Action::RestartIce { peer, to }),
        (couple(), text()).prop_map(|((peer, to), channel)| Action::CloseChannel {
            peer,
            to,
            channel: channel.chars().take(50).collect(),
        }),
        couple().prop_map(|(from, to)| Action::Send {
            from,
            to,
            message: Kind::Bye,
            gathered: false,
            size: None
        }),
        couple().prop_map(|(from, to)| Action::Send {
            from,
            to,
            message: Kind::Answer,
            gathered: true,
            size: None
        }),
        (couple(), proptest::option::of(0..1_000_000_u32)).prop_map(|((from, to), size)| {
            Action::Send {
                from,
                to,
                message: Kind::Offer,
                gathered: false,
                size,
            }
        }),
        (
            couple(),
            text(),
            any::<bool>(),
            prop::option::of(any::<u16>()),
            prop::option::of(0u16..65535)
        )
            .prop_map(
                |((peer, to), label, ordered, max_retransmits, negotiated)| {
                    Action::OpenChannel {
                        peer,
                        to,
                        label: label.chars().take(50).collect(),
                        options: ChannelOptions {
                            ordered,
                            max_retransmits,
                            negotiated,
                        },
                    }
                }
            ),
        (couple(), data(), any::<bool>()).prop_map(|((from, to), data, heard)| Action::Say {
            from,
            to,
            channel: "chat".into(),
            data,
            heard
        }),
        couple().prop_map(|(peer, to)| Action::Close { peer, to }),
    ]
    .boxed();
    let wire = prop_oneof![
        hold().prop_map(Action::Drop),
        (
            peer(),
            prop::sample::select(vec![Kill::Socket, Kill::Tab, Kill::Browser])
        )
            .prop_map(|(peer, how)| Action::Kill { peer, how }),
        (peer(), prop::sample::select(vec![Cut::Close, Cut::Reset]))
            .prop_map(|(peer, how)| Action::Cut { peer, how }),
        (peer(), raw()).prop_map(|(peer, raw)| Action::SendRaw { peer, raw }),
        harm(),
        (1u32..=8, any::<bool>()).prop_map(|(node, asked)| Action::KillServer {
            node: Some(node),
            asked,
        }),
        (1u32..=8).prop_map(|node| Action::Restart { node: Some(node) }),
        (
            peer(),
            prop::option::of("[a-z{}\" ]{0,20}"),
            prop::option::of(100u16..600),
            any::<bool>()
        )
            .prop_map(|(peer, body, status, answered)| Action::Http {
                peer,
                method: "PUT".into(),
                path: "/a?b=%20,{}".into(),
                body,
                status: status.filter(|_| answered),
                answered,
            }),
    ]
    .boxed();
    let waits = prop_oneof![
        (
            peer(),
            prop::sample::select(vec![Kind::Joined, Kind::Offer, Kind::PeerLeft])
        )
            .prop_map(|(peer, kind)| Condition::Hears {
                peer,
                kind,
                from: None
            }),
        Just(Condition::Connected {
            peers: vec!["alice".into(), "no".into()]
        }),
        couple().prop_map(|(peer, with)| Condition::State {
            peer,
            with,
            machine: Machine::IceGathering,
            state: "complete".into()
        }),
        couple().prop_map(|(peer, with)| Condition::Channel {
            peer,
            with,
            label: "chat".into(),
            state: "open".into()
        }),
        (couple(), text()).prop_map(|((peer, from), text)| Condition::Said { peer, from, text }),
        peer().prop_map(|peer| Condition::Applied {
            peer,
            what: Kind::Candidate
        }),
        peer().prop_map(|peer| Condition::Error {
            peer,
            during: "set-remote".into()
        }),
        peer().prop_map(|peer| Condition::RoomEnded { peer }),
        peer().prop_map(|peer| Condition::Disconnected { peer }),
    ]
    .prop_map(Action::Await)
    .boxed();
    prop_oneof![rooms, connections, wire, waits]
}

fn raw() -> impl Strategy<Value = Raw> {
    prop_oneof![
        "[a-zA-Z {}\"',\n]{0,30}".prop_map(Raw::Text),
        prop::sample::select(RawFrame::ALL.to_vec()).prop_map(Raw::Frame),
        (prop::option::of(100u16..600), any::<bool>()).prop_map(|(status, answered)| {
            Raw::Upgrade {
                path: "/x?y=%20,{}".into(),
                status: status.filter(|_| answered),
                answered,
            }
        }),
    ]
}

/// What is done to messages on their way.
fn harm() -> impl Strategy<Value = Action> {
    use Corruption::{Letter, NotJson, NotUtf8};
    prop_oneof![
        (hold(), 0u64..300_000).prop_map(|(pattern, by)| Action::Delay {
            pattern,
            by: Duration::from_millis(by)
        }),
        hold().prop_map(Action::Duplicate),
        (
            hold(),
            prop::option::of(prop::sample::select(vec![Kind::Offer, Kind::Bye]))
        )
            .prop_map(|(pattern, behind)| Action::Reorder { pattern, behind }),
        (hold(), prop::sample::select(vec![Letter, NotJson, NotUtf8]))
            .prop_map(|(pattern, how)| Action::Corrupt { pattern, how }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_scenario_reads_back_equal_and_fits_the_schema(
        name in "[^\\p{C}\\s][^\\p{C}]{0,20}[^\\p{C}\\s]",
        about in "[^\\p{C}]{0,60}",
        actions in prop::collection::vec((action(), 1u64..300_000), 1..12),
        manual in any::<bool>(),
        never in prop::collection::vec("[a-z:{}\"'|>&*!%-]\\*[ -~]{0,30}[!-~]", 0..4),
    ) {
        let mut builder = Scenario::builder(name.clone())
            .path("made.yaml")
            .tag("slow")
            .tag("no")
            .about(about.trim())
            .wire("reference")
            .peer_with("alice", PeerSpec { stack: Some(Stack::Native), early_candidates: EarlyCandidates::Apply, manual, ..PeerSpec::default() })
            .peer_with("bob", PeerSpec { stack: Some(Stack::Firefox), ..PeerSpec::default() })
            .peer("no")
            .peer("y")
            .mix("all-native", [("alice", Stack::Native)])
            .mix("no", [("no", Stack::Chromium), ("y", Stack::Firefox)])
            .catches("a-fault", Place::Step(2))
            .breaks(4, "it: never #answers")
            .create("alice", "lobby")
            .join("bob", "lobby");
        // Each has offered to each, so that any may be connected.
        let each = ["alice", "bob", "no", "y"].map(PeerName::new);
        for (place, from) in each.iter().enumerate() {
            for to in &each[place + 1..] {
                builder = builder.step(Action::Negotiate { from: from.clone(), to: Some(to.clone()) });
            }
        }
        for (action, within) in &actions {
            builder = builder.step(action.clone()).within(Duration::from_millis(*within));
        }
        for line in &never {
            builder = builder.never(line.clone());
        }
        let yaml = builder.to_yaml();
        let made = builder.build().unwrap_or_else(|mistakes| panic!("{}\n{yaml}", mistakes.render(false)));
        prop_assert_eq!(&made.name, &name);
        let got: Vec<_> = made.steps[8..].iter().map(|step| (step.action.clone(), step.within.as_millis() as u64)).collect();
        prop_assert_eq!(got, actions);
        prop_assert_eq!(made.expect.never.iter().map(|line| line.text.clone()).collect::<Vec<_>>(), never);
        let again = Scenario::read(Path::new("made.yaml"), &made.to_yaml()).unwrap();
        prop_assert_eq!(&again, &made);
        for step in &made.steps {
            prop_assert!(!step.text().contains('\n'));
        }
        let schema = schema();
        prop_assert!(fits(&json_of(&yaml), &schema, &schema), "{}", yaml);
    }
}

#[test]
fn the_schema_beside_the_scenarios_is_the_one_that_is_printed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/scenario.schema.json");
    let written = std::fs::read_to_string(&path).unwrap();
    let printed = format!("{:#}\n", glare::scenario::schema());
    assert_eq!(
        written, printed,
        "write it anew: cargo run -- schema > scenarios/scenario.schema.json"
    );
}

/// The files of the project, those with parameters included; and a placeholder is taken only where it is one.
#[test]
fn every_scenario_fits_the_schema() {
    let schema = schema();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = glare::suite::files(&[folder]).expect("a folder of scenarios");
    let mut placeholders = 0;
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a file");
        assert!(fits(&json_of(&text), &schema, &schema), "{file:?}");
        placeholders += text.matches("\"${message}\"").count();
        let broken = text.replace("${message}", "$message");
        if broken != text && text.contains("message: \"${message}\"") {
            assert!(!fits(&json_of(&broken), &schema, &schema), "{file:?}");
        }
    }
    assert!(placeholders > 5, "{placeholders}");
}
