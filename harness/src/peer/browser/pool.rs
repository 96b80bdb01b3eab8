//! The browsers of a run, and their warm pages.
//!
//! The pool does its I/O on a runtime of its own, since the runtimes of tests come and go; callers on any runtime, or on
//! none, speak to it through channels.

use std::net::{IpAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::Instant;

use super::guest::{Equipment, Guest};
use super::lease::{Idle, Lease, Shelf, close};
use super::line::Line;
use super::page::Page;
use super::running::Browser;
use super::starved::Starved;
use super::{BrowserPeer, DriverUrl, EnvironmentError, Remotes};
use crate::hand::Happenings;
use crate::lock::lock;
use crate::names::Stack;
use crate::peer::next_address;
use crate::run::Run;

/// How many pages one browser lends at a time. Who comes later waits in line.
pub const PAGES_PER_BROWSER: usize = 32;

/// So many guests of one browser are kept ready at most: each costs a renderer (some 60 MB in Chromium).
const SPARES: usize = 2;

/// Who starts a browser, whichever pool's, holds one of these. With dozens at once (`--repeat 20`) two cores had a load of 43, and
/// with a dozen on one core none had started after a minute.
static STARTING: Semaphore = Semaphore::const_new(2);

/// Lends pages of real browsers. Clones are handles to the same pool.
#[derive(Clone, Debug)]
pub struct Pool(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    run: Run,
    handle: Handle,
    runtime: Mutex<Option<Runtime>>,
    chromium: Arc<Shelf>,
    firefox: Arc<Shelf>,
    remotes: Option<Remotes>,
    /// Browsers of one peer each.
    own: Mutex<Vec<Weak<Browser>>>,
    /// How long the machine kept each browser waiting that is here.
    starved: Mutex<Vec<Weak<Starved>>>,
    over: AtomicBool,
}

/// A page that is set aside for a peer whose tap is yet to be made.
///
/// A browser gives each site a renderer process of its own, and starting one is the dearest part of loading a page (Chromium, two pages:
/// some 0.2 s of CPU time a case). So each page of the pool has an address where it lives, and a peer's tap is put there: one load after the
/// other stays in one process, and nobody else gets the address before its cookies are gone.
#[derive(Debug)]
pub struct Seat {
    shared: Arc<Shared>,
    shelf: Arc<Shelf>,
    home: IpAddr,
    permit: Option<OwnedSemaphorePermit>,
    /// `None`: it is yet to be opened.
    page: Option<Arc<Page>>,
}

impl Seat {
    /// The address for the tap: one of 127.x.y.z that no other peer has, or that at which a browser elsewhere reaches this machine.
    pub fn address(&self) -> IpAddr {
        self.home
    }

    /// Loads `{origin}/.glare/peer` (see [`pages`](super::pages)) in the page. `origin` is the peer's tap, `http://127.x.y.z:port`.
    pub async fn peer(
        mut self,
        origin: &str,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        let pool = Pool(Arc::clone(&self.shared));
        let origin = origin.to_owned();
        pool.on_its_runtime(async move {
            let Some(permit) = self.permit.take() else {
                return Err(EnvironmentError::Pool("the seat was taken".into()));
            };
            let (shared, shelf) = (Arc::clone(&self.shared), Arc::clone(&self.shelf));
            let page = self.page.take();
            shared.lend(shelf, permit, self.home, page, origin).await
        })
        .await
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(page) = self.page.take() {
            let (renewed, idle) = oneshot::channel();
            // Its other end is in the next line.
            let _ = renewed.send(page);
            lock(&self.shelf.idle).push_front(Idle {
                home: self.home,
                page: idle,
            });
        }
    }
}

impl Pool {
    /// The pool of this process, in [`Run::global`]. Browsers start when they are first wanted.
    pub fn global() -> Result<&'static Pool, EnvironmentError> {
        static POOL: OnceLock<Result<Pool, EnvironmentError>> = OnceLock::new();
        POOL.get_or_init(|| Pool::start(Run::global()?.clone()))
            .as_ref()
            .map_err(Clone::clone)
    }

    /// A pool in a run, lending [`PAGES_PER_BROWSER`] pages of each browser. Starts no browser yet.
    pub fn start(run: Run) -> Result<Self, EnvironmentError> {
        Self::with_pages(run, PAGES_PER_BROWSER)
    }

    /// A pool that lends so many pages of each browser at a time.
    pub fn with_pages(run: Run, pages: usize) -> Result<Self, EnvironmentError> {
        Self::build(run, pages, false, None)
    }

    /// A pool that gives every peer a new user context and a new page, and closes both afterwards: what a pool of warm pages saves
    /// is measured against it.
    pub fn with_fresh_contexts(run: Run) -> Result<Self, EnvironmentError> {
        Self::build(run, PAGES_PER_BROWSER, true, None)
    }

    /// A pool where some browsers are elsewhere. Their sessions are deleted by [`Pool::shutdown`] alone.
    pub fn with_remotes(run: Run, remotes: Remotes) -> Result<Self, EnvironmentError> {
        Self::build(run, PAGES_PER_BROWSER, false, Some(remotes))
    }

    fn build(
        run: Run,
        pages: usize,
        apart: bool,
        remotes: Option<Remotes>,
    ) -> Result<Self, EnvironmentError> {
        // At one address for all, cookies are kept apart only so.
        let is_elsewhere = |stack| (remotes.as_ref()).is_some_and(|all| all.get(stack).is_some());
        let shelf = |stack| Arc::new(Shelf::new(stack, pages, apart || is_elsewhere(stack)));
        let (chromium, firefox) = (shelf(Stack::Chromium), shelf(Stack::Firefox));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("glare-browsers")
            .enable_all()
            .build()
            .map_err(|error| EnvironmentError::Pool(error.to_string().into()))?;
        Ok(Self(Arc::new(Shared {
            run,
            handle: runtime.handle().clone(),
            runtime: Mutex::new(Some(runtime)),
            chromium,
            firefox,
            remotes,
            own: Mutex::default(),
            starved: Mutex::default(),
            over: AtomicBool::new(false),
        })))
    }

    /// How long, since then, the machine kept the browser waiting that it kept waiting longest: its processes were ready to run and did not. Of
    /// browsers elsewhere, and where the system does not tell (Linux does), nothing is known.
    pub fn starved_since(&self, then: Instant) -> Duration {
        let all = lock(&self.0.starved);
        let seen = all.iter().filter_map(Weak::upgrade);
        seen.map(|seen| seen.since(then, Instant::now()))
            .max()
            .unwrap_or_default()
    }

    /// The driver of this stack's browsers, if they are elsewhere.
    pub fn remote(&self, stack: Stack) -> Option<&DriverUrl> {
        self.0.remotes.as_ref()?.get(stack)
    }

    /// The address at which browsers elsewhere reach this machine, if there are any.
    pub fn advertised(&self) -> Option<IpAddr> {
        self.0.remotes.as_ref().map(Remotes::address)
    }

    /// Sets a page aside. Waits in line when all are lent.
    pub async fn seat(&self, stack: Stack) -> Result<Seat, EnvironmentError> {
        let shelf = Arc::clone(self.0.shelf(stack)?);
        let permit = Arc::clone(&shelf.permits)
            .acquire_owned()
            .await
            .map_err(|_| EnvironmentError::Pool("it is shut down".into()))?;
        Ok(self.seat_with(permit, shelf).await)
    }

    async fn seat_with(&self, permit: OwnedSemaphorePermit, shelf: Arc<Shelf>) -> Seat {
        let shared = Arc::clone(&self.0);
        let stack = shelf.stack;
        let (home, page) = match shelf.idle_page().await {
            Some((home, page)) => (home, Some(page)),
            None => match shared.remotes(stack) {
                Some(remotes) => (remotes.address(), None),
                None => (next_address().into(), None),
            },
        };
        Seat {
            shared,
            shelf,
            home,
            permit: Some(permit),
            page,
        }
    }

    /// A page for a peer whose tap is there already: [`Pool::seat`], wherever the page lived before.
    pub async fn peer(
        &self,
        stack: Stack,
        origin: &str,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        self.seat(stack).await?.peer(origin).await
    }

    /// A page for a peer that comes back while its case has others: of the pool, if one is free now, else in a browser of its own. Who has
    /// a page and waits in line for another might wait for one who does the same.
    pub async fn peer_again(
        &self,
        stack: Stack,
        origin: &str,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        let shelf = Arc::clone(self.0.shelf(stack)?);
        match Arc::clone(&shelf.permits).try_acquire_owned() {
            Ok(permit) => self.seat_with(permit, shelf).await.peer(origin).await,
            // There one session serves all.
            Err(_) if self.remote(stack).is_some() => self.peer(stack, origin).await,
            Err(_) => self.own_browser(stack, origin).await,
        }
    }

    /// Starts a browser for one peer alone, which may then be killed with [`Kill::Browser`](crate::terms::Kill::Browser).
    pub async fn own_browser(
        &self,
        stack: Stack,
        origin: &str,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        let (shared, origin) = (Arc::clone(&self.0), origin.to_owned());
        self.on_its_runtime(async move { shared.lend_browser(stack, origin).await })
            .await
    }

    /// A user context with a window, which may be ready; [`Pool::guest_left`] is to be told when it is given back.
    pub(in crate::peer) async fn guest(
        &self,
        stack: Stack,
        with: Equipment,
        own: bool,
    ) -> Result<Guest, EnvironmentError> {
        let shared = Arc::clone(&self.0);
        self.on_its_runtime(async move {
            let shelf = Arc::clone(shared.shelf(stack)?);
            if own {
                return shared.guest_alone(stack, with).await;
            }
            if !with.kept_ready {
                return shared.new_guest(&shelf, with).await;
            }
            {
                let mut spares = lock(&shelf.spares);
                spares.lent += 1;
                spares.most = spares.most.max(spares.lent);
            }
            let guest = match shelf.spare().await {
                Some(guest) => Ok(guest),
                None => shared.new_guest(&shelf, with).await,
            };
            if guest.is_err() {
                lock(&shelf.spares).lent -= 1;
            }
            guest
        })
        .await
    }

    /// A guest of those that are kept ready is no longer wanted. Returns at once.
    pub(in crate::peer) fn guest_left(&self, stack: Stack, with: Equipment) {
        if let Ok(shelf) = self.0.shelf(stack) {
            let mut spares = lock(&shelf.spares);
            spares.lent = spares.lent.saturating_sub(1);
        }
        self.guests_follow(stack, with);
    }

    /// Makes ready as many guests as may be wanted next, where they are not. Returns at once.
    pub(in crate::peer) fn guests_follow(&self, stack: Stack, with: Equipment) {
        let Ok(shelf) = self.0.shelf(stack).map(Arc::clone) else {
            return;
        };
        let mut spares = lock(&shelf.spares);
        while spares.ready.len() < SPARES.min(spares.most) {
            let (made, spare) = oneshot::channel();
            spares.ready.push_back(spare);
            let (shared, shelf) = (Arc::clone(&self.0), Arc::clone(&shelf));
            self.0.handle.spawn(async move {
                match shared.new_guest(&shelf, with).await {
                    // Nobody waits for it when the pool is shut down.
                    Ok(guest) => drop(made.send(guest)),
                    Err(error) => tracing::debug!(%error, "no page was made ready"),
                }
            });
        }
    }

    /// Starts a browser before it is wanted, or says why it cannot be had.
    pub async fn warm_up(&self, stack: Stack) -> Result<(), EnvironmentError> {
        let shared = Arc::clone(&self.0);
        self.on_its_runtime(async move { shared.shelf(stack)?.browser(&shared).await.map(drop) })
            .await
    }

    /// Kills every browser and waits until they are gone and reaped. Nothing can be borrowed after that. The run is for
    /// its owner to end.
    pub async fn shutdown(&self) {
        if self.0.over.swap(true, Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(&self.0);
        for shelf in [&shared.chromium, &shared.firefox] {
            // Who waits in line hears of it.
            shelf.permits.close();
        }
        let ended = self
            .0
            .handle
            .spawn(async move { shared.end_browsers().await });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "browsers are left to the end of the run");
        }
        if let Some(runtime) = lock(&self.0.runtime).take() {
            runtime.shutdown_background();
        }
    }

    async fn on_its_runtime<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, EnvironmentError>> + Send + 'static,
    ) -> Result<T, EnvironmentError> {
        if self.0.over.load(Ordering::SeqCst) {
            return Err(EnvironmentError::Pool("it is shut down".into()));
        }
        match self.0.handle.spawn(work).await {
            Ok(result) => result,
            Err(error) => Err(EnvironmentError::Pool(error.to_string().into())),
        }
    }
}

