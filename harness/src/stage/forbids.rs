//! What must not come any more, and what came in the place of what a step looks for.

use super::director::{Stage, Stop, fail_as};
use crate::mistake::shown;
use crate::record::{Event, FailureKind, Seq, What};
use crate::scenario::Sought;
use crate::terms::Direction;

/// So many messages are shown of those that passed instead.
const SHOWN: usize = 3;

impl Stage {
    /// What passed since this event where something else was looked for: the last of it.
    pub(super) fn passed_instead(&self, sought: &Sought, begun: Seq) -> String {
        let events = self.recorder.events_from(begun);
        let texts = events.iter().filter_map(|event| match &event.what {
            What::Message {
                link,
                direction,
                text,
                of: None,
                number: None,
                ..
            }
            | What::Aside {
                link,
                direction,
                text,
                ..
            } if link.peer == sought.peer && *direction == sought.direction => Some(shown(text)),
            _ => None,
        });
        let texts: Vec<String> = texts.collect();
        let told = match sought.direction {
            Direction::Up => format!("of {}'s own passed", sought.peer),
            Direction::Down => format!("for {} passed", sought.peer),
        };
        let last = texts.len().saturating_sub(SHOWN);
        match texts.get(last..) {
            None | Some([]) => format!("since then nothing {told}"),
            Some(last) if last.len() == texts.len() => {
                format!("since then {told} {}", last.join(" and "))
            }
            Some(last) => format!(
                "since then {} messages {told}, the last of them {}",
                texts.len(),
                last.join(" and ")
            ),
        }
    }

    /// Whether this event is what a step says must never come from then on.
    pub(super) fn forbidden(&self, event: &Event) -> Result<(), Stop> {
        let What::Passes { what, .. } = &event.what else {
            return Ok(());
        };
        let by = self
            .forbids
            .iter()
            .find(|(sought, _)| sought.to_string() == *what);
        by.map_or(Ok(()), |(_, place)| {
            let message = format!(
                "{what} (event {} of the trace), which must never be from step {place} on",
                event.seq
            );
            Err(fail_as(FailureKind::Never, message))
        })
    }
}
