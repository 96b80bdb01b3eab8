//! Where a failure belongs: to the case that asks for what went wrong and shows it with nothing else beside, not to each on whose way it happens.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::case::{BEHIND_CLOSE, Case, JOINING, LEAST_KEPT, NOTICES, Source};
use super::every_case;
use super::script::Script;
use super::verdict::Wrong;
use crate::laws::Law;
use crate::record::{Broken, Event, Failure, FailureKind, Verdict, What};
use crate::stage::Outcome;
use crate::terms::{Direction, Rule};

/// The law that a case is about, be it by what its dialect declares.
pub(super) fn law_of(source: Source) -> Option<Law> {
    Some(match source {
        Source::Law(law) => law,
        Source::Dialect("announces-leaving-within" | NOTICES | LEAST_KEPT) => {
            Law::LeavingIsAnnounced
        }
        Source::Dialect(JOINING) => Law::NewsIsTrue,
        Source::Dialect("room-size" | "refusals: full") => Law::LimitHolds,
        Source::Dialect("frees-empty-rooms") => Law::EmptyRoomsAreFree,
        Source::Dialect("rooms-apart") => Law::OnlyToTheRoom,
        Source::Dialect("garbage") => Law::RequestsAreAnswered,
        _ => return None,
    })
}

/// What is told of who came and who went: each case of that is about all of it.
const NEWS: [Law; 3] = [Law::LeavingIsAnnounced, Law::NewsIsTrue, Law::PromisedOrder];

/// Whether a case that is about a law is about the other as well.
fn is_about(own: Law, law: u8) -> bool {
    let news = |law: u8| NEWS.iter().any(|news| news.number() == law);
    own.number() == law || (news(own.number()) && news(law))
}

/// A call with nothing beside it: an offer and its answer, and a candidate behind them.
const CALLS: [&str; 2] = ["4.2", "4.5"];

/// The section that asks of calls.
const RELAY: u8 = 4;

/// What only passes through a call.
const SIGNALS: [&str; 3] = ["hears: offer", "hears: answer", "hears: candidate"];

/// The cases that ask by themselves for what went wrong here, the plainest first: those of the laws that are broken, and where none is, a call. None
/// where the case itself is about it.
pub(super) fn homes(case: &Case, script: &Script, failure: &Failure) -> Vec<Case> {
    let broken = laws(failure);
    let own = law_of(case.source);
    // An answer that is not the one that was asked for is explained by nothing beside it.
    let answered = matches!(failure.kind, FailureKind::Refused | FailureKind::NotRefused);
    let own_matter = own.is_some_and(|own| broken.iter().any(|law| is_about(own, *law)));
    // Real peers are asked all at once, whatever it is that keeps them from each other.
    if answered || own_matter || case.native {
        return Vec::new();
    }
    let waits = failure.kind.is_of_a_wait();
    let signal = script.failed(failure).is_some_and(|step| {
        let mut signals = SIGNALS.into_iter();
        signals.any(|signal| step.contains(signal))
    });
    let of_a_call = waits && signal && own != Some(Law::RelayedOnceInOrder);
    let is_home = |home: &Case| match broken.is_empty() {
        true => of_a_call && CALLS.contains(&home.number.to_string().as_str()),
        false => match home.source {
            Source::Law(law) => broken.contains(&law.number()) && is_plain(home),
            _ => false,
        },
    };
    let all = every_case();
    let mut homes: Vec<Case> = all
        .filter(|home| home.number != case.number && is_home(home))
        .collect();
    // That rooms do not mix is asked with a call in each, and the call by itself there.
    homes.sort_by_key(|home| home.number.section != RELAY);
    homes
}

/// Whether nothing is done in it but what its law is about, and that is nothing odd.
fn is_plain(case: &Case) -> bool {
    let odd = |line: &str| {
        let line = line.trim_start();
        line.starts_with("harm ") || line == "may close"
    };
    !case.native && !case.waits() && !case.steps.lines().any(odd)
}

/// Why it belongs to this case, if what went wrong does so there, too.
pub(super) fn belongs(failure: &Failure, home: &Case, there: &Outcome) -> Option<String> {
    let Verdict::Fail(same) = &there.verdict else {
        return None;
    };
    let broken = laws(failure);
    if !broken.is_empty() && broken.is_disjoint(&laws(same)) {
        return None;
    }
    let (number, title) = (home.number, &home.title);
    let why = explained(home, same);
    Some(format!(
        "this belongs to {number} ({title}), where it goes wrong as well: {why}"
    ))
}

/// The cases to which it belongs that nothing is wrong but what the server wrote on the wire; none where something else is, or it is asked here.
pub(super) fn wire_homes(case: &Case, failure: &Failure) -> Vec<Case> {
    let asks = |case: &Case| case.source == Source::WebSocket(BEHIND_CLOSE);
    if failure.kind != FailureKind::Wire || asks(case) {
        return Vec::new();
    }
    let all = every_case();
    all.filter(asks).collect()
}

/// Whether the server wrote wrongly only behind close frames. Whatever else it writes wrongly is of each case.
pub(super) fn breaks_behind_close(played: &Outcome) -> bool {
    let mut broken = rules(&played.record).peekable();
    broken.peek().is_some() && broken.all(|rule| rule == Rule::AfterClose)
}

/// Whether it wrote something behind one.
pub(super) fn shows_behind_close(played: &Outcome) -> bool {
    rules(&played.record).any(|rule| rule == Rule::AfterClose)
}

/// The rules that the server owes and broke, to the very end.
fn rules(record: &[Arc<Event>]) -> impl Iterator<Item = Rule> {
    let broken = record.iter().filter_map(|event| match &event.what {
        What::Violation {
            direction: Direction::Down,
            rule,
            ..
        } => Some(*rule),
        _ => None,
    });
    broken.filter(|rule| rule.is_owed())
}

fn laws(failure: &Failure) -> BTreeSet<u8> {
    Wrong::of(failure).laws().clone()
}

/// The message of a failure; of a wait that came to nothing what a law knows of it, first the law that the case is about.
pub(super) fn explained(case: &Case, failure: &Failure) -> String {
    let message = &failure.message;
    let waited = failure.kind.is_of_a_wait()
        || matches!(failure.kind, FailureKind::Order | FailureKind::Seen);
    let own = law_of(case.source).map(Law::number);
    let mut before: Vec<&Broken> = (failure.breaches.iter())
        .filter(|broken| broken.event < failure.at)
        .collect();
    before.sort_by_key(|broken| (Some(broken.law) != own, broken.event));
    match before.first() {
        Some(broken) if waited => format!("{}\n  seen by this: {message}", broken.message),
        _ => message.clone(),
    }
}
