//! What law 4 says of what is relayed: where the dialect declares that it is answered, and in which time, it is.
//!
//! Nothing later shows that an answer is missing: it may be who gets the message that answers, or something that is looked up. So it is the time alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Breach, Law};
use crate::facts::post::{Post, Sent};
use crate::facts::rooms::{Ask, AskId, LinkId, Rooms, StayId};
use crate::signaling::{Kind, Terms};

/// What was never answered, and until when some answers may still come, in µs.
#[derive(Default)]
pub(super) struct OwedAnswers {
    pub breaches: Vec<Breach>,
    pub awaited: Option<u64>,
}

impl OwedAnswers {
    pub fn of(rooms: &Rooms, post: &Post, terms: &Terms) -> Self {
        let mut owed = Self::default();
        let Some(within) = terms.answers_within else {
            return owed;
        };
        let within = within.saturating_add(terms.slack);
        let within = u64::try_from(within.as_micros()).unwrap_or(u64::MAX);
        let Some(end) = rooms.events.len().checked_sub(1) else {
            return owed;
        };
        let due = |ask: &Ask| {
            (rooms.events[ask.at].at.saturating_add(within)).saturating_add(rooms.slowest)
        };
        let unclear = unclear(rooms, |ask| {
            let due = due(ask).saturating_add(rooms.starved);
            is_owed(rooms, post, ask, due)
        });
        let open = rooms.asks.iter().enumerate();
        let open = open.filter(|(id, ask)| {
            ask.kind.is_signal() && ask.reply.is_none() && !unclear.contains(id)
        });
        for (_, ask) in open {
            let due = due(ask);
            // What keeps glare waiting later does not make it earlier by then.
            let moments = rooms.starved_until.iter().copied();
            let mut moments = moments
                .chain([(end, rooms.starved)])
                .map(|(at, starved)| (at, due.saturating_add(starved)));
            let over = moments.find(|(at, due)| rooms.events[*at].at > *due);
            let due = over.map_or(due.saturating_add(rooms.starved), |(_, due)| due);
            if !is_owed(rooms, post, ask, due) {
                continue;
            }
            let Some((over, _)) = over else {
                owed.awaited = owed.awaited.max(Some(due));
                continue;
            };
            let line = &rooms.links[ask.link].link;
            owed.breaches.push(Breach {
                law: Law::RequestsAreAnswered,
                event: rooms.events[ask.message].seq,
                because: vec![rooms.events[over].seq],
                message: format!("{line}'s {} was never answered", ask.kind),
            });
        }
        owed
    }
}

/// What is answered without its number, and whose answer may have been taken for that to something before it, which nobody owes one: what is answered in the order in
/// which it was said cannot be told apart from there on.
fn unclear(rooms: &Rooms, is_owed: impl Fn(&Ask) -> bool) -> HashSet<AskId> {
    let said = || rooms.numbered.values().flat_map(BTreeMap::values);
    // A number that no answer repeats tells nothing.
    let by_number = |kind: Kind| {
        let mut last = said().filter_map(|said| said.last.as_ref());
        last.any(|one| {
            let of = one.ask.and_then(|ask| rooms.asks.get(ask));
            one.answer.is_some() && of.is_some_and(|ask| ask.kind == kind)
        })
    };
    let numbered: HashSet<Kind> = (rooms.answers_relays.iter().copied())
        .filter(|kind| by_number(*kind))
        .collect();
    let open = said().flat_map(|said| said.open.iter().filter_map(|one| one.ask));
    let open: HashSet<AskId> = open.collect();
    let mut unclear = HashSet::new();
    // By line, and by what has answers of its own: the last of it, and whether it is clear so far.
    let mut last: HashMap<(LinkId, Option<Kind>), (&Ask, bool)> = HashMap::new();
    for (id, ask) in rooms.asks.iter().enumerate() {
        if !ask.kind.is_signal() {
            continue;
        }
        let alike = rooms.answers_relays_alike.contains(&ask.kind);
        let whose = (ask.link, (!alike).then_some(ask.kind));
        let is_clear = last.get(&whose).is_none_or(|(before, clear)| {
            let answered = before.reply.is_some_and(|reply| reply < ask.at);
            *clear && (answered || is_owed(before))
        });
        let by_number = numbered.contains(&ask.kind) && open.contains(&id);
        if !(is_clear || by_number) {
            unclear.insert(id);
        }
        last.insert(whose, (ask, is_clear));
    }
    unclear
}

/// Whether this is to be answered by then: who said it, and somebody who was to get it, are certainly there all the time, nothing keeps the server or
/// the tap from moving, and nothing was said that may be the answer.
fn is_owed(rooms: &Rooms, post: &Post, ask: &Ask, due: u64) -> bool {
    let link = &rooms.links[ask.link];
    let is_later = |at: Option<usize>| at.is_some_and(|at| at > ask.at);
    // One that is let go on has much to do at first.
    let still = [rooms.paused, rooms.resumed, rooms.restarted];
    let stood_still = still.into_iter().any(is_later);
    let may_be = is_later(link.refused) || is_later(link.unread);
    let is_cut = |link: LinkId| is_cut(rooms, link, due);
    if ask.http || stood_still || may_be || is_cut(ask.link) {
        return false;
    }
    let Some(sent) = sent(post, ask).filter(|sent| !sent.refused(rooms)) else {
        return false;
    };
    let stays = |stay: StayId| {
        let stay = &rooms.stays[stay];
        let until = stay.certain_until().map(|until| rooms.events[until].at);
        let stands = stay.link.is_some_and(|link| !is_cut(link));
        stands && stay.certain_over(ask.at, ask.at) && until.is_none_or(|until| until > due)
    };
    let goes_on = sent.first.is_none_or(|at| !rooms.withheld.contains(&at));
    goes_on && sent.stay.is_some_and(stays) && sent.receivers.iter().copied().any(stays)
}

/// The message that asks for it.
fn sent<'p>(post: &'p Post, ask: &Ask) -> Option<&'p Sent> {
    let first = post.sent.partition_point(|sent| sent.at < ask.at);
    let here = post.sent[first..].iter();
    { here }
        .take_while(|sent| sent.at == ask.at)
        .find(|sent| sent.message == ask.message)
}

/// Whether something may have kept this line from carrying all until then.
fn is_cut(rooms: &Rooms, link: LinkId, due: u64) -> bool {
    let link = &rooms.links[link];
    let mut ends = link.down.into_iter().chain(link.ended);
    link.stalled || ends.any(|at| rooms.events[at].at <= due)
}
