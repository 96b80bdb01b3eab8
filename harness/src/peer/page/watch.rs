//! Reads what a browser tells of a user page, and passes on what matters, bounded.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;

use super::event::{DialogKind, PageEvent, Told, WindowId};
use super::observer::{Heard, Observed, short};
use super::windows::Windows;
use crate::peer::browser::{Event, Guest};

/// So many windows may a page have; one more is closed at once.
const MOST_WINDOWS: usize = 8;
/// So many lines of a page's console are passed on; then they are counted.
const MOST_LINES: u64 = 1000;
/// With so many a page is closed: they cost the browser more than they tell.
const TOO_MANY_LINES: u64 = 50_000;
/// How long closing a window may take.
const CLOSE: Duration = Duration::from_secs(10);

/// Watches until the page is gone, or nobody has it.
pub(super) async fn watch(
    mut events: mpsc::UnboundedReceiver<Event>,
    windows: Arc<Windows>,
    guest: Weak<Guest>,
    told: mpsc::Sender<Told>,
) {
    let mut watcher = Watcher {
        windows,
        guest,
        told,
        observed: Observed::default(),
        floods: BTreeMap::new(),
        lines: 0,
    };
    while let Some(event) = events.recv().await {
        watcher.hear(event);
    }
    let why = match watcher.guest.upgrade() {
        Some(guest) => guest.why_dead(),
        None => "it was given back".to_owned(),
    };
    if watcher.windows.all_lost(&why) {
        // Nothing comes after it, so it may wait for its place.
        let window = watcher.windows.driven().id;
        let gone = Told {
            window,
            event: PageEvent::Gone { why },
        };
        let _ = watcher.told.send(gone).await;
    }
}

struct Watcher {
    windows: Arc<Windows>,
    guest: Weak<Guest>,
    told: mpsc::Sender<Told>,
    observed: Observed,
    /// What was left out, by kind and window.
    floods: BTreeMap<(&'static str, WindowId), u64>,
    lines: u64,
}

impl Watcher {
    fn hear(&mut self, Event { method, params }: Event) {
        let context = (params["context"].as_str())
            .or_else(|| params["source"]["context"].as_str())
            .unwrap_or_default();
        // A frame is of its page's window: for a page with several that is the one that is driven.
        let window = self.windows.id(context);
        let of_frame = || self.windows.driven().id;
        match method.as_str() {
            "browsingContext.contextCreated" => self.opened(&params, context),
            "browsingContext.contextDestroyed" => {
                if let Some(window) = window {
                    self.lost(window, "it was closed");
                }
            }
            "goog:cdp.Inspector.targetCrashed" => {
                if let Some(window) = window {
                    self.lost(window, "its page crashed");
                }
            }
            "goog:cdp.Runtime.bindingCalled" => {
                let text = params["params"]["payload"].as_str().unwrap_or_default();
                self.observed(window.unwrap_or_else(of_frame), text);
            }
            "script.message" => {
                let text = params["data"]["value"].as_str().unwrap_or_default();
                self.observed(window.unwrap_or_else(of_frame), text);
            }
            "log.entryAdded" => self.line(window.unwrap_or_else(of_frame), &params),
            "browsingContext.navigationCommitted" => {
                let url = text(&params, "url");
                if let Some(window) = window {
                    let lost = self.observed.committed(window, &url);
                    self.windows.went_to(window, &url, true);
                    self.tell(window, "documents", PageEvent::Navigated { url, lost });
                }
            }
            "browsingContext.fragmentNavigated" | "browsingContext.historyUpdated" => {
                let url = text(&params, "url");
                if let Some(window) = window {
                    self.windows.went_to(window, &url, false);
                    self.tell(window, "places", PageEvent::Moved { url });
                }
            }
            "browsingContext.downloadWillBegin" => {
                let download = PageEvent::Download {
                    url: text(&params, "url"),
                    file: text(&params, "suggestedFilename"),
                };
                self.tell(window.unwrap_or_else(of_frame), "downloads", download);
            }
            "browsingContext.userPromptOpened" => {
                let kind = match params["type"].as_str().unwrap_or_default() {
                    "confirm" => DialogKind::Confirm,
                    "prompt" => DialogKind::Prompt,
                    "beforeunload" => DialogKind::BeforeUnload,
                    _ => DialogKind::Alert,
                };
                let dialog = PageEvent::Dialog {
                    kind,
                    message: text(&params, "message"),
                    accepted: params["handler"] == "accept",
                };
                self.tell(window.unwrap_or_else(of_frame), "dialogs", dialog);
            }
            _ => {}
        }
    }

