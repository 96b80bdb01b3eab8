//! What the steps have done to the lines.

use std::collections::BTreeSet;

use crate::names::{Link, PeerName};

/// What the steps so far have disturbed.
#[derive(Default)]
pub(super) struct Disturbed {
    /// Links on which not all arrives any more: what is on them is logged only where something waited for it.
    pub(super) broken: BTreeSet<Link>,
    /// Links on which no fence could be answered.
    pub(super) mute: BTreeSet<Link>,
    /// Links on which what is said is swallowed: half-open.
    pub(super) silent: BTreeSet<Link>,
    /// Links whose tap does not read from the server.
    pub(super) stalled: BTreeSet<Link>,
    /// The whole server, or nodes of it.
    pub(super) paused: BTreeSet<Option<u32>>,
}

impl Disturbed {
    /// Nothing is left of what was done to this peer's lines.
    pub fn forget(&mut self, peer: &PeerName) {
        for links in [
            &mut self.broken,
            &mut self.mute,
            &mut self.silent,
            &mut self.stalled,
        ] {
            links.retain(|link| link.peer != *peer);
        }
    }

    /// Whether a fence on this link could never be answered.
    pub fn is_mute(&self, link: &Link) -> bool {
        self.mute.contains(link)
    }

    /// Whether what is said on this link is swallowed.
    pub fn is_silent(&self, link: &Link) -> bool {
        self.silent.contains(link)
    }

    /// Whether a fence on this link says nothing of what came before.
    pub fn is_broken(&self, link: &Link) -> bool {
        self.broken.contains(link)
    }
}
