//! One connection of the peer: requests and answers in turn, until one asks for a WebSocket.
//!
//! It has one connection to the server of its own, as it would without the tap: who closes or resets one closes or resets the other.

mod polls;
mod proxied;
mod respond;
mod tend;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use super::answer::{self, Refusal};
use super::body::{Body, Framing};
use super::head::{self, Form, HeadError, Request, Response};
use super::link::Link;
use super::pages::PREFIX;
use super::policy::{LinkChange, Passing, Refused, Verdict};
use super::polled::{Joined, LATER, Polled};
use super::routes::Routes;
use super::shared::Shared;
use super::stream::Stream;
use super::violation;
use super::wire::{CONNECT, Sent, Wire};
use super::{Delivery, MESSAGE_CAP};
use crate::terms::{Carrier, Direction, Ending, Side};
use crate::tls::{self, Called};
pub(super) use proxied::serve_proxied;
use respond::To;

/// So much of the peer's next request is read while the server answers (bytes).
const AHEAD: usize = 64 * 1024;

/// Why a session ends.
#[derive(Debug)]
enum End {
    /// By an end of stream, on both sides.
    Quiet,
    /// By a reset from the peer, which the server gets as well.
    PeerReset,
    /// By a reset from the server, which the peer gets as well.
    ServerReset,
    /// By an answer of the tap's own.
    Refused(Refusal),
    /// A message was dropped: its answer never comes, and nothing else can come in its place.
    Silent,
    /// By a tunnel to this `host:port`, through which it goes on.
    Tunnel(String),
}

impl From<Refusal> for End {
    fn from(refusal: Refusal) -> Self {
        End::Refused(refusal)
    }
}

/// A message after its judgement.
struct Passed {
    /// Who released it and waits to know.
    reply: Option<oneshot::Sender<Delivery>>,
    /// What is to go in the place of its body.
    corrupted: Option<Vec<u8>>,
}

impl Passed {
    /// Puts the corrupted body in the place of the one at the end of `raw`; `false` if it does not stand there: chunked, or encoded.
    fn corrupt(&self, raw: &mut BytesMut, body: &[u8]) -> bool {
        let Some(corrupted) = &self.corrupted else {
            return true;
        };
        let start = raw.len().checked_sub(body.len());
        let Some(start) = start.filter(|_| raw.ends_with(body)) else {
            return false;
        };
        raw[start..].copy_from_slice(corrupted);
        true
    }

    fn tell(self, shared: &Shared, direction: Direction, delivered: bool) {
        match (self.reply, delivered) {
            (Some(reply), true) => drop(reply.send(Delivery::Delivered)),
            (Some(reply), false) => drop(reply.send(Delivery::Undeliverable)),
            (None, true) => {}
            (None, false) => shared.policy.undeliverable(0, direction),
        }
    }
}

/// What a request for a line asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Socket,
    Events,
}

/// The server gave a line: a WebSocket, or an event stream.
struct Upgraded {
    number: u32,
    path: String,
    /// The answer's head, not yet forwarded.
    answer: BytesMut,
    /// What reads the answer's body, if it is an event stream.
    stream: Option<Stream>,
    /// The line that changes to it, if it is no line of its own.
    line: Option<Arc<Polled>>,
}

/// Looks after a connection of the peer until it is closed.
pub(super) async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    let called = match &shared.identity {
        None => Called::Shaken(tls::Stream::Plain(stream)),
        // Who has connected and says nothing yet may take its time, as without TLS.
        Some(_) if stream.readable().await.is_err() => return,
        Some(identity) => match timeout(CONNECT, identity.shake(stream)).await {
            Ok(Ok(called)) => called,
            Ok(Err(error)) => {
                tracing::debug!(
                    "no TLS with the peer at the tap {}: {error}",
                    shared.address
                );
                return;
            }
            Err(_) => return,
        },
    };
    match called {
        Called::Shaken(stream) => Session::new(shared, Wire::new(stream)).run().await,
        Called::Plain(stream) => {
            let why = format!(
                "it speaks TLS only, at https://{0} and wss://{0}",
                shared.address
            );
            let mut peer = Wire::new(tls::Stream::Plain(stream));
            Refusal::new(400, why).send(&mut peer).await;
        }
    }
}

/// A connection of the peer.
struct Session {
    shared: Arc<Shared>,
    peer: Wire,
    server: Option<(SocketAddr, Wire)>,
    /// The line of a hand's that was last polled for on this connection, which such a hand keeps as long as the line.
    polled: Option<Arc<Polled>>,
    /// Where requests may go that name their server themselves; `None`: they are for the one.
    routes: Option<Arc<Routes>>,
}

