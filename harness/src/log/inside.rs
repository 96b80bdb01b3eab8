//! Which events the log shows.
//!
//! What a step waited for, what that came from, and what a server owes for it. All else stays in the trace: a single run cannot
//! see that something raced with its end, so nothing may depend on that.

use std::collections::{HashMap, HashSet};

use super::graph::{Graph, kind, notice};
use crate::facts::Delivery;
use crate::names::{Link, PeerName};
use crate::record::What;
use crate::signaling::{Kind, Notice};
use crate::terms::{Direction, Fate, ServerLife, Side};

/// Whether each event is logged, by index.
pub(super) fn inside(graph: &Graph<'_>) -> Vec<bool> {
    let count = graph.events.len();
    let mut ancestor = vec![false; count];
    let mut direct = vec![false; count];
    let mut open: Vec<usize> = (0..count).filter(|i| graph.is_anchor(*i)).collect();
    for anchor in &open {
        for cause in &graph.before[*anchor] {
            direct[*cause] = true;
        }
    }
    while let Some(i) = open.pop() {
        for cause in &graph.before[i] {
            if !std::mem::replace(&mut ancestor[*cause], true) {
                open.push(*cause);
            }
        }
    }
    let mut logged: Vec<bool> = (0..count)
        .map(|i| by_wait(graph, i, ancestor[i], direct[i]) || by_step(graph, i))
        .collect();
    for (i, shown) in logged.iter_mut().enumerate() {
        *shown |= leftover(graph, i);
    }
    repeats(graph, &mut logged);
    owed(graph, &mut logged);
    released(graph, &ancestor, &mut logged);
    made(graph, &mut logged);
    logged
}

/// What was waited for, and what it came from.
fn by_wait(graph: &Graph<'_>, i: usize, ancestor: bool, direct: bool) -> bool {
    match &graph.events[i].what {
        What::Step { log, .. } => log.is_some(),
        What::Message { .. } => ancestor && !is_fence(graph, i),
        What::Said { .. } | What::Heard { .. } => ancestor,
        What::Server { life } => match life {
            ServerLife::Line { .. }
            | ServerLife::Alive
            | ServerLife::Paused
            | ServerLife::Resumed => false,
            ServerLife::Ready | ServerLife::Exited { .. } | ServerLife::Killed => ancestor,
        },
        // Milestones only: what a state machine went through on the way is the stack's own.
        What::State { .. }
        | What::Channel { .. }
        | What::Applied { .. }
        | What::PeerError { .. }
        | What::Note { .. } => direct,
        // How an end that a step brought about looks on the wire is the stack's own.
        What::LinkDown { link, by, .. } => {
            direct && *by != Side::Tap && (*by == Side::Server || !graph.ended.contains(link))
        }
        _ => false,
    }
}

/// What a step did itself.
fn by_step(graph: &Graph<'_>, i: usize) -> bool {
    let step = |seq: &u64| {
        graph
            .earlier(*seq, i)
            .is_some_and(|cause| matches!(graph.events[cause].what, What::Step { .. }))
    };
    let event = &graph.events[i];
    match &event.what {
        What::Message {
            link,
            direction: Direction::Up,
            ..
        } => {
            !graph.is_unsettled(link, i)
                && !is_fence(graph, i)
                && event.cause.iter().any(step)
                && !graph.is_by_itself(i)
        }
        What::Said { .. }
        | What::Server {
            life: ServerLife::Killed,
        } => event.cause.iter().any(step),
        _ => false,
    }
}

fn is_fence(graph: &Graph<'_>, i: usize) -> bool {
    let fence = |i: usize| kind(&graph.events[i]) == Some(Kind::Fence);
    fence(i) || graph.answers[i].is_some_and(fence)
}

/// Whether all that the server had for this link is in the trace, and this came before that.
fn complete(graph: &Graph<'_>, link: &Link, i: usize) -> bool {
    !graph.is_unsettled(link, i) && graph.fenced.get(link).is_none_or(|fenced| i < *fenced)
}

