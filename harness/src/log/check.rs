//! Proofs that the log says neither too much nor too little, for any trace.
//!
//! [`reorder`]: a causally valid reordering must give the same log. [`mutants`]: a trace with one asserted event changed must not.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Log;
use super::graph::Graph;
use super::lane::Lane;
use crate::names::{Link, RoomName};
use crate::record::{Event, Seq, What};
use crate::signaling::{Kind, Notice, Request, Signal, Terms, Word};
use crate::terms::{Direction, Payload, ServerLife};

/// A small generator of even spread (SplitMix64), so that a seed alone repeats a reordering.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// The same events in another order that could have happened: causes before effects, each lane in its order, links opened
/// before they are used and closed after, fences behind all that they fence. Numbers and causes follow.
pub fn reorder(events: &[Event], seed: u64) -> Vec<Event> {
    let graph = Graph::new(events, &Terms::default());
    let before = constraints(&graph);
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); events.len()];
    let mut waits = vec![0usize; events.len()];
    for (i, all) in before.iter().enumerate() {
        for from in all {
            next[*from].push(i);
            waits[i] += 1;
        }
    }
    let mut dice = Dice(seed);
    // Some events linger, so that whole stretches swap and not neighbours only.
    let weight: Vec<u64> = (0..events.len())
        .map(|_| dice.roll() >> (dice.roll() % 8))
        .collect();
    let mut ready: BinaryHeap<Reverse<(u64, usize)>> = (0..events.len())
        .filter(|i| waits[*i] == 0)
        .map(|i| Reverse((weight[i], i)))
        .collect();
    let mut order = Vec::with_capacity(events.len());
    while let Some(Reverse((_, i))) = ready.pop() {
        order.push(i);
        for to in &next[i] {
            waits[*to] -= 1;
            if waits[*to] == 0 {
                ready.push(Reverse((weight[*to], *to)));
            }
        }
    }
    if order.len() < events.len() {
        return events.to_vec();
    }
    renumber(order.into_iter().map(|i| events[i].clone()).collect())
}

/// All that must come before each event, whether it is logged or not.
fn constraints(graph: &Graph<'_>) -> Vec<Vec<usize>> {
    let mut before = graph.before.clone();
    for (i, all) in graph.beside.iter().enumerate() {
        before[i].extend(all);
    }
    let mut lanes: HashMap<&Lane, usize> = HashMap::new();
    let mut links: HashMap<&Link, Vec<usize>> = HashMap::new();
    let mut up: HashMap<&Link, usize> = HashMap::new();
    let mut instances: HashMap<_, (u32, Vec<usize>)> = HashMap::new();
    let fence = |i: usize| super::graph::kind(&graph.events[i]) == Some(Kind::Fence);
    for (i, event) in graph.events.iter().enumerate() {
        if i > 0 {
            before[i].push(0);
        }
        if let Some(lane) = &graph.lanes[i]
            && let Some(last) = lanes.insert(lane, i)
        {
            before[i].push(last);
        }
        let link = match &event.what {
            What::Message { link, .. }
            | What::LinkUp { link }
            | What::LinkDown { link, .. }
            | What::LinkEnded { link }
            | What::Fenced { link } => link,
            _ => continue,
        };
        before[i].extend(up.get(link));
        // A peer's next link comes after its last.
        let (instance, all) = instances.entry(&link.peer).or_default();
        if link.instance > *instance {
            before[i].extend(all.iter());
            *instance = link.instance;
        }
        all.push(i);
        let mine = links.entry(link).or_default();
        match &event.what {
            What::LinkUp { .. } => {
                up.insert(link, i);
            }
            What::Fenced { .. } | What::LinkDown { .. } | What::LinkEnded { .. } => {
                before[i].extend(mine.iter());
            }
            What::Message {
                direction: Direction::Down,
                ..
            } if graph.answers[i].is_some_and(fence) => before[i].extend(mine.iter()),
            _ => {}
        }
        mine.push(i);
    }
    before
}

/// Numbers events anew; causes that are gone are forgotten.
fn renumber(mut events: Vec<Event>) -> Vec<Event> {
    let numbers: HashMap<Seq, Seq> = events
        .iter()
        .enumerate()
        .map(|(i, event)| (event.seq, i as Seq))
        .collect();
    for (i, event) in events.iter_mut().enumerate() {
        event.seq = i as Seq;
        event.at = i as u64;
        event.cause = event
            .cause
            .iter()
            .filter_map(|cause| numbers.get(cause).copied())
            .filter(|cause| *cause < i as Seq)
            .collect();
        if let What::Released { message, .. } = &mut event.what {
            *message = numbers.get(message).copied().unwrap_or(*message);
        }
    }
    events
}

/// A trace with one thing changed that must not go unnoticed.
#[derive(Clone, Debug)]
pub struct Mutant {
    /// What was done, and to which event.
    pub name: String,
    /// The trace.
    pub events: Vec<Event>,
}

