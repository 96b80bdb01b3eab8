//! Dialects: what one server speaks, as data.
//!
//! A dialect says how to connect, which text or request each word becomes, which word each text or response is, and what the
//! server is declared to do. One template serves for writing what a peer says and for recognising it at the tap.

mod alias;
mod conversation;
mod garbage;
mod promises;
mod properties;
mod quick;
mod read;
mod read_template;
mod template;
mod words;

use std::sync::{Arc, OnceLock};

use glare_signaling_server::RoomSize;
use template::{Piece, Template, Variables};
use words::Heard;

pub use alias::Alias;
pub use conversation::Conversation;
pub use properties::{AbsentPeer, Properties, SameId};

use crate::signaling::Kind;
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
    wire: String,
    source: Source,
    framing: Framing,
    connect: ConnectTemplate,
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

    /// The wire that it is of: its own name, unless it says that of another (`wire:`), which its server speaks with other promises.
    pub fn wire(&self) -> &str {
        &self.wire
    }

    /// The file that it was read from, which says all of it.
    pub fn source(&self) -> &Source {
        &self.source
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

    /// Whether its server has rooms that are asked for; without, to be connected is to be inside.
    pub fn has_rooms(&self) -> bool {
        self.says(Kind::Create) || self.says(Kind::Join)
    }

    /// Whether who comes in is told who is inside.
    pub fn tells_inside(&self) -> bool {
        self.hear.iter().any(|(heard, hearing)| {
            matches!(heard, Heard::Kind(Kind::Joined))
                && matches!(&hearing.body, Body::Template(template) if template.holes().iter().any(|hole| hole.name == "with"))
        })
    }

    fn saying(&self, kind: Kind) -> Option<&[Saying]> {
        self.say
            .iter()
            .find(|(there, _)| *there == kind)
            .map(|(_, steps)| steps.as_slice())
    }
}
