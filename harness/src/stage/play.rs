//! Plays a case: boots the server, brings the peers to the stage, lets the director work, and says the verdict.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::actor::{Actor, Pages, Scene};
use super::blame::Blame;
use super::desk::desk;
use super::director::{Ran, Stage, Stop, Until};
use super::directory::Directory;
use super::disturbed::Disturbed;
use super::driver::Lost;
use super::elsewhere::{refuses, unkillable, withheld};
use super::lawful::{excuse, lives_on};
use super::outcome::{Judged, Outcome, log};
use super::probed::gone;
use super::pulse::Pulse;
use super::rules::Rules;
use super::strangers::{Names, Strangers, is_harmful};
use super::turns::Turn;
use super::waits::World;
use super::{Case, Setting, Trouble};
use crate::facts::Facts;
use crate::laws::{Breach, Law};
use crate::log::{Log, Watch, causal};
use crate::names::PeerName;
use crate::record::{
    Broken, CaseFacts, Digest, Event, Failure, FailureKind, InconclusiveKind, LawFound, Recorder,
    Role, Seq, Spot, TraceWriter, Unsupported, UnsupportedKind, Verdict, Weight, What, runs,
};
use crate::scenario::{Acquainted, Action, Place, Pretence, Pretending};
use crate::server::{AppServer, EVERYBODY, Lives, ServerUnderTest, Wanted, called, hosts};
use crate::signaling::Alias;
use crate::signaling::Terms;
use crate::source::Source;
use crate::tap::{Forward, PageServer};
use crate::terms::Kill;
use crate::terms::ServerLife;
use crate::tls::TlsError;

/// Whoever knows what the log of a case must be: asked where the case is green so far.
pub trait LastWord: Send + Sync {
    /// What the log makes of it.
    fn judge(&self, log: &Log) -> Verdict;

    /// The record is whole, with a verdict that passes: now the log may become a snapshot.
    ///
    /// # Errors
    /// The verdict in its place, if it cannot.
    fn keep(&self, _log: &Log) -> Result<(), Verdict> {
        Ok(())
    }
}

struct AnyLog;

impl LastWord for AnyLog {
    fn judge(&self, _: &Log) -> Verdict {
        Verdict::Pass
    }
}

/// Plays one case to its verdict. Always ends: every wait has a deadline.
pub async fn play(case: &Case, setting: Arc<Setting>) -> Outcome {
    // A case is a large future, and whoever plays some side by side has them all on one stack.
    Box::pin(play_with(case, setting, &AnyLog)).await
}

