//! One link of one peer, spoken in a dialect: a machine without a socket.
//!
//! In goes a word to say, the opening of the line, a frame, a response; out come frames and requests, words, and what was learned on the way. The
//! peer's driver has one, and the tap another: they are equal wherever no fault has struck.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use super::meant::{Meant, Say};
use super::number::NUMBER;
use super::template::{Missing, Variables, fill_text};
use super::words::Called;
use super::{
    Alias, Body, Book, Connect, Dialect, Ends, Framing, Out, Saying, Then, Unspeakable, quick,
    socketio, words,
};
use crate::names::RoomName;
use crate::signaling::{Kind, Word};

/// Longer texts are not understood. A large SDP has some 20 KiB; a refusal of the largest garbage may say all of it again.
const MAX_TEXT: usize = 4 * 1024 * 1024;

/// So much may be said behind what waits for an answer.
const MOST_WAITING: usize = 10_000;

/// One link of one peer: what it says is written, what it hears is understood, and what the tap overhears of it, too.
///
/// Nothing that comes in can make it fail: what does not fit any pattern is not understood. Some servers leave names out of
/// their replies (`left`, but which room?): the conversation remembers them, so it must be given all that passes.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(super) dialect: Arc<Dialect>,
    pub(super) me: Arc<str>,
    /// It is a page's, whose id is not its name.
    pub(super) page: bool,
    pub(super) alias: Alias,
    pub(super) book: Book,
    /// What was captured on this link.
    pub(super) link: BTreeMap<String, Json>,
    /// What was captured of a pair: by the other's name.
    pub(super) pairs: BTreeMap<String, BTreeMap<String, Json>>,
    /// What was captured of a pair before that, by the other's name: some of it may still be on its way. The newest last.
    pub(super) older: VecDeque<(String, String, Json)>,
    /// With whom a goodbye was the last word.
    pub(super) parted: BTreeSet<String>,
    /// The room that the peer is in.
    pub(super) room: Option<RoomName>,
    /// The room that it asked for last, and how.
    pub(super) asked: Option<(Kind, RoomName)>,
    /// An answer to that is still to come.
    pub(super) awaits: bool,
    /// It asked by what it was given to come back with.
    pub(super) comes_back: bool,
    /// What becomes of places is told to the book from here.
    pub(super) tells: bool,
    /// Something was said before that, or after it, which the server may yet refuse.
    pub(super) refusable: Refusable,
    /// Those inside beside it, where the server tells them as a list.
    pub(super) inside: BTreeSet<String>,
    /// Those who are told to be inside before one is let in.
    pub(super) told: BTreeSet<String>,
    /// The room that the peer was in, or asked for, on the line before.
    pub(super) was: Option<RoomName>,
    /// The room that its line is dialled for.
    pub(super) dialled: Option<RoomName>,
    /// How many steps of the opening are done.
    pub(super) opening: usize,
    /// socket.io says that the client is connected.
    pub(super) shaken: bool,
    /// socket.io: the requests whose answers are to come, by number.
    pub(super) acks: BTreeMap<u64, Option<Kind>>,
    pub(super) last_ack: u64,
    /// socket.io: how often it pings by itself.
    pub(super) pings: Option<Duration>,
    /// What is said behind something that has yet to be heard.
    pub(super) waiting: VecDeque<Waiting>,
    /// Method and path of a request that was said last and is not answered yet: its answer means nothing, whatever else is asked so.
    pub(super) parting: Option<(String, String)>,
    /// So many fences have been said, and are not answered.
    pub(super) fences: usize,
    /// What is relayed of which the answers are alike.
    pub(super) alike: BTreeSet<Kind>,
    /// What of that was said and is not answered, the oldest first.
    pub(super) unanswered: VecDeque<Kind>,
    /// The number that the next word is said under, where that is settled before.
    pub(super) number: Option<u64>,
}