/// Every mutant of the events that the log shows: dropped, doubled, swapped with the next in its lane, altered. What folds by
/// design (a state again, a candidate more) is no mutant.
pub fn mutants(events: &[Event]) -> Vec<Mutant> {
    let index_of: HashMap<Seq, usize> = events
        .iter()
        .enumerate()
        .map(|(i, event)| (event.seq, i))
        .collect();
    let graph = Graph::new(events, &Terms::default());
    let mut out = Vec::new();
    let mut asserted: Vec<usize> = Log::of(events)
        .lines
        .iter()
        .filter_map(|line| (line.events.len() <= 2).then_some(&line.events))
        .flatten()
        .filter_map(|seq| index_of.get(seq).copied())
        .collect();
    asserted.sort_unstable();
    let mut push = |name: String, events: Vec<Event>| out.push(Mutant { name, events });
    let mut last: HashMap<&Lane, usize> = HashMap::new();
    for i in asserted {
        let label = format!("{i}: {}", brief(&events[i]));
        let mut dropped = events.to_vec();
        dropped.remove(i);
        push(format!("drop {label}"), renumber(dropped));
        if !folds(&events[i]) {
            push(format!("double {label}"), double(events, i));
        }
        if let Some(lane) = &graph.lanes[i]
            && let Some(before) = last.insert(lane, i)
        {
            let mut swapped = events.to_vec();
            let what = swapped[i].what.clone();
            swapped[i].what = std::mem::replace(&mut swapped[before].what, what);
            push(format!("swap with {before} {label}"), swapped);
        }
        for (how, what) in altered(&events[i].what) {
            let mut changed = events.to_vec();
            changed[i].what = what;
            push(format!("alter {how} of {label}"), changed);
        }
    }
    out
}

fn brief(event: &Event) -> String {
    let mut text = format!("{:?}", event.what);
    let end = text.char_indices().nth(60).map_or(text.len(), |(at, _)| at);
    text.truncate(end);
    text
}

/// What may come again without meaning anything.
fn folds(event: &Event) -> bool {
    match &event.what {
        What::State { .. }
        | What::Channel { .. }
        | What::Applied { .. }
        | What::PeerError { .. }
        | What::Note { .. }
        | What::LinkDown { .. }
        | What::Server {
            life: ServerLife::Ready | ServerLife::Exited { .. } | ServerLife::Killed,
        } => true,
        What::Message {
            word: Some(word), ..
        } => matches!(word.kind(), Kind::Candidate | Kind::EndOfCandidates),
        What::Released { .. } => true,
        _ => false,
    }
}

fn double(events: &[Event], i: usize) -> Vec<Event> {
    let mut doubled = events.to_vec();
    let mut copy = events[i].clone();
    // A number that no cause names, so that nothing follows from the copy.
    copy.seq = Seq::MAX;
    doubled.insert(i + 1, copy);
    renumber(doubled)
}

/// Every way to alter an event that the log must show.
fn altered(what: &What) -> Vec<(&'static str, What)> {
    let mut out = Vec::new();
    let mut change = |how: &'static str, edit: &dyn Fn(&mut What) -> bool| {
        let mut copy = what.clone();
        if edit(&mut copy) {
            out.push((how, copy));
        }
    };
    change("digest", &|what| match what {
        What::Message {
            digest,
            word: Some(Word::Signal { .. }),
            ..
        } => {
            *digest = format!("x{}", digest.as_str()).into();
            true
        }
        _ => false,
    });
    change("reason", &|what| match what {
        What::Message {
            word:
                Some(Word::Notice {
                    notice: Notice::Refused { reason, .. } | Notice::Error { reason },
                }),
            ..
        } => {
            reason.push('!');
            true
        }
        What::PeerError { message, .. } => {
            message.push('!');
            true
        }
        _ => false,
    });
    change("kind", &|what| match what {
        What::Message {
            word: Some(word), ..
        } => other_kind(word),
        What::State { state, .. } | What::Channel { state, .. } => {
            state.push_str("-not");
            true
        }
        _ => false,
    });
    change("said", &|what| match what {
        What::Said { payload, .. } | What::Heard { payload, .. } => {
            let (Payload::Text(text) | Payload::Bytes(text)) = payload;
            text.push('!');
            true
        }
        _ => false,
    });
    change("room", &|what| match what {
        What::Message {
            word:
                Some(
                    Word::Request {
                        request:
                            Request::Create { room }
                            | Request::Join { room }
                            | Request::Leave { room }
                            | Request::Destroy { room }
                            | Request::Kick { room, .. }
                            | Request::SetState { room, .. },
                    }
                    | Word::Notice {
                        notice:
                            Notice::Created { room }
                            | Notice::Joined { room, .. }
                            | Notice::Left { room }
                            | Notice::Destroyed { room }
                            | Notice::Kicked { room },
                    },
                ),
            ..
        } => {
            *room = RoomName::new("elsewhere");
            true
        }
        _ => false,
    });
    out
}

fn other_kind(word: &mut Word) -> bool {
    match word {
        Word::Signal { signal, .. } => {
            *signal = match signal {
                Signal::Offer { sdp } => Signal::Answer { sdp: sdp.clone() },
                Signal::Answer { sdp } => Signal::Offer { sdp: sdp.clone() },
                _ => return false,
            };
        }
        Word::Request { request } => {
            *request = match request {
                Request::Create { room } => Request::Join { room: room.clone() },
                Request::Join { room } => Request::Create { room: room.clone() },
                Request::Leave { room } => Request::Destroy { room: room.clone() },
                Request::Destroy { room } => Request::Leave { room: room.clone() },
                Request::Kick { .. } | Request::SetState { .. } | Request::Fence => return false,
            };
        }
        Word::Notice { notice } => {
            *notice = match notice {
                Notice::Created { room } => Notice::Destroyed { room: room.clone() },
                Notice::Destroyed { room } => Notice::Created { room: room.clone() },
                Notice::PeerJoined { peer } => Notice::PeerLeft {
                    peer: peer.clone(),
                    how: None,
                },
                Notice::PeerLeft { peer, .. } => Notice::PeerJoined { peer: peer.clone() },
                _ => return false,
            };
        }
    }
    true
}
