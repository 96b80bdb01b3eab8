//! Directs one case: the steps in order, each wait for a condition with a deadline, then the fences and the laws.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::actor::Actor;
use super::desk::Desk;
use super::disturbed::Disturbed;
use super::driver::Lost;
use super::hope::Waiting;
use super::lawful::judged;
use super::misread::unanswered;
use super::order::{Done, Order};
use super::outcome::Judged;
use super::pulse::Pulse;
use super::rules::Rules;
use super::strangers::Strangers;
use super::turns::{LOOK, Turn};
use super::waits::World;
use super::{Case, Setting, Trouble};
use crate::lock::lock;
use crate::log::Watch;
use crate::names::{PeerName, RoomName};
use crate::peer::browser::Pool;
use crate::record::{FailureKind, InconclusiveKind, Recorder, Seq, What};
use crate::scenario::{Acquainted, Action, Condition, DEFAULT_WITHIN, Place, Pretending, Sought};
use crate::server::{AppServer, ServerUnderTest};
use crate::signaling::{Alias, Dialect, Terms};
use crate::terms::ServerLife;

/// How long a wait lasts when the file does not say and a browser takes part. Measured: Firefox pairs that connect in 0.4 s took more
/// than 10 s with twenty processes on two cores.
pub(super) const BROWSER_WITHIN: Duration = Duration::from_secs(30);

/// How long after its sockets a server's process may end, to be told as the reason.
const ENDS_WITHIN: Duration = Duration::from_millis(500);

/// A wait that lasts longer than this is for a time-out of a stack, which costs nothing; one for a page may be for a browser that gets no time. So is
/// one to which its step gives more time than is usual, from its beginning.
pub(super) const IDLE_AFTER: Duration = Duration::from_secs(1);

/// Why a case ends early.
pub(super) enum Stop {
    Fail {
        kind: FailureKind,
        place: Option<Place>,
        message: String,
    },
    Trouble(InconclusiveKind, String),
}

impl From<Trouble> for Stop {
    fn from(trouble: Trouble) -> Self {
        Stop::Trouble(InconclusiveKind::Environment, trouble.0)
    }
}

/// Why a wait can end no other way than badly.
pub(super) struct Miss {
    pub kind: FailureKind,
    pub message: String,
}

impl From<String> for Miss {
    /// Nothing can bring it any more.
    fn from(message: String) -> Self {
        Self {
            kind: FailureKind::Hopeless,
            message,
        }
    }
}

impl Miss {
    pub fn new(kind: FailureKind, message: String) -> Self {
        Self { kind, message }
    }
}

/// How long something may take, and until when that is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Until {
    pub(super) within: Duration,
    pub(super) at: Instant,
}

/// How a case went.
pub(super) struct Ran {
    pub end: Result<(), Stop>,
    /// How many events there were when it failed.
    pub at: Seq,
    /// Each peer's state when it failed, a line each.
    pub states: Vec<String>,
    /// What was there in the place of what is expected, a line each.
    pub instead: Vec<String>,
    /// How often was there by then what is counted, if it failed elsewhere; a line each.
    pub counts: Vec<String>,
    pub laws: Vec<Judged>,
    /// Why nobody can tell whether what is expected is so, if all went well.
    pub unanswered: Option<String>,
    /// Which of the steps that begin together has failed, if one has.
    pub inner: Option<usize>,
}

