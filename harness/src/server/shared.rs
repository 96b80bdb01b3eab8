//! A server that is started once and lent to several cases, one after another and side by side.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::sync::RwLock;

use super::{ServerError, ServerSpec, ServerUnderTest, Sink, Wanted};
use crate::lock::lock;
use crate::run::Run;
use crate::terms::ServerLife;

/// A server that runs for several cases: all its nodes, and what runs beside it. Whoever has started it ends it; to whom it is lent it is
/// [`ServerSpec::Lent`], which neither ends nor pauses it.
pub struct Shared {
    spec: ServerSpec,
    addresses: Vec<SocketAddr>,
    words: Vec<(String, String)>,
    /// Gone once it has been ended.
    running: RwLock<Option<ServerUnderTest>>,
    /// How it ended, if it did so by itself.
    ended: Arc<Mutex<Option<String>>>,
}

impl Shared {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// As for [`ServerUnderTest::start`].
    pub async fn start(spec: ServerSpec, run: Run, wanted: Wanted) -> Result<Self, ServerError> {
        let ended: Arc<Mutex<Option<String>>> = Arc::default();
        let sink: Sink = {
            let ended = ended.clone();
            Arc::new(move |life| {
                if let ServerLife::Exited { status } = life {
                    lock(&ended).get_or_insert(status);
                }
            })
        };
        let server = ServerUnderTest::start_as(spec.clone(), run, sink, wanted).await?;
        let nodes = 1..=spec.nodes();
        Ok(Self {
            addresses: nodes.map(|node| server.address_of(node)).collect(),
            words: server.words(),
            running: RwLock::new(Some(server)),
            spec,
            ended,
        })
    }

    /// Which server it is.
    pub fn spec(&self) -> &ServerSpec {
        &self.spec
    }

    /// Where the node of this number, from 1, listens.
    pub(super) fn address_of(&self, node: u32) -> SocketAddr {
        let index = (node as usize).saturating_sub(1);
        let address = self.addresses.get(index).copied();
        address.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())
    }

    pub(super) fn words(&self) -> Vec<(String, String)> {
        self.words.clone()
    }

    /// Whether it goes on; else how it ended, for whoever is to be told. `ask`: it may not have got to what was sent last.
    ///
    /// # Errors
    /// How it ended.
    pub async fn goes_on(&self, ask: bool) -> Result<(), String> {
        let goes_on = match &*self.running.read().await {
            Some(server) => server.all_goes_on(ask).await,
            None => false,
        };
        match (goes_on, lock(&self.ended).clone()) {
            (true, None) => Ok(()),
            (_, Some(status)) => Err(status),
            (false, None) => Err("it runs no more".to_owned()),
        }
    }

    /// Ends it, and then what runs beside it. Who is on it loses it.
    pub async fn stop(&self) {
        let server = self.running.write().await.take();
        if let Some(server) = server {
            server.stop().await;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Shared").field(&self.spec).finish()
    }
}
