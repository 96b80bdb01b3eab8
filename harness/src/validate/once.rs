//! A case is played once: what that run says, its control and all other runs apart.

use std::sync::Arc;

use super::belongs::explained;
use super::case::{BEHIND_CLOSE, Case, Source};
use super::early::back_too_soon;
use super::end::End;
use super::gone::{Gone, gone};
use super::kept;
use super::passed::passed_on;
use super::refusal::spared;
use super::script::Script;
use super::seen::{done_to_him, figures, seen, strained, unasked_of};
use super::unread::unread;
use super::unsaid::refused_before;
use super::verdict::{Found, Says, Wrong, found};
use crate::laws::Law;
use crate::names::Stack;
use crate::record::{Broken, Failure, FailureKind, Verdict, What};
use crate::signaling::{Dialect, Kind, Unspeakable};
use crate::stage::{Outcome, Setting, play};
use crate::suite;
use crate::terms::{Ending, Side};

/// What went wrong in a run.
pub(super) struct Fault {
    pub failure: Box<Failure>,
    /// What another run shows as well, if it is the server's way.
    pub way: Wrong,
}

/// One run, and what a failure of it is worth.
pub(super) enum Once {
    Says(Says, Option<Outcome>),
    Wrong(Fault, Outcome),
    /// The run itself says nothing: why.
    Nothing(String, Outcome),
    /// Somebody came back sooner than the server took in that he had gone: what is seen then may be otherwise the next time.
    TooSoon(String, Outcome),
    /// The server ended the line of somebody who had been put out, as it may, when he was coming into another room on it. Where he sees its end
    /// first he dials anew.
    Overtaken(String, Outcome),
}

/// Plays it; or says why it cannot be: a case that is no scenario is an error of glare's own.
pub(super) async fn run(
    script: &Script,
    name: &str,
    setting: &Arc<Setting>,
) -> Result<Outcome, String> {
    let scenario = script.scenario(&format!("{name}.yaml"));
    let scenario = scenario.map_err(|mistakes| mistakes.render(false))?;
    let (cases, _) = suite::cases(std::slice::from_ref(&scenario), &[], &[Stack::Native]);
    let case = cases.first().ok_or("it has no native cast")?;
    // A name that nobody promised to take is said all the same: what comes of it is a fact.
    Ok(play(case, setting.asking_any_name()).await)
}

pub(super) async fn once(case: &Case, script: &Script, setting: &Arc<Setting>) -> Once {
    let outcome = match run(script, &case.number.to_string(), setting).await {
        Ok(outcome) => outcome,
        Err(why) => {
            let why = format!("this is an error of glare itself: {why}");
            return Once::Says(Says::Inconclusive(why), None);
        }
    };
    if matches!(outcome.verdict, Verdict::Pass | Verdict::Fail(_))
        && let Some(why) = kept::too_late(case, &outcome, &setting.dialect)
    {
        return Once::Nothing(why, outcome);
    }
    if let Some(why) = &outcome.refuses {
        return Once::Says(Says::Inconclusive(why.clone()), Some(outcome));
    }
    let end = End::of(script, &outcome.record);
    let mut failure = match &outcome.verdict {
        Verdict::Fail(failure) => {
            let mut failure = failure.clone();
            failure.message = match &end {
                Some(end) => end.explains(&failure.message),
                None => match script.expected(&failure) {
                    Some(line) => format!("`{line}`: {}", failure.message),
                    None => explained(case, &failure),
                },
            };
            failure
        }
        Verdict::Unsupported(why) => {
            let says = Says::Unsupported(why.why.clone());
            return Once::Says(says, Some(outcome));
        }
        Verdict::Inconclusive(why) => return Once::Nothing(why.why.clone(), outcome),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {
            let says = passed(case, script, &outcome, setting);
            return Once::Says(says, Some(outcome));
        }
    };
    if let Some(end) = end.as_ref().filter(|end| end.is_before_the_deed()) {
        let why = format!("before anything was asked of it, {}", end.explains(""));
        return Once::Says(Says::Inconclusive(why), Some(outcome));
    }
    if let Some(why) = refused_before(&failure, &outcome.events, &setting.dialect) {
        let says = match case.source {
            Source::Nobody => Says::Fact(format!("not so: {why}")),
            _ => Says::Unsupported(why),
        };
        return Once::Says(says, Some(outcome));
    }
    if end.is_none()
        && let Some(why) = back_too_soon(&failure, &outcome, &setting.dialect)
    {
        return Once::TooSoon(why, outcome);
    }
    if failure.kind == FailureKind::Impossible && Unspeakable::is_told(&failure.message) {
        let why = format!("{}: that is for the dialect to mend", failure.message);
        return Once::Says(Says::Inconclusive(why), Some(outcome));
    }
    let of_leaving = |broken: &Broken| broken.law == Law::LeavingIsAnnounced.number();
    if end.is_none()
        && failure.breaches.iter().all(of_leaving)
        && let Some(why) = kept::seen_late(case, &outcome, &setting.dialect)
    {
        return Once::Says(Says::Unsupported(why), Some(outcome));
    }
    if let Some(why) = kept::too_slow(case, &outcome, &setting.dialect) {
        return Once::Nothing(why, outcome);
    }
    if let Some(why) = unread(&failure, &outcome) {
        return Once::Says(Says::Inconclusive(why), Some(outcome));
    }
    // Of a server that has ended it is known why its lines have.
    let gone = match &end {
        Some(_) => None,
        None => gone(case, script, &failure, &outcome, &setting.dialect),
    };
    if let Some(Gone::Overtaken(why)) = gone {
        return Once::Overtaken(why, outcome);
    }
    match found(case, script, &failure, setting.dialect.properties()) {
        Found::Broken => {}
        Found::NoPremise => {
            let why = format!("what it rests on does not come about: {}", failure.message);
            return Once::Says(Says::Inconclusive(why), Some(outcome));
        }
        Found::Otherwise => {
            let told = figures(&outcome).is_none();
            let seen = passed_on(script, &outcome, Some(&failure))
                .or_else(|| done_to_him(script, &outcome).filter(|_| told));
            let says = Says::Fact(seen.unwrap_or_else(|| format!("not so: {}", failure.message)));
            return Once::Says(says, Some(outcome));
        }
    }
    let may_close = match &gone {
        Some(Gone::ByServer { asks, .. }) => script.is_odd && *asks,
        _ => script.is_odd,
    };
    let waits = failure.kind.is_of_a_wait();
    let owes_answers = setting.dialect.properties().answers_within.is_some();
    if may_close && waits && !owes_answers && failure.breaches.is_empty() {
        let says = Says::Fact(format!("not so: {}", failure.message));
        return Once::Says(says, Some(outcome));
    }
    if let Some(refusal) = spared(case, script, &outcome, Some(&failure), &setting.dialect) {
        let says = Says::Fact(format!("not so: {}; {refusal}", failure.message));
        return Once::Says(says, Some(outcome));
    }
    let mut way = Wrong::of(&failure);
    match gone {
        Some(Gone::ByServer { told, .. }) if may_close => {
            return Once::Says(Says::Inconclusive(told), Some(outcome));
        }
        Some(Gone::ByServer { told, .. }) => {
            failure.message = told;
            way = way.by_end_of_line();
        }
        Some(Gone::ByDialect(why)) => return Once::Says(Says::Unsupported(why), Some(outcome)),
        Some(Gone::Otherwise(why)) => return Once::Says(Says::Inconclusive(why), Some(outcome)),
        Some(Gone::Overtaken(_)) | None => {}
    }
    Once::Wrong(Fault { failure, way }, outcome)
}

