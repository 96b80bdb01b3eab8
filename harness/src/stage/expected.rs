//! What a scenario expects of a run that is otherwise green: lines of its log, their order on a wire, how often they are there.

use super::director::{Stage, Stop};
use super::misread::misread;
use super::outcome::log;
use super::{Case, Setting};
use crate::log::{Misordered, Passed, in_order, passed, seen};
use crate::record::{FailureKind, Seq};
use crate::scenario::{Count, OneLink, Place};
use crate::signaling::Terms;

/// So many lines of what was there instead are told.
const MOST_TOLD: usize = 100;

/// What is not as expected, and what was there instead, a line each.
pub(super) struct Unexpected {
    pub stop: Stop,
    pub instead: Vec<String>,
}

impl Stage {
    /// Holds what happened before this event against what is expected.
    pub(super) fn expected(
        &self,
        case: &Case,
        setting: &Setting,
        until: Seq,
    ) -> Result<(), Unexpected> {
        let held = self.as_expected(case, setting, until);
        held.map_err(|mut unexpected| {
            if let Stop::Fail {
                place: Some(place),
                message,
                ..
            } = &mut unexpected.stop
                && let Some(line) = case.scenario.expect.line(place)
                && let Some(why) =
                    misread(case, line, &setting.dialect, &self.recorder.events_from(0))
            {
                message.push_str(&format!("; {why}"));
            }
            unexpected
        })
    }

    fn as_expected(&self, case: &Case, setting: &Setting, until: Seq) -> Result<(), Unexpected> {
        self.seen(case, setting)?;
        let expect = &case.scenario.expect;
        if expect.order.is_empty() && expect.count.is_empty() {
            return Ok(());
        }
        let mut events = self.recorder.events_from(0);
        events.retain(|event| event.seq < until);
        let passed = passed(&events, &Terms::of(&setting.dialect));
        let lines: Vec<&str> = expect.order.iter().map(|line| line.text.as_str()).collect();
        if let Some(link) = expect.ordered() {
            in_order(&lines, &link, &passed)
                .map_err(|wrong| misordered(&lines, &link, &wrong, &passed))?;
        }
        let mut counts = expect.count.iter().enumerate();
        counts.try_for_each(|(index, count)| counted(index, count, &passed))
    }

    /// How often each line of `count` was there before this event, where the run has failed at this place, or where a law is broken, and so nobody asked:
    /// a line each.
    pub(super) fn counts(
        &self,
        case: &Case,
        setting: &Setting,
        (place, until): (Option<&Place>, Seq),
    ) -> Vec<String> {
        let counts = &case.scenario.expect.count;
        if counts.is_empty() {
            return Vec::new();
        }
        let mut events = self.recorder.events_from(0);
        events.retain(|event| event.seq < until);
        let passed = passed(&events, &Terms::of(&setting.dialect));
        let told = counts.iter().enumerate().filter_map(|(index, count)| {
            let line = count.line.text.as_str();
            let there = passed.iter().filter(|one| one.is(line)).count();
            let own = place == Some(&Place::Count(index + 1));
            (!own).then(|| format!("{line}: {}, expected {}", times(there), count.times))
        });
        told.collect()
    }

    fn seen(&self, case: &Case, setting: &Setting) -> Result<(), Unexpected> {
        let events = self.recorder.events_from(0);
        let log = log(&events, setting);
        let lines = case.scenario.expect.seen.iter();
        let wanted: Vec<&str> = lines.map(|line| line.text.as_str()).collect();
        seen(&wanted, &log).map_err(|missing| {
            let text = wanted.get(missing).copied().unwrap_or_default();
            let mut message = format!("the log has no line {text:?} after the ones before it");
            let all = passed(&events, &Terms::of(&setting.dialect));
            if seen(&[text], &log).is_err()
                && all.iter().any(|one| one.is(text))
            {
                message.push_str(
                    "; it is in the trace, but the log leaves out what no step depends on: `await` it, or ask for it with `count` or `order`",
                );
            }
            unexpected(
                FailureKind::Seen,
                Place::Seen(missing + 1),
                message,
                Vec::new(),
            )
        })
    }
}

fn unexpected(
    kind: FailureKind,
    place: Place,
    message: String,
    instead: Vec<String>,
) -> Unexpected {
    Unexpected {
        stop: Stop::Fail {
            kind,
            place: Some(place),
            message,
        },
        instead,
    }
}

fn misordered(
    lines: &[&str],
    meant: &OneLink,
    wrong: &Misordered,
    passed: &[Passed],
) -> Unexpected {
    let Misordered { index, early, link } = wrong;
    let message = match (link, early, index.checked_sub(1)) {
        (None, ..) => format!("{meant} had no such link"),
        (Some(link), Some((event, before)), _) => format!(
            "this passed on {link}'s line (event {event} of the trace) before {:?}",
            lines[*before]
        ),
        (Some(link), None, Some(last)) => {
            format!(
                "no such line passed on {link}'s line after {:?}",
                lines[last]
            )
        }
        (Some(link), None, None) => format!("no such line passed on {link}'s line"),
    };
    let there = passed
        .iter()
        .filter(|one| one.link == *link && link.is_some());
    unexpected(
        FailureKind::Order,
        Place::Order(index + 1),
        message,
        told(there),
    )
}

fn counted(index: usize, count: &Count, passed: &[Passed]) -> Result<(), Unexpected> {
    let line = count.line.text.as_str();
    let there: Vec<&Passed> = passed.iter().filter(|one| one.is(line)).collect();
    if count.times.has(there.len()) {
        return Ok(());
    }
    let times = times(there.len());
    let message = format!("this was there {times}, expected {}", count.times);
    // What was counted; where that is nothing, what passed where it should have.
    let link = OneLink::of(line).filter(|_| there.is_empty());
    let instead = match link {
        Some(link) => told(passed.iter().filter(|one| {
            let of = one.link.as_ref();
            of.is_some_and(|of| of.peer == link.peer)
        })),
        None => told(there.into_iter()),
    };
    Err(unexpected(
        FailureKind::Count,
        Place::Count(index + 1),
        message,
        instead,
    ))
}

/// So often, for a person.
fn times(count: usize) -> String {
    match count {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        times => format!("{times} times"),
    }
}

/// Each on a line with its number; what is the same as before it only once, with its number of times.
fn told<'p>(there: impl Iterator<Item = &'p Passed>) -> Vec<String> {
    let mut lines: Vec<(Seq, &str, usize)> = Vec::new();
    for one in there {
        match lines.last_mut() {
            Some((_, last, times)) if *last == one.text() => *times += 1,
            _ => lines.push((one.event, one.text(), 1)),
        }
    }
    let more = lines.len().saturating_sub(MOST_TOLD);
    lines.truncate(MOST_TOLD);
    let mut told: Vec<String> = lines
        .into_iter()
        .map(|(event, line, times)| match times {
            1 => format!("{event:>5}  {line}"),
            times => format!("{event:>5}  {line}  ({times} times)"),
        })
        .collect();
    if more > 0 {
        told.push(format!("… and {more} lines more"));
    }
    told
}
