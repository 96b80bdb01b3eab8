//! The one table of verbs, conditions and keys. The reader reads by it and the schema is made from it, so they cannot drift.

use super::build::{self, Build};
use crate::hand::PeerFault;
use crate::signaling::Garbage;

/// What a key's value looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A peer of this scenario.
    Peer,
    /// Several peers of this scenario.
    Peers,
    /// A room's name.
    Room,
    /// Text; at most so many bytes.
    Text(usize),
    /// Bytes in base64; at most so many of them.
    Base64(usize),
    /// A whole number.
    Number(u64, u64),
    /// `true` or `false`.
    Flag,
    /// Only `true` says anything.
    True,
    /// `true`, or text that the reason contains.
    Reason,
    /// `10s`, `500ms`, `2m`.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `{ connection: failed }`
    State,
    /// A path on the server, with its query.
    Path,
}

/// One key of a verb.
#[derive(Debug)]
pub(crate) struct KeySpec {
    pub name: &'static str,
    pub shape: Shape,
    pub needed: bool,
    pub about: &'static str,
}

/// One verb, or one condition of `await`.
pub(crate) struct Verb {
    /// As files write it. For a condition: the key that tells it from the others.
    pub name: &'static str,
    pub about: &'static str,
    pub keys: &'static [KeySpec],
    /// Exactly one of these keys must be there.
    pub one_of: &'static [&'static str],
    /// What it asks of whoever runs it.
    pub demands: Demands,
    /// Makes the action of the values.
    pub build: Build,
}

/// What a verb asks of whoever runs it. Matters where the server is somebody else's: one that glare has started bears everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demands {
    /// A client does it.
    Nothing,
    /// The owner's consent: garbage, broken frames, lines that are cut, silent, stalled or altered.
    Consent,
    /// The server's process in one's hands.
    Control,
}

/// The kinds that go from peer to peer.
const SIGNALS: &[&str] = &["offer", "answer", "candidate", "end-of-candidates", "bye"];
/// What a peer can say.
const SPOKEN: &[&str] = &[
    "create",
    "join",
    "leave",
    "destroy",
    "offer",
    "answer",
    "candidate",
    "end-of-candidates",
    "bye",
];
/// What the tap can be told to look for: all but the harness's own fence.
const MESSAGES: &[&str] = &[
    "create",
    "join",
    "leave",
    "destroy",
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
];
/// What a peer can hear.
const HEARD: &[&str] = &[
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
];
/// What a stack can be asked.
const DURING: &[&str] = &[
    "add-candidate",
    "set-remote",
    "set-local",
    "create-offer",
    "create-answer",
    "say",
];

/// Longest text of a message, bytes.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// Longest made-up message, bytes.
pub(crate) const MAX_SIZE: u64 = 1_000_000;
/// Longest label of a channel, reason, or text to compare with, bytes.
const MAX_LABEL: usize = 200;

const fn must(name: &'static str, shape: Shape, about: &'static str) -> KeySpec {
    KeySpec {
        name,
        shape,
        needed: true,
        about,
    }
}

const fn may(name: &'static str, shape: Shape, about: &'static str) -> KeySpec {
    KeySpec {
        name,
        shape,
        needed: false,
        about,
    }
}

/// Belongs to every verb.
pub(crate) const WITHIN: KeySpec = may(
    "within",
    Shape::Duration,
    "How long the step may wait; default 10s, at most 5m.",
);

const PEER: KeySpec = must("peer", Shape::Peer, "Who does it.");
const ROOM: KeySpec = must("room", Shape::Room, "The room's name.");
const REFUSED: KeySpec = may(
    "refused",
    Shape::Reason,
    "The server must refuse it: `true`, or text that its reason contains.",
);
const ANSWER: KeySpec = may(
    "answer",
    Shape::Word(&["any"]),
    "`any`: granted or refused, either is right. What comes of it is told by `together`, or heads the log.",
);
const FAILS: KeySpec = may(
    "fails",
    Shape::Reason,
    "The stack must refuse it: `true`, or text that its error contains.",
);
const MESSAGE: KeySpec = must("message", Shape::Word(MESSAGES), "Which message.");
const FROM: KeySpec = may(
    "from",
    Shape::Peer,
    "Who says it. Alone: on the sender's side of the server.",
);
const TO: KeySpec = may(
    "to",
    Shape::Peer,
    "Who is to hear it: on the receiver's side of the server.",
);
const OTHER_END: KeySpec = may(
    "to",
    Shape::Peer,
    "Who is at the other end of the connection, where there is a choice.",
);
const WITH: KeySpec = may(
    "with",
    Shape::Peer,
    "Who is at the other end, where there is a choice.",
);
const NTH: KeySpec = may(
    "nth",
    Shape::Number(1, 1000),
    "Only the nth that matches from now on, from 1; without it every one.",
);
const CHANNEL: KeySpec = may(
    "channel",
    Shape::Text(MAX_LABEL),
    "The channel's label; default `chat`.",
);

