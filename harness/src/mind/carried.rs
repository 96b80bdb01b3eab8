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
        let sdp = || description(&format!("{}-{number}", self.me)).into();
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
