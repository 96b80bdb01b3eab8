//! One peer on the stage: its tap, its hand and its mind.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::directory::Directory;
use super::driver::{Driver, Lost, Setup};
use super::order::{Done, Order, Task};
use super::rules::Rules;
use super::wire::Wire;
use super::{Setting, Trouble};
use crate::hand::{Hand, Happenings, PeerFault};
use crate::mind::Policy;
use crate::names::{PeerName, Stack};
use crate::peer::browser::Seat;
use crate::peer::{NativePeer, Origin, WirePeer, browser, next_address};
use crate::record::{Digest, Recorder, Seq};
use crate::scenario::Offers;
use crate::scenario::PeerSpec;
use crate::tap::{Cut, Pages, Tap};
use crate::terms::Kill;

/// How long [`PeerFault::StaysOnStage`] stays: longer than anybody waits for it to be gone.
const OVERSTAYS: std::time::Duration = std::time::Duration::from_secs(10);

/// What all peers of one case have in common.
#[derive(Clone)]
pub(super) struct Scene {
    pub setting: Arc<Setting>,
    pub recorder: Recorder,
    pub digest: Digest,
    pub rules: Arc<Rules>,
    pub directory: Directory,
    pub upstream: SocketAddr,
    pub lost: Lost,
}

/// One peer on the stage.
pub(super) struct Actor {
    pub name: PeerName,
    spec: PeerSpec,
    stack: Stack,
    /// How many more steps kill its browser, which until then must be its own.
    killings: usize,
    pub tap: Tap,
    pub wire: Arc<Wire>,
    scene: Scene,
    /// The page that it is about to sit down at.
    seat: Option<Seat>,
    life: Option<Life>,
    next_link: u32,
    next_conn: u32,
}

struct Life {
    hand: Arc<dyn Hand>,
    tasks: mpsc::UnboundedSender<Task>,
    driver: JoinHandle<(u32, u32)>,
}

/// What the taps serve to browser peers, made once.
fn pages() -> Arc<Pages> {
    static PAGES: OnceLock<Arc<Pages>> = OnceLock::new();
    PAGES
        .get_or_init(|| {
            let pages = browser::pages()
                .into_iter()
                .fold(Pages::new(), |pages, (path, content_type, body)| {
                    pages.with(path, content_type, body)
                });
            Arc::new(pages)
        })
        .clone()
}

impl Actor {
    pub async fn enter(
        name: PeerName,
        spec: PeerSpec,
        stack: Stack,
        killings: usize,
        scene: Scene,
    ) -> Result<Self, Trouble> {
        let wire = Arc::new(Wire::new(
            name.clone(),
            scene.recorder.clone(),
            scene.digest.clone(),
            scene.rules.clone(),
            scene.directory.clone(),
            scene.setting.dialect.clone(),
            scene.setting.shake,
        ));
        let seat = match stack {
            Stack::Chromium | Stack::Firefox if killings == 0 => {
                let seat = scene.setting.pool.seat(stack).await;
                Some(seat.map_err(|error| Trouble(error.to_string()))?)
            }
            _ => None,
        };
        let address = match &seat {
            Some(seat) => seat.address(),
            None => next_address().into(),
        };
        let mut options = scene.setting.tap(address, scene.upstream);
        options.pages = Some(pages());
        if let Some(security) = &scene.setting.security {
            let identity = security.tap(address);
            options.identity = Some(identity.map_err(|error| Trouble(error.to_string()))?);
        }
        let tap = Tap::start(options, wire.clone())
            .await
            .map_err(|error| Trouble(format!("no port for the tap of {name}: {error}")))?;
        let mut actor = Self {
            name,
            spec,
            stack,
            killings,
            tap,
            wire,
            scene,
            seat,
            life: None,
            next_link: 1,
            next_conn: 1,
        };
        actor.live().await?;
        Ok(actor)
    }

    /// What it does by itself: what the scenario says; else what the dialect says of its server; else the usual.
    fn policy(&self) -> Policy {
        let mut policy = Policy::of(&self.spec, self.scene.setting.peer_fault);
        if self.spec.offers.is_none() && self.scene.setting.dialect.offers() == Some("insider") {
            policy.offers = Offers::Insider;
        }
        policy.gathers_first = self.scene.setting.dialect.candidates_within();
        policy
    }

