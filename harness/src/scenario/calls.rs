//! Who is in a call with whom, as far as the steps tell, where a server has one call at a time, with one offer, and ends it with the line of either.
//!
//! That one has hung up, or is gone, the server may know for a while before the other one is free, and nothing tells when that is: a real client whose call
//! comes too soon is told that the line is busy, and tries again.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Action, Offers, Pattern, Scenario};
use crate::names::{PeerName, RoomName, Stack};
use crate::signaling::Kind;

/// The calls up to here.
#[derive(Default)]
pub(super) struct Calls<'s> {
    with: BTreeMap<&'s PeerName, &'s PeerName>,
    /// Whose call is over for the server, though nobody has hung up.
    over: BTreeSet<&'s PeerName>,
    /// Who has had a call that has ended on this server: when the server takes it for over nobody knows.
    ended: BTreeSet<&'s PeerName>,
    /// The server stands still, and what goes through it.
    paused: bool,
}

/// What an offer meets that is not the first, or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Meets {
    /// A call of one of the two that has ended.
    Ended,
    /// One that stands.
    Standing,
    /// An answer to the same offer.
    Answered,
}

impl<'s> Calls<'s> {
    /// Takes in a step, with those who are in which room before it; whether it is an offer of, or to, somebody who is in a call, or was in one, or a second
    /// answer.
    pub fn step(
        &mut self,
        scenario: &'s Scenario,
        action: &'s Action,
        rooms: &BTreeMap<&'s RoomName, BTreeSet<&'s PeerName>>,
    ) -> Option<Meets> {
        let other_of = |peer: &PeerName| {
            let mut inside = rooms.values().filter(|inside| inside.contains(peer));
            let mut others = inside.next()?.iter().copied().filter(|one| *one != peer);
            let first = others.next();
            first.filter(|_| others.next().is_none())
        };
        let mut begun = Vec::new();
        match action {
            Action::Join {
                peer, room, offer, ..
            } => {
                for insider in rooms.get(room).into_iter().flatten().copied() {
                    let joins = offers(scenario, peer, [Offers::Joiner, Offers::Both]);
                    let inside = offers(scenario, insider, [Offers::Insider, Offers::Both]);
                    begun.extend(offer.unwrap_or(joins).then_some((peer, insider)));
                    begun.extend(inside.then_some((insider, peer)));
                }
            }
            Action::Negotiate { from, to }
            | Action::Send {
                from,
                to,
                message: Kind::Offer,
                ..
            } => {
                let to = to.as_ref().or_else(|| other_of(from));
                begun.extend(to.map(|to| (from, to)));
            }
            // What is doubled before the server comes to it twice.
            Action::RestartIce { .. }
            | Action::Strain { .. }
            | Action::Duplicate(Pattern {
                message: Kind::Offer,
                to: None,
                ..
            }) => return Some(Meets::Standing),
            // Who hears an offer twice answers each; an answer that is doubled behind the server comes from it once.
            Action::Duplicate(
                Pattern {
                    message: Kind::Offer,
                    ..
                }
                | Pattern {
                    message: Kind::Answer,
                    to: None,
                    ..
                },
            ) => return Some(Meets::Answered),
            Action::Send {
                from,
                message: Kind::Bye,
                ..
            }
            | Action::Close { peer: from, .. } => self.end(from),
            Action::KillServer { .. } | Action::Restart { .. } => {
                self.over.extend(self.with.keys());
                self.with.clear();
                self.ended.clear();
            }
            Action::Pause { .. } => self.paused = true,
            Action::Resume { .. } => self.paused = false,
            _ => {}
        }
        let mut meets = None;
        for (one, other) in begun {
            if self.with.contains_key(one) || self.with.contains_key(other) {
                meets = meets.max(Some(Meets::Standing));
            } else if self.ended.contains(one) || self.ended.contains(other) {
                meets = meets.max(Some(Meets::Ended));
            }
            self.with.extend([(one, other), (other, one)]);
            self.over.retain(|peer| *peer != one && *peer != other);
        }
        meets
    }

    /// This one hangs up, or its line has ended.
    pub fn end(&mut self, peer: &'s PeerName) {
        if let Some(other) = self.with.remove(peer) {
            self.with.remove(other);
            self.over.extend([peer, other]);
            self.ended.extend([peer, other]);
        }
    }

    /// Whether what this one had with somebody is over for the server, or stands still with it.
    pub fn is_over(&self, peer: &PeerName) -> bool {
        self.over.contains(peer) || (self.paused && self.with.contains_key(peer))
    }
}

/// Whether it makes one of these offers by itself.
fn offers(scenario: &Scenario, peer: &PeerName, which: [Offers; 2]) -> bool {
    let mut peers = scenario.peers.iter();
    peers.any(|(name, spec)| {
        name == peer
            && !spec.manual
            && spec.stack != Some(Stack::Wire)
            && which.contains(&spec.offers())
    })
}
