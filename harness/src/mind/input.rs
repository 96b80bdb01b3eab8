//! What goes into a mind, and what comes out.

use std::time::Duration;

use crate::hand::{Command, Deed, HandError, Happening, Reply};
use crate::names::PeerName;
use crate::record::{Seq, What};
use crate::signaling::Signal;

/// The number of a command that a mind has given, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call(pub u64);

/// The number of an order of the stage, which chooses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OrderId(pub u64);

/// An event that the mind itself has had recorded: it gets its number only then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(pub u64);

/// What led to something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// An event of the record.
    Event(Seq),
    /// One that the mind has had recorded.
    Mark(Mark),
}

impl From<Seq> for Cause {
    fn from(seq: Seq) -> Self {
        Cause::Event(seq)
    }
}

impl From<Mark> for Cause {
    fn from(mark: Mark) -> Self {
        Cause::Mark(mark)
    }
}

/// What goes into a mind. `heard` is the event of the word that was heard.
#[derive(Clone, Debug)]
pub enum Input {
    /// It asks to be let into a room; with `offers` it will offer to each who is inside, or to none; where that is not said, as its policy is.
    Joining { offers: Option<bool> },
    /// A join was refused, or something that nobody named (`bare`): then it may have been the join.
    Refused { bare: bool },
    /// It is in a room, with these.
    Joined { inside: Vec<PeerName>, heard: Seq },
    /// The server told that somebody came in.
    Came { peer: PeerName, heard: Seq },
    /// The server told that somebody went.
    Went { peer: PeerName, heard: Seq },
    /// A signal of another peer.
    Signal {
        from: PeerName,
        signal: Signal,
        heard: Seq,
    },
    /// The line to the server is gone.
    LineLost,
    /// What a step wants done; without `to` the mind knows whom it means.
    Deed {
        order: OrderId,
        to: Option<PeerName>,
        deed: Deed,
        cause: Vec<Seq>,
    },
    /// What its hand tells of a connection or channel.
    Happening(Happening),
    /// What came of a command.
    Reply {
        call: Call,
        result: Result<Reply, HandError>,
    },
    /// The time of an [`Output::After`] is over.
    Time { with: PeerName, number: u32 },
}

impl Input {
    /// The event of the word that was heard, if it is one.
    pub fn heard(&self) -> Option<Seq> {
        match self {
            Input::Joined { heard, .. }
            | Input::Came { heard, .. }
            | Input::Went { heard, .. }
            | Input::Signal { heard, .. } => Some(*heard),
            _ => None,
        }
    }
}

/// What a mind wants done. The order matters: commands and signals go out in it, and an event is recorded before what it has caused.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Give the hand this command; what comes of it is an [`Input::Reply`].
    Do { call: Call, command: Command },
    /// Say this to a peer, through the server. If an order waits for it, it is over with the end of that.
    Signal {
        to: PeerName,
        signal: Signal,
        cause: Vec<Cause>,
        ends: Option<OrderId>,
    },
    /// Record this event.
    Record {
        mark: Mark,
        what: What,
        cause: Vec<Cause>,
    },
    /// An order is over.
    Over { order: OrderId, end: End },
    /// Come back after this time, with an [`Input::Time`].
    After {
        with: PeerName,
        number: u32,
        time: Duration,
    },
}

/// How an order ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// It is done, or under way.
    Yes,
    /// It could not be carried out: why, for a person.
    No(String),
    /// The stack refused it, which has been recorded.
    Refused {
        name: String,
        message: String,
        at: Mark,
    },
}
