//! Law 1: who left is announced to those who stay, within the declared time, and before they hear of the next stay.
//!
//! The time runs from when the tap saw the server let somebody go, or saw the link end, to when it saw the news. The harness
//! shares its machine with the server, so the bound is widened by a fixed slack, by the slowest reply of the same trace, and by the time that glare itself did not get; and
//! news that has not come by the end of the trace is missed only if the trace goes on for longer than that.
//!
//! Where a place is to be kept for some time at least, news of who was lost comes no earlier. That time runs from the first moment in which the
//! server can have known of the loss, so it knows of it no sooner; who has a line again, or may be out for another reason, is left out.

use std::collections::HashMap;

use super::{Breach, Finding, Law};
use crate::facts::post::{Origin, Post};
use crate::facts::rooms::{How, Leaving, LinkId, News, PeerId, Rooms, Stay, StayId};
use crate::signaling::{Audience, Kind, Terms};

const LAW: Law = Law::LeavingIsAnnounced;

/// A server's timer may go off a little early, in µs.
const EARLY: u64 = 50_000;

/// So many attempts to come back are looked at.
const MAX_TRIES: usize = 64;

/// The news of leavings that one link got about one peer, by event, and how many of them are accounted for.
#[derive(Default)]
struct Told {
    news: Vec<usize>,
    used: usize,
    /// Until when news of a leaving may still come that was not accounted for, in µs.
    owed: Option<u64>,
}

/// What the law says, and until when some news may still come, in µs.
pub(super) struct Announced {
    pub finding: Finding,
    pub awaited: Option<u64>,
}

pub(super) fn judge(rooms: &Rooms, post: &Post, terms: &Terms) -> Announced {
    let mut announced = Announced {
        finding: Finding {
            law: LAW,
            premises: 0,
            breaches: Vec::new(),
        },
        awaited: None,
    };
    let Some(bound) = terms.announces_leaving_within else {
        return announced;
    };
    let micros = |time: std::time::Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let bound = |kept: std::time::Duration, least: Option<std::time::Duration>| {
        let declared = micros(bound).saturating_add(micros(kept));
        Bound {
            least: least.map(micros),
            coalesces: terms.coalesces,
            comes_back: terms.coalesces || !terms.gives_ids,
            declared,
            limit: (declared.saturating_add(micros(terms.slack))).saturating_add(rooms.lag()),
        }
    };
    let by_word = bound(std::time::Duration::ZERO, None);
    let by_loss = bound(terms.keeps_places, terms.keeps_places_at_least);
    let mut told: HashMap<(LinkId, Option<PeerId>), Told> = HashMap::new();
    for news in rooms.news.iter().filter(|news| !news.joined) {
        told.entry((news.link, news.about))
            .or_default()
            .news
            .push(news.at);
    }
    let few = terms.announces_leaving_to == Audience::Signaled;
    let relayed = Relayed::of(post);
    let named = Named::of(rooms);
    for leaving in &rooms.leavings {
        let owed = |staying: &&StayId| {
            let between = || relayed.between(rooms, leaving, **staying);
            let met = || named.one_to_the_other(rooms, leaving, **staying);
            (!few || between()) && (came_in_time(rooms, leaving, **staying) || met() || between())
        };
        for staying in leaving.staying.iter().filter(owed) {
            told_of(
                rooms,
                leaving,
                &rooms.stays[*staying],
                match leaving.how {
                    How::Left => &by_word,
                    How::Ended | How::Void => &by_loss,
                },
                &mut told,
                &mut announced,
            );
        }
    }
    announced
}

/// Between which links something was relayed, in either direction, and by which events.
struct Relayed(HashMap<(LinkId, LinkId), Vec<usize>>);

impl Relayed {
    fn of(post: &Post) -> Self {
        let mut relayed: HashMap<_, Vec<usize>> = HashMap::new();
        for delivered in &post.delivered {
            if let Origin::Of(sent) = delivered.origin {
                let ends = in_order(post.sent[sent].link, delivered.link);
                relayed.entry(ends).or_default().push(delivered.at);
            }
        }
        Self(relayed)
    }

    /// Whether it was so between who left and this one, while both were inside.
    fn between(&self, rooms: &Rooms, leaving: &Leaving, staying: StayId) -> bool {
        let (gone, witness) = (&rooms.stays[leaving.stay], &rooms.stays[staying]);
        let (Some(one), Some(other)) = (gone.link, witness.link) else {
            return false;
        };
        let since = gone.asked.max(witness.asked);
        let at = self.0.get(&in_order(one, other));
        at.is_some_and(|at| {
            let next = at.get(at.partition_point(|at| *at < since));
            next.is_some_and(|at| *at < leaving.since)
        })
    }
}

/// Whether who stayed came in before whoever the server put out may have been out.
fn came_in_time(rooms: &Rooms, leaving: &Leaving, staying: StayId) -> bool {
    let entered = rooms.stays[staying].entered;
    rooms.stays[leaving.stay]
        .put_out()
        .is_none_or(|out| entered.is_some_and(|entered| entered < out))
}

