//! A small server that speaks over every carrier, and a tap before it that tells what it sees.
//!
//! What is said to somebody waits in his box until a line of his takes it: `POST /say?to=b`, `GET /events?me=b`, `GET /poll?me=b`.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glare::hand::{Command, Hand, Happening, Happenings, Reply};
use glare::peer::browser::pages;
use glare::tap::{HoldId, LinkChange, Pages, Passing, Policy, Tap, TapOptions, Verdict, Violation};
use glare::terms::{Data, Direction, Via};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

/// Long enough for a busy machine; no test waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(30);

pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what)
        .await
        .expect("it hangs")
}

#[derive(Default)]
pub struct Box_ {
    waiting: Mutex<VecDeque<String>>,
    news: Notify,
}

impl Box_ {
    pub fn put(&self, text: String) {
        self.waiting.lock().unwrap().push_back(text);
        self.news.notify_one();
    }

    fn take(&self) -> Vec<String> {
        self.waiting.lock().unwrap().drain(..).collect()
    }

    /// All that waits, once there is something.
    pub async fn wait(&self) -> Vec<String> {
        loop {
            let all = self.take();
            if !all.is_empty() {
                return all;
            }
            self.news.notified().await;
        }
    }
}

/// What the server knows.
#[derive(Default)]
pub struct State {
    boxes: Mutex<HashMap<String, Arc<Box_>>>,
    /// Sessions of engine.io.
    sessions: Mutex<HashMap<String, Arc<Session>>>,
}

/// A session of engine.io, whose packets wait in the box of its name.
struct Session {
    out: Arc<Box_>,
    old: bool,
    /// A WebSocket is there that it is to change to: each poll comes to its end soon.
    changes: AtomicBool,
}

/// How often it is looked whether a poll is to come to its end, as engine.io's own server does.
const LOOKS_EVERY: Duration = Duration::from_millis(100);

impl Session {
    /// What a poll is answered with: what waits, or once it changes nothing that means anything.
    async fn polled(&self) -> Vec<String> {
        loop {
            match tokio::time::timeout(LOOKS_EVERY, self.out.wait()).await {
                Ok(all) => return all,
                Err(_) if self.changes.load(Ordering::SeqCst) => return vec!["6".into()],
                Err(_) => {}
            }
        }
    }
}

/// A packet that says something: `4b hello` goes to `b` as `4hello`. Anything else is answered by nothing.
fn pass_on(state: &State, packet: &str) {
    if let Some((to, text)) = packet
        .strip_prefix('4')
        .and_then(|said| said.split_once(' '))
    {
        state.of(to).put(format!("4{text}"));
    }
}

fn joined(packets: &[String], old: bool) -> String {
    match old {
        false => packets.join("\u{1e}"),
        true => (packets.iter())
            .map(|packet| format!("{}:{packet}", packet.encode_utf16().count()))
            .collect(),
    }
}

fn parted(body: &str, old: bool) -> Vec<String> {
    if !old {
        return body.split('\u{1e}').map(str::to_owned).collect();
    }
    let (mut rest, mut packets) = (body, Vec::new());
    while let Some((length, text)) = rest.split_once(':') {
        let mut units: usize = length.parse().expect("a length");
        let end = text.char_indices().find_map(|(at, char)| {
            if units == 0 {
                return Some(at);
            }
            units -= char.len_utf16();
            None
        });
        let (packet, behind) = text.split_at(end.unwrap_or(text.len()));
        packets.push(packet.to_owned());
        rest = behind;
    }
    packets
}

/// Engine.io: polls, packets that come up, and the WebSocket.
async fn engine(stream: &mut TcpStream, asked: &Asked, state: &Arc<State>) -> Option<()> {
    let named = |name: &str| asked.query.get(name).cloned();
    let old = named("EIO")? == "3";
    let found = |sid: &String| state.sessions.lock().unwrap().get(sid).cloned();
    let known = named("sid").as_ref().and_then(found);
    let begin = || {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(1);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let sid = format!("s{number}");
        let out = state.of(&named("me").unwrap_or_default());
        let session = Arc::new(Session {
            out,
            old,
            changes: AtomicBool::new(false),
        });
        let mut all = state.sessions.lock().unwrap();
        all.insert(sid.clone(), Arc::clone(&session));
        let open = format!(
            "0{{\"sid\":\"{sid}\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,\"pingTimeout\":20000}}"
        );
        (session, open)
    };
    if named("transport")? == "websocket" {
        let key = asked.head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("sec-websocket-key")
                .then(|| value.trim())
        })?;
        let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.ok()?;
        let (session, open) = match known {
            Some(session) => (session, None),
            None => {
                let (session, open) = begin();
                (session, Some(open))
            }
        };
        return socket(stream, &session, open, state).await;
    }
    match (asked.method.as_str(), known) {
        ("GET", None) if named("sid").is_none() => {
            let (_, open) = begin();
            let body = joined(&[open], old);
            answer(
                stream,
                "200 OK",
                "text/plain; charset=UTF-8",
                body.as_bytes(),
            )
            .await
        }
        ("GET", Some(session)) => {
            let mut none = [0];
            let all = tokio::select! {
                all = session.polled() => all,
                _ = stream.read(&mut none) => return None,
            };
            let body = joined(&all, session.old);
            answer(
                stream,
                "200 OK",
                "text/plain; charset=UTF-8",
                body.as_bytes(),
            )
            .await
        }
        ("POST", Some(session)) => {
            let body = String::from_utf8(asked.body.clone()).ok()?;
            for packet in parted(&body, session.old) {
                match packet.as_str() {
                    "1" => session.out.put("6".into()),
                    packet => pass_on(state, packet),
                }
            }
            answer(stream, "200 OK", "text/html", b"ok").await
        }
        _ => {
            answer(
                stream,
                "400 Bad Request",
                "application/json",
                b"{\"code\":1}",
            )
            .await
        }
    }
}

