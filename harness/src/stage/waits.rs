//! What the stage knows from the events so far, and whether a condition holds.

use std::collections::{BTreeMap, BTreeSet};

use super::hope::Hope;
use crate::facts::Facts;
use crate::names::{Link, PeerName};
use crate::record::{Applied, Event, Seq, What};
use crate::scenario::{Condition, Pattern};
use crate::signaling::{DescriptionKind, Dialect, Garbled, Kind, Notice, Refusals, Terms, Word};
use crate::terms::{Direction, Fate, Machine, Payload};

/// The case as its events have told it so far.
pub struct World {
    /// Each peer's connections.
    conns: BTreeMap<PeerName, Connections>,
    /// Who has asked to be let in and is not yet: the number of each peer's next connection at that moment.
    asked: BTreeMap<PeerName, BTreeMap<PeerName, u32>>,
    /// Signaling connections as the tap sees them: each link, and whether it is up.
    links: BTreeMap<PeerName, BTreeMap<u32, bool>>,
    /// The newest signaling connection whose end the peer itself has seen.
    closed: BTreeMap<PeerName, (u32, Seq)>,
    /// Happenings that satisfy one wait each, in order.
    tokens: Vec<Token>,
    /// Replies to requests, for the verbs that wait for them.
    replies: Vec<Reply>,
    /// `Message` events by their number, for what a word said.
    words: BTreeMap<Seq, Word>,
    /// Those of them by which somebody is told of the end of his room.
    ends: BTreeSet<Seq>,
    /// What may still come.
    pub(super) hope: Hope,
    /// What the server says in refusing, by glare's names.
    pub(super) refusals: Refusals,
    /// What it does with garbage.
    pub(super) garbled: Garbled,
    /// Requests that it does not answer, and of which a fence tells that it has done them.
    pub(super) fenced: BTreeSet<Kind>,
    /// Those that are over once they are sent, where nothing shows that.
    pub(super) unconfirmed: BTreeSet<Kind>,
    facts: Facts,
    /// Where the newest step began.
    step: Seq,
}

/// The connections of one peer, by number.
#[derive(Default)]
struct Connections {
    all: BTreeMap<u32, Connection>,
    /// Those with this peer whose number is below that belong to an earlier meeting.
    since: BTreeMap<PeerName, u32>,
    /// All whose number is below that belong to an earlier stay.
    anew: u32,
}

impl Connections {
    fn next(&self) -> u32 {
        self.all.keys().next_back().map_or(0, |last| last + 1)
    }

    /// From which number on those with this partner are no history. One of which nobody has been told yet may be anybody's.
    fn since(&self, partner: Option<&PeerName>) -> u32 {
        let met = match partner {
            Some(partner) => self.since.get(partner),
            None => self.since.values().max(),
        };
        met.copied().unwrap_or_default().max(self.anew)
    }
}

/// What one connection went through.
#[derive(Default)]
struct Connection {
    states: BTreeMap<Machine, Course>,
    channels: BTreeMap<String, Course>,
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
    /// By this word who has not asked for it is told that his room is gone.
    RoomEnded(Kind),
    /// What is wrong with something that was to be passed on: an error, and a refusal.
    SignalRefused,
    Held(Direction, Kind, Option<PeerName>),
    Said(Option<PeerName>, String),
    Heard {
        /// Who said it, where that is known.
        from: Option<PeerName>,
        label: String,
        payload: Payload,
    },
    Applied(Kind),
    Error(String),
    Passes(String),
}

impl World {
    /// Nothing has happened yet, on a server of these terms.
    pub fn new(terms: &Terms) -> Self {
        Self {
            conns: BTreeMap::new(),
            asked: BTreeMap::new(),
            links: BTreeMap::new(),
            closed: BTreeMap::new(),
            tokens: Vec::new(),
            replies: Vec::new(),
            words: BTreeMap::new(),
            ends: BTreeSet::new(),
            hope: Hope::default(),
            refusals: Refusals::default(),
            garbled: Garbled::default(),
            fenced: BTreeSet::new(),
            unconfirmed: BTreeSet::new(),
            facts: Facts::new(terms),
            step: 0,
        }
    }

