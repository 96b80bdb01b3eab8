//! What the server wrote wrongly on the wire, as a headline says it.

use std::sync::Arc;

use crate::record::{Event, Seq, What};
use crate::terms::Direction;
use crate::terms::Rule;

/// So many different faults are told beside what failed.
const TOLD: usize = 3;

/// What the server wrote wrongly in one run, each rule once, in the order of the trace.
#[derive(Default)]
pub(super) struct Blame {
    faults: Vec<Fault>,
}

struct Fault {
    seq: Seq,
    rule: Rule,
    text: String,
}

impl Blame {
    /// From the events. What a peer wrote blames nobody here: a step may have told it to.
    pub fn of(events: &[Arc<Event>]) -> Self {
        let mut blame = Self::default();
        for event in events {
            let What::Violation {
                link,
                direction: Direction::Down,
                rule,
                section,
                detail,
            } = &event.what
            else {
                continue;
            };
            if blame.faults.iter().any(|fault| fault.rule == *rule) {
                continue;
            }
            let to = &link.peer;
            let text = match section {
                Some(section) if rule.is_owed() => {
                    format!("the server broke {section}, towards {to}: {detail}")
                }
                _ if *rule == Rule::Coding => detail.clone(),
                _ => format!("the server sent {to} {detail}"),
            };
            blame.faults.push(Fault {
                seq: event.seq,
                rule: *rule,
                text,
            });
        }
        blame
    }

    /// The first rule broken that every server owes: where it stands, and what to say.
    pub fn owed(&self) -> Option<(Seq, &str)> {
        let owed = self.faults.iter().find(|fault| fault.rule.is_owed());
        owed.map(|fault| (fault.seq, fault.text.as_str()))
    }

    /// A failure's message with what the server did before it, which may be why: rules that are owed first.
    pub fn explain(&self, message: String, before: Seq) -> String {
        let mut faults: Vec<&Fault> = (self.faults.iter())
            .filter(|fault| fault.seq < before)
            .collect();
        faults.sort_by_key(|fault| !fault.rule.is_owed());
        let told = faults.iter().take(TOLD).map(|fault| &fault.text);
        told.fold(message, |message, text| format!("{message}; {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::Link;

    fn violation(seq: Seq, rule: Rule, direction: Direction) -> Arc<Event> {
        Arc::new(Event {
            seq,
            at: seq,
            cause: Vec::new(),
            what: What::Violation {
                link: Link {
                    peer: "alice".into(),
                    instance: 1,
                },
                direction,
                rule,
                section: rule.section().map(str::to_owned),
                detail: "so and so".into(),
            },
        })
    }

    #[test]
    fn what_a_peer_writes_blames_nobody() {
        let blame = Blame::of(&[violation(3, Rule::Mask, Direction::Up)]);
        assert_eq!(blame.owed(), None);
        assert_eq!(blame.explain("it failed".into(), 9), "it failed");
    }

    #[test]
    fn a_failure_says_first_what_every_server_owes() {
        let blame = Blame::of(&[
            violation(3, Rule::Binary, Direction::Down),
            violation(5, Rule::ReservedBit, Direction::Down),
            violation(6, Rule::ReservedBit, Direction::Down),
            violation(8, Rule::Utf8, Direction::Down),
        ]);
        let bit = "the server broke RFC 6455, section 5.2, towards alice: so and so";
        assert_eq!(blame.owed(), Some((5, bit)));
        assert_eq!(
            blame.explain("it failed".into(), 8),
            format!("it failed; {bit}; the server sent alice so and so"),
            "what came later explains nothing"
        );
    }

    #[test]
    fn what_only_the_dialect_says_is_no_accusation() {
        for rule in [
            Rule::Binary,
            Rule::NoSubprotocol,
            Rule::Coding,
            Rule::Endless,
        ] {
            let blame = Blame::of(&[violation(3, rule, Direction::Down)]);
            assert_eq!(blame.owed(), None, "{rule:?}");
            assert!(!blame.explain(String::new(), 9).contains("broke"));
        }
    }
}
