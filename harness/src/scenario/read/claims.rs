//! What a scenario says of itself: its tags, the planted faults that it catches, the laws that it breaks.

use std::collections::BTreeMap;

use super::Reader;
use crate::mistake::quoted;
use crate::names::is_name;
use crate::scenario::model::{Expect, Place};
use crate::scenario::table::{LAWS, MAX_TAGS, PLACES};
use crate::yaml::Node;

impl Reader<'_> {
    pub(super) fn tags(&mut self, node: &Node) -> Vec<String> {
        let items = node
            .list("a list: `[slow, ice]`", self.mistakes)
            .unwrap_or_default();
        if let Some(first) = items.get(MAX_TAGS) {
            self.mistakes
                .add(&first.span, format!("{} tags", items.len()))
                .expect(format!("at most {MAX_TAGS}"));
        }
        let mut tags: Vec<String> = Vec::new();
        for item in items {
            let Some(tag) = item.text("a tag, as text", self.mistakes) else {
                continue;
            };
            if !is_name(tag) {
                self.mistakes
                    .add(&item.span, format!("{} cannot be a tag", quoted(tag)))
                    .expect("1 to 32 of: A-Z a-z 0-9 _ -");
            } else if tags.iter().any(|there| there == tag) {
                self.mistakes
                    .add(&item.span, format!("`{tag}` is in this list twice"))
                    .expect("a second time");
            } else {
                tags.push(tag.to_owned());
            }
        }
        tags
    }

    pub(super) fn catches(
        &mut self,
        node: &Node,
        steps: usize,
        expect: &Expect,
    ) -> BTreeMap<String, Place> {
        let mut catches = BTreeMap::new();
        for (key, node) in node
            .map("a mapping: `ghost-on-disconnect: law 1`", self.mistakes)
            .unwrap_or_default()
        {
            let slug = !key.text.is_empty()
                && key.text.len() <= 64
                && key
                    .text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !slug {
                self.mistakes
                    .add(
                        &key.span,
                        format!(
                            "{} cannot be the name of a planted fault",
                            quoted(&key.text)
                        ),
                    )
                    .expect("1 to 64 of: a-z 0-9 -");
                continue;
            }
            if let Some(place) = self.place(node, steps, expect) {
                catches.insert(key.text.clone(), place);
            }
        }
        catches
    }

    pub(super) fn breaks(&mut self, node: &Node) -> BTreeMap<u8, String> {
        let mut breaks = BTreeMap::new();
        let shape = "a mapping: `4: why this law is broken here`";
        for (key, node) in node.map(shape, self.mistakes).unwrap_or_default() {
            let law = key.text.parse().ok().filter(|law: &u8| {
                (1..=LAWS).contains(&usize::from(*law)) && law.to_string() == key.text
            });
            let Some(law) = law else {
                self.mistakes
                    .add(&key.span, format!("there is no law {}", quoted(&key.text)))
                    .expect(format!("laws: 1 to {LAWS}"));
                continue;
            };
            if let Some(reason) = self.line_of_text(node, 200) {
                breaks.insert(law, reason);
            }
        }
        breaks
    }

    fn place(&mut self, node: &Node, steps: usize, expect: &Expect) -> Option<Place> {
        let shape =
            "a place, as text: `step 6`, `never 1`, `seen 2`, `order 2`, `count 1`, `law 1`";
        let text = node.text(shape, self.mistakes)?;
        let parsed = text.split_once(' ').and_then(|(kind, number)| {
            number
                .trim()
                .parse::<usize>()
                .ok()
                .map(|number| (kind, number))
        });
        let Some((kind, number)) = parsed.filter(|(kind, _)| PLACES.contains(kind)) else {
            let mistake = self
                .mistakes
                .add(&node.span, format!("{} is no place", quoted(text)));
            mistake.expect(format!("expected {shape}"));
            if let Some((kind, _)) = text.split_once(' ') {
                mistake.suggest(kind, PLACES.iter().copied());
            }
            return None;
        };
        let (most, of) = match kind {
            "step" => (steps, "steps"),
            "never" => (expect.never.len(), "lines of `expect: never`"),
            "seen" => (expect.seen.len(), "lines of `expect: seen`"),
            "order" => (expect.order.len(), "lines of `expect: order`"),
            "count" => (expect.count.len(), "lines of `expect: count`"),
            _ => (LAWS, "laws"),
        };
        if number == 0 || number > most {
            self.mistakes
                .add(&node.span, format!("there is no {kind} {number}"))
                .expect(format!("{of}: {most}, counted from 1"));
            return None;
        }
        Some(match kind {
            "step" => Place::Step(number),
            "never" => Place::Never(number),
            "seen" => Place::Seen(number),
            "order" => Place::Order(number),
            "count" => Place::Count(number),
            _ => Place::Law(number),
        })
    }
}
