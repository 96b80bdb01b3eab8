//! One connection of one peer, spoken in a dialect.

use std::sync::Arc;

use serde_json::Value as Json;

use super::template::{Missing, Variables, fill_text, matches_text};
use super::words::{self, Heard};
use super::{Alias, Body, Connect, Dialect, Framing, Hearing, Out, Saying, Unspeakable, quick};
use crate::names::RoomName;
use crate::signaling::{Kind, Notice, Request, Word};

/// Longer texts are not understood. A large SDP has some 20 KiB.
const MAX_TEXT: usize = 1024 * 1024;

/// One connection of one peer: what it says is written, what it hears is understood, and what the tap overhears of it, too.
///
/// Nothing that comes in can make it fail: what does not fit any pattern is not understood. Some servers leave names out of
/// their replies (`left`, but which room?): the conversation remembers them, so it must be given all that passes.
#[derive(Clone, Debug)]
pub struct Conversation {
    dialect: Arc<Dialect>,
    me: Arc<str>,
    alias: Alias,
    /// The room that the peer is in.
    room: Option<RoomName>,
    /// The room that it asked for last.
    asked: Option<RoomName>,
}

impl Conversation {
    /// A new connection of the peer that the server knows as `me`.
    pub fn new(dialect: Arc<Dialect>, me: &str) -> Self {
        Self {
            dialect,
            me: Arc::from(me),
            alias: Alias::default(),
            room: None,
            asked: None,
        }
    }

    /// The same, where users and rooms have other names on the wire.
    #[must_use]
    pub fn aliased(mut self, alias: Alias) -> Self {
        self.alias = alias;
        self
    }

    /// How to open the WebSocket.
    pub fn connect(&self) -> Connect {
        let mut variables = self.variables();
        self.alias.put_on(&mut variables);
        let connect = &self.dialect.connect;
        // The reader lets only `{me}` into these, so nothing can be missing.
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

    /// What to send for a word, in order.
    ///
    /// # Errors
    /// The server has no such word, or the word lacks something that the server wants.
    pub fn say(&mut self, word: &Word) -> Result<Vec<Out>, Unspeakable> {
        let kind = word.kind();
        let Some(saying) = self.dialect.saying(kind) else {
            return Err(Unspeakable::NoSuchWord {
                dialect: self.dialect.name.clone(),
                kind,
            });
        };
        let mut variables = self.variables();
        words::variables(word, &mut variables);
        if let Some(room) = &self.room {
            variables.set("room", room.as_str());
        }
        self.alias.put_on(&mut variables);
        let outs: Result<Vec<Out>, Missing> = saying
            .iter()
            .map(|step| self.out(step, &variables))
            .collect();
        let outs = outs.map_err(|Missing(variable)| Unspeakable::Missing {
            dialect: self.dialect.name.clone(),
            kind,
            variable,
        })?;
        self.note(word);
        Ok(outs)
    }

    /// Understands a text message from the server. Empty: not understood.
    pub fn hear_text(&mut self, text: &str) -> Vec<Word> {
        let Some(value) = self.value(text) else {
            return Vec::new();
        };
        let dialect = Arc::clone(&self.dialect);
        self.hear(&dialect, |hearing, variables| {
            hearing.http.is_none() && hearing.matches(&value, variables)
        })
    }

    /// Understands the response to one of the peer's own requests. Empty: not understood.
    pub fn hear_response(
        &mut self,
        method: &str,
        path: &str,
        status: u16,
        body: &str,
    ) -> Vec<Word> {
        let value = self.value(body).unwrap_or(Json::Null);
        let dialect = Arc::clone(&self.dialect);
        let path = self.alias.take_off(path).into_owned();
        self.hear(&dialect, |hearing, variables| {
            hearing.http.as_ref().is_some_and(|route| {
                route.method == method
                    && hearing.status.is_none_or(|range| range.contains(status))
                    && matches_text(&route.path, &path, variables)
            }) && hearing.matches(&value, variables)
        })
    }

    /// Understands a text message from the peer to the server; for the tap.
    pub fn overhear_text(&mut self, text: &str) -> Option<Word> {
        let value = self.value(text)?;
        let dialect = Arc::clone(&self.dialect);
        self.overhear(&dialect, |step, variables| match (&step.http, &step.body) {
            (None, Body::Template(template)) => template.matches(&value, variables),
            _ => false,
        })
    }

    /// Understands an HTTP request from the peer to the server; for the tap.
    pub fn overhear_request(&mut self, method: &str, path: &str, body: &str) -> Option<Word> {
        let value = self.value(body).unwrap_or(Json::Null);
        let dialect = Arc::clone(&self.dialect);
        let path = self.alias.take_off(path).into_owned();
        self.overhear(&dialect, |step, variables| {
            step.http.as_ref().is_some_and(|route| {
                route.method == method && matches_text(&route.path, &path, variables)
            }) && match &step.body {
                Body::None => true,
                Body::Template(template) => template.matches(&value, variables),
            }
        })
    }

    fn variables<'a>(&self) -> Variables<'a> {
        let mut variables = Variables::default();
        variables.set("me", &*self.me);
        variables
    }

    fn value(&self, text: &str) -> Option<Json> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let text = self.alias.take_off(text);
        match self.dialect.framing {
            Framing::Json => quick::read(&text).or_else(|| serde_json::from_str(&text).ok()),
            Framing::Text => Some(Json::from(&*text)),
        }
    }

