//! Which remote candidates are refused: what browsers check (W3C WebRTC, section 4.4.1.9) and the crate does not.

use crate::hand::HandError;
use crate::signaling::Candidate;

use super::refusal::refuse;
use super::sdp::sections;

/// What the crate would take for the end of candidates, as it does an empty one.
const EMPTY: &str = "candidate:";

/// Checks a candidate against the remote descriptions that are applied (current, pending).
///
/// # Errors
/// `TypeError` without a section, `OperationError` for a section or user fragment that no remote description has, or without a
/// candidate in it. What else is garbage the crate refuses in its own words.
pub(super) fn check(candidate: &Candidate, remote: &[String]) -> Result<(), HandError> {
    let (mid, index) = (&candidate.sdp_mid, candidate.sdp_mline_index);
    if !candidate.candidate.is_empty() && mid.is_none() && index.is_none() {
        return Err(refuse(
            "TypeError",
            "Candidate missing values for both sdpMid and sdpMLineIndex",
        ));
    }
    let remote: Vec<_> = remote.iter().map(|sdp| sections(sdp)).collect();
    // An empty mid counts as none, as in Chromium.
    if let Some(mid) = mid.as_ref().filter(|mid| !mid.is_empty()) {
        if !remote.iter().any(|sections| sections.mids.contains(mid)) {
            return Err(refuse("OperationError", format!("Unknown mid: {mid:?}")));
        }
    } else if let Some(index) = index
        && !remote
            .iter()
            .any(|sections| sections.mids.len() > usize::from(index))
    {
        return Err(refuse(
            "OperationError",
            format!("sdpMLineIndex {index} is out of range"),
        ));
    }
    if let Some(ufrag) = candidate.username_fragment.as_deref()
        && !ufrag.is_empty()
        && !remote
            .iter()
            .any(|sections| sections.ufrags.iter().any(|known| known == ufrag))
    {
        return Err(refuse("OperationError", format!("Unknown ufrag ({ufrag})")));
    }
    if candidate.candidate.trim_end() == EMPTY {
        return Err(refuse("OperationError", "the candidate is empty"));
    }
    Ok(())
}
