//! The one table of a dialect's keys: the schema for editors and the page of reference are made from it, and a test holds the reader to it.

use super::properties::{ABSENT_PEER, AUDIENCE, HOST_PASSES_TO, SAME_ID, WHO_MAY};
use super::read::{CANDIDATES, FRAMINGS};

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
    /// `true` or `false`.
    Flag,
    /// `500ms`, `2s`, `1m`.
    Time,
    /// A time, or the least and the most.
    LeastAndMost,
    /// The ways in which somebody goes, to texts of the server's.
    Ways,
    /// A list of texts, numbers, `true` and `false`.
    States,
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
    /// Reasons to texts of the server's.
    Refusals,
    /// What becomes of garbage.
    Garbage,
    /// 1000 to 4999
    CloseCode,
    /// A message: JSON in which texts may have holes, or text with holes.
    Template,
    /// A mapping with the keys of this section.
    Section(&'static str),
    /// One mapping or a list of mappings with the keys of this section.
    OneOrMore(&'static str),
    /// One message or a list of messages.
    Templates,
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
    "kick",
    "set-state",
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
    "granted",
    "refused",
    "peer-joined",
    "peer-left",
    "peer-away",
    "peer-back",
    "peer-state",
    "host",
    "kicked",
    "error",
    "fenced",
    "members",
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
                Shape::Word(FRAMINGS),
                "json",
                "What a message is. An event of socket.io is written as a list: its name, then its arguments; `socket.io-4` is for versions 3 and 4. `program`: JSON, which a program of the project's (`translator`) makes of what stands on the wire. `mqtt`, `xmpp`, `sip`: a packet, a stanza, a message, see below.",
                "framing: text",
            ),
            must(
                "connect",
                Shape::Section("connect"),
                "How a line to the server is opened.",
                "connect: { path: \"/?id={me|url}\" }",
            ),
            may(
                "wire",
                Shape::Name,
                "its name",
                "The wire that it is of. Several dialects may be of one wire, with other promises; a scenario may speak a wire itself, and is then played with these alone.",
                "wire: doorbell",
            ),
            may(
                "frames",
                Shape::Section("frames"),
                "text",
                "Which messages are binary frames.",
                "frames: { up: text, down: binary }",
            ),
            may(
                "offers",
                Shape::Word(&["joiner", "insider"]),
                "joiner",
                "Who offers when two meet, where a scenario does not say.",
                "offers: insider",
            ),
            may(
                "candidates",
                Shape::Word(CANDIDATES),
                "trickle",
                "Whether candidates follow their description, or are all in it: then a peer gathers before it sends one, and `say` has no `candidate`.",
                "candidates: in-description",
            ),
            may(
                "rejoin",
                Shape::Section("rejoin"),
                "never",
                "What is said in the place of `join` by who has lost its line in that room, and was given there what stands in this: a ticket, a key. Until the place is known to be gone: somebody hears that he has left, the room is destroyed, this itself is refused, or the time of `keeps-places` is over (without it, that of `announces-leaving-within`).",
                "rejoin: { message: { type: resume, ticket: \"{ticket}\" } }",
            ),
            may(
                "every",
                Shape::OneOrMore("every"),
                "[]",
                "What is said as long as the line stands.",
                "every: [{ after: 5s, message: { type: heartbeat } }]",
            ),
            may(
                "reply",
                Shape::OneOrMore("reply"),
                "[]",
                "What is answered by itself.",
                "reply: [{ hear: { ping: \"{n}\" }, message: { pong: \"{n}\" } }]",
            ),
            may(
                "bundle",
                Shape::Template,
                "none",
                "What holds several messages in one: each item of the list that `{messages}` stands for is a message by itself.",
                "bundle: { things: \"{messages}\" }",
            ),
            may(
                "learn",
                Shape::OneOrMore("learn"),
                "[]",
                "Messages that mean nothing, of which something is kept for later.",
                "learn: [{ message: { ticket: \"{ticket}\" } }]",
            ),
            may(
                "pair",
                Shape::Texts,
                "[]",
                "Names of values that whoever speaks first of two makes up, and that stand in what both say to each other until a `bye`: the id of a connection, of a session.",
                "pair: [session]",
            ),
            may(
                "ignore",
                Shape::OneOrMore("ignore"),
                "[]",
                "Messages that mean nothing: echoes, pongs. Tried last.",
                "ignore: [{ message: { type: pong } }]",
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
                "Promises that those who stay hear within this time that somebody went (law 1). Judged with 2 s more: a busy machine may hold up either side.",
                "announces-leaving-within: 1s",
            ),
            may(
                "announces-leaving-to",
                Shape::Word(AUDIENCE),
                "inside",
                "Who of those who stay hears that somebody went: all, or those who have `signaled` with him, or he with them (law 1).",
                "announces-leaving-to: signaled",
            ),
            may(
                "announces-absence-within",
                Shape::Time,
                "not promised",
                "Promises that those inside hear within this time that somebody's line has ended while his place is kept (`peer-away`), and that he has it again (`peer-back`). Not judged of a line that nobody has ended.",
                "announces-absence-within: 1s",
            ),
            may(
                "states",
                Shape::States,
                "not promised",
                "What `{state}` may be: what somebody shows of himself to the others. The first is that of who comes in. With `garbage: { wrong-type: word }` what is none of these is refused, and nobody is told of it.",
                "states: [false, true]",
            ),
            may(
                "announces-states-within",
                Shape::Time,
                "not promised",
                "Promises that all others in the room hear within this time what somebody has set (`peer-state`), and that who comes in is told what each has set, where `joined` has `{state}`.",
                "announces-states-within: 1s",
            ),
            may(
                "keeps-states",
                Shape::Flag,
                "false",
                "Promises that who comes back into his place (`rejoin`) shows what he had set.",
                "keeps-states: true",
            ),
            may(
                "keeps-places",
                Shape::LeastAndMost,
                "not at all",
                "The place of one whose line has ended is kept for so long, and those who stay hear so much later that he went (law 1); who leaves by a word is gone at once. With `rejoin` he has it again. `peer-left` is the news that the place is free; what is said of an absence meanwhile is `peer-away`, and `peer-back` of its end. A time is the most; with `{ at-least: 4s, at-most: 6s }` the least is promised, too: news of a lost line that comes earlier breaks law 1.",
                "keeps-places: 5s",
            ),
            may(
                "how",
                Shape::Ways,
                "not promised",
                "Promises what `{how}` in `peer-left` says: of who has said `leave`, and of whose line was reset. Of who has closed his line it may say either.",
                "how: { left: left, lost: timeout }",
            ),
            may(
                "announces-joining-within",
                Shape::Time,
                "not promised",
                "Promises that those inside hear within this time that somebody came (law 9). Judged with 2 s more, as above.",
                "announces-joining-within: 1s",
            ),
            may(
                "notices-silence-within",
                Shape::Time,
                "not promised",
                "Promises that a line on which nothing arrives any more is noticed within this time: it is ended, and who was on it counts as lost. Judged with 2 s more, as above.",
                "notices-silence-within: 30s",
            ),
            may(
                "bears-standstill",
                Shape::Flag,
                "false",
                "Promises that nobody is put out because the whole server stood still for a while (SIGSTOP, a machine that sleeps), be it longer than `notices-silence-within`: what has come meanwhile is read before anybody counts as silent. Many servers look at the clock first, and whose line is ended by them is told so, which is no lie: without this it is a fact.",
                "bears-standstill: true",
            ),
            may(
                "keeps-idle-lines-for",
                Shape::Time,
                "not promised",
                "Promises that a line stands for so long at least on which nobody says anything, if its client is there and answers pings. `glare validate` lets three quarters of it pass.",
                "keeps-idle-lines-for: 60s",
            ),
            may(
                "rooms-apart",
                Shape::Flag,
                "false",
                "Promises that nobody is reached from another room, not even who is addressed by name (law 2). Without it, that is for whoever speaks to decide: so it is with brokers and services of names. What reaches somebody in another room who was not addressed is a breach all the same.",
                "rooms-apart: true",
            ),
            may(
                "takes-any-name",
                Shape::Flag,
                "false",
                "Promises that whatever name a scenario gives, in whatever script and up to 48 bytes long, is taken as a peer's and as a room's, is told from all others, and comes back as it was said. Without it, scenarios with other names than plain ones are not for this server: plain are 1 to 36 of A-Z, a-z, 0-9, `_` and `-`. Names that the server does not take can be said otherwise: `{self|digest}`, `{room|digest}`.",
                "takes-any-name: true",
            ),
            may(
                "takes-up-to",
                Shape::Number,
                "not promised",
                "Promises that a message of up to so many bytes, as a peer sends it, is taken, and that what is in it is passed on as it was. `glare validate` makes up one that is hardly shorter, of up to 1 MB.",
                "takes-up-to: 65536",
            ),
            may(
                "frees-empty-rooms",
                Shape::Flag,
                "false",
                "Promises that a room that everybody has left can be made anew (law 6).",
                "frees-empty-rooms: true",
            ),
            may(
                "endures",
                Shape::Flag,
                "false",
                "Promises that however often lines, rooms and messages come, at once or one after the other, each is served as the first one was (no limits on how often, or how many), and that what a line took is given back when it has ended. Without it, section 9 of `glare validate` tells figures.",
                "endures: true",
            ),
            may(
                "refusals",
                Shape::Refusals,
                "{}",
                "What is refused, and what the server says then (`true`: anything). Scenarios use these names; `expired` is said to who comes back by what is good no more (`rejoin`), `others-ticket` to who does so by what was given to somebody else, `wrong-login` to who logs in by what is nobody's (`connect: login`), `others-login` to who does so by what is somebody else's. A refusal that names no request is by these words one of a request; in others it may be of a message that was said before.",
                "refusals: { full: \"room is full\", exists: true }",
            ),
            may(
                "garbage",
                Shape::Garbage,
                "not promised",
                "What it does with what is no message, for all kinds of garbage or by kind.",
                "garbage: { any: word, huge: close }",
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
                "not promised",
                "What becomes of a second line with a name that is in use. Left out where a name is said only on the way into a room: there `refusals: taken` says how the server refuses it.",
                "same-id: takeover",
            ),
            may(
                "answers-within",
                Shape::Time,
                "not promised",
                "Promises an answer to each request within this time, and to what is relayed of a kind that `granted` names (law 4). Judged with 2 s more, as above.",
                "answers-within: 1s",
            ),
            may(
                "ends-within",
                Shape::Time,
                "not promised",
                "Promises that a server that is asked to end (SIGTERM) has ended within this time, whoever has a line to it. Judged with 2 s more, as above.",
                "ends-within: 2s",
            ),
            may(
                "ends-with",
                Shape::CloseCode,
                "not promised",
                "Promises that a server that is asked to end (SIGTERM) closes each WebSocket with this code (RFC 6455, section 7.4): 1001 says that it goes away, 1012 that it is started again.",
                "ends-with: 1001",
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
                "relays-media",
                Shape::Flag,
                "false",
                "The server is one end of each connection, and passes on what is said in it (a gateway, an SFU): a description comes out as its own, as with `rewrites`, and candidates are for it. Two are connected where each has a connection for the other.",
                "relays-media: true",
            ),
            may(
                "one-call",
                Shape::Flag,
                "false",
                "A peer is in one call at a time, which is one offer and its answer, until one of the two says `bye`, or has no line any more: an offer of, or to, somebody who is in one is refused, and so may be one that comes soon after. When a call that has ended is over for the server, nothing tells. A scenario that has another offer is unsupported.",
                "one-call: true",
            ),
            may(
                "echoes",
                Shape::Flag,
                "not promised",
                "Whether what is relayed comes back to its sender; `true` lifts a part of law 3.",
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
                "not promised",
                "Whether what is for one reaches others in the room too; `true` lifts a part of law 3.",
                "broadcasts: true",
            ),
            may(
                "absent-peer",
                Shape::Word(ABSENT_PEER),
                "not promised",
                "What becomes of what is sent to who is not there; `queue` lifts a part of law 7.",
                "absent-peer: silence",
            ),
            may(
                "announces-host-within",
                Shape::Time,
                "not promised",
                "Promises that all who stay hear within this time who is host when the one before has left, or is told to have gone because his line was lost (`host`), and all of the same one (law 9).",
                "announces-host-within: 1s",
            ),
            may(
                "host-passes-to",
                Shape::Word(HOST_PASSES_TO),
                "not promised",
                "Who becomes host when the one before has gone: who of those who stay has been inside `longest`.",
                "host-passes-to: longest",
            ),
            may(
                "kick-by",
                Shape::Word(WHO_MAY),
                "not promised",
                "Who may put others out of a room (`say: kick`): its `host`, who is its maker until it has another, or `anybody` inside. Who may not is refused as `not-yours`.",
                "kick-by: host",
            ),
            may(
                "destroy-by",
                Shape::Word(WHO_MAY),
                "not promised",
                "Who of those inside may remove a room (`say: destroy`): its `host`, who is its maker until it has another, or `anybody`. Who may not is refused as `not-yours`. That others are inside may be another reason to refuse it (`refusals: occupied`).",
                "destroy-by: host",
            ),
            may(
                "tells-room-end",
                Shape::Flag,
                "not promised",
                "Promises that all who are inside hear that somebody else has removed their room: `destroyed`, or `kicked`.",
                "tells-room-end: true",
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
                "Path and query of the WebSocket. `{room|url}` in it: a line for each room, dialled by who enters it.",
                "path: \"/ws?name={me|url}\"",
            ),
            may(
                "via",
                Shape::Word(&["websocket", "events", "long-poll", "socket.io", "polling"]),
                "websocket",
                "What carries a line: a WebSocket, server-sent events, a GET that waits; with `framing: socket.io-…` also polling and then the upgrade (`socket.io`), or polling alone (`polling`).",
                "via: events",
            ),
            may(
                "events",
                Shape::Texts,
                "[]",
                "With `via: events`: names of events that are heard besides those without one.",
                "events: [signal]",
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
            may(
                "auth",
                Shape::Template,
                "nothing",
                "What the request to be connected carries; of socket.io alone.",
                "auth: { token: \"{me}\" }",
            ),
            may(
                "login",
                Shape::Texts,
                "[]",
                "Names of values that the project file gives each peer (`[logins]`), which may stand in all that it says: a token, a password. Secrets: struck out of every record.",
                "login: [token]",
            ),
            may(
                "self",
                Shape::Template,
                "the name",
                "The id that a client chooses, where that is not its name: what `{self}` is from the beginning.",
                "self: \"{me|digest}\"",
            ),
            may(
                "room-id",
                Shape::Template,
                "the name",
                "The id that a client gives a room, where that is not its name: what `{room-id}` is.",
                "room-id: \"{room|digest}\"",
            ),
            may(
                "before",
                Shape::OneOrMore("before"),
                "[]",
                "Requests before the line is dialled; what their answers capture may stand in path and headers.",
                "before: [{ http: POST /login, hear: { body: { id: \"{self}\" } } }]",
            ),
            may(
                "then",
                Shape::OneOrMore("then"),
                "[]",
                "What is said and awaited, in order, once the line stands, before any word. `{room}` in it: a line for each room, as in `path`.",
                "then: [{ message: { hello: \"{me}\" } }, { hear: { you: \"{self}\" } }]",
            ),
            may(
                "last",
                Shape::Template,
                "nothing",
                "What is said last on a line that its peer closes in order: where a step disconnects it, and where the play is over. A message; or a request, which is what has `http`, and beside it `headers` and `body`, as in `say`. Its answer, which is waited for, means nothing.",
                "last: { bye: \"{me}\" }",
            ),
        ],
    },
    Section {
        name: "frames",
        heading: "`frames`",
        about: "",
        keys: &[
            may(
                "up",
                Shape::Word(&["text", "binary"]),
                "text",
                "What peers send.",
                "up: text",
            ),
            may(
                "down",
                Shape::Word(&["text", "binary"]),
                "text",
                "What the server sends.",
                "down: binary",
            ),
        ],
    },
    Section {
        name: "before",
        heading: "A request in `connect: before`",
        about: "",
        keys: &[
            must(
                "http",
                Shape::Route,
                "Method and path.",
                "http: POST /login",
            ),
            may(
                "headers",
                Shape::Headers,
                "{}",
                "Its headers.",
                "headers: { x-name: \"{me}\" }",
            ),
            may(
                "body",
                Shape::Template,
                "none",
                "Its body.",
                "body: { name: \"{me}\" }",
            ),
            may(
                "hear",
                Shape::Section("answer"),
                "anything",
                "What the answer must be, and what is captured of it.",
                "hear: { status: 200, body: { token: \"{token}\" } }",
            ),
        ],
    },
    Section {
        name: "answer",
        heading: "Its answer, `hear`",
        about: "",
        keys: &[
            may("status", Shape::Status, "any", "Its status.", "status: 2xx"),
            may(
                "body",
                Shape::Template,
                "anything",
                "Its body.",
                "body: { token: \"{token}\" }",
            ),
        ],
    },
    Section {
        name: "then",
        heading: "A step in `connect: then`",
        about: "Either something to say, or something to wait for.",
        keys: &[
            may(
                "message",
                Shape::Template,
                "see `hear`",
                "Something to say.",
                "message: { type: login, name: \"{me}\" }",
            ),
            may(
                "hear",
                Shape::Template,
                "see `message`",
                "Something to wait for. `{self}` is the id that the server knows the peer by; what else is captured may stand in later messages.",
                "hear: { type: welcome, id: \"{self}\" }",
            ),
            may(
                "refused",
                Shape::Templates,
                "none",
                "With `hear`: what comes in its place where the server lets nobody in.",
                "refused: { type: denied, why: \"{reason}\" }",
            ),
        ],
    },
    Section {
        name: "rejoin",
        heading: "How one comes back after a loss, `rejoin`",
        about: "The answer is that to a `join`.",
        keys: &[must(
            "message",
            Shape::Template,
            "What. A name that is none of glare's is captured where the server gives it, mostly in `joined`, and outlives the line.",
            "message: { type: resume, ticket: \"{ticket}\" }",
        )],
    },
    Section {
        name: "every",
        heading: "What is said `every` so often",
        about: "",
        keys: &[
            must(
                "after",
                Shape::Time,
                "How often, 100 ms at least.",
                "after: 5s",
            ),
            must(
                "message",
                Shape::Template,
                "What.",
                "message: { type: heartbeat }",
            ),
        ],
    },
    Section {
        name: "reply",
        heading: "A `reply` by itself",
        about: "",
        keys: &[
            must(
                "hear",
                Shape::Template,
                "To what.",
                "hear: { ping: \"{n}\" }",
            ),
            must(
                "message",
                Shape::Template,
                "What; captures of `hear` may stand in it.",
                "message: { pong: \"{n}\" }",
            ),
        ],
    },
    Section {
        name: "learn",
        heading: "What is only to `learn` from",
        about: "",
        keys: &[must(
            "message",
            Shape::Template,
            "The message. With `{peer}` in it, what is captured belongs to the pair with that one.",
            "message: { ticket: \"{ticket}\" }",
        )],
    },
    Section {
        name: "ignore",
        heading: "What to `ignore`",
        about: "",
        keys: &[must(
            "message",
            Shape::Template,
            "The message.",
            "message: { type: pong }",
        )],
    },
    Section {
        name: "say",
        heading: "A word in `say`",
        about: "One step, or a list of steps that are taken in order; the last one is the word itself. `create: join` makes two words one: the first one in makes the room.",
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
            may(
                "ack",
                Shape::Flag,
                "false",
                "An answer is wanted, which comes as `ack` in `hear`; of socket.io alone.",
                "ack: true",
            ),
            may(
                "done",
                Shape::Word(&["sent", "connected", "closed"]),
                "when it is answered",
                "No answer comes: the request is done once it is `sent`; or not said at all, since to be `connected` is to be inside (alone, without a message); or said by the line being `closed`.",
                "done: sent",
            ),
            may(
                "hear",
                Shape::Template,
                "nothing",
                "As a step of its own: what must be heard before the next step.",
                "hear: { type: go-on }",
            ),
            may(
                "refused",
                Shape::Templates,
                "none",
                "With `hear`: what comes in its place where the server wants none of it. The rest of the word is not said; what a peer is told then is `error` or `refused` in `hear`.",
                "refused: { type: nobody-there }",
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
            may(
                "of",
                Shape::Word(&[
                    "create",
                    "join",
                    "leave",
                    "destroy",
                    "kick",
                    "set-state",
                    "offer",
                    "answer",
                    "candidate",
                    "end-of-candidates",
                    "bye",
                ]),
                "what was asked",
                "What is answered. In `granted` it must be there, where it may be what is relayed, as in `refused`: `granted: { message: …, of: offer }` says that each offer is answered (law 4).",
                "of: join",
            ),
            may(
                "ack",
                Shape::Template,
                "see `message`",
                "In place of a message: the answer to a request that was said with `ack: true`, a list of its arguments; of socket.io alone.",
                "ack: [\"{reason}\"]",
            ),
            may(
                "close",
                Shape::CloseCode,
                "see `message`",
                "In place of a message, in `refused` and `error`: the line ends with this code.",
                "close: 4003",
            ),
            may(
                "reason",
                Shape::Template,
                "anything",
                "With `close`: its reason.",
                "reason: \"{reason}\"",
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
    ("`\"{x|base64}\"`", "Base64 (RFC 4648)."),
    (
        "`\"{x|digest}\"`",
        "Twenty characters that are the same for the same value; nothing leads back from them.",
    ),
    (
        "`\"{x|commas}\"`, `\"{x|spaces}\"`",
        "A list within a text, with commas or spaces between.",
    ),
    ("`\"{_}\"`", "Anything; only heard."),
    ("`{{` and `}}`", "The braces themselves."),
    ("`key?: …`", "A key that may be missing."),
    ("`$json: …`", "Text that is JSON with this in it."),
    ("`$all: [a, b]`", "What fits each of these; only heard."),
    (
        "`$each: …`",
        "A list of which each item is this; what they capture becomes a list; only heard.",
    ),
    (
        "`$keys: \"{x}\"`",
        "The keys of an object, as a list; only heard.",
    ),
    ("`$$key: …`", "The key `$key`."),
];
