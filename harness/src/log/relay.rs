//! What was sent and what was delivered, matched across a server that says nothing about it.

use std::collections::HashMap;

use crate::names::PeerName;
use crate::record::{Event, Seq, What};
use crate::signaling::Kind;
use crate::terms::{Direction, Fate};

/// What a signal that the server delivers turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// The delivery of this message.
    Relay(Seq),
    /// This message once more, or to somebody it was not for.
    Again(Seq),
    /// In the place of this message, with other content.
    Altered(Seq),
    /// Nobody sent it.
    Invented,
}

impl Delivery {
    /// The message that it comes from.
    pub fn of(self) -> Option<Seq> {
        match self {
            Delivery::Relay(seq) | Delivery::Again(seq) | Delivery::Altered(seq) => Some(seq),
            Delivery::Invented => None,
        }
    }
}

/// A signal that reached the server.
#[derive(Debug)]
struct Sent {
    seq: Seq,
    to: Option<PeerName>,
    /// Who has it. One that the wire addresses to "the other one" may go to each peer once.
    got: Vec<PeerName>,
}

impl Sent {
    fn waits_for(&self, peer: &PeerName) -> bool {
        match &self.to {
            Some(to) => to == peer && self.got.is_empty(),
            None => !self.got.contains(peer),
        }
    }
}

/// Messages of one sort, oldest first.
#[derive(Debug, Default)]
struct Queue {
    all: Vec<usize>,
    /// How many at the front nobody waits for any more.
    done: usize,
}

impl Queue {
    fn next_for(&mut self, peer: &PeerName, sent: &[Sent]) -> Option<usize> {
        while let Some(first) = self.all.get(self.done)
            && sent[*first].to.is_some()
            && !sent[*first].got.is_empty()
        {
            self.done += 1;
        }
        self.all[self.done..]
            .iter()
            .copied()
            .find(|index| sent[*index].waits_for(peer))
    }

    /// The one that this peer got last; else the last that anybody got or was to get.
    fn repeated(&self, peer: &PeerName, sent: &[Sent]) -> Option<Seq> {
        let mine = |index: &&usize| sent[**index].got.contains(peer);
        let index = self.all.iter().rev().find(mine).or(self.all.last())?;
        Some(sent[*index].seq)
    }
}

/// A message that the tap keeps.
#[derive(Debug)]
struct Kept {
    from: PeerName,
    to: Option<PeerName>,
    kind: Kind,
    digest: String,
}

/// Matches deliveries with what was sent, first in first out by sender, addressee, kind and digest; by kind alone where the
/// server is declared to rewrite what it relays. Fed event by event, in the order of the trace.
#[derive(Debug, Default)]
pub struct Relays {
    rewrites: bool,
    sent: Vec<Sent>,
    by_sender: HashMap<(PeerName, Kind), Queue>,
    by_digest: HashMap<(PeerName, Kind, String), Queue>,
    kept: HashMap<Seq, Kept>,
    senders: Vec<PeerName>,
}

impl Relays {
    /// `rewrites`: the server is declared to change what it relays.
    pub fn new(rewrites: bool) -> Self {
        Self {
            rewrites,
            ..Self::default()
        }
    }

    /// Takes in one event. The answer is `Some` for every signal that the server delivers, whatever the tap then does with it.
    pub fn feed(&mut self, event: &Event) -> Option<Delivery> {
        match &event.what {
            What::Message {
                link,
                direction,
                word: Some(word),
                about,
                fate,
                digest,
                ..
            } if word.kind().is_signal() => match direction {
                Direction::Up => {
                    let kept = Kept {
                        from: link.peer.clone(),
                        to: about.clone(),
                        kind: word.kind(),
                        digest: digest.as_str().to_owned(),
                    };
                    match fate {
                        Fate::Passed | Fate::Delayed | Fate::Copy | Fate::Forged => {
                            self.sent(event.seq, kept);
                        }
                        Fate::Held => {
                            self.kept.insert(event.seq, kept);
                        }
                        Fate::Dropped | Fate::Undeliverable | Fate::Corrupted | Fate::Swallowed => {
                        }
                    }
                    None
                }
                Direction::Down if fate.is_made() => None,
                Direction::Down => {
                    Some(self.delivered(&link.peer, about.as_ref(), word.kind(), digest.as_str()))
                }
            },
            What::Released {
                message,
                delivered: true,
            } => {
                if let Some(kept) = self.kept.remove(message) {
                    self.sent(*message, kept);
                }
                None
            }
            _ => None,
        }
    }

    /// What reached the server and was delivered to nobody so far, in the order of sending.
    pub fn undelivered(&self) -> impl Iterator<Item = Seq> + '_ {
        self.sent
            .iter()
            .filter(|sent| sent.got.is_empty())
            .map(|sent| sent.seq)
    }

    fn sent(&mut self, seq: Seq, kept: Kept) {
        let index = self.sent.len();
        if !self.senders.contains(&kept.from) {
            self.senders.push(kept.from.clone());
            self.senders.sort();
        }
        let digest = (kept.from.clone(), kept.kind, kept.digest);
        self.by_digest.entry(digest).or_default().all.push(index);
        self.by_sender
            .entry((kept.from, kept.kind))
            .or_default()
            .all
            .push(index);
        self.sent.push(Sent {
            seq,
            to: kept.to,
            got: Vec::new(),
        });
    }

    fn delivered(
        &mut self,
        to: &PeerName,
        from: Option<&PeerName>,
        kind: Kind,
        digest: &str,
    ) -> Delivery {
        let senders: Vec<PeerName> = match from {
            Some(from) => vec![from.clone()],
            None => self.senders.iter().filter(|s| *s != to).cloned().collect(),
        };
        // Over all who may have sent it: exactly this, then a repeat, then other content in its place.
        if !self.rewrites {
            let keys: Vec<_> = senders
                .iter()
                .map(|sender| (sender.clone(), kind, digest.to_owned()))
                .collect();
            for key in &keys {
                if let Some(queue) = self.by_digest.get_mut(key)
                    && let Some(index) = queue.next_for(to, &self.sent)
                {
                    return Delivery::Relay(self.take(index, to));
                }
            }
            for key in &keys {
                if let Some(queue) = self.by_digest.get(key)
                    && let Some(seq) = queue.repeated(to, &self.sent)
                {
                    return Delivery::Again(seq);
                }
            }
        }
        let keys: Vec<_> = senders.into_iter().map(|sender| (sender, kind)).collect();
        for key in &keys {
            if let Some(queue) = self.by_sender.get_mut(key)
                && let Some(index) = queue.next_for(to, &self.sent)
            {
                let seq = self.take(index, to);
                return if self.rewrites {
                    Delivery::Relay(seq)
                } else {
                    Delivery::Altered(seq)
                };
            }
        }
        if self.rewrites {
            for key in &keys {
                if let Some(queue) = self.by_sender.get(key)
                    && let Some(seq) = queue.repeated(to, &self.sent)
                {
                    return Delivery::Again(seq);
                }
            }
        }
        Delivery::Invented
    }

    fn take(&mut self, index: usize, to: &PeerName) -> Seq {
        let sent = &mut self.sent[index];
        sent.got.push(to.clone());
        sent.seq
    }
}
