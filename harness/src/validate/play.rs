//! Asks a server the cases: each is played, and where it fails its control, and a second time on a fresh process, before anybody is accused.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::again::{LOOKS, Ran, conclusive, may_miss};
use super::belongs::wire_homes;
use super::beyond::{Beyond, beyond};
use super::case::{Case, Number, Source};
use super::controls::{Controls, elsewhere, is_of_the_wire};
use super::end::End;
use super::evidence::evidence;
use super::once::{Fault, passed};
use super::one_process::{OneProcess, There};
use super::promised::{is_declared, is_promised};
use super::script::{LONG, Role, Script};
use super::seen::{beside, figures, how_long};
use super::verdict::{Says, is_as_without};
use crate::record::{Failure, FailureKind};
use crate::stage::{Outcome, Setting};

/// How many cases may be under way, those that only wait included.
const UNDER_WAY: usize = 64;

/// What one case says of a server, and what shows it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Which.
    pub number: Number,
    /// Its title.
    pub title: String,
    /// What it says.
    pub says: Says,
    /// Why it is known to be otherwise, where a file of deviations says so.
    pub deviation: Option<String>,
    /// The scenario that was played.
    pub scenario: String,
    /// The log of the run that shows it; empty for what holds.
    pub log: String,
    /// Messages and the server's words of that run, a line each; empty for what holds.
    pub evidence: Vec<String>,
    /// What came in that run and is judged by nothing.
    pub beyond: Beyond,
    /// How long it took, all its runs together.
    pub took: Duration,
    /// It holds on a process that it shared with other cases, and no case went otherwise there than alone.
    pub shared: bool,
}

/// Asks all these cases, some at once, and answers in their order. Those that had not begun when the setting's `interrupt` came are not
/// among the answers.
pub async fn ask_all(
    cases: &[Case],
    setting: &Arc<Setting>,
    tell: &(dyn Fn(&Answer) + Sync),
) -> Vec<Answer> {
    let controls = Arc::new(Controls::default());
    let one = Arc::new(OneProcess::of(setting));
    let mut waiting = in_order(cases, setting, &one);
    // So many may yet show that what was seen on the process that cases share does not count.
    let mut undecided = waiting.iter().filter(|asked| asked.shares).count();
    let mut under_way: JoinSet<(Asked, Answer)> = JoinSet::new();
    // What holds there, until that is decided.
    let mut held: Vec<(Asked, Answer)> = Vec::new();
    let mut answers = Vec::new();
    let mut answered = |answer: Answer| {
        tell(&answer);
        answers.push(answer);
    };
    loop {
        if !one.is_trusted() {
            waiting.extend(held.drain(..).map(|(asked, _)| asked.alone()));
        }
        while under_way.len() < UNDER_WAY
            && !setting.interrupt.is_cancelled()
            && let Some(asked) = waiting.pop_front()
        {
            let (setting, controls, one) = (setting.clone(), controls.clone(), one.clone());
            under_way.spawn(async move {
                let answer = ask(&asked, &setting, &controls, &one).await;
                (asked, answer)
            });
        }
        match under_way.join_next().await {
            Some(Ok((asked, answer))) => {
                let decides = asked.shares;
                match answer.shared {
                    true => held.push((asked, answer)),
                    false => answered(answer),
                }
                undecided -= usize::from(decides);
                if decides && undecided == 0 {
                    one.end().await;
                    if one.is_trusted() {
                        held.drain(..).for_each(|(_, answer)| answered(answer));
                    }
                }
            }
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody ends one of them before the runtime ends.
                Err(_) => continue,
            },
            None => break,
        }
    }
    one.end().await;
    answers.sort_by_key(|answer| answer.number);
    answers
}

/// A case that is to be asked.
struct Asked {
    case: Case,
    script: Script,
    /// It is first asked of the process that cases share.
    shares: bool,
}

impl Asked {
    /// The same, of a process of its own.
    fn alone(self) -> Self {
        Self {
            shares: false,
            ..self
        }
    }
}

/// In which order they begin: first those that wait, beside which the others are played, and those that share a process, which may have to be asked
/// again; then those that take long, and those that do harm, since one that fails takes its time, and is played again.
fn in_order(cases: &[Case], setting: &Setting, one: &OneProcess) -> VecDeque<Asked> {
    let asked = |case: &Case| {
        let script = Script::of(case, &setting.dialect);
        Asked {
            shares: one.may_ask(case, &script, setting),
            case: case.clone(),
            script,
        }
    };
    let mut all: Vec<Asked> = cases.iter().map(asked).collect();
    all.sort_by_cached_key(|Asked { script, shares, .. }| {
        let patience = script.patience();
        let harms = script.roles.contains(&Role::Harm);
        let long = patience > LONG;
        Reverse((long, *shares, patience, script.is_strain(), harms))
    });
    all.into()
}

