//! A peer's whole mind: its pairs, and what is decided before it is known which of them is meant.

use std::collections::{BTreeMap, VecDeque};

use super::input::{Call, End, Input, Output};
use super::item::Item;
use super::numbers::Numbers;
use super::pair::Pair;
use super::policy::Policy;
use crate::hand::{Deed, Happening};
use crate::names::PeerName;
use crate::record::What;

/// A peer's whole mind.
#[derive(Clone, Debug)]
pub struct Mind {
    pub(super) me: PeerName,
    others: Vec<PeerName>,
    pub(super) policy: Policy,
    /// Whether its hand has an `RTCPeerConnection`.
    connects: bool,
    pairs: BTreeMap<PeerName, Pair>,
    numbers: Numbers,
    /// Whose each connection is, those that were replaced included.
    owners: BTreeMap<u32, PeerName>,
    /// Whose each command under way is.
    calls: BTreeMap<Call, PeerName>,
    /// Joins under way: whether it offers once it is in.
    joins: VecDeque<bool>,
    /// So many of the oldest of them may have been refused.
    unsure: usize,
    /// Whom it met last: who was inside, came in, or signalled.
    pub(super) met: Option<PeerName>,
    /// Whom it heard a signal of last.
    signalled: Option<PeerName>,
    /// How many signals it has made up.
    pub(super) carried: u32,
}

impl Mind {
    /// A mind that has met nobody. `others` are the other peers of its case; its first connection has the number after `last_conn`.
    pub fn new(
        me: PeerName,
        others: Vec<PeerName>,
        policy: Policy,
        connects: bool,
        last_conn: u32,
    ) -> Self {
        Self {
            me,
            others,
            policy,
            connects,
            pairs: BTreeMap::new(),
            numbers: Numbers::after(last_conn),
            owners: BTreeMap::new(),
            calls: BTreeMap::new(),
            joins: VecDeque::new(),
            unsure: 0,
            met: None,
            signalled: None,
            carried: 0,
        }
    }

    /// The number of the last connection that it made.
    pub fn last_conn(&self) -> u32 {
        self.numbers.conn
    }

    /// With whom a connection is to be.
    pub fn owner(&self, conn: u32) -> Option<&PeerName> {
        self.owners.get(&conn)
    }

    /// Takes off the oldest join that has no answer; one that may have been refused was, where another was asked for after it.
    fn answered(&mut self) -> Option<bool> {
        while self.unsure > 0 && self.joins.len() > 1 {
            self.joins.pop_front();
            self.unsure -= 1;
        }
        self.unsure = self.unsure.saturating_sub(1);
        self.joins.pop_front()
    }

