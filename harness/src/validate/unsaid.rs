//! That a word could not be said, since what it needs the server gives to whoever it lets do something else first, and had refused that.
//!
//! A session is opened before anything is said in it: where the one it is for is away, and the server says so, there is nothing to say more in.

use crate::names::PeerName;
use crate::record::{Failure, FailureKind, What};
use crate::signaling::{Dialect, Notice, Unspeakable, Word};
use crate::stage::Outcome;
use crate::terms::Direction;

/// What was refused, and what could not be said for that; `None` where it is the dialect's own matter.
pub(super) fn refused_before(
    failure: &Failure,
    outcome: &Outcome,
    dialect: &Dialect,
) -> Option<String> {
    if failure.kind != FailureKind::Impossible {
        return None;
    }
    let (peer, why) = failure.message.split_once(" could not: ")?;
    let peer = PeerName::new(peer);
    let (kind, missing) = Unspeakable::missing(why)?;
    let gives = dialect.given_between(missing)?;
    let events = failure.until(&outcome.events);
    let asked = |what: &What| match what {
        What::Step { text, .. } => text.contains(&format!("message: {gives}")),
        _ => false,
    };
    let since = events.iter().rposition(|event| asked(&event.what))?;
    events[since..].iter().find_map(|event| match &event.what {
        What::Message {
            link,
            direction: Direction::Down,
            word:
                Some(Word::Notice {
                    notice: Notice::Error { reason } | Notice::Refused { reason, .. },
                }),
            ..
        } if link.peer == peer => Some(format!(
            "the server had refused {peer}'s {gives} ({reason:?}), and `{kind}` cannot be said without the `{missing}` that it gives with that"
        )),
        _ => None,
    })
}
