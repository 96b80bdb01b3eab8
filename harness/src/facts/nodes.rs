//! A server of several nodes: what one of them has done shows nothing of what the others have, and what goes from one to another may
//! take its time. That a reply is here says that all is here which the same node had queued before, and no more than that.

use std::collections::BTreeMap;

use super::rooms::{PeerId, Rooms};
use crate::names::PeerName;
use crate::record::What;
use crate::terms::ServerLife;

/// Who is on which node, and which of these have been ended.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    placed: BTreeMap<PeerName, u32>,
    /// The first end of each by a step, by event.
    ended: BTreeMap<u32, usize>,
}

impl Nodes {
    /// Takes in one more event. What is said of the nodes comes before all else.
    pub(super) fn take(&mut self, what: &What, i: usize) {
        match what {
            What::Case(facts) => self.placed.clone_from(&facts.placed),
            What::Node {
                node,
                life: ServerLife::Killed,
            } => {
                self.ended.entry(*node).or_insert(i);
            }
            _ => {}
        }
    }

    /// Whether a step has ended any.
    pub(crate) fn any_ended(&self) -> bool {
        !self.ended.is_empty()
    }
}

impl Rooms {
    /// Whether the server is of several nodes.
    pub(crate) fn is_spread(&self) -> bool {
        !self.nodes.placed.is_empty()
    }

    /// Whether a step had ended this peer's node before this event: nobody may have been left to tell that the peer is gone, and who tells it
    /// at last may do so when the peer is back.
    pub(crate) fn lost_its_node(&self, peer: PeerId, before: usize) -> bool {
        let node = self.nodes.placed.get(&self.peers[peer].name);
        let ended = node.and_then(|node| self.nodes.ended.get(node));
        ended.is_some_and(|ended| *ended < before)
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
