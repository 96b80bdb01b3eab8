//! Many cases at once: selection, concurrency, repeats, snapshots.

mod filter;
mod planted;
mod select;
mod snapshot;
mod stacks;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;

use crate::laws::Law;
use crate::log::Log;
use crate::stage::{Case, Failure, Outcome, Setting, Verdict, play};

pub use filter::Filter;
pub use planted::{Caught, Planted, Row, Table, native, planted};
pub(crate) use select::merge;
pub use select::{SelectError, cases, files, known_peers, read, sequence_files, unused};
pub use snapshot::{Snapshot, diff, write};
pub use stacks::stacks;

/// How many cases may be under way, those that only wait for a browser's time-out included.
const UNDER_WAY: usize = 64;

/// How a run is to go.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How often each case is played.
    pub repeat: u32,
    /// End with the first run that is not green, or whose log is not that of the runs before it. What has not begun is played once.
    pub until_failure: bool,
    /// Write the logs of passing cases as their snapshots.
    pub accept: bool,
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
    /// What all its runs together showed of each law that was asked.
    pub laws: BTreeMap<Law, Asked>,
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
    /// The trace of that first run.
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

/// What a run tells while it goes on.
pub enum Progress<'a> {
    /// A case begins.
    Begins(&'a Case),
    /// A case is over.
    Ends(&'a Played),
}

/// Plays all cases, as many at once as the setting lets be busy, and answers them in their order.
pub async fn run(
    cases: Vec<Case>,
    setting: Arc<Setting>,
    plan: Plan,
    tell: &(dyn Fn(Progress<'_>) + Sync),
) -> Vec<Played> {
    if !plan.accept {
        return run_all(cases, &setting, plan, tell).await;
    }
    // The shared snapshots have to be there before the other casts compare with them.
    let (first, others): (Vec<Case>, Vec<Case>) = cases.into_iter().partition(writes_shared);
    let mut played = run_all(first, &setting, plan, tell).await;
    played.extend(run_all(others, &setting, plan, tell).await);
    played
}

async fn run_all(
    cases: Vec<Case>,
    setting: &Arc<Setting>,
    plan: Plan,
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
                tell(Progress::Begins(&case));
                let played = play_all(case, setting, plan, stop).await;
                tell(Progress::Ends(&played));
                (place, played)
            }
        })
        .buffer_unordered(UNDER_WAY)
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

async fn play_all(case: Case, setting: Arc<Setting>, plan: Plan, stop: &AtomicBool) -> Played {
    let mut logs: BTreeMap<String, Take> = BTreeMap::new();
    let mut worst: Option<Outcome> = None;
    let mut worst_take = 1;
    let mut took = Duration::ZERO;
    let mut laws = BTreeMap::new();
    let mut runs = 0;
    while runs < plan.repeat.max(1) {
        let mut setting = Setting::clone(&setting);
        // Each repeat shakes differently, and the same seed shakes the same way again.
        setting.take = runs + 1;
        setting.shake = setting.shake.map(|seed| seed.wrapping_add(u64::from(runs)));
        let mut outcome = play(&case, Arc::new(setting)).await;
        runs += 1;
        took += outcome.took;
        for judged in &outcome.laws {
            let asked: &mut Asked = laws.entry(judged.finding.law).or_default();
            asked.premises += judged.finding.premises;
            asked.broken += judged.breaches().len();
            asked.excused += judged.finding.breaches.len() - judged.breaches().len();
        }
        let log = outcome.log.to_string();
        if matches!(outcome.verdict, Verdict::Pass) && !plan.accept {
            judge_log(&case, &log, &mut outcome);
        }
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
        let is_green = worst.as_ref().is_none_or(|worst| rank(&worst.verdict) <= 1);
        if plan.until_failure && (!is_green || logs.len() > 1) {
            stop.store(true, Ordering::Relaxed);
        }
        if stop.load(Ordering::Relaxed) {
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
    let mut outcome = worst.unwrap_or_else(|| unreachable!("each case is played at least once"));
    if plan.accept && matches!(outcome.verdict, Verdict::Pass) {
        accept_log(&case, &logs, runs, &mut outcome);
    }
    Played {
        case,
        outcome,
        runs,
        take: worst_take,
        logs,
        took,
        laws,
    }
}

fn rank(verdict: &Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::Unsupported(_) => 1,
        Verdict::Inconclusive(_) => 2,
        Verdict::Fail(_) => 3,
    }
}

/// Writes the log that all runs of a passing case had as its snapshot; one of several is no log to compare with.
fn accept_log(case: &Case, logs: &[Take], runs: u32, outcome: &mut Outcome) {
    let [take] = logs else {
        let message = format!(
            "{runs} runs had {} different logs: none of them is accepted",
            logs.len()
        );
        outcome.verdict = fail(outcome, message, None);
        return;
    };
    let log = take.log.to_string();
    let known = Snapshot::of(&case.scenario, &case.cast);
    if known.is_ok_and(|snapshot| snapshot.matches(&log)) {
        return;
    }
    if let Err(error) = accept(case, &log) {
        outcome.verdict = Verdict::Inconclusive(format!("its snapshot cannot be written: {error}"));
    }
}

/// What the comparison of logs says of a case that was green till then.
fn fail(outcome: &Outcome, message: String, diff: Option<String>) -> Verdict {
    Verdict::Fail(Failure {
        place: None,
        span: None,
        message,
        at: outcome.events.len() as crate::record::Seq,
        states: Vec::new(),
        breaches: Vec::new(),
        diff,
    })
}

/// Compares a passing case's log with its snapshot.
fn judge_log(case: &Case, log: &str, outcome: &mut Outcome) {
    let snapshot = match Snapshot::of(&case.scenario, &case.cast) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            outcome.verdict =
                Verdict::Inconclusive(format!("its snapshot cannot be read: {error}"));
            return;
        }
    };
    if snapshot.matches(log) {
        return;
    }
    let message = match snapshot.log {
        Some(_) => format!("the log is not the one in {}", snapshot.path.display()),
        None => format!(
            "there is no snapshot {} yet; `--accept` writes it",
            snapshot.path.display()
        ),
    };
    outcome.verdict = fail(outcome, message, Some(snapshot.diff(log)));
}

/// Writes a log where it belongs: the first cast's into the shared file, another's into its own if it differs from that.
fn accept(case: &Case, log: &str) -> std::io::Result<()> {
    let own = Snapshot::own_path(&case.scenario, &case.cast);
    let shared = Snapshot::shared_path(&case.scenario);
    if writes_shared(case) {
        return write(&shared, log);
    }
    if Snapshot::read(shared)?.matches(log) {
        return match std::fs::remove_file(own) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    write(&own, log)
}

/// Whether this is the one cast whose log is the shared snapshot: the first, which is all native where it can be.
fn writes_shared(case: &Case) -> bool {
    case.scenario.casts().first() == Some(&case.cast)
}
