//! The hand itself: which command goes where, and how it ends.

use std::collections::HashMap;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use crate::hand::{Command, Hand, HandError, Happenings, Reply};
use crate::lock::lock;
use crate::peer::Origin;
use crate::peer::socket::{Answer, Sockets};
use crate::peer::teller::Teller;
use crate::terms::Kill;

use super::connection;
use super::refusal::{BOUND, refuse};
use super::work::Work;

/// A peer on the `webrtc` crate. Its tasks run on the tokio runtime that [`NativePeer::start`] was called on.
///
/// Commands take effect in the order of the calls to `perform`: a call queues its command at once, polled or not. Dropping the
/// peer closes everything in the background; [`Hand::finish`] also waits for it.
pub struct NativePeer {
    teller: Arc<Teller>,
    sockets: Sockets,
    connections: Mutex<HashMap<u32, UnboundedSender<Work>>>,
    cut: Arc<AtomicBool>,
    /// The one address that it gathers, if not all.
    address: Option<IpAddr>,
    gone: Mutex<Option<String>>,
    tasks: TaskTracker,
    runtime: tokio::runtime::Handle,
}

impl NativePeer {
    /// A peer whose tap is at `origin`: its WebSockets go to `ws://origin/path`, its requests to `http://origin/path`, or
    /// `wss` and `https`.
    pub async fn start(origin: impl Into<Origin>) -> (Self, Happenings) {
        Self::start_at(origin, None).await
    }

    /// The same, which gathers candidates of this address alone: the one at which others reach this machine.
    pub async fn start_at(
        origin: impl Into<Origin>,
        address: Option<IpAddr>,
    ) -> (Self, Happenings) {
        let (teller, happenings) = Teller::new();
        let teller = Arc::new(teller);
        let tasks = TaskTracker::new();
        let runtime = tokio::runtime::Handle::current();
        let peer = Self {
            sockets: Sockets::new(origin.into(), Arc::clone(&teller), tasks.clone()),
            teller,
            connections: Mutex::default(),
            cut: Arc::default(),
            address,
            gone: Mutex::default(),
            tasks,
            runtime,
        };
        (peer, happenings)
    }

    fn submit(&self, command: Command) -> Answer {
        // Held until the command is queued, so that nothing slips in behind a kill.
        let gone = lock(&self.gone);
        if let Some(why) = gone.as_ref() {
            return Answer::Now(Err(HandError::Gone(why.clone())));
        }
        match connection_of(&command) {
            None => self.sockets.submit(command),
            Some(conn) => self.order(conn, command),
        }
    }

    fn order(&self, conn: u32, command: Command) -> Answer {
        let mut connections = lock(&self.connections);
        if matches!(command, Command::NewConnection { .. }) {
            if connections.contains_key(&conn) {
                let message = format!("there is a connection {conn} already");
                return Answer::Now(Err(refuse("InvalidStateError", message)));
            }
            let (teller, cut) = (Arc::clone(&self.teller), Arc::clone(&self.cut));
            let (orders, task) = connection::start(conn, teller, cut, self.address);
            self.tasks.spawn_on(task, &self.runtime);
            connections.insert(conn, orders);
        }
        let (reply, answer) = oneshot::channel();
        let sent = connections
            .get(&conn)
            .is_some_and(|orders| orders.send(Work::Do(command, reply)).is_ok());
        if !sent {
            let message = format!("there is no connection {conn}");
            return Answer::Now(Err(refuse("NotFoundError", message)));
        }
        Answer::Later(answer)
    }

    /// Whether this call ended the peer.
    fn end(&self, why: &str) -> bool {
        let mut gone = lock(&self.gone);
        if gone.is_some() {
            return false;
        }
        *gone = Some(why.into());
        self.teller.hush();
        // A connection closes when its queue ends.
        lock(&self.connections).clear();
        self.tasks.close();
        true
    }
}

impl Hand for NativePeer {
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
            self.cut.store(true, Ordering::Relaxed);
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
            // What hangs in the crate is left to it.
            let _ = tokio::time::timeout(2 * BOUND, self.tasks.wait()).await;
        })
    }
}

/// The connection that a command is for.
fn connection_of(command: &Command) -> Option<u32> {
    match command {
        Command::OpenLink { .. }
        | Command::SendText { .. }
        | Command::SendBinary { .. }
        | Command::CloseLink { .. }
        | Command::Fetch { .. } => None,
        Command::NewConnection { conn }
        | Command::CreateChannel { conn, .. }
        | Command::CreateOffer { conn, .. }
        | Command::CreateAnswer { conn }
        | Command::SetLocal { conn, .. }
        | Command::SetRemote { conn, .. }
        | Command::AddCandidate { conn, .. }
        | Command::LocalDescription { conn }
        | Command::RestartIce { conn }
        | Command::Say { conn, .. }
        | Command::CloseChannel { conn, .. }
        | Command::CloseConnection { conn }
        | Command::Stats { conn } => Some(*conn),
    }
}
