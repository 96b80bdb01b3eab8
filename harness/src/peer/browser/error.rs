//! What the environment can lack.

use std::sync::Arc;

use crate::names::Stack;
use crate::run::RunError;

/// The environment broke, not what is tested: no browser, no driver, a driver or browser that does not come up, a page that does not
/// load. A run that meets it is inconclusive.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// A program is not there.
    #[error(
        "cannot find {what}: looked for {looked}; install it with `{install}` (`ci/demo` installs all that is needed), or name it in {variable}"
    )]
    NotFound {
        /// `Chromium`, `chromedriver`, …
        what: &'static str,
        /// The places, in the order in which they were looked at.
        looked: String,
        /// The command that installs it.
        install: &'static str,
        /// The environment variable that names it.
        variable: &'static str,
    },
    /// A driver or browser did not start, or did not tell where it listens.
    #[error("{program} did not start: {why}{}", last_lines(.output))]
    Start {
        /// The program.
        program: String,
        /// What happened.
        why: String,
        /// The last lines that it wrote.
        output: Vec<String>,
    },
    /// The browser did not come up behind its driver, gave no session, or the session broke while it was prepared.
    #[error("no session with {stack}: {why}{}", last_lines(.output))]
    Session {
        /// Which browser.
        stack: Stack,
        /// What it or its driver answered.
        why: String,
        /// The last lines that the program which was started wrote.
        output: Vec<String>,
    },
    /// A driver or browser that runs elsewhere gave no session, or the session broke while it was prepared.
    #[error("no session with {stack} at {url}: {why}")]
    Remote {
        /// Which browser.
        stack: Stack,
        /// Where it runs, without a password.
        url: String,
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
