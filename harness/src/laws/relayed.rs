//! Law 3: what is relayed arrives once, in order per pair, byte for byte.

use std::collections::HashMap;

use super::late::Late;
use super::post::{Delivered, Origin, Post, Sent, SentId};
use super::rooms::{LinkId, Rooms, Stay};
use super::{Breach, Finding, Law, Terms};

const LAW: Law = Law::RelayedOnceInOrder;

/// Judged are all deliveries, and the losses that are certain. What law 7 calls late is left to it.
pub(super) fn judge(rooms: &Rooms<'_>, post: &Post<'_>, late: &Late, terms: &Terms) -> Finding {
    let mut finding = Finding {
        law: LAW,
        premises: post.delivered.len(),
        breaches: Vec::new(),
    };
    // Per pair of sessions, the message that was sent last among those that have arrived. What the tap had held is a row of its own.
    let mut newest: HashMap<(LinkId, LinkId, bool), SentId> = HashMap::new();
    for (index, delivered) in post.delivered.iter().enumerate() {
        if late.deliveries.contains(&index) {
            continue;
        }
        let breach = match delivered.origin {
            Origin::Of(id) => overtaken(rooms, post, delivered, id, &mut newest),
            origin => wrong(rooms, post, delivered, origin, terms),
        };
        finding.breaches.extend(breach);
    }
    for sent in &post.sent {
        let Some(loss) = lost(rooms, sent) else {
            continue;
        };
        finding.premises += 1;
        finding.breaches.push(loss);
    }
    finding
}

fn breach(rooms: &Rooms<'_>, at: usize, because: &[usize], message: String) -> Breach {
    let mut because: Vec<_> = because.iter().map(|i| rooms.events[*i].seq).collect();
    because.sort_unstable();
    because.dedup();
    Breach {
        law: LAW,
        event: rooms.events[at].seq,
        because,
        message,
    }
}

/// A message that a later one of the same sender had overtaken.
fn overtaken(
    rooms: &Rooms<'_>,
    post: &Post<'_>,
    delivered: &Delivered,
    id: SentId,
    newest: &mut HashMap<(LinkId, LinkId, bool), SentId>,
) -> Option<Breach> {
    let sent = &post.sent[id];
    // Separate HTTP requests have no order.
    if sent.http || delivered.http {
        return None;
    }
    let newest = newest
        .entry((sent.link, delivered.link, sent.released))
        .or_insert(id);
    if *newest <= id {
        *newest = id;
        return None;
    }
    let by = &post.sent[*newest];
    let message = format!(
        "{} got {}'s {} after a later {}",
        rooms.links[delivered.link].link, rooms.links[sent.link].link, sent.kind, by.kind,
    );
    Some(breach(
        rooms,
        delivered.at,
        &[sent.message, by.message],
        message,
    ))
}

fn wrong(
    rooms: &Rooms<'_>,
    post: &Post<'_>,
    delivered: &Delivered,
    origin: Origin,
    terms: &Terms,
) -> Option<Breach> {
    let (to, kind) = (rooms.links[delivered.link].link, delivered.kind);
    let sent = origin.sent().map(|id| &post.sent[id]);
    let whose = sent.map_or_else(String::new, |sent| rooms.links[sent.link].link.to_string());
    let message = match origin {
        Origin::Again(_) => format!("{to} got {whose}'s {kind} once more"),
        Origin::Strayed(_) => format!("{to} got {whose}'s {kind}, which was for somebody else"),
        Origin::Echo(_) if terms.echoes => return None,
        Origin::Echo(_) => format!("{to} got its own {kind} back"),
        Origin::Altered(_) => format!("{to} got {whose}'s {kind} with other content"),
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

/// A message that certainly did not arrive: the server answered a later request of its sender, and then a still later one of
/// somebody who was there all the time, and who did not get it. Nobody else did, if it was for nobody by name.
fn lost(rooms: &Rooms<'_>, sent: &Sent) -> Option<Breach> {
    let stay = &rooms.stays[sent.stay?];
    if sent.http || (sent.to.is_none() && !sent.got.is_empty()) || refused(rooms, sent) {
        return None;
    }
    let done = rooms.settled(sent.link, sent.at)?;
    if !certain(stay, sent.at) {
        return None;
    }
    let (receiver, here) = sent.receivers.iter().find_map(|receiver| {
        let receiver = &rooms.stays[*receiver];
        let link = receiver.link?;
        let there = receiver.certain_over(sent.at, done) && !sent.got.contains(&link);
        there
            .then(|| rooms.settled(link, done))
            .flatten()
            .map(|here| (link, here))
    })?;
    let message = format!(
        "{} never got {}'s {}",
        rooms.links[receiver].link, rooms.links[sent.link].link, sent.kind
    );
    Some(breach(rooms, sent.message, &[done, here], message))
}

fn certain(stay: &Stay, at: usize) -> bool {
    stay.certain_over(at, at)
}

/// Whether the server may have said no to it.
fn refused(rooms: &Rooms<'_>, sent: &Sent) -> bool {
    let link = &rooms.links[sent.link];
    let of_kind = link.refused_kind.get(&sent.kind);
    link.refused
        .into_iter()
        .chain(of_kind.copied())
        .any(|at| at > sent.at)
}
