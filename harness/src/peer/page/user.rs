//! The page, as its user has it.

use std::net::TcpListener;
use std::time::Duration;

use super::error::PageError;
use super::event::PageEvents;
use super::target::{Sight, Target};
use crate::names::Stack;
use crate::peer::browser::{EnvironmentError, Pool};

/// What a user page is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The browser: Chromium or Firefox.
    pub stack: Stack,
    /// How its requests leave.
    pub route: Route,
    /// A browser of its own, which then can be killed.
    pub own_browser: bool,
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
pub struct UserPage {}

impl UserPage {
    /// A page in a user context of its own. Those behind a proxy are kept ready.
    pub async fn start(_pool: &Pool, _wanted: Wanted) -> Result<Arrival, EnvironmentError> {
        Err(EnvironmentError::Pool("user pages are being built".into()))
    }

    /// Loads a URL, and waits until it is loaded (`load`).
    pub async fn open(&self, _url: &str, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Replaces what a field holds, by typing: what typing fires is fired. A `select` gets the option of that name.
    pub async fn fill(
        &self,
        _target: &Target,
        _text: &str,
        _within: Duration,
    ) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Clicks in the middle of it.
    pub async fn click(&self, _target: &Target, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Presses a key (`Enter`, `Escape`, `a`, `Control+a`), in the target if there is one, else where the focus is.
    pub async fn press(
        &self,
        _target: Option<&Target>,
        _key: &str,
        _within: Duration,
    ) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Waits until that is to be seen.
    pub async fn see(
        &self,
        _target: &Target,
        _sight: &Sight,
        _within: Duration,
    ) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Loads it again, and waits until it is loaded.
    pub async fn reload(&self, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Back in the history; fails where there is nothing.
    pub async fn back(&self, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Forward in the history.
    pub async fn forward(&self, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// What is to be seen now: a PNG.
    pub async fn screenshot(&self, _within: Duration) -> Result<Vec<u8>, PageError> {
        Err(unbuilt())
    }

    /// Takes the network away from all its windows, or gives it back.
    pub async fn set_offline(&self, _offline: bool, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Opens a second tab, with the same storage and the same proxy. From here on it is the one that is driven; the others stay as they are.
    pub async fn new_tab(&self, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Closes the tab that is driven, as a user does (`pagehide`, beacons). The one that was driven before it is driven again.
    pub async fn close_tab(&self, _within: Duration) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Where it is.
    pub fn url(&self) -> String {
        String::new()
    }

    /// Kills its browser; only one of its own can be killed.
    pub async fn kill_browser(&self) -> Result<(), PageError> {
        Err(unbuilt())
    }

    /// Closes all windows, and takes the user context away.
    pub async fn finish(&self) {}

    /// How many WebDriver BiDi commands were sent for it.
    pub fn commands(&self) -> u64 {
        0
    }
}

fn unbuilt() -> PageError {
    PageError::Refused("user pages are being built".into())
}
