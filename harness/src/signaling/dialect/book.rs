//! Who is called what on the server, and who is where, as far as the stage knows: one book for all links of a case.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::number::{Form, Number};
use super::template::id_text;
use crate::lock::lock;
use crate::names::RoomName;
use crate::signaling::Kind;

/// Requests are numbered from here on: no number of a person's own, and none that a server counts something by.
const FIRST_NUMBER: u64 = 10_001;

/// So many numbers are known, the newest: a page may flood.
const MOST_NUMBERS: usize = 100_000;

/// A server that has not told somebody its id by then is not waited for.
const EXPECTED_FOR: Duration = Duration::from_secs(1);

/// Who is called what on the server, and who is inside which room. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Book(Arc<Mutex<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    peers: Named,
    rooms: Named,
    inside: BTreeMap<String, BTreeSet<String>>,
    /// The room that each came into last, be he gone from there.
    last: BTreeMap<String, String>,
    /// Which room a request that is on its way is about, by who asks and what.
    meant: BTreeMap<(String, Kind), RoomName>,
    /// Who is about to be told its id, and since when.
    expected: BTreeMap<String, Instant>,
    /// The places that each may come back to, or might before.
    places: BTreeMap<String, BTreeMap<RoomName, Place>>,
    /// Who next asks for a place of his by what he was given for it, whatever has become of it.
    insisting: BTreeSet<String>,
    /// Who asks next for a place by what was given for it to somebody else, and to whom.
    borrowing: BTreeMap<String, String>,
    numbers: Numbers,
}

/// What was said under which number, where requests have one that their answers repeat.
#[derive(Debug, Default)]
struct Numbers {
    /// So many were given out.
    given: u64,
    /// By number and who said it.
    of: BTreeMap<String, BTreeMap<String, Said>>,
    /// The oldest first.
    known: VecDeque<String>,
}

/// What was said under a number.
#[derive(Debug)]
struct Said {
    /// What it stood there as, where that is known.
    form: Option<Form>,
    /// `None`: it was no word, but part of how one talks to the server.
    kind: Option<Kind>,
    /// The room that it asks for.
    room: Option<RoomName>,
}

/// Somebody's place in a room, or what is left of it.
#[derive(Debug, Default)]
struct Place {
    /// What was given to come back with.
    values: BTreeMap<String, Json>,
    /// Since when the line is lost by which it was had.
    lost: Option<Instant>,
    /// Those whose last news is that he left it. Others may yet be told of an earlier leaving, or of his return.
    gone: BTreeSet<String>,
    /// It is given up: what was given for it is good no more.
    over: bool,
}

/// Ids that the server gives, and what the case calls those who have them.
#[derive(Debug, Default)]
struct Named {
    /// Who has or had each, the newest last: a server may give an id once in each room.
    names: BTreeMap<String, Vec<String>>,
    /// The newest id of each.
    ids: BTreeMap<String, Json>,
}

impl Named {
    fn learn(&mut self, name: &str, id: &Json) {
        if let Some(text) = id_text(id) {
            let named = self.names.entry(text).or_default();
            named.retain(|other| other != name);
            named.push(name.to_owned());
            self.ids.insert(name.to_owned(), id.clone());
        }
    }
}

impl Pages {
    /// Who has or had this id, and whether he is known to be in another room than that.
    fn whose(&self, id: &str, room: Option<&RoomName>) -> Option<(&String, bool)> {
        let named = self.peers.names.get(id)?;
        let room = room.map(RoomName::as_str);
        let was_here = |name: &&String| {
            let last = self.last.get(*name).map(String::as_str);
            room.is_some() && last == room
        };
        let is_elsewhere = |name: &String| {
            let mut others = self
                .inside
                .iter()
                .filter(|(of, _)| Some(of.as_str()) != room);
            room.is_some() && others.any(|(_, inside)| inside.contains(name))
        };
        let newest = || named.iter().rev();
        if let Some(here) = newest().find(was_here) {
            return Some((here, false));
        }
        if let Some(nowhere) = newest().find(|name| !is_elsewhere(name)) {
            return Some((nowhere, false));
        }
        newest().next().map(|name| (name, true))
    }
}

impl Book {
    /// From now on whoever has this id is that peer; an older id stays its own, too.
    pub(super) fn learn_peer(&self, name: &str, id: &Json) {
        let mut pages = lock(&self.0);
        pages.expected.remove(name);
        pages.peers.learn(name, id);
    }

