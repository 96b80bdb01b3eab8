//! What law 1 waits for at the end of a run.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::director::{Stage, Stop};
use crate::laws::awaited;
use crate::record::{Event, What};
use crate::signaling::{Notice, Terms, Word};

impl Stage {
    /// Waits until whoever stays has heard of those who have gone, or until the declared time for that is over: only then can
    /// law 1 speak. Costs nothing where the news is here already.
    pub(super) async fn hear_of_leavings(&mut self, terms: &Terms) -> Result<(), Stop> {
        let began = Instant::now() - self.recorder.elapsed();
        loop {
            self.take_in()?;
            let Some(due) = awaited(&self.recorder.events_from(0), terms) else {
                return Ok(());
            };
            let deadline = (began + due + std::time::Duration::from_millis(1)).min(self.end);
            if Instant::now() >= deadline {
                return Ok(());
            }
            // The clock of the events is the one that the deadline was made of.
            loop {
                let from = self.taken;
                if timeout_at(deadline, self.recorder.next_from(from))
                    .await
                    .is_err()
                {
                    break;
                }
                let news = self.recorder.events_from(from).iter().any(may_matter);
                self.take_in()?;
                if news {
                    break;
                }
            }
        }
    }
}

/// Whether law 1 may see things otherwise after this event.
pub(super) fn may_matter(event: &Arc<Event>) -> bool {
    match &event.what {
        What::LinkUp { .. } | What::LinkDown { .. } | What::Server { .. } | What::Node { .. } => {
            true
        }
        What::Message { word, .. } => {
            matches!(
                word,
                None | Some(Word::Request { .. } | Word::Notice { .. })
            ) && !matches!(
                word,
                Some(Word::Notice {
                    notice: Notice::Error { .. }
                })
            )
        }
        _ => false,
    }
}
