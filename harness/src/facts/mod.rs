//! What certainly happened: one pure layer below the log, the waits and the laws.
//!
//! Fed event by event. What it says is refined by later events, never revised; where the wire names no sender or no request, it holds those
//! that it can be.
//!
//! - `rooms`: **stays**, who was in which room, certain or possible at each event.
//! - `replies`: which answer belongs to which request.
//! - `post`: **deliveries**, what was sent and what came of it: delivered, altered, twice, lost, invented.
//! - `news`: each word of somebody's coming or going, and the stay's begin or end that can have caused it, or none.

pub(crate) mod news;
pub(crate) mod post;
mod replies;
pub(crate) mod rooms;
mod upward;

use std::borrow::Borrow;
use std::collections::HashMap;

use crate::record::{Event, Seq, What};
use crate::signaling::{Request, Terms, Word};
use crate::terms::Fate;

use post::{Origin, Post};
use rooms::Rooms;

/// What a signal that the server delivers turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// The delivery of this message.
    Relay(Seq),
    /// This message once more, or to somebody it was not for.
    Again(Seq),
    /// In the place of this message, with other content.
    Altered(Seq),
    /// Nobody sent it.
    Invented,
}

impl Delivery {
    /// The message that it comes from.
    pub fn of(self) -> Option<Seq> {
        match self {
            Delivery::Relay(seq) | Delivery::Again(seq) | Delivery::Altered(seq) => Some(seq),
            Delivery::Invented => None,
        }
    }
}

/// The facts of a trace, so far.
#[derive(Debug)]
pub struct Facts {
    pub(crate) rooms: Rooms,
    pub(crate) post: Post,
    /// When each message really went on, by event: at once, when it was released, or never.
    went_on: HashMap<usize, usize>,
    /// Held messages that may still go on.
    held: HashMap<Seq, usize>,
}

impl Facts {
    /// Of nothing yet, on these terms. Whether there are rooms is taken to be so where the terms do not say.
    pub fn new(terms: &Terms) -> Self {
        Self {
            rooms: Rooms::new(terms),
            post: Post::new(terms),
            went_on: HashMap::new(),
            held: HashMap::new(),
        }
    }

    /// Of a whole trace. Takes time proportional to it.
    pub fn of<E: Borrow<Event>>(events: &[E], terms: &Terms) -> Self {
        let mut terms = terms.clone();
        terms.rooms.get_or_insert_with(|| events.iter().any(asks));
        let mut facts = Self::new(&terms);
        for event in events {
            facts.take(event.borrow());
        }
        facts.finish();
        facts
    }

    /// Takes in one more event, in the order of the trace.
    pub fn take(&mut self, event: &Event) {
        let i = self.rooms.events.len();
        let reached = self.rooms.take(event);
        self.post.take(i, event, reached, &mut self.rooms);
        match &event.what {
            What::Message { fate, .. } if fate.arrives() => {
                self.went_on.insert(i, i);
            }
            What::Message {
                fate: Fate::Held, ..
            } => {
                self.held.insert(event.seq, i);
            }
            What::Released {
                message,
                delivered: true,
            } => {
                if let Some(message) = self.held.remove(message) {
                    self.went_on.insert(message, i);
                }
            }
            _ => {}
        }
    }

    /// After the last event.
    fn finish(&mut self) {
        self.rooms.finish();
    }

    /// When a message really went on, both by their place in the trace; `None`: it never did.
    pub fn went_on(&self, message: usize) -> Option<usize> {
        self.went_on.get(&message).copied()
    }

    /// As [`Facts::delivery`], of the event that was taken in last.
    pub fn newest_delivery(&self) -> Option<Delivery> {
        self.delivery(self.rooms.events.len().checked_sub(1)?)
    }

    /// For each word of a coming or going the event that it may tell of, both by their place in the trace.
    pub fn news_of(&self) -> HashMap<usize, usize> {
        let told = news::stories(&self.rooms)
            .into_iter()
            .flat_map(|story| story.told);
        told.filter_map(|told| Some((told.at, told.cause?)))
            .collect()
    }

    /// The message that a reply answers, both by their place in the trace.
    pub fn answers(&self, reply: usize) -> Option<usize> {
        self.rooms.answers.get(&reply).copied()
    }

    /// What a signal that the server delivered at this place in the trace turns out to be; `None` for all other events.
    pub fn delivery(&self, at: usize) -> Option<Delivery> {
        let index = *self.post.delivered_at.get(&at)?;
        let seq = |sent: usize| self.rooms.events[self.post.sent[sent].message].seq;
        Some(match self.post.delivered[index].origin {
            Origin::Of(sent) => Delivery::Relay(seq(sent)),
            Origin::Again(sent) | Origin::Strayed(sent) | Origin::Echo(sent) => {
                Delivery::Again(seq(sent))
            }
            Origin::Altered(sent) => Delivery::Altered(seq(sent)),
            Origin::Misnamed(_) | Origin::Invented | Origin::Unknown => Delivery::Invented,
        })
    }
}

/// Whether somebody asks to come in.
fn asks<E: Borrow<Event>>(event: &E) -> bool {
    matches!(
        &event.borrow().what,
        What::Message {
            word: Some(Word::Request {
                request: Request::Create { .. } | Request::Join { .. },
            }),
            ..
        }
    )
}
