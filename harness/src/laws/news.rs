//! Law 9, news is true: what is told of somebody was so at some moment since the hearer's last word of him, and the last word is how it is.
//! Law 12, promised order: where promised, news of a stay comes before what its peer relays, and each piece once.
//!
//! A word that follows another at once, of the same kind, may repeat it: that is broken only where each piece is promised once. That a last
//! word is not how it is counts only past the declared time, for somebody who is certainly there.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Breach, Finding, Law};
use crate::facts::Facts;
use crate::facts::news::{LOOKED_AT, State, Story, Told};
use crate::facts::post::Origin;
use crate::facts::rooms::{LinkId, PeerId, Rooms, Stay, StayId};
use crate::signaling::Terms;

/// What both laws say, and until when some news may still come, in µs.
pub(super) struct News {
    pub is_true: Finding,
    pub in_order: Finding,
    pub awaited: Option<u64>,
}

pub(super) fn judge(facts: &Facts, terms: &Terms) -> News {
    let finding = |law| Finding {
        law,
        premises: 0,
        breaches: Vec::new(),
    };
    let mut news = News {
        is_true: finding(Law::NewsIsTrue),
        in_order: finding(Law::PromisedOrder),
        awaited: None,
    };
    let rooms = &facts.rooms;
    let stories = crate::facts::news::stories(rooms);
    for story in stories.iter().filter(|story| is_known(rooms, story)) {
        follow(rooms, story, terms, &mut news);
    }
    let told: BTreeMap<(LinkId, PeerId), &Story> = stories
        .iter()
        .map(|story| ((story.link, story.about), story))
        .collect();
    if let Some(within) = terms.announces_joining_within {
        comings(rooms, &told, within, terms, &mut news);
    }
    if terms.news_before_relays {
        before_relays(facts, &told, terms, &mut news.in_order);
    }
    news
}

/// Whether what each of the two said is understood: else nobody knows where they are.
fn is_known(rooms: &Rooms, story: &Story) -> bool {
    let hearer = rooms.links[story.link].peer;
    hearer != story.about && !rooms.peers[hearer].opaque && !rooms.peers[story.about].opaque
}

pub(super) fn breach(
    rooms: &Rooms,
    law: Law,
    at: usize,
    because: &[usize],
    message: String,
) -> Breach {
    let mut because: Vec<_> = because.iter().map(|i| rooms.events[*i].seq).collect();
    because.sort_unstable();
    because.dedup();
    Breach {
        law,
        event: rooms.events[at].seq,
        because,
        message,
    }
}

/// Follows the words along the course. The earliest place that fits leaves most for those to come.
fn follow(rooms: &Rooms, story: &Story, terms: &Terms, news: &mut News) {
    let (to, who) = (
        &rooms.links[story.link].link,
        &rooms.peers[story.about].name,
    );
    let mut place = 0;
    let mut last: Option<&Told> = None;
    let mut gone = 0;
    for told in &story.told {
        gone += usize::from(!told.here);
        // What law 2 calls news from nowhere is not accused twice.
        if rooms.is_from_nowhere(told.at) || rooms.lost_its_node(story.about, told.at) {
            last = None;
            continue;
        }
        news.is_true.premises += 1;
        // Who comes in again may be told again of those inside.
        let again = |last: &Told| !last.listed && last.entry == told.entry;
        let once = terms.news_once && !told.listed && last.is_some_and(again);
        news.in_order.premises += usize::from(terms.news_once && !told.listed);
        let fits = |state: &State| {
            state.here == told.here && state.since.is_none_or(|since| since < told.at)
        };
        let later = story
            .course
            .iter()
            .skip(place)
            .take(LOOKED_AT)
            .position(fits);
        let fresh = match (once, last) {
            (true, Some(_)) => story
                .course
                .iter()
                .skip(place + 1)
                .take(LOOKED_AT)
                .position(fits)
                .map(|at| at + 1),
            _ => later,
        };
        let because: Vec<usize> = last.iter().map(|last| last.at).chain(told.cause).collect();
        match (fresh, later) {
            (Some(step), _) => place += step,
            // The same word again, and nothing new that it could tell of.
            (None, Some(_)) if last.is_some_and(|last| last.here == told.here) => {
                let what = if told.here { "there" } else { "gone" };
                let message = format!("{to} was told once more that {who} is {what}");
                let breach = breach(rooms, Law::PromisedOrder, told.at, &because, message);
                news.in_order.breaches.push(breach);
            }
            // Too far ahead to be searched for: nothing is said.
            (None, None) if story.course.len() > place + LOOKED_AT => {}
            // It may be of an id that he had before.
            _ if !told.here && terms.gives_ids && gone <= ended(story, told.at) => {}
            // The server knows of the line that takes over before the tap sees that it stands.
            _ if !told.here
                && terms.takes_over
                && may_be_taken_over(rooms, story.about, told.at, terms) => {}
            _ => {
                let message = untrue(rooms, story, told, last);
                let breach = breach(rooms, Law::NewsIsTrue, told.at, &because, message);
                news.is_true.breaches.push(breach);
            }
        }
        last = Some(told);
    }
}

