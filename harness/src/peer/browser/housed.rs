//! Where a guest's tabs are in a Firefox: each in front, in a window that it shares with an empty one.

use std::sync::Mutex;

use serde_json::json;

use super::bidi::BidiError;
use super::made::{Made, Thing};
use super::running::Browser;
use crate::lock::lock;

/// The windows that a guest's tabs have to themselves, by their empty tabs.
#[derive(Debug, Default)]
pub(super) struct Housed(Mutex<Vec<String>>);

impl Housed {
    /// Opens a tab of this user context, in front in a window of its own. No other window of the browser may open or close meanwhile.
    pub(super) async fn open(
        &self,
        browser: &Browser,
        user_context: &str,
    ) -> Result<Made, BidiError> {
        if let Some(host) = browser.hosts.take() {
            match self.open_in(host, browser, user_context).await {
                Err(error) if is_closed(&error) => {}
                opened => return opened,
            }
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
    ) -> Result<Made, BidiError> {
        let wanted = json!({
            "type": "tab",
            "userContext": user_context,
            "referenceContext": host,
        });
        let opened = browser.create(wanted).await;
        match &opened {
            Ok(_) => lock(&self.0).push(host),
            Err(error) if is_closed(error) => {}
            Err(BidiError::Refused { .. }) => browser.hosts.give_back(vec![host]),
            // A tab that comes yet would be in front of the next one's.
            Err(BidiError::Late { .. } | BidiError::Gone) => {
                drop(browser.maker.has_made(Thing::Window, host));
            }
        }
        opened
    }

    /// All tabs in them are gone.
    pub(super) fn give_back(&self, browser: &Browser) {
        let left = std::mem::take(&mut *lock(&self.0));
        browser.hosts.give_back(left);
    }
}

/// Whether that says that there is no such window any more.
fn is_closed(error: &BidiError) -> bool {
    error.is("no such frame")
}

/// A window with an empty tab.
async fn new_host(browser: &Browser) -> Result<String, BidiError> {
    let whose = &browser.hosts.whose;
    let whose = whose.get_or_try_init(|| browser.make_user_context(json!({})));
    let wanted = json!({ "type": "window", "userContext": whose.await? });
    browser.create(wanted).await.map(Made::kept)
}
