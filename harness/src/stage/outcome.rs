//! How a case ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Setting;
use crate::laws::{Breach, Finding};
use crate::log::Log;
use crate::record::{Broken, Event, InconclusiveKind, LawFound, Verdict, Weight, What};
use crate::signaling::Terms;

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

impl From<&Breach> for Broken {
    fn from(breach: &Breach) -> Self {
        Self {
            law: breach.law.number(),
            event: breach.event,
            because: breach.because.clone(),
            message: breach.message.clone(),
        }
    }
}

impl From<&Judged> for LawFound {
    fn from(judged: &Judged) -> Self {
        let finding = &judged.finding;
        Self {
            law: finding.law.number(),
            statement: finding.law.statement().to_owned(),
            premises: finding.premises,
            excused: judged.excused.clone(),
            breaches: finding.breaches.iter().map(Broken::from).collect(),
        }
    }
}

impl Outcome {
    /// Takes a green verdict back: something that it rests on could not be done after all.
    pub(crate) fn retract(&mut self, kind: InconclusiveKind, why: String) {
        if self.verdict.weight(false) != Weight::Green {
            return;
        }
        self.verdict = Verdict::inconclusive(kind, why);
        let Some(last) = self.record.last() else {
            return;
        };
        let mut event = Event::clone(last);
        event.seq += 1;
        event.what = What::Verdict {
            verdict: Box::new(self.verdict.clone()),
            took: u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX),
        };
        self.record.push(Arc::new(event));
    }
}

/// A case that was played.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// What a person reads of it.
    pub log: Log,
    /// All that happened until the stage was cleared.
    pub events: Vec<Arc<Event>>,
    /// The whole record, the verdict last: what every report is made of.
    pub record: Vec<Arc<Event>>,
    /// What it showed of each law that was asked; none where the case did not get to its steps.
    pub laws: Vec<Judged>,
    /// Why a law may be broken of which nothing is told, if so: not each was asked, or not of all that happened.
    pub unasked: Option<String>,
    /// That a server which somebody else has started refuses connections after the steps, and what it got last, if so: nobody knows who has ended it.
    pub refuses: Option<String>,
    /// The record on disk, if one was asked for.
    pub trace: Option<PathBuf>,
    /// From the first boot to the verdict, clearing up not counted.
    pub took: Duration,
}

/// The canonical log of these events.
pub(super) fn log(events: &[Arc<Event>], setting: &Setting) -> Log {
    let events: Vec<Event> = events.iter().map(|event| Event::clone(event)).collect();
    Log::with(&events, &Terms::of(&setting.dialect))
}
