//! A case: a number, what it asks, who promised it, and the scenario that asks it, in a few lines.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::laws::Law;

/// The number of a case, the same for every dialect: `7.12`. One that is gone is not given again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number {
    /// The section, from 1.
    pub section: u8,
    /// Its place there, from 1.
    pub case: u16,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.section, self.case))
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (section, case) = text.split_once('.')?;
            let section = section.parse().ok().filter(|number| *number > 0)?;
            let case = case.parse().ok().filter(|number| *number > 0)?;
            Some(Self { section, case })
        };
        read().ok_or_else(|| {
            format!("{text:?} is no number of a case: expected one as 7.12, see --list")
        })
    }
}

/// Who promised what a case asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Every server owes it, or its dialect declares it: the law says which.
    Law(Law),
    /// The dialect declares it, by this key or this word.
    Dialect(&'static str),
    /// Every server that can be asked for this at all, by this word. It may have rules for names, and refuse what the case begins with: that is a fact.
    Every(&'static str),
    /// RFC 6455, section.
    WebSocket(&'static str),
    /// Nobody: what is seen is told as a fact. That others go on and the server lives is owed all the same.
    Nobody,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Law(law) => write!(f, "law {}", law.number()),
            Source::Dialect(key) => write!(f, "dialect: {key}"),
            Source::Every(word) => write!(f, "every server that knows `{word}`"),
            Source::WebSocket(section) => write!(f, "RFC 6455, {section}"),
            Source::Nobody => f.write_str("nobody promised it: a fact"),
        }
    }
}

/// The promise that what is done often is done as the first time. Where the dialect does not declare it, what is seen is a fact.
pub(super) const ENDURES: &str = "endures";

/// The key of a dialect that promises that no name is refused; without it, which it takes is a fact.
pub(super) const ANY_NAME: &str = "takes-any-name";
/// The promise that what is said to somebody who is away waits for him. Where the dialect does not declare it, what is seen is a fact.
pub(super) const QUEUES: &str = "absent-peer: queue";

/// The key of a dialect that promises for how long what waits for somebody who is away does so. Where nothing waits, nothing need be declared.
pub(super) const KEEPS: &str = "keeps-places";

/// The promise that those inside hear who comes.
pub(super) const JOINING: &str = "announces-joining-within";

/// The promise that a place is kept for some time at least.
pub(super) const LEAST_KEPT: &str = "keeps-places: at-least";

/// The promise that those inside hear who is away while his place is kept, and that he is back.
pub(super) const ABSENCE: &str = "announces-absence-within";

/// The promise that all others in a room hear what somebody shows of himself.
pub(super) const STATES: &str = "announces-states-within";
/// What stands for the time in which they do.
pub(super) const STATES_TOLD: &str = "STATES-TOLD";
/// What stands for what somebody shows of himself who has just come in.
pub(super) const FIRST_STATE: &str = "FIRST-STATE";
/// What stands for something else that he may show.
pub(super) const OTHER_STATE: &str = "OTHER-STATE";
/// What stands for what is sent in the place of a state and is none.
pub(super) const NO_STATE: &str = "NO-STATE";

/// The promise that all who stay hear who is host when the one before has gone.
pub(super) const HOST: &str = "announces-host-within";
/// What stands for the time in which they do.
pub(super) const HOST_TOLD: &str = "HOST-TOLD";

/// What stands for most of that time in the steps of a case.
pub(super) const MOST_OF_IT: &str = "MOST-OF-IT";
/// What stands for the longest time for which a place is kept.
pub(super) const ALL_OF_IT: &str = "ALL-OF-IT";
/// What stands for a short time of it, in which a server takes in that a line has ended.
pub(super) const SHORTLY: &str = "SHORTLY";
/// What stands for the time after which whoever is lost has no place any more, and that is known.
pub(super) const UNTIL_GONE: &str = "UNTIL-GONE";

/// Who may remove a room. Where the dialect does not declare it, what is seen is a fact.
pub(super) const DESTROY_BY: &str = "destroy-by";
/// What stands for a destroy of who is inside, and has not made the room, and for how that is to end.
pub(super) const GUEST_DESTROYS: &str = "GUEST-DESTROYS";
/// The promise that those inside hear that their room was removed. Where the dialect does not declare it, what is seen is a fact.
pub(super) const ROOM_END: &str = "tells-room-end";

