//! Two different logs of one case: where they part, and what the traces lack there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::text::diff;
use super::text::tame;
use super::{Take, Told};
use crate::log::{Line, Log};

/// How the first two logs of a case differ; empty where there is only one.
pub(super) fn differ(played: &Told) -> String {
    let differing = played.differing();
    let [first, second, ..] = differing.as_slice() else {
        return String::new();
    };
    let mut text = format!(
        "── {} with {}: {} different logs in {} runs{}\n",
        tame(&played.story.name),
        tame(&played.story.cast.to_string()),
        differing.len(),
        differing.iter().map(|take| take.runs).sum::<u32>(),
        (first.log.outcome.as_deref())
            .map(|outcome| format!(" in which {}", tame(outcome)))
            .unwrap_or_default()
    );
    let name = |take: &Take| match take.runs {
        1 => format!("run {} alone", take.number),
        runs => format!("run {} and {} more", take.number, runs - 1),
    };
    let (old, new) = (first.log.to_string(), second.log.to_string());
    let _ = writeln!(
        text,
        "{}",
        tame(&diff(&old, &new, &name(first), &name(second)))
    );
    if let Some(why) = parting(&first.log, &second.log) {
        let _ = writeln!(text, "{}", tame(&why));
    }
    for take in [*first, *second] {
        if let Some(trace) = &take.trace {
            let path = tame(&trace.display().to_string());
            let _ = writeln!(text, "Trace of run {}: {path}", take.number);
        }
    }
    text
}

/// Where two logs part, in words: which two lines have no order between them, or which line is in one of them alone. `None` where they
/// are the same.
///
/// The canonical log differs from run to run only if the traces lack what would order two lines (an edge) or make one line of them (a
/// fold), so that is what is named, with the events that the lines stand for.
pub fn parting(first: &Log, second: &Log) -> Option<String> {
    let (a, b) = (&first.lines, &second.lines);
    let at = (0..a.len().max(b.len())).find(|at| text(a.get(*at)) != text(b.get(*at)))?;
    let (one, two) = (a.get(at), b.get(at));
    // A line counts as often as it still comes.
    let (left, right) = (count(&a[at.min(a.len())..]), count(&b[at.min(b.len())..]));
    let often = |line: &Line, of: &BTreeMap<&str, usize>| {
        of.get(line.text.as_str()).copied().unwrap_or_default()
    };
    let spare = |line: &Line| often(line, &left) as i64 - often(line, &right) as i64;
    let line_number = at + 1;
    Some(match (one, two) {
        (Some(one), Some(two)) if spare(one) == 0 && spare(two) == 0 => {
            let later = b[at..].iter().find(|line| line.text == one.text);
            let earlier = a[at..].iter().find(|line| line.text == two.text);
            format!(
                "They part at line {line_number}: `{}` and `{}` have no order between them.\n  The first log's trace has {} before {}, the \
                 second's {} before {}: no cause leads from one to the other.",
                one.text,
                two.text,
                events(Some(one)),
                events(earlier),
                events(Some(two)),
                events(later),
            )
        }
        // What was put in where the other has nothing is what parts them, not what it shifted.
        (Some(one), _) if spare(one) > 0 => alone(one, "first", often(one, &right), line_number),
        (_, Some(two)) if spare(two) < 0 => alone(two, "second", often(two, &left), line_number),
        (Some(one), Some(two)) => format!(
            "They part at line {line_number}: `{}` in the first ({}), `{}` in the second ({}).",
            one.text,
            events(Some(one)),
            two.text,
            events(Some(two))
        ),
        (Some(line), None) => alone(line, "first", 0, line_number),
        (None, Some(line)) => alone(line, "second", 0, line_number),
        (None, None) => return None,
    })
}

/// A line that one log has more often: whether it happened is a race, or it is one line with another in the other log.
fn alone(line: &Line, which: &str, still: usize, number: usize) -> String {
    let what = if still == 0 {
        format!("is in the {which} alone")
    } else {
        format!("is in the {which} more often")
    };
    format!(
        "They part at line {number}: `{}` {what} ({} of its trace): whether it comes is a race, or something that folds it is missing.",
        line.text,
        events(Some(line))
    )
}

fn text(line: Option<&Line>) -> Option<&str> {
    line.map(|line| line.text.as_str())
}

fn count(lines: &[Line]) -> BTreeMap<&str, usize> {
    let mut count = BTreeMap::new();
    for line in lines {
        *count.entry(line.text.as_str()).or_default() += 1;
    }
    count
}

/// `event 12`, `events 12, 15`
fn events(line: Option<&Line>) -> String {
    let events = line.map(|line| line.events.as_slice()).unwrap_or_default();
    let shown: Vec<String> = events.iter().take(4).map(ToString::to_string).collect();
    let more = if events.len() > 4 { ", …" } else { "" };
    match events.len() {
        0 => "no event".into(),
        1 => format!("event {}", shown.join("")),
        _ => format!("events {}{more}", shown.join(", ")),
    }
}
