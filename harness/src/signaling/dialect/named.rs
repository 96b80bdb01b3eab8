//! Who says what a peer is called, and what stands between two.

use super::template::Hole;
use super::{Dialect, Hears, Saying, Then};
use crate::signaling::Kind;

impl Dialect {
    /// Whether a peer ever tells the server a name of its own, or an id that it chooses: else the server gives ids, and no client can ask for one.
    pub fn tells_names(&self) -> bool {
        let names = |hole: &Hole| hole.name == "me";
        let said = self.say.iter().flat_map(|(_, way)| &way.steps);
        let answers = self.reply.iter().map(|reflex| &reflex.say);
        let mut said = said.chain(answers).flat_map(Saying::holes);
        self.connect.own.is_some() || self.dialled_with().into_iter().any(names) || said.any(names)
    }

    /// Whether the opening of a line tells a peer its id.
    pub fn names_in_opening(&self) -> bool {
        let names = |then: &Then| match then {
            Then::Hear { hear, .. } => hear.captures("self"),
            Then::Say(_) => false,
        };
        self.connect.then.iter().any(names)
    }

    /// Whether the answer to a request tells a peer its id. Where a client chooses it, the answer is known by it.
    pub fn names_in_answers(&self) -> bool {
        let mut answers = self.hear.iter();
        self.connect.own.is_none()
            && !self.names_in_opening()
            && answers.any(|(hears, hearing)| {
                matches!(hears, Hears::Kind(Kind::Created | Kind::Joined))
                    && hearing.captures("self")
            })
    }

    /// Whether something stands between two as soon as one of them offers, and is named in what they say from then on: a session.
    pub fn offers_open_sessions(&self) -> bool {
        let later = [
            Kind::Answer,
            Kind::Candidate,
            Kind::EndOfCandidates,
            Kind::Bye,
        ];
        let named = |name: &String| {
            (later.iter()).any(|kind| self.says_with(*kind, |hole| hole.name == *name))
        };
        let offering = self.way(Kind::Offer).into_iter().flat_map(|way| &way.steps);
        let mut answers = offering.filter_map(|step| step.hear.as_ref());
        answers.any(|hearing| {
            let mut own = self.captured.iter();
            own.any(|name| hearing.captures(name) && named(name))
        })
    }
}
