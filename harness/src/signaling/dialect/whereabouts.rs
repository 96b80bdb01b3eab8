//! Where a peer is, and what it waits for: kept by what it says and hears.

use super::conversation::{Conversation, Refusable};
use crate::names::RoomName;
use crate::signaling::{Kind, Notice, Request, Word};

impl Conversation {
    /// Takes in a word that the server is taken to have said, though nothing came.
    pub fn told(&mut self, word: &Word) {
        self.note(word);
    }

    /// Takes in where a word has put the peer that passed beside this line.
    pub fn moved(&mut self, word: &Word) {
        match word {
            Word::Request { request } => {
                if let Some(room) = request.room().filter(|_| request.moves()) {
                    self.asked = Some((request.kind(), room.clone()));
                }
            }
            Word::Notice {
                notice: Notice::Created { room } | Notice::Joined { room, .. },
            } => self.room = Some(room.clone()),
            Word::Notice {
                notice: Notice::Left { .. } | Notice::Kicked { .. },
            } => self.room = None,
            Word::Notice {
                notice: Notice::Destroyed { room },
            } => drop(self.room.take_if(|own| own == room)),
            _ => {}
        }
    }

    /// The same, of a line beside another of the same peer: it is where it is there.
    #[must_use]
    pub fn beside(mut self, other: &Self) -> Self {
        self.room.clone_from(&other.room);
        self.asked.clone_from(&other.asked);
        self.was.clone_from(&other.was);
        self
    }

    /// The same, of a line that comes after this one of the same peer.
    #[must_use]
    pub fn after(mut self, other: &Self) -> Self {
        self.was = other.place().cloned();
        self
    }

    /// The room that the peer is in, or else the one that it asked for last.
    pub(super) fn place(&self) -> Option<&RoomName> {
        let asked = || self.asked.as_ref().map(|(_, room)| room);
        self.room.as_ref().or_else(asked).or(self.was.as_ref())
    }

    /// Takes in what the peer said.
    pub(super) fn speaks(&mut self, word: &Word) {
        let all = &mut self.refusable;
        match word {
            Word::Signal { .. } => {
                all.since_request = true;
                self.is_to_be_answered(word.kind());
            }
            Word::Request { .. } => {
                all.before_request |= std::mem::take(&mut all.since_request);
            }
            Word::Notice { .. } => {}
        }
        self.note(word);
    }

    /// Takes in what the server said.
    pub(super) fn hears(&mut self, word: &Word) {
        match word {
            // Who asks is still to be answered, if it was not he who was refused.
            Word::Notice {
                notice:
                    Notice::Refused {
                        request: None,
                        reason,
                    },
            } if self.may_mean_anything(reason) => return,
            // Of the request that was said since, it says nothing.
            Word::Notice { notice } if notice.grants_signal() => {}
            Word::Notice {
                notice:
                    Notice::Created { .. }
                    | Notice::Joined { .. }
                    | Notice::Left { .. }
                    | Notice::Destroyed { .. }
                    | Notice::Granted { .. }
                    | Notice::Refused { .. },
            } => self.refusable.before_request = false,
            _ => {}
        }
        self.note(word);
    }

    /// Whether a refusal that names no request may be of something else.
    fn may_mean_anything(&self, reason: &str) -> bool {
        let Refusable {
            before_request,
            since_request,
        } = self.refusable;
        let mut texts = self.dialect.properties.refusals.texts();
        (before_request || since_request) && !texts.any(|text| reason.contains(text))
    }

    /// Remembers which room it is about.
    pub(super) fn note(&mut self, word: &Word) {
        self.note_places(word);
        match word {
            Word::Request {
                request: Request::Fence,
            } => self.fences += 1,
            Word::Notice {
                notice:
                    Notice::Refused {
                        request: Some(Kind::Fence),
                        ..
                    },
            } => self.fences = self.fences.saturating_sub(1),
            Word::Request {
                request:
                    request @ (Request::Create { room }
                    | Request::Join { room }
                    | Request::Destroy { room }),
            } => {
                self.asked = Some((request.kind(), room.clone()));
                self.awaits = !matches!(request, Request::Destroy { .. });
                self.comes_back = false;
            }
            Word::Notice {
                notice: Notice::Created { room } | Notice::Joined { room, .. },
            } => {
                self.room = Some(room.clone());
                self.awaits = false;
            }
            // Who asks to come in is still to be answered where it is a signal that is refused.
            Word::Notice {
                notice: Notice::Refused { request, .. },
            } => self.awaits &= request.is_some_and(Kind::is_signal),
            Word::Notice {
                notice: Notice::Left { .. } | Notice::Kicked { .. },
            } => {
                self.room = None;
                self.inside.clear();
            }
            // Of a room that the peer is not in, it is where it was.
            Word::Notice {
                notice: Notice::Destroyed { room },
            } if self.room.as_ref().is_none_or(|own| own == room) => {
                self.room = None;
                self.inside.clear();
            }
            _ => {}
        }
    }
}
