//! What a scenario expects of a log: lines that must be in it, and lines that must never be.

use std::collections::HashMap;

use super::Log;
use super::lines::Names;
use crate::facts::{Delivery, Facts};
use crate::names::Link;
use crate::record::{Event, Seq, What};
use crate::signaling::Terms;

/// Whether a line begins with a pattern, at a word's end. `*` stands for any text.
pub fn matches(pattern: &str, line: &str) -> bool {
    let pattern = pattern.trim();
    let mut pieces = pattern.split('*');
    let Some(mut rest) = pieces.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut last = pattern.split('*').next().unwrap_or_default();
    if pattern.is_empty() {
        return false;
    }
    let pieces: Vec<&str> = pieces.collect();
    let Some((end, middle)) = pieces.split_last() else {
        return ends_word(last, rest);
    };
    for piece in middle {
        match rest.find(piece) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    last = end;
    last.is_empty()
        || rest
            .match_indices(last)
            .any(|(at, piece)| ends_word(last, &rest[at + piece.len()..]))
}

fn ends_word(matched: &str, rest: &str) -> bool {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '#');
    !(matched.chars().next_back().is_some_and(inner) && rest.chars().next().is_some_and(inner))
}

/// Whether each pattern matches a line of the log, in this order. The error is the index of the first that does not.
pub fn seen<S: AsRef<str>>(patterns: &[S], log: &Log) -> Result<(), usize> {
    let mut lines = log.lines.iter();
    for (index, pattern) in patterns.iter().enumerate() {
        let pattern = pattern.as_ref();
        let found = lines.any(|line| {
            std::iter::once(&line.text)
                .chain(&line.forms)
                .any(|form| matches(pattern, form))
        });
        if !found {
            return Err(index);
        }
    }
    Ok(())
}

/// Looks for lines that must never be, as events happen, whether the log would show them or not.
#[derive(Debug)]
pub struct Watch {
    patterns: Vec<String>,
    facts: Facts,
    names: Names,
    senders: HashMap<Seq, Link>,
}

impl Watch {
    /// Watches for these, as in [`matches`].
    pub fn new<S: AsRef<str>>(patterns: &[S], terms: &Terms) -> Self {
        Self {
            patterns: patterns.iter().map(|p| p.as_ref().to_owned()).collect(),
            facts: Facts::new(terms),
            names: Names::default(),
            senders: HashMap::new(),
        }
    }

    /// Takes in one event; the index of the first pattern that it matches.
    pub fn feed(&mut self, event: &Event) -> Option<usize> {
        if self.patterns.is_empty() {
            return None;
        }
        let lines = self.lines(event);
        self.patterns
            .iter()
            .position(|pattern| lines.iter().any(|line| matches(pattern, line)))
    }

    /// Every way in which an event is written by itself.
    pub fn lines(&mut self, event: &Event) -> Vec<String> {
        self.names.learn(event);
        self.facts.take(event);
        let delivery = self.facts.newest_delivery();
        if let What::Message { link, .. } = &event.what
            && delivery.is_none()
        {
            self.senders.insert(event.seq, link.clone());
        }
        let source = delivery
            .and_then(Delivery::of)
            .and_then(|seq| self.senders.get(&seq));
        self.names.raw(event, delivery, source)
    }
}
