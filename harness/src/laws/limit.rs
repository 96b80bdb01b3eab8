//! Law 10: a limit holds, and of those who ask at once for the last place one gets it.
//!
//! Counted are those who are certainly inside when somebody else is let in, and certainly still there when the server has answered them
//! once more: who was put out for the newcomer does not count.

use super::{Breach, Finding, Law};
use crate::signaling::Terms;
use std::collections::BTreeMap;

use crate::facts::news::LOOKED_AT;
use crate::facts::rooms::{RoomId, Rooms, Stay, StayId};
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
        let inside = inside(rooms, &of[&stay.room], stay, reply);
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
    finding
}

/// Who else is certainly in this room at this event. Nobody is so twice: who asks to come in again is in doubt where he was.
fn inside<'r>(rooms: &'r Rooms, of: &[StayId], stay: &Stay, at: usize) -> Vec<&'r Stay> {
    let before = of.partition_point(|other| rooms.stays[*other].asked < at);
    let mut inside: Vec<&Stay> = of[..before]
        .iter()
        .rev()
        .take(LOOKED_AT)
        .map(|other| &rooms.stays[*other])
        .filter(|other| {
            let still = other.link.and_then(|link| rooms.settled(link, at));
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
