//! How somebody comes back into a room who has lost its line there: by what it was given on that line.

use std::sync::Arc;

use super::read::{Fields, Reader};
use super::read_template::Templates;
use super::template::{Missing, Variables};
use super::{Body, Conversation, Dialect, Hearing, Saying, words};
use crate::names::RoomName;
use crate::signaling::{Kind, Notice, Request, Unspeakable, Word};
use crate::yaml::Node;

/// What every peer knows without being given it.
const KNOWN: [&str; 2] = ["me", "self"];

impl Reader<'_> {
    /// `rejoin: { message: … }`, and what it needs that only the server can have given.
    pub(super) fn rejoin(
        &mut self,
        node: &Node,
        logins: &[String],
    ) -> Option<(Saying, Vec<String>)> {
        let entries = node.map("`message: …`", self.mistakes)?;
        self.known("`rejoin`", entries, &["message"]);
        let Some(message) = Fields(entries).find("message") else {
            node.wrong("`message: …`", self.mistakes);
            return None;
        };
        let mut known = words::said_variables(Kind::Join);
        known.extend(KNOWN);
        known.extend(logins.iter().map(String::as_str));
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

    /// Whether this message is the one by which one comes back, whatever was given for it.
    pub fn is_rejoin(&self, text: &str) -> bool {
        let Some((
            Saying {
                body: Body::Template(template),
                ..
            },
            _,
        )) = &self.rejoin
        else {
            return false;
        };
        let (_, readings) = Conversation::new(Arc::new(self.clone()), "").readings(text);
        let mut readings = readings.iter();
        readings.any(|value| template.matches(value, &mut Variables::default()))
    }

    /// Whether a value of this name outlives the line on which it was given.
    fn outlives(&self, name: &str) -> bool {
        let mut given = self.rejoin.iter().flat_map(|(_, given)| given);
        given.any(|own| own == name)
    }
}

impl Conversation {
    /// Notes what it was given to come back with where it is.
    pub(super) fn keeps(&self, name: &str, value: &serde_json::Value) {
        if let Some(room) = &self.room
            && self.tells
            && self.dialect.outlives(name)
        {
            self.book.keep(&self.me, room, name, value);
        }
    }

    /// The same, of who speaks: the tap hears before him whatever he hears, and tells the book of places. What he would tell again might be
    /// over by then.
    #[must_use]
    pub fn behind_the_tap(mut self) -> Self {
        self.tells = false;
        self
    }

    /// Whether the peer is in a room by this line.
    pub fn is_inside(&self) -> bool {
        self.room.is_some()
    }

    /// Takes in what becomes of places that may be come back to: what is said of this peer's is of the room that it is in, or asks to be.
    pub(super) fn note_places(&self, word: &Word) {
        let Word::Notice { notice } = word else {
            return;
        };
        if !self.tells || self.dialect.rejoin.is_none() {
            return;
        }
        match notice {
            Notice::Created { room } | Notice::Joined { room, .. } => {
                let given = self.link.iter();
                let given = given.filter(|(name, _)| self.dialect.outlives(name));
                let given = given.map(|(name, value)| (name.clone(), value.clone()));
                let before = self.room.as_ref();
                (self.book).is_inside(&self.me, room, given.collect(), before);
            }
            Notice::Refused { request, .. } => {
                let Some((kind, room)) = self.asked.as_ref().filter(|_| self.awaits) else {
                    return;
                };
                let of_it = request.is_none_or(|of| of == *kind || of == Kind::Join);
                // By what it had it is not let in.
                if self.comes_back && of_it {
                    self.book.is_out_of(&self.me, room);
                }
            }
            Notice::PeerLeft { peer, .. } => {
                self.book.is_told(&self.me, peer, self.place(), true);
            }
            Notice::PeerJoined { peer } => {
                self.book.is_told(&self.me, peer, self.place(), false);
            }
            Notice::Left { room } | Notice::Kicked { room } => self.book.is_out_of(&self.me, room),
            Notice::Destroyed { room } => self.book.is_destroyed(room),
            Notice::PeerAway { .. }
            | Notice::PeerBack { .. }
            | Notice::PeerState { .. }
            | Notice::Host { .. }
            | Notice::Granted { .. }
            | Notice::Error { .. } => {}
        }
    }

    /// The message by which it asks to be let in again, if this word does, and it has what that takes.
    pub(super) fn rejoins(&mut self, word: &Word) -> Option<Result<String, Unspeakable>> {
        let by_joining = self.dialect.creates_by_joining();
        let (room, borrowed) = match word {
            Word::Request {
                request: Request::Join { room },
            } => (room, self.book.is_borrowing(&self.me)),
            // To make a room that is kept is to come back into it.
            Word::Request {
                request: Request::Create { room },
            } if by_joining => (room, None),
            _ => return None,
        };
        // Who is inside by this line has nothing of its own to come back from.
        if self.room.is_some() && borrowed.is_none() {
            return None;
        }
        let dialect = self.dialect.clone();
        let (saying, given) = dialect.rejoin.as_ref()?;
        let insists = self.book.is_insisting(&self.me) || borrowed.is_some();
        let values = match insists {
            true => {
                let owner = borrowed.as_deref().unwrap_or(&self.me);
                self.book.once_given(owner, room)
            }
            false => self.book.given(&self.me, room, self.patience())?,
        };
        let missing = given.iter().find(|name| !values.contains_key(*name));
        if let Some(name) = missing {
            return insists.then(|| {
                Err(Unspeakable::Missing {
                    dialect: dialect.name.clone(),
                    kind: Kind::Join,
                    variable: name.clone(),
                })
            });
        }
        self.link.extend(values);
        let mut variables = self.said_variables(word);
        self.numbered(saying, Some(word.kind()), &mut variables);
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

    /// It has asked for its place in this room. With what is said, that is known on this line, too.
    pub(super) fn is_coming_back(&mut self, room: &RoomName) {
        self.comes_back = true;
        let all = self.book.all_given(&self.me).into_iter();
        for (_, values) in all.filter(|(of, _)| of == room && !self.page) {
            self.link.extend(values);
        }
    }

    /// What is known where a message may be the one by which it comes back, and to which room: who was given something for several rooms is
    /// known by what he says. `meant`: it is that message, whatever has become of the place since it was said.
    pub(super) fn coming_back<'a>(&self, meant: bool) -> Vec<(Variables<'a>, Option<RoomName>)> {
        let all = self.book.all_given(&self.me);
        let unknown = (meant || all.is_empty()).then(|| (self.variables(), None));
        let known = all.into_iter().map(|(room, values)| {
            let mut variables = self.variables();
            for (name, value) in values.into_iter().filter(|_| !self.page) {
                variables.know(&name, value);
            }
            (variables, Some(room))
        });
        known.chain(unknown).collect()
    }

    /// How long a place is taken to be kept for one who is lost.
    fn patience(&self) -> Option<std::time::Duration> {
        let promised = &self.dialect.properties;
        promised.keeps_places.or(promised.announces_leaving_within)
    }
}
