//! Whether who has lost its line comes back by what the dialect says for that.

use std::collections::BTreeMap;

use super::scenes::Shows;
use super::seen::{Seen, failure, step_of, went_well};
use crate::mistake::quoted;
use crate::record::{Event, FailureKind, What};
use crate::signaling::{Dialect, Kind, Notice, Word};
use crate::stage::Outcome;
use crate::terms::Direction;

/// Whether he was let in again, and heard; or what was said instead.
pub(super) fn returning(dialect: &Dialect, played: &BTreeMap<Shows, Outcome>, seen: &mut Seen) {
    let Some(outcome) = played.get(&Shows::Returning) else {
        return;
    };
    // The first time he came in by a join, whatever is said for that.
    let Some(asked) = outcome.events.iter().filter(|event| asks(event)).nth(1) else {
        return;
    };
    let by_it = matches!(&asked.what, What::Message { text, .. } if dialect.is_rejoin(text));
    if !by_it {
        let told = "rejoin: the server gave bob nothing to come back with, so he said `join`";
        return seen.unkept.push(told.into());
    }
    let what = "bob, whose line was lost, said `rejoin`";
    let Some(failed) = failure(outcome) else {
        if went_well(outcome) {
            seen.remarks.push(format!(
                "{what}: he was let in, and what alice and he then said to each other arrived"
            ));
        }
        return;
    };
    let said = match step_of(outcome, failed) {
        Some(step) if step.starts_with("join") => match failed.kind {
            FailureKind::Refused => format!("he was not let in ({})", failed.message),
            _ => format!(
                "he was neither let in nor refused{}",
                instead(outcome, asked)
            ),
        },
        Some(step) if step.contains("alice, hears") => {
            "he was let in, and what he then said to alice did not come to her".to_owned()
        }
        Some(step) if step.contains("bob, hears") => {
            "he was let in, and what alice then said to him did not come".to_owned()
        }
        _ => failed.message.clone(),
    };
    seen.unkept.push(format!("{what}: {said}"));
}

fn asks(event: &Event) -> bool {
    matches!(&event.what, What::Message { link, direction: Direction::Up, word: Some(word @ Word::Request { .. }), .. }
        if link.peer.as_str() == "bob" && matches!(word.kind(), Kind::Join | Kind::Create))
}

fn answers_fence(word: Option<&Word>) -> bool {
    matches!(
        word,
        Some(Word::Notice {
            notice: Notice::Refused {
                request: Some(Kind::Fence),
                ..
            }
        })
    )
}

/// What he was told in the place of a yes or a no.
fn instead(outcome: &Outcome, asked: &Event) -> String {
    let after = outcome.events.iter();
    let after = after.skip_while(|event| event.seq <= asked.seq);
    // What follows the end is asked for the laws.
    let mut after = after.take_while(|event| event.what != What::End);
    let told = after.find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word,
            text,
            ..
        } if link.peer.as_str() == "bob" && !answers_fence(word.as_ref()) => Some(text),
        _ => None,
    });
    match told {
        Some(text) => format!("; what he was told is {}", quoted(text)),
        None => "; he was told nothing".into(),
    }
}
