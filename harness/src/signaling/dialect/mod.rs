//! Dialects: what one server speaks, as data.
//!
//! A dialect says how to connect, which text or request each word becomes, which word each text or response is, and what the
//! server is declared to do. One template serves for writing what a peer says and for recognising it at the tap.

mod alias;
mod answers;
mod book;
mod constant;
mod conversation;
mod covers;
mod dials;
mod differ;
mod doubts;
mod embedded;
mod explain;
mod filter;
mod forged;
mod garbage;
mod goodbye;
mod heard;
mod hears;
mod hints;
mod keys;
mod meant;
mod measure;
mod members;
mod named;
mod number;
mod of_page;
mod opening;
mod overheard;
mod pairs;
mod patterns;
mod promises;
mod properties;
mod quick;
mod read;
mod read_connect;
mod read_template;
mod read_words;
mod rejoin;
mod schema;
mod skeleton;
mod sketch;
mod socketio;
mod template;
mod whereabouts;
mod words;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use template::{Piece, Template, Variables};
use words::Hears;

pub use alias::Alias;
pub use book::Book;
pub use conversation::Conversation;
pub use explain::{Difference, Explained, Unread};
pub(crate) use filter::plain;
pub use heard::Heard;
pub use meant::{Meant, Say};
pub use overheard::Overheard;
pub use properties::{AbsentPeer, Audience, Properties, SameId, Ways, WhoMay};
pub use schema::{dialect_reference, dialect_schema};
pub use skeleton::{NewCarrier, skeleton};
pub use sketch::{Names, sketch};

use crate::carrier::Packets;
use crate::signaling::{Field, Kind, Translator};
use crate::source::Source;
use crate::terms::{Direction, Start, Via};

/// In a trial news is waited for so long.
const TRIED_WITHIN: Duration = Duration::from_secs(5);

/// What one server speaks.
#[derive(Clone, Debug)]
pub struct Dialect {
    name: String,
    wire: String,
    source: Source,
    framing: Framing,
    connect: ConnectTemplate,
    properties: Properties,
    say: Vec<(Kind, Way)>,
    hear: Vec<(Hears, Hearing)>,
    /// The full list of who is inside, in any form.
    members: Vec<Hearing>,
    /// Understood, and means nothing.
    ignore: Vec<Hearing>,
    /// Means nothing, but is to be remembered.
    learn: Vec<Hearing>,
    /// Several messages in one: what holds them.
    bundle: Option<Template>,
    /// Answered by itself.
    reply: Vec<Reflex>,
    /// Said every so often.
    every: Vec<Beat>,
    /// Said in the place of a join by who has lost its line, and what it needs of what was captured on that one.
    rejoin: Option<(Saying, Vec<String>)>,
    /// The names of what it captures for later.
    captured: Vec<String>,
    /// Those of them that who speaks first of two makes up.
    pair: Vec<String>,
    /// `offers:`
    offers: Option<String>,
    /// `candidates: in-description`
    candidates_within: bool,
    via: Via,
    /// Which ways its messages are binary.
    binary: Binary,
    /// With [`Framing::Program`]: what reads and writes its payloads.
    translator: Option<Arc<dyn Translator>>,
}

/// Which ways messages are binary, with text in them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Binary {
    up: bool,
    down: bool,
}

/// How to open a peer's WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// Path and query.
    pub path: String,
    /// `Sec-WebSocket-Protocol`, in order.
    pub protocols: Vec<String>,
    /// Further headers; a browser cannot send them.
    pub headers: Vec<(String, String)>,
}

/// One thing to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Out {
    /// A WebSocket text message.
    Text(String),
    /// An HTTP request; its response goes to [`Conversation::hear_response`].
    Fetch {
        /// In capitals.
        method: String,
        /// Path and query.
        path: String,
        /// Small letters.
        headers: Vec<(String, String)>,
        /// The body.
        body: Option<String>,
    },
    /// The line is closed, in order.
    Close,
}

/// Why a word cannot be said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unspeakable {
    /// The server has no such word.
    #[error("the dialect `{dialect}` has no way to say `{kind}`")]
    NoSuchWord {
        /// Its name.
        dialect: String,
        /// The word.
        kind: Kind,
    },
    /// The server wants something that the word does not have, such as an addressee.
    #[error("the dialect `{dialect}` cannot say `{kind}` without `{variable}`")]
    Missing {
        /// Its name.
        dialect: String,
        /// The word.
        kind: Kind,
        /// What is missing.
        variable: String,
    },
}