async fn socket(
    stream: &mut TcpStream,
    session: &Session,
    open: Option<String>,
    state: &Arc<State>,
) -> Option<()> {
    use futures_util::{SinkExt, StreamExt};
    use tokio_tungstenite::tungstenite::{Message, protocol::Role};
    let mut socket =
        tokio_tungstenite::WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
    let mut speaks = open.is_some();
    if let Some(open) = open {
        socket.send(Message::text(open)).await.ok()?;
    }
    loop {
        tokio::select! {
            all = session.out.wait(), if speaks => for packet in all {
                socket.send(Message::text(packet)).await.ok()?;
            },
            message = socket.next() => match message?.ok()? {
                Message::Text(text) if text.as_str() == "2probe" => {
                    socket.send(Message::text("3probe")).await.ok()?;
                    session.changes.store(true, Ordering::SeqCst);
                }
                Message::Text(text) if text.as_str() == "5" => speaks = true,
                Message::Text(text) => pass_on(state, &text),
                _ => {}
            }
        }
    }
}

impl State {
    pub fn of(&self, name: &str) -> Arc<Box_> {
        let mut boxes = self.boxes.lock().unwrap();
        Arc::clone(boxes.entry(name.to_owned()).or_default())
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub state: Arc<State>,
    task: JoinHandle<()>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = stream.set_nodelay(true);
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            address,
            state,
            task,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub struct Asked {
    pub head: String,
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// The next request of a connection.
pub async fn asked(stream: &mut TcpStream) -> Option<Asked> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut first = head.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(Asked {
        method,
        path: path.to_owned(),
        query,
        body,
        head,
    })
}

pub async fn answer(stream: &mut TcpStream, status: &str, kind: &str, body: &[u8]) -> Option<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let all = [head.as_bytes(), body].concat();
    stream.write_all(&all).await.ok()
}

async fn serve(mut stream: TcpStream, state: Arc<State>) -> Option<()> {
    loop {
        let asked = asked(&mut stream).await?;
        let named = |name: &str| asked.query.get(name).cloned().unwrap_or_default();
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/say") => {
                let text = String::from_utf8(asked.body).ok()?;
                state.of(&named("to")).put(text);
                answer(&mut stream, "200 OK", "text/plain", b"said").await?;
            }
            ("GET", "/events") => {
                assert!(
                    asked
                        .head
                        .to_lowercase()
                        .contains("accept: text/event-stream")
                );
                let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:\n\n\r\n";
                stream.write_all(head.as_bytes()).await.ok()?;
                let letters = state.of(&named("me"));
                loop {
                    let mut none = [0];
                    let all = tokio::select! {
                        all = letters.wait() => all,
                        _ = stream.read(&mut none) => return None,
                    };
                    let text: String = all.iter().map(|text| format!("data: {text}\n\n")).collect();
                    let chunk = format!("{:x}\r\n{text}\r\n", text.len());
                    stream.write_all(chunk.as_bytes()).await.ok()?;
                }
            }
            ("GET", "/poll") => {
                assert!(!asked.head.contains("glare-line"), "{}", asked.head);
                let letters = state.of(&named("me"));
                let mut none = [0];
                let all = tokio::select! {
                    all = letters.wait() => all,
                    _ = stream.read(&mut none) => return None,
                };
                let body = format!("[{}]", all.join(", "));
                answer(&mut stream, "200 OK", "application/json", body.as_bytes()).await?;
            }
            (_, "/socket.io/") => engine(&mut stream, &asked, &state).await?,
            _ => answer(&mut stream, "404 Not Found", "text/plain", b"nothing").await?,
        }
    }
}

