//! Who says what a peer is called.

use super::template::{self, Hole, Piece};
use super::{Body, Dialect, Hears, Saying, Then};
use crate::signaling::Kind;

impl Dialect {
    /// Whether a peer ever tells the server a name of its own, or an id that it chooses: else the server gives ids, and no client can ask for one.
    pub fn tells_names(&self) -> bool {
        let connect = &self.connect;
        let names = |hole: &&Hole| hole.name == "me";
        let in_text = |pieces: &Vec<Piece>| template::text_holes(pieces).iter().any(names);
        let in_saying = |saying: &Saying| {
            let in_body = match &saying.body {
                Body::Template(template) => template.holes().iter().any(names),
                Body::None => false,
            };
            let mut headers = saying.headers.iter();
            in_body
                || saying.http.iter().any(|route| in_text(&route.path))
                || headers.any(|(_, value)| in_text(value))
        };
        let first = connect.then.iter().filter_map(|then| match then {
            Then::Say(saying) => Some(saying),
            Then::Hear { .. } => None,
        });
        let before = connect.before.iter().map(|before| &before.ask);
        let said = self.say.iter().flat_map(|(_, way)| &way.steps);
        let answers = self.reply.iter().map(|reflex| &reflex.say);
        let mut all = first.chain(before).chain(said).chain(answers);
        connect.own.is_some()
            || in_text(&connect.path)
            || connect.headers.iter().any(|(_, value)| in_text(value))
            || (connect.auth.iter()).any(|auth| auth.holes().iter().any(names))
            || all.any(in_saying)
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
}
