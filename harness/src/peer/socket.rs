//! The lines and HTTP requests of a peer that is no browser, behaving as a browser's do: WebSockets here, what else carries a line in files of
//! its own.

mod engine;
mod events;
mod http;
mod poll;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, HOST, HeaderMap, ORIGIN, SEC_WEBSOCKET_PROTOCOL,
};
use ::http::{HeaderName, HeaderValue, Method};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, client_async};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::http::Grips;
use super::Origin;
use super::teller::Teller;
use crate::coding;
use crate::hand::{Command, HandError, Happening, Reply};
use crate::lock::lock;
use crate::terms::{Data, LINE, Via};
use crate::tls::Stream;

/// How long a connect with its handshake may take, as in browsers: longer than whoever gave the order waits for it.
const CONNECT: Duration = Duration::from_secs(5 * 60);
/// How long the other side may take to answer a close frame, and then to end the stream.
const CLOSE: Duration = Duration::from_secs(3);
/// The largest response body that is read, in bytes; the same once it is decoded.
const BODY: usize = 16 << 20;
/// No close frame came (RFC 6455, section 7.4.1).
const ABNORMAL: u16 = 1006;
/// A close frame without a code came.
const NO_STATUS: u16 = 1005;

/// An answer that is there, or comes.
pub(crate) enum Answer {
    Now(Result<Reply, HandError>),
    Later(oneshot::Receiver<Result<Reply, HandError>>),
}

impl Answer {
    /// Waits for it. What was to answer and is gone without it means that the peer is gone.
    pub(crate) async fn wait(self) -> Result<Reply, HandError> {
        match self {
            Self::Now(answer) => answer,
            Self::Later(answer) => answer
                .await
                .unwrap_or_else(|_| Err(HandError::Gone("it ended before it answered".into()))),
        }
    }
}

/// A peer's links, and the requests that it makes.
pub(crate) struct Sockets {
    origin: Origin,
    teller: Arc<Teller>,
    links: Mutex<HashMap<u32, Link>>,
    tasks: TaskTracker,
    runtime: tokio::runtime::Handle,
    /// Sockets are reset.
    reset: CancellationToken,
    /// Requests are given up.
    give_up: CancellationToken,
}

struct Link {
    orders: UnboundedSender<ToSend>,
    state: Arc<AtomicU8>,
    /// What it is that nothing can be sent on, if so.
    deaf: Option<&'static str>,
}

const CONNECTING: u8 = 0;
const OPEN: u8 = 1;
const OVER: u8 = 2;

enum ToSend {
    Text(String),
    Binary(Vec<u8>),
    Close(Option<CloseFrame>),
}

