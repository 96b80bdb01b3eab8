//! One peer on the stage: its tap, its hand and its mind.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::desk::Desk;
use super::directory::Directory;
use super::driver::{Driver, Lost, Setup};
use super::order::{Done, Order, Task};
use super::page::{PageLife, Secrets, Site};
use super::rules::Rules;
use super::wire::Wire;
use super::{Setting, Trouble};
use crate::hand::{Hand, Happenings, PeerFault};
use crate::mind::Policy;
use crate::names::{PeerName, Stack};
use crate::peer::browser::Seat;
use crate::peer::page::{PageError, Wanted};
use crate::peer::{NativePeer, Origin, WirePeer, browser, next_address};
use crate::record::{Digest, Recorder, Seq, What};
use crate::scenario::Offers;
use crate::scenario::{PageDeed, PeerSpec};
use crate::tap::{self, Cut, Forward, Tap};
use crate::terms::Kill;
use crate::tls::Identity;

/// How long [`PeerFault::StaysOnStage`] stays: longer than anybody waits for it to be gone.
const OVERSTAYS: std::time::Duration = std::time::Duration::from_secs(10);

/// How long a peer may take to say what it says last, when all is over.
const PARTS_WITHIN: Duration = Duration::from_secs(2);
/// How long a page may take to close.
const CLOSES_WITHIN: Duration = Duration::from_secs(20);

/// What all peers of one case have in common.
#[derive(Clone)]
pub(super) struct Scene {
    pub setting: Arc<Setting>,
    pub recorder: Recorder,
    pub digest: Digest,
    pub rules: Arc<Rules>,
    pub directory: Directory,
    pub desk: Desk,
    pub upstream: SocketAddr,
    /// Where pages of the user's come from.
    pub pages: Arc<Pages>,
    pub lost: Lost,
    /// Pages that are gone by their own doing, and why.
    pub left: Lost,
}