    /// Gives it a hand and a mind, if it has none.
    pub async fn live(&mut self) -> Result<(), Trouble> {
        if self.life.is_some() {
            return Ok(());
        }
        let (hand, happenings) = self.hand().await?;
        let (tasks, driver) = Driver::start(Setup {
            name: self.name.clone(),
            reconnects: self.spec.reconnects,
            policy: self.policy(),
            hand: hand.clone(),
            happenings,
            wire: self.wire.clone(),
            recorder: self.scene.recorder.clone(),
            directory: self.scene.directory.clone(),
            dialect: self.scene.setting.dialect.clone(),
            first_link: self.next_link,
            first_conn: self.next_conn,
            lost: self.scene.lost.clone(),
        });
        self.life = Some(Life {
            hand,
            tasks,
            driver,
        });
        Ok(())
    }

    async fn hand(&mut self) -> Result<(Arc<dyn Hand>, Happenings), Trouble> {
        let origin = Origin {
            address: self.tap.address(),
            trust: (self.scene.setting.security.as_ref()).map(|security| security.peers().clone()),
        };
        match self.stack {
            Stack::Native => {
                let address = self.scene.setting.pool.advertised();
                let (peer, happenings) = NativePeer::start_at(origin, address).await;
                Ok((Arc::new(peer), happenings))
            }
            Stack::Wire => {
                let (peer, happenings) = WirePeer::start(origin).await;
                Ok((Arc::new(peer), happenings))
            }
            Stack::Chromium | Stack::Firefox => {
                let pool = &self.scene.setting.pool;
                let origin = self.tap.origin();
                let (peer, happenings) = match self.seat.take() {
                    Some(seat) => seat.peer(&origin).await,
                    None if self.killings > 0 => pool.own_browser(self.stack, &origin).await,
                    None => pool.peer_again(self.stack, &origin).await,
                }
                .map_err(|error| Trouble(error.to_string()))?;
                Ok((Arc::new(peer), happenings))
            }
        }
    }

    pub fn stack(&self) -> Stack {
        self.stack
    }

    /// Whether it is there; a killed peer is not until a step needs it again.
    pub fn lives(&self) -> bool {
        self.life.is_some()
    }

    /// Gives an order and waits until it is carried out, which is as long as the stack and the server take.
    pub async fn order(&mut self, order: Order, cause: Vec<Seq>) -> Result<Done, Trouble> {
        self.live().await?;
        Ok(self.begin(order, cause).await)
    }

    /// Gives an order to one who lives; how it ends comes later.
    pub fn begin(
        &self,
        order: Order,
        cause: Vec<Seq>,
    ) -> impl Future<Output = Done> + Send + 'static {
        let (done, end) = oneshot::channel();
        if let Some(life) = &self.life {
            drop(life.tasks.send(Task { order, cause, done }));
        }
        let name = self.name.clone();
        async move {
            let done = end.await;
            done.unwrap_or_else(|_| Done::No(format!("{name} ended before it was done")))
        }
    }

    /// Makes it die. Its next order brings a new one to the stage.
    pub async fn kill(&mut self, how: Kill) -> Result<(), Trouble> {
        if how == Kill::Socket {
            self.tap.cut(None, Cut::Reset).await;
            return Ok(());
        }
        if how == Kill::Browser {
            self.killings = self.killings.saturating_sub(1);
        }
        if let Some(life) = self.life.take() {
            if let Err(error) = life.hand.kill(how).await {
                return Err(Trouble(format!(
                    "{} could not be killed: {error}",
                    self.name
                )));
            }
            self.end_driver(life.tasks, life.driver).await;
            let hand = life.hand;
            tokio::spawn(async move { hand.finish().await });
        }
        Ok(())
    }

    async fn end_driver(
        &mut self,
        tasks: mpsc::UnboundedSender<Task>,
        driver: JoinHandle<(u32, u32)>,
    ) {
        drop(tasks);
        if let Ok((link, conn)) = driver.await {
            self.next_link = link + 1;
            self.next_conn = conn + 1;
        }
    }

    /// Off the stage: everything given back.
    pub async fn exit(mut self) {
        if let Some(life) = self.life.take() {
            // It may be in the middle of what nobody waits for any more.
            life.driver.abort();
            drop(life.driver.await);
            life.hand.finish().await;
        }
        if self.scene.setting.peer_fault == Some(PeerFault::StaysOnStage) {
            tokio::spawn(async move {
                tokio::time::sleep(OVERSTAYS).await;
                self.tap.stop().await;
            });
            return;
        }
        self.tap.stop().await;
    }
}
