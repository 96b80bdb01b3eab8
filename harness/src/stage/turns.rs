//! Whose turn it is to keep the machine busy. A case that only waits lets another begin meanwhile.

use std::fmt;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// How often it is looked whether the machine has time.
pub(super) const LOOK: Duration = Duration::from_millis(250);

/// Of what was longer ago nothing is concluded.
const RECENT: Duration = Duration::from_secs(1);

/// The machine has time if its processors did nothing for more than this part of it: half of a core where there are two.
const SPARE: f64 = 0.25;

/// How many cases may keep the machine busy at once.
#[derive(Clone)]
pub struct Turns {
    permits: Arc<Semaphore>,
    has_time: fn() -> bool,
}

impl Turns {
    /// As many at once, and more while some of them wait.
    pub fn new(at_once: usize) -> Self {
        Self::judging(at_once, machine_has_time)
    }

    /// By another judgement of whether the machine has time for one more.
    pub fn judging(at_once: usize, has_time: fn() -> bool) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            has_time,
        }
    }

    /// Waits for a turn.
    pub(super) async fn take(&self) -> Turn {
        Turn {
            held: self.permits.clone().acquire_owned().await.ok(),
            has_time: self.has_time,
        }
    }
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Turns").field(&self.permits).finish()
    }
}

/// The right of a case to keep the machine busy, until it gives it back.
pub(super) struct Turn {
    held: Option<OwnedSemaphorePermit>,
    has_time: fn() -> bool,
}

impl Turn {
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// Another case may begin.
    pub fn pass_on(&mut self) {
        self.held = None;
    }

    /// Another case may begin if the machine has time for one more. One that waits for a page cannot know whether nothing is to be done, or
    /// whether its browser does not get to it; then one more page would make all of them later still, and they would wait for yet longer.
    pub fn offer(&mut self) {
        if self.is_held() && (self.has_time)() {
            self.pass_on();
        }
    }
}

/// What the processors had done by a moment, since the machine began.
struct Sample {
    at: Instant,
    idle: u64,
    all: u64,
}

/// Whether they had nothing to do for a part of the last while. Where nobody can tell (`/proc/stat` is Linux's) they had. Of one such while one who
/// asks is told alone: what he does with it shows only in the next.
fn machine_has_time() -> bool {
    static LAST: Mutex<Option<Sample>> = Mutex::new(None);
    let stat = fs::read_to_string("/proc/stat").ok();
    let Some((idle, all)) = stat.and_then(|stat| used(&stat)) else {
        return true;
    };
    let now = Sample {
        at: Instant::now(),
        idle,
        all,
    };
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    let since = last.as_ref().map(|before| now.at - before.at);
    if since.is_some_and(|since| since < LOOK / 2) {
        return false;
    }
    let before = last.replace(now);
    let before = before.filter(|_| since.is_some_and(|since| since < RECENT));
    before
        .zip(last.as_ref())
        .is_some_and(|(before, now)| has_time(&before, now))
}

fn has_time(before: &Sample, now: &Sample) -> bool {
    let since = |late: u64, early: u64| late.saturating_sub(early) as f64;
    let all = since(now.all, before.all);
    // A kernel that counts nothing says nothing.
    all <= 0.0 || since(now.idle, before.idle) / all > SPARE
}

/// Ticks in which all processors together did nothing, and all their ticks; see proc_stat(5): user, nice, system, idle, iowait, irq,
/// softirq, steal. What guests had is among the first two.
fn used(stat: &str) -> Option<(u64, u64)> {
    let ticks = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks = ticks.split_ascii_whitespace().take(8);
    let ticks: Vec<u64> = ticks.map(str::parse).collect::<Result<_, _>>().ok()?;
    let [_, _, _, idle, waits, ..] = ticks[..] else {
        return None;
    };
    Some((idle.saturating_add(waits), ticks.iter().sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(stat: &str) -> Sample {
        let (idle, all) = used(stat).expect("as Linux writes it");
        Sample {
            at: Instant::now(),
            idle,
            all,
        }
    }

    #[test]
    fn a_machine_has_time_whose_processors_did_nothing_for_a_part_of_it() {
        let before = sample("cpu  100 0 50 800 50 0 0 0 7 0\ncpu0 1 2\n");
        let busy = sample("cpu  180 0 60 805 55 0 0 0 9 0\n");
        let idle = sample("cpu  110 0 60 900 50 0 0 0 9 0\n");
        assert!(!has_time(&before, &busy));
        assert!(has_time(&before, &idle));
        assert!(has_time(&before, &before), "nothing is counted here");
    }

    #[test]
    fn what_is_no_record_of_processors_says_nothing() {
        for odd in ["", "cpu", "cpu  1 2 3", "cpu  1 2 3 4 x", "intr 1 2 3 4 5"] {
            assert_eq!(used(odd), None, "{odd}");
        }
        assert_eq!(used("cpu  1 2 3 4 5"), Some((9, 15)), "an old kernel's");
    }

    #[tokio::test]
    async fn a_turn_goes_on_to_another_only_where_there_is_time_for_one_more() {
        for (has_time, goes_on) in [((|| true) as fn() -> bool, true), (|| false, false)] {
            let turns = Turns::judging(1, has_time);
            let mut turn = turns.take().await;
            turn.offer();
            assert_eq!(turns.permits.available_permits() == 1, goes_on);
            turn.pass_on();
            assert_eq!(turns.permits.available_permits(), 1);
        }
    }
}
