//! That a word could not be said, since what it needs the server gives to whoever it lets do something else first, and had refused that.
//!
//! A session is opened before anything is said in it: where the one it is for is away, and the server says so, there is nothing to say more in.

use std::sync::Arc;

use crate::names::PeerName;
use crate::record::{Event, Failure, FailureKind, What};
use crate::signaling::{Dialect, Notice, Unspeakable, Word};
use crate::terms::Direction;

/// What was refused, and what could not be said for that; `None` where it is the dialect's own matter.
pub(super) fn refused_before(
    failure: &Failure,
    events: &[Arc<Event>],
    dialect: &Dialect,
) -> Option<String> {
    if failure.kind != FailureKind::Impossible {
        return None;
    }
    let (peer, why) = failure.message.split_once(" could not: ")?;
    let peer = PeerName::new(peer);
    let (kind, missing) = Unspeakable::missing(why)?;
    let gives = dialect.given_between(missing)?;
    let events = failure.until(events);
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::names::Link;
    use crate::record::{TraceBuilder, Verdict};
    use crate::signaling::Kind;

    /// A session is opened by an offer, and its number comes in between.
    const DIALECT: &str = r#"
dialect: sessions
connect: { path: / }
say:
  create: join
  join: { done: connected }
  leave: { done: closed }
  offer:
    - { message: { open: "{peer}" } }
    - { hear: { opened: "{session}" } }
    - { message: { session: "{session}", offer: "{sdp}" } }
  answer: { message: { session: "{session}", answer: "{sdp}" } }
  candidate: { message: { session: "{session}", candidate: "{candidate}" } }
hear:
  error: { message: { error: "{reason}" } }
  offer: { message: { from: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", answer: "{sdp}" } }
"#;

    /// What is told where alice lacks this, and this peer was told no behind so many steps.
    fn told(kind: FailureKind, lacks: &str, refused: &str, behind: usize) -> Option<String> {
        let dialect = match Dialect::read(Path::new("d.yaml"), DIALECT) {
            Ok(dialect) => dialect,
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        };
        let mut b = TraceBuilder::new(&["alice", "bob"]);
        let mut failed = 0;
        for step in 0..=2 {
            if step == behind {
                let reason = "nobody is there".to_owned();
                b.tell(&Link::new(refused, 1), Notice::Error { reason }, None, &[]);
            }
            if let Some(message) = ["offer", "candidate"].get(step) {
                let text = format!("send: {{ from: alice, to: bob, message: {message} }}");
                failed = b.step(&text, None) + 1;
            }
        }
        let missing = Unspeakable::Missing {
            dialect: "sessions".to_owned(),
            kind: Kind::Candidate,
            variable: lacks.to_owned(),
        };
        let verdict = Verdict::fail(kind, format!("alice could not: {missing}"), failed);
        let Verdict::Fail(failure) = verdict else {
            panic!("{verdict:?}");
        };
        let events: Vec<Arc<Event>> = b.events.into_iter().map(Arc::new).collect();
        refused_before(&failure, &events, &dialect)
    }

    #[test]
    fn what_gives_the_missing_value_was_refused_to_who_lacks_it() {
        let impossible = FailureKind::Impossible;
        let why = told(impossible, "session", "alice", 1).expect("it was refused");
        assert!(
            why.starts_with("the server had refused alice's offer (\"nobody is there\"), and `candidate` cannot be said without the `session`"),
            "{why}"
        );
        // Before it was asked for, after the failure, to somebody else, or where no word gives it.
        assert_eq!(told(impossible, "session", "alice", 0), None);
        assert_eq!(told(impossible, "session", "alice", 2), None);
        assert_eq!(told(impossible, "session", "bob", 1), None);
        assert_eq!(told(impossible, "token", "alice", 1), None);
        // It was said, and something else went wrong.
        assert_eq!(told(FailureKind::TimedOut, "session", "alice", 1), None);
    }
}
