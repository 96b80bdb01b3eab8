//! Plays a case: the steps in order, each waiting for what it needs, then the fences, then the verdict.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, timeout_at};

use super::actor::{Actor, Scene};
use super::brain::{Done, Lost, Order, payload};
use super::outcome::{Failure, Outcome, Verdict};
use super::waits::World;
use super::wire::{Directory, Rules, lock};
use super::{Case, Setting, Trouble};
use crate::log::{Digest, Event, Log, Recorder, Rules as LogRules, Seq, ServerLife, TraceWriter, Watch, What, seen};
use crate::names::{Link, PeerName, RoomName};
use crate::peer::Kill;
use crate::scenario::{Action, Answer, Condition, Cut, Pattern, Place, Step};
use crate::server::ServerUnderTest;
use crate::signaling::{Kind, Notice, Request};
use crate::tap;

/// How long the last replies may take before a link counts as not fenced.
const FENCE_WITHIN: Duration = Duration::from_secs(3);

/// A wait that lasts longer than this is for a time-out of a stack, which costs nothing.
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// Why a case ends early.
enum Stop {
    Fail { place: Option<Place>, message: String },
    Trouble(String),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Stop::Trouble(trouble.0)
    }
}

/// Plays one case to its verdict. Always ends: every wait has a deadline.
pub async fn play(case: &Case, setting: Arc<Setting>) -> Outcome {
    let busy = setting.busy.clone().acquire_owned().await.ok();
    let began = Instant::now();
    let (recorder, trace) = recorder(case, &setting);
    let lost: Lost = Arc::default();
    recorder.record(
        What::Run {
            version: crate::log::TRACE_VERSION,
            scenario: case.scenario.name.clone(),
            cast: case.cast.stacks().clone(),
            server: setting.server.name(),
            shake: setting.shake,
        },
        &[],
    );
    let verdict = match refusal(case, &setting) {
        Some(why) => Ended { verdict: Verdict::Unsupported(why), stage: None },
        None => perform(case, &setting, &recorder, &lost, began, busy).await,
    };
    let took = began.elapsed();
    let Ended { verdict, stage } = verdict;
    let text = match &verdict {
        Verdict::Pass => "verdict: pass".to_owned(),
        Verdict::Fail(failure) => format!("verdict: fail: {}", failure.message),
        Verdict::Unsupported(why) | Verdict::Inconclusive(why) => format!("verdict: {}: {why}", verdict.word()),
    };
    recorder.record(What::Note { peer: None, text }, &[]);
    let events = recorder.events_from(0);
    if let Some(stage) = stage {
        stage.clear().await;
    }
    let log = log(&events, &setting);
    Outcome { verdict, log, events, trace, took }
}

fn rules(setting: &Setting) -> LogRules {
    LogRules { rewrites: setting.dialect.properties().rewrites }
}

fn log(events: &[Arc<Event>], setting: &Setting) -> Log {
    let events: Vec<Event> = events.iter().map(|event| Event::clone(event)).collect();
    Log::with(&events, rules(setting))
}

struct Ended {
    verdict: Verdict,
    stage: Option<Stage>,
}

fn recorder(case: &Case, setting: &Setting) -> (Recorder, Option<std::path::PathBuf>) {
    let Some(folder) = &setting.traces else {
        return (Recorder::new(None), None);
    };
    let take = match setting.take {
        0 | 1 => String::new(),
        take => format!("-{take}"),
    };
    let path = folder.join(format!("{}{take}.jsonl", case.slug()));
    // The trace of an earlier run makes way.
    drop(std::fs::remove_file(&path));
    match TraceWriter::create(&path) {
        Ok(writer) => (Recorder::new(Some(writer)), Some(path)),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "no trace is written");
            (Recorder::new(None), None)
        }
    }
}

/// Why this case cannot be played at all against this server.
fn refusal(case: &Case, setting: &Setting) -> Option<String> {
    let lacking: Vec<String> = case
        .scenario
        .needs
        .iter()
        .filter(|need| !setting.dialect.has(**need))
        .map(ToString::to_string)
        .collect();
    (!lacking.is_empty()).then(|| format!("{} has no {}", setting.dialect.name(), lacking.join(", ")))
}