impl Session {
    fn new(shared: Arc<Shared>, peer: Wire) -> Self {
        Self {
            shared,
            peer,
            server: None,
            polled: None,
            routes: None,
        }
    }

    /// Runs until the connection is closed.
    async fn run(self) {
        if let Some((session, authority)) = self.run_until_tunnel().await {
            session.tunnel(&authority).await;
        }
    }

    /// Runs until the connection is closed, or asked to be a tunnel.
    async fn run_until_tunnel(mut self) -> Option<(Self, String)> {
        let end = loop {
            match self.exchange().await {
                Ok(None) => {}
                Ok(Some(upgraded)) => self = self.link(upgraded).await?,
                Err(End::Tunnel(authority)) => return Some((self, authority)),
                Err(end) => break end,
            }
        };
        if let Some(line) = self.polled.filter(|line| line.is_idle()) {
            match end {
                End::PeerReset => line.ended(Side::Peer, Ending::Reset),
                _ if self.peer.ended => line.ended(Side::Peer, Ending::Eof),
                _ => {}
            }
        }
        match end {
            End::Quiet | End::Tunnel(_) => {}
            End::ServerReset => self.peer.reset(),
            End::PeerReset => {
                if let Some((_, server)) = self.server {
                    server.reset();
                }
            }
            End::Refused(refusal) => {
                self.server = None;
                refusal.send(&mut self.peer).await;
            }
            End::Silent => {
                self.server = None;
                answer::silence(&mut self.peer).await;
            }
        }
        None
    }

    /// Looks after a line to its end. An event stream may leave the two connections behind, for further requests.
    async fn link(self, upgraded: Upgraded) -> Option<Self> {
        let (address, server) = self.server?;
        let Upgraded {
            number,
            path,
            answer,
            stream,
            line,
        } = upgraded;
        if let Some(line) = line {
            let commands = line.join();
            let policy = Arc::new(Joined(line));
            let link = Link::new(number, policy, self.peer, server, answer);
            link.holding_from(LATER).run(commands).await;
            return None;
        }
        let policy = Arc::clone(&self.shared.policy);
        let (_registered, commands) = self.shared.register(number);
        policy.link(number, LinkChange::Up { path });
        let link = match stream {
            None => Link::new(number, policy, self.peer, server, answer),
            Some(stream) => Link::of_events(number, policy, self.peer, server, stream, answer),
        };
        let (peer, server) = link.run(commands).await?;
        Some(Self {
            shared: self.shared,
            peer,
            server: Some((address, server)),
            polled: None,
            routes: self.routes,
        })
    }

    /// One request and its answer; the WebSocket, if it is one from here on.
    async fn exchange(&mut self) -> Result<Option<Upgraded>, End> {
        let request = self.request().await?;
        self.route(&request)?;
        self.check(&request)?;
        if request.target.starts_with(PREFIX) {
            if request.framing != Framing::Empty {
                return Err(Refusal::new(400, "its own pages take no body").into());
            }
            let page = answer::page(self.shared.pages.as_deref(), &request)?;
            self.peer.send(&page).await.map_err(|_| End::PeerReset)?;
            return Ok(None);
        }
        let request = match self.on_a_line(request).await? {
            Ok(upgraded) => return Ok(upgraded),
            Err(request) => request,
        };
        if request.upgrade {
            return self.upgrade(request, Wanted::Socket).await;
        }
        if request.events {
            return self.upgrade(request, Wanted::Events).await;
        }

        let mut request = request;
        let line = format!("{} {}", request.method, request.target);
        self.readdress(&mut request);
        let mut raw = std::mem::take(&mut request.raw);
        let mut body = Body::new(request.framing);
        let mut data = Vec::new();
        let mut early = None;
        if request.expects && !body.is_done() && self.peer.inbox.is_empty() {
            let head = raw.split();
            let server = self.server().await?;
            server.send(&head).await.map_err(|_| End::ServerReset)?;
            early = self.invitation().await?;
        }
        let refused = early.is_some();
        if !refused {
            self.gather(&mut body, &mut raw, &mut data).await?;
        }

        let passed = self
            .judge(Direction::Up, &line, &data, !body.is_done())
            .await?;
        passed.corrupt(&mut raw, &data);
        let server = match self.server().await {
            Ok(server) => server,
            Err(refusal) => {
                passed.tell(&self.shared, Direction::Up, false);
                return Err(refusal.into());
            }
        };
        let mut sent = server.send_until_answered(&raw).await;
        passed.tell(&self.shared, Direction::Up, sent != Sent::Failed);
        while !refused && !body.is_done() && sent == Sent::All {
            sent = self.more(&mut body).await?;
        }

        match self.answer(&line, request.method == "HEAD", early).await {
            Err(End::Quiet) if sent == Sent::Failed => Err(End::ServerReset),
            Err(end) => Err(end),
            // Where the next request would begin is not certain.
            Ok(None) if refused || sent != Sent::All => Err(End::Quiet),
            Ok(None) => Ok(None),
            Ok(Some(response)) => Ok(Some(self.rise(
                self.shared.next_link(),
                request.target,
                response,
            ))),
        }
    }

