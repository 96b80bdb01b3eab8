//! Answers that are the tap's own: refusals and pages. Each names its author, so that nobody blames the server.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use super::head::Request;
use super::pages::Pages;
use super::wire::Wire;

/// How long a refused peer may take to end its stream. Closing earlier could reset the connection and lose the answer on its way.
const LINGER: Duration = Duration::from_secs(2);

/// Why the tap answers by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) why: String,
}

impl Refusal {
    pub(super) fn new(status: u16, why: impl Into<String>) -> Self {
        Self {
            status,
            why: why.into(),
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let phrase = http::StatusCode::from_u16(self.status)
            .ok()
            .and_then(|status| status.canonical_reason())
            .unwrap_or("Refused");
        let body = format!("glare's tap answers, not the server: {}\n", self.why);
        format!(
            "HTTP/1.1 {} {phrase}\r\nServer: glare-tap\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}",
            self.status,
            body.len()
        )
        .into_bytes()
    }

    /// Answers and ends the connection.
    pub(super) async fn send(self, peer: &mut Wire) {
        if peer.send(&self.bytes()).await.is_err() || peer.stream.shutdown().await.is_err() {
            return;
        }
        let _ = timeout(LINGER, silence(peer)).await;
    }
}

/// Reads and throws away until the peer ends its stream.
pub(super) async fn silence(peer: &mut Wire) {
    while !peer.ended {
        peer.inbox = BytesMut::new();
        if peer.fill().await.is_err() {
            return;
        }
    }
}

/// The answer to a request under the reserved path.
pub(super) fn page(pages: Option<&Pages>, request: &Request) -> Result<Vec<u8>, Refusal> {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        return Err(Refusal::new(405, "its own pages can only be got"));
    }
    let path = request.target.split('?').next().unwrap_or_default();
    let Some(page) = pages.and_then(|pages| pages.get(path)) else {
        return Err(Refusal::new(404, format!("it has no page {path:?}")));
    };
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\nServer: glare-tap\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
         X-Content-Type-Options: nosniff\r\n\r\n",
        page.content_type,
        page.body.len()
    )
    .into_bytes();
    if request.method == "GET" {
        answer.extend_from_slice(&page.body);
    }
    Ok(answer)
}
