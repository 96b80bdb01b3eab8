//! What a wire peer signals: well formed, told apart by a number, and meant for nobody's stack.

use std::fmt::Write as _;

use super::input::{End, OrderId, Output};
use super::whole::Mind;
use crate::names::PeerName;
use crate::record::Seq;
use crate::signaling::{Candidate, Kind, Signal};

/// A description that is only carried, never applied (RFC 8866, section 5).
pub fn description(session: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={session}\r\nt=0 0\r\n")
}

/// The same for a server that reads descriptions, and takes none that offers nothing: a data channel (RFC 8841, section 6.1) on the discard port, of a
/// certificate that nobody has.
pub fn whole_description(session: &str, kind: Kind) -> String {
    let setup = match kind {
        Kind::Offer => "actpass",
        _ => "active",
    };
    let head = description(session);
    let fingerprint = ["00"; 32].join(":");
    format!(
        "{head}a=group:BUNDLE 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 127.0.0.1\r\na=mid:0\r\na=ice-ufrag:glare\r\n\
        a=ice-pwd:of-no-connection-at-all\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=sctp-port:5000\r\n"
    )
}

/// A description of so many bytes at least, by attributes that nobody knows, and everybody passes over (RFC 8866, section 5.13).
fn lengthened(mut description: String, size: u32) -> String {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    for line in 0.. {
        if description.len() >= size {
            break;
        }
        let _ = write!(description, "a=x-line-{line}:{}\r\n", "0".repeat(60));
    }
    description
}

/// The name of an attribute of a candidate (RFC 8839, section 5.1).
const EXTENSION: &str = " x-glare ";

/// The nth candidate of a peer, on the discard port (RFC 8839, section 5.1).
pub fn candidate(number: u32) -> Candidate {
    Candidate {
        candidate: format!("candidate:{number} 1 udp 2113937151 127.0.0.1 9 typ host"),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: None,
    }
}

/// The same of so many bytes at least, by an extension that nobody knows, and everybody passes over.
fn lengthened_candidate(number: u32, size: u32) -> Candidate {
    let mut made = candidate(number);
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    if let Some(missing) = size.checked_sub(made.candidate.len() + EXTENSION.len()) {
        made.candidate.push_str(EXTENSION);
        made.candidate.push_str(&"0".repeat(missing));
    }
    made
}

/// A signal of this kind, whose content has so many bytes at least; `None`: peers send each other none of that kind.
fn made_up(kind: Kind, description: String, number: u32, size: u32) -> Option<Signal> {
    let sdp = || lengthened(description, size).into();
    Some(match kind {
        Kind::Offer => Signal::Offer { sdp: sdp() },
        Kind::Answer => Signal::Answer { sdp: sdp() },
        Kind::Candidate => Signal::Candidate {
            candidate: lengthened_candidate(number, size),
        },
        Kind::EndOfCandidates => Signal::EndOfCandidates,
        Kind::Bye => Signal::Bye,
        _ => return None,
    })
}

/// The longest that a wire peer may send of this size.
pub fn longest(kind: Kind, size: u32) -> Option<Signal> {
    let session = "a-peer-of-some-name-that-is-48-bytes-long-at-most";
    made_up(kind, whole_description(session, kind), u32::MAX, size)
}

impl Mind {
    /// Signals to whom it met last, unless it is told to whom, since it has no connection that would say it.
    pub(super) fn carry(
        &mut self,
        order: OrderId,
        to: Option<PeerName>,
        (kind, size): (Kind, u32),
        cause: &[Seq],
    ) -> Output {
        let no = |why: String| Output::Over {
            order,
            end: End::No(why),
        };
        let Some(to) = to
            .or_else(|| self.met.clone())
            .or_else(|| self.only_other())
        else {
            return no("it has met nobody to send this to".into());
        };
        self.carried += 1;
        let number = self.carried;
        let session = format!("{}-{number}", self.me);
        let description = match self.policy.relayed {
            true => whole_description(&session, kind),
            false => description(&session),
        };
        let Some(signal) = made_up(kind, description, number, size) else {
            return no(format!("{kind} is nothing that peers send each other"));
        };
        Output::Signal {
            to,
            signal,
            cause: cause.iter().copied().map(Into::into).collect(),
            ends: Some(order),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_up_is_as_long_as_was_asked_and_a_description_still() {
        let made = whole_description("alice-1", Kind::Offer);
        assert_eq!(lengthened(made.clone(), 0), made, "long enough");
        let long = lengthened(made.clone(), 6000);
        assert!((6000..6100).contains(&long.len()), "{}", long.len());
        assert!(long.starts_with(&made), "{long}");
        let added = long[made.len()..].split_terminator("\r\n");
        let long = lengthened_candidate(7, 6000);
        assert_eq!((long.candidate.len(), long.kind()), (6000, "host"));
        assert_eq!(lengthened_candidate(7, 50), candidate(7), "long enough");
        assert!(added.into_iter().all(|line| line.starts_with("a=x-line-")));
    }
}
