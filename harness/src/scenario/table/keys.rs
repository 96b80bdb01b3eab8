//! Keys that several verbs have, and the words that they may hold.

use super::limits::{MAX_LABEL, MAX_NODE};
use super::spec::{KeySpec, Shape, may, must};

/// Belongs to every verb.
pub(crate) const WITHIN: KeySpec = may(
    "within",
    Shape::Duration,
    "How long the step may wait; default 10s, at most 5m.",
);

pub(super) const PEER: KeySpec = must("peer", Shape::Peer, "Who does it.");
pub(super) const ROOM: KeySpec = must("room", Shape::Room, "The room's name.");
pub(super) const REFUSED: KeySpec = may(
    "refused",
    Shape::Reason,
    "The server must refuse it: `true`, or text that its reason contains.",
);
pub(super) const ANSWER: KeySpec = may(
    "answer",
    Shape::Word(&["any"]),
    "`any`: granted or refused, either is right. What comes of it is told by `together`, or heads the log.",
);
pub(super) const FAILS: KeySpec = may(
    "fails",
    Shape::Reason,
    "The stack must refuse it: `true`, or text that its error contains.",
);
pub(super) const MESSAGE: KeySpec = must("message", Shape::Word(MESSAGES), "Which message.");
pub(super) const FROM: KeySpec = may(
    "from",
    Shape::Peer,
    "Who says it. Alone: on the sender's side of the server.",
);
pub(super) const TO: KeySpec = may(
    "to",
    Shape::Peer,
    "Who is to hear it: on the receiver's side of the server.",
);
pub(super) const OTHER_END: KeySpec = may(
    "to",
    Shape::Peer,
    "Who is at the other end of the connection, where there is a choice.",
);
pub(super) const WITH: KeySpec = may(
    "with",
    Shape::Peer,
    "Who is at the other end, where there is a choice.",
);
pub(super) const NTH: KeySpec = may(
    "nth",
    Shape::Number(1, 1000),
    "Only the nth that matches from now on, from 1; without it every one.",
);
pub(super) const NODE: KeySpec = may(
    "node",
    Shape::Number(1, MAX_NODE),
    "This node of the server alone, from 1; without it all of them.",
);
pub(super) const CHANNEL: KeySpec = may(
    "channel",
    Shape::Text(MAX_LABEL),
    "The channel's label; default `chat`.",
);

/// The kinds that go from peer to peer.
pub(super) const SIGNALS: &[&str] = &["offer", "answer", "candidate", "end-of-candidates", "bye"];
/// What a peer can say.
pub(super) const SPOKEN: &[&str] = &[
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
];
/// What the tap can be told to look for: all but the harness's own fence.
pub(super) const MESSAGES: &[&str] = &[
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
];
/// What a peer can hear.
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
];
/// What a stack can be asked.
pub(super) const DURING: &[&str] = &[
    "add-candidate",
    "set-remote",
    "set-local",
    "create-offer",
    "create-answer",
    "say",
];

/// What a message has in it.
pub(super) const WANTED: &str = "Text that stands in it, or members that a JSON message has, each with this value, whatever others it has: `{ type: card, of: { id: alice } }`; an event of socket.io is the list of its name and what comes with it.";
