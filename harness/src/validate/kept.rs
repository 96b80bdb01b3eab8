//! Places that are kept for some time at least: what a case of them needs, and whether its run was quick enough to say something.

use std::collections::BTreeMap;
use std::time::Duration;

use super::case::{ABSENCE, Case, LEAST_KEPT, Source};
use crate::record::What;
use crate::signaling::{Dialect, Kind, Need};
use crate::stage::Outcome;
use crate::terms::{Direction, Ending, Side};

/// So long is waited before somebody comes back, where nobody says for how long his place is kept.
const BRIEFLY: Duration = Duration::from_millis(500);

/// So long is waited before somebody comes back: the rest is for the machine.
pub(super) fn most_of_it(dialect: &Dialect) -> Duration {
    let least = dialect.properties().keeps_places_at_least;
    least.map_or(BRIEFLY, |least| least * 3 / 4)
}

/// So long after the end of a line its server has taken that in, and the place is kept.
pub(super) fn shortly(dialect: &Dialect) -> Duration {
    let least = dialect.properties().keeps_places_at_least;
    least.map_or(BRIEFLY, |least| BRIEFLY.min(least / 4))
}

/// Why nobody can be asked for the room of who is lost and comes back. For how long at least it is kept nobody need have promised: who is not
/// let in again shows nothing.
pub(super) fn left(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    match (dialect.properties().keeps_places, dialect.says_rejoin()) {
        (None, _) => Some(format!("the dialect `{name}` declares no `keeps-places`")),
        (_, false) => Some(format!(
            "the dialect `{name}` declares no `rejoin`, by which one comes back into a place"
        )),
        (Some(_), true) => passing(dialect),
    }
}

/// Why nobody can be asked for what becomes of a place that is kept: its time is over before somebody is back.
pub(super) fn passing(dialect: &Dialect) -> Option<String> {
    let most = dialect.properties().keeps_places?;
    (most < 2 * BRIEFLY).then(|| {
        format!(
            "a place is kept for up to {most:?}, and he is back after {BRIEFLY:?} at the earliest"
        )
    })
}

/// Why those inside need not be told who is away, while his place is kept.
pub(super) fn untold(dialect: &Dialect) -> Option<String> {
    let (name, properties) = (dialect.name(), dialect.properties());
    let undeclared = |key: &str| Some(format!("the dialect `{name}` declares no `{key}`"));
    if properties.announces_absence_within.is_none() {
        return undeclared(ABSENCE);
    }
    least(dialect).or_else(|| Need::NoticesLoss.lacking(dialect))
}

/// So long after somebody has set something all others have heard of it.
pub(super) fn states_told(dialect: &Dialect) -> Duration {
    let told = dialect.properties().announces_states_within;
    told.unwrap_or_default() + BRIEFLY
}

/// So long after the host has gone all who stay have heard who is host.
pub(super) fn host_told(dialect: &Dialect) -> Duration {
    let told = dialect.properties().announces_host_within;
    told.unwrap_or_default() + BRIEFLY
}

/// Why nobody need have his place again.
pub(super) fn least(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    (dialect.properties().keeps_places_at_least.is_none())
        .then(|| format!("the dialect `{name}` declares no `keeps-places: {{ at-least: … }}`"))
}

/// Why nobody can be asked for it.
pub(super) fn lacking(dialect: &Dialect, patience: Duration) -> Option<String> {
    let name = dialect.name();
    match dialect.properties().keeps_places_at_least {
        None => None,
        Some(_) if !dialect.says_rejoin() => Some(format!(
            "the dialect `{name}` declares no `rejoin`, by which one comes back into a place"
        )),
        Some(least) if least > patience => Some(format!(
            "a place is kept for {least:?} at least, and {patience:?} are waited (`--patience`)"
        )),
        Some(_) => None,
    }
}

/// So long after the end of a line it is known, and no place of his is kept any more.
pub(super) fn until_gone(dialect: &Dialect) -> Duration {
    let properties = dialect.properties();
    let told = properties.announces_leaving_within.unwrap_or_default();
    properties.keeps_places.unwrap_or_default() + told + BRIEFLY
}

