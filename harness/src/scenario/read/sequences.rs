//! `sequences.yaml`: named runs of steps that the scenario files of one folder share.
//!
//! One file a folder, and always of this name: a scenario can name a sequence, never a file, so one from a stranger reads nothing else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Reader;
use super::placeholders::{is_parameter, placeholders};
use crate::mistake::{Mistakes, quoted};
use crate::scenario::table::{
    MAX_PARAMETERS, MAX_SEQUENCES, MAX_STEPS, SEQUENCE, SEQUENCE_KEYS, SEQUENCES_FILE,
};
use crate::source::{Source, Span};
use crate::yaml::read_text;
use crate::yaml::{self, Key, Node};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "sequences.yaml";

/// The sequences of a folder, with all that is wrong with them.
#[derive(Clone, Debug)]
pub struct Sequences {
    pub(super) source: Source,
    pub(super) list: BTreeMap<String, Sequence>,
    /// What is wrong with the file, whichever sequence is used.
    pub(super) wrong: Mistakes,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(super) name: Span,
    pub parameters: Vec<String>,
    /// Never empty if nothing is wrong.
    pub steps: Vec<Node>,
    /// What is wrong with it, whatever its parameters are.
    pub wrong: Mistakes,
}

impl Sequences {
    /// Where the sequences for a scenario file are, if there are any.
    pub fn beside(scenario: &Path) -> PathBuf {
        scenario.with_file_name(FILE_NAME)
    }

    /// Whether a file of this name holds sequences.
    pub fn is_name_of(path: &Path) -> bool {
        path.file_name().is_some_and(|name| name == FILE_NAME)
    }

    /// Reads a file; `None` if there is none. One that cannot be read has this as its mistake.
    pub fn load(path: &Path) -> Option<Self> {
        match read_text(path) {
            Ok(text) => Some(Self::read(path, &text)),
            Err(_) if !path.exists() => None,
            Err(wrong) => Some(Self {
                source: wrong.source().clone(),
                list: BTreeMap::new(),
                wrong,
            }),
        }
    }

    /// Reads the text of a file.
    pub fn read(path: &Path, text: &str) -> Self {
        let source = Source {
            path: path.to_owned(),
            text: Arc::from(text),
        };
        let mut wrong = Mistakes::new(source.clone());
        let mut list = BTreeMap::new();
        if let Some(root) = yaml::parse(text, &mut wrong) {
            let mut reader = Reader {
                source: source.clone(),
                mistakes: &mut wrong,
                set: None,
                sequences: None,
                renamed: Vec::new(),
            };
            list = reader.sequences_file(&root);
        }
        Self {
            source,
            list,
            wrong,
        }
    }

    /// Their names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.list.keys().map(String::as_str)
    }

    /// Where a sequence is named.
    pub fn span_of(&self, name: &str) -> Option<&Span> {
        self.list.get(name).map(|sequence| &sequence.name)
    }

    /// The file.
    pub fn source(&self) -> &Source {
        &self.source
    }

    pub(super) fn find(&self, name: &str) -> Option<&Sequence> {
        self.list.get(name)
    }

    pub(super) fn wrong(&self) -> &Mistakes {
        &self.wrong
    }
}

