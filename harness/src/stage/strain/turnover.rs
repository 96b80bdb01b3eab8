//! Lines and rooms that come and go, and what the server's processes hold before and after.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::lines::Ends;
use super::{End, Load};
use crate::server::Usage;

/// How often it is done before anything is compared: what is made once and kept is no leak.
const WARM_UP: u32 = 20;

/// How often it is looked whether all is given back.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// So many descriptors may be more than before: of a log, of a pool.
const SLACK: usize = 4;

impl Load<'_> {
    pub(super) async fn turnover(&self) -> Result<String, End> {
        let once = |times: u32, name: &str| Load {
            times,
            prefix: self.id(name),
            ..*self
        };
        let warm = once(WARM_UP.min(self.times), "w");
        warm.round().await.map_err(End::before)?;
        let before = self.usage()?;
        once(self.times, "x").round().await?;
        let until = self.soon();
        loop {
            let Some(after) = self.server.usage() else {
                let why = "the server's processes are gone".to_owned();
                return Err(End::Limit(why));
            };
            let told = compared(before, after);
            let kept = after.descriptors > before.descriptors + SLACK
                || after.processes > before.processes;
            if !kept {
                return Ok(format!(
                    "{} lines closed, {} reset: {told}",
                    self.times, self.times
                ));
            }
            if Instant::now() >= until {
                return Err(End::Limit(format!(
                    "{} lines were closed and {} reset, and not all is given back: {told}",
                    self.times, self.times
                )));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn round(&self) -> Result<(), End> {
        self.lines(Ends::Closed).await?;
        let other = Load {
            prefix: self.id("r"),
            ..*self
        };
        other.lines(Ends::Reset).await?;
        Ok(())
    }
}

/// `descriptors 12 → 12, processes 1 → 1, memory 10.2 → 10.4 MB (+0.2)`
pub(super) fn compared(before: Usage, after: Usage) -> String {
    let mb = |kb: u64| kb as f64 / 1024.0;
    format!(
        "descriptors {} → {}, processes {} → {}, memory {:.1} → {:.1} MB ({:+.1})",
        before.descriptors,
        after.descriptors,
        before.processes,
        after.processes,
        mb(before.resident),
        mb(after.resident),
        mb(after.resident) - mb(before.resident)
    )
}
