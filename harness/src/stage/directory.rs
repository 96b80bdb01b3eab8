//! Who is in the case, as the server knows them.

use std::collections::BTreeMap;

use crate::names::PeerName;

/// Who is in the case, as the server knows them.
#[derive(Clone, Default)]
pub struct Directory {
    names: BTreeMap<String, PeerName>,
}

impl Directory {
    /// The id on the wire is the peer's name.
    pub fn new<'a>(peers: impl Iterator<Item = &'a PeerName>) -> Self {
        Self {
            names: peers
                .map(|name| (name.as_str().to_owned(), name.clone()))
                .collect(),
        }
    }

    /// The id that the server knows this peer by.
    pub fn id(&self, peer: &PeerName) -> String {
        peer.as_str().to_owned()
    }

    /// The peer behind an id.
    pub fn peer(&self, id: &str) -> Option<PeerName> {
        self.names.get(id).cloned()
    }

    /// Everybody but this one, if that is exactly one.
    pub fn other(&self, me: &PeerName) -> Option<PeerName> {
        let mut others = self.names.values().filter(|name| *name != me);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.clone()),
            _ => None,
        }
    }
}