impl Sockets {
    /// No link yet; every task is one of `tasks`.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(crate) fn new(origin: Origin, teller: Arc<Teller>, tasks: TaskTracker) -> Self {
        Self {
            origin,
            teller,
            links: Mutex::default(),
            tasks,
            runtime: tokio::runtime::Handle::current(),
            reset: CancellationToken::new(),
            give_up: CancellationToken::new(),
        }
    }

    /// Takes a command for a link or a request; it has taken effect, or its place in the queue, when this returns.
    pub(crate) fn submit(&self, command: Command) -> Answer {
        match command {
            Command::OpenLink {
                link,
                path,
                protocols,
                headers,
                via,
            } => Answer::Now(self.open(link, &path, (&protocols, headers), via)),
            Command::SendText { link, text } => Answer::Now(self.send(link, ToSend::Text(text))),
            Command::SendBinary { link, bytes } => Answer::Now(match STANDARD.decode(bytes) {
                Ok(bytes) => self.send(link, ToSend::Binary(bytes)),
                Err(error) => Err(HandError::Unsupported(format!("no base64: {error}"))),
            }),
            Command::CloseLink { link, code, reason } => {
                Answer::Now(self.close(link, code, reason))
            }
            Command::Fetch {
                method,
                path,
                headers,
                body,
            } => self.fetch(&method, &path, headers, body),
            other => Answer::Now(Err(HandError::Unsupported(format!(
                "this peer only signals, it cannot do {other:?}"
            )))),
        }
    }

    /// Resets every socket (RST) and gives up every request.
    pub(crate) fn reset(&self) {
        self.reset.cancel();
        self.give_up.cancel();
        lock(&self.links).clear();
    }

    /// Closes every socket as a page does that goes away (1001), and gives up every request.
    pub(crate) fn finish(&self) {
        self.give_up.cancel();
        let frame = close_frame(1001, String::new());
        for (_, link) in lock(&self.links).drain() {
            // A link that is over has no queue any more.
            let _ = link.orders.send(ToSend::Close(Some(frame.clone())));
        }
    }

    fn open(
        &self,
        link: u32,
        path: &str,
        (protocols, headers): (&[String], Vec<(String, String)>),
        via: Via,
    ) -> Result<Reply, HandError> {
        let line = self.line(link, path, (protocols, &headers), &via)?;
        let mut links = lock(&self.links);
        if links.contains_key(&link) {
            return Err(refuse(
                "InvalidStateError",
                format!("there is a link {link} already"),
            ));
        }
        let (orders, queue) = unbounded_channel();
        let state = Arc::new(AtomicU8::new(CONNECTING));
        let task = LinkTask {
            link,
            origin: self.origin.clone(),
            teller: Arc::clone(&self.teller),
            state: Arc::clone(&state),
            reset: self.reset.clone(),
            headers,
        };
        match line {
            Line::Socket(request) => {
                drop((self.tasks).spawn_on(task.run(*request, queue), &self.runtime));
            }
            Line::Carried(request) => {
                let carried = task.carry(*request, via.clone(), path.to_owned(), queue);
                drop((self.tasks).spawn_on(carried, &self.runtime));
            }
        }
        let deaf = match via {
            Via::Events { .. } => Some("server-sent events"),
            Via::LongPoll => Some("long polls"),
            Via::WebSocket | Via::SocketIo { .. } => None,
        };
        let link_ = Link {
            orders,
            state,
            deaf,
        };
        links.insert(link, link_);
        Ok(Reply::Done)
    }

    /// What is asked for a line.
    fn line(
        &self,
        link: u32,
        path: &str,
        (protocols, more): (&[String], &[(String, String)]),
        via: &Via,
    ) -> Result<Line, HandError> {
        let get = |headers: &[(&str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()));
            let headers = headers.chain(more.iter().cloned()).collect();
            let request = http_request(&self.origin, "GET", path, headers, None)?;
            Ok(Line::Carried(Box::new(request)))
        };
        match via {
            Via::Events { .. } => get(&[
                ("accept", "text/event-stream"),
                ("cache-control", "no-store"),
                // A stream that is compressed could be kept back.
                ("accept-encoding", "identity"),
            ]),
            // By this the tap knows which polls are one line; it goes no further.
            Via::LongPoll => get(&[(LINE, &link.to_string())]),
            // Each of its requests has a query of its own; this one says whether there is anything wrong with the path.
            Via::SocketIo { .. } => get(&[]),
            Via::WebSocket => Ok(Line::Socket(Box::new(socket_request(
                &self.origin,
                path,
                protocols,
                more,
            )?))),
        }
    }

    fn send(&self, link: u32, what: ToSend) -> Result<Reply, HandError> {
        let links = lock(&self.links);
        let found = find(&links, link)?;
        if let Some(what) = found.deaf {
            return Err(HandError::Unsupported(format!(
                "link {link} is a line of {what}, on which only the server speaks: say it by an HTTP request"
            )));
        }
        match found.state.load(Ordering::Relaxed) {
            CONNECTING => Err(refuse("InvalidStateError", "Still in CONNECTING state.")),
            OPEN => {
                // If it ended this moment the text is lost, as in a browser; `LinkClosed` tells.
                let _ = found.orders.send(what);
                Ok(Reply::Done)
            }
            _ => Ok(Reply::Done),
        }
    }

    fn close(&self, link: u32, code: Option<u16>, reason: String) -> Result<Reply, HandError> {
        if let Some(code) = code
            && code != 1000
            && !(3000..5000).contains(&code)
        {
            return Err(refuse(
                "InvalidAccessError",
                format!("the code must be 1000 or between 3000 and 4999, {code} is neither"),
            ));
        }
        if reason.len() > 123 {
            return Err(refuse("SyntaxError", "the reason is longer than 123 bytes"));
        }
        let links = lock(&self.links);
        let found = find(&links, link)?;
        let frame = match code {
            Some(code) => Some(close_frame(code, reason)),
            // A reason without a code: browsers send 1000.
            None if !reason.is_empty() => Some(close_frame(1000, reason)),
            None => None,
        };
        found.state.store(OVER, Ordering::Relaxed);
        // A link that has ended need not be closed.
        let _ = found.orders.send(ToSend::Close(frame));
        Ok(Reply::Done)
    }

    fn fetch(
        &self,
        method: &str,
        path: &str,
        headers: Vec<(String, String)>,
        body: Option<String>,
    ) -> Answer {
        let request = match http_request(&self.origin, method, path, headers, body) {
            Ok(request) => request,
            Err(error) => return Answer::Now(Err(error)),
        };
        let (reply, answer) = oneshot::channel();
        let (origin, give_up) = (self.origin.clone(), self.give_up.clone());
        let task = async move {
            // As in a browser it has no time-out of its own: who asked knows how long to wait.
            let fetched = tokio::select! {
                fetched = respond(origin, request) => fetched,
                () = give_up.cancelled() => return,
            };
            // Nobody waits for the answer of a call that was dropped.
            let _ = reply.send(fetched);
        };
        self.tasks.spawn_on(task, &self.runtime);
        Answer::Later(answer)
    }
}

