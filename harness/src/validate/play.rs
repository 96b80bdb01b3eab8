//! Asks a server the cases: each is played, and where it fails its control, and a second time on a fresh process, before anybody is accused.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Mutex, OnceCell};
use tokio::task::JoinSet;

use super::belongs::{
    belongs, breaks_behind_close, explained, homes, shows_behind_close, wire_homes,
};
use super::beyond::{Beyond, beyond};
use super::case::{
    ABSENT_ERROR, ANY_NAME, BEARS, BEHIND_CLOSE, Case, DESTROY_BY, ENDURES, KEEPS, LEAST_KEPT,
    NOTICES, Number, OTHERS_LOGIN, OTHERS_TICKET, QUEUES, ROOM_END, Source, TAKES, WRONG_LOGIN,
};
use super::early::{TOO_SOON, back_too_soon};
use super::end::End;
use super::gone::{Gone, gone, how};
use super::kept;
use super::passed::passed_on;
use super::refusal::spared;
use super::script::{Role, Script};
use super::silence;
use super::unread::unread;
use super::unsaid::refused_before;
use super::verdict::{Found, Says, Wrong, found, is_as_without};
use crate::laws::Law;
use crate::names::Stack;
use crate::record::{Broken, Event, Failure, FailureKind, MEASURED, UNASKED, Verdict, What};
use crate::scenario::{DEFAULT_WITHIN, Place};
use crate::signaling::{AbsentPeer, Dialect, Kind, Notice, Properties, Reason, Unspeakable, Word};
use crate::stage::{Outcome, Setting, play};
use crate::suite;
use crate::terms::{Direction, Ending, ServerLife, Side};

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
}

/// What several cases ask of the server, played once.
#[derive(Default)]
struct Controls {
    /// By their steps.
    played: Mutex<HashMap<String, Control>>,
    /// Whether it writes behind a close frame in this case.
    behind_close: Mutex<HashMap<Number, Arc<OnceCell<bool>>>>,
}

/// Played once, by whoever wants it first; `None`: it is no scenario.
type Control = Arc<OnceCell<Option<Arc<Outcome>>>>;

impl Controls {
    async fn of(&self, control: &Script, setting: &Arc<Setting>) -> Option<Arc<Outcome>> {
        let steps = control.text.split_once("peers:")?.1.to_owned();
        let cell = self.played.lock().await.entry(steps).or_default().clone();
        let played = async { run(control, "control", setting).await.ok().map(Arc::new) };
        cell.get_or_init(|| played).await.clone()
    }

    /// Whether the server writes behind a close frame in this case, which asks for that.
    async fn behind_close(&self, home: &Case, setting: &Arc<Setting>) -> bool {
        let cell = (self.behind_close.lock().await.entry(home.number))
            .or_default()
            .clone();
        let shows = async {
            let script = Script::of(home, &setting.dialect);
            let mut there = self.of(&script, setting).await;
            // It comes in a moment that a run may miss.
            for left in (0..TRIES).rev() {
                match &there {
                    Some(there) if shows_behind_close(there) => return true,
                    Some(_) if left > 0 => {}
                    _ => break,
                }
                there = run(&script, "control", setting).await.ok().map(Arc::new);
            }
            false
        };
        *cell.get_or_init(|| shows).await
    }
}

/// Asks all these cases, some at once, and answers in their order. Those that had not begun when the setting's `interrupt` came are not
/// among the answers.
pub async fn ask_all(
    cases: &[Case],
    setting: &Arc<Setting>,
    tell: &(dyn Fn(&Answer) + Sync),
) -> Vec<Answer> {
    let controls = Arc::new(Controls::default());
    let mut waiting = in_order(cases, &setting.dialect).into_iter();
    let mut under_way: JoinSet<Answer> = JoinSet::new();
    let mut answers = Vec::new();
    loop {
        let room = UNDER_WAY - under_way.len();
        let next = match setting.interrupt.is_cancelled() {
            true => 0,
            false => room,
        };
        for (case, script) in waiting.by_ref().take(next) {
            let (setting, controls) = (setting.clone(), controls.clone());
            under_way.spawn(async move { ask(&case, &script, &setting, &controls).await });
        }
        match under_way.join_next().await {
            Some(Ok(answer)) => {
                tell(&answer);
                answers.push(answer);
            }
            Some(Err(error)) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody ends one of them before the runtime ends.
                Err(_) => continue,
            },
            None => break,
        }
    }
    answers.sort_by_key(|answer| answer.number);
    answers
}

