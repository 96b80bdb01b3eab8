//! Law 7: a session's late messages never reach the session that replaced it.

use std::collections::HashSet;

use super::{Breach, Finding, Law};
use crate::facts::post::{Origin, Post, Sent};
use crate::facts::rooms::Rooms;
use crate::signaling::Terms;

/// The late deliveries: those to a session that asked to come in after the server was certainly done with the message.
pub(super) struct Late {
    pub finding: Finding,
    /// By their place in [`Post::delivered`].
    pub deliveries: HashSet<usize>,
}

impl Late {
    pub fn find(rooms: &Rooms, post: &Post, terms: &Terms) -> Self {
        let law = Law::NothingLateToNewcomers;
        let mut finding = Finding {
            law,
            premises: 0,
            breaches: Vec::new(),
        };
        let mut deliveries = HashSet::new();
        // Of several nodes one may be done with a message before another is.
        if rooms.is_spread() {
            return Self {
                finding,
                deliveries,
            };
        }
        // When each peer first asked to come in, and was not refused.
        let came: Vec<Option<usize>> = rooms
            .peers
            .iter()
            .map(|peer| {
                peer.stays
                    .iter()
                    .map(|stay| &rooms.stays[*stay])
                    .find(|stay| !stay.refused)
                    .map(|stay| stay.asked)
            })
            .collect();
        let somebody_left = rooms.leavings.first().map(|leaving| leaving.since);
        for (index, delivered) in post.delivered.iter().enumerate() {
            let Some(entry) = delivered.entry else {
                continue;
            };
            let came = came[rooms.links[delivered.link].peer].filter(|came| *came < entry);
            let replaces = came.is_some() || somebody_left.is_some_and(|left| left < entry);
            finding.premises += usize::from(replaces);
            let (Origin::Of(id) | Origin::Again(id) | Origin::Strayed(id)) = delivered.origin
            else {
                continue;
            };
            if !delivered.sure {
                continue;
            }
            let sent = &post.sent[id];
            let before = came.is_some_and(|came| came < sent.at) && !terms.queues;
            let Some(done) = done(rooms, sent, entry, before) else {
                continue;
            };
            finding.premises += usize::from(!replaces);
            deliveries.insert(index);
            let (events, link) = (&rooms.events, &rooms.links[delivered.link]);
            let mut because = vec![
                events[sent.message].seq,
                events[done].seq,
                events[entry].seq,
            ];
            because.sort_unstable();
            finding.breaches.push(Breach {
                law,
                event: events[delivered.at].seq,
                because,
                message: format!(
                    "{} got a late {} of {}: the server was done with it before this session came in",
                    link.link, delivered.kind, rooms.links[sent.link].link,
                ),
            });
        }
        Self {
            finding,
            deliveries,
        }
    }
}

/// The event that shows that the server was done with a message before this session asked to come in: somebody else had it, or
/// (if an earlier session of the same peer was there `before`) its sender had the answer to a later request.
fn done(rooms: &Rooms, sent: &Sent, entry: usize, before: bool) -> Option<usize> {
    if sent.at >= entry {
        return None;
    }
    let settled = || {
        rooms
            .settled(sent.link, sent.at)
            .filter(|_| before && !sent.http)
    };
    sent.first
        .filter(|first| *first < entry)
        .or_else(|| settled().filter(|settled| *settled < entry))
}
