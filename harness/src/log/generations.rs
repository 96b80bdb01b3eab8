//! ICE generations: which candidates belong to which description.

use std::collections::HashMap;

use crate::facts::Delivery;
use crate::names::{Link, PeerName};
use crate::record::{Event, What};
use crate::signaling::{Kind, Signal, Word};
use crate::terms::Direction;

/// One generation of one sender's candidates (RFC 8445, section 2.4: a new user name fragment).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Generation {
    /// The sender's link, where it is known.
    pub link: Option<Link>,
    /// Its number among those that this link sent to the same addressee, described ones first.
    pub number: u32,
}

/// The user name fragment of a signal: of its first media section, or of the candidate.
pub(super) fn ufrag(signal: &Signal) -> Option<&str> {
    let text = match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => {
            return sdp
                .lines()
                .find_map(|line| line.trim_end().strip_prefix("a=ice-ufrag:"));
        }
        Signal::Candidate { candidate } => {
            if let Some(ufrag) = candidate.username_fragment.as_deref() {
                return Some(ufrag);
            }
            &candidate.candidate
        }
        Signal::EndOfCandidates | Signal::Bye => return None,
    };
    let mut fields = text.split_ascii_whitespace().skip(8);
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        if name == "ufrag" {
            return Some(value);
        }
    }
    None
}

/// The signal of an event, which way it goes, and the peer it speaks of.
pub(super) fn signal(event: &Event) -> Option<(&Link, Direction, Option<&PeerName>, &Signal)> {
    match &event.what {
        What::Message {
            link,
            direction,
            word: Some(Word::Signal { signal, .. }),
            about,
            ..
        } => Some((link, *direction, about.as_ref(), signal)),
        _ => None,
    }
}

/// Whether it trickles: candidates and their end have lanes of their own.
pub(super) fn trickles(kind: Kind) -> bool {
    matches!(kind, Kind::Candidate | Kind::EndOfCandidates)
}

/// The generation of each signal that has one, by event index; the second is its description, where one was sent before it.
pub(super) fn generations(
    events: &[Event],
    delivery: &[Option<Delivery>],
    index_of: &HashMap<u64, usize>,
) -> Vec<Option<(Generation, Option<usize>)>> {
    type Pair<'a> = (&'a Link, Option<&'a PeerName>);
    let mut numbers: HashMap<(Pair<'_>, &str), u32> = HashMap::new();
    let mut next: HashMap<Pair<'_>, u32> = HashMap::new();
    // Described generations take the first numbers, whatever overtook them.
    for pass in [true, false] {
        for event in events {
            let Some((link, Direction::Up, about, signal)) = signal(event) else {
                continue;
            };
            let described = matches!(signal, Signal::Offer { .. } | Signal::Answer { .. });
            if let (true, Some(ufrag)) = (described == pass, ufrag(signal)) {
                numbers.entry(((link, about), ufrag)).or_insert_with(|| {
                    let number = next.entry((link, about)).or_default();
                    *number += 1;
                    *number
                });
            }
        }
    }
    let mut out: Vec<Option<(Generation, Option<usize>)>> = vec![None; events.len()];
    let mut described: HashMap<(Pair<'_>, u32), usize> = HashMap::new();
    let mut last: HashMap<Pair<'_>, u32> = HashMap::new();
    for (i, event) in events.iter().enumerate() {
        let Some((link, direction, about, signal)) = signal(event) else {
            continue;
        };
        if direction == Direction::Down {
            let from = delivery[i]
                .and_then(Delivery::of)
                .and_then(|seq| index_of.get(&seq))
                .and_then(|source| out[*source].clone());
            out[i] = from.or(Some((
                Generation {
                    link: None,
                    number: 0,
                },
                None,
            )));
            continue;
        }
        let pair = (link, about);
        let number = match ufrag(signal) {
            Some(ufrag) => numbers.get(&(pair, ufrag)).copied(),
            None => last.get(&pair).copied(),
        };
        let number = number.unwrap_or(0);
        if matches!(signal, Signal::Offer { .. } | Signal::Answer { .. }) {
            last.insert(pair, number);
            described.entry((pair, number)).or_insert(i);
        }
        let generation = Generation {
            link: Some(link.clone()),
            number,
        };
        out[i] = Some((generation, described.get(&(pair, number)).copied()));
    }
    out
}
