//! A record as a whole: what every report is made of, while glare runs and long after.

use std::fs;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{
    CaseFacts, Event, InconclusiveKind, LawFound, Role, Trace, TraceError, Verdict, What,
    read_trace, runs,
};
use crate::scenario::Cast;
use crate::source::Source;

/// One case as its record tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The scenario's name.
    pub name: String,
    /// Who played whom.
    pub cast: Cast,
    /// The server's name, without secrets.
    pub server: String,
    /// The seed of this run's delays.
    pub shake: Option<u64>,
    /// The file, the variant, the options.
    pub facts: CaseFacts,
    /// The files that the case is made of.
    pub sources: Vec<(Role, Source)>,
    /// All that is recorded.
    pub events: Vec<Arc<Event>>,
    /// So many of them, the first, came before the harness ended peers and server itself.
    pub played: usize,
    /// What it showed of each law that was asked.
    pub laws: Vec<LawFound>,
    /// How it ended.
    pub verdict: Verdict,
    /// From the first boot to the verdict, clearing up not counted.
    pub took: Duration,
}

/// Why there is no story in something.
#[derive(Debug, thiserror::Error)]
pub enum StoryError {
    /// It is not there, or cannot be read.
    #[error("{path}: {why}")]
    Unreadable {
        /// What was asked for.
        path: String,
        /// Why, and what to do.
        why: String,
    },
    /// What is there is no record.
    #[error("{path}: {error}")]
    Wrong {
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        error: TraceError,
    },
}

impl Story {
    /// The story of these events.
    ///
    /// # Errors
    /// They do not begin as a record does.
    pub fn of(events: Vec<Arc<Event>>) -> Result<Self, TraceError> {
        Self::with(events, false)
    }

    /// The record in a file, or in a case's folder.
    ///
    /// # Errors
    /// It cannot be read, or it is no record.
    pub fn open(path: &Path) -> Result<Self, StoryError> {
        let shown = path.display().to_string();
        let unreadable = |why: String| StoryError::Unreadable {
            path: shown.clone(),
            why,
        };
        let file = match fs::metadata(path) {
            Ok(data) if data.is_dir() => path.join(runs::TRACE),
            _ => path.to_owned(),
        };
        let opened = crate::input::open(&file).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound if file != path => {
                unreadable(format!("there is no {} in this folder", runs::TRACE))
            }
            std::io::ErrorKind::NotFound => unreadable(
                "there is no such record: `glare run` writes them to .glare/runs".to_owned(),
            ),
            _ => unreadable(format!("cannot be read: {error}")),
        })?;
        let wrong = |error| StoryError::Wrong {
            path: shown.clone(),
            error,
        };
        let Trace { events, cut_off } = read_trace(BufReader::new(opened)).map_err(wrong)?;
        Self::with(events.into_iter().map(Arc::new).collect(), cut_off).map_err(wrong)
    }

    fn with(events: Vec<Arc<Event>>, cut_off: bool) -> Result<Self, TraceError> {
        let no_record = |line: usize, message: &str| TraceError::Line {
            line,
            message: message.to_owned(),
        };
        let Some(first) = events.first() else {
            return Err(TraceError::Empty);
        };
        let What::Run {
            scenario,
            cast,
            server,
            shake,
            ..
        } = &first.what
        else {
            return Err(no_record(1, "a record begins with a `run` event"));
        };
        // Second, but for a word that the disk is full already.
        let facts = events.iter().find_map(|event| match &event.what {
            What::Case(facts) => Some(CaseFacts::clone(facts)),
            _ => None,
        });
        let facts = match facts {
            Some(facts) => facts,
            None if events.len() == 1 => CaseFacts::default(),
            None => return Err(no_record(2, "a `case` event is missing here")),
        };
        let sources = events.iter().filter_map(|event| match &event.what {
            What::Source { role, path, text } => {
                let path = PathBuf::from(path);
                let text = Arc::from(text.as_str());
                Some((*role, Source { path, text }))
            }
            _ => None,
        });
        let laws = events.iter().filter_map(|event| match &event.what {
            What::Law(found) => Some(LawFound::clone(found)),
            _ => None,
        });
        let end = events.last().map(|event| &event.what);
        let (verdict, took) = match end {
            Some(What::Verdict { verdict, took }) if !cut_off => {
                (Verdict::clone(verdict), Duration::from_micros(*took))
            }
            _ => {
                let last = events.last().map_or(0, |event| event.seq);
                let why = format!(
                    "the record is cut off after event {last}: glare was ended before it said a verdict, or the disk was full"
                );
                let at = events.last().map_or(0, |event| event.at);
                (
                    Verdict::inconclusive(InconclusiveKind::CutOff, why),
                    Duration::from_micros(at),
                )
            }
        };
        let clearing = events
            .iter()
            .rposition(|event| event.what == What::Clearing);
        Ok(Self {
            name: scenario.clone(),
            cast: cast
                .iter()
                .map(|(peer, stack)| (peer.clone(), *stack))
                .collect(),
            server: server.clone(),
            shake: *shake,
            facts,
            sources: sources.collect(),
            played: clearing.unwrap_or(events.len()),
            laws: laws.collect(),
            verdict,
            took,
            events,
        })
    }

    /// The file and the variant, for a person: `rooms/x.yaml`, `rooms/x.yaml [offer]`.
    pub fn file(&self) -> String {
        let path = &self.facts.path;
        match &self.facts.variant {
            Some(variant) => format!("{path} [{variant}]"),
            None => path.clone(),
        }
    }

    /// What happened before the harness ended things itself: what the log is made of.
    pub fn stage(&self) -> &[Arc<Event>] {
        &self.events[..self.played.min(self.events.len())]
    }

    /// The file of this name that the case is made of.
    pub fn source(&self, file: &str) -> Option<&Source> {
        (self.sources.iter())
            .map(|(_, source)| source)
            .find(|source| source.path.as_os_str() == file)
    }

    /// The file with this role.
    pub fn source_of(&self, role: Role) -> Option<&Source> {
        let mut sources = self.sources.iter();
        sources.find_map(|(is, source)| (*is == role).then_some(source))
    }
}
