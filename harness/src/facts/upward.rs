//! What a message on its way up is to the server.

use crate::names::Link;
use crate::record::{Event, What};
use crate::signaling::{Kind, Request, Word};
use crate::terms::Carrier;

/// What a message on its way up is to the server: kept apart, since the tap may hold it.
#[derive(Clone, Debug)]
pub(super) struct Upward {
    pub link: Link,
    pub http: bool,
    pub ask: Asked,
    /// It stands on the wire; what the server has no word for does not.
    pub spoken: bool,
    /// The tap made it: who is behind that line has not said it.
    pub made: bool,
    /// What its answer repeats.
    pub number: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    Request(Request),
    Signal(Kind),
    /// A safe method (RFC 9110, section 9.2.1) changes nothing.
    Safe,
    /// Nobody understands it.
    Opaque,
}

impl Upward {
    pub fn of(event: &Event) -> Option<Self> {
        let What::Message {
            link,
            carrier,
            word,
            text,
            of,
            number,
            fate,
            ..
        } = &event.what
        else {
            return None;
        };
        let http = *carrier == Carrier::Http;
        let ask = match word {
            Some(Word::Request { request }) => Asked::Request(request.clone()),
            Some(word) => Asked::Signal(word.kind()),
            None if http && (text.starts_with("GET ") || text.starts_with("HEAD ")) => Asked::Safe,
            None => Asked::Opaque,
        };
        Some(Self {
            link: link.clone(),
            http,
            ask,
            spoken: of.is_none(),
            made: fate.is_made(),
            number: number.clone(),
        })
    }
}
