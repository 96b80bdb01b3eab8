//! What laws wait for at the end of a run: news of leavings, and answers to what was relayed.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::director::{Stage, Stop};
use crate::laws::{awaited, awaits_answers};
use crate::record::{Event, What};
use crate::signaling::{Notice, Terms, Word};

impl Stage {
    /// Waits until whoever stays has heard of those who have gone, and what was relayed is answered where that is declared, or until the declared
    /// time for that is over: only then can laws 1 and 4 speak. Costs nothing where the news is here already.
    pub(super) async fn hear_what_is_owed(&mut self, terms: &Terms) -> Result<(), Stop> {
        let began = Instant::now() - self.recorder.elapsed();
        loop {
            self.take_in()?;
            let Some(due) = awaited(&self.recorder.events_from(0), terms) else {
                return Ok(());
            };
            let deadline = (began + due + Duration::from_millis(1)).min(self.end);
            if Instant::now() >= deadline {
                self.is_over(due, terms);
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

    /// That the time for an answer is over is seen by what comes later: where nothing does, this is it.
    fn is_over(&self, due: Duration, terms: &Terms) {
        let events = self.recorder.events_from(0);
        let is_later = |event: &Arc<Event>| Duration::from_micros(event.at) > due;
        let goes_on = events.last().is_some_and(is_later);
        if !goes_on && awaits_answers(&events, terms) {
            let text = "what was relayed is not answered in its time".to_owned();
            self.recorder.record(What::Note { peer: None, text }, &[]);
        }
    }
}

/// Whether these laws may see things otherwise after this event.
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
