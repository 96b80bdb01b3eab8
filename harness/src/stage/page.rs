//! A page of the user's on the stage: brought there, driven as its user drives it, and watched.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use glare_signaling_server::page::PageFault;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::driver::Lost;
use super::wire::Wire;
use crate::lock::lock;
use crate::names::PeerName;
use crate::peer::browser::{EnvironmentError, Pool};
use crate::peer::page::{
    Arrival, DialogKind, PageError, PageEvent, PageEvents, Role, Seen, Sight as Shown,
    Tab as FoundTab, Target as Found, UserPage, Wanted,
};
use crate::record::{Applied, FailureKind, Recorder, What, payload};
use crate::scenario::{Clicking, Filling, PageDeed, Sight, Tab, Target};
use crate::terms::{Data, Machine, Payload};

/// A page that lives.
pub(super) struct PageLife {
    page: Arc<UserPage>,
    watcher: JoinHandle<()>,
    /// The number of its last connection.
    last_conn: Arc<AtomicU32>,
    /// A step takes it away, or has taken some of it: nobody is to wonder.
    ending: Arc<AtomicBool>,
    /// Something was loaded.
    opened: bool,
    /// It has a tab.
    tab: bool,
}

/// What a page that its user drives needs to know of the case.
pub(super) struct Site<'a> {
    /// What comes before each path: `http://127.0.0.1:8080`.
    pub origin: &'a str,
    /// The peer's own page.
    pub home: &'a str,
    /// To be planted in it.
    pub fault: Option<PageFault>,
}

impl Site<'_> {
    /// Where a path leads.
    fn url(&self, path: &str) -> String {
        let origin = self.origin;
        let Some(fault) = self.fault else {
            return format!("{origin}{path}");
        };
        let (path, hash) = path.find('#').map_or((path, ""), |at| path.split_at(at));
        let joint = if path.contains('?') { '&' } else { '?' };
        format!("{origin}{path}{joint}fault={}{hash}", fault.name)
    }
}

/// What nobody is to read.
#[derive(Clone)]
pub struct Secrets {
    /// What steps fill in.
    pub by_name: Arc<BTreeMap<String, String>>,
    /// All that is covered in pictures.
    pub all: Arc<[String]>,
}

impl PageLife {
    /// A page in a user context of its own, and where its requests arrive. `first_conn` is the number of its first connection.
    pub async fn start(
        name: &PeerName,
        wanted: Wanted,
        (pool, lost, left): (&Pool, &Lost, &Lost),
        wire: Arc<Wire>,
        first_conn: u32,
    ) -> Result<(Self, TcpListener), EnvironmentError> {
        let Arrival {
            page,
            events,
            proxy,
        } = UserPage::start(pool, wanted).await?;
        let Some(proxy) = proxy else {
            return Err(EnvironmentError::Pool("a page has no proxy".into()));
        };
        let last_conn = Arc::new(AtomicU32::new(first_conn.saturating_sub(1)));
        let ending = Arc::new(AtomicBool::new(false));
        let watcher = Watcher {
            peer: name.clone(),
            recorder: wire.recorder.clone(),
            wire,
            lost: lost.clone(),
            left: left.clone(),
            before: first_conn.saturating_sub(1),
            last_conn: last_conn.clone(),
            ending: ending.clone(),
            windows: BTreeSet::from([1]),
        };
        let life = Self {
            page: Arc::new(page),
            watcher: tokio::spawn(watcher.watch(events)),
            last_conn,
            ending,
            opened: false,
            tab: true,
        };
        Ok((life, proxy))
    }

    /// Whether it has a tab in which its user can do something.
    pub fn lives(&self) -> bool {
        self.tab
    }

    /// No step comes any more.
    pub fn is_done_with(&self) {
        self.page.is_done_with();
    }

    /// Whether it has a tab beside the one that is in front.
    pub fn has_others(&self) -> bool {
        self.tab && self.page.tab_count() > 1
    }

    /// Before its user can do this: what has to be awaited until a page is there, if none is. A load may take until `within`, and of that scripts that run
    /// without a pause `rests`.
    pub fn opening(
        &mut self,
        deed: &PageDeed,
        site: &Site<'_>,
        (within, rests): (Duration, Duration),
    ) -> Option<impl Future<Output = Result<(), PageError>> + Send + use<>> {
        if self.ending.load(Ordering::Relaxed) && self.page.why_gone().is_some() {
            // What a killed tab left behind has gone with it.
            (self.tab, self.opened) = (false, false);
        }
        let needs = (!self.tab, !self.opened && !deed.loads());
        if self.tab {
            // From here on it is used again.
            self.ending.store(false, Ordering::Relaxed);
        }
        (self.tab, self.opened) = (true, true);
        let page = Arc::clone(&self.page);
        let home = site.url(site.home);
        let opening = async move {
            let began = Instant::now();
            if needs.0 {
                page.new_tab(within).await?;
            }
            if needs.1 {
                let left = within.saturating_sub(began.elapsed());
                page.open_resting(&home, left, rests).await?;
            }
            Ok(())
        };
        (needs != (false, false)).then_some(opening)
    }

