//! From a file to its scenario, or to all its variants.

use std::path::Path;
use std::sync::Arc;

use super::Reader;
use super::variants::{self, Set};
use crate::mistake::Mistakes;
use crate::scenario::Sequences;
use crate::scenario::model::Scenario;
use crate::source::{Source, Span};
use crate::yaml::{self, Node, Value, read_text};

impl Scenario {
    /// Reads a file that holds one scenario.
    ///
    /// # Errors
    /// All mistakes of the file; that it has several variants counts as one.
    pub fn read(path: &Path, text: &str) -> Result<Self, Mistakes> {
        one(Self::read_all(path, text)?)
    }

    /// Reads the scenario of a file, or all its variants (`with:`).
    ///
    /// # Errors
    /// All mistakes of the file.
    pub fn read_all(path: &Path, text: &str) -> Result<Vec<Self>, Mistakes> {
        Self::read_with(path, text, None)
    }

    /// [`Scenario::read_all`] for a file that has these sequences beside it.
    ///
    /// # Errors
    /// All mistakes of the file, and of the sequences that it uses.
    pub fn read_with(
        path: &Path,
        text: &str,
        sequences: Option<&Sequences>,
    ) -> Result<Vec<Self>, Mistakes> {
        let source = Source {
            path: path.to_owned(),
            text: Arc::from(text),
        };
        let mut mistakes = Mistakes::new(source.clone());
        let scenarios = yaml::parse(text, &mut mistakes)
            .and_then(|root| all(&source, &root, sequences, &mut mistakes));
        mistakes.or_else(scenarios)
    }

    /// Reads a file that holds one scenario.
    ///
    /// # Errors
    /// All mistakes of the file, several variants included; also one if it cannot be read.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        one(Self::load_all(path)?)
    }

    /// Reads the scenario of a file, or all its variants (`with:`); what it uses is in the `sequences.yaml` beside it.
    ///
    /// # Errors
    /// All mistakes of the file, and of the sequences that it uses; also one if it cannot be read.
    pub fn load_all(path: &Path) -> Result<Vec<Self>, Mistakes> {
        let sequences = Sequences::load(&Sequences::beside(path));
        Self::read_with(path, &read_text(path)?, sequences.as_ref())
    }
}

fn one(mut scenarios: Vec<Scenario>) -> Result<Scenario, Mistakes> {
    let number = scenarios.len();
    let first = scenarios.swap_remove(0);
    if number == 1 {
        return Ok(first);
    }
    let start = Span {
        bytes: 0..0,
        line: 1,
    };
    let mut mistakes = Mistakes::new(first.source);
    mistakes
        .add(&start, format!("this file holds {number} variants"))
        .expect("expected one scenario here");
    Err(mistakes)
}

/// The scenario of a tree, or one for each of its parameter sets.
fn all(
    source: &Source,
    root: &Node,
    sequences: Option<&Sequences>,
    mistakes: &mut Mistakes,
) -> Option<Vec<Scenario>> {
    let read = |root: &Node, set: Option<&Set>, mistakes: &mut Mistakes| {
        Reader {
            source: source.clone(),
            mistakes,
            set,
            sequences,
            renamed: Vec::new(),
        }
        .file(root)
    };
    let with = match &root.value {
        Value::Map(entries) => entries.iter().find(|(key, _)| key.text == "with"),
        _ => None,
    };
    let Some((_, with)) = with else {
        return read(root, None, mistakes).map(|scenario| vec![scenario]);
    };
    let sets = variants::sets(with, root, &source.text, mistakes);
    let mut scenarios = Vec::new();
    let mut found = Vec::new();
    for set in &sets {
        let mut more = Mistakes::new(source.clone());
        scenarios.extend(read(&set.expand(root), Some(set), &mut more));
        found.push((set.name.clone(), more));
    }
    variants::gather(found, mistakes);
    (!scenarios.is_empty()).then_some(scenarios)
}
