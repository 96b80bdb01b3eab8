//! Law 10: a limit holds, and of those who ask at once for the last place one gets it.
//!
//! Counted are those who are certainly inside when somebody else is let in, and certainly still there when the server has answered them
//! once more: who was put out for the newcomer does not count.
//!
//! That nobody got the place is said only of several who asked at once, were in no room, and were all refused for want of room, by the dialect's own
//! words for that (`refusals: full`), while the room was certainly there and certainly had a place, whoever may have been inside. One alone may be
//! refused for reasons of his own, and so may several.

use super::{Breach, Finding, Law};
use crate::signaling::Terms;
use std::collections::BTreeMap;

use crate::facts::news::LOOKED_AT;
use crate::facts::rooms::{Ask, How, PeerId, Place, RoomId, Rooms, Stay, StayId};
use crate::signaling::Kind;

const LAW: Law = Law::LimitHolds;

pub(super) fn judge(rooms: &Rooms, terms: &Terms) -> Finding {
    let mut finding = Finding {
        law: LAW,
        premises: 0,
        breaches: Vec::new(),
    };
    let Some(size) = terms.room_size else {
        return finding;
    };
    let mut of: BTreeMap<RoomId, Vec<StayId>> = BTreeMap::new();
    for (id, stay) in rooms.stays.iter().enumerate() {
        of.entry(stay.room).or_default().push(id);
    }
    for ask in &rooms.asks {
        let (Some(stay), Some(reply)) = (ask.stay, ask.reply) else {
            continue;
        };
        if !matches!(ask.kind, Kind::Create | Kind::Join) {
            continue;
        }
        let stay = &rooms.stays[stay];
        let inside = inside(rooms, &of[&stay.room], stay, reply, terms);
        if inside.len() < size {
            continue;
        }
        finding.premises += 1;
        if stay.entered == Some(reply) {
            finding
                .breaches
                .push(too_many(rooms, stay, reply, &inside, size));
        }
    }
    // Another node may not know yet that somebody has left.
    if !rooms.is_spread() {
        nobody(rooms, &of, size, &mut finding);
    }
    finding
}

/// Finds those who asked at once for a place that was free, and did not get it.
fn nobody(rooms: &Rooms, of: &BTreeMap<RoomId, Vec<StayId>>, size: usize, finding: &mut Finding) {
    // Who says what nobody understands may be inside.
    if rooms.implicit() || rooms.peers.iter().any(|peer| peer.opaque) {
        return;
    }
    let mut asks: BTreeMap<RoomId, Vec<&Ask>> = BTreeMap::new();
    for ask in &rooms.asks {
        if let (Some(stay), Kind::Join) = (ask.stay, ask.kind) {
            asks.entry(rooms.stays[stay].room).or_default().push(ask);
        }
    }
    for (room, mut asks) in asks {
        asks.sort_by_key(|ask| ask.at);
        let mut at = 0;
        while at < asks.len() {
            // Those of whom one was not answered when the next one asked.
            let mut last = asks[at].reply;
            let mut end = at + 1;
            while end < asks.len() && last.is_none_or(|last| asks[end].at < last) {
                last = last.zip(asks[end].reply).map(|(a, b)| a.max(b));
                end += 1;
            }
            let together = &asks[at..end];
            at = end;
            if let Some(last) = last
                && let Some(inside) = stood_before(rooms, &of[&room], together, last, size)
            {
                finding.premises += 1;
                finding
                    .breaches
                    .push(none_got_it(rooms, together, last, inside, size));
            }
        }
    }
}

