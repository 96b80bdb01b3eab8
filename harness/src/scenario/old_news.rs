//! Waits that old news can satisfy: a word of that kind which an earlier step led to, and which no step has waited for.
//!
//! Only where it is plain what leads to a word, and nothing on the wire changes that.

use std::collections::{BTreeMap, BTreeSet};

use super::casting::wire_peers;
use super::model::{Action, Answer, Condition, Cut, Offers, PeerSpec, Scenario, Second, Step};
use crate::names::{PeerName, RoomName};
use crate::signaling::Kind;

/// A wait that an earlier word satisfies.
pub(super) struct Early<'s> {
    /// The `await`.
    pub step: &'s Step,
    pub peer: &'s PeerName,
    pub kind: Kind,
    /// The step that led to the earlier word, from 1.
    pub since: usize,
    /// Of whom that word is.
    pub of: PeerName,
    /// Whether the wait says of whom.
    pub says_whom: bool,
}

/// A word that a step leads to, and that no `await` has used.
struct Due {
    step: usize,
    hearer: PeerName,
    kind: Kind,
    of: PeerName,
}

struct Walk<'s> {
    peers: &'s [(PeerName, PeerSpec)],
    wire: BTreeSet<&'s PeerName>,
    rooms: BTreeMap<&'s RoomName, BTreeSet<&'s PeerName>>,
    due: Vec<Due>,
}

/// The waits of a scenario that old news can satisfy.
pub(super) fn early(scenario: &Scenario) -> Vec<Early<'_>> {
    let wire = wire_peers(&scenario.peers, &scenario.mixes);
    let names = scenario.peers.iter().map(|(name, _)| name);
    let mut walk = Walk {
        peers: &scenario.peers,
        wire: names.filter(|name| wire.contains_key(*name)).collect(),
        rooms: BTreeMap::new(),
        due: Vec::new(),
    };
    let mut found = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let number = index + 1;
        match &step.action {
            Action::Await(Condition::Hears { peer, kind, from })
                if !is_disturbed(scenario, *kind) =>
            {
                let asked = Asked {
                    peer,
                    kind: *kind,
                    from: from.as_ref(),
                };
                let later = &scenario.steps[index + 1..];
                if let Some((since, of)) = walk.old(&asked, later) {
                    found.push(Early {
                        step,
                        peer,
                        kind: *kind,
                        since,
                        of,
                        says_whom: from.is_some(),
                    });
                }
                walk.take(&asked);
            }
            Action::Together(together) => {
                for inner in &together.steps {
                    walk.goes_on(number, &inner.action);
                }
            }
            action => walk.goes_on(number, action),
        }
    }
    found
}

/// What an `await` asks for.
struct Asked<'a> {
    peer: &'a PeerName,
    kind: Kind,
    from: Option<&'a PeerName>,
}

impl Asked<'_> {
    fn is(&self, due: &Due) -> bool {
        due.hearer == *self.peer
            && due.kind == self.kind
            && self.from.is_none_or(|from| *from == due.of)
    }
}

/// Whether something on the wire, or somebody who goes his own ways, decides what becomes of such a word.
fn is_disturbed(scenario: &Scenario, kind: Kind) -> bool {
    let odd = |(_, spec): &(PeerName, PeerSpec)| spec.fault.is_some() || spec.reconnects.is_some();
    let mut steps = scenario.steps.iter().flat_map(Step::with_inner);
    scenario.peers.iter().any(odd)
        || steps.any(|step| match &step.action {
            Action::Hold(pattern)
            | Action::Drop(pattern)
            | Action::Duplicate(pattern)
            | Action::Delay { pattern, .. }
            | Action::Reorder { pattern, .. }
            | Action::Corrupt { pattern, .. } => pattern.message == kind,
            Action::SendRaw { .. } | Action::Http { .. } | Action::Stall { .. } => true,
            Action::Together(together) => together.names().next().is_some(),
            _ => false,
        })
}

impl<'s> Walk<'s> {
    /// The earliest word that satisfies this wait, if one of a later step is meant: there is one, and the waits that follow do not use all.
    fn old(&self, asked: &Asked<'_>, later: &[Step]) -> Option<(usize, PeerName)> {
        let words: Vec<&Due> = self.due.iter().filter(|due| asked.is(due)).collect();
        let (first, last) = (words.first()?, words.last()?);
        if first.step == last.step {
            return None;
        }
        // Until a step that is none, all words that wait are used in turn.
        let waits = later
            .iter()
            .take_while(|step| matches!(step.action, Action::Await(_)));
        let same = waits.filter(|step| match &step.action {
            Action::Await(Condition::Hears { peer, kind, .. }) => {
                peer == asked.peer && *kind == asked.kind
            }
            _ => false,
        });
        (same.count() + 1 < words.len()).then(|| (first.step, first.of.clone()))
    }

