//! The log that a case must have: `x.snap` beside `x.yaml`, or `x@alice-chromium+bob-native.snap` for a cast that truly differs.
//! The files are insta's, so `cargo test` and `glare run` compare with the same ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::select::cast_slug;
use crate::log::OUTCOME;
use crate::record::runs;
use crate::report::diff;
use crate::scenario::{Cast, Scenario, variant_slug};

/// A case's snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The file it has, or would have.
    pub path: PathBuf,
    /// Its log; `None` where there is no file.
    pub log: Option<String>,
}

impl Snapshot {
    /// The cast's own snapshot if there is one, else the shared one.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn of(scenario: &Scenario, cast: &Cast) -> std::io::Result<Self> {
        let own = Self::own_path(scenario, cast);
        let path = if own.exists() {
            own
        } else {
            Self::shared_path(scenario)
        };
        Self::read(path)
    }

    /// The snapshot in this file.
    ///
    /// # Errors
    /// A file that is there and cannot be read.
    pub fn read(path: PathBuf) -> std::io::Result<Self> {
        let log = match crate::input::read_to_string(&path) {
            Ok(text) => Some(contents(&text).to_owned()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path, log })
    }

    /// `x.snap`; a variant's is `x[offer].snap`.
    pub fn shared_path(scenario: &Scenario) -> PathBuf {
        let path = &scenario.source.path;
        path.with_file_name(format!("{}.snap", stem(scenario)))
    }

    /// `x@cast.snap`
    pub fn own_path(scenario: &Scenario, cast: &Cast) -> PathBuf {
        let path = &scenario.source.path;
        path.with_file_name(format!("{}@{}.snap", stem(scenario), cast_slug(cast)))
    }

    /// Whether this is the log that the case must have: where there is one for each outcome, that of its own.
    pub fn matches(&self, log: &str) -> bool {
        self.of_outcome(log)
            .is_some_and(|known| known.trim_end() == log.trim_end())
    }

    /// Whether there is a log to compare this one with.
    pub fn has(&self, log: &str) -> bool {
        self.of_outcome(log).is_some()
    }

    /// The log for the outcome that this one has.
    fn of_outcome(&self, log: &str) -> Option<&str> {
        let known = self.log.as_deref()?;
        if outcome(known).is_none() || outcome(log).is_none() {
            return Some(known);
        }
        sections(known)
            .into_iter()
            .find(|section| outcome(section) == outcome(log))
    }

    /// The logs with these in the place of those of the same outcomes: by outcome, where they have one.
    pub fn with(&self, logs: &[String]) -> String {
        let old = self.log.as_deref().unwrap_or_default();
        let told = logs.iter().any(|log| outcome(log).is_some());
        let old = old_sections(old, told);
        let new = logs.iter().map(|log| (outcome(log), log.trim_end()));
        let all: BTreeMap<Option<&str>, &str> = old.into_iter().chain(new).collect();
        let all: Vec<&str> = all.into_values().collect();
        all.join("\n")
    }

    /// The difference as a unified diff, the snapshot first.
    pub fn diff(&self, log: &str) -> String {
        diff(
            self.of_outcome(log).unwrap_or_default(),
            log,
            "snapshot",
            "this run",
        )
    }
}

/// The outcome that heads a log.
fn outcome(log: &str) -> Option<&str> {
    log.lines().next()?.strip_prefix(OUTCOME)
}

/// The logs of a file, a section for each outcome; all of it where there is none.
fn sections(text: &str) -> Vec<&str> {
    let mut starts: Vec<usize> = (text.match_indices('\n'))
        .map(|(at, _)| at + 1)
        .filter(|at| text[*at..].starts_with(OUTCOME))
        .collect();
    starts.insert(0, 0);
    let ends = starts[1..].iter().copied().chain([text.len()]);
    let pieces = starts.iter().zip(ends);
    pieces.map(|(start, end)| &text[*start..end]).collect()
}

/// What stays of a file, if logs with an outcome or without one come into it.
fn old_sections(text: &str, told: bool) -> Vec<(Option<&str>, &str)> {
    let sections = sections(text).into_iter();
    sections
        .map(|section| (outcome(section), section.trim_end()))
        .filter(|(outcome, _)| told && outcome.is_some())
        .collect()
}

/// The file's name without its ending, and the variant.
fn stem(scenario: &Scenario) -> String {
    let stem = scenario.source.path.file_stem();
    let stem = stem.map(|stem| stem.to_string_lossy()).unwrap_or_default();
    match &scenario.variant {
        Some(variant) => format!("{stem}[{}]", variant_slug(variant)),
        None => stem.into_owned(),
    }
}

/// Writes a log as a snapshot: whole, or not at all. What was there before stays until the new one is on the disk.
///
/// # Errors
/// What the file system says.
pub fn write(path: &Path, log: &str) -> std::io::Result<()> {
    let text = format!("---\nexpression: log\n---\n{}\n", log.trim_end());
    runs::write_whole(path, text.as_bytes())
}

/// What follows the head that insta writes.
fn contents(text: &str) -> &str {
    text.strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(text, |(_, log)| log)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WON: &str = "# bob's join granted\na -> b: x\n";
    const LOST: &str = "# bob's join refused\na -> b: y\n";

    fn holding(log: &str) -> Snapshot {
        let (path, log) = (PathBuf::from("x.snap"), Some(log.to_owned()));
        Snapshot { path, log }
    }

    #[test]
    fn a_run_is_compared_with_the_section_of_its_outcome() {
        let both = holding(&format!("{WON}{LOST}"));
        assert!(both.matches(WON) && both.matches(LOST));
        let altered = LOST.replace('y', "z");
        assert!(both.has(&altered) && !both.matches(&altered));
        assert!(!both.diff(&altered).contains("granted"));
    }

    #[test]
    fn an_outcome_that_is_not_there_is_new_and_its_section_is_added() {
        let one = holding(LOST);
        assert!(!one.has(WON));
        let both = holding(&one.with(&[WON.to_owned()]));
        assert!(both.matches(WON) && both.matches(LOST));
        let again = both.with(&[WON.replace('x', "w")]);
        assert_eq!(
            again,
            "# bob's join granted\na -> b: w\n# bob's join refused\na -> b: y"
        );
    }

    #[test]
    fn a_log_without_an_outcome_is_the_whole_file() {
        let plain = holding("a -> b: x\n");
        assert!(plain.matches("a -> b: x\n") && plain.has(WON) && !plain.matches(WON));
        assert_eq!(plain.with(&[WON.to_owned()]), WON.trim_end());
        let both = holding(&format!("{WON}{LOST}"));
        assert!(both.has("a -> b: x") && !both.matches("a -> b: x"));
        assert_eq!(both.with(&["a -> b: x\n".to_owned()]), "a -> b: x");
        assert_eq!(sections(""), [""]);
    }
}
