//! Strangers who meet on a server after somebody was harmed, and the control of that: what they are asked is asked once where no harm was done.
//! If it does not go well there either, nothing is known, and nobody is accused.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::desk::{Desk, desk};
use super::probe::{Gate, Probe, Stuck};
use super::{Case, Setting};
use crate::mind::{description, whole_description};
use crate::names::{PeerName, RoomName};
use crate::scenario::{Action, Pattern};
use crate::server::{ServerSpec, ServerUnderTest, Wanted};
use crate::signaling::{Alias, Book, Dialect, Kind, Signal};
use crate::tap::TapOptions;

/// How long a server may take to serve a stranger, on a machine that has much else to do.
pub(super) const SERVES_WITHIN: Duration = Duration::from_secs(20);

/// Strangers who come to one server.
#[derive(Clone)]
pub(super) struct Strangers {
    tap: TapOptions,
    desk: Desk,
    dialect: Arc<Dialect>,
    alias: Alias,
    /// The ids that the server gives them.
    book: Book,
}

impl Strangers {
    /// Those who come to this node of the server.
    pub fn at((server, node): (&ServerUnderTest, u32), setting: &Setting, alias: Alias) -> Self {
        let address = server.address_of(node);
        Self {
            desk: desk(server, setting, []),
            tap: setting.tap(Ipv4Addr::LOCALHOST.into(), address),
            dialect: setting.dialect.clone(),
            alias,
            book: Book::default(),
        }
    }

    /// One of them, by this id.
    pub async fn one(&self, id: String) -> Result<Probe, Stuck> {
        Ok(self.through(self.gate().await?, id).await)
    }

    /// A way in, for one or for several.
    pub async fn gate(&self) -> Result<Gate, Stuck> {
        Gate::open(self.tap.clone(), self.dialect.stream()).await
    }

    /// One of them who comes through this.
    pub async fn through(&self, gate: Gate, id: String) -> Probe {
        Probe::new(
            id,
            gate,
            self.desk.clone(),
            self.dialect.clone(),
            self.alias.clone(),
            self.book.clone(),
        )
        .await
    }

    /// How the server is talked to.
    pub fn dialect(&self) -> &Dialect {
        &self.dialect
    }

    /// Two of them meet in a room of their own.
    pub async fn meet(&self, names: &Names) -> Result<(), Stuck> {
        let until = Instant::now() + SERVES_WITHIN;
        pair(names, &self.dialect, |id| self.one(id), until).await
    }
}

/// Whether two strangers can meet on this node of a fresh process of this server. Of one that somebody else has started there is none: it was asked before
/// the steps.
pub(super) async fn meets_unharmed(
    (case, node): (&Case, u32),
    setting: &Setting,
    before: Option<bool>,
    alias: Alias,
) -> bool {
    if let Some(before) = before {
        return before;
    }
    // What is seen of one that other cases are on accuses nobody: it is asked again of a process of its own.
    if let ServerSpec::Lent(_) = &setting.server {
        return true;
    }
    let wanted = Wanted {
        pausable: false,
        security: setting.security.clone(),
    };
    let (spec, run) = (setting.server.clone(), setting.run.clone());
    let Ok(server) = ServerUnderTest::start_as(spec, run, Arc::new(|_| ()), wanted).await else {
        return false;
    };
    let strangers = Strangers::at((&server, node), setting, alias);
    let met = strangers.meet(&Names::of(case).on(node)).await;
    server.stop().await;
    if let Err(Stuck::Server(why) | Stuck::Told(why) | Stuck::Harness(why)) = &met {
        tracing::debug!(why, "strangers cannot meet where no harm was done either");
    }
    met.is_ok()
}

/// Whether any step of this case does harm that law 5 is about.
pub(super) fn is_harmful(case: &Case) -> bool {
    case.scenario
        .each_step()
        .any(|(_, step)| harmed(&step.action).is_some())
}

/// To whom a step does harm, or whom it lets do it.
pub(super) fn harmed(action: &Action) -> Option<&PeerName> {
    match action {
        Action::SendRaw { peer, .. }
        | Action::Http { peer, .. }
        | Action::Kill { peer, .. }
        | Action::Stall { peer }
        | Action::Corrupt {
            pattern: Pattern {
                from: Some(peer), ..
            },
            ..
        }
        | Action::Cut { peer, .. } => Some(peer),
        _ => None,
    }
}

/// Names that nobody in the case has.
#[derive(Clone)]
pub(super) struct Names {
    prefix: String,
    room: RoomName,
}

impl Names {
    pub(super) fn of(case: &Case) -> Self {
        let mut prefix = "glare-probe".to_owned();
        let rooms = || {
            case.scenario
                .each_step()
                .filter_map(|(_, step)| match &step.action {
                    Action::Create { room, .. } | Action::Join { room, .. } => Some(room.as_str()),
                    _ => None,
                })
        };
        let peers = || case.scenario.peers.iter().map(|(name, _)| name.as_str());
        while rooms().chain(peers()).any(|name| name.starts_with(&prefix)) {
            prefix.push('x');
        }
        Self {
            room: RoomName::new(&prefix),
            prefix,
        }
    }

    /// Other names for each node: a room of one may not be free at once for the next.
    pub(super) fn on(&self, node: u32) -> Self {
        if node == 1 {
            return self.clone();
        }
        let prefix = format!("{}-n{node}", self.prefix);
        Self {
            room: RoomName::new(&prefix),
            prefix,
        }
    }

    pub(super) fn id(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }
}

/// A fresh pair joins a fresh room, where there are rooms; an offer passes one way and an answer the other.
async fn pair<F: Future<Output = Result<Probe, Stuck>>>(
    names: &Names,
    dialect: &Dialect,
    probe: impl Fn(String) -> F,
    until: Instant,
) -> Result<(), Stuck> {
    let (mut one, mut other) = (probe(names.id("a")).await?, probe(names.id("b")).await?);
    let sdp = |kind: Kind| match dialect.properties().relays_media {
        true => whole_description(kind.as_str(), kind).into(),
        false => description(kind.as_str()).into(),
    };
    let (offer, answer) = (
        Signal::Offer {
            sdp: sdp(Kind::Offer),
        },
        Signal::Answer {
            sdp: sdp(Kind::Answer),
        },
    );
    let met = async {
        one.connect(until, None).await?;
        other.connect(until, None).await?;
        if dialect.has_rooms() {
            one.create(&names.room, until, None).await?;
            other.join(&names.room, until).await?;
        }
        other.tell(&mut one, offer, until).await?;
        one.tell(&mut other, answer, until).await
    }
    .await;
    one.leave().await;
    other.leave().await;
    met
}
