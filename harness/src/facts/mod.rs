//! What certainly happened: one pure layer below the log, the waits and the laws.
//!
//! Fed event by event. What it says is refined by later events, never revised; where the wire names no sender or no request, it holds those
//! that it can be.
//!
//! - `rooms`: **stays**, who was in which room, certain or possible at each event; `entries`: what is kept of each.
//! - `replies`: which answer belongs to which request; `relays`: and to which message that is relayed.
//! - `post`: **deliveries**, what was sent and what came of it: delivered, altered, twice, lost, invented; `alike`: of messages that cannot be told apart.
//! - `pairs`: the connection of one peer with one other, and its first negotiation.
//! - `nodes`: what one process of several shows of the others: little.
//! - `news`: each word of somebody's coming or going, and the stay's begin or end that can have caused it, or none.

mod alike;
mod entries;
pub(crate) mod news;
mod nodes;
pub(crate) mod pairs;
pub(crate) mod post;
mod relays;
mod replies;
pub(crate) mod rooms;
mod spread;
mod upward;

use std::borrow::Borrow;
use std::collections::HashMap;

use crate::names::PeerName;
use crate::record::{Event, Seq, What};
use crate::signaling::{Kind, Notice, Request, Terms, Word};
use crate::terms::Fate;

pub use replies::answers;

use pairs::Pairs;
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

/// What a word of a coming or going may tell of, by places in the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NewsOf {
    /// A stay's begin or end; `None`: nobody's deed explains it.
    pub cause: Option<usize>,
    /// It cannot tell of anything else.
    pub sure: bool,
    /// When whoever hears it asked to come in.
    pub entry: Option<usize>,
}

/// The facts of a trace, so far.
#[derive(Debug)]
pub struct Facts {
    pub(crate) rooms: Rooms,
    pub(crate) post: Post,
    pub(crate) pairs: Pairs,
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
            pairs: Pairs::new(terms),
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
        self.pairs.take(i, event);
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
        let sent = &self.post.sent;
        let delivered = self.post.delivered.iter();
        self.rooms
            .look_back(delivered.filter_map(|one| match one.origin {
                Origin::Of(id) => Some((one.link, sent[id].at)),
                _ => None,
            }));
    }

    /// When a message really went on, both by their place in the trace; `None`: it never did.
    pub fn went_on(&self, message: usize) -> Option<usize> {
        self.went_on.get(&message).copied()
    }

    /// Whether by the event that was taken in last somebody is told that the room is gone that he was in, for which he has not asked.
    pub fn newest_is_an_end(&self) -> bool {
        let newest = self.rooms.events.len().checked_sub(1);
        newest.is_some_and(|newest| self.rooms.ends.contains_key(&newest))
    }

    /// As [`Facts::delivery`], of the event that was taken in last.
    pub fn newest_delivery(&self) -> Option<Delivery> {
        self.delivery(self.rooms.events.len().checked_sub(1)?)
    }

    /// For each word of a coming or going what it may tell of, by its place in the trace.
    pub fn news(&self) -> HashMap<usize, NewsOf> {
        let told = news::stories(&self.rooms)
            .into_iter()
            .flat_map(|story| story.told);
        told.filter(|told| !told.listed)
            .map(|told| {
                let of = NewsOf {
                    cause: told.cause,
                    sure: told.sure,
                    entry: told.entry,
                };
                (told.at, of)
            })
            .collect()
    }

    /// What certainly led to what, beside the recorded causes, as (cause, effect): a request and its answer, a message and its delivery, a
    /// coming or going and its news, and whoever hears news and the request by which it came in.
    pub fn edges(&self) -> Vec<(Seq, Seq)> {
        let seq = |place: usize| self.rooms.events[place].seq;
        let answers = self.rooms.answers.iter().map(|(reply, of)| (*of, *reply));
        let delivered = self
            .post
            .delivered
            .iter()
            .filter_map(|one| match one.origin {
                Origin::Of(sent) => Some((self.post.sent[sent].message, one.at)),
                _ => None,
            });
        let news = self.news().into_iter().flat_map(|(at, of)| {
            [of.cause.filter(|_| of.sure), of.entry]
                .into_iter()
                .flatten()
                .map(move |cause| (cause, at))
        });
        answers
            .chain(delivered)
            .chain(news)
            .filter(|(cause, effect)| cause < effect)
            .map(|(cause, effect)| (seq(cause), seq(effect)))
            .collect()
    }

    /// The message that a reply answers, both by their place in the trace.
    pub fn answers(&self, reply: usize) -> Option<usize> {
        self.rooms.answers.get(&reply).copied()
    }

    /// Whether a notice, sent by this event, may answer a request of this kind that the peer made since another event. Where the wire names no
    /// request it may be any that is so.
    pub fn may_answer(
        &self,
        (notice, sent): (&Notice, Seq),
        (peer, kind): (&PeerName, Kind),
        since: Seq,
    ) -> bool {
        let Some(place) = self.rooms.index_of.get(&sent) else {
            return false;
        };
        answers(notice).is_some_and(|of| of.is_none_or(|of| of == kind))
            && self.rooms.asks.iter().rev().any(|ask| {
                ask.kind == kind
                    && ask.at < *place
                    && self.rooms.events[ask.message].seq > since
                    && self.rooms.links[ask.link].link.peer == *peer
            })
    }

    /// Whether a notice, sent by this event, may as well refuse something else than the request that was under way.
    pub fn is_unclear(&self, sent: Seq) -> bool {
        let place = self.rooms.index_of.get(&sent);
        place.is_some_and(|place| self.rooms.unclear.contains(place))
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
