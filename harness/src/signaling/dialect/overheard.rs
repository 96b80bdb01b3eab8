//! What the tap overhears of a peer: from a message up to the word that it says, and what follows from it where the server says nothing.

use std::sync::Arc;

use serde_json::Value as Json;

use super::conversation::Conversation;
use super::meant::Meant;
use super::number::number_in;
use super::socketio::Packet;
use super::template::{Variables, matches_text};
use super::{Body, Dialect, Ends, Framing, Saying, Then, words};
use crate::names::RoomName;
use crate::signaling::{Kind, Notice, Request, Word};

/// What a message of the peer's turns out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overheard {
    /// What it says.
    pub word: Option<Word>,
    /// The number that it is said under, and that its answer repeats, where it has one.
    pub number: Option<String>,
    /// It is known to the dialect, whether it says anything or not.
    pub understood: bool,
    /// What the peer may take for the server's word once this has gone on, though nothing comes: there is no answer.
    pub implied: Vec<Word>,
}

impl Conversation {
    /// Understands a message from the peer to the server. `meant`: where that is known.
    pub fn overhear_text(&mut self, text: &str, meant: Option<Meant>) -> Overheard {
        let aside = Overheard {
            understood: true,
            ..Overheard::default()
        };
        let (value, ack) = match self.dialect.framing {
            Framing::SocketIo(_) => match self.packet(text) {
                Some(Packet::Event(value, ack)) => (value, ack),
                // Who says this has gone, for a server; or it waits for the end of the line.
                Some(Packet::Over) if meant.is_none() && self.dialect.says_goodbye(text) => {
                    return Overheard::default();
                }
                Some(_) => return aside,
                None => return Overheard::default(),
            },
            Framing::Json | Framing::Program | Framing::Packets(_) | Framing::Text => {
                match self.value(text) {
                    Some(value) => (value, None),
                    None => return Overheard::default(),
                }
            }
        };
        let dialect = Arc::clone(&self.dialect);
        let overheard = self.overhear(&dialect, meant, |step, variables| {
            match (&step.http, &step.body) {
                (None, Body::Template(template)) => {
                    step.ack == ack.is_some() && template.matches(&value, variables)
                }
                _ => false,
            }
        });
        if let Some(number) = ack {
            let kind = overheard.word.as_ref().map(Word::kind);
            self.acks.insert(number, kind);
        }
        overheard
    }

    /// Understands an HTTP request from the peer to the server.
    pub fn overhear_request(
        &mut self,
        method: &str,
        path: &str,
        body: &str,
        meant: Option<Meant>,
    ) -> Overheard {
        let value = self.value(body).unwrap_or(Json::Null);
        let path = self.alias.take_off(path).into_owned();
        let dialect = Arc::clone(&self.dialect);
        let request = (method, &*path, &value);
        if meant == Some(Meant::Aside)
            && let Some(last) = &dialect.connect.last
            && asks(last, request, &mut self.variables())
        {
            self.parting = Some((method.to_owned(), path.clone()));
        }
        self.overhear(&dialect, meant, |step, variables| {
            asks(step, request, variables)
        })
    }

    /// What is known to have been said, though nothing of it stands on the wire.
    pub fn unsaid(&mut self, word: &Word) -> Vec<Word> {
        self.speaks(word);
        self.implied(word)
    }

