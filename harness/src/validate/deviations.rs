//! What a server is known to do otherwise: a file that names each case with the reason.

use std::collections::BTreeMap;
use std::path::Path;

use super::case::{Number, Section};
use super::play::Answer;
use super::verdict::Says;
use crate::mistake::{Mistakes, quoted};
use crate::source::Source;
use crate::yaml;

/// Cases that are known to be broken, with the reason, which must be given.
#[derive(Clone, Debug, Default)]
pub struct Deviations {
    known: BTreeMap<Number, String>,
}

impl Deviations {
    /// Reads a file: a mapping of numbers to reasons, `"7.1": "https://…: to be mended in 2.0"`.
    ///
    /// # Errors
    /// All its mistakes: a case that does not exist, one without a reason.
    pub fn read(path: &Path, text: &str, sections: &[Section]) -> Result<Self, Mistakes> {
        let mut mistakes = Mistakes::new(Source {
            path: path.to_path_buf(),
            text: text.into(),
        });
        let mut known = BTreeMap::new();
        let Some(root) = yaml::parse(text, &mut mistakes) else {
            return Err(mistakes);
        };
        let shape = "a mapping of cases to reasons: `\"7.1\": \"why\"`";
        for (key, node) in root.map(shape, &mut mistakes).unwrap_or_default() {
            let number = key.text.parse::<Number>().ok();
            let all = || sections.iter().flat_map(|section| &section.cases);
            let number = number.filter(|number| all().any(|case| case.number == *number));
            let Some(number) = number else {
                mistakes
                    .add(&key.span, format!("there is no case {}", quoted(&key.text)))
                    .expect("expected a number as `glare validate --list` shows it");
                continue;
            };
            let reason = node.text("the reason, as text", &mut mistakes);
            match reason.map(str::trim) {
                Some("") => {
                    mistakes
                        .add(
                            &node.span,
                            format!("case {number} deviates without a reason"),
                        )
                        .expect("expected why it does, and a link");
                }
                Some(reason) => drop(known.insert(number, reason.to_owned())),
                None => {}
            }
        }
        match mistakes.is_empty() {
            true => Ok(Self { known }),
            false => Err(mistakes),
        }
    }

    /// Marks what is known. The numbers of those that hold after all.
    pub fn mark(&self, answers: &mut [Answer]) -> Vec<Number> {
        let mut in_vain = Vec::new();
        for answer in answers {
            let Some(reason) = self.known.get(&answer.number) else {
                continue;
            };
            match answer.says {
                Says::Holds => in_vain.push(answer.number),
                Says::Broken(_) | Says::Inconclusive(_) => answer.deviation = Some(reason.clone()),
                Says::Fact(_) | Says::Unsupported(_) => {}
            }
        }
        in_vain
    }
}