    /// What its user does, to be awaited.
    pub fn deed(
        &self,
        deed: &PageDeed,
        site: &Site<'_>,
        secrets: &Secrets,
        within: Duration,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, PageError>> + Send + use<> {
        let page = Arc::clone(&self.page);
        let secrets = secrets.clone();
        let at = |path: &str| site.url(path);
        let loads = match deed {
            PageDeed::Open { path } | PageDeed::NewTab { path } => {
                Some(at(path.as_deref().unwrap_or(site.home)))
            }
            PageDeed::Navigate { path: Some(path) } => Some(at(path)),
            PageDeed::Navigate { path: None } => Some("about:blank".to_owned()),
            _ => None,
        };
        let deed = deed.clone();
        async move {
            let began = Instant::now();
            let left = || within.saturating_sub(began.elapsed());
            match &deed {
                PageDeed::NewTab { .. } => page.new_tab(left()).await?,
                PageDeed::Fill { target, with } => {
                    let text = match with {
                        Filling::Text(text) => text,
                        Filling::Secret(name) => (secrets.by_name.get(name))
                            .ok_or_else(|| PageError::Mistake(format!("no secret {name:?}")))?,
                    };
                    page.fill(&found(target), text, left()).await?;
                }
                PageDeed::Click { target, how } => {
                    let target = found(target);
                    match how {
                        Clicking::Once => page.click(&target, left()).await?,
                        Clicking::Twice => page.double_click(&target, left()).await?,
                        Clicking::Outside => page.click_outside(&target, left()).await?,
                    }
                }
                PageDeed::CloseTab => page.leave_tab(left()).await?,
                PageDeed::SwitchTab { to } => {
                    let to = match to {
                        Tab::Number(number) => FoundTab::Number(*number),
                        Tab::At(path) => FoundTab::At(path.clone()),
                    };
                    page.switch_tab(&to, left()).await?;
                }
                PageDeed::Press { key, target } => {
                    let target = target.as_ref().map(found);
                    page.press(target.as_ref(), key, left()).await?;
                }
                PageDeed::See { target, sight } => {
                    page.see(&found(target), &shown(sight), left()).await?;
                }
                PageDeed::Reload => page.reload(left()).await?,
                PageDeed::Back => page.back(left()).await?,
                PageDeed::Forward => page.forward(left()).await?,
                PageDeed::Offline => page.set_offline(true, left()).await?,
                PageDeed::Online => page.set_offline(false, left()).await?,
                PageDeed::Screenshot { .. } => {
                    let picture = page.screenshot(&secrets.all, left());
                    return picture.await.map(Some);
                }
                PageDeed::Open { .. } | PageDeed::Navigate { .. } => {}
            }
            if let Some(url) = loads {
                page.open(&url, left()).await?;
            }
            Ok(None)
        }
    }

    /// What is to be seen now.
    pub fn picture(
        &self,
        secrets: &Secrets,
        within: Duration,
    ) -> impl Future<Output = Option<Vec<u8>>> + use<> {
        let (page, secrets) = (Arc::clone(&self.page), secrets.clone());
        async move { page.screenshot(&secrets.all, within).await.ok() }
    }

    /// Closes the tab in front, as its user does. If it has others, one of them comes to the front.
    pub async fn close_tab(&mut self, within: Duration) -> Result<(), PageError> {
        // Until its user does something again: what is left may go with it.
        self.ending.store(true, Ordering::Relaxed);
        let closed = self.page.close_tab(within).await;
        if !matches!(closed, Ok(true)) {
            (self.tab, self.opened) = (false, false);
        }
        closed.map(drop)
    }

    /// Kills its browser; what is left of it goes with it. Answers the number of its last connection.
    pub async fn kill_browser(self) -> (Result<(), PageError>, u32) {
        self.ending.store(true, Ordering::Relaxed);
        let killed = self.page.kill_browser().await;
        (killed, self.finish().await)
    }

    /// Gives all back. Answers the number of its last connection.
    pub async fn finish(self) -> u32 {
        self.ending.store(true, Ordering::Relaxed);
        self.page.finish().await;
        self.watcher.abort();
        drop(self.watcher.await);
        self.last_conn.load(Ordering::Relaxed)
    }
}

fn found(target: &Target) -> Found {
    let role = |name: &str| Role::ALL.into_iter().find(|role| role.as_str() == name);
    match target {
        Target::Role { role: of, name } => match role(of) {
            Some(role) => Found::Role(role, name.clone()),
            // The reader knows no others.
            None => Found::Text(name.clone()),
        },
        Target::Label(name) => Found::Label(name.clone()),
        Target::Text(text) => Found::Text(text.clone()),
        Target::Selector(selector) => Found::Selector(selector.clone()),
    }
}

fn shown(sight: &Sight) -> Shown {
    match sight {
        Sight::Present => Shown::Present,
        Sight::Gone => Shown::Absent,
        Sight::Enabled => Shown::Enabled,
        Sight::Disabled => Shown::Disabled,
        Sight::Checked => Shown::Checked,
        Sight::Unchecked => Shown::Unchecked,
        Sight::Value(value) => Shown::Value(value.clone()),
    }
}

/// How a step failed that a user could not do.
pub(super) fn failure(error: &PageError) -> FailureKind {
    match error {
        PageError::Answered { then, .. } => failure(then),
        PageError::NotFound { .. }
        | PageError::Unusable { .. }
        | PageError::Otherwise { .. }
        | PageError::NoTab {
            within: Some(_), ..
        }
        | PageError::Busy { .. } => FailureKind::TimedOut,
        _ => FailureKind::Impossible,
    }
}

/// Records what a page tells.
struct Watcher {
    peer: PeerName,
    recorder: Recorder,
    wire: Arc<Wire>,
    /// Where it is told that the browser was lost, and that the page was closed by its own doing.
    lost: Lost,
    left: Lost,
    /// The number of the last connection of the page before it.
    before: u32,
    last_conn: Arc<AtomicU32>,
    ending: Arc<AtomicBool>,
    /// Those that are open.
    windows: BTreeSet<u32>,
}

impl Watcher {
    async fn watch(mut self, mut events: PageEvents) {
        while let Some(told) = events.recv().await {
            self.takes(told.window, told.event);
        }
    }