    /// This peer is about to be told its id: an id that is not known yet may be its own.
    pub fn expect(&self, name: &str) {
        let mut pages = lock(&self.0);
        pages.expected.insert(name.to_owned(), Instant::now());
    }

    /// This peer is told none any more.
    pub fn forget(&self, name: &str) {
        lock(&self.0).expected.remove(name);
    }

    /// Whether somebody is about to be told its id.
    pub fn expects(&self) -> bool {
        let mut pages = lock(&self.0);
        let expected = &mut pages.expected;
        expected.retain(|_, since| since.elapsed() < EXPECTED_FOR);
        !expected.is_empty()
    }

    /// A number that nobody in this case has said, for a word of this kind, or for what is no word.
    pub(super) fn new_number(&self, peer: &str, kind: Option<Kind>) -> u64 {
        let number = {
            let numbers = &mut lock(&self.0).numbers;
            let number = FIRST_NUMBER.saturating_add(numbers.given);
            numbers.given += 1;
            number
        };
        // How it is written is seen when it is.
        let written = Number {
            text: number.to_string(),
            form: None,
        };
        self.notes_number(peer, &written, kind, None);
        number
    }

    /// This peer said this under that number, which may be of its own making, and about that room.
    pub(super) fn notes_number(
        &self,
        peer: &str,
        number: &Number,
        kind: Option<Kind>,
        room: Option<&RoomName>,
    ) {
        let Number { text, form } = number;
        let Numbers { of, known, .. } = &mut lock(&self.0).numbers;
        if !of.contains_key(text) {
            known.push_back(text.clone());
        }
        let said = of.entry(text.clone()).or_default();
        let (form, room) = (*form, room.cloned());
        said.insert(peer.to_owned(), Said { form, kind, room });
        if known.len() > MOST_NUMBERS
            && let Some(oldest) = known.pop_front()
        {
            of.remove(&oldest);
        }
    }

    /// What this peer said under this number, or under what looks like it.
    pub(super) fn said_under(&self, peer: &str, number: &Number) -> Option<Option<Kind>> {
        let pages = lock(&self.0);
        let said = pages.numbers.of.get(&number.text)?.get(peer)?;
        Some(said.kind)
    }

    /// What anybody said under it.
    pub(super) fn anybody_said_under(&self, number: &Number) -> Option<Option<Kind>> {
        let pages = lock(&self.0);
        let said = pages.numbers.of.get(&number.text)?.values().next()?;
        Some(said.kind)
    }

    /// The room that this peer asked for under this number.
    pub(super) fn room_under(&self, peer: &str, number: &Number) -> Option<RoomName> {
        let pages = lock(&self.0);
        pages.numbers.of.get(&number.text)?.get(peer)?.room.clone()
    }

    /// The number of an answer as that of what it answers is recorded; where it only looks like that, or answers nothing of this peer's, as it stands
    /// there.
    pub(super) fn recorded_number(&self, peer: &str, number: &Number) -> String {
        let pages = lock(&self.0);
        let all = pages.numbers.of.get(&number.text);
        let said = all.and_then(|all| all.get(peer));
        match said.filter(|said| number.repeats(said.form)) {
            Some(said) => number.recorded(said.form),
            None => number.recorded(number.form),
        }
    }

    /// From now on this id is that room's.
    pub(super) fn learn_room(&self, name: &str, id: &Json) {
        lock(&self.0).rooms.learn(name, id);
    }

    /// This peer is about to ask this of that room, which the message itself need not name.
    pub(super) fn means(&self, peer: &str, kind: Kind, room: &RoomName) {
        let mut pages = lock(&self.0);
        pages.meant.insert((peer.to_owned(), kind), room.clone());
    }

    /// The room that this request is about, now that it has come, if its peer has told.
    pub(super) fn meant(&self, peer: &str, kind: Kind) -> Option<RoomName> {
        lock(&self.0).meant.remove(&(peer.to_owned(), kind))
    }

    /// The peer that has or had this id, as who is or asks to be in that room says it, or is told it: of several it is the one that is in there,
    /// or was last.
    pub(super) fn peer(&self, id: &str, room: Option<&RoomName>) -> Option<String> {
        lock(&self.0).whose(id, room).map(|(name, _)| name.clone())
    }

