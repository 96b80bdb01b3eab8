//! What a server is declared to do, so that no law reports what is meant so.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::signaling::{Garbled, Refusals};

/// The declared properties of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Properties {
    /// Those who stay hear within this time that somebody went, by whatever way; `None`: they are not told.
    pub announces_leaving_within: Option<Duration>,
    /// The place of one whose line has ended is kept for so long: those who stay hear of it so much later.
    pub keeps_places: Option<Duration>,
    /// It is kept for so long at least; `None`: nothing is promised to who is lost.
    pub keeps_places_at_least: Option<Duration>,
    /// What those who stay are told of how somebody went.
    pub how: Ways,
    /// Those inside hear within this time that somebody's line has ended while his place is kept, and that he is back; `None`: nothing is promised.
    pub announces_absence_within: Option<Duration>,
    /// What somebody may show of himself; the first is that of who comes in.
    pub states: Vec<serde_json::Value>,
    /// All others in the room hear within this time what somebody has set; `None`: nothing is promised.
    pub announces_states_within: Option<Duration>,
    /// Who comes back into his place shows what he had set.
    pub keeps_states: bool,
    /// Who of those inside hears that somebody went.
    pub announces_leaving_to: Audience,
    /// Those inside hear within this time that somebody came; `None`: nothing is promised.
    pub announces_joining_within: Option<Duration>,
    /// Who is back before he was told to be gone need not be told to have gone.
    pub coalesces: bool,
    /// News of a stay comes before what its peer relays.
    pub news_before_relays: bool,
    /// Each piece of news is told once.
    pub news_once: bool,
    /// A line on which nothing arrives any more, and that nobody has closed, is noticed within this time; `None`: nothing is promised.
    pub notices_silence_within: Option<Duration>,
    /// A line on which nobody says anything, and whose client answers pings, stands for so long; `None`: nothing is promised.
    pub keeps_idle_lines_for: Option<Duration>,
    /// That the whole server stood still puts nobody out.
    pub bears_standstill: bool,
    /// What becomes of a second connection with an id that is in use; `None`: nothing is promised.
    pub same_id: Option<SameId>,
    /// What it does with garbage.
    pub garbage: Garbled,
    /// Which requests are refused, and what is said then.
    pub refusals: Refusals,
    /// A request is answered within this time; `None`: no time is promised.
    pub answers_within: Option<Duration>,
    /// A server that is asked to end has ended within this time, whoever has a line; `None`: nothing is promised.
    pub ends_within: Option<Duration>,
    /// A server that is asked to end closes each WebSocket with this code; `None`: nothing is promised.
    pub ends_with: Option<u16>,
    /// Nobody is reached from another room, not even who is addressed by name.
    pub rooms_apart: bool,
    /// Whatever name is said is taken, is told from all others, and comes back as it was said.
    pub takes_any_name: bool,
    /// A message of so many bytes, as a peer sends it, is taken and passed on; `None`: nothing is promised.
    pub takes_up_to: Option<usize>,
    /// A room that everybody has left can be made anew.
    pub frees_empty_rooms: bool,
    /// However often something is asked, and by however many, it is done as the first time, and what it took is given back.
    pub endures: bool,
    /// So many fit into a room; `None`: no limit is promised.
    pub room_size: Option<usize>,
    /// What is relayed may come out changed.
    pub rewrites: bool,
    /// The server is one end of each connection, and passes on what is said in it; descriptions and candidates are for it, and of it.
    pub relays_media: bool,
    /// A peer is in one call at a time, which is one offer and its answer: who is in one is refused another, and so is who offers to him.
    pub one_call: bool,
    /// Whether what is relayed also comes back to its sender; `None`: nothing is promised.
    pub echoes: Option<bool>,
    /// What is relayed may arrive more than once.
    pub repeats: bool,
    /// What is relayed may arrive in any order.
    pub unordered: bool,
    /// Whether what is addressed to one also reaches others in the room; `None`: nothing is promised.
    pub broadcasts: Option<bool>,
    /// What becomes of a message to somebody who is not there; `None`: nothing is promised.
    pub absent_peer: Option<AbsentPeer>,
    /// All who stay hear within this time who is host when the one before has gone; `None`: nothing is promised.
    pub announces_host_within: Option<Duration>,
    /// The host is who has been inside longest.
    pub host_passes_to_longest: bool,
    /// Who may put others out of a room; `None`: nothing is promised.
    pub kick_by: Option<WhoMay>,
    /// Who may remove a room; `None`: nothing is promised.
    pub destroy_by: Option<WhoMay>,
    /// Those inside hear that their room was removed.
    pub tells_room_end: bool,
}

/// The server's words for the ways in which somebody goes; `None`: nothing is promised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// He said so.
    pub left: Option<String>,
    /// His line was reset.
    pub lost: Option<String>,
}

impl Ways {
    /// Whether anything is promised.
    pub fn is_declared(&self) -> bool {
        self.left.is_some() || self.lost.is_some()
    }
}

/// Who of those inside hears that somebody went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Audience {
    /// All of them.
    #[default]
    Inside,
    /// Those between whom and the one who went something was relayed.
    Signaled,
}

/// What becomes of a second connection with an id that is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SameId {
    /// It is refused.
    Reject,
    /// It replaces the first.
    Takeover,
    /// It gets another id.
    Rename,
}

/// What becomes of a message to somebody who is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbsentPeer {
    /// It waits for them.
    Queue,
    /// The sender is told.
    Error,
    /// It is thrown away.
    Silence,
}

/// Who of those inside may do what concerns all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhoMay {
    /// Its host: who has made it, until it has another.
    Host,
    /// Whoever is inside.
    Anybody,
}

/// The words for [`WhoMay`], as files write them.
pub(crate) const WHO_MAY: &[&str] = &["host", "anybody"];
/// Who becomes host, as files write it.
pub(crate) const HOST_PASSES_TO: &[&str] = &["longest"];
/// The words for [`SameId`], as files write them.
pub(crate) const SAME_ID: &[&str] = &["reject", "takeover", "rename"];
/// The words for [`Audience`], as files write them.
pub(crate) const AUDIENCE: &[&str] = &["inside", "signaled"];
/// The words for [`AbsentPeer`], as files write them.
pub(crate) const ABSENT_PEER: &[&str] = &["queue", "error", "silence"];

impl Audience {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "signaled" => Self::Signaled,
            _ => Self::Inside,
        }
    }
}

impl WhoMay {
    pub(super) fn parse(word: &str) -> Self {
        match word {
            "anybody" => Self::Anybody,
            _ => Self::Host,
        }
    }
}

impl SameId {
    pub(super) fn parse(word: &str) -> Self {
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