/// When a link was last told that somebody is inside, by the link and whom it was told of.
struct Named(HashMap<(LinkId, PeerId), usize>);

impl Named {
    fn of(rooms: &Rooms) -> Self {
        let listed = rooms.listed.iter().map(|one| (one.link, one.about, one.at));
        let news = rooms.news.iter().filter(|news| news.joined);
        let news = news.filter_map(|news| Some((news.link, news.about?, news.at)));
        let mut named: HashMap<_, usize> = HashMap::new();
        for (link, about, at) in listed.chain(news) {
            let last = named.entry((link, about)).or_default();
            *last = at.max(*last);
        }
        Self(named)
    }

    /// Whether one of the two was told that the other is inside, since both had asked to be.
    fn one_to_the_other(&self, rooms: &Rooms, leaving: &Leaving, staying: StayId) -> bool {
        let (gone, witness) = (&rooms.stays[leaving.stay], &rooms.stays[staying]);
        let since = gone.asked.max(witness.asked);
        [(gone, witness), (witness, gone)].iter().any(|(to, of)| {
            let at = to.link.and_then(|link| self.0.get(&(link, of.peer)));
            at.is_some_and(|at| *at > since)
        })
    }
}

fn in_order(one: LinkId, other: LinkId) -> (LinkId, LinkId) {
    (one.min(other), one.max(other))
}

/// Microseconds.
struct Bound {
    coalesces: bool,
    /// Who comes in again is for the others who he was.
    comes_back: bool,
    declared: u64,
    limit: u64,
    /// So long nobody is told of a loss.
    least: Option<u64>,
}

fn breach(rooms: &Rooms, at: usize, because: &[usize], message: String) -> Breach {
    let because = because.iter().map(|i| rooms.events[*i].seq).collect();
    Breach {
        law: LAW,
        event: rooms.events[at].seq,
        because,
        message,
    }
}

fn told_of(
    rooms: &Rooms,
    leaving: &Leaving,
    witness: &Stay,
    bound: &Bound,
    told: &mut HashMap<(LinkId, Option<PeerId>), Told>,
    announced: &mut Announced,
) {
    let finding = &mut announced.finding;
    let gone = &rooms.stays[leaving.stay];
    let late = rooms.later(leaving.at, bound.limit);
    if rooms.lost_its_node(gone.peer, late.unwrap_or(rooms.events.len())) {
        return;
    }
    // Without a link nothing can be told; news that names nobody may be about anybody.
    let Some(link) = witness
        .link
        .filter(|link| !told.contains_key(&(*link, None)))
    else {
        return;
    };
    let at = |i: usize| rooms.events[i].at;
    let (who, name) = (&rooms.peers[gone.peer].name, &rooms.links[link].link);
    let how = match leaving.how {
        How::Left => "left",
        How::Ended | How::Void => "is gone",
    };
    let told = told.entry((link, Some(gone.peer))).or_default();
    // A server may tell the others before it ends the link itself.
    let early = told
        .news
        .get(told.used)
        .filter(|news| gone.entered.is_some_and(|entered| **news > entered))
        .filter(|news| **news < leaving.since);
    let since = told
        .news
        .partition_point(|news| *news < leaving.since)
        .max(told.used);
    // Who was back before anybody need hear of it, or whose end was told already, and went again: what comes after that is of the second end.
    let again = match back(rooms, gone, leaving, bound) {
        Some(Back::In(next)) if bound.coalesces || early.is_some() => next.certain_until(),
        _ => None,
    };
    let its_own = |news: &&usize| again.is_none_or(|again| **news < again);
    let (found, used) = match (told.news.get(since).filter(its_own), early) {
        (Some(news), _) => (Some(*news), since + 1),
        (None, Some(news)) => (Some(*news), told.used + 1),
        (None, None) => (None, told.used),
    };
    told.used = used;
    let due = at(leaving.at).saturating_add(bound.limit);
    if let Some(news) = found {
        finding.premises += 1;
        if let (Some(least), Some(lost)) = (bound.least, lost(rooms, leaving, gone, news))
            && told.owed.is_none_or(|due| due < at(lost))
        {
            let took = at(news).saturating_sub(at(lost));
            if took.saturating_add(EARLY) < least {
                let message = format!(
                    "{who}'s place was to be kept for at least {}, and {name} was told after {} that he is gone",
                    shown(least),
                    shown(took)
                );
                finding.breaches.push(breach(rooms, news, &[lost], message));
            }
        }
        if at(news) > due {
            let took = at(news).saturating_sub(at(leaving.at)) / 1000;
            let message = format!("{who} {how}, and {name} was told only after {took} ms");
            finding
                .breaches
                .push(breach(rooms, news, &[leaving.at], message));
        }
        return;
    }
    // A place that he was back in while it was kept, without news, is given up by nobody: what is told later is of another end.
    let kept = match (bound.least, back(rooms, gone, leaving, bound)) {
        (Some(least), Some(Back::In(next))) if bound.coalesces => {
            let away = at(next.asked).saturating_sub(at(leaving.at));
            let down = next.link.and_then(|line| rooms.links[line].down);
            let meanwhile = |at: usize| at > leaving.at && down.is_none_or(|down| at < down);
            let came =
                |news: &News| news.joined && news.link == link && news.about == Some(gone.peer);
            let told_anew = (rooms.news.iter()).any(|news| came(news) && meanwhile(news.at));
            away.saturating_add(EARLY) < least && !told_anew
        }
        _ => false,
    };
    told.owed = (!kept).then_some(due);
    let until = witness
        .certain_until()
        .or_else(|| rooms.events.len().checked_sub(1));
    if let Some(next) = back(rooms, gone, leaving, bound).filter(|_| bound.comes_back) {
        if let Some(heard) = skipped(rooms, link, gone, next, bound) {
            finding.premises += 1;
            let message = format!(
                "{who} {how} and came back, and {name} heard that he came, not that he had gone"
            );
            finding
                .breaches
                .push(breach(rooms, heard, &[leaving.at], message));
        }
        return;
    }
    if until.is_none_or(|until| at(until) <= due) {
        if witness.certain_until().is_none() {
            announced.awaited = announced.awaited.max(Some(due));
        }
        return;
    }
    finding.premises += 1;
    let message = format!("{who} {how}, and {name} was never told: a ghost");
    let entered: Vec<usize> = witness.entered.into_iter().collect();
    finding
        .breaches
        .push(breach(rooms, leaving.at, &entered, message));
}

