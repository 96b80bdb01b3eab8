//! The end of a case: the stage is cleared, and the verdict is made of what the steps, the laws and the wire showed.

use std::time::Duration;

use tokio::time::Instant;

use super::Case;
use super::blame::Blame;
use super::director::{Ran, Stage, Stop};
use super::elsewhere::refuses;
use super::lawful::lives_on;
use super::outcome::Judged;
use super::probed::gone;
use crate::laws::{Breach, Law};
use crate::record::{Broken, Failure, FailureKind, InconclusiveKind, Recorder, Spot, Verdict};
use crate::scenario::Place;
use crate::server::Lives;

/// What is known when the stage is cleared.
pub(super) struct Concluded {
    pub verdict: Verdict,
    pub laws: Vec<Judged>,
    pub took: Duration,
    /// The server, which glare has not started, refuses connections now.
    pub refuses: Option<String>,
}

impl Concluded {
    /// Where nothing was asked of the server.
    pub fn early(verdict: Verdict, began: Instant) -> Self {
        Self {
            verdict,
            laws: Vec::new(),
            took: began.elapsed(),
            refuses: None,
        }
    }
}

/// Clears the stage, looks before whether the server goes on and afterwards whether anything is left, and says the verdict.
pub(super) async fn conclude(
    case: &Case,
    recorder: &Recorder,
    mut stage: Stage,
    ran: Result<Ran, Verdict>,
    began: Instant,
) -> Concluded {
    let mut ran = match ran {
        Ok(ran) => ran,
        Err(verdict) => {
            let concluded = Concluded::early(verdict, began);
            stage.clear().await;
            return concluded;
        }
    };
    let troubled = matches!(ran.end, Err(Stop::Trouble(..)));
    let lives = match troubled {
        true => Lives::Unknown,
        false => stage.part().await,
    };
    let took = began.elapsed();
    let witnesses = stage.witnesses().await;
    stage.clear().await;
    if !ran.laws.is_empty() {
        let last = recorder.count().saturating_sub(1);
        let gone = gone(witnesses, last, case).await;
        // It may have ended at the very last, too.
        ran.laws.push(gone);
        lives_on(recorder, &case.scenario, &mut ran.laws);
    }
    let laws = std::mem::take(&mut ran.laws);
    let blame = Blame::of(&recorder.events_from(0));
    let refuses = (lives == Lives::Refuses).then(|| refuses(recorder));
    let verdict = match (judge(case, ran, &laws, &blame), &refuses) {
        (Verdict::Pass, Some(why)) => {
            Verdict::inconclusive(InconclusiveKind::NoServer, why.clone())
        }
        (Verdict::Fail(mut failure), Some(why)) => {
            failure.message = format!("{}; {why}", failure.message);
            Verdict::Fail(failure)
        }
        (verdict, _) => verdict,
    };
    Concluded {
        verdict,
        laws,
        took,
        refuses,
    }
}

