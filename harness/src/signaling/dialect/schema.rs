//! The JSON schema of a dialect file, and the page of reference: both made from the table of keys.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::keys::{HEARD, Key, SAID, SECTIONS, Shape, TEMPLATES};
use super::promises::{LEAST_AND_MOST, WAYS};
use super::words::{self, Hears};
use crate::signaling::{Garbage, Kind, OnGarbage, Reason};

/// What the page says of `framing: program`.
const PROGRAM: &str = r#"
## A program that reads and writes

With `framing: program` messages are JSON to this file, and a program of yours makes them of what stands on the wire, in whatever language: `translator` in the
project file, or `--translator 'node wire.js'`. It is asked one thing a line on its standard input, and answers each with one line on its standard output:

| glare asks | it answers |
|---|---|
| `{"glare": 1, "dialect": "…"}`, first | anything: it is ready |
| `{"read": "…", "from": "server"}` (or `peer`), a text frame; `{"read-bytes": "<base64>", …}`, a binary one | `{"message": …}`, or `{}`: it is none |
| `{"write": …}`, a message for the server | `{"text": "…"}` or `{"bytes": "<base64>"}`; or `{}`: there is no such message |

Which frames are binary is what `frames` says. The tap asks it as well as the peers, so an answer must not depend on what was asked before. Bodies of HTTP requests are JSON,
and not given to it. Each case starts one of its own. When it ends, writes something else, or is silent for 5 s (20 s at its start) the case is inconclusive, with its last lines.
"#;

/// What the page says of wires of packets.
const PACKETS: &str = r##"
## MQTT

With `framing: mqtt` (version 3.1.1, over WebSocket; offer `protocols: [mqtt]`) a message is a packet, and its frames are binary. Packets that the server splits over frames, or joins in
one, are cut by the tap, so that a step holds or drops one packet. What is heard has all fields of its packet; said, those with a value in brackets need not be written.

| `packet:` | its fields |
|---|---|
| `connect` | `client`, `clean` (`true`), `keep-alive` (0, in seconds), and where it has them `user`, `password`, `will: { topic, payload, qos (0), retain (false) }` |
| `connack` | `session`, `code`: 0 lets in |
| `publish` | `topic`, `payload`, `qos` (0), `retain` (`false`), `dup` (`false`), and an `id` where `qos` is 1 or 2 |
| `subscribe` | `id`, `topics` (a list), `qos` (0; a list where they differ) |
| `suback` | `id`, `codes`: 128 refuses |
| `unsubscribe` | `id`, `topics` |
| `puback`, `pubrec`, `pubrel`, `pubcomp`, `unsuback` | `id` |
| `pingreq`, `pingresp`, `disconnect` | |

A payload is a text, or `{ base64: "…" }` where it is no UTF-8; one of JSON is `payload: { $json: … }`. Nothing is answered by itself: where `qos` is 1, a `reply` with `puback` is needed.

## XMPP

With `framing: xmpp` (over WebSocket, RFC 7395; offer `protocols: [xmpp]`) a message is an element, under its name. A key with `@` is an attribute, `#` the element's own text, all other
keys its children by their names without prefix: a list where there are several of one name, a text where there is nothing but text. `@xmlns` is there where an element is of another
namespace than the one around it; each stanza says `jabber:client` itself. Values are texts.

```yaml
offer: { message: { message: { "@xmlns": "jabber:client", "@to": "{room-id}@rooms.host/{peer}", "@type": chat, offer: { "@xmlns": "urn:x", "#": "{sdp}" } } } }
```

What has a document type, is deeper than 32 elements or of more than 10,000 nodes is not read.

## SIP

With `framing: sip` (over WebSocket, RFC 7118; offer `protocols: [sip]`) a message is `{ request: METHOD, uri: "sip:…", headers: …, body: "…" }` or
`{ status: 200, reason: OK, headers: …, body: "…" }`; `{ keep-alive: ping }` and `{ keep-alive: pong }` are the empty lines of RFC 5626. A header stands under its name in small
letters, never the short form, and is a list of its lines as they are, so that a `reply` can give them back: `via: "{via}"`. `content-length` is written by itself, in bytes, and what
lies of it is not read. A request that says no `via`, `call-id`, `cseq` or `max-forwards` gets them, new each time.
"##;

