//! Whether messages arrive in the order in which they were sent, for those that cannot be told apart in the order that breaks nothing.
//!
//! Which of several that are alike a delivery comes from is told by how many there are; where the server may have refused one of them, that is
//! not certain. Then each delivery counts as the oldest that it can be, and what may have been refused can be passed over.

use std::collections::{BTreeSet, HashMap};

use super::{Breach, Law};
use crate::facts::post::{Delivered, PileId, Post, SentId};
use crate::facts::rooms::{LinkId, Rooms};

pub(super) struct Arrivals<'r> {
    rooms: &'r Rooms,
    post: &'r Post,
    /// Per pair of sessions, the message that was sent last among those that have arrived. What the tap had held is a row of its own.
    newest: HashMap<(LinkId, LinkId, bool), SentId>,
    /// Per pile, pair of sessions and row, which are left.
    left: HashMap<(PileId, LinkId, LinkId, bool), Left>,
}

/// Messages that are alike and that one session has yet to get of another.
#[derive(Default)]
struct Left {
    /// How far down the pile.
    next: usize,
    /// Before that: they may have been refused, and nothing has come from them.
    passed: BTreeSet<SentId>,
}

impl<'r> Arrivals<'r> {
    pub fn new(rooms: &'r Rooms, post: &'r Post) -> Self {
        Self {
            rooms,
            post,
            newest: HashMap::new(),
            left: HashMap::new(),
        }
    }

    /// A message that a later one of the same sender had overtaken.
    pub fn overtaken(&mut self, delivered: &Delivered, id: SentId) -> Option<Breach> {
        let sent = &self.post.sent[id];
        // Separate HTTP requests have no order, nor has what another peer may have sent.
        if sent.http || delivered.http || !delivered.sure {
            return None;
        }
        let key = (sent.link, delivered.link, sent.released);
        let newest = self.newest.get(&key).copied();
        let id = self
            .oldest(delivered, id, newest.unwrap_or(0))
            .unwrap_or(id);
        let newest = newest.unwrap_or(id);
        if newest <= id {
            self.newest.insert(key, id);
            return None;
        }
        let by = &self.post.sent[newest];
        let message = format!(
            "{} got {}'s {} after a later {}",
            self.rooms.links[delivered.link].link,
            self.rooms.links[sent.link].link,
            sent.kind,
            by.kind,
        );
        Some(breach(
            self.rooms,
            delivered.at,
            &[sent.message, by.message],
            message,
        ))
    }

    /// The oldest message that a delivery may come from and that is no older than this one, if the server has refused something of the kind.
    fn oldest(&mut self, delivered: &Delivered, id: SentId, newest: SentId) -> Option<SentId> {
        let sent = &self.post.sent[id];
        let since = delivered.entry.unwrap_or(0);
        if !sent.may_be_refused(self.rooms) || sent.at < since {
            return None;
        }
        let alike = self.post.alike(sent.pile);
        let key = (sent.pile, sent.link, delivered.link, sent.released);
        let left = self.left.entry(key).or_default();
        if let Some(found) = left.passed.range(newest..).next().copied() {
            left.passed.remove(&found);
            return Some(found);
        }
        while let Some(next) = alike.get(left.next).copied() {
            let other = &self.post.sent[next];
            if other.at >= delivered.at {
                break;
            }
            left.next += 1;
            let same = other.link == sent.link && other.released == sent.released;
            if !same || other.at < since {
                continue;
            }
            if next >= newest || !other.refused(self.rooms) {
                return Some(next);
            }
            left.passed.insert(next);
        }
        None
    }
}

/// One of law 3.
pub(super) fn breach(rooms: &Rooms, at: usize, because: &[usize], message: String) -> Breach {
    let mut because: Vec<_> = because.iter().map(|i| rooms.events[*i].seq).collect();
    because.sort_unstable();
    because.dedup();
    Breach {
        law: Law::RelayedOnceInOrder,
        event: rooms.events[at].seq,
        because,
        message,
    }
}
