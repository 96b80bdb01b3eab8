//! News: each word that somebody is there or gone, and the stay's begin or end that can have caused it.
//!
//! Of whom a link is told, there is one course: out, in his first stay, out, in his second, … Words about him follow it forwards. One that no
//! place of the course from the last word's on explains was never so since then.

use std::collections::BTreeMap;

use super::rooms::{How, LinkId, PeerId, RoomId, Rooms, Stay, StayId};
use crate::signaling::Kind;

/// So far back, and forward, one word is searched for.
pub(crate) const LOOKED_AT: usize = 256;

/// A word of somebody's being there or not, as one link got it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told {
    /// Its event.
    pub at: usize,
    /// It says that he is there.
    pub here: bool,
    /// It is a list's, told to one who comes in.
    pub listed: bool,
    /// The event that it may tell of: a stay's begin or end.
    pub cause: Option<usize>,
    /// It tells of nothing else, as far as can be known.
    pub sure: bool,
    /// When the hearer asked to come in, for the stay in which it hears it.
    pub entry: Option<usize>,
}

/// A place in somebody's course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    pub here: bool,
    /// The stay that begins or ends here; none before the first.
    pub stay: Option<StayId>,
    /// The event that it comes from; `None`: it is so from the start.
    pub from: Option<usize>,
    /// The event from which on it may be so, and told: what the server does by itself it knows, and may tell, before the tap sees it.
    pub since: Option<usize>,
    /// Nobody can tell whether it was so: a server may have one leave a room who asks to come into one, this or another.
    pub maybe: bool,
}

/// So many stays that began before a link did are in what it is told of: more than a peer has open at once.
const BEFORE: usize = 4 * super::rooms::MAX_OPEN;

/// All that one link was told of one peer.
#[derive(Debug)]
pub(crate) struct Story {
    pub link: LinkId,
    pub about: PeerId,
    /// In the order of arrival.
    pub told: Vec<Told>,
    /// Where he was all along, in the rooms of whoever hears it; of what was before the link came up, the last.
    pub course: Vec<State>,
}

/// The hearer's stay in which it hears something at this event, and those besides that may still be on.
fn hearing(rooms: &Rooms, link: LinkId, at: usize) -> Vec<&Stay> {
    let peer = &rooms.peers[rooms.links[link].peer];
    let before = peer
        .stays
        .partition_point(|stay| rooms.stays[*stay].asked < at);
    let mut mine = peer.stays[..before]
        .iter()
        .rev()
        .take(LOOKED_AT)
        .map(|stay| &rooms.stays[*stay])
        .filter(|stay| !stay.refused && stay.link.is_none_or(|on| on == link));
    let newest = mine.next();
    let open = mine.filter(|stay| stay.gone.is_none_or(|gone| gone > at));
    newest
        .into_iter()
        .chain(open.take(super::rooms::MAX_OPEN))
        .collect()
}

/// When the peer, in this stay, asked to come into a room, and was not refused.
fn asked_to_come_in(rooms: &Rooms, stay: &Stay) -> impl Iterator<Item = usize> {
    stay.doubts.iter().filter_map(|(ask, at)| {
        let kind = rooms.asks[(*ask)?].kind;
        matches!(kind, Kind::Create | Kind::Join).then_some(*at)
    })
}

/// The event that may have ended a stay: a request to leave, the link's end, what the server said.
fn end(rooms: &Rooms, stay: &Stay) -> Option<usize> {
    let asked = stay.doubts.iter().filter_map(|(ask, at)| {
        let kind = rooms.asks[(*ask)?].kind;
        matches!(kind, Kind::Leave | Kind::Destroy | Kind::Kick).then_some(*at)
    });
    let ended = stay.doubts.iter().filter(|(ask, _)| ask.is_none());
    // Where a server, or a room, went, nobody is told.
    let down = stay.link.and_then(|link| rooms.links[link].down);
    let gone = stay
        .gone
        .filter(|gone| stay.how != Some(How::Void) || down == Some(*gone));
    asked
        .min()
        .or_else(|| ended.map(|(_, at)| *at).chain(gone).min())
}

/// Whether the server itself ended a link at this event.
fn thrown_out(rooms: &Rooms, link: Option<LinkId>, end: usize) -> bool {
    link.is_some_and(|link| rooms.links[link].by_server && rooms.links[link].down == Some(end))
}

