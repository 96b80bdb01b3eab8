//! One page of a browser: a top-level browsing context that peers borrow, one after the other.

use std::collections::VecDeque;
use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::EnvironmentError;
use super::line::Line;
use crate::hand::{Happening, Happenings};

/// Where the tap serves the peer's page.
pub const PAGE_PATH: &str = "/.glare/peer";
/// Where the tap serves the page around it, which stays when the peer goes.
pub(super) const HOUSE_PATH: &str = "/.glare/house";

/// So much of a page's console is kept for an error.
const CONSOLE_LINES: usize = 5;
const CONSOLE_WIDTH: usize = 300;

const PAGE: &str = concat!(
    include_str!("page/page.html"),
    include_str!("page/hand.js"),
    "</script>\n"
);

/// What the tap must serve to a browser peer: path, content type, body. Serve it with `Cache-Control: no-store`.
pub fn pages() -> Vec<(&'static str, &'static str, &'static str)> {
    const HTML: &str = "text/html; charset=utf-8";
    vec![
        (PAGE_PATH, HTML, PAGE),
        (HOUSE_PATH, HTML, include_str!("page/house.html")),
    ]
}

/// A page, and who listens to it now.
#[derive(Debug)]
pub(super) struct Page {
    /// The browsing context's id.
    pub(super) context: String,
    /// Its session of the Chrome DevTools Protocol, by which Chromium tells a crash.
    pub(super) cdp: Option<String>,
    /// The user context that it has to itself, if it has one.
    pub(super) apart: Option<String>,
    listener: Mutex<Option<Listener>>,
    /// The line to the house, once that is loaded.
    pub(super) house: tokio::sync::Mutex<Option<Line>>,
    gone: CancellationToken,
    why: OnceLock<String>,
    /// What it last wrote to the console, newest last: why a page does not load is told there, before anybody listens.
    console: Mutex<VecDeque<String>>,
}

#[derive(Debug)]
struct Listener {
    /// Every borrower has another number, so that none hears the last one's.
    borrower: u64,
    happenings: mpsc::UnboundedSender<Happening>,
}

impl Page {
    pub(super) fn new(context: String, cdp: Option<String>, apart: Option<String>) -> Self {
        Self {
            context,
            cdp,
            apart,
            listener: Mutex::new(None),
            house: tokio::sync::Mutex::new(None),
            gone: CancellationToken::new(),
            why: OnceLock::new(),
            console: Mutex::default(),
        }
    }

    /// Begins to listen, for this borrower.
    pub(super) fn listen(&self, borrower: u64) -> Happenings {
        let (happenings, receiver) = mpsc::unbounded_channel();
        *self.listener() = Some(Listener {
            borrower,
            happenings,
        });
        receiver
    }

    /// Nobody listens any more.
    pub(super) fn mute(&self) {
        *self.listener() = None;
    }

    /// Whether this borrower still has it.
    pub(super) fn is_listened_to_by(&self, borrower: u64) -> bool {
        (self.listener().as_ref()).is_some_and(|listener| listener.borrower == borrower)
    }

    /// Passes on what the hand told this borrower.
    pub(super) fn tell_to(&self, borrower: u64, happening: Happening) {
        if let Some(listener) = &*self.listener()
            && listener.borrower == borrower
        {
            // A peer that is being dropped listens no more.
            let _ = listener.happenings.send(happening);
        }
    }

    /// Passes on what the browser itself told about the page.
    pub(super) fn tell(&self, happening: Happening) {
        if let Some(listener) = &*self.listener() {
            let _ = listener.happenings.send(happening);
        }
    }

    /// Passes on a line of the console, and keeps it with the last ones.
    pub(super) fn wrote(&self, level: &str, text: &str) {
        {
            let mut console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
            if console.len() == CONSOLE_LINES {
                console.pop_front();
            }
            console.push_back(format!(
                "{level}: {}",
                text.chars().take(CONSOLE_WIDTH).collect::<String>()
            ));
        }
        self.tell(Happening::Console {
            level: level.to_owned(),
            text: text.to_owned(),
        });
    }

    /// Tells that it was opened because the first page that was asked for did not do as it should.
    pub(super) fn is_the_second(&self, first: &EnvironmentError) {
        self.wrote(
            "warn",
            &format!("glare opened this page because another failed: {first}"),
        );
    }

    /// The last lines of its console, as a part of a sentence; empty if it wrote none.
    pub(super) fn last_words(&self) -> String {
        let console = self.console.lock().unwrap_or_else(PoisonError::into_inner);
        if console.is_empty() {
            return String::new();
        }
        let lines: Vec<_> = console.iter().map(String::as_str).collect();
        format!("; its console says: {}", lines.join(" | "))
    }

    /// The page is lost: pending commands fail, and whoever listens is told.
    pub(super) fn lost(&self, why: &str) {
        if self.why.set(why.to_owned()).is_ok() {
            if let Some(listener) = self.listener().take() {
                let why = why.to_owned();
                let _ = listener.happenings.send(Happening::Gone { why });
            }
            self.gone.cancel();
        }
    }

    /// The page is being taken away on purpose: pending commands fail, and nothing more is told.
    pub(super) fn dismiss(&self, why: &str) {
        self.mute();
        self.lost(why);
    }

    /// Why the page is gone, if it is.
    pub(super) fn why_gone(&self) -> Option<&str> {
        self.why.get().map(String::as_str)
    }

    /// Waits until the page is gone, and says why.
    pub(super) async fn gone(&self) -> String {
        self.gone.cancelled().await;
        self.why_gone().unwrap_or_default().to_owned()
    }

    fn listener(&self) -> std::sync::MutexGuard<'_, Option<Listener>> {
        self.listener.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
