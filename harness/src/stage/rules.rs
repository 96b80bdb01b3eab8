//! The faults that a case's steps have placed at the taps, and what they keep back.

use std::sync::Mutex;
use std::time::Duration;

use super::gathering::Gathering;
use super::looks::Looks;
use crate::lock::lock;
use crate::names::{Link, PeerName};
use crate::record::Seq;
use crate::scenario::{Pattern, Scenario};
use crate::signaling::Kind;
use crate::tap::{HoldId, Passing};
use crate::terms::Corruption;
use crate::terms::{Direction, Fate};

/// The faults placed at the taps of one case.
#[derive(Default)]
pub struct Rules {
    placed: Mutex<Vec<Placed>>,
    /// What steps look for in messages.
    pub(super) looks: Looks,
    /// What begins together now.
    pub(super) gathering: Gathering,
}

struct Placed {
    pattern: Pattern,
    fault: Fault,
    /// How many messages have matched so far.
    matched: u32,
    /// Held messages that nobody has released yet, in order.
    held: Vec<Held>,
}

/// What a step has ordered for the messages of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Keep back until a release.
    Hold,
    /// Throw away.
    Drop,
    /// Let go after this time, and what follows behind it.
    Delay(Duration),
    /// Let go twice.
    Duplicate,
    /// Let go changed.
    Corrupt(Corruption),
    /// Keep back until the next word of the same link and direction has passed, or the next of this kind.
    Reorder(Option<Kind>),
}

impl Fault {
    /// What becomes of a message that meets it.
    pub(super) fn fate(self) -> Fate {
        match self {
            Fault::Hold | Fault::Reorder(_) => Fate::Held,
            Fault::Drop => Fate::Dropped,
            Fault::Delay(_) => Fate::Delayed,
            Fault::Duplicate => Fate::Passed,
            Fault::Corrupt(_) => Fate::Corrupted,
        }
    }
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

/// What is to happen to a message.
#[derive(Debug)]
pub(super) struct Decision {
    /// The fault that it has met, if it has met one.
    pub fault: Option<Fault>,
    /// Its event.
    pub seq: Seq,
    /// What was waiting for it, and goes right behind it.
    pub behind: Option<Held>,
}

impl Rules {
    /// None is placed yet.
    pub fn of(scenario: &Scenario) -> Self {
        Self {
            looks: Looks::of(scenario),
            ..Self::default()
        }
    }

    /// From now on, do this with what matches.
    pub fn place(&self, pattern: Pattern, fault: Fault) {
        lock(&self.placed).push(Placed {
            pattern,
            fault,
            matched: 0,
            held: Vec::new(),
        });
    }

    /// Stops holding by this pattern and hands out what was held, oldest first.
    pub fn release(&self, pattern: &Pattern) -> Vec<Held> {
        self.take(|rule| rule.fault == Fault::Hold && rule.pattern.same_target(pattern))
    }

    /// Stops reordering and hands out what nothing has followed, oldest first.
    pub fn unfollowed(&self) -> Vec<Held> {
        self.take(|rule| matches!(rule.fault, Fault::Reorder(_)))
    }

    /// The longest time that a message may be delayed by.
    pub fn longest_delay(&self) -> Duration {
        let placed = lock(&self.placed);
        let delays = placed.iter().map(|rule| match rule.fault {
            Fault::Delay(by) => by,
            _ => Duration::ZERO,
        });
        delays.max().unwrap_or_default()
    }

    fn take(&self, ends: impl Fn(&Placed) -> bool) -> Vec<Held> {
        let mut placed = lock(&self.placed);
        let mut out = Vec::new();
        placed.retain_mut(|rule| {
            let ends = ends(rule);
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
        record: impl FnOnce(Option<Fault>) -> Seq,
        held: impl FnOnce(Seq) -> Held,
    ) -> Decision {
        let mut placed = lock(&self.placed);
        let swap = word.and_then(|(kind, _)| awaited(&placed, at, passing, kind));
        let rule = word.and_then(|(kind, about)| {
            placed.iter_mut().enumerate().find_map(|(index, rule)| {
                if !rule.pattern.matches(at, passing.direction, kind, about) {
                    return None;
                }
                rule.matched += 1;
                // What another one waits for follows it; it waits for none in turn.
                let free = swap.is_none() || !matches!(rule.fault, Fault::Reorder(_));
                (rule.pattern.nth.is_none_or(|nth| nth == rule.matched) && free).then_some(index)
            })
        });
        let fault = rule.map(|index| placed[index].fault);
        let seq = record(fault);
        if let (Some(Fate::Held), Some(index)) = (fault.map(Fault::fate), rule) {
            placed[index].held.push(held(seq));
        }
        // Behind what goes as it is, now or later.
        let behind = swap
            .filter(|_| matches!(fault, None | Some(Fault::Delay(_))))
            .map(|(rule, at)| placed[rule].held.remove(at));
        Decision { fault, seq, behind }
    }
}

/// The reordered message that waits for a word of this kind: by its rule, and its place there.
fn awaited(
    placed: &[Placed],
    at: &PeerName,
    passing: &Passing<'_>,
    kind: Kind,
) -> Option<(usize, usize)> {
    if kind == Kind::Fence {
        return None;
    }
    placed.iter().enumerate().find_map(|(index, rule)| {
        let Fault::Reorder(behind) = rule.fault else {
            return None;
        };
        if behind.is_some_and(|behind| behind != kind) {
            return None;
        }
        // The number of a hold has its link's in the upper half.
        let here = |held: &Held| {
            held.peer == *at
                && held.direction == passing.direction
                && held.id >> 32 == HoldId::from(passing.link)
        };
        Some((index, rule.held.iter().position(here)?))
    })
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