/// Why nobody can wait until a place is free that may be kept.
pub(super) fn for_ever(dialect: &Dialect, patience: Duration) -> Option<String> {
    let kept = dialect.says_rejoin() || dialect.properties().keeps_places.is_some();
    kept.then(|| endless(dialect, patience)).flatten()
}

/// Why the place of who is lost need not be free when that is known.
pub(super) fn not_free(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    let kept = dialect.says_rejoin() || dialect.properties().keeps_places.is_some();
    kept.then(|| {
        format!(
            "with the dialect `{name}` the place of who is lost is kept (`keeps-places`, `rejoin`)"
        )
    })
}

/// Why nobody can wait until no place is kept any more.
pub(super) fn endless(dialect: &Dialect, patience: Duration) -> Option<String> {
    let name = dialect.name();
    match dialect.properties().keeps_places {
        None => Some(format!(
            "the dialect `{name}` does not declare for how long a place is kept (`keeps-places`)"
        )),
        Some(most) if most > patience => Some(format!(
            "a place is kept for up to {most:?}, and {patience:?} are waited (`--patience`)"
        )),
        Some(_) => None,
    }
}

/// Why a run says nothing, whatever it shows: he was back only when his place may have been free, as whoever comes for the first time.
pub(super) fn too_late(case: &Case, outcome: &Outcome, dialect: &Dialect) -> Option<String> {
    let rests_on_it = case
        .steps
        .lines()
        .any(|line| matches!(line.trim(), "keeps room" | "keeps long"));
    let most = dialect.properties().keeps_places.filter(|_| rests_on_it)?;
    let took = away(outcome).next().filter(|_| dialect.says_rejoin())?;
    (took > most * 7 / 8).then(|| slow(took, most))
}

/// Why a run accuses nobody: he was back only when so much of the time was over that his place may have been free.
pub(super) fn too_slow(case: &Case, outcome: &Outcome, dialect: &Dialect) -> Option<String> {
    if !matches!(
        case.source,
        Source::Dialect(LEAST_KEPT | ABSENCE | "keeps-states")
    ) {
        return None;
    }
    let least = dialect.properties().keeps_places_at_least?;
    let took = away(outcome).max()?;
    (took > least * 7 / 8).then(|| slow(took, least))
}

/// Why a run accuses nobody, though the machine was quick: on a line that lets nothing through its peer sees only late that the server has
/// closed it, since his answer to that does not arrive, and the time began with the close.
pub(super) fn seen_late(case: &Case, outcome: &Outcome, dialect: &Dialect) -> Option<String> {
    if case.source != Source::Dialect(LEAST_KEPT) {
        return None;
    }
    let least = dialect.properties().keeps_places_at_least?;
    let mut closed = BTreeMap::new();
    let took = outcome.events.iter().filter_map(|event| match &event.what {
        What::LinkDown {
            link,
            by: Side::Server,
            ending: Ending::Close { .. },
        } => {
            closed.entry(link).or_insert(event.at);
            None
        }
        What::LinkClosed { link, .. } => {
            let since = closed.get(link)?;
            Some(Duration::from_micros(event.at.saturating_sub(*since)))
        }
        _ => None,
    });
    let took = took.max()?;
    (took > least * 7 / 8).then(|| {
        format!(
            "a place is kept for {least:?} at least, and he sees only {took:?} after the server has closed his silent line that it is closed"
        )
    })
}

/// From the end of somebody's line to each wish of his to come in.
fn away(outcome: &Outcome) -> impl Iterator<Item = Duration> {
    let mut ended = BTreeMap::new();
    outcome.events.iter().filter_map(move |event| {
        match &event.what {
            What::LinkEnded { link } | What::LinkDown { link, .. } => {
                ended.insert(&link.peer, event.at);
            }
            What::Message {
                link,
                direction: Direction::Up,
                word: Some(word),
                ..
            } if word.kind() == Kind::Join => {
                let since = ended.remove(&link.peer)?;
                return Some(Duration::from_micros(event.at.saturating_sub(since)));
            }
            _ => {}
        }
        None
    })
}

fn slow(took: Duration, kept: Duration) -> String {
    format!(
        "the machine was too slow: he was back only after {took:?}, of the {kept:?} for which his place is kept"
    )
}
