//! What a scenario expects of a log: lines that must be in it, and lines that must never be.

use std::collections::HashMap;

use super::Log;
use super::lines::Names;
use super::roles::Called;
use crate::facts::{Delivery, Facts};
use crate::names::Link;
use crate::record::{Event, LetIn, Seq, What};
use crate::signaling::Terms;

/// Whether a line begins with a pattern, at a word's end. `*` stands for any text. A peer without a number means each of its links (`alice`
/// is `alice#2`, too), with a number that one; `alice#1` is the first, which the log writes without.
pub fn matches(pattern: &str, line: &str) -> bool {
    let pattern = pattern.trim();
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    if pattern.is_empty() {
        return false;
    }
    let line = Numbered::new(line);
    let Some(mut at) = line.take(first, 0) else {
        return false;
    };
    let pieces: Vec<&str> = pieces.collect();
    let Some((last, middle)) = pieces.split_last() else {
        return line.ends_word(first, at);
    };
    for piece in middle {
        match line.find(piece, at).next() {
            Some(end) => at = end,
            None => return false,
        }
    }
    last.is_empty() || line.find(last, at).any(|end| line.ends_word(last, end))
}

/// A line in which the numbers of links may be passed over.
struct Numbered<'l> {
    text: &'l str,
    /// Numbers of links stand before this; behind it is what somebody said.
    head: usize,
}

impl<'l> Numbered<'l> {
    fn new(text: &'l str) -> Self {
        // `tap: offer to alice#2 undeliverable` has its link behind the colon.
        let head = match text.starts_with("tap: ") {
            true => text.find('"').unwrap_or(text.len()),
            false => text.find(": ").unwrap_or(text.len()),
        };
        Self { text, head }
    }

    /// The length of the number of a link that stands here.
    fn number(&self, at: usize) -> Option<usize> {
        let after_name = self.text[..at].ends_with(is_of_name);
        let digits = self.text[at..]
            .strip_prefix('#')
            .filter(|_| after_name && at < self.head)?;
        let length = digits.len()
            - digits
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .len();
        (length > 0).then_some(1 + length)
    }

    /// Where a piece of a pattern that begins here ends.
    fn take(&self, piece: &str, mut at: usize) -> Option<usize> {
        let mut rest = piece;
        while let Some(next) = rest.chars().next() {
            if next != '#'
                && let Some(number) = self.number(at)
            {
                at += number;
                continue;
            }
            let first = rest
                .strip_prefix("#1")
                .filter(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()));
            if let Some(rest_of_first) = first
                && at <= self.head
                && !self.text[at..].starts_with('#')
                && self.text[..at].ends_with(is_of_name)
            {
                rest = rest_of_first;
                continue;
            }
            if !self.text[at..].starts_with(next) {
                return None;
            }
            at += next.len_utf8();
            rest = &rest[next.len_utf8()..];
        }
        Some(at)
    }

    /// Where a piece ends, for each place from here on at which it begins.
    fn find<'a>(&'a self, piece: &'a str, from: usize) -> impl Iterator<Item = usize> + 'a {
        let places = self.text[from..]
            .char_indices()
            .map(move |(at, _)| from + at);
        let places = places.chain([self.text.len()]);
        places.filter_map(move |at| self.take(piece, at))
    }

    /// Whether what a pattern has matched up to here is whole words.
    fn ends_word(&self, matched: &str, at: usize) -> bool {
        let number = self.number(at).filter(|_| !ends_with_number(matched));
        let at = at + number.unwrap_or(0);
        let inner = |c: char| is_of_name(c) || c == '#';
        !(matched.ends_with(inner) && self.text[at..].starts_with(inner))
    }
}

/// Names of peers may be of any script; a cut text ends with `…`.
fn is_of_name(c: char) -> bool {
    match c.is_ascii() {
        true => c.is_ascii_alphanumeric() || matches!(c, '_' | '-'),
        false => c != '…' && !c.is_whitespace(),
    }
}

/// Whether it names a link by its number at its end.
fn ends_with_number(matched: &str) -> bool {
    let name = matched.trim_end_matches(|c: char| c.is_ascii_digit());
    name.len() < matched.len() && name.ends_with('#')
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

/// An event, what it delivers, and the link that sent it.
type Seen = (Event, Option<Delivery>, Option<Link>);

/// Looks for lines that must never be, as events happen, whether the log would show them or not.
#[derive(Debug)]
pub struct Watch {
    patterns: Vec<String>,
    facts: Facts,
    names: Names,
    senders: HashMap<Seq, Link>,
    /// What everybody is called by now.
    called: Called,
    /// What happened since steps began together whose outcome is not known yet.
    open: Option<Vec<Seen>>,
    links: LetIn,
}

impl Watch {
    /// Watches for these, as in [`matches`].
    pub fn new<S: AsRef<str>>(patterns: &[S], terms: &Terms) -> Self {
        Self {
            patterns: patterns.iter().map(|p| p.as_ref().to_owned()).collect(),
            facts: Facts::new(terms),
            names: Names::default(),
            senders: HashMap::new(),
            called: Called::new(),
            open: None,
            links: LetIn::default(),
        }
    }

    /// Takes in one event; the index of the first pattern that it matches.
    pub fn feed(&mut self, event: &Event) -> Option<usize> {
        if self.patterns.is_empty() {
            return None;
        }
        self.links.learn(event);
        let event = self.links.told(event);
        let lines = self.all_lines(&event);
        self.patterns
            .iter()
            .position(|pattern| lines.iter().any(|line| matches(pattern, line)))
    }

    /// Every way in which an event is written by itself, by the peers' own names and by those that outcomes have bound; with an outcome,
    /// what came since its step by the names that it binds.
    fn all_lines(&mut self, event: &Event) -> Vec<String> {
        let mut lines = self.own_lines(event);
        match &event.what {
            What::Step { inner: Some(_), .. } => self.open = self.open.take().or(Some(Vec::new())),
            What::Step { .. } | What::End => self.open = None,
            What::Outcome { names, .. } => {
                for (name, peer) in names {
                    let place = self.called.len();
                    self.called.insert(peer.clone(), (name.clone(), place));
                }
                for (event, delivery, source) in self.open.take().into_iter().flatten() {
                    let again =
                        (self.names).raw_called(&event, delivery, source.as_ref(), &self.called);
                    lines.extend(again);
                }
                return lines;
            }
            _ => {}
        }
        if self.open.is_none() && self.called.is_empty() {
            return lines;
        }
        let delivery = self.facts.newest_delivery();
        let source = delivery
            .and_then(Delivery::of)
            .and_then(|seq| self.senders.get(&seq));
        if !self.called.is_empty() {
            lines.extend((self.names).raw_called(event, delivery, source, &self.called));
        }
        if let Some(open) = &mut self.open {
            open.push((event.clone(), delivery, source.cloned()));
        }
        lines
    }

    /// The same, by these names as well.
    pub(super) fn lines_called(&mut self, event: &Event, called: &Called) -> Vec<String> {
        self.links.learn(event);
        let event = &*self.links.told(event);
        let mut lines = self.own_lines(event);
        let delivery = self.facts.newest_delivery();
        let source = delivery
            .and_then(Delivery::of)
            .and_then(|seq| self.senders.get(&seq));
        lines.extend((self.names).raw_called(event, delivery, source, called));
        lines
    }

    /// Every way in which an event is written by itself.
    pub fn lines(&mut self, event: &Event) -> Vec<String> {
        self.links.learn(event);
        let event = self.links.told(event);
        self.own_lines(&event)
    }

    fn own_lines(&mut self, event: &Event) -> Vec<String> {
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