/// The same, and the log of a case that is green so far is judged once more, by whoever knows what it must be.
pub async fn play_with(case: &Case, setting: Arc<Setting>, last_word: &dyn LastWord) -> Outcome {
    let (setting, untranslated) = {
        let setting = setting.of(case);
        match Arc::clone(&setting).translated().await {
            Ok(setting) => (setting, None),
            Err(why) => (setting, Some(why)),
        }
    };
    let turn = setting.turns.take().await;
    let began = Instant::now();
    let (recorder, trace, unwritten) = recorder(case, &setting);
    let lost: Lost = Arc::default();
    begin(case, &setting, &recorder, trace.as_deref());
    let Ended { ran, stage } = match (refusal(case, &setting), unwritten) {
        (_, Some(why)) => Ended::early(Verdict::inconclusive(InconclusiveKind::RecordFailed, why)),
        (Some(unsupported), None) => Ended::early(Verdict::Unsupported(unsupported)),
        (None, None) if setting.interrupt.is_cancelled() => {
            let why = "interrupted before it began";
            Ended::early(Verdict::inconclusive(InconclusiveKind::Interrupted, why))
        }
        (None, None) if untranslated.is_some() => {
            let why = untranslated.unwrap_or_default();
            Ended::early(Verdict::inconclusive(InconclusiveKind::Environment, why))
        }
        (None, None) => Box::pin(perform(case, &setting, &recorder, &lost, began, turn)).await,
    };
    recorder.record(What::Clearing, &[]);
    let events = until_clearing(&recorder.events_from(0));
    let log = match recorder.incomplete() {
        // Not a log of what happened, and a long one.
        Some((InconclusiveKind::TooMuch, _)) => Log::default(),
        _ => log(&events, &setting),
    };
    let wrong = causal(&log, &events, &facts(&events, &setting).edges()).err();
    let Concluded {
        mut verdict,
        laws,
        took,
        refuses,
    } = match stage {
        Some(stage) => Box::pin(conclude(case, &recorder, stage, ran, began)).await,
        None => Concluded::early(ran.err().unwrap_or(Verdict::Pass), began),
    };
    if let (Some(violation), Verdict::Pass) = (wrong, &verdict) {
        let why = format!("this is an error of glare itself: {violation}");
        verdict = Verdict::inconclusive(InconclusiveKind::Environment, why);
    }
    // What was not understood accuses nobody.
    if let Some(why) = setting.dialect.failure() {
        verdict = Verdict::inconclusive(InconclusiveKind::Environment, why);
    }
    for judged in &laws {
        recorder.record(What::Law(Box::new(LawFound::from(judged))), &[]);
    }
    // The record first: a snapshot must not be accepted from a run that is not all there.
    recorder.flush();
    let is_green = matches!(verdict, Verdict::Pass);
    verdict = match recorder.incomplete() {
        Some((kind, why)) if is_green => Verdict::inconclusive(kind, why),
        None if is_green => last_word.judge(&log),
        _ => verdict,
    };
    if let Verdict::Fail(failure) = &mut verdict {
        failure.at = failure.at.min(events.len() as Seq);
    }
    shorten(&mut verdict);
    let say = |verdict: &Verdict| {
        recorder.record(
            What::Verdict {
                verdict: Box::new(verdict.clone()),
                took: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            },
            &[],
        )
    };
    let mut said = say(&verdict);
    recorder.flush();
    let after = match recorder.incomplete() {
        // Only in memory, for those who read along: the disk has no room for it.
        Some((kind, why)) if verdict.weight(false) == Weight::Green => {
            Some(Verdict::inconclusive(kind, why))
        }
        None if verdict == Verdict::Pass => last_word.keep(&log).err(),
        _ => None,
    };
    if let Some(after) = after {
        verdict = after;
        shorten(&mut verdict);
        said = say(&verdict);
        recorder.flush();
    }
    let mut record = recorder.events_from(0);
    if let Some(event) = record.get(said as usize) {
        // As it was recorded, without secrets.
        if let What::Verdict { verdict: told, .. } = &event.what {
            verdict = Verdict::clone(told);
        }
        record.truncate(said as usize + 1);
    }
    let unasked = match recorder.incomplete() {
        Some((_, why)) => Some(why),
        None => (!asks_all(&laws)).then(|| NOT_ASKED.to_owned()),
    };
    Outcome {
        verdict,
        log,
        events,
        record,
        laws,
        unasked,
        refuses,
        trace,
        took,
    }
}

/// What every record begins with.
fn begin(case: &Case, setting: &Setting, recorder: &Recorder, trace: Option<&Path>) {
    let scenario = &case.scenario;
    let shown = |path: &Path| path.display().to_string();
    recorder.record(
        What::Run {
            version: crate::record::TRACE_VERSION,
            scenario: scenario.name.clone(),
            cast: case.cast.stacks().clone(),
            server: setting.server.name(),
            shake: setting.shake,
        },
        &[],
    );
    let facts = CaseFacts {
        path: shown(&scenario.source.path),
        variant: scenario.variant.clone(),
        dialect: setting.dialect.name().to_owned(),
        record: trace.map(shown),
        take: setting.take,
        options: setting.options.to_vec(),
        placed: match setting.server.nodes() {
            1 => BTreeMap::new(),
            nodes => scenario.placed(nodes),
        },
        tls: setting.security.is_some(),
        max_time: u64::try_from(setting.max_time.as_millis()).unwrap_or(u64::MAX),
    };
    recorder.record(What::Case(Box::new(facts)), &[]);
    let source = |role, source: &Source| {
        let path = shown(&source.path);
        let text = source.text.to_string();
        recorder.record(What::Source { role, path, text }, &[]);
    };
    source(Role::Scenario, &scenario.source);
    if let Some(via) = scenario.steps.iter().find_map(|step| step.via.as_ref()) {
        source(Role::Sequences, &via.source);
    }
    source(Role::Dialect, setting.dialect.source());
}

