//! Law 11: the server goes on, whatever its clients send.
//!
//! A life of the server begins when it is ready. It is put to the test by what reaches the server, and how that went is seen when the life
//! ends, by itself or by a step, or when the server is seen to go on after all that was sent. Of a server that glare has not started none
//! of these is told, so it is never accused.

use std::collections::{BTreeMap, VecDeque};

use super::{Breach, Finding, Law};
use crate::names::PeerName;
use crate::record::{Event, Seq, What};
use crate::signaling::Kind;
use crate::terms::{Carrier, Direction, Fate, ServerLife};

const LAW: Law = Law::ServerLives;

/// So many last lines of its output are part of what explains its end.
const LINES: usize = 20;

/// One life of the server, from ready to its end.
#[derive(Default)]
struct Life {
    /// The last message of each peer that reached it: when it did, and where it stands in the trace. Fences are the harness's own.
    last: BTreeMap<PeerName, (usize, usize)>,
    /// It has been told how this life went.
    told: bool,
}

/// Judged is each life that something reached, once it is known how it went.
pub(super) fn judge(events: &[&Event]) -> Finding {
    let mut finding = Finding {
        law: LAW,
        premises: 0,
        breaches: Vec::new(),
    };
    let mut life: Option<Life> = None;
    // Before it is ready it may say why it will end.
    let mut lines: VecDeque<Seq> = VecDeque::new();
    let mut held: BTreeMap<Seq, usize> = BTreeMap::new();
    for (i, event) in events.iter().enumerate() {
        match &event.what {
            What::Server { life: told } => match told {
                ServerLife::Ready => life = Some(Life::default()),
                ServerLife::Line { .. } => {
                    if lines.len() == LINES {
                        lines.pop_front();
                    }
                    lines.push_back(event.seq);
                }
                ServerLife::Exited { status } => {
                    if let Some(life) = life.take() {
                        // Even if nothing had reached it: it was to be there.
                        finding.premises += usize::from(!life.told);
                        finding
                            .breaches
                            .push(breach(events, i, &life, &lines, status));
                    }
                    lines.clear();
                }
                ServerLife::Killed => {
                    finding.premises += life.take().map_or(0, |mut life| life.goes_on());
                    lines.clear();
                }
                ServerLife::Alive => {
                    finding.premises += life.as_mut().map_or(0, Life::goes_on);
                }
                ServerLife::Paused | ServerLife::Resumed => {}
            },
            What::Message {
                direction: Direction::Up,
                fate,
                ..
            } if fate.arrives() => reached(&mut life, events, (i, i)),
            What::Message {
                direction: Direction::Up,
                fate: Fate::Held,
                ..
            } => {
                held.insert(event.seq, i);
            }
            What::Released {
                message,
                delivered: true,
            } => {
                if let Some(message) = held.remove(message) {
                    reached(&mut life, events, (i, message));
                }
            }
            _ => {}
        }
    }
    finding
}

impl Life {
    /// It was seen to go on, or was ended by a step; how many premises that makes.
    fn goes_on(&mut self) -> usize {
        let first = !std::mem::replace(&mut self.told, true);
        usize::from(first && !self.last.is_empty())
    }
}

fn reached(life: &mut Option<Life>, events: &[&Event], (at, message): (usize, usize)) {
    let (Some(life), What::Message { link, word, .. }) = (life, &events[message].what) else {
        return;
    };
    if word.as_ref().is_none_or(|word| word.kind() != Kind::Fence) {
        life.last.insert(link.peer.clone(), (at, message));
    }
}

fn breach(
    events: &[&Event],
    at: usize,
    life: &Life,
    lines: &VecDeque<Seq>,
    status: &str,
) -> Breach {
    let mut because: Vec<Seq> = lines.iter().copied().collect();
    because.extend(life.last.values().map(|(_, message)| events[*message].seq));
    because.sort_unstable();
    let last = life.last.values().max();
    let last = last.map(|(_, message)| events[*message]);
    let after = match last.map(|event| &event.what) {
        Some(What::Message {
            link,
            word: Some(word),
            ..
        }) => format!(", after {}'s {}", link.peer, word.kind()),
        Some(What::Message {
            link,
            carrier: Carrier::Http,
            ..
        }) => format!(
            ", after an HTTP request of {} that means nothing to the dialect",
            link.peer
        ),
        Some(What::Message { link, .. }) => {
            format!(
                ", after a message of {} that means nothing to the dialect",
                link.peer
            )
        }
        _ => ", before anything had reached it".to_owned(),
    };
    Breach {
        law: LAW,
        event: events[at].seq,
        because,
        message: format!(
            "the server ended by itself: {status}{}{after}",
            meaning(status)
        ),
    }
}

/// What a status says of who ended it, where it is no choice of the program's. A shell tells the signal of its child as 128 and its number.
fn meaning(status: &str) -> &'static str {
    let tells = |code: &str, signal: &str| {
        status.strip_prefix("exit status: ") == Some(code)
            || (status.strip_prefix("signal: "))
                .is_some_and(|told| told.split(' ').next() == Some(signal))
    };
    if tells("137", "9") {
        " (SIGKILL: from outside, or by the system for want of memory)"
    } else if tells("143", "15") {
        " (SIGTERM: from outside)"
    } else if tells("139", "11") {
        " (SIGSEGV: it crashed)"
    } else if tells("134", "6") {
        " (SIGABRT: it gave up)"
    } else {
        ""
    }
}
