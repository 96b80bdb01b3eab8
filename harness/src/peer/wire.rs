//! The wire peer: signaling and nothing else, for scenarios that need a mouth but no connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::task::TaskTracker;

use super::Origin;
use super::socket::{Answer, Sockets};
use super::teller::Teller;
use crate::hand::{Command, Hand, HandError, Happenings, Reply};
use crate::lock::lock;
use crate::terms::Kill;

/// How long closing may take before it is left alone.
const FINISH: Duration = Duration::from_secs(10);

/// A peer with links and requests; every command for a connection answers [`HandError::Unsupported`].
pub struct WirePeer {
    teller: Arc<Teller>,
    sockets: Sockets,
    gone: Mutex<Option<String>>,
    tasks: TaskTracker,
}

impl WirePeer {
    /// A peer whose tap is at `origin`.
    pub async fn start(origin: impl Into<Origin>) -> (Self, Happenings) {
        let (teller, happenings) = Teller::new();
        let teller = Arc::new(teller);
        let tasks = TaskTracker::new();
        let peer = Self {
            sockets: Sockets::new(origin.into(), Arc::clone(&teller), tasks.clone()),
            teller,
            gone: Mutex::default(),
            tasks,
        };
        (peer, happenings)
    }

    fn submit(&self, command: Command) -> Answer {
        let gone = lock(&self.gone);
        match gone.as_ref() {
            Some(why) => Answer::Now(Err(HandError::Gone(why.clone()))),
            None => self.sockets.submit(command),
        }
    }

    fn end(&self, why: &str) {
        lock(&self.gone).get_or_insert_with(|| why.into());
        self.teller.hush();
        self.tasks.close();
    }
}

impl Hand for WirePeer {
    // Written out instead of through the macro: so the order is that of the calls, not that of the first polls.
    fn perform<'peer, 'future>(
        &'peer self,
        command: Command,
    ) -> Pin<Box<dyn Future<Output = Result<Reply, HandError>> + Send + 'future>>
    where
        'peer: 'future,
        Self: 'future,
    {
        let answer = self.submit(command);
        Box::pin(answer.wait())
    }

    fn connects(&self) -> bool {
        false
    }

    fn kill<'peer, 'future>(
        &'peer self,
        how: Kill,
    ) -> Pin<Box<dyn Future<Output = Result<(), HandError>> + Send + 'future>>
    where
        'peer: 'future,
        Self: 'future,
    {
        Box::pin(async move {
            if let Some(why) = lock(&self.gone).as_ref() {
                return Err(HandError::Gone(why.clone()));
            }
            let why = match how {
                Kill::Socket => return Ok(()),
                Kill::Tab => "killed (tab)",
                Kill::Browser => "killed (browser)",
            };
            self.sockets.reset();
            self.end(why);
            Ok(())
        })
    }

    fn finish<'peer, 'future>(&'peer self) -> Pin<Box<dyn Future<Output = ()> + Send + 'future>>
    where
        'peer: 'future,
        Self: 'future,
    {
        Box::pin(async move {
            self.end("it has finished");
            self.sockets.finish();
            // Every task has its own bound below this one.
            let _ = tokio::time::timeout(FINISH, self.tasks.wait()).await;
        })
    }
}
