//! Whether a browser gets time from the machine that it shares with everything else: what comes late then is nobody's fault.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::lock::lock;
use crate::run::{Delays, Group};

/// How often it is looked. A look reads `/proc` once: some 3 ms where 300 processes are.
const BEAT: Duration = Duration::from_secs(1);
/// How many looks are kept: longer than any case lasts.
const KEPT: usize = 600;

/// How long the processes of a browser were ready to run and did not, look by look.
#[derive(Debug, Default)]
pub(super) struct Starved(Mutex<VecDeque<Look>>);

#[derive(Clone, Copy, Debug)]
struct Look {
    from: Instant,
    to: Instant,
    waited: Duration,
}

impl Starved {
    /// How long that was since then, until `now`; what no look has seen, or together with what was before, counts as the rest of it.
    pub fn since(&self, then: Instant, now: Instant) -> Duration {
        let (mut seen, mut waited) = (Duration::ZERO, Duration::ZERO);
        for look in lock(&self.0).iter().filter(|look| look.from >= then) {
            seen += look.to - look.from;
            waited += look.waited;
        }
        match seen.is_zero() {
            true => Duration::ZERO,
            false => now
                .saturating_duration_since(then)
                .mul_f64((waited.as_secs_f64() / seen.as_secs_f64()).min(1.0)),
        }
    }

    fn look(&self, look: Look) {
        let mut looks = lock(&self.0);
        if looks.len() == KEPT {
            looks.pop_front();
        }
        looks.push_back(look);
    }
}

/// Looks until it is dropped.
#[derive(Debug)]
pub(super) struct Watch {
    pub seen: Arc<Starved>,
    task: JoinHandle<()>,
}

impl Watch {
    pub fn start(group: Arc<Group>) -> Self {
        let seen = Arc::new(Starved::default());
        let told = Arc::clone(&seen);
        let task = tokio::spawn(async move {
            let mut delays = Delays::default();
            let mut from = Instant::now();
            loop {
                let group = Arc::clone(&group);
                let look = move || {
                    let waited = delays.since_last(&group.alive());
                    (delays, waited)
                };
                let Ok((after, waited)) = tokio::task::spawn_blocking(look).await else {
                    return;
                };
                delays = after;
                let to = Instant::now();
                told.look(Look { from, to, waited });
                from = to;
                sleep(BEAT).await;
            }
        });
        Self { seen, task }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_looked_at_yet_counts_as_the_rest() {
        let starved = Starved::default();
        let began = Instant::now();
        let at = |millis| began + Duration::from_millis(millis);
        assert_eq!(starved.since(began, at(4000)), Duration::ZERO);
        for (second, waited) in [(0, 900), (1, 500)] {
            starved.look(Look {
                from: at(second * 1000),
                to: at(second * 1000 + 1000),
                waited: Duration::from_millis(waited),
            });
        }
        let since = |then| starved.since(at(then), at(4000)).as_millis();
        assert_eq!(since(0), 2800);
        // The first look saw more than that: the second says how it was.
        assert_eq!(since(500), 1750);
        assert_eq!(since(1500), 0, "nothing was seen of that alone");
    }
}
