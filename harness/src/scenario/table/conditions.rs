//! What `await` waits for.

use super::keys::{DURING, FROM, HEARD, MESSAGES, NTH, TO, WANTED, WITH};
use super::limits::{MAX_LABEL, MAX_TEXT};
use super::spec::{Shape, Verb, condition, may, must};
use crate::scenario::build;

/// Each is told from the others by its name, which is a key.
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
        "room-ended",
        "The peer is told that its room is gone, which it has not asked for: it hears `destroyed`, or `kicked`.",
        &[
            must("peer", Shape::Peer, "Who."),
            must("room-ended", Shape::True, "Always `true`."),
        ],
        build::room_ended,
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
    condition(
        "gets",
        "A message that comes to the peer has this in it, whatever the dialect makes of it: a word that it ignores, or knows nothing of.",
        &[
            must("peer", Shape::Peer, "To whom it comes."),
            must("gets", Shape::Wanted(MAX_TEXT), WANTED),
        ],
        build::gets,
    ),
    condition(
        "sends",
        "The same of a message that the peer itself sends, such as a page by itself.",
        &[
            must("peer", Shape::Peer, "Who sends it."),
            must("sends", Shape::Wanted(MAX_TEXT), WANTED),
        ],
        build::sends,
    ),
];