/// So many times whom a story is about had gone by then.
fn ended(story: &Story, by: usize) -> usize {
    let ends = |state: &&State| !state.here && state.since.is_some_and(|since| since < by);
    story.course.iter().filter(ends).count()
}

/// Whether a new line of this peer comes up so soon after this moment that it may be what was told of, or may still.
fn may_be_taken_over(rooms: &Rooms, who: PeerId, at: usize, terms: &Terms) -> bool {
    let slack = u64::try_from(terms.slack.as_micros()).unwrap_or(u64::MAX);
    let soon = rooms.events[at]
        .at
        .saturating_add(slack.saturating_add(rooms.starved));
    let mut ups = rooms.peers[who].links.iter();
    let comes_up = ups.any(|link| {
        let up = rooms.links[*link].up;
        up.is_some_and(|up| up > at && rooms.events[up].at <= soon)
    });
    comes_up || rooms.events.last().is_none_or(|last| last.at <= soon)
}

fn untrue(rooms: &Rooms, story: &Story, told: &Told, last: Option<&Told>) -> String {
    let (to, who) = (
        &rooms.links[story.link].link,
        &rooms.peers[story.about].name,
    );
    let what = if told.here { "there" } else { "gone" };
    let never = match (told.here, last) {
        (true, None) => "was not there then",
        (false, None) => "had not been there to go",
        (true, Some(_)) => "has not come again since the last news of him",
        (false, Some(_)) => "has not gone since the last news of him",
    };
    format!("{to} was told that {who} is {what}, who {never}")
}

/// How long after something has happened its news may come, in µs.
pub(super) fn limit(rooms: &Rooms, within: Duration, terms: &Terms) -> u64 {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    micros(within)
        .saturating_add(micros(terms.slack))
        .saturating_add(rooms.lag())
}

/// Who came while somebody was inside, who has no word of it, or whose last word says otherwise.
fn comings(
    rooms: &Rooms,
    told: &BTreeMap<(LinkId, PeerId), &Story>,
    within: Duration,
    terms: &Terms,
    news: &mut News,
) {
    let limit = limit(rooms, within, terms);
    let at = |i: usize| rooms.events[i].at;
    let Some(end) = rooms.events.len().checked_sub(1) else {
        return;
    };
    for (id, stay, entered) in certain(rooms) {
        let due = at(entered).saturating_add(limit);
        for witness in &rooms.witnesses[&id] {
            let witness = &rooms.stays[*witness];
            let Some(link) = witness.link.filter(|link| !rooms.links[*link].stalled) else {
                continue;
            };
            let hearer = witness.peer;
            if rooms.peers[hearer].opaque || rooms.peers[stay.peer].opaque {
                continue;
            }
            // Who is back in time need not be told to have gone, nor to be there again.
            if terms.coalesces && came_before(rooms, stay) {
                continue;
            }
            let story = told.get(&(link, stay.peer));
            let heard = story.is_some_and(|story| {
                let after = story.told.partition_point(|told| told.at <= stay.asked);
                story.told[after..].iter().any(|told| told.here)
            });
            // Both must be there for as long as the news may take.
            let until = [stay, witness]
                .iter()
                .filter_map(|stay| stay.certain_until())
                .min();
            let silent = match (until, heard) {
                (_, true) => false,
                (Some(until), false) => at(until) > due,
                (None, false) if at(end) > due => true,
                (None, false) => {
                    news.awaited = news.awaited.max(Some(due));
                    continue;
                }
            };
            if !heard && !silent {
                continue;
            }
            news.is_true.premises += 1;
            if silent {
                let (who, name) = (&rooms.peers[stay.peer].name, &rooms.links[link].link);
                let message = format!("{who} came, and {name} was never told");
                let breach = breach(rooms, Law::NewsIsTrue, entered, &[stay.asked], message);
                news.is_true.breaches.push(breach);
            }
        }
    }
    last_words(rooms, told, terms, limit, news);
}

/// Whether this peer was in this room before.
pub(super) fn came_before(rooms: &Rooms, stay: &Stay) -> bool {
    let stays = rooms.peers[stay.peer].stays.iter().take(LOOKED_AT);
    let mut stays = stays.map(|other| &rooms.stays[*other]);
    stays.any(|other| other.room == stay.room && !other.refused && other.asked < stay.asked)
}