/// What happened before the harness began to end things itself.
fn until_clearing(events: &[Arc<Event>]) -> Vec<Arc<Event>> {
    let until = events
        .iter()
        .rposition(|event| event.what == What::Clearing);
    events[..until.unwrap_or(events.len())].to_vec()
}

/// So much of one text of a verdict is kept (bytes): a record's line has an end.
const LONGEST: usize = 64 * 1024;

/// So many breaches are in a verdict; the laws have them all.
const MOST_BREACHES: usize = 100;

fn shorten(verdict: &mut Verdict) {
    let shorten = |text: &mut String| {
        if text.len() > LONGEST {
            let at = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(at.unwrap_or_default());
            text.push('…');
        }
    };
    match verdict {
        Verdict::Fail(failure) => {
            shorten(&mut failure.message);
            failure.diff.iter_mut().for_each(shorten);
            failure.states.iter_mut().for_each(shorten);
            failure.instead.iter_mut().for_each(shorten);
            failure.counts.iter_mut().for_each(shorten);
            failure.breaches.truncate(MOST_BREACHES);
        }
        Verdict::Unsupported(unsupported) => shorten(&mut unsupported.why),
        Verdict::Inconclusive(inconclusive) => shorten(&mut inconclusive.why),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {}
    }
}

/// What is known when the stage is cleared.
struct Concluded {
    verdict: Verdict,
    laws: Vec<Judged>,
    took: Duration,
    refuses: Option<String>,
}

impl Concluded {
    /// Where nothing was asked of the server.
    fn early(verdict: Verdict, began: Instant) -> Self {
        Self {
            verdict,
            laws: Vec::new(),
            took: began.elapsed(),
            refuses: None,
        }
    }
}

/// Clears the stage, looks before whether the server goes on and afterwards whether anything is left, and says the verdict.
async fn conclude(
    case: &Case,
    recorder: &Recorder,
    mut stage: Stage,
    ran: Result<Ran, Verdict>,
    began: Instant,
) -> Concluded {
    let mut ran = match ran {
        Ok(ran) => ran,
        Err(verdict) => {
            let concluded = Concluded::early(verdict, began);
            stage.clear().await;
            return concluded;
        }
    };
    let troubled = matches!(ran.end, Err(Stop::Trouble(..)));
    let lives = match troubled {
        true => Lives::Unknown,
        false => stage.part().await,
    };
    let took = began.elapsed();
    let witnesses = stage.witnesses().await;
    stage.clear().await;
    if !ran.laws.is_empty() {
        let last = recorder.count().saturating_sub(1);
        let gone = gone(witnesses, last, case).await;
        // It may have ended at the very last, too.
        ran.laws.push(gone);
        lives_on(recorder, &case.scenario, &mut ran.laws);
    }
    let laws = std::mem::take(&mut ran.laws);
    let blame = Blame::of(&recorder.events_from(0));
    let refuses = (lives == Lives::Refuses).then(|| refuses(recorder));
    let verdict = match (judge(case, ran, &laws, &blame), &refuses) {
        (Verdict::Pass, Some(why)) => {
            Verdict::inconclusive(InconclusiveKind::NoServer, why.clone())
        }
        (Verdict::Fail(mut failure), Some(why)) => {
            failure.message = format!("{}; {why}", failure.message);
            Verdict::Fail(failure)
        }
        (verdict, _) => verdict,
    };
    Concluded {
        verdict,
        laws,
        took,
        refuses,
    }
}

/// The facts of these events.
fn facts(events: &[Arc<Event>], setting: &Setting) -> Facts {
    Facts::of(events, &Terms::of(&setting.dialect))
}

