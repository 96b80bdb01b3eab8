//! What one template and one value have in common, and where they differ.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::template::{Filter, Hole, Piece, Template, matches_text};
use crate::mistake::{nearest, shown};

/// So many characters of a foreign text are shown.
const WIDTH: usize = 40;
/// So many keys of an object are named.
const KEYS: usize = 5;
/// Deeper than this nothing is compared.
const DEPTH: usize = 64;

/// One place at which a message is not what a pattern wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where: a JSON pointer (RFC 6901) such as `/data/room`; for text `character 12`; for HTTP `method`, `path` or `status`. Empty: the whole.
    pub place: String,
    /// What the pattern wants there.
    pub expected: String,
    /// What is there.
    pub found: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

/// How alike a template and a value are.
#[derive(Debug, Default)]
pub(super) struct Compared {
    /// What agrees, less what does not.
    pub score: i32,
    /// Something agrees that hardly does by chance: a word that the template writes out.
    pub alike: bool,
    /// Where they differ, in the order of the template.
    pub differences: Vec<Difference>,
    /// The words that the template writes out, by their place: what tells messages apart.
    pub words: Vec<(String, String)>,
    bound: Vec<(String, Json)>,
    /// So many of these were known before.
    known: usize,
}

impl Compared {
    /// Nothing compared yet. `known` has values already: names that must be heard as they are.
    pub fn new(known: &[(&str, &str)]) -> Self {
        let bound = known
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Json::from(*value)));
        Self {
            bound: bound.collect(),
            known: known.len(),
            ..Self::default()
        }
    }

    /// What was captured, by name.
    pub fn captured(&self) -> impl Iterator<Item = (&str, &Json)> {
        let captured = self.bound.iter().skip(self.known);
        captured.map(|(name, value)| (name.as_str(), value))
    }

    /// Notes a difference.
    pub fn differs(&mut self, weight: i32, place: &str, expected: String, found: String) {
        self.score -= weight;
        self.differences.push(Difference {
            place: place.to_owned(),
            expected,
            found,
        });
    }

    /// Compares a value with a template.
    pub fn value(&mut self, template: &Template, value: &Json, place: &str, depth: usize) {
        if depth > DEPTH {
            return;
        }
        match template {
            Template::Value(Json::String(word)) => self.word(word, value, place),
            Template::Value(literal) => match same(literal, value) {
                true => self.score += 2,
                false => self.differs(3, place, literal.to_string(), told(value)),
            },
            Template::Hole(hole) => self.hole(hole, value, place),
            Template::Text(pieces) => match value.as_str() {
                Some(text) => self.text(pieces, text, place),
                None => self.differs(3, place, like(pieces), told(value)),
            },
            Template::List(items) => {
                let Some(values) = value.as_array() else {
                    return self.differs(3, place, "a list".into(), told(value));
                };
                self.score += 1;
                if values.len() < items.len() {
                    let wanted = format!("a list of {} at least", items.len());
                    self.differs(3, place, wanted, told(value));
                }
                for (index, (item, value)) in items.iter().zip(values).enumerate() {
                    self.value(item, value, &format!("{place}/{index}"), depth + 1);
                }
            }
            Template::Map(entries) => {
                let Some(map) = value.as_object() else {
                    return self.differs(3, place, describe(template), told(value));
                };
                for entry in entries {
                    let below = format!("{place}/{}", pointer(&entry.key));
                    match map.get(&entry.key) {
                        Some(value) => {
                            self.score += 1;
                            self.value(&entry.value, value, &below, depth + 1);
                        }
                        None if entry.optional => {}
                        None => {
                            let taken = |key: &&str| entries.iter().any(|one| one.key == **key);
                            let others = map.keys().map(String::as_str);
                            let near = nearest(&entry.key, others.filter(|key| !taken(key)));
                            let found = match near {
                                Some(near) => format!("no such key; there is `{}`", shown(near)),
                                None => "no such key".into(),
                            };
                            self.differs(3, &below, describe(&entry.value), found);
                        }
                    }
                }
            }
            Template::Each(inner) => {
                let Some(values) = value.as_array() else {
                    return self.differs(3, place, "a list".into(), told(value));
                };
                self.score += 1;
                let (bound, known) = (self.bound.clone(), self.differences.len());
                for (index, value) in values.iter().enumerate() {
                    // Each captures for itself; where one differs, the others most often do too.
                    self.bound.clone_from(&bound);
                    self.value(inner, value, &format!("{place}/{index}"), depth + 1);
                    if self.differences.len() > known {
                        break;
                    }
                }
            }
            Template::Keys(_) => match value.is_object() {
                true => self.score += 1,
                false => self.differs(3, place, "an object".into(), told(value)),
            },
            Template::Json(inner) => {
                let parsed = value.as_str().map(serde_json::from_str::<Json>);
                match parsed {
                    Some(Ok(parsed)) => {
                        self.score += 2;
                        self.value(
                            inner,
                            &parsed,
                            &format!("{place} (the JSON in it)"),
                            depth + 1,
                        );
                    }
                    _ => self.differs(3, place, "text that is JSON".into(), told(value)),
                }
            }
            Template::All(all) => {
                for one in all {
                    self.value(one, value, place, depth + 1);
                }
            }
        }
    }

    fn word(&mut self, word: &str, value: &Json, place: &str) {
        self.words.push((place.to_owned(), word.to_owned()));
        let wanted = || Json::from(word).to_string();
        match value.as_str() {
            Some(text) if text == word => {
                self.score += 6;
                self.alike |= !word.is_empty();
            }
            Some(text) => {
                let near = nearest(text, [word]).is_some();
                self.alike |= near;
                self.differs(if near { 1 } else { 4 }, place, wanted(), told(value));
            }
            None => self.differs(4, place, wanted(), told(value)),
        }
    }

    fn hole(&mut self, hole: &Hole, value: &Json, place: &str) {
        if hole.name == "_" && hole.filter.is_none() {
            self.score += 1;
            return;
        }
        let inner: Cow<'_, Json> = match hole.filter {
            None => Cow::Borrowed(value),
            Some(filter) => {
                let piece = [Piece::Hole(hole.clone())];
                let mut found = super::Variables::default();
                let text = value.as_str();
                let fits = text.is_some_and(|text| matches_text(&piece, text, &mut found));
                match (fits, found.get(&hole.name)) {
                    (true, Some(value)) => Cow::Owned(value.clone()),
                    (true, None) => return,
                    (false, _) => {
                        let wanted = match filter {
                            Filter::Url => "percent-encoded text",
                            Filter::Json => "text that is JSON",
                            Filter::Base64 => "base64",
                            Filter::Digest => "a digest of 20 hexadecimal digits",
                            Filter::Commas => "a list with commas between",
                            Filter::Spaces => "a list with spaces between",
                        };
                        return self.differs(2, place, wanted.into(), told(value));
                    }
                }
            }
        };
        let there = self.bound.iter().find(|(name, _)| *name == hole.name);
        if let Some((_, bound)) = there {
            return match is(bound, &inner) {
                true => self.score += 2,
                false => {
                    let wanted = format!("{bound}, which is `{{{}}}`", hole.name);
                    self.differs(2, place, wanted, told(&inner));
                }
            };
        }
        match wrong_type(&hole.name, &inner) {
            Some(wanted) => self.differs(2, place, wanted.into(), told(&inner)),
            None => self.score += 1,
        }
        self.bound.push((hole.name.clone(), inner.into_owned()));
    }

    /// Compares a text with pieces.
    pub fn text(&mut self, pieces: &[Piece], text: &str, place: &str) {
        let literal: usize = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(literal) => literal.chars().count(),
                Piece::Hole(_) => 0,
            })
            .sum();
        let mut captured = super::Variables::default();
        let bound = self.bound.clone();
        for (name, value) in &bound {
            // Who was called so on the wire has an ending there.
            if !matches!(value, Json::String(known) if text.contains(&format!("{known}-"))) {
                captured.set(name, value.clone());
            }
        }
        if matches_text(pieces, text, &mut captured) {
            self.score += 2 + i32::try_from(literal.min(4)).unwrap_or(4);
            self.alike |= literal > 2;
            return;
        }
        let (agreed, wanted) = parting(pieces, text);
        let at = text[..agreed].chars().count();
        self.score += i32::try_from(at.min(4)).unwrap_or(4);
        self.alike |= at > 2;
        let place = match place {
            "" => format!("character {}", at + 1),
            place => format!("{place}, character {}", at + 1),
        };
        let found = match &text[agreed..] {
            "" => "the end".to_owned(),
            rest => quote(rest),
        };
        self.differs(4, &place, wanted, found);
    }
}

