//! Pairs: the connection of one peer with one other.
//!
//! A connection is known by the certificates that its descriptions name (RFC 8122, section 5): two are one pair where each has the other's as
//! its remote ones. With whom one is to be is recorded when it is made; else it follows from whom its descriptions went to or came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::names::PeerName;
use crate::record::{Applied, Event, Seq, What};
use crate::signaling::sdp::fingerprints;
use crate::signaling::{DescriptionKind, Signal, Terms, Word};
use crate::terms::Direction;

/// One peer's side of a pair: the peer, and the number of its connection.
pub(crate) type EndId = (PeerName, u32);

/// One peer's side of a pair, or of what may become one.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// Whom it was made for; where that was not recorded, whom its first description went to or came from.
    pub partner: Option<PeerName>,
    /// It has taken in a description of another one.
    pub described: bool,
    /// The descriptions that it took in until the first answer, by their place in the trace: its first negotiation.
    pub first: Vec<usize>,
    /// When that negotiation was complete.
    pub answered: Option<usize>,
    /// Certificates: its own, and those that it expects at the other side.
    local: BTreeSet<String>,
    remote: BTreeSet<String>,
    /// It is a page's, which says with whom it is by its certificates alone.
    page: bool,
}

impl End {
    /// The certificates that are its own.
    pub fn local(&self) -> &BTreeSet<String> {
        &self.local
    }

    /// Those that it expects at the other side.
    pub fn remote(&self) -> &BTreeSet<String> {
        &self.remote
    }
}

/// All connections of a trace so far.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    ends: BTreeMap<EndId, End>,
    /// Which end took in a local description, by that event.
    set: HashMap<Seq, EndId>,
    /// Descriptions on the wire: whom the message names, and the certificates in it.
    sent: HashMap<Seq, Sent>,
    /// The message of each description that was heard, or let go by the tap.
    heard: HashMap<Seq, Seq>,
    /// The server is one end of each connection: its certificate is that of everybody.
    relayed: bool,
}

#[derive(Debug)]
struct Sent {
    about: Option<PeerName>,
    certificates: BTreeSet<String>,
}

impl Pairs {
    /// Of nothing yet, on these terms.
    pub fn new(terms: &Terms) -> Self {
        Self {
            relayed: terms.relays_media,
            ..Self::default()
        }
    }

    /// Takes in one more event, at its place in the trace.
    pub fn take(&mut self, place: usize, event: &Event) {
        match &event.what {
            What::Message {
                direction,
                word: Some(Word::Signal { signal, .. }),
                about,
                ..
            } => self.message(event, *direction, signal, about.as_ref()),
            What::Hears { about, .. } => {
                let Some(cause) = event.cause.first() else {
                    return;
                };
                let message = self.heard.get(cause).copied().unwrap_or(*cause);
                if let Some(sent) = self.sent.get_mut(&message) {
                    // A wire that names no sender has its readers find out.
                    if sent.about.is_none() {
                        sent.about.clone_from(about);
                    }
                    self.heard.insert(event.seq, message);
                }
            }
            What::Released { message, .. } if self.sent.contains_key(message) => {
                self.heard.insert(event.seq, *message);
            }
            What::ConnectionMade { peer, conn, with } => {
                let end = self.ends.entry((peer.clone(), *conn)).or_default();
                end.partner = Some(with.clone());
            }
            What::Certificate {
                peer,
                conn,
                local,
                fingerprint,
            } => self.certificate((peer.clone(), *conn), *local, fingerprint),
            What::Applied {
                peer,
                conn,
                applied,
            } => self.applied(place, event, (peer.clone(), *conn), *applied),
            _ => {}
        }
    }

    fn message(
        &mut self,
        event: &Event,
        direction: Direction,
        signal: &Signal,
        about: Option<&PeerName>,
    ) {
        let (Signal::Offer { sdp } | Signal::Answer { sdp }) = signal else {
            return;
        };
        let certificates = fingerprints(sdp);
        if direction == Direction::Down {
            let about = about.cloned();
            let sent = Sent {
                about,
                certificates,
            };
            self.sent.insert(event.seq, sent);
            return;
        }
        let set = event.cause.iter().find_map(|seq| self.set.get(seq));
        if let Some(end) = set.and_then(|id| self.ends.get_mut(id)) {
            end.local.extend(certificates);
            if end.partner.is_none() {
                end.partner = about.cloned();
            }
            self.recognise();
        }
    }

