//! The laws at the end of a run: what they wait for, and what they say.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::director::{Stage, Stop};
use super::outcome::Judged;
use crate::laws::{Law, awaited, judge, server_lives};
use crate::record::{Event, Recorder, What};
use crate::scenario::Scenario;
use crate::signaling::Terms;
use crate::signaling::{Notice, Word};

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
fn may_matter(event: &Arc<Event>) -> bool {
    match &event.what {
        What::LinkUp { .. } | What::LinkDown { .. } | What::Server { .. } => true,
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

/// What the trace says of each observed law. Nothing where the recorder has left something out: it could be what excuses.
pub(super) fn judged(recorder: &Recorder, terms: &Terms, scenario: &Scenario) -> Vec<Judged> {
    if recorder.is_full() {
        return Vec::new();
    }
    judge(&recorder.events_from(0), terms)
        .into_iter()
        .map(|finding| Judged {
            excused: excuse(scenario, finding.law),
            finding,
        })
        .collect()
}

/// Judges law 11 by all that happened, also after the others were judged, and where too much was recorded for them: a server's end is always
/// kept. Of a server that has ended laws 5 and 6 say nothing: whoever asked for them asked nobody.
pub(super) fn lives_on(recorder: &Recorder, scenario: &Scenario, laws: &mut Vec<Judged>) {
    let finding = server_lives(&recorder.events_from(0));
    if !finding.breaches.is_empty() {
        let asked = |law: Law| matches!(law, Law::GarbageHarmsNobodyElse | Law::EmptyRoomsAreFree);
        for judged in laws.iter_mut().filter(|judged| asked(judged.finding.law)) {
            judged.finding.premises = 0;
            judged.finding.breaches.clear();
        }
    }
    laws.retain(|judged| judged.finding.law != Law::ServerLives);
    laws.push(Judged {
        excused: excuse(scenario, Law::ServerLives),
        finding,
    });
}

/// Why this scenario may break a law.
pub(super) fn excuse(scenario: &Scenario, law: Law) -> Option<String> {
    scenario.breaks.get(&law.number()).cloned()
}
