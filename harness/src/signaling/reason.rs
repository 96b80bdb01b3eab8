//! Why a server refuses a request, by glare's own names; a dialect says what its server calls each of them.

use std::collections::BTreeMap;
use std::fmt;

/// Why a request is refused. Scenarios write these names; what the server says is the dialect's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// `full`: no more fit into the room.
    Full,
    /// `exists`: there is a room of that name.
    Exists,
    /// `missing`: there is no room of that name.
    Missing,
    /// `inside`: who asks is in a room already.
    Inside,
    /// `outside`: who asks is in no room.
    Outside,
    /// `not-yours`: the room is somebody else's.
    NotYours,
    /// `occupied`: others are in the room.
    Occupied,
    /// `taken`: the id is in use.
    Taken,
    /// `expired`: what one comes back by is good no more. Who expects that says it, whatever has become of his place.
    Expired,
    /// `wrong-login`: what one logs in with is nobody's.
    WrongLogin,
    /// `others-login`: what one logs in with is somebody else's.
    OthersLogin,
    /// `others-ticket`: what one comes back by was given to somebody else.
    OthersTicket,
}

impl Reason {
    /// All of them.
    pub const ALL: [Reason; 12] = [
        Reason::Full,
        Reason::Exists,
        Reason::Missing,
        Reason::Inside,
        Reason::Outside,
        Reason::NotYours,
        Reason::Occupied,
        Reason::Taken,
        Reason::Expired,
        Reason::WrongLogin,
        Reason::OthersLogin,
        Reason::OthersTicket,
    ];

    /// The name as files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Full => "full",
            Reason::Exists => "exists",
            Reason::Missing => "missing",
            Reason::Inside => "inside",
            Reason::Outside => "outside",
            Reason::NotYours => "not-yours",
            Reason::Occupied => "occupied",
            Reason::Taken => "taken",
            Reason::Expired => "expired",
            Reason::WrongLogin => "wrong-login",
            Reason::OthersLogin => "others-login",
            Reason::OthersTicket => "others-ticket",
        }
    }

    /// The reason of this name.
    pub fn parse(name: &str) -> Option<Reason> {
        Reason::ALL
            .into_iter()
            .find(|reason| reason.as_str() == name)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `refusals:` of a dialect: which refusals its server is declared to make, and what it says then.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusals(BTreeMap<Reason, Option<String>>);

impl Refusals {
    /// Declares one; without a text its server says something else each time, or nothing.
    pub fn declare(&mut self, reason: Reason, text: Option<String>) {
        self.0.insert(reason, text);
    }

    /// Whether the server is declared to refuse so.
    pub fn has(&self, reason: Reason) -> bool {
        self.0.contains_key(&reason)
    }

    /// All texts that tell one of them.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.values().flatten().map(String::as_str)
    }

    /// The text that must be in what the server says, if a scenario wants this: one of glare's names, or a text of its own. `None`: whatever
    /// the server says will do.
    pub fn wanted<'t>(&'t self, text: &'t str) -> Option<&'t str> {
        match Reason::parse(text) {
            Some(reason) => self.0.get(&reason)?.as_deref(),
            None => Some(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_means_the_servers_text_and_any_other_text_itself() {
        let mut refusals = Refusals::default();
        refusals.declare(Reason::Full, Some("no room for you".into()));
        refusals.declare(Reason::Exists, None);
        assert_eq!(refusals.wanted("full"), Some("no room for you"));
        assert_eq!(refusals.wanted("exists"), None);
        assert_eq!(refusals.wanted("missing"), None);
        assert_eq!(refusals.wanted("try later"), Some("try later"));
        assert!(refusals.has(Reason::Exists) && !refusals.has(Reason::Missing));
    }

    #[test]
    fn every_name_is_read_as_it_is_written() {
        for reason in Reason::ALL {
            assert_eq!(Reason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(Reason::parse("Full"), None);
    }
}