type Judge = dyn Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync;

/// Tells what it sees, a line each: `1 up /events`, `1 down event {…}`, `1 over Peer`.
struct Watch {
    seen: mpsc::UnboundedSender<(String, HoldId)>,
    judge: Box<Judge>,
}

impl Watch {
    fn tell(&self, text: String, hold: HoldId) {
        let _ = self.seen.send((text, hold));
    }
}

impl Policy for Watch {
    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict {
        let way = match passing.direction {
            Direction::Up => "up",
            Direction::Down => "down",
        };
        let carrier = format!("{:?}", passing.carrier).to_lowercase();
        let text = String::from_utf8_lossy(passing.data);
        let head = passing.head;
        let swallowed = if passing.swallowed { " swallowed" } else { "" };
        let told = format!("{} {way} {carrier} {head}{text}{swallowed}", passing.link);
        self.tell(told, hold);
        (self.judge)(passing, hold)
    }

    fn link(&self, link: u32, change: LinkChange) {
        let text = match change {
            LinkChange::Up { path } => format!("{link} open {path}"),
            LinkChange::Refused(refused) => format!("{link} refused {refused:?}"),
            LinkChange::Unheard { .. } => format!("{link} unheard"),
            LinkChange::Down { by, .. } => format!("{link} over by {by:?}"),
        };
        self.tell(text, 0);
    }

    fn violation(&self, link: u32, direction: Direction, violation: &Violation) {
        let text = format!("{link} wrong {direction:?} {:?}", violation.rule);
        self.tell(text, 0);
    }

    fn undeliverable(&self, link: u32, direction: Direction) {
        self.tell(format!("{link} lost {direction:?}"), 0);
    }
}

/// A tap with a peer's pages, and what it sees.
pub struct Tapped {
    pub tap: Tap,
    seen: mpsc::UnboundedReceiver<(String, HoldId)>,
}

impl Tapped {
    pub async fn before(
        server: SocketAddr,
        judge: impl Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self::with(server, judge, |_| {}).await
    }

    pub async fn with(
        server: SocketAddr,
        judge: impl Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync + 'static,
        adjust: impl FnOnce(&mut TapOptions),
    ) -> Self {
        static NEXT: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(1);
        // Browsers keep what is stored apart by host.
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % 250 + 1;
        let (sender, seen) = mpsc::unbounded_channel();
        let policy = Arc::new(Watch {
            seen: sender,
            judge: Box::new(judge),
        });
        let address = [127, 9, (std::process::id() % 250) as u8, number];
        let mut options = TapOptions::new(address.into(), server);
        let mut all = Pages::new();
        for (path, kind, body) in pages() {
            all = all.with(path, kind, body);
        }
        options.pages = Some(Arc::new(all));
        adjust(&mut options);
        let tap = Tap::start(options, policy).await.unwrap();
        Self { tap, seen }
    }

    /// The next that it tells, plain HTTP and the browser's own requests left out.
    pub async fn next(&mut self) -> String {
        self.next_hold().await.0
    }

    pub async fn next_hold(&mut self) -> (String, HoldId) {
        loop {
            let seen = soon(self.seen.recv()).await.expect("the tap lives");
            if !seen.0.contains(" http ") {
                return seen;
            }
        }
    }

    /// The next, plain HTTP and all.
    pub async fn next_of_all(&mut self) -> String {
        soon(self.seen.recv()).await.expect("the tap lives").0
    }
}

/// Opens line 1.
pub async fn open(hand: &dyn Hand, path: &str, via: Via) {
    let command = Command::OpenLink {
        link: 1,
        path: path.into(),
        protocols: Vec::new(),
        headers: vec![],
        via,
    };
    assert_eq!(soon(hand.perform(command)).await, Ok(Reply::Done));
}

/// The next thing that a line tells.
pub async fn told(happenings: &mut Happenings) -> Happening {
    loop {
        let happening = soon(happenings.recv()).await.expect("the hand lives");
        if !matches!(happening, Happening::Console { .. }) {
            return happening;
        }
    }
}

pub async fn opened(happenings: &mut Happenings) {
    assert_eq!(told(happenings).await, Happening::LinkOpened { link: 1 });
}

/// The next message.
pub async fn heard(happenings: &mut Happenings) -> String {
    match told(happenings).await {
        Happening::LinkMessage {
            link: 1,
            data: Data::Text(text),
        } => text,
        other => panic!("no message: {other:?}"),
    }
}

pub async fn closed(happenings: &mut Happenings) -> u16 {
    match told(happenings).await {
        Happening::LinkClosed { link: 1, code, .. } => code,
        other => panic!("no end: {other:?}"),
    }
}

