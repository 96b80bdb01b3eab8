//! That somebody came back before the server took his line before for ended, which he had ended himself a moment ago.
//!
//! It has answered his close frame, and waits for the end of the socket, or clears up behind that: meanwhile his name is in use, and a second line
//! with it is refused, as was declared. How long that takes nobody promised, and nothing tells when it is over where those who stay hear nothing of it.

use std::time::Duration;

use crate::names::{Link, PeerName};
use crate::record::{Event, Failure, FailureKind, What};
use crate::signaling::{Dialect, Kind, SameId};
use crate::stage::Outcome;
use crate::terms::{Direction, Ending, ServerLife, Side};

/// So soon after the end of the line before.
pub(super) const TOO_SOON: Duration = Duration::from_secs(1);

/// Who it was, and how soon; `None` where something else went wrong.
pub(super) fn back_too_soon(
    failure: &Failure,
    outcome: &Outcome,
    dialect: &Dialect,
) -> Option<String> {
    let of_a_line = matches!(
        failure.kind,
        FailureKind::Impossible
            | FailureKind::ConnectionLost
            | FailureKind::Hopeless
            | FailureKind::TimedOut
    );
    if !of_a_line
        || !failure.breaches.is_empty()
        || dialect.properties().same_id != Some(SameId::Reject)
    {
        return None;
    }
    let events = failure.until(&outcome.events).iter();
    let events: Vec<&Event> = events.map(|event| &**event).collect();
    let asked = events.iter().enumerate().rev();
    let mut asked = asked.filter_map(|(at, event)| match &event.what {
        What::LinkAsked { link, .. } if link.instance > 1 => Some((at, link)),
        _ => None,
    });
    asked.find_map(|(at, link)| {
        let (before, after) = events.split_at(at);
        let left = own_end(before, &link.peer)?;
        let soon = Duration::from_micros(after[0].at.saturating_sub(left));
        let refused = soon < TOO_SOON && is_refused(after, link, failure);
        refused.then(|| {
            format!(
                "{} came back {} ms after he had closed his line, and the server refused that, as it does while a name is in use (`same-id: reject`)",
                link.peer,
                soon.as_millis()
            )
        })
    })
}

/// When a peer has ended the last of its lines, on which it had come in, where nobody was told of that.
fn own_end(events: &[&Event], peer: &PeerName) -> Option<u64> {
    let (ended, line) =
        events
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, event)| match &event.what {
                What::LinkEnded { link }
                | What::LinkDown {
                    link,
                    by: Side::Peer,
                    ..
                } if link.peer == *peer => Some((at, link)),
                _ => None,
            })?;
    // One that was refused itself had no name to keep.
    let came_in = events[..ended].iter().any(|event| {
        matches!(&event.what, What::Message { link, direction: Direction::Up, word: Some(_), .. } if link == line)
    });
    let told = events[ended..].iter().any(|event| {
        matches!(&event.what, What::Hears { kind: Kind::PeerLeft | Kind::PeerAway, about: Some(about), .. } if about == peer)
    });
    // He was back, and what is refused now is a second line.
    let back = (events[ended..].iter())
        .any(|event| matches!(&event.what, What::LinkUp { link } if link.peer == *peer));
    // Another process in its place knows nobody.
    let another = (events[ended..].iter()).any(|event| {
        matches!(
            event.what,
            What::Server {
                life: ServerLife::Ready | ServerLife::Killed
            }
        )
    });
    (came_in && !told && !back && !another).then(|| events[ended].at)
}

/// Whether a line is ended so because of what its client is: a violated policy, to be tried again later, or a code of the application's (RFC 6455,
/// section 7.4).
fn is_a_refusal(ending: &Ending) -> bool {
    matches!(
        ending,
        Ending::Close {
            code: Some(1008 | 1013 | 3000..=4999),
            ..
        }
    )
}

/// Whether the server let this line not in, or ended it with a code of its own before it said anything on it.
fn is_refused(events: &[&Event], line: &Link, failure: &Failure) -> bool {
    let could_not = format!("{} could not: the server refused the connection", line.peer);
    if failure.message.starts_with(&could_not) {
        return true;
    }
    for event in events {
        match &event.what {
            What::LinkRefused { link, .. } if link == line => return true,
            What::LinkDown { link, by, ending } if link == line => {
                return *by == Side::Server && is_a_refusal(ending);
            }
            What::Message {
                link,
                direction: Direction::Down,
                // What is worked out is not said.
                size: 1..,
                ..
            } if link == line => return false,
            _ => {}
        }
    }
    false
}
