//! What steps need of rooms, of who is in them, and of how one goes.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::called::odd_room;
use super::{Course, End};
use crate::names::{PeerName, RoomName};
use crate::scenario::model::{Answer, Offers, Step};
use crate::signaling::{Kind, Need, Reason};

impl<'s> Course<'s> {
    /// The server takes a room's name, which it is told here first.
    pub(super) fn takes_name(&mut self, room: &RoomName, step: &Step) {
        if let Some(what) = odd_room(room, &self.named) {
            self.need(Need::AnyName, what, step);
        }
    }

    /// A room, which is the second one where the scenario has named another.
    pub(super) fn names_room(&mut self, room: &'s RoomName, step: &Step) {
        self.takes_name(room, step);
        self.named.insert(room);
        if self.named.len() > 1 {
            self.need(
                Need::Rooms,
                format!("is about a second room, `{room}`"),
                step,
            );
        }
    }

    pub(super) fn holds(&mut self, room: &RoomName, step: &Step) {
        let inside = self.rooms.get(room).map_or(0, BTreeSet::len);
        if inside > 1 {
            let what = format!("is the {} in one room", nth(inside));
            self.need(Need::Holds(inside), what, step);
        }
    }

    /// Those inside who offer to whoever comes must be told of it.
    pub(super) fn met_by_insiders(&mut self, room: &RoomName, newcomer: &PeerName, step: &Step) {
        let inside = self.rooms.get(room).into_iter().flatten();
        let offers = |peer: &&&PeerName| {
            let mut peers = self.scenario.peers.iter();
            **peer != newcomer
                && peers.any(|(name, spec)| name == **peer && spec.offers() == Offers::Insider)
        };
        if let Some(insider) = inside.copied().find(|peer| offers(&peer)) {
            let what = format!("has {insider} offer to who comes in");
            self.need(Need::Hears(Kind::PeerJoined), what, step);
        }
    }

    /// A room is made where there may be one still: somebody has a place in it who was lost. Nor has he two.
    pub(super) fn makes_anew(&mut self, peer: &PeerName, room: &RoomName, step: &Step) {
        let kept = self.kept.iter();
        let in_the_way = kept.filter(|(lost, (of, _))| **lost == peer || *of == room);
        let latest = in_the_way.min_by_key(|(_, (_, waited))| *waited);
        if let Some((lost, (_, waited))) = latest {
            let what = format!("makes a room while the place of {lost}, who was lost, may be kept");
            self.need(Need::GivesUpPlaces(*waited), what, step);
        }
    }

    /// The line of somebody ends, whose place may be kept.
    pub(super) fn may_be_kept(&mut self, peer: &'s PeerName) {
        let mut rooms = self.rooms.iter();
        if let Some((room, _)) = rooms.find(|(_, inside)| inside.contains(peer)) {
            self.kept.insert(peer, (room, Duration::ZERO));
        }
    }

    /// A room goes, and with it each place in it, be it kept.
    pub(super) fn removes(&mut self, room: &RoomName) {
        self.rooms.remove(room);
        self.kept.retain(|_, (of, _)| *of != room);
    }

    /// Somebody is in no room any more.
    pub(super) fn leave(&mut self, peer: &'s PeerName, end: Option<End>) {
        match end {
            Some(End::Lost) => self.may_be_kept(peer),
            _ => drop(self.kept.remove(peer)),
        }
        for inside in self.rooms.values_mut() {
            inside.remove(peer);
        }
        self.outside.remove(peer);
        if end.is_some() {
            self.acquainted.part(peer);
            self.calls.end(peer);
        }
        self.rooms.retain(|_, inside| !inside.is_empty());
        self.ends.extend(end.map(|end| (peer, end)));
    }

    /// Something of this peer is relayed, to the only other one in its room unless it is said to whom.
    pub(super) fn meets(&mut self, one: &'s PeerName, other: Option<&'s PeerName>) {
        let mut rooms = self.rooms.values();
        let others = rooms.find(|inside| inside.contains(one));
        let mut others = others.into_iter().flatten().filter(|peer| **peer != one);
        let other = other.or_else(|| {
            let first = others.next().copied();
            first.filter(|_| others.next().is_none())
        });
        if let Some(other) = other {
            self.acquainted.meet(one, other);
        }
    }

    /// Whether the peer's line is silent, and it has no newer one.
    pub(super) fn is_silent(&self, peer: &PeerName) -> bool {
        let mut ends = self.ends.iter().rev();
        let last = ends.find(|(who, _)| *who == peer);
        last.is_some_and(|(_, end)| *end == End::Silent)
    }

