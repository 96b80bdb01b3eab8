//! What is wrong with sequences that nobody uses.

use std::sync::Arc;

use super::Reader;
use super::sequences::Sequences;
use super::uses::Steps;
use crate::mistake::Mistakes;
use crate::scenario::model::{Use, Via};
use crate::source::Span;

impl Sequences {
    /// All that is wrong with them whoever uses them; what depends on the peers, rooms and values of a scenario is not asked.
    ///
    /// # Errors
    /// The mistakes.
    pub fn check(&self) -> Result<(), Mistakes> {
        let mut mistakes = self.wrong.clone();
        for (name, sequence) in &self.list {
            sequence
                .wrong
                .iter()
                .for_each(|mistake| mistakes.keep(mistake.clone()));
            let mut found = Mistakes::new(self.source.clone());
            let mut reader = Reader {
                source: self.source.clone(),
                mistakes: &mut found,
                set: None,
                sequences: Some(self),
                renamed: Vec::new(),
            };
            let via = Arc::new(Via {
                source: self.source.clone(),
                uses: vec![Use {
                    sequence: name.clone(),
                    span: sequence.name.clone(),
                }],
            });
            let mut steps = Steps::default();
            for node in &sequence.steps {
                reader.item(node, None, &mut steps, Some(&via));
            }
            // What a parameter stands for is known where the sequence is used.
            let open = |span: &Span| {
                let text = self.source.text.get(span.bytes.clone());
                text.is_some_and(|text| text.contains("${"))
            };
            found
                .iter()
                .filter(|mistake| {
                    !open(mistake.span()) && !mistakes.iter().any(|one| one.is(mistake))
                })
                .cloned()
                .collect::<Vec<_>>()
                .into_iter()
                .for_each(|mistake| mistakes.keep(mistake));
        }
        if mistakes.is_empty() {
            return Ok(());
        }
        mistakes.or_else(None)
    }
}