/// A request for a WebSocket.
fn socket_request(
    origin: &Origin,
    path: &str,
    protocols: &[String],
    more: &[(String, String)],
) -> Result<Request, HandError> {
    let syntax = |message: String| refuse("SyntaxError", message);
    if !path.starts_with('/') {
        return Err(syntax(format!("a path begins with a slash: {path:?}")));
    }
    // The scheme says nothing: the stream that it goes over is ready made.
    let mut request = format!("ws://{}{path}", origin.address)
        .into_client_request()
        .map_err(|error| syntax(error.to_string()))?;
    let headers = request.headers_mut();
    headers.insert(ORIGIN, header(&origin.to_string())?);
    if !protocols.is_empty() {
        headers.insert(SEC_WEBSOCKET_PROTOCOL, header(&protocols.join(", "))?);
    }
    for (name, value) in more {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|error| syntax(format!("{name:?}: {error}")))?;
        headers.append(name, header(value)?);
    }
    Ok(request)
}

/// An HTTP request as a page makes it.
fn http_request(
    origin: &Origin,
    method: &str,
    path: &str,
    headers: Vec<(String, String)>,
    body: Option<String>,
) -> Result<::http::Request<Full<Bytes>>, HandError> {
    let wrong = |error: &dyn std::fmt::Display| refuse("TypeError", error.to_string());
    if !path.starts_with('/') {
        return Err(wrong(&format!("a path begins with a slash: {path:?}")));
    }
    let method = Method::from_bytes(method.as_bytes()).map_err(|error| wrong(&error))?;
    let mut request = ::http::Request::builder()
        .uri(path)
        .header(HOST, header(&origin.address.to_string())?);
    let named = |(name, _): &(String, String)| ACCEPT_ENCODING == name.as_str();
    if !headers.iter().any(named) {
        request = request.header(ACCEPT_ENCODING, coding::ACCEPTED);
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        request = request.header(ORIGIN, header(&origin.to_string())?);
    }
    for (name, value) in headers {
        request = request.header(name, value);
    }
    request
        .method(method)
        .body(Full::from(body.unwrap_or_default()))
        .map_err(|error| wrong(&error))
}
/// Each request has a connection of its own: nothing to clean up, and the tap sees it as its own.
async fn respond(
    origin: Origin,
    request: ::http::Request<Full<Bytes>>,
) -> Result<Reply, HandError> {
    let failed = |error: &dyn std::error::Error| {
        // The cause is what helps: "connection refused" hides behind "client error (Connect)".
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            text = format!("{text}: {cause}");
            source = cause.source();
        }
        refuse("TypeError", format!("failed to fetch: {text}"))
    };
    let stream = origin.call().await.map_err(|error| failed(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| failed(&error))?;
    let mut connection = pin!(connection);
    let mut open = true;
    let asked = async {
        let response = sender.send_request(request).await?;
        let status = response.status().as_u16();
        let codings = codings(response.headers());
        let body = Limited::new(response.into_body(), BODY).collect().await;
        Ok::<_, hyper::Error>((status, codings, body))
    };
    let mut asked = pin!(asked);
    let (status, codings, body) = loop {
        tokio::select! {
            answered = &mut asked => break answered.map_err(|error| failed(&error))?,
            // How it ended the answer says, too.
            _ = &mut connection, if open => open = false,
        }
    };
    let body = body.map_err(|error| failed(&*error))?.to_bytes();
    let body = coding::decode(&codings, &body, BODY)
        .map_err(|error| refuse("TypeError", format!("failed to fetch: the answer {error}")))?;
    Ok(Reply::Response {
        status,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

/// The value of all `Content-Encoding` headers.
fn codings(headers: &HeaderMap) -> String {
    let all = headers.get_all(CONTENT_ENCODING).into_iter();
    let all: Vec<_> = all
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    all.join(",")
}

/// How a line is asked for.
enum Line {
    Socket(Box<Request>),
    Carried(Box<::http::Request<Full<Bytes>>>),
}

/// One line, from connect to close.
struct LinkTask {
    link: u32,
    origin: Origin,
    teller: Arc<Teller>,
    state: Arc<AtomicU8>,
    reset: CancellationToken,
    /// Sent with each request of the line, besides what it needs.
    headers: Vec<(String, String)>,
}

type Socket = WebSocketStream<Stream>;

impl LinkTask {
    async fn run(self, request: Request, mut orders: UnboundedReceiver<ToSend>) {
        let reset = self.reset.clone();
        let socket = tokio::select! {
            biased;
            () = reset.cancelled() => return,
            // Only a close can come before the link is open, or the end of the peer.
            _ = orders.recv() => None,
            socket = timeout(CONNECT, connect(&self.origin, request)) => socket.ok().flatten(),
        };
        let Some(socket) = socket else {
            return self.closed(ABNORMAL, String::new());
        };
        self.opened();

        let (mut sink, mut stream) = socket.split();
        let (code, reason) = tokio::select! {
            // A reset first: the queue ends with it, and the writer would say a last word.
            biased;
            () = reset.cancelled() => {
                if let Ok(socket) = sink.reunite(stream) {
                    // Dropped now, it sends RST. A socket that is gone already needs none.
                    let _ = socket.get_ref().set_zero_linger();
                }
                return;
            }
            closed = self.read(&mut stream) => closed,
            () = write(&mut sink, orders) => (ABNORMAL, String::new()),
        };
        self.closed(code, reason);
    }

    fn opened(&self) {
        // Unless a close came in this very moment, which the queue then holds.
        let _ = self
            .state
            .compare_exchange(CONNECTING, OPEN, Ordering::Relaxed, Ordering::Relaxed);
        self.teller.tell(Happening::LinkOpened { link: self.link });
    }

    /// A line that is no WebSocket, to its end.
    async fn carry(
        self,
        request: ::http::Request<Full<Bytes>>,
        via: Via,
        path: String,
        mut orders: UnboundedReceiver<ToSend>,
    ) {
        let grips = Grips::default();
        if let Via::SocketIo { engine, start } = via {
            let line = engine::Line {
                task: &self,
                grips: &grips,
                path: &path,
                version: engine,
                closing: AtomicBool::new(false),
            };
            let mut over = pin!(line.run(start, &mut orders));
            tokio::select! {
                biased;
                () = self.reset.cancelled() => grips.reset(),
                over = &mut over => self.closed(match over {
                    engine::Over::Closed => NO_STATUS,
                    engine::Over::Lost => ABNORMAL,
                }, String::new()),
            }
            return;
        }
        let mut carried = pin!(async {
            match &via {
                Via::Events { names } => events::run(&self, &grips, request, names).await,
                Via::LongPoll => poll::run(&self, &grips, request).await,
                _ => None,
            }
        });
        tokio::select! {
            biased;
            () = self.reset.cancelled() => grips.reset(),
            // Only a close can come, or the end of the peer.
            _ = orders.recv() => self.closed(NO_STATUS, String::new()),
            _ = &mut carried => self.closed(ABNORMAL, String::new()),
        }
    }

    /// Reads to the end; answers how it ended.
    async fn read(&self, stream: &mut SplitStream<Socket>) -> (u16, String) {
        loop {
            let data = match stream.next().await {
                Some(Ok(Message::Text(text))) => Data::Text(text.as_str().into()),
                Some(Ok(Message::Binary(bytes))) => Data::Bytes(STANDARD.encode(bytes)),
                Some(Ok(Message::Close(frame))) => {
                    self.state.store(OVER, Ordering::Relaxed);
                    // Reading on sends our answer and awaits the end; who does not end the stream does not keep us.
                    let _ = timeout(CLOSE, async {
                        while let Some(Ok(_)) = stream.next().await {}
                    })
                    .await;
                    return frame.map_or((NO_STATUS, String::new()), |frame| {
                        (frame.code.into(), frame.reason.as_str().into())
                    });
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return (ABNORMAL, String::new()),
            };
            self.teller.tell(Happening::LinkMessage {
                link: self.link,
                data,
            });
        }
    }

    fn closed(&self, code: u16, reason: String) {
        self.state.store(OVER, Ordering::Relaxed);
        self.teller.tell(Happening::LinkClosed {
            link: self.link,
            code,
            reason,
        });
    }
}

async fn connect(origin: &Origin, request: Request) -> Option<Socket> {
    let stream = origin.call().await.ok()?;
    match client_async(request, stream).await {
        Ok((socket, _)) => Some(socket),
        // A browser's page is not told why either: `close`, 1006.
        Err(error) => {
            tracing::debug!(%origin, %error, "no WebSocket");
            None
        }
    }
}

/// Sends what is ordered. Returns when a close that it sent was not answered in time; the reader sees every other end.
async fn write(sink: &mut SplitSink<Socket, Message>, mut orders: UnboundedReceiver<ToSend>) {
    loop {
        let frame = match orders.recv().await {
            Some(said @ (ToSend::Text(_) | ToSend::Binary(_))) => {
                match sink.send(message(said)).await {
                    Ok(()) | Err(Error::ConnectionClosed | Error::AlreadyClosed) => continue,
                    // The reader sees it too, with what came before it.
                    Err(_) => std::future::pending().await,
                }
            }
            Some(ToSend::Close(frame)) => frame,
            None => Some(close_frame(1001, String::new())),
        };
        let end = Instant::now() + CLOSE;
        let _ = timeout_at(end, sink.send(Message::Close(frame))).await;
        return sleep_until(end).await;
    }
}

fn message(said: ToSend) -> Message {
    match said {
        ToSend::Text(text) => Message::text(text),
        ToSend::Binary(bytes) => Message::binary(bytes),
        ToSend::Close(frame) => Message::Close(frame),
    }
}

fn close_frame(code: u16, reason: String) -> CloseFrame {
    CloseFrame {
        code: CloseCode::from(code),
        reason: reason.into(),
    }
}

fn header(text: &str) -> Result<HeaderValue, HandError> {
    HeaderValue::from_str(text).map_err(|error| refuse("SyntaxError", error.to_string()))
}

fn find(links: &HashMap<u32, Link>, link: u32) -> Result<&Link, HandError> {
    links
        .get(&link)
        .ok_or_else(|| refuse("NotFoundError", format!("there is no link {link}")))
}

/// A refusal in a browser's words, where no stack refuses by itself.
pub(crate) fn refuse(name: &str, message: impl Into<String>) -> HandError {
    HandError::Refused {
        name: name.into(),
        message: message.into(),
    }
}
