//! Strangers do something so often that the server shows what it keeps of each. They stand outside of the cast: nothing of what they say is recorded,
//! but how long it took is.

mod flood;
mod lines;
mod rooms;
mod signals;
mod torn;
mod turnover;
mod unread;

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::Case;
use super::director::{Stage, Stop};
use super::probe::{Probe, Stuck};
use super::strangers::Strangers;
use crate::names::RoomName;
use crate::record::{FailureKind, InconclusiveKind, MEASURED, Seq, What};
use crate::scenario::{Action, Strain};
use crate::server::{ServerSpec, ServerUnderTest, Usage};

/// How long the server may take for one thing of many, on a machine that has much else to do.
const EACH_WITHIN: Duration = Duration::from_secs(20);

/// Where the machine gave glare itself no time for longer than this, nobody is accused.
const STARVED: Duration = Duration::from_secs(2);

/// How a strain ends that does not end well.
enum End {
    /// What it begins with did not come about.
    Premise(String),
    /// Somebody was refused, heard nothing, or lost his line: there may be a limit.
    Limit(String),
    /// The same, and the server told him so: that is no matter of time.
    Told(String),
    /// What was relayed between two who were let be was lost, altered or out of order.
    Loss(String),
    /// It has not come, though it was waited for as long as [`EACH_WITHIN`].
    Absence(String),
    /// The machine or the dialect does not have what it needs.
    Harness(String),
}

impl From<Stuck> for End {
    fn from(stuck: Stuck) -> Self {
        match stuck {
            Stuck::Server(why) => End::Limit(why),
            Stuck::Told(why) => End::Told(why),
            Stuck::Harness(why) => End::Harness(why),
        }
    }
}

impl End {
    /// The same before anything was done: nobody is accused of it.
    fn before(self) -> Self {
        match self {
            End::Limit(why) | End::Told(why) | End::Loss(why) | End::Absence(why) => {
                End::Premise(why)
            }
            other => other,
        }
    }

    /// The same, and how far it had got.
    fn after(self, done: u32, what: &str) -> Self {
        match self {
            End::Limit(why) => End::Limit(format!("after {done} {what} {why}")),
            End::Told(why) => End::Told(format!("after {done} {what} {why}")),
            other => other,
        }
    }
}

/// What a strain is done with.
struct Load<'a> {
    strangers: &'a Strangers,
    server: &'a ServerUnderTest,
    /// What all its names begin with.
    prefix: String,
    times: u32,
    /// The step's own deadline.
    until: Instant,
}

impl Load<'_> {
    /// Until when one thing of many must be done.
    fn soon(&self) -> Instant {
        self.until.min(Instant::now() + EACH_WITHIN)
    }

    fn id(&self, what: impl fmt::Display) -> String {
        format!("{}-{what}", self.prefix)
    }

    fn room(&self, what: impl fmt::Display) -> RoomName {
        RoomName::new(self.id(what))
    }

    /// A stranger who is connected.
    async fn comes(&self, what: impl fmt::Display) -> Result<Probe, End> {
        let mut one = self.strangers.one(self.id(what)).await?;
        one.connect(self.soon(), None).await?;
        Ok(one)
    }

    /// Two who are in a room of their own, where there are rooms, and have heard each other.
    async fn pair(&self, name: &str) -> Result<(Probe, Probe), End> {
        let room = self.room(name);
        let mut one = self.comes(format!("{name}1")).await?;
        let mut other = self.comes(format!("{name}2")).await?;
        if self.strangers.dialect().has_rooms() {
            one.makes(&room, self.soon()).await?;
            other.join(&room, self.soon()).await?;
        }
        let offer = signals::description("glare");
        other.tell(&mut one, offer.clone(), self.soon()).await?;
        one.tell(&mut other, offer, self.soon()).await?;
        Ok((one, other))
    }

    /// What the server's processes hold.
    fn usage(&self) -> Result<Usage, End> {
        self.server
            .usage()
            .ok_or_else(|| End::Harness("the server's processes cannot be looked at".to_owned()))
    }

    async fn done(&self, how: Strain) -> Result<String, End> {
        match how {
            Strain::Visits => self.visits().await,
            Strain::Rooms => self.rooms().await,
            Strain::FullRoom => self.full_room().await,
            Strain::Lines => self.lines(lines::Ends::Closed).await,
            Strain::Losses => self.lines(lines::Ends::Reset).await,
            Strain::Returns => self.returns().await,
            Strain::Crowd => self.crowd().await,
            Strain::Signals => self.signals().await,
            Strain::Dialogue => self.dialogue().await,
            Strain::Flood => self.flood().await,
            Strain::Respite => self.respite().await,
            Strain::Deaf => self.deaf().await,
            Strain::Turnover => self.turnover().await,
            Strain::TornJoins => self.torn().await,
            Strain::StandingRooms => self.standing_rooms().await,
            Strain::Unread => self.unread().await,
        }
    }
}

