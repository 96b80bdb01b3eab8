//! Where descriptions carry their candidates: one is sent when all are gathered, and nothing else is done meanwhile.

use super::doing::{Then, Unsent, described};
use super::negotiate::Came;
use super::numbers::Numbers;
use super::pair::Pair;
use crate::hand::{Command, Reply};
use crate::signaling::sdp::ufrags;
use crate::signaling::{DescriptionKind, Signal};

impl Pair {
    /// Sends a description that is set, with the candidates of its generation, once they are there. One that begins no generation has them.
    pub(super) fn send_whole(&mut self, unsent: Unsent, set: &Signal, numbers: &mut Numbers) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let generation = match set {
            Signal::Offer { sdp } | Signal::Answer { sdp } => ufrags(sdp),
            _ => return,
        };
        if connection.generation != generation {
            connection.generation = generation;
            connection.whole = false;
        }
        let whole = connection.whole;
        self.unsent = Some(unsent);
        if whole {
            self.read_whole(numbers);
        }
    }

    /// A candidate was gathered, or was the last.
    pub(super) fn gathered_first(&mut self, conn: u32, last: bool, numbers: &mut Numbers) {
        let connection = self.connection.as_mut();
        if let Some(connection) = connection.filter(|it| it.conn == conn && last) {
            connection.whole = true;
            self.read_whole(numbers);
        }
    }

    /// What waits is read anew: as it was set, it had no candidates.
    fn read_whole(&mut self, numbers: &mut Numbers) {
        if let (Some(unsent), Some(conn)) = (self.unsent.take(), self.number()) {
            let read = vec![(Command::LocalDescription { conn }, None)];
            self.begin(read, Then::Whole(unsent), numbers);
        }
    }

    pub(super) fn became_whole(&mut self, unsent: Unsent, came: Came, numbers: &mut Numbers) {
        let Unsent { kind, set, order } = unsent;
        let why = match came {
            Ok(Some(Reply::Description(_))) if self.has_gone() => {
                format!("{} has gone", self.with)
            }
            Ok(Some(Reply::Description(whole))) => {
                let signal = described(kind, whole.sdp);
                if kind == DescriptionKind::Offer {
                    return self.say(signal, vec![set.into()], order);
                }
                self.say_answer(&signal, set);
                return self.offer_what_is_due(set.into(), numbers);
            }
            Ok(_) => "the peer has no description".into(),
            Err((_, error)) => error.to_string(),
        };
        if kind == DescriptionKind::Offer {
            return self.no_offer(order, why, vec![set.into()], numbers);
        }
        let text = format!("no answer to {}: {why}", self.with);
        self.note(text, vec![set.into()], numbers);
    }
}
