//! Whether a log keeps causes before effects: checked on every log that is made, whatever made it.
//!
//! The log is another order of what happened. It may swap what is independent, never what follows from one another. This check knows nothing of
//! how the log finds its order; it takes the causes that were recorded, those that the facts are certain of, and reads the lines.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;

use super::Log;
use crate::record::{Event, Seq, What};
use crate::terms::Direction;

/// Two lines of a log that stand the wrong way round: an error of the harness, not of whoever is tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The line that stands too early.
    pub effect: String,
    /// The line behind it that came first, and led to it.
    pub cause: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "in the log {:?} stands before {:?}, which led to it",
            self.effect, self.cause
        )
    }
}

/// Checks that no line stands before one that led to it, by the recorded causes and those `also` (cause, effect), over any number of events
/// that have no line.
///
/// # Errors
/// The first line that stands too early.
pub fn causal<E: Borrow<Event>>(
    log: &Log,
    events: &[E],
    also: &[(Seq, Seq)],
) -> Result<(), Violation> {
    let by_seq: HashMap<Seq, &Event> = events
        .iter()
        .map(|event| (event.borrow().seq, event.borrow()))
        .collect();
    let mut line_of: HashMap<Seq, usize> = HashMap::new();
    // What folds into a line stands where the first of them does, and may have more causes than that. A line of two legs has two firsts.
    let mut firsts: HashSet<Seq> = HashSet::new();
    for (number, line) in log.lines.iter().enumerate() {
        line_of.extend(line.events.iter().map(|seq| (*seq, number)));
        firsts.extend(line.events.first());
        let far = |seq: &&Seq| by_seq.get(*seq).is_some_and(|event| is_far(event));
        if !line.forms.is_empty() {
            firsts.extend(line.events.iter().find(far));
        }
    }
    let mut causes: HashMap<Seq, Vec<Seq>> = HashMap::new();
    for (cause, effect) in also {
        causes.entry(*effect).or_default().push(*cause);
    }
    // The last line among those that led to each event, with lines and without.
    let mut latest: HashMap<Seq, usize> = HashMap::new();
    for event in events {
        let event: &Event = event.borrow();
        let own = line_of.get(&event.seq);
        if own.is_some() && !firsts.contains(&event.seq) {
            continue;
        }
        let also = causes.get(&event.seq).into_iter().flatten();
        let last = (event.cause.iter().chain(also))
            .filter(|cause| **cause < event.seq)
            .flat_map(|cause| [latest.get(cause), line_of.get(cause)])
            .flatten()
            .max()
            .copied();
        let Some(last) = last else { continue };
        if let Some(own) = own.filter(|own| **own < last) {
            return Err(Violation {
                effect: log.lines[*own].text.clone(),
                cause: log.lines[last].text.clone(),
            });
        }
        latest.insert(event.seq, last);
    }
    Ok(())
}