/// Whether something else than a request was said that the server has not certainly done with.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Refusable {
    pub before_request: bool,
    pub since_request: bool,
}

/// Steps of a word that wait for something to be heard.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub word: Word,
    /// The step that comes next.
    pub step: usize,
}

impl Conversation {
    /// A new link of the peer that the case calls `me`.
    pub fn new(dialect: Arc<Dialect>, me: &str) -> Self {
        let mut own = Self {
            me: Arc::from(me),
            page: false,
            alias: Alias::default(),
            book: Book::default(),
            link: new_line(&dialect),
            alike: dialect.relays_answered_alike(),
            unanswered: VecDeque::new(),
            dialect,
            pairs: BTreeMap::new(),
            older: VecDeque::new(),
            parted: BTreeSet::new(),
            room: None,
            asked: None,
            awaits: false,
            comes_back: false,
            tells: true,
            refusable: Refusable::default(),
            inside: BTreeSet::new(),
            told: BTreeSet::new(),
            was: None,
            dialled: None,
            opening: 0,
            shaken: false,
            acks: BTreeMap::new(),
            last_ack: 0,
            pings: None,
            waiting: VecDeque::new(),
            parting: None,
            fences: 0,
            number: None,
        };
        own.choose_id();
        own
    }

    /// The same, where users and rooms have other names on the wire.
    #[must_use]
    pub fn aliased(mut self, alias: Alias) -> Self {
        self.alias = alias;
        self.choose_id();
        self
    }

    /// The same, with the book of its case.
    #[must_use]
    pub fn with(mut self, book: Book) -> Self {
        self.book = book;
        self.choose_id();
        self
    }

    /// The same, where the peer was given this to be let in.
    #[must_use]
    pub fn given(mut self, logins: &BTreeMap<String, String>) -> Self {
        for (name, value) in logins {
            self.link.insert(name.clone(), value.as_str().into());
        }
        self
    }

    /// The names of what the peer is to be given.
    pub fn logins(&self) -> &[String] {
        &self.dialect.connect.login
    }

    /// What the peer is called on the wire, where it has its own name there.
    pub fn id(&self) -> String {
        self.id_of(&self.me)
    }

    /// The same of another one.
    pub fn id_of(&self, peer: &str) -> String {
        let mut variables = Variables::default();
        variables.set("me", peer);
        self.alias.put_on(&mut variables);
        let id = variables.text("me").unwrap_or(peer);
        id.to_owned()
    }

    /// Where the peer chooses its id, and that is not its name, it is known from the beginning.
    fn choose_id(&mut self) {
        let dialect = Arc::clone(&self.dialect);
        let Some(own) = dialect.connect.own.as_ref().filter(|_| !self.page) else {
            return;
        };
        let mut variables = Variables::default();
        variables.set("me", &*self.me);
        self.alias.put_on(&mut variables);
        if let Ok(id) = own.fill(&variables) {
            self.book.learn_peer(&self.me, &id);
            self.link.insert("self".into(), id);
        }
    }

    /// Where peers choose the ids of rooms, too.
    fn choose_room_id(&self, word: &Word) {
        let Some(own) = &self.dialect.connect.room_id else {
            return;
        };
        let Word::Request { request } = word else {
            return;
        };
        let Some(room) = request.room() else { return };
        let mut variables = Variables::default();
        variables.set("me", &*self.me);
        variables.set("room", room.as_str());
        self.alias.put_on(&mut variables);
        if let Ok(id) = own.fill(&variables) {
            self.book.learn_room(room.as_str(), &id);
        }
    }

    /// The line is opened now: how. Where the room stands in the path, or in what is said first, it is this one.
    pub fn dial(&mut self, room: Option<&RoomName>) -> Connect {
        self.dialled = room.cloned();
        self.connect(room)
    }