    /// What goes to the server differs from what came by this alone.
    fn readdress(&self, request: &mut Request) {
        if let Some(site) = &self.shared.site {
            site.readdress(request);
        }
        request.put(&self.shared.headers);
    }

    /// Reads a request's body, to its end or to the cap.
    async fn gather(
        &mut self,
        body: &mut Body,
        raw: &mut BytesMut,
        data: &mut Vec<u8>,
    ) -> Result<(), End> {
        loop {
            let taken = (body.take(&self.peer.inbox, data))
                .map_err(|error| Refusal::new(400, error.to_string()))?;
            raw.unsplit(self.peer.inbox.split_to(taken));
            if body.is_done() || raw.len() > MESSAGE_CAP {
                return Ok(());
            }
            if self.peer.ended {
                return Err(End::Quiet);
            }
            self.peer.fill().await.map_err(|_| End::PeerReset)?;
        }
    }

    /// The next request's head. Whoever ends the connection meanwhile ends it on both sides.
    async fn request(&mut self) -> Result<Request, End> {
        let mut seen = 0;
        let form = match self.routes {
            Some(_) => Form::Proxy,
            None => Form::Path,
        };
        loop {
            match head::request(&mut self.peer.inbox, &mut seen, form) {
                Ok(Some(request)) => return Ok(request),
                Ok(None) if self.peer.ended => return Err(End::Quiet),
                Ok(None) => {}
                Err(error) => {
                    let status = match error {
                        HeadError::TooLong => 431,
                        _ => 400,
                    };
                    return Err(Refusal::new(status, error.to_string()).into());
                }
            }
            let Some((_, server)) = &mut self.server else {
                self.peer.fill().await.map_err(|_| End::PeerReset)?;
                continue;
            };
            tokio::select! {
                read = self.peer.fill() => {
                    read.map_err(|_| End::PeerReset)?;
                }
                read = server.fill() => {
                    read.map_err(|_| End::ServerReset)?;
                    // An answer that nobody asked for, as 408 before closing.
                    let unasked = server.inbox.split();
                    let over = server.ended;
                    self.peer.send(&unasked).await.map_err(|_| End::PeerReset)?;
                    if over {
                        return Err(End::Quiet);
                    }
                }
            }
        }
    }

    fn check(&self, request: &Request) -> Result<(), Refusal> {
        let shown = |text: &[u8]| format!("{:?}", String::from_utf8_lossy(text));
        let [host] = request.hosts.as_slice() else {
            return Err(Refusal::new(400, "a request must name one host"));
        };
        if !self.shared.knows_host(host) {
            let why = format!("it is not the host {}", shown(host));
            return Err(Refusal::new(403, why));
        }
        let foreign = |origin: &&Vec<u8>| !self.shared.knows_origin(origin);
        match request.origins.iter().find(foreign) {
            Some(origin) => {
                let why = format!("a page of {} has no business here", shown(origin));
                Err(Refusal::new(403, why))
            }
            None => Ok(()),
        }
    }

    /// The connection to the server, made when it is first needed, and again if the server moved or has gone.
    async fn server(&mut self) -> Result<&mut Wire, Refusal> {
        let address = self.shared.upstream();
        let usable = match &mut self.server {
            Some((known, wire)) => *known == address && !wire.is_gone().await,
            None => false,
        };
        if !usable {
            self.server = None;
        }
        match &mut self.server {
            Some((_, wire)) => Ok(wire),
            none => match Wire::connect(address, self.shared.trust.as_ref()).await {
                Ok(wire) => Ok(&mut none.insert((address, wire)).1),
                Err(error) => {
                    let why =
                        format!("the server under test at {address} is not reachable: {error}");
                    Err(Refusal::new(502, why))
                }
            },
        }
    }

