//! Who is in a call with whom, as far as the steps tell, where a server has one call at a time, with one offer, and ends it with the line of either.

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
    /// The server stands still, and what goes through it.
    paused: bool,
}

impl<'s> Calls<'s> {
    /// Takes in a step, with those who are in which room before it; whether it is an offer of, or to, somebody who is in a call.
    pub fn step(
        &mut self,
        scenario: &'s Scenario,
        action: &'s Action,
        rooms: &BTreeMap<&'s RoomName, BTreeSet<&'s PeerName>>,
    ) -> bool {
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
            // What stands before the server comes to it twice.
            Action::RestartIce { .. }
            | Action::Strain { .. }
            | Action::Duplicate(Pattern {
                message: Kind::Offer,
                to: None,
                ..
            }) => return true,
            Action::Send {
                from,
                message: Kind::Bye,
                ..
            }
            | Action::Close { peer: from, .. } => self.end(from),
            Action::KillServer { .. } | Action::Restart { .. } => {
                self.over.extend(self.with.keys());
                self.with.clear();
            }
            Action::Pause { .. } => self.paused = true,
            Action::Resume { .. } => self.paused = false,
            _ => {}
        }
        let mut another = false;
        for (one, other) in begun {
            if self.with.contains_key(one) || self.with.contains_key(other) {
                another = true;
            }
            self.with.extend([(one, other), (other, one)]);
            self.over.retain(|peer| *peer != one && *peer != other);
        }
        another
    }

    /// This one hangs up, or its line has ended.
    pub fn end(&mut self, peer: &'s PeerName) {
        if let Some(other) = self.with.remove(peer) {
            self.with.remove(other);
            self.over.extend([peer, other]);
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