    /// The same of what the server tells. `None` also where the only ones are known to be in another room, and somebody is about to be told his: the
    /// id may be a room's own.
    pub(super) fn peer_told(&self, id: &str, room: Option<&RoomName>) -> Option<String> {
        let expects = self.expects();
        let pages = lock(&self.0);
        let (name, is_elsewhere) = pages.whose(id, room)?;
        (!(expects && is_elsewhere)).then(|| name.clone())
    }

    /// The newest id of a peer that the server has named.
    pub(super) fn peer_id(&self, name: &str) -> Option<Json> {
        lock(&self.0).peers.ids.get(name).cloned()
    }

    /// The room of this id.
    pub(super) fn room(&self, id: &str) -> Option<String> {
        lock(&self.0).rooms.names.get(id)?.last().cloned()
    }

    /// The id of a room that the server has named.
    pub(super) fn room_id(&self, name: &str) -> Option<Json> {
        lock(&self.0).rooms.ids.get(name).cloned()
    }

    /// This peer is inside, and in no other room any more. Answers who else is.
    pub fn enter(&self, room: &str, peer: &str) -> Vec<String> {
        let mut pages = lock(&self.0);
        for (_, inside) in pages.inside.iter_mut().filter(|(of, _)| *of != room) {
            inside.remove(peer);
        }
        pages.last.insert(peer.to_owned(), room.to_owned());
        let inside = pages.inside.entry(room.to_owned()).or_default();
        inside.insert(peer.to_owned());
        inside
            .iter()
            .filter(|name| *name != peer)
            .cloned()
            .collect()
    }

    /// Who is inside beside this peer.
    pub(super) fn others(&self, room: &str, peer: &str) -> Vec<String> {
        let pages = lock(&self.0);
        let inside = pages.inside.get(room).into_iter().flatten();
        inside.filter(|name| *name != peer).cloned().collect()
    }

    /// Who is inside with this peer, wherever that is.
    pub fn with(&self, peer: &str) -> Vec<String> {
        let pages = lock(&self.0);
        let mut rooms = pages.inside.values();
        let inside = rooms.find(|inside| inside.contains(peer));
        let others = inside.into_iter().flatten();
        others.filter(|name| *name != peer).cloned().collect()
    }

    /// This peer is inside, with this to come back with; on the same line it was in that other room before.
    pub(super) fn is_inside(
        &self,
        peer: &str,
        room: &RoomName,
        values: BTreeMap<String, Json>,
        before: Option<&RoomName>,
    ) {
        let mut pages = lock(&self.0);
        let places = pages.places.entry(peer.to_owned()).or_default();
        if let Some(place) = before.and_then(|before| places.get_mut(before)) {
            place.over = true;
        }
        let place = Place {
            values,
            ..Place::default()
        };
        places.insert(room.clone(), place);
    }

    /// Where it is inside it was given this to come back with.
    pub(super) fn keep(&self, peer: &str, room: &RoomName, name: &str, value: &Json) {
        let mut pages = lock(&self.0);
        let places = pages.places.get_mut(peer);
        if let Some(place) = places.and_then(|places| places.get_mut(room)) {
            place.values.insert(name.to_owned(), value.clone());
        }
    }

    /// This one was told that the peer has left that room, or that it has come into it.
    pub(super) fn is_told(&self, hearer: &str, peer: &str, room: Option<&RoomName>, left: bool) {
        let mut pages = lock(&self.0);
        let places = pages.places.get_mut(peer).into_iter().flatten();
        for (_, place) in places.filter(|(of, _)| room.is_none_or(|room| room == *of)) {
            match left {
                true => place.gone.insert(hearer.to_owned()),
                false => place.gone.remove(hearer),
            };
        }
    }

    /// There is no place of this peer's in that room any more.
    pub(super) fn is_out_of(&self, peer: &str, room: &RoomName) {
        let mut pages = lock(&self.0);
        let places = pages.places.get_mut(peer);
        if let Some(place) = places.and_then(|places| places.get_mut(room)) {
            place.over = true;
        }
    }

    /// That room is gone, and with it every place in it.
    pub(super) fn is_destroyed(&self, room: &RoomName) {
        for places in lock(&self.0).places.values_mut() {
            places
                .get_mut(room)
                .into_iter()
                .for_each(|place| place.over = true);
        }
    }