    async fn judge(
        &mut self,
        direction: Direction,
        head: &str,
        data: &[u8],
        truncated: bool,
    ) -> Result<Passed, End> {
        let (hold, released) = self.shared.hold();
        let passing = Passing {
            link: 0,
            direction,
            carrier: Carrier::Http,
            data,
            text: std::str::from_utf8(data).ok(),
            head,
            truncated,
            swallowed: false,
        };
        let verdict = self.shared.policy.judge(&passing, hold);
        if !matches!(verdict, Verdict::Hold | Verdict::Gather) {
            self.shared.take_hold(hold);
        }
        let reply = match verdict {
            // One request, one response: there is no place for a second.
            Verdict::Pass | Verdict::Duplicate | Verdict::Corrupt(_) => None,
            Verdict::Drop => return Err(End::Silent),
            Verdict::Delay(time) => {
                sleep(time).await;
                None
            }
            Verdict::Then(held, time) => {
                if let Some(time) = time {
                    sleep(time).await;
                }
                if let Some(go) = self.shared.take_hold(held) {
                    // How it went matters to nobody.
                    let _ = go.send(oneshot::channel().0);
                }
                None
            }
            Verdict::Hold => Some(released.await.map_err(|_| End::Silent)?),
            Verdict::Gather => {
                // So that it goes at once when it may.
                drop(self.server().await);
                Some(released.await.map_err(|_| End::Silent)?)
            }
        };
        let corrupted = match verdict {
            Verdict::Corrupt(how) if !truncated => Some(how.apply(data)),
            _ => None,
        };
        Ok(Passed { reply, corrupted })
    }

    /// Waits for the server's `100 Continue`, or for a peer that does not; the answer, if the server refuses the body.
    async fn invitation(&mut self) -> Result<Option<Response>, End> {
        let mut seen = 0;
        while self.peer.inbox.is_empty() && !self.peer.ended {
            match self.response_head(&mut seen, false)? {
                Some(response) if response.status == 100 => {
                    let sent = self.peer.send(&response.raw).await;
                    sent.map_err(|_| End::PeerReset)?;
                    break;
                }
                Some(response) => return Ok(Some(response)),
                None => {}
            }
            let Some((_, server)) = &mut self.server else {
                return Err(End::Quiet);
            };
            tokio::select! {
                read = self.peer.fill() => {
                    read.map_err(|_| End::PeerReset)?;
                }
                read = server.fill() => if read.map_err(|_| End::ServerReset)? == 0 {
                    return Err(End::Quiet);
                }
            }
        }
        Ok(None)
    }

    /// Passes on some more of a request's body that is too long to keep.
    async fn more(&mut self, body: &mut Body) -> Result<Sent, End> {
        if self.peer.inbox.is_empty() && self.peer.fill().await.map_err(|_| End::PeerReset)? == 0 {
            return Err(End::Quiet);
        }
        let taken = (body.take(&self.peer.inbox, &mut Vec::new())).map_err(|_| End::Quiet)?;
        let bytes = self.peer.inbox.split_to(taken);
        match &mut self.server {
            Some((_, server)) => Ok(server.send_until_answered(&bytes).await),
            None => Err(End::Quiet),
        }
    }

    fn response_head(&mut self, seen: &mut usize, bodiless: bool) -> Result<Option<Response>, End> {
        let Some((_, server)) = &mut self.server else {
            return Err(End::Quiet);
        };
        head::response(&mut server.inbox, seen, bodiless).map_err(|error| {
            Refusal::new(502, format!("the server's answer is none: {error}")).into()
        })
    }

    /// Waits for a response's head that is final, or a switch of protocols; what comes before is passed on.
    async fn final_head(&mut self, bodiless: bool) -> Result<Response, End> {
        let mut seen = 0;
        loop {
            match self.response_head(&mut seen, bodiless)? {
                Some(response) if response.status != 101 && response.status < 200 => {
                    let sent = self.peer.send(&response.raw).await;
                    sent.map_err(|_| End::PeerReset)?;
                }
                Some(response) => return Ok(response),
                None => {
                    if self.fill_from_server().await? == 0 {
                        return Err(End::Quiet);
                    }
                }
            }
        }
    }

    /// Reads from the server. A peer that goes away meanwhile is felt by the server, as it would be without the tap.
    async fn fill_from_server(&mut self) -> Result<usize, End> {
        let Some((_, server)) = &mut self.server else {
            return Err(End::Quiet);
        };
        loop {
            let watched = !self.peer.ended && self.peer.inbox.len() < AHEAD;
            tokio::select! {
                read = server.fill() => return read.map_err(|_| End::ServerReset),
                read = self.peer.fill(), if watched => {
                    if read.map_err(|_| End::PeerReset)? == 0 {
                        server.stream.shutdown().await.map_err(|_| End::ServerReset)?;
                    }
                }
            }
        }
    }

