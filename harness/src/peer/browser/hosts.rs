//! Windows of a Firefox that stay when the tabs of guests in them go.
//!
//! A window is dear: it costs 0.27 s of CPU time to open and to close, and 10 MB that Firefox gives back only when it has been idle for seconds, so
//! that one which is kept busy grows until it collects garbage more than anything else (measured: 1 GB after 100 guests, 4.8 GB and steps ten times as
//! slow after 20 minutes). A tab costs 0.05 s and 1 MB. But a tab in the background is throttled and hidden, so each is the only one in front in a
//! window of its own, which has one more tab, empty and nobody's, and is used again.

use std::sync::Mutex;

use crate::lock::lock;

/// Those of one browser.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The user context of their empty tabs, which is removed as others are where the browser itself stays.
    pub(super) whose: tokio::sync::OnceCell<String>,
    /// The empty tabs of windows in which no guest is.
    free: Mutex<Vec<String>>,
}

impl Hosts {
    /// A window in which nobody is, by its empty tab.
    pub(super) fn take(&self) -> Option<String> {
        lock(&self.free).pop()
    }

    /// Nobody is in these any more.
    pub(super) fn give_back(&self, mut left: Vec<String>) {
        lock(&self.free).append(&mut left);
    }
}
