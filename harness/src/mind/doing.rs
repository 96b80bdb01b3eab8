//! What a pair is in the middle of: commands under way, and how it goes on when their replies are there.

use std::collections::BTreeSet;

use super::input::{Call, Cause, Mark, OrderId};
use super::item::Item;
use super::remote::Remote;
use crate::hand::{HandError, Reply};
use crate::record::Applied;
use crate::signaling::{DescriptionKind, Kind, Signal};

/// Commands under way, given one right after the other. The first that fails decides; else the reply of the last.
#[derive(Clone, Debug)]
pub(super) struct Doing {
    /// Those that have no reply yet, each with what a refusal of it is called in the record.
    pub calls: Vec<(Call, Option<&'static str>)>,
    pub last: Call,
    pub failed: Option<(Option<&'static str>, HandError)>,
    pub reply: Option<Reply>,
    pub then: Then,
}

/// How it goes on.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// The offer is the local description: it is sent.
    Offered {
        order: Option<OrderId>,
        cause: Vec<Cause>,
    },
    /// ICE is to restart: an offer follows.
    Restarted {
        order: Option<OrderId>,
        cause: Vec<Cause>,
    },
    /// The other side's description is taken in; an offer is answered.
    Took {
        kind: DescriptionKind,
        remote: Remote,
        heard: Cause,
    },
    /// The answer is the local description: it is sent.
    Answered { cause: Vec<Cause> },
    /// All candidates are in the description, which is sent.
    Whole(Unsent),
    /// A connection for candidates that came before their description is there.
    Opened { item: Box<Item>, heard: Cause },
    /// The connection is closed because the other side said goodbye, or went.
    Closed { heard: Option<Cause> },
    /// By hand.
    Created {
        order: Option<OrderId>,
        cause: Vec<Cause>,
    },
    /// By hand.
    SetLocal {
        order: Option<OrderId>,
        kind: DescriptionKind,
        cause: Vec<Cause>,
    },
    /// By hand.
    SetRemote {
        order: Option<OrderId>,
        kind: DescriptionKind,
        ufrags: BTreeSet<String>,
        cause: Vec<Cause>,
    },
    /// By hand.
    Added {
        order: Option<OrderId>,
        applied: Applied,
        cause: Vec<Cause>,
    },
    /// By hand: what was gathered is in the description, which is sent.
    Gathered {
        order: Option<OrderId>,
        kind: Kind,
        cause: Vec<Cause>,
    },
    /// Something that only ends.
    Plain {
        order: Option<OrderId>,
        cause: Vec<Cause>,
    },
}

/// A local description that is set and not sent yet: it waits for its candidates.
#[derive(Clone, Debug)]
pub(super) struct Unsent {
    pub kind: DescriptionKind,
    /// That it was set.
    pub set: Mark,
    /// What ends when it is sent.
    pub order: Option<OrderId>,
}

/// Something that a description became: an offer or an answer.
pub(super) fn described(kind: DescriptionKind, sdp: String) -> Signal {
    let sdp = sdp.into();
    match kind {
        DescriptionKind::Offer => Signal::Offer { sdp },
        _ => Signal::Answer { sdp },
    }
}