impl Unspeakable {
    /// What this text tells that a word lacks: the word, and the value.
    pub fn missing(text: &str) -> Option<(&str, &str)> {
        let (_, told) = text.split_once("` cannot say `")?;
        let (kind, missing) = told.split_once("` without `")?;
        Some((kind, missing.split_once('`')?.0))
    }

    /// Whether this text tells of one: of the dialect, and of no server.
    pub fn is_told(text: &str) -> bool {
        let told = text.split_once("the dialect `").map(|(_, told)| told);
        let said = told
            .and_then(|told| told.split_once("` "))
            .map(|(_, said)| said);
        said.is_some_and(|said| {
            said.starts_with("cannot say `") || said.starts_with("has no way to say `")
        })
    }
}

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// JSON text.
    Json,
    /// Plain text.
    Text,
    /// An event of socket.io: a list of its name and arguments.
    SocketIo(socketio::Version),
    /// JSON text, which a program makes of what stands on the wire.
    Program,
    /// JSON text, made here of packets of such a wire.
    Packets(Packets),
}

#[derive(Clone, Debug, Default)]
struct ConnectTemplate {
    path: Vec<Piece>,
    protocols: Vec<String>,
    headers: Vec<(String, Vec<Piece>)>,
    /// What socket.io's `40` carries.
    auth: Option<Template>,
    /// The names of what the project gives each peer.
    login: Vec<String>,
    /// Requests before the line is dialled.
    before: Vec<Before>,
    /// What is said and awaited before all else once it stands.
    then: Vec<Then>,
    /// What is said before the peer closes it in order.
    last: Option<Saying>,
    /// The id that the peer chooses, where that is not its name.
    own: Option<Template>,
    /// The id that it gives a room, where that is not its name.
    room_id: Option<Template>,
}

/// A request before the line is dialled, and what its answer must be.
#[derive(Clone, Debug)]
struct Before {
    ask: Saying,
    hear: Hearing,
}

/// A step of opening a conversation.
#[derive(Clone, Debug)]
enum Then {
    Say(Saying),
    /// Wait for this; `refused` in its place means that the server lets nobody in.
    Hear {
        hear: Hearing,
        refused: Vec<Hearing>,
    },
}

/// An answer that is given by itself.
#[derive(Clone, Debug)]
struct Reflex {
    hear: Hearing,
    say: Saying,
}

/// What is said every so often.
#[derive(Clone, Debug)]
struct Beat {
    every: Duration,
    say: Saying,
}

/// How a word is said.
#[derive(Clone, Debug, Default)]
struct Way {
    steps: Vec<Saying>,
    done: Ends,
    /// The word whose way it is.
    like: Option<Kind>,
}

/// When a word is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ends {
    /// A request when it is answered; a signal when it is sent.
    #[default]
    Answered,
    /// When it is sent: there is no answer.
    Sent,
    /// When the line stands: it is not said at all.
    Connected,
    /// When the line is closed for it.
    Closed,
}

/// A method and the path it goes to.
#[derive(Clone, Debug)]
struct Route {
    method: String,
    path: Vec<Piece>,
}

#[derive(Clone, Debug, Default)]
enum Body {
    #[default]
    None,
    Template(Template),
}

impl Body {
    /// What stands in it to be filled in, or captured.
    fn holes(&self) -> Vec<&template::Hole> {
        match self {
            Body::None => Vec::new(),
            Body::Template(template) => template.holes(),
        }
    }
}

/// One step of saying a word: a message, or a request.
#[derive(Clone, Debug, Default)]
struct Saying {
    http: Option<Route>,
    headers: Vec<(String, Vec<Piece>)>,
    body: Body,
    /// socket.io: an answer is wanted.
    ack: bool,
    /// What is to be heard before the next step.
    hear: Option<Hearing>,
    /// What comes in its place where the word is not said any more.
    refused: Vec<Hearing>,
}

/// Status codes: one, or a class of a hundred.
#[derive(Clone, Copy, Debug)]
struct StatusRange {
    first: u16,
    last: u16,
}

impl StatusRange {
    fn contains(self, status: u16) -> bool {
        (self.first..=self.last).contains(&status)
    }
}

/// One form in which a word is heard.
#[derive(Clone, Debug, Default)]
struct Hearing {
    http: Option<Route>,
    status: Option<StatusRange>,
    body: Body,
    /// The word that it answers.
    of: Option<Kind>,
    /// socket.io: it is the answer that was wanted.
    ack: bool,
    /// It is the line's end, with this code; the body is the reason.
    close: Option<u16>,
}

