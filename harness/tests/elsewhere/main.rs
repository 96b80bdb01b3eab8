//! Browsers on another machine, which is another network namespace. A binary of its own: whoever connects while such a namespace is there may do so by
//! an address that goes with it.

#[path = "../support/browser.rs"]
mod browser_support;
#[path = "../support/cli.rs"]
mod cli_support;
#[path = "../support/netns.rs"]
mod netns_support;

mod played;

/// Each starts browsers of its own: one at a time.
static OWN_BROWSERS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