impl Shared {
    /// Where this stack's browsers are, if they are elsewhere.
    fn remotes(&self, stack: Stack) -> Option<&Remotes> {
        (self.remotes.as_ref()).filter(|remotes| remotes.get(stack).is_some())
    }

    /// A browser here, or elsewhere.
    async fn start(&self, stack: Stack) -> Result<Browser, EnvironmentError> {
        let browser = match self.remotes(stack) {
            Some(remotes) => Browser::start_elsewhere(stack, remotes).await,
            None => Browser::start(stack, &self.run).await,
        }?;
        let mut starved = lock(&self.starved);
        starved.retain(|seen| seen.strong_count() > 0);
        starved.extend(browser.starved().map(Arc::downgrade));
        Ok(browser)
    }

    fn shelf(&self, stack: Stack) -> Result<&Arc<Shelf>, EnvironmentError> {
        match stack {
            Stack::Chromium => Ok(&self.chromium),
            Stack::Firefox => Ok(&self.firefox),
            Stack::Native | Stack::Wire => Err(EnvironmentError::NoBrowser(stack)),
        }
    }

    async fn lend(
        &self,
        shelf: Arc<Shelf>,
        permit: OwnedSemaphorePermit,
        home: IpAddr,
        page: Option<Arc<Page>>,
        origin: String,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        let (browser, page, (line, happenings)) =
            match self.visited_page(&shelf, page, &origin).await {
                // It was dying when it was asked, or the page was. The next one is asked once, and the trace says so.
                Err(error @ EnvironmentError::Page { .. }) => {
                    let visited = self.visited_page(&shelf, None, &origin).await?;
                    visited.1.is_the_second(&error);
                    visited
                }
                visited => visited?,
            };
        let lease = Lease {
            handle: self.handle.clone(),
            browser: Arc::clone(&browser),
            origin,
            from: Some((shelf, permit, home)),
        };
        Ok((BrowserPeer::new(browser, page, line, lease), happenings))
    }

