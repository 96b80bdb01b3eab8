//! What the stage knows from the events so far, and whether a condition holds.

use std::collections::BTreeMap;

use super::hope::Hope;
use crate::facts::Facts;
use crate::names::PeerName;
use crate::record::{Applied, Event, Seq, What};
use crate::scenario::{Condition, Pattern};
use crate::signaling::{DescriptionKind, Kind, Notice, Terms, Word};
use crate::terms::{Direction, Fate, Machine, Payload};

/// The case as its events have told it so far.
pub struct World {
    /// The newest connection of each peer.
    conns: BTreeMap<PeerName, u32>,
    states: BTreeMap<(PeerName, Machine), Course>,
    channels: BTreeMap<(PeerName, String), Course>,
    /// Signaling connections as the tap sees them: the newest link, and whether it is up.
    links: BTreeMap<PeerName, (u32, bool)>,
    /// The newest signaling connection whose end the peer itself has seen.
    closed: BTreeMap<PeerName, (u32, Seq)>,
    /// Happenings that satisfy one wait each, in order.
    tokens: Vec<Token>,
    /// Replies to requests, for the verbs that wait for them.
    replies: Vec<Reply>,
    /// `Message` events by their number, for what a word said.
    words: BTreeMap<Seq, Word>,
    /// What may still come.
    pub(super) hope: Hope,
    facts: Facts,
}

/// A notice that a peer has heard.
struct Reply {
    peer: PeerName,
    notice: Notice,
    heard: Seq,
    /// The message that brought it.
    sent: Seq,
}

/// The states that one machine went through, and how far the waits have followed it.
#[derive(Default)]
struct Course {
    states: Vec<(String, Seq)>,
    followed: usize,
}

impl Course {
    /// The first time it was in this state, not before what an earlier wait has seen. A state that came and went counts: what
    /// matters is that it was reached, not that the stage looked in time.
    fn reach(&mut self, state: &str) -> Option<Seq> {
        let place = self.states[self.followed..]
            .iter()
            .position(|(is, _)| is == state)?;
        self.followed += place;
        Some(self.states[self.followed].1)
    }

    fn now(&self) -> Option<&str> {
        self.states.last().map(|(state, _)| state.as_str())
    }
}

struct Token {
    seq: Seq,
    peer: PeerName,
    kind: TokenKind,
}

enum TokenKind {
    Hears(Kind, Option<PeerName>),
    Held(Direction, Kind, Option<PeerName>),
    Said(String),
    Heard { label: String, payload: Payload },
    Applied(Kind),
    Error(String),
}

impl World {
    /// Nothing has happened yet, on a server of these terms.
    pub fn new(terms: &Terms) -> Self {
        Self {
            conns: BTreeMap::new(),
            states: BTreeMap::new(),
            channels: BTreeMap::new(),
            links: BTreeMap::new(),
            closed: BTreeMap::new(),
            tokens: Vec::new(),
            replies: Vec::new(),
            words: BTreeMap::new(),
            hope: Hope::default(),
            facts: Facts::new(terms),
        }
    }

