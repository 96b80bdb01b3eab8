//! Names that not every server takes as they are, or tells from all others.

use std::collections::BTreeSet;

use super::model::Scenario;
use crate::names::RoomName;

impl Scenario {
    /// What needs a server that takes any name, among the names of the peers.
    pub(super) fn odd_peer(&self) -> Option<String> {
        let peers = || self.peers.iter().map(|(peer, _)| peer);
        let odd = peers().find(|peer| !peer.is_plain());
        let beside = || {
            let later = peers().enumerate();
            later.filter_map(|(place, peer)| {
                let mut before = peers().take(place);
                let other = before.find(|one| in_other_capitals(one.as_str(), peer.as_str()))?;
                Some(format!("names a peer `{peer}` beside `{other}`"))
            })
        };
        odd.map(|peer| format!("names a peer `{peer}`"))
            .or_else(|| beside().next())
    }
}

/// The same of a room, where these were named before.
pub(super) fn odd_room(room: &RoomName, named: &BTreeSet<&RoomName>) -> Option<String> {
    if named.contains(room) {
        return None;
    }
    let mut named = named.iter();
    let other = named.find(|one| in_other_capitals(one.as_str(), room.as_str()));
    match other {
        Some(other) => Some(format!("names a room `{room}` beside `{other}`")),
        None => (!room.is_plain()).then(|| format!("names a room `{room}`")),
    }
}

/// Whether they are one name but for capitals: a server may take them for one.
fn in_other_capitals(one: &str, other: &str) -> bool {
    one != other && one.to_lowercase() == other.to_lowercase()
}