/// One case on its stage.
pub(super) struct Stage {
    pub(super) actors: BTreeMap<PeerName, Actor>,
    pub(super) server: ServerUnderTest,
    /// On which node of it each peer is.
    pub(super) placed: BTreeMap<PeerName, u32>,
    /// The one that pages of the user's come from, if it is another.
    pub(super) app: Option<AppServer>,
    /// The names that everything has on the wire.
    pub(super) alias: Alias,
    /// Where peers get their logins.
    pub(super) desk: Desk,
    /// Who shows what is not its own, so that it may be turned away at any time.
    pub(super) pretending: Pretending,
    /// Whether two strangers could meet before the steps, where somebody else has started the server and some step does harm.
    pub(super) met_before: Option<bool>,
    /// Whoever comes besides to the server's first node, for steps that strain it.
    pub(super) strangers: Strangers,
    pub(super) recorder: Recorder,
    pub(super) rules: Arc<Rules>,
    pub(super) world: World,
    /// What must not come any more, each with the number of the step that says so.
    pub(super) forbids: Vec<(Sought, usize)>,
    pub(super) watch: Watch,
    /// Who had a link to be fenced at the end, and whether it was.
    pub(super) fences: BTreeMap<PeerName, bool>,
    /// Whether the dialect has a word for a fence.
    pub(super) fences_are_spoken: bool,
    /// Whether a line is dialled by who enters a room.
    pub(super) dials_by_room: bool,
    /// The room that each peer last asked for, which is what `leave` means.
    pub(super) rooms: BTreeMap<PeerName, RoomName>,
    /// Who is connected with whom, as far as steps have waited for it.
    pub(super) acquainted: Acquainted,
    /// How many events the world has taken in.
    pub(super) taken: Seq,
    /// How long glare itself got no time from the machine, and until when.
    pub(super) starved: Vec<(Instant, Duration)>,
    /// Where browsers come from.
    pub(super) pool: Pool,
    pub(super) lost: Lost,
    /// Pages that are gone by their own doing, and why.
    pub(super) left: Lost,
    /// How the server is talked to.
    pub(super) dialect: Arc<Dialect>,
    pub(super) disturbed: Disturbed,
    /// A browser takes part.
    pub(super) browsers: bool,
    /// The scenario says that the server will end by itself.
    pub(super) may_end: bool,
    /// The end of the steps; before it, the last step that began.
    pub(super) ended: Seq,
    pub(super) _pulse: Pulse,
    /// When the case began.
    pub(super) began: Instant,
    /// The case must be over by then.
    pub(super) end: Instant,
    /// What the step waits for must be there by then.
    pub(super) until: Until,
    /// Names that outcomes have bound, and whose they are.
    pub(super) bound: BTreeMap<PeerName, PeerName>,
    /// What draws the order in which those go that begin together.
    pub(super) shake: Option<u64>,
    /// Which of the steps that begin together has failed, from 1.
    pub(super) failed_inner: Option<usize>,
    /// Given back when the case only waits.
    pub(super) turn: Turn,
}

impl Stage {
    /// Plays the steps, and asks the laws, also after a step that failed.
    pub(super) async fn run(&mut self, case: &Case, setting: &Setting) -> Ran {
        let terms = Terms::of(&setting.dialect);
        let mut end = self.steps(case).await;
        let mut at = self.recorder.count();
        let mut states = Vec::new();
        let mut instead = Vec::new();
        if let Err(stop) = &end {
            if matches!(stop, Stop::Trouble(..)) {
                return Ran {
                    end,
                    at,
                    states,
                    instead: Vec::new(),
                    counts: Vec::new(),
                    laws: Vec::new(),
                    unanswered: None,
                    inner: None,
                };
            }
            states = self.states(case);
            self.pictures().await;
            // What must never happen has been told, or matters no more.
            self.watch = Watch::new::<&str>(&[], &Terms::default());
        }
        let mut settled = self.settle(&terms).await;
        if settled.is_ok() {
            settled = self.take_in();
        }
        if end.is_ok() && settled.is_err() {
            end = settled;
            at = self.recorder.count();
            states = self.states(case);
        }
        let until = self.recorder.count();
        let mut laws = judged(&self.recorder, &terms, &case.scenario);
        laws.extend(self.probe(case, setting, &terms).await);
        let lawful = laws.iter().all(|judged| judged.breaches().is_empty());
        // What is counted is asked for in the end alone; who failed before wants to know it as it was then.
        let by_then = if end.is_ok() { until } else { at };
        if end.is_ok()
            && lawful
            && let Err(unexpected) = self.expected(case, setting, until)
        {
            end = Err(unexpected.stop);
            instead = unexpected.instead;
        }
        let unanswered = match end {
            Ok(()) => {
                let mut events = self.recorder.events_from(0);
                events.retain(|event| event.seq < until);
                unanswered(case, &setting.dialect, &events)
            }
            Err(_) => None,
        };
        let counts = match &end {
            Ok(()) if lawful => Vec::new(),
            Err(Stop::Fail { place, .. }) => self.counts(case, setting, (place.as_ref(), by_then)),
            _ => self.counts(case, setting, (None, by_then)),
        };
        if states.is_empty() {
            states = self.states(case);
        }
        Ran {
            end,
            at,
            states,
            instead,
            counts,
            laws,
            unanswered,
            inner: self.failed_inner,
        }
    }