    /// The same, with what this dialect's server does with requests that it refuses and with garbage.
    pub(super) fn refusing(self, dialect: &Dialect) -> Self {
        Self {
            refusals: dialect.properties().refusals.clone(),
            garbled: dialect.properties().garbage.clone(),
            fenced: (Kind::ALL.iter().copied())
                .filter(|kind| kind.is_request() && dialect.is_fenced(*kind))
                .collect(),
            unconfirmed: (Kind::ALL.iter().copied())
                .filter(|kind| kind.is_request() && dialect.is_unconfirmed(*kind))
                .collect(),
            ..self
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
            What::Step { .. } => self.step = seq,
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
                match direction {
                    Direction::Down => {
                        self.words.insert(seq, word.clone());
                        if self.facts.newest_is_an_end() {
                            self.ends.insert(seq);
                        }
                    }
                    Direction::Up if word.kind() == Kind::Join => self.asks_in(&link.peer),
                    Direction::Up => {}
                }
            }
            What::Hears {
                peer, kind, about, ..
            } => {
                let by = event.cause.first();
                let sent = by.and_then(|sent| self.words.get(sent));
                let ends = by.is_some_and(|sent| self.ends.contains(sent));
                match sent {
                    Some(Word::Notice {
                        notice:
                            Notice::Refused {
                                request: Some(of), ..
                            },
                    }) if of.is_signal() => token(peer, TokenKind::SignalRefused),
                    _ if ends => token(peer, TokenKind::RoomEnded(*kind)),
                    _ => token(peer, TokenKind::Hears(*kind, about.clone())),
                }
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
                if self.ends.contains(message) {
                    self.ends.insert(seq);
                }
            }
            What::Heard {
                peer,
                conn,
                label,
                payload,
            } => {
                let from = self.facts.pairs.partner(peer, *conn).cloned();
                token(
                    peer,
                    TokenKind::Heard {
                        from: from.clone(),
                        label: label.clone(),
                        payload: payload.clone(),
                    },
                );
                if let Payload::Text(text) = payload {
                    token(peer, TokenKind::Said(from, text.clone()));
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
            What::Passes { link, what } => token(&link.peer, TokenKind::Passes(what.clone())),
            What::PeerError { peer, during, .. } => token(peer, TokenKind::Error(during.clone())),
            What::State {
                peer,
                conn,
                machine,
                state,
            } => {
                let course = self.connection(peer, *conn).states.entry(*machine);
                course.or_default().states.push((state.clone(), seq));
            }
            What::Channel {
                peer,
                conn,
                label,
                state,
            } => {
                let course = self.connection(peer, *conn).channels.entry(label.clone());
                course.or_default().states.push((state.clone(), seq));
            }
            What::LinkUp { link } => self.line(link, true),
            What::LinkDown { link, .. } => self.line(link, false),
            What::LinkClosed { link, .. } if !self.has_closed(&link.peer, link.instance) => {
                self.closed.insert(link.peer.clone(), (link.instance, seq));
            }
            _ => {}
        }
    }

    /// Somebody asks to be let in: what is made from now on may belong to the meeting that this leads to, since those inside may hear of it
    /// before he does.
    fn asks_in(&mut self, peer: &PeerName) {
        let next = |(peer, conns): (&PeerName, &Connections)| (peer.clone(), conns.next());
        let before = self.conns.iter().map(next).collect();
        self.asked.insert(peer.clone(), before);
    }

    /// Somebody came into a room: what he and these peers were connected by before he asked for it belongs to an earlier meeting.
    fn meet(&mut self, peer: &PeerName, with: &[String]) {
        let before = self.asked.remove(peer).unwrap_or_default();
        for (name, next) in before {
            let Some(conns) = self.conns.get_mut(&name) else {
                continue;
            };
            if name == *peer {
                conns.anew = next;
            } else if with.iter().any(|id| id == name.as_str()) {
                conns.since.insert(peer.clone(), next);
            }
        }
    }

    /// Takes note of a connection.
    fn connection(&mut self, peer: &PeerName, conn: u32) -> &mut Connection {
        let conns = self.conns.entry(peer.clone()).or_default();
        conns.all.entry(conn).or_default()
    }

    /// The newest connection of a peer, if it is not history; of those with this one, if one is named. A newer one of which nobody has been
    /// told yet may be with anybody.
    fn newest(&self, peer: &PeerName, with: Option<&PeerName>) -> Option<u32> {
        let conns = self.conns.get(peer)?;
        let partner = |conn: u32| self.facts.pairs.partner(peer, conn);
        let mut all = conns.all.keys().rev().copied();
        let newest = all.find(|conn| match (with, partner(*conn)) {
            (Some(with), Some(partner)) => partner == with,
            _ => true,
        })?;
        (newest >= conns.since(partner(newest))).then_some(newest)
    }

    /// The newest connection of each of two peers with the other, if they are one pair.
    fn pair(&self, one: &PeerName, other: &PeerName) -> Option<(u32, u32)> {
        let mine = self.newest(one, Some(other))?;
        let theirs = self.newest(other, Some(one))?;
        let pairs = &self.facts.pairs;
        pairs
            .is_pair((one, mine), (other, theirs))
            .then_some((mine, theirs))
    }

    /// The newest connection of a peer with each of its partners; where it has but one, the newest.
    fn current(&self, peer: &PeerName) -> Vec<(Option<&PeerName>, &Connection)> {
        let Some(conns) = self.conns.get(peer) else {
            return Vec::new();
        };
        let all = conns.all.iter();
        let mut all =
            all.map(|(number, conn)| (self.facts.pairs.partner(peer, *number), (*number, conn)));
        let with_each: BTreeMap<_, _> = all.clone().collect();
        let chosen: Vec<_> = match with_each.keys().flatten().count() {
            0 | 1 => all.next_back().into_iter().collect(),
            _ => with_each.into_iter().collect(),
        };
        let now =
            |(partner, (number, conn))| (number >= conns.since(partner)).then_some((partner, conn));
        chosen.into_iter().filter_map(now).collect()
    }

    fn get(&self, peer: &PeerName, conn: u32) -> Option<&Connection> {
        self.conns.get(peer)?.all.get(&conn)
    }

    fn get_mut(&mut self, peer: &PeerName, conn: u32) -> Option<&mut Connection> {
        self.conns.get_mut(peer)?.all.get_mut(&conn)
    }

    /// The reply to a request: the oldest one since `from` that answers this kind, or a refusal. One that may be of something else is none.
    pub fn reply(&mut self, peer: &PeerName, request: Kind, from: Seq) -> Option<(Notice, Seq)> {
        self.reply_of(peer, request, from, false)
    }

    /// The same, where it may be refused: then any refusal will do.
    pub fn reply_or_refusal(
        &mut self,
        peer: &PeerName,
        request: Kind,
        from: Seq,
    ) -> Option<(Notice, Seq)> {
        self.reply_of(peer, request, from, true)
    }

    fn reply_of(
        &mut self,
        peer: &PeerName,
        request: Kind,
        from: Seq,
        unclear: bool,
    ) -> Option<(Notice, Seq)> {
        let facts = &self.facts;
        let place = self.replies.iter().position(|reply| {
            reply.heard > from
                && reply.peer == *peer
                && (unclear || !facts.is_unclear(reply.sent))
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
                TokenKind::RoomEnded(heard) => heard == kind && from.is_none(),
                TokenKind::SignalRefused => {
                    from.is_none() && matches!(kind, Kind::Error | Kind::Refused)
                }
                _ => false,
            }),
            Condition::RoomEnded { peer } => {
                self.take(peer, |token| matches!(token, TokenKind::RoomEnded(_)))
            }
            Condition::Held(pattern) => self.take_held(pattern),
            Condition::Connected { peers } => match peers.as_slice() {
                [peer] => {
                    let conn = self.newest(peer, None)?;
                    self.may_stand(peer, conn)?;
                    self.state(peer, conn, Machine::Connection, "connected")
                        .map(|seq| vec![seq])
                }
                peers => self.connected(peers),
            },
            Condition::State {
                peer,
                with,
                machine,
                state,
            } => {
                let conn = self.newest(peer, with.as_ref())?;
                self.state(peer, conn, *machine, state).map(|seq| vec![seq])
            }
            Condition::Channel {
                peer,
                with,
                label,
                state,
            } => {
                let conn = self.newest(peer, with.as_ref())?;
                self.channel(peer, conn, label, state).map(|seq| vec![seq])
            }
            Condition::Said { peer, from, text } => self.take(peer, |token| match token {
                TokenKind::Said(speaker, said) => said == text && may_be(speaker, from),
                _ => false,
            }),
            Condition::Applied { peer, what } => self.take(
                peer,
                |token| matches!(token, TokenKind::Applied(kind) if kind == what),
            ),
            Condition::Error { peer, during } => self.take(
                peer,
                |token| matches!(token, TokenKind::Error(op) if op == during),
            ),
            Condition::Passes(sought) => {
                let text = sought.to_string();
                self.take(
                    &sought.peer,
                    |token| matches!(token, TokenKind::Passes(there) if *there == text),
                )
            }
            Condition::Disconnected { peer } => {
                let newest = self.link(peer)?;
                self.closed
                    .get(peer)
                    .filter(|(link, _)| *link >= newest)
                    .map(|(_, seq)| vec![*seq])
            }
        }
    }

