//! A guest of a browser: a user context of its own (cookies, storage, proxy) with windows, for a page that is its user's and not the pool's.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use super::EnvironmentError;
use super::bidi::{BidiError, Event};
use super::deadlines::PAGE_DEADLINE;
use super::housed::Housed;
use super::made::{Command, Made, Thing, text};
use super::running::Browser;
use crate::names::{Stack, Viewport};

/// What is told of a guest's windows.
const TOLD: [&str; 11] = [
    "log.entryAdded",
    "browsingContext.contextCreated",
    "browsingContext.contextDestroyed",
    "browsingContext.navigationCommitted",
    "browsingContext.navigationFailed",
    "browsingContext.fragmentNavigated",
    "browsingContext.historyUpdated",
    "browsingContext.load",
    "browsingContext.downloadWillBegin",
    "browsingContext.userPromptOpened",
    "browsingContext.userPromptClosed",
];

/// The world of scripts that a page cannot see, and the function there by which they tell.
pub(in crate::peer) const WORLD: &str = "glare";
const TELL: &str = "glareTell";

/// How long a page's input has a Firefox to itself.
const ALONE: Duration = Duration::from_secs(2);

/// A script that is run in each document before the page's first one.
#[derive(Clone, Copy, Debug)]
pub(in crate::peer) struct Script {
    /// The body of a function. In a world of its own, `tell` is what it tells by, with a text; `SECRET` stands for a word that is the
    /// guest's own.
    pub(in crate::peer) body: &'static str,
    /// Whether it stands in the page's own world.
    pub(in crate::peer) in_page: bool,
}

/// What a guest gets.
#[derive(Clone, Copy, Debug)]
pub(in crate::peer) struct Equipment {
    pub(in crate::peer) scripts: &'static [Script],
    /// Whether its requests go through a proxy, loopback included.
    pub(in crate::peer) proxied: bool,
    /// Whether such are kept ready. All that are have the same scripts.
    pub(in crate::peer) kept_ready: bool,
}

/// A user context, and its first window. It goes with its windows by [`Guest::leave`], or when it is dropped.
#[derive(Debug)]
pub(in crate::peer) struct Guest {
    browser: Arc<Browser>,
    handle: Handle,
    user_context: String,
    /// What the browser was asked for it and does not forget with the user context.
    to_undo: Vec<Command>,
    /// Where its windows are, in Firefox.
    housed: Arc<Housed>,
    left: Arc<AtomicBool>,
    /// The first window.
    pub(in crate::peer) window: String,
    /// Where its requests arrive.
    pub(in crate::peer) proxy: Option<TcpListener>,
    /// What happens in its windows.
    pub(in crate::peer) events: Option<mpsc::UnboundedReceiver<Event>>,
    own: bool,
    trips: AtomicU64,
}

impl Guest {
    /// Makes one, at an address for its proxy.
    pub(super) async fn enter(
        browser: Arc<Browser>,
        with: Equipment,
        proxy: Option<TcpListener>,
        own: bool,
    ) -> Result<Self, EnvironmentError> {
        let failed = |error: BidiError| browser.no_page("about:blank", &error.to_string());
        let mut wanted = json!({ "acceptInsecureCerts": true });
        if let Some(proxy) = &proxy {
            let address = proxy.local_addr();
            let address = address.map_err(|error| EnvironmentError::Pool(error.to_string().into()));
            wanted["proxy"] = through(address?);
        }
        let _open = browser.is_open().await.map_err(failed)?;
        let user_context = browser.make_user_context(wanted).await.map_err(failed)?;
        let events = browser.guests.listen(&user_context);
        let mut guest = Self {
            browser: Arc::clone(&browser),
            handle: Handle::current(),
            user_context,
            to_undo: Vec::new(),
            housed: Arc::default(),
            left: Arc::default(),
            window: String::new(),
            proxy,
            events: Some(events),
            own,
            trips: AtomicU64::new(0),
        };
        guest.to_undo = guest.prepare(with.scripts).await.map_err(failed)?;
        let window = guest.opening().await.map_err(failed)?;
        guest.window = window.kept();
        Ok(guest)
    }