    /// The answer to a request; `early` is its head, if it is here already. An event stream is given back: its head is judged, and nothing
    /// passed on.
    async fn answer(
        &mut self,
        line: &str,
        bodiless: bool,
        early: Option<Response>,
    ) -> Result<Option<Response>, End> {
        let response = match early {
            Some(response) => response,
            None => self.final_head(bodiless).await?,
        };
        if response.status == 101 {
            return Err(Refusal::new(502, "the server switches protocols unasked").into());
        }
        if response.events && response.framing != Framing::Empty {
            let head = format!("{line} {}", response.status);
            let passed = self.judge(Direction::Down, &head, b"", true).await?;
            passed.tell(&self.shared, Direction::Down, true);
            return Ok(Some(response));
        }
        self.pass_on(response, To::Request(line)).await?;
        Ok(None)
    }

    /// An answer becomes a line: a WebSocket, or an event stream.
    fn rise(&self, number: u32, path: String, response: Response) -> Upgraded {
        let stream = (response.status != 101)
            .then(|| Stream::new(response.framing, &response.codings, MESSAGE_CAP));
        let anew = stream.as_ref().is_some_and(Stream::is_anew);
        let answer = match anew.then(|| head::in_chunks(&response.raw)).flatten() {
            Some(answer) => answer,
            None => response.raw,
        };
        Upgraded {
            number,
            path,
            answer,
            stream,
            line: None,
        }
    }

    /// Waits until a request for this WebSocket may go, if it has to wait; who lets it go, and waits to know.
    async fn turn(&mut self, number: u32, request: &Request) -> Option<oneshot::Sender<Delivery>> {
        self.shared.policy.asked(number, &request.told());
        let (hold, released) = self.shared.hold();
        if !self.shared.policy.upgrading(number, hold) {
            self.shared.take_hold(hold);
            return None;
        }
        drop(self.server().await);
        released.await.ok()
    }

    /// Sends a request for the line of this number, when its turn has come; the head of the answer. If there is none, that is told.
    async fn ask_for(&mut self, number: u32, request: &Request) -> Result<Response, End> {
        let reply = self.turn(number, request).await;
        let answered = match self.server().await {
            Ok(server) => match server.send_until_answered(&request.raw).await {
                Sent::Failed => Err(End::ServerReset),
                _ => {
                    // Nobody waits for it any more, perhaps.
                    if let Some(reply) = reply {
                        let _ = reply.send(Delivery::Delivered);
                    }
                    self.final_head(false).await
                }
            },
            Err(refusal) => Err(refusal.into()),
        };
        let policy = &self.shared.policy;
        let refused = match &answered {
            Ok(_) => None,
            Err(End::Refused(refusal)) => Some(Refused::ByTap {
                why: refusal.why.clone(),
            }),
            Err(End::PeerReset) => Some(Refused::Unanswered { by: Side::Peer }),
            Err(_) if self.peer.ended => Some(Refused::Unanswered { by: Side::Peer }),
            Err(_) => Some(Refused::Unanswered { by: Side::Server }),
        };
        if let Some(refused) = refused {
            policy.link(number, LinkChange::Refused(refused));
        }
        answered
    }

    /// A request for a line.
    async fn upgrade(
        &mut self,
        mut request: Request,
        wanted: Wanted,
    ) -> Result<Option<Upgraded>, End> {
        if request.framing != Framing::Empty {
            return Err(Refusal::new(400, "an upgrade takes no body").into());
        }
        match wanted {
            Wanted::Socket => request.strip_extensions(),
            Wanted::Events => request.strip_codings(),
        }
        self.readdress(&mut request);
        let alone = match wanted {
            Wanted::Socket => self.alone().await?,
            Wanted::Events => None,
        };
        let number = self.shared.next_link();
        let response = self.ask_for(number, &request).await?;
        drop(alone);
        let policy = &self.shared.policy;
        if response.status == 101 && wanted != Wanted::Socket {
            let why = "the server switches protocols unasked";
            let refused = Refused::ByTap { why: why.into() };
            policy.link(number, LinkChange::Refused(refused));
            return Err(Refusal::new(502, why).into());
        }
        let granted = match wanted {
            Wanted::Socket => response.status == 101,
            Wanted::Events => {
                response.status == 200 && response.events && response.framing != Framing::Empty
            }
        };
        if !granted {
            self.pass_on(response, To::Upgrade(number)).await?;
            return Ok(None);
        }
        if wanted == Wanted::Socket {
            for violation in violation::handshake(&request.raw, &response.raw) {
                policy.violation(number, Direction::Down, &violation);
            }
        }
        Ok(Some(self.rise(number, request.target, response)))
    }
}
