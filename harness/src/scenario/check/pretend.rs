//! `pretend`: what comes of it has to be a refusal, and whose it is must be somebody else.

use super::{Placed, Walk};
use crate::scenario::model::{Action, Answer, Pretence};

impl Walk<'_> {
    /// Who shows what is somebody else's, and who is let in by it.
    pub(super) fn pretends(&mut self, at: &Placed) {
        match &at.step.action {
            Action::Pretend { peer, how } => {
                let key = match how {
                    Pretence::GivenTo(_) => "given-to",
                    _ => "login-of",
                };
                if how.owner() == Some(peer) {
                    self.note(at, key, format!("`{peer}` pretends to be itself"))
                        .expect("another peer, whose it is")
                        .advise("what is its own it shows unasked; after `pretend` again by `login: own`");
                }
                match how.owner() {
                    Some(_) => drop(self.borrowed.insert(peer.clone(), at.number)),
                    None => drop(self.borrowed.remove(peer)),
                }
            }
            action @ (Action::Create {
                peer,
                answer: Answer::Granted | Answer::Any,
                ..
            }
            | Action::Join {
                peer,
                answer: Answer::Granted | Answer::Any,
                ..
            }) if self.pretending.is_done_by(action) => {
                if let Some(since) = self.borrowed.get(peer).copied() {
                    let found = format!("`{peer}` comes in by what is somebody else's");
                    self.note(at, "peer", found)
                        .expect("a refusal: `refused: true`, or `others-login` or `others-ticket`")
                        .advise(format!(
                            "since step {since}; whom a server lets in so it may take for the other one, and then nothing tells the two apart"
                        ));
                }
            }
            _ => {}
        }
        self.pretending.feed(&at.step.action);
    }
}
