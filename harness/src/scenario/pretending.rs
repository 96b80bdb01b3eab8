//! Who shows what is not its own, as the steps have it.

use std::collections::BTreeSet;

use super::model::{Action, Pretence};
use crate::names::PeerName;

/// Who shows what is not its own.
#[derive(Clone, Debug, Default)]
pub struct Pretending {
    /// With each line that it dials.
    logins: BTreeSet<PeerName>,
    /// When it asks next to join a room.
    tickets: BTreeSet<PeerName>,
}

impl Pretending {
    /// Whether who does this does it with this: what another was given is shown with a join alone.
    pub fn is_done_by(&self, action: &Action) -> bool {
        let logs_in = |peer| self.logins.contains(peer);
        match action {
            Action::Join { peer, .. } => logs_in(peer) || self.tickets.contains(peer),
            action => action.actor().is_some_and(logs_in),
        }
    }

    /// Takes in what was done.
    pub fn feed(&mut self, action: &Action) {
        match action {
            Action::Pretend { peer, how } => match how {
                Pretence::WrongLogin | Pretence::LoginOf(_) => {
                    self.logins.insert(peer.clone());
                }
                Pretence::OwnLogin => {
                    self.logins.remove(peer);
                }
                Pretence::GivenTo(_) => {
                    self.tickets.insert(peer.clone());
                }
            },
            Action::Join { peer, .. } => {
                self.tickets.remove(peer);
            }
            Action::Together(together) => {
                together
                    .steps
                    .iter()
                    .for_each(|step| self.feed(&step.action));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::model::Answer;

    #[test]
    fn a_ticket_is_borrowed_once_and_a_login_until_it_is_ones_own_again() {
        let mut pretending = Pretending::default();
        let (bob, carol) = (PeerName::new("bob"), PeerName::new("carol"));
        let pretend = |how| Action::Pretend {
            peer: PeerName::new("carol"),
            how,
        };
        let joins = Action::Join {
            peer: carol.clone(),
            room: "lobby".into(),
            offer: None,
            answer: Answer::Refused,
        };
        let creates = Action::Create {
            peer: carol.clone(),
            room: "attic".into(),
            answer: Answer::Refused,
        };
        let done_by = |pretending: &Pretending| {
            [&joins, &creates].map(|action| pretending.is_done_by(action))
        };
        pretending.feed(&pretend(Pretence::GivenTo(bob.clone())));
        assert_eq!(done_by(&pretending), [true, false]);
        // It is for a join, and for one.
        pretending.feed(&creates);
        assert_eq!(done_by(&pretending), [true, false]);
        pretending.feed(&joins);
        assert_eq!(done_by(&pretending), [false, false]);
        pretending.feed(&pretend(Pretence::LoginOf(bob)));
        pretending.feed(&joins);
        assert_eq!(done_by(&pretending), [true, true]);
        pretending.feed(&pretend(Pretence::OwnLogin));
        assert_eq!(done_by(&pretending), [false, false]);
    }
}
