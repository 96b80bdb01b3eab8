//! The hand of a page.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::lease::Lease;
use super::line::Line;
use super::page::Page;
use super::running::{Browser, TOLD_WITHIN};
use crate::hand::{Command, Hand, HandError, Reply};
use crate::names::Stack;
use crate::signaling::Description;
use crate::terms::Kill;

/// How long a page may take over one command. Nothing that a hand does takes this long, except an HTTP request, for which whoever makes
/// it knows how long to wait.
const COMMAND_DEADLINE: Duration = Duration::from_secs(60);

/// How long closing everything may take.
const END_DEADLINE: Duration = Duration::from_secs(20);

/// A peer that a real browser plays. Given back by [`Hand::finish`], or when it is dropped.
#[derive(Debug)]
pub struct BrowserPeer {
    browser: Arc<Browser>,
    page: Arc<Page>,
    line: Line,
    /// The pool's runtime: the caller's may know no time, and may end first.
    handle: Handle,
    /// The number of the last command. Held while sending, so that numbers go out in order.
    number: Mutex<u64>,
    lease: Mutex<Option<Lease>>,
    /// Whether the browser is this peer's alone.
    own: AtomicBool,
}

/// What `hand.js` answers.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Done,
    Description(Description),
    Response { status: u16, body: String },
    Stats(Value),
    Refused { name: String, message: String },
    Unsupported(String),
}

impl BrowserPeer {
    pub(super) fn new(browser: Arc<Browser>, page: Arc<Page>, line: Line, lease: Lease) -> Self {
        Self {
            own: AtomicBool::new(lease.owns_browser()),
            browser,
            page,
            line,
            handle: lease.handle.clone(),
            number: Mutex::new(0),
            lease: Mutex::new(Some(lease)),
        }
    }

    /// Which browser plays it.
    pub fn stack(&self) -> Stack {
        self.browser.stack
    }

    /// The id of its page (a BiDi browsing context). Later borrowers may have the same.
    pub fn page(&self) -> &str {
        &self.page.context
    }

    fn take_lease(&self) -> Option<Lease> {
        self.lease
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }

    /// Why nothing can be done any more, if so. A page that was given back may be another's already.
    fn gone(&self) -> Option<HandError> {
        let given_back = || {
            let lease = self.lease.lock().unwrap_or_else(PoisonError::into_inner);
            lease.is_none().then(|| "it was given back".to_owned())
        };
        let why = self.page.why_gone().map(str::to_owned);
        why.or_else(given_back).map(HandError::Gone)
    }

    /// Sends a command; it is on its way when this returns.
    fn send(
        &self,
        command: &str,
        within: Option<Duration>,
    ) -> impl Future<Output = Result<Reply, HandError>> + Send + use<> {
        let answer = {
            let mut number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
            *number += 1;
            self.line.ask(*number, command)
        };
        let page = Arc::clone(&self.page);
        let reply = self.handle.spawn(async move {
            let answer = async {
                match within {
                    Some(within) => timeout(within, answer).await.map_err(|_| within),
                    None => Ok(answer.await),
                }
            };
            let answer = tokio::select! {
                biased;
                answer = answer => answer,
                why = page.gone() => return Err(HandError::Gone(why)),
            };
            match answer {
                Ok(Some(answer)) => read(&answer),
                // Either the page was lost with it, or that is being told.
                Ok(None) => Err(HandError::Gone(
                    timeout(TOLD_WITHIN * 2, page.gone())
                        .await
                        .unwrap_or_else(|_| "its page closed the line".into()),
                )),
                Err(within) => Err(HandError::Late(format!(
                    "no answer in {} s",
                    within.as_secs()
                ))),
            }
        });
        async move {
            reply
                .await
                .unwrap_or_else(|_| Err(HandError::Gone("the pool is shut down".into())))
        }
    }
}

fn read(answer: &str) -> Result<Reply, HandError> {
    match serde_json::from_str(answer) {
        Ok(Answer::Done) => Ok(Reply::Done),
        Ok(Answer::Description(description)) => Ok(Reply::Description(description)),
        Ok(Answer::Response { status, body }) => Ok(Reply::Response { status, body }),
        Ok(Answer::Stats(stats)) => Ok(Reply::Stats(stats)),
        Ok(Answer::Refused { name, message }) => Err(HandError::Refused { name, message }),
        Ok(Answer::Unsupported(why)) => Err(HandError::Unsupported(why)),
        Err(error) => Err(HandError::Unsupported(format!(
            "the page's answer cannot be read: {error}"
        ))),
    }
}

#[async_trait]
impl Hand for BrowserPeer {
    async fn perform(&self, command: Command) -> Result<Reply, HandError> {
        if let Some(gone) = self.gone() {
            return Err(gone);
        }
        let within = match command {
            Command::Fetch { .. } => None,
            _ => Some(COMMAND_DEADLINE),
        };
        let command = serde_json::to_string(&command)
            .map_err(|error| HandError::Unsupported(error.to_string()))?;
        self.send(&command, within).await
    }

    async fn kill(&self, how: Kill) -> Result<(), HandError> {
        if let (Some(gone), true) = (self.gone(), how != Kill::Socket) {
            return Err(gone);
        }
        match how {
            Kill::Socket => Ok(()),
            Kill::Tab => self
                .browser
                .close(&self.page)
                .await
                .map_err(|error| HandError::Gone(error.to_string())),
            Kill::Browser if self.own.load(Ordering::Relaxed) => {
                match self.take_lease() {
                    Some(lease) => lease.kill_browser().await,
                    None => return Err(HandError::Gone("it was given back".into())),
                }
                Ok(())
            }
            Kill::Browser => Err(HandError::Unsupported(
                "this browser plays other peers too: only a browser of its own can be killed"
                    .into(),
            )),
        }
    }

    async fn finish(&self) {
        let Some(lease) = self.take_lease() else {
            return;
        };
        // What is open is closed before this returns; all else happens behind the caller's back.
        let ended = match self.page.why_gone() {
            None => self.send("null", Some(END_DEADLINE)).await.is_ok(),
            Some(_) => false,
        };
        self.page.mute();
        lease.give_back(Arc::clone(&self.page), ended);
    }
}

impl Drop for BrowserPeer {
    fn drop(&mut self) {
        if let Some(lease) = self.take_lease() {
            // Nothing can be awaited here; the realm goes with its connections when its frame is removed.
            lease.give_back(Arc::clone(&self.page), self.page.why_gone().is_none());
        }
    }
}
