//! What a server is declared to do, so that no law reports what is meant so.

use std::time::Duration;

/// The declared properties of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Those who stay hear within this time that somebody went, by whatever way; `None`: they are not told.
    pub announces_leaving_within: Option<Duration>,
    /// Those inside hear within this time that somebody came; `None`: nothing is promised.
    pub announces_joining_within: Option<Duration>,
    /// Who is back before he was told to be gone need not be told to have gone.
    pub coalesces: bool,
    /// News of a stay comes before what its peer relays.
    pub news_before_relays: bool,
    /// Each piece of news is told once.
    pub news_once: bool,
    /// What becomes of a second connection with an id that is in use.
    pub same_id: SameId,
    /// A request is answered within this time; `None`: no time is promised.
    pub answers_within: Option<Duration>,
    /// So many fit into a room; `None`: no limit is promised.
    pub room_size: Option<usize>,
    /// What is relayed may come out changed.
    pub rewrites: bool,
    /// What is relayed also comes back to its sender.
    pub echoes: bool,
    /// What is relayed may arrive more than once.
    pub repeats: bool,
    /// What is relayed may arrive in any order.
    pub unordered: bool,
    /// What is addressed to one may also reach others in the room.
    pub broadcasts: bool,
    /// What becomes of a message to somebody who is not there.
    pub absent_peer: AbsentPeer,
}

/// What becomes of a second connection with an id that is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameId {
    /// It is refused.
    #[default]
    Reject,
    /// It replaces the first.
    Takeover,
    /// It gets another id.
    Rename,
}

/// What becomes of a message to somebody who is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AbsentPeer {
    /// It waits for them.
    Queue,
    /// The sender is told.
    #[default]
    Error,
    /// It is thrown away.
    Silence,
}

/// The words for [`SameId`], as files write them.
pub(crate) const SAME_ID: &[&str] = &["reject", "takeover", "rename"];
/// The words for [`AbsentPeer`], as files write them.
pub(crate) const ABSENT_PEER: &[&str] = &["queue", "error", "silence"];

impl SameId {
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "takeover" => Self::Takeover,
            "rename" => Self::Rename,
            _ => Self::Reject,
        }
    }
}

impl AbsentPeer {
    pub(crate) fn parse(word: &str) -> Self {
        match word {
            "queue" => Self::Queue,
            "silence" => Self::Silence,
            _ => Self::Error,
        }
    }
}
