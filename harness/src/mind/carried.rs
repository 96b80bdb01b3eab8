//! What a wire peer signals: well formed, told apart by a number, and meant for nobody's stack.

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

/// The nth candidate of a peer, on the discard port (RFC 8839, section 5.1).
pub fn candidate(number: u32) -> Candidate {
    Candidate {
        candidate: format!("candidate:{number} 1 udp 2113937151 127.0.0.1 9 typ host"),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: None,
    }
}

impl Mind {
    /// Signals to whom it met last, unless it is told to whom, since it has no connection that would say it.
    pub(super) fn carry(
        &mut self,
        order: OrderId,
        to: Option<PeerName>,
        kind: Kind,
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
        let sdp = || match self.policy.relayed {
            true => whole_description(&session, kind).into(),
            false => description(&session).into(),
        };
        let signal = match kind {
            Kind::Offer => Signal::Offer { sdp: sdp() },
            Kind::Answer => Signal::Answer { sdp: sdp() },
            Kind::Candidate => Signal::Candidate {
                candidate: candidate(number),
            },
            Kind::EndOfCandidates => Signal::EndOfCandidates,
            Kind::Bye => Signal::Bye,
            kind => return no(format!("{kind} is nothing that peers send each other")),
        };
        Output::Signal {
            to,
            signal,
            cause: cause.iter().copied().map(Into::into).collect(),
            ends: Some(order),
        }
    }
}
