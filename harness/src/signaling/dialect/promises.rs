//! The promises of a dialect that are more than a time or a flag, as its file writes them.

use std::time::Duration;

use super::properties::Ways;
use serde_json::Value as Json;

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

/// `[false, true]`: what somebody may show of himself; the first is that of who comes in.
pub(super) fn states(node: &Node, mistakes: &mut Mistakes) -> Vec<Json> {
    let expected = "a list of two or more: `[false, true]`";
    let mut states: Vec<Json> = Vec::new();
    for item in node.list(expected, mistakes).unwrap_or_default() {
        let value = item.scalar().and_then(|scalar| {
            let text = scalar.text().filter(|text| crate::names::is_name(text));
            let flag = scalar.flag().map(Json::Bool);
            let number = || scalar.number().map(Json::Number);
            flag.or_else(number).or_else(|| text.map(Json::from))
        });
        match value.filter(|value| !states.contains(value)) {
            Some(value) => states.push(value),
            None => {
                item.wrong(
                    "another text of 1 to 32 of `A-Z a-z 0-9 _ -`, a number, `true` or `false`",
                    mistakes,
                );
            }
        }
    }
    if states.len() < 2 {
        node.wrong(expected, mistakes);
    }
    states
}

/// How long a place is kept, as the keys of a mapping.
pub(super) const LEAST_AND_MOST: [&str; 2] = ["at-least", "at-most"];

/// `5s`, which is the most, or `{ at-least: 4s, at-most: 6s }`: the least, and the most.
pub(super) fn keeps_places(
    node: &Node,
    mistakes: &mut Mistakes,
) -> (Option<Duration>, Option<Duration>) {
    let Value::Map(entries) = &node.value else {
        return (None, yaml::duration(node, mistakes));
    };
    let (mut least, mut most) = (None, None);
    for (key, node) in entries {
        match key.text.as_str() {
            "at-least" => least = yaml::duration(node, mistakes),
            "at-most" => most = yaml::duration(node, mistakes),
            other => {
                mistakes
                    .add(
                        &key.span,
                        format!("`keeps-places` has no key {}", quoted(other)),
                    )
                    .expect(format!("its keys: {}", LEAST_AND_MOST.join(", ")))
                    .suggest(other, LEAST_AND_MOST);
            }
        }
    }
    let has_most = entries.iter().any(|(key, _)| key.text == "at-most");
    if !has_most {
        mistakes
            .add(&node.span, "`keeps-places` has no `at-most`")
            .expect("`at-most: 6s`: those who stay hear by then that the place is free");
    }
    if let (Some(least), Some(most)) = (least, most)
        && least > most
    {
        mistakes
            .add(&node.span, "`at-least` is longer than `at-most`")
            .expect("a place is kept for a time between the two");
    }
    (least, most)
}

/// The ways in which somebody goes, as the keys of a mapping.
pub(super) const WAYS: [&str; 2] = ["left", "lost"];

/// `{ left: bye, lost: timeout }`
pub(super) fn how(node: &Node, mistakes: &mut Mistakes) -> Ways {
    let mut ways = Ways::default();
    let entries = node.map("a mapping: `{ left: left, lost: lost }`", mistakes);
    for (key, node) in entries.unwrap_or_default() {
        let way = match key.text.as_str() {
            "left" => &mut ways.left,
            "lost" => &mut ways.lost,
            other => {
                mistakes
                    .add(&key.span, format!("`how` has no key {}", quoted(other)))
                    .expect(format!("its keys: {}", WAYS.join(", ")))
                    .suggest(other, WAYS);
                continue;
            }
        };
        if !node.is_null() {
            *way = node
                .text("the server's word for it, as text", mistakes)
                .map(str::to_owned);
        }
    }
    ways
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