    fn overhear<'a>(
        &mut self,
        dialect: &'a Dialect,
        meant: Option<Meant>,
        fits: impl Fn(&'a Saying, &mut Variables<'a>) -> bool,
    ) -> Overheard {
        let first = match meant {
            Some(Meant::Word(kind)) => Some(kind),
            // Whatever it looks like, it is none.
            Some(Meant::Aside) => {
                return Overheard {
                    understood: true,
                    ..Overheard::default()
                };
            }
            // A right server may make anything of it, or nothing.
            Some(Meant::Nothing) => return Overheard::default(),
            None => None,
        };
        let ways = || {
            // A word of several steps is said with its last; the others prepare it.
            let said = dialect.say.iter();
            let said = said.filter_map(|(kind, way)| Some((kind, way.steps.last()?)));
            let said = said.map(|(kind, step)| (kind, step, false));
            let again = dialect.rejoin.iter();
            let joins = again.clone().map(|(again, _)| (&Kind::Join, again, true));
            let creates = again.filter(|_| dialect.creates_by_joining());
            said.chain(joins)
                .chain(creates.map(|(again, _)| (&Kind::Create, again, true)))
        };
        let meant = ways().filter(|(kind, ..)| Some(**kind) == first);
        let others = ways().filter(|(kind, ..)| Some(**kind) != first);
        let found = meant.chain(others).find_map(|(kind, step, again)| {
            let known = match again {
                true => self.coming_back(Some(*kind) == first),
                false => vec![(self.variables(), None)],
            };
            known.into_iter().find_map(|(mut variables, place)| {
                let known = variables.count();
                if !fits(step, &mut variables) {
                    return None;
                }
                let told = self.book.meant(&self.me, *kind);
                // Whether the answer to a join is here when the peer leaves is a race: what it asked for last is what it leaves.
                let here = match kind {
                    Kind::Leave => self.room.as_ref().or(told.as_ref()).or(self.place()),
                    _ => told.as_ref().or(self.room.as_ref()).or(place.as_ref()),
                };
                self.meet_by_pair(&mut variables, known);
                let word = self.called(here, &|id| self.book.peer(id, here), |called| {
                    words::said(*kind, &variables, called)
                })?;
                let number = number_in(&variables, &step.body, dialect.framing);
                Some((word, Self::captures(&variables, known), again, number))
            })
        });
        let Some((word, captured, again, number)) = found else {
            return Overheard {
                understood: self.is_aside(dialect, fits),
                ..Overheard::default()
            };
        };
        if let Some(number) = &number {
            let room = match &word {
                Word::Request { request } => request.room(),
                _ => None,
            };
            (self.book).notes_number(&self.me, number, Some(word.kind()), room);
        }
        self.learn_own(&captured);
        if let Word::Signal {
            peer: Some(peer), ..
        } = &word
        {
            let peer = peer.clone();
            self.remember(captured, Some(&peer));
        }
        self.speaks(&word);
        if again && let Word::Request { request } = &word {
            request
                .room()
                .into_iter()
                .for_each(|room| self.is_coming_back(room));
        }
        let implied = self.implied(&word);
        Overheard {
            word: Some(word),
            number: number.map(|number| number.recorded(number.form)),
            understood: true,
            implied,
        }
    }

    /// Whether it is part of how one talks to this server.
    fn is_aside<'a>(
        &self,
        dialect: &'a Dialect,
        fits: impl Fn(&'a Saying, &mut Variables<'a>) -> bool,
    ) -> bool {
        let then = dialect.connect.then.iter().filter_map(|then| match then {
            Then::Say(saying) => Some(saying),
            Then::Hear { .. } => None,
        });
        let before = dialect.connect.before.iter().map(|before| &before.ask);
        // What is said last is the word itself, or nothing.
        let steps = (dialect.say.iter()).flat_map(|(_, way)| way.steps.iter().rev().skip(1));
        let mut all = then
            .chain(before)
            .chain(&dialect.connect.last)
            .chain(dialect.every.iter().map(|beat| &beat.say))
            .chain(dialect.reply.iter().map(|reflex| &reflex.say))
            .chain(steps);
        all.any(|saying| {
            // What it captures elsewhere need not be known here.
            let mut variables = Variables::default();
            let fits = fits(saying, &mut variables);
            let number = number_in(&variables, &saying.body, dialect.framing);
            if let Some(number) = number.filter(|_| fits) {
                self.book.notes_number(&self.me, &number, None, None);
            }
            fits
        })
    }

    /// What follows from a word once it has gone on, where the server does not answer it.
    fn implied(&mut self, word: &Word) -> Vec<Word> {
        let Word::Request { request } = word else {
            return Vec::new();
        };
        let way = self.dialect.way(request.kind());
        if way.is_none_or(|way| way.done == Ends::Answered) {
            return Vec::new();
        }
        let enter = |room: &RoomName| self.book.enter(room.as_str(), &self.me);
        let notice = match request {
            Request::Create { room } => {
                enter(room);
                Notice::Created { room: room.clone() }
            }
            Request::Join { room } => Notice::Joined {
                room: room.clone(),
                with: enter(room),
            },
            Request::Leave { room } => {
                self.book.leave(&self.me);
                Notice::Left { room: room.clone() }
            }
            Request::Destroy { room } => Notice::Destroyed { room: room.clone() },
            Request::Kick { .. } => Notice::Granted {
                request: Kind::Kick,
            },
            Request::SetState { .. } => Notice::Granted {
                request: Kind::SetState,
            },
            Request::Fence => return Vec::new(),
        };
        let word = Word::Notice { notice };
        self.told(&word);
        vec![word]
    }
}

/// Whether a request of this method, path and body is this step.
fn asks<'t>(
    step: &'t Saying,
    (method, path, body): (&str, &str, &'t Json),
    variables: &mut Variables<'t>,
) -> bool {
    let routed = step
        .http
        .as_ref()
        .is_some_and(|route| route.method == method && matches_text(&route.path, path, variables));
    routed
        && match &step.body {
            Body::None => true,
            Body::Template(template) => template.matches(body, variables),
        }
}
