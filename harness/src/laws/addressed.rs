//! Law 2: nothing is delivered to who has left, nor to another room, nor under another sender's name.

use super::{Breach, Finding, Law};
use crate::facts::post::{Delivered, Origin, Post};
use crate::facts::rooms::Rooms;

const LAW: Law = Law::OnlyToTheRoom;

pub(super) fn judge(rooms: &Rooms, post: &Post) -> Finding {
    let premises = post.delivered.len() + rooms.news.len();
    let signals = post
        .delivered
        .iter()
        .filter_map(|delivered| signal(rooms, post, delivered));
    let breaches = signals.chain(news(rooms)).collect();
    Finding {
        law: LAW,
        premises,
        breaches,
    }
}

fn breach(rooms: &Rooms, at: usize, mut because: Vec<usize>, message: String) -> Breach {
    because.sort_unstable();
    because.dedup();
    let because = because.into_iter().map(|i| rooms.events[i].seq).collect();
    Breach {
        law: LAW,
        event: rooms.events[at].seq,
        because,
        message,
    }
}

fn signal(rooms: &Rooms, post: &Post, delivered: &Delivered) -> Option<Breach> {
    let (to, kind) = (&rooms.links[delivered.link].link, delivered.kind);
    let sent = delivered.origin.sent().map(|id| &post.sent[id]);
    let source = sent.map(|sent| sent.message);
    let name = match (delivered.from, sent) {
        (Some(from), _) => rooms.peers[from].name.to_string(),
        (None, Some(sent)) => rooms.links[sent.link].link.peer.to_string(),
        (None, None) => "somebody".into(),
    };
    let because = |by: Option<usize>| source.into_iter().chain(by).collect::<Vec<_>>();
    if let (Origin::Misnamed(_), Some(sent)) = (delivered.origin, sent) {
        let whose = &rooms.links[sent.link].link;
        let message = format!("{to} got {whose}'s {kind} under the name of {name}");
        return Some(breach(rooms, delivered.at, because(None), message));
    }
    if let Some(out) = delivered.out {
        let message = format!("{to} got {name}'s {kind}, and is in no room");
        return Some(breach(rooms, delivered.at, because(Some(out)), message));
    }
    let sent =
        sent.filter(|sent| rooms.links[sent.link].peer != rooms.links[delivered.link].peer)?;
    if !delivered.sure && matches!(delivered.origin, Origin::Again(_) | Origin::Strayed(_)) {
        return None;
    }
    if let Some(out) = sent.out {
        let message = format!("{to} got {name}'s {kind}, who is in no room");
        return Some(breach(rooms, delivered.at, because(Some(out)), message));
    }
    delivered.foreign.then(|| {
        let message = format!("{to} got {name}'s {kind}, who is in another room");
        breach(rooms, delivered.at, because(None), message)
    })
}

fn news<'r>(rooms: &'r Rooms) -> impl Iterator<Item = Breach> + 'r {
    rooms.news.iter().filter_map(|news| {
        let to = &rooms.links[news.link].link;
        let what = if news.joined { "coming" } else { "leaving" };
        let whose = news
            .about
            .map_or("somebody", |about| rooms.peers[about].name.as_str());
        if let Some(out) = news.out {
            let message = format!("{to} was told of {whose}'s {what}, and is in no room");
            return Some(breach(rooms, news.at, vec![out], message));
        }
        news.foreign.then(|| {
            let message =
                format!("{to} was told of {whose}'s {what}, who never asked for the same room");
            breach(rooms, news.at, Vec::new(), message)
        })
    })
}
