//! How a case ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::laws::{Breach, Finding};
use crate::log::Log;
use crate::record::{Event, Seq};
use crate::scenario::Place;
use crate::source::Span;

/// How a case ended. Only the first is green.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Everything that was asked for happened, and nothing that was forbidden.
    Pass,
    /// It did not.
    Fail(Failure),
    /// The server has no such concept, or a stack cannot do it; with the reason.
    Unsupported(String),
    /// The environment broke (no browser, no port, a browser that died by itself); with the reason.
    Inconclusive(String),
}

impl Verdict {
    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::Fail(_) => "fail",
            Verdict::Unsupported(_) => "unsupported",
            Verdict::Inconclusive(_) => "inconclusive",
        }
    }
}

/// What went wrong, for a person.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where: a step, a line of an expectation, or a law; `None` for the comparison with the snapshot.
    pub place: Option<Place>,
    /// The same place in the file.
    pub span: Option<Span>,
    /// What was expected and what happened instead.
    pub message: String,
    /// The number of the first event after that moment.
    pub at: Seq,
    /// Each peer's state at that moment, a line each.
    pub states: Vec<String>,
    /// Where laws are broken, which is what failed or may explain it; in the order of the trace.
    pub breaches: Vec<Breach>,
    /// A difference between the log and its snapshot, as a unified diff.
    pub diff: Option<String>,
}

/// What a run showed of one law.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// How often it was put to the test, and where it is broken.
    pub finding: Finding,
    /// Why it may be broken, if the scenario says that it will be.
    pub excused: Option<String>,
}

impl Judged {
    /// Where it is broken without an excuse.
    pub fn breaches(&self) -> &[Breach] {
        match self.excused {
            Some(_) => &[],
            None => &self.finding.breaches,
        }
    }

    /// It was to be broken, was put to the test, and held.
    pub fn is_excused_in_vain(&self) -> bool {
        self.excused.is_some() && self.finding.breaches.is_empty()
    }
}

/// A case that was played.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// What a person reads of it.
    pub log: Log,
    /// All that happened.
    pub events: Vec<Arc<Event>>,
    /// What it showed of each law that was asked; none where the case did not get to its steps.
    pub laws: Vec<Judged>,
    /// The trace on disk, if one was asked for.
    pub trace: Option<PathBuf>,
    /// From the first boot to the verdict, clearing up not counted.
    pub took: Duration,
}