    async fn visited_page(
        &self,
        shelf: &Shelf,
        page: Option<Arc<Page>>,
        origin: &str,
    ) -> Result<(Arc<Browser>, Arc<Page>, (Line, Happenings)), EnvironmentError> {
        let browser = shelf.browser(self).await?;
        let page = match page.filter(|page| page.why_gone().is_none()) {
            Some(page) => page,
            None => browser.open(shelf.apart).await?,
        };
        match browser.visit(&page, origin).await {
            Ok(visited) => Ok((browser, page, visited)),
            Err(error) => {
                self.handle.spawn(close(browser, page));
                Err(error)
            }
        }
    }

    async fn new_page(
        &self,
        browser: &Arc<Browser>,
        origin: &str,
    ) -> Result<(Arc<Page>, (Line, Happenings)), EnvironmentError> {
        let page = browser.open(false).await?;
        match browser.visit(&page, origin).await {
            Ok(visited) => Ok((page, visited)),
            Err(error) => {
                self.handle.spawn(close(Arc::clone(browser), page));
                Err(error)
            }
        }
    }

    async fn lend_browser(
        &self,
        stack: Stack,
        origin: String,
    ) -> Result<(BrowserPeer, Happenings), EnvironmentError> {
        self.shelf(stack)?;
        // Until its page is there.
        let started = STARTING.acquire().await;
        let browser = self.start_own(stack).await?;
        let visited = match self.new_page(&browser, &origin).await {
            // As a page of the pool: another one is asked once.
            Err(error) if !browser.is_dead() => {
                let visited = self.new_page(&browser, &origin).await;
                visited.inspect(|(page, _)| page.is_the_second(&error))
            }
            visited => visited,
        };
        drop(started);
        let (page, (line, happenings)) = match visited {
            Ok(visited) => visited,
            Err(error) => {
                browser.end("it has no page").await;
                return Err(error);
            }
        };
        let lease = Lease {
            handle: self.handle.clone(),
            browser: Arc::clone(&browser),
            origin,
            from: None,
        };
        Ok((BrowserPeer::new(browser, page, line, lease), happenings))
    }

