//! `${…}`: names that stand for values, in texts and in trees.

use std::collections::BTreeMap;

use crate::source::Span;
use crate::yaml::{MAX_BYTES, Node, Scalar, Value};

/// What the names stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<String, Scalar>);

/// No placeholder is longer: a text full of beginnings must not be gone through once for each.
const LONGEST: usize = "${}".len() + 32;

/// A piece of a text with placeholders.
enum Piece<'t> {
    Text(&'t str),
    Placeholder { name: &'t str, whole: &'t str },
}

impl Values {
    /// One more; whether the name is new.
    pub(super) fn insert(&mut self, name: String, value: Scalar) -> bool {
        self.0.insert(name, value).is_none()
    }

    /// Whether this name stands for something.
    pub(super) fn contains_key(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A line with the values in place of the placeholders.
    pub(super) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for piece in pieces(text) {
            // So long a text is refused wherever it stands.
            if out.len() > MAX_BYTES {
                break;
            }
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Placeholder { name, whole } => {
                    let value = self.0.get(name);
                    out.push_str(value.map_or(whole, |value| &value.text));
                }
            }
        }
        out
    }

    /// Puts the values in place of the placeholders below a node; every node keeps its span.
    pub(super) fn put_into(&self, node: &mut Node) {
        match &mut node.value {
            Value::Scalar(scalar) => {
                // What is nothing but a placeholder becomes what the value is: a number, a flag, text.
                let alone = match pieces(&scalar.text).as_slice() {
                    [Piece::Placeholder { name, .. }] if !scalar.literal => self.0.get(*name),
                    _ => None,
                };
                match alone {
                    Some(value) => *scalar = value.clone(),
                    None => scalar.text = self.text(&scalar.text),
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.put_into(item)),
            Value::Map(entries) => {
                for (_, node) in entries {
                    self.put_into(node);
                }
            }
            Value::Refused => {}
        }
    }
}

/// A text in pieces; `$${` is a `${` that is no placeholder.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find("${").map(|found| at + found) {
        let mut near = text[found..].bytes().take(LONGEST);
        let end = near.position(|byte| byte == b'}').map(|end| found + end);
        if text[..found].ends_with('$') && found > from {
            // The first of the two signs goes.
            pieces.push(Piece::Text(&text[from..found - 1]));
            from = found;
            at = found + 2;
            continue;
        }
        let Some(end) = end.filter(|end| is_parameter(&text[found + 2..*end])) else {
            at = found + 2;
            continue;
        };
        if from < found {
            pieces.push(Piece::Text(&text[from..found]));
        }
        pieces.push(Piece::Placeholder {
            name: &text[found + 2..end],
            whole: &text[found..=end],
        });
        from = end + 1;
        at = from;
    }
    if from < text.len() {
        pieces.push(Piece::Text(&text[from..]));
    }
    pieces
}

/// A small letter, then up to 31 letters, digits, `_` and `-`.
pub(crate) fn is_parameter(name: &str) -> bool {
    crate::names::is_name(name) && name.starts_with(|c: char| c.is_ascii_lowercase())
}

/// All placeholders below a node, each with its own place.
pub(crate) fn placeholders(node: &Node, text: &str, found: &mut Vec<(String, Span)>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let mut from = node.span.bytes.start;
            for piece in pieces(&scalar.text) {
                let Piece::Placeholder { name, whole } = piece else {
                    continue;
                };
                let written = text.get(from..node.span.bytes.end).unwrap_or_default();
                let span = match written.find(whole) {
                    Some(at) => {
                        let start = from + at;
                        from = start + whole.len();
                        let lines = text[node.span.bytes.start..start].matches('\n').count();
                        Span {
                            bytes: start..from,
                            line: node.span.line + u32::try_from(lines).unwrap_or(0),
                        }
                    }
                    // Written with escapes.
                    None => node.span.clone(),
                };
                found.push((name.to_owned(), span));
            }
        }
        Value::List(items) => items
            .iter()
            .for_each(|item| placeholders(item, text, found)),
        Value::Map(entries) => entries
            .iter()
            .for_each(|(_, node)| placeholders(node, text, found)),
        Value::Refused => {}
    }
}
