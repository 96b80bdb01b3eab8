//! A message in another's name: the sender stands where those who hear it look for that, and where no client of this server writes it.

use std::sync::Arc;

use super::template::{Entry, Hole, Piece, Template};
use super::words::Hears;
use super::{Body, Conversation, Dialect, Framing, Meant, Say, Unspeakable};
use crate::names::RoomName;
use crate::signaling::{Kind, Word};

/// The name under which the other one's id is written.
const CLAIMED: &str = "claimed";
/// Where `say` has one of these alone, a client says by design who it is, and the server may well believe it.
const WHO: [&str; 2] = ["me", "self"];

impl Conversation {
    /// What to send to `to` so that it says this word in the name of `claimed`.
    ///
    /// # Errors
    /// The server has no such word, nobody can say it so ([`Dialect::forges`]), or `claimed` has no id yet.
    pub fn forged(&self, kind: Kind, to: &str, claimed: &str) -> Result<Vec<Say>, Unspeakable> {
        let missing = || Unspeakable::Missing {
            dialect: self.dialect.name.clone(),
            kind,
            variable: CLAIMED.to_owned(),
        };
        let forged = self.dialect.forged(kind).ok_or_else(missing)?;
        let room = self.room.clone();
        let room = room.unwrap_or_else(|| RoomName::new("glare-room"));
        let word = |peer: &str| {
            let mut word = super::garbage::sound_word(kind, room.clone());
            if let Word::Signal { peer: whom, .. } = &mut word {
                *whom = Some(peer.to_owned());
            }
            word
        };
        let whose = self.said_variables(&word(claimed)).get("peer").cloned();
        let mut dialect = Dialect::clone(&self.dialect);
        let way = dialect.say.iter_mut().find(|(said, _)| *said == kind);
        if let Some(last) = way.and_then(|(_, way)| way.steps.last_mut()) {
            last.body = Body::Template(forged);
        }
        let mut liar = self.clone();
        liar.dialect = Arc::new(dialect);
        liar.link
            .insert(CLAIMED.to_owned(), whose.ok_or_else(missing)?);
        let mut says = liar.say(&word(to))?;
        if let Some(last) = says.last_mut() {
            last.means = Meant::Nothing;
        }
        Ok(says)
    }
}

impl Dialect {
    /// Whether this word can be said in another's name: whoever hears it finds there from whom it is, and who says it does not write that.
    pub fn forges(&self, kind: Kind) -> bool {
        self.forged(kind).is_some()
    }

    fn forged(&self, kind: Kind) -> Option<Template> {
        // What a program writes on the wire is its own matter.
        if matches!(self.framing, Framing::Program | Framing::Text) {
            return None;
        }
        let steps = &self.way(kind)?.steps;
        if steps.iter().any(|step| step.hear.is_some()) {
            return None;
        }
        let last = steps.last()?;
        let is_who = |hole: &&Hole| WHO.contains(&hole.name.as_str());
        let routed = last.http.iter().flat_map(|route| &route.path);
        let in_path = routed.filter_map(|piece| match piece {
            Piece::Hole(hole) => Some(hole),
            Piece::Literal(_) => None,
        });
        let Body::Template(said) = &last.body else {
            return None;
        };
        if lone_holes(said).iter().any(is_who) || in_path.into_iter().any(|hole| is_who(&hole)) {
            return None;
        }
        let forms = self.hear.iter();
        let forms =
            forms.filter(|(heard, _)| matches!(heard, Hears::Kind(there) if *there == kind));
        forms
            .filter(|(_, form)| form.close.is_none())
            .find_map(|(_, form)| match &form.body {
                Body::Template(heard) => claiming(said, heard),
                Body::None => None,
            })
    }
}

/// What stands for a value itself, and not within a text.
fn lone_holes(template: &Template) -> Vec<&Hole> {
    match template {
        Template::Hole(hole) => vec![hole],
        Template::List(items) => items.iter().flat_map(lone_holes).collect(),
        Template::Map(entries) => {
            let values = entries.iter().map(|entry| &entry.value);
            values.flat_map(lone_holes).collect()
        }
        Template::Json(inner) => lone_holes(inner),
        // The others write nothing.
        _ => Vec::new(),
    }
}

/// What is said, with the sender where it is heard and was not said.
fn claiming(said: &Template, heard: &Template) -> Option<Template> {
    match (said, heard) {
        (Template::Map(said), Template::Map(heard)) => heard.iter().find_map(|entry| {
            let mut entries = said.clone();
            match entries.iter_mut().find(|said| said.key == entry.key) {
                Some(there) => there.value = claiming(&there.value, &entry.value)?,
                None => entries.push(Entry {
                    key: entry.key.clone(),
                    optional: false,
                    value: sender_alone(&entry.value)?,
                }),
            }
            Some(Template::Map(entries))
        }),
        (Template::List(said), Template::List(heard)) => {
            let mut pairs = said.iter().zip(heard).enumerate();
            let (at, claimed) =
                pairs.find_map(|(at, (said, heard))| Some((at, claiming(said, heard)?)))?;
            let mut items = said.clone();
            *items.get_mut(at)? = claimed;
            Some(Template::List(items))
        }
        (Template::Json(said), Template::Json(heard)) => {
            Some(Template::Json(Box::new(claiming(said, heard)?)))
        }
        (said, Template::All(all)) => all.iter().find_map(|heard| claiming(said, heard)),
        _ => None,
    }
}

/// The sender as it stands in what is heard, without what stands beside it.
fn sender_alone(heard: &Template) -> Option<Template> {
    let claimed = |hole: &Hole| Hole {
        name: CLAIMED.to_owned(),
        filter: hole.filter,
    };
    let is_sender = |hole: &Hole| hole.name == "peer";
    match heard {
        Template::Hole(hole) if is_sender(hole) => Some(Template::Hole(claimed(hole))),
        Template::Text(pieces) => {
            let mut found = false;
            let pieces = pieces.iter().map(|piece| match piece {
                Piece::Hole(hole) if is_sender(hole) => {
                    found = true;
                    Some(Piece::Hole(claimed(hole)))
                }
                // What else is to stand there is not known.
                Piece::Hole(_) => None,
                Piece::Literal(text) => Some(Piece::Literal(text.clone())),
            });
            let pieces = pieces.collect::<Option<Vec<Piece>>>()?;
            found.then_some(Template::Text(pieces))
        }
        Template::Map(entries) => {
            let alone = entries.iter().find_map(|entry| {
                Some(Entry {
                    key: entry.key.clone(),
                    optional: false,
                    value: sender_alone(&entry.value)?,
                })
            })?;
            Some(Template::Map(vec![alone]))
        }
        Template::Json(inner) => Some(Template::Json(Box::new(sender_alone(inner)?))),
        Template::All(all) => all.iter().find_map(sender_alone),
        _ => None,
    }
}