impl Hearing {
    /// Whether it captures this.
    fn captures(&self, name: &str) -> bool {
        match &self.body {
            Body::None => false,
            Body::Template(template) => template.holes().iter().any(|hole| hole.name == name),
        }
    }

    fn matches<'a>(&'a self, value: &'a serde_json::Value, variables: &mut Variables<'a>) -> bool {
        match &self.body {
            Body::None => true,
            Body::Template(template) => template.matches(value, variables),
        }
    }
}

impl Dialect {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The wire that it is of: its own name, unless it says that of another (`wire:`), which its server speaks with other promises.
    pub fn wire(&self) -> &str {
        &self.wire
    }

    /// The file that it was read from, which says all of it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The same dialect of a server of which everything may be asked, for a trial: what is seen of it is proposed, and accuses nobody. What it need not
    /// do, or does in another way than most, it need not do there either.
    pub fn for_trial(&self) -> Dialect {
        let declared = &self.properties;
        Dialect {
            properties: Properties {
                announces_leaving_within: Some(TRIED_WITHIN),
                same_id: Some(SameId::Reject),
                takes_any_name: true,
                rewrites: declared.rewrites,
                relays_media: declared.relays_media,
                one_call: declared.one_call,
                repeats: declared.repeats,
                unordered: declared.unordered,
                ..Properties::default()
            },
            ..self.clone()
        }
    }

    /// What its server is declared to do.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// The names of what each peer is given by the project, to be let in.
    pub fn logins(&self) -> &[String] {
        &self.connect.login
    }

    /// Who offers when two meet, where a peer does not say.
    pub fn offers(&self) -> Option<&str> {
        self.offers.as_deref()
    }

    /// Whether descriptions carry their candidates: then a peer gathers them all before it sends one, and sends none by itself.
    pub fn candidates_within(&self) -> bool {
        self.candidates_within
    }

    /// What carries its lines.
    pub fn via(&self) -> Via {
        self.via.clone()
    }

    /// Whether something is said before a peer closes its line in order.
    pub fn says_last(&self) -> bool {
        self.connect.last.is_some()
    }

    /// Whether it sends headers of its own with the requests of a line, which a page cannot.
    pub fn sends_headers(&self) -> bool {
        !self.connect.headers.is_empty()
    }

    /// How the paths of its lines begin, up to what differs from line to line.
    pub fn line_path(&self) -> &str {
        match self.connect.path.first() {
            Some(Piece::Literal(text)) => text,
            _ => "/",
        }
    }

    /// Whether its messages of this direction are binary.
    pub fn is_binary(&self, direction: Direction) -> bool {
        match direction {
            Direction::Up => self.binary.up,
            Direction::Down => self.binary.down,
        }
    }

    /// Whether a program makes its messages of what stands on the wire.
    pub fn is_translated(&self) -> bool {
        self.framing == Framing::Program
    }

    /// The packets that its messages are, where they are a stream: frames need not keep their borders.
    pub(crate) fn stream(&self) -> Option<Packets> {
        match self.framing {
            Framing::Packets(packets) => packets.is_stream().then_some(packets),
            _ => None,
        }
    }

    /// Whether that program is there.
    pub fn has_translator(&self) -> bool {
        self.translator.is_some()
    }

    /// The same, read and written by this.
    #[must_use]
    pub fn with_translator(&self, translator: Arc<dyn Translator>) -> Dialect {
        Dialect {
            translator: Some(translator),
            ..self.clone()
        }
    }

    /// The same as it is asked which names it takes: any, whatever it promises. No law rests on that.
    #[must_use]
    pub fn taking_any_name(&self) -> Dialect {
        let mut dialect = self.clone();
        dialect.properties.takes_any_name = true;
        dialect
    }

    /// The same as it is asked when it notices a half-open line: within this time at the latest, whatever it promises. No law rests on that.
    #[must_use]
    pub fn noticing_silence_within(&self, patience: Duration) -> Dialect {
        let mut dialect = self.clone();
        let promised = &mut dialect.properties.notices_silence_within;
        *promised = Some(promised.map_or(patience, |promised| promised.min(patience)));
        dialect
    }

    /// Whether something of a peer's arrives at the server though it says nothing, and hears nothing: its carrier does so, or `every`.
    pub fn speaks_unasked(&self) -> bool {
        let waits_to_be_asked = match self.via {
            Via::WebSocket => !matches!(self.framing, Framing::Packets(_)),
            Via::SocketIo {
                start: Start::WebSocket,
                ..
            } => matches!(self.framing, Framing::SocketIo(socketio::Version::Four)),
            Via::SocketIo { .. } | Via::Events { .. } | Via::LongPoll => false,
        };
        !waits_to_be_asked || !self.every.is_empty()
    }

