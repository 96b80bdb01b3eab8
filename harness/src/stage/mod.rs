//! Plays one scenario with one cast against one server.

mod actor;
mod after;
mod beats;
mod begins;
mod blame;
mod closing;
mod conclude;
mod connect;
mod desk;

mod director;
mod directory;
mod disturbed;
mod driver;
mod ears;
mod elsewhere;
mod expected;
mod faults;
mod fences;
mod forbids;
mod frames;
mod garbage;
mod gathering;
mod hope;
mod hopeless;
mod idle;
mod inner;
mod late;
mod lawful;
mod lent;
mod line;
mod looks;
mod misread;
mod order;
mod outcome;
mod overheard;
mod owed;
mod page;
mod page_ears;
mod payload;
mod play;
mod pretend;
mod probe;
mod probed;
mod pulse;
mod refusal;
mod rules;
mod shake;
mod speak;
mod strain;
mod strangers;
#[cfg(test)]
mod tests;
mod together;
mod turns;
mod understood;
mod user;
mod verbs;
mod waits;
mod wire;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::page::PageFault;
use glare_signaling_server::{Faults, RoomSize, SameId};
use tokio_util::sync::CancellationToken;

use crate::hand::PeerFault;
use crate::names::PeerName;
use crate::peer::browser::{EnvironmentError, Pool};
use crate::record::{Digest, Limit, Recorder};
use crate::run::Run;
use crate::scenario::{Cast, Scenario, Second};
use crate::server::{AppSpec, Logins, Program, ServerSpec, TranslatorSpec};
use crate::signaling::Dialect;
use crate::tap::{Policy, TapOptions};
use crate::tls::Security;

pub(crate) use lent::wants_its_own;
pub use outcome::{Judged, Outcome};
pub use play::{LastWord, play, play_with};
pub(crate) use probed::shares;
pub use turns::Turns;

/// One scenario with one cast.
#[derive(Clone, Debug)]
pub struct Case {
    /// What should happen.
    pub scenario: Arc<Scenario>,
    /// Who plays whom.
    pub cast: Cast,
}

/// What all cases of a run have in common.
#[derive(Clone)]
pub struct Setting {
    /// The server under test; each case boots its own.
    pub server: ServerSpec,
    /// Where pages of the user's come from, if not from the server under test.
    pub app: Option<AppSpec>,
    /// How to talk to it.
    pub dialect: Arc<Dialect>,
    /// The program that reads and writes for the dialect, where it is one with `framing: program`. Each case starts its own.
    pub translator: Option<TranslatorSpec>,
    /// Where browsers come from.
    pub pool: Pool,
    /// The run whose folder and watchdog are used.
    pub run: Run,
    /// Seeds small random delays at the taps.
    pub shake: Option<u64>,
    /// How long one case may take, whatever its waits say.
    pub max_time: Duration,
    /// How many cases may be busy at once. One that begins to wait with a `within` longer than usual does not count any more, nor one that
    /// has done nothing but wait for a second; where it has a browser, only if the machine has time for one more.
    pub turns: Turns,
    /// Which repetition this is, from 1.
    pub take: u32,
    /// The folder for the record of each case that is played; none is written if `None`.
    pub traces: Option<PathBuf>,
    /// How much of each case is recorded; one in which more happens is inconclusive.
    pub limit: Limit,
    /// Why no record can be written, if that is known already: then nothing is played.
    pub unwritable: Option<String>,
    /// What glare was told besides scenarios, casts and the seed, as arguments: what plays a case again.
    pub options: Arc<[String]>,
    /// Cancelled when somebody wants the run to end now.
    pub interrupt: CancellationToken,
    /// Sent with every request to the server, besides what the peers send.
    pub headers: Arc<[(String, String)]>,
    /// Everything speaks TLS, if it is there.
    pub security: Option<Security>,
    /// What each peer is given to be let in.
    pub logins: Arc<Logins>,
    /// What is struck out wherever something is recorded.
    pub secrets: Arc<[String]>,
    /// What steps put into fields of pages by these names. They are among the `secrets` as well.
    pub filled: Arc<BTreeMap<String, String>>,
    /// What all peers do wrong, to see that it is noticed.
    pub peer_fault: Option<PeerFault>,
    /// What the chat's page does wrong, which the reference server serves.
    pub page_fault: Option<PageFault>,
}

impl Setting {
    /// How long one case may take where nobody says.
    pub const MAX_TIME: Duration = Duration::from_secs(120);

