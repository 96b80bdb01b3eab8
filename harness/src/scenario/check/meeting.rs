//! Who can come to be connected with whom: by what the steps and the peers offer, and by what of it a step keeps back.
//!
//! Only what is certain is a mistake. Who has a fault or dials again by himself may offer at any time, and so may anybody once something is sent
//! that no verb describes.

use std::collections::BTreeSet;

use crate::names::PeerName;
use crate::scenario::model::{Action, Answer, Offers, Pattern, PeerSpec};
use crate::scenario::placed::Placed;
use crate::signaling::Kind;

/// Why two cannot be connected yet.
pub(super) enum Why {
    /// Neither has offered to the other.
    NoOffer,
    /// A step keeps every offer or answer back.
    Kept {
        what: Kind,
        pattern: Pattern,
        step: usize,
        dropped: bool,
    },
}

/// What a step keeps back.
struct Kept {
    pattern: Pattern,
    step: usize,
    dropped: bool,
}

/// Who offers to whom.
type Way = (PeerName, PeerName);

/// The offers of the steps so far.
#[derive(Default)]
pub(super) struct Meetings {
    /// Peers that some step lets ask for a room; others may be inside as soon as they are connected.
    asking: BTreeSet<PeerName>,
    /// Peers that may ever have been inside.
    inside: BTreeSet<PeerName>,
    /// Offers that may have come through, and their answers.
    free: BTreeSet<Way>,
    /// Those of which one or the other is kept back.
    kept_back: BTreeSet<Way>,
    kept: Vec<Kept>,
    /// Names that outcomes have bound, and those whose names they took the place of.
    bound: BTreeSet<PeerName>,
    /// Anything may have been said.
    is_open: bool,
}

impl Meetings {
    /// Before these steps.
    pub(super) fn before(placed: &[Placed]) -> Self {
        let steps = placed.iter().flat_map(|at| at.step.with_inner());
        let asking = steps.filter_map(|step| match &step.action {
            Action::Create { peer, .. } | Action::Join { peer, .. } => Some(peer.clone()),
            _ => None,
        });
        Self {
            asking: asking.collect(),
            ..Self::default()
        }
    }

    /// Whether anybody has offered anything.
    pub(super) fn any(&self) -> bool {
        !(self.free.is_empty() && self.kept_back.is_empty())
    }

    /// Takes in a step that is done.
    pub(super) fn feed(
        &mut self,
        action: &Action,
        step: usize,
        peers: &[(PeerName, PeerSpec)],
        signals: &dyn Fn(&PeerName) -> bool,
    ) {
        let others = |of: &PeerName, to: &Option<PeerName>| -> Vec<PeerName> {
            let all = peers.iter().map(|(name, _)| name.clone());
            match to {
                Some(to) => vec![to.clone()],
                None => all.filter(|name| name != of).collect(),
            }
        };
        match action {
            Action::Create { peer, answer, .. } if may_be_granted(answer) => {
                self.inside.insert(peer.clone());
            }
            Action::Join {
                peer,
                offer,
                answer,
                ..
            } if may_be_granted(answer) => self.comes_in(peer, *offer, peers, signals),
            Action::Connect { peer, answer }
                if may_be_granted(answer) && !self.asking.contains(peer) =>
            {
                self.comes_in(peer, None, peers, signals);
            }
            Action::Negotiate { from, to } => {
                for to in others(from, to) {
                    self.offer(from, &to);
                }
            }
            Action::CreateOffer { peer, to }
            | Action::CreateAnswer { peer, to }
            | Action::SetLocal { peer, to, .. }
            | Action::SetRemote { peer, to, .. }
            | Action::RestartIce { peer, to }
            | Action::OpenChannel { peer, to, .. }
            | Action::Send { from: peer, to, .. } => {
                for to in others(peer, to) {
                    self.offer(peer, &to);
                    self.offer(&to, peer);
                }
            }
            Action::Hold(pattern) | Action::Drop(pattern) if pattern.nth.is_none() => {
                self.kept.push(Kept {
                    pattern: pattern.clone(),
                    step,
                    dropped: matches!(action, Action::Drop(_)),
                });
            }
            Action::Release(pattern) => {
                (self.kept).retain(|kept| kept.dropped || kept.pattern != *pattern);
                for (from, to) in std::mem::take(&mut self.kept_back) {
                    self.offer(&from, &to);
                }
            }
            Action::SendRaw { .. } | Action::Http { .. } => self.is_open = true,
            Action::Together(together) => {
                let actions = || together.steps.iter().map(|inner| &inner.action);
                // Whoever comes in first may be offered to by the others.
                for inner in actions() {
                    if let Action::Join { peer, answer, .. } = inner
                        && may_be_granted(answer)
                    {
                        self.inside.insert(peer.clone());
                    }
                }
                for inner in actions() {
                    self.feed(inner, step, peers, signals);
                }
                if together.names().next().is_some() {
                    let asked = together.open().filter_map(|(_, action)| action.actor());
                    self.bound.extend(together.names().chain(asked).cloned());
                }
            }
            _ => {}
        }
    }