async fn perform(case: &Case, setting: &Arc<Setting>, recorder: &Recorder, lost: &Lost, began: Instant, busy: Option<OwnedSemaphorePermit>) -> Ended {
    let scenario = &case.scenario;
    let sink = {
        let recorder = recorder.clone();
        Arc::new(move |life: ServerLife| {
            recorder.record(What::Server { life }, &[]);
        })
    };
    let server = match ServerUnderTest::start(setting.server.clone(), setting.run.clone(), sink).await {
        Ok(server) => server,
        Err(error) => return Ended { verdict: Verdict::Inconclusive(error.to_string()), stage: None },
    };
    let scene = Scene {
        setting: setting.clone(),
        recorder: recorder.clone(),
        digest: Digest::new(),
        rules: Arc::new(Rules::default()),
        directory: Directory::new(scenario.peers.iter().map(|(name, _)| name)),
        upstream: server.address(),
        lost: lost.clone(),
    };
    let doomed: Vec<&PeerName> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.action {
            Action::Kill { peer, how: Kill::Browser } => Some(peer),
            _ => None,
        })
        .collect();
    let entering = scenario.peers.iter().map(|(name, spec)| {
        Actor::enter(name.clone(), spec.clone(), case.stack(name), doomed.contains(&name), scene.clone())
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
    let never: Vec<&str> = scenario.expect.never.iter().map(|line| line.text.as_str()).collect();
    let mut stage = Stage {
        actors,
        server,
        recorder: recorder.clone(),
        rules: scene.rules.clone(),
        world: World::default(),
        watch: Watch::new(&never, rules(setting)),
        rooms: BTreeMap::new(),
        taken: 0,
        lost: lost.clone(),
        end: began + setting.max_time,
        busy,
    };
    if let Some(why) = trouble {
        return Ended { verdict: Verdict::Inconclusive(why), stage: Some(stage) };
    }
    let result = stage.run(case, setting).await;
    let verdict = match result {
        Ok(()) => Verdict::Pass,
        Err(Stop::Trouble(why)) => Verdict::Inconclusive(why),
        Err(Stop::Fail { place, message }) => {
            let states = case
                .scenario
                .peers
                .iter()
                .map(|(name, _)| format!("{name} ({}): {}", case.stack(name), stage.world.describe(name)))
                .collect();
            let span = place.as_ref().and_then(|place| scenario.span_of(place));
            Verdict::Fail(Failure { place, span, message, states, diff: None })
        }
    };
    Ended { verdict, stage: Some(stage) }
}

struct Stage {
    actors: BTreeMap<PeerName, Actor>,
    server: ServerUnderTest,
    recorder: Recorder,
    rules: Arc<Rules>,
    world: World,
    watch: Watch,
    /// The room that each peer last asked for, which is what `leave` means.
    rooms: BTreeMap<PeerName, RoomName>,
    /// How many events the world has taken in.
    taken: Seq,
    lost: Lost,
    /// The case must be over by then.
    end: Instant,
    /// The right to keep the machine busy, given back when the case only waits.
    busy: Option<OwnedSemaphorePermit>,
}

impl Stage {
    async fn run(&mut self, case: &Case, setting: &Setting) -> Result<(), Stop> {
        let scenario = &case.scenario;
        let mut cause: Vec<Seq> = Vec::new();
        for (index, step) in scenario.steps.iter().enumerate() {
            let begun = self.recorder.record(
                What::Step { index: index + 1, line: step.span.line, text: step.text(), log: step.log() },
                &cause,
            );
            let waited = self.step(step, begun).await.map_err(|stop| match stop {
                Stop::Fail { place: None, message } => Stop::Fail { place: Some(Place::Step(index + 1)), message },
                other => other,
            })?;
            cause = vec![begun];
            cause.extend(waited);
        }
        self.recorder.record(What::End, &cause);
        self.fence().await?;
        self.take_in()?;
        let events = self.recorder.events_from(0);
        let log = log(&events, setting);
        let wanted: Vec<&str> = scenario.expect.seen.iter().map(|line| line.text.as_str()).collect();
        if let Err(missing) = seen(&wanted, &log) {
            let text = scenario.expect.seen.get(missing).map_or("", |line| line.text.as_str());
            return Err(Stop::Fail {
                place: Some(Place::Seen(missing + 1)),
                message: format!("the log has no line {text:?} after the ones before it"),
            });
        }
        Ok(())
    }

    /// Takes in what has happened; stops at what must never happen.
    fn take_in(&mut self) -> Result<(), Stop> {
        for event in self.recorder.events_from(self.taken) {
            self.taken = event.seq + 1;
            self.world.feed(&event);
            if let Some(index) = self.watch.feed(&event) {
                return Err(Stop::Fail {
                    place: Some(Place::Never(index + 1)),
                    message: format!("this must never happen, and did (event {} of the trace)", event.seq),
                });
            }
            if let What::Server { life: ServerLife::Exited { status } } = &event.what {
                return Err(Stop::Fail { place: None, message: format!("the server ended by itself: {status}") });
            }
        }
        match lock(&self.lost).first() {
            Some((peer, why)) => Err(Stop::Trouble(format!("{peer} is gone without having been told to: {why}"))),
            None => Ok(()),
        }
    }

    /// Waits until `holds` answers something, at most `within`, never beyond the end of the case.
    async fn wait<T>(
        &mut self,
        within: Duration,
        what: impl Fn() -> String,
        mut holds: impl FnMut(&mut World) -> Option<Result<T, String>>,
    ) -> Result<T, Stop> {
        let deadline = (Instant::now() + within).min(self.end);
        let idle = Instant::now() + IDLE_AFTER;
        loop {
            self.take_in()?;
            match holds(&mut self.world) {
                Some(Ok(value)) => return Ok(value),
                Some(Err(message)) => return Err(fail(message)),
                None => {}
            }
            let next = match self.busy {
                Some(_) => deadline.min(idle),
                None => deadline,
            };
            if timeout_at(next, self.recorder.next_from(self.taken)).await.is_err() {
                if next < deadline {
                    self.busy = None;
                    continue;
                }
                self.take_in()?;
                let limit = if deadline == self.end { "the case's time was up".into() } else { format!("after {}", seconds(within)) };
                return Err(fail(format!("{} did not happen ({limit})", what())));
            }
        }
    }

    fn actor(&mut self, peer: &PeerName) -> Result<&mut Actor, Stop> {
        self.actors.get_mut(peer).ok_or_else(|| fail(format!("there is no peer {peer}")))
    }

    async fn order(&mut self, peer: &PeerName, order: Order, cause: Vec<Seq>) -> Result<Done, Stop> {
        let end = self.end;
        let actor = self.actor(peer)?;
        match timeout_at(end, actor.order(order, cause)).await {
            Ok(done) => Ok(done?),
            Err(_) => Err(fail(format!("{peer} did not carry it out before the case's time was up"))),
        }
    }

    /// An order that has to succeed.
    async fn must(&mut self, peer: &PeerName, order: Order, cause: Vec<Seq>) -> Result<(), Stop> {
        match self.order(peer, order, cause).await? {
            Done::Yes | Done::Status(_) => Ok(()),
            Done::No(why) => {
                self.take_in()?;
                Err(fail(format!("{peer} could not: {why}")))
            }
            Done::Refused { name, message, .. } => {
                self.take_in()?;
                Err(fail(format!("{peer}'s stack refused: {name}: {message}")))
            }
        }
    }

    /// Does one step and answers the events that its waits were satisfied by.
    async fn step(&mut self, step: &Step, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let within = step.within;
        let cause = vec![begun];
        match &step.action {
            Action::Connect { peer } => {
                self.must(peer, Order::Connect, cause).await?;
            }
            Action::Create { peer, room, answer } => {
                self.rooms.insert(peer.clone(), room.clone());
                return self.ask(peer, Request::Create { room: room.clone() }, false, answer, step, begun).await;
            }
            Action::Join { peer, room, offer, answer } => {
                self.rooms.insert(peer.clone(), room.clone());
                return self.ask(peer, Request::Join { room: room.clone() }, *offer, answer, step, begun).await;
            }
            Action::Leave { peer, answer } => {
                let Some(room) = self.rooms.get(peer).cloned() else {
                    return Err(fail(format!("{peer} has neither created nor joined a room that it could leave")));
                };
                return self.ask(peer, Request::Leave { room }, false, answer, step, begun).await;
            }
            Action::Destroy { peer, room, answer } => {
                return self.ask(peer, Request::Destroy { room: room.clone() }, false, answer, step, begun).await;
            }
            Action::Disconnect { peer } => {
                let link = self.ending(peer, begun);
                self.must(peer, Order::Disconnect, cause).await?;
                self.closed(peer, link, within).await?;
            }
            Action::Negotiate { from, to } => {
                let to = match to.clone().or_else(|| self.other(from)) {
                    Some(to) => to,
                    None => return Err(fail(format!("{from} has more than one peer to offer to: say `to:`"))),
                };
                self.must(from, Order::Negotiate { to }, cause).await?;
            }
            Action::CreateOffer { peer } => self.must(peer, Order::Create { kind: crate::signaling::DescriptionKind::Offer }, cause).await?,
            Action::CreateAnswer { peer } => self.must(peer, Order::Create { kind: crate::signaling::DescriptionKind::Answer }, cause).await?,
            Action::SetLocal { peer, kind, fails } => return self.by_hand(peer, Order::SetLocal { kind: *kind }, fails, begun).await,
            Action::SetRemote { peer, kind, fails } => return self.by_hand(peer, Order::SetRemote { kind: *kind }, fails, begun).await,
            Action::AddCandidate { peer, fails } => return self.by_hand(peer, Order::AddCandidate, fails, begun).await,
            Action::Send { from, message } => self.must(from, Order::Send { kind: *message }, cause).await?,
            Action::RestartIce { peer } => self.must(peer, Order::RestartIce, cause).await?,
            Action::OpenChannel { peer, label, options } => {
                self.must(peer, Order::OpenChannel { label: label.clone(), options: options.clone() }, cause).await?;
            }
            Action::Say { from, channel, data, heard } => return self.say(step, from, channel, data, *heard, begun).await,
            Action::CloseChannel { peer, channel } => {
                self.must(peer, Order::CloseChannel { label: channel.clone() }, cause).await?;
            }
            Action::Close { peer } => self.must(peer, Order::Close, cause).await?,
            Action::Kill { peer, how } => {
                let link = self.ending(peer, begun);
                self.actor(peer)?.kill(*how).await?;
                match how {
                    Kill::Socket => self.closed(peer, link, within).await?,
                    Kill::Tab | Kill::Browser => {
                        self.wait(within, || format!("the end of {peer}'s signaling connection"), |world| {
                            (!world.is_up(peer)).then_some(Ok(()))
                        })
                        .await?;
                    }
                }
            }
            Action::Hold(pattern) => self.rules.hold(pattern.clone()),
            Action::Drop(pattern) => self.rules.discard(pattern.clone()),
            Action::Release(pattern) => self.release(pattern, begun).await?,
            Action::Cut { peer, how } => {
                let link = self.ending(peer, begun);
                let how = match how {
                    Cut::Close => tap::Cut::Close { code: 1000, reason: String::new() },
                    Cut::Reset => tap::Cut::Reset,
                };
                self.actor(peer)?.tap.cut(None, how).await;
                self.closed(peer, link, within).await?;
            }
            Action::KillServer => self.kill_server(begun, within).await?,
            Action::Restart => {
                self.kill_server(begun, within).await?;
                if let Err(error) = self.server.restart().await {
                    return Err(Stop::Trouble(error.to_string()));
                }
            }
            Action::SendRaw { peer, text } => self.must(peer, Order::SendRaw { text: text.clone() }, cause).await?,
            Action::Http { peer, method, path, body, status } => {
                let order = Order::Http { method: method.clone(), path: path.clone(), body: body.clone() };
                match (self.order(peer, order, cause).await?, status) {
                    (Done::Status(got), Some(wanted)) if got != *wanted => {
                        return Err(fail(format!("the answer has status {got}, expected {wanted}")));
                    }
                    (Done::Status(_), _) => {}
                    (Done::No(why), _) => return Err(fail(format!("{peer} could not: {why}"))),
                    (done, _) => return Err(fail(format!("{peer} answered {done:?}"))),
                }
            }
            Action::Await(condition) => {
                return self.wait(within, || condition.describe(), |world| world.satisfied(condition).map(Ok)).await;
            }
        }
        Ok(Vec::new())
    }

    /// Records that a step ends this peer's link, if there is one.
    fn ending(&mut self, peer: &PeerName, begun: Seq) -> Option<u32> {
        // What the tap has seen by now decides which link it is.
        drop(self.take_in());
        let instance = self.world.link(peer).filter(|_| self.world.is_up(peer))?;
        let link = Link { peer: peer.clone(), instance };
        self.recorder.record(What::LinkEnded { link }, &[begun]);
        Some(instance)
    }

    /// Waits until the peer itself has seen its link end, so that the next step finds it without one.
    async fn closed(&mut self, peer: &PeerName, link: Option<u32>, within: Duration) -> Result<(), Stop> {
        let Some(link) = link else { return Ok(()) };
        self.wait(within, || format!("{peer} noticing the end of its signaling connection"), |world| {
            world.has_closed(peer, link).then_some(Ok(()))
        })
        .await
    }

    async fn kill_server(&mut self, begun: Seq, within: Duration) -> Result<(), Stop> {
        let peers: Vec<PeerName> = self.actors.keys().cloned().collect();
        let links: Vec<_> = peers.iter().map(|peer| self.ending(peer, begun)).collect();
        self.server.kill().await;
        for (peer, link) in peers.iter().zip(links) {
            if self.actors.get(peer).is_some_and(Actor::lives) {
                self.closed(peer, link, within).await?;
            }
        }
        Ok(())
    }

    fn other(&self, of: &PeerName) -> Option<PeerName> {
        let mut others = self
            .actors
            .values()
            .filter(|actor| actor.name != *of && actor.stack() != crate::names::Stack::Wire);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.name.clone()),
            _ => None,
        }
    }

    async fn ask(&mut self, peer: &PeerName, request: Request, offer: bool, answer: &Answer, step: &Step, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let kind = match &request {
            Request::Create { .. } => Kind::Create,
            Request::Join { .. } => Kind::Join,
            Request::Leave { .. } => Kind::Leave,
            Request::Destroy { .. } => Kind::Destroy,
            Request::Fence => Kind::Fence,
        };
        self.must(peer, Order::Ask { request, offer }, vec![begun]).await?;
        self.wait(step.within, || format!("the server's answer to {peer}'s {kind}"), |world| {
            let (notice, seq) = world.reply(peer, kind, begun)?;
            Some(match (notice, answer) {
                (Notice::Refused { reason, .. }, Answer::Granted) => Err(format!("the server refused {peer}'s {kind}: {reason:?}")),
                (Notice::Refused { reason, .. }, Answer::RefusedWith(text)) if !reason.contains(text) => {
                    Err(format!("the server refused {peer}'s {kind} with {reason:?}, expected {text:?} in it"))
                }
                (Notice::Refused { .. }, _) | (_, Answer::Granted) => Ok(vec![seq]),
                (_, _) => Err(format!("the server granted {peer}'s {kind}, which it had to refuse")),
            })
        })
        .await
    }

    /// An order that may have to fail, with a text that the stack's error must contain.
    async fn by_hand(&mut self, peer: &PeerName, order: Order, fails: &Option<String>, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let done = self.order(peer, order, vec![begun]).await?;
        self.take_in()?;
        match (done, fails) {
            (Done::Refused { name, message, seq }, Some(text)) => {
                let whole = format!("{name}: {message}");
                if whole.contains(text.as_str()) {
                    Ok(vec![seq])
                } else {
                    Err(fail(format!("{peer}'s stack refused with {whole:?}, expected {text:?} in it")))
                }
            }
            (Done::Refused { name, message, .. }, None) => Err(fail(format!("{peer}'s stack refused: {name}: {message}"))),
            (Done::No(why), _) => Err(fail(format!("{peer} could not: {why}"))),
            (Done::Yes | Done::Status(_), Some(_)) => Err(fail(format!("{peer}'s stack took it, which it had to refuse"))),
            (Done::Yes | Done::Status(_), None) => Ok(Vec::new()),
        }
    }

    async fn say(&mut self, step: &Step, from: &PeerName, channel: &str, data: &crate::peer::Data, heard: bool, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let open = Condition::Channel { peer: from.clone(), label: channel.into(), state: "open".into() };
        let mut waited = self.wait(step.within, || open.describe(), |world| world.satisfied(&open).map(Ok)).await?;
        let mut cause = vec![begun];
        cause.extend(&waited);
        let order = Order::Say { label: channel.into(), data: data.clone() };
        self.must(from, order, cause).await?;
        if heard {
            let payload = payload(data);
            let others: Vec<PeerName> = self.actors.keys().filter(|peer| *peer != from).cloned().collect();
            let got = self
                .wait(step.within, || format!("what {from} said, heard by another peer on channel {channel}"), |world| {
                    others.iter().find_map(|peer| world.heard(peer, channel, &payload)).map(Ok)
                })
                .await?;
            waited.extend(got);
        }
        Ok(waited)
    }

    async fn release(&mut self, pattern: &Pattern, begun: Seq) -> Result<(), Stop> {
        for held in self.rules.release(pattern) {
            let Some(actor) = self.actors.get_mut(&held.peer) else { continue };
            let link = held.link.instance;
            let gone = actor.wire.is_down(link);
            let seq = self.recorder.record(What::Released { message: held.seq, delivered: !gone }, &[begun, held.seq]);
            if gone {
                actor.tap.discard(held.id).await;
                continue;
            }
            if held.direction == crate::log::Direction::Down {
                actor.wire.let_through(link, seq);
            }
            if actor.tap.release(held.id).await == tap::Delivery::Undeliverable {
                let text = "a released message found its socket gone".into();
                self.recorder.record(What::Note { peer: Some(held.peer), text }, &[seq]);
            }
        }
        Ok(())
    }

    /// Asks each link that stands for a refusal: when it is here, all that the server had queued is here. Twice, because what one
    /// peer sent before its first fence may reach another after that one's first.
    async fn fence(&mut self) -> Result<(), Stop> {
        self.take_in()?;
        let mut standing: Vec<(PeerName, u32)> = self
            .actors
            .values()
            .filter(|actor| actor.lives() && self.world.is_up(&actor.name))
            .filter_map(|actor| Some((actor.name.clone(), self.world.link(&actor.name)?)))
            .collect();
        let mut replies = BTreeMap::new();
        for _round in 0..2 {
            let from = self.recorder.count();
            let order = || Order::Ask { request: Request::Fence, offer: false };
            let asked = self
                .actors
                .values_mut()
                .filter(|actor| standing.iter().any(|(peer, _)| *peer == actor.name))
                .map(|actor| actor.order(order(), vec![]));
            for done in join_all(asked).await {
                if let Done::No(why) = done? {
                    tracing::debug!(why, "no fence");
                }
            }
            let mut fenced = Vec::new();
            for (peer, instance) in standing {
                let reply = self
                    .wait(FENCE_WITHIN, || format!("the answer to {peer}'s last request"), |world| {
                        world.reply(&peer, Kind::Fence, from.saturating_sub(1)).map(Ok)
                    })
                    .await;
                match reply {
                    Ok((_, seq)) => {
                        replies.insert(peer.clone(), seq);
                        fenced.push((peer, instance));
                    }
                    Err(Stop::Fail { place: None, message }) => {
                        self.recorder.record(What::Note { peer: Some(peer), text: message }, &[]);
                    }
                    Err(stop) => return Err(stop),
                }
            }
            standing = fenced;
        }
        for (peer, instance) in standing {
            let cause: Vec<Seq> = replies.get(&peer).copied().into_iter().collect();
            self.recorder.record(What::Fenced { link: Link { peer, instance } }, &cause);
        }
        Ok(())
    }

    /// Clears the stage.
    async fn clear(self) {
        join_all(self.actors.into_values().map(Actor::exit)).await;
        self.server.stop().await;
    }
}

