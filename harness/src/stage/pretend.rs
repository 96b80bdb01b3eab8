//! `pretend`: who shows what is not its own, and what counts as a refusal of that.

use std::time::Duration;

use tokio::time::Instant;

use super::director::{Stage, Stop, Until};
use super::order::Done;
use crate::names::{Link, PeerName};
use crate::record::{FailureKind, Seq, What};
use crate::scenario::{Action, Answer, Pretence};
use crate::signaling::Refusals;
use crate::terms::Ending;

/// Some let a line in, and look then whose it is: for so long after it was let in its end is a refusal.
const LOOKS_WITHIN: Duration = Duration::from_secs(2);

impl Stage {
    /// From here on a peer shows what is not its own.
    pub(super) fn pretend(&mut self, peer: &PeerName, how: &Pretence) -> Result<(), Stop> {
        self.take_in()?;
        match how {
            Pretence::GivenTo(to) => self.actor(peer)?.wire.borrows(to),
            how => self.desk.pretends(peer, how),
        }
        Ok(())
    }

    /// Whether who does this has to be refused for what it shows: then it is a refusal, too, that its line is not let in, or ended.
    pub(super) fn may_be_turned_away(&self, action: &Action) -> bool {
        let refused = matches!(
            action.answer(),
            Some(Answer::Refused | Answer::RefusedWith(_))
        );
        refused && self.pretending.is_done_by(action)
    }

    /// The line that was let in by an order to connect, where that has to be refused: some let a line in, and look then whose it is.
    pub(super) fn looked_at(
        &self,
        action: &Action,
        peer: &PeerName,
        done: &Done,
        begun: Seq,
    ) -> Option<(Link, Instant)> {
        let (Action::Connect { answer, .. }, Done::Yes) = (action, done) else {
            return None;
        };
        if !matches!(answer, Answer::Refused | Answer::RefusedWith(_)) {
            return None;
        }
        let newest = |line: &What| match line {
            What::LinkUp { link } if link.peer == *peer => Some(link.clone()),
            _ => None,
        };
        let events = self.recorder.events_from(begun);
        let line = events.iter().rev().find_map(|event| newest(&event.what))?;
        Some((line, self.until.at.min(Instant::now() + LOOKS_WITHIN)))
    }

    /// How an order to connect has ended whose line has: one that is let in, and ended at once, was not.
    pub(super) fn turned_out(&self, line: &Link, begun: Seq) -> Done {
        let events = self.recorder.events_from(begun);
        let how = events.iter().rev().find_map(|event| match &event.what {
            What::LinkDown { link, ending, .. } if link == line => Some(ending.clone()),
            _ => None,
        });
        let how = match how {
            // The server itself says that it has failed (RFC 6455, section 7.4.1).
            Some(Ending::Close {
                code: Some(1011), ..
            }) => return Done::Yes,
            Some(Ending::Close { code, reason }) => {
                let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
                format!("close code {code}, {reason:?}")
            }
            _ => "no close frame".to_owned(),
        };
        Done::NotLetIn(format!("the server ended the connection ({how})"))
    }

    /// How an order to connect has ended, once that is known.
    pub(super) async fn after_a_look(
        &mut self,
        action: &Action,
        peer: &PeerName,
        done: Done,
        begun: Seq,
    ) -> Result<Done, Stop> {
        let Some((line, at)) = self.looked_at(action, peer, &done, begun) else {
            return Ok(done);
        };
        let until = Until { at, ..self.until };
        let ended = self
            .wait(
                until,
                || format!("the end of {peer}'s line"),
                |world| (!world.stands(&line)).then_some(Ok(())),
            )
            .await;
        match ended {
            Ok(()) => Ok(self.turned_out(&line, begun)),
            Err(Stop::Fail {
                kind: FailureKind::TimedOut,
                ..
            }) => Ok(done),
            Err(stop) => Err(stop),
        }
    }
}

/// Whether what the server said is what its answer has to be. What was expected, else.
pub(super) fn is_told(refusals: &Refusals, answer: &Answer, said: &str) -> Result<(), String> {
    let Answer::RefusedWith(text) = answer else {
        return Ok(());
    };
    match refusals.wanted(text) {
        Some(wanted) if !said.contains(wanted) => {
            let named = match wanted == text {
                true => String::new(),
                false => format!(", which is what `{text}` is called here"),
            };
            Err(format!("expected {wanted:?} in it{named}"))
        }
        _ => Ok(()),
    }
}
