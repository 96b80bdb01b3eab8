//! The faults that a case's steps have placed at the taps, and what they keep back.

use std::sync::Mutex;

use super::wire::lock;
use crate::log::{Direction, Fate, Seq};
use crate::names::{Link, PeerName};
use crate::scenario::Pattern;
use crate::signaling::Kind;
use crate::tap::{HoldId, Passing};

/// The faults placed at the taps of one case.
#[derive(Default)]
pub struct Rules {
    placed: Mutex<Vec<Placed>>,
}

struct Placed {
    pattern: Pattern,
    fault: Fault,
    /// How many messages have matched so far.
    matched: u32,
    /// Held messages that nobody has released yet, in order.
    held: Vec<Held>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    Hold,
    Drop,
}

/// One message that the tap keeps back.
#[derive(Clone, Debug)]
pub struct Held {
    /// At whose tap.
    pub peer: PeerName,
    /// Its number there.
    pub id: HoldId,
    /// The link it belongs to.
    pub link: Link,
    /// Which way it was going.
    pub direction: Direction,
    /// Its event.
    pub seq: Seq,
    /// What its payload is known by.
    pub mark: u64,
}

impl Rules {
    /// From now on, keep back what matches.
    pub fn hold(&self, pattern: Pattern) {
        self.place(pattern, Fault::Hold);
    }

    /// From now on, throw away what matches.
    pub fn discard(&self, pattern: Pattern) {
        self.place(pattern, Fault::Drop);
    }

    fn place(&self, pattern: Pattern, fault: Fault) {
        lock(&self.placed).push(Placed {
            pattern,
            fault,
            matched: 0,
            held: Vec::new(),
        });
    }

    /// Stops holding by this pattern and hands out what was held, oldest first.
    pub fn release(&self, pattern: &Pattern) -> Vec<Held> {
        let mut placed = lock(&self.placed);
        let mut out = Vec::new();
        placed.retain_mut(|rule| {
            let ends = rule.fault == Fault::Hold && rule.pattern.same_target(pattern);
            if ends {
                out.append(&mut rule.held);
            }
            !ends
        });
        out.sort_by_key(|held| held.seq);
        out
    }

    /// Finds what is to happen to this message and lets `record` write it down; both under one lock, so that a release in
    /// between cannot lose it.
    pub(super) fn decide(
        &self,
        at: &PeerName,
        passing: &Passing<'_>,
        word: Option<(Kind, Option<&PeerName>)>,
        record: impl FnOnce(Fate) -> Seq,
        held: impl FnOnce(Seq) -> Held,
    ) -> (Fate, Seq) {
        let mut placed = lock(&self.placed);
        let rule = word.and_then(|(kind, about)| {
            placed.iter_mut().find_map(|rule| {
                if !rule.pattern.matches(at, passing.direction, kind, about) {
                    return None;
                }
                rule.matched += 1;
                rule.pattern
                    .nth
                    .is_none_or(|nth| nth == rule.matched)
                    .then_some(rule)
            })
        });
        let Some(rule) = rule else {
            return (Fate::Passed, record(Fate::Passed));
        };
        match rule.fault {
            Fault::Drop => (Fate::Dropped, record(Fate::Dropped)),
            Fault::Hold => {
                let seq = record(Fate::Held);
                rule.held.push(held(seq));
                (Fate::Held, seq)
            }
        }
    }
}

impl Pattern {
    /// Whether both mean the same messages, whatever their count.
    pub fn same_target(&self, other: &Pattern) -> bool {
        (self.message, &self.from, &self.to) == (other.message, &other.from, &other.to)
    }

    /// Whether it means a message of this kind on the leg of `speaker`'s tap. `from` alone sits on the sender's leg, before the
    /// server; anything with `to` on the receiver's, after it.
    pub fn matches(
        &self,
        at: &PeerName,
        direction: Direction,
        kind: Kind,
        about: Option<&PeerName>,
    ) -> bool {
        if self.message != kind {
            return false;
        }
        match (&self.from, &self.to, direction) {
            (Some(from), None, Direction::Up) => from == at,
            (from, Some(to), Direction::Down) => {
                to == at
                    && from
                        .as_ref()
                        .is_none_or(|from| about.is_none_or(|a| a == from))
            }
            _ => false,
        }
    }
}