    fn out(&self, step: &Saying, variables: &Variables<'_>) -> Result<Out, Missing> {
        let body = match (&step.body, self.dialect.framing) {
            (Body::None, _) => None,
            (Body::Template(template), Framing::Json) => Some(template.write(variables)?),
            (Body::Template(template), Framing::Text) => match template.fill(variables)? {
                Json::String(text) => Some(text),
                other => Some(other.to_string()),
            },
        };
        let Some(route) = &step.http else {
            return Ok(Out::Text(body.unwrap_or_default()));
        };
        let mut headers = Vec::new();
        if body.is_some() && self.dialect.framing == Framing::Json {
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

    fn hear<'a>(
        &mut self,
        dialect: &'a Dialect,
        fits: impl Fn(&'a Hearing, &mut Variables<'a>) -> bool,
    ) -> Vec<Word> {
        let mut variables = self.variables();
        let known = variables.count();
        let word = dialect.hear.iter().find_map(|(heard, hearing)| {
            variables.forget(known);
            if !fits(hearing, &mut variables) {
                return None;
            }
            let room = match heard {
                Heard::Kind(Kind::Created | Kind::Joined | Kind::Destroyed) => {
                    self.asked.as_ref().or(self.room.as_ref())
                }
                _ => self.room.as_ref(),
            };
            words::heard(*heard, &variables, room)
        });
        if let Some(word) = &word {
            self.note(word);
        }
        word.into_iter().collect()
    }

    fn overhear<'a>(
        &mut self,
        dialect: &'a Dialect,
        fits: impl Fn(&'a Saying, &mut Variables<'a>) -> bool,
    ) -> Option<Word> {
        let mut variables = self.variables();
        let known = variables.count();
        let word = dialect.say.iter().find_map(|(kind, steps)| {
            // A word of several steps is said with its last; the others prepare it.
            let step = steps.last()?;
            variables.forget(known);
            if !fits(step, &mut variables) {
                return None;
            }
            // Whether the answer to a join is here when the peer leaves is a race: what it asked for last is what it leaves.
            let room = match kind {
                Kind::Leave => self.room.as_ref().or(self.asked.as_ref()),
                _ => self.room.as_ref(),
            };
            words::said(*kind, &variables, room)
        })?;
        self.note(&word);
        Some(word)
    }

    /// Remembers which room it is about.
    fn note(&mut self, word: &Word) {
        match word {
            Word::Request {
                request:
                    Request::Create { room } | Request::Join { room } | Request::Destroy { room },
            } => self.asked = Some(room.clone()),
            Word::Notice {
                notice: Notice::Created { room } | Notice::Joined { room, .. },
            } => {
                self.room = Some(room.clone());
            }
            Word::Notice {
                notice: Notice::Left { .. } | Notice::Destroyed { .. },
            } => self.room = None,
            _ => {}
        }
    }
}