    fn opened(&mut self, params: &Value, context: &str) {
        if !params["parent"].is_null() || params["parent"].is_string() {
            return;
        }
        let Some((window, expected)) = self.windows.told(context) else {
            return;
        };
        let by_page = params["originalOpener"].is_string() || !expected;
        if by_page && self.windows.count() > MOST_WINDOWS {
            let most = MOST_WINDOWS;
            self.tell(window, "windows", PageEvent::TooManyWindows { most });
            self.close(context);
            return;
        }
        self.tell(window, "windows", PageEvent::Opened { by_page });
        if by_page && let Some(guest) = self.guest.upgrade() {
            let context = context.to_owned();
            guest.handle().clone().spawn(async move {
                if let Err(error) = guest.bind(&context).await {
                    tracing::debug!(%error, "a window that a page opened is not watched");
                }
            });
        }
    }

    fn observed(&mut self, window: WindowId, text: &str) {
        match self.observed.hear(window, text) {
            Some(Heard::Saw(seen)) => self.tell(window, "connections", PageEvent::Saw(seen)),
            Some(Heard::Flood(count)) => {
                let what = "connections";
                self.tell(window, "floods", PageEvent::Flood { what, count });
            }
            Some(Heard::Unsaid(count)) => {
                let what = "console";
                self.tell(window, "floods", PageEvent::Flood { what, count });
            }
            Some(Heard::Landed { aim, landing }) => self.windows.landed(&aim, landing),
            Some(Heard::Document) | None => {}
        }
    }

    fn line(&mut self, window: WindowId, params: &Value) {
        self.lines += 1;
        if self.lines == TOO_MANY_LINES {
            let why = format!("it wrote {TOO_MANY_LINES} lines to its console, and was closed");
            self.lost(window, &why);
            if let Some(context) = self.windows.context(window) {
                self.close(&context);
            }
        }
        let level = text(params, "level");
        let text = text(params, "text");
        let event = match (params["type"].as_str(), level.as_str()) {
            // What a script throws has the name of the error, or `uncaught exception`, before it.
            (Some("javascript"), "error")
                if is_remark(params["text"].as_str().unwrap_or_default()) =>
            {
                PageEvent::Console {
                    level: "warn".to_owned(),
                    text,
                }
            }
            (Some("javascript"), "error") => PageEvent::Uncaught { text },
            _ => PageEvent::Console { level, text },
        };
        if self.lines > MOST_LINES {
            self.left_out(window, "console");
            return;
        }
        self.tell(window, "console", event);
    }

    fn lost(&mut self, window: WindowId, why: &str) {
        if self.windows.lost(window, why) {
            let why = why.to_owned();
            self.tell(window, "windows", PageEvent::Gone { why });
        }
    }

    fn close(&self, context: &str) {
        let Some(guest) = self.guest.upgrade() else {
            return;
        };
        let context = context.to_owned();
        guest.handle().clone().spawn(async move {
            if let Err(error) = guest.close_window(&context, false, CLOSE).await {
                tracing::debug!(%error, "a window could not be closed");
            }
        });
    }

    /// Tells, if there is room.
    fn tell(&mut self, window: WindowId, what: &'static str, event: PageEvent) {
        if let Err(mpsc::error::TrySendError::Full(_)) = self.told.try_send(Told { window, event })
        {
            self.left_out(window, what);
        }
    }

    /// Counts what is left out, and tells how many at 1, 2, 4, 8, ….
    fn left_out(&mut self, window: WindowId, what: &'static str) {
        let count = self.floods.entry((what, window)).or_default();
        *count += 1;
        let count = *count;
        if count.is_power_of_two() {
            let event = PageEvent::Flood { what, count };
            // Where there is no room, the next one may have some.
            let _ = self.told.try_send(Told { window, event });
        }
    }
}

/// Whether it is a remark of Firefox's own, which it tells like an error that no script caught: on WebRTC (`WebRTC: ICE failed, add a STUN server …`),
/// or on a socket.
fn is_remark(text: &str) -> bool {
    let on_socket = text.starts_with("The connection to ws")
        && text.ends_with(" was interrupted while the page was loading.");
    let of_name = |(name, _): (&str, &str)| !name.contains(':');
    let unreached = text.split_once(" can’t establish a connection to the server at ws");
    text.starts_with("WebRTC: ") || on_socket || unreached.is_some_and(of_name)
}

/// A text of the page's, cut to a length.
fn text(params: &Value, key: &str) -> String {
    short(params[key].as_str().unwrap_or_default())
}