    /// A connection that had ended before the step began is none that the step can mean.
    fn may_stand(&self, peer: &PeerName, conn: u32) -> Option<()> {
        let course = self.get(peer, conn)?.states.get(&Machine::Connection);
        let (last, seq) = course?.states.last()?;
        (last != "closed" || *seq > self.step).then_some(())
    }

    /// Each with each other: the connection of one is the other's, and both were connected.
    fn connected(&mut self, peers: &[PeerName]) -> Option<Vec<Seq>> {
        let mut seqs = Vec::new();
        for (one, other) in couples(peers) {
            let (mine, theirs) = self.pair(one, other)?;
            for (peer, conn) in [(one, mine), (other, theirs)] {
                self.may_stand(peer, conn)?;
                seqs.push(self.state(peer, conn, Machine::Connection, "connected")?);
            }
        }
        Some(seqs)
    }

    /// Who of these was not connected with whom, where each must be with each.
    pub(super) fn apart<'a>(
        &'a self,
        peers: &'a [PeerName],
    ) -> impl Iterator<Item = (&'a PeerName, &'a PeerName)> {
        let both = couples(peers).flat_map(|(one, other)| [(one, other), (other, one)]);
        both.filter(|(peer, with)| {
            let conn = self.newest(peer, Some(with));
            conn.is_none_or(|conn| !self.has_reached(peer, conn, "connected"))
        })
    }

    /// Which two of these are connected, though not with each other, for a person.
    pub(super) fn crossed(&self, peers: &[PeerName]) -> Option<String> {
        couples(peers).find_map(|(one, other)| self.elsewhere(one, other))
    }

    fn elsewhere(&self, one: &PeerName, other: &PeerName) -> Option<String> {
        if self.pair(one, other).is_some() {
            return None;
        }
        let with = |peer: &PeerName| {
            let conns = self.conns.get(peer)?;
            let names: BTreeSet<&str> = (conns.all.keys().copied())
                .filter(|conn| {
                    self.state_now(peer, *conn, Machine::Connection) == Some("connected")
                })
                .filter_map(|conn| self.facts.pairs.partner(peer, conn))
                // An older connection of the two is nothing to wonder at.
                .filter(|partner| *partner != one && *partner != other)
                .map(PeerName::as_str)
                .collect();
            let names: Vec<&str> = names.into_iter().collect();
            (!names.is_empty()).then(|| names.join(" and "))
        };
        let (mine, theirs) = (with(one)?, with(other)?);
        Some(format!(
            "{one} and {other} are connected, but not with each other: {one} is with {mine}, {other} with {theirs}"
        ))
    }

    /// Whether a peer has this payload from `label`, of this speaker's as far as that is known.
    pub fn heard(
        &mut self,
        by: &PeerName,
        speaker: &PeerName,
        label: &str,
        payload: &Payload,
    ) -> Option<Vec<Seq>> {
        self.take(by, |token| match token {
            TokenKind::Heard {
                from,
                label: on,
                payload: heard,
            } => {
                let his = from.as_ref().is_none_or(|from| from == speaker);
                his && on == label && heard == payload
            }
            _ => false,
        })
    }

    /// Whether a connection was in this state, not before what an earlier wait has seen.
    fn has_reached(&self, peer: &PeerName, conn: u32, state: &str) -> bool {
        if self.may_stand(peer, conn).is_none() {
            return false;
        }
        let course = self
            .get(peer, conn)
            .and_then(|conn| conn.states.get(&Machine::Connection));
        course.is_some_and(|course| {
            course.states[course.followed..]
                .iter()
                .any(|(is, _)| is == state)
        })
    }

    /// The same of the peer's newest connection.
    pub(super) fn was_connected(&self, peer: &PeerName) -> bool {
        (self.newest(peer, None)).is_some_and(|conn| self.has_reached(peer, conn, "connected"))
    }

    /// The state of a machine of a connection now.
    fn state_now(&self, peer: &PeerName, conn: u32, machine: Machine) -> Option<&str> {
        self.get(peer, conn)?.states.get(&machine)?.now()
    }

    /// Why no connection of a peer, or none with this one, can stand now unless something comes: what is missing.
    pub(super) fn lacks(&self, peer: &PeerName, with: Option<&PeerName>) -> Option<String> {
        let newest = self.newest(peer, with);
        let described = newest.is_some_and(|conn| {
            (self.facts.pairs.end(peer, conn)).is_some_and(|end| end.described)
        });
        if !described {
            // Where there was talk with others, it matters whose is missing.
            let of = with.filter(|with| self.talks_with_others(peer, with));
            let of = of.map(|of| format!(" from {of}")).unwrap_or_default();
            return Some(format!("{peer} never had a remote description{of}"));
        }
        let closed = self.state_now(peer, newest?, Machine::Connection) == Some("closed");
        closed.then(|| "its connection is closed".into())
    }

    fn talks_with_others(&self, peer: &PeerName, with: &PeerName) -> bool {
        let conns = self.conns.get(peer);
        conns.is_some_and(|conns| {
            let mut partners =
                (conns.all.keys()).filter_map(|conn| self.facts.pairs.partner(peer, *conn));
            partners.any(|partner| partner != with)
        })
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

    fn state(&mut self, peer: &PeerName, conn: u32, machine: Machine, state: &str) -> Option<Seq> {
        let conn = self.get_mut(peer, conn)?;
        conn.states.get_mut(&machine)?.reach(state)
    }

    fn channel(&mut self, peer: &PeerName, conn: u32, label: &str, state: &str) -> Option<Seq> {
        let conn = self.get_mut(peer, conn)?;
        conn.channels.get_mut(label)?.reach(state)
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
        self.newest_line(peer).is_some_and(|(_, up)| up)
    }

    /// All lines of a peer that stand.
    pub fn lines(&self, peer: &PeerName) -> Vec<Link> {
        let lines = self.links.get(peer).into_iter().flatten();
        let up = lines.filter(|(_, up)| **up);
        up.map(|(instance, _)| Link {
            peer: peer.clone(),
            instance: *instance,
        })
        .collect()
    }

    /// Whether this line stands.
    pub fn stands(&self, link: &Link) -> bool {
        let lines = self.links.get(&link.peer);
        lines.is_some_and(|lines| lines.get(&link.instance) == Some(&true))
    }

    /// The newest link of a peer.
    pub fn link(&self, peer: &PeerName) -> Option<u32> {
        self.newest_line(peer).map(|(link, _)| link)
    }

    fn line(&mut self, link: &Link, up: bool) {
        let lines = self.links.entry(link.peer.clone()).or_default();
        lines.insert(link.instance, up);
    }

    /// The newest link that the peer speaks on, and whether it is up. One that stood for a moment beside an older one, and that the server then
    /// refused, was never spoken on: the peer has no word of its end.
    fn newest_line(&self, peer: &PeerName) -> Option<(u32, bool)> {
        let lines = self.links.get(peer)?;
        let (newest, up) = lines.last_key_value().map(|(link, up)| (*link, *up))?;
        if up || self.has_closed(peer, newest) {
            return Some((newest, up));
        }
        let mut older = lines.iter().rev().map(|(link, up)| (*link, *up));
        older.find(|(_, up)| *up).or(Some((newest, up)))
    }

    /// Whether the peer itself has seen the end of this link, or of a later one.
    pub fn has_closed(&self, peer: &PeerName, link: u32) -> bool {
        self.closed
            .get(peer)
            .is_some_and(|(closed, _)| *closed >= link)
    }

    /// One line for a person: what state a peer is in.
    pub fn describe(&self, peer: &PeerName) -> String {
        let mut parts = vec![match self.newest_line(peer) {
            None => "signaling never connected".to_owned(),
            Some((_, true)) => "signaling up".into(),
            Some((_, false)) => "signaling down".into(),
        }];
        let current = self.current(peer);
        let silent = |(_, conn): &(_, &Connection)| conn.states.is_empty();
        if current.iter().all(silent) {
            parts.push("no connection".into());
        }
        let several = current.len() > 1;
        for (partner, conn) in current {
            let with = partner.filter(|_| several);
            let with = with
                .map(|with| format!(" (with {with})"))
                .unwrap_or_default();
            for machine in [
                Machine::Signaling,
                Machine::IceGathering,
                Machine::Ice,
                Machine::Connection,
            ] {
                if let Some(state) = conn.states.get(&machine).and_then(Course::now) {
                    parts.push(format!("{} {state}{with}", machine.as_str()));
                }
            }
            for (label, course) in &conn.channels {
                if let Some(state) = course.now() {
                    parts.push(format!("channel {label} {state}{with}"));
                }
            }
        }
        parts.join(", ")
    }
}

/// Whether somebody may be the one who is asked for.
fn may_be(somebody: &Option<PeerName>, asked: &Option<PeerName>) -> bool {
    match (somebody, asked) {
        (Some(somebody), Some(asked)) => somebody == asked,
        _ => true,
    }
}

/// All twos of these, in their order.
fn couples<T>(of: &[T]) -> impl Iterator<Item = (&T, &T)> {
    let with = |(place, one)| of[place + 1..].iter().map(move |other| (one, other));
    of.iter().enumerate().flat_map(with)
}
