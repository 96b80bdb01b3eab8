//! Browser peers: real Chromium and Firefox, driven by WebDriver for life and death, by WebDriver BiDi for pages, and
//! by a WebSocket of each page's own for what its hand does and sees.
//!
//! [`Pool`] lends warm pages of one browser of each kind; a [`BrowserPeer`] is the [`Hand`](super::Hand) of such a page.
//! The page is served by the peer's own tap: see [`pages`]. It is a frame of the warm page, which stays when the peer goes: a frame has a
//! fresh realm and costs less than a page. Each warm page has an address where it lives, and its peers' taps are put there, so
//! that its renderer process stays, too.
//!
//! With [`Remotes`] a stack's browsers are elsewhere: a driver that runs already is asked for a session, which is deleted in the end. All
//! their taps are at the one address that reaches this machine, and cookies know no ports, so each of their pages has a user context of
//! its own, and serves once.

mod bidi;
mod capabilities;
mod driver;
mod error;
mod find;
mod line;
mod page;
mod peer;
mod pool;
mod remote;
mod running;

pub use error::EnvironmentError;
pub use find::{Programs, Versions};
pub use page::{PAGE_PATH, pages};
pub use peer::BrowserPeer;
pub use pool::{PAGES_PER_BROWSER, Pool, Seat};
pub use remote::{DriverUrl, Remotes};
