//! Law 9, of two who come at once: whatever a server looks up first, of any two who are inside one has been told of the other.
//!
//! Neither was inside for the other, so neither is owed the news by that; but a server puts one in before the other, and the one is told of who comes
//! then, or the other of who is there. Where each is looked up before either is in, neither ever hears.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Law;
use super::news::{News, breach, came_before, limit};
use crate::facts::news::{Story, stories};
use crate::facts::rooms::{LinkId, PeerId, Rooms, Stay};
use crate::signaling::Terms;

pub(super) fn judge(rooms: &Rooms, within: Duration, terms: &Terms, news: &mut News) {
    let limit = limit(rooms, within, terms);
    let at = |i: usize| rooms.events[i].at;
    let Some(end) = rooms.events.len().checked_sub(1) else {
        return;
    };
    if rooms.at_once.is_empty() {
        return;
    }
    let told: BTreeMap<(LinkId, PeerId), Story> = stories(rooms)
        .into_iter()
        .map(|story| ((story.link, story.about), story))
        .collect();
    let somebody = of_somebody(rooms);
    for (first, second) in &rooms.at_once {
        let pair = [*first, *second].map(|stay| &rooms.stays[stay]);
        let [one, other] = pair;
        let (Some(mine), Some(his), Some(entered)) =
            (hears(rooms, one), hears(rooms, other), other.entered)
        else {
            continue;
        };
        // Who made a room may be in another of that name, and who was here before may never have been out for the server.
        let spared = |stay: &&Stay| stay.made || came_before(rooms, stay);
        if pair.iter().any(spared) {
            continue;
        }
        let since = one.asked.max(other.asked);
        let knows = |link: LinkId, of: PeerId| {
            let named = told.get(&(link, of)).is_some_and(|story| {
                let after = story.told.partition_point(|told| told.at <= since);
                let mut words = story.told[after..].iter();
                words.any(|told| told.here && !(told.listed && terms.lists_nobody))
            });
            named || somebody.get(&link).is_some_and(|at| *at > since)
        };
        let due = at(entered).saturating_add(limit);
        if knows(mine, other.peer) || knows(his, one.peer) {
            news.is_true.premises += 1;
            continue;
        }
        let late = rooms.later(entered, limit).unwrap_or(rooms.events.len());
        let mut nodeless = pair.iter().map(|stay| rooms.lost_its_node(stay.peer, late));
        if nodeless.any(|lost| lost) {
            continue;
        }
        // Both must be there for as long as the news may take.
        let until = (one.certain_until().into_iter())
            .chain(other.certain_until())
            .min();
        match until {
            Some(until) if at(until) <= due => continue,
            None if at(end) <= due => {
                news.awaited = news.awaited.max(Some(due));
                continue;
            }
            _ => {}
        }
        news.is_true.premises += 1;
        let (who, with) = (&rooms.peers[one.peer].name, &rooms.peers[other.peer].name);
        let message = format!(
            "{who} and {with} came at once, both are inside, and neither was told of the other"
        );
        let because = [one.asked, other.asked];
        let breach = breach(rooms, Law::NewsIsTrue, entered, &because, message);
        news.is_true.breaches.push(breach);
    }
}

/// The link by which somebody hears all that he is told in a stay, from when he asked for it.
fn hears(rooms: &Rooms, stay: &Stay) -> Option<LinkId> {
    let link = stay.link?;
    let line = &rooms.links[link];
    let from_the_start = line.up.is_some_and(|up| up < stay.asked);
    (from_the_start && !line.stalled && !rooms.peers[stay.peer].opaque).then_some(link)
}

/// When each link was last told of somebody who may be anybody.
fn of_somebody(rooms: &Rooms) -> BTreeMap<LinkId, usize> {
    let news = rooms.news.iter();
    let unnamed = news.filter(|news| news.joined && news.about.is_none());
    let unnamed = unnamed.map(|news| (news.link, news.at));
    let mut last = BTreeMap::new();
    for (link, at) in unnamed.chain(rooms.listed_somebody.iter().copied()) {
        let known = last.entry(link).or_insert(at);
        *known = at.max(*known);
    }
    last
}
