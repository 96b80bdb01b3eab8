//! That somebody was told what the dialect does not know, where a step waits for a word: it may have been that word.
//!
//! So it is no accusation. Where the server does say what nobody can read, the dialect is to be mended, or `ignore:` it.

use crate::record::{Failure, What};
use crate::scenario::Place;
use crate::stage::Outcome;
use crate::terms::Direction;

/// So much of it is shown, in characters.
const SHOWN: usize = 120;

/// What it was, and to whom; `None` where nothing of the kind came, or a law is broken.
pub(super) fn unread(failure: &Failure, outcome: &Outcome) -> Option<String> {
    let waits = failure.kind.is_of_a_wait();
    let Some(Place::Step(failed)) = failure.place else {
        return None;
    };
    if !waits || !failure.breaches.is_empty() {
        return None;
    }
    let events = failure.until(&outcome.events);
    let begins =
        |what: &What| matches!(what, What::Step { index, inner: None, .. } if *index == failed);
    let began = events.iter().rposition(|event| begins(&event.what))?;
    let What::Step { text: step, .. } = &events[began].what else {
        return None;
    };
    events[began..].iter().find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word: None,
            text,
            // A response without a body says nothing.
            size: 1..,
            ..
        } if step.contains(link.peer.as_str()) => {
            let shown: String = text.chars().take(SHOWN).collect();
            let more = if text.chars().nth(SHOWN).is_some() {
                "…"
            } else {
                ""
            };
            Some(format!(
                "{}, and {} was told what the dialect does not understand: {shown}{more}",
                failure.message, link.peer
            ))
        }
        _ => None,
    })
}
