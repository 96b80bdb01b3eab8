//! Plays a case: boots the server, brings the peers to the stage, lets the director work, and says the verdict.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::actor::{Actor, Scene};
use super::blame::Blame;
use super::brain::Lost;
use super::director::{Ran, Stage, Stop, Until};
use super::directory::Directory;
use super::elsewhere::{refuses, unkillable, withheld};
use super::faults::Disturbed;
use super::lawful::{excuse, lives_on};
use super::outcome::{Failure, Judged, Outcome, Verdict};
use super::probed::gone;
use super::rules::Rules;
use super::waits::World;
use super::{Case, Setting, Trouble};
use crate::laws::{Breach, Law};
use crate::log::{Log, Watch, causal, certain};
use crate::names::PeerName;
use crate::record::{Digest, Event, Recorder, TraceWriter, What};
use crate::scenario::{Action, Place, Step};
use crate::server::{Lives, ServerUnderTest, Wanted};
use crate::signaling::Terms;
use crate::signaling::{Alias, SameId};
use crate::terms::Kill;
use crate::terms::ServerLife;

/// Plays one case to its verdict. Always ends: every wait has a deadline.
pub async fn play(case: &Case, setting: Arc<Setting>) -> Outcome {
    let busy = setting.busy.clone().acquire_owned().await.ok();
    let began = Instant::now();
    let (recorder, trace) = recorder(case, &setting);
    let lost: Lost = Arc::default();
    recorder.record(
        What::Run {
            version: crate::record::TRACE_VERSION,
            scenario: case.scenario.name.clone(),
            cast: case.cast.stacks().clone(),
            server: setting.server.name(),
            shake: setting.shake,
        },
        &[],
    );
    let Ended { ran, stage } = match refusal(case, &setting) {
        Some(why) => Ended {
            ran: Err(Verdict::Unsupported(why)),
            stage: None,
        },
        None => perform(case, &setting, &recorder, &lost, began, busy).await,
    };
    // What comes now belongs to no log.
    let events = recorder.events_from(0);
    let log = log(&events, &setting);
    let wrong = causal(&log, &events, &certain(&events)).err();
    let (mut verdict, laws, took) = match stage {
        Some(stage) => conclude(case, &recorder, stage, ran, began).await,
        None => {
            let verdict = ran.err().unwrap_or(Verdict::Pass);
            (verdict, Vec::new(), began.elapsed())
        }
    };
    if let (Some(violation), Verdict::Pass) = (wrong, &verdict) {
        verdict = Verdict::Inconclusive(format!("this is an error of glare itself: {violation}"));
    }
    let text = match &verdict {
        Verdict::Pass => "verdict: pass".to_owned(),
        Verdict::Fail(failure) => format!("verdict: fail: {}", failure.message),
        Verdict::Unsupported(why) | Verdict::Inconclusive(why) => {
            format!("verdict: {}: {why}", verdict.word())
        }
    };
    recorder.record(What::Note { peer: None, text }, &[]);
    Outcome {
        verdict,
        log,
        events: recorder.events_from(0),
        laws,
        trace,
        took,
    }
}

/// Clears the stage, looks before whether the server goes on and afterwards whether anything is left, and says the verdict.
async fn conclude(
    case: &Case,
    recorder: &Recorder,
    mut stage: Stage,
    ran: Result<Ran, Verdict>,
    began: Instant,
) -> (Verdict, Vec<Judged>, Duration) {
    let mut ran = match ran {
        Ok(ran) => ran,
        Err(verdict) => {
            let took = began.elapsed();
            stage.clear().await;
            return (verdict, Vec::new(), took);
        }
    };
    let troubled = matches!(ran.end, Err(Stop::Trouble(_)));
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
    let verdict = match (judge(case, ran, &laws, &blame), lives) {
        (Verdict::Pass, Lives::Refuses) => Verdict::Inconclusive(refuses(recorder)),
        (verdict, _) => verdict,
    };
    (verdict, laws, took)
}

/// The canonical log of these events.
pub(super) fn log(events: &[Arc<Event>], setting: &Setting) -> Log {
    let events: Vec<Event> = events.iter().map(|event| Event::clone(event)).collect();
    Log::with(&events, &Terms::of(&setting.dialect))
}

struct Ended {
    ran: Result<Ran, Verdict>,
    stage: Option<Stage>,
}

fn recorder(case: &Case, setting: &Setting) -> (Recorder, Option<std::path::PathBuf>) {
    let secrets = setting.secrets.clone();
    let Some(folder) = &setting.traces else {
        return (Recorder::with_secrets(None, secrets), None);
    };
    let take = match setting.take {
        0 | 1 => String::new(),
        take => format!("-{take}"),
    };
    let path = folder.join(format!("{}{take}.jsonl", case.slug()));
    // The trace of an earlier run makes way.
    drop(std::fs::remove_file(&path));
    match TraceWriter::create(&path) {
        Ok(writer) => (Recorder::with_secrets(Some(writer), secrets), Some(path)),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "no trace is written");
            (Recorder::with_secrets(None, secrets), None)
        }
    }
}