struct Ended {
    ran: Result<Ran, Verdict>,
    stage: Option<Stage>,
}

impl Ended {
    /// Before there was a stage.
    fn early(verdict: Verdict) -> Self {
        Self {
            ran: Err(verdict),
            stage: None,
        }
    }
}

/// The recorder, the file that it writes to, and why there is none though one was asked for.
fn recorder(case: &Case, setting: &Setting) -> (Recorder, Option<PathBuf>, Option<String>) {
    let secrets = setting.secrets.clone();
    if let Some(why) = &setting.unwritable {
        let why = Some(why.clone());
        return (
            Recorder::with_limit(None, setting.limit, secrets),
            None,
            why,
        );
    }
    let Some(folder) = &setting.traces else {
        return (
            Recorder::with_limit(None, setting.limit, secrets),
            None,
            None,
        );
    };
    let create = || {
        std::fs::create_dir_all(folder)?;
        let (path, file) = runs::new_trace(folder, setting.take)?;
        Ok::<_, std::io::Error>((path, TraceWriter::file(file)))
    };
    match create() {
        Ok((path, writer)) => {
            let recorder = Recorder::with_limit(Some(writer), setting.limit, secrets);
            (recorder, Some(path), None)
        }
        Err(error) => {
            let why = format!(
                "the record of {} cannot be written to {}: {error}",
                case.slug(),
                folder.display()
            );
            (
                Recorder::with_limit(None, setting.limit, secrets),
                None,
                Some(why),
            )
        }
    }
}

/// Why this case cannot be played at all against this server.
fn refusal(case: &Case, setting: &Setting) -> Option<Unsupported> {
    let unsupported = |kind, why| Some(Unsupported { kind, why });
    if let Some(why) = (setting.server.elsewhere()).and_then(|server| withheld(case, server)) {
        return unsupported(UnsupportedKind::Withheld, why);
    }
    if let Some(why) = unkillable(case, &setting.pool) {
        return unsupported(UnsupportedKind::Stack, why);
    }
    let driven = case
        .scenario
        .peers
        .iter()
        .filter(|(_, spec)| !spec.is_app());
    let mut stacks = driven.map(|(peer, _)| case.stack(peer));
    if setting.dialect.sends_headers()
        && let Some(stack) = stacks.find(|stack| stack.is_browser())
    {
        let dialect = setting.dialect.name();
        let why = format!(
            "the dialect `{dialect}` sends headers of its own with a line (`connect: headers`), which a page in {stack} cannot"
        );
        return unsupported(UnsupportedKind::Stack, why);
    }
    if let Some(why) = super::strain::unmeasured(case, &setting.server) {
        return unsupported(UnsupportedKind::Server, why);
    }
    if let Some(why) = not_anothers(case, setting) {
        return unsupported(UnsupportedKind::Server, why);
    }
    let nodes = setting.server.nodes();
    let why =
        (case.scenario.lacking(&setting.dialect)).or_else(|| case.scenario.lacking_nodes(nodes))?;
    unsupported(UnsupportedKind::Server, why)
}

/// Who logs in as another does, and is given the same as that one: it is no less its own.
fn not_anothers(case: &Case, setting: &Setting) -> Option<String> {
    let names = setting.dialect.logins();
    case.scenario.each_step().find_map(|(_, step)| match &step.action {
        Action::Pretend { peer, how: Pretence::LoginOf(of) }
            if !names.is_empty() && setting.logins.are_shared(peer.as_str(), of.as_str(), names) =>
        {
            Some(format!(
                "{peer} and {of} are given one login by the project file: nobody's is another's (a `[logins.{of}]` of its own, or a `command` with `{{me}}`, makes them two)"
            ))
        }
        _ => None,
    })
}

