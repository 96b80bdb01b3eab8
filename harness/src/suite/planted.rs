//! Planted faults, each against the scenarios that claim to catch it: a scenario that cannot fail is worth nothing.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use futures_util::StreamExt as _;
use glare_signaling_server::Fault;
use glare_signaling_server::page::{HAS_FAULTS, PAGE_FAULTS, PageFault};

use super::UNDER_WAY;
use crate::hand::PeerFault;
use crate::laws::Law;
use crate::names::Stack;
use crate::record::{Inconclusive, Unsupported, Verdict};
use crate::scenario::{Cast, Place, Scenario};
use crate::server::ServerSpec;
use crate::stage::{Case, Setting, play};

/// A fault of the reference server, of the harness's own peers, or of the page that the reference server serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Planted {
    /// In the reference server.
    Server(Fault),
    /// In the peers.
    Peer(PeerFault),
    /// In the chat's page.
    Page(PageFault),
}

impl Planted {
    /// All that can be planted, the server's first.
    pub fn all() -> impl Iterator<Item = Planted> {
        let server = Fault::ALL.iter().copied().map(Planted::Server);
        let peers = PeerFault::ALL.iter().copied().map(Planted::Peer);
        let page = PAGE_FAULTS.iter().copied().filter(|fault| fault.shows);
        let page = page.map(Planted::Page);
        server.chain(peers).chain(page)
    }

    /// The name as scenario files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Planted::Server(fault) => fault.as_str(),
            Planted::Peer(fault) => fault.as_str(),
            Planted::Page(fault) => fault.name,
        }
    }

    /// The reference server, its page and the peers, with this fault alone.
    pub fn plant(self, setting: &Setting) -> Setting {
        let mut faulty = Setting {
            server: ServerSpec::faulty(glare_signaling_server::Faults::none()),
            app: None,
            dialect: crate::signaling::Dialect::reference(),
            peer_fault: None,
            page_fault: None,
            ..setting.clone()
        };
        match self {
            Planted::Server(fault) => faulty.server = ServerSpec::faulty(fault),
            Planted::Peer(fault) => faulty.peer_fault = Some(fault),
            Planted::Page(fault) => faulty.page_fault = Some(fault),
        }
        faulty
    }

    /// Why it cannot be planted here.
    fn missing(self) -> Option<&'static str> {
        let needs_build = matches!(self, Planted::Page(_)) && !HAS_FAULTS;
        needs_build.then_some("this build serves the page without faults; those with debug assertions or the feature `page-faults` have them")
    }
}

impl fmt::Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Planted {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Planted::all()
            .find(|planted| planted.as_str() == text)
            .ok_or_else(|| format!("there is no planted fault `{text}`"))
    }
}

/// How a scenario met a fault that it claims to catch.
#[derive(Clone, Debug)]
pub struct Row {
    /// The fault.
    pub planted: Planted,
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// Where it says that it will fail.
    pub expected: Place,
    /// Where it failed.
    pub caught: Caught,
    /// The laws that were broken, wherever it failed.
    pub broken: Vec<Law>,
}

/// Where a fault was caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caught {
    /// Where the scenario says.
    There,
    /// Elsewhere, with the message.
    Elsewhere(String),
    /// Nowhere: the run ended otherwise, or was not played, for a person.
    Not(String),
    /// It was not to be played: these stacks are to be done without.
    LeftOut(Vec<Stack>),
}

/// What all scenarios together catch.
#[derive(Clone, Debug)]
pub struct Table {
    /// By fault, then by scenario.
    pub rows: Vec<Row>,
    /// Faults that no scenario claims to catch.
    pub uncaught: Vec<Planted>,
    /// Names in `catches:` that are no faults, with their scenario.
    pub unknown: Vec<(Arc<Scenario>, String)>,
}

