//! Law 9, of hosts: what those inside were told last is of somebody who is there, and of the same one.
//!
//! Judged only past the declared time, of those who are certainly inside and hear everything.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Law;
use super::news::{News, breach, limit};
use crate::facts::rooms::{HostTold, How, LinkId, PeerId, RoomId, Rooms};
use crate::signaling::Terms;

pub(super) fn judge(rooms: &Rooms, within: Duration, terms: &Terms, news: &mut News) {
    let limit = limit(rooms, within, terms);
    let at = |i: usize| rooms.events[i].at;
    let Some(end) = rooms.events.len().checked_sub(1) else {
        return;
    };
    // On another node it may come later.
    if rooms.is_spread() {
        return;
    }
    let mut last: BTreeMap<LinkId, &HostTold> = BTreeMap::new();
    for told in &rooms.hosts {
        last.insert(told.link, told);
    }
    let mut known: BTreeMap<RoomId, &HostTold> = BTreeMap::new();
    for (link, told) in last {
        let line = &rooms.links[link];
        let deaf = line.down.is_some() || line.ended.is_some() || line.stalled;
        let Some(stay) = rooms.stay(link).filter(|_| !deaf) else {
            continue;
        };
        let stay = &rooms.stays[stay];
        if stay.certain_until().is_some() || told.at < stay.asked || rooms.peers[stay.peer].opaque {
            continue;
        }
        let name = &line.link;
        let who = |peer: PeerId| &rooms.peers[peer].name;
        // Whose going makes another one host, or the last word of one.
        let gone = gone(rooms, told.about, stay.room, link);
        if let Some(gone) = gone.filter(|gone| *gone > told.at) {
            let due = at(gone).saturating_add(limit);
            if at(end) <= due {
                news.awaited = news.awaited.max(Some(due));
                continue;
            }
            news.is_true.premises += 1;
            let message = format!(
                "the last that {name} was told is that {} is host, who has gone",
                who(told.about)
            );
            let breach = breach(rooms, Law::NewsIsTrue, gone, &[told.at], message);
            news.is_true.breaches.push(breach);
            continue;
        }
        let Some(other) = known.get(&stay.room) else {
            known.insert(stay.room, told);
            continue;
        };
        let newest = told.at.max(other.at);
        let due = at(newest).saturating_add(limit);
        if told.about != other.about && at(end) <= due {
            news.awaited = news.awaited.max(Some(due));
            continue;
        }
        news.is_true.premises += 1;
        if told.about != other.about {
            let message = format!(
                "{name} was told that {} is host, and {} that {} is",
                who(told.about),
                rooms.links[other.link].link,
                who(other.about)
            );
            let because = [told.at.min(other.at)];
            let breach = breach(rooms, Law::NewsIsTrue, newest, &because, message);
            news.is_true.breaches.push(breach);
        }
    }
}

/// Since when somebody is certainly not in this room, who was; `None`: he may be, as one whose place is kept. Of who is lost it is certain for who
/// was told that he has gone.
fn gone(rooms: &Rooms, who: PeerId, room: RoomId, hearer: LinkId) -> Option<usize> {
    let told = rooms.news.iter();
    let mut told = told.filter(|news| news.link == hearer && news.about == Some(who));
    let told = told
        .next_back()
        .filter(|news| !news.joined)
        .map(|news| news.at);
    let stays = rooms.peers[who]
        .stays
        .iter()
        .map(|stay| &rooms.stays[*stay]);
    let mut last = None;
    for stay in stays.filter(|stay| stay.room == room && !stay.refused) {
        let left = stay.gone.filter(|_| stay.how == Some(How::Left));
        let told = told.filter(|told| stay.gone.is_some() && *told > stay.asked);
        last = Some(left.or(told)?);
    }
    last
}
