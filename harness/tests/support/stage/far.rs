//! The reference server at the end of long lines: each user's bytes take their time, one for each direction.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glare::server::{ServerSpec, UrlSpec};
use glare_signaling_server::{Options, Server};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// How long a user's bytes take to the server, and from it.
pub type Way = fn(user: &str) -> (Duration, Duration);

/// A server far away, while it is not dropped.
pub struct Far {
    address: SocketAddr,
    _lines: JoinSet<()>,
    _server: Server,
}

impl Far {
    pub async fn start(way: Way) -> Self {
        let server = Server::start(Options::default()).await.expect("a server");
        let behind = server.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut lines = JoinSet::new();
        lines.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                open.spawn(line(near, behind, way));
            }
        });
        Self {
            address,
            _lines: lines,
            _server: server,
        }
    }

    pub fn spec(&self) -> ServerSpec {
        let url = format!("http://{}", self.address);
        ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(url.parse().expect("a URL"))
        })
    }
}

async fn line(near: TcpStream, behind: SocketAddr, way: Way) {
    drop(near.set_nodelay(true));
    let mut first = vec![0; 4096];
    // What is there of the request line says whose connection it is.
    let Ok(count) = near.peek(&mut first).await else {
        return;
    };
    let request = String::from_utf8_lossy(&first[..count]);
    let user = request.split_once("userId=").map_or("", |(_, rest)| rest);
    let (up, down) = way(user);
    let Ok(far) = TcpStream::connect(behind).await else {
        return;
    };
    drop(far.set_nodelay(true));
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::join!(late(near_in, far_out, up), late(far_in, near_out, down));
}

/// Copies, each byte so much later, and its end too.
async fn late(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, by: Duration) {
    let under_way = Arc::new((Mutex::new(VecDeque::new()), Notify::new()));
    let there = Arc::clone(&under_way);
    let read = async move {
        loop {
            let mut bytes = vec![0; 16 * 1024];
            let count = from.read(&mut bytes).await.unwrap_or(0);
            bytes.truncate(count);
            let due = Instant::now() + by;
            there.0.lock().expect("no panic").push_back((due, bytes));
            there.1.notify_one();
            if count == 0 {
                return;
            }
        }
    };
    let write = async move {
        loop {
            let next = under_way.0.lock().expect("no panic").pop_front();
            let Some((due, bytes)) = next else {
                under_way.1.notified().await;
                continue;
            };
            sleep_until(due).await;
            if bytes.is_empty() {
                return to.shutdown().await;
            }
            to.write_all(&bytes).await?;
        }
    };
    let _: ((), io::Result<()>) = tokio::join!(read, write);
}