    fn states(&self, case: &Case) -> Vec<String> {
        let peers = case.scenario.peers.iter().map(|(name, _)| name);
        let line = |name| {
            let state = self.world.describe(name);
            format!("{name} ({}): {state}", case.stack(name))
        };
        peers.map(line).collect()
    }

    async fn steps(&mut self, case: &Case) -> Result<(), Stop> {
        let scenario = &case.scenario;
        let mut cause: Vec<Seq> = Vec::new();
        for (index, step) in scenario.steps.iter().enumerate() {
            let begun = self.recorder.record(
                What::Step {
                    index: index + 1,
                    inner: None,
                    line: step.via.as_ref().map_or(step.span.line, |via| via.line()),
                    text: step.text(),
                    log: step.log(),
                },
                &cause,
            );
            self.ended = begun;
            self.until = self.within(step.within);
            if matches!(step.action, Action::Await(_)) && step.within > DEFAULT_WITHIN {
                self.turn.pass_on();
            }
            let step = &self.resolved(step);
            let waited = self.step(step, begun).await.map_err(|stop| match stop {
                Stop::Fail {
                    kind,
                    place: None,
                    message,
                } => Stop::Fail {
                    kind,
                    place: Some(Place::Step(index + 1)),
                    message,
                },
                other => other,
            })?;
            self.acquainted.feed(&step.action);
            cause = vec![begun];
            cause.extend(waited);
        }
        self.ended = self.recorder.record(What::End, &cause);
        Ok(())
    }

    /// Takes in what has happened; stops at what must never happen.
    pub(super) fn take_in(&mut self) -> Result<(), Stop> {
        for event in self.recorder.events_from(self.taken) {
            self.taken = event.seq + 1;
            if let What::Starved { millis } = event.what {
                self.starved
                    .push((Instant::now(), Duration::from_millis(millis)));
            }
            self.world.feed(&event);
            self.forbidden(&event)?;
            if let Some(index) = self.watch.feed(&event) {
                return Err(Stop::Fail {
                    kind: FailureKind::Never,
                    place: Some(Place::Never(index + 1)),
                    message: format!(
                        "this must never happen, and did (event {} of the trace)",
                        event.seq
                    ),
                });
            }
            if let What::Server {
                life: ServerLife::Exited { status },
            } = &event.what
                && !self.may_end
            {
                return Err(Stop::Fail {
                    kind: FailureKind::ServerEnded,
                    place: None,
                    message: format!("the server ended by itself: {status}"),
                });
            }
        }
        if let Some(why) = self.desk.trouble().or_else(|| self.dialect.failure()) {
            return Err(Stop::Trouble(InconclusiveKind::Environment, why));
        }
        if let Some((peer, why)) = lock(&self.left).first() {
            return Err(fail(format!("{peer}'s page is gone: {why}")));
        }
        match lock(&self.lost).first() {
            Some((peer, why)) => Err(Stop::Trouble(
                InconclusiveKind::Environment,
                format!("{peer} is gone without having been told to: {why}"),
            )),
            None => match self.recorder.incomplete() {
                Some((kind, why)) => Err(Stop::Trouble(kind, why)),
                None => Ok(()),
            },
        }
    }

    /// Until when something may take that begins now; never beyond the end of the case.
    pub(super) fn within(&self, within: Duration) -> Until {
        let within = match within {
            DEFAULT_WITHIN if self.browsers => BROWSER_WITHIN,
            within => within,
        };
        Until {
            within,
            at: (Instant::now() + within).min(self.end),
        }
    }