/// The schema (JSON Schema, draft 2020-12) that an editor completes and checks dialect files by.
pub fn dialect_schema() -> Value {
    let mut defs = Map::new();
    for section in SECTIONS {
        defs.insert(section.name.into(), mapping(section.keys));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A glare dialect: how a signaling server is talked to",
        "$ref": format!("#/$defs/{}", SECTIONS[0].name),
        "$defs": defs,
    })
}

fn mapping(keys: &[Key]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = value(key.shape);
        value["description"] = json!(key.about);
        properties.insert(key.name.into(), value);
    }
    let needed = keys.iter().filter(|key| key.default.is_none());
    let needed: Vec<&str> = needed.map(|key| key.name).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": needed,
        "additionalProperties": false,
    })
}

fn time() -> Value {
    json!({ "type": ["string", "null"], "pattern": "^[0-9]+(ms|s|m)$" })
}

fn value(shape: Shape) -> Value {
    let section = |name: &str| json!({ "$ref": format!("#/$defs/{name}") });
    match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Name => json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]{1,32}$" }),
        Shape::Text => json!({ "type": "string" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Time => time(),
        Shape::LeastAndMost => json!({ "anyOf": [
            time(),
            {
                "type": "object",
                "properties": LEAST_AND_MOST
                    .map(|key| (key.to_owned(), time()))
                    .into_iter()
                    .collect::<Map<_, _>>(),
                "required": ["at-most"],
                "additionalProperties": false,
            },
        ] }),
        Shape::Ways => json!({
            "type": ["object", "null"],
            "properties": WAYS
                .map(|key| (key.to_owned(), json!({ "type": ["string", "null"] })))
                .into_iter()
                .collect::<Map<_, _>>(),
            "additionalProperties": false,
        }),
        Shape::Number => json!({ "type": ["integer", "null"], "minimum": 1 }),
        Shape::Path => json!({ "type": "string", "pattern": "^/($|[^/])" }),
        Shape::Texts => json!({ "type": "array", "items": { "type": "string" } }),
        Shape::States => json!({
            "type": ["array", "null"],
            "items": { "type": ["string", "number", "boolean"] },
            "minItems": 2,
        }),
        Shape::Headers => {
            json!({ "type": "object", "additionalProperties": { "type": "string" } })
        }
        Shape::Route => {
            json!({ "type": "string", "pattern": "^(GET|POST|PUT|PATCH|DELETE) /" })
        }
        Shape::Status => {
            json!({ "anyOf": [
                { "type": "integer", "minimum": 100, "maximum": 599 },
                { "type": "string", "pattern": "^([1-5]xx|[1-5][0-9][0-9])$" },
            ] })
        }
        Shape::Template => json!({}),
        Shape::Section(name) => section(name),
        Shape::OneOrMore(name) => {
            let one = section(name);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Shape::Templates => json!({}),
        Shape::Refusals => json!({
            "type": "object",
            "propertyNames": { "enum": Reason::ALL.map(Reason::as_str) },
            "additionalProperties": { "type": ["string", "boolean", "null"] },
        }),
        Shape::Garbage => {
            let what = json!({ "enum": OnGarbage::NAMES });
            let kinds: Vec<&str> = Garbage::NAMES.into_iter().chain(["any"]).collect();
            json!({ "anyOf": [
                what,
                {
                    "type": "object",
                    "propertyNames": { "enum": kinds },
                    "additionalProperties": what,
                },
            ] })
        }
        Shape::CloseCode => json!({ "type": "integer", "minimum": 1000, "maximum": 4999 }),
        Shape::WordsTo(name, words) => {
            let one = section(name);
            let many = json!({ "type": "array", "items": one, "minItems": 1 });
            let like = json!({ "enum": ["create", "join", "leave", "destroy", null] });
            let any = json!({ "anyOf": [one, many, like] });
            let each = words.iter().map(|word| ((*word).to_owned(), any.clone()));
            json!({
                "type": "object",
                "properties": each.collect::<Map<String, Value>>(),
                "additionalProperties": false,
            })
        }
    }
}

/// The page of reference, as Markdown.
pub fn dialect_reference() -> String {
    let mut page = "# Dialects: each key\n\nA dialect is a file that says how a signaling server is talked to. `glare dialect new NAME` writes one to begin with, \
`glare dialect check FILE`\nshows its mistakes, and `glare dialect try FILE --server …` lets two peers meet by it and shows what was understood.\n\n\
This page is made by `glare dialect reference`, and the JSON schema for editors by `glare dialect schema`.\n"
        .to_owned();
    for section in SECTIONS {
        let _ = write!(page, "\n## {}\n\n", section.heading);
        if !section.about.is_empty() {
            let _ = write!(page, "{}\n\n", section.about);
        }
        page.push_str(
            "| key | shape | without it | what it says | example |\n|---|---|---|---|---|\n",
        );
        for key in section.keys {
            let default = match key.default {
                None => "a mistake".to_owned(),
                Some(default) => cell(default),
            };
            let _ = writeln!(
                page,
                "| `{}` | {} | {default} | {} | `{}` |",
                key.name,
                cell(&shape(key.shape)),
                cell(key.about),
                cell(key.example)
            );
        }
    }
    page.push_str("\n## Messages\n\nA message is JSON (or text) in which values have names. One form serves for writing it and for recognising it.\n\n| | |\n|---|---|\n");
    for (form, about) in TEMPLATES {
        let _ = writeln!(page, "| {} | {} |", cell(form), cell(about));
    }
    page.push_str(PROGRAM);
    page.push_str(PACKETS);
    page.push_str("\n## Words that are said\n\n| word | values that it has |\n|---|---|\n");
    for kind in kinds(SAID) {
        let _ = writeln!(
            page,
            "| `{kind}` | {} |",
            names(&words::said_variables(kind))
        );
    }
    page.push_str(
        "\n## Words that are heard\n\n| word | must capture | may capture |\n|---|---|---|\n",
    );
    for kind in kinds(HEARD) {
        let (needed, all) = words::heard_variables(Hears::Kind(kind));
        let must: Vec<String> = needed
            .iter()
            .map(|group| group.to_vec())
            .map(|group| {
                group
                    .iter()
                    .map(|name| format!("`{{{name}}}`"))
                    .collect::<Vec<_>>()
                    .join(" or ")
            })
            .collect();
        let needs = |name: &&str| needed.iter().any(|group| group.contains(name));
        let more: Vec<&str> = all.iter().copied().filter(|name| !needs(name)).collect();
        let _ = writeln!(
            page,
            "| `{kind}` | {} | {} |",
            must.join(", "),
            names(&more)
        );
    }
    page.push_str(MORE_HEARD);
    page
}

/// What is heard and is no word of the log.
const MORE_HEARD: &str = "| `members` | `{members}` | `{room}`, `{room-id}` |
| `fenced` | | `{reason}` |

`host` is news of who is host of the room, be it oneself. Where `joined` captures `{host}` it is worked out of that.

`peer-state` is news of what somebody shows of himself (muted, busy). Where `joined` captures `{state}` in the same list as `{with}`, it is worked out
for each who is inside.

`peer-away` is news of somebody whose line has ended and whose place is kept, `peer-back` that he has it again; that he has lost it is `peer-left`.

`granted` is the yes to what leaves who asks where he is: a `kick`, a `set-state`. Who is put out by one hears `kicked`, if he is told; all others hear `peer-left`.

`destroyed` is the yes to who removes a room. Whoever else is inside may hear it as well, or `kicked`, or nothing: no law asks that others be told, and `tells-room-end` promises it.
Who hears it of the room that he is in is taken to be out of it. `await: { peer: bob, room-ended: true }` waits for either, be it told to all alike.

Where `{peer}` of such news is a list, the message is a word for each in it. One that captures `{room}` is news of
one's own room alone.

`members` is the full list of who is inside: `joined`, `peer-joined` and `peer-left` are worked out of two such lists. `fenced` is the refusal of
`say: fence`, a request that is made only for its refusal: when that is here, all is here that the server had queued before.

`{line}` is a text of sixteen hexadecimal digits that nobody else has, new for each line: a token that a client makes up when it dials. It must stand in `connect: path`, and may
then stand in all that is said on that line.

`{number}` is a number that nobody else in the case has said, another one in each request: the `id` of JSON-RPC, the `transaction` of Janus. Alone it is a number, within a
text it is text: `{number}`, `tx-{number}`. It may stand in what `say`, `every`, `rejoin` and `connect: then` say. Where an answer captures it, that answers
the request which has it and no other, so `of: leave` tells answers apart that are otherwise alike, and a `refused` says what it refuses. An answer under the
number of somebody else's request, under one that nobody has said, or a second one under the same, breaks law 4. So it is where the answer is the response to the request that has the number, or comes by a poll. `null` is no number. Nor
is `\"7\"` the number 7: who looks up the one does not find the other (JSON-RPC 2.0, section 5). Where a server answers by the text, and means to, `hear` says `\"{number|json}\"`. What a page says has numbers of its own making. Nothing else can be
captured under this name. Where an id never changes and its answer repeats it, `glare dialect check` proposes `{number}`.

What is relayed may be answered, too: `granted: { message: { id: \"{number}\", result: true }, of: offer }` says that each offer is, and `refused` with
`of: offer` is the no to one, be it that nobody is there to get it. Only of the kinds that `granted` names an answer is owed: within `answers-within`, to who is inside
and speaks to somebody who is, and once (law 4). A yes may come before the message has arrived or after it, and a no may follow a yes, which said no more than that it is
taken in hand. Without `{number}` an answer is to the oldest message of its kind on that line that has none, and where the forms of several kinds are alike, to the oldest
of all these.

`{me}` is the peer's own name, and `{self}` the id that the server gave it; whoever is called so is that peer from then on, in `{peer}`, `{with}` and
`{members}`. What `connect`, `learn` or a word captures under any other name may stand in all later messages of that line.
";

fn kinds(names: &'static [&'static str]) -> impl Iterator<Item = Kind> {
    names.iter().filter_map(|name| name.parse().ok())
}