/// Where pages of the user's come from, and whom they may call.
pub(super) struct Pages {
    /// What comes before each path: `http://127.0.0.1:8080`.
    pub origin: String,
    pub forward: Forward,
    /// What their taps show in the server's place, if that speaks TLS, or the pages come by it.
    pub identity: Option<Identity>,
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

enum Life {
    /// The harness drives it.
    Driven {
        hand: Arc<dyn Hand>,
        tasks: mpsc::UnboundedSender<Task>,
        driver: JoinHandle<(u32, u32)>,
    },
    /// Its user does.
    Page(PageLife),
}

/// What the taps serve to browser peers, made once.
fn own_pages() -> Arc<tap::Pages> {
    static PAGES: OnceLock<Arc<tap::Pages>> = OnceLock::new();
    PAGES
        .get_or_init(|| {
            let pages = browser::pages()
                .into_iter()
                .fold(tap::Pages::new(), |pages, (path, content_type, body)| {
                    pages.with(path, content_type, body)
                });
            Arc::new(pages)
        })
        .clone()
}

/// What the page of a peer is to be in.
fn wanted(stack: Stack, killings: usize, spec: &PeerSpec) -> Wanted {
    Wanted {
        own_browser: killings > 0,
        viewport: spec.viewport,
        ..Wanted::new(stack)
    }
}

/// Where a page is from.
fn site<'a>(scene: &'a Scene, spec: &'a PeerSpec) -> Site<'a> {
    Site {
        origin: &scene.pages.origin,
        home: spec.app.as_deref().unwrap_or("/"),
        fault: scene.setting.page_fault,
    }
}

impl Actor {
    pub async fn enter(
        name: PeerName,
        spec: PeerSpec,
        stack: Stack,
        killings: usize,
        scene: Scene,
    ) -> Result<Self, Trouble> {
        let wire = Wire::new(
            name.clone(),
            scene.recorder.clone(),
            scene.digest.clone(),
            scene.rules.clone(),
            scene.directory.clone(),
            scene.setting.dialect.clone(),
            scene.setting.shake,
        );
        if spec.is_app() {
            return Self::enter_page(name, spec, stack, killings, wire, scene).await;
        }
        let wire = Arc::new(wire);
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
        options.pages = Some(own_pages());
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

    /// A page of the user's, whose tap is the proxy of its user context.
    async fn enter_page(
        name: PeerName,
        spec: PeerSpec,
        stack: Stack,
        killings: usize,
        wire: Wire,
        scene: Scene,
    ) -> Result<Self, Trouble> {
        let wire = Arc::new(wire.of_a_page());
        if let Some(path) = &spec.app {
            let (peer, path) = (name.clone(), path.clone());
            scene.recorder.record(What::App { peer, path }, &[]);
        }
        let wanted = wanted(stack, killings, &spec);
        let (life, proxy) = PageLife::start(
            &name,
            wanted,
            (&scene.setting.pool, &scene.lost, &scene.left),
            wire.clone(),
            1,
        )
        .await
        .map_err(|error| Trouble(error.to_string()))?;
        let mut options = scene.setting.tap(scene.upstream.ip(), scene.upstream);
        options.site = None;
        options.forward = Some(scene.pages.forward.clone());
        options.identity = scene.pages.identity.clone();
        let tap = Tap::start_on(proxy, options, wire.clone())
            .await
            .map_err(|error| Trouble(format!("no tap for {name}: {error}")))?;
        Ok(Self {
            name,
            spec,
            stack,
            killings,
            tap,
            wire,
            scene,
            seat: None,
            life: Some(Life::Page(life)),
            next_link: 1,
            next_conn: 1,
        })
    }

    /// Whether it is a page of the user's.
    pub fn is_page(&self) -> bool {
        self.spec.is_app()
    }

    /// No step comes any more. Of a page, the browser may make the next one's ready meanwhile.
    pub fn is_done_with(&self) {
        if let Some(Life::Page(life)) = &self.life {
            life.is_done_with();
        }
    }

    /// What has to be awaited before the user of a page can do this; see [`PageLife::opening`].
    pub fn opening(
        &mut self,
        deed: &PageDeed,
        step: Seq,
        times: (Duration, Duration),
    ) -> Option<impl Future<Output = Result<(), PageError>> + Send + use<>> {
        let Some(Life::Page(life)) = &mut self.life else {
            return None;
        };
        let site = site(&self.scene, &self.spec);
        let opening = life.opening(deed, &site, times)?;
        if let Some(page) = &self.wire.page {
            page.acts(step);
        }
        Some(opening)
    }

    /// What the user of a page does, to be awaited.
    pub fn deed(
        &self,
        deed: &PageDeed,
        step: Seq,
        within: Duration,
    ) -> Option<impl Future<Output = Result<Option<Vec<u8>>, PageError>> + Send + use<>> {
        let Some(Life::Page(life)) = &self.life else {
            return None;
        };
        if let Some(page) = self.wire.page.as_ref().filter(|_| deed.acts()) {
            page.acts(step);
        }
        let site = site(&self.scene, &self.spec);
        Some(life.deed(deed, &site, &self.secrets(), within))
    }

    /// What is to be seen of a page now.
    pub fn picture(
        &self,
        within: Duration,
    ) -> Option<impl Future<Output = Option<Vec<u8>>> + use<>> {
        match &self.life {
            Some(Life::Page(life)) => Some(life.picture(&self.secrets(), within)),
            _ => None,
        }
    }

    fn secrets(&self) -> Secrets {
        Secrets {
            by_name: self.scene.setting.filled.clone(),
            all: self.scene.setting.secrets.clone(),
        }
    }

    /// Keeps a picture beside the record, if one is written. Where it is.
    pub fn keep_picture(&self, name: &str, picture: &[u8]) -> Option<PathBuf> {
        let path = self.picture_path(name)?;
        let kept = std::fs::write(&path, picture);
        kept.ok().map(|()| path)
    }

    /// Whether such a picture is kept already.
    pub fn has_picture(&self, name: &str) -> bool {
        self.picture_path(name).is_some_and(|path| path.exists())
    }

    fn picture_path(&self, name: &str) -> Option<PathBuf> {
        let setting = &self.scene.setting;
        let take = match setting.take {
            0 | 1 => String::new(),
            take => format!("-{take}"),
        };
        let folder = setting.traces.as_ref()?;
        Some(folder.join(format!("{name}-{}{take}.png", self.name)))
    }

    /// What it does by itself: what the scenario says; else what the dialect says of its server; else the usual.
    fn policy(&self) -> Policy {
        let mut policy = Policy::of(&self.spec, self.scene.setting.peer_fault);
        if self.spec.offers.is_none() && self.scene.setting.dialect.offers() == Some("insider") {
            policy.offers = Offers::Insider;
        }
        policy.gathers_first = self.scene.setting.dialect.candidates_within();
        policy.relayed = self.scene.setting.dialect.properties().relays_media;
        policy
    }

    /// Gives it a hand and a mind, if it has none.
    pub async fn live(&mut self) -> Result<(), Trouble> {
        if self.life.is_some() {
            return Ok(());
        }
        if self.is_page() {
            return self.live_as_page().await;
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
            desk: self.scene.desk.clone(),
            dialect: self.scene.setting.dialect.clone(),
            first_link: self.next_link,
            first_conn: self.next_conn,
            lost: self.scene.lost.clone(),
        });
        self.life = Some(Life::Driven {
            hand,
            tasks,
            driver,
        });
        Ok(())
    }

