//! What a line is dialled with: the path, what goes before it, and what is said first of all.

use super::template::{Hole, Piece, text_holes};
use super::{Body, Dialect, Saying, Then};

/// What is who somebody is.
const WHO: [&str; 2] = ["me", "self"];

impl Dialect {
    /// Whether a line to it can only be dialled by who is to enter a room: the room stands in the path, or in what is said first of all.
    pub fn dials_by_room(&self) -> bool {
        let is_room = |hole: &Hole| hole.name == "room";
        let in_path = text_holes(&self.connect.path).into_iter();
        let mut says_first = self.said_first().flat_map(body_holes);
        in_path.into_iter().any(is_room) || says_first.any(is_room)
    }

    /// Whether the server can know from the line itself whose it is: by a name or an id that the peer chose, or by its login. Else a name is
    /// said on the way into a room, or never.
    pub fn names_at_connecting(&self) -> bool {
        let connect = &self.connect;
        let before = connect.before.iter().map(|before| &before.ask);
        let said: Vec<&Saying> = before.chain(self.said_first()).collect();
        let routes = said.iter().filter_map(|saying| saying.http.as_ref());
        let headers = said.iter().flat_map(|saying| &saying.headers);
        let headers = headers.chain(&connect.headers);
        let texts: Vec<&[Piece]> = [connect.path.as_slice()]
            .into_iter()
            .chain(routes.map(|route| route.path.as_slice()))
            .chain(headers.map(|(_, text)| text.as_slice()))
            .collect();
        let in_texts = texts.into_iter().flat_map(text_holes);
        let in_auth = connect.auth.iter().flat_map(|auth| auth.holes());
        let in_bodies = said.iter().flat_map(|saying| body_holes(saying));
        let mut holes = in_texts.chain(in_auth).chain(in_bodies);
        let is_who =
            |hole: &Hole| WHO.contains(&hole.name.as_str()) || connect.login.contains(&hole.name);
        holes.any(is_who)
    }

    fn said_first(&self) -> impl Iterator<Item = &Saying> {
        self.connect.then.iter().filter_map(|then| match then {
            Then::Say(saying) => Some(saying),
            Then::Hear { .. } => None,
        })
    }
}

fn body_holes(saying: &Saying) -> Vec<&Hole> {
    match &saying.body {
        Body::None => Vec::new(),
        Body::Template(template) => template.holes(),
    }
}