    /// Takes one event in.
    pub fn feed(&mut self, event: &Event) {
        self.facts.take(event);
        let seq = event.seq;
        self.hope.feed(event);
        let mut token = |peer: &PeerName, kind| {
            self.tokens.push(Token {
                seq,
                peer: peer.clone(),
                kind,
            });
        };
        match &event.what {
            What::Message {
                link,
                direction,
                word: Some(word),
                about,
                fate,
                ..
            } => {
                if *fate == Fate::Held {
                    token(
                        &link.peer,
                        TokenKind::Held(*direction, word.kind(), about.clone()),
                    );
                }
                if *direction == Direction::Down {
                    self.words.insert(seq, word.clone());
                }
            }
            What::Hears {
                peer, kind, about, ..
            } => {
                token(peer, TokenKind::Hears(*kind, about.clone()));
                if let Some(sent) = event.cause.first().copied()
                    && let Some(Word::Notice { notice }) = self.words.get(&sent).cloned()
                {
                    if let Notice::Joined { with, .. } = &notice {
                        self.meet(peer, with);
                    }
                    self.hope.answered(peer, &notice);
                    self.replies.push(Reply {
                        peer: peer.clone(),
                        notice,
                        heard: seq,
                        sent,
                    });
                }
            }
            What::Released { message, .. } => {
                if let Some(word) = self.words.get(message).cloned() {
                    self.words.insert(seq, word);
                }
            }
            What::Heard {
                peer,
                label,
                payload,
                ..
            } => {
                token(
                    peer,
                    TokenKind::Heard {
                        label: label.clone(),
                        payload: payload.clone(),
                    },
                );
                if let Payload::Text(text) = payload {
                    token(peer, TokenKind::Said(text.clone()));
                }
            }
            What::Applied {
                peer,
                conn,
                applied,
            } => {
                self.connection(peer, *conn);
                let kind = match applied {
                    Applied::Candidate => Some(Kind::Candidate),
                    Applied::EndOfCandidates => Some(Kind::EndOfCandidates),
                    Applied::Remote(DescriptionKind::Offer) => Some(Kind::Offer),
                    Applied::Remote(DescriptionKind::Answer) => Some(Kind::Answer),
                    Applied::Remote(_) | Applied::Local(_) => None,
                };
                if let Some(kind) = kind {
                    self.tokens.push(Token {
                        seq,
                        peer: peer.clone(),
                        kind: TokenKind::Applied(kind),
                    });
                }
            }
            What::PeerError { peer, during, .. } => token(peer, TokenKind::Error(during.clone())),
            What::State {
                peer,
                conn,
                machine,
                state,
            } => {
                let newest = self.connection(peer, *conn);
                if newest {
                    self.states
                        .entry((peer.clone(), *machine))
                        .or_default()
                        .states
                        .push((state.clone(), seq));
                }
            }
            What::Channel {
                peer,
                conn,
                label,
                state,
            } => {
                let newest = self.connection(peer, *conn);
                if newest {
                    self.channels
                        .entry((peer.clone(), label.clone()))
                        .or_default()
                        .states
                        .push((state.clone(), seq));
                }
            }
            What::LinkUp { link } => {
                self.links.insert(link.peer.clone(), (link.instance, true));
            }
            What::LinkDown { link, .. } => {
                let newest = self
                    .links
                    .entry(link.peer.clone())
                    .or_insert((link.instance, false));
                if newest.0 <= link.instance {
                    *newest = (link.instance, false);
                }
            }
            What::LinkClosed { link, .. } => {
                self.closed.insert(link.peer.clone(), (link.instance, seq));
            }
            _ => {}
        }
    }

    /// Somebody came into a room: what these peers were connected by before belongs to an earlier meeting.
    fn meet(&mut self, peer: &PeerName, with: &[String]) {
        let together: Vec<PeerName> = self
            .conns
            .keys()
            .filter(|known| *known == peer || with.iter().any(|id| id == known.as_str()))
            .cloned()
            .collect();
        for peer in together {
            let next = self.conns.get(&peer).map_or(0, |conn| conn + 1);
            self.connection(&peer, next);
        }
    }

    /// Takes note of a connection; whether it is the peer's newest. A newer one makes the states of the old one history.
    fn connection(&mut self, peer: &PeerName, conn: u32) -> bool {
        let newest = self.conns.entry(peer.clone()).or_insert(conn);
        if conn > *newest {
            *newest = conn;
            self.states.retain(|(of, _), _| of != peer);
            self.channels.retain(|(of, _), _| of != peer);
        }
        conn >= *newest
    }

    /// The reply to a request: the oldest one since `from` that answers this kind, or a refusal.
    pub fn reply(&mut self, peer: &PeerName, request: Kind, from: Seq) -> Option<(Notice, Seq)> {
        let facts = &self.facts;
        let place = self.replies.iter().position(|reply| {
            reply.heard > from
                && reply.peer == *peer
                && facts.may_answer((&reply.notice, reply.sent), (peer, request), from)
        })?;
        let reply = self.replies.remove(place);
        Some((reply.notice, reply.heard))
    }

    /// Whether the condition holds; if so, the events that made it hold. What a wait has used satisfies no other.
    pub fn satisfied(&mut self, condition: &Condition) -> Option<Vec<Seq>> {
        match condition {
            Condition::Hears { peer, kind, from } => self.take(peer, |token| match token {
                TokenKind::Hears(heard, about) => {
                    heard == kind
                        && from
                            .as_ref()
                            .is_none_or(|from| about.as_ref() == Some(from))
                }
                _ => false,
            }),
            Condition::Held(pattern) => self.take_held(pattern),
            Condition::Connected { peers } => peers
                .iter()
                .map(|peer| self.state(peer, Machine::Connection, "connected"))
                .collect(),
            Condition::State {
                peer,
                machine,
                state,
            } => self.state(peer, *machine, state).map(|seq| vec![seq]),
            Condition::Channel { peer, label, state } => self
                .channels
                .get_mut(&(peer.clone(), label.clone()))
                .and_then(|course| course.reach(state))
                .map(|seq| vec![seq]),
            Condition::Said { peer, text } => self.take(
                peer,
                |token| matches!(token, TokenKind::Said(said) if said == text),
            ),
            Condition::Applied { peer, what } => self.take(
                peer,
                |token| matches!(token, TokenKind::Applied(kind) if kind == what),
            ),
            Condition::Error { peer, during } => self.take(
                peer,
                |token| matches!(token, TokenKind::Error(op) if op == during),
            ),
            Condition::Disconnected { peer } => {
                let newest = self.link(peer)?;
                self.closed
                    .get(peer)
                    .filter(|(link, _)| *link >= newest)
                    .map(|(_, seq)| vec![*seq])
            }
        }
    }