    async fn new_guest(&self, shelf: &Shelf, with: Equipment) -> Result<Guest, EnvironmentError> {
        let browser = shelf.browser(self).await?;
        Guest::enter(browser, with, self.proxy(shelf.stack, with)?, false).await
    }

    /// In a browser of its own.
    async fn guest_alone(&self, stack: Stack, with: Equipment) -> Result<Guest, EnvironmentError> {
        let proxy = self.proxy(stack, with)?;
        let started = STARTING.acquire().await;
        let browser = self.start_own(stack).await?;
        let guest = Guest::enter(Arc::clone(&browser), with, proxy, true).await;
        drop(started);
        if guest.is_err() {
            browser.end("it has no page").await;
        }
        guest
    }

    /// Where a guest's requests are to arrive, if they go through a proxy.
    fn proxy(
        &self,
        stack: Stack,
        with: Equipment,
    ) -> Result<Option<TcpListener>, EnvironmentError> {
        if !with.proxied {
            return Ok(None);
        }
        let address = match self.remotes(stack) {
            Some(remotes) => remotes.address(),
            None => next_address().into(),
        };
        let bound = TcpListener::bind((address, 0));
        let bound = bound.map_err(|error| {
            EnvironmentError::Pool(format!("no port for a proxy at {address}: {error}").into())
        })?;
        Ok(Some(bound))
    }