    fn comes_in(
        &mut self,
        peer: &PeerName,
        offer: Option<bool>,
        peers: &[(PeerName, PeerSpec)],
        signals: &dyn Fn(&PeerName) -> bool,
    ) {
        self.inside.insert(peer.clone());
        let own = peers.iter().find(|(name, _)| name == peer);
        let joiner = own.is_some_and(|(_, spec)| offers_as_joiner(spec, offer)) && !signals(peer);
        for (other, spec) in peers {
            if other == peer || !self.inside.contains(other) {
                continue;
            }
            if joiner {
                self.offer(peer, other);
            }
            if offers_as_insider(spec) && !signals(other) {
                self.offer(other, peer);
            }
        }
    }

    fn offer(&mut self, from: &PeerName, to: &PeerName) {
        let way = (from.clone(), to.clone());
        match self.keeps(&way) {
            Some(_) => self.kept_back.insert(way),
            None => self.free.insert(way),
        };
    }

    /// What keeps the offer or the answer of this way back.
    fn keeps(&self, (from, to): &Way) -> Option<(&Kept, Kind)> {
        let covers = |pattern: &Pattern, kind, from: &PeerName, to: &PeerName| {
            let same =
                |named: &Option<PeerName>, is| named.as_ref().is_none_or(|named| named == is);
            pattern.message == kind && same(&pattern.from, from) && same(&pattern.to, to)
        };
        self.kept.iter().find_map(|kept| {
            let pattern = &kept.pattern;
            if covers(pattern, Kind::Offer, from, to) {
                return Some((kept, Kind::Offer));
            }
            covers(pattern, Kind::Answer, to, from).then_some((kept, Kind::Answer))
        })
    }

    /// Why these two cannot be connected by now, if that is certain.
    pub(super) fn why_not(
        &self,
        one: &PeerName,
        other: &PeerName,
        peers: &[(PeerName, PeerSpec)],
    ) -> Option<Why> {
        let odd = |name: &PeerName| {
            let spec = peers.iter().find(|(peer, _)| peer == name);
            self.bound.contains(name)
                || spec.is_none_or(|(_, spec)| spec.fault.is_some() || spec.reconnects.is_some())
        };
        let ways = [(one.clone(), other.clone()), (other.clone(), one.clone())];
        if self.is_open || odd(one) || odd(other) || ways.iter().any(|way| self.free.contains(way))
        {
            return None;
        }
        let kept = ways.iter().filter(|way| self.kept_back.contains(*way));
        let Some((kept, what)) = kept.filter_map(|way| self.keeps(way)).next() else {
            return Some(Why::NoOffer);
        };
        Some(Why::Kept {
            what,
            pattern: kept.pattern.clone(),
            step: kept.step,
            dropped: kept.dropped,
        })
    }
}

fn may_be_granted(answer: &Answer) -> bool {
    matches!(answer, Answer::Granted | Answer::Any)
}

fn offers_as_joiner(spec: &PeerSpec, said: Option<bool>) -> bool {
    let by_itself = matches!(spec.offers(), Offers::Joiner | Offers::Both);
    !spec.manual && said.unwrap_or(by_itself)
}

fn offers_as_insider(spec: &PeerSpec) -> bool {
    !spec.manual && matches!(spec.offers(), Offers::Insider | Offers::Both)
}
