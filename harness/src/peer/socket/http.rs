//! One HTTP connection that a line holds, and how it is let go.

use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpSocket;

use super::{BODY, codings};
use crate::coding;
use crate::lock::lock;
use crate::peer::Origin;
use crate::tls::Stream;

/// The sockets of a line, for the one who resets them.
#[derive(Clone, Default)]
pub(super) struct Grips {
    all: Arc<Mutex<Vec<Weak<TcpSocket>>>>,
    /// Of connections that last as long as the line.
    kept: Arc<Mutex<Vec<Arc<TcpSocket>>>>,
}

impl Grips {
    /// A second hold on a socket: the connection closes when both are gone.
    pub(super) fn take(&self, stream: &Stream) -> io::Result<Arc<TcpSocket>> {
        let twin = stream.tcp().as_fd().try_clone_to_owned()?;
        let grip = Arc::new(TcpSocket::from_std_stream(twin.into()));
        let mut all = lock(&self.all);
        all.retain(|one| one.strong_count() > 0);
        all.push(Arc::downgrade(&grip));
        Ok(grip)
    }

    /// Keeps hold to the line's end.
    pub(super) fn keep(&self, grip: Arc<TcpSocket>) {
        lock(&self.kept).push(grip);
    }

    /// The close of each of them will be a reset (RST).
    pub(super) fn reset(&self) {
        for socket in lock(&self.all).iter().filter_map(Weak::upgrade) {
            // A socket that is gone already needs none.
            let _ = socket.set_zero_linger();
        }
    }
}

type Connection = Pin<Box<dyn Future<Output = hyper::Result<()>> + Send>>;

/// A connection that carries requests, one after the other.
pub(super) struct Http {
    sender: SendRequest<Full<Bytes>>,
    /// None when it has ended: what is left of it would keep requests that nobody sends any more.
    connection: Option<Connection>,
    _grip: Arc<TcpSocket>,
    /// What another one needs.
    origin: Origin,
    grips: Grips,
    /// It has carried an exchange.
    used: bool,
}

/// What an answer says.
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) async fn call(origin: &Origin, grips: &Grips) -> io::Result<Self> {
        let stream = origin.call().await?;
        let grip = grips.take(&stream)?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        Ok(Self {
            sender,
            connection: Some(Box::pin(connection)),
            _grip: grip,
            origin: origin.clone(),
            grips: grips.clone(),
            used: false,
        })
    }

    async fn anew(&mut self) -> Option<()> {
        *self = Self::call(&self.origin.clone(), &self.grips.clone())
            .await
            .ok()?;
        Some(())
    }

    /// Waits for something that the connection brings, and keeps it going.
    async fn while_open<T>(
        connection: &mut Option<Connection>,
        what: impl Future<Output = T>,
    ) -> T {
        let mut what = std::pin::pin!(what);
        loop {
            let Some(open) = connection else {
                return what.await;
            };
            tokio::select! {
                biased;
                came = &mut what => return came,
                // How it ended, what is waited for says, too.
                _ = open => *connection = None,
            }
        }
    }

    /// Sends a request; the answer's head.
    pub(super) async fn ask(
        &mut self,
        request: http::Request<Full<Bytes>>,
    ) -> hyper::Result<http::Response<Incoming>> {
        let asked = self.sender.send_request(request);
        Self::while_open(&mut self.connection, asked).await
    }

    /// Some more of an answer's body.
    pub(super) async fn more(&mut self, body: &mut Incoming) -> Option<hyper::Result<Bytes>> {
        loop {
            let frame = Self::while_open(&mut self.connection, body.frame()).await;
            match frame? {
                Ok(frame) => {
                    // Trailers say nothing here.
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }

    /// Sends a request; the whole answer, decoded. `None` if there is none, or one that is too long.
    pub(super) async fn exchange(&mut self, request: http::Request<Full<Bytes>>) -> Option<Said> {
        if !self.is_open() {
            self.anew().await?;
        }
        // A server may let go of a connection just when it is used again. A browser asks once more then (RFC 9110, section 9.2.2).
        let again = (self.used && request.method() == http::Method::GET).then(|| request.clone());
        let response = match (self.ask(request).await, again) {
            (Ok(response), _) => response,
            (Err(error), Some(again)) if !error.is_parse() => {
                self.anew().await?;
                self.ask(again).await.ok()?
            }
            (Err(_), _) => return None,
        };
        self.used = true;
        let status = response.status().as_u16();
        let codings = codings(response.headers());
        let body = Limited::new(response.into_body(), BODY).collect();
        let body = Self::while_open(&mut self.connection, body).await;
        let body = body.ok()?.to_bytes();
        let body = coding::decode(&codings, &body, BODY).ok()?.into_owned();
        Some(Said { status, body })
    }

    /// Whether another request can go over it.
    pub(super) fn is_open(&self) -> bool {
        self.connection.is_some() && !self.sender.is_closed()
    }
}