/// The promise that what is no longer than so much is taken. Where the dialect does not declare it, what is seen is a fact.
pub(super) const TAKES: &str = "takes-up-to";

/// Where it is written that nothing follows a close frame.
pub(super) const BEHIND_CLOSE: &str = "section 5.5.1";

/// The promise that a line stands on which nobody says anything.
pub(super) const IDLE: &str = "keeps-idle-lines-for";
/// What stands for most of that time.
pub(super) const IDLE_FOR: &str = "IDLE-FOR";

/// The promise that who logs in wrongly is refused. Where the dialect does not declare it, what is seen is a fact.
pub(super) const WRONG_LOGIN: &str = "refusals: wrong-login";
/// The same of who logs in by what is somebody else's.
pub(super) const OTHERS_LOGIN: &str = "refusals: others-login";
/// The same of who comes back by what was given to somebody else.
pub(super) const OTHERS_TICKET: &str = "refusals: others-ticket";

/// What stands for the code that lines are closed with when the server ends.
pub(super) const ENDS_WITH: &str = "ENDS-WITH";

/// What stands for the goodbye of the carrier.
pub(super) const GOODBYE: &str = "GOODBYE";

/// What stands for what the news says of who has left by a word.
pub(super) const HOW_LEFT: &str = "HOW-LEFT";
/// The same of who was lost.
pub(super) const HOW_LOST: &str = "HOW-LOST";

/// The promise that who speaks to somebody who is not there is told so. Where the dialect does not declare it, what is seen is a fact.
pub(super) const ABSENT_ERROR: &str = "absent-peer: error";

/// The promise that a line on which nothing arrives any more is ended, and who was on it counted as lost. Where the dialect does not declare it, how soon is a fact.
pub(super) const NOTICES: &str = "notices-silence-within";
/// What stands for the time in which all who stay have heard of one who fell silent.
pub(super) const NOTICED: &str = "NOTICED";

/// The promise that a standstill of the server puts nobody out. Where the dialect does not declare it, what is seen is a fact.
pub(super) const BEARS: &str = "bears-standstill";
/// What stands for how long the server is made to stand still.
pub(super) const STANDSTILL: &str = "STANDSTILL";

/// How long it is waited at most for what a line shows that is half-open, where nobody says: a heartbeat of 30 s, and half of one more.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// What stands for that time in the steps of a case.
pub(super) const PATIENTLY: &str = "PATIENTLY";

/// A case of the suite.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its number.
    pub number: Number,
    /// What it asks, as a sentence that is true of a server that holds it.
    pub title: Cow<'static, str>,
    /// Why it is asked: what goes wrong for users where it is not so.
    pub why: Cow<'static, str>,
    /// Who promised it.
    pub source: Source,
    /// What is done: see [`Script`](super::Script).
    pub steps: Cow<'static, str>,
    /// The peers are native and connect by WebRTC; else they only signal.
    pub native: bool,
    /// A planted fault of the reference server that breaks it, by name: shown by a test.
    pub broken_by: &'static str,
    /// How long it waits for what may never come.
    pub patience: Duration,
}

impl Case {
    /// Whether it waits for what may never come, and a dialect need not promise it.
    pub(super) fn waits(&self) -> bool {
        self.steps.contains(PATIENTLY)
    }
}

/// One of the suite's parts.
#[derive(Clone, Debug)]
pub struct Section {
    /// Its number, from 1.
    pub number: u8,
    /// What it is about.
    pub name: &'static str,
    /// What it asks, in a sentence.
    pub asks: &'static str,
    /// Its cases, by number.
    pub cases: Vec<Case>,
}

/// A case as a section's file writes it.
pub(super) struct Row {
    /// Its place in the section.
    pub number: u16,
    pub title: &'static str,
    pub source: Source,
    pub why: &'static str,
    pub steps: &'static str,
    pub native: bool,
    pub broken_by: &'static str,
}

impl Row {
    /// The case of a section.
    pub(super) fn case(&self, section: u8) -> Case {
        Case {
            number: Number {
                section,
                case: self.number,
            },
            title: self.title.into(),
            why: self.why.into(),
            source: self.source,
            steps: self.steps.into(),
            native: self.native,
            broken_by: self.broken_by,
            patience: PATIENCE,
        }
    }
}