    /// Whether another peer has this payload from `label`.
    pub fn heard(&mut self, by: &PeerName, label: &str, payload: &Payload) -> Option<Vec<Seq>> {
        self.take(by, |token| matches!(token, TokenKind::Heard { label: on, payload: heard } if on == label && heard == payload))
    }

    /// Whether a machine of the peer's newest connection was in this state, not before what an earlier wait has seen.
    pub(super) fn has_reached(&self, peer: &PeerName, machine: Machine, state: &str) -> bool {
        (self.states.get(&(peer.clone(), machine))).is_some_and(|course| {
            course.states[course.followed..]
                .iter()
                .any(|(is, _)| is == state)
        })
    }

    /// The state of a machine of the peer's newest connection now.
    pub(super) fn state_now(&self, peer: &PeerName, machine: Machine) -> Option<&str> {
        self.states
            .get(&(peer.clone(), machine))
            .and_then(Course::now)
    }

    /// The number of the peer's newest connection.
    pub(super) fn newest_connection(&self, peer: &PeerName) -> Option<u32> {
        self.conns.get(peer).copied()
    }

    /// The newest refusal of such a request that no step has waited for: its reason, and the event.
    pub(super) fn unexpected_refusal(&self, peer: &PeerName, request: Kind) -> Option<(&str, Seq)> {
        let unused = |seq: &Seq| self.tokens.iter().any(|token| token.seq == *seq);
        self.replies
            .iter()
            .rev()
            .find_map(|reply| match &reply.notice {
                Notice::Refused {
                    request: Some(to),
                    reason,
                } if reply.peer == *peer && *to == request && unused(&reply.heard) => {
                    Some((reason.as_str(), reply.heard))
                }
                _ => None,
            })
    }

    /// The state of a peer's newest connection.
    fn state(&mut self, peer: &PeerName, machine: Machine, state: &str) -> Option<Seq> {
        self.states
            .get_mut(&(peer.clone(), machine))
            .and_then(|course| course.reach(state))
    }

    fn take(&mut self, peer: &PeerName, matches: impl Fn(&TokenKind) -> bool) -> Option<Vec<Seq>> {
        let place = self
            .tokens
            .iter()
            .position(|token| token.peer == *peer && matches(&token.kind))?;
        let token = self.tokens.remove(place);
        Some(vec![token.seq])
    }

    fn take_held(&mut self, pattern: &Pattern) -> Option<Vec<Seq>> {
        let place = self.tokens.iter().position(|token| match &token.kind {
            TokenKind::Held(direction, kind, about) => {
                pattern.matches(&token.peer, *direction, *kind, about.as_ref())
            }
            _ => false,
        })?;
        Some(vec![self.tokens.remove(place).seq])
    }

    /// Whether a peer's signaling connection stands.
    pub fn is_up(&self, peer: &PeerName) -> bool {
        self.links.get(peer).is_some_and(|(_, up)| *up)
    }

    /// The newest link of a peer.
    pub fn link(&self, peer: &PeerName) -> Option<u32> {
        self.links.get(peer).map(|(link, _)| *link)
    }

    /// Whether the peer itself has seen the end of this link, or of a later one.
    pub fn has_closed(&self, peer: &PeerName, link: u32) -> bool {
        self.closed
            .get(peer)
            .is_some_and(|(closed, _)| *closed >= link)
    }

    /// One line for a person: what state a peer is in.
    pub fn describe(&self, peer: &PeerName) -> String {
        let mut parts = vec![match self.links.get(peer) {
            None => "signaling never connected".to_owned(),
            Some((_, true)) => "signaling up".into(),
            Some((_, false)) => "signaling down".into(),
        }];
        if self.conns.contains_key(peer) {
            for machine in [
                Machine::Signaling,
                Machine::IceGathering,
                Machine::Ice,
                Machine::Connection,
            ] {
                if let Some(state) = self
                    .states
                    .get(&(peer.clone(), machine))
                    .and_then(Course::now)
                {
                    parts.push(format!("{} {state}", machine.as_str()));
                }
            }
        } else {
            parts.push("no connection".into());
        }
        for ((of, label), course) in &self.channels {
            if let Some(state) = course.now().filter(|_| of == peer) {
                parts.push(format!("channel {label} {state}"));
            }
        }
        parts.join(", ")
    }
}