/// Why this case cannot be played at all against this server.
fn refusal(case: &Case, setting: &Setting) -> Option<String> {
    if let Some(why) = (setting.server.elsewhere()).and_then(|server| withheld(case, server)) {
        return Some(why);
    }
    if let Some(why) = unkillable(case, &setting.pool) {
        return Some(why);
    }
    let lacking: Vec<String> = case
        .scenario
        .needs
        .iter()
        .filter(|need| !setting.dialect.has(**need))
        .map(ToString::to_string)
        .collect();
    if !lacking.is_empty() {
        let name = setting.dialect.name();
        return Some(format!("{name} has no {}", lacking.join(", ")));
    }
    let refuses = |step: &Step| matches!(step.action, Action::Connect { refused: true, .. });
    let lets_in = setting.dialect.properties().same_id != SameId::Reject;
    (lets_in && case.scenario.steps.iter().any(refuses)).then(|| {
        format!(
            "{} does not refuse an id that is in use",
            setting.dialect.name()
        )
    })
}

/// On a server that glare has started, names are as the scenario writes them.
fn directory(case: &Case, setting: &Setting) -> Directory {
    let alias = match setting.server.elsewhere() {
        Some(_) => Alias::random(),
        None => Alias::default(),
    };
    Directory::new(case.scenario.peers.iter().map(|(name, _)| name)).aliased(alias)
}

async fn perform(
    case: &Case,
    setting: &Arc<Setting>,
    recorder: &Recorder,
    lost: &Lost,
    began: Instant,
    busy: Option<OwnedSemaphorePermit>,
) -> Ended {
    let scenario = &case.scenario;
    let sink = {
        let recorder = recorder.clone();
        Arc::new(move |life: ServerLife| {
            recorder.record(What::Server { life }, &[]);
        })
    };
    let pausable = (scenario.steps.iter()).any(|step| step.action == Action::Pause);
    let wanted = Wanted {
        pausable,
        security: setting.security.clone(),
    };
    let (spec, run) = (setting.server.clone(), setting.run.clone());
    let server = match ServerUnderTest::start_as(spec, run, sink, wanted).await {
        Ok(server) => server,
        Err(error) => {
            return Ended {
                ran: Err(Verdict::Inconclusive(error.to_string())),
                stage: None,
            };
        }
    };
    let scene = Scene {
        setting: setting.clone(),
        recorder: recorder.clone(),
        digest: Digest::new(),
        rules: Arc::new(Rules::default()),
        directory: directory(case, setting),
        upstream: server.address(),
        lost: lost.clone(),
    };
    let doomed: Vec<&PeerName> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Kill {
                peer,
                how: Kill::Browser,
            } => Some(peer),
            _ => None,
        })
        .collect();
    let entering = scenario.peers.iter().map(|(name, spec)| {
        Actor::enter(
            name.clone(),
            spec.clone(),
            case.stack(name),
            doomed.iter().filter(|doomed| **doomed == name).count(),
            scene.clone(),
        )
    });
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
        actors,
        server,
        recorder: recorder.clone(),
        rules: scene.rules.clone(),
        world: World::default(),
        watch: Watch::new(&never, &Terms::of(&setting.dialect)),
        fences: BTreeMap::new(),
        rooms: BTreeMap::new(),
        taken: 0,
        lost: lost.clone(),
        disturbed: Disturbed::default(),
        browsers: case.cast.needs_browser(),
        may_end: excuse(scenario, Law::ServerLives).is_some(),
        ended: 0,
        end: began + setting.max_time,
        until: Until::case(began + setting.max_time),
        busy,
    };
    if let Some(why) = trouble {
        return Ended {
            ran: Err(Verdict::Inconclusive(why)),
            stage: Some(stage),
        };
    }
    let ran = stage.run(case, setting).await;
    Ended {
        ran: Ok(ran),
        stage: Some(stage),
    }
}

/// What the end, the laws and the server's faults on the wire make of it. A step that failed comes first; what laws are broken beside it, or
/// what the server wrote wrongly, may explain it.
fn judge(case: &Case, ran: Ran, laws: &[Judged], blame: &Blame) -> Verdict {
    let Ran {
        end, at, states, ..
    } = ran;
    let mut breaches: Vec<Breach> = laws
        .iter()
        .flat_map(|judged| judged.breaches().iter().cloned())
        .collect();
    // That the server has ended explains what else is wrong.
    breaches.sort_by_key(|breach| (breach.law != Law::ServerLives, breach.event, breach.law));
    let passed = end.is_ok() && breaches.is_empty();
    let law = |breach: &Breach| Some(Place::Law(usize::from(breach.law.number())));
    let (place, message) = match (end, breaches.first()) {
        (Err(Stop::Trouble(why)), _) => return Verdict::Inconclusive(why),
        // After the steps the server ended by itself, which the law says better.
        (Err(Stop::Fail { place: None, .. }), Some(first)) if first.law == Law::ServerLives => {
            (law(first), first.message.clone())
        }
        (
            Err(Stop::Fail {
                place: None,
                message,
            }),
            Some(first),
        ) => (law(first), format!("{}; {message}", first.message)),
        (Err(Stop::Fail { place, message }), _) => (place, message),
        (Ok(()), None) => match blame.owed() {
            Some((_, broken)) => (None, broken.to_owned()),
            None => return Verdict::Pass,
        },
        (Ok(()), Some(first)) => (law(first), first.message.clone()),
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
    let span = place
        .as_ref()
        .and_then(|place| case.scenario.span_of(place));
    Verdict::Fail(Failure {
        place,
        span,
        message,
        at,
        states,
        breaches,
        diff: None,
    })
}
