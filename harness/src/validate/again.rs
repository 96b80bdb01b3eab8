//! A case is played again where one run says nothing, or may have missed what it asks for.

use std::sync::Arc;

use super::case::{BEHIND_CLOSE, Case, Source};
use super::once::{Fault, Once, once};
use super::script::{Role, Script};
use super::verdict::Says;
use crate::record::Verdict;
use crate::scenario::Place;
use crate::stage::{Outcome, Setting};

/// What as many runs as it takes say, and what a failure of theirs is worth, their control apart.
pub(super) enum Ran {
    Says(Says, Option<Outcome>),
    Wrong(Fault, Outcome),
    /// None of them says anything: why.
    Nothing(String, Outcome),
    /// The end of somebody's line came before the answer to what he did on it: he is to see that end first.
    Overtaken(String, Outcome),
}

impl Ran {
    /// How much it says.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Ran::Nothing(..) => 0,
            Ran::Says(..) => 1,
            Ran::Wrong(..) => 2,
            Ran::Overtaken(..) => 3,
        }
    }
}

/// So often a run that says nothing is played anew: the machine may have had no time for it.
const TRIES: u32 = 3;

/// So often a case is played that asks for what comes in a moment that a run may miss.
pub(super) const LOOKS: u32 = 5;

/// What the first run says that says something; else what the last of them does.
pub(super) async fn conclusive(case: &Case, script: &Script, setting: &Arc<Setting>) -> Ran {
    let mut tries = 1;
    loop {
        let once = once(case, script, setting).await;
        let again = |most: u32| tries < most && !setting.interrupt.is_cancelled();
        match once {
            Once::Nothing(..) | Once::TooSoon(..) if again(TRIES) => {}
            Once::Says(Says::Holds, _) if may_miss(case) && again(LOOKS) => {}
            Once::Says(says, outcome) => return Ran::Says(says, outcome),
            Once::Wrong(fault, outcome) => return Ran::Wrong(fault, outcome),
            Once::Nothing(why, outcome) => return Ran::Nothing(why, outcome),
            Once::Overtaken(why, outcome) => return Ran::Overtaken(why, outcome),
            Once::TooSoon(why, outcome) => {
                return unhurried(case, script, setting, why, outcome).await;
            }
        }
        tries += 1;
    }
}

/// What is said of a case in which somebody came back too soon each time: that it is so, or, where it goes wrong too when he lets the server have its
/// time, that. A name that is never free again is no matter of a moment.
async fn unhurried(
    case: &Case,
    script: &Script,
    setting: &Arc<Setting>,
    why: String,
    hurried: Outcome,
) -> Ran {
    let failed = match &hurried.verdict {
        Verdict::Fail(failure) => failure.place.clone(),
        _ => None,
    };
    if let Some(Place::Step(step)) = failed
        && matches!(script.role(step), Some(Role::Given | Role::Between))
    {
        let why = format!("what it rests on does not come about: {why}");
        return Ran::Says(Says::Inconclusive(why), Some(hurried));
    }
    // Where harm is done it is asked without that whose fault it is, and there it is in a hurry as well.
    if script.control().is_none() {
        let slow = script.unhurried();
        let (first, second) = tokio::join!(once(case, &slow, setting), once(case, &slow, setting));
        if let (Once::Wrong(first, outcome), Once::Wrong(second, _)) = (first, second)
            && first.way.is_like(&second.way)
        {
            let told = format!("{}, and so later, too: {why}", first.failure.message);
            return Ran::Says(Says::Broken(told), Some(outcome));
        }
    }
    Ran::Says(Says::Fact(format!("not so: {why}")), Some(hurried))
}

/// Whether what a case asks for comes in a moment that a run may miss.
pub(super) fn may_miss(case: &Case) -> bool {
    case.source == Source::WebSocket(BEHIND_CLOSE)
}