/// On a server that glare has started, names are as the scenario writes them.
fn directory(case: &Case, setting: &Setting) -> Directory {
    let peers = || case.scenario.peers.iter();
    let pages = || peers().filter(|(_, spec)| spec.is_app());
    let alias = match setting.server.elsewhere() {
        // A page calls rooms and users as its own user does.
        Some(_) if pages().next().is_none() => Alias::random(),
        _ => Alias::default(),
    };
    Directory::new(peers().map(|(name, _)| name))
        .with_pages(pages().map(|(name, _)| name))
        .aliased(alias)
}

/// Where pages of the user's come from: the server under test, or one of their own.
fn pages(setting: &Setting, server: SocketAddr, app: Option<&AppServer>) -> Result<Pages, String> {
    let scheme = match setting.security {
        Some(_) => "https",
        None => "http",
    };
    let mut names = called(server);
    let mut origin = format!("{scheme}://{server}");
    if let Some(spec) = setting.server.elsewhere() {
        let site = spec.url.site();
        names.insert(0, spec.url.called());
        origin = format!("{}{}", site.origin, site.prefix);
    }
    if let Some(app) = &setting.app {
        names.extend(app.names.iter().cloned());
    }
    let told = |error: TlsError| error.to_string();
    let identity = match (&setting.security, app) {
        (Some(security), _) => Some(security.called(&hosts(&names)).map_err(told)?),
        (None, Some(app)) => app.before(&names).map_err(told)?,
        (None, None) => None,
    };
    let mut pages = None;
    if let Some(app) = app {
        origin.clone_from(&app.origin);
        pages = Some(PageServer {
            names: app.names.clone(),
            address: app.address,
            tls: app.tls().map_err(told)?,
        });
    }
    Ok(Pages {
        origin,
        forward: Forward {
            server: names,
            pages,
        },
        identity,
    })
}

/// Who is given nothing of what the dialect wants to be let in.
fn without_login(case: &Case, setting: &Setting) -> Option<String> {
    let names = setting.dialect.logins();
    // A page says what its user has it say.
    let peers = case
        .scenario
        .peers
        .iter()
        .filter(|(_, spec)| !spec.is_app());
    let peers = peers.map(|(name, _)| name.as_str());
    let lacking = |peer| Some((peer, setting.logins.lacking(peer, names)?));
    let (peer, name) = peers.into_iter().find_map(lacking)?;
    let dialect = setting.dialect.name();
    Some(format!(
        "the dialect `{dialect}` lets nobody in without `{name}`, and the project file gives {peer} none: add `{name} = \"…\"` to [logins.{peer}], or to [logins.{EVERYBODY}]"
    ))
}

