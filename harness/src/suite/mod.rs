//! Many cases at once: selection, concurrency, repeats, snapshots.

mod filter;
mod planted;
mod select;
mod shelf;
mod snapshot;
mod stacks;
mod table;
#[cfg(test)]
mod tests;
pub mod trial;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;

use crate::log::Log;
use crate::record::runs::RunFolder;
use crate::record::{
    CaseEntry, Entry, Failure, FailureKind, InconclusiveKind, LawFound, LogEntry, NameEntry, Story,
    TraceError, Verdict, Weight, What,
};
use crate::report::{Asked, Take, Told, differing};
use crate::stage::{Case, LastWord, Outcome, Setting, play_with};

pub use filter::Filter;
pub use planted::{Caught, Planted, Row, Table, native, planted};
pub(crate) use select::merge;
pub use select::{SelectError, cases, files, known_peers, read, sequence_files, unused, warnings};
pub use shelf::Shelf;
pub use snapshot::{Snapshot, write};
pub use stacks::stacks;
pub use table::table;

/// How many cases may be under way, those that only wait for a browser's time-out included.
const UNDER_WAY: usize = 64;

/// How a run is to go.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How often each case is played.
    pub repeat: u32,
    /// End with the first run that is not green, or whose log is not that of the runs before it. What has not begun is played once.
    pub until_failure: bool,
    /// Write the logs of passing cases as their snapshots.
    pub accept: bool,
    /// Where each case leaves its record.
    pub records: Option<RunFolder>,
    /// The project's folder: snapshots of another server than the reference one stand in it.
    pub home: PathBuf,
}

/// A case that was played as often as was asked for.
#[derive(Debug)]
pub struct Played {
    /// Which.
    pub case: Case,
    /// The worst outcome, or the last if all are alike.
    pub outcome: Outcome,
    /// How often it was played.
    pub runs: u32,
    /// Which of the runs `outcome` is of, from 1.
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

impl Played {
    /// What the run tells of it; nothing if it has no record.
    fn entry(&self, run: &RunFolder) -> Option<CaseEntry> {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX);
        let mut entry = CaseEntry::new(run.inside(self.outcome.trace.as_deref()?)?);
        (entry.runs, entry.take, entry.took) = (self.runs, self.take, micros);
        for log in &self.logs {
            entry.logs.push(LogEntry {
                number: log.number,
                runs: log.runs,
                record: run.inside(log.trace.as_deref()?)?,
            });
        }
        entry.laws = (self.laws.iter())
            .map(|(law, asked)| asked.entry(*law))
            .collect();
        entry.names.clone_from(&self.names);
        Some(entry)
    }

    /// What a report is made of.
    ///
    /// # Errors
    /// Never, of what was played: a record begins as one.
    pub fn told(&self) -> Result<Told, TraceError> {
        Ok(Told {
            story: Story::of(self.outcome.record.clone())?,
            runs: self.runs,
            take: self.take,
            logs: self.logs.clone(),
            took: self.took,
            laws: self.laws.clone(),
            names: self.names.clone(),
        })
    }
}

