//! The reference server in this process.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use glare_signaling_server::{Options, Server as Reference};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::{Sink, ask};
use crate::terms::ServerLife;

/// How long an answer may take that shows that it goes on.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// How long its end may take, once a planted fault has struck.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// The reference server; one that can be paused has a runtime of a single thread to itself.
pub(super) struct Embedded {
    server: Option<Reference>,
    own: Option<Own>,
    /// Tells its end, if a planted fault brings that about.
    watching: Mutex<Option<JoinHandle<()>>>,
}

struct Own {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// Dropped, it lets the thread go on.
    paused: Option<mpsc::Sender<()>>,
}

impl Embedded {
    pub(super) async fn start(
        options: Options,
        pausable: bool,
        sink: Sink,
    ) -> std::io::Result<Self> {
        if !pausable {
            let this = Self {
                server: Some(Reference::start(options).await?),
                own: None,
                watching: Mutex::default(),
            };
            return Ok(this.watched(sink));
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("glare-server")
            .enable_all()
            .build()?;
        let starting = runtime.spawn(Reference::start(options));
        let mut this = Self {
            server: None,
            own: Some(Own {
                runtime: Some(runtime),
                paused: None,
            }),
            watching: Mutex::default(),
        };
        this.server = Some(starting.await.map_err(std::io::Error::other)??);
        Ok(this.watched(sink))
    }

    fn watched(mut self, sink: Sink) -> Self {
        let crashed = self.server.as_ref().map(Reference::crashed);
        *self.watching.get_mut() = crashed.map(|crashed| {
            tokio::spawn(async move {
                crashed.await;
                let status = "a planted fault has struck".into();
                sink(ServerLife::Exited { status });
            })
        });
        self
    }

    /// Whether it goes on; if it does not, that has been told. `ask`: it may not have got to what was sent last.
    pub(super) async fn goes_on(&self, ask: bool) -> bool {
        let Some(server) = &self.server else {
            return false;
        };
        if ask {
            // Only that it had the time matters. With TLS no handshake is answered, which takes as long.
            let answer = ask::ask(server.address(), None, "/health", ANSWERS_WITHIN).await;
            tracing::debug!(?answer, "asked whether it goes on");
        }
        if !server.is_doomed() {
            return true;
        }
        self.told().await;
        false
    }

    async fn told(&self) {
        if let Some(watching) = self.watching.lock().await.take() {
            drop(timeout(GONE_WITHIN, watching).await);
        }
    }

    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.server.as_ref().map(Reference::address)
    }

    /// Blocks its only thread, timers and sockets included, as SIGSTOP does with a process. `false` if it shares its thread.
    pub(super) async fn pause(&mut self) -> bool {
        let Some(own) = &mut self.own else {
            return false;
        };
        let Some(runtime) = own.runtime.as_ref().filter(|_| own.paused.is_none()) else {
            return own.paused.is_some();
        };
        let (resume, resumed) = mpsc::channel::<()>();
        let (entered, blocked) = oneshot::channel();
        own.paused = Some(resume);
        runtime.spawn(async move {
            let _ = entered.send(());
            // Ends when the other end is dropped.
            let _ = resumed.recv();
        });
        blocked.await.is_ok()
    }

    /// Has it end in order, and tells whether it does in this time; its port and what it is told of stay till it is killed.
    pub(super) async fn ends(&mut self, within: Duration) -> bool {
        match &self.server {
            Some(server) => timeout(within, server.stops()).await.is_ok(),
            None => false,
        }
    }

    pub(super) fn resume(&mut self) {
        let paused = self.own.as_mut().and_then(|own| own.paused.take());
        if let (Some(_), Some(server)) = (&paused, &self.server) {
            server.has_stood_still();
        }
        // Dropped here, it lets the thread go on.
        drop(paused);
    }

    /// `false` if it had ended by itself before, which has been told then.
    pub(super) async fn kill(mut self) -> bool {
        self.resume();
        let Some(server) = self.server.take() else {
            return false;
        };
        let ran = !server.is_doomed();
        if !ran {
            self.told().await;
        }
        server.kill().await;
        ran
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(watching) = self.watching.get_mut() {
            watching.abort();
        }
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.paused = None;
        if let Some(runtime) = self.runtime.take() {
            // A plain drop would wait, which a task must not do.
            runtime.shutdown_background();
        }
    }
}