/// What the end, the laws and the server's faults on the wire make of it. A step that failed comes first; what laws are broken beside it, or
/// what the server wrote wrongly, may explain it.
fn judge(case: &Case, ran: Ran, laws: &[Judged], blame: &Blame) -> Verdict {
    let Ran {
        end,
        at,
        states,
        inner,
        instead,
        counts,
        unanswered,
        ..
    } = ran;
    let mut breaches: Vec<Breach> = laws
        .iter()
        .flat_map(|judged| judged.breaches().iter().cloned())
        .collect();
    // That the server has ended explains what else is wrong.
    breaches.sort_by_key(|breach| (breach.law != Law::ServerLives, breach.event, breach.law));
    let passed = end.is_ok() && breaches.is_empty();
    let asked = asks_all(laws);
    let law = |breach: &Breach| Some(Place::Law(usize::from(breach.law.number())));
    let (kind, place, message) = match (end, breaches.first()) {
        (Err(Stop::Trouble(kind, why)), _) => return Verdict::inconclusive(kind, why),
        // After the steps the server ended by itself, which the law says better.
        (Err(Stop::Fail { place: None, .. }), Some(first)) if first.law == Law::ServerLives => {
            (FailureKind::Law, law(first), first.message.clone())
        }
        (
            Err(Stop::Fail {
                place: None,
                message,
                ..
            }),
            Some(first),
        ) => (
            FailureKind::Law,
            law(first),
            format!("{}; {message}", first.message),
        ),
        (
            Err(Stop::Fail {
                kind,
                place,
                message,
            }),
            _,
        ) => (kind, place, message),
        (Ok(()), None) => match blame.owed() {
            Some((_, broken)) => (FailureKind::Wire, None, broken.to_owned()),
            None if !asked => {
                return Verdict::inconclusive(InconclusiveKind::LawsNotAsked, NOT_ASKED);
            }
            None => {
                return match unanswered {
                    Some(why) => Verdict::inconclusive(InconclusiveKind::NotUnderstood, why),
                    None => Verdict::Pass,
                };
            }
        },
        (Ok(()), Some(first)) => (FailureKind::Law, law(first), first.message.clone()),
    };
    let at = match (&place, breaches.first(), blame.owed()) {
        // The reader looks for what led to it, not for what came after.
        (Some(Place::Law(_)), Some(first), _) => first.event + 1,
        (None, None, Some((seq, _))) if passed => seq + 1,
        _ => at,
    };
    let message = match passed {
        true => message,
        false => blame.explain(message, at),
    };
    let span = place.as_ref().and_then(|place| spot(case, place, inner));
    Verdict::Fail(Box::new(Failure {
        kind,
        place,
        span,
        message,
        at,
        states,
        breaches: breaches.iter().map(Broken::from).collect(),
        instead,
        counts,
        diff: None,
    }))
}

/// Where a place stands, in which file.
fn spot(case: &Case, place: &Place, inner: Option<usize>) -> Option<Spot> {
    let scenario = &case.scenario;
    let span = match (place, inner) {
        (Place::Step(step), Some(inner)) => scenario.inner(*step, inner)?.span.clone(),
        _ => scenario.span_of(place)?,
    };
    let via = scenario.via(place);
    let source = via.map_or(&scenario.source, |via| &via.source);
    Some(Spot {
        file: source.path.display().to_string(),
        line: span.line,
        start: span.bytes.start,
        end: span.bytes.end,
        used: via.map(|via| via.used_in(&scenario.source)),
    })
}

pub(super) const NOT_ASKED: &str = "not every law was asked of this run";

/// Whether each law that a trace shows was asked.
pub(super) fn asks_all(laws: &[Judged]) -> bool {
    let asked = |law: &Law| laws.iter().any(|judged| judged.finding.law == *law);
    Law::OBSERVED.iter().all(asked)
}

/// So much of one text of a verdict is kept (bytes): a record's line has an end.
const LONGEST: usize = 64 * 1024;

/// So many breaches are in a verdict; the laws have them all.
const MOST_BREACHES: usize = 100;

pub(super) fn shorten(verdict: &mut Verdict) {
    let shorten = |text: &mut String| {
        if text.len() > LONGEST {
            let at = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(at.unwrap_or_default());
            text.push('…');
        }
    };
    match verdict {
        Verdict::Fail(failure) => {
            shorten(&mut failure.message);
            failure.diff.iter_mut().for_each(shorten);
            failure.states.iter_mut().for_each(shorten);
            failure.instead.iter_mut().for_each(shorten);
            failure.counts.iter_mut().for_each(shorten);
            failure.breaches.truncate(MOST_BREACHES);
        }
        Verdict::Unsupported(unsupported) => shorten(&mut unsupported.why),
        Verdict::Inconclusive(inconclusive) => shorten(&mut inconclusive.why),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {}
    }
}