const fn verb(
    name: &'static str,
    about: &'static str,
    keys: &'static [KeySpec],
    demands: Demands,
    build: Build,
) -> Verb {
    Verb {
        name,
        about,
        keys,
        one_of: &[],
        demands,
        build,
    }
}

/// A condition only watches: it asks nothing of anybody.
const fn condition(
    name: &'static str,
    about: &'static str,
    keys: &'static [KeySpec],
    build: Build,
) -> Verb {
    verb(name, about, keys, Demands::Nothing, build)
}

/// Every verb, in the order of the documentation.
pub(crate) const VERBS: &[Verb] = &[
    verb(
        "connect",
        "Opens the signaling connection, if none stands; in the place of one that is half-open (`cut: { how: silence }`) a new one.",
        &[
            PEER,
            may(
                "refused",
                Shape::True,
                "The server must refuse it: one more connection, with an id that is in use.",
            ),
            ANSWER,
        ],
        Demands::Nothing,
        build::connect,
    ),
    verb(
        "create",
        "Makes a room and is in it.",
        &[PEER, ROOM, REFUSED, ANSWER],
        Demands::Nothing,
        build::create,
    ),
    verb(
        "join",
        "Enters a room; unless its `offers:` says otherwise, the one who joins then offers to each peer inside.",
        &[
            PEER,
            ROOM,
            may(
                "offer",
                Shape::Flag,
                "Whether it then offers, whatever its `offers:` says; `false` leaves that to another step.",
            ),
            REFUSED,
            ANSWER,
        ],
        Demands::Nothing,
        build::join,
    ),
    verb(
        "leave",
        "Leaves one's room.",
        &[PEER, REFUSED, ANSWER],
        Demands::Nothing,
        build::leave,
    ),
    verb(
        "destroy",
        "Removes a room.",
        &[PEER, ROOM, REFUSED, ANSWER],
        Demands::Nothing,
        build::destroy,
    ),
    verb(
        "disconnect",
        "Closes the signaling connection with a close frame.",
        &[PEER],
        Demands::Nothing,
        build::disconnect,
    ),
    verb(
        "negotiate",
        "Offers, answers and trickles, as a well-behaved client does.",
        &[
            must("from", Shape::Peer, "Who offers."),
            may(
                "to",
                Shape::Peer,
                "Whom it is for, where there is a choice.",
            ),
        ],
        Demands::Nothing,
        build::negotiate,
    ),
    verb(
        "create-offer",
        "By hand: makes an offer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::create_offer,
    ),
    verb(
        "create-answer",
        "By hand: makes an answer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::create_answer,
    ),
    verb(
        "set-local",
        "By hand: sets what was last created, or rolls back.",
        &[
            PEER,
            OTHER_END,
            must(
                "kind",
                Shape::Word(&["offer", "pranswer", "answer", "rollback"]),
                "The description's type.",
            ),
            FAILS,
        ],
        Demands::Nothing,
        build::set_local,
    ),
    verb(
        "set-remote",
        "By hand: sets what was last heard of this type.",
        &[
            PEER,
            OTHER_END,
            must(
                "kind",
                Shape::Word(&["offer", "pranswer", "answer", "rollback"]),
                "The description's type.",
            ),
            FAILS,
        ],
        Demands::Nothing,
        build::set_remote,
    ),
    verb(
        "add-candidate",
        "By hand: adds the oldest candidate heard and not yet added.",
        &[PEER, OTHER_END, FAILS],
        Demands::Nothing,
        build::add_candidate,
    ),
    verb(
        "send",
        "By hand: sends what was last created, the candidates gathered since, or a goodbye. A wire peer makes it up.",
        &[
            must("from", Shape::Peer, "Who sends it."),
            may(
                "to",
                Shape::Peer,
                "Whom it is for, where there is a choice.",
            ),
            must("message", Shape::Word(SIGNALS), "What is sent."),
            may(
                "gathered",
                Shape::Flag,
                "Sends the description with the candidates that were gathered by now (no trickle); default false.",
            ),
        ],
        Demands::Nothing,
        build::send,
    ),
    verb(
        "restart-ice",
        "`restartIce()`, then a new offer.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::restart_ice,
    ),
    verb(
        "open-channel",
        "Makes a data channel on the connection.",
        &[
            PEER,
            OTHER_END,
            must("label", Shape::Text(MAX_LABEL), "The channel's label."),
            may("ordered", Shape::Flag, "Default true."),
            may(
                "max-retransmits",
                Shape::Number(0, 65535),
                "How often a lost message is sent again; without it until it arrives.",
            ),
            may(
                "negotiated",
                Shape::Number(0, 65534),
                "The id that both sides agreed on beforehand.",
            ),
        ],
        Demands::Nothing,
        build::open_channel,
    ),
    Verb {
        name: "say",
        about: "Sends through a channel and waits until the other side has it.",
        keys: &[
            must("from", Shape::Peer, "Who says it."),
            may(
                "to",
                Shape::Peer,
                "Who is to hear it. Without it, where there is a choice: each whom the steps have awaited `connected` with the speaker.",
            ),
            CHANNEL,
            may("text", Shape::Text(MAX_TEXT), "A string."),
            may("bytes", Shape::Base64(MAX_TEXT), "Bytes, in base64."),
            may(
                "size",
                Shape::Number(0, MAX_SIZE),
                "So many made-up bytes, always the same.",
            ),
            may("heard", Shape::Flag, "`false` does not wait; default true."),
        ],
        one_of: &["text", "bytes", "size"],
        demands: Demands::Nothing,
        build: build::say,
    },
    verb(
        "close-channel",
        "`close()` on a channel.",
        &[PEER, OTHER_END, CHANNEL],
        Demands::Nothing,
        build::close_channel,
    ),
    verb(
        "close",
        "`close()` on the connection, without telling anybody.",
        &[PEER, OTHER_END],
        Demands::Nothing,
        build::close,
    ),
    verb(
        "kill",
        "Ends a peer from outside.",
        &[
            PEER,
            must(
                "how",
                Shape::Word(&["socket", "tab", "browser"]),
                "Its socket is reset, its page closed, or its browser killed.",
            ),
        ],
        Demands::Nothing,
        build::kill,
    ),
    verb(
        "hold",
        "From now on, keeps back what matches.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::hold,
    ),
    verb(
        "release",
        "Lets go what the `hold` with the same pattern kept, in order, and stops holding.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::release,
    ),
    verb(
        "drop",
        "Throws away what matches.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::drop,
    ),
    verb(
        "delay",
        "Lets what matches go later; what follows on the same leg waits behind it.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            must("by", Shape::Duration, "How much later; at most 5m."),
        ],
        Demands::Nothing,
        build::delay,
    ),
    verb(
        "duplicate",
        "Lets what matches go twice.",
        &[MESSAGE, FROM, TO, NTH],
        Demands::Nothing,
        build::duplicate,
    ),
    verb(
        "reorder",
        "Keeps what matches until the next word of the same link and direction has passed; what nothing follows goes at the end.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            may(
                "behind",
                Shape::Word(MESSAGES),
                "Only the next of these lets it go.",
            ),
        ],
        Demands::Nothing,
        build::reorder,
    ),
    verb(
        "corrupt",
        "Lets what matches go changed, in the same way each time, in a proper frame of the same length.",
        &[
            MESSAGE,
            FROM,
            TO,
            NTH,
            may(
                "as",
                Shape::Word(&["letter", "not-json", "not-utf8"]),
                "`letter`, the default: one letter or digit within a string becomes the next; `not-json`: the first byte becomes `#`; `not-utf8`: it becomes 0xff.",
            ),
        ],
        Demands::Consent,
        build::corrupt,
    ),
    verb(
        "cut",
        "Ends the peer's socket on the wire, or makes it half-open.",
        &[
            PEER,
            must(
                "how",
                Shape::Word(&["close", "reset", "silence"]),
                "A close frame, or a TCP reset, to both ends; or silence: what is sent is swallowed, pings too, and nothing closes.",
            ),
            may(
                "direction",
                Shape::Word(&["up", "down", "both"]),
                "With `silence`: what the peer sends, what the server sends, or both, which is the default.",
            ),
        ],
        Demands::Consent,
        build::cut,
    ),
    verb(
        "stall",
        "Stops reading from the server for this peer, so that the server's buffers fill.",
        &[PEER],
        Demands::Consent,
        build::stall,
    ),
    verb(
        "mend",
        "Ends the peer's silence or stall. What a silence swallowed stays lost.",
        &[PEER],
        Demands::Nothing,
        build::mend,
    ),
    verb(
        "pause",
        "Stops the server as SIGSTOP does: its port and connections stay, and nothing answers.",
        &[],
        Demands::Control,
        build::pause,
    ),
    verb(
        "resume",
        "Lets a paused server go on.",
        &[],
        Demands::Control,
        build::resume,
    ),
    verb(
        "kill-server",
        "Ends the server as a crash would.",
        &[],
        Demands::Control,
        build::kill_server,
    ),
    verb(
        "restart",
        "Ends the server if it runs, and starts it again on the same address.",
        &[],
        Demands::Control,
        build::restart,
    ),
    Verb {
        name: "send-raw",
        about: "Sends what no client should.",
        keys: &[
            PEER,
            may(
                "text",
                Shape::Text(MAX_TEXT),
                "This text through the peer's WebSocket, as it is.",
            ),
            may(
                "frame",
                Shape::Word(&["unmasked", "reserved-bit", "not-utf8", "false-length"]),
                "A frame that breaks RFC 6455, written by the tap in the peer's place; after `false-length` what follows is taken for its payload.",
            ),
            may(
                "path",
                Shape::Path,
                "A request for a WebSocket on this path, over a connection of its own that ends with the answer.",
            ),
            may(
                "status",
                Shape::Number(100, 599),
                "With `path`: the status that the answer must have.",
            ),
        ],
        one_of: &["text", "frame", "path"],
        demands: Demands::Consent,
        build: build::send_raw,
    },
    verb(
        "garbage",
        "Sends garbage, made from what the server's dialect would say, and waits for what the dialect declares that the server does then: a word, an end of the line, nothing. Where it declares nothing, nothing is awaited.",
        &[
            PEER,
            must(
                "kind",
                Shape::Word(&Garbage::NAMES),
                "In which way it is garbage: half of the message, numbers for texts, a field missing, a word that is none, `null`, a field nested 500 deep or of 1.2 MB, no bytes.",
            ),
            may(
                "of",
                Shape::Word(SPOKEN),
                "The word that it is made from; without it `join`, or what else the dialect says by a message.",
            ),
            may(
                "answered",
                Shape::Flag,
                "`false` does not wait; default true.",
            ),
        ],
        Demands::Consent,
        build::garbage,
    ),
    verb(
        "http",
        "An HTTP request to the server, as it is.",
        &[
            PEER,
            must(
                "method",
                Shape::Word(&["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]),
                "The method.",
            ),
            must(
                "path",
                Shape::Path,
                "Path and query; always on the server under test.",
            ),
            may("body", Shape::Text(MAX_TEXT), "The body."),
            may(
                "status",
                Shape::Number(100, 599),
                "The status that the answer must have.",
            ),
        ],
        Demands::Consent,
        build::http,
    ),
];

/// The verb whose value is a duration.
pub(crate) const WAIT: &str = "wait";
/// What it does.
pub(crate) const WAIT_ABOUT: &str = "Lets so much time pass, at most 5m: for idleness, where time itself is the point (a line on which nothing is said, a heartbeat). What is to happen is awaited by `await`, which goes on at once.";

/// The verb whose value is one of [`CONDITIONS`].
pub(crate) const AWAIT: &str = "await";
/// What it does.
pub(crate) const AWAIT_ABOUT: &str = "Waits until something is so.";

/// The step that holds steps which begin together.
pub(crate) const TOGETHER: &str = "together";
/// What it does.
pub(crate) const TOGETHER_ABOUT: &str = "Steps that begin together: the tap gathers the first message that each of them sends, and lets all go in one turn (in the order of the file, or with `--shake` in one that is drawn anew in each run). It ends when all have ended.";
/// What of the requests with `answer: any` is granted.
pub(crate) const LET_IN: &str = "let-in";
/// What of them is refused.
pub(crate) const TURNED_AWAY: &str = "turned-away";
/// Its keys beside its steps.
pub(crate) const TOGETHER_KEYS: &[(&str, &str)] = &[
    (
        LET_IN,
        "Of the requests with `answer: any` so many are granted; or names, by which those who made them go from here on.",
    ),
    (TURNED_AWAY, "The same for those that are refused."),
];
/// What can begin together with something else: what a peer does or sends.
pub(crate) const AT_ONCE: &[&str] = &[
    "connect",
    "create",
    "join",
    "leave",
    "destroy",
    "disconnect",
    "negotiate",
    "create-offer",
    "create-answer",
    "set-local",
    "set-remote",
    "add-candidate",
    "send",
    "restart-ice",
    "open-channel",
    "say",
    "close-channel",
    "close",
    "kill",
    "cut",
    "send-raw",
    "http",
];

/// What `await` can wait for.
pub(crate) const CONDITIONS: &[Verb] = &[
    condition(
        "hears",
        "The peer hears a word; each word heard satisfies one wait.",
        &[
            must("peer", Shape::Peer, "Who hears it."),
            must("hears", Shape::Word(HEARD), "The word."),
            may(
                "from",
                Shape::Peer,
                "Who sent it, or whom the news is about.",
            ),
        ],
        build::hears,
    ),
    condition(
        "held",
        "The tap holds a message that matches.",
        &[
            must("held", Shape::Word(MESSAGES), "Which message."),
            FROM,
            TO,
            NTH,
        ],
        build::held,
    ),
    condition(
        "connected",
        "Each of them is connected with each other one (`connectionState`).",
        &[must("connected", Shape::Peers, "Who.")],
        build::connected,
    ),
    condition(
        "state",
        "A state machine of the peer's newest connection is, or gets, there.",
        &[
            must("peer", Shape::Peer, "Whose."),
            WITH,
            must("state", Shape::State, "The machine and its state."),
        ],
        build::state,
    ),
    condition(
        "channel",
        "A channel of the peer is, or gets, there.",
        &[
            must("peer", Shape::Peer, "Whose."),
            WITH,
            must("channel", Shape::Text(MAX_LABEL), "The channel's label."),
            must(
                "is",
                Shape::Word(&["connecting", "open", "closing", "closed", "error"]),
                "Its state.",
            ),
        ],
        build::channel,
    ),
    condition(
        "said",
        "The peer gets this text through a channel.",
        &[
            must("peer", Shape::Peer, "Who gets it."),
            may("from", Shape::Peer, "Who said it."),
            must("said", Shape::Text(MAX_TEXT), "The text."),
        ],
        build::said,
    ),
    condition(
        "applied",
        "The peer's stack takes this in.",
        &[
            must("peer", Shape::Peer, "Whose."),
            must(
                "applied",
                Shape::Word(&["offer", "answer", "candidate", "end-of-candidates"]),
                "What.",
            ),
        ],
        build::applied,
    ),
    condition(
        "error",
        "The peer's stack refuses something.",
        &[
            must("peer", Shape::Peer, "Whose."),
            must("error", Shape::Word(DURING), "What it was asked."),
        ],
        build::error,
    ),
    condition(
        "disconnected",
        "The peer's signaling connection has ended.",
        &[
            must("peer", Shape::Peer, "Whose."),
            must("disconnected", Shape::True, "Always `true`."),
        ],
        build::disconnected,
    ),
];

/// The step that stands for the steps of a sequence.
pub(crate) const USE: &str = "use";
/// What it does.
pub(crate) const USE_ABOUT: &str = "Puts the steps of a sequence in its place: its name, or `{ sequence: …, … }` with a value for each of its parameters.";
/// The key of `use` that is no parameter.
pub(crate) const SEQUENCE: &str = "sequence";

/// Keys of a file of sequences, and whether they must be there.
pub(crate) const SEQUENCES_FILE: &[(&str, bool, &str)] = &[
    (
        "version",
        false,
        "The version of this format; 1, which is the default.",
    ),
    ("about", false, "What they are for, in a sentence or two."),
    (
        "sequences",
        true,
        "Runs of steps by name, for the scenario files beside it.",
    ),
];

/// Keys of a sequence, and whether they must be there.
pub(crate) const SEQUENCE_KEYS: &[(&str, bool, &str)] = &[
    ("about", false, "What happens, in a sentence or two."),
    (
        "with",
        false,
        "Its parameters, by name: each `use` gives them values, in place of `${…}`.",
    ),
    ("steps", true, "What happens, one after the other."),
];

/// The machines of a connection and their states (W3C WebRTC, sections 4.3.1 to 4.3.3 and 5.6).
pub(crate) const STATES: &[(&str, &[&str])] = &[
    (
        "signaling",
        &[
            "stable",
            "have-local-offer",
            "have-remote-offer",
            "have-local-pranswer",
            "have-remote-pranswer",
            "closed",
        ],
    ),
    ("ice-gathering", &["new", "gathering", "complete"]),
    (
        "ice",
        &[
            "new",
            "checking",
            "connected",
            "completed",
            "disconnected",
            "failed",
            "closed",
        ],
    ),
    (
        "connection",
        &[
            "new",
            "connecting",
            "connected",
            "disconnected",
            "failed",
            "closed",
        ],
    ),
];

/// Keys of the file itself, and whether they must be there.
pub(crate) const FILE: &[(&str, bool, &str)] = &[
    (
        "version",
        false,
        "The version of this format; 1, which is the default.",
    ),
    ("scenario", true, "Its name."),
    (
        "tags",
        false,
        "Words to select it by: `glare run --tag slow`.",
    ),
    ("about", false, "What happens, in a sentence or two."),
    (
        "issue",
        false,
        "The report that it reproduces, an https URL.",
    ),
    (
        "wire",
        false,
        "Whose wire its raw messages, requests and paths are: a dialect's `wire:`, or its name. On any other it is `unsupported`.",
    ),
    (
        "with",
        false,
        "Sets of parameters: each makes one variant of the scenario, with its values in place of `${…}`.",
    ),
    ("peers", true, "Who takes part."),
    (
        "casts",
        false,
        "Mixes of stacks by name, played in place of every one: for each the stacks of those who are not native.",
    ),
    (
        "catches",
        false,
        "Planted faults that must turn it red, and where: `step 6`, `never 1`, `seen 2`, `order 2`, `count 1`, `law 1`.",
    ),
    (
        "breaks",
        false,
        "Laws that it breaks on purpose, by number, each with the reason.",
    ),
    ("steps", true, "What happens, one after the other."),
    (
        "expect",
        false,
        "What must and must not be in the log, in arrow notation.",
    ),
];

/// What the value of a peer's key looks like.
#[derive(Clone, Copy, Debug)]
pub(crate) enum PeerShape {
    /// One of these words.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// `10s`, `500ms`, `2m`.
    Duration,
    /// [`RECONNECTS`].
    Reconnects,
}

/// Keys of a peer.
pub(crate) const PEER_KEYS: &[(&str, PeerShape, &str)] = &[
    (
        "stack",
        PeerShape::Word(&["native", "chromium", "firefox", "wire"]),
        "What plays it; without it the cast decides.",
    ),
    (
        "early-candidates",
        PeerShape::Word(&["buffer", "apply", "drop"]),
        "What it does with candidates that come before the remote description: buffer (right), apply (the stack refuses them), drop.",
    ),
    (
        "negotiation",
        PeerShape::Word(&["auto", "manual"]),
        "`manual` turns off all that a peer does by itself.",
    ),
    (
        "offers",
        PeerShape::Word(&["joiner", "insider", "both", "nobody"]),
        "When it offers by itself: when it comes in (the default), when somebody else does, both, or never.",
    ),
    (
        "polite",
        PeerShape::Flag,
        "Whether it takes its own offer back when two collide; unless said, the one whose name comes later in the alphabet does.",
    ),
    (
        "on-bye",
        PeerShape::Word(&["close", "ignore"]),
        "What it does when another says goodbye: close the connection (the default), or nothing.",
    ),
    (
        "cleans-up-in",
        PeerShape::Duration,
        "How long after the news that somebody went it closes its connection to that one; unless said, it leaves it.",
    ),
    (
        "reconnects",
        PeerShape::Reconnects,
        "What it does by itself when its line to the server is lost; unless said, nothing.",
    ),
    (
        "fault",
        PeerShape::Word(PeerFault::NAMES),
        "What it does wrong: one of the planted faults of peers.",
    ),
];

/// Keys of `reconnects`.
pub(crate) const RECONNECTS: &[(&str, PeerShape, &str)] = &[
    (
        "within",
        PeerShape::Duration,
        "It dials again and again until it is connected, or this time is over; 5s unless said.",
    ),
    (
        "rejoins",
        PeerShape::Flag,
        "Whether it then joins the room again that it was in; true unless said.",
    ),
];

/// Keys of `expect`.
pub(crate) const EXPECT_KEYS: &[(&str, &str)] = &[
    (
        "seen",
        "Lines that must be in the log, in this order. A peer without a number means each of its links, `alice#2` that one, `alice#1` the first.",
    ),
    (
        "never",
        "Lines that must not be anywhere in the trace; the run stops at the first. Peers are named as in `seen`.",
    ),
    (
        "order",
        "Lines of one peer's link (`server -> alice: …`, `alice -> server: …`, or `bob -> alice: …` where it reaches her) that must have passed in this order, as the tap saw it; none of a later one before. Without a number, one of the peer's links has to show them all.",
    ),
    (
        "count",
        "How often a line must be in the trace, whether the log folds it or not: `1`, `2..3` (both included), `at least 2`, `at most 3`.",
    ),
];

/// The forms of a `catches` place.
pub(crate) const PLACES: &[&str] = &["step", "never", "seen", "order", "count", "law"];

/// The highest number of a law.
pub(crate) const LAWS: usize = 12;
/// Limits on a scenario.
pub(crate) const MAX_PEERS: usize = 8;
/// Most mixes of stacks.
pub(crate) const MAX_MIXES: usize = 16;
/// Most steps, with those that sequences put in.
pub(crate) const MAX_STEPS: usize = 200;
/// Most sequences of a file, and most parameters of one.
pub(crate) const MAX_SEQUENCES: usize = 64;
pub(crate) const MAX_PARAMETERS: usize = 16;
/// How deep sequences may use each other.
pub(crate) const MAX_NESTED: usize = 8;
/// Most steps that begin together.
pub(crate) const MAX_AT_ONCE: usize = 16;
pub(crate) const MAX_TAGS: usize = 16;
/// Most parameter sets of a file.
pub(crate) const MAX_VARIANTS: usize = 64;
/// Longest value of a parameter, bytes.
pub(crate) const MAX_VALUE: usize = 200;
pub(crate) const MAX_ROOMS: usize = 16;
pub(crate) const MAX_LINES: usize = 200;
/// Longest line of an expectation, bytes.
pub(crate) const MAX_LINE: usize = 1000;
/// Names that mean something else in the log.
pub(crate) const RESERVED: &[&str] = &["server", "tap", "step", "law", "stage", "all"];

/// Verbs that a reader of other tools may look for, and what to write.
pub(crate) const ELSEWHERE: &[(&str, &str)] = &[
    ("rollback", "write `set-local: { peer: …, kind: rollback }`"),
    (
        "sleep",
        "`await` what is to happen; where time itself is the point: `wait: 500ms`",
    ),
    (
        "answer",
        "peers answer by themselves; by hand: `create-answer`, `set-local`, `send`",
    ),
    (
        "offer",
        "write `negotiate: { from: … }`; by hand: `create-offer`, `set-local`, `send`",
    ),
    (
        "include",
        "write `use: name`, and the steps in `sequences.yaml` beside the scenario",
    ),
    (
        "sequence",
        "write `use: name`, and the steps in `sequences.yaml` beside the scenario",
    ),
    (
        "expect",
        "`expect:` stands at the left margin, beside `steps:`",
    ),
];

/// Keys that files had before, and what is to be done about them.
pub(crate) const GONE: &[(&str, &str)] = &[(
    "needs",
    "leave it out: what a scenario needs is worked out from its steps",
)];

/// The verb of this name.
pub(crate) fn find(table: &'static [Verb], name: &str) -> Option<&'static Verb> {
    table.iter().find(|verb| verb.name == name)
}