/// That a server that ended ends where no harm is done as well.
fn ends_as_well(end: Option<&End>, control: &Script, without: &Outcome) -> Option<String> {
    end?;
    End::of(control, &without.record).map(|end| end.explains(""))
}

/// What a case says, and the scenario that says it: where the end of somebody's line overtook what he did on it, one in which he sees that end first.
async fn settled(
    case: &Case,
    script: &Script,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> (Says, Option<Outcome>, String) {
    let said_by = async |script: &Script| said(case, script, setting, controls).await;
    match said_by(script).await {
        Ok((says, outcome)) => (says, outcome, script.text.clone()),
        Err(_) => {
            let slow = script.unhurried();
            let (says, outcome) = said_by(&slow)
                .await
                .unwrap_or_else(|(why, outcome)| (Says::Unsupported(why), Some(outcome)));
            (says, outcome, slow.text)
        }
    }
}

/// What a case says: by one run, or where that went wrong by a second one on a fresh process, and by the control. The error: the end of somebody's line
/// came before the answer to what he did on it.
async fn said(
    case: &Case,
    script: &Script,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> Result<(Says, Option<Outcome>), (String, Outcome)> {
    let play = || conclusive(case, script, setting);
    // Of what nobody promised one run is enough, unless something else goes wrong in it.
    let at_once = script.patience() > LONG && case.source != Source::Nobody;
    let (first, second) = match at_once {
        // At once, so that one that fails has waited but once.
        true => match tokio::join!(play(), play()) {
            (first, second) if second.weight() > first.weight() => (second, Some(first)),
            (first, second) => (first, Some(second)),
        },
        false => (play().await, None),
    };
    let (
        Fault {
            failure: first,
            way,
        },
        outcome,
    ) = match first {
        Ran::Says(says, outcome) => return Ok((says, outcome)),
        Ran::Nothing(why, outcome) => return Ok((Says::Inconclusive(why), Some(outcome))),
        Ran::Overtaken(why, outcome) => return Err((why, outcome)),
        Ran::Wrong(fault, outcome) => (fault, outcome),
    };
    if is_of_the_wire(case, &first, &outcome, setting, controls).await {
        let says = match &outcome.unasked {
            Some(why) => Says::Inconclusive(format!("{}, and {why}", first.message)),
            None => passed(case, script, &outcome, setting),
        };
        return Ok((says, Some(outcome)));
    }
    // What it writes wrongly it owes, harm or no harm.
    let owed = first.kind == FailureKind::Wire && wire_homes(case, &first).is_empty();
    let control = async {
        let control = script.control().filter(|_| !owed)?;
        let without = controls.of(&control, setting).await?;
        Some((control, without))
    };
    let second = async {
        match second {
            Some(second) => second,
            None => play().await,
        }
    };
    let (control, second) = tokio::join!(control, second);
    let as_without = |failure: &Failure, outcome: &Outcome| {
        let (control, without) = control.as_ref()?;
        let end = End::of(script, &outcome.record);
        let why = ends_as_well(end.as_ref(), control, without)
            .or_else(|| is_as_without(failure, control, without))?;
        Some(format!("without the harm it goes wrong as well: {why}"))
    };
    if let Some(why) = as_without(&first, &outcome) {
        return Ok((Says::Inconclusive(why), Some(outcome)));
    }
    if let Some(why) = elsewhere(case, script, &first, setting, controls).await {
        return Ok((Says::Inconclusive(why), Some(outcome)));
    }
    let then = match second {
        Ran::Wrong(second, of_it) => match as_without(&second.failure, &of_it) {
            Some(why) => why,
            None if way.is_like(&second.way) => {
                return Ok((Says::Broken(first.message.clone()), Some(outcome)));
            }
            None => second.failure.message,
        },
        // What stands on the wire once is there, and whoever asks again may not see it.
        Ran::Says(Says::Holds, _) if may_miss(case) => {
            let told = format!("once, and in none of {LOOKS} runs more: {}", first.message);
            return Ok((Says::Fact(told), Some(outcome)));
        }
        Ran::Says(Says::Holds, _) => "it held".to_owned(),
        Ran::Says(says, _) => format!("{}: {}", says.word(), says.why()),
        Ran::Nothing(why, _) => why,
        Ran::Overtaken(why, outcome) => return Err((why, outcome)),
    };
    let why = format!(
        "unstable: once {}; on another process {then}",
        first.message
    );
    Ok((Says::Inconclusive(why), Some(outcome)))
}

async fn ask(
    asked: &Asked,
    setting: &Arc<Setting>,
    controls: &Controls,
    one: &OneProcess,
) -> Answer {
    let began = Instant::now();
    let Asked { case, script, .. } = asked;
    let unpromised = Case {
        source: Source::Nobody,
        ..case.clone()
    };
    let case = match is_promised(case, &setting.dialect) {
        true => case,
        false => &unpromised,
    };
    let takes = script.patience();
    let patient = (case.waits() || takes > LONG).then(|| {
        // What nobody promised is waited for all the same: it is a fact, and when.
        let dialect = case
            .waits()
            .then(|| Arc::new(setting.dialect.noticing_silence_within(case.patience)));
        Arc::new(Setting {
            dialect: dialect.unwrap_or_else(|| setting.dialect.clone()),
            max_time: setting.max_time.max(takes + Setting::MAX_TIME),
            ..Setting::clone(setting)
        })
    });
    let setting = patient.as_ref().unwrap_or(setting);
    let unsupported = |why: String| (Says::Unsupported(why), None, script.text.clone());
    let mut shared = false;
    let (says, outcome, scenario) = match (script.lacking(), case.source) {
        (Some(why), _) => unsupported(why.to_owned()),
        (None, Source::Dialect(key)) if !is_declared(key, setting.dialect.properties()) => {
            let name = setting.dialect.name();
            unsupported(format!("the dialect `{name}` declares no `{key}`"))
        }
        _ => {
            let there = match asked.shares {
                true => one.ask(case, script, setting).await,
                false => There::Nothing,
            };
            shared = matches!(there, There::Holds(_));
            match there {
                There::Holds(outcome) => (Says::Holds, Some(*outcome), script.text.clone()),
                There::Nothing => settled(case, script, setting, controls).await,
                There::Otherwise => {
                    let alone = settled(case, script, setting, controls).await;
                    if alone.0 == Says::Holds {
                        one.distrust(case);
                    }
                    alone
                }
            }
        }
    };
    let quiet = matches!(says, Says::Holds | Says::Unsupported(_));
    let shown = outcome.as_ref().filter(|_| !quiet);
    Answer {
        number: case.number,
        title: case.title.clone().into_owned(),
        deviation: None,
        scenario,
        log: shown.map_or_else(String::new, |outcome| outcome.log.to_string()),
        evidence: match (shown, &outcome) {
            (Some(outcome), _) => evidence(&outcome.events),
            // How long it took is worth knowing also where all is well.
            (None, Some(outcome)) => beside(outcome)
                .or_else(|| figures(outcome))
                .or_else(|| how_long(case, script, outcome))
                .into_iter()
                .collect(),
            (None, None) => Vec::new(),
        },
        beyond: outcome
            .as_ref()
            .map(|outcome| beyond(&outcome.events, &setting.dialect))
            .unwrap_or_default(),
        took: began.elapsed(),
        shared,
        says,
    }
}

#[cfg(test)]
mod tests {
    use glare_signaling_server::Faults;

    use super::super::every_case;
    use super::*;

    #[test]
    fn those_that_wait_begin_first_and_then_those_that_do_harm() {
        let all = every_case();
        let cases: Vec<Case> = all.collect();
        let setting = Setting::reference(Faults::none()).expect("a run");
        let order = in_order(&cases, &setting, &OneProcess::of(&setting));
        assert_eq!(order.len(), cases.len());
        let waiting = (order.iter()).filter(|asked| asked.script.patience() > LONG);
        let waiting = waiting.count();
        // Beside them three quarters of what may be under way are left for all others.
        assert!(waiting <= UNDER_WAY / 4, "{waiting}");
        let half_open = ["1.9", "3.8", "5.9", "5.16"].map(|number| number.parse::<Number>());
        for number in half_open {
            let at = |asked: &Asked| Ok(asked.case.number) == number;
            let place = order.iter().position(at).expect("it is there");
            assert!(place < waiting, "{number:?} begins at place {place}");
        }
        let harms = |script: &Script| script.roles.contains(&Role::Harm);
        let brisk: Vec<bool> = order
            .iter()
            .map(|asked| &asked.script)
            .filter(|script| script.patience() == Duration::ZERO && !script.is_strain())
            .map(harms)
            .collect();
        assert!(brisk.len() > 150, "{}", brisk.len());
        assert!(brisk.is_sorted_by(|before, after| before >= after));
    }
}
