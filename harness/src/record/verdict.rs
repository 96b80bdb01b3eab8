//! How a case ended, and what that does to the exit status.

use serde::{Deserialize, Serialize};

use super::Seq;
use crate::scenario::Place;

/// How a case ended.
///
/// | verdict | what it says | exit status |
/// |---|---|---|
/// | `pass` | everything that was asked for happened, nothing that was forbidden, every law was asked and held, the log is the snapshot's | 0 |
/// | `new` | the same, and there is no snapshot yet to compare the log with | 0; under CI 1 |
/// | `flaky` | it failed, and passed on a retry that was asked for | 0 |
/// | `fail` | it did not | 1 |
/// | `unsupported` | the server has no such concept, or a stack cannot do it; counted | 0 |
/// | `inconclusive` | the environment broke, laws were not asked, nothing was understood of what it asks for, or the record is not whole | 5 |
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was asked for happened, and nothing that was forbidden.
    Pass,
    /// The same, without a snapshot.
    New {
        /// The snapshot that `--accept` would write.
        snapshot: String,
    },
    /// Green on a retry that was asked for.
    Flaky {
        /// So many tries had failed before.
        failed: u32,
    },
    /// Something did not happen, or something forbidden did.
    Fail(Box<Failure>),
    /// It cannot be played like this.
    Unsupported(Unsupported),
    /// It says nothing.
    Inconclusive(Inconclusive),
}

/// What verdicts do to the exit status, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// 0
    Green,
    /// 5
    Nothing,
    /// 1
    Red,
}

impl Verdict {
    /// All the words, in the order of the table.
    pub const WORDS: [&str; 6] = [
        "pass",
        "new",
        "flaky",
        "fail",
        "unsupported",
        "inconclusive",
    ];

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Verdict::Pass => "pass",
            Verdict::New { .. } => "new",
            Verdict::Flaky { .. } => "flaky",
            Verdict::Fail(_) => "fail",
            Verdict::Unsupported(_) => "unsupported",
            Verdict::Inconclusive(_) => "inconclusive",
        }
    }

    /// What it does to the exit status; `ci` where nobody is there to accept a snapshot.
    pub fn weight(&self, ci: bool) -> Weight {
        match self {
            Verdict::New { .. } if ci => Weight::Red,
            Verdict::Pass
            | Verdict::New { .. }
            | Verdict::Flaky { .. }
            | Verdict::Unsupported(_) => Weight::Green,
            Verdict::Fail(_) => Weight::Red,
            Verdict::Inconclusive(_) => Weight::Nothing,
        }
    }

    /// A failure of this kind without a place in the file.
    pub fn fail(kind: FailureKind, message: impl Into<String>, at: Seq) -> Self {
        Verdict::Fail(Box::new(Failure {
            kind,
            place: None,
            span: None,
            message: message.into(),
            at,
            states: Vec::new(),
            breaches: Vec::new(),
            instead: Vec::new(),
            counts: Vec::new(),
            diff: None,
        }))
    }

    /// It says nothing, for this reason.
    pub fn inconclusive(kind: InconclusiveKind, why: impl Into<String>) -> Self {
        let why = why.into();
        Verdict::Inconclusive(Inconclusive { kind, why })
    }

    /// It cannot be played, for this reason.
    pub fn unsupported(kind: UnsupportedKind, why: impl Into<String>) -> Self {
        let why = why.into();
        Verdict::Unsupported(Unsupported { kind, why })
    }
}

/// What went wrong, for a person and for a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Of which kind it is.
    pub kind: FailureKind,
    /// Where: a step, a line of an expectation, or a law; `None` for what concerns the whole run.
    #[serde(default, with = "place", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The same place in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Spot>,
    /// What was expected and what happened instead.
    pub message: String,
    /// The number of the first event after that moment.
    pub at: Seq,
    /// Each peer's state at that moment, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<String>,
    /// Where laws are broken, which is what failed or may explain it; in the order of the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Broken>,
    /// What was there instead, a line each: what passed on the link that `order` follows, or what `count` counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instead: Vec<String>,
    /// How often was there by then what `count` counts, where something else failed; a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counts: Vec<String>,
    /// A difference between the log and its snapshot, as a unified diff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff: Option<String>,
}

impl Failure {
    /// What was there by then of all events from the first on.
    pub fn until<'e, E>(&self, events: &'e [E]) -> &'e [E] {
        let until = usize::try_from(self.at).unwrap_or(usize::MAX);
        &events[..until.min(events.len())]
    }
}

