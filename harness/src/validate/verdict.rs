//! What a case says of a server.

use std::collections::BTreeSet;
use std::fmt;

use super::case::{Case, LEAST_KEPT, Source};
use super::passed::is_of_size_alone;
use super::script::{Role, Script};
use crate::laws::Law;
use crate::record::{Broken, Failure, FailureKind, Verdict};
use crate::scenario::Place;
use crate::signaling::Properties;
use crate::stage::Outcome;

/// What a case says of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// It is as the case asks.
    Holds,
    /// It is not, though it was promised: seen on two fresh processes.
    Broken(String),
    /// Nobody promised anything: what was seen.
    Fact(String),
    /// The dialect does not have what the case needs.
    Unsupported(String),
    /// Nothing is known.
    Inconclusive(String),
}

impl Says {
    /// The words, in the order in which they are counted.
    pub const WORDS: [&str; 5] = ["holds", "broken", "fact", "unsupported", "inconclusive"];

    /// The word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Says::Holds => "holds",
            Says::Broken(_) => "broken",
            Says::Fact(_) => "fact",
            Says::Unsupported(_) => "unsupported",
            Says::Inconclusive(_) => "inconclusive",
        }
    }

    /// Why, or what was seen; empty for what holds.
    pub fn why(&self) -> &str {
        match self {
            Says::Holds => "",
            Says::Broken(why)
            | Says::Fact(why)
            | Says::Unsupported(why)
            | Says::Inconclusive(why) => why,
        }
    }

    /// A letter for it.
    pub fn letter(&self) -> char {
        match self {
            Says::Holds => '.',
            Says::Broken(_) => 'B',
            Says::Fact(_) => 'f',
            Says::Unsupported(_) => '-',
            Says::Inconclusive(_) => '?',
        }
    }
}

impl fmt::Display for Says {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What went wrong in a run: the same in two runs, if it is the server's way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    /// The laws that are broken.
    laws: BTreeSet<u8>,
    kind: FailureKind,
    place: Option<Place>,
}

impl Wrong {
    /// The numbers of the laws that are broken.
    pub(super) fn laws(&self) -> &BTreeSet<u8> {
        &self.laws
    }

    pub(super) fn of(failure: &Failure) -> Self {
        Self {
            laws: failure.breaches.iter().map(|broken| broken.law).collect(),
            kind: failure.kind,
            place: failure.place.clone(),
        }
    }

    /// The same of a server that ended a line unasked, which who is on it sees where he says something next, or another who waits for that.
    pub(super) fn by_end_of_line(self) -> Self {
        Self {
            kind: FailureKind::ConnectionLost,
            place: None,
            ..self
        }
    }

    /// Whether two runs went wrong in one way: by a law that both break, at one place, or by the end of a line.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let shared = self.laws.intersection(&other.laws).next().is_some();
        shared || (self.kind == other.kind && self.place == other.place)
    }
}

/// What a run with a failure shows, as far as it goes without its control.
pub(super) enum Found {
    /// A promise was broken.
    Broken,
    /// What the case begins with did not come about.
    NoPremise,
    /// Something that nobody promised did not come about.
    Otherwise,
}

/// Whether nothing is broken but that those who stay hear of who goes. Some cases ask that; in others somebody goes on the way to what
/// they ask, and a server with this one fault would be accused of a dozen.
fn is_of_news_alone(failure: &Failure) -> bool {
    let of_news = |broken: &Broken| broken.law == Law::LeavingIsAnnounced.number();
    !failure.breaches.is_empty() && failure.breaches.iter().all(of_news)
}

/// Whether a case is about that.
fn asks_of_news(case: &Case) -> bool {
    matches!(
        case.source,
        Source::Law(Law::LeavingIsAnnounced)
            | Source::Dialect("announces-leaving-within" | LEAST_KEPT)
    )
}

/// What a failure is worth.
pub(super) fn found(
    case: &Case,
    script: &Script,
    failure: &Failure,
    promised: &Properties,
) -> Found {
    if script.asks_other(failure.kind) {
        return Found::NoPremise;
    }
    if case.source == Source::Nobody
        && script.pretends()
        && !matches!(failure.kind, FailureKind::Wire | FailureKind::ServerEnded)
    {
        return match &failure.place {
            Some(Place::Step(step)) if script.role(*step) == Some(Role::Given) => Found::NoPremise,
            _ => Found::Otherwise,
        };
    }
    // Laws accuse only of what is owed or declared; so do the rules of the wire, and a server that ends.
    let beside = is_of_news_alone(failure) && !asks_of_news(case)
        || case.source == Source::Nobody && is_of_size_alone(script, failure);
    let owed = matches!(
        failure.kind,
        FailureKind::Wire | FailureKind::ServerEnded | FailureKind::Law
    );
    if (owed || !failure.breaches.is_empty()) && !beside {
        return Found::Broken;
    }
    let role = match &failure.place {
        Some(Place::Step(step)) => script.role(*step),
        _ => None,
    };
    let strained = matches!(&failure.place, Some(Place::Step(step)) if script.strains(*step));
    match role {
        Some(Role::Given | Role::Between) => Found::NoPremise,
        // All that was asked went well, and somebody was not told of one who has gone.
        _ if beside && failure.kind == FailureKind::Law => match case.source {
            Source::Nobody => Found::Otherwise,
            _ => Found::NoPremise,
        },
        // What it begins with did not come about, seen by the strain itself.
        _ if strained && failure.kind == FailureKind::Impossible => Found::NoPremise,
        // There may be a limit on how often, unless somebody has promised that there is none.
        _ if strained && !promised.endures => Found::Otherwise,
        // Nothing was done to anybody: a request that is not answered is no harm.
        Some(Role::Harm) if failure.kind == FailureKind::Impossible => Found::Otherwise,
        _ if case.source == Source::Nobody => Found::Otherwise,
        // Who is let out of one room into another is refused nothing: `inside` may be what a server says to who is in the room that he asks for.
        _ if failure.kind == FailureKind::NotRefused && script.may_move => Found::Otherwise,
        // A name that it does not take, and need not; what it took from the first it owes to the others.
        Some(Role::Deed)
            if matches!(case.source, Source::Every(_))
                && failure.place == Some(Place::Step(1))
                && !promised.takes_any_name =>
        {
            Found::Otherwise
        }
        _ => Found::Broken,
    }
}

/// Why nothing can be said of the harm: without it things went as wrong. `None`: the harm made them go wrong.
pub(super) fn is_as_without(with: &Failure, control: &Script, without: &Outcome) -> Option<String> {
    let before = match &without.verdict {
        Verdict::Fail(before) => before,
        Verdict::Unsupported(why) => return Some(why.why.clone()),
        Verdict::Inconclusive(why) => return Some(why.why.clone()),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => return None,
    };
    let laws = Wrong::of(before).laws;
    // A law that was kept without the harm, and is broken with it, is broken by it.
    if Wrong::of(with).laws.difference(&laws).next().is_some() {
        return None;
    }
    let number = |place: &Option<Place>, number: &dyn Fn(usize) -> Option<usize>| match place {
        Some(Place::Step(step)) => number(*step),
        _ => None,
    };
    let failed = number(&with.place, &|step| Some(step));
    let stopped = number(&before.place, &|step| control.number(step));
    match (failed, stopped) {
        // A step that the control passed, or that it does not have because it is the harm itself.
        (Some(failed), Some(stopped)) if failed < stopped => None,
        (Some(_), None) if before.breaches.is_empty() => None,
        _ => Some(before.message.clone()),
    }
}
