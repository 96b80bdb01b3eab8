//! Where a guest's tabs are in a Firefox: each in front, in a window that it shares with an empty one.

use std::sync::Mutex;

use serde_json::json;

use super::bidi::BidiError;
use super::running::Browser;
use crate::lock::lock;

/// The windows that a guest's tabs have to themselves, by their empty tabs.
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
        if let Some(host) = browser.hosts.take()
            && let Ok(context) = self.open_in(host, browser, user_context).await
        {
            return Ok(context);
        }
        // There is none, or somebody has closed it.
        let host = new_host(browser).await?;
        self.open_in(host, browser, user_context).await
    }

    async fn open_in(
        &self,
        host: String,
        browser: &Browser,
        user_context: &str,
    ) -> Result<String, BidiError> {
        let wanted = json!({
            "type": "tab",
            "userContext": user_context,
            "referenceContext": host,
        });
        // Who is not waited for any longer has a tab there all the same.
        lock(&self.0).push(host);
        let opened = browser.create(wanted).await;
        if opened.is_err() {
            lock(&self.0).pop();
        }
        opened
    }

    /// All tabs in them are gone.
    pub(super) fn give_back(&self, browser: &Browser) {
        let left = std::mem::take(&mut *lock(&self.0));
        browser.hosts.give_back(left);
    }
}

/// A window with an empty tab. No other window of the browser may open or close meanwhile.
async fn new_host(browser: &Browser) -> Result<String, BidiError> {
    let whose = &browser.hosts.whose;
    let whose = whose.get_or_try_init(|| browser.make_user_context(json!({})));
    let wanted = json!({ "type": "window", "userContext": whose.await? });
    browser.create(wanted).await
}