    /// Has it watched. Answers how that is taken back; where it comes to nothing it is.
    async fn prepare(&self, scripts: &[Script]) -> Result<Vec<Command>, BidiError> {
        let whose = json!([self.user_context]);
        let maker = &self.browser.maker;
        let secret = format!("{:032x}", rand::random::<u128>());
        let mut sent = Vec::new();
        let told: Vec<_> = match self.stack() {
            // What is told of all the browser's windows is not to be asked for again.
            Stack::Firefox => TOLD.into_iter().chain(["script.message"]).collect(),
            _ => TOLD.to_vec(),
        };
        let wanted = json!({ "events": told, "userContexts": whose });
        let subscribed = maker.make(Thing::Subscription, wanted);
        for Script { body, in_page } in scripts {
            let body = body.replace("SECRET", &secret);
            let mut wanted = json!({ "userContexts": whose });
            let tell = match self.stack() {
                Stack::Firefox => "tell",
                _ => "",
            };
            if *in_page {
                wanted["functionDeclaration"] = format!("() => {{{body}}}").into();
            } else {
                wanted["sandbox"] = WORLD.into();
                if self.stack() == Stack::Firefox {
                    wanted["arguments"] =
                        json!([{ "type": "channel", "value": { "channel": WORLD } }]);
                }
                // The binding may come after the script, in a window that a page opened.
                let bound = match self.stack() {
                    Stack::Firefox => String::new(),
                    _ => format!(
                        "const early = []; const tell = (text) => {{ if (typeof {TELL} !== \"function\") early.push(text); \
                         else {{ while (early.length) {TELL}(early.shift()); {TELL}(text); }} }}; \
                         globalThis.glareBound = () => {{ while (early.length) {TELL}(early.shift()); }};"
                    ),
                };
                wanted["functionDeclaration"] = format!("({tell}) => {{{bound}{body}}}").into();
            }
            sent.push(maker.make(Thing::Script, wanted));
        }
        let added = futures_util::future::try_join_all(sent);
        let (subscribed, added) = futures_util::future::try_join(subscribed, added).await?;
        let subscribed = Thing::Subscription.taken_back(&subscribed.kept());
        let added = (added.into_iter()).map(|script| Thing::Script.taken_back(&script.kept()));
        Ok(std::iter::once(subscribed).chain(added).collect())
    }

    pub(in crate::peer) fn stack(&self) -> Stack {
        self.browser.stack
    }

    /// Whether the browser is this guest's alone.
    pub(in crate::peer) fn owns_browser(&self) -> bool {
        self.own
    }

    pub(in crate::peer) fn browser_is_dead(&self) -> bool {
        self.browser.is_dead()
    }

    /// Why nobody can speak to its browser any more, as far as that is known.
    pub(in crate::peer) fn why_dead(&self) -> String {
        self.browser.why_dead().to_owned()
    }

    /// The runtime that things of it are to be done on.
    pub(in crate::peer) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// How many answers were waited for in its user's steps.
    pub(in crate::peer) fn trips(&self) -> u64 {
        self.trips.load(Ordering::Relaxed)
    }

    /// Sends a command. It is on its way when this returns; the future is its result.
    pub(in crate::peer) fn send(
        &self,
        method: &'static str,
        params: Value,
        within: Duration,
    ) -> impl Future<Output = Result<Value, BidiError>> + Send + use<> {
        self.trips.fetch_add(1, Ordering::Relaxed);
        self.browser.bidi.send(method, params, within)
    }

    /// Sends input events. In Firefox a window must be in front for the focus to be in it, and those of others then lose it: so one page at a
    /// time, and no window opens or closes meanwhile. Who takes long (a page that is busy, a long text) is not waited for.
    pub(in crate::peer) async fn input(
        &self,
        context: &str,
        sources: Value,
        within: Duration,
    ) -> Result<(), BidiError> {
        let wanted = json!({ "context": context, "actions": sources });
        if self.stack() != Stack::Firefox {
            let done = self.send("input.performActions", wanted, within);
            return done.await.map(drop);
        }
        let mut front = self.browser.maker.windows.lock().await;
        if front.as_deref() != Some(context) {
            self.activate(context, within).await?;
            *front = Some(context.to_owned());
        }
        let done = self.send("input.performActions", wanted, within);
        tokio::pin!(done);
        match tokio::time::timeout(ALONE, &mut done).await {
            Ok(done) => done.map(drop),
            Err(_) => {
                drop(front);
                done.await.map(drop)
            }
        }
    }