    /// How to open the line. Where the room stands in the path, the one that it is to enter.
    pub fn connect(&self, room: Option<&RoomName>) -> Connect {
        let mut variables = self.variables();
        if let Some(room) = room {
            variables.set("room", room.as_str());
        }
        self.alias.put_on(&mut variables);
        let connect = &self.dialect.connect;
        // The reader lets only what is known by then into these, so nothing can be missing but what a server left out.
        let fill = |pieces: &[_]| fill_text(pieces, &variables).unwrap_or_default();
        Connect {
            path: fill(&connect.path),
            protocols: connect.protocols.clone(),
            headers: connect
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), fill(value)))
                .collect(),
        }
    }

    /// Whether the opening is over, so that words can be said.
    pub fn is_ready(&self) -> bool {
        let shaken = self.shaken || !matches!(self.dialect.framing, Framing::SocketIo(_));
        shaken && self.opening >= self.dialect.connect.then.len()
    }

    /// What to send for a word, in order. What waits for something to be heard comes out of that.
    ///
    /// # Errors
    /// The server has no such word, or the word lacks something that the server wants.
    pub fn say(&mut self, word: &Word) -> Result<Vec<Say>, Unspeakable> {
        let kind = word.kind();
        let dialect = Arc::clone(&self.dialect);
        if dialect.way(kind).is_none() {
            return Err(Unspeakable::NoSuchWord {
                dialect: self.dialect.name.clone(),
                kind,
            });
        }
        self.choose_room_id(word);
        if let Word::Request { request } = word
            && let Some(room) = request.room()
        {
            self.book.means(&self.me, kind, room);
        }
        if let Some(again) = self.rejoins(word) {
            let out = Out::Text(again?);
            self.speaks(word);
            self.comes_back = true;
            let means = Meant::Word(kind);
            return Ok(vec![Say { out, means }]);
        }
        self.make_up(word);
        self.speaks(word);
        if !self.waiting.is_empty() && self.waiting.len() < MOST_WAITING {
            self.waiting.push_back(Waiting {
                word: word.clone(),
                step: 0,
            });
            return Ok(Vec::new());
        }
        self.say_from(word, 0)
    }

    /// Says a word from this step on, until something must be heard.
    pub(super) fn say_from(&mut self, word: &Word, from: usize) -> Result<Vec<Say>, Unspeakable> {
        let kind = word.kind();
        let dialect = Arc::clone(&self.dialect);
        let Some(way) = dialect.way(kind) else {
            return Ok(Vec::new());
        };
        let mut says = Vec::new();
        for (at, step) in way.steps.iter().enumerate().skip(from) {
            if step.hear.is_some() {
                self.waiting.push_front(Waiting {
                    word: word.clone(),
                    step: at,
                });
                return Ok(says);
            }
            let ack = self.next_ack(step, Some(kind));
            let last = at + 1 == way.steps.len();
            let mut variables = self.said_variables(word);
            self.numbered(step, last.then_some(kind), &mut variables);
            let out = self.out(step, &variables, ack);
            let out = out.map_err(|Missing(variable)| Unspeakable::Missing {
                dialect: dialect.name.clone(),
                kind,
                variable,
            })?;
            let means = match last {
                true => Meant::Word(kind),
                false => Meant::Aside,
            };
            says.push(Say { out, means });
        }
        if way.done == Ends::Closed {
            says.push(Say {
                out: Out::Close,
                means: Meant::Word(kind),
            });
        }
        Ok(says)
    }

    /// Whether the rest of a word waits for something to be heard.
    pub fn is_between_steps(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// What a word is at once when it is said, though nothing of it stands on the wire: to be connected is to be inside.
    pub fn is_done_unsaid(&self, kind: Kind) -> bool {
        let way = self.dialect.way(kind);
        way.is_some_and(|way| way.done == Ends::Connected)
    }

    /// What is said every so often as long as the line stands, and how often.
    pub fn beats(&self) -> Vec<Duration> {
        let every = self.dialect.every.iter().map(|beat| beat.every);
        every.chain(self.pings).collect()
    }

    /// What is said at this beat.
    pub fn beat(&mut self, beat: usize) -> Option<Say> {
        let dialect = Arc::clone(&self.dialect);
        let out = match dialect.every.get(beat) {
            Some(beat) => {
                let ack = self.next_ack(&beat.say, None);
                let mut variables = self.variables();
                self.numbered(&beat.say, None, &mut variables);
                self.out(&beat.say, &variables, ack).ok()?
            }
            None => Out::Text("2".into()),
        };
        Some(Say {
            out,
            means: Meant::Aside,
        })
    }

    /// What is said before the peer closes its line in order.
    pub fn last(&self) -> Option<Say> {
        let mut variables = self.variables();
        self.alias.put_on(&mut variables);
        let out = self
            .out(self.dialect.connect.last.as_ref()?, &variables, None)
            .ok()?;
        let means = Meant::Aside;
        Some(Say { out, means })
    }

    pub(super) fn variables<'a>(&self) -> Variables<'a> {
        let mut variables = Variables::default();
        if !self.page {
            variables.set("me", &*self.me);
        }
        for (name, value) in &self.link {
            variables.put(name, value.clone());
        }
        variables
    }

    /// Whether the server gives peers their ids.
    pub(super) fn is_named(&self) -> bool {
        self.book.peer_id(&self.me).is_some()
    }

    pub(super) fn said_variables<'a>(&self, word: &'a Word) -> Variables<'a> {
        let mut variables = self.variables();
        words::variables(word, &mut variables);
        words::state_as_declared(word, &self.dialect.properties.states, &mut variables);
        if let Some(room) = self
            .room
            .as_ref()
            .filter(|_| variables.get("room").is_none())
        {
            variables.put("room", Json::from(room.as_str()));
        }
        let room = variables.text("room").map(str::to_owned);
        self.alias.put_on(&mut variables);
        if let Some(peer) = word.addressee() {
            if let Some(id) = self.book.peer_id(peer) {
                variables.replace("peer", Some(id));
            } else if self.is_named() {
                // The server gives ids, and has not given that one any.
                variables.replace("peer", None);
            }
            for (name, value) in self.pairs.get(peer).into_iter().flatten() {
                variables.put(name, value.clone());
            }
        }
        if let Some(room) = room
            && let Some(id) = self.book.room_id(&room)
        {
            variables.put("room-id", id);
        }
        variables
    }

    /// The number under which the answer to this step comes.
    fn next_ack(&mut self, step: &Saying, kind: Option<Kind>) -> Option<u64> {
        step.ack.then(|| {
            let number = self.last_ack;
            self.last_ack += 1;
            self.acks.insert(number, kind);
            number
        })
    }

    /// Gives what is said a number of its own, where it has one that its answer repeats: as this word, or as no word.
    pub(super) fn numbered(
        &self,
        step: &Saying,
        kind: Option<Kind>,
        variables: &mut Variables<'_>,
    ) {
        if step.is_numbered() && variables.get(NUMBER).is_none() {
            let settled = self.number.filter(|_| kind.is_some());
            let number = settled.unwrap_or_else(|| self.book.new_number(&self.me, kind));
            variables.set(NUMBER, number);
        }
    }

    pub(super) fn value(&self, text: &str) -> Option<Json> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let text = self.alias.take_off(text);
        match self.dialect.framing {
            Framing::Text => Some(Json::from(&*text)),
            Framing::Json | Framing::Program | Framing::Packets(_) | Framing::SocketIo(_) => {
                quick::read(&text).or_else(|| serde_json::from_str(&text).ok())
            }
        }
    }

    /// A message as it stands on the wire, and the JSON that it is, however it is framed; of a bundle each that is in it as well.
    pub fn readings<'t>(&self, text: &'t str) -> (Cow<'t, str>, Vec<Json>) {
        let value = match self.dialect.framing {
            Framing::SocketIo(_) => match self.packet(text) {
                Some(socketio::Packet::Event(value, _) | socketio::Packet::Ack(value, _)) => {
                    Some(value)
                }
                _ => None,
            },
            _ => self.value(text),
        };
        let mut all = Vec::new();
        let mut variables = Variables::default();
        if let (Some(value), Some(bundle)) = (&value, &self.dialect.bundle)
            && bundle.matches(value, &mut variables)
        {
            let messages = variables.get("messages").and_then(Json::as_array);
            all.extend(messages.into_iter().flatten().cloned());
        }
        all.extend(value);
        (self.alias.take_off(text), all)
    }

    pub(super) fn packet(&self, text: &str) -> Option<socketio::Packet> {
        let short = text.len() <= MAX_TEXT;
        short.then(|| socketio::read(&self.alias.take_off(text)))?
    }

    pub(super) fn out(
        &self,
        step: &Saying,
        variables: &Variables<'_>,
        ack: Option<u64>,
    ) -> Result<Out, Missing> {
        let framing = self.dialect.framing;
        let json = framing != Framing::Text;
        let body = match &step.body {
            Body::None => None,
            Body::Template(template) if json => Some(template.write(variables)?),
            Body::Template(template) => match template.fill(variables)? {
                Json::String(text) => Some(text),
                other => Some(other.to_string()),
            },
        };
        let Some(route) = &step.http else {
            let text = body.unwrap_or_default();
            return Ok(Out::Text(match framing {
                Framing::SocketIo(_) => socketio::event(&text, ack),
                Framing::Json | Framing::Program | Framing::Packets(_) | Framing::Text => text,
            }));
        };
        let mut headers = Vec::new();
        if body.is_some() && json {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
        for (name, value) in &step.headers {
            headers.retain(|(there, _)| there != name);
            headers.push((name.clone(), fill_text(value, variables)?));
        }
        Ok(Out::Fetch {
            method: route.method.clone(),
            path: fill_text(&route.path, variables)?,
            headers,
            body,
        })
    }

    /// Reads a word from captures with what the ids in them mean.
    pub(super) fn called<T>(
        &self,
        here: Option<&RoomName>,
        whose: &dyn Fn(&str) -> Option<String>,
        read: impl FnOnce(Called<'_>) -> T,
    ) -> T {
        read(Called {
            peer: &|id| whose(&id).unwrap_or(id),
            room: &|id| self.book.room(id),
            here,
        })
    }

    /// Remembers what was captured: who the peer itself is, and the rest of the link, or of the pair with this one.
    pub(super) fn remember(&mut self, captured: Vec<(String, Json)>, with: Option<&str>) {
        for (name, value) in captured {
            self.keeps(&name, &value);
            match name.as_str() {
                "self" => {
                    self.book.learn_peer(&self.me, &value);
                    self.link.insert(name, value);
                }
                _ if !self.dialect.is_own(&name) => {}
                _ => match with {
                    Some(with) => {
                        self.parted.remove(with);
                        self.is_now(with, name, value);
                    }
                    None => drop(self.link.insert(name, value)),
                },
            }
        }
    }

    /// The step of the opening that comes next.
    pub(super) fn next_step<'d>(&self, dialect: &'d Dialect) -> Option<&'d Then> {
        dialect.connect.then.get(self.opening)
    }
}

/// What is new with each line: a text that nobody else has, where the dialect wants one.
fn new_line(dialect: &Dialect) -> BTreeMap<String, Json> {
    let mut link = BTreeMap::new();
    let holes = super::template::text_holes(&dialect.connect.path);
    if holes.iter().any(|hole| hole.name == "line") {
        link.insert("line".to_owned(), nobody_elses());
    }
    link
}

/// A text that nobody else has.
pub(super) fn nobody_elses() -> Json {
    Json::from(format!("{:016x}", rand::random::<u64>()))
}
