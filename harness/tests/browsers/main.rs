//! Everything that plays in browsers, every scenario with every cast included. One binary: all its tests share one browser of each kind,
//! and their long waits (browsers' own time-outs, 15 to 30 s) overlap.

#[path = "../support/browser.rs"]
mod browser_support;
#[path = "../support/cli.rs"]
mod cli_support;
#[path = "../support/site.rs"]
#[expect(dead_code, reason = "the tests of pages use the rest")]
mod site_support;
#[path = "../support/stage/mod.rs"]
#[expect(dead_code, reason = "the other binary uses the rest")]
mod stage_support;

/// Held by tests that start browsers of their own: a dozen that start at once keep two cores busy for a minute, and each has a deadline.
static OWN_BROWSERS: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

mod again;
mod between;
mod figures;
mod firefox_alone;
mod hands;
mod hosts;
mod pairs;
mod planted;
mod pool;
mod readme_page;
mod scenarios;
mod waits;
mod wire_faults;
