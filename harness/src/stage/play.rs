//! Plays a case: boots the server, brings the peers to the stage, lets the director work, and says the verdict.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::actor::{Actor, Pages, Scene};
use super::conclude::{Concluded, NOT_ASKED, asks_all, conclude, shorten};
use super::desk::desk;
use super::director::{Ran, Stage, Until};
use super::directory::Directory;
use super::disturbed::Disturbed;
use super::driver::Lost;
use super::elsewhere::is_aliased;
use super::lawful::excuse;
use super::outcome::{Outcome, log};
use super::pulse::Pulse;
use super::refusal::{refusal, without_login};
use super::rules::Rules;
use super::strangers::{Names, Strangers, is_harmful};
use super::turns::Turn;
use super::waits::World;
use super::{Case, Setting, Trouble};
use crate::facts::Facts;
use crate::laws::Law;
use crate::log::{Log, Watch, causal};
use crate::names::PeerName;
use crate::record::{
    CaseFacts, Digest, Event, InconclusiveKind, LawFound, Recorder, Role, Seq, TraceWriter,
    Verdict, Weight, What, runs,
};
use crate::scenario::{Acquainted, Action, Pretending};
use crate::server::{AppServer, ServerUnderTest, Wanted, called, hosts};
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

/// On a server of the case's own, names are as the scenario writes them.
fn directory(case: &Case, setting: &Setting) -> Directory {
    let peers = || case.scenario.peers.iter();
    let pages = || peers().filter(|(_, spec)| spec.is_app());
    let alias = match setting.server.outlives_a_case() {
        true if is_aliased(case) => Alias::random(),
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
