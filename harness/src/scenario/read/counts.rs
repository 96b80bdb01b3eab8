//! `count:` in `expect`: lines, and how often each must be there.

use super::Reader;
use crate::mistake::quoted;
use crate::scenario::model::{Count, Line};
use crate::scenario::table::{MAX_LINE, MAX_LINES};
use crate::scenario::times::Times;
use crate::yaml::Node;

impl Reader<'_> {
    pub(super) fn counts(&mut self, node: &Node) -> Vec<Count> {
        let shape = "a mapping: `\"alice -> bob: offer\": 1`";
        let entries = node.map(shape, self.mistakes).unwrap_or_default();
        if let Some((first, _)) = entries.get(MAX_LINES) {
            self.mistakes
                .add(&first.span, format!("{} lines", entries.len()))
                .expect(format!("at most {MAX_LINES}"));
        }
        let mut counts: Vec<Count> = Vec::new();
        for (key, node) in entries {
            let text = match self.set {
                Some(set) => set.values.text(key.text.trim()),
                None => key.text.trim().to_owned(),
            };
            let fits = !text.is_empty() && text.len() <= MAX_LINE && !text.contains(['\n', '\r']);
            if !fits {
                self.mistakes
                    .add(&key.span, "this can be no line of the trace")
                    .expect(format!("expected 1 to {MAX_LINE} bytes on one line"));
            } else if counts.iter().any(|there| there.line.text == text) {
                self.mistakes
                    .add(&key.span, format!("{} is counted already", quoted(&text)))
                    .expect("a second time");
            }
            let times = self.times(node);
            counts.extend(times.map(|times| Count {
                line: Line {
                    span: key.span.clone(),
                    text,
                },
                times,
            }));
        }
        counts
    }

    fn times(&mut self, node: &Node) -> Option<Times> {
        let scalar = node.scalar().filter(|scalar| !scalar.is_null());
        let times = scalar.and_then(|scalar| Times::parse(scalar.text.trim()));
        if times.is_none() {
            node.wrong(Times::SHAPE, self.mistakes);
        }
        times
    }
}