/// How much of a text the pieces agree with (bytes), and what they want then.
fn parting(pieces: &[Piece], text: &str) -> (usize, String) {
    let mut at = 0;
    let mut open = false;
    for (index, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Hole(_) => open = true,
            Piece::Literal(literal) => {
                let rest = &text[at..];
                let is_last = index + 1 == pieces.len();
                let found = match (open, is_last) {
                    (false, _) => rest.starts_with(literal.as_str()).then_some(0),
                    (true, true) => (rest.len().checked_sub(literal.len()))
                        .filter(|_| rest.ends_with(literal.as_str())),
                    (true, false) => rest.find(literal.as_str()),
                };
                match found {
                    Some(skipped) => at += skipped + literal.len(),
                    None if open => return (at, format!("{} somewhere", quote(literal))),
                    None => {
                        let common = common(literal, rest);
                        return (at + common, quote(&literal[common..]));
                    }
                }
                open = false;
            }
        }
    }
    match open {
        true => (at, "another value there".into()),
        false => (at, "the end".into()),
    }
}

/// So many bytes, at a border of characters, are the same at the beginning.
fn common(one: &str, other: &str) -> usize {
    let same = |((_, a), b): &((usize, char), char)| a == b;
    let pairs = one.char_indices().zip(other.chars());
    pairs
        .take_while(same)
        .last()
        .map_or(0, |((at, c), _)| at + c.len_utf8())
}

