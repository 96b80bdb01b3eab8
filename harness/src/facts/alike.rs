//! Which of several messages that cannot be told apart a delivery comes from: the benefit of the doubt, in one place.
//!
//! They are taken in the order in which they were sent. Passed over is what the server may have lost by right (its sender was leaving, or
//! was refused, or its link was dying), where taking it would break a law and a later one would not.

use super::post::{Getter, Mark, PileId, Post, SentId, no};
use super::rooms::{LinkId, Rooms};

/// So many that are alike are looked at for a better one.
const MAX_ALIKE: usize = 64;

/// What it would mean to take a message for the origin, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Due,
    NobodysDue,
    /// A law would be broken.
    Breach,
}

/// A message of a pile, and where it was found.
struct Found {
    sent: SentId,
    rank: Rank,
    place: Place,
}

enum Place {
    /// So many from here on are passed over.
    Next {
        from: usize,
        passed: usize,
    },
    Skipped(usize),
    /// So many more are too old.
    Older(usize),
}

impl Post {
    /// The message of these piles, one for each sender and addressee, that comes next for this receiver: one that was sent to its session,
    /// else one that was sent before that. And whether no other of them may be meant.
    pub(super) fn next_of(
        &mut self,
        piles: &[PileId],
        getter: &Getter,
        rooms: &Rooms,
    ) -> Option<(SentId, bool)> {
        for find in [Self::fresh, Self::stale] {
            let found = piles
                .iter()
                .filter_map(|pile| Some((*pile, find(self, *pile, getter, rooms)?)));
            let mut found: Vec<(PileId, Found)> = found.collect();
            found.sort_by_key(|(_, one)| (one.rank, one.sent));
            let only = found.len() == 1;
            if let Some((pile, one)) = found.into_iter().next() {
                self.pass(pile, getter.link, &one.place);
                return Some((one.sent, only));
            }
        }
        None
    }

    /// The next one that was sent after this session asked to come in; the newest session's, where an older one is over: what
    /// a dying link sent may be lost. Of that session's, one that the server said no to after it is passed over, if there is a later one.
    fn fresh(&self, pile: PileId, getter: &Getter, rooms: &Rooms) -> Option<Found> {
        let ids = &self.piles[pile].0;
        let new = Mark::default();
        let mark = self.marks.get(&(pile, getter.link)).unwrap_or(&new);
        let since = getter.entry;
        if let Some(next) = ids.get(mark.next) {
            let from = if self.sent[*next].at >= since {
                mark.next
            } else {
                mark.next + ids[mark.next..].partition_point(|id| self.sent[*id].at < since)
            };
            let newest = ids.last().map(|last| self.sent[*last].link);
            let over = |id: &SentId| {
                Some(self.sent[*id].link) != newest && !rooms.live(self.sent[*id].link)
            };
            let mut passed = ids[from..].iter().take_while(|id| over(id)).count();
            let sent = |at: usize| ids.get(at).map(|id| &self.sent[*id]);
            if let Some(first) = sent(from + passed)
                && let Some(no) = no(rooms, first.link, first.kind)
            {
                let rest = &ids[from + passed..];
                let refused = rest.partition_point(|id| self.sent[*id].at < no);
                if sent(from + passed + refused).is_some_and(|later| later.link == first.link) {
                    passed += refused;
                }
            }
            let rest = &ids[(from + passed).min(ids.len())..];
            passed += self.lost_by_right(rest, getter, rooms);
            if let Some(sent) = ids.get(from + passed).copied() {
                return Some(Found {
                    sent,
                    rank: self.rank(sent, getter, rooms),
                    place: Place::Next { from, passed },
                });
            }
        }
        let skipped = mark.skipped.partition_point(|id| self.sent[*id].at < since);
        let sent = *mark.skipped.get(skipped)?;
        Some(Found {
            sent,
            rank: self.rank(sent, getter, rooms),
            place: Place::Skipped(skipped),
        })
    }

    /// How many of these may be lost by right, before the first that breaks no law. None, if there is no such one.
    fn lost_by_right(&self, alike: &[SentId], getter: &Getter, rooms: &Rooms) -> usize {
        for (passed, id) in alike.iter().take(MAX_ALIKE).enumerate() {
            if self.rank(*id, getter, rooms) != Rank::Breach {
                return passed;
            }
            if !self.sent[*id].is_nobodys_due(getter.link, rooms) {
                break;
            }
        }
        0
    }

    fn rank(&self, id: SentId, getter: &Getter, rooms: &Rooms) -> Rank {
        let sent = &self.sent[id];
        let ordered = !sent.http && !getter.http;
        if sent.out.is_some()
            || sent.is_foreign(getter.link, rooms)
            || ordered && self.newest.is_after(id, sent, getter.link)
        {
            Rank::Breach
        } else if sent.is_nobodys_due(getter.link, rooms) {
            Rank::NobodysDue
        } else {
            Rank::Due
        }
    }

    /// The newest that was sent before this session asked to come in.
    fn stale(&self, pile: PileId, getter: &Getter, rooms: &Rooms) -> Option<Found> {
        let next = self
            .marks
            .get(&(pile, getter.link))
            .map_or(0, |mark| mark.next);
        let ids = self.piles[pile].0.get(next..)?;
        let older = ids.partition_point(|id| self.sent[*id].at < getter.entry);
        let sent = *ids.get(older.checked_sub(1)?)?;
        Some(Found {
            sent,
            rank: self.rank(sent, getter, rooms),
            place: Place::Older(older),
        })
    }

    fn pass(&mut self, pile: PileId, link: LinkId, place: &Place) {
        let mark = self.marks.entry((pile, link)).or_default();
        match *place {
            Place::Next { from, passed } => {
                mark.skipped
                    .extend(&self.piles[pile].0[from..from + passed]);
                mark.next = from + passed + 1;
            }
            Place::Skipped(place) => {
                mark.skipped.remove(place);
            }
            Place::Older(older) => mark.next += older,
        }
    }
}