async fn perform(
    case: &Case,
    setting: &Arc<Setting>,
    recorder: &Recorder,
    lost: &Lost,
    began: Instant,
    turn: Turn,
) -> Ended {
    let scenario = &case.scenario;
    let pulse = Pulse::start(recorder.clone());
    let sink = {
        let recorder = recorder.clone();
        Arc::new(move |life: ServerLife| {
            recorder.record(What::Server { life }, &[]);
        })
    };
    if let Some(why) = without_login(case, setting) {
        return Ended::early(Verdict::inconclusive(InconclusiveKind::Environment, why));
    }
    let pausable = (scenario.steps.iter()).any(|step| matches!(step.action, Action::Pause { .. }));
    let wanted = Wanted {
        pausable,
        security: setting.security.clone(),
    };
    let (spec, run) = (setting.server.clone(), setting.run.clone());
    let server = match ServerUnderTest::start_as(spec, run, sink, wanted).await {
        Ok(server) => server,
        Err(error) => {
            let why = error.to_string();
            return Ended::early(Verdict::inconclusive(InconclusiveKind::NoServer, why));
        }
    };
    let has_pages = scenario.peers.iter().any(|(_, spec)| spec.is_app());
    let app = match setting.app.as_ref().filter(|_| has_pages) {
        None => Ok(None),
        Some(spec) => AppServer::start(spec, server.address(), setting.run.clone())
            .await
            .map(Some)
            .map_err(|error| format!("the server of the pages: {error}")),
    };
    let scenery = app.and_then(|app| {
        let pages = pages(setting, server.address(), app.as_ref())?;
        Ok((app, Arc::new(pages)))
    });
    let (app, pages) = match scenery {
        Ok(scenery) => scenery,
        Err(why) => {
            server.stop().await;
            return Ended::early(Verdict::inconclusive(InconclusiveKind::Environment, why));
        }
    };
    let peers = scenario.peers.iter().map(|(peer, _)| peer.clone());
    let scene = Scene {
        setting: setting.clone(),
        recorder: recorder.clone(),
        digest: Digest::new(),
        rules: Arc::new(Rules::of(scenario)),
        directory: directory(case, setting),
        desk: desk(&server, setting, peers).recorded(recorder.clone()),
        upstream: server.address(),
        pages,
        lost: lost.clone(),
        left: Lost::default(),
    };
    let doomed: Vec<&PeerName> = scenario
        .each_step()
        .filter_map(|(_, step)| match &step.action {
            Action::Kill {
                peer,
                how: Kill::Browser,
            } => Some(peer),
            _ => None,
        })
        .flat_map(|peer| scenario.may_be(peer))
        .collect();
    let placed = scenario.placed(setting.server.nodes());
    let entering = scenario.peers.iter().map(|(name, spec)| {
        let node = placed.get(name).copied().unwrap_or(1);
        Actor::enter(
            name.clone(),
            spec.clone(),
            case.stack(name),
            doomed.iter().filter(|doomed| **doomed == name).count(),
            Scene {
                upstream: server.address_of(node),
                ..scene.clone()
            },
        )
    });
    let met_before = match setting.server.elsewhere() {
        Some(url) if url.owned && is_harmful(case) => {
            let alias = scene.directory.alias().clone();
            let strangers = Strangers::at((&server, 1), setting, alias);
            Some(strangers.meet(&Names::of(case)).await.is_ok())
        }
        _ => None,
    };
    let mut actors = BTreeMap::new();
    let mut trouble = None;
    for entered in join_all(entering).await {
        match entered {
            Ok(actor) => {
                actors.insert(actor.name.clone(), actor);
            }
            Err(Trouble(why)) => trouble = Some(why),
        }
    }
    let never: Vec<&str> = scenario
        .expect
        .never
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    let mut stage = Stage {
        alias: scene.directory.alias().clone(),
        desk: scene.desk.clone(),
        pretending: Pretending::default(),
        met_before,
        strangers: Strangers::at((&server, 1), setting, scene.directory.alias().clone()),
        actors,
        server,
        app,
        dialect: Arc::clone(&setting.dialect),
        placed,
        recorder: recorder.clone(),
        rules: scene.rules.clone(),
        world: World::new(&Terms::of(&setting.dialect)).refusing(&setting.dialect),
        watch: Watch::new(&never, &Terms::of(&setting.dialect)),
        forbids: Vec::new(),
        fences: BTreeMap::new(),
        dials_by_room: setting.dialect.dials_by_room(),
        fences_are_spoken: setting.dialect.says(crate::signaling::Kind::Fence),
        rooms: BTreeMap::new(),
        acquainted: Acquainted::default(),
        taken: 0,
        starved: Vec::new(),
        pool: setting.pool.clone(),
        _pulse: pulse,
        lost: lost.clone(),
        left: scene.left.clone(),
        disturbed: Disturbed::default(),
        browsers: case.cast.needs_browser(),
        may_end: excuse(scenario, Law::ServerLives).is_some(),
        ended: 0,
        began,
        end: began + setting.max_time,
        until: Until::case(began + setting.max_time),
        bound: BTreeMap::new(),
        shake: setting.shake,
        failed_inner: None,
        turn,
    };
    if let Some(why) = trouble {
        return Ended {
            ran: Err(Verdict::inconclusive(InconclusiveKind::Environment, why)),
            stage: Some(stage),
        };
    }
    let ran = tokio::select! {
        ran = Box::pin(stage.run(case, setting)) => ran,
        () = setting.interrupt.cancelled() => {
            let why = "interrupted before its end";
            return Ended {
                ran: Err(Verdict::inconclusive(InconclusiveKind::Interrupted, why)),
                stage: Some(stage),
            };
        }
    };
    Ended {
        ran: Ok(ran),
        stage: Some(stage),
    }
}