/// The last word says that somebody is gone who has been there for longer than news may take.
fn last_words(
    rooms: &Rooms,
    told: &BTreeMap<(LinkId, PeerId), &Story>,
    terms: &Terms,
    limit: u64,
    news: &mut News,
) {
    let at = |i: usize| rooms.events[i].at;
    let Some(end) = rooms.events.len().checked_sub(1) else {
        return;
    };
    for story in told.values().filter(|story| is_known(rooms, story)) {
        let Some(last) = story.told.last().filter(|last| !last.here) else {
            continue;
        };
        let link = &rooms.links[story.link];
        if rooms.lost_its_node(story.about, last.at) {
            continue;
        }
        if link.down.is_some() || link.ended.is_some() || link.stalled {
            continue;
        }
        let gone = story.told.iter().filter(|told| !told.here).count();
        if terms.gives_ids && gone <= ended(story, last.at) {
            continue;
        }
        let here = story.course.iter().rev().find_map(|state| {
            let stay = &rooms.stays[state.stay?];
            let certain = stay.gone.is_none() && stay.certain_until().is_none();
            certain.then_some(stay.entered).flatten()
        });
        // A stay that began after the word is told of by `comings`.
        let Some(entered) = here.filter(|entered| *entered < last.at) else {
            continue;
        };
        let due = at(last.at).saturating_add(limit);
        if at(end) <= due {
            news.awaited = news.awaited.max(Some(due));
            continue;
        }
        let already = |breach: &Breach| breach.event == rooms.events[last.at].seq;
        if !news.is_true.breaches.iter().any(already) {
            let (to, who) = (&link.link, &rooms.peers[story.about].name);
            let message =
                format!("the last that {to} was told of {who} is that he is gone, and he is there");
            let breach = breach(rooms, Law::NewsIsTrue, last.at, &[entered], message);
            news.is_true.breaches.push(breach);
        }
    }
}

/// The stays that certainly began, with when they did.
fn certain(rooms: &Rooms) -> impl Iterator<Item = (StayId, &Stay, usize)> {
    let entered = |(id, stay): (StayId, &Stay)| {
        rooms
            .witnesses
            .contains_key(&id)
            .then_some(stay.entered)
            .flatten()
    };
    rooms
        .stays
        .iter()
        .enumerate()
        .filter_map(move |(id, stay)| Some((id, stay, entered((id, stay))?)))
}

/// The first that somebody relays in a stay must not reach who was there before the news of it.
fn before_relays(
    facts: &Facts,
    told: &BTreeMap<(LinkId, PeerId), &Story>,
    terms: &Terms,
    finding: &mut Finding,
) {
    let rooms = &facts.rooms;
    let mut first: BTreeMap<(LinkId, StayId), ()> = BTreeMap::new();
    for delivered in facts.post.delivered.iter().filter(|one| !one.http) {
        let Origin::Of(id) = delivered.origin else {
            continue;
        };
        let sent = &facts.post.sent[id];
        let Some(stay_id) = sent.stay else { continue };
        let stay = &rooms.stays[stay_id];
        // Who is back in time need not be told of.
        if terms.coalesces && came_before(rooms, stay) {
            continue;
        }
        let to = rooms.links[delivered.link].peer;
        let mut mine = rooms.peers[to].stays.iter().rev().take(LOOKED_AT);
        let was_there = mine.any(|mine| {
            let mine = &rooms.stays[*mine];
            mine.link == Some(delivered.link)
                && mine.room == stay.room
                && mine.certain_over(stay.asked, delivered.at)
        });
        if !was_there || rooms.peers[stay.peer].opaque || rooms.peers[to].opaque {
            continue;
        }
        if first.insert((delivered.link, stay_id), ()).is_some() {
            continue;
        }
        finding.premises += 1;
        let heard = told.get(&(delivered.link, stay.peer)).is_some_and(|story| {
            let after = story.told.partition_point(|told| told.at <= stay.asked);
            let before = |told: &&Told| told.at < delivered.at;
            let mut between = story.told[after..].iter().take_while(before);
            between.any(|told| told.here)
        });
        if !heard {
            let (name, who) = (
                &rooms.links[delivered.link].link,
                &rooms.peers[stay.peer].name,
            );
            let kind = delivered.kind;
            let message = format!("{name} got {who}'s {kind} before any news that {who} had come");
            let breach = breach(
                rooms,
                Law::PromisedOrder,
                delivered.at,
                &[stay.asked, sent.message],
                message,
            );
            finding.breaches.push(breach);
        }
    }
}