    /// A page whose browser was killed comes back in another one, behind the same tap.
    async fn live_as_page(&mut self) -> Result<(), Trouble> {
        let wanted = wanted(self.stack, self.killings, &self.spec);
        let (name, wire) = (&self.name, self.wire.clone());
        let started = PageLife::start(
            name,
            wanted,
            (&self.scene.setting.pool, &self.scene.lost, &self.scene.left),
            wire,
            self.next_conn,
        )
        .await;
        let (life, proxy) = started.map_err(|error| Trouble(error.to_string()))?;
        let listens = self.tap.listen_also(proxy);
        listens.map_err(|error| Trouble(format!("no tap for {name}: {error}")))?;
        self.life = Some(Life::Page(life));
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
        match &self.life {
            Some(Life::Page(life)) => life.lives(),
            life => life.is_some(),
        }
    }

    /// Whether it is a page that lives on in another tab when the one in front dies.
    pub fn has_other_tabs(&self) -> bool {
        matches!(&self.life, Some(Life::Page(life)) if life.has_others())
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
        if let Some(Life::Driven { tasks, .. }) = &self.life {
            drop(tasks.send(Task { order, cause, done }));
        }
        let name = self.name.clone();
        async move {
            let done = end.await;
            done.unwrap_or_else(|_| Done::No(format!("{name} ended before it was done")))
        }
    }

    /// Makes it die. Its next order brings a new one to the stage. A socket that is yet to become one has so much time for that.
    pub async fn kill(&mut self, how: Kill, patience: Duration) -> Result<(), Trouble> {
        if how == Kill::Socket {
            self.tap.cut_within(None, Cut::Reset, patience).await;
            return Ok(());
        }
        if how == Kill::Browser {
            self.killings = self.killings.saturating_sub(1);
        }
        let unkilled = |error: &dyn std::fmt::Display| {
            Err(Trouble(format!(
                "{} could not be killed: {error}",
                self.name
            )))
        };
        match self.life.take() {
            None => {}
            Some(Life::Driven {
                hand,
                tasks,
                driver,
            }) => {
                if let Err(error) = hand.kill(how).await {
                    return unkilled(&error);
                }
                self.end_driver(tasks, driver).await;
                tokio::spawn(async move { hand.finish().await });
            }
            Some(Life::Page(mut life)) if how == Kill::Tab => {
                let closed = life.close_tab(CLOSES_WITHIN).await;
                self.life = Some(Life::Page(life));
                if let Err(error) = closed {
                    let name = &self.name;
                    return Err(Trouble(format!("{name} could not be closed: {error}")));
                }
            }
            Some(Life::Page(life)) => {
                let (killed, last) = life.kill_browser().await;
                self.next_conn = last + 1;
                if let Err(error) = killed {
                    let name = &self.name;
                    return Err(Trouble(format!("{name} could not be killed: {error}")));
                }
            }
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
        if self.scene.setting.dialect.says_last() {
            let parted = self.begin(Order::Disconnect, Vec::new());
            drop(tokio::time::timeout(PARTS_WITHIN, parted).await);
        }
        match self.life.take() {
            None => {}
            Some(Life::Driven { hand, driver, .. }) => {
                // It may be in the middle of what nobody waits for any more.
                driver.abort();
                drop(driver.await);
                hand.finish().await;
            }
            Some(Life::Page(life)) => drop(life.finish().await),
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