pub async fn close(hand: &dyn Hand) {
    let command = Command::CloseLink {
        link: 1,
        code: Some(1000),
        reason: String::new(),
    };
    assert_eq!(soon(hand.perform(command)).await, Ok(Reply::Done));
}

/// Says something to somebody by an HTTP request.
pub async fn say(hand: &dyn Hand, to: &str, text: &str) {
    let command = Command::Fetch {
        method: "POST".into(),
        path: format!("/say?to={to}"),
        headers: vec![("content-type".into(), "text/plain".into())],
        body: Some(text.into()),
    };
    let said = Reply::Response {
        status: 200,
        body: "said".into(),
    };
    assert_eq!(soon(hand.perform(command)).await, Ok(said));
}

pub async fn send(hand: &dyn Hand, text: &str) {
    let command = Command::SendText {
        link: 1,
        text: text.into(),
    };
    assert_eq!(soon(hand.perform(command)).await, Ok(Reply::Done));
}

/// Two peers who talk over lines of engine.io.
pub async fn talk_engine(
    (a, b): (&dyn Hand, &dyn Hand),
    (hear_a, hear_b): (&mut Happenings, &mut Happenings),
    (tap_a, tap_b): (&mut Tapped, &mut Tapped),
    via: Via,
) {
    for (hand, name) in [(a, "a"), (b, "b")] {
        open(hand, &format!("/socket.io/?me={name}"), via.clone()).await;
    }
    for (hear, tap, name) in [
        (&mut *hear_a, &mut *tap_a, "a"),
        (&mut *hear_b, &mut *tap_b, "b"),
    ] {
        opened(hear).await;
        assert!(heard(hear).await.starts_with("0{"));
        let seen = tap.next().await;
        let path = format!("1 open /socket.io/?me={name}&EIO=");
        assert!(seen.starts_with(&path), "{seen}");
        assert!(tap.next().await.contains(" 0{"));
    }
    // While it changes over, and after.
    for n in 0..20 {
        for forth in [true, false] {
            let (from, to, hear) = match forth {
                true => (a, "b", &mut *hear_b),
                false => (b, "a", &mut *hear_a),
            };
            let (up, down) = match forth {
                true => (&mut *tap_a, &mut *tap_b),
                false => (&mut *tap_b, &mut *tap_a),
            };
            let text = format!("{{\"n\":{n},\"ä\":\"𝄞\"}}");
            send(from, &format!("4{to} {text}")).await;
            assert_eq!(heard(hear).await, format!("4{text}"));
            let said = up.next().await;
            assert!(
                said.starts_with("1 up ") && said.ends_with(&format!(" 4{to} {text}")),
                "{said}"
            );
            let said = down.next().await;
            assert!(
                said.starts_with("1 down ") && said.ends_with(&format!(" 4{text}")),
                "{said}"
            );
        }
    }
    close(a).await;
    assert_eq!(closed(hear_a).await, 1005);
    assert_eq!(tap_a.next().await, "1 over by Peer");
}

pub fn pass(_: &Passing<'_>, _: HoldId) -> Verdict {
    Verdict::Pass
}

/// Two peers who talk over lines on which only the server speaks, each through a tap of its own.
pub async fn talk_down(
    (a, b): (&dyn Hand, &dyn Hand),
    (hear_a, hear_b): (&mut Happenings, &mut Happenings),
    (tap_a, tap_b): (&mut Tapped, &mut Tapped),
    (path, via, carrier): (&str, Via, &str),
) {
    let ends = [(a, "a"), (b, "b")];
    for (hand, name) in ends {
        open(hand, &format!("{path}?me={name}"), via.clone()).await;
    }
    opened(hear_a).await;
    opened(hear_b).await;
    assert_eq!(tap_a.next().await, format!("1 open {path}?me=a"));
    assert_eq!(tap_b.next().await, format!("1 open {path}?me=b"));
    for n in 0..3 {
        for (from, to, hear, tap) in [
            (a, "b", &mut *hear_b, &mut *tap_b),
            (b, "a", &mut *hear_a, &mut *tap_a),
        ] {
            let text = format!("{{\"n\": {n}, \"to\":\"{to}\", \"ä\": \"𝄞 ]\"}}");
            say(from, to, &text).await;
            assert_eq!(heard(hear).await, text);
            assert_eq!(tap.next().await, format!("1 down {carrier} {text}"));
        }
    }
    let send = Command::SendText {
        link: 1,
        text: "hello".into(),
    };
    let refused = soon(a.perform(send)).await.unwrap_err().to_string();
    assert!(refused.contains("only the server speaks"), "{refused}");
    close(a).await;
    assert_eq!(closed(hear_a).await, 1005);
    assert_eq!(tap_a.next().await, "1 over by Peer");
}
