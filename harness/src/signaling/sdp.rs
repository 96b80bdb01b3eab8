//! The few lines of a description by which connections and generations are told apart.

use std::collections::BTreeSet;

/// The certificates of a description, in small letters: another one is another connection (RFC 8122, section 5).
pub fn fingerprints(sdp: &str) -> BTreeSet<String> {
    attributes(sdp, "a=fingerprint:")
        .map(str::to_ascii_lowercase)
        .collect()
}

/// Its ICE user name fragments: a candidate that names another one is of another generation (RFC 8839, section 5.4).
pub fn ufrags(sdp: &str) -> BTreeSet<String> {
    attributes(sdp, "a=ice-ufrag:").map(str::to_owned).collect()
}

/// The values of an attribute, whose name may be written in any letters.
fn attributes<'a>(sdp: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    sdp.lines().filter_map(move |line| {
        let (start, value) = line.split_at_checked(name.len())?;
        start.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
