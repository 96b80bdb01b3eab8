//! One running browser: its process, its session, and its pages.

use std::collections::{HashMap, HashSet};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use fantoccini::Client;
use serde_json::{Value, json};
use tokio::sync::{RwLock, RwLockReadGuard, mpsc};

use super::bidi::{Bidi, BidiError, Event};
use super::deadlines::PAGE_DEADLINE;
use super::fate::{DEAD, Fate};
use super::guests::Guests;
use super::hosts::Hosts;
use super::line::{Exchange, Line};
use super::made::{Made, Maker, Thing};
use super::page::{HOUSE_PATH, PAGE_PATH, Page};
use super::process::Process;
use super::remote::{RemoteSession, Socket};
use super::starved::Starved;
use super::{EnvironmentError, Programs, Remotes, capabilities, chromedriver, firefox};
use crate::hand::Happenings;
use crate::lock::lock;
use crate::names::Stack;
use crate::run::Run;

/// How long a document that is loaded may take to call. It does so while it loads, and again when the call does not get through.
const CALL_DEADLINE: Duration = Duration::from_secs(10);
/// How long after a line's end the event may come that tells why.
pub(super) const TOLD_WITHIN: Duration = Duration::from_secs(3);

/// Where a page and its frame are, how far they are loaded, and the state of the house's line, as text.
const SHOWS: &str = r##"(() => {
  const state = (name, win) => {
    try {
      return `${name} ${win.location.href.split("#")[0]} (${win.document.readyState})`;
    } catch (error) {
      return `${name} that cannot be looked into: ${error.name}`;
    }
  };
  const frame = document.querySelector("iframe");
  const shown = [state("page", window)];
  if (typeof line !== "undefined") shown.push(`line in state ${line.readyState}`);
  if (frame) shown.push(state("frame", frame.contentWindow));
  shown.push(performance.getEntriesByType("resource").map((e) => `${e.name.split("#")[0]} ${e.initiatorType} ${Math.round(e.startTime)}+${Math.round(e.duration)}`).join(", "));
  shown.push(`now ${Math.round(performance.now())}`);
  return shown.join(", ");
})()"##;

/// Chromium's own event, by session of the Chrome DevTools Protocol.
const CRASHED: &str = "goog:cdp.Inspector.targetCrashed";
/// What scripts in a world of their own tell, likewise.
const BOUND: &str = "goog:cdp.Runtime.bindingCalled";

type Pages = Arc<Mutex<HashMap<String, Arc<Page>>>>;

/// A browser. To be ended by [`Browser::end`]; the run's end does it as well.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) stack: Stack,
    pub(super) bidi: Bidi,
    exchange: Exchange,
    pages: Pages,
    /// Who else has windows here.
    pub(super) guests: Guests,
    /// Windows for their tabs.
    pub(super) hosts: Hosts,
    /// User contexts that were made and not removed.
    contexts: Mutex<HashSet<String>>,
    /// Whether pages may be opened.
    may_open: RwLock<bool>,
    pub(super) maker: Maker,
    life: tokio::sync::Mutex<Option<Life>>,
    /// Why nobody can speak to it any more, once that is known.
    death: Death,
    /// How long the machine kept it waiting, if it is on this one.
    starved: Option<Arc<Starved>>,
}

/// A session that is spoken with.
struct Attached {
    bidi: Bidi,
    pages: Pages,
    guests: Guests,
    death: Death,
}

/// Why nobody can speak to a browser any more.
#[derive(Clone, Debug, Default)]
struct Death(Arc<OnceLock<String>>);

impl Death {
    fn why(&self) -> &str {
        self.0.get().map_or(DEAD, String::as_str)
    }
}

/// What ends with it.
#[derive(Debug)]
enum Life {
    /// On this machine. The session belongs to the client, if there is a driver.
    Here {
        process: Process,
        folder: PathBuf,
        _client: Option<Client>,
    },
    /// Behind a driver elsewhere.
    Driven(RemoteSession),
    /// A browser elsewhere that needs no driver, by its URL. It was there before, and stays.
    Direct(String),
}

impl Browser {
    fn new(stack: Stack, exchange: Exchange, attached: Attached, life: Life) -> Self {
        let Attached {
            bidi,
            pages,
            guests,
            death,
        } = attached;
        let starved = match &life {
            Life::Here { process, .. } => Some(process.starved()),
            Life::Driven(_) | Life::Direct(_) => None,
        };
        Self {
            stack,
            maker: Maker::of(bidi.clone()),
            bidi,
            exchange,
            starved,
            pages,
            guests,
            death,
            hosts: Hosts::default(),
            contexts: Mutex::default(),
            may_open: RwLock::new(true),
            life: tokio::sync::Mutex::new(Some(life)),
        }
    }

