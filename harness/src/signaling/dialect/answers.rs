//! Which request a message answers: by what its wire ties it to, by a number that it repeats, or by what is asked.

use std::collections::BTreeSet;

use super::conversation::Conversation;
use super::number::NUMBER;
use super::patterns::Pattern;
use super::words::Hears;
use super::{Dialect, Hearing};
use crate::signaling::{Kind, Notice, Word};

/// So much that is to be answered is known, the newest.
const MOST_UNANSWERED: usize = 10_000;

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

impl Hearing {
    /// What is relayed that it answers, with yes or no.
    fn of_relay(&self) -> Option<Kind> {
        self.of.filter(|of| of.is_signal())
    }

    /// Whether what it answers is known by a number, or by what carries it.
    fn is_tied(&self) -> bool {
        self.captures(NUMBER) || self.ack || self.http.is_some()
    }
}

impl Dialect {
    /// What is relayed that the server answers each time: that for which `granted` has a form.
    pub fn answered_relays(&self) -> BTreeSet<Kind> {
        let granted = self
            .hear
            .iter()
            .filter(|(hears, _)| *hears == Hears::Kind(Kind::Granted));
        granted
            .filter_map(|(_, hearing)| hearing.of_relay())
            .collect()
    }

    /// Those of them to which the yes may be that to another one: by their order alone it is told which it is.
    pub fn relays_answered_alike(&self) -> BTreeSet<Kind> {
        let forms = self.hear.iter().filter_map(|(hears, hearing)| {
            let yes = *hears == Hears::Kind(Kind::Granted) && !hearing.is_tied();
            let of = hearing.of_relay().filter(|_| yes)?;
            Some((of, Pattern::answering_any(hearing)))
        });
        let forms: Vec<_> = forms.collect();
        let pairs = forms
            .iter()
            .flat_map(|one| forms.iter().map(move |other| (one, other)));
        let alike = pairs.filter(|((of, one), (other, two))| of != other && one.covers(two));
        alike
            .flat_map(|((of, _), (other, _))| [*of, *other])
            .collect()
    }
}

impl Conversation {
    /// This was said and is to be answered, where answers do not say themselves what to.
    pub(super) fn is_to_be_answered(&mut self, said: Kind) {
        if self.alike.contains(&said) {
            self.unanswered.push_back(said);
            if self.unanswered.len() > MOST_UNANSWERED {
                self.unanswered.pop_front();
            }
        }
    }

    /// This was answered.
    pub(super) fn is_answered(&mut self, word: &Word) {
        let Word::Notice {
            notice:
                Notice::Granted { request }
                | Notice::Refused {
                    request: Some(request),
                    ..
                },
        } = word
        else {
            return;
        };
        let first = self.unanswered.iter().position(|kind| kind == request);
        first.and_then(|first| self.unanswered.remove(first));
    }

    /// The forms of hearing in the order in which they are tried: of answers to what is relayed that may be alike, that first which answers what was
    /// said first.
    pub(super) fn by_order_of_relays<'d>(
        &self,
        forms: impl Iterator<Item = &'d (Hears, Hearing)>,
    ) -> Vec<&'d (Hears, Hearing)> {
        let mut forms: Vec<_> = forms.collect();
        if self.unanswered.is_empty() {
            return forms;
        }
        let is_answer = |(_, hearing): &&(Hears, Hearing)| {
            let alike = hearing
                .of_relay()
                .is_some_and(|of| self.alike.contains(&of));
            alike && !hearing.is_tied()
        };
        let places: Vec<usize> = (0..forms.len())
            .filter(|at| is_answer(&forms[*at]))
            .collect();
        let mut answers: Vec<_> = places.iter().map(|at| forms[*at]).collect();
        answers.sort_by_key(|(_, hearing)| {
            let said = self
                .unanswered
                .iter()
                .position(|kind| Some(*kind) == hearing.of);
            said.unwrap_or(usize::MAX)
        });
        for (place, answer) in places.into_iter().zip(answers) {
            forms[place] = answer;
        }
        forms
    }

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