/// What a run says in which nothing went wrong that the case asks for.
pub(super) fn passed(case: &Case, script: &Script, outcome: &Outcome, setting: &Setting) -> Says {
    match case.source {
        Source::Nobody => Says::Fact(
            figures(outcome)
                .or_else(|| passed_on(script, outcome, None))
                .or_else(|| done_to_him(script, outcome))
                .unwrap_or_else(|| seen(script, outcome)),
        ),
        _ if unasked_of(outcome).is_some() => Says::Fact(unasked_of(outcome).unwrap_or_default()),
        Source::WebSocket(BEHIND_CLOSE) if !has_closed(outcome) => Says::Unsupported(
            "the server ended no line with a close frame, whatever came on it".to_owned(),
        ),
        Source::Law(law) if is_vacuous(law, outcome) => Says::Unsupported(format!(
            "nothing puts {law} to the test: {}",
            unasked(&setting.dialect)
        )),
        _ => match spared(case, script, outcome, None, &setting.dialect) {
            Some(refusal) => Says::Fact(format!("not all is passed on: {refusal}")),
            None => Says::Holds,
        },
    }
}

/// Whether the server ended a line with a close frame.
fn has_closed(outcome: &Outcome) -> bool {
    outcome.events.iter().any(|event| {
        matches!(
            &event.what,
            What::LinkDown {
                by: Side::Server,
                ending: Ending::Close { .. },
                ..
            }
        )
    })
}

/// Why a run may have shown nothing of a law.
fn unasked(dialect: &Dialect) -> String {
    let promise = "the dialect does not promise what it is about";
    match dialect.says(Kind::Fence) {
        true => promise.to_owned(),
        // What does not come is certain behind the answer to something that was asked later.
        false => format!(
            "{promise}, or it is about what does not come, and the dialect has no `say: fence`, whose answer shows that nothing more was on its way"
        ),
    }
}

/// Whether a run has shown nothing of a law, because nobody promised it here.
fn is_vacuous(law: Law, outcome: &Outcome) -> bool {
    // Strangers are outside of what laws see.
    let mut events = outcome.events.iter();
    if events.any(|event| strained(event).is_some()) {
        return false;
    }
    // Its premise is what comes too late; that somebody goes and comes back is in the steps.
    if law == Law::NothingLateToNewcomers {
        return false;
    }
    let mut judged = outcome.laws.iter();
    judged.any(|judged| judged.finding.law == law && judged.finding.is_vacuous())
}
