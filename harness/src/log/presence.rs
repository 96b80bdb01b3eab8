//! Comings and goings, and the news of them.

use std::collections::{BTreeMap, HashMap};

use crate::names::{Link, PeerName, RoomName};
use crate::record::{Event, What};
use crate::signaling::{Notice, Request, Word};
use crate::terms::Direction;

/// One stay of a peer in a room.
#[derive(Debug)]
struct Stay {
    came: usize,
    room: Option<RoomName>,
    went: Option<usize>,
}

/// What a link's own events say of where its peer is.
enum Mark<'a> {
    Enters(&'a RoomName),
    Leaves,
    Up,
    Ends,
}

/// For each piece of news (`peer-joined`, `peer-left`) the coming or going it tells of, by event index: the kth about a peer
/// belongs to its kth, counted from when the hearer came in. `went_on` says when a message really reached the server, `refused`
/// which requests were.
pub(super) fn news(
    events: &[Event],
    went_on: &[Option<usize>],
    refused: &[bool],
) -> Vec<Option<usize>> {
    let mut marks: BTreeMap<&Link, Vec<(usize, Mark<'_>)>> = BTreeMap::new();
    let mut asked = false;
    for (i, event) in events.iter().enumerate() {
        let (link, mark) = match &event.what {
            What::LinkUp { link } => (link, Mark::Up),
            What::LinkEnded { link } | What::LinkDown { link, .. } => (link, Mark::Ends),
            What::Message {
                link,
                direction: Direction::Up,
                word: Some(Word::Request { request }),
                ..
            } if went_on[i].is_some() && !refused[i] => match request {
                Request::Create { room } | Request::Join { room } => {
                    asked = true;
                    (link, Mark::Enters(room))
                }
                Request::Leave { .. } => (link, Mark::Leaves),
                Request::Destroy { .. } | Request::Fence => continue,
            },
            _ => continue,
        };
        marks.entry(link).or_default().push((i, mark));
    }
    let stays = stays(&marks, asked);
    told(events, &marks, &stays)
}

fn stays<'a>(
    marks: &BTreeMap<&'a Link, Vec<(usize, Mark<'_>)>>,
    asked: bool,
) -> HashMap<&'a PeerName, Vec<Stay>> {
    let mut stays: HashMap<&PeerName, Vec<Stay>> = HashMap::new();
    for (link, marks) in marks {
        let all = stays.entry(&link.peer).or_default();
        let mine = all.len();
        for (i, mark) in marks {
            let room = match mark {
                Mark::Enters(room) => Some((*room).clone()),
                // Where nobody ever asks to enter, to connect is to enter.
                Mark::Up if !asked => None,
                Mark::Up => continue,
                Mark::Leaves | Mark::Ends => {
                    for stay in all[mine..].iter_mut().filter(|stay| stay.went.is_none()) {
                        stay.went = Some(*i);
                    }
                    continue;
                }
            };
            all.push(Stay {
                came: *i,
                room,
                went: None,
            });
        }
    }
    stays
}

fn told(
    events: &[Event],
    marks: &BTreeMap<&Link, Vec<(usize, Mark<'_>)>>,
    stays: &HashMap<&PeerName, Vec<Stay>>,
) -> Vec<Option<usize>> {
    let mut out = vec![None; events.len()];
    // Per hearer and subject: the stays whose coming, and whose going, it has been told of.
    let mut known: HashMap<(&Link, &PeerName, bool), Vec<bool>> = HashMap::new();
    for (i, event) in events.iter().enumerate() {
        let What::Message {
            link,
            direction: Direction::Down,
            word: Some(Word::Notice { notice }),
            about: Some(about),
            fate,
            ..
        } = &event.what
        else {
            continue;
        };
        if fate.is_made() {
            continue;
        }
        let joined = match notice {
            Notice::PeerJoined { .. } => true,
            Notice::PeerLeft { .. } => false,
            _ => continue,
        };
        let Some(stays) = stays.get(about) else {
            continue;
        };
        let entry = marks.get(link).and_then(|marks| {
            let end = marks.partition_point(|(at, _)| *at < i);
            marks[..end].iter().rev().find_map(|(at, mark)| match mark {
                Mark::Enters(room) => Some((*at, Some(*room))),
                Mark::Up => Some((*at, None)),
                _ => None,
            })
        });
        let told = known.entry((link, about, joined)).or_default();
        told.resize(stays.len(), false);
        let moment = |stay: &Stay| if joined { Some(stay.came) } else { stay.went };
        let fits = |k: &usize, since: bool| {
            let stay = &stays[*k];
            let here = match (&stay.room, entry) {
                (Some(theirs), Some((_, Some(mine)))) => theirs == mine,
                _ => true,
            };
            !told[*k]
                && here
                && moment(stay)
                    .is_some_and(|at| at < i && (!since || entry.is_none_or(|(e, _)| at > e)))
        };
        let found = (0..stays.len())
            .find(|k| fits(k, true))
            .or_else(|| (0..stays.len()).find(|k| !joined && fits(k, false)));
        if let Some(k) = found {
            told[k] = true;
            out[i] = moment(&stays[k]);
        }
    }
    out
}
