//! One pass over the trace, then each law over what it found.

use std::borrow::Borrow;
use std::time::Duration;

use super::owed_answers::OwedAnswers;
use super::{
    Finding, addressed, announced, answered, at_once, hosts, late, limit, lives, news, relayed,
};
use crate::facts::Facts;
use crate::names::RoomName;
use crate::record::{Event, Seq};
use crate::signaling::Terms;

/// What a trace says of each of [`Law::OBSERVED`](super::Law::OBSERVED), in that order. The trace may be cut off anywhere: what
/// was still under way is not judged. Takes time proportional to the trace.
pub fn judge<E: Borrow<Event>>(events: &[E], terms: &Terms) -> Vec<Finding> {
    let facts = Facts::of(events, terms);
    let (rooms, post) = (&facts.rooms, &facts.post);
    let late = late::Late::find(rooms, post, terms);
    let told = told(&facts, terms);
    let mut findings = vec![
        announced::judge(rooms, post, terms).finding,
        addressed::judge(rooms, post),
        relayed::judge(rooms, post, &late, terms),
        answered::judge(rooms, post, terms),
        late.finding,
        told.is_true,
        limit::judge(rooms, terms),
        server_lives(events),
        told.in_order,
    ];
    for finding in &mut findings {
        finding.breaches.sort_by_key(|breach| breach.event);
    }
    findings
}

/// What was told of who came, who went, and who is host.
fn told(facts: &Facts, terms: &Terms) -> news::News {
    let mut news = news::judge(facts, terms);
    if let Some(within) = terms.announces_joining_within {
        at_once::judge(&facts.rooms, within, terms, &mut news);
    }
    if let Some(within) = terms.announces_host_within {
        hosts::judge(&facts.rooms, within, terms, &mut news);
    }
    news
}

/// What a trace says of law 11 alone: the rest of the laws is asked before the stage is cleared, and a server can die later.
pub fn server_lives<E: Borrow<Event>>(events: &[E]) -> Finding {
    let events: Vec<&Event> = events.iter().map(Borrow::borrow).collect();
    lives::judge(&events)
}

/// The rooms that somebody was in and now certainly nobody is, each with the event that shows it: where law 6 can be asked.
/// What was lost with a server that ended is not among them.
pub fn emptied<E: Borrow<Event>>(events: &[E], terms: &Terms) -> Vec<(RoomName, Seq)> {
    let facts = Facts::of(events, terms);
    let mut emptied = facts.rooms.emptied();
    emptied.sort();
    emptied
        .into_iter()
        .map(|(name, at)| (name.clone(), facts.rooms.events[at].seq))
        .collect()
}

/// Until when laws 1, 4 and 9 cannot be judged, since the run began: somebody has come or gone, and somebody who is there has not heard of it, or what
/// is relayed has no answer; and that may still come in time. `None`: there is nothing to wait for.
pub fn awaited<E: Borrow<Event>>(events: &[E], terms: &Terms) -> Option<Duration> {
    let facts = Facts::of(events, terms);
    let leavings = announced::judge(&facts.rooms, &facts.post, terms).awaited;
    let answers = OwedAnswers::of(&facts.rooms, &facts.post, terms).awaited;
    leavings
        .max(told(&facts, terms).awaited)
        .max(answers)
        .map(Duration::from_micros)
}

/// Whether something that was relayed may yet be answered, so far as is known.
pub fn awaits_answers<E: Borrow<Event>>(events: &[E], terms: &Terms) -> bool {
    let facts = Facts::of(events, terms);
    let owed = OwedAnswers::of(&facts.rooms, &facts.post, terms);
    owed.awaited.is_some()
}