    fn takes(&mut self, window: u32, event: PageEvent) {
        match event {
            PageEvent::Saw(seen) => self.saw(seen),
            PageEvent::Console { level, text } => {
                let peer = self.peer.clone();
                self.record(What::Console { peer, level, text });
            }
            PageEvent::Uncaught { text } => {
                let (peer, level) = (self.peer.clone(), "error".to_owned());
                let text = format!("uncaught: {text}");
                self.record(What::Console { peer, level, text });
            }
            PageEvent::Dialog {
                kind,
                message,
                accepted,
            } => {
                let kind = match kind {
                    DialogKind::Alert => "alert",
                    DialogKind::Confirm => "confirm",
                    DialogKind::Prompt => "prompt",
                    DialogKind::BeforeUnload => "beforeunload",
                };
                let answer = if accepted { "accepted" } else { "dismissed" };
                self.note(format!("dialog {kind} {message:?}, {answer}"));
            }
            PageEvent::Navigated { url, lost } => {
                self.note(format!("page {}", without_origin(&url)));
                for conn in lost {
                    // What a document that goes does with its connections (WebRTC, section 4.4.1.1, close with *disappear*), and nobody can tell.
                    self.record(What::State {
                        peer: self.peer.clone(),
                        conn: self.number(conn),
                        machine: Machine::Connection,
                        state: "closed".to_owned(),
                    });
                    self.note(format!(
                        "connection {} went with its page",
                        self.number(conn)
                    ));
                }
            }
            PageEvent::Moved { url } => self.note(format!("moved to {}", without_origin(&url))),
            PageEvent::Opened { by_page } => {
                self.windows.insert(window);
                self.ending.store(false, Ordering::Relaxed);
                if by_page {
                    self.note("opened a window by itself".to_owned());
                }
            }
            PageEvent::TooManyWindows { most } => {
                self.note(format!(
                    "opened more than {most} windows: one was closed at once"
                ));
            }
            PageEvent::Download { url, file } => {
                self.note(format!("download {file:?} from {}", without_origin(&url)));
            }
            PageEvent::Flood { what, count } => {
                self.note(format!("flood: {count} more of its {what} are left out"));
            }
            PageEvent::Gone { why } => self.gone(window, why),
        }
    }

    fn gone(&mut self, window: u32, why: String) {
        self.windows.remove(&window);
        if self.ending.load(Ordering::Relaxed) || !self.windows.is_empty() {
            return;
        }
        let list = match why.ends_with("closed") {
            true => &self.left,
            // A renderer or a browser that dies may do so for want of memory.
            false => &self.lost,
        };
        lock(list).push((self.peer.clone(), why.clone()));
        // The stage looks when something new is recorded.
        self.note(format!("gone: {why}"));
    }

