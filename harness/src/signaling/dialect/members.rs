//! Full lists of who is inside: what has changed since the last one.

use std::collections::BTreeSet;

use super::heard::{Heard, Message};
use super::template::Variables;
use super::words::{self, Hears};
use super::{Conversation, Dialect};
use crate::names::RoomName;
use crate::signaling::{Kind, Notice, Word};

impl Conversation {
    /// A room is made, and whoever should be in it already came.
    pub(super) fn created(&self, room: RoomName, with: Vec<String>) -> Vec<Word> {
        let made = Notice::Created { room };
        let others = with.into_iter().filter(|peer| **peer != *self.me);
        let came = others.map(|peer| Notice::PeerJoined { peer });
        std::iter::once(made)
            .chain(came)
            .map(|notice| Word::Notice { notice })
            .collect()
    }

    /// The full list of who is inside: what has changed since the last one.
    pub(super) fn hear_members(
        &mut self,
        dialect: &Dialect,
        message: &Message<'_>,
        heard: &mut Heard,
    ) -> Vec<Word> {
        let Some(captured) = self.any(&dialect.members, message) else {
            return Vec::new();
        };
        heard.understood = true;
        let mut variables = Variables::default();
        for (name, value) in &captured {
            variables.put(name, value.clone());
        }
        let Some(ids) = words::with(&variables, "members") else {
            return Vec::new();
        };
        let listed: BTreeSet<String> = ids
            .into_iter()
            .map(|id| self.book.peer_told(&id, self.place()).unwrap_or(id))
            .collect();
        let mut others = listed.clone();
        let on_it = others.remove(&*self.me);
        let asked = self.asked.clone().filter(|_| self.awaits);
        // Some servers leave whoever reads the list out of it.
        let told_apart = dialect
            .hear
            .iter()
            .any(|(hears, _)| matches!(hears, Hears::Kind(Kind::Joined | Kind::Created)));
        let words = match asked {
            Some((kind, room)) if on_it && !told_apart => {
                self.inside = others.clone();
                let with: Vec<String> = others.into_iter().collect();
                match kind {
                    Kind::Create => self.created(room, with),
                    _ => vec![Word::Notice {
                        notice: Notice::Joined { room, with },
                    }],
                }
            }
            _ if self.room.is_none() && !on_it => Vec::new(),
            _ => {
                let came = others.difference(&self.inside).cloned();
                let came = came.map(|peer| Notice::PeerJoined { peer });
                let went = self.inside.difference(&others).cloned();
                let went = went.map(|peer| Notice::PeerLeft { peer, how: None });
                let changed = went.chain(came).map(|notice| Word::Notice { notice });
                let changed = changed.collect();
                self.inside = others;
                changed
            }
        };
        for word in &words {
            self.hears(word);
        }
        words
    }
}
