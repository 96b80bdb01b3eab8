//! What the environment can lack.

use std::sync::Arc;

use crate::names::Stack;
use crate::run::RunError;

/// The environment broke, not what is tested: no browser, no driver, a driver that does not come up, a page that does not
/// load. A run that meets it is inconclusive.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A program is not there.
    #[error(
        "cannot find {what}: looked for {looked}; install it with `{install}` (`ci/demo` installs all that is needed), or name it in {variable}"
    )]
    NotFound {
        /// `Chromium`, `geckodriver`, …
        what: &'static str,
        /// The places, in the order in which they were looked at.
        looked: String,
        /// The command that installs it.
        install: &'static str,
        /// The environment variable that names it.
        variable: &'static str,
    },
    /// A driver did not start, or did not tell its port.
    #[error("{driver} did not start: {why}{}", last_lines(.output))]
    Driver {
        /// The program.
        driver: String,
        /// What happened.
        why: String,
        /// The last lines that it wrote.
        output: Vec<String>,
    },
    /// The driver could not start its browser, or the session broke while it was prepared.
    #[error("no session with {stack}: {why}{}", last_lines(.output))]
    Session {
        /// Which browser.
        stack: Stack,
        /// The driver's answer.
        why: String,
        /// The last lines that the driver wrote.
        output: Vec<String>,
    },
    /// A driver that runs elsewhere gave no session, or the session broke while it was prepared.
    #[error("no session with {stack} at {driver}: {why}")]
    Remote {
        /// Which browser.
        stack: Stack,
        /// The driver's URL, without a password.
        driver: String,
        /// What happened.
        why: String,
    },
    /// A page could not be opened, loaded or prepared.
    #[error("{stack} has no page at {url}: {why}")]
    Page {
        /// Which browser.
        stack: Stack,
        /// Where the page was to be.
        url: String,
        /// What happened.
        why: String,
    },
    /// The run itself could not begin.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The pool's own threads could not be started, or are already shut down.
    #[error("the browser pool is not running: {0}")]
    Pool(Arc<str>),
    /// No browser plays this stack.
    #[error("{0} is not played by a browser")]
    NoBrowser(Stack),
}

fn last_lines(lines: &[String]) -> String {
    if lines.is_empty() {
        return "; it wrote nothing".into();
    }
    let mut text = String::from("; it wrote:");
    for line in lines {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}