impl Table {
    /// Every fault has a scenario, and is caught where that says, or was not to be played.
    pub fn is_whole(&self) -> bool {
        let there = |row: &Row| matches!(row.caught, Caught::There | Caught::LeftOut(_));
        self.rows.iter().all(there) && self.uncaught.is_empty() && self.unknown.is_empty()
    }
}

/// The cast of a scenario that needs no browser.
pub fn native(scenario: &Scenario) -> Option<Cast> {
    scenario.casts().into_iter().find(|cast| {
        let mut stacks = cast.stacks().values();
        stacks.all(|stack| matches!(stack, Stack::Native | Stack::Wire))
    })
}

/// The cast that a fault is tried on: without browsers if that is possible, else the first.
fn cast(scenario: &Scenario) -> Option<Cast> {
    native(scenario).or_else(|| scenario.casts().into_iter().next())
}

/// Plays each scenario with each fault that it names: natively, or in browsers where it says so. `stacks`: those that may be used.
pub async fn planted(scenarios: &[Arc<Scenario>], setting: &Setting, stacks: &[Stack]) -> Table {
    let mut unknown = Vec::new();
    let mut wanted = Vec::new();
    for scenario in scenarios {
        for (name, place) in &scenario.catches {
            match name.parse::<Planted>() {
                Ok(planted) => wanted.push((planted, scenario.clone(), place.clone())),
                Err(_) => unknown.push((scenario.clone(), name.clone())),
            }
        }
    }
    let mut rows: Vec<Row> = futures_util::stream::iter(wanted)
        .map(|(planted, scenario, place)| row(planted, scenario, place, setting, stacks))
        .buffer_unordered(UNDER_WAY)
        .collect()
        .await;
    rows.sort_by(|a, b| {
        let key = |row: &Row| (row.planted, row.scenario.file());
        key(a).cmp(&key(b))
    });
    let caught = |planted: &Planted| rows.iter().any(|row| row.planted == *planted);
    Table {
        uncaught: Planted::all().filter(|planted| !caught(planted)).collect(),
        rows,
        unknown,
    }
}

async fn row(
    planted: Planted,
    scenario: Arc<Scenario>,
    expected: Place,
    setting: &Setting,
    stacks: &[Stack],
) -> Row {
    let cast = cast(&scenario).ok_or_else(|| Caught::Not("it has no cast".into()));
    let cast = cast.and_then(|cast| {
        let wanted = cast.stacks().values().copied();
        let without: BTreeSet<Stack> = wanted
            .filter(|stack| *stack != Stack::Wire && !stacks.contains(stack))
            .collect();
        match without.is_empty() {
            true => Ok(cast),
            false => Err(Caught::LeftOut(without.into_iter().collect())),
        }
    });
    let cast = match planted.missing() {
        Some(why) => Err(Caught::Not(why.to_owned())),
        None => cast,
    };
    let cast = match cast {
        Ok(cast) => cast,
        Err(caught) => {
            return Row {
                planted,
                scenario,
                expected,
                caught,
                broken: Vec::new(),
            };
        }
    };
    let case = Case {
        scenario: scenario.clone(),
        cast,
    };
    let outcome = play(&case, Arc::new(planted.plant(setting))).await;
    let caught = match &outcome.verdict {
        Verdict::Fail(failure) if failure.place.as_ref() == Some(&expected) => Caught::There,
        Verdict::Fail(failure) => Caught::Elsewhere(match &failure.place {
            Some(place) => format!("{place}: {}", failure.message),
            None => failure.message.clone(),
        }),
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => {
            Caught::Not("it passed".into())
        }
        Verdict::Unsupported(Unsupported { why, .. })
        | Verdict::Inconclusive(Inconclusive { why, .. }) => {
            Caught::Not(format!("{}: {why}", outcome.verdict.word()))
        }
    };
    let broken = outcome.laws.iter();
    let broken = broken.filter(|judged| !judged.breaches().is_empty());
    Row {
        planted,
        scenario,
        expected,
        caught,
        broken: broken.map(|judged| judged.finding.law).collect(),
    }
}