/// In which order they begin: first those that wait, beside which the others are played; then those that take long, and those that do harm, since one that fails
/// takes its time, and is played again.
fn in_order(cases: &[Case], dialect: &Dialect) -> Vec<(Case, Script)> {
    let script = |case: &Case| (case.clone(), Script::of(case, dialect));
    let mut all: Vec<(Case, Script)> = cases.iter().map(script).collect();
    all.sort_by_cached_key(|(_, script)| {
        let harms = script.roles.contains(&Role::Harm);
        Reverse((script.patience(), script.is_strain(), harms))
    });
    all
}

/// Plays it; or says why it cannot be: a case that is no scenario is an error of glare's own.
async fn run(script: &Script, name: &str, setting: &Arc<Setting>) -> Result<Outcome, String> {
    let scenario = script.scenario(&format!("{name}.yaml"));
    let scenario = scenario.map_err(|mistakes| mistakes.render(false))?;
    let (cases, _) = suite::cases(std::slice::from_ref(&scenario), &[], &[Stack::Native]);
    let case = cases.first().ok_or("it has no native cast")?;
    // A name that nobody promised to take is said all the same: what comes of it is a fact.
    Ok(play(case, setting.asking_any_name()).await)
}

/// One run, and what a failure of it is worth, its control apart.
enum Ran {
    Says(Says, Option<Outcome>),
    Wrong(Box<Failure>, Option<Outcome>),
    /// The run itself says nothing: why.
    Nothing(String, Option<Outcome>),
    /// Somebody came back sooner than the server took in that he had gone: what is seen then may be otherwise the next time.
    TooSoon(String, Option<Outcome>),
}

impl Ran {
    /// How much it says.
    fn weight(&self) -> u8 {
        match self {
            Ran::Nothing(..) | Ran::TooSoon(..) => 0,
            Ran::Says(..) => 1,
            Ran::Wrong(..) => 2,
        }
    }
}

/// So often a run that says nothing is played anew: the machine may have had no time for it.
const TRIES: u32 = 3;

/// So often a case is played that asks for what comes in a moment that a run may miss.
const LOOKS: u32 = 5;

/// The first run that says something, or the last of them.
async fn conclusive(case: &Case, script: &Script, setting: &Arc<Setting>) -> Ran {
    let mut tries = 1;
    loop {
        let ran = once(case, script, setting).await;
        let most = match &ran {
            Ran::Nothing(..) | Ran::TooSoon(..) => TRIES,
            Ran::Says(Says::Holds, _) if may_miss(case) => LOOKS,
            _ => 1,
        };
        if tries < most && !setting.interrupt.is_cancelled() {
            tries += 1;
            continue;
        }
        return match ran {
            Ran::TooSoon(why, outcome) => unhurried(case, script, setting, why, outcome).await,
            ran => ran,
        };
    }
}

