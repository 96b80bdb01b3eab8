//! Requests to a tap that is a browser's proxy: where each goes, and tunnels.

use std::pin::pin;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::sync::OwnedMutexGuard;
use tokio::time::timeout;

use super::{AHEAD, End, Session};
use crate::tap::answer::Refusal;
use crate::tap::head::Request;
use crate::tap::routes::Routes;
use crate::tap::shared::Shared;
use crate::tap::wire::{CONNECT, Wire};
use crate::tls::{self, Called};

const ESTABLISHED: &[u8] = b"HTTP/1.1 200 Connection Established\r\n\r\n";

/// Looks after a connection of a browser to its proxy until it is closed.
pub(in crate::tap) async fn serve_proxied(
    shared: Arc<Shared>,
    routes: Arc<Routes>,
    stream: TcpStream,
) {
    let mut session = Session::new(shared, Wire::new(tls::Stream::Plain(stream)));
    session.routes = Some(routes);
    session.run().await;
}

impl Session {
    /// Turns to the server that a request to a proxy is for.
    pub(super) fn route(&mut self, request: &Request) -> Result<(), End> {
        let (Some(routes), Some(authority)) = (&self.routes, &request.authority) else {
            return Ok(());
        };
        let Some(shared) = routes.to(authority) else {
            return Err(foreign(routes, authority).into());
        };
        if request.method == "CONNECT" {
            return Err(End::Tunnel(authority.clone()));
        }
        if !Arc::ptr_eq(&self.shared, shared) {
            self.shared = Arc::clone(shared);
            (self.server, self.polled) = (None, None);
        }
        if self.shared.trust.is_some() {
            // It would go on to a server that speaks TLS alone, as if the page had asked so.
            return Err(only_tls(authority).into());
        }
        Ok(())
    }

    /// Waits until no other WebSocket of the page's is being asked for, where a browser would wait. A peer that goes meanwhile was never there.
    pub(super) async fn alone(&mut self) -> Result<Option<OwnedMutexGuard<()>>, End> {
        let Some(asking) = self.shared.asking() else {
            return Ok(None);
        };
        let mut turn = pin!(asking.lock_owned());
        loop {
            let watched = !self.peer.ended && self.peer.inbox.len() < AHEAD;
            tokio::select! {
                alone = &mut turn => return Ok(Some(alone)),
                read = self.peer.fill(), if watched => {
                    if read.map_err(|_| End::PeerReset)? == 0 {
                        return Err(End::Quiet);
                    }
                }
            }
        }
    }

    /// Goes on as a tunnel: what comes now is as it would be without a proxy.
    pub(super) async fn tunnel(mut self, authority: &str) {
        let shared = (self.routes.as_ref()).and_then(|routes| routes.to(authority));
        let Some(shared) = shared.cloned() else {
            return;
        };
        let early = !self.peer.inbox.is_empty();
        if early || self.peer.send(ESTABLISHED).await.is_err() {
            return;
        }
        let tls::Stream::Plain(stream) = self.peer.stream else {
            return;
        };
        // It may take its time, as without a proxy.
        if stream.readable().await.is_err() {
            return;
        }
        let stream = match &shared.identity {
            Some(identity) => match timeout(CONNECT, identity.shake(stream)).await {
                Ok(Ok(Called::Shaken(stream))) => stream,
                // A server that speaks no TLS itself is there without it as well.
                Ok(Ok(Called::Plain(stream))) if shared.trust.is_none() => {
                    tls::Stream::Plain(stream)
                }
                Ok(Ok(Called::Plain(stream))) => {
                    let mut peer = Wire::new(tls::Stream::Plain(stream));
                    return only_tls(authority).send(&mut peer).await;
                }
                Ok(Err(error)) => {
                    tracing::debug!("no TLS with the browser for {authority}: {error}");
                    return;
                }
                Err(_) => return,
            },
            None => match speaks_tls(&stream).await {
                // It waits for a certificate, which nobody has.
                Ok(true) => return shared.policy.tls_wanted(authority),
                Ok(false) => tls::Stream::Plain(stream),
                Err(_) => return,
            },
        };
        // Nothing in it is a tunnel once more.
        Box::pin(Session::new(shared, Wire::new(stream)).run()).await;
    }
}

/// Whether the browser begins by a handshake (RFC 8446, section 5.1). It speaks first in either case, when it likes.
async fn speaks_tls(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0];
    Ok(stream.peek(&mut first).await? > 0 && first == [tls::HANDSHAKE])
}

fn only_tls(authority: &str) -> Refusal {
    Refusal::new(
        400,
        format!("{authority} speaks TLS only, at https:// and wss://"),
    )
}

fn foreign(routes: &Routes, authority: &str) -> Refusal {
    routes.tell_foreign(authority);
    let names = routes.names();
    Refusal::new(
        403,
        format!("nobody has named the host {authority:?}; a page may call {names}"),
    )
}
