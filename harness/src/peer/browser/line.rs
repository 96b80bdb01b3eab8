//! The line between the harness and the hand of a page: a WebSocket that the page opens to the harness.
//!
//! What WebDriver BiDi carries passes the driver, and in Chromium a page of its own that speaks BiDi: 4 to 10 ms a call, and most
//! of a case's CPU time. A case makes some hundred calls, so commands and happenings have a line of their own (0.2 to 0.5 ms).
//! BiDi is left with what only it can do: pages, navigation, cookies, the console, crashes.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::{Response as HttpResponse, StatusCode, header::ORIGIN};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};
use tokio_util::sync::CancellationToken;

use crate::hand::Happening;
use crate::lock::lock;

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<TcpStream>;

/// Where hands call in: a listener, on loopback if the browser is on this machine, which takes only calls that are expected.
#[derive(Debug)]
pub(super) struct Exchange {
    address: SocketAddr,
    expected: Arc<Mutex<HashMap<String, Expected>>>,
    over: CancellationToken,
}

#[derive(Debug)]
struct Expected {
    origin: String,
    caller: oneshot::Sender<Socket>,
}

/// A call that is expected; forgotten when this is dropped.
#[derive(Debug)]
pub(super) struct Call {
    /// Where the hand calls. Whoever has it may speak as that hand, once.
    pub(super) url: String,
    path: String,
    expected: Arc<Mutex<HashMap<String, Expected>>>,
    caller: oneshot::Receiver<Socket>,
}

impl Exchange {
    /// Listens, on the runtime that it is called on.
    pub(super) async fn start(address: IpAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind((address, 0)).await?;
        let address = listener.local_addr()?;
        let exchange = Self {
            address,
            expected: Arc::default(),
            over: CancellationToken::new(),
        };
        let (expected, over) = (Arc::clone(&exchange.expected), exchange.over.clone());
        tokio::spawn(async move {
            over.run_until_cancelled(listen(listener, expected)).await;
        });
        Ok(exchange)
    }

    /// Expects a call of a page with this origin.
    pub(super) fn expect(&self, origin: &str) -> Call {
        let path = format!("/{:032x}", rand::random::<u128>());
        let (sender, caller) = oneshot::channel();
        let expected = Expected {
            origin: origin.trim_end_matches('/').to_owned(),
            caller: sender,
        };
        lock(&self.expected).insert(path.clone(), expected);
        Call {
            url: format!("ws://{}{path}", self.address),
            path,
            expected: Arc::clone(&self.expected),
            caller,
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

impl Call {
    /// Waits for the call. `told` gets what the hand tells, in order, and before the answers that follow it; `closed` runs when the line
    /// has closed.
    pub(super) async fn taken(
        mut self,
        told: impl FnMut(Happening) + Send + 'static,
        closed: impl Future<Output = ()> + Send + 'static,
    ) -> Option<Line> {
        let socket = (&mut self.caller).await.ok()?;
        let (orders, queue) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            speak(socket, queue, told).await;
            closed.await;
        });
        Some(Line(orders))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        lock(&self.expected).remove(&self.path);
    }
}

async fn listen(listener: TcpListener, expected: Arc<Mutex<HashMap<String, Expected>>>) {
    loop {
        // What fails here is a caller that has gone, or a lack of file descriptors that others will report.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let expected = Arc::clone(&expected);
        tokio::spawn(async move {
            if let Ok(Some((socket, caller))) = timeout(HANDSHAKE, shake(stream, &expected)).await {
                // Who expected it may have given up; the socket then closes.
                let _ = caller.send(socket);
            }
        });
    }
}

async fn shake(
    stream: TcpStream,
    expected: &Mutex<HashMap<String, Expected>>,
) -> Option<(Socket, oneshot::Sender<Socket>)> {
    stream.set_nodelay(true).ok()?;
    // A page's stats and messages can be long; the tap bounds what comes from a server.
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let mut path = String::new();
    #[allow(clippy::result_large_err, reason = "the type is tungstenite's")]
    let check = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
        let origin = request
            .headers()
            .get(ORIGIN)
            .map(|origin| origin.as_bytes());
        let fits = |call: &Expected| origin == Some(call.origin.as_bytes());
        if lock(expected).get(request.uri().path()).is_some_and(fits) {
            request.uri().path().clone_into(&mut path);
            return Ok(response);
        }
        let mut refusal = HttpResponse::new(None);
        *refusal.status_mut() = StatusCode::FORBIDDEN;
        Err(refusal)
    };
    let socket = accept_hdr_async_with_config(stream, check, Some(config)).await;
    // Only a call that got through is the one; until then the page may try again.
    let socket = socket.ok()?;
    let call = lock(expected).remove(&path)?;
    Some((socket, call.caller))
}

/// An open line. It closes when this is dropped.
#[derive(Debug)]
pub(super) struct Line(mpsc::UnboundedSender<Question>);

#[derive(Debug)]
struct Question {
    text: String,
    number: u64,
    answer: oneshot::Sender<String>,
}

/// What `hand.js` sends.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Said {
    /// What happened, in order.
    Told(Vec<Happening>),
    /// The answer to the command with this number.
    Answer(u64, String),
}

impl Line {
    /// Sends a command (JSON), in the order of the calls; the future is its answer, or `None` when the line closed.
    pub(super) fn ask(
        &self,
        number: u64,
        command: &str,
    ) -> impl Future<Output = Option<String>> + Send + use<> {
        let (answer, answered) = oneshot::channel();
        let text = format!("[{number},{command}]");
        // A closed line drops `answer`, which is told below.
        let _ = self.0.send(Question {
            text,
            number,
            answer,
        });
        async move { answered.await.ok() }
    }
}

async fn speak(
    mut socket: Socket,
    mut queue: mpsc::UnboundedReceiver<Question>,
    mut told: impl FnMut(Happening) + Send,
) {
    let mut pending: HashMap<u64, oneshot::Sender<String>> = HashMap::new();
    loop {
        tokio::select! {
            order = queue.recv() => {
                let Some(Question { text, number, answer }) = order else { break };
                pending.insert(number, answer);
                if socket.send(Message::text(text)).await.is_err() {
                    break;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => match serde_json::from_str(&text) {
                    Ok(Said::Told(happenings)) => happenings.into_iter().for_each(&mut told),
                    // Who gave up waiting is no longer there.
                    Ok(Said::Answer(number, answer)) => drop(pending.remove(&number).map(|to| to.send(answer))),
                    Err(error) => tracing::warn!(%error, "a page told what cannot be read"),
                },
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
                Some(Ok(_)) => {}
            },
        }
    }
    // What is pending is dropped with this task, and what is still queued with the queue.
}