/// What is said of a case in which somebody came back too soon each time: that it is so, or, where it goes wrong too when he lets the server have its
/// time, that. A name that is never free again is no matter of a moment.
async fn unhurried(
    case: &Case,
    script: &Script,
    setting: &Arc<Setting>,
    why: String,
    hurried: Option<Outcome>,
) -> Ran {
    let failed = hurried.as_ref().and_then(|outcome| match &outcome.verdict {
        Verdict::Fail(failure) => failure.place.clone(),
        _ => None,
    });
    if let Some(Place::Step(step)) = failed
        && matches!(script.role(step), Some(Role::Given | Role::Between))
    {
        let why = format!("what it rests on does not come about: {why}");
        return Ran::Says(Says::Inconclusive(why), hurried);
    }
    // Where harm is done it is asked without that whose fault it is, and there it is in a hurry as well.
    if script.control().is_none() {
        let slow = script.unhurried(TOO_SOON);
        let (first, second) = tokio::join!(once(case, &slow, setting), once(case, &slow, setting));
        if let (Ran::Wrong(first, outcome), Ran::Wrong(second, _)) = (first, second)
            && Wrong::of(&first).is_like(&Wrong::of(&second))
        {
            let told = format!("{}, and so later, too: {why}", first.message);
            return Ran::Says(Says::Broken(told), outcome);
        }
    }
    Ran::Says(Says::Fact(format!("not so: {why}")), hurried)
}

/// Whether what a case asks for comes in a moment that a run may miss.
fn may_miss(case: &Case) -> bool {
    case.source == Source::WebSocket(BEHIND_CLOSE)
}

async fn once(case: &Case, script: &Script, setting: &Arc<Setting>) -> Ran {
    let outcome = match run(script, &case.number.to_string(), setting).await {
        Ok(outcome) => outcome,
        Err(why) => {
            let why = format!("this is an error of glare itself: {why}");
            return Ran::Says(Says::Inconclusive(why), None);
        }
    };
    if matches!(outcome.verdict, Verdict::Pass | Verdict::Fail(_))
        && let Some(why) = kept::too_late(case, &outcome, &setting.dialect)
    {
        return Ran::Nothing(why, Some(outcome));
    }
    if let Some(why) = &outcome.refuses {
        return Ran::Says(Says::Inconclusive(why.clone()), Some(outcome));
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
            return Ran::Says(says, Some(outcome));
        }
        Verdict::Inconclusive(why) => return Ran::Nothing(why.why.clone(), Some(outcome)),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {
            let says = passed(case, script, &outcome, setting);
            return Ran::Says(says, Some(outcome));
        }
    };
    if let Some(end) = end.as_ref().filter(|end| end.is_before_the_deed()) {
        let why = format!("before anything was asked of it, {}", end.explains(""));
        return Ran::Says(Says::Inconclusive(why), Some(outcome));
    }
    if let Some(why) = refused_before(&failure, &outcome, &setting.dialect) {
        let says = match case.source {
            Source::Nobody => Says::Fact(format!("not so: {why}")),
            _ => Says::Unsupported(why),
        };
        return Ran::Says(says, Some(outcome));
    }
    if end.is_none()
        && let Some(why) = back_too_soon(&failure, &outcome, &setting.dialect)
    {
        return Ran::TooSoon(why, Some(outcome));
    }
    if failure.kind == FailureKind::Impossible && Unspeakable::is_told(&failure.message) {
        let why = format!("{}: that is for the dialect to mend", failure.message);
        return Ran::Says(Says::Inconclusive(why), Some(outcome));
    }
    let of_leaving = |broken: &Broken| broken.law == Law::LeavingIsAnnounced.number();
    if end.is_none()
        && failure.breaches.iter().all(of_leaving)
        && let Some(why) = kept::seen_late(case, &outcome, &setting.dialect)
    {
        return Ran::Says(Says::Unsupported(why), Some(outcome));
    }
    if let Some(why) = kept::too_slow(case, &outcome, &setting.dialect) {
        return Ran::Nothing(why, Some(outcome));
    }
    if let Some(why) = unread(&failure, &outcome) {
        return Ran::Says(Says::Inconclusive(why), Some(outcome));
    }
    match found(case, script, &failure, setting.dialect.properties()) {
        Found::Broken => {}
        Found::NoPremise => {
            let why = format!("what it rests on does not come about: {}", failure.message);
            return Ran::Says(Says::Inconclusive(why), Some(outcome));
        }
        Found::Otherwise => {
            let told = figures(&outcome).is_none();
            let seen = passed_on(script, &outcome, Some(&failure))
                .or_else(|| done_to_him(script, &outcome).filter(|_| told));
            let says = Says::Fact(seen.unwrap_or_else(|| format!("not so: {}", failure.message)));
            return Ran::Says(says, Some(outcome));
        }
    }
    let waits = matches!(failure.kind, FailureKind::TimedOut | FailureKind::Hopeless);
    let owes_answers = setting.dialect.properties().answers_within.is_some();
    if script.is_odd && waits && !owes_answers && failure.breaches.is_empty() {
        let says = Says::Fact(format!("not so: {}", failure.message));
        return Ran::Says(says, Some(outcome));
    }
    if let Some(refusal) = spared(case, script, &outcome, Some(&failure), &setting.dialect) {
        let says = Says::Fact(format!("not so: {}; {refusal}", failure.message));
        return Ran::Says(says, Some(outcome));
    }
    // Of a server that has ended it is known why its lines have.
    let gone = match &end {
        Some(_) => None,
        None => gone(case, script, &failure, &outcome, &setting.dialect),
    };
    match gone {
        Some(Gone::ByServer(told)) if script.is_odd => {
            return Ran::Says(Says::Inconclusive(told), Some(outcome));
        }
        Some(Gone::ByServer(told)) => failure.message = told,
        Some(Gone::ByDialect(why)) => return Ran::Says(Says::Unsupported(why), Some(outcome)),
        Some(Gone::Otherwise(why)) => return Ran::Says(Says::Inconclusive(why), Some(outcome)),
        None => {}
    }
    Ran::Wrong(failure, Some(outcome))
}