    /// Another process gives ids now: one that it gives may have been somebody else's before.
    pub fn begins_anew(&self) {
        let mut pages = lock(&self.0);
        pages.peers = Named::default();
        pages.rooms = Named::default();
    }

    /// There is nothing to come back to any more.
    pub fn is_out(&self, peer: &str) {
        let mut pages = lock(&self.0);
        for (_, place) in pages.places.get_mut(peer).into_iter().flatten() {
            place.over = true;
        }
    }

    /// This peer is to ask next for a place that it had by what it was given for it, whatever has become of that.
    pub fn insists(&self, peer: &str) {
        lock(&self.0).insisting.insert(peer.to_owned());
    }

    /// Whether it is to, which counts once.
    pub(super) fn is_insisting(&self, peer: &str) -> bool {
        lock(&self.0).insisting.remove(peer)
    }

    /// This peer is to ask next for a place by what that one was given for it.
    pub fn borrows(&self, peer: &str, of: &str) {
        lock(&self.0)
            .borrowing
            .insert(peer.to_owned(), of.to_owned());
    }

    /// Of whom it is to, which counts once.
    pub(super) fn is_borrowing(&self, peer: &str) -> Option<String> {
        lock(&self.0).borrowing.remove(peer)
    }

    /// What it was given last to come back to this room with, be it good or not.
    pub(super) fn once_given(&self, peer: &str, room: &RoomName) -> BTreeMap<String, Json> {
        let pages = lock(&self.0);
        let places = pages.places.get(peer);
        let place = places.and_then(|places| places.get(room));
        place.map(|place| place.values.clone()).unwrap_or_default()
    }

    /// Its line is lost.
    pub fn is_lost(&self, peer: &str) {
        let mut pages = lock(&self.0);
        for place in pages.places.get_mut(peer).into_iter().flatten() {
            place.1.lost.get_or_insert_with(Instant::now);
        }
    }

    /// What it comes back to this room with, if it is not lost for longer than that.
    pub(super) fn given(
        &self,
        peer: &str,
        room: &RoomName,
        within: Option<Duration>,
    ) -> Option<BTreeMap<String, Json>> {
        let pages = lock(&self.0);
        let place = pages.places.get(peer)?.get(room)?;
        let lost_for = place.lost.map_or(Duration::ZERO, |lost| lost.elapsed());
        let in_time = within.is_none_or(|within| lost_for < within);
        (in_time && !place.over && place.gone.is_empty()).then(|| place.values.clone())
    }

    /// The rooms that it was given something to come back to, and what.
    pub(super) fn all_given(&self, peer: &str) -> Vec<(RoomName, BTreeMap<String, Json>)> {
        let pages = lock(&self.0);
        let places = pages.places.get(peer).into_iter().flatten();
        places
            .map(|(room, place)| (room.clone(), place.values.clone()))
            .collect()
    }

    /// This peer is nowhere any more.
    pub fn leave(&self, peer: &str) {
        for inside in lock(&self.0).inside.values_mut() {
            inside.remove(peer);
        }
    }

