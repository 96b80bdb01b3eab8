//! Browser peers: real Chromium and Firefox, driven by WebDriver BiDi, and by a WebSocket of each page's own for what its hand does and
//! sees.
//!
//! Chromium is started by chromedriver, which speaks BiDi for it. Firefox speaks it by itself: it is started with a profile of its own
//! and `--remote-debugging-port 0`, tells its address on stderr, and gives a session there. No geckodriver is wanted.
//!
//! [`Pool`] lends warm pages of one browser of each kind; a [`BrowserPeer`] is the [`Hand`](super::Hand) of such a page.
//! The page is served by the peer's own tap: see [`pages`]. It is a frame of the warm page, which stays when the peer goes: a frame has a
//! fresh realm and costs less than a page. Each warm page has an address where it lives, and its peers' taps are put there, so
//! that its renderer process stays, too.
//!
//! A page of the user's own ([`page`](super::page)) is a `Guest`: a user context with a window, a proxy and scripts of its own, used once. Those that
//! may be wanted next are kept ready.
//!
//! With [`Remotes`] a stack's browsers are elsewhere: a driver that runs already, or a Firefox, is asked for a session, which is ended in
//! the end; that Firefox stays. All their taps are at the one address that reaches this machine, and cookies know no ports, so each of their pages has a user context of
//! its own, and serves once.

mod bidi;
mod capabilities;
mod chromedriver;
mod deadlines;
mod error;
mod fate;
mod find;
mod firefox;
mod guest;
mod guests;
mod hosts;
mod housed;
mod lease;
mod line;
mod made;
mod page;
mod peer;
mod pool;
mod preferences;
mod process;
mod remote;
mod running;
mod starved;

pub(in crate::peer) use bidi::{BidiError, Event};
pub use error::EnvironmentError;
pub use find::{Programs, Versions};
pub(in crate::peer) use guest::{Equipment, Guest, Script, WORLD};
pub use page::{PAGE_PATH, pages};
pub use peer::BrowserPeer;
pub use pool::{PAGES_PER_BROWSER, Pool, Seat};
pub use remote::{DriverUrl, Remotes};