    /// With what hardly anybody changes: no delays, [`Setting::MAX_TIME`], twice as many busy cases as cores, no traces.
    pub fn new(server: ServerSpec, dialect: Arc<Dialect>, pool: Pool, run: Run) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            server,
            app: None,
            dialect,
            translator: None,
            pool,
            run,
            shake: None,
            max_time: Self::MAX_TIME,
            turns: Turns::new(cores * 2),
            take: 1,
            traces: None,
            limit: Limit::default(),
            unwritable: None,
            options: Arc::default(),
            interrupt: CancellationToken::new(),
            headers: Arc::default(),
            security: None,
            logins: Arc::default(),
            secrets: Arc::default(),
            filled: Arc::default(),
            peer_fault: None,
            page_fault: None,
        }
    }

    /// The embedded reference server with these faults planted; pool and run are this process's own.
    ///
    /// # Errors
    /// The run's folder or watchdog, or the pool, cannot be had.
    pub fn reference(faults: Faults) -> Result<Self, EnvironmentError> {
        Ok(Self::new(
            ServerSpec::faulty(faults),
            Dialect::reference(),
            Pool::global()?.clone(),
            Run::global()?.clone(),
        ))
    }
}

impl Setting {
    /// The same, where names are said that nobody promised to take: what comes of it is to be seen.
    pub(crate) fn asking_any_name(self: &Arc<Self>) -> Arc<Self> {
        if self.dialect.properties().takes_any_name {
            return self.clone();
        }
        Arc::new(Self {
            dialect: Arc::new(self.dialect.taking_any_name()),
            ..Self::clone(self)
        })
    }

    /// The setting of this case: the reference server's rooms are as large as its scenario needs them, and a second line is let in if it has one.
    fn of(self: Arc<Self>, case: &Case) -> Arc<Self> {
        if let Some((_, second)) = case.scenario.second()
            && Arc::ptr_eq(&self.dialect, &Dialect::reference())
        {
            let (same_id, dialect) = match second {
                Second::TakesOver => (SameId::Takeover, Dialect::reference_taking_over()),
                Second::Resumes => (SameId::Resume, Dialect::reference_resuming()),
            };
            return match self.server.with_same_id(same_id) {
                Some(server) => Arc::new(Self {
                    server,
                    dialect,
                    ..Self::clone(&self)
                }),
                None => self,
            };
        }
        let size = case.scenario.room_size();
        if size <= RoomSize::default().get() || !Arc::ptr_eq(&self.dialect, &Dialect::reference()) {
            return self;
        }
        match self.server.with_rooms_of(size) {
            Some(server) => Arc::new(Self {
                server,
                dialect: Dialect::reference_of(size),
                ..Self::clone(&self)
            }),
            None => self,
        }
    }

    /// The same with the program that reads and writes for the dialect, where there is one to be; or why it cannot be had.
    async fn translated(self: Arc<Self>) -> Result<Arc<Self>, String> {
        if !self.dialect.is_translated() || self.dialect.has_translator() {
            return Ok(self);
        }
        let Some(spec) = self.translator.clone() else {
            return Err(format!(
                "the dialect `{}` says `framing: program`, and no program is named: `translator` in the project file, or --translator",
                self.dialect.name()
            ));
        };
        let (dialect, run) = (Arc::clone(&self.dialect), self.run.clone());
        let started = tokio::task::spawn_blocking(move || Program::start(&spec, &dialect, &run));
        let program = started.await.map_err(|error| error.to_string())??;
        let dialect = self.dialect.with_translator(Arc::new(program));
        Ok(Arc::new(Self {
            dialect: Arc::new(dialect),
            ..Self::clone(&self)
        }))
    }

    /// What a tap of this setting needs, whoever is behind it.
    fn tap(&self, address: IpAddr, server: SocketAddr) -> TapOptions {
        let mut options = TapOptions::new(address, server);
        options.site = self.server.site();
        options.headers = self.headers.clone();
        if self.dialect.via() == crate::terms::Via::LongPoll {
            let route = crate::tap::PollRoute {
                method: "GET".to_owned(),
                path: self.dialect.line_path().to_owned(),
            };
            options.polls = Arc::new([route]);
        }
        let security = self.security.as_ref();
        options.trust = security.map(|security| security.servers().clone());
        options
    }
}

/// The environment broke: what, for a person.
#[derive(Clone, Debug)]
pub(crate) struct Trouble(pub String);

/// What the tap of a case does with the messages of `peer` while no fault is placed: decodes, records and passes each. For
/// measurements, and for a tap without a stage.
pub fn recording(
    peer: PeerName,
    others: &[PeerName],
    recorder: Recorder,
    dialect: Arc<Dialect>,
) -> Arc<dyn Policy> {
    let directory = directory::Directory::new(others.iter().chain([&peer]));
    let rules = Arc::default();
    let digest = Digest::new();
    Arc::new(wire::Wire::new(
        peer, recorder, digest, rules, directory, dialect, None,
    ))
}