    /// Who is dead and since when the step waits, for what may still come.
    pub(super) fn waiting(&self, begun: Seq) -> Waiting {
        let dead = self.actors.values().filter(|actor| !actor.lives());
        Waiting {
            dead: dead.map(|actor| actor.name.clone()).collect(),
            since: self.recorder.event(begun).map_or(0, |event| event.at),
        }
    }

    /// Waits until `holds` answers something.
    pub(super) async fn wait<T>(
        &mut self,
        until: Until,
        what: impl Fn() -> String,
        mut holds: impl FnMut(&mut World) -> Option<Result<T, Miss>>,
    ) -> Result<T, Stop> {
        let mut deadline = until.at.min(self.end);
        let mut idle = Instant::now() + IDLE_AFTER;
        loop {
            self.world.hope.quiet = self.actors.values().all(|actor| actor.wire.is_quiet());
            self.take_in()?;
            match holds(&mut self.world) {
                Some(Ok(value)) => return Ok(value),
                Some(Err(Miss { kind, message })) => {
                    return Err(self.explained(kind, message).await);
                }
                None => {}
            }
            let next = match self.turn.is_held() {
                true => deadline.min(idle),
                false => deadline,
            };
            if timeout_at(next, self.recorder.next_from(self.taken))
                .await
                .is_err()
            {
                if next < deadline {
                    idle = self.waits_idly();
                    continue;
                }
                self.take_in()?;
                // What the machine kept back is given on top.
                let later = (until.at + self.starved(until)).min(self.end);
                if later > deadline {
                    deadline = later;
                    continue;
                }
                return Err(self.late(&what(), until));
            }
        }
    }

    /// What failed, and that the server ended, if that is why: the end of a process is noticed a moment after that of its sockets.
    pub(super) async fn explained(&mut self, kind: FailureKind, message: String) -> Stop {
        if !(self.server.is_up() && self.server.is_ours() && self.world.hope.lost_a_line()) {
            return fail_as(kind, message);
        }
        let moment = (Instant::now() + ENDS_WITHIN).min(self.end);
        loop {
            match self.take_in() {
                Ok(()) => {}
                Err(Stop::Fail {
                    place: None,
                    message: end,
                    ..
                }) => return fail_as(FailureKind::ServerEnded, format!("{message}; {end}")),
                Err(stop) => return stop,
            }
            if timeout_at(moment, self.recorder.next_from(self.taken))
                .await
                .is_err()
            {
                return fail_as(kind, message);
            }
        }
    }

    /// It has done nothing but wait for a while. When that is looked at next, should it be its turn still.
    pub(super) fn waits_idly(&mut self) -> Instant {
        match self.browsers {
            true => self.turn.offer(),
            false => self.turn.pass_on(),
        }
        Instant::now() + LOOK
    }

    /// Lets time pass, and nothing else: what must never happen ends it.
    pub(super) async fn idle(&mut self, time: Duration) -> Result<(), Stop> {
        let until = Until {
            within: time,
            at: Instant::now() + time,
        };
        if time >= IDLE_AFTER {
            self.turn.pass_on();
        }
        let deadline = until.at.min(self.end);
        loop {
            self.take_in()?;
            let news = timeout_at(deadline, self.recorder.next_from(self.taken)).await;
            match news {
                Ok(_) => {}
                Err(_) if until.at < self.end => return self.take_in(),
                Err(_) => return Err(self.late("the end of this time", until)),
            }
        }
    }

