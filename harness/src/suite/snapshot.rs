//! The log that a case must have: `x.snap` beside `x.yaml`, or `x@alice-chromium+bob-native.snap` for a cast that truly differs.
//! The files are insta's, so `cargo test` and `glare run` compare with the same ones.

use std::path::{Path, PathBuf};

use super::select::cast_slug;
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

    /// Whether this is the log that the case must have.
    pub fn matches(&self, log: &str) -> bool {
        self.log
            .as_ref()
            .is_some_and(|known| known.trim_end() == log.trim_end())
    }

    /// The difference as a unified diff, the snapshot first.
    pub fn diff(&self, log: &str) -> String {
        diff(
            self.log.as_deref().unwrap_or_default(),
            log,
            "snapshot",
            "this run",
        )
    }
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