    /// Why its payloads cannot be read or written any more.
    pub fn failure(&self) -> Option<String> {
        self.translator.as_ref()?.failure()
    }

    /// The text of a message that came in, or went out, as this payload.
    pub fn read_payload<'a>(
        &self,
        direction: Direction,
        payload: &'a [u8],
    ) -> Option<Cow<'a, str>> {
        match (self.framing, &self.translator) {
            (Framing::Program, Some(translator)) => {
                translator.read(direction, payload).map(Cow::Owned)
            }
            (Framing::Program, None) => None,
            (Framing::Packets(packets), _) => packets.read(payload).map(Cow::Owned),
            _ => std::str::from_utf8(payload).ok().map(Cow::Borrowed),
        }
    }

    /// The payload that says this text.
    pub fn write_payload(&self, text: String) -> Option<Vec<u8>> {
        match (self.framing, &self.translator) {
            (Framing::Program, Some(translator)) => translator.write(&text),
            (Framing::Program, None) => None,
            (Framing::Packets(packets), _) => packets.write(&text),
            _ => Some(text.into_bytes()),
        }
    }

    /// What its messages are, as the file says it: `json` or `text`; both are text.
    pub fn framing(&self) -> &'static str {
        match self.framing {
            Framing::Json => "json",
            Framing::Text => "text",
            Framing::Program => "program",
            Framing::Packets(packets) => packets.name(),
            Framing::SocketIo(socketio::Version::Two) => "socket.io-2",
            Framing::SocketIo(socketio::Version::Four) => "socket.io-4",
        }
    }

    /// Whether this request is over once it is sent, and nothing can tell that the server has done it.
    pub fn is_unconfirmed(&self, request: Kind) -> bool {
        let way = self.way(request);
        way.is_some_and(|way| way.done == Ends::Sent) && !self.says(Kind::Fence)
    }

    /// Whether to leave a room is to close the line.
    pub fn leaves_by_closing(&self) -> bool {
        let way = self.way(Kind::Leave);
        way.is_some_and(|way| way.done == Ends::Closed)
    }

    /// Whether a peer has a way to say this word.
    pub fn says(&self, kind: Kind) -> bool {
        self.way(kind).is_some()
    }

    /// Whether this request is over once it is sent, with no answer, and a fence can tell that the server has done it.
    pub fn is_fenced(&self, request: Kind) -> bool {
        let way = self.way(request);
        way.is_some_and(|way| way.done == Ends::Sent) && self.says(Kind::Fence)
    }

    /// Whether who comes in is told who is inside.
    pub fn tells_inside(&self) -> bool {
        !self.members.is_empty() || self.tells_who_comes_in("with")
    }

    /// Whether a peer says with this word whom it is for.
    pub fn addresses(&self, kind: Kind) -> bool {
        self.says_with(kind, |hole| hole.name == "peer")
    }

    /// Whether rooms have names of the server's alone: who makes one says none.
    pub fn gives_room_ids(&self) -> bool {
        let created = |heard: &Hears| matches!(heard, Hears::Kind(Kind::Created));
        let mut forms = self.hear.iter();
        let told = forms.any(|(heard, hearing)| created(heard) && hearing.captures("room-id"));
        told && !self.names_room_of(Kind::Create)
    }

    /// Whether who says this word says which room it is about.
    pub fn names_room_of(&self, kind: Kind) -> bool {
        let is_room = |hole: &template::Hole| matches!(hole.name.as_str(), "room" | "room-id");
        self.says_with(kind, is_room)
    }

    /// Whether who comes in says which room: else the server puts together whom it likes.
    pub fn names_rooms(&self) -> bool {
        self.dials_by_room() || self.names_room_of(Kind::Join)
    }

    /// Whether this word may tell the server whom it is for: by a name, or by something that was captured, as the id of a session.
    pub fn may_address(&self, kind: Kind) -> bool {
        let own = |name: &str| name != "peer" && words::said_variables(kind).contains(&name);
        self.says_with(kind, |hole| !own(&hole.name))
    }

    /// Whether what a peer says with this word has such a field.
    pub fn has_field(&self, kind: Kind, field: Field) -> bool {
        let any = |names: &[&str]| self.says_with(kind, |hole| names.contains(&hole.name.as_str()));
        match field {
            Field::Word => {
                let last = self.way(kind).and_then(|way| way.steps.last());
                last.is_some_and(|step| step.http.is_none()) && self.passes(kind)
            }
            Field::Room => any(&["room", "room-id"]),
            Field::Peer => any(&["peer"]),
            Field::Me => any(&["me", "self"]),
            Field::Sdp => any(&["sdp"]),
            Field::Candidate => any(&["candidate", "candidate-line"]),
            Field::State => any(&["state"]),
            Field::Payload => {
                let last = self.way(kind).and_then(|way| way.steps.last());
                last.is_some_and(|step| match &step.body {
                    Body::Template(template) => template.holds_holes(),
                    Body::None => false,
                })
            }
            Field::Ack => {
                let last = self.way(kind).and_then(|way| way.steps.last());
                last.is_some_and(|step| step.ack)
            }
            Field::Given => kind == Kind::Join && self.says_rejoin(),
        }
    }

    /// Whether such a hole is in what is said for this word.
    fn says_with(&self, kind: Kind, is_it: impl Fn(&template::Hole) -> bool) -> bool {
        let holes = |step: &Saying| {
            let body = match &step.body {
                Body::Template(template) => template.holes(),
                Body::None => Vec::new(),
            };
            let path = step.http.iter().map(|route| &route.path);
            let headers = step.headers.iter().map(|(_, value)| value);
            let texts = path
                .chain(headers)
                .flat_map(|text| template::text_holes(text));
            body.into_iter().chain(texts).any(&is_it)
        };
        self.way(kind)
            .is_some_and(|way| way.steps.iter().any(holes))
    }

    /// The words that a peer has a way to say.
    pub fn said(&self) -> Vec<Kind> {
        self.say.iter().map(|(kind, _)| *kind).collect()
    }

    /// The words that a peer has a way to hear, each once; those too that are worked out.
    pub fn heard(&self) -> Vec<Kind> {
        let kinds = Kind::ALL.iter().copied();
        kinds
            .filter(|kind| !kind.is_request() && self.hears(*kind))
            .collect()
    }

    /// Whether the refusal that a fence waits for has a form of its own.
    pub fn hears_fenced(&self) -> bool {
        self.hear.iter().any(|(heard, _)| *heard == Hears::Fenced)
    }

    /// Whether it has rooms that are asked for. Where to be connected is to be inside there are none, unless each has a line of its own.
    pub fn has_rooms(&self) -> bool {
        let asks = |kind| {
            self.way(kind)
                .is_some_and(|way| way.done != Ends::Connected || self.dials_by_room())
        };
        asks(Kind::Create) || asks(Kind::Join)
    }

    /// Whether a request has an answer.
    pub fn answers(&self, kind: Kind) -> bool {
        self.way(kind).is_some_and(|way| way.done == Ends::Answered)
    }

    /// How many values that it was given who comes back shows.
    pub fn values_of_return(&self) -> usize {
        self.rejoin.as_ref().map_or(0, |(_, given)| given.len())
    }

    /// What somebody says of which the server's yes, in between, gives this value.
    pub fn given_between(&self, name: &str) -> Option<Kind> {
        let mut ways = self.say.iter();
        let gives = |(_, way): &&(Kind, Way)| {
            let mut heard = way.steps.iter().filter_map(|step| step.hear.as_ref());
            heard.any(|hear| hear.captures(name))
        };
        ways.find(gives).map(|(kind, _)| *kind)
    }

    /// Whether a request of this kind has a number that its answer repeats, be that a message, or the response to it.
    pub fn numbers(&self, kind: Kind) -> bool {
        let way = self.way(kind).and_then(|way| match way.like {
            Some(like) => self.way(like),
            None => Some(way),
        });
        let repeats = |(hears, hearing): &(Hears, Hearing)| {
            let answers = matches!(hears, Hears::Kind(Kind::Created | Kind::Joined));
            answers && hearing.captures(number::NUMBER)
        };
        let last = way.and_then(|way| way.steps.last());
        last.is_some_and(Saying::is_numbered) && self.hear.iter().any(repeats)
    }

    /// Whether each refusal repeats the number of its request.
    pub fn numbers_refusals(&self) -> bool {
        let mut all = self.hear.iter();
        all.all(|(hears, hearing)| {
            *hears != Hears::Kind(Kind::Refused) || hearing.captures(number::NUMBER)
        })
    }

    /// Whether it captures something of this name for later.
    fn is_own(&self, name: &str) -> bool {
        self.captured.iter().any(|own| own == name)
    }

    fn way(&self, kind: Kind) -> Option<&Way> {
        self.say
            .iter()
            .find(|(there, _)| *there == kind)
            .map(|(_, way)| way)
    }
}
