//! The one table of a dialect's keys: the schema for editors and the page of reference are made from it, and a test holds the reader to it.

use super::properties::{ABSENT_PEER, SAME_ID};
use crate::signaling::Need;

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shape {
    /// `1`
    Version,
    /// A dialect's name.
    Name,
    /// Text.
    Text,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words.
    Words(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// `500ms`, `2s`, `1m`.
    Time,
    /// A whole number from 1.
    Number,
    /// A path on the server, with its query; holes in it are percent-encoded.
    Path,
    /// A list of texts.
    Texts,
    /// Names to values.
    Headers,
    /// `POST /path`
    Route,
    /// `200` or `4xx`
    Status,
    /// A message: JSON in which texts may have holes, or text with holes.
    Template,
    /// A mapping with the keys of this section.
    Section(&'static str),
    /// Words to one mapping or a list of mappings with the keys of this section.
    WordsTo(&'static str, &'static [&'static str]),
}

/// One key.
pub(super) struct Key {
    /// As files write it.
    pub name: &'static str,
    pub shape: Shape,
    /// What is so without it; `None`: it must be there.
    pub default: Option<&'static str>,
    /// What it says, or promises.
    pub about: &'static str,
    /// As it may stand in a file.
    pub example: &'static str,
}

/// The keys of one kind of mapping.
pub(super) struct Section {
    pub name: &'static str,
    pub heading: &'static str,
    pub about: &'static str,
    pub keys: &'static [Key],
}

const fn must(name: &'static str, shape: Shape, about: &'static str, example: &'static str) -> Key {
    Key {
        name,
        shape,
        default: None,
        about,
        example,
    }
}

const fn may(
    name: &'static str,
    shape: Shape,
    default: &'static str,
    about: &'static str,
    example: &'static str,
) -> Key {
    Key {
        name,
        shape,
        default: Some(default),
        about,
        example,
    }
}

/// What a peer may say.
pub(super) const SAID: &[&str] = &[
    "create",
    "join",
    "leave",
    "destroy",
    "fence",
    "offer",
    "answer",
    "candidate",
    "end-of-candidates",
    "bye",
];
/// What a peer may hear.
pub(super) const HEARD: &[&str] = &[
    "offer",
    "answer",
    "candidate",
    "end-of-candidates",
    "bye",
    "created",
    "joined",
    "left",
    "destroyed",
    "refused",
    "peer-joined",
    "peer-left",
    "error",
    "fenced",
];

/// The file as a whole, then what stands in it.
pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "dialect",
        heading: "The file",
        about: "What is declared is what a server is held to; what is not declared accuses nobody.",
        keys: &[
            must("dialect", Shape::Name, "Its name.", "dialect: doorbell"),
            may(
                "version",
                Shape::Version,
                "1",
                "The format's version.",
                "version: 1",
            ),
            may(
                "about",
                Shape::Text,
                "nothing",
                "For people.",
                "about: Halls of two.",
            ),
            may(
                "framing",
                Shape::Word(&["json", "text"]),
                "json",
                "What a message is.",
                "framing: text",
            ),
            must(
                "connect",
                Shape::Section("connect"),
                "How a line to the server is opened.",
                "connect: { path: \"/?id={me|url}\" }",
            ),
            may(
                "has",
                Shape::Words(&Need::NAMES),
                "[]",
                "What the server has. A scenario that needs more is unsupported.",
                "has: [rooms, peer-left]",
            ),
            must(
                "say",
                Shape::WordsTo("say", SAID),
                "What a peer says, word by word. `offer` and `answer` must be there.",
                "say: { leave: { message: { type: leave } } }",
            ),
            must(
                "hear",
                Shape::WordsTo("hear", HEARD),
                "What a peer hears; the first pattern that fits is taken. `offer` and `answer` must be there.",
                "hear: { left: { message: { type: left } } }",
            ),
            may(
                "announces-leaving-within",
                Shape::Time,
                "not promised",
                "Promises that those who stay hear within this time that somebody went (law 1).",
                "announces-leaving-within: 1s",
            ),
            may(
                "announces-joining-within",
                Shape::Time,
                "not promised",
                "Promises that those inside hear within this time that somebody came (law 9).",
                "announces-joining-within: 1s",
            ),
            may(
                "coalesces",
                Shape::Flag,
                "false",
                "Who is back before he was told to be gone need not be told to have gone (law 1).",
                "coalesces: true",
            ),
            may(
                "news-before-relays",
                Shape::Flag,
                "false",
                "Promises that news of a stay comes before what its peer relays (law 12).",
                "news-before-relays: true",
            ),
            may(
                "news-once",
                Shape::Flag,
                "false",
                "Promises that each piece of news is told once (law 12).",
                "news-once: true",
            ),
            may(
                "same-id",
                Shape::Word(SAME_ID),
                "reject",
                "What becomes of a second line with a name that is in use.",
                "same-id: takeover",
            ),
            may(
                "answers-within",
                Shape::Time,
                "not promised",
                "Promises an answer to each request within this time (law 4).",
                "answers-within: 1s",
            ),
            may(
                "room-size",
                Shape::Number,
                "not promised",
                "Promises that so many fit into a room, and no more (law 10). A scenario that needs a larger room is unsupported.",
                "room-size: 2",
            ),
            may(
                "rewrites",
                Shape::Flag,
                "false",
                "What is relayed may come out changed (lifts a part of law 3).",
                "rewrites: true",
            ),
            may(
                "echoes",
                Shape::Flag,
                "false",
                "What is relayed may come back to its sender (lifts a part of law 3).",
                "echoes: true",
            ),
            may(
                "repeats",
                Shape::Flag,
                "false",
                "What is relayed may arrive more than once (lifts a part of law 3).",
                "repeats: true",
            ),
            may(
                "unordered",
                Shape::Flag,
                "false",
                "What is relayed may arrive in any order (lifts a part of law 3).",
                "unordered: true",
            ),
            may(
                "broadcasts",
                Shape::Flag,
                "false",
                "What is for one may reach others in the room too (lifts a part of law 3).",
                "broadcasts: true",
            ),
            may(
                "absent-peer",
                Shape::Word(ABSENT_PEER),
                "error",
                "What becomes of what is sent to who is not there; `queue` lifts a part of law 7.",
                "absent-peer: silence",
            ),
        ],
    },
    Section {
        name: "connect",
        heading: "`connect`",
        about: "",
        keys: &[
            must(
                "path",
                Shape::Path,
                "Path and query of the WebSocket.",
                "path: \"/ws?name={me|url}\"",
            ),
            may(
                "protocols",
                Shape::Texts,
                "[]",
                "Subprotocols that are offered, in order.",
                "protocols: [signaling]",
            ),
            may(
                "headers",
                Shape::Headers,
                "{}",
                "Further headers; a page in a browser cannot send them.",
                "headers: { x-name: \"{me}\" }",
            ),
        ],
    },
    Section {
        name: "say",
        heading: "A word in `say`",
        about: "One step, or a list of steps that are taken in order; the last one is the word itself.",
        keys: &[
            may(
                "message",
                Shape::Template,
                "see `http`",
                "A message through the WebSocket.",
                "message: { type: join, room: \"{room}\" }",
            ),
            may(
                "http",
                Shape::Route,
                "see `message`",
                "A request in place of a message.",
                "http: POST /rooms",
            ),
            may(
                "headers",
                Shape::Headers,
                "{}",
                "With `http`: its headers.",
                "headers: { x-name: \"{me}\" }",
            ),
            may(
                "body",
                Shape::Template,
                "none",
                "With `http`: its body.",
                "body: { room: \"{room}\" }",
            ),
        ],
    },
    Section {
        name: "hear",
        heading: "A word in `hear`",
        about: "One form, or a list of forms in which it may come.",
        keys: &[
            may(
                "message",
                Shape::Template,
                "see `http`",
                "A message through the WebSocket. Keys that are not written may be there.",
                "message: { type: refused, why: \"{reason}\" }",
            ),
            may(
                "http",
                Shape::Route,
                "see `message`",
                "The answer to this request in place of a message.",
                "http: POST /rooms",
            ),
            may(
                "status",
                Shape::Status,
                "any",
                "With `http`: the status that it has.",
                "status: 4xx",
            ),
            may(
                "body",
                Shape::Template,
                "anything",
                "With `http`: its body.",
                "body: { reason: \"{reason}\" }",
            ),
        ],
    },
];

/// What may stand in a message, and what it means.
pub(super) const TEMPLATES: &[(&str, &str)] = &[
    (
        "`\"{x}\"`",
        "The value itself, whatever its type: filled in when it is said, captured when it is heard. The same name twice must have the same value.",
    ),
    (
        "`\"to {x}!\"`",
        "The value within a text. A hole takes as little as it can.",
    ),
    ("`\"{x|url}\"`", "Percent-encoded (RFC 3986)."),
    ("`\"{x|json}\"`", "As JSON within a text."),
    ("`\"{_}\"`", "Anything; only heard."),
    ("`{{` and `}}`", "The braces themselves."),
    ("`key?: …`", "A key that may be missing."),
    ("`$json: …`", "Text that is JSON with this in it."),
    ("`$all: [a, b]`", "What fits each of these; only heard."),
    ("`$$key: …`", "The key `$key`."),
];
