//! How a peer behaves where clients differ.

use std::time::Duration;

use crate::hand::PeerFault;
use crate::names::PeerName;
use crate::scenario::{EarlyCandidates, Offers, OnBye, PeerSpec};

/// How a peer behaves where clients differ, and what it does wrong.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// `negotiation: manual`: nothing is done by itself.
    pub manual: bool,
    /// Who offers when two meet.
    pub offers: Offers,
    /// Whether it gives way when two offers collide; `None`: the one whose name comes later does.
    pub polite: Option<bool>,
    /// What becomes of candidates that come before their description.
    pub early_candidates: EarlyCandidates,
    /// What a goodbye does.
    pub on_bye: OnBye,
    /// How long after the news that somebody went its connection to that one is closed; `None`: it is left.
    pub cleans_up_in: Option<Duration>,
    /// Descriptions carry their candidates: it gathers them all before it sends one. The server's matter, so no scenario says it.
    pub gathers_first: bool,
    /// The server is the other end of each connection, and its matter, too. It reads descriptions, so those that are only carried have a channel to
    /// offer. A channel ends at it, so who answers makes one as well. It has one certificate for all, so an offer that comes again is of another call.
    pub relayed: bool,
    /// What it does wrong.
    pub fault: Option<PeerFault>,
}

impl Policy {
    /// What a scenario says of a peer, with this fault if the scenario names none.
    pub fn of(spec: &PeerSpec, fault: Option<PeerFault>) -> Self {
        Self {
            manual: spec.manual,
            offers: spec.offers(),
            polite: spec.polite,
            early_candidates: spec.early_candidates,
            on_bye: spec.on_bye,
            cleans_up_in: spec.cleans_up_in,
            gathers_first: false,
            relayed: false,
            fault: spec.fault.or(fault),
        }
    }

    /// Whether it has this fault.
    pub fn has(&self, fault: PeerFault) -> bool {
        self.fault == Some(fault)
    }

    /// Whether it gives way to this peer when two offers collide.
    pub(super) fn yields(&self, me: &PeerName, to: &PeerName) -> bool {
        match self.fault {
            Some(PeerFault::AlwaysYields) => true,
            Some(PeerFault::OffersOnGlareAndNeverRollsBack) => false,
            Some(PeerFault::PoliteByName) => to < me,
            _ => self.polite.unwrap_or(to < me),
        }
    }

    /// Whether it offers to those whom it finds inside, where a step says this of it.
    pub(super) fn offers_as_joiner(&self, said: Option<bool>) -> bool {
        let by_itself = matches!(self.offers, Offers::Joiner | Offers::Both);
        !self.manual && said.unwrap_or(by_itself)
    }

    /// Whether it offers to whoever comes in.
    pub(super) fn offers_as_insider(&self) -> bool {
        let insider = matches!(self.offers, Offers::Insider | Offers::Both);
        !self.manual && insider && !self.has(PeerFault::NeverOffersAsInsider)
    }
}
