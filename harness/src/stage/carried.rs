//! What a wire peer signals: well formed, told apart by a number, and meant for nobody's stack.

use super::brain::Brain;
use super::order::Done;
use crate::record::Seq;
use crate::signaling::{Candidate, Kind, Signal};

/// A description that is only carried, never applied (RFC 8866, section 5).
pub(super) fn description(session: &str) -> String {
    format!("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={session}\r\nt=0 0\r\n")
}

/// The nth candidate of a peer, on the discard port (RFC 8839, section 5.1).
fn candidate(number: u32) -> Candidate {
    Candidate {
        candidate: format!("candidate:{number} 1 udp 2113937151 127.0.0.1 9 typ host"),
        sdp_mid: Some("0".into()),
        sdp_mline_index: Some(0),
        username_fragment: None,
    }
}

impl Brain {
    /// Signals to whom it met last, since it has no connection that would say to whom.
    pub(super) async fn carry(&mut self, kind: Kind, cause: Vec<Seq>) -> Done {
        let Some(to) = self.met.clone().or_else(|| self.only_other()) else {
            return Done::No("it has met nobody to send this to".into());
        };
        self.carried += 1;
        let number = self.carried;
        let sdp = || description(&format!("{}-{number}", self.name)).into();
        let signal = match kind {
            Kind::Offer => Signal::Offer { sdp: sdp() },
            Kind::Answer => Signal::Answer { sdp: sdp() },
            Kind::Candidate => Signal::Candidate {
                candidate: candidate(number),
            },
            Kind::EndOfCandidates => Signal::EndOfCandidates,
            Kind::Bye => Signal::Bye,
            kind => return Done::No(format!("{kind} is nothing that peers send each other")),
        };
        self.signal(&to, signal, cause).await
    }
}