/// What a variable of this name must be, if the value is something else.
pub(super) fn wrong_type(name: &str, value: &Json) -> Option<&'static str> {
    let text = value.is_string();
    let or_null = text || value.is_null();
    let id = text || value.is_number();
    let (fits, wanted) = match name {
        "sdp" | "candidate-line" => (text, "text"),
        "room" | "room-id" => (id, "text or a number, a room"),
        "me" | "self" | "peer" => (id, "text or a number, a peer's id"),
        "number" => (id || value.is_null(), "the number of a request"),
        "reason" => (id || value.is_null(), "text, a number or null"),
        "how" | "request" | "sdp-mid" | "ufrag" => (or_null, "text or null"),
        "candidate" => (value.is_object(), "an object, a candidate"),
        "sdp-mline-index" => (value.is_u64() || value.is_null(), "a number or null"),
        "with" | "members" => {
            let is_id = |value: &Json| value.is_string() || value.is_number();
            let all = |list: &Vec<Json>| list.iter().all(is_id);
            let list = value.as_array().is_some_and(all);
            (id || value.is_null() || list, "a list of ids")
        }
        _ => (true, ""),
    };
    (!fits).then_some(wanted)
}

/// Whether a value is what is known; a name on the wire may have an ending.
pub(super) fn is(known: &Json, value: &Json) -> bool {
    let ended = match (known.as_str(), value.as_str()) {
        (Some(known), Some(value)) => value
            .strip_prefix(known)
            .is_some_and(|ending| ending.starts_with('-')),
        _ => false,
    };
    ended || same(known, value)
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        _ => a == b,
    }
}

/// What a template wants, in words.
pub(super) fn describe(template: &Template) -> String {
    match template {
        Template::Value(value) => value.to_string(),
        Template::Hole(hole) => format!("`{{{}}}`", hole.name),
        Template::Text(pieces) => like(pieces),
        Template::List(_) | Template::Each(_) => "a list".into(),
        Template::Keys(_) => "an object".into(),
        Template::Map(entries) => {
            let needed = entries.iter().filter(|entry| !entry.optional);
            object(needed.map(|entry| entry.key.as_str()))
        }
        Template::Json(_) => "text that is JSON".into(),
        Template::All(all) => all.first().map_or_else(|| "anything".into(), describe),
    }
}

/// `text like "to {peer}"`
fn like(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => out.push_str(text),
            Piece::Hole(hole) => out.push_str(&format!("{{{}}}", hole.name)),
        }
    }
    format!("text like {}", quote(&out))
}

fn object<'a>(keys: impl Iterator<Item = &'a str>) -> String {
    let keys: Vec<String> = keys
        .take(KEYS + 1)
        .map(|key| format!("`{}`", shown(&cut(key))))
        .collect();
    match keys.len() {
        0 => "an object".into(),
        more if more > KEYS => format!("an object with {}, …", keys[..KEYS].join(", ")),
        _ => format!("an object with {}", keys.join(", ")),
    }
}

/// A foreign value, in words, on one line.
pub(super) fn told(value: &Json) -> String {
    match value {
        Json::String(text) => quote(text),
        Json::Array(items) if items.is_empty() => "an empty list".into(),
        Json::Array(items) => {
            let first = match &items[0] {
                Json::Array(_) => "a list".to_owned(),
                first => told(first),
            };
            format!(
                "a list of {}: {first}{}",
                items.len(),
                if items.len() > 1 { ", …" } else { "" }
            )
        }
        Json::Object(map) if map.is_empty() => "an empty object".into(),
        Json::Object(map) => object(map.keys().map(String::as_str)),
        other => cut(&other.to_string()).into_owned(),
    }
}

/// A foreign text as a JSON string, not too long and harmless.
pub(super) fn quote(text: &str) -> String {
    shown(&Json::from(&*cut(text)).to_string())
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]).into(),
        None => text.into(),
    }
}

/// A key within a JSON pointer (RFC 6901, section 3).
fn pointer(key: &str) -> String {
    shown(&cut(key)).replace('~', "~0").replace('/', "~1")
}