    fn take(&mut self, asked: &Asked<'_>) {
        if let Some(place) = self.due.iter().position(|due| asked.is(due)) {
            self.due.remove(place);
        }
    }

    fn leads_to(&mut self, step: usize, hearer: &PeerName, kind: Kind, of: &PeerName) {
        self.due.push(Due {
            step,
            hearer: hearer.clone(),
            kind,
            of: of.clone(),
        });
    }

    /// One offers to another, who answers.
    fn offers(&mut self, step: usize, from: &PeerName, to: &PeerName) {
        self.leads_to(step, to, Kind::Offer, from);
        if self.spec(to).is_some_and(|spec| !spec.manual) && !self.wire.contains(to) {
            self.leads_to(step, from, Kind::Answer, to);
        }
    }

    fn spec(&self, peer: &PeerName) -> Option<&'s PeerSpec> {
        let found = self.peers.iter().find(|(name, _)| name == peer);
        found.map(|(_, spec)| spec)
    }

    /// Whether a peer offers by itself in one of these cases.
    fn offers_when(&self, peer: &PeerName, when: [Offers; 2]) -> bool {
        let own = self.spec(peer);
        own.is_some_and(|spec| !spec.manual && when.contains(&spec.offers()))
            && !self.wire.contains(peer)
    }

    fn other<'p>(&self, peer: &PeerName, to: &'p Option<PeerName>) -> Option<&'p PeerName>
    where
        's: 'p,
    {
        let mut others = self.peers.iter().map(|(name, _)| name);
        match to {
            Some(to) => Some(to),
            None if self.peers.len() == 2 => others.find(|name| *name != peer),
            None => None,
        }
    }

    fn comes_in(
        &mut self,
        step: usize,
        peer: &'s PeerName,
        room: &'s RoomName,
        offer: Option<bool>,
    ) {
        let inside = self.rooms.entry(room).or_default().clone();
        for other in inside.iter().filter(|other| **other != peer) {
            self.leads_to(step, other, Kind::PeerJoined, peer);
            let joiner = self.offers_when(peer, [Offers::Joiner, Offers::Both]);
            let connects = !self.wire.contains(peer);
            if connects && offer.unwrap_or(joiner) {
                self.offers(step, peer, other);
            }
            if self.offers_when(other, [Offers::Insider, Offers::Both]) {
                self.offers(step, other, peer);
            }
        }
        self.rooms.entry(room).or_default().insert(peer);
    }

    fn goes_out(&mut self, step: usize, peer: &PeerName) {
        let mut hearers = Vec::new();
        for inside in self.rooms.values_mut() {
            if inside.remove(peer) {
                hearers.extend(inside.iter().copied());
            }
        }
        for hearer in hearers {
            self.leads_to(step, hearer, Kind::PeerLeft, peer);
        }
    }

    fn goes_on(&mut self, step: usize, action: &'s Action) {
        match action {
            Action::Create {
                peer,
                room,
                answer: Answer::Granted,
            } => {
                self.rooms.insert(room, BTreeSet::from([peer]));
            }
            Action::Join {
                peer,
                room,
                offer,
                answer: Answer::Granted,
            } => self.comes_in(step, peer, room, *offer),
            Action::Leave {
                peer,
                answer: Answer::Granted,
            }
            | Action::Disconnect { peer }
            | Action::Second {
                peer,
                how: Second::TakesOver,
            }
            | Action::Kill { peer, .. }
            | Action::Cut {
                peer,
                how: Cut::Close | Cut::Reset,
            } => self.goes_out(step, peer),
            Action::KillServer { node: None, .. } | Action::Restart { node: None } => {
                self.rooms.clear()
            }
            Action::Negotiate { from, to } | Action::RestartIce { peer: from, to } => {
                if let Some(to) = self.other(from, to) {
                    self.offers(step, from, to);
                }
            }
            Action::Send {
                from, to, message, ..
            } if matches!(message, Kind::Offer | Kind::Answer | Kind::Bye) => {
                if let Some(to) = self.other(from, to) {
                    self.leads_to(step, to, *message, from);
                }
            }
            _ => {}
        }
    }
}
