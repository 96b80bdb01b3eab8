//! What can be said of a message, a socket and a frame.

use serde::{Deserialize, Serialize};

/// Which way a message goes through the tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Peer to server.
    Up,
    /// Server to peer.
    Down,
}

/// What carried a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Carrier {
    /// A WebSocket text message.
    Text,
    /// A WebSocket binary message.
    Binary,
    /// An HTTP request (up) or response (down).
    Http,
    /// A server-sent event.
    Event,
    /// A message in the answer to a long poll.
    Poll,
    /// A packet of engine.io, on whatever it travels.
    Packet,
}

/// What became of a message at the tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fate {
    /// Forwarded.
    Passed,
    /// Kept back; a [`What::Released`] may follow.
    Held,
    /// Thrown away on a step's order.
    Dropped,
    /// Forwarded later, on a step's order, and what follows on its leg behind it.
    Delayed,
    /// Changed on a step's order: what went on in its place is the [`Fate::Forged`] message that it caused.
    Corrupted,
    /// Not sent by the one whose link it is: the tap's second copy of the message that caused it.
    Copy,
    /// Not sent by the one whose link it is: written by the tap on a step's order.
    Forged,
    /// Swallowed by a link that a step has silenced.
    Swallowed,
    /// Forwarded into a socket that was already gone.
    Undeliverable,
}

impl Fate {
    /// Whether the far side gets the message, now or after a delay.
    pub fn arrives(self) -> bool {
        matches!(
            self,
            Fate::Passed | Fate::Delayed | Fate::Copy | Fate::Forged
        )
    }

    /// Whether the tap made the message itself: whoever is on the near side has not sent it.
    pub fn is_made(self) -> bool {
        matches!(self, Fate::Copy | Fate::Forged)
    }
}

/// Who ended a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The peer.
    Peer,
    /// The server.
    Server,
    /// The tap, on a step's order.
    Tap,
}

/// How a socket ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Ending {
    /// A close frame (RFC 6455, section 7.4); `code` is `None` for an empty one.
    Close { code: Option<u16>, reason: String },
    /// End of stream without a close frame.
    Eof,
    /// TCP reset.
    Reset,
}

/// In which directions a WebSocket carries nothing any more, while both its sockets stay open (half-open).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// What the peer sends is swallowed.
    pub up: bool,
    /// What the server sends is swallowed.
    pub down: bool,
}

/// What a corrupted message becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Corruption {
    /// One letter or digit becomes the next (`a` to `b`, `z` to `a`, `9` to `0`): the first inside a JSON string at or after the
    /// middle, else the last before it. What was JSON still is; what has no such letter becomes as [`Corruption::NotJson`].
    #[default]
    Letter,
    /// The first byte becomes `#`, with which no JSON text begins (RFC 8259, section 2).
    NotJson,
    /// The first byte becomes 0xff, which no UTF-8 contains (RFC 3629, section 3): in a text frame a reason to close with 1007
    /// (RFC 6455, section 8.1).
    NotUtf8,
}

/// A frame that breaks RFC 6455.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RawFrame {
    /// A client's text frame without a mask (section 5.1: the server must close).
    Unmasked,
    /// RSV1 is set, though no extension was agreed on (section 5.2: the receiver must fail the connection).
    ReservedBit,
    /// A text frame that is not UTF-8 (section 8.1: fail the connection; 1007).
    NotUtf8,
    /// A close frame with a code that stands for there being none, and must not be written (section 7.4.1: 1005).
    OddClose,
    /// A text frame whose length says 100 bytes more than come. What follows on the link is taken for its payload.
    FalseLength,
    /// A binary frame, which breaks no rule of WebSockets (section 5.6), of what is no message of the server's.
    Binary,
}

/// How the log tells, behind the peer's name, of a line beside the one that stands, which is to be refused.
pub const ONE_MORE: &str = "one more connection, refused";

/// The same of one that the server is to let in.
pub const ONE_MORE_LET_IN: &str = "one more connection, let in";