/// What a run says in which nothing went wrong that the case asks for.
fn passed(case: &Case, script: &Script, outcome: &Outcome, setting: &Setting) -> Says {
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

/// Whether nothing went wrong here but on the wire, and another case shows that as well.
async fn is_of_the_wire(
    case: &Case,
    failure: &Failure,
    outcome: &Outcome,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> bool {
    if !breaks_behind_close(outcome) {
        return false;
    }
    for home in wire_homes(case, failure) {
        if controls.behind_close(&home, setting).await {
            return true;
        }
    }
    false
}

/// Whose matter a failure is, where another case asks for it and shows it as well.
async fn elsewhere(
    case: &Case,
    script: &Script,
    failure: &Failure,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> Option<String> {
    for home in homes(case, script, failure) {
        let plain = Script::of(&home, &setting.dialect);
        // It is not asked here, and shows nothing.
        if plain.lacking().is_some() {
            continue;
        }
        if let Some(there) = controls.of(&plain, setting).await
            && let Some(why) = belongs(failure, &home, &there)
        {
            return Some(why);
        }
    }
    None
}

/// That a server that ended ends where no harm is done as well.
fn ends_as_well(end: Option<&End>, control: &Script, without: &Outcome) -> Option<String> {
    end?;
    End::of(control, &without.record).map(|end| end.explains(""))
}

/// Whether what a case asks is declared, where that is a flag, and no step needs it.
fn is_declared(source: Source, promised: &Properties) -> bool {
    match source {
        Source::Dialect("frees-empty-rooms") => promised.frees_empty_rooms,
        Source::Dialect("rooms-apart") => promised.rooms_apart,
        Source::Dialect("announces-leaving-within") => promised.announces_leaving_within.is_some(),
        // Who keeps what is said until its time is over may keep it for a name.
        Source::Dialect(KEEPS) => {
            promised.keeps_places.is_some() || promised.absent_peer != Some(AbsentPeer::Queue)
        }
        _ => true,
    }
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

/// A case that may wait for longer than this does hardly anything else.
const LONG: Duration = DEFAULT_WITHIN;

/// What a case says: by one run, or where that went wrong by a second one on a fresh process, and by the control.
async fn said(
    case: &Case,
    script: &Script,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> (Says, Option<Outcome>) {
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
    let (first, outcome) = match first {
        Ran::Says(says, outcome) => return (says, outcome),
        Ran::Nothing(why, outcome) | Ran::TooSoon(why, outcome) => {
            return (Says::Inconclusive(why), outcome);
        }
        Ran::Wrong(first, outcome) => (first, outcome),
    };
    if let Some(here) = &outcome
        && is_of_the_wire(case, &first, here, setting, controls).await
    {
        let says = match &here.unasked {
            Some(why) => Says::Inconclusive(format!("{}, and {why}", first.message)),
            None => passed(case, script, here, setting),
        };
        return (says, outcome);
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
    let as_without = |failure: &Failure, outcome: &Option<Outcome>| {
        let (control, without) = control.as_ref()?;
        let end = End::of(script, &outcome.as_ref()?.record);
        let why = ends_as_well(end.as_ref(), control, without)
            .or_else(|| is_as_without(failure, control, without))?;
        Some(format!("without the harm it goes wrong as well: {why}"))
    };
    if let Some(why) = as_without(&first, &outcome) {
        return (Says::Inconclusive(why), outcome);
    }
    if let Some(why) = elsewhere(case, script, &first, setting, controls).await {
        return (Says::Inconclusive(why), outcome);
    }
    let then = match second {
        Ran::Wrong(second, of_it) => match as_without(&second, &of_it) {
            Some(why) => why,
            None if Wrong::of(&first).is_like(&Wrong::of(&second)) => {
                return (Says::Broken(first.message.clone()), outcome);
            }
            None => second.message,
        },
        // What stands on the wire once is there, and whoever asks again may not see it.
        Ran::Says(Says::Holds, _) if may_miss(case) => {
            let told = format!("once, and in none of {LOOKS} runs more: {}", first.message);
            return (Says::Fact(told), outcome);
        }
        Ran::Says(Says::Holds, _) => "it held".to_owned(),
        Ran::Says(says, _) => format!("{}: {}", says.word(), says.why()),
        Ran::Nothing(why, _) | Ran::TooSoon(why, _) => why,
    };
    let why = format!(
        "unstable: once {}; on another process {then}",
        first.message
    );
    (Says::Inconclusive(why), outcome)
}

async fn ask(case: &Case, script: &Script, setting: &Arc<Setting>, controls: &Controls) -> Answer {
    let began = Instant::now();
    let unpromised = Case {
        source: Source::Nobody,
        ..case.clone()
    };
    let refuses = |reason| setting.dialect.properties().refusals.has(reason);
    let case = match case.source {
        Source::Dialect(ENDURES) if !setting.dialect.properties().endures => &unpromised,
        Source::Dialect(QUEUES)
            if setting.dialect.properties().absent_peer != Some(AbsentPeer::Queue) =>
        {
            &unpromised
        }
        Source::Dialect(ABSENT_ERROR)
            if setting.dialect.properties().absent_peer != Some(AbsentPeer::Error) =>
        {
            &unpromised
        }
        Source::Dialect(WRONG_LOGIN) if !refuses(Reason::WrongLogin) => &unpromised,
        Source::Dialect(OTHERS_LOGIN) if !refuses(Reason::OthersLogin) => &unpromised,
        Source::Dialect(OTHERS_TICKET) if !refuses(Reason::OthersTicket) => &unpromised,
        Source::Dialect(TAKES) if setting.dialect.properties().takes_up_to.is_none() => &unpromised,
        Source::Dialect(NOTICES)
            if case.waits() && !silence::is_promised(case, &setting.dialect) =>
        {
            &unpromised
        }
        Source::Dialect(BEARS) if !setting.dialect.properties().bears_standstill => &unpromised,
        Source::Dialect(DESTROY_BY) if setting.dialect.properties().destroy_by.is_none() => {
            &unpromised
        }
        Source::Dialect(ROOM_END) if !setting.dialect.properties().tells_room_end => &unpromised,
        Source::Dialect(ANY_NAME) if !setting.dialect.properties().takes_any_name => &unpromised,
        Source::Dialect(LEAST_KEPT)
            if setting.dialect.properties().keeps_places_at_least.is_none() =>
        {
            &unpromised
        }
        _ => case,
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
    let (says, outcome) = match (script.lacking(), case.source) {
        (Some(why), _) => (Says::Unsupported(why.to_owned()), None),
        (None, Source::Dialect(key)) if !is_declared(case.source, setting.dialect.properties()) => {
            let name = setting.dialect.name();
            let why = format!("the dialect `{name}` declares no `{key}`");
            (Says::Unsupported(why), None)
        }
        _ => said(case, script, setting, controls).await,
    };
    let quiet = matches!(says, Says::Holds | Says::Unsupported(_));
    let shown = outcome.as_ref().filter(|_| !quiet);
    Answer {
        number: case.number,
        title: case.title.clone().into_owned(),
        deviation: None,
        scenario: script.text.clone(),
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
        says,
    }
}

/// What the server did to who did harm, if that shows: it said so, or ended his line.
fn done_to_him(script: &Script, outcome: &Outcome) -> Option<String> {
    let events = &outcome.events;
    let at = events.iter().position(|event| match &event.what {
        What::Step { index, .. } => script.role(*index) == Some(Role::Harm),
        _ => false,
    })?;
    let from = events.get(at)?.at;
    // What is said to the harness's own last requests is no answer to the harm.
    let until = match &outcome.verdict {
        Verdict::Fail(failure) => usize::try_from(failure.at).unwrap_or(events.len()),
        _ => events.len(),
    };
    let steps = events[at..until.clamp(at, events.len())].iter();
    let mut steps = steps.take_while(|event| event.what != What::End);
    steps.find_map(|event| {
        let took = Duration::from_micros(event.at.saturating_sub(from)).as_millis();
        match &event.what {
            What::Message {
                direction: Direction::Down,
                word:
                    Some(Word::Notice {
                        notice: Notice::Error { reason } | Notice::Refused { reason, .. },
                    }),
                ..
            } => Some(format!("he is told so after {took} ms: {reason:?}")),
            What::LinkDown {
                by: Side::Server,
                link,
                ending,
            } => {
                let how = how(ending);
                Some(format!(
                    "the line of {} is ended after {took} ms ({how})",
                    link.peer
                ))
            }
            _ => None,
        }
    })
}

/// How the server bore a strain, if this says so.
fn strained(event: &Event) -> Option<&str> {
    match &event.what {
        What::Note { text, .. } => text.strip_prefix(MEASURED),
        _ => None,
    }
}

/// How it bore the last.
fn figures(outcome: &Outcome) -> Option<String> {
    let mut events = outcome.events.iter().rev();
    events.find_map(|event| strained(event).map(str::to_owned))
}

/// Why the last did not come to what it asks.
fn unasked_of(outcome: &Outcome) -> Option<String> {
    figures(outcome).filter(|told| told.starts_with(UNASKED))
}

/// What is wrong with the run, and another case's matter.
fn beside(outcome: &Outcome) -> Option<String> {
    match &outcome.verdict {
        Verdict::Fail(failure) => Some(format!("beside it, {}", failure.message)),
        _ => None,
    }
}

/// How long it took where it was waited for long.
fn how_long(case: &Case, script: &Script, outcome: &Outcome) -> Option<String> {
    let waited = case.waits() || script.stood_still().is_some();
    waited.then(|| done_to_him(script, outcome).unwrap_or_else(|| seen(script, outcome)))
}

/// What was seen of what nobody promised: how long it took from the deed.
fn seen(script: &Script, outcome: &Outcome) -> String {
    if let Some(stood) = script.stood_still() {
        return format!("so it is when it has stood still for {stood}");
    }
    let mut begins = outcome.events.iter().filter_map(|event| match &event.what {
        What::Step {
            index, inner: None, ..
        } => Some((*index, event.at)),
        _ => None,
    });
    let harm = begins.find(|(step, _)| matches!(script.role(*step), Some(Role::Harm | Role::Deed)));
    let heard = outcome
        .events
        .iter()
        .rev()
        .find_map(|event| match &event.what {
            What::Hears { peer, kind, .. } if !matches!(kind, Kind::Refused | Kind::Error) => {
                Some((peer, *kind, event.at))
            }
            _ => None,
        });
    match (harm, heard) {
        (Some((step, from)), Some((peer, kind, to))) if to > from => {
            let took = Duration::from_micros(to - from).as_millis();
            let deed = script.step(step).unwrap_or("the deed");
            format!("so it is: {peer} hears `{kind}` {took} ms after `{deed}`")
        }
        _ => "so it is".to_owned(),
    }
}

/// Most lines of evidence of a case.
const MOST_LINES: usize = 200;
/// Longest line of it, characters.
const LONGEST: usize = 400;

fn told_of(life: &ServerLife) -> String {
    match life {
        ServerLife::Line { text } => format!("server writes: {text}"),
        ServerLife::Exited { status } => format!("server ends by itself: {status}"),
        ServerLife::Ready => "server is ready".to_owned(),
        ServerLife::Alive => "server goes on".to_owned(),
        ServerLife::Killed => "server is killed".to_owned(),
        ServerLife::Paused => "server is stopped where it stands".to_owned(),
        ServerLife::Resumed => "server is let go on".to_owned(),
    }
}

/// What passed on the wires and what the server wrote, in the order of the record.
fn evidence(events: &[Arc<Event>]) -> Vec<String> {
    let lines = events.iter().filter_map(|event| {
        let line = match &event.what {
            What::Message {
                link,
                direction,
                text,
                size,
                ..
            } => {
                let arrow = match direction {
                    Direction::Up => ">",
                    Direction::Down => "<",
                };
                format!("{link} {arrow} {text} ({size} bytes)")
            }
            What::LinkDown { link, by, ending } => format!("{link}: {by:?} ended it: {ending:?}"),
            What::LinkRefused { link, text, .. } => format!("{link}: refused: {text}"),
            What::Violation { link, detail, .. } => format!("{link}: {detail}"),
            What::Server { life } => told_of(life),
            What::Step { text, .. } => format!("# {text}"),
            What::Note { peer: None, text } => format!("({text})"),
            _ => return None,
        };
        let line: String = line.chars().take(LONGEST).collect();
        Some(format!("{:>7.1} ms  {line}", event.at as f64 / 1000.0))
    });
    lines.take(MOST_LINES).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sections;
    use super::*;

    #[test]
    fn those_that_wait_begin_first_and_then_those_that_do_harm() {
        let all = sections().into_iter().flat_map(|section| section.cases);
        let cases: Vec<Case> = all.collect();
        let order = in_order(&cases, &Dialect::reference());
        assert_eq!(order.len(), cases.len());
        let waiting = order.iter().filter(|(_, script)| script.patience() > LONG);
        let waiting = waiting.count();
        // Beside them three quarters of what may be under way are left for all others.
        assert!(waiting <= UNDER_WAY / 4, "{waiting}");
        let half_open = ["1.9", "3.8", "5.9", "5.16"].map(|number| number.parse::<Number>());
        for number in half_open {
            let at = |(case, _): &(Case, Script)| Ok(case.number) == number;
            let place = order.iter().position(at).expect("it is there");
            assert!(place < waiting, "{number:?} begins at place {place}");
        }
        let harms = |script: &Script| script.roles.contains(&Role::Harm);
        let brisk: Vec<bool> = order
            .iter()
            .filter(|(_, script)| script.patience() == Duration::ZERO && !script.is_strain())
            .map(|(_, script)| harms(script))
            .collect();
        assert!(brisk.len() > 150, "{}", brisk.len());
        assert!(brisk.is_sorted_by(|before, after| before >= after));
    }
}
