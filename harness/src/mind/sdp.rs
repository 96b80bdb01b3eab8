//! The few lines of a description by which connections and generations are told apart.

/// What a remote description is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// The certificates of the other side: another one is another connection (RFC 8122, section 5).
    pub fingerprints: Vec<String>,
    /// Its ICE generation: a candidate that names another one is late (RFC 8839, section 5.4).
    pub ufrags: Vec<String>,
}

impl Remote {
    pub fn of(sdp: &str) -> Self {
        Self {
            fingerprints: fingerprints(sdp),
            ufrags: attributes(sdp, "a=ice-ufrag:"),
        }
    }
}

/// The fingerprints of a description, sorted, each once.
pub(super) fn fingerprints(sdp: &str) -> Vec<String> {
    attributes(&sdp.to_ascii_lowercase(), "a=fingerprint:")
}

/// The values of an SDP attribute, sorted, each once.
fn attributes(sdp: &str, name: &str) -> Vec<String> {
    let mut found: Vec<String> = sdp
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .map(|value| value.trim().to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}