    /// Whether a request has to be refused, which needs that the server does so.
    pub(super) fn refused(
        &mut self,
        peer: &PeerName,
        request: Kind,
        room: Option<&RoomName>,
        answer: &Answer,
        step: &Step,
    ) -> bool {
        let named = match answer {
            // Whatever it says, and for whatever else it might: it is of that.
            Answer::Refused if self.pretending.is_done_by(&step.action) => return true,
            Answer::Refused => None,
            Answer::RefusedWith(text) => match Reason::parse(text) {
                Some(reason) => Some(reason),
                None => {
                    let what = format!("expects a refusal {text:?}");
                    self.need(Need::Hears(Kind::Refused), what, step);
                    return true;
                }
            },
            Answer::Granted => return false,
            // It may be refused: nobody knows where who asked is then.
            Answer::Any => return true,
        };
        let reason = named.or_else(|| self.reason(peer, request, room));
        let inside = room.and_then(|room| self.rooms.get(room));
        let inside = inside.map_or(0, BTreeSet::len);
        let need = match reason {
            Some(Reason::Full) => {
                let others = self.lost.iter().filter(|lost| **lost != peer);
                Need::Limit(inside, others.count())
            }
            Some(Reason::Taken) => Need::RejectsSameId,
            Some(reason) => Need::Refuses(reason),
            None => Need::Hears(Kind::Refused),
        };
        let what = match (named, reason) {
            (Some(Reason::Full), _) => format!("expects a refusal \"full\" with {inside} inside"),
            (Some(reason), _) => format!("expects a refusal \"{reason}\""),
            (None, Some(reason)) => format!("expects a refusal, which is \"{reason}\""),
            (None, None) => "expects a refusal".into(),
        };
        self.need(need, what, step);
        true
    }

    /// Why a request that must be refused is, as far as the steps before it tell.
    pub(super) fn reason(
        &self,
        peer: &PeerName,
        request: Kind,
        room: Option<&RoomName>,
    ) -> Option<Reason> {
        let is_inside = self.rooms.values().any(|inside| inside.contains(peer));
        let there = room.and_then(|room| self.rooms.get(room));
        Some(match (request, there) {
            (Kind::Create | Kind::Join, _) if is_inside => Reason::Inside,
            (Kind::Create, Some(_)) => Reason::Exists,
            (Kind::Join | Kind::Destroy, None) => Reason::Missing,
            (Kind::Join, Some(_)) => Reason::Full,
            (Kind::Leave, _) if !is_inside => Reason::Outside,
            (Kind::Destroy, Some(inside)) if !inside.contains(peer) => Reason::NotYours,
            (Kind::Destroy, Some(_)) => Reason::Occupied,
            _ => return None,
        })
    }

    /// Whether it goes back into its room by itself when its line is lost.
    pub(super) fn comes_back(&self, peer: &PeerName) -> bool {
        let mut specs = self.scenario.peers.iter();
        let spec = specs.find(|(name, _)| name == peer);
        let reconnects = spec.and_then(|(_, spec)| spec.reconnects.as_ref());
        reconnects.is_some_and(|how| how.rejoins)
    }

    /// The news that somebody went, who may have gone in one of several ways.
    pub(super) fn hears_of_an_end(
        &mut self,
        hearer: &PeerName,
        from: Option<&PeerName>,
        step: &Step,
    ) {
        self.need(Need::Hears(Kind::PeerLeft), "waits for `peer-left`", step);
        let of =
            |peer: &PeerName| from.is_none_or(|from| self.scenario.may_be(from).contains(&peer));
        let last = self.ends.iter().rev().find(|(peer, _)| of(peer)).copied();
        if let Some((gone, End::Left | End::Lost)) = last
            && !self.acquainted.parted_from(gone, hearer)
        {
            let what = format!(
                "waits for the news that {gone}, with whom {hearer} has not signaled, is gone"
            );
            self.need(Need::AnnouncesLeavingToAll, what, step);
        }
        match last {
            Some((peer, End::Lost)) => {
                if self.comes_back(peer) {
                    let what =
                        format!("waits for the news that {peer} is gone, who comes back by itself");
                    self.need(Need::TellsOfReturns, what, step);
                }
                let what = format!("waits for the news that {peer}, whose line has ended, is gone");
                self.need(Need::AnnouncesLeaving(step.within), what, step);
            }
            Some((peer, End::Silent)) => {
                let what = format!("waits for the news that {peer}, whose line is silent, is gone");
                self.need(Need::NoticesSilence(step.within), what, step);
                self.leave(peer, None);
            }
            Some((peer, End::WithItsNode)) => {
                let what = format!("waits for the news that {peer}, whose node has ended, is gone");
                self.need(Need::AnnouncesLostNode, what, step);
            }
            Some((_, End::Left)) | None => {}
        }
    }
}

fn nth(number: usize) -> String {
    match number {
        2 => "second".into(),
        3 => "third".into(),
        number => format!("{number}th"),
    }
}
