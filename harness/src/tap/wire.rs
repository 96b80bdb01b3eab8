//! One connection, plain or with TLS, with what was read from it and not yet used.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tls::{Stream, Trust};

/// A server that does not take a connection within this time is not reachable. So long may a handshake take, too.
pub(super) const CONNECT: Duration = Duration::from_secs(10);
const READ: usize = 16 * 1024;

/// A connection to the peer or to the server.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) stream: Stream,
    pub(super) inbox: BytesMut,
    /// The far side has ended its stream.
    pub(super) ended: bool,
}

/// How much of some bytes went into a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    All,
    /// The far side said something before it had it all.
    Early,
    /// The socket is gone; an answer may still be there to read.
    Failed,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> Self {
        // Without it a small message may wait 40 ms for an acknowledgement; failing here harms nothing else.
        let _ = stream.tcp().set_nodelay(true);
        Self {
            stream,
            inbox: BytesMut::with_capacity(READ),
            ended: false,
        }
    }

    /// Calls, with TLS if there is somebody to trust.
    pub(super) async fn connect(address: SocketAddr, trust: Option<&Trust>) -> io::Result<Self> {
        let calling = async {
            let stream = TcpStream::connect(address).await?;
            match trust {
                None => Ok(Stream::Plain(stream)),
                Some(trust) => {
                    let shaken = trust.shake(stream, address.ip()).await;
                    shaken.map_err(|error| {
                        io::Error::new(error.kind(), format!("no TLS with it: {error}"))
                    })
                }
            }
        };
        match timeout(CONNECT, calling).await {
            Ok(stream) => Ok(Self::new(stream?)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    fn make_room(&mut self) {
        if self.inbox.capacity() - self.inbox.len() < READ / 4 {
            self.inbox.reserve(READ.max(self.inbox.len()));
        }
    }

    /// Reads what is there; 0 at the end of the stream. Safe to cancel.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        self.make_room();
        let count = self.stream.read_buf(&mut self.inbox).await?;
        self.ended |= count == 0;
        Ok(count)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await
    }

    /// Writes all, unless the far side says something before it has it.
    pub(super) async fn send_until_answered(&mut self, bytes: &[u8]) -> Sent {
        let mut sent = 0;
        poll_fn(|cx| {
            loop {
                let stream = Pin::new(&mut self.stream);
                let wrote = match sent < bytes.len() {
                    true => stream.poll_write(cx, &bytes[sent..]),
                    false => stream.poll_flush(cx).map_ok(|()| 0),
                };
                match wrote {
                    Poll::Ready(Ok(_)) if sent == bytes.len() => return Poll::Ready(Sent::All),
                    Poll::Ready(Ok(count)) => sent += count,
                    Poll::Ready(Err(_)) => return Poll::Ready(Sent::Failed),
                    Poll::Pending => break,
                }
            }
            match self.poll_said(cx) {
                Poll::Ready(true) => Poll::Ready(Sent::Early),
                Poll::Ready(false) => Poll::Ready(Sent::Failed),
                Poll::Pending => Poll::Pending,
            }
        })
        .await
    }

    /// Whether the far side says something; `false` if it is gone. Plain it stays unread; TLS must be read to know.
    fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        match &self.stream {
            Stream::Plain(stream) => stream
                .poll_peek(cx, &mut ReadBuf::new(&mut [0]))
                .map(|_| true),
            Stream::Tls(_) => pin!(self.fill()).poll(cx).map(|read| read.is_ok()),
        }
    }

    /// Whether the far side has closed or reset the connection, as far as can be told now.
    pub(super) async fn is_gone(&mut self) -> bool {
        poll_fn(|cx| {
            let gone = match &self.stream {
                Stream::Plain(stream) => {
                    let mut space = [0];
                    stream.poll_peek(cx, &mut ReadBuf::new(&mut space))
                }
                Stream::Tls(_) => pin!(self.fill()).poll(cx),
            };
            Poll::Ready(matches!(gone, Poll::Ready(Ok(0) | Err(_))))
        })
        .await
    }

    /// Ends the connection by a TCP reset.
    pub(super) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }
}