/// The first moment in which the server can have known that he was lost, if nothing but that may have ended his stay by the time of this news.
fn lost(rooms: &Rooms, leaving: &Leaving, gone: &Stay, news: usize) -> Option<usize> {
    let line = gone.link.filter(|_| leaving.how == How::Ended)?;
    let life = &rooms.links[line];
    let down = life.down.filter(|down| life.lost && *down == leaving.at)?;
    let lost = life.ended.map_or(down, |ended| ended.min(down));
    let meanwhile = |at: usize| lost < at && at < news;
    // Who has a line again may be told to have gone as well as to have come.
    let again = (rooms.links.iter().enumerate())
        .any(|(other, life)| other != line && life.peer == gone.peer && meanwhile(life.began));
    let asks = rooms.asks.iter().any(|ask| match ask.kind {
        // The room itself may be gone, or he may be put out of it.
        Kind::Destroy | Kind::Kick => ask.at < news && ask.reply.is_none_or(|reply| reply > lost),
        _ => rooms.links[ask.link].peer == gone.peer && meanwhile(ask.at),
    });
    let left = gone.certain_until().is_some_and(|until| until < lost);
    (down < news && !again && !asks && !left).then_some(lost)
}

/// A time, for people.
fn shown(micros: u64) -> String {
    match micros / 1000 {
        ms if ms % 1000 == 0 && ms > 0 => format!("{} s", ms / 1000),
        ms => format!("{ms} ms"),
    }
}

/// Whether whoever left was let in again before the others had to be told: a server may wait that long for a lost connection.
fn back<'r>(rooms: &'r Rooms, gone: &Stay, leaving: &Leaving, bound: &Bound) -> Option<Back<'r>> {
    let stays = &rooms.peers[gone.peer].stays;
    let next = stays.partition_point(|stay| rooms.stays[*stay].asked <= leaving.at);
    let at = |i: usize| rooms.events[i].at;
    let in_time = |stay: &&Stay| at(stay.asked) <= at(leaving.at).saturating_add(bound.declared);
    let mut tries = stays[next..]
        .iter()
        .map(|stay| &rooms.stays[*stay])
        .take_while(in_time);
    // Who tries more often than that is given up on, and nobody accused.
    match tries.by_ref().take(MAX_TRIES).find(|stay| !stay.refused) {
        Some(stay) => Some(Back::In(stay)),
        None => tries.next().map(|_| Back::Perhaps),
    }
}

/// Where whoever left is again.
enum Back<'r> {
    /// In this stay.
    In(&'r Stay),
    /// He tried too often to tell.
    Perhaps,
}

/// The news of somebody's next stay, where the hearer knew of the one before and was never told of its end. Whoever coalesces may do so.
fn skipped(
    rooms: &Rooms,
    link: LinkId,
    gone: &Stay,
    next: Back<'_>,
    bound: &Bound,
) -> Option<usize> {
    let Back::In(next) = next else { return None };
    if bound.coalesces || next.room != gone.room || next.entered.is_none() {
        return None;
    }
    let of = |news: &&News| news.link == link && news.about == Some(gone.peer);
    let news = || rooms.news.iter().filter(of);
    let listed = rooms
        .listed
        .iter()
        .any(|listed| listed.link == link && listed.about == gone.peer && listed.at < next.asked);
    let knew = listed || news().any(|news| news.joined && news.at < next.asked);
    let told = news().find(|news| news.at > next.asked)?;
    (knew && told.joined).then_some(told.at)
}