/// What the end, the laws and the server's faults on the wire make of it. A step that failed comes first; what laws are broken beside it, or
/// what the server wrote wrongly, may explain it.
fn judge(case: &Case, ran: Ran, laws: &[Judged], blame: &Blame) -> Verdict {
    let Ran {
        end,
        at,
        states,
        inner,
        instead,
        counts,
        unanswered,
        ..
    } = ran;
    let mut breaches: Vec<Breach> = laws
        .iter()
        .flat_map(|judged| judged.breaches().iter().cloned())
        .collect();
    // That the server has ended explains what else is wrong.
    breaches.sort_by_key(|breach| (breach.law != Law::ServerLives, breach.event, breach.law));
    let passed = end.is_ok() && breaches.is_empty();
    let asked = asks_all(laws);
    let law = |breach: &Breach| Some(Place::Law(usize::from(breach.law.number())));
    let (kind, place, message) = match (end, breaches.first()) {
        (Err(Stop::Trouble(kind, why)), _) => return Verdict::inconclusive(kind, why),
        // After the steps the server ended by itself, which the law says better.
        (Err(Stop::Fail { place: None, .. }), Some(first)) if first.law == Law::ServerLives => {
            (FailureKind::Law, law(first), first.message.clone())
        }
        (
            Err(Stop::Fail {
                place: None,
                message,
                ..
            }),
            Some(first),
        ) => (
            FailureKind::Law,
            law(first),
            format!("{}; {message}", first.message),
        ),
        (
            Err(Stop::Fail {
                kind,
                place,
                message,
            }),
            _,
        ) => (kind, place, message),
        (Ok(()), None) => match blame.owed() {
            Some((_, broken)) => (FailureKind::Wire, None, broken.to_owned()),
            None if !asked => {
                return Verdict::inconclusive(InconclusiveKind::LawsNotAsked, NOT_ASKED);
            }
            None => {
                return match unanswered {
                    Some(why) => Verdict::inconclusive(InconclusiveKind::NotUnderstood, why),
                    None => Verdict::Pass,
                };
            }
        },
        (Ok(()), Some(first)) => (FailureKind::Law, law(first), first.message.clone()),
    };
    let at = match (&place, breaches.first(), blame.owed()) {
        // The reader looks for what led to it, not for what came after.
        (Some(Place::Law(_)), Some(first), _) => first.event + 1,
        (None, None, Some((seq, _))) if passed => seq + 1,
        _ => at,
    };
    let message = match passed {
        true => message,
        false => blame.explain(message, at),
    };
    let span = place.as_ref().and_then(|place| spot(case, place, inner));
    Verdict::Fail(Box::new(Failure {
        kind,
        place,
        span,
        message,
        at,
        states,
        breaches: breaches.iter().map(Broken::from).collect(),
        instead,
        counts,
        diff: None,
    }))
}

/// Where a place stands, in which file.
fn spot(case: &Case, place: &Place, inner: Option<usize>) -> Option<Spot> {
    let scenario = &case.scenario;
    let span = match (place, inner) {
        (Place::Step(step), Some(inner)) => scenario.inner(*step, inner)?.span.clone(),
        _ => scenario.span_of(place)?,
    };
    let via = scenario.via(place);
    let source = via.map_or(&scenario.source, |via| &via.source);
    Some(Spot {
        file: source.path.display().to_string(),
        line: span.line,
        start: span.bytes.start,
        end: span.bytes.end,
        used: via.map(|via| via.used_in(&scenario.source)),
    })
}

const NOT_ASKED: &str = "not every law was asked of this run";

/// Whether each law that a trace shows was asked.
fn asks_all(laws: &[Judged]) -> bool {
    let asked = |law: &Law| laws.iter().any(|judged| judged.finding.law == *law);
    Law::OBSERVED.iter().all(asked)
}
