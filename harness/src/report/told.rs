//! What a sink is told of a case: its story, and what its repeats were.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::log::Log;
use crate::names::PeerName;
use crate::record::{
    CaseEntry, Inconclusive, InconclusiveKind, LawEntry, LawFound, NameEntry, Story, StoryError,
    Verdict,
};
use crate::signaling::Terms;

/// A case that was played as often as was asked for.
#[derive(Clone, Debug)]
pub struct Told {
    /// The record of the worst run, or of the first if all are alike.
    pub story: Story,
    /// How often it was played.
    pub runs: u32,
    /// Which of the runs `story` is of, from 1.
    pub take: u32,
    /// The different logs, most frequent first.
    pub logs: Vec<Take>,
    /// The sum of the times.
    pub took: Duration,
    /// What all its runs together showed of each law that was asked, by number.
    pub laws: BTreeMap<u8, Asked>,
    /// Whose the names were that outcomes bind, and in how many of the runs.
    pub names: Vec<NameEntry>,
}

/// One of the logs that a case had.
#[derive(Clone, Debug)]
pub struct Take {
    /// The first run that had it, from 1.
    pub number: u32,
    /// So many runs had it.
    pub runs: u32,
    /// The log.
    pub log: Log,
    /// The record of that first run.
    pub trace: Option<PathBuf>,
}

/// How often a law was put to the test, and how that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// So often its premise occurred.
    pub premises: usize,
    /// At so many places it was broken without an excuse.
    pub broken: usize,
    /// At so many it was broken as the scenario says.
    pub excused: usize,
}

impl Asked {
    /// As a run tells it of this law.
    pub fn entry(&self, law: u8) -> LawEntry {
        LawEntry {
            law,
            premises: self.premises,
            broken: self.broken,
            excused: self.excused,
        }
    }

    /// Adds what one run showed.
    pub fn add(&mut self, found: &LawFound) {
        self.premises += found.premises;
        match found.excused {
            Some(_) => self.excused += found.breaches.len(),
            None => self.broken += found.breaches.len(),
        }
    }
}

/// Those of one outcome, where one outcome has several: they differ by races alone. Empty where each outcome has one log.
pub fn differing<'t>(logs: impl IntoIterator<Item = &'t Take>) -> Vec<&'t Take> {
    let mut outcomes: BTreeMap<Option<&str>, Vec<&Take>> = BTreeMap::new();
    for take in logs {
        let outcome = take.log.outcome.as_deref();
        outcomes.entry(outcome).or_default().push(take);
    }
    outcomes
        .into_values()
        .find(|takes| takes.len() > 1)
        .unwrap_or_default()
}

impl Told {
    /// The logs that differ and should not, most frequent first.
    pub fn differing(&self) -> Vec<&Take> {
        differing(&self.logs)
    }

    /// How often each outcome came, most frequent first; nothing where there is none to tell apart.
    pub fn outcomes(&self) -> Vec<(&str, u32)> {
        let mut outcomes: BTreeMap<&str, u32> = BTreeMap::new();
        for take in &self.logs {
            if let Some(outcome) = &take.log.outcome {
                *outcomes.entry(outcome).or_default() += take.runs;
            }
        }
        let mut outcomes: Vec<_> = outcomes.into_iter().collect();
        outcomes.sort_by_key(|(_, runs)| std::cmp::Reverse(*runs));
        outcomes
    }

    /// Each name that an outcome binds, with whose it was how often, most frequent first.
    pub fn bound(&self) -> Vec<(&PeerName, Vec<(&PeerName, u32)>)> {
        let mut bound: Vec<(&PeerName, Vec<(&PeerName, u32)>)> = Vec::new();
        for NameEntry { name, peer, runs } in &self.names {
            match bound.iter_mut().find(|(there, _)| *there == name) {
                Some((_, peers)) => peers.push((peer, *runs)),
                None => bound.push((name, vec![(peer, *runs)])),
            }
        }
        for (_, peers) in &mut bound {
            peers.sort_by_key(|(peer, runs)| (std::cmp::Reverse(*runs), *peer));
        }
        bound
    }

    /// What a run's folder tells of a case.
    ///
    /// # Errors
    /// One of its records cannot be read.
    pub fn read(run: &Path, entry: &CaseEntry) -> Result<Self, StoryError> {
        let mut logs = Vec::new();
        for one in &entry.logs {
            let story = Story::open(&run.join(&one.record))?;
            logs.push(Take {
                number: one.number,
                runs: one.runs,
                log: log(&story),
                trace: story.facts.record.map(PathBuf::from),
            });
        }
        let asked = |law: &LawEntry| {
            let asked = Asked {
                premises: law.premises,
                broken: law.broken,
                excused: law.excused,
            };
            (law.law, asked)
        };
        Ok(Self {
            story: Story::open(&run.join(&entry.record))?,
            runs: entry.runs.max(1),
            take: entry.take,
            logs,
            took: Duration::from_micros(entry.took),
            laws: entry.laws.iter().map(asked).collect(),
            names: entry.names.clone(),
        })
    }
}

impl From<Story> for Told {
    /// Of one run.
    fn from(story: Story) -> Self {
        let mut laws = BTreeMap::new();
        for found in &story.laws {
            let asked: &mut Asked = laws.entry(found.law).or_default();
            asked.add(found);
        }
        let take = Take {
            number: 1,
            runs: 1,
            log: log(&story),
            trace: story.facts.record.as_ref().map(PathBuf::from),
        };
        Self {
            runs: 1,
            take: story.facts.take,
            logs: vec![take],
            took: story.took,
            laws,
            names: Vec::new(),
            story,
        }
    }
}

/// The canonical log of a record.
pub fn log(story: &Story) -> Log {
    if let Verdict::Inconclusive(Inconclusive {
        kind: InconclusiveKind::TooMuch,
        ..
    }) = story.verdict
    {
        return Log::default();
    }
    let terms =
        super::unread::dialect(story).map_or_else(Terms::default, |dialect| Terms::of(&dialect));
    let events: Vec<_> = story
        .stage()
        .iter()
        .map(|event| (**event).clone())
        .collect();
    Log::with(&events, &terms)
}
