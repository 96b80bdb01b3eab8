//! A small WebDriver BiDi client (W3C WebDriver BiDi): commands, their replies, and events.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::header::AUTHORIZATION;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::remote::Socket;

/// Why a command has no result.
#[derive(Clone, Debug, thiserror::Error)]
pub(in crate::peer) enum BidiError {
    /// The remote end refused: error code (`no such frame`, …) and message.
    #[error("{code}: {message}")]
    Refused { code: String, message: String },
    /// The remote end did not answer in time.
    #[error("no answer to {method} in {} s", .after.as_secs_f64())]
    Late {
        method: &'static str,
        after: Duration,
    },
    /// The connection is closed.
    #[error("the browser's WebDriver connection is closed")]
    Gone,
}

impl BidiError {
    /// Whether the remote end refused with this error code.
    pub(super) fn is(&self, code: &str) -> bool {
        matches!(self, Self::Refused { code: given, .. } if given == code)
    }
}

/// An event that the remote end sent.
#[derive(Clone, Debug)]
pub(in crate::peer) struct Event {
    /// `script.message`, …
    pub(in crate::peer) method: String,
    pub(in crate::peer) params: Value,
}

/// A connection. Clones speak over the same one; it closes with the last.
#[derive(Clone, Debug)]
pub(super) struct Bidi(mpsc::UnboundedSender<Outgoing>);

#[derive(Debug)]
struct Outgoing {
    method: &'static str,
    params: Value,
    within: Duration,
    reply: oneshot::Sender<Result<Value, BidiError>>,
}

#[derive(Debug)]
struct Pending {
    method: &'static str,
    within: Duration,
    due: Instant,
    reply: oneshot::Sender<Result<Value, BidiError>>,
}

/// What comes in. Local ends must take fields they do not know.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
enum Incoming {
    Success {
        id: u64,
        result: Value,
    },
    Error {
        id: Option<u64>,
        error: String,
        #[serde(default)]
        message: String,
    },
    Event {
        method: String,
        params: Value,
    },
}

impl Bidi {
    /// Connects. Events go to `events`, which closes when the connection does. Must be called on the runtime that shall
    /// do the I/O; commands may then be sent from any.
    pub(super) async fn connect(
        Socket {
            url,
            dial,
            authorization,
        }: &Socket,
        within: Duration,
        events: mpsc::UnboundedSender<Event>,
    ) -> Result<Self, String> {
        // Stats and bodies can be long; the browser is ours, so what it sends is not bounded here.
        let config = WebSocketConfig::default()
            .max_message_size(None)
            .max_frame_size(None);
        let mut request = url
            .into_client_request()
            .map_err(|error| format!("{url} is no WebSocket's: {error}"))?;
        let authorization = authorization.as_ref();
        if let Some(value) = authorization.and_then(|value| value.parse().ok()) {
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let connecting = async {
            let stream = TcpStream::connect(dial).await?;
            stream.set_nodelay(true)?;
            client_async_with_config(request, stream, Some(config)).await
        };
        let (socket, _) = tokio::time::timeout(within, connecting)
            .await
            .map_err(|_| format!("no connection to {url} at {dial} in {} s", within.as_secs()))?
            .map_err(|error| format!("no connection to {url} at {dial}: {error}"))?;
        let (sender, outgoing) = mpsc::unbounded_channel();
        tokio::spawn(speak(socket, outgoing, events));
        Ok(Self(sender))
    }

    /// Sends a command. It is on its way, in the order of the calls, when this returns; the future is its result.
    pub(super) fn send(
        &self,
        method: &'static str,
        params: Value,
        within: Duration,
    ) -> impl Future<Output = Result<Value, BidiError>> + Send + use<> {
        let (reply, result) = oneshot::channel();
        // A closed connection drops `reply`, which is told below.
        let _ = self.0.send(Outgoing {
            method,
            params,
            within,
            reply,
        });
        async move { result.await.unwrap_or(Err(BidiError::Gone)) }
    }

    /// Whether the connection is closed.
    pub(super) fn is_closed(&self) -> bool {
        self.0.is_closed()
    }
}

/// Owns the socket: numbers commands, finds the command of each reply, and watches the deadlines.
async fn speak<S>(
    mut socket: S,
    mut outgoing: mpsc::UnboundedReceiver<Outgoing>,
    events: mpsc::UnboundedSender<Event>,
) where
    S: futures_util::Stream<Item = Result<Message, tokio_tungstenite::tungstenite::Error>>
        + futures_util::Sink<Message>
        + Unpin,
{
    let mut pending: HashMap<u64, Pending> = HashMap::new();
    let mut last = 0_u64;
    loop {
        let next_due = pending.values().map(|waiting| waiting.due).min();
        tokio::select! {
            command = outgoing.recv() => {
                let Some(Outgoing { method, params, within, reply }) = command else { break };
                last += 1;
                let text = json!({ "id": last, "method": method, "params": params }).to_string();
                pending.insert(last, Pending { method, within, due: Instant::now() + within, reply });
                if socket.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => receive(&text, &mut pending, &events),
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
            () = tokio::time::sleep_until(next_due.unwrap_or_else(Instant::now)), if next_due.is_some() => {
                let now = Instant::now();
                for (_, late) in pending.extract_if(|_, waiting| waiting.due <= now) {
                    let error = BidiError::Late { method: late.method, after: late.within };
                    let _ = late.reply.send(Err(error));
                }
            }
        }
    }
    // First of all: who sees its command fail must also see that the connection is closed.
    outgoing.close();
    // What is pending is dropped with this task, which its senders see as `Gone`.
}

fn receive(text: &str, pending: &mut HashMap<u64, Pending>, events: &mpsc::UnboundedSender<Event>) {
    let (id, result) = match serde_json::from_str(text) {
        Ok(Incoming::Success { id, result }) => (id, Ok(result)),
        Ok(Incoming::Error {
            id: Some(id),
            error,
            message,
        }) => (
            id,
            Err(BidiError::Refused {
                code: error,
                message,
            }),
        ),
        Ok(Incoming::Error {
            id: None,
            error,
            message,
        }) => {
            tracing::warn!(error, message, "the browser could not read a command");
            return;
        }
        Ok(Incoming::Event { method, params }) => {
            // Nobody listens any more when the browser is being ended.
            let _ = events.send(Event { method, params });
            return;
        }
        Err(error) => {
            tracing::warn!(%error, "the browser sent what is not WebDriver BiDi");
            return;
        }
    };
    // A reply after its deadline has nobody waiting.
    if let Some(waiting) = pending.remove(&id) {
        let _ = waiting.reply.send(result);
    }
}
