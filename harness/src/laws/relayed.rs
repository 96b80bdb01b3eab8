//! Law 3: what is relayed arrives once, in order per pair, byte for byte.

use super::arrivals::{Arrivals, breach};
use super::late::Late;
use super::{Breach, Finding, Law};
use crate::facts::post::{Delivered, Origin, Post, Sent};
use crate::facts::rooms::{LinkId, Rooms, Stay, StayId};
use crate::signaling::{Kind, Terms};

const LAW: Law = Law::RelayedOnceInOrder;

/// So far back a message is searched for that another may have stood for.
const MAX_ALIKE: usize = 64;

/// Judged are all deliveries, and the losses that are certain. What law 7 calls late is left to it.
pub(super) fn judge(rooms: &Rooms, post: &Post, late: &Late, terms: &Terms) -> Finding {
    let mut finding = Finding {
        law: LAW,
        premises: post.delivered.len(),
        breaches: Vec::new(),
    };
    let mut arrivals = Arrivals::new(rooms, post);
    for (index, delivered) in post.delivered.iter().enumerate() {
        if late.deliveries.contains(&index) {
            continue;
        }
        let breach = match delivered.origin {
            Origin::Of(_) if terms.unordered => None,
            Origin::Of(id) => arrivals.overtaken(delivered, id),
            origin => wrong(rooms, post, delivered, origin, terms),
        };
        finding.breaches.extend(breach);
    }
    // Where there are several nodes, that one has answered shows nothing of the others.
    let judged = if rooms.is_spread() {
        &[]
    } else {
        post.sent.as_slice()
    };
    for sent in judged {
        // Candidates are for a server that is the other end of each connection.
        let is_its = matches!(sent.kind, Kind::Candidate | Kind::EndOfCandidates);
        let Some(loss) = lost(rooms, post, sent).filter(|_| !(is_its && terms.relays_media)) else {
            continue;
        };
        finding.premises += 1;
        finding.breaches.push(loss);
    }
    finding
}

fn wrong(
    rooms: &Rooms,
    post: &Post,
    delivered: &Delivered,
    origin: Origin,
    terms: &Terms,
) -> Option<Breach> {
    let (to, kind) = (&rooms.links[delivered.link].link, delivered.kind);
    let sent = origin.sent().map(|id| &post.sent[id]);
    let whose = sent.map_or_else(String::new, |sent| rooms.links[sent.link].link.to_string());
    let message = match origin {
        Origin::Again(_) if terms.repeats => return None,
        Origin::Strayed(_) if terms.broadcasts => return None,
        Origin::Again(_) => format!("{to} got {whose}'s {kind} once more"),
        Origin::Strayed(_) => format!("{to} got {whose}'s {kind}, which was for somebody else"),
        Origin::Echo(_) if terms.echoes => return None,
        Origin::Echo(_) => format!("{to} got its own {kind} back"),
        Origin::Altered(_) => format!("{to} got {whose}'s {kind} with other content"),
        Origin::Invented if says_goodbye_for(rooms, delivered) => return None,
        Origin::Invented => {
            let from = delivered
                .from
                .map_or("somebody", |from| rooms.peers[from].name.as_str());
            format!("{to} got {from}'s {kind}, which was never sent")
        }
        // The first is in order, the second is law 2's, the third cannot be told.
        Origin::Of(_) | Origin::Misnamed(_) | Origin::Unknown => return None,
    };
    Some(breach(
        rooms,
        delivered.at,
        &sent
            .map(|sent| sent.message)
            .into_iter()
            .collect::<Vec<_>>(),
        message,
    ))
}

/// Whether it is a goodbye for somebody who may have gone: a server that keeps a session for each pair ends it in his stead.
fn says_goodbye_for(rooms: &Rooms, delivered: &Delivered) -> bool {
    let went = |stay: &StayId| {
        let until = rooms.stays[*stay].certain_until();
        until.is_some_and(|until| until < delivered.at)
    };
    let stays = delivered.from.map(|from| &rooms.peers[from].stays);
    delivered.kind == Kind::Bye && stays.is_some_and(|stays| stays.iter().any(went))
}

/// A message that certainly did not arrive: the server answered a later request of its sender, and then a still later one of
/// somebody who was there all the time, and who did not get it. Nobody else did, if it was for nobody by name.
fn lost(rooms: &Rooms, post: &Post, sent: &Sent) -> Option<Breach> {
    let stay = &rooms.stays[sent.stay?];
    if sent.http || (sent.to.is_none() && !sent.got.is_empty()) || sent.refused(rooms) {
        return None;
    }
    let done = rooms.settled(sent.link, sent.at)?;
    if !certain(stay, sent.at) {
        return None;
    }
    let (receiver, here) = sent.receivers.iter().find_map(|receiver| {
        let receiver = &rooms.stays[*receiver];
        let link = receiver.link?;
        let there = receiver.certain_over(sent.at, done)
            && !sent.got.contains(&link)
            && !stood_for(rooms, post, sent, link);
        there
            .then(|| rooms.settled(link, done))
            .flatten()
            .map(|here| (link, here))
    })?;
    let message = format!(
        "{} never got {}'s {}",
        &rooms.links[receiver].link, rooms.links[sent.link].link, sent.kind
    );
    Some(breach(rooms, sent.message, &[done, here], message))
}

/// Whether this link got an earlier message that cannot be told from it, and that it was not owed: it may have been this one.
fn stood_for(rooms: &Rooms, post: &Post, sent: &Sent, link: LinkId) -> bool {
    let alike = post.alike(sent.pile);
    let before = alike.partition_point(|id| post.sent[*id].at < sent.at);
    let mut before = alike[..before].iter().rev().take(MAX_ALIKE);
    before.any(|id| {
        let other = &post.sent[*id];
        other.link == sent.link && other.got.contains(&link) && other.is_nobodys_due(link, rooms)
    })
}

fn certain(stay: &Stay, at: usize) -> bool {
    stay.certain_over(at, at)
}