    async fn start_own(&self, stack: Stack) -> Result<Arc<Browser>, EnvironmentError> {
        let browser = Arc::new(self.start(stack).await?);
        let mut own = lock(&self.own);
        own.retain(|browser| browser.strong_count() > 0);
        own.push(Arc::downgrade(&browser));
        Ok(browser)
    }

    async fn end_browsers(&self) {
        for shelf in [&self.chromium, &self.firefox] {
            // They go with their browsers.
            lock(&shelf.spares).ready.clear();
        }
        let mut browsers: Vec<Arc<Browser>> =
            lock(&self.own).iter().filter_map(Weak::upgrade).collect();
        for shelf in [&self.chromium, &self.firefox] {
            // A browser that is just starting is waited for, so that it is ended too.
            if let Some(Ok(browser)) = shelf.browser.lock().await.take() {
                browsers.push(browser);
            }
        }
        futures_util::future::join_all(
            browsers
                .iter()
                .map(|browser| browser.end("the pool is shut down")),
        )
        .await;
    }
}

impl Shelf {
    fn new(stack: Stack, pages: usize, apart: bool) -> Self {
        Self {
            stack,
            apart,
            permits: Arc::new(Semaphore::new(pages)),
            browser: tokio::sync::Mutex::new(None),
            idle: Mutex::default(),
            spares: Mutex::default(),
        }
    }

    /// The browser, started now if it is not yet, or if the last one died.
    async fn browser(&self, shared: &Shared) -> Result<Arc<Browser>, EnvironmentError> {
        let mut slot = self.browser.lock().await;
        if let Some(Ok(browser)) = &*slot
            && browser.is_dead()
        {
            browser.end(browser.why_dead()).await;
            *slot = None;
        }
        if shared.over.load(Ordering::SeqCst) {
            return Err(EnvironmentError::Pool("it is shut down".into()));
        }
        match &*slot {
            Some(started) => started.clone(),
            None => {
                let permit = STARTING.acquire().await;
                let started = shared.start(self.stack).await.map(Arc::new);
                drop(permit);
                slot.insert(started).clone()
            }
        }
    }

    /// A guest that is ready, or nearly so.
    async fn spare(&self) -> Option<Guest> {
        loop {
            let next = lock(&self.spares).ready.pop_front()?;
            if let Ok(guest) = next.await
                && !guest.browser_is_dead()
            {
                return Some(guest);
            }
        }
    }

    /// A page that was given back, and where it lives. One that is just being renewed is waited for: that is quicker than a new one.
    async fn idle_page(&self) -> Option<(IpAddr, Arc<Page>)> {
        loop {
            let next = lock(&self.idle).pop_front()?;
            if let Ok(page) = next.page.await
                && page.why_gone().is_none()
            {
                return Some((next.home, page));
            }
        }
    }
}