/// What kind of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// What a step waits for did not come in time.
    TimedOut,
    /// What a step waits for cannot come any more.
    Hopeless,
    /// The server broke a rule of the wire that every server owes.
    Wire,
    /// The server refused what it had to grant, or answered something else.
    Refused,
    /// The server granted what it had to refuse.
    NotRefused,
    /// A signaling connection was lost, or never there.
    ConnectionLost,
    /// The server ended by itself.
    ServerEnded,
    /// A peer's stack refused what it had to do.
    StackRefused,
    /// A peer's stack did what it had to refuse.
    StackAccepted,
    /// The step could not be carried out as things were.
    Impossible,
    /// A line of `expect: never` was there.
    Never,
    /// A line of `expect: seen` was missing.
    Seen,
    /// A line of `expect: order` did not pass in its place.
    Order,
    /// A line of `expect: count` was not there as often as it had to be.
    Count,
    /// A law is broken.
    Law,
    /// The log is not the snapshot.
    SnapshotDiffers,
    /// Repeats had different logs.
    SeveralLogs,
}

impl FailureKind {
    /// Whether it is that what a step waits for did not come.
    pub fn is_of_a_wait(self) -> bool {
        matches!(self, Self::TimedOut | Self::Hopeless)
    }
}

/// A place in a file that the record holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The file, as the record names it.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// For a step of a sequences file: where the scenario uses it, `x.yaml:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<String>,
}

/// One place where a law is broken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The law's number.
    pub law: u8,
    /// Where it shows.
    pub event: Seq,
    /// The earlier events that make it a breach, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<Seq>,
    /// For a person.
    pub message: String,
}

/// What a run showed of one law.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawFound {
    /// Its number.
    pub law: u8,
    /// What it says.
    pub statement: String,
    /// How often it was put to the test; 0 is vacuous, not held.
    pub premises: usize,
    /// Why it may be broken, if the scenario says that it will be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excused: Option<String>,
    /// Where it is broken, in the order of the events.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Broken>,
}

/// Why a case cannot be played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsupported {
    /// Of which kind.
    pub kind: UnsupportedKind,
    /// For a person.
    pub why: String,
}

/// Who cannot do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnsupportedKind {
    /// The server has no such concept.
    Server,
    /// A stack, or a browser where it is, cannot do it.
    Stack,
    /// It is not done to a server that somebody else has started.
    Withheld,
}

/// Why a case says nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inconclusive {
    /// Of which kind.
    pub kind: InconclusiveKind,
    /// For a person.
    pub why: String,
}

/// What kept a case from saying something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InconclusiveKind {
    /// No browser, no port, a browser that died by itself.
    Environment,
    /// The server did not get ready.
    NoServer,
    /// More happened than is recorded, so that laws could not be asked.
    TooMuch,
    /// A law was not asked.
    LawsNotAsked,
    /// What a line of `expect` is about is in messages of which none was understood.
    NotUnderstood,
    /// The record could not be written.
    RecordFailed,
    /// The record has no verdict: it is cut off.
    CutOff,
    /// The snapshot could not be read or written.
    Snapshot,
    /// Somebody interrupted the run.
    Interrupted,
}

/// A place as scenario files write it.
mod place {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use crate::scenario::Place;

    pub(super) fn serialize<S: Serializer>(
        place: &Option<Place>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        match place {
            Some(place) => to.collect_str(place),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Option<Place>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let parsed = text
            .split_once(' ')
            .and_then(|(word, number)| Some((word, number.parse().ok().filter(|n| *n > 0)?)));
        match parsed {
            Some(("step", number)) => Ok(Some(Place::Step(number))),
            Some(("never", number)) => Ok(Some(Place::Never(number))),
            Some(("seen", number)) => Ok(Some(Place::Seen(number))),
            Some(("order", number)) => Ok(Some(Place::Order(number))),
            Some(("count", number)) => Ok(Some(Place::Count(number))),
            Some(("law", number)) => Ok(Some(Place::Law(number))),
            _ => Err(D::Error::custom(
                "expected a place, as `step 3`, `never 1`, `seen 1`, `order 2`, `count 1` or `law 3`",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_none_is_numbered_0() {
        for place in [
            Place::Step(1),
            Place::Never(2),
            Place::Seen(30),
            Place::Law(4),
        ] {
            let mut failure = match Verdict::fail(FailureKind::Law, "no", 1) {
                Verdict::Fail(failure) => failure,
                other => panic!("{other:?}"),
            };
            failure.place = Some(place);
            let text = serde_json::to_string(&failure).expect("memory");
            assert_eq!(serde_json::from_str::<Failure>(&text).ok(), Some(*failure));
        }
        for wrong in [
            "step 0", "law 0", "step", "step -1", "steps 1", "step 1 2", "",
        ] {
            let text = format!(r#"{{"kind":"law","place":"{wrong}","message":"no","at":1}}"#);
            let error = serde_json::from_str::<Failure>(&text).expect_err(wrong);
            assert!(error.to_string().contains("expected a place"), "{error}");
        }
    }
}
