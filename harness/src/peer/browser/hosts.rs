//! Windows of a Firefox that stay when the tabs of guests in them go.
//!
//! A window is dear: it costs 0.27 s of CPU time to open and to close, and 10 MB that Firefox gives back only when it has been idle for seconds, so
//! that one which is kept busy grows until it collects garbage more than anything else (measured: 1 GB after 100 guests, 4.8 GB and steps ten times as
//! slow after 20 minutes). A tab costs 0.05 s and 1 MB. But a tab in the background is throttled and hidden, so each is the only one in front in a
//! window of its own, which has one more tab, empty and nobody's, and is used again.

use std::sync::Mutex;

use serde_json::json;

use super::bidi::BidiError;
use super::running::Browser;
use crate::lock::lock;

/// Those of one browser.
#[derive(Debug, Default)]
pub(super) struct Hosts {
    /// The user context of their empty tabs, which is removed as others are where the browser itself stays.
    whose: tokio::sync::OnceCell<String>,
    /// The empty tabs of windows in which no guest is.
    free: Mutex<Vec<String>>,
}

impl Hosts {
    /// A window that nobody has, by its empty tab. No other window of the browser may open or close meanwhile.
    async fn take(&self, browser: &Browser) -> Result<String, BidiError> {
        let free = lock(&self.free).pop();
        if let Some(host) = free {
            return Ok(host);
        }
        let whose = self
            .whose
            .get_or_try_init(|| browser.make_user_context(json!({})))
            .await?;
        browser
            .create(json!({ "type": "window", "userContext": whose }))
            .await
    }
}

/// The windows that a guest's tabs have to themselves.
#[derive(Debug, Default)]
pub(super) struct Housed(Mutex<Vec<String>>);

impl Housed {
    /// Opens a tab of this user context, in front in a window of its own. Answers its browsing context.
    pub(super) async fn open(
        &self,
        browser: &Browser,
        user_context: &str,
    ) -> Result<String, BidiError> {
        let _alone = browser.alone().await;
        let host = browser.hosts.take(browser).await?;
        let wanted = json!({
            "type": "tab",
            "userContext": user_context,
            "referenceContext": host,
        });
        // Who is not waited for any longer has a tab there all the same.
        lock(&self.0).push(host);
        browser.create(wanted).await
    }

    /// All tabs in them are gone.
    pub(super) fn give_back(&self, browser: &Browser) {
        let mut free = lock(&browser.hosts.free);
        free.append(&mut lock(&self.0));
    }
}