    /// Starts a browser, behind a driver if it needs one, and one session, with a profile of its own. Nothing is tried twice.
    pub(super) async fn start(stack: Stack, run: &Run) -> Result<Self, EnvironmentError> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let programs = Programs::find(stack)?;
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = run.folder().join(format!("{stack}-{number}"));
        tokio::fs::create_dir(&folder)
            .await
            .map_err(|error| EnvironmentError::Start {
                program: programs.browser.display().to_string(),
                why: format!("no folder for its profile: {error}"),
                output: Vec::new(),
            })?;
        let exchange = Exchange::start(Ipv4Addr::LOCALHOST.into())
            .await
            .map_err(|error| EnvironmentError::Pool(error.to_string().into()))?;
        let (process, attached) = match &programs.driver {
            Some(driver) => {
                let (process, url) = chromedriver::start(driver, &folder, run).await?;
                let fate = process.fate();
                let attached = async {
                    let browser = &programs.browser;
                    let (client, socket) = chromedriver::session(&url, browser, &folder).await?;
                    let attached = Self::attach(stack, &socket, None, Some(fate)).await?;
                    Ok((attached, Some(client)))
                };
                (process, attached.await)
            }
            None => {
                let (process, socket) = firefox::start(&programs.browser, &folder, run).await?;
                let wanted = capabilities::firefox_here();
                let fate = Some(process.fate());
                let attached = Self::attach(stack, &socket, Some(wanted), fate).await;
                (process, attached.map(|attached| (attached, None)))
            }
        };
        match attached {
            Ok((attached, client)) => {
                let life = Life::Here {
                    process,
                    folder,
                    _client: client,
                };
                Ok(Self::new(stack, exchange, attached, life))
            }
            Err(why) => Err(EnvironmentError::Session {
                stack,
                why,
                output: process.end().await.1,
            }),
        }
    }

    /// Asks the driver or browser elsewhere for a session, if this stack has one.
    pub(super) async fn start_elsewhere(
        stack: Stack,
        remotes: &Remotes,
    ) -> Result<Self, EnvironmentError> {
        let address = remotes.address();
        let Some(there) = remotes.get(stack) else {
            return Err(EnvironmentError::NoBrowser(stack));
        };
        let exchange = Exchange::start(address).await.map_err(|error| {
            EnvironmentError::Pool(format!("no port at {address}: {error}").into())
        })?;
        let failed = |why: String| EnvironmentError::Remote {
            stack,
            url: there.to_string(),
            why,
        };
        if let Some(socket) = there.direct() {
            let wanted = capabilities::firefox_elsewhere();
            let attached = Self::attach(stack, &socket, Some(wanted), None).await;
            let attached = attached.map_err(|why| failed(firefox::advised(why)))?;
            let life = Life::Direct(there.to_string());
            return Ok(Self::new(stack, exchange, attached, life));
        }
        let wanted = capabilities::remote(stack, remotes.arguments(stack));
        let session = RemoteSession::open(there, wanted).await;
        let session = session.map_err(failed)?;
        let attached = match session.socket() {
            Ok(socket) => Self::attach(stack, &socket, None, None).await,
            Err(why) => Err(why),
        };
        match attached {
            Ok(attached) => Ok(Self::new(stack, exchange, attached, Life::Driven(session))),
            Err(why) => {
                session.close().await;
                Err(failed(why))
            }
        }
    }

    /// Speaks WebDriver BiDi with a session, and listens to what it tells. Where there is none yet, it is made with what is `wanted`.
    async fn attach(
        stack: Stack,
        socket: &Socket,
        wanted: Option<Value>,
        fate: Option<Fate>,
    ) -> Result<Attached, String> {
        let (sender, events) = mpsc::unbounded_channel();
        let bidi = Bidi::connect(socket, PAGE_DEADLINE, sender).await?;
        let (pages, guests, death) = (Pages::default(), Guests::default(), Death::default());
        tokio::spawn({
            let (pages, guests, death) = (Arc::clone(&pages), guests.clone(), death.clone());
            dispatch(events, pages, guests, (fate, death))
        });
        let own = wanted.is_some();
        if let Some(wanted) = wanted {
            firefox::open_session(&bidi, wanted).await?;
        }
        let mut wanted = vec![
            "log.entryAdded",
            "browsingContext.contextCreated",
            "browsingContext.contextDestroyed",
        ];
        // BiDi has no event for a crashed renderer. Chromium tells by this; of Firefox's the line to the page ends.
        if stack == Stack::Chromium {
            wanted.extend([CRASHED, BOUND]);
        }
        let wanted = json!({ "events": wanted });
        let subscribed = bidi.send("session.subscribe", wanted, PAGE_DEADLINE).await;
        if let Err(error) = subscribed {
            if own {
                firefox::close_session(&bidi).await;
            }
            return Err(error.to_string());
        }
        Ok(Attached {
            bidi,
            pages,
            guests,
            death,
        })
    }

    /// Opens an empty page, in a user context of its own (cookies, storage, renderers) if it is to be `apart`. Firefox throttles
    /// tabs in the background, so it gets windows.
    pub(super) async fn open(&self, apart: bool) -> Result<Arc<Page>, EnvironmentError> {
        let failed = |error: BidiError| self.no_page("about:blank", &error.to_string());
        let _open = self.is_open().await.map_err(failed)?;
        let kind = match self.stack {
            Stack::Firefox => "window",
            _ => "tab",
        };
        let mut wanted = json!({ "type": kind });
        if apart {
            let made = self.make_user_context(json!({})).await.map_err(failed)?;
            wanted["userContext"] = made.into();
        }
        let alone = self.alone().await;
        let made = self.create(wanted.clone()).await.map_err(failed)?;
        drop(alone);
        let cdp = match self.stack {
            Stack::Chromium => {
                let params = json!({ "context": made.id() });
                let session = self
                    .bidi
                    .send("goog:cdp.getSession", params, PAGE_DEADLINE)
                    .await
                    .map_err(failed)?;
                let session = session["session"].as_str().map(str::to_owned);
                // Else each frame of each WebSocket is told to the driver: a third of a case's CPU time.
                let params = json!({ "session": session, "method": "Network.disable" });
                self.bidi
                    .send("goog:cdp.sendCommand", params, PAGE_DEADLINE)
                    .await
                    .map_err(failed)?;
                session
            }
            _ => None,
        };
        let apart = wanted["userContext"].as_str().map(str::to_owned);
        let context = made.kept();
        let page = Arc::new(Page::new(context.clone(), cdp, apart));
        self.pages().insert(context, Arc::clone(&page));
        // The connection may have closed, or the page gone, before it could be found among the others.
        if self.bidi.is_closed() {
            page.lost(self.why_dead());
        }
        Ok(page)
    }

    /// Loads the peer's page from its tap, in a frame of the page, and waits for the call of its hand.
    pub(super) async fn visit(
        &self,
        page: &Arc<Page>,
        origin: &str,
    ) -> Result<(Line, Happenings), EnvironmentError> {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        let borrower = NUMBER.fetch_add(1, Ordering::Relaxed);
        let origin = origin.trim_end_matches('/');
        let url = format!("{origin}{PAGE_PATH}");
        let mut house = page.house.lock().await;
        let house = match &*house {
            Some(house) => house,
            None => {
                let call = self.exchange.expect(origin);
                let load = self.navigate(page, &format!("{origin}{HOUSE_PATH}#{}", call.url));
                let line = self
                    .called(page, "house", &url, call.taken(|_| {}, async {}), load)
                    .await?;
                house.insert(line)
            }
        };
        let happenings = page.listen(borrower);
        let call = self.exchange.expect(origin);
        let load = house.ask(borrower, &json!(format!("{url}#{}", call.url)).to_string());
        let told = {
            let page = Arc::clone(page);
            move |happening| page.tell_to(borrower, happening)
        };
        let closed = {
            let page = Arc::clone(page);
            async move {
                // The event that says why is on its way, if the browser tells one: Firefox does not of a process that died.
                let gone = tokio::time::timeout(TOLD_WITHIN, page.gone()).await;
                if gone.is_err() && page.is_listened_to_by(borrower) {
                    page.lost("its page closed the line");
                }
            }
        };
        let loaded = async { load.await.map(drop).ok_or(BidiError::Gone) };
        let line = self
            .called(page, "hand", &url, call.taken(told, closed), loaded)
            .await?;
        Ok((line, happenings))
    }

    /// Waits for the call of a document that is being loaded. It calls before it counts as loaded; only that it cannot be loaded is to be
    /// heard of.
    async fn called(
        &self,
        page: &Page,
        who: &str,
        url: &str,
        call: impl Future<Output = Option<Line>>,
        load: impl Future<Output = Result<(), BidiError>>,
    ) -> Result<Line, EnvironmentError> {
        let call = tokio::time::timeout(CALL_DEADLINE * 2, call);
        tokio::pin!(load, call);
        let line = tokio::select! {
            line = &mut call => line.ok().flatten(),
            why = page.gone() => return Err(self.no_page(url, &format!("{why}{}", page.last_words()))),
            loaded = &mut load => {
                loaded.map_err(|error| self.no_page(url, &error.to_string()))?;
                // What was loaded may be the browser's own word that there is nothing; a hand calls at once.
                tokio::time::timeout(CALL_DEADLINE, call).await.ok().and_then(Result::ok).flatten()
            }
        };
        match line {
            Some(line) => Ok(line),
            None => {
                let shows = self.shows(page).await;
                let why = format!("its {who} does not call{shows}{}", page.last_words());
                Err(self.no_page(url, &why))
            }
        }
    }

    /// What a page that does not do as it should has in its place, as a part of a sentence.
    async fn shows(&self, page: &Page) -> String {
        let params = json!({
            "expression": SHOWS,
            "target": { "context": page.context },
            "awaitPromise": false,
        });
        let shown = self.bidi.send("script.evaluate", params, TOLD_WITHIN * 5);
        match shown.await {
            Ok(shown) => match shown["result"]["value"].as_str() {
                Some(text) => format!("; it shows {text}"),
                None => format!("; it cannot say what it shows: {shown}"),
            },
            Err(error) => format!("; it cannot say what it shows: {error}"),
        }
    }

    /// Makes a page that was borrowed as good as new: its frame goes with all that is in it, its origin's cookies are deleted.
    pub(super) async fn renew(&self, page: &Page, origin: &str) -> Result<(), BidiError> {
        page.mute();
        let house = page.house.lock().await;
        let house = house.as_ref().ok_or(BidiError::Gone)?;
        let host = url::Url::parse(origin)
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default();
        let cookies = json!({
            "filter": { "domain": host },
            "partition": { "type": "context", "context": page.context },
        });
        // Last of all: what is still at work in the frame could set others.
        let left = tokio::time::timeout(PAGE_DEADLINE, house.ask(0, "null")).await;
        left.ok().flatten().ok_or(BidiError::Gone)?;
        self.bidi
            .send("storage.deleteCookies", cookies, PAGE_DEADLINE)
            .await
            .map(drop)
    }

    /// Closes a page without asking it.
    pub(super) async fn close(&self, page: &Page) -> Result<(), BidiError> {
        page.dismiss("its page was closed");
        self.pages().remove(&page.context);
        let _alone = self.alone().await;
        if let Some(context) = &page.apart {
            return self.remove_user_context(context).await;
        }
        let (method, params) = Thing::Window.taken_back(&page.context);
        let closed = self.bidi.send(method, params, PAGE_DEADLINE);
        closed.await.map(drop)
    }

    /// While this is held no other window of a Firefox opens or closes.
    pub(super) async fn alone(&self) -> Option<tokio::sync::MutexGuard<'_, Option<String>>> {
        match self.stack {
            Stack::Firefox => {
                let mut alone = self.maker.windows.lock().await;
                alone.take();
                Some(alone)
            }
            _ => None,
        }
    }

    /// Held while something is opened in it, so that nothing is forgotten when its session ends.
    pub(super) async fn is_open(&self) -> Result<RwLockReadGuard<'_, bool>, BidiError> {
        let open = self.may_open.read().await;
        match *open {
            true => Ok(open),
            false => Err(BidiError::Gone),
        }
    }

    /// Opens a tab or a window.
    pub(super) async fn create(&self, wanted: Value) -> Result<Made, BidiError> {
        self.maker.make(Thing::Window, wanted).await
    }

    pub(super) async fn make_user_context(&self, wanted: Value) -> Result<String, BidiError> {
        let made = self.maker.make(Thing::UserContext, wanted).await?;
        lock(&self.contexts).insert(made.id().to_owned());
        Ok(made.kept())
    }

    /// Its pages go with it.
    pub(super) async fn remove_user_context(&self, context: &str) -> Result<(), BidiError> {
        lock(&self.contexts).remove(context);
        let (method, params) = Thing::UserContext.taken_back(context);
        let removed = self.bidi.send(method, params, PAGE_DEADLINE);
        removed.await.map(drop)
    }

    /// Kills it, waits until it is gone, and removes its profile. One elsewhere is asked to end.
    pub(super) async fn end(&self, why: &str) {
        // Taken first: the connection closes when the browser dies, and that must not be told as an accident.
        let pages: Vec<_> = self.pages().drain().map(|(_, page)| page).collect();
        for page in pages {
            page.dismiss(why);
        }
        match self.life.lock().await.take() {
            Some(Life::Here {
                process, folder, ..
            }) => {
                process.end().await;
                if let Err(error) = tokio::fs::remove_dir_all(&folder).await {
                    tracing::debug!(%error, "the profile is left to the end of the run");
                }
            }
            Some(Life::Driven(session)) => session.close().await,
            Some(Life::Direct(url)) => {
                *self.may_open.write().await = false;
                let contexts = std::mem::take(&mut *lock(&self.contexts));
                for context in contexts {
                    if let Err(error) = self.remove_user_context(&context).await {
                        tracing::warn!(%error, url, "a page may be left");
                    }
                }
                firefox::close_session(&self.bidi).await;
            }
            None => {}
        }
    }

    /// How long the machine kept it waiting, if it is on this one.
    pub(super) fn starved(&self) -> Option<&Arc<Starved>> {
        self.starved.as_ref()
    }

    /// Whether it can no longer be spoken to.
    pub(super) fn is_dead(&self) -> bool {
        self.bidi.is_closed()
    }

    /// Why, as far as it is known.
    pub(super) fn why_dead(&self) -> &str {
        self.death.why()
    }

    /// Loads a URL. It is on its way when this returns; the future ends when it is loaded.
    fn navigate(
        &self,
        page: &Page,
        url: &str,
    ) -> impl Future<Output = Result<(), BidiError>> + Send + use<> {
        let params = json!({ "context": page.context, "url": url, "wait": "complete" });
        let loaded = self
            .bidi
            .send("browsingContext.navigate", params, PAGE_DEADLINE);
        async move { loaded.await.map(drop) }
    }

    pub(super) fn no_page(&self, url: &str, why: &str) -> EnvironmentError {
        EnvironmentError::Page {
            stack: self.stack,
            url: url.into(),
            why: why.into(),
        }
    }

    fn pages(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Page>>> {
        lock(&self.pages)
    }
}

