//! Events that are one line of the log together.

use std::collections::HashMap;

use crate::record::{Event, What};
use crate::signaling::{Candidate, Signal, Word};

/// Logged events that are one line.
pub(super) struct Folds {
    /// The first of each event's fold, by index; itself where it stands alone.
    pub first: Vec<usize>,
    /// The others, by the first.
    rest: HashMap<usize, Vec<usize>>,
}

impl Folds {
    /// Of so many events, each alone.
    pub fn none(events: usize) -> Self {
        Self {
            first: (0..events).collect(),
            rest: HashMap::new(),
        }
    }

    pub fn members(&self, first: usize) -> impl Iterator<Item = usize> + '_ {
        let rest = self.rest.get(&first).into_iter().flatten().copied();
        std::iter::once(first).chain(rest)
    }

    pub fn join(&mut self, first: usize, other: usize) {
        self.first[other] = first;
        self.rest.entry(first).or_default().push(other);
    }
}

/// The candidate of an event; an empty one is the end of a generation.
pub(super) fn candidate(event: &Event) -> Option<&Candidate> {
    match &event.what {
        What::Message {
            word:
                Some(Word::Signal {
                    signal: Signal::Candidate { candidate },
                    ..
                }),
            ..
        } if !candidate.candidate.is_empty() => Some(candidate),
        _ => None,
    }
}
