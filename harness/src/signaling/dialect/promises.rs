//! The promises of a dialect that are more than a time or a flag, as its file writes them.

use crate::mistake::{Mistakes, quoted};
use crate::signaling::{Reason, Refusals};
use crate::yaml::Node;

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