/// What a run tells while it goes on.
pub enum Progress<'a> {
    /// A case begins.
    Begins(&'a Case),
    /// A case is over.
    Ends(&'a Played),
}

/// Plays all cases, as many at once as the setting lets be busy, and answers them in their order. Those that had not begun when the
/// setting's `interrupt` came are not among them.
pub async fn run(
    cases: Vec<Case>,
    setting: Arc<Setting>,
    plan: Plan,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<Played> {
    if !plan.accept {
        return run_all(cases, &setting, &plan, tell).await;
    }
    // The shared snapshots have to be there before the other casts compare with them.
    let (first, others): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(writes_shared);
    let mut played = run_all(first, &setting, &plan, tell).await;
    played.extend(run_all(others, &setting, &plan, tell).await);
    played
}

async fn run_all(
    cases: Vec<Case>,
    setting: &Arc<Setting>,
    plan: &Plan,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<Played> {
    // What waits longest begins first, so that waits overlap.
    let stop = AtomicBool::new(false);
    let stop = &stop;
    let mut order: Vec<(usize, Case)> = cases.into_iter().enumerate().collect();
    order.sort_by_key(|(_, case)| std::cmp::Reverse(longest_wait(case)));
    let mut played: Vec<(usize, Played)> = futures_util::stream::iter(order)
        .map(|(place, case)| {
            let setting = setting.clone();
            async move {
                if setting.interrupt.is_cancelled() {
                    return None;
                }
                tell(Progress::Begins(&case));
                let mut played = play_all(case, setting, plan, stop).await;
                if let Some(run) = &plan.records
                    && let Some(entry) = played.entry(run)
                    && let Err(error) = run.note(&Entry::Case(entry))
                {
                    let why = format!("the record of the run cannot be written: {error}");
                    played.outcome.retract(InconclusiveKind::RecordFailed, why);
                }
                tell(Progress::Ends(&played));
                Some((place, played))
            }
        })
        .buffer_unordered(UNDER_WAY)
        .filter_map(std::future::ready)
        .collect()
        .await;
    played.sort_by_key(|(place, _)| *place);
    played.into_iter().map(|(_, played)| played).collect()
}

fn longest_wait(case: &Case) -> Duration {
    case.scenario
        .steps
        .iter()
        .map(|step| step.within)
        .max()
        .unwrap_or_default()
}

async fn play_all(case: Case, setting: Arc<Setting>, plan: &Plan, stop: &AtomicBool) -> Played {
    let mut logs: BTreeMap<String, Take> = BTreeMap::new();
    let mut worst: Option<Outcome> = None;
    let mut worst_take = 1;
    let mut took = Duration::ZERO;
    let mut laws = BTreeMap::new();
    let mut names: Vec<NameEntry> = Vec::new();
    let mut runs = 0;
    let interrupt = setting.interrupt.clone();
    let (folder, unmade) = match plan.records.as_ref().map(|run| run.case(&case.slug())) {
        // A folder that cannot be made is told by the stage, which cannot write to it.
        Some(Ok(folder)) => (Some(folder), None),
        Some(Err(error)) => (None, Some(error)),
        None => (setting.traces.clone(), None),
    };
    let unmade = unmade.map(|error| format!("the record cannot be written: {error}"));
    while runs < plan.repeat.max(1) {
        let mut setting = Setting::clone(&setting);
        // Each repeat shakes differently, and the same seed shakes the same way again.
        setting.take = runs + 1;
        setting.traces.clone_from(&folder);
        setting.unwritable.clone_from(&unmade);
        setting.shake = setting.shake.map(|seed| seed.wrapping_add(u64::from(runs)));
        let is_last = runs + 1 == plan.repeat.max(1);
        let last_word = Snapshots {
            case: &case,
            shelf: Shelf::of(&setting.dialect, &plan.home),
            accept: plan.accept,
            // Those of all runs, when the last of them is over and all have passed.
            logs: (is_last && worst.as_ref().is_none_or(is_pass)).then_some(&logs),
            runs: runs + 1,
        };
        let outcome = play_with(&case, Arc::new(setting), &last_word).await;
        runs += 1;
        took += outcome.took;
        for judged in &outcome.laws {
            let asked: &mut Asked = laws.entry(judged.finding.law.number()).or_default();
            asked.add(&LawFound::from(judged));
        }
        bound(&outcome, &mut names);
        let log = outcome.log.to_string();
        let known = logs.contains_key(&log);
        let take = logs.entry(log).or_insert_with(|| Take {
            number: runs,
            runs: 0,
            log: outcome.log.clone(),
            trace: outcome.trace.clone(),
        });
        take.runs += 1;
        let worse = worst
            .as_ref()
            .is_none_or(|worst| rank(&outcome.verdict) > rank(&worst.verdict));
        if let Some(trace) = &outcome.trace
            && runs > 1
            && known
            && !worse
        {
            // A run like the others: its trace has nothing to tell.
            drop(std::fs::remove_file(trace));
        }
        if worse {
            worst = Some(outcome);
            worst_take = runs;
        }
        let is_green =
            (worst.as_ref()).is_none_or(|worst| worst.verdict.weight(false) == Weight::Green);
        if plan.until_failure && (!is_green || !differing(logs.values()).is_empty()) {
            stop.store(true, Ordering::Relaxed);
        }
        if stop.load(Ordering::Relaxed) || interrupt.is_cancelled() {
            break;
        }
        if worst
            .as_ref()
            .is_some_and(|worst| matches!(worst.verdict, Verdict::Unsupported(_)))
        {
            break;
        }
    }
    let mut logs: Vec<Take> = logs.into_values().collect();
    logs.sort_by_key(|take| (std::cmp::Reverse(take.runs), take.number));
    let outcome = worst.unwrap_or_else(|| unreachable!("each case is played at least once"));
    Played {
        case,
        outcome,
        runs,
        take: worst_take,
        logs,
        took,
        laws,
        names,
    }
}

/// Counts whose names a run has bound, in the order in which they are bound.
fn bound(outcome: &Outcome, names: &mut Vec<NameEntry>) {
    for event in &outcome.events {
        let What::Outcome { names: bound, .. } = &event.what else {
            continue;
        };
        for (name, peer) in bound {
            let same = |there: &&mut NameEntry| there.name == *name && there.peer == *peer;
            match names.iter_mut().find(same) {
                Some(there) => there.runs += 1,
                None => names.push(NameEntry {
                    name: name.clone(),
                    peer: peer.clone(),
                    runs: 1,
                }),
            }
        }
    }
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Flaky { .. } => 1,
        Verdict::New { .. } => 2,
        Verdict::Unsupported(_) => 3,
        Verdict::Inconclusive(_) => 4,
        Verdict::Fail(_) => 5,
    }
}

fn is_pass(outcome: &Outcome) -> bool {
    matches!(outcome.verdict, Verdict::Pass)
}

/// What the snapshot makes of a case, or the case of its snapshot.
struct Snapshots<'a> {
    case: &'a Case,
    shelf: Shelf,
    accept: bool,
    /// The logs of the runs before, if a log may be accepted now.
    logs: Option<&'a BTreeMap<String, Take>>,
    runs: u32,
}

impl LastWord for Snapshots<'_> {
    fn judge(&self, log: &Log) -> Verdict {
        if !self.accept {
            return judge_log(self.case, &self.shelf, log);
        }
        let Some(logs) = self.logs else {
            return Verdict::Pass;
        };
        // One of several is no log to compare with; each outcome has its own.
        let text = log.to_string();
        let new = !logs.contains_key(&text);
        let same = |take: &&Take| take.log.outcome == log.outcome;
        let others = logs.values().filter(same).count() + usize::from(new);
        let known = differing(logs.values()).len();
        let (runs, number) = (self.runs, others.max(known));
        if number > 1 {
            let message =
                format!("{runs} runs had {number} different logs: none of them is accepted");
            return fail(FailureKind::SeveralLogs, message, None);
        }
        Verdict::Pass
    }

    fn keep(&self, log: &Log) -> Result<(), Verdict> {
        if !self.accept || self.logs.is_none() {
            return Ok(());
        }
        let before = self.logs.into_iter().flat_map(BTreeMap::keys);
        let mut logs: Vec<String> = before.cloned().chain([log.to_string()]).collect();
        logs.dedup();
        let known = self.shelf.snapshot(&self.case.scenario, &self.case.cast);
        if known.is_ok_and(|snapshot| logs.iter().all(|log| snapshot.matches(log))) {
            return Ok(());
        }
        accept(self.case, &self.shelf, &logs).map_err(|error| {
            Verdict::inconclusive(
                InconclusiveKind::Snapshot,
                format!("its snapshot cannot be written, and is as it was: {error}"),
            )
        })
    }
}

