//! What a trial has to say of a server, and how its scenes went.

use crate::record::{Failure, Verdict, What};
use crate::scenario::Place;
use crate::stage::Outcome;

/// A line for the dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// `room-size: 2`
    pub line: String,
    /// What was seen.
    pub seen: String,
    /// Whether the dialect says so already, or something else.
    pub stands: Stands,
}

/// What the dialect says of it now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Nothing.
    Missing,
    /// The same, or as much.
    Said,
    /// Something that was seen to be otherwise.
    Otherwise,
}

/// What was seen, and what could not be.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// What may be promised.
    pub proposals: Vec<Proposal>,
    /// What the dialect promises, and was not seen.
    pub unkept: Vec<String>,
    /// What no line says, or what was not seen and why.
    pub remarks: Vec<String>,
}

pub(super) fn failure(outcome: &Outcome) -> Option<&Failure> {
    match &outcome.verdict {
        // A law that is broken is told elsewhere: the steps went well.
        Verdict::Fail(failure) if !matches!(failure.place, Some(Place::Law(_))) => Some(failure),
        _ => None,
    }
}

/// Whether all its steps did, whatever the laws say.
pub(super) fn went_well(outcome: &Outcome) -> bool {
    let ended = outcome.events.iter().any(|event| event.what == What::End);
    ended && failure(outcome).is_none()
}

/// The step that failed, as the record writes it.
pub(super) fn step_of<'o>(outcome: &'o Outcome, failure: &Failure) -> Option<&'o str> {
    let Some(Place::Step(step)) = failure.place else {
        return None;
    };
    outcome.events.iter().find_map(|event| match &event.what {
        What::Step { index, text, .. } if *index == step => Some(text.as_str()),
        _ => None,
    })
}
