//! What the browser tests share: a stand-in for the tap, and a shuttle between two peers.
#![allow(dead_code, reason = "every test binary uses its own part")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use glare::hand::{Command, Hand, HandError, Happening, Happenings, Reply};
use glare::names::Stack;
use glare::peer::browser::{BrowserPeer, PAGE_PATH, Pool, pages};
use glare::signaling::{Candidate, Description};
use glare::terms::{ChannelOptions, Data};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

pub mod firefox;

/// Long enough for a busy machine; no test waits for it to pass.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// Serves the peer's page on an address of its own. `/cookie` sets one, `/seen` tells which came, `/held` never
/// answers, a WebSocket echoes.
pub struct Tap {
    pub origin: String,
    server: tokio::task::JoinHandle<()>,
}

impl Tap {
    pub async fn start() -> Self {
        Self::with_script("").await
    }

    /// With a script of its own before the hand's.
    pub async fn with_script(script: &'static str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let number =
            NEXT.fetch_add(1, Ordering::Relaxed) & 0xffff | (std::process::id() & 0x7f) << 16;
        Self::listening(Ipv4Addr::from(0x7f00_0000 | number).into(), script).await
    }

    /// At this address.
    pub async fn at(address: IpAddr) -> Self {
        Self::listening(address, "").await
    }

    async fn listening(address: IpAddr, script: &'static str) -> Self {
        let listener = TcpListener::bind(SocketAddr::from((address, 0)))
            .await
            .unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, script));
            }
        });
        Self { origin, server }
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut socket: TcpStream, script: &str) {
    let mut seen = [0; 4096];
    let length = socket.peek(&mut seen).await.unwrap_or(0);
    let head = String::from_utf8_lossy(&seen[..length]).to_string();
    if head.to_lowercase().contains("upgrade: websocket") && head.starts_with("GET /ws ") {
        let mut socket = tokio_tungstenite::accept_async(socket).await.unwrap();
        while let Some(Ok(message)) = socket.next().await {
            if message.is_text() && socket.send(message).await.is_err() {
                break;
            }
        }
        return;
    }
    let _ = socket.read(&mut seen).await;
    let path = head.split(' ').nth(1).unwrap_or_default();
    if path == "/held" {
        std::future::pending::<()>().await;
    }
    let (kind, extra, body) = match path {
        PAGE_PATH => (
            pages()[0].1,
            "",
            format!("<!doctype html><script>{script}</script>{}", pages()[0].2),
        ),
        path if pages().iter().any(|(served, ..)| *served == path) => {
            let (_, kind, body) = pages()
                .into_iter()
                .find(|(served, ..)| *served == path)
                .unwrap();
            (kind, "", body.to_owned())
        }
        "/cookie" => (
            "text/plain",
            "Set-Cookie: tasty=yes; Path=/\r\n",
            "set".into(),
        ),
        "/seen" => {
            let cookies = head
                .lines()
                .filter(|line| line.to_lowercase().starts_with("cookie:"));
            ("text/plain", "", cookies.collect())
        }
        _ => ("text/plain", "", head.clone()),
    };
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\n{extra}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let _ = socket.write_all(answer.as_bytes()).await;
}

/// A peer with its tap.
pub struct Actor {
    pub tap: Tap,
    pub hand: BrowserPeer,
    pub happenings: Happenings,
}

pub async fn actor(pool: &Pool, stack: Stack) -> Actor {
    actor_at(pool, stack, Tap::start().await).await
}

pub async fn actor_at(pool: &Pool, stack: Stack, tap: Tap) -> Actor {
    let (hand, happenings) = pool.peer(stack, &tap.origin).await.unwrap();
    Actor {
        tap,
        hand,
        happenings,
    }
}

pub async fn own_actor(pool: &Pool, stack: Stack) -> Actor {
    let tap = Tap::start().await;
    let (hand, happenings) = pool.own_browser(stack, &tap.origin).await.unwrap();
    Actor {
        tap,
        hand,
        happenings,
    }
}

impl Actor {
    pub async fn does(&self, command: Command) -> Reply {
        self.hand.perform(command).await.unwrap()
    }

    /// The description that the command answers with.
    pub async fn describes(&self, command: Command) -> Description {
        match self.does(command).await {
            Reply::Description(description) => description,
            other => panic!("no description: {other:?}"),
        }
    }

    pub async fn is_refused(&self, command: Command) -> String {
        match self.hand.perform(command).await {
            Err(error @ HandError::Refused { .. }) => error.to_string(),
            other => panic!("not refused: {other:?}"),
        }
    }

    pub async fn fetches(&self, path: &str) -> String {
        let command = Command::Fetch {
            method: "GET".into(),
            path: path.into(),
            headers: vec![],
            body: None,
        };
        match self.does(command).await {
            Reply::Response { body, .. } => body,
            other => panic!("no response: {other:?}"),
        }
    }

