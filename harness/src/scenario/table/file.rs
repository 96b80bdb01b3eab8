//! Keys of files, of peers and of `expect`.

use crate::hand::PeerFault;

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
    /// The number of a node, from 1.
    Node,
    /// A path, with its query.
    Path,
    /// Width and height, `390x844`.
    Viewport,
}

/// Keys of a peer.
pub(crate) const PEER_KEYS: &[(&str, PeerShape, &str)] = &[
    (
        "app",
        PeerShape::Path,
        "It is a page of yours, at this path: of the server under test, or of the project's `[app]`. A browser plays it, and steps drive it as a user does.",
    ),
    (
        "viewport",
        PeerShape::Viewport,
        "With `app`: how large its page is shown, width and height in CSS pixels, `390x844`; unless said, about as on a laptop (1366x682), in each browser.",
    ),
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
    (
        "node",
        PeerShape::Node,
        "The node of the server that it talks to, from 1; unless said, the first peer's is 1, the second's 2, and so on, round and round. A server with fewer nodes does not play it.",
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

/// Names that mean something else in the log.
pub(crate) const RESERVED: &[&str] = &["server", "tap", "step", "law", "stage", "all"];
