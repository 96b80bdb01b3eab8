//! One of the steps that begin together: how far it is, and what it waits for.

use super::after::{Asked, Due, Replied};
use super::begins::Begins;
use super::director::Miss;
use super::hope::Waiting;
use super::waits::World;
use crate::names::PeerName;
use crate::record::Seq;
use crate::scenario::Action;

/// One of the steps.
pub(super) struct Inner {
    /// Among them, from 1.
    pub number: usize,
    /// As the file writes it, on one line.
    pub text: String,
    pub action: Action,
    pub peer: PeerName,
    /// Its event.
    pub step: Seq,
    pub begins: Begins,
    /// What still has to come; `None` once it has ended.
    pub due: Option<Due>,
    /// The end of its line is a refusal, too.
    pub turned_away: bool,
    /// What its waits were satisfied by.
    pub waited: Vec<Seq>,
    pub replied: Option<Replied>,
}

/// What a step has waited for, once it is there, or why it cannot come any more.
pub(super) fn come(
    world: &mut World,
    inner: &mut Inner,
    waiting: &Waiting,
) -> Option<Result<Vec<Seq>, Miss>> {
    let peer = &inner.peer;
    match inner.due.as_ref()? {
        Due::Turn | Due::Order | Due::Look(..) => None,
        Due::Reply(kind) => {
            let answer = inner.action.answer()?;
            let asked = Asked {
                peer,
                kind: *kind,
                answer,
                turned_away: inner.turned_away,
            };
            let replied = asked.replied(world, inner.step, waiting)?;
            Some(replied.map(|replied| {
                inner.replied = Some(replied);
                vec![replied.seq]
            }))
        }
        Due::Closed(link) => world.has_closed(peer, *link).then(|| Ok(Vec::new())),
        Due::Down(lines) => {
            let over = !lines.iter().any(|line| world.stands(line));
            over.then(|| Ok(Vec::new()))
        }
        Due::Heard(by, channel, payload) => match world.heard(by, peer, channel, payload) {
            Some(seqs) => Some(Ok(seqs)),
            None => (waiting.dead.contains(by))
                .then(|| Err(format!("{peer} spoke to {by}, who was killed").into())),
        },
    }
}