    /// The first happening that fits.
    pub async fn sees(&mut self, fits: impl Fn(&Happening) -> bool) -> Happening {
        let mut before = Vec::new();
        let found = timeout(DEADLINE, async {
            loop {
                match self.happenings.recv().await {
                    Some(happening) if fits(&happening) => break Some(happening),
                    Some(happening) => before.push(happening),
                    None => break None,
                }
            }
        })
        .await;
        match found {
            Ok(Some(happening)) => happening,
            other => panic!("not seen ({other:?}); seen: {before:#?}"),
        }
    }

    pub async fn sees_text(&mut self, expected: &str) {
        self.sees(|happening| {
            matches!(happening, Happening::ChannelMessage { data: Data::Text(text), .. } if text == expected)
        })
        .await;
    }

    pub async fn says(&self, text: &str) {
        let data = Data::Text(text.into());
        self.does(Command::Say {
            conn: 1,
            label: "chat".into(),
            data,
        })
        .await;
    }
}

/// Connects two peers over a channel `chat`, candidates trickled through the caller.
pub async fn connect(a: &mut Actor, b: &mut Actor) {
    a.does(Command::NewConnection { conn: 1 }).await;
    b.does(Command::NewConnection { conn: 1 }).await;
    let options = ChannelOptions::default();
    a.does(Command::CreateChannel {
        conn: 1,
        label: "chat".into(),
        options,
    })
    .await;
    let offer = a
        .describes(Command::SetLocal {
            conn: 1,
            description: None,
        })
        .await;
    b.does(Command::SetRemote {
        conn: 1,
        description: offer,
    })
    .await;
    let answer = b
        .describes(Command::SetLocal {
            conn: 1,
            description: None,
        })
        .await;
    a.does(Command::SetRemote {
        conn: 1,
        description: answer,
    })
    .await;
    let mut open = (false, false);
    while open != (true, true) {
        let (happening, to, opened) = timeout(DEADLINE, async {
            tokio::select! {
                happening = a.happenings.recv() => (happening, &b.hand, &mut open.0),
                happening = b.happenings.recv() => (happening, &a.hand, &mut open.1),
            }
        })
        .await
        .expect("the pair connects");
        match happening.expect("both live") {
            Happening::Candidate { candidate, .. } => {
                add(to, candidate).await;
            }
            Happening::ChannelState { state, .. } if state == "open" => *opened = true,
            Happening::Gone { why } => panic!("gone: {why}"),
            _ => {}
        }
    }
}

async fn add(to: &BrowserPeer, candidate: Option<Candidate>) {
    to.perform(Command::AddCandidate { conn: 1, candidate })
        .await
        .unwrap();
}

/// Both ways through the channel.
pub async fn chat(a: &mut Actor, b: &mut Actor) {
    a.says("hello").await;
    b.sees_text("hello").await;
    b.says("and you").await;
    a.sees_text("and you").await;
}

/// Processes, found in `/proc`.
pub mod processes {
    use std::collections::HashSet;
    use std::fs;

    /// Pid and group.
    fn ids(pid: u32) -> Option<(u32, u32)> {
        let stat =
            String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/stat")).ok()?).to_string();
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        if matches!(fields[0], "Z" | "X") {
            return None;
        }
        Some((pid, fields[2].parse().ok()?))
    }

    fn all() -> impl Iterator<Item = u32> {
        fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }

    fn holds(pid: u32, file: &str, what: &str) -> bool {
        fs::read(format!("/proc/{pid}/{file}"))
            .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(what))
    }

    /// Everything that is of a run and alive: marked, naming its folder, or in the group of one that is.
    pub fn of_run(mark: &str, folder: &str) -> HashSet<u32> {
        let mark = format!("GLARE_RUN={mark}");
        let known: Vec<_> = all()
            .filter(|pid| *pid != std::process::id())
            .filter(|pid| holds(*pid, "environ", &mark) || holds(*pid, "cmdline", folder))
            .filter(|pid| !holds(*pid, "cmdline", "glare-watchdog"))
            .filter_map(ids)
            .collect();
        let groups: HashSet<u32> = known.iter().map(|(_, group)| *group).collect();
        all()
            .filter_map(ids)
            .filter(|(_, group)| groups.contains(group))
            .map(|(pid, _)| pid)
            .collect()
    }

    /// Those with this in their command line.
    pub fn with_argument(pids: &HashSet<u32>, argument: &str) -> Vec<u32> {
        pids.iter()
            .copied()
            .filter(|pid| holds(*pid, "cmdline", argument))
            .collect()
    }

    pub fn kill(pid: u32, signal: i32) {
        // SAFETY: plain system call, on processes that the test started.
        assert_eq!(unsafe { libc::kill(pid as i32, signal) }, 0);
    }
}
