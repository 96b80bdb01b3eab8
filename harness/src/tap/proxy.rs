//! The tap itself: listens for one peer and looks after its connections.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::BytesMut;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep};

use super::link::Command;
use super::options::{Cut, Delivery, TapOptions};
use super::policy::{HoldId, Policy};
use super::raw::{self};
use super::routes::Routes;
use super::session;
use super::shared::Shared;
use crate::lock::lock;
use crate::terms::RawFrame;
use crate::terms::Silence;

/// After a failed accept (no file descriptors left) the next try comes after this time.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// A session that is changing to a WebSocket may take so long before it is cut.
const CHANGES: Duration = Duration::from_secs(5);

/// A proxy between one peer and the server under test. Dropping it ends all its connections.
pub struct Tap {
    shared: Arc<Shared>,
    routes: Option<Arc<Routes>>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Tap {
    /// Begins to listen.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(options: TapOptions, policy: Arc<dyn Policy>) -> io::Result<Tap> {
        let listener = TcpListener::bind((options.address, 0)).await?;
        Self::begin(listener, options, policy)
    }

    /// The same, on a port where somebody listens already.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub async fn start_on(
        listener: std::net::TcpListener,
        options: TapOptions,
        policy: Arc<dyn Policy>,
    ) -> io::Result<Tap> {
        listener.set_nonblocking(true)?;
        Self::begin(TcpListener::from_std(listener)?, options, policy)
    }

    fn begin(
        listener: TcpListener,
        options: TapOptions,
        policy: Arc<dyn Policy>,
    ) -> io::Result<Tap> {
        let forward = options.forward.clone();
        let shared = Arc::new(Shared::new(policy, listener.local_addr()?, options));
        let routes = forward.map(|forward| {
            let routes = Routes::new(forward, Arc::clone(&shared), &shared.stop);
            Arc::new(routes)
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&shared), routes.clone()));
        Ok(Tap {
            shared,
            routes,
            tasks: Mutex::new(vec![task]),
        })
    }

    /// Listens there, too, for the same peer.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn listen_also(&self, listener: std::net::TcpListener) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let (shared, routes) = (Arc::clone(&self.shared), self.routes.clone());
        lock(&self.tasks).push(tokio::spawn(accept(listener, shared, routes)));
        Ok(())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// The origin that a page behind it has: `http://127.3.1.1:41234`, or `https://` and the same.
    pub fn origin(&self) -> String {
        format!("{}{}", self.shared.scheme(), self.shared.address)
    }

    /// Sends new connections to another server. What is connected stays where it is.
    pub fn set_upstream(&self, upstream: SocketAddr) {
        self.shared.set_upstream(upstream);
    }

    /// Lets a held message go on now, whole, between others; returns when it is written. Once its link is down, or its peer has gone,
    /// there is nobody to deliver it to.
    pub async fn release(&self, hold: HoldId) -> Delivery {
        let (reply, delivery) = oneshot::channel();
        let sent = match self.shared.link((hold >> 32) as u32) {
            Some(link) => link.send(Command::Release(hold, reply)).is_ok(),
            None => match self.shared.take_hold(hold) {
                Some(go) => go.send(reply).is_ok(),
                None => false,
            },
        };
        match sent {
            true => delivery.await.unwrap_or(Delivery::Undeliverable),
            false => Delivery::Undeliverable,
        }
    }

    /// Throws a held message away.
    pub async fn discard(&self, hold: HoldId) {
        match self.shared.link((hold >> 32) as u32) {
            // Gone with its link otherwise.
            Some(link) => drop(link.send(Command::Discard(hold))),
            None => drop(self.shared.take_hold(hold)),
        }
    }

    /// Cuts one line by its number, or all of them; returns how many there were. After a cut by reset both sockets are closed; after
    /// one by close frame both ends have 5 s to answer.
    ///
    /// A session of engine.io that is between its polls and its WebSocket is cut as what it becomes, if that is decided within 5 s: the server
    /// may notice the end of one that is neither only when it next looks.
    pub async fn cut(&self, link: Option<u32>, how: Cut) -> usize {
        self.cut_within(link, how, CHANGES).await
    }

    /// The same, with so much time for a session between its polls and its WebSocket.
    pub async fn cut_within(&self, link: Option<u32>, how: Cut, patience: Duration) -> usize {
        let until = Instant::now() + patience;
        self.ask(link, |reply| Command::Cut(how.clone(), until, reply))
            .await
    }

    /// Silences one WebSocket by its number, or all of them; returns how many there were. From here on whole frames are read and thrown
    /// away, pings and close frames too, and so is the end of the stream. What was judged before goes on. It lasts until
    /// [`Tap::mend`], or until both sides have ended.
    pub async fn silence(&self, link: Option<u32>, how: Silence) -> usize {
        self.ask(link, |reply| Command::Silence(how, reply)).await
    }

    /// Stops reading from the server for one WebSocket, or all of them; returns how many there were. The server feels it once the
    /// system's buffers are full. Nothing is lost.
    pub async fn stall(&self, link: Option<u32>) -> usize {
        self.ask(link, Command::Stall).await
    }

    /// Ends silences and stalls; returns how many WebSockets there were. The next whole frame passes; what was swallowed stays lost.
    pub async fn mend(&self, link: Option<u32>) -> usize {
        self.ask(link, Command::Mend).await
    }

    /// Writes a frame up to the server in the peer's place, between two frames of the peer's; returns when it is written. Nothing judges
    /// it.
    pub async fn inject(&self, link: u32, frame: RawFrame) -> Delivery {
        let (reply, delivery) = oneshot::channel();
        let bytes = BytesMut::from(&frame.bytes()[..]);
        match self.shared.link(link) {
            Some(link) if link.send(Command::Inject(bytes, reply)).is_ok() => {
                delivery.await.unwrap_or(Delivery::Undeliverable)
            }
            _ => Delivery::Undeliverable,
        }
    }

    /// Asks the server for a WebSocket on a path of any kind, over a connection of its own that ends with the answer; returns the answer's
    /// status. No number is spent on it, and nothing judges it.
    ///
    /// # Errors
    /// The server cannot be reached, or what it says is no HTTP answer.
    pub async fn knock(&self, path: &str) -> io::Result<u16> {
        let shared = &self.shared;
        let server = (shared.upstream(), shared.trust.as_ref());
        raw::knock(server, shared.site.as_deref(), path).await
    }

    /// Asks one link, or all; returns how many there were once all have answered.
    async fn ask(
        &self,
        link: Option<u32>,
        command: impl Fn(oneshot::Sender<()>) -> Command,
    ) -> usize {
        let links = match link {
            Some(link) => self.shared.link(link).into_iter().collect(),
            None => self.shared.links(),
        };
        let mut replies = Vec::new();
        for link in links {
            let (reply, done) = oneshot::channel();
            if link.send(command(reply)).is_ok() {
                replies.push(done);
            }
        }
        let count = replies.len();
        for done in replies {
            // Dropped when the link ended by itself: there is nothing to do any more.
            let _ = done.await;
        }
        count
    }

    /// Closes everything; when it returns all tasks have ended and the port is free.
    pub async fn stop(self) {
        self.shared.stop.cancel();
        let tasks = std::mem::take(&mut *lock(&self.tasks));
        for task in tasks {
            let _ = task.await;
        }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, routes: Option<Arc<Routes>>) {
    let mut sessions = JoinSet::new();
    loop {
        tokio::select! {
            () = shared.stop.cancelled() => break,
            Some(_) = sessions.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let shared = Arc::clone(&shared);
                    match &routes {
                        None => sessions.spawn(session::serve(shared, stream)),
                        Some(routes) => {
                            let routes = Arc::clone(routes);
                            sessions.spawn(session::serve_proxied(shared, routes, stream))
                        }
                    };
                }
                Err(error) => {
                    tracing::warn!("the tap at {} cannot accept: {error}", shared.address);
                    sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }
    drop(listener);
    sessions.shutdown().await;
}
