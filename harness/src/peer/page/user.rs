//! The page, as its user has it.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::drive::{Answer, Ask, Clicks, Driver, GRACE, Limit, busy};
use super::error::{PageError, seconds};
use super::event::{PageEvents, WindowId};
use super::keys::Input;
use super::picture;
use super::target::{Sight, Tab, Target};
use super::watch::watch;
use super::windows::{Window, Windows};
use crate::names::{Stack, Viewport};
use crate::peer::browser::{EnvironmentError, Equipment, Guest, Pool, Script};

/// So many events wait for who listens; what comes then is counted.
const WAITING: usize = 4096;

/// What each document of a user page gets before its first script.
const SCRIPTS: [Script; 2] = [
    Script {
        body: concat!(include_str!("names.js"), include_str!("drive.js")),
        in_page: false,
    },
    Script {
        body: include_str!("observer.js"),
        in_page: true,
    },
];

/// What a user page is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The browser: Chromium or Firefox.
    pub stack: Stack,
    /// How its requests leave.
    pub route: Route,
    /// A browser of its own, which then can be killed.
    pub own_browser: bool,
    /// How large it is shown; `None`: as the browser's windows are.
    pub viewport: Option<Viewport>,
}

impl Wanted {
    /// Behind a proxy of its own, in the browser that others have too.
    pub fn new(stack: Stack) -> Self {
        Self {
            stack,
            route: Route::Proxy,
            own_browser: false,
            viewport: None,
        }
    }
}

/// How a page's requests leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Through a proxy, loopback included: [`Arrival::proxy`].
    Proxy,
    /// Directly.
    Direct,
}

/// A page that nobody has used.
#[derive(Debug)]
pub struct Arrival {
    /// The page: `about:blank` yet.
    pub page: UserPage,
    /// What it tells.
    pub events: PageEvents,
    /// Where its requests arrive, as those to a forward proxy (plain HTTP in absolute form, else `CONNECT`), if it has one. It listens already.
    pub proxy: Option<TcpListener>,
}

/// A user's own page. Closed, with all that is of it, by [`UserPage::finish`], or when it is dropped.
///
/// Each step waits until it can be done as a user would, at most so long as `within` says.
#[derive(Debug)]
pub struct UserPage {
    driver: Driver,
    pool: Pool,
    with: Equipment,
    left: AtomicBool,
}

impl UserPage {
    /// A page in a user context of its own. Those behind a proxy are kept ready, so that the next one costs little.
    pub async fn start(pool: &Pool, wanted: Wanted) -> Result<Arrival, EnvironmentError> {
        Self::start_with(pool, wanted, true).await
    }

    /// One that gets no scripts, as its browser has it: what the observer must not change is measured by it. It opens URLs, and takes no other step.
    #[doc(hidden)]
    pub async fn start_unwatched(pool: &Pool, wanted: Wanted) -> Result<Arrival, EnvironmentError> {
        Self::start_with(pool, wanted, false).await
    }

    async fn start_with(
        pool: &Pool,
        wanted: Wanted,
        watched: bool,
    ) -> Result<Arrival, EnvironmentError> {
        let proxied = wanted.route == Route::Proxy;
        let with = Equipment {
            scripts: match watched {
                true => &SCRIPTS,
                false => &[],
            },
            proxied,
            kept_ready: proxied && watched && !wanted.own_browser,
        };
        let mut guest = pool.guest(wanted.stack, with, wanted.own_browser).await?;
        if let Some(viewport) = wanted.viewport {
            guest.is_shown_at(viewport).await?;
        }
        let proxy = guest.proxy.take();
        let (sender, events) = mpsc::channel(WAITING);
        let windows = Arc::new(Windows::new(&guest.window));
        let heard = guest.events.take();
        let guest = Arc::new(guest);
        if let Some(heard) = heard {
            let watching = watch(heard, Arc::clone(&windows), Arc::downgrade(&guest), sender);
            guest.handle().spawn(watching);
        }
        let page = Self {
            driver: Driver { guest, windows },
            pool: pool.clone(),
            with,
            left: AtomicBool::new(false),
        };
        Ok(Arrival {
            page,
            events,
            proxy,
        })
    }

    fn guest(&self) -> &Arc<Guest> {
        &self.driver.guest
    }

    /// Which browser it is in.
    pub fn stack(&self) -> Stack {
        self.guest().stack()
    }