    /// Takes something in and says what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Joining { offers } => self.joins.push_back(self.policy.offers_as_joiner(offers)),
            Input::Refused { bare: true } => self.unsure = self.joins.len().min(self.unsure + 1),
            Input::Refused { bare: false } => drop(self.answered()),
            Input::LineLost => {
                self.joins.clear();
                self.unsure = 0;
                let peers: Vec<PeerName> = self.pairs.keys().cloned().collect();
                for peer in peers {
                    self.tell(&peer, Item::LineLost, &mut out);
                }
            }
            Input::Joined { inside, heard } => {
                let offers = self.answered().unwrap_or(false);
                self.met = inside.first().cloned().or(self.met.take());
                for peer in &inside {
                    self.tell(peer, Item::Found, &mut out);
                }
                for peer in inside.iter().filter(|_| offers) {
                    self.offer(peer, heard, &mut out);
                }
            }
            Input::Came { peer, heard } => {
                self.met = Some(peer.clone());
                self.tell(&peer, Item::Came, &mut out);
                if self.policy.offers_as_insider() {
                    self.offer(&peer, heard, &mut out);
                }
            }
            Input::Went { peer, heard } => self.tell(&peer, Item::Went { heard }, &mut out),
            Input::Signal {
                from,
                signal,
                heard,
            } => {
                self.met = Some(from.clone());
                self.signalled = Some(from.clone());
                if self.connects {
                    self.tell(&from, Item::Signal { signal, heard }, &mut out);
                }
            }
            Input::Deed {
                order,
                to,
                deed,
                cause,
            } => self.deed(order, to, deed, cause, &mut out),
            Input::Happening(happening) => self.happening(happening, &mut out),
            Input::Reply { call, result } => {
                if let Some(peer) = self.calls.remove(&call) {
                    self.tell(&peer, Item::Reply { call, result }, &mut out);
                }
            }
            Input::Time { with, number } => self.tell(&with, Item::Time { number }, &mut out),
        }
        out
    }

    /// The only other peer of the case, if there is just one.
    pub(super) fn only_other(&self) -> Option<PeerName> {
        match self.others.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    fn offer(&mut self, to: &PeerName, heard: u64, out: &mut Vec<Output>) {
        let item = Item::Deed {
            order: None,
            deed: Deed::Negotiate,
            cause: vec![heard],
        };
        if self.connects {
            return self.tell(to, item, out);
        }
        let text = format!("no offer to {to}: {NO_CONNECTION}");
        let what = What::Note {
            peer: Some(self.me.clone()),
            text,
        };
        let mark = self.numbers.mark();
        let cause = vec![heard.into()];
        out.push(Output::Record { mark, what, cause });
    }

    fn deed(
        &mut self,
        order: super::OrderId,
        to: Option<PeerName>,
        deed: Deed,
        cause: Vec<u64>,
        out: &mut Vec<Output>,
    ) {
        let no = |why: &str| Output::Over {
            order,
            end: End::No(why.into()),
        };
        match (&deed, self.connects) {
            (Deed::Send { kind, size, .. }, false) => {
                let size = size.unwrap_or_default();
                let carried = self.carry(order, to, (*kind, size), &cause);
                return out.push(carried);
            }
            (Deed::Send { size: Some(_), .. }, true) => {
                return out.push(no("only a wire peer makes up what it sends, of any `size`"));
            }
            (Deed::Negotiate, false) => return out.push(no(NO_CONNECTION)),
            _ => {}
        }
        let Some(with) = to.or_else(|| self.counterpart()) else {
            return out.push(no("it has no connection yet"));
        };
        let order = Some(order);
        self.tell(&with, Item::Deed { order, deed, cause }, out);
    }

    /// Whom an order about "the connection" means: the peer of the newest one, else whoever was heard, else the only other.
    fn counterpart(&self) -> Option<PeerName> {
        let newest = self
            .pairs
            .iter()
            .filter_map(|(peer, pair)| Some((pair.number()?, peer)))
            .max();
        newest
            .map(|(_, peer)| peer.clone())
            .or_else(|| self.signalled.clone())
            .or_else(|| self.only_other())
    }

    fn happening(&mut self, happening: Happening, out: &mut Vec<Output>) {
        let conn = match &happening {
            Happening::Candidate { conn, .. }
            | Happening::State { conn, .. }
            | Happening::ChannelAdded { conn, .. }
            | Happening::ChannelState { conn, .. }
            | Happening::ChannelMessage { conn, .. }
            | Happening::NegotiationNeeded { conn } => *conn,
            Happening::LinkOpened { .. }
            | Happening::LinkMessage { .. }
            | Happening::LinkClosed { .. }
            | Happening::Console { .. }
            | Happening::Gone { .. } => return,
        };
        // A hand tells of connections that it was told to make, and of no others.
        if let Some(peer) = self.owners.get(&conn).cloned() {
            self.tell(&peer, Item::Happening(happening), out);
        }
    }

    /// Hands something to a pair, which is there from then on.
    fn tell(&mut self, peer: &PeerName, item: Item, out: &mut Vec<Output>) {
        let pair = self
            .pairs
            .entry(peer.clone())
            .or_insert_with(|| Pair::new(self.me.clone(), peer.clone(), self.policy.clone()));
        let from = out.len();
        out.append(&mut pair.handle(item, &mut self.numbers));
        for output in &out[from..] {
            if let Output::Do { call, command } = output {
                self.calls.insert(*call, peer.clone());
                if let crate::hand::Command::NewConnection { conn } = command {
                    self.owners.insert(*conn, peer.clone());
                }
            }
        }
    }
}

const NO_CONNECTION: &str = "a wire peer has no connection to offer";