/// Those of a list in time that may matter to who hears from one event to another, and some before: somebody who comes back again and again,
/// each time on a new link, has a course on each that is no longer for that.
fn heard_of<T>(all: &[T], (from, to): (usize, usize), at: impl Fn(&T) -> usize) -> &[T] {
    let first = all.partition_point(|one| at(one) < from);
    let last = all.partition_point(|one| at(one) <= to);
    &all[first.saturating_sub(BEFORE)..last]
}

fn course(rooms: &Rooms, about: PeerId, of: &[RoomId], span: (usize, usize)) -> Vec<State> {
    let mut course = vec![State {
        here: false,
        stay: None,
        from: None,
        since: None,
        maybe: false,
    }];
    let stays = &rooms.peers[about].stays;
    for id in heard_of(stays, span, |id| rooms.stays[*id].asked) {
        let stay = &rooms.stays[*id];
        if stay.refused || !of.contains(&stay.room) {
            continue;
        }
        let state = |here, from, since| State {
            here,
            stay: Some(*id),
            from: Some(from),
            since: Some(since),
            maybe: false,
        };
        course.push(state(true, stay.asked, stay.asked));
        let mut later: Vec<State> = asked_to_come_in(rooms, stay)
            .flat_map(|at| [false, true].map(|here| state(here, at, at)))
            .map(|state| State {
                maybe: true,
                ..state
            })
            .collect();
        if let Some(end) = end(rooms, stay) {
            let early = thrown_out(rooms, stay.link, end);
            later.push(state(false, end, if early { stay.asked } else { end }));
        }
        later.sort_by_key(|state| state.from);
        course.extend(later);
    }
    returns(rooms, about, span, &mut course);
    course
}

/// Where a second line replaces the first, or who is back in time never went, to connect may be to be inside again, without a request.
fn returns(rooms: &Rooms, about: PeerId, span: (usize, usize), course: &mut Vec<State>) {
    if !rooms.returns || course.len() < 2 {
        return;
    }
    let state = |here, from, since| State {
        here,
        stay: None,
        from: Some(from),
        since: Some(since),
        maybe: false,
    };
    // The server knows of a new line before the tap sees that it is open.
    let mut before = None;
    let lines = &rooms.peers[about].links;
    for id in heard_of(lines, span, |id| rooms.links[*id].began) {
        let line = &rooms.links[*id];
        let Some(up) = line.up else { continue };
        if let Some(before) = before.replace(up) {
            course.extend([state(false, up, before), state(true, up, before)]);
            course.extend(line.down.map(|down| {
                let early = thrown_out(rooms, Some(*id), down);
                state(false, down, if early { up } else { down })
            }));
        }
    }
    course.sort_by_key(|state| state.from);
}

/// Where a stay really ended, if news that it is over may tell of that too.
fn surely(course: &[State], place: usize, at: usize) -> Option<(usize, &State)> {
    let found = course
        .get(place)
        .filter(|state| state.maybe && !state.here)?;
    let mut later = course.iter().enumerate().skip(place).take(LOOKED_AT);
    later.find(|(_, state)| {
        (state.stay, state.here, state.maybe) == (found.stay, false, false)
            && state.since.is_some_and(|since| since < at)
    })
}

/// From this place on, as long as nothing else was so before this event: the first that a request or the end of a stay led to. Who may be inside
/// by connecting alone, and asks to come in, is told of for having asked.
fn by_words(course: &[State], place: usize, at: usize) -> Option<(usize, &State)> {
    let here = course.get(place)?.here;
    let later = course.iter().enumerate().skip(place).take(LOOKED_AT);
    let mut same = later
        .take_while(|(_, state)| state.here == here && state.since.is_some_and(|since| since < at));
    same.find(|(_, state)| state.stay.is_some())
}

/// What each link was told of each peer, in the order of links and peers.
pub(crate) fn stories(rooms: &Rooms) -> Vec<Story> {
    let mut words: BTreeMap<(LinkId, PeerId), Vec<Told>> = BTreeMap::new();
    let mut all: Vec<_> = rooms
        .news
        .iter()
        .filter_map(|news| Some((news.at, news.link, news.about?, news.joined, false)))
        .chain(
            rooms
                .listed
                .iter()
                .map(|listed| (listed.at, listed.link, listed.about, true, true)),
        )
        .collect();
    all.sort_unstable();
    for (at, link, about, here, listed) in all {
        words.entry((link, about)).or_default().push(Told {
            at,
            here,
            listed,
            cause: None,
            sure: true,
            entry: None,
        });
    }
    words
        .into_iter()
        .map(|((link, about), told)| story(rooms, link, about, told))
        .collect()
}

