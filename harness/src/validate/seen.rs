//! What a run shows a person of what a case asks: what became of who did harm, how long it took, and how a strain was borne.

use std::time::Duration;

use super::case::Case;
use super::gone::how;
use super::script::{Role, Script};
use crate::record::{Event, MEASURED, UNASKED, Verdict, What};
use crate::signaling::{Kind, Notice, Word};
use crate::stage::Outcome;
use crate::terms::{Direction, Side};

/// What the server did to who did harm, if that shows: it said so, or ended his line.
pub(super) fn done_to_him(script: &Script, outcome: &Outcome) -> Option<String> {
    // What is said to the harness's own last requests is no answer to the harm.
    let events = match &outcome.verdict {
        Verdict::Fail(failure) => failure.until(&outcome.events),
        _ => &outcome.events,
    };
    let at = events.iter().position(|event| match &event.what {
        What::Step { index, .. } => script.role(*index) == Some(Role::Harm),
        _ => false,
    })?;
    let from = events.get(at)?.at;
    let mut steps = events[at..]
        .iter()
        .take_while(|event| event.what != What::End);
    steps.find_map(|event| {
        let took = Duration::from_micros(event.at.saturating_sub(from)).as_millis();
        match &event.what {
            What::Message {
                direction: Direction::Down,
                word:
                    Some(Word::Notice {
                        notice: Notice::Error { reason } | Notice::Refused { reason, .. },
                    }),
                ..
            } => Some(format!("he is told so after {took} ms: {reason:?}")),
            What::LinkDown {
                by: Side::Server,
                link,
                ending,
            } => {
                let how = how(ending);
                Some(format!(
                    "the line of {} is ended after {took} ms ({how})",
                    link.peer
                ))
            }
            _ => None,
        }
    })
}

/// How the server bore a strain, if this says so.
pub(super) fn strained(event: &Event) -> Option<&str> {
    match &event.what {
        What::Note { text, .. } => text.strip_prefix(MEASURED),
        _ => None,
    }
}

/// How it bore the last.
pub(super) fn figures(outcome: &Outcome) -> Option<String> {
    let mut events = outcome.events.iter().rev();
    events.find_map(|event| strained(event).map(str::to_owned))
}

/// Why the last did not come to what it asks.
pub(super) fn unasked_of(outcome: &Outcome) -> Option<String> {
    figures(outcome).filter(|told| told.starts_with(UNASKED))
}

/// What is wrong with the run, and another case's matter.
pub(super) fn beside(outcome: &Outcome) -> Option<String> {
    match &outcome.verdict {
        Verdict::Fail(failure) => Some(format!("beside it, {}", failure.message)),
        _ => None,
    }
}

/// How long it took where it was waited for long.
pub(super) fn how_long(case: &Case, script: &Script, outcome: &Outcome) -> Option<String> {
    let waited = case.waits() || script.stood_still().is_some();
    waited.then(|| done_to_him(script, outcome).unwrap_or_else(|| seen(script, outcome)))
}

/// What was seen of what nobody promised: how long it took from the deed.
pub(super) fn seen(script: &Script, outcome: &Outcome) -> String {
    if let Some(stood) = script.stood_still() {
        return format!("so it is when it has stood still for {stood}");
    }
    let mut begins = outcome.events.iter().filter_map(|event| match &event.what {
        What::Step {
            index, inner: None, ..
        } => Some((*index, event.at)),
        _ => None,
    });
    let harm = begins.find(|(step, _)| matches!(script.role(*step), Some(Role::Harm | Role::Deed)));
    let heard = outcome
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.what {
            What::Hears { peer, kind, .. } if !matches!(kind, Kind::Refused | Kind::Error) => {
                Some((peer, *kind, event.at))
            }
            _ => None,
        });
    match (harm, heard) {
        (Some((step, from)), Some((peer, kind, to))) if to > from => {
            let took = Duration::from_micros(to - from).as_millis();
            let deed = script.step(step).unwrap_or("the deed");
            format!("so it is: {peer} hears `{kind}` {took} ms after `{deed}`")
        }
        _ => "so it is".to_owned(),
    }
}
