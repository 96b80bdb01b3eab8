//! That the server does not pass something on, and tells its sender so.
//!
//! It owes that to nobody: it may have a limit on how much is said, or how often. So it is told as a fact, unless it is the first that somebody says on
//! his line, which is beyond no limit where a plain call is not; or the reason is one that the dialect has for requests, and which the steps gainsay.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::case::{Case, Source};
use super::script::{Role, Script};
use crate::laws::Law;
use crate::names::{Link, PeerName};
use crate::record::{Event, Failure, What};
use crate::signaling::{Dialect, Notice, Word};
use crate::stage::Outcome;
use crate::terms::Direction;

/// What a sender was told in place of what he had to say being passed on.
pub(super) struct Refusal {
    peer: PeerName,
    reason: String,
    /// How many things he had said on his line by then.
    said: usize,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is told so: {:?}", self.peer, self.reason)
    }
}

/// The last before the harness ends peers and server, if there is any.
fn last(events: &[Arc<Event>]) -> Option<Refusal> {
    let mut said: BTreeMap<&Link, usize> = BTreeMap::new();
    let mut last = None;
    let events = events.iter().map(|event| &event.what);
    for what in events.take_while(|what| **what != What::Clearing) {
        let What::Message {
            link,
            direction,
            word: Some(word),
            ..
        } = what
        else {
            continue;
        };
        match (direction, word) {
            (Direction::Up, Word::Signal { .. }) => *said.entry(link).or_default() += 1,
            (Direction::Down, Word::Notice { notice }) => {
                let reason = match notice {
                    Notice::Error { reason } => reason,
                    Notice::Refused {
                        request: Some(kind),
                        reason,
                    } if kind.is_signal() => reason,
                    _ => continue,
                };
                if let Some(said) = said.get(link) {
                    last = Some(Refusal {
                        peer: link.peer.clone(),
                        reason: reason.clone(),
                        said: *said,
                    });
                }
            }
            _ => {}
        }
    }
    last
}

/// The refusal that a case comes to nothing by, or that leaves open what it asks: no accusation, and nothing that holds.
pub(super) fn spared(
    case: &Case,
    script: &Script,
    outcome: &Outcome,
    failure: Option<&Failure>,
    dialect: &Dialect,
) -> Option<Refusal> {
    let of_relays = case.source == Source::Law(Law::RelayedOnceInOrder);
    // What is refused to others after a harm comes of the harm: the control tells.
    if script.roles.contains(&Role::Harm) {
        return None;
    }
    let asked = match failure {
        Some(failure) => failure.kind.is_of_a_wait() && failure.breaches.is_empty(),
        // Whoever signals by himself says more than the case asks.
        None => of_relays && !case.native,
    };
    let refusal = last(&outcome.events).filter(|_| asked)?;
    let mut reasons = dialect.properties().refusals.texts();
    let gainsaid = reasons.any(|text| refusal.reason.contains(text));
    (!gainsaid && (of_relays || refusal.said > 1)).then_some(refusal)
}