fn names(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{{{name}}}`")).collect();
    names.join(", ")
}

fn shape(shape: Shape) -> String {
    let quoted = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        words.join(", ")
    };
    match shape {
        Shape::Version => "`1`".into(),
        Shape::Name => "1 to 32 of `A-Z a-z 0-9 _ -`".into(),
        Shape::Text => "text".into(),
        Shape::Word(words) => quoted(words),
        Shape::Refusals => {
            let names = Reason::ALL.map(Reason::as_str);
            format!("{} to text or `true`", quoted(&names))
        }
        Shape::Garbage => format!(
            "{}, or a mapping of {} and `any` to these",
            quoted(&OnGarbage::NAMES),
            quoted(&Garbage::NAMES)
        ),
        Shape::Flag => "`true`, `false`".into(),
        Shape::Time => "a time: `500ms`, `2s`, `1m`".into(),
        Shape::LeastAndMost => {
            "a time: `500ms`, `2s`, `1m`, or `{ at-least: …, at-most: … }`".into()
        }
        Shape::Ways => "`{ left: …, lost: … }`, each a text".into(),
        Shape::Number => "a whole number from 1".into(),
        Shape::Path => "a path; its holes are percent-encoded".into(),
        Shape::Texts => "a list of texts".into(),
        Shape::States => {
            "a list of two or more: texts of 1 to 32 of `A-Z a-z 0-9 _ -`, numbers, `true`, `false`"
                .into()
        }
        Shape::Headers => "names to texts".into(),
        Shape::Route => "method and path".into(),
        Shape::Status => "`200`, or a class: `4xx`".into(),
        Shape::Template => "a message, see below".into(),
        Shape::Section(_) => "see below".into(),
        Shape::OneOrMore(_) => "one, or a list of them; see below".into(),
        Shape::Templates => "a message, or a list of messages".into(),
        Shape::CloseCode => "1000 to 4999".into(),
        Shape::WordsTo(..) => "words to what they are, see below".into(),
    }
}

/// In a table of Markdown a `|` ends a cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::signaling::Dialect;

    /// What is wrong with a file, a line each.
    fn mistakes(text: &str) -> Vec<String> {
        match Dialect::read(Path::new("x.yaml"), text) {
            Ok(_) => Vec::new(),
            Err(mistakes) => mistakes.iter().map(|mistake| mistake.line()).collect(),
        }
    }

    /// Files with these lines in the section, among what it must have.
    fn with(section: &str, lines: &str) -> Vec<String> {
        let lines = |indent: usize| lines.replace('\n', &format!("\n{}", " ".repeat(indent)));
        match section {
            "dialect" => vec![format!("{}\n", lines(0))],
            "connect" => vec![format!("connect:\n  {}\n", lines(2))],
            "before" | "then" => vec![format!(
                "connect:\n  path: /\n  {section}:\n    {}\n",
                lines(4)
            )],
            "answer" => vec![format!(
                "connect:\n  path: /\n  before:\n    http: POST /x\n    hear:\n      {}\n",
                lines(6)
            )],
            "frames" | "rejoin" | "every" | "reply" | "learn" | "ignore" => {
                vec![format!("{section}:\n  {}\n", lines(2))]
            }
            "say" => vec![format!("say:\n  join:\n    {}\n", lines(4))],
            "hear" => vec![format!("hear:\n  refused:\n    {}\n", lines(4))],
            other => panic!("no file is known with `{other}`"),
        }
    }

    /// What must stand beside this key so that it means something.
    fn beside(section: &str, key: &str) -> &'static str {
        match (section, key) {
            ("connect", "path") => "",
            ("connect", "events") => "\npath: /\nvia: events",
            ("connect", _) => "\npath: /",
            ("before", "http") => "",
            ("before", _) | ("say" | "hear", "headers" | "body" | "status") => "\nhttp: POST /x",
            ("then" | "say", "refused") => "\nhear: { a: b }",
            ("every", "after") | ("reply", "hear") => "\nmessage: { a: b }",
            ("every", _) => "\nafter: 5s",
            ("reply", _) => "\nhear: { ping: \"{n}\" }",
            ("say", "ack" | "done") => "\nmessage: { a: b }",
            ("hear", "of") => "\nmessage: { a: \"{reason}\" }",
            ("hear", "reason") => "\nclose: 4000",
            _ => "",
        }
    }

    #[test]
    fn the_table_has_the_keys_that_the_reader_knows() {
        for section in SECTIONS {
            // Where a mapping may be of two kinds, each has keys of its own.
            let kinds: &[&str] = match section.name {
                "connect" => &["path: /"],
                "then" | "say" => &["message: { a: b }", "hear: { a: b }"],
                _ => &["about: x"],
            };
            let mut known: Vec<String> = Vec::new();
            for kind in kinds {
                let text = with(section.name, &format!("{kind}\nno-such-key: 1")).concat();
                let told = mistakes(&text);
                let keys = told
                    .iter()
                    .find_map(|line| line.split_once("no-such-key").map(|(_, rest)| rest))
                    .and_then(|rest| rest.split_once("its keys: "))
                    .unwrap_or_else(|| panic!("{}: {told:?}", section.name));
                let keys = keys.1.split([')', ';']).next().unwrap_or_default();
                known.extend(keys.split(", ").map(str::to_owned));
            }
            let mut table: Vec<&str> = section.keys.iter().map(|key| key.name).collect();
            known.sort_unstable();
            known.dedup();
            table.sort_unstable();
            assert_eq!(table, known, "{}", section.name);
        }
    }

    #[test]
    fn each_example_is_read() {
        for section in SECTIONS {
            for key in section.keys {
                assert!(key.example.starts_with(key.name), "{}", key.example);
                let lines = format!("{}{}", key.example, beside(section.name, key.name));
                let mut text = with(section.name, &lines).concat();
                if matches!(key.name, "ack" | "auth") {
                    text.push_str("framing: socket.io-4\n");
                }
                // The rest of the file is missing.
                let incomplete = [
                    "is missing",
                    "no way to",
                    "after what must be heard",
                    "nothing captures `{ticket}`",
                    "no `peer-left` captures `{how}`",
                ];
                let wrong: Vec<String> = mistakes(&text)
                    .into_iter()
                    .filter(|line| !incomplete.iter().any(|word| line.contains(word)))
                    .collect();
                assert_eq!(wrong, Vec::<String>::new(), "{text}");
            }
        }
    }

    #[test]
    fn the_words_are_those_of_the_language() {
        let said = Kind::ALL
            .iter()
            .filter(|kind| kind.is_request() || kind.is_signal());
        let heard = Kind::ALL.iter().filter(|kind| !kind.is_request());
        assert_eq!(said.map(|kind| kind.as_str()).collect::<Vec<_>>(), SAID);
        let heard: Vec<&str> = heard
            .map(|kind| kind.as_str())
            .chain(["fenced", "members"])
            .collect();
        assert_eq!(heard, HEARD);
    }
}
