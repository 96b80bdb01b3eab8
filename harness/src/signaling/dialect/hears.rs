//! What words a server says, be it in a message of their own, in another's place, or worked out.

use super::number::NUMBER;
use super::words::Hears;
use super::{Dialect, Ends, Hearing};
use crate::signaling::Kind;

impl Dialect {
    /// Whether its server ever says this word: many answer no `leave`.
    pub fn hears(&self, kind: Kind) -> bool {
        self.has_form(kind)
            || self.implies(kind)
            || (kind == Kind::Created && self.creates_by_joining() && self.hears(Kind::Joined))
    }

    /// Whether `hear` has this word.
    fn has_form(&self, kind: Kind) -> bool {
        let mut forms = self.hear.iter();
        forms.any(|(heard, _)| matches!(heard, Hears::Kind(there) if *there == kind))
    }

    /// Whether who has not asked for it can be told that his room is gone: `destroyed` that is no answer by its form, or `kicked`.
    pub fn hears_room_end(&self) -> bool {
        let is_news = |(heard, hearing): &(Hears, Hearing)| {
            let answers = hearing.http.is_some() || hearing.ack || hearing.captures(NUMBER);
            *heard == Hears::Kind(Kind::Destroyed) && !answers
        };
        self.has_form(Kind::Kicked) || self.hear.iter().any(is_news)
    }

    /// Whether the server says yes to this request by `granted`.
    pub fn grants(&self, request: Kind) -> bool {
        let mut forms = self.hear.iter();
        let answered = self.answers(request);
        answered
            && forms.any(|(heard, hearing)| {
                *heard == Hears::Kind(Kind::Granted) && hearing.of == Some(request)
            })
    }

    /// Whether the answer to who comes in has this: `room`, which; `with`, who is inside; `state`, what each of them shows; `host`, who that is.
    pub(super) fn tells_who_comes_in(&self, name: &str) -> bool {
        let mut forms = self.hear.iter();
        forms.any(|(heard, hearing)| *heard == Hears::Kind(Kind::Joined) && hearing.captures(name))
    }

    /// Whether who comes in is told by its name which room he is in.
    pub fn tells_room(&self) -> bool {
        self.tells_who_comes_in("room")
    }

    /// Whether who comes in is told at once who is inside: the answer says so, or it is worked out of the first list that he is sent. Lists may
    /// also go to all others alone, where the answer is a message of its own; [`Dialect::tells_inside`] knows of any list.
    pub fn lists_inside(&self) -> bool {
        let way = self.way(Kind::Join);
        let answered = way.is_some_and(|way| way.done == Ends::Answered);
        let by_list = !self.members.is_empty() && answered && !self.has_form(Kind::Joined);
        by_list || self.tells_who_comes_in("with")
    }

    /// Whether who comes in is told who is host.
    pub fn tells_host(&self) -> bool {
        self.tells_who_comes_in("host")
    }

    /// Whether who comes in is told what each shows of himself who is inside.
    pub fn lists_states(&self) -> bool {
        self.tells_who_comes_in("state")
    }

    /// Whether to make a room is to join it (`create: join`): what grants the one grants the other.
    pub(crate) fn creates_by_joining(&self) -> bool {
        let way = self.way(Kind::Create);
        way.is_some_and(|way| way.like == Some(Kind::Join))
    }

    /// Whether a word is worked out where the server does not say it.
    fn implies(&self, kind: Kind) -> bool {
        let listed = !self.members.is_empty();
        let ends = |said: Kind| {
            let way = self.way(said);
            way.is_some_and(|way| way.done != Ends::Answered)
        };
        match kind {
            Kind::Created => ends(Kind::Create) || (listed && self.says(Kind::Create)),
            Kind::Joined => ends(Kind::Join) || listed,
            Kind::Left => ends(Kind::Leave),
            Kind::Granted => ends(Kind::Kick) || ends(Kind::SetState),
            Kind::PeerJoined | Kind::PeerLeft => listed,
            Kind::PeerState => self.lists_states(),
            Kind::Host => self.tells_who_comes_in("host"),
            _ => false,
        }
    }

    /// Whether this word is a message of its own, so that something can be done to it on its way: not worked out, nor meant by being connected.
    pub fn passes(&self, kind: Kind) -> bool {
        let by_joining = kind == Kind::Created && self.creates_by_joining();
        let heard = self.has_form(kind) || (by_joining && self.has_form(Kind::Joined));
        let said = self.way(kind);
        match kind {
            kind if kind.is_request() => said.is_some_and(|way| !way.steps.is_empty()),
            kind if kind.is_signal() => said.is_some() && heard,
            _ => heard,
        }
    }
}
