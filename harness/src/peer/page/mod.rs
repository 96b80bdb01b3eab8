//! A user's own page as a peer: driven as a user drives it, watched without being changed.
//!
//! A [`UserPage`] has a user context of its own (cookies, storage, and a proxy, at which all that it asks for arrives: that is where its tap
//! stands), and what it tells comes as [`PageEvent`]s.
//!
//! ```text
//!            fill, click, see …                      PageEvent…
//! UserPage ──────────────────────▶ browser ──────────────────────▶ PageEvents
//!            1. drive.js: find it, wait until it       observer.js, in the page's own world
//!               can be used; where is it?              └▶ drive.js, in a world of its own
//!            2. real input: in Chromium by DevTools       └▶ the harness
//!               (Input.dispatch…), else performActions
//! ```
//!
//! Two scripts are loaded before the page's first one, in each of its documents and frames. `observer.js` stands in the page's own world, since only
//! there connections can be seen; `drive.js` in a world of its own, whose `Array`, `Promise` and the rest no page can override. All that a page
//! says is hostile: cut to a length, escaped, counted.
//!
//! What is not done: frames and closed shadow roots are not driven, workers are not watched, and a promise that the page gets rejected is not seen
//! (to hang on it would handle it). Of the observer a page can see a frame more in the stack of an error that a call throws, and that V8 names an
//! object otherwise in a few of its own errors (a frozen prototype that is written to).
//!
//! What "without being changed" rests on: `ci/wpt` plays the web platform's own tests with it and without (figures in the guide).

mod drive;
mod error;
mod event;
mod keys;
mod observer;
mod picture;
mod target;
mod user;
mod watch;
mod windows;

pub(crate) use drive::GRACE;
pub use error::{Hindrance, PageError};
pub use event::{Channel, DialogKind, PageEvent, PageEvents, Seen, Told, WindowId};
pub use target::{Role, Sight, Tab, Target};
pub use user::{Arrival, Route, UserPage, Wanted};
