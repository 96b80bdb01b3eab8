//! How somebody comes back into a room who has lost its line there: by what it was given on that line.

use super::read::{Fields, Reader};
use super::read_template::Templates;
use super::template::{Missing, Variables};
use super::words;
use super::{Body, Conversation, Dialect, Hearing, Saying};
use crate::names::RoomName;
use crate::signaling::{Kind, Request, Unspeakable, Word};
use crate::yaml::Node;

/// What every peer knows without being given it.
const KNOWN: [&str; 2] = ["me", "self"];

impl Reader<'_> {
    /// `rejoin: { message: … }`, and what it needs that only the server can have given.
    pub(super) fn rejoin(&mut self, node: &Node) -> Option<(Saying, Vec<String>)> {
        let entries = node.map("`message: …`", self.mistakes)?;
        self.known("`rejoin`", entries, &["message"]);
        let Some(message) = Fields(entries).find("message") else {
            node.wrong("`message: …`", self.mistakes);
            return None;
        };
        let mut known = words::said_variables(Kind::Join);
        known.extend(KNOWN);
        let template = Templates {
            mistakes: self.mistakes,
            variables: &[],
            pattern: false,
            any: true,
        }
        .template(message)?;
        let mut given: Vec<String> = Vec::new();
        for hole in template.holes() {
            if !known.contains(&hole.name.as_str()) && !given.contains(&hole.name) {
                given.push(hole.name.clone());
            }
        }
        if given.is_empty() {
            self.mistakes
                .add(&message.span, "nothing in this was given by the server")
                .expect("a value that is captured where the server gives it: `\"{ticket}\"`")
                .advise("what comes back by its name alone says `join`");
            return None;
        }
        for name in &given {
            if !self.captured.contains(name) {
                self.captured.push(name.clone());
            }
        }
        let saying = Saying {
            body: Body::Template(template),
            ..Saying::default()
        };
        Some((saying, given))
    }

    /// Finds what is to be said to come back, and what the server never gives.
    pub(super) fn is_given(&mut self, given: &[String], node: &Node, heard: &[&Hearing]) {
        for name in given {
            if !heard.iter().any(|hearing| hearing.captures(name)) {
                self.mistakes
                    .add(&node.span, format!("nothing captures `{{{name}}}`"))
                    .expect("a value that the server gives to whoever comes in")
                    .advise(format!(
                        "in `hear`: `joined: {{ message: {{ …, {name}: \"{{{name}}}\" }} }}`"
                    ));
            }
        }
    }
}

impl Dialect {
    /// Whether a second line may be known as somebody's: by what it is dialled with, or by what is said on it to come back.
    pub fn knows_second_lines(&self) -> bool {
        self.names_at_connecting() || self.rejoin.is_some()
    }

    /// Whether one comes back after a loss by what the server gave.
    pub fn says_rejoin(&self) -> bool {
        self.rejoin.is_some()
    }

    /// Whether a value of this name outlives the line on which it was given.
    fn outlives(&self, name: &str) -> bool {
        let mut given = self.rejoin.iter().flat_map(|(_, given)| given);
        given.any(|own| own == name)
    }
}

impl Conversation {
    /// Notes what it was given to come back with.
    pub(super) fn keeps(&self, name: &str, value: &serde_json::Value) {
        if self.dialect.outlives(name) {
            self.book.keep(&self.me, name, value);
        }
    }

    /// The message by which it asks to be let in again, if this word does, and it has what that takes.
    pub(super) fn rejoins(&mut self, word: &Word) -> Option<Result<String, Unspeakable>> {
        let by_joining = self.dialect.creates_by_joining();
        let room = match word {
            Word::Request {
                request: Request::Join { room },
            } => room,
            // To make a room that is kept is to come back into it.
            Word::Request {
                request: Request::Create { room },
            } if by_joining => room,
            _ => return None,
        };
        // Who is inside by this line has nothing to come back from.
        if self.room.is_some() {
            return None;
        }
        let dialect = self.dialect.clone();
        let (saying, given) = dialect.rejoin.as_ref()?;
        let values = self.book.given(&self.me, room, self.patience())?;
        if given.iter().any(|name| !values.contains_key(name)) {
            return None;
        }
        self.link.extend(values);
        let variables = self.said_variables(word);
        let out = self.out(saying, &variables, None);
        Some(match out {
            Ok(super::Out::Text(text)) => Ok(text),
            Ok(_) => return None,
            Err(Missing(variable)) => Err(Unspeakable::Missing {
                dialect: dialect.name.clone(),
                kind: Kind::Join,
                variable,
            }),
        })
    }

    /// What it has for the room that it comes back to, where it is not known from the line.
    pub(super) fn with_given(&self, variables: &mut Variables<'_>) -> Option<RoomName> {
        let (values, room) = self.book.given_for(&self.me)?;
        if !self.page {
            for (name, value) in values {
                variables.put(&name, value);
            }
        }
        Some(room)
    }

    /// How long a place is taken to be kept for one who is lost.
    fn patience(&self) -> Option<std::time::Duration> {
        let promised = &self.dialect.properties;
        promised.keeps_places.or(promised.announces_leaving_within)
    }
}
