//! Messages as long as a server takes them: how long to make them, and what a run shows of it where nobody has promised anything.

use super::script::Script;
use crate::laws::Law;
use crate::mind::longest;
use crate::record::{Failure, FailureKind, What};
use crate::signaling::{Dialect, Kind, Word};
use crate::stage::Outcome;

/// Where nobody says how much is taken, these are tried, in bytes: limits are at powers of two.
const TRIED: [u32; 4] = [8_000, 16_000, 32_000, 64_000];

/// No scenario makes up more.
const MOST: usize = 1_000_000;

/// So often a size is bettered: a message grows evenly with what is in it.
const STEPS: usize = 8;

/// The sizes of what is sent, one after the other.
pub(super) fn sizes(message: &str, dialect: &Dialect) -> Vec<u32> {
    match dialect.properties().takes_up_to {
        None => TRIED.to_vec(),
        Some(limit) => fitting(message, limit, dialect).into_iter().collect(),
    }
}

/// Why nothing can be made that is as long.
pub(super) fn lacking(step: &str, dialect: &Dialect) -> Option<String> {
    let message = step.strip_prefix("sized ")?.split_whitespace().nth(2)?;
    let limit = dialect.properties().takes_up_to?;
    let name = dialect.name();
    fitting(message, limit, dialect).is_none().then(|| {
        format!("with the dialect `{name}` nobody can tell which `{message}` is a message of {limit} bytes, or none is as short")
    })
}

/// The size of a content whose message is hardly shorter than this, and not longer.
fn fitting(message: &str, limit: usize, dialect: &Dialect) -> Option<u32> {
    let kind: Kind = message.parse().ok()?;
    let limit = limit.min(MOST);
    let length = |size: u32| {
        let peer = Some("a-peer-of-some-name-that-is-48-bytes-long-at-most".to_owned());
        let signal = longest(kind, size)?;
        dialect.length_of(&Word::Signal { peer, signal })
    };
    let mut size = u32::try_from(limit).ok()?;
    for _ in 0..STEPS {
        let found = length(size)?;
        if found <= limit {
            return Some(size);
        }
        let smaller = u64::from(size) * limit as u64 / found as u64;
        size = u32::try_from(smaller).ok()?.saturating_sub(100);
    }
    None
}

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
