//! What the tap asks for each message, and what it may be told.

use std::time::Duration;

use super::violation::Violation;
use crate::carrier::Packets;
use crate::terms::Corruption;
use crate::terms::{Carrier, Direction, Ending, Side};

/// One message on its way. For a WebSocket a whole message (all its fragments); of an event stream an event's data, of a poll's answer an item,
/// of engine.io or MQTT a packet; for plain HTTP a whole request or response.
#[derive(Debug)]
pub struct Passing<'a> {
    /// The line's number at this tap, from 1 in the order of the requests for them; 0 for plain HTTP.
    pub link: u32,
    /// Which way it goes.
    pub direction: Direction,
    /// What carries it.
    pub carrier: Carrier,
    /// The payload, unmasked; for HTTP the body, decoded by its `Content-Encoding` if that is possible.
    pub data: &'a [u8],
    /// The same, if it is UTF-8.
    pub text: Option<&'a str>,
    /// For plain HTTP: `POST /create` (up) or `POST /create 200` (down); empty on a line.
    pub head: &'a str,
    /// The payload was longer than the tap decodes; `data` is its beginning.
    pub truncated: bool,
    /// The link is silent in this direction: it goes nowhere, whatever the verdict.
    pub swallowed: bool,
}

/// A number for a held message, unique at its tap.
pub type HoldId = u64;

/// What the tap does with a message. The one place where a fault is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Forward it now.
    Pass,
    /// Keep it until `release`; later messages overtake it.
    Hold,
    /// Keep it until `release`, and what follows on the same leg behind it.
    Gather,
    /// Throw it away.
    Drop,
    /// Forward it after this time; what follows on the same leg waits behind it.
    Delay(Duration),
    /// Forward it, and right behind it the same once more. HTTP goes once all the same.
    Duplicate,
    /// Forward it corrupted, in one frame. The body of an HTTP response that is chunked or encoded goes without that; a request that is goes
    /// unchanged.
    Corrupt(Corruption),
    /// Forward it, after this time if there is one, and right behind it what is held under this number.
    Then(HoldId, Option<Duration>),
}

/// What happens to a line at the tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// The server accepted the upgrade (101), began an event stream, opened a session; or the first poll has gone to it. `path` is the
    /// request's path and query.
    Up { path: String },
    /// It did not come about.
    Refused(Refused),
    /// The peer ended it, but the server cannot know: the link is silent upwards. Told once.
    Unheard { ending: Ending },
    /// It ended. Told once, when the first side ended of which the other can know. A poll that is answered by an error ends its line with that
    /// status as the code.
    Down { by: Side, ending: Ending },
}

/// Why a request for a WebSocket did not bring one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The server answered with another status than 101.
    Answered {
        /// The status.
        status: u16,
        /// What it is called: the standard's phrase, or the server's own where there is none.
        phrase: String,
        /// What the answer says, decoded; its beginning if it is long or comes slowly.
        body: Vec<u8>,
    },
    /// There was no answer: the first to end its side was this one.
    Unanswered { by: Side },
    /// The tap answered in the server's place: why.
    ByTap { why: String },
}

/// Decides and records, per message. Called from the tap's tasks, in order per leg; it must not block.
pub trait Policy: Send + Sync + 'static {
    /// A message is about to be forwarded. `hold` is the number it gets if the verdict is `Hold` or `Gather`.
    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict;

    /// Whether this message of the server's cannot be judged yet: what it means comes in on another link in this moment. It is asked again soon,
    /// and what follows waits behind it, so it must not go on for long.
    fn waits(&self, _link: u32, _payload: &[u8]) -> bool {
        false
    }

    /// The packets that the binary messages of its lines are a stream of, if they are one.
    fn packets(&self) -> Option<Packets> {
        None
    }

    /// A request for the line of this number, or for its WebSocket if it has begun by polling, is about to be forwarded: its first line, and
    /// below that a line for each header that says something of its own.
    fn asked(&self, _link: u32, _request: &str) {}

    /// A request for the WebSocket of this number is about to be forwarded; whether it waits for the `release` of `hold`.
    fn upgrading(&self, _link: u32, _hold: HoldId) -> bool {
        false
    }

    /// A WebSocket came or went.
    fn link(&self, link: u32, change: LinkChange);

    /// Something was written wrongly: down by the server, up by the peer. Each rule once for a WebSocket and direction; what a step's fault
    /// makes of a message is none. `link` is 0 for plain HTTP. The bytes go on all the same.
    fn violation(&self, _link: u32, _direction: Direction, _violation: &Violation) {}

    /// A page wanted to call this `host:port`, whom nobody has named, and was refused. Told once for each.
    fn foreign(&self, _authority: &str) {}

    /// A page wanted to speak TLS with this `host:port`, for which there is no certificate.
    fn tls_wanted(&self, _authority: &str) {}

    /// A message that was judged `Pass` or `Delay` found its socket gone. Told right after the attempt.
    fn undeliverable(&self, _link: u32, _direction: Direction) {}
}
