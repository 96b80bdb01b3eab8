//! How long a message may be for a server to pass it on: what a run shows of it where nobody has promised anything.

use super::script::Script;
use super::sized::TRIED;
use crate::laws::Law;
use crate::record::{Failure, FailureKind, What};
use crate::stage::Outcome;

/// Whether nothing is broken but that what is long is lost, or cut, of a server that promises nothing of it.
pub(super) fn is_of_size_alone(script: &Script, failure: &Failure) -> bool {
    let of_relays = Law::RelayedOnceInOrder.number();
    let breaches = &failure.breaches;
    let sizes = (1..=script.roles.len()).filter_map(|step| script.size(step));
    sizes.count() == TRIED.len()
        && failure.kind != FailureKind::ServerEnded
        && !breaches.is_empty()
        && breaches.iter().all(|broken| broken.law == of_relays)
}

/// How much was passed on, where that is tried.
pub(super) fn passed_on(
    script: &Script,
    outcome: &Outcome,
    failure: Option<&Failure>,
) -> Option<String> {
    let begun = outcome.events.iter().filter_map(|event| match &event.what {
        What::Step {
            index, inner: None, ..
        } => script.size(*index),
        _ => None,
    });
    let mut sizes: Vec<u32> = begun.collect();
    if !TRIED.starts_with(&sizes) || sizes.is_empty() {
        return None;
    }
    let kb = |size: &u32| size / 1000;
    let Some(failure) = failure else {
        return Some(format!("one of {} KB is passed on", kb(sizes.last()?)));
    };
    let lost = sizes.pop()?;
    let passed = match sizes.last() {
        Some(passed) => format!("one of {} KB is passed on, and one", kb(passed)),
        None => "one".to_owned(),
    };
    Some(format!(
        "{passed} of {} KB is not: {}",
        kb(&lost),
        failure.message
    ))
}