impl Reader<'_> {
    fn sequences_file(&mut self, root: &Node) -> BTreeMap<String, Sequence> {
        let shape = "a mapping that begins with `sequences:`";
        let Some(entries) = root.map(shape, self.mistakes) else {
            return BTreeMap::new();
        };
        self.keys("a file of sequences", entries, SEQUENCES_FILE);
        let find = |wanted: &str| entries.iter().find(|(key, _)| key.text == wanted);
        if let Some((_, node)) = find("version") {
            self.version(node);
        }
        if let Some((_, node)) = find("about") {
            self.about(node);
        }
        let Some((_, node)) = find("sequences") else {
            let start = Span {
                bytes: 0..0,
                line: 1,
            };
            self.mistakes
                .add(&start, "the key `sequences:` is missing")
                .expect("expected in this file");
            return BTreeMap::new();
        };
        let shape = "a mapping: `name: { steps: […] }`";
        let entries = node.map(shape, self.mistakes).unwrap_or_default();
        if entries.is_empty() && !node.is_refused() {
            node.wrong("at least one sequence", self.mistakes);
        }
        if let Some((key, _)) = entries.get(MAX_SEQUENCES) {
            self.mistakes
                .add(&key.span, format!("{} sequences", entries.len()))
                .expect(format!("at most {MAX_SEQUENCES}"));
        }
        let mut list = BTreeMap::new();
        for (key, node) in entries.iter().take(MAX_SEQUENCES) {
            if is_parameter(&key.text) {
                let mut wrong = Mistakes::new(self.source.clone());
                let mut reader = Reader {
                    source: self.source.clone(),
                    mistakes: &mut wrong,
                    set: None,
                    sequences: None,
                    renamed: Vec::new(),
                };
                let (parameters, steps) = reader.one(key, node);
                let sequence = Sequence {
                    name: key.span.clone(),
                    parameters,
                    steps,
                    wrong,
                };
                list.insert(key.text.clone(), sequence);
            } else {
                self.mistakes
                    .add(
                        &key.span,
                        format!("{} cannot be the name of a sequence", quoted(&key.text)),
                    )
                    .expect("a small letter, then up to 31 of: A-Z a-z 0-9 _ -");
            }
        }
        list
    }

    /// The parameters and steps of one sequence.
    fn one(&mut self, name: &Key, node: &Node) -> (Vec<String>, Vec<Node>) {
        let Some(entries) = node.map("a mapping: `{ steps: […] }`", self.mistakes) else {
            return Default::default();
        };
        self.keys("a sequence", entries, SEQUENCE_KEYS);
        let find = |wanted: &str| entries.iter().find(|(key, _)| key.text == wanted);
        if let Some((_, node)) = find("about") {
            self.about(node);
        }
        let parameters = match find("with") {
            Some((_, node)) => self.parameters(node),
            None => Vec::new(),
        };
        let Some((_, steps)) = find("steps") else {
            self.mistakes
                .add(&name.span, format!("{} has no steps", quoted(&name.text)))
                .expect("expected `steps:`");
            return Default::default();
        };
        let items = steps
            .list("a list of steps: `- leave: { peer: alice }`", self.mistakes)
            .unwrap_or_default();
        if items.is_empty() {
            steps.wrong("at least one step", self.mistakes);
        }
        if let Some(first) = items.get(MAX_STEPS) {
            self.mistakes
                .add(&first.span, format!("{} steps", items.len()))
                .expect(format!("at most {MAX_STEPS}"));
        }
        self.placeholders(&parameters, steps);
        (
            parameters.into_iter().map(|(name, _)| name).collect(),
            items.to_vec(),
        )
    }

    fn parameters(&mut self, node: &Node) -> Vec<(String, Span)> {
        let items = node
            .list("a list of parameters: `[first, second]`", self.mistakes)
            .unwrap_or_default();
        if let Some(first) = items.get(MAX_PARAMETERS) {
            self.mistakes
                .add(&first.span, format!("{} parameters", items.len()))
                .expect(format!("at most {MAX_PARAMETERS}"));
        }
        let mut parameters: Vec<(String, Span)> = Vec::new();
        for item in items.iter().take(MAX_PARAMETERS) {
            let Some(name) = item.text("the name of a parameter, as text", self.mistakes) else {
                continue;
            };
            let found = quoted(name);
            if !is_parameter(name) || name == SEQUENCE {
                self.mistakes
                    .add(
                        &item.span,
                        format!("{found} cannot be the name of a parameter"),
                    )
                    .expect(format!(
                        "a small letter, then up to 31 of: A-Z a-z 0-9 _ -; not `{SEQUENCE}`"
                    ));
            } else if parameters.iter().any(|(there, _)| there == name) {
                self.mistakes
                    .add(&item.span, format!("{found} is in this list twice"))
                    .expect("a second time");
            } else {
                parameters.push((name.to_owned(), item.span.clone()));
            }
        }
        parameters
    }

    /// Notes placeholders that are no parameters, and parameters that nothing uses.
    fn placeholders(&mut self, parameters: &[(String, Span)], steps: &Node) {
        let mut found = Vec::new();
        placeholders(steps, &self.source.text.clone(), &mut found);
        let known = || parameters.iter().map(|(name, _)| name.as_str());
        for (name, span) in &found {
            if !known().any(|one| one == name) {
                let names = known().collect::<Vec<_>>().join(", ");
                self.mistakes
                    .add(span, format!("no parameter is called {}", quoted(name)))
                    .expect(format!("`with: [{names}]`"))
                    .suggest(name, known());
            }
        }
        for (name, span) in parameters {
            if !found.iter().any(|(one, _)| one == name) {
                self.mistakes
                    .add(span, format!("nothing uses the parameter {}", quoted(name)))
                    .expect(format!("expected `${{{name}}}` somewhere below"));
            }
        }
    }
}
