//! What laws ask of a server of several nodes: see [`super::nodes`].

use super::rooms::{PeerId, Rooms};

impl Rooms {
    /// Whether the server is of several nodes.
    pub(crate) fn is_spread(&self) -> bool {
        self.nodes.are_several()
    }

    /// Whether a step had ended this peer's node before this event: nobody may have been left to tell that the peer is gone, and who tells it
    /// at last may do so when the peer is back.
    pub(crate) fn lost_its_node(&self, peer: PeerId, before: usize) -> bool {
        let ended = self.nodes.end_of(&self.peers[peer].name);
        ended.is_some_and(|ended| ended < before)
    }

    /// Whether this peer has ever asked to come into a room: what is on its way to it from another node may be for that one.
    pub(super) fn was_ever_in(&self, peer: PeerId) -> bool {
        !self.peers[peer].asked_for.is_empty()
    }

    /// The first event from this one on that is later by so much (µs).
    pub(crate) fn later(&self, than: usize, by: u64) -> Option<usize> {
        let due = self.events[than].at.saturating_add(by);
        let at = self.events.partition_point(|event| event.at <= due);
        (at < self.events.len()).then_some(at.max(than))
    }
}
