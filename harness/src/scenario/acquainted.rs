//! Who has certainly signaled with whom, as far as the steps tell: what they wait for has been relayed.

use std::collections::{BTreeMap, BTreeSet};

use crate::names::PeerName;

/// Pairs between whom the server has relayed something in their present stays.
#[derive(Default)]
pub(super) struct Acquainted<'s> {
    pairs: BTreeSet<(&'s PeerName, &'s PeerName)>,
    /// With whom those who have gone had signaled when they went.
    parted: BTreeMap<&'s PeerName, BTreeSet<&'s PeerName>>,
}

impl<'s> Acquainted<'s> {
    /// Something was relayed from one to the other.
    pub fn meet(&mut self, one: &'s PeerName, other: &'s PeerName) {
        self.pairs.insert((one, other));
        self.pairs.insert((other, one));
    }

    /// Each of them with each other one.
    pub fn all_meet(&mut self, peers: &'s [PeerName]) {
        for (place, one) in peers.iter().enumerate() {
            for other in &peers[..place] {
                self.meet(one, other);
            }
        }
    }

    /// This one goes: whoever comes under the name next has signaled with nobody.
    pub fn part(&mut self, who: &'s PeerName) {
        let of = |pair: &&(&'s PeerName, &'s PeerName)| pair.0 == who;
        let others: BTreeSet<_> = self.pairs.iter().filter(of).map(|pair| pair.1).collect();
        self.pairs.retain(|pair| pair.0 != who && pair.1 != who);
        self.parted.insert(who, others);
    }

    /// Whether this one, when it last went, had signaled with that one.
    pub fn parted_from(&self, gone: &PeerName, who: &PeerName) -> bool {
        let parted = self.parted.get(gone);
        parted.is_some_and(|others| others.contains(who))
    }
}
