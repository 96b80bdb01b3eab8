//! What a line is dialled with: the path, what goes before it, and what is said first of all.

use super::number::NUMBER;
use super::template::{Hole, text_holes};
use super::{Dialect, Saying, Then};

/// What is who somebody is.
const WHO: [&str; 2] = ["me", "self"];

impl Dialect {
    /// Whether a line to it can only be dialled by who is to enter a room: the room stands in the path, or in what is said first of all.
    pub fn dials_by_room(&self) -> bool {
        let is_room = |hole: &Hole| hole.name == "room";
        let in_path = text_holes(&self.connect.path).into_iter();
        let mut says_first = self.said_first().flat_map(|saying| saying.body.holes());
        in_path.into_iter().any(is_room) || says_first.any(is_room)
    }

    /// Whether the server can know from the line itself whose it is: by a name or an id that the peer chose, or by its login. Else a name is
    /// said on the way into a room, or never.
    pub fn names_at_connecting(&self) -> bool {
        let is_who = |hole: &Hole| {
            WHO.contains(&hole.name.as_str()) || self.connect.login.contains(&hole.name)
        };
        self.dialled_with().into_iter().any(is_who)
    }

    /// Whether a peer logs in with what its line is dialled with, or what is said first on it.
    pub fn logs_in_at_connecting(&self) -> bool {
        let is_login = |hole: &Hole| self.connect.login.contains(&hole.name);
        self.dialled_with().into_iter().any(is_login)
    }

    /// All that is filled in before a line stands, and in what is said first on it.
    pub(super) fn dialled_with(&self) -> Vec<&Hole> {
        let connect = &self.connect;
        let mut found = text_holes(&connect.path);
        let headers = connect.headers.iter();
        found.extend(headers.flat_map(|(_, text)| text_holes(text)));
        found.extend(connect.auth.iter().flat_map(|auth| auth.holes()));
        let before = connect.before.iter().map(|before| &before.ask);
        found.extend(before.chain(self.said_first()).flat_map(Saying::holes));
        found
    }

    fn said_first(&self) -> impl Iterator<Item = &Saying> {
        self.connect.then.iter().filter_map(|then| match then {
            Then::Say(saying) => Some(saying),
            Then::Hear { .. } => None,
        })
    }
}

impl Saying {
    /// All that is filled in: in what it says, and in the request that it is.
    pub(super) fn holes(&self) -> Vec<&Hole> {
        let routes = self.http.iter().flat_map(|route| text_holes(&route.path));
        let headers = self.headers.iter().flat_map(|(_, text)| text_holes(text));
        let mut found = self.body.holes();
        found.extend(routes.chain(headers));
        found
    }

    /// Whether it has a number of its own, which its answer repeats.
    pub(super) fn is_numbered(&self) -> bool {
        self.holes().iter().any(|hole| hole.name == NUMBER)
    }
}