/// The leg that comes second on a line of two.
fn is_far(event: &Event) -> bool {
    matches!(
        event.what,
        What::Heard { .. }
            | What::Message {
                direction: Direction::Down,
                ..
            }
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::log::Line;
    use crate::names::{Link, PeerName, RoomName};
    use crate::record::Digest;
    use crate::signaling::{Notice, Request, Terms, Word};
    use crate::terms::{Carrier, Fate};

    fn message(seq: Seq, cause: &[Seq], direction: Direction, word: Word) -> Event {
        Event {
            seq,
            at: seq,
            cause: cause.to_vec(),
            what: What::Message {
                link: Link {
                    peer: PeerName::new("bob"),
                    instance: 1,
                },
                direction,
                carrier: Carrier::Text,
                about: matches!(word, Word::Notice { .. }).then(|| PeerName::new("alice")),
                word: Some(word),
                fate: Fate::Passed,
                size: 0,
                digest: Digest::public().of(b"").into(),
                text: String::new(),
                of: None,
                number: None,
            },
        }
    }

    fn edges(events: &[Event]) -> Vec<(Seq, Seq)> {
        let terms = Terms {
            rooms: Some(true),
            ..Terms::default()
        };
        Facts::of(events, &terms).edges()
    }

    fn note(seq: Seq, cause: &[Seq]) -> Event {
        Event {
            seq,
            at: seq,
            cause: cause.to_vec(),
            what: What::Note {
                peer: None,
                text: String::new(),
            },
        }
    }

    fn log(lines: &[(&str, &[Seq])]) -> Log {
        Log {
            outcome: None,
            lines: (lines.iter())
                .map(|(text, events)| Line {
                    text: (*text).to_owned(),
                    forms: Vec::new(),
                    events: events.to_vec(),
                })
                .collect(),
        }
    }

    #[test]
    fn an_effect_before_its_cause_is_told_with_both_lines() {
        // 1 led to 3 over 2, which has no line.
        let events = [note(1, &[]), note(2, &[1]), note(3, &[2])];
        assert_eq!(
            causal(&log(&[("a", &[1]), ("b", &[3])]), &events, &[]),
            Ok(())
        );
        let violation = causal(&log(&[("b", &[3]), ("a", &[1])]), &events, &[]).unwrap_err();
        assert_eq!(
            violation.to_string(),
            "in the log \"b\" stands before \"a\", which led to it"
        );
        // Nor does the check rest on recorded causes alone.
        let events = [note(1, &[]), note(2, &[]), note(3, &[2])];
        let swapped = log(&[("b", &[3]), ("a", &[1])]);
        assert_eq!(causal(&swapped, &events, &[]), Ok(()));
        assert!(causal(&swapped, &events, &[(1, 2)]).is_err());
    }

    #[test]
    fn what_folds_into_a_line_may_have_later_causes() {
        let events = [note(1, &[]), note(2, &[]), note(3, &[2])];
        let folded = log(&[("a", &[1, 3]), ("b", &[2])]);
        assert_eq!(causal(&folded, &events, &[]), Ok(()));
    }

    #[test]
    fn the_second_leg_of_a_line_has_causes_of_its_own() {
        let bye = |seq, cause: &[Seq], direction| {
            let signal = crate::signaling::Signal::Bye;
            let peer = None;
            message(seq, cause, direction, Word::Signal { peer, signal })
        };
        let events = [
            bye(1, &[], Direction::Up),
            note(2, &[]),
            bye(3, &[1, 2], Direction::Down),
        ];
        let relayed = |lines: &[(&str, &[Seq])]| {
            let mut log = log(lines);
            let legs = ["alice -> server: bye", "server -> bob: bye"];
            for line in log.lines.iter_mut().filter(|line| line.events.len() == 2) {
                line.forms = legs.map(str::to_owned).into();
            }
            log
        };
        let right = relayed(&[("b", &[2]), ("a", &[1, 3])]);
        assert_eq!(causal(&right, &events, &[]), Ok(()));
        let wrong = relayed(&[("a", &[1, 3]), ("b", &[2])]);
        let violation = causal(&wrong, &events, &[]).unwrap_err();
        assert_eq!((&*violation.effect, &*violation.cause), ("a", "b"));
    }

    #[test]
    fn news_does_not_stand_before_the_hearers_way_in() {
        let join = Word::Request {
            request: Request::Join {
                room: RoomName::new("lobby"),
            },
        };
        let left = Word::Notice {
            notice: Notice::PeerLeft {
                peer: "alice".into(),
                how: None,
            },
        };
        let news = "server -> bob: peer-left alice";
        let way_in = "bob -> server: join lobby";
        let events = [
            message(1, &[], Direction::Up, join.clone()),
            message(2, &[], Direction::Down, left.clone()),
        ];
        let also = edges(&events);
        let wrong = log(&[(news, &[2]), (way_in, &[1])]);
        let violation = causal(&wrong, &events, &also).unwrap_err();
        assert_eq!((&*violation.effect, &*violation.cause), (news, way_in));
        let right = log(&[(way_in, &[1]), (news, &[2])]);
        assert_eq!(causal(&right, &events, &also), Ok(()));
        // A server that tells news to somebody who is nowhere makes no harness err.
        let unasked = [
            message(1, &[], Direction::Down, left),
            message(2, &[], Direction::Up, join),
        ];
        assert_eq!(edges(&unasked), []);
    }
}
