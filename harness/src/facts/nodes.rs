//! A server of several nodes: what one of them has done shows nothing of what the others have, and what goes from one to another may
//! take its time. That a reply is here says that all is here which the same node had queued before, and no more than that.

use std::collections::BTreeMap;

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

    /// Whether the server has several.
    pub(super) fn are_several(&self) -> bool {
        !self.placed.is_empty()
    }

    /// When a step first ended that of this peer, by event.
    pub(super) fn end_of(&self, peer: &PeerName) -> Option<usize> {
        self.ended.get(self.placed.get(peer)?).copied()
    }

    /// Whether a step has ended any.
    pub(super) fn any_ended(&self) -> bool {
        !self.ended.is_empty()
    }
}