    /// This peer is not in this room any more, if it was.
    pub fn leave_room(&self, room: &str, peer: &str) {
        if let Some(inside) = lock(&self.0).inside.get_mut(room) {
            inside.remove(peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_given_once_in_each_room_is_whose_it_is_in_there() {
        let book = Book::default();
        let (lobby, attic) = (RoomName::new("lobby"), RoomName::new("attic"));
        for (name, id, room) in [
            ("alice", "seat-1", &lobby),
            ("bob", "seat-2", &lobby),
            ("carol", "seat-1", &attic),
        ] {
            book.learn_peer(name, &Json::from(id));
            book.enter(room.as_str(), name);
        }
        let whose = |id, room| book.peer_told(id, room);
        assert_eq!(whose("seat-1", Some(&lobby)).as_deref(), Some("alice"));
        assert_eq!(whose("seat-1", Some(&attic)).as_deref(), Some("carol"));
        assert_eq!(whose("seat-1", None).as_deref(), Some("carol"));
        assert_eq!(whose("seat-3", Some(&attic)), None);
        // Carol hears of the second seat of her room before Dave hears that it is his.
        book.expect("dave");
        assert_eq!(whose("seat-2", Some(&attic)), None);
        assert_eq!(whose("seat-2", Some(&lobby)).as_deref(), Some("bob"));
        book.learn_peer("dave", &Json::from("seat-2"));
        book.enter("attic", "dave");
        assert_eq!(whose("seat-2", Some(&attic)).as_deref(), Some("dave"));
        // What a peer says is of those it knows.
        assert_eq!(book.peer("seat-1", Some(&attic)).as_deref(), Some("carol"));
        // News of who has gone comes when he has.
        book.leave("bob");
        assert_eq!(whose("seat-2", Some(&lobby)).as_deref(), Some("bob"));
        assert_eq!(whose("seat-2", Some(&attic)).as_deref(), Some("dave"));
        book.leave("dave");
        assert_eq!(whose("seat-2", Some(&attic)).as_deref(), Some("dave"));
        book.leave("carol");
        assert_eq!(whose("seat-1", Some(&lobby)).as_deref(), Some("alice"));
        assert_eq!(whose("seat-1", Some(&attic)).as_deref(), Some("carol"));
    }

    /// A page may flood: what was said first is forgotten first, however many have said it.
    #[test]
    fn of_very_many_numbers_the_newest_are_known() {
        let book = Book::default();
        let of = |text: &str| Number {
            text: text.to_owned(),
            form: None,
        };
        let said = |number: &str| book.said_under("alice", &of(number));
        book.notes_number("alice", &of("first"), Some(Kind::Join), None);
        book.notes_number("bob", &of("first"), None, None);
        for number in 1..MOST_NUMBERS {
            book.notes_number("alice", &of(&number.to_string()), Some(Kind::Leave), None);
        }
        assert_eq!(said("first"), Some(Some(Kind::Join)));
        assert_eq!(book.said_under("bob", &of("first")), Some(None));
        // One that is said again is none more, and as old as it was.
        book.notes_number("alice", &of("first"), Some(Kind::Fence), None);
        assert_eq!(said("first"), Some(Some(Kind::Fence)));
        assert_eq!(said("1"), Some(Some(Kind::Leave)));
        book.notes_number("alice", &of("last"), Some(Kind::Join), None);
        assert_eq!(said("first"), None);
        assert_eq!(book.anybody_said_under(&of("first")), None);
        assert_eq!(said("1"), Some(Some(Kind::Leave)));
        assert_eq!(said("last"), Some(Some(Kind::Join)));
        // Forgotten, it may be said anew.
        book.notes_number("bob", &of("first"), Some(Kind::Join), None);
        assert_eq!(book.said_under("bob", &of("first")), Some(Some(Kind::Join)));
        assert_eq!((said("first"), said("1")), (None, None));
        let pages = lock(&book.0);
        assert_eq!(pages.numbers.of.len(), MOST_NUMBERS);
        assert_eq!(pages.numbers.known.len(), MOST_NUMBERS);
    }

    /// A server may let one from a room into another without a word of leaving: he is with those in the new one alone.
    #[test]
    fn who_has_gone_from_a_room_into_another_is_in_that_one() {
        let book = Book::default();
        for (name, room) in [("alice", "lobby"), ("bob", "lobby"), ("carol", "attic")] {
            book.enter(room, name);
        }
        assert_eq!(book.enter("attic", "bob"), ["carol"]);
        assert_eq!(book.enter("lobby", "dave"), ["alice"]);
        assert_eq!(book.others("lobby", "alice"), ["dave"]);
        assert_eq!(book.with("alice"), ["dave"]);
        assert_eq!(book.with("bob"), ["carol"]);
    }

    /// A word that strays into another room is not taken for a stranger's.
    #[test]
    fn an_id_that_one_alone_has_is_his_in_every_room() {
        let book = Book::default();
        let attic = RoomName::new("attic");
        for (name, id, room) in [("alice", "7", "lobby"), ("carol", "8", "attic")] {
            book.learn_peer(name, &Json::from(id));
            book.enter(room, name);
        }
        assert_eq!(book.peer_told("7", Some(&attic)).as_deref(), Some("alice"));
        book.expect("dave");
        assert_eq!(book.peer_told("7", Some(&attic)), None, "it may be Dave's");
        assert_eq!(book.peer("7", Some(&attic)).as_deref(), Some("alice"));
        book.forget("dave");
        assert_eq!(book.peer_told("7", Some(&attic)).as_deref(), Some("alice"));
    }
}
