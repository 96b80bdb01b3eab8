//! Lines on which nothing comes, and servers that stand still: how long a case waits for what they show, and whether anything is promised of it.

use std::time::Duration;

use super::case::{Case, IDLE, NOTICES, PATIENCE, Source};
use crate::signaling::Dialect;
use crate::terms::Via;

/// It may be so much later on a machine that has much else to do, as with the laws.
const SLACK: Duration = Duration::from_secs(2);

/// The server's timers have come to their end when it has stood still for so much longer.
const BEYOND: Duration = Duration::from_secs(1);

/// Whether a case rests on the promise that silence is noticed, and the dialect makes it. Of who only hears nothing something may arrive all the same.
pub(super) fn is_promised(case: &Case, dialect: &Dialect) -> bool {
    case.source == Source::Dialect(NOTICES)
        && dialect.properties().notices_silence_within.is_some()
        && !is_heard_all_the_same(case, dialect)
}

/// Whether the peer of a case only hears nothing, and says something by itself.
fn is_heard_all_the_same(case: &Case, dialect: &Dialect) -> bool {
    case.steps.contains("direction: down") && dialect.speaks_unasked()
}

/// No step may take longer.
const MOST: Duration = Duration::from_secs(5 * 60);

/// So long after somebody has fallen silent his line has ended, and all who stay have heard of it.
pub(super) fn noticed(dialect: &Dialect) -> Duration {
    let promised = dialect.properties();
    let noticed = promised.notices_silence_within.unwrap_or(PATIENCE);
    let kept = promised.keeps_places.unwrap_or_default();
    let told = promised.announces_leaving_within.unwrap_or_default();
    (noticed + kept + told + SLACK).min(MOST)
}

/// Why nobody can wait until silence is noticed.
pub(super) fn lacking(case: &Case, dialect: &Dialect) -> Option<String> {
    let long = (dialect.properties().notices_silence_within)
        .filter(|_| !is_heard_all_the_same(case, dialect))?;
    let (patience, known) = (case.patience.min(MOST), noticed(dialect));
    let until_known = match long > patience {
        true => String::new(),
        false => format!(", and {known:?} go by until all have heard of it"),
    };
    (long.max(known) > patience).then(|| {
        format!(
            "a silent line may stand for {long:?} (`{NOTICES}`){until_known}, and {patience:?} are waited (`--patience`)"
        )
    })
}

/// Why nothing is missing on a line whose client is not heard any more.
pub(super) fn says_nothing(dialect: &Dialect) -> Option<String> {
    let name = dialect.name();
    matches!(dialect.via(), Via::Events { .. }).then(|| {
        format!("with the dialect `{name}` a line carries server-sent events alone (`via: events`): its client says nothing on it, and nothing is missing there when he is not heard")
    })
}

/// For how long nobody says anything on a line that is to stand: the rest is for the machine.
pub(super) fn idle(dialect: &Dialect) -> Option<Duration> {
    let promised = dialect.properties().keeps_idle_lines_for;
    promised.map(|promised| promised * 3 / 4)
}

/// Why nobody can be asked whether such a line stands.
pub(super) fn no_idle_lines(dialect: &Dialect, patience: Duration) -> Option<String> {
    let name = dialect.name();
    match dialect.properties().keeps_idle_lines_for {
        None => Some(format!("the dialect `{name}` declares no `{IDLE}`")),
        Some(long) => {
            let asked = long * 3 / 4;
            (asked > patience.min(MOST)).then(|| {
                format!(
                    "a line on which nobody says anything stands for {long:?} (`{IDLE}`), of which {asked:?} would go by, and {patience:?} are waited (`--patience`)"
                )
            })
        }
    }
}

/// For how long the server is made to stand still: longer than it may take to notice silence; where that is not promised, as long as is waited for anything.
pub(super) fn standstill(dialect: &Dialect, patience: Duration) -> Duration {
    let promised = dialect.properties().notices_silence_within;
    promised.map_or(patience, |promised| (promised + BEYOND).min(patience))
}
