//! Answers to what is relayed, where the server gives such.

use super::rooms::{Ask, AskId, LinkId, Repeated, Rooms};
use super::upward::Upward;
use crate::record::{Event, What};
use crate::signaling::{Kind, Word};
use crate::terms::{Direction, Fate};

impl Rooms {
    /// Notes what becomes of what is relayed on its way down: it may be who gets it that answers.
    pub(super) fn goes_on(&mut self, event: &Event, at: usize) {
        let What::Message {
            direction: Direction::Down,
            word: Some(word @ Word::Signal { .. }),
            fate,
            ..
        } = &event.what
        else {
            return;
        };
        if fate.is_made() {
            self.doubled.insert(word.kind());
        } else if *fate != Fate::Passed {
            self.withheld.insert(at);
        }
    }

    /// Something that is relayed has reached the server: what is to be answered, where it is. To the second of two that are the same a server may say
    /// nothing.
    pub(super) fn relay_is_asked(
        &mut self,
        link: LinkId,
        upward: &Upward,
        kind: Kind,
        (message, at): (usize, usize),
    ) -> Option<AskId> {
        if upward.made || !self.answers_relays.contains(&kind) {
            self.links[link].says_else = true;
            return None;
        }
        let place = self.peers[self.links[link].peer].place;
        Some(self.asks(Ask {
            link,
            message,
            at,
            kind,
            http: upward.http,
            spoken: upward.spoken,
            reply: None,
            stay: None,
            removes: None,
            touches: Vec::new(),
            place,
            granted: false,
            unsure: false,
        }))
    }

    /// What this answers where nothing of it says which: the oldest of its kind, or of all whose answers are alike. What a step kept from the server
    /// is not among them, though who wrote the answer's kind may have counted it.
    pub(super) fn oldest_relay(&mut self, link: LinkId, kind: Kind) -> Option<AskId> {
        let own = self.oldest(link, kind);
        if own.is_some() || !self.answers_relays_alike.contains(&kind) {
            return own;
        }
        let alike = self.answers_relays_alike.clone();
        let oldest = alike.into_iter().filter_map(|kind| self.oldest(link, kind));
        oldest.min()
    }

    /// Something that is relayed was answered, though nothing is left to answer. Where this peer said anything else that may be answered by the same
    /// words, it is that. Of each line the first is enough.
    pub(super) fn is_answered_again(&mut self, link: LinkId, kind: Kind, at: usize) {
        let alike = |other: Kind| {
            let mut both = [kind, other].into_iter();
            other == kind || both.all(|kind| self.answers_relays_alike.contains(&kind))
        };
        let life = &self.links[link];
        let peer = &self.peers[life.peer];
        let may_be_else = life.says_else || peer.opaque || peer.links.len() > 1;
        let is_told = self.repeated.iter().any(|one| one.link == link);
        if may_be_else || is_told || !kind.is_signal() || self.doubled.iter().any(|of| alike(*of)) {
            return;
        }
        let mut asks = self.asks.iter().rev();
        let last = asks.find(|ask| ask.link == link && alike(ask.kind));
        let last = last.map(|ask| ask.message);
        let mut requests = Kind::ALL.iter().filter(|kind| kind.is_request());
        let waits = requests.any(|kind| self.oldest(link, *kind).is_some());
        if let Some(of) = last.filter(|_| !waits) {
            self.repeated.push(Repeated { at, link, kind, of });
        }
    }
}