/// One who was certainly inside all the while, if all of these were refused though there was certainly a place.
fn stood_before<'r>(
    rooms: &'r Rooms,
    of: &[StayId],
    together: &[&Ask],
    last: usize,
    size: usize,
) -> Option<&'r Stay> {
    let first = together.first()?.at;
    let mut who: Vec<PeerId> = Vec::new();
    for ask in together {
        let stay = &rooms.stays[ask.stay?];
        if !stay.found_full || !matches!(ask.place, Place::Out(_)) {
            return None;
        }
        who.push(stay.peer);
    }
    who.sort_unstable();
    who.dedup();
    let before = of.partition_point(|stay| rooms.stays[*stay].asked <= last);
    if who.len() < 2 || before > LOOKED_AT {
        return None;
    }
    let stays = || of[..before].iter().map(|stay| &rooms.stays[*stay]);
    let server = rooms.restarted;
    // The server may not know yet that somebody has gone, unless he has told it, or it was another server.
    let may_be_inside = |stay: &&Stay| {
        let told = stay.how == Some(How::Left) && stay.gone.is_some_and(|gone| gone < first);
        let another = server.is_some_and(|server| stay.asked < server && server < first);
        !(stay.refused || told || another)
    };
    let mut inside: Vec<PeerId> = stays()
        .filter(may_be_inside)
        .map(|stay| stay.peer)
        .collect();
    inside.sort_unstable();
    inside.dedup();
    if inside.len() >= size {
        return None;
    }
    stays().find(|stay| {
        let still = stay.link.and_then(|link| rooms.settled(link, last));
        still.is_some_and(|still| stay.certain_over(first, still))
    })
}

fn none_got_it(
    rooms: &Rooms,
    together: &[&Ask],
    last: usize,
    inside: &Stay,
    size: usize,
) -> Breach {
    let stays = together.iter().filter_map(|ask| ask.stay);
    let mut names: Vec<String> = stays
        .map(|stay| rooms.peers[rooms.stays[stay].peer].name.to_string())
        .collect();
    names.sort();
    names.dedup();
    let asked = together.iter().map(|ask| ask.at);
    let mut because: Vec<_> = asked
        .chain(inside.entered)
        .map(|i| rooms.events[i].seq)
        .collect();
    because.sort_unstable();
    Breach {
        law: LAW,
        event: rooms.events[last].seq,
        because,
        message: format!(
            "{} asked at once for a place in a room of {size} that was free, and nobody got it; inside was {}",
            names.join(" and "),
            rooms.peers[inside.peer].name
        ),
    }
}

/// Who else is certainly in this room at this event. Nobody is so twice: who asks to come in again is in doubt where he was.
/// Of several nodes, one may have put somebody out and the other not know yet: then they must be there for as long as news may take.
fn inside<'r>(
    rooms: &'r Rooms,
    of: &[StayId],
    stay: &Stay,
    at: usize,
    terms: &Terms,
) -> Vec<&'r Stay> {
    let slack = u64::try_from(terms.slack.as_micros()).unwrap_or(u64::MAX);
    let slack = slack.saturating_add(rooms.starved);
    let shown = |settled: usize| match rooms.is_spread() {
        false => Some(settled),
        true => rooms.later(at, slack).map(|later| later.max(settled)),
    };
    let before = of.partition_point(|other| rooms.stays[*other].asked < at);
    let mut inside: Vec<&Stay> = of[..before]
        .iter()
        .rev()
        .take(LOOKED_AT)
        .map(|other| &rooms.stays[*other])
        .filter(|other| {
            let still = other.link.and_then(|link| rooms.settled(link, at));
            let still = still.and_then(shown);
            other.peer != stay.peer
                && !rooms.peers[other.peer].opaque
                && still.is_some_and(|still| other.certain_over(at, still))
        })
        .collect();
    inside.sort_by_key(|stay| stay.peer);
    inside
}

fn too_many(rooms: &Rooms, stay: &Stay, at: usize, inside: &[&Stay], size: usize) -> Breach {
    let name = |stay: &&Stay| rooms.peers[stay.peer].name.to_string();
    let names: Vec<String> = inside.iter().map(name).collect();
    let who = &rooms.peers[stay.peer].name;
    let because = inside.iter().filter_map(|stay| stay.entered);
    let mut because: Vec<_> = because.map(|i| rooms.events[i].seq).collect();
    because.sort_unstable();
    Breach {
        law: LAW,
        event: rooms.events[at].seq,
        because,
        message: format!(
            "{who} was let into a room of {size} with {} inside",
            names.join(", ")
        ),
    }
}