    fn saw(&mut self, seen: Seen) {
        let peer = self.peer.clone();
        match seen {
            Seen::Connection { conn } => drop(self.number(conn)),
            Seen::State {
                conn,
                machine,
                state,
            } => {
                let conn = self.number(conn);
                self.record(What::State {
                    peer,
                    conn,
                    machine,
                    state,
                });
            }
            Seen::Description {
                conn,
                local,
                kind,
                fingerprint,
            } => {
                let conn = self.number(conn);
                let fingerprint = fingerprint.map(|one| one.to_ascii_lowercase());
                let brought = (fingerprint.as_deref())
                    .filter(|_| !local)
                    .and_then(|one| self.wire.page.as_ref()?.brought(kind, one));
                if let Some(fingerprint) = fingerprint {
                    self.record(What::Certificate {
                        peer: peer.clone(),
                        conn,
                        local,
                        fingerprint,
                    });
                }
                let applied = match local {
                    true => Applied::Local(kind),
                    false => Applied::Remote(kind),
                };
                let what = What::Applied {
                    peer,
                    conn,
                    applied,
                };
                let cause: Vec<_> = brought.into_iter().collect();
                self.recorder.record(what, &cause);
            }
            Seen::Candidate { conn, candidate } => {
                let conn = self.number(conn);
                let sort = candidate.as_ref().map(|candidate| candidate.sort());
                self.record(What::Gathered { peer, conn, sort });
            }
            // The stack refuses it (W3C WebRTC, section 4.4.2), and so it was not taken in.
            Seen::CandidateGiven { conn, early: true } => {
                let conn = self.number(conn);
                self.record(What::PeerError {
                    peer,
                    conn,
                    during: "add-candidate".to_owned(),
                    name: "InvalidStateError".to_owned(),
                    message: "there was no remote description yet".to_owned(),
                });
            }
            Seen::CandidateGiven { conn, early: false } => {
                let (conn, applied) = (self.number(conn), Applied::Candidate);
                self.record(What::Applied {
                    peer,
                    conn,
                    applied,
                });
            }
            Seen::ChannelState {
                conn,
                channel,
                state,
            } => {
                let (conn, label) = (self.number(conn), channel.label);
                self.record(What::Channel {
                    peer,
                    conn,
                    label,
                    state,
                });
            }
            Seen::ChannelMessage {
                conn,
                channel,
                sent,
                size,
                text,
            } => {
                let (conn, label) = (self.number(conn), channel.label);
                let payload = match text {
                    Some(text) => payload(&Data::Text(text)),
                    None => Payload::Bytes(format!("{size} bytes")),
                };
                self.record(match sent {
                    true => What::Said {
                        peer,
                        conn,
                        label,
                        payload,
                    },
                    false => What::Heard {
                        peer,
                        conn,
                        label,
                        payload,
                    },
                });
            }
            Seen::MediaAsked {
                display,
                audio,
                video,
            } => {
                let what = if display { "its screen" } else { "media" };
                let of = [("sound", audio), ("pictures", video)];
                let of: Vec<&str> = of
                    .iter()
                    .filter(|(_, is)| *is)
                    .map(|(name, _)| *name)
                    .collect();
                self.note(format!("asks for {what}: {}", of.join(" and ")));
            }
            Seen::Refused { conn, call, error } => {
                let (name, message) = error.split_once(": ").unwrap_or((error.as_str(), ""));
                let (name, message) = (name.to_owned(), message.to_owned());
                match conn {
                    Some(conn) => {
                        let conn = self.number(conn);
                        self.record(What::PeerError {
                            peer,
                            conn,
                            during: during(&call),
                            name,
                            message,
                        });
                    }
                    None => self.note(format!("{call} threw: {error}")),
                }
            }
            // Of no log, and no step waits for them.
            _ => {}
        }
    }

    /// The case's number of a connection.
    fn number(&self, conn: u32) -> u32 {
        let number = conn.saturating_add(self.before);
        self.last_conn.fetch_max(number, Ordering::Relaxed);
        number
    }

    fn record(&self, what: What) {
        self.recorder.record(what, &[]);
    }

    fn note(&self, text: String) {
        let peer = Some(self.peer.clone());
        self.record(What::Note { peer, text });
    }
}

/// What scenarios call a call that threw: `add-candidate`, or the call's own name.
fn during(call: &str) -> String {
    let known = match call {
        "addIceCandidate" => "add-candidate",
        "setRemoteDescription" => "set-remote",
        "setLocalDescription" => "set-local",
        "createOffer" => "create-offer",
        "createAnswer" => "create-answer",
        "send" => "say",
        other => other,
    };
    known.to_owned()
}

/// Path and query of a URL: its port differs from run to run.
fn without_origin(url: &str) -> String {
    match url::Url::parse(url) {
        Ok(parsed) if parsed.has_host() => {
            let query = parsed.query().map(|query| format!("?{query}"));
            format!("{}{}", parsed.path(), query.unwrap_or_default())
        }
        _ => url.to_owned(),
    }
}
