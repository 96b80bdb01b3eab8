//! One TCP connection with what was read from it and not yet used.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A server that does not take a connection within this time is not reachable.
const CONNECT: Duration = Duration::from_secs(10);
const READ: usize = 16 * 1024;

/// A connection to the peer or to the server.
#[derive(Debug)]
pub(super) struct Wire {
    pub(super) stream: TcpStream,
    pub(super) inbox: BytesMut,
    /// The far side has ended its stream.
    pub(super) ended: bool,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Without it a small message may wait 40 ms for an acknowledgement; failing here harms nothing else.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            inbox: BytesMut::with_capacity(READ),
            ended: false,
        }
    }

    pub(super) async fn connect(address: SocketAddr) -> io::Result<Self> {
        match timeout(CONNECT, TcpStream::connect(address)).await {
            Ok(stream) => Ok(Self::new(stream?)),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        }
    }

    /// Reads what is there; 0 at the end of the stream. Safe to cancel.
    pub(super) async fn fill(&mut self) -> io::Result<usize> {
        if self.inbox.capacity() - self.inbox.len() < READ / 4 {
            self.inbox.reserve(READ.max(self.inbox.len()));
        }
        let count = self.stream.read_buf(&mut self.inbox).await?;
        self.ended |= count == 0;
        Ok(count)
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Whether the far side has closed or reset the connection, as far as can be told now.
    pub(super) async fn is_gone(&self) -> bool {
        let mut space = [0];
        poll_fn(|cx| {
            Poll::Ready(matches!(
                self.stream.poll_peek(cx, &mut ReadBuf::new(&mut space)),
                Poll::Ready(Ok(0) | Err(_))
            ))
        })
        .await
    }

    /// Ends the connection by a TCP reset.
    pub(super) fn reset(self) {
        let _ = self.stream.set_zero_linger();
    }
}
