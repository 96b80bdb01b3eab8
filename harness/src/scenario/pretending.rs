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
    /// Whether this peer does.
    pub fn has(&self, peer: &PeerName) -> bool {
        self.logins.contains(peer) || self.tickets.contains(peer)
    }

    /// Whether it does with this: to make a room nobody shows what another was given.
    pub fn is_done_by(&self, action: &Action) -> bool {
        match action {
            Action::Create { peer, .. } => self.logins.contains(peer),
            action => action.actor().is_some_and(|peer| self.has(peer)),
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
        pretending.feed(&pretend(Pretence::GivenTo(bob.clone())));
        assert!(pretending.has(&carol) && !pretending.has(&bob));
        // It is for a join.
        pretending.feed(&creates);
        assert!(pretending.is_done_by(&joins) && !pretending.is_done_by(&creates));
        pretending.feed(&joins);
        assert!(!pretending.has(&carol));
        pretending.feed(&pretend(Pretence::LoginOf(bob)));
        pretending.feed(&joins);
        assert!(pretending.has(&carol));
        pretending.feed(&pretend(Pretence::OwnLogin));
        assert!(!pretending.has(&carol));
    }
}
