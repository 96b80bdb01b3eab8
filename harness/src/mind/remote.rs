//! What a remote description is known by.

use std::collections::BTreeSet;

use crate::signaling::sdp::{fingerprints, ufrags};

/// What a remote description is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// The certificates of the other side.
    pub fingerprints: BTreeSet<String>,
    /// Its ICE generation.
    pub ufrags: BTreeSet<String>,
}

impl Remote {
    pub fn of(sdp: &str) -> Self {
        Self {
            fingerprints: fingerprints(sdp),
            ufrags: ufrags(sdp),
        }
    }
}
