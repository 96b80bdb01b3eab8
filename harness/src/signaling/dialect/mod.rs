//! Dialects: what one server speaks, as data.
//!
//! A dialect says how to connect, which text or request each word becomes, which word each text or response is, and what the
//! server is declared to do. One template serves for writing what a peer says and for recognising it at the tap.

mod alias;
mod conversation;
mod covers;
mod differ;
mod doubts;
mod explain;
mod keys;
mod properties;
mod quick;
mod read;
mod read_template;
mod schema;
mod skeleton;
mod sketch;
mod template;
mod words;

use std::sync::{Arc, OnceLock};

use glare_signaling_server::RoomSize;
use template::{Piece, Template, Variables};
use words::Heard;

pub use alias::Alias;
pub use conversation::Conversation;
pub use explain::{Difference, Explained, Unread};
pub use properties::{AbsentPeer, Properties, SameId};
pub use schema::{dialect_reference, dialect_schema};
pub use skeleton::{NewCarrier, skeleton};
pub use sketch::{Names, sketch};

use crate::signaling::Kind;
use crate::signaling::Need;
use crate::source::Source;

/// The reference server's dialect.
const REFERENCE: &str = include_str!("../../../../fixtures/servers/reference/dialect.yaml");

/// The same server's, where its rooms hold more than two. The size in it is an example.
const REFERENCE_MESH: &str =
    include_str!("../../../../fixtures/servers/reference/reference-mesh.dialect.yaml");

/// The size of a room that [`REFERENCE_MESH`] says.
const EXAMPLE_SIZE: &str = "room-size: 3";

/// What one server speaks.
#[derive(Clone, Debug)]
pub struct Dialect {
    name: String,
    source: Source,
    framing: Framing,
    connect: ConnectTemplate,
    needs: Vec<Need>,
    properties: Properties,
    say: Vec<(Kind, Vec<Saying>)>,
    hear: Vec<(Heard, Hearing)>,
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

/// What a message is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    /// JSON text.
    Json,
    /// Plain text.
    Text,
}

#[derive(Clone, Debug, Default)]
struct ConnectTemplate {
    path: Vec<Piece>,
    protocols: Vec<String>,
    headers: Vec<(String, Vec<Piece>)>,
}

/// A method and the path it goes to.
#[derive(Clone, Debug)]
struct Route {
    method: String,
    path: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Body {
    None,
    Template(Template),
}

/// One step of saying a word: a message, or a request.
#[derive(Clone, Debug)]
struct Saying {
    http: Option<Route>,
    headers: Vec<(String, Vec<Piece>)>,
    body: Body,
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
#[derive(Clone, Debug)]
struct Hearing {
    http: Option<Route>,
    status: Option<StatusRange>,
    body: Body,
}

impl Hearing {
    fn matches<'a>(&'a self, value: &'a serde_json::Value, variables: &mut Variables<'a>) -> bool {
        match &self.body {
            Body::None => true,
            Body::Template(template) => template.matches(value, variables),
        }
    }
}

impl Dialect {
    /// The reference server's dialect.
    ///
    /// # Panics
    /// Never in a build that passes its tests: the file is part of the program.
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn reference() -> Arc<Dialect> {
        static DIALECT: OnceLock<Arc<Dialect>> = OnceLock::new();
        Arc::clone(DIALECT.get_or_init(|| {
            let path = std::path::Path::new("fixtures/servers/reference/dialect.yaml");
            let dialect = Dialect::read(path, REFERENCE);
            Arc::new(dialect.expect("the reference dialect has no mistake"))
        }))
    }

    /// What the reference server speaks where a room holds so many.
    ///
    /// # Panics
    /// Never in a build that passes its tests, as [`Dialect::reference`].
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn reference_of(size: usize) -> Arc<Dialect> {
        static DIALECTS: [OnceLock<Arc<Dialect>>; RoomSize::MAX + 1] =
            [const { OnceLock::new() }; RoomSize::MAX + 1];
        let read = || {
            let path = "fixtures/servers/reference/reference-mesh.dialect.yaml";
            let text = REFERENCE_MESH.replace(EXAMPLE_SIZE, &format!("room-size: {size}"));
            let dialect = Dialect::read(std::path::Path::new(path), &text);
            Arc::new(dialect.expect("the reference dialect has no mistake"))
        };
        match DIALECTS.get(size) {
            Some(dialect) if size > 2 => Arc::clone(dialect.get_or_init(read)),
            _ => Self::reference(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it was read from, which says all of it.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The same dialect of a server that has everything and has promised nothing: what is seen of it accuses nobody.
    pub fn promising_nothing(&self) -> Dialect {
        Dialect {
            needs: Need::ALL.to_vec(),
            properties: Properties::default(),
            ..self.clone()
        }
    }

    /// Whether its server has what a scenario needs.
    pub fn has(&self, need: Need) -> bool {
        self.needs.contains(&need)
    }

    /// What its server is declared to do.
    pub fn properties(&self) -> &Properties {
        &self.properties
    }

    /// What its messages are, as the file says it: `json` or `text`; both are text.
    pub fn framing(&self) -> &'static str {
        match self.framing {
            Framing::Json => "json",
            Framing::Text => "text",
        }
    }

    /// Whether its server ever says this word: many answer no `leave`.
    pub fn hears(&self, kind: Kind) -> bool {
        self.hear
            .iter()
            .any(|(heard, _)| matches!(heard, Heard::Kind(there) if *there == kind))
    }

    /// Whether a peer has a way to say this word.
    pub fn says(&self, kind: Kind) -> bool {
        self.saying(kind).is_some()
    }

    /// Whether a peer says with this word whom it is for.
    pub fn addresses(&self, kind: Kind) -> bool {
        let names = |step: &Saying| match &step.body {
            Body::Template(template) => template.holes().iter().any(|hole| hole.name == "peer"),
            Body::None => false,
        };
        self.saying(kind)
            .is_some_and(|steps| steps.iter().any(names))
    }

    /// The words that a peer has a way to say.
    pub fn said(&self) -> Vec<Kind> {
        self.say.iter().map(|(kind, _)| *kind).collect()
    }

    /// The words that a peer has a way to hear, each once.
    pub fn heard(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = Vec::new();
        for (heard, _) in &self.hear {
            if let Heard::Kind(kind) = heard
                && !kinds.contains(kind)
            {
                kinds.push(*kind);
            }
        }
        kinds
    }

    fn saying(&self, kind: Kind) -> Option<&[Saying]> {
        self.say
            .iter()
            .find(|(there, _)| *there == kind)
            .map(|(_, steps)| steps.as_slice())
    }
}