/// How long things took that were done one after the other.
#[derive(Default)]
struct Took(Vec<Duration>);

impl Took {
    fn since(&mut self, began: Instant) {
        self.0.push(began.elapsed());
    }
}

impl fmt::Display for Took {
    /// `0.4 ms each (median), 12.1 ms the slowest`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort();
        let millis = |took: Option<&Duration>| took.map_or(0.0, |took| took.as_secs_f64() * 1000.0);
        let median = millis(sorted.get(sorted.len() / 2));
        let slowest = millis(sorted.last());
        write!(
            f,
            "{median:.1} ms each (median), {slowest:.1} ms the slowest"
        )
    }
}

impl Stage {
    /// Does it, and records how it went.
    pub(super) async fn strain(&mut self, how: Strain, times: u32, begun: Seq) -> Result<(), Stop> {
        let until = self.until;
        let before = self.server.usage();
        let load = Load {
            strangers: &self.strangers,
            server: &self.server,
            prefix: format!("glare-s{begun}"),
            times,
            until: until.at,
        };
        let done = until.do_it(Box::pin(load.done(how))).await;
        let and = match (before, self.server.usage()) {
            _ if looks_itself(how) => String::new(),
            (Some(before), Some(after)) => {
                format!("; the server's own: {}", turnover::compared(before, after))
            }
            _ => String::new(),
        };
        let told = match &done {
            Some(Ok(figures)) => figures.clone(),
            Some(Err(
                End::Premise(why)
                | End::Limit(why)
                | End::Told(why)
                | End::Loss(why)
                | End::Absence(why)
                | End::Harness(why),
            )) => why.clone(),
            None => "it was not done in its time".to_owned(),
        };
        let text = format!("{MEASURED}{told}{and}");
        self.recorder.record(What::Note { peer: None, text }, &[]);
        self.take_in()?;
        // Where nobody promised that there is no limit, an answer is a fact, however late it comes.
        let is_fact = matches!(&done, Some(Err(End::Told(_))))
            && !self.strangers.dialect().properties().endures;
        // What does not come for so long is not late because the machine was busy in a tenth of that.
        let most = match &done {
            Some(Err(End::Absence(_))) => EACH_WITHIN / 2,
            _ => STARVED,
        };
        let (kind, message) = match done {
            Some(Ok(_)) => return Ok(()),
            Some(Err(End::Harness(why))) => {
                return Err(Stop::Trouble(InconclusiveKind::Environment, why));
            }
            Some(Err(End::Premise(why))) => {
                let message = format!("before it was strained: {why}");
                (FailureKind::Impossible, message)
            }
            Some(Err(End::Loss(why) | End::Absence(why))) => (FailureKind::Law, why),
            Some(Err(End::Limit(why) | End::Told(why))) => (FailureKind::Refused, why),
            None => {
                let what = format!("{times} times `{}`", how.as_str());
                return Err(self.late(&what, until));
            }
        };
        // Whoever gets no time from the machine accuses nobody.
        if !is_fact && self.starved(until) > most {
            let why = format!("{message}, but the machine had no time for glare itself");
            return Err(Stop::Trouble(InconclusiveKind::Environment, why));
        }
        Err(self.explained(kind, message).await)
    }
}

/// Whether it looks at the server's processes by itself, and tells what they hold.
fn looks_itself(how: Strain) -> bool {
    matches!(how, Strain::Turnover | Strain::Unread)
}

/// Why the server's processes cannot be looked at, where a step of the case does that.
pub(super) fn unmeasured(case: &Case, server: &ServerSpec) -> Option<String> {
    let looks =
        |action: &Action| matches!(action, Action::Strain { how, .. } if looks_itself(*how));
    let (number, _) = case
        .scenario
        .each_step()
        .find(|(_, step)| looks(&step.action))?;
    let why = match server {
        ServerSpec::Command(_) if cfg!(target_os = "linux") => return None,
        ServerSpec::Command(_) => "this system does not tell what they hold",
        ServerSpec::Embedded { .. } => "the reference server runs within glare's own",
        ServerSpec::Url(_) => "glare has not started it",
        ServerSpec::Lent(_) => "other cases are asked of the same",
    };
    Some(format!(
        "step {number} looks at the processes of the server: {why}"
    ))
}
