//! The reference server in this process.

use std::net::SocketAddr;
use std::sync::mpsc;

use glare_signaling_server::{Options, Server as Reference};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

/// The reference server; one that can be paused has a runtime of a single thread to itself.
pub(super) struct Embedded {
    server: Option<Reference>,
    own: Option<Own>,
}

struct Own {
    /// `None` only while it is dropped.
    runtime: Option<Runtime>,
    /// Dropped, it lets the thread go on.
    paused: Option<mpsc::Sender<()>>,
}

impl Embedded {
    pub(super) async fn start(options: Options, pausable: bool) -> std::io::Result<Self> {
        if !pausable {
            return Ok(Self {
                server: Some(Reference::start(options).await?),
                own: None,
            });
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
        };
        this.server = Some(starting.await.map_err(std::io::Error::other)??);
        Ok(this)
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

    pub(super) fn resume(&mut self) {
        if let Some(own) = &mut self.own {
            own.paused = None;
        }
    }

    pub(super) async fn kill(mut self) {
        self.resume();
        if let Some(server) = self.server.take() {
            server.kill().await;
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