/// What the comparison of logs says of a case that was green till then.
fn fail(kind: FailureKind, message: String, diff: Option<String>) -> Verdict {
    Verdict::Fail(Box::new(Failure {
        kind,
        place: None,
        span: None,
        message,
        at: crate::record::Seq::MAX,
        states: Vec::new(),
        breaches: Vec::new(),
        instead: Vec::new(),
        counts: Vec::new(),
        diff,
    }))
}

/// Compares a passing case's log with its snapshot.
fn judge_log(case: &Case, shelf: &Shelf, log: &Log) -> Verdict {
    if !shelf.compares() {
        return Verdict::Pass;
    }
    let snapshot = match shelf.snapshot(&case.scenario, &case.cast) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            return Verdict::inconclusive(
                InconclusiveKind::Snapshot,
                format!("its snapshot cannot be read: {error}"),
            );
        }
    };
    let (text, outcome) = (log.to_string(), &log.outcome);
    if snapshot.matches(&text) {
        return Verdict::Pass;
    }
    let path = snapshot.path.display().to_string();
    if !snapshot.has(&text) {
        let snapshot = match (outcome, snapshot.log) {
            (Some(outcome), Some(_)) => format!("{path} of the outcome \"{outcome}\""),
            _ => path,
        };
        return Verdict::New { snapshot };
    }
    let message = format!("the log is not the one in {path}");
    let diff = snapshot.diff(&text);
    fail(FailureKind::SnapshotDiffers, message, Some(diff))
}

/// Writes logs where they belong: the first cast's into the shared file, another's into its own if they differ from that. What is there of
/// other outcomes stays.
fn accept(case: &Case, shelf: &Shelf, logs: &[String]) -> std::io::Result<()> {
    let own = shelf.own_path(&case.scenario, &case.cast);
    let shared = Snapshot::read(shelf.shared_path(&case.scenario))?;
    if let Some(folder) = own.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if writes_shared(case) {
        return write(&shared.path, &shared.with(logs));
    }
    if logs.iter().all(|log| shared.matches(log)) {
        return match std::fs::remove_file(own) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let before = match own.exists() {
        true => Snapshot::read(own.clone())?,
        false => shared,
    };
    write(&own, &before.with(logs))
}

/// Whether this is the one cast whose log is the shared snapshot: the first, which is all native where it can be.
fn writes_shared(case: &Case) -> bool {
    case.scenario.casts().first() == Some(&case.cast)
}
