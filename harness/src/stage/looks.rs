//! What steps look for in messages as they stand on the wire: found at the tap, where all of a message is there.

use super::director::{Stage, Stop, fail_as};
use super::wire::{Inner, Wire};
use crate::mistake::shown;
use crate::names::Link;
use crate::record::{Event, FailureKind, Seq, What};
use crate::scenario::{Action, Condition, Scenario, Sought, Wanted};
use crate::tap::Passing;
use crate::terms::Direction;

/// All that steps of a scenario look for, in whoever's messages: by which name a step means whom is known when it is played.
#[derive(Default)]
pub(super) struct Looks(Vec<(Direction, Wanted)>);

impl Looks {
    pub fn of(scenario: &Scenario) -> Self {
        let mut all = Vec::new();
        for (_, step) in scenario.each_step() {
            let (Action::Await(Condition::Passes(sought)) | Action::Never(sought)) = &step.action
            else {
                continue;
            };
            let look = (sought.direction, sought.what.clone());
            if !all.contains(&look) {
                all.push(look);
            }
        }
        Self(all)
    }
}

/// So many messages are shown of those that passed instead.
const SHOWN: usize = 3;

impl Wire {
    /// What of it is in a message, each as a step of this peer's says it.
    pub(super) fn found(
        &self,
        inner: &mut Inner,
        passing: &Passing<'_>,
        text: Option<&str>,
    ) -> Vec<String> {
        let mut looks = self.rules.looks.0.iter();
        let mut looks = looks
            .by_ref()
            .filter(|(direction, _)| *direction == passing.direction);
        let (Some(first), Some(text)) = (looks.next(), text) else {
            return Vec::new();
        };
        let (text, json) = self.ear(inner, passing.link).readings(text);
        let found = std::iter::once(first).chain(looks);
        let found = found.filter(|(_, what)| what.is_in(&text, &json));
        found
            .map(|(direction, what)| {
                let sought = Sought {
                    peer: self.peer.clone(),
                    direction: *direction,
                    what: what.clone(),
                };
                sought.to_string()
            })
            .collect()
    }

    /// Records what was found in a message that goes on.
    pub(super) fn tells(&self, link: &Link, found: Vec<String>, message: Seq) {
        for what in found {
            let link = link.clone();
            self.recorder
                .record(What::Passes { link, what }, &[message]);
        }
    }
}

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
