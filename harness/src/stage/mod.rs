//! Plays one scenario with one cast against one server.

mod actor;
mod brain;
mod by_hand;
mod director;
mod directory;
mod faults;
mod outcome;
mod play;
mod rules;
mod session;
mod verbs;
mod waits;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::log::{Digest, Recorder};
use crate::names::PeerName;
use crate::peer::browser::Pool;
use crate::run::Run;
use crate::scenario::{Cast, Scenario};
use crate::server::ServerSpec;
use crate::signaling::Dialect;
use crate::tap::Policy;

pub use outcome::{Failure, Outcome, Verdict};
pub use play::play;

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
    /// How to talk to it.
    pub dialect: Arc<Dialect>,
    /// Where browsers come from.
    pub pool: Pool,
    /// The run whose folder and watchdog are used.
    pub run: Run,
    /// Seeds small random delays at the taps.
    pub shake: Option<u64>,
    /// How long one case may take, whatever its waits say.
    pub max_time: Duration,
    /// How many cases may be busy at once. A case that has done nothing but wait for a second does not count any more.
    pub busy: Arc<Semaphore>,
    /// Which repetition this is, from 1.
    pub take: u32,
    /// Where traces are written; none are if `None`.
    pub traces: Option<PathBuf>,
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
