//! One connection of a brain to one peer, as far as it is negotiated.

use std::collections::VecDeque;

use crate::record::Seq;
use crate::signaling::{Candidate, Description};

/// One connection to one peer.
pub(super) struct Session {
    /// Its number at the hand.
    pub conn: u32,
    /// An offer of its own is out, not answered yet.
    pub(super) offering: bool,
    /// The newest remote description that was taken in.
    pub(super) remote: Option<Remote>,
    /// Remote candidates that came before it.
    pub(super) early: VecDeque<(Option<Candidate>, Seq)>,
    /// The descriptions taken in so far, as events; what connects is caused by them.
    pub(super) applied: Vec<Seq>,
    /// Local candidates that wait for their description to be sent, `None` for the end.
    pub gathered: VecDeque<(Option<Candidate>, Seq)>,
    /// The event that sent the local description; `None` while it has not been sent.
    pub(super) described: Option<Seq>,
    /// An offer of the other side was ignored (glare, impolite): its candidates mean nothing.
    pub(super) ignoring: bool,
    /// By hand: what was created or set and not yet sent.
    pub kept: Option<(Description, Option<Seq>)>,
    pub closed: bool,
    /// The server said that the other side went or came anew: nothing of this session is meant for whoever has its name now.
    pub departed: bool,
}

pub(super) struct Remote {
    /// The certificates of the other side: another one is another connection (RFC 8122, section 5).
    pub(super) fingerprints: Vec<String>,
    /// Its ICE generation: a candidate that names another one is late.
    pub(super) ufrags: Vec<String>,
}

impl Session {
    /// Whether the other side has ever described itself.
    pub(super) fn is_described(&self) -> bool {
        self.remote.is_some()
    }

    pub(super) fn new(conn: u32) -> Self {
        Self {
            conn,
            offering: false,
            remote: None,
            early: VecDeque::new(),
            applied: Vec::new(),
            gathered: VecDeque::new(),
            described: None,
            ignoring: false,
            kept: None,
            closed: false,
            departed: false,
        }
    }
}
