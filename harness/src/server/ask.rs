//! One question over HTTP, to see whether somebody answers.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::tls::{Security, Stream};

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// An HTTP response with this status.
    Status(u16),
    /// Something else, or the end of the connection.
    NoHttp,
    /// No connection, or none with TLS.
    NoConnection,
    /// Nothing, in the time that it had.
    Silence,
}

/// Asks for this path, on a connection of its own.
pub(super) async fn ask(
    address: SocketAddr,
    security: Option<&Security>,
    path: &str,
    within: Duration,
) -> Answer {
    let asked = async {
        let Ok(socket) = TcpStream::connect(address).await else {
            return Answer::NoConnection;
        };
        let mut socket = match security {
            None => Stream::Plain(socket),
            Some(security) => match security.servers().shake(socket, address.ip()).await {
                Ok(socket) => socket,
                Err(_) => return Answer::NoConnection,
            },
        };
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        let status = async {
            socket.write_all(request.as_bytes()).await.ok()?;
            socket.flush().await.ok()?;
            // "HTTP/1.1 200"
            let mut head = [0; 12];
            socket.read_exact(&mut head).await.ok()?;
            let text = std::str::from_utf8(&head).ok()?;
            text.strip_prefix("HTTP/1.")?.get(2..)?.parse().ok()
        };
        status.await.map_or(Answer::NoHttp, Answer::Status)
    };
    timeout(within, asked).await.unwrap_or(Answer::Silence)
}