fn fail(message: String) -> Stop {
    Stop::Fail { place: None, message }
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

impl Condition {
    /// The condition as words: what did not happen.
    pub fn describe(&self) -> String {
        let from = |from: &Option<PeerName>| from.as_ref().map(|from| format!(" from {from}")).unwrap_or_default();
        match self {
            Condition::Hears { peer, kind, from: who } => format!("{peer} hears {kind}{}", from(who)),
            Condition::Held(Pattern { message, from: who, to, .. }) => {
                let to = to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default();
                format!("the tap holds {message}{}{to}", from(who))
            }
            Condition::Connected { peers } => {
                let peers: Vec<&str> = peers.iter().map(PeerName::as_str).collect();
                format!("{} connected", peers.join(" and "))
            }
            Condition::State { peer, machine, state } => format!("{peer}'s {} state {state}", machine.as_str()),
            Condition::Channel { peer, label, state } => format!("{peer}'s channel {label} {state}"),
            Condition::Said { peer, text } => format!("{peer} hears {text:?} through a channel"),
            Condition::Applied { peer, what } => format!("{peer}'s stack takes in a remote {what}"),
            Condition::Error { peer, during } => format!("{peer}'s stack refuses {during}"),
            Condition::Disconnected { peer } => format!("{peer}'s signaling connection ends"),
        }
    }
}
