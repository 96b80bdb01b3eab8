//! Steps that wait for what a step before them keeps back: they can only run out of time.
//!
//! Only what is certain is a mistake. A message that a hold or drop lets pass once, or that may have come before it, is none; and where somebody
//! sends what no verb describes, nothing is certain.

use super::model::{Action, Answer, Condition, Pattern};
use super::placed::Placed;
use super::text::pattern_text;
use crate::mistake::Mistakes;
use crate::names::PeerName;
use crate::signaling::Kind;
use crate::source::Source;

/// What a step keeps back.
struct Kept<'s> {
    pattern: &'s Pattern,
    step: usize,
    /// By a `drop`, which no step takes back.
    dropped: bool,
    /// Nothing was said before it but requests to make a room.
    early: bool,
}

/// Notes the steps that wait for what is kept back.
pub(super) fn steps(source: &Source, placed: &[Placed], mistakes: &mut Mistakes) {
    let unknown =
        |at: &Placed| matches!(at.step.action, Action::SendRaw { .. } | Action::Http { .. });
    let mut kept: Vec<Kept<'_>> = Vec::new();
    let mut early = true;
    for (index, at) in placed.iter().enumerate() {
        match &at.step.via {
            Some(via) => mistakes.enter(&via.source, Some(via.used_in(source))),
            None => mistakes.leave(),
        }
        match &at.step.action {
            Action::Hold(pattern) | Action::Drop(pattern) => kept.push(Kept {
                pattern,
                step: at.number,
                dropped: matches!(at.step.action, Action::Drop(_)),
                early,
            }),
            Action::Release(pattern) => kept.retain(|one| one.dropped || one.pattern != pattern),
            action => {
                if let Some((what, one)) = blocked(action, &kept, &placed[..index])
                    && !placed[..index].iter().any(unknown)
                {
                    tell(at, &what, one, &placed[index + 1..], mistakes);
                }
                let begins = matches!(action, Action::Connect { .. } | Action::Create { .. });
                early &= begins || is_of_wire(action);
            }
        }
    }
    mistakes.leave();
}

fn tell(at: &Placed, what: &str, one: &Kept<'_>, later: &[Placed], mistakes: &mut Mistakes) {
    let Kept {
        pattern,
        step,
        dropped,
        ..
    } = one;
    let verb = if *dropped { "drops" } else { "holds" };
    let releases =
        |at: &&Placed| matches!(&at.step.action, Action::Release(there) if there == *pattern);
    let release = later.iter().find(releases).filter(|_| !dropped);
    let advice = match release {
        Some(release) => format!(
            "step {} releases it, and is not reached: whoever is to go on meanwhile must not wait; put the release before, or let a step after it wait",
            release.number
        ),
        None if *dropped => "say which one: `nth: 1`".to_owned(),
        None => format!("put `release` of {} before it", pattern_text(pattern)),
    };
    mistakes
        .add(
            &at.verb,
            format!("this waits for {what}, which step {step} {verb}"),
        )
        .expect("it can only run out of time")
        .advise(advice);
}

/// What a step waits for and is certainly kept back.
fn blocked<'k, 's>(
    action: &Action,
    kept: &'k [Kept<'s>],
    before: &[Placed],
) -> Option<(String, &'k Kept<'s>)> {
    match action {
        Action::Create { peer, answer, .. } => answered(peer, Kind::Create, answer, kept, before),
        Action::Join { peer, answer, .. } => answered(peer, Kind::Join, answer, kept, before),
        Action::Leave { peer, answer } => answered(peer, Kind::Leave, answer, kept, before),
        Action::Destroy { peer, answer, .. } => answered(peer, Kind::Destroy, answer, kept, before),
        Action::Kick { peer, answer, .. } => answered(peer, Kind::Kick, answer, kept, before),
        Action::SetState { peer, answer, .. } => {
            answered(peer, Kind::SetState, answer, kept, before)
        }
        Action::Await(Condition::Hears { peer, kind, from }) => heard(peer, *kind, from, kept),
        _ => None,
    }
}

fn answered<'k, 's>(
    peer: &PeerName,
    request: Kind,
    answer: &Answer,
    kept: &'k [Kept<'s>],
    before: &[Placed],
) -> Option<(String, &'k Kept<'s>)> {
    let granted = match request {
        Kind::Create => Kind::Created,
        Kind::Join => Kind::Joined,
        Kind::Leave => Kind::Left,
        Kind::Kick | Kind::SetState => Kind::Granted,
        _ => Kind::Destroyed,
    };
    let reply = match answer {
        Answer::Granted => granted,
        Answer::Refused | Answer::RefusedWith(_) => Kind::Refused,
        // The other answer may come.
        Answer::Any => return None,
    };
    let keeps = |one: &&Kept<'_>| {
        let Pattern {
            message,
            from,
            to,
            nth,
        } = one.pattern;
        let up = *message == request && from.as_ref() == Some(peer) && to.is_none();
        let down = *message == reply && to.as_ref() == Some(peer) && from.is_none();
        let asks = |at: &Placed| at.number > one.step && asks(&at.step.action, peer);
        let all = match nth {
            None => true,
            // The first that matches, if nobody has asked since.
            Some(nth) => *nth == 1 && !before.iter().any(asks),
        };
        (up || down) && all
    };
    let one = kept.iter().find(keeps)?;
    Some((format!("the answer to {peer}'s {request}"), one))
}

/// Whether a peer asks something of the server.
fn asks(action: &Action, peer: &PeerName) -> bool {
    match action {
        Action::Create { peer: who, .. }
        | Action::Join { peer: who, .. }
        | Action::Leave { peer: who, .. }
        | Action::Destroy { peer: who, .. }
        | Action::Kick { peer: who, .. }
        | Action::SetState { peer: who, .. } => who == peer,
        _ => false,
    }
}

fn heard<'k, 's>(
    peer: &PeerName,
    kind: Kind,
    from: &Option<PeerName>,
    kept: &'k [Kept<'s>],
) -> Option<(String, &'k Kept<'s>)> {
    // Whoever makes a room is answered before anything else is said.
    if kind == Kind::Created || kind == Kind::Refused || kind == Kind::Error {
        return None;
    }
    let keeps = |one: &&Kept<'_>| {
        let pattern = one.pattern;
        let sender = pattern.from.is_none() || pattern.from == *from;
        let all = pattern.nth.is_none();
        one.early && pattern.message == kind && pattern.to.as_ref() == Some(peer) && sender && all
    };
    let one = kept.iter().find(keeps)?;
    Some((format!("{kind} at {peer}"), one))
}

/// Whether it only places something on the wire.
fn is_of_wire(action: &Action) -> bool {
    matches!(
        action,
        Action::Hold(_)
            | Action::Release(_)
            | Action::Drop(_)
            | Action::Delay { .. }
            | Action::Duplicate(_)
            | Action::Reorder { .. }
            | Action::Corrupt { .. }
            | Action::Wait(_)
            | Action::Never(_)
    )
}
