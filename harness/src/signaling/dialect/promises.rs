//! The promises of a dialect that are more than a time or a flag, as its file writes them.

use crate::mistake::{Mistakes, quoted};
use crate::signaling::{Garbage, Garbled, OnGarbage, Reason, Refusals};
use crate::yaml::{self, Node, Value};

/// `full: "room is full"`, or `full: true` where the text says nothing.
pub(super) fn refusals(node: &Node, mistakes: &mut Mistakes) -> Refusals {
    let mut refusals = Refusals::default();
    let names = || Reason::ALL.into_iter().map(Reason::as_str);
    let entries = node.map("a mapping: `full: \"room is full\"`", mistakes);
    for (key, node) in entries.unwrap_or_default() {
        let Some(reason) = Reason::parse(&key.text) else {
            let all: Vec<&str> = names().collect();
            mistakes
                .add(
                    &key.span,
                    format!("there is no reason {}", quoted(&key.text)),
                )
                .expect(format!("expected one of: {}", all.join(", ")))
                .suggest(&key.text, names());
            continue;
        };
        // `null` and `false`: the server does not refuse so.
        let flag = node.scalar().and_then(|scalar| scalar.flag());
        if node.is_null() || flag == Some(false) {
            continue;
        }
        let text = match flag {
            Some(_) => None,
            None => match node.text("text that is in what the server says, or `true`", mistakes) {
                Some(text) => Some(text.to_owned()),
                None => continue,
            },
        };
        refusals.declare(reason, text);
    }
    refusals
}

/// `word`, or by kind: `{ any: word, huge: close }`.
pub(super) fn garbage(node: &Node, mistakes: &mut Mistakes) -> Garbled {
    let mut garbled = Garbled::default();
    let what = |node: &Node, mistakes: &mut Mistakes| {
        yaml::word(node, &OnGarbage::NAMES, mistakes).and_then(OnGarbage::parse)
    };
    let Value::Map(entries) = &node.value else {
        if let Some(what) = what(node, mistakes) {
            garbled.declare(None, what);
        }
        return garbled;
    };
    let names = || std::iter::once("any").chain(Garbage::NAMES);
    for (key, node) in entries {
        let kind = Garbage::parse(&key.text);
        if kind.is_none() && key.text != "any" {
            let all: Vec<&str> = names().collect();
            let found = format!("there is no kind of garbage {}", quoted(&key.text));
            mistakes
                .add(&key.span, found)
                .expect(format!("expected one of: {}", all.join(", ")))
                .suggest(&key.text, names());
            continue;
        }
        if let Some(what) = what(node, mistakes) {
            garbled.declare(kind, what);
        }
    }
    garbled
}
