//! A run's own file beside its cases' records: which cases there were, in which order they ended, and how the run did.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::TRACE_VERSION;
use crate::names::PeerName;

/// Its name in the run's folder.
const LEDGER: &str = "run.jsonl";

/// The longest one that is read (bytes): a line a case.
const MOST: u64 = 64 << 20;

/// One line of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "run", rename_all = "kebab-case")]
pub enum Entry {
    /// A case is over.
    Case(CaseEntry),
    /// The run is over: the last line.
    Over(Sums),
}

/// A case, played as often as was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseEntry {
    /// The version of the format.
    pub version: u32,
    /// The record that is told of, from the run's folder.
    pub record: PathBuf,
    /// How often it was played.
    pub runs: u32,
    /// Which of the runs the record is of, from 1.
    pub take: u32,
    /// The sum of the times (microseconds).
    pub took: u64,
    /// The different logs, most frequent first.
    pub logs: Vec<LogEntry>,
    /// What all its runs showed of each law.
    pub laws: Vec<LawEntry>,
    /// Whose the names were that outcomes bind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<NameEntry>,
}

/// Whose a name was that an outcome binds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NameEntry {
    /// The name.
    pub name: PeerName,
    /// The peer's own.
    pub peer: PeerName,
    /// In so many runs.
    pub runs: u32,
}

/// One of the logs of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The first run that had it, from 1.
    pub number: u32,
    /// So many runs had it.
    pub runs: u32,
    /// The record of that first run, from the run's folder.
    pub record: PathBuf,
}

/// How often a law was put to the test in all runs of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawEntry {
    /// Its number.
    pub law: u8,
    /// So often its premise occurred.
    pub premises: usize,
    /// At so many places it was broken without an excuse.
    pub broken: usize,
    /// At so many it was broken as the scenario says.
    pub excused: usize,
}

/// How a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// How long all of it took (microseconds).
    pub took: u64,
    /// The cases' records in the order of the cases, from the run's folder.
    pub order: Vec<PathBuf>,
    /// So many cases were not played.
    pub not_played: usize,
    /// Somebody interrupted it.
    pub interrupted: bool,
    /// Nobody was there to accept a snapshot.
    pub ci: bool,
    /// No snapshot was ever accepted for this server, so no log was compared with one.
    #[serde(default)]
    pub uncompared: bool,
}

impl CaseEntry {
    /// Of a case without repeats so far.
    pub fn new(record: PathBuf) -> Self {
        Self {
            version: TRACE_VERSION,
            record,
            runs: 1,
            take: 1,
            took: 0,
            logs: Vec::new(),
            laws: Vec::new(),
            names: Vec::new(),
        }
    }
}

/// Adds a line.
///
/// # Errors
/// What the file system says.
pub(super) fn add(run: &Path, entry: &Entry) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(run.join(LEDGER))?;
    // One write: two cases that end at once do not mix.
    file.write_all(&line)
}

/// What a run's folder has of it: the cases as they ended, and how the run did, if it came to its end. Empty where there is none; a line that
/// cannot be read ends it, as what a crash leaves does.
pub(super) fn read(run: &Path) -> (Vec<CaseEntry>, Option<Sums>) {
    let path = run.join(LEDGER);
    let (mut cases, mut sums) = (Vec::new(), None);
    if !fs::metadata(&path).is_ok_and(|data| data.len() <= MOST) {
        return (cases, sums);
    }
    let text = crate::input::read_to_string(&path).unwrap_or_default();
    for line in text.lines() {
        match serde_json::from_str(line) {
            Ok(Entry::Case(case)) if case.version == TRACE_VERSION && case.stays_in_the_run() => {
                cases.push(case);
            }
            Ok(Entry::Over(over)) => sums = Some(over),
            _ => break,
        }
    }
    (cases, sums)
}

impl CaseEntry {
    /// A stranger's file names no record elsewhere.
    fn stays_in_the_run(&self) -> bool {
        let inside = |path: &PathBuf| {
            let mut parts = path.components();
            parts.all(|part| matches!(part, std::path::Component::Normal(_)))
        };
        inside(&self.record) && self.logs.iter().all(|log| inside(&log.record))
    }
}
