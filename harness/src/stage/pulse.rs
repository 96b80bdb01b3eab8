//! Whether glare itself gets time from the machine it shares with everything else: what comes late then is nobody's fault.

use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::record::{Recorder, What};

/// How often it is looked.
const BEAT: Duration = Duration::from_millis(50);
/// A beat that comes later than this is recorded. On an idle machine one is 1 to 2 ms late; with two busy processes on each of 2 cores up to 20.
const LATE: Duration = Duration::from_millis(100);

/// Looks until it is dropped.
pub(super) struct Pulse(JoinHandle<()>);

impl Pulse {
    pub fn start(recorder: Recorder) -> Self {
        Self(tokio::spawn(async move {
            loop {
                let due = Instant::now() + BEAT;
                sleep_until(due).await;
                let late = due.elapsed();
                if late >= LATE {
                    let millis = u64::try_from(late.as_millis()).unwrap_or(u64::MAX);
                    recorder.record(What::Starved { millis }, &[]);
                }
            }
        }))
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        self.0.abort();
    }
}
