//! The ends that the tests put on both sides of a tap, and the policy that watches.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use glare::tap::{HoldId, LinkChange, Passing, Policy, Tap, TapOptions, Verdict, Violation};
use glare::terms::{Carrier, Direction};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// Every wait of these tests ends.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("in time")
}

/// What the policy was asked or told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Message {
        link: u32,
        direction: Direction,
        carrier: Carrier,
        data: Vec<u8>,
        head: String,
        truncated: bool,
        swallowed: bool,
        hold: HoldId,
    },
    Link(u32, LinkChange),
    Undeliverable(u32, Direction),
    Violation(u32, Direction, Violation),
    Foreign(String),
    TlsWanted(String),
}

impl Seen {
    pub fn hold(&self) -> HoldId {
        match self {
            Seen::Message { hold, .. } => *hold,
            other => panic!("no message: {other:?}"),
        }
    }

    pub fn data(&self) -> &[u8] {
        match self {
            Seen::Message { data, .. } => data,
            other => panic!("no message: {other:?}"),
        }
    }

    pub fn swallowed(&self) -> bool {
        match self {
            Seen::Message { swallowed, .. } => *swallowed,
            other => panic!("no message: {other:?}"),
        }
    }

    /// `GET / 200` and `text` for HTTP; `up` or `down` and `text` for a WebSocket.
    pub fn short(&self) -> String {
        match self {
            Seen::Message {
                direction,
                data,
                head,
                ..
            } => {
                let text = String::from_utf8_lossy(data);
                match head.as_str() {
                    "" => format!("{direction:?} {text}").to_lowercase(),
                    head => format!("{head} [{text}]"),
                }
            }
            other => format!("{other:?}"),
        }
    }
}

type Judge = dyn Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync;

pub struct Watch {
    seen: mpsc::UnboundedSender<Seen>,
    judge: Box<Judge>,
}

impl Policy for Watch {
    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict {
        let _ = self.seen.send(Seen::Message {
            link: passing.link,
            direction: passing.direction,
            carrier: passing.carrier,
            data: passing.data.to_vec(),
            head: passing.head.to_owned(),
            truncated: passing.truncated,
            swallowed: passing.swallowed,
            hold,
        });
        (self.judge)(passing, hold)
    }

    fn link(&self, link: u32, change: LinkChange) {
        let _ = self.seen.send(Seen::Link(link, change));
    }

    fn violation(&self, link: u32, direction: Direction, violation: &Violation) {
        let _ = self
            .seen
            .send(Seen::Violation(link, direction, violation.clone()));
    }

    fn foreign(&self, authority: &str) {
        let _ = self.seen.send(Seen::Foreign(authority.to_owned()));
    }

    fn tls_wanted(&self, authority: &str) {
        let _ = self.seen.send(Seen::TlsWanted(authority.to_owned()));
    }

    fn undeliverable(&self, link: u32, direction: Direction) {
        let _ = self.seen.send(Seen::Undeliverable(link, direction));
    }
}

/// A tap before a listener, and what its policy sees.
pub struct Bench {
    pub tap: Tap,
    pub listener: TcpListener,
    pub seen: mpsc::UnboundedReceiver<Seen>,
}

impl Bench {
    pub async fn new() -> Self {
        Self::judging(|_| Verdict::Pass).await
    }

    pub async fn judging(judge: impl Fn(&Passing<'_>) -> Verdict + Send + Sync + 'static) -> Self {
        Self::with(judge, |_| {}).await
    }

    /// With a judge who needs the number that a hold would have.
    pub async fn choosing(
        judge: impl Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync + 'static,
    ) -> Self {
        Self::start(judge, |_| {}).await
    }

    pub async fn with(
        judge: impl Fn(&Passing<'_>) -> Verdict + Send + Sync + 'static,
        adjust: impl FnOnce(&mut TapOptions),
    ) -> Self {
        Self::start(move |passing, _| judge(passing), adjust).await
    }

    async fn start(
        judge: impl Fn(&Passing<'_>, HoldId) -> Verdict + Send + Sync + 'static,
        adjust: impl FnOnce(&mut TapOptions),
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (sender, seen) = mpsc::unbounded_channel();
        let policy = Arc::new(Watch {
            seen: sender,
            judge: Box::new(judge),
        });
        let mut options =
            TapOptions::new("127.3.1.1".parse().unwrap(), listener.local_addr().unwrap());
        adjust(&mut options);
        let tap = Tap::start(options, policy).await.unwrap();
        Self {
            tap,
            listener,
            seen,
        }
    }

    pub async fn next(&mut self) -> Seen {
        soon(self.seen.recv()).await.expect("the tap lives")
    }

    pub async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.tap.address()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub async fn accept(&self) -> TcpStream {
        let (stream, _) = soon(self.listener.accept()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// An upgraded pair of raw sockets; `Up` is taken from what was seen.
    pub async fn pair(&mut self) -> (TcpStream, TcpStream) {
        let mut peer = self.connect().await;
        peer.write_all(upgrade(self.tap.address()).as_bytes())
            .await
            .unwrap();
        let mut server = self.accept().await;
        read_head(&mut server).await;
        server.write_all(ACCEPTED).await.unwrap();
        assert_eq!(read_head(&mut peer).await.as_bytes(), ACCEPTED);
        assert!(matches!(
            self.next().await,
            Seen::Link(_, LinkChange::Up { .. })
        ));
        (peer, server)
    }
}

pub const ACCEPTED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

pub fn upgrade(host: SocketAddr) -> String {
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
}

/// Reads to the empty line, no further.
pub async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(soon(stream.read_u8()).await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

pub async fn read(stream: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    soon(stream.read_exact(&mut bytes)).await.unwrap();
    bytes
}

pub async fn read_to_end(stream: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    soon(stream.read_to_end(&mut bytes)).await?;
    Ok(bytes)
}

/// One frame as an end would write it.
pub fn frame(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..126 => bytes.push(masked | length as u8),
        length @ 126..65536 => {
            bytes.push(masked | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(masked | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(key.iter().flatten());
    let masked = payload.iter().zip((0..4).cycle());
    bytes.extend(masked.map(|(byte, i)| byte ^ key.map_or(0, |key| key[i])));
    bytes
}

pub const KEY: Option<[u8; 4]> = Some([0x11, 0x22, 0x33, 0x44]);

/// A text message from a client.
pub fn up(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes(), KEY)
}

/// A text message from a server.
pub fn down(text: &str) -> Vec<u8> {
    frame(0x81, text.as_bytes(), None)
}
