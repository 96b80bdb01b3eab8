//! Which request a message answers: by what its wire ties it to, by a number that it repeats, or by what is asked.

use super::Hearing;
use super::conversation::Conversation;
use super::words::Hears;
use crate::signaling::{Kind, Notice, Word};

/// The words of a message, and the number that it repeats of a request.
#[derive(Default)]
pub(super) struct Answer {
    pub words: Vec<Word>,
    pub number: Option<String>,
}

/// A refusal that comes as the answer to one request is of that request.
pub(super) fn answered(word: Word, asked: Option<Kind>) -> Word {
    match (word, asked) {
        (
            Word::Notice {
                notice:
                    Notice::Refused {
                        request: None,
                        reason,
                    },
            },
            Some(asked),
        ) if asked.is_request() || asked.is_signal() => {
            let request = Some(asked);
            let notice = Notice::Refused { request, reason };
            Word::Notice { notice }
        }
        (word, _) => word,
    }
}

/// What answers something that is known by its number: a word; or no word, and then its refusal is an error.
pub(super) fn answered_under(word: Word, said: Option<Kind>) -> Word {
    match (word, said) {
        (
            Word::Notice {
                notice:
                    Notice::Refused {
                        request: None,
                        reason,
                    },
            },
            None,
        ) => Word::Notice {
            notice: Notice::Error { reason },
        },
        (word, said) => answered(word, said),
    }
}

impl Conversation {
    /// Whether a message that repeats the number under which this was said can be this word: where all answers are alike, it is the number that
    /// tells them apart.
    pub(super) fn may_answer_that(
        &self,
        hears: Hears,
        hearing: &Hearing,
        said: Option<Kind>,
    ) -> bool {
        let by_itself = match hears {
            Hears::Fenced => Some(Kind::Fence),
            Hears::Kind(Kind::Left) => Some(Kind::Leave),
            Hears::Kind(Kind::Destroyed) => Some(Kind::Destroy),
            Hears::Kind(_) => None,
        };
        match (hearing.of, said) {
            (Some(of), Some(said)) => self.is_said_as(said, of),
            (Some(_), None) => false,
            (None, Some(said)) => match hears {
                Hears::Kind(Kind::Created | Kind::Joined) => {
                    matches!(said, Kind::Create | Kind::Join)
                }
                _ => by_itself.is_none_or(|of| of == said),
            },
            (None, None) => true,
        }
    }

    /// Whether what answers one request alone (`of:`) can come now: where messages that are alike answer others, too, it is the request that
    /// tells them apart. An acknowledgement of socket.io says itself what it answers.
    pub(super) fn may_answer(&self, hears: Hears, hearing: &Hearing) -> bool {
        let granted = matches!(hears, Hears::Kind(Kind::Created | Kind::Joined));
        let Some(of) = hearing.of.filter(|_| granted && !hearing.ack) else {
            return true;
        };
        let asked = (self.asked.as_ref()).filter(|_| self.awaits);
        asked.is_some_and(|(asked, _)| self.is_said_as(*asked, of))
    }

    /// Whether this is that request, or stands on the wire as that one.
    fn is_said_as(&self, said: Kind, of: Kind) -> bool {
        let like = self.dialect.way(said).and_then(|way| way.like);
        said == of || like == Some(of)
    }
}