    /// A page's connection has this certificate, or expects it at the other side.
    fn certificate(&mut self, id: EndId, local: bool, fingerprint: &str) {
        let end = self.ends.entry(id).or_default();
        end.page = true;
        let known = match local {
            true => &mut end.local,
            false => &mut end.remote,
        };
        known.insert(fingerprint.to_owned());
        end.described |= !local;
        self.recognise();
    }

    /// Finds out with whom the connections of pages are: whose certificate they expect.
    fn recognise(&mut self) {
        let open = |end: &&End| end.page && end.partner.is_none() && !end.remote.is_empty();
        if !self.ends.values().any(|end| open(&end)) {
            return;
        }
        let whose = |of: &EndId, end: &End| {
            let mut others = self.ends.iter().filter(|((peer, _), _)| *peer != of.0);
            let other = others.find(|(_, other)| !other.local.is_disjoint(&end.remote));
            other.map(|((peer, _), _)| peer.clone())
        };
        let open = self.ends.iter().filter(|(_, end)| open(end));
        let found: Vec<(EndId, PeerName)> = open
            .filter_map(|(id, end)| Some((id.clone(), whose(id, end)?)))
            .collect();
        for (id, partner) in found {
            if let Some(end) = self.ends.get_mut(&id) {
                end.partner = Some(partner);
            }
        }
    }

    fn applied(&mut self, place: usize, event: &Event, id: EndId, applied: Applied) {
        let (Applied::Local(kind) | Applied::Remote(kind)) = applied else {
            return;
        };
        let end = self.ends.entry(id.clone()).or_default();
        if end.answered.is_none() {
            end.first.push(place);
            if kind == DescriptionKind::Answer {
                end.answered = Some(place);
            }
        }
        if let Applied::Local(_) = applied {
            self.set.insert(event.seq, id);
            return;
        }
        end.described |= kind != DescriptionKind::Rollback;
        let (heard, sent) = (&self.heard, &self.sent);
        let message = (event.cause.iter()).find_map(|seq| sent.get(heard.get(seq).unwrap_or(seq)));
        if let Some(message) = message {
            end.remote.extend(message.certificates.iter().cloned());
            if end.partner.is_none() {
                end.partner.clone_from(&message.about);
            }
        }
    }

    /// What is known of a connection.
    pub fn end(&self, peer: &PeerName, conn: u32) -> Option<&End> {
        self.ends.get(&(peer.clone(), conn))
    }

    /// Every connection, by peer and number.
    pub fn ends(&self) -> impl Iterator<Item = (&EndId, &End)> {
        self.ends.iter()
    }

    /// With whom a connection is, or is to be.
    pub fn partner(&self, peer: &PeerName, conn: u32) -> Option<&PeerName> {
        self.end(peer, conn)?.partner.as_ref()
    }