    /// Waits for a condition, as long as it can still come to hold.
    pub(super) async fn condition(
        &mut self,
        condition: &Condition,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let waiting = self.waiting(begun);
        let until = self.until;
        let held = self
            .wait(
                until,
                || condition.describe(),
                |world| match world.satisfied(condition) {
                    Some(seqs) => Some(Ok(seqs)),
                    None => world
                        .hopeless(condition, &waiting)
                        .map(|why| Err(why.into())),
                },
            )
            .await;
        held.map_err(|stop| match (stop, condition) {
            (
                Stop::Fail {
                    kind: FailureKind::TimedOut,
                    place,
                    message,
                },
                Condition::Connected { peers },
            ) => Stop::Fail {
                kind: FailureKind::TimedOut,
                place,
                message: match self.world.crossed(peers) {
                    Some(crossed) => format!("{crossed} ({})", self.limit(until)),
                    None => message,
                },
            },
            (
                Stop::Fail {
                    kind: FailureKind::TimedOut,
                    place,
                    message,
                },
                Condition::Passes(sought),
            ) => Stop::Fail {
                kind: FailureKind::TimedOut,
                place,
                message: format!("{message}; {}", self.passed_instead(sought, begun)),
            },
            (stop, _) => stop,
        })
    }

    pub(super) fn actor(&mut self, peer: &PeerName) -> Result<&mut Actor, Stop> {
        self.actors
            .get_mut(peer)
            .ok_or_else(|| fail(format!("there is no peer {peer}")))
    }

    /// Gives an order and waits until it is carried out, as long as the step may take. One that comes too late is carried out all the
    /// same, and nobody waits for it.
    pub(super) async fn order(
        &mut self,
        peer: &PeerName,
        order: Order,
        cause: Vec<Seq>,
    ) -> Result<Done, Stop> {
        let end = self.end;
        let what = order.outcome(peer);
        let actor = self.actor(peer)?;
        // To bring a killed peer back takes a browser's time, which is nobody's fault.
        let began = Instant::now();
        match timeout_at(end, actor.live()).await {
            Ok(lives) => lives?,
            Err(_) => {
                return Err(fail_as(
                    FailureKind::TimedOut,
                    format!("{peer} did not come back before the case's time was up"),
                ));
            }
        }
        self.until.at = (self.until.at + began.elapsed()).min(end);
        let until = self.until;
        let actor = self.actor(peer)?;
        let Ok(done) = timeout_at(until.at, actor.order(order, cause)).await else {
            self.take_in()?;
            return Err(self.late(&what, until));
        };
        Ok(done?)
    }

    /// An order that has to succeed.
    pub(super) async fn must(
        &mut self,
        peer: &PeerName,
        order: Order,
        cause: Vec<Seq>,
    ) -> Result<(), Stop> {
        match self.order(peer, order, cause).await? {
            Done::Yes | Done::Status(..) => Ok(()),
            Done::No(why) | Done::NotLetIn(why) => {
                self.take_in()?;
                Err(fail(format!("{peer} could not: {why}")))
            }
            Done::Refused { name, message, .. } => {
                self.take_in()?;
                Err(fail_as(
                    FailureKind::StackRefused,
                    format!("{peer}'s stack refused: {name}: {message}"),
                ))
            }
        }
    }

    /// Clears the stage.
    pub(super) async fn clear(mut self) {
        self.undisturb().await;
        join_all(self.actors.into_values().map(Actor::exit)).await;
        self.server.stop().await;
        if let Some(app) = self.app {
            app.stop().await;
        }
    }
}

impl Until {
    /// As long as the case may take.
    pub(super) fn case(end: Instant) -> Self {
        Self {
            within: end.saturating_duration_since(Instant::now()),
            at: end,
        }
    }

    /// The same from its beginning, up to this moment.
    pub(super) fn up_to(self, now: Instant) -> Self {
        let left = self.at.saturating_duration_since(now);
        let over = now.saturating_duration_since(self.at);
        Self {
            within: (self.within + over).saturating_sub(left),
            at: now,
        }
    }

    /// Does it, if that does not take too long.
    pub(super) async fn do_it<T>(self, work: impl Future<Output = T>) -> Option<T> {
        timeout_at(self.at, work).await.ok()
    }
}

/// The step could not be carried out as things are.
pub(super) fn fail(message: String) -> Stop {
    fail_as(FailureKind::Impossible, message)
}

pub(super) fn fail_as(kind: FailureKind, message: String) -> Stop {
    Stop::Fail {
        kind,
        place: None,
        message,
    }
}

pub(super) fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}