    /// Loads a URL, and waits until it is loaded (`load`).
    pub async fn open(&self, url: &str, within: Duration) -> Result<(), PageError> {
        self.open_resting(url, within, within).await
    }

    /// The same. Of a document that is there already its scripts may run without a pause for `rests` alone, whatever time a load has.
    pub async fn open_resting(
        &self,
        url: &str,
        within: Duration,
        rests: Duration,
    ) -> Result<(), PageError> {
        self.load(
            "browsingContext.navigate",
            json!({ "url": url, "wait": "complete" }),
            url,
            (within, rests),
        )
        .await
    }

    /// Loads it again, and waits until it is loaded.
    pub async fn reload(&self, within: Duration) -> Result<(), PageError> {
        let url = self.url();
        self.load(
            "browsingContext.reload",
            json!({ "wait": "complete" }),
            &url,
            (within, within),
        )
        .await
    }

    async fn load(
        &self,
        method: &'static str,
        params: serde_json::Value,
        url: &str,
        (within, rests): (Duration, Duration),
    ) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let before = self.driver.windows.driven();
        let loaded = tokio::select! {
            biased;
            loaded = self.driver.order(method, params, limit) => loaded?,
            unresting = self.driver.unresting(&before, Limit::new(rests)) => return Err(unresting),
        };
        match loaded {
            Ok(_) => Ok(()),
            // The page itself went elsewhere while it was loaded: there is another document to wait for.
            Err(why)
                if ["abort", "cancel", "interrupt"]
                    .iter()
                    .any(|word| why.to_lowercase().contains(word)) =>
            {
                self.loaded(limit).await
            }
            Err(why) => {
                let window = self.driver.windows.driven();
                let late = limit.left().is_zero();
                // Chromium answers nothing of a document that is about to be replaced.
                let is_there = window.documents != before.documents;
                if late && is_there && !self.driver.rests(&window, GRACE).await {
                    return Err(busy(&Ask::default(), &window, limit));
                }
                let url = url.escape_debug().to_string();
                let error = PageError::NotLoaded { url, why };
                Err(match late {
                    true => error,
                    false => self.driver.answered(limit).await.before(error),
                })
            }
        }
    }

    async fn loaded(&self, limit: Limit) -> Result<(), PageError> {
        let ask = Ask {
            deed: "loaded",
            target: None,
            text: None,
            sight: None,
            ..Ask::default()
        };
        self.driver.ask(&ask, limit).await.map(drop)
    }

    /// Back in the history; fails where there is nothing.
    pub async fn back(&self, within: Duration) -> Result<(), PageError> {
        self.traverse(-1, "before", within).await
    }

    /// Forward in the history; fails where there is nothing.
    pub async fn forward(&self, within: Duration) -> Result<(), PageError> {
        self.traverse(1, "after", within).await
    }

    async fn traverse(&self, delta: i8, side: &str, within: Duration) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let before = self.driver.window()?;
        let mut changes = self.driver.windows.changes();
        let params = json!({ "delta": delta });
        let order = self
            .driver
            .order("browsingContext.traverseHistory", params, limit);
        if let Err(why) = order.await? {
            return Err(PageError::NotLoaded {
                url: format!("what comes {side} {}", before.url.escape_debug()),
                why,
            });
        }
        let moved = async {
            loop {
                let now = self.driver.windows.driven();
                if now.documents != before.documents || now.url != before.url || now.gone.is_some()
                {
                    return;
                }
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        if timeout(limit.left(), moved).await.is_err() {
            return Err(PageError::NotLoaded {
                url: format!("what comes {side} {}", before.url.escape_debug()),
                why: format!("it did not come in {} s", seconds(within)),
            });
        }
        self.loaded(limit).await
    }

    /// Replaces what a field holds, by typing: what typing fires is fired. A `select` gets the option of that name.
    pub async fn fill(
        &self,
        target: &Target,
        text: &str,
        within: Duration,
    ) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let ask = Ask {
            deed: "fill",
            target: Some(target),
            text: Some(text),
            sight: None,
            ..Ask::default()
        };
        let typed = |answer: &Answer| match (answer.steps, answer.at) {
            (Some(0), _) => Ok(Input::default()),
            (Some(steps), _) => {
                let key = if steps > 0 { "ArrowDown" } else { "ArrowUp" };
                Input::default().times(key, steps.unsigned_abs())
            }
            (None, at) => {
                let mut input = Input::default().clicks(at.ok_or_else(nowhere)?, 1);
                if answer.full {
                    input = input.select_all();
                    if answer.keys.is_empty() {
                        input = input.times("Delete", 1)?;
                    }
                }
                Ok(input.text(&answer.keys))
            }
        };
        self.driver.aimed(&ask, limit, typed).await
    }

    /// Clicks in the middle of it.
    pub async fn click(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.clicks(target, None, within).await
    }

    /// Clicks twice in the middle of it, so that the browser counts both as one (`dblclick`).
    pub async fn double_click(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.clicks(target, Some(Clicks::Twice), within).await
    }

    /// Clicks beside it, where a click is for nothing else: what is behind a modal dialog, or what does nothing.
    pub async fn click_outside(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        self.clicks(target, Some(Clicks::Outside), within).await
    }

    async fn clicks(
        &self,
        target: &Target,
        how: Option<Clicks>,
        within: Duration,
    ) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let ask = Ask {
            deed: "click",
            target: Some(target),
            how,
            ..Ask::default()
        };
        let times = if how == Some(Clicks::Twice) { 2 } else { 1 };
        let clicked = |answer: &Answer| {
            let at = answer.at.ok_or_else(nowhere)?;
            Ok(Input::default().clicks(at, times))
        };
        self.driver.aimed(&ask, limit, clicked).await
    }

    /// Presses a key (`Enter`, `Escape`, `a`, `Control+a`), in the target if there is one, else where the focus is.
    pub async fn press(
        &self,
        target: Option<&Target>,
        key: &str,
        within: Duration,
    ) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let input = Input::default().chord(key)?;
        if target.is_none() {
            return self.driver.input(input, limit).await;
        }
        let ask = Ask {
            deed: "press",
            target,
            text: None,
            sight: None,
            ..Ask::default()
        };
        let pressed = |_: &Answer| Input::default().chord(key);
        self.driver.aimed(&ask, limit, pressed).await
    }

    /// Waits until that is to be seen.
    pub async fn see(
        &self,
        target: &Target,
        sight: &Sight,
        within: Duration,
    ) -> Result<(), PageError> {
        let ask = Ask {
            deed: "see",
            target: Some(target),
            text: None,
            sight: Some(sight),
            ..Ask::default()
        };
        self.driver.ask(&ask, Limit::new(within)).await.map(drop)
    }

    /// What is to be seen now: a PNG. What shows one of these secrets is covered.
    pub async fn screenshot(
        &self,
        secrets: &[String],
        within: Duration,
    ) -> Result<Vec<u8>, PageError> {
        let limit = Limit::new(within);
        // Where they are may change meanwhile.
        let before = self.showing(secrets, limit).await?;
        let order = self
            .driver
            .order("browsingContext.captureScreenshot", json!({}), limit);
        let shot = order.await?.map_err(PageError::Refused)?;
        let data = shot["data"].as_str().unwrap_or_default();
        let unread =
            |why: String| PageError::Refused(format!("a picture that cannot be read: {why}"));
        let picture = STANDARD.decode(data);
        let picture = picture.map_err(|error| unread(error.to_string()))?;
        let after = self.showing(secrets, limit).await?;
        let boxes = [&before.boxes[..], &after.boxes[..]].concat();
        if boxes.is_empty() {
            return Ok(picture);
        }
        picture::covered(&picture, after.width, &boxes).map_err(unread)
    }

    /// Where secrets are to be read.
    async fn showing(&self, secrets: &[String], limit: Limit) -> Result<Answer, PageError> {
        if secrets.is_empty() {
            return Ok(Answer::default());
        }
        let ask = Ask {
            deed: "showing",
            secrets,
            ..Ask::default()
        };
        self.driver.ask(&ask, limit).await
    }

    /// Takes the network away from all its windows, or gives it back.
    pub async fn set_offline(&self, offline: bool, within: Duration) -> Result<(), PageError> {
        self.driver.window()?;
        let set = self.guest().set_offline(offline, within).await;
        set.map_err(|error| PageError::Refused(error.to_string()))
    }

    /// Opens a second tab, with the same storage and the same proxy. From here on it is the one that is driven; the others stay as they are.
    pub async fn new_tab(&self, within: Duration) -> Result<(), PageError> {
        // Without a tab there is still what all its tabs share.
        if let Some(why) = self.driver.windows.all_gone() {
            return Err(PageError::Gone(why));
        }
        let windows = Arc::clone(&self.driver.windows);
        windows.expect(true);
        let opening = self.guest().open_window();
        // Whoever waits: what comes then is closed, and was not the page's doing.
        let opening = self.guest().handle().spawn(async move {
            let opened = opening.await;
            if let Ok(tab) = &opened {
                windows.owns(tab.id());
            }
            windows.expect(false);
            opened
        });
        let refused = |why: String| Err(PageError::Refused(why));
        match timeout(within, opening).await {
            Ok(Ok(Ok(tab))) => {
                self.driver.windows.drive(&tab.kept());
                Ok(())
            }
            Ok(Ok(Err(error))) => refused(error.to_string()),
            Ok(Err(_)) => Err(PageError::Gone(self.guest().why_dead())),
            Err(_) => refused(format!("no new tab in {} s", seconds(within))),
        }
    }

    /// Closes the tab that is driven, as a user does (`pagehide`, beacons). The one that was driven before it, or whichever is there still, comes to
    /// the front and is driven from here on. Answers whether there is one.
    pub async fn close_tab(&self, within: Duration) -> Result<bool, PageError> {
        let limit = Limit::new(within);
        let window = self.driver.window()?;
        let closing = self
            .guest()
            .close_window(&window.context, true, limit.left());
        let closed = closing.await;
        closed.map_err(|error| PageError::Refused(error.to_string()))?;
        // That is told where all is told, and must not be news before.
        if !self.is_told_gone(window.id, limit).await {
            return Err(PageError::Refused(format!(
                "its tab is not closed in {} s",
                seconds(within)
            )));
        }
        loop {
            self.driver.windows.drive_the_last();
            let next = self.driver.windows.driven();
            if next.gone.is_some() {
                return Ok(false);
            }
            match self.to_front(&next.context, limit).await {
                Ok(()) => return Ok(true),
                // A page may close what it opened when it goes itself.
                Err(_) if self.is_told_gone(next.id, limit).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits until this window is told to be gone; whether it is in time.
    async fn is_told_gone(&self, id: WindowId, limit: Limit) -> bool {
        let mut changes = self.driver.windows.changes();
        let told = async {
            while self.driver.windows.why_gone(id).is_none() {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        timeout(limit.left(), told).await.is_ok()
    }

    /// Closes the tab that is driven, if there is another one, to which its user then comes back.
    pub async fn leave_tab(&self, within: Duration) -> Result<(), PageError> {
        self.driver.window()?;
        if self.driver.windows.count() < 2 {
            return Err(PageError::NoTab {
                wanted: "other tab to come back to".to_owned(),
                there: self.tabs(),
                within: None,
            });
        }
        self.close_tab(within).await.map(drop)
    }

    /// Goes to another tab, once it is there. From here on it is the one that is driven.
    pub async fn switch_tab(&self, to: &Tab, within: Duration) -> Result<(), PageError> {
        let limit = Limit::new(within);
        let mut changes = self.driver.windows.changes();
        let windows = &self.driver.windows;
        let there = async {
            loop {
                if let Some(why) = windows.all_gone() {
                    return Err(PageError::Gone(why));
                }
                let living = windows.living();
                let mut like = living.iter().filter(|window| to.is(window));
                match (like.next(), like.count()) {
                    (Some(window), 0) => return Ok(window.clone()),
                    (Some(_), more) => {
                        return Err(PageError::Many {
                            wanted: to.to_string(),
                            found: self.tabs(),
                            count: 1 + more as u64,
                            at: self.url().escape_debug().to_string(),
                        });
                    }
                    (None, _) => {}
                }
                if let Tab::Number(id) = to
                    && let Some(why) = windows.why_gone(*id)
                {
                    return Err(PageError::NoTab {
                        wanted: format!("{to}: {why}"),
                        there: self.tabs(),
                        within: None,
                    });
                }
                if changes.changed().await.is_err() {
                    return Err(PageError::Gone(self.guest().why_dead()));
                }
            }
        };
        let found = match timeout(limit.left(), there).await {
            Ok(found) => found?,
            Err(_) => {
                return Err(PageError::NoTab {
                    wanted: to.to_string(),
                    there: self.tabs(),
                    within: Some(within),
                });
            }
        };
        windows.turn_to(found.id);
        self.to_front(&found.context, limit).await?;
        let answers = windows.is_awake(&found) || self.driver.awaken(&found, limit).await?;
        match answers {
            true => Ok(()),
            false => Err(PageError::Busy {
                what: "whether it is there".to_owned(),
                within,
                at: found.url.escape_debug().to_string(),
            }),
        }
    }

    async fn to_front(&self, context: &str, limit: Limit) -> Result<(), PageError> {
        let shown = self.guest().to_front(context, limit.left()).await;
        shown.map_err(|error| PageError::Refused(error.to_string()))
    }

    /// The tabs that there are, for a person.
    fn tabs(&self) -> Vec<String> {
        let driven = self.driver.windows.driven().id;
        let tab = |window: &Window| {
            let this = if window.id == driven {
                " (this one)"
            } else {
                ""
            };
            let url = window.url.escape_debug();
            format!("tab {} at {url}{this}", window.id)
        };
        self.driver.windows.living().iter().map(tab).collect()
    }

    /// Where it is, as far as the browser has told: what its document shows can be seen a moment before.
    pub fn url(&self) -> String {
        self.driver.windows.driven().url
    }

    /// Why it is gone, if it is.
    pub fn why_gone(&self) -> Option<String> {
        self.driver.windows.driven().gone
    }

    /// How many tabs it has, those included that the page opened.
    pub fn tab_count(&self) -> usize {
        match self.driver.windows.all_gone() {
            Some(_) => 0,
            None => self.driver.windows.count(),
        }
    }

    /// Kills its browser; only one of its own can be killed.
    pub async fn kill_browser(&self) -> Result<(), PageError> {
        if !self.guest().owns_browser() {
            return Err(PageError::Mistake(
                "this browser has other pages too: only a browser of its own can be killed".into(),
            ));
        }
        self.driver.windows.all_lost("its browser was killed");
        self.guest().kill_browser().await;
        Ok(())
    }

    /// Nobody will do anything in it any more, though it is still listened to: meanwhile the browser can make the next one ready.
    pub fn is_done_with(&self) {
        if self.with.kept_ready {
            self.pool.guests_follow(self.stack(), self.with);
        }
    }

    /// Closes all windows, and takes the user context away.
    pub async fn finish(&self) {
        self.give_back();
        self.guest().leave().await;
    }

    fn give_back(&self) {
        if self.left.swap(true, Ordering::SeqCst) {
            return;
        }
        self.driver.windows.all_lost("it was given back");
        if self.with.kept_ready {
            self.pool.guest_left(self.stack(), self.with);
        }
    }

    /// How many such the browser's own accessibility tree has: what this crate's idea of roles and names is measured by.
    #[doc(hidden)]
    pub async fn count_in_tree(
        &self,
        role: &str,
        name: &str,
        within: Duration,
    ) -> Result<usize, PageError> {
        let locator = json!({ "type": "accessibility", "value": { "role": role, "name": name } });
        let params = json!({ "locator": locator });
        let order = self
            .driver
            .order("browsingContext.locateNodes", params, Limit::new(within));
        let nodes = order.await?.map_err(PageError::Refused)?;
        Ok(nodes["nodes"].as_array().map_or(0, Vec::len))
    }

    /// A command of Chromium's own protocol about the page: what the memory of a page is measured by.
    #[doc(hidden)]
    pub async fn devtools(
        &self,
        method: &str,
        params: serde_json::Value,
        within: Duration,
    ) -> Result<serde_json::Value, PageError> {
        let limit = Limit::new(within);
        let asked = |order: Result<serde_json::Value, String>| order.map_err(PageError::Refused);
        let session = self
            .driver
            .order("goog:cdp.getSession", json!({}), limit)
            .await?;
        let params = json!({
            "session": asked(session)?["session"],
            "method": method,
            "params": params,
        });
        let done = self.driver.order("goog:cdp.sendCommand", params, limit);
        Ok(asked(done.await?)?["result"].take())
    }

    /// How many round trips its steps have taken: commands that were sent at once are one.
    pub fn round_trips(&self) -> u64 {
        self.guest().trips()
    }
}

fn nowhere() -> PageError {
    PageError::Refused("the page named no place".into())
}

impl Drop for UserPage {
    fn drop(&mut self) {
        self.give_back();
    }
}