    /// Whether these two connections are one pair.
    pub fn is_pair(&self, one: (&PeerName, u32), other: (&PeerName, u32)) -> bool {
        let (Some(a), Some(b)) = (self.end(one.0, one.1), self.end(other.0, other.1)) else {
            return false;
        };
        let meets = |local: &End, remote: &End| {
            remote.described
                && (self.relayed
                    || local.local.is_empty()
                    || remote.remote.is_empty()
                    || !local.local.is_disjoint(&remote.remote))
        };
        a.partner.as_ref() == Some(other.0)
            && b.partner.as_ref() == Some(one.0)
            && meets(a, b)
            && meets(b, a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Link;
    use crate::record::Digest;
    use crate::signaling::Kind;
    use crate::terms::{Carrier, Fate};

    #[derive(Default)]
    struct Trace {
        pairs: Pairs,
        seq: Seq,
    }

    impl Trace {
        fn add(&mut self, cause: &[Seq], what: What) -> Seq {
            self.seq += 1;
            let event = Event {
                seq: self.seq,
                at: self.seq,
                cause: cause.to_vec(),
                what,
            };
            self.pairs
                .take(usize::try_from(self.seq).unwrap_or_default(), &event);
            self.seq
        }

        fn applied(&mut self, peer: &str, conn: u32, applied: Applied, cause: &[Seq]) -> Seq {
            let peer = PeerName::new(peer);
            self.add(
                cause,
                What::Applied {
                    peer,
                    conn,
                    applied,
                },
            )
        }

        fn message(
            &mut self,
            peer: &str,
            direction: Direction,
            about: &str,
            kind: DescriptionKind,
            certificate: &str,
            cause: &[Seq],
        ) -> Seq {
            let sdp = format!("v=0\r\na=fingerprint:sha-256 {certificate}\r\n").into();
            let signal = match kind {
                DescriptionKind::Offer => Signal::Offer { sdp },
                _ => Signal::Answer { sdp },
            };
            let link = Link {
                peer: PeerName::new(peer),
                instance: 1,
            };
            self.add(
                cause,
                What::Message {
                    link,
                    direction,
                    carrier: Carrier::Text,
                    word: Some(Word::Signal { peer: None, signal }),
                    about: Some(PeerName::new(about)),
                    fate: Fate::Passed,
                    size: 0,
                    digest: Digest::public().of(b"").into(),
                    text: String::new(),
                    of: None,
                    number: None,
                },
            )
        }

        /// One sets a description and sends it, the other takes it in.
        fn told(
            &mut self,
            from: (&str, u32),
            to: (&str, u32),
            kind: DescriptionKind,
            certificates: [&str; 2],
        ) {
            let set = self.applied(from.0, from.1, Applied::Local(kind), &[]);
            self.message(from.0, Direction::Up, to.0, kind, certificates[0], &[set]);
            let got = self.message(to.0, Direction::Down, from.0, kind, certificates[1], &[]);
            let link = Link {
                peer: PeerName::new(to.0),
                instance: 1,
            };
            let heard = self.add(
                &[got],
                What::Hears {
                    peer: link.peer.clone(),
                    link,
                    kind: if kind == DescriptionKind::Offer {
                        Kind::Offer
                    } else {
                        Kind::Answer
                    },
                    about: Some(PeerName::new(from.0)),
                },
            );
            self.applied(to.0, to.1, Applied::Remote(kind), &[heard]);
        }

        fn is_pair(&self, one: (&str, u32), other: (&str, u32)) -> bool {
            let (a, b) = (PeerName::new(one.0), PeerName::new(other.0));
            let (there, back) = (
                self.pairs.is_pair((&a, one.1), (&b, other.1)),
                self.pairs.is_pair((&b, other.1), (&a, one.1)),
            );
            assert_eq!(there, back);
            there
        }
    }

    const ALICE: (&str, u32) = ("alice", 1);
    const BOB: (&str, u32) = ("bob", 1);
    use DescriptionKind::{Answer, Offer};

    #[test]
    fn each_has_the_certificate_of_the_other() {
        let mut trace = Trace::default();
        trace.told(BOB, ALICE, Offer, ["BB", "bb"]);
        assert!(!trace.is_pair(ALICE, BOB), "no answer yet");
        trace.told(ALICE, BOB, Answer, ["aa", "aa"]);
        assert!(trace.is_pair(ALICE, BOB));
        assert!(!trace.is_pair(ALICE, ("bob", 2)) && !trace.is_pair(ALICE, ("carol", 1)));
        let end = trace.pairs.end(&PeerName::new("bob"), 1).expect("an end");
        assert_eq!((end.first.len(), end.answered.is_some()), (2, true));
    }

    /// A page says nothing of whom a connection is for, and what it tells comes in any order.
    #[test]
    fn a_page_is_a_pair_with_whoever_has_the_certificate_that_it_expects() {
        let certificate = |peer: &str, conn, local, fingerprint: &str| What::Certificate {
            peer: PeerName::new(peer),
            conn,
            local,
            fingerprint: format!("sha-256 {fingerprint}"),
        };
        let told = [
            certificate("alice", 1, true, "aa"),
            certificate("alice", 1, false, "bb"),
            certificate("bob", 1, true, "bb"),
            certificate("bob", 1, false, "aa"),
        ];
        for first in 0..told.len() {
            let mut trace = Trace::default();
            trace.add(&[], certificate("bob", 2, true, "b2"));
            for what in told[first..].iter().chain(&told[..first]) {
                assert!(!trace.is_pair(ALICE, BOB));
                trace.add(&[], what.clone());
            }
            assert!(trace.is_pair(ALICE, BOB));
            assert!(!trace.is_pair(ALICE, ("bob", 2)));
        }
        // Beside a peer that the harness drives, whose messages tell its certificate.
        let mut trace = Trace::default();
        let with = PeerName::new("alice");
        let (peer, conn) = (PeerName::new("bob"), 1);
        trace.add(&[], What::ConnectionMade { peer, conn, with });
        trace.add(&[], certificate("alice", 1, true, "aa"));
        trace.add(&[], certificate("alice", 1, false, "bb"));
        trace.told(BOB, ("carol", 9), Offer, ["BB", "bb"]);
        assert_eq!(
            trace.pairs.partner(&PeerName::new("alice"), 1),
            Some(&PeerName::new("bob"))
        );
        trace.message("alice", Direction::Up, "bob", Answer, "aa", &[]);
        let got = trace.message("bob", Direction::Down, "alice", Answer, "aa", &[]);
        trace.applied("bob", 1, Applied::Remote(Answer), &[got]);
        assert!(trace.is_pair(ALICE, BOB));
    }

    #[test]
    fn who_has_the_certificate_of_somebody_else_is_no_pair() {
        let mut trace = Trace::default();
        trace.told(BOB, ALICE, Offer, ["bb", "mallory"]);
        trace.told(ALICE, BOB, Answer, ["aa", "aa"]);
        assert!(!trace.is_pair(ALICE, BOB));
    }

    /// Where the server is the other end of each, whom a connection was made for says with whom it is.
    #[test]
    fn behind_a_server_that_relays_media_two_are_a_pair_by_whom_each_connection_is_for() {
        let terms = Terms {
            relays_media: true,
            ..Terms::default()
        };
        let told = |mut trace: Trace| {
            for (peer, with) in [("alice", "bob"), ("bob", "alice"), ("carol", "bob")] {
                let (peer, with) = (PeerName::new(peer), PeerName::new(with));
                let conn = 1;
                trace.add(&[], What::ConnectionMade { peer, conn, with });
            }
            trace.told(BOB, ALICE, Offer, ["bb", "server"]);
            let answered = trace.is_pair(ALICE, BOB);
            trace.told(ALICE, BOB, Answer, ["aa", "server"]);
            (answered, trace.is_pair(ALICE, BOB), trace)
        };
        let through = Trace {
            pairs: Pairs::new(&terms),
            ..Trace::default()
        };
        let (answered, met, trace) = told(through);
        assert!(!answered, "no answer yet");
        assert!(met && !trace.is_pair(("carol", 1), BOB));
        let (_, met, _) = told(Trace::default());
        assert!(!met, "another server has no certificate to give");
    }

    #[test]
    fn two_connections_of_the_same_two_are_told_apart() {
        let mut trace = Trace::default();
        for (conn, [bobs, alices]) in [(1, ["b1", "a1"]), (2, ["b2", "a2"])] {
            trace.told(("bob", conn), ("alice", conn), Offer, [bobs; 2]);
            trace.told(("alice", conn), ("bob", conn), Answer, [alices; 2]);
        }
        assert!(trace.is_pair(ALICE, BOB) && trace.is_pair(("alice", 2), ("bob", 2)));
        assert!(!trace.is_pair(ALICE, ("bob", 2)));
    }

    #[test]
    fn an_offer_names_its_partner_before_it_is_answered() {
        let mut trace = Trace::default();
        let set = trace.applied("bob", 3, Applied::Local(Offer), &[]);
        assert_eq!(trace.pairs.partner(&PeerName::new("bob"), 3), None);
        trace.message("bob", Direction::Up, "carol", Offer, "bb", &[set]);
        let partner = trace.pairs.partner(&PeerName::new("bob"), 3);
        assert_eq!(partner, Some(&PeerName::new("carol")));
    }

    /// A server that names somebody else as the sender makes no connection another's.
    #[test]
    fn for_whom_a_connection_was_made_counts_more_than_what_its_messages_say() {
        let (alice, bob) = (PeerName::new("alice"), PeerName::new("bob"));
        let mut trace = Trace::default();
        for (peer, with) in [(&alice, &bob), (&bob, &alice)] {
            let (peer, with, conn) = (peer.clone(), with.clone(), 1);
            trace.add(&[], What::ConnectionMade { peer, conn, with });
        }
        assert_eq!(trace.pairs.partner(&alice, 1), Some(&bob));
        trace.told(("carol", 1), ALICE, Offer, ["cc", "cc"]);
        assert_eq!(trace.pairs.partner(&alice, 1), Some(&bob));
    }
}