fn story(rooms: &Rooms, link: LinkId, about: PeerId, mut told: Vec<Told>) -> Story {
    let mut of: Vec<RoomId> = told
        .iter()
        .flat_map(|told| hearing(rooms, link, told.at))
        .map(|stay| stay.room)
        .collect();
    of.sort_unstable();
    of.dedup();
    // From the first word on a link to the last.
    let span = told.first().zip(told.last());
    let span = span.map_or((0, 0), |(first, last)| {
        (
            first.at.min(rooms.links[link].began),
            last.at
                .max(rooms.links[link].down.unwrap_or(rooms.events.len())),
        )
    });
    let course = course(rooms, about, &of, span);
    for word in told.iter_mut().filter(|word| !word.listed) {
        word.entry = hearing(rooms, link, word.at).first().map(|stay| stay.asked);
    }
    let stays = inside(rooms, link, span);
    // In before the hearer asked to come in: that is no news to it.
    let newest = explain(&told, &course, |state, word| {
        let before = |moment: Option<usize>| match (moment, word.entry) {
            (Some(moment), Some(entry)) => moment < entry,
            _ => false,
        };
        match state.stay.map(|stay| &rooms.stays[stay]) {
            Some(stay) if state.here => before(stay.entered) || before(stay.gone),
            _ => before(state.from),
        }
    });
    // What the hearer was inside for may be told late, when it has been out and in again.
    let any = match stays.len() {
        0 | 1 => newest.clone(),
        _ => explain(&told, &course, |state, _| !told_late(rooms, &stays, state)),
    };
    let known = |places: &[Option<usize>]| places.iter().flatten().count();
    let better = if known(&any) > known(&newest) {
        &any
    } else {
        &newest
    };
    for (at, word) in told.iter_mut().enumerate() {
        word.cause = better[at].and_then(|place| course[place].from);
        word.sure = newest[at] == any[at];
    }
    Story {
        link,
        about,
        told,
        course,
    }
}

/// A stay of a hearer: in which room, from when to when.
struct Inside {
    room: RoomId,
    from: usize,
    to: Option<usize>,
}

/// Whether a state that somebody came to may have been told to who was inside then.
fn told_late(rooms: &Rooms, mine: &[Inside], state: &State) -> bool {
    let stay = state.stay.map(|stay| &rooms.stays[stay]);
    let (from, to) = match stay {
        Some(stay) if state.here => (Some(stay.asked), stay.entered.or(stay.gone)),
        _ => (state.since, state.from),
    };
    let before = mine.partition_point(|mine| to.is_none_or(|to| mine.from < to));
    let mut newest = mine[..before].iter().rev().take(super::rooms::MAX_OPEN);
    newest.any(|mine| {
        stay.is_none_or(|stay| stay.room == mine.room)
            && mine.to.is_none_or(|end| from.is_none_or(|from| from < end))
    })
}

/// The stays of a link's peer in which it heard something from one event to another, as many as may matter.
fn inside(rooms: &Rooms, link: LinkId, (from, to): (usize, usize)) -> Vec<Inside> {
    let mine = &rooms.peers[rooms.links[link].peer].stays;
    let mine = heard_of(mine, (from, to), |id| rooms.stays[*id].asked);
    let mine = mine.iter().map(|id| &rooms.stays[*id]);
    mine.filter(|stay| !stay.refused && stay.link.is_none_or(|on| on == link))
        .map(|stay| Inside {
            room: stay.room,
            from: stay.asked,
            to: stay.gone,
        })
        .collect()
}

/// The place of the course that each word may tell of, forwards. Of what is old to its hearer, only that somebody went may be told.
fn explain(
    told: &[Told],
    course: &[State],
    old: impl Fn(&State, &Told) -> bool,
) -> Vec<Option<usize>> {
    let mut places = vec![None; told.len()];
    let mut next = 1;
    for (word, found) in told
        .iter()
        .zip(&mut places)
        .filter(|(word, _)| !word.listed)
    {
        let fits = |state: &State| {
            state.here == word.here && state.since.is_some_and(|since| since < word.at)
        };
        let later = || course.iter().enumerate().skip(next).take(LOOKED_AT);
        let first = later()
            .find(|(_, state)| fits(state) && !old(state, word))
            .or_else(|| later().find(|(_, state)| !word.here && fits(state)));
        if let Some((place, _)) = first {
            let place = by_words(course, place, word.at).map_or(place, |(place, _)| place);
            let place = surely(course, place, word.at).map_or(place, |(place, _)| place);
            *found = Some(place);
            next = place + 1;
        }
    }
    places
}