/// Brings each event to its page; when the connection closes, every page is lost.
async fn dispatch(
    mut events: mpsc::UnboundedReceiver<Event>,
    pages: Pages,
    guests: Guests,
    (fate, death): (Option<Fate>, Death),
) {
    while let Some(event) = events.recv().await {
        let Some(Event { method, params }) = guests.take(event) else {
            continue;
        };
        if method == CRASHED {
            let session = params["session"].as_str();
            let mut pages = lock(&pages);
            let crashed = pages
                .values()
                .find(|page| page.cdp.as_deref() == session)
                .cloned();
            if let Some(page) = crashed {
                pages.remove(&page.context);
                page.lost("its page crashed");
            }
            continue;
        }
        let context = match method.as_str() {
            "browsingContext.contextCreated" => params["parent"].as_str(),
            "log.entryAdded" => params["source"]["context"].as_str(),
            _ => params["context"].as_str(),
        };
        let Some(page) = context.and_then(|context| lock(&pages).get(context).cloned()) else {
            continue;
        };
        match method.as_str() {
            "log.entryAdded" => page.wrote(
                params["level"].as_str().unwrap_or("info"),
                params["text"].as_str().unwrap_or_default(),
            ),
            // A frame of a page: what it writes to the console is the page's.
            "browsingContext.contextCreated" => {
                if let Some(frame) = params["context"].as_str() {
                    lock(&pages).insert(frame.to_owned(), page);
                }
            }
            "browsingContext.contextDestroyed" if context != Some(&page.context) => {
                lock(&pages).remove(context.unwrap_or_default());
            }
            "browsingContext.contextDestroyed" => {
                lock(&pages).remove(&page.context);
                page.lost("its page is gone");
            }
            _ => {}
        }
    }
    if let Some(fate) = fate {
        let _ = death.0.set(fate.told().await);
    }
    let pages: Vec<_> = lock(&pages).drain().map(|(_, page)| page).collect();
    for page in pages {
        page.lost(death.why());
    }
    guests.all_gone();
}
