//! What did not happen in its time, and whether anybody is to blame for it.

use std::time::Duration;

use tokio::time::Instant;

use super::director::{Stage, Stop, Until, fail_as, seconds};
use crate::record::{FailureKind, InconclusiveKind};

/// Shorter waits of browsers are judged as ever: they are looked at once a second, and have moments in which all their processes wait their turn.
const LONG: Duration = Duration::from_secs(10);

impl Stage {
    /// How long glare itself got no time from the machine since this wait began.
    pub(super) fn starved(&self, until: Until) -> Duration {
        let began = until.at.checked_sub(until.within);
        let since = |at: &Instant| began.is_none_or(|began| *at >= began);
        let later = self.starved.iter().filter(|(at, _)| since(at));
        later.map(|(_, time)| *time).sum()
    }

    /// Whom the machine kept waiting for most of this time, if anybody, and for how long.
    pub(super) fn kept_waiting(&self, until: Until) -> Option<String> {
        let began = until.at.checked_sub(until.within);
        let browsers = match began {
            Some(began) if self.browsers => self.pool.starved_since(began),
            _ => Duration::ZERO,
        };
        let glare = self.starved(until);
        // What came before may have been so slow that it left no time for this.
        let of_the_case = match self.browsers && until.at >= self.end {
            true => self.pool.starved_since(self.began),
            false => Duration::ZERO,
        };
        let case = self.end.saturating_duration_since(self.began);
        let (who, kept) = match () {
            () if glare * 2 > until.within => ("glare itself", glare),
            () if case >= LONG && of_the_case * 2 > case => ("the browser", of_the_case),
            // A page that never rests waits its turn on any machine with other work: three of four seconds where six share two cores.
            () if until.within >= LONG && browsers * 10 > until.within * 9 => {
                ("the browser", browsers)
            }
            () => return None,
        };
        let kept = kept.as_secs_f64();
        Some(format!(
            "the machine had no time for {who} for {kept:.1} s of that: it is too busy"
        ))
    }

    /// Something did not happen in its time. Where the machine had no time for glare or the browsers in much of it, nobody is to blame.
    pub(super) fn late(&self, what: &str, until: Until) -> Stop {
        let limit = self.limit(until);
        if let Some(why) = self.kept_waiting(until) {
            return Stop::Trouble(
                InconclusiveKind::Environment,
                format!("{what} did not happen ({limit}), but {why}"),
            );
        }
        fail_as(
            FailureKind::TimedOut,
            format!("{what} did not happen ({limit})"),
        )
    }

    pub(super) fn limit(&self, until: Until) -> String {
        if until.at >= self.end {
            "the case's time was up".into()
        } else {
            format!("after {}", seconds(until.within))
        }
    }
}