    /// Sends commands of the Chrome DevTools Protocol all at once, and waits until they are done.
    pub(in crate::peer) async fn devtools(
        &self,
        context: &str,
        commands: Vec<(&'static str, Value)>,
        within: Duration,
    ) -> Result<(), BidiError> {
        let session = match self.browser.guests.session_of(context) {
            Some(session) => session,
            None => self.bind(context).await?,
        };
        self.trips.fetch_add(1, Ordering::Relaxed);
        let sent: Vec<_> = commands
            .into_iter()
            .map(|(method, params)| {
                let wanted = json!({ "session": session, "method": method, "params": params });
                let bidi = &self.browser.bidi;
                bidi.send("goog:cdp.sendCommand", wanted, within)
            })
            .collect();
        futures_util::future::try_join_all(sent).await.map(drop)
    }

    /// Brings a window to the front, as its user does who goes to it.
    pub(in crate::peer) async fn to_front(
        &self,
        context: &str,
        within: Duration,
    ) -> Result<(), BidiError> {
        if self.stack() != Stack::Firefox {
            return self.activate(context, within).await;
        }
        let mut front = self.browser.maker.windows.lock().await;
        self.activate(context, within).await?;
        *front = Some(context.to_owned());
        Ok(())
    }

    async fn activate(&self, context: &str, within: Duration) -> Result<(), BidiError> {
        let wanted = json!({ "context": context });
        self.send("browsingContext.activate", wanted, within)
            .await
            .map(drop)
    }

    /// Takes the network away from its windows, or gives it back.
    pub(in crate::peer) async fn set_offline(
        &self,
        offline: bool,
        within: Duration,
    ) -> Result<(), BidiError> {
        let conditions = offline.then(|| json!({ "type": "offline" }));
        let wanted =
            json!({ "networkConditions": conditions, "userContexts": [self.user_context] });
        self.send("emulation.setNetworkConditions", wanted, within)
            .await
            .map(drop)
    }

    /// All its windows show their pages so large, those too that come later.
    pub(in crate::peer) async fn is_shown_at(
        &self,
        Viewport { width, height }: Viewport,
    ) -> Result<(), EnvironmentError> {
        let wanted = json!({
            "userContexts": [self.user_context],
            "viewport": { "width": width, "height": height },
        });
        let bidi = &self.browser.bidi;
        let shown = bidi.send("browsingContext.setViewport", wanted, PAGE_DEADLINE);
        let failed = |error: BidiError| self.browser.no_page("about:blank", &error.to_string());
        shown.await.map(drop).map_err(failed)
    }

    /// Opens a window, or what is as good: in Firefox a tab that has one to itself. It is on its way when this returns; where nobody waits for
    /// it any more when it comes, it is closed.
    pub(in crate::peer) fn open_window(
        &self,
    ) -> impl Future<Output = Result<Made, BidiError>> + Send + use<> {
        let (browser, opening) = (Arc::clone(&self.browser), self.opening());
        let opening = self.handle.spawn(async move {
            let _open = browser.is_open().await?;
            opening.await
        });
        async move { opening.await.unwrap_or(Err(BidiError::Gone)) }
    }

    fn opening(&self) -> impl Future<Output = Result<Made, BidiError>> + Send + use<> {
        let (browser, user_context) = (Arc::clone(&self.browser), self.user_context.clone());
        let (housed, left) = (Arc::clone(&self.housed), Arc::clone(&self.left));
        async move {
            let alone = browser.alone().await;
            // Its windows would not be given back any more.
            if left.load(Ordering::SeqCst) {
                return Err(BidiError::Refused {
                    code: "no such user context".into(),
                    message: "its page was given back".into(),
                });
            }
            let opened = match browser.stack {
                Stack::Firefox => housed.open(&browser, &user_context).await?,
                _ => {
                    let wanted = json!({ "type": "window", "userContext": user_context });
                    browser.create(wanted).await?
                }
            };
            drop(alone);
            bind(&browser, opened.id()).await?;
            Ok(opened)
        }
    }

    /// Sees to it that scripts in this window can tell.
    pub(in crate::peer) async fn bind(&self, context: &str) -> Result<String, BidiError> {
        bind(&self.browser, context).await
    }

    /// Has chromedriver look anew at what scripts a window has. It misses the first document of a window that a page opened, if that comes in
    /// place of the empty one before it is looked at, and then waits for it with every command until the next one (seen with Chromium 156).
    pub(in crate::peer) async fn look_anew(&self, context: &str) -> Result<(), BidiError> {
        let bidi = &self.browser.bidi;
        let wanted = json!({ "context": context });
        let session = bidi.send("goog:cdp.getSession", wanted, PAGE_DEADLINE);
        let session = text(&session.await?, "session")?;
        // What was told of the console would be told once more.
        let methods = [
            "Runtime.discardConsoleEntries",
            "Runtime.disable",
            "Runtime.enable",
        ];
        let sent = methods.map(|method| {
            let wanted = json!({ "session": session, "method": method, "params": {} });
            bidi.send("goog:cdp.sendCommand", wanted, PAGE_DEADLINE)
        });
        futures_util::future::try_join_all(sent).await?;
        self.bind(context).await.map(drop)
    }

    /// Closes a window.
    pub(in crate::peer) async fn close_window(
        &self,
        context: &str,
        asking_the_page: bool,
        within: Duration,
    ) -> Result<(), BidiError> {
        let _alone = self.browser.alone().await;
        let wanted = json!({ "context": context, "promptUnload": asking_the_page });
        self.send("browsingContext.close", wanted, within)
            .await
            .map(drop)
    }

    /// Kills the browser with all that is in it.
    pub(in crate::peer) async fn kill_browser(&self) {
        let browser = Arc::clone(&self.browser);
        let ended = self
            .handle
            .spawn(async move { browser.end("its browser was killed").await });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "a browser is left to the end of the run");
        }
    }

    /// Takes it away with its windows, and waits until it is gone.
    pub(in crate::peer) async fn leave(&self) {
        if let Some(leaving) = self.leaving()
            && let Err(error) = self.handle.spawn(leaving).await
        {
            tracing::warn!(%error, "a user context is left to the end of the browser");
        }
    }

    fn leaving(&self) -> Option<impl Future<Output = ()> + Send + use<>> {
        if self.left.swap(true, Ordering::SeqCst) {
            return None;
        }
        let (browser, own) = (Arc::clone(&self.browser), self.own);
        let user_context = self.user_context.clone();
        let (to_undo, housed) = (self.to_undo.clone(), Arc::clone(&self.housed));
        browser.guests.forget(&user_context);
        Some(async move {
            if own {
                browser.end("its user left").await;
                return;
            }
            let undone = to_undo
                .into_iter()
                .map(|(method, params)| browser.bidi.send(method, params, PAGE_DEADLINE));
            let undone = futures_util::future::try_join_all(undone);
            let removed = async {
                let _alone = browser.alone().await;
                browser.remove_user_context(&user_context).await
            };
            let (undone, removed) = futures_util::future::join(undone, removed).await;
            if removed.is_ok() {
                housed.give_back(&browser);
            }
            if let Err(error) = removed.and(undone.map(drop))
                && !browser.is_dead()
            {
                tracing::warn!(%error, "a user context could not be removed");
            }
        })
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(leaving) = self.leaving() {
            self.handle.spawn(leaving);
        }
    }
}

/// Sees to it that scripts in this window can tell, which takes nothing in Firefox. Answers its session of the Chrome DevTools Protocol.
async fn bind(browser: &Browser, context: &str) -> Result<String, BidiError> {
    if browser.stack != Stack::Chromium {
        return Ok(String::new());
    }
    let bidi = &browser.bidi;
    let session = bidi.send(
        "goog:cdp.getSession",
        json!({ "context": context }),
        PAGE_DEADLINE,
    );
    let session = text(&session.await?, "session")?;
    browser.guests.has_session(context, &session);
    let binding = json!({
        "session": session,
        "method": "Runtime.addBinding",
        "params": { "name": TELL, "executionContextName": WORLD },
    });
    let bound = bidi.send("goog:cdp.sendCommand", binding, PAGE_DEADLINE);
    bound.await.map(|_| session)
}

/// Everything goes there; without the last part Chromium asks nobody for loopback.
fn through(proxy: SocketAddr) -> Value {
    json!({
        "proxyType": "manual",
        "httpProxy": proxy.to_string(),
        "sslProxy": proxy.to_string(),
        "noProxy": ["<-loopback>"],
    })
}
