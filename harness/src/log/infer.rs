//! What is only known by inference: replies across the server, and words across a channel.

use std::collections::{HashMap, VecDeque};

use crate::names::{Link, PeerName};
use crate::record::{Event, What};
use crate::signaling::{Kind, Notice, Word};
use crate::terms::{Carrier, Direction, Payload};

/// When each message really went on, by event index: at once, when it was released, or never.
pub(super) fn went_on(events: &[Event], index_of: &HashMap<u64, usize>) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    for (i, event) in events.iter().enumerate() {
        match &event.what {
            What::Message { fate, .. } if fate.arrives() => out[i] = Some(i),
            What::Released {
                message,
                delivered: true,
            } => {
                if let Some(message) = index_of.get(message).filter(|m| **m < i)
                    && out[*message].is_none()
                {
                    out[*message] = Some(i);
                }
            }
            _ => {}
        }
    }
    out
}

/// The kind of request that a notice answers; `Some(None)`: any.
pub(super) fn answers(notice: &Notice) -> Option<Option<Kind>> {
    match notice {
        Notice::Created { .. } => Some(Some(Kind::Create)),
        Notice::Joined { .. } => Some(Some(Kind::Join)),
        Notice::Left { .. } => Some(Some(Kind::Leave)),
        Notice::Destroyed { .. } => Some(Some(Kind::Destroy)),
        Notice::Refused { request, .. } => Some(*request),
        Notice::PeerJoined { .. } | Notice::PeerLeft { .. } | Notice::Error { .. } => None,
    }
}

/// For each reply the request it answers, by event index: first in, first out per link and kind.
pub(super) fn replies(events: &[Event], went_on: &[Option<usize>]) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    let mut released: HashMap<usize, usize> = HashMap::new();
    for (message, at) in went_on.iter().enumerate() {
        if let Some(at) = at {
            released.insert(*at, message);
        }
    }
    let mut asked: HashMap<&Link, VecDeque<(usize, Kind)>> = HashMap::new();
    let mut fetched: HashMap<&Link, VecDeque<usize>> = HashMap::new();
    // A signal is answered only when it is refused, so a refusal means the newest of its kind.
    let mut signals: HashMap<(&Link, Kind), usize> = HashMap::new();
    for (i, reply) in out.iter_mut().enumerate() {
        // A held request is asked when it is released.
        let message = released.get(&i).copied().unwrap_or(i);
        let What::Message {
            link,
            direction,
            carrier,
            word,
            fate,
            ..
        } = &events[message].what
        else {
            continue;
        };
        match direction {
            Direction::Up if went_on[message] == Some(i) => {
                if let Some(kind) = word.as_ref().map(Word::kind).filter(|k| k.is_request()) {
                    asked.entry(link).or_default().push_back((message, kind));
                }
                if let Some(kind) = word.as_ref().map(Word::kind).filter(|k| k.is_signal()) {
                    signals.insert((link, kind), message);
                }
                if *carrier == Carrier::Http {
                    fetched.entry(link).or_default().push_back(message);
                }
            }
            Direction::Down if message == i && !fate.is_made() => {
                let response = (*carrier == Carrier::Http)
                    .then(|| fetched.entry(link).or_default().pop_front())
                    .flatten();
                let request = match word {
                    Some(Word::Notice { notice }) => answers(notice).and_then(|kind| {
                        if let Some(kind) = kind.filter(|kind| kind.is_signal()) {
                            return signals.get(&(link, kind)).copied();
                        }
                        let pending = asked.entry(link).or_default();
                        let at = match kind {
                            Some(kind) => pending.iter().position(|(_, k)| *k == kind),
                            // Many servers answer no `leave`: do not take another's refusal for its reply.
                            None => pending
                                .iter()
                                .position(|(_, k)| *k != Kind::Leave)
                                .or((!pending.is_empty()).then_some(0)),
                        };
                        at.and_then(|at| pending.remove(at)).map(|(m, _)| m)
                    }),
                    _ => None,
                };
                *reply = request.or(response);
            }
            // What the tap released on its way down was matched when the server sent it.
            _ => {}
        }
    }
    out
}

/// For each word heard through a channel the one that was said, by event index; `partner` tells who is at the other end.
pub(super) fn heard(
    events: &[Event],
    partner: &HashMap<(PeerName, u32), PeerName>,
) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    let mut said: HashMap<(&str, &Payload), Vec<(usize, &PeerName)>> = HashMap::new();
    for (i, event) in events.iter().enumerate() {
        match &event.what {
            What::Said {
                peer,
                label,
                payload,
                ..
            } => said.entry((label, payload)).or_default().push((i, peer)),
            What::Heard {
                peer,
                conn,
                label,
                payload,
            } => {
                let Some(waiting) = said.get_mut(&(label.as_str(), payload)) else {
                    continue;
                };
                let other = partner.get(&(peer.clone(), *conn));
                let at = waiting
                    .iter()
                    .position(|(_, speaker)| Some(*speaker) == other)
                    .or_else(|| {
                        waiting
                            .iter()
                            .position(|(_, speaker)| other.is_none() && *speaker != peer)
                    });
                out[i] = at.map(|at| waiting.remove(at).0);
            }
            _ => {}
        }
    }
    out
}
