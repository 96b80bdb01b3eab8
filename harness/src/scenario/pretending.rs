//! Who shows what is not its own, as the steps have it.

use std::collections::BTreeSet;

use super::model::{Action, Pretence};
use crate::names::PeerName;

/// Who shows what is not its own.
#[derive(Clone, Debug, Default)]
pub struct Pretending {
    /// With each line that it dials.
    logins: BTreeSet<PeerName>,
    /// When it asks next to come in.
    tickets: BTreeSet<PeerName>,
}

impl Pretending {
    /// Whether this peer does.
    pub fn has(&self, peer: &PeerName) -> bool {
        self.logins.contains(peer) || self.tickets.contains(peer)
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
            Action::Create { peer, .. } | Action::Join { peer, .. } => {
                self.tickets.remove(peer);
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
        pretending.feed(&pretend(Pretence::GivenTo(bob.clone())));
        assert!(pretending.has(&carol) && !pretending.has(&bob));
        pretending.feed(&joins);
        assert!(!pretending.has(&carol));
        pretending.feed(&pretend(Pretence::LoginOf(bob)));
        pretending.feed(&joins);
        assert!(pretending.has(&carol));
        pretending.feed(&pretend(Pretence::OwnLogin));
        assert!(!pretending.has(&carol));
    }
}
