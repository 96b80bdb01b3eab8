//! What steps need that wait for something, or look for it.

use super::{Course, Needed, passing};
use crate::names::{PeerName, Stack};
use crate::scenario::model::{Action, Condition, DEFAULT_CHANNEL, Pattern, Step};
use crate::signaling::{Kind, Need};

impl<'s> Course<'s> {
    /// A step that is about a description, or keeps the news from those inside, takes it for granted who offers.
    pub(super) fn presumes(&mut self, kind: Kind, step: &Step) {
        if self.left_open && matches!(kind, Kind::Offer | Kind::Answer | Kind::PeerJoined) {
            let what = format!("takes it that who comes in offers, for its `{kind}`");
            self.need(Need::JoinerOffers, what, step);
        }
    }

    pub(super) fn pattern(&mut self, pattern: &Pattern, step: &Step) {
        self.presumes(pattern.message, step);
        let message = pattern.message;
        let what = format!("looks for `{message}`");
        self.need(Need::Passes(message), what, step);
    }

    pub(super) fn condition(&mut self, condition: &'s Condition, step: &'s Step) {
        match condition {
            Condition::Hears {
                kind: Kind::PeerLeft,
                from,
                peer,
            } => self.hears_of_an_end(peer, from.as_ref(), step),
            // Which stack refuses what hangs on who offers.
            Condition::Error { .. } => self.presumes(Kind::Answer, step),
            Condition::Hears { peer, kind, from } => {
                if kind.is_signal() {
                    self.presumes(*kind, step);
                }
                self.need(passing(*kind), format!("waits for `{kind}`"), step);
                if kind.is_signal() {
                    self.meets(peer, from.as_ref());
                }
                if kind.is_signal() && self.outside.contains(peer) {
                    let what = format!("waits for `{kind}` at {peer}, who has left");
                    self.need(Need::StaysConnected, what, step);
                }
            }
            Condition::Connected { peers } => {
                self.connection(peers.iter(), "waits for a connection", step);
                self.acquainted.all_meet(peers);
            }
            // It has come to the tap from the server.
            Condition::Held(pattern) if pattern.message.is_signal() => {
                if let Some(to) = &pattern.to {
                    self.meets(to, pattern.from.as_ref());
                }
            }
            Condition::Channel {
                peer, state, label, ..
            } if state == "open" => {
                self.connection(std::iter::once(peer), "waits for a channel", step);
                if !self.has_its_own(peer, label) {
                    let what = format!("waits for a channel `{label}` that {peer} has not made");
                    self.need(Need::TellsChannels, what, step);
                }
            }
            Condition::Said { peer, .. } => {
                self.connection(std::iter::once(peer), "waits for a text", step);
            }
            Condition::RoomEnded { .. } => {
                let what = "waits for the end of a room that somebody else removes";
                self.need(Need::HearsRoomEnd, what, step);
            }
            Condition::Applied { what, .. } => {
                self.need(Need::Relays(*what), format!("waits for `{what}`"), step);
            }
            _ => {}
        }
    }

    /// A connection of peers that signal by themselves.
    pub(super) fn connection<'p>(
        &mut self,
        peers: impl Iterator<Item = &'p PeerName>,
        what: &str,
        step: &Step,
    ) {
        let scenario = self.scenario;
        let by_itself = |peer: &PeerName| {
            let spec = scenario.peers.iter().find(|(name, _)| name == peer);
            spec.is_none_or(|(_, spec)| !spec.manual && spec.stack != Some(Stack::Wire))
        };
        let peers: Vec<&PeerName> = peers.collect();
        if peers.iter().any(|peer| by_itself(peer)) {
            self.need(Need::Connects, what, step);
        }
        if peers.iter().any(|peer| self.calls.is_over(peer)) {
            let what = format!("{what} that has lost its server, or a line");
            self.need(Need::OutlivesLines, what, step);
        }
        let mut rooms = self.rooms.values();
        if rooms.any(|inside| inside.len() > 2 && peers.iter().any(|peer| inside.contains(peer))) {
            let what = format!("{what} with more than two in the room");
            self.need(Need::Addresses(Kind::Offer), what, step);
        }
    }

    /// Whether a peer makes such a channel itself: the one that comes with every connection, or one that a step has it make.
    pub(super) fn has_its_own(&self, own: &PeerName, channel: &str) -> bool {
        let made = |action: &Action| matches!(action, Action::OpenChannel { peer, label, .. } if peer == own && label == channel);
        let mut peers = self.scenario.peers.iter();
        let by_itself = peers.any(|(name, spec)| name == own && !spec.manual);
        (by_itself && channel == DEFAULT_CHANNEL)
            || self
                .scenario
                .each_step()
                .any(|(_, step)| made(&step.action))
    }

    /// What lines that must be there need.
    pub(super) fn lines(&mut self) {
        let expect = &self.scenario.expect;
        let counted = (expect.count.iter())
            .filter(|count| !count.times.has(0))
            .map(|count| &count.line);
        for line in expect.seen.iter().chain(&expect.order).chain(counted) {
            let Some((need, kind)) = of_line(&line.text) else {
                continue;
            };
            let place = format!("line {}", line.span.line);
            let tells = kind == Kind::Joined && line.text.contains(" with ");
            let what = format!("expects {:?}", line.text);
            self.needs.push(Needed {
                need,
                place: place.clone(),
                what: what.clone(),
            });
            if tells {
                let need = Need::TellsInside;
                self.needs.push(Needed { need, place, what });
            }
        }
    }
}

/// What a line of the log takes: `server -> alice: peer-joined bob`.
fn of_line(line: &str) -> Option<(Need, Kind)> {
    let (head, body) = line.split_once(": ")?;
    head.split_once(" -> ")?;
    let kind: Kind = body.split_whitespace().next()?.parse().ok()?;
    Some((passing(kind), kind))
}