/// What the server said and nobody can have asked for.
fn leftover(graph: &Graph<'_>, i: usize) -> bool {
    let What::Message {
        link,
        direction: Direction::Down,
        fate,
        ..
    } = &graph.events[i].what
    else {
        return false;
    };
    if fate.is_made() || !complete(graph, link, i) {
        return false;
    }
    if graph.delivery[i] == Some(Delivery::Invented) {
        return true;
    }
    match notice(&graph.events[i]) {
        // Many servers refuse a message to somebody who has just left with a bare error, and that is a race.
        Some(Notice::Refused { request: None, .. } | Notice::Error { .. }) | None => false,
        Some(Notice::PeerJoined { .. } | Notice::PeerLeft { .. }) => graph.news_of[i].is_none(),
        // How many candidates there are is a race, and so is how many are answered: of the others' answers the laws speak.
        Some(notice) if notice.comes_unasked() || notice.grants_signal() => false,
        // Who was inside is told that somebody else has removed the room.
        Some(Notice::Destroyed { .. }) if graph.news_of[i].is_some() => false,
        Some(_) => graph.answers[i].is_none(),
    }
}

/// What was sent or heard twice, the same to the last byte.
fn repeats(graph: &Graph<'_>, logged: &mut [bool]) {
    type Key<'a> = (&'a Link, Option<&'a PeerName>, Kind, &'a str);
    let mut sent: HashSet<Key<'_>> = HashSet::new();
    let mut heard = HashMap::new();
    for (i, event) in graph.events.iter().enumerate() {
        match &event.what {
            What::Message {
                link,
                direction: Direction::Up,
                word: Some(word),
                about,
                digest,
                ..
            } if matches!(word.kind(), Kind::Offer | Kind::Answer) => {
                let key = (link, about.as_ref(), word.kind(), digest.as_str());
                if logged[i] {
                    sent.insert(key);
                } else if sent.contains(&key) && !graph.is_unsettled(link, i) {
                    logged[i] = true;
                }
            }
            What::Heard {
                peer,
                conn,
                label,
                payload,
            } => {
                let key = (peer, conn, label, payload);
                if logged[i] {
                    heard.insert(key, i);
                } else if graph.said[i].is_none()
                    && !graph.is_from_a_page(i)
                    && heard.contains_key(&key)
                {
                    logged[i] = true;
                }
            }
            _ => {}
        }
    }
}

/// Replies to, deliveries of and news about logged messages, where it is certain that they are in the trace.
fn owed(graph: &Graph<'_>, logged: &mut [bool]) {
    for i in 0..graph.events.len() {
        let What::Message {
            link,
            direction: Direction::Down,
            ..
        } = &graph.events[i].what
        else {
            continue;
        };
        let from = [graph.answers[i], graph.source(i), graph.news_of[i]];
        // News of a lost connection comes when the server sees it; only what was asked of it is ordered.
        let owed = from.into_iter().flatten().any(|source| {
            logged[source] && matches!(graph.events[source].what, What::Message { .. })
                || matches!(&graph.events[source].what, What::Released { message, .. }
                    if graph.earlier(*message, source).is_some_and(|message| logged[message]))
        });
        let taken_in_hand = notice(&graph.events[i]).is_some_and(Notice::grants_signal);
        logged[i] |= owed && complete(graph, link, i) && !is_fence(graph, i) && !taken_in_hand;
    }
}

/// What the tap made of a message is logged with it, and it with that.
fn made(graph: &Graph<'_>, logged: &mut [bool]) {
    for i in 0..graph.events.len() {
        let What::Message { fate, .. } = &graph.events[i].what else {
            continue;
        };
        let cause = graph.events[i].cause.first();
        let Some(source) = cause.and_then(|seq| graph.earlier(*seq, i)) else {
            continue;
        };
        if fate.is_made() && matches!(graph.events[source].what, What::Message { .. }) {
            let shown = logged[i] || logged[source];
            (logged[i], logged[source]) = (shown, shown);
        }
    }
}

/// What the tap let go is logged with what it had kept.
fn released(graph: &Graph<'_>, ancestor: &[bool], logged: &mut [bool]) {
    for i in 0..graph.events.len() {
        let What::Released { message, .. } = &graph.events[i].what else {
            continue;
        };
        let Some(message) = graph.earlier(*message, i) else {
            continue;
        };
        let kept = matches!(
            graph.events[message].what,
            What::Message {
                fate: Fate::Held,
                ..
            }
        );
        if kept && !is_fence(graph, message) {
            logged[i] = ancestor[i] || logged[message];
            logged[message] |= ancestor[i];
        }
    }
}
