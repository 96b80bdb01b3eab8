//! A Firefox that runs already and speaks WebDriver BiDi by itself, as on another machine.

use std::io::{BufRead as _, BufReader};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use glare::names::Stack;
use glare::peer::browser::Programs;
use glare::run::{Group, Run};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use super::processes;

/// How it is started, with a new profile in this folder.
pub fn command(folder: &Path, port: u16) -> Vec<String> {
    let profile = folder.join("profile");
    let preferences = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peer/browser/firefox.js");
    std::fs::create_dir(&profile).expect("a folder");
    std::fs::copy(preferences, profile.join("user.js")).expect("preferences");
    let program = Programs::find(Stack::Firefox).expect("a Firefox").browser;
    let text = |path: PathBuf| path.into_os_string().into_string().expect("UTF-8");
    let flags = ["-headless", "-no-remote", "--remote-debugging-port"];
    let flags = flags.map(str::to_owned).into_iter();
    [text(program)]
        .into_iter()
        .chain(flags)
        .chain([port.to_string(), "--profile".into(), text(profile)])
        .collect()
}

/// An address of this machine that is not loopback: browsers gather none there. Nothing is sent.
pub fn own_address() -> IpAddr {
    let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
    let routed = socket.connect("192.0.2.1:9");
    routed.expect("browsers need a default route");
    socket.local_addr().expect("an address").ip()
}

/// One on this machine, with nothing of the harness's but a watchdog.
pub struct Firefox {
    pub at: SocketAddr,
    run: Run,
    group: Group,
    child: Child,
}

impl Firefox {
    pub fn start() -> Self {
        let run = Run::start().expect("a run");
        let words = command(run.folder(), 0);
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let group = run.group(&mut command);
        let mut child = command.spawn().expect("Firefox starts");
        group.started(child.id());
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
        let at = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, url) = line.split_once("WebDriver BiDi listening on ws://")?;
                url.parse().ok()
            })
            .expect("it tells its address");
        // It must not block on what it writes.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            at,
            run,
            group,
            child,
        }
    }

    pub fn url(&self) -> String {
        format!("ws://{}", self.at)
    }

    /// The processes that its pages are in.
    pub fn renderers(&self) -> Vec<u32> {
        let folder = self.run.folder().to_str().expect("UTF-8");
        let all = processes::of_run(self.run.mark(), folder);
        processes::with_argument(&all, "-isForBrowser")
    }
}

impl Drop for Firefox {
    fn drop(&mut self) {
        self.group.kill();
        drop(self.child.wait());
        drop(self.run.end());
    }
}

/// A connection to a Firefox.
pub struct Line {
    socket: WebSocket<TcpStream>,
    last: u64,
}

impl Line {
    /// `None`: there is none yet.
    pub fn to(at: SocketAddr) -> Option<Self> {
        let stream = TcpStream::connect_timeout(&at, Duration::from_secs(1)).ok()?;
        let bounded = stream.set_read_timeout(Some(super::DEADLINE));
        bounded.expect("a bound");
        // The only name that it answers to, also behind a tunnel.
        let url = format!("ws://127.0.0.1:{}/session", at.port());
        let (socket, _) = tungstenite::client(url, stream).ok()?;
        Some(Self { socket, last: 0 })
    }

    /// The result of a command. Events are passed over.
    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let command = json!({ "id": self.last, "method": method, "params": params });
        let sent = self.socket.send(Message::text(command.to_string()));
        sent.expect("it reads");
        loop {
            let answer = self.socket.read().expect("an answer");
            let Ok(text) = answer.to_text() else { continue };
            let mut answer: Value = serde_json::from_str(text).expect("JSON");
            if answer["id"] == self.last {
                assert_eq!(answer["type"], "success", "{method}: {answer}");
                return answer["result"].take();
            }
        }
    }
}

/// Whether somebody has its session; `None` before it listens.
pub fn has_session(at: SocketAddr) -> Option<bool> {
    let status = Line::to(at)?.ask("session.status", json!({}));
    Some(status["ready"] != true)
}

/// How many pages and user contexts it has. It must have no session.
pub fn counts(at: SocketAddr) -> (usize, usize) {
    let mut line = Line::to(at).expect("it listens");
    line.ask("session.new", json!({ "capabilities": {} }));
    let pages = line.ask("browsingContext.getTree", json!({}));
    let contexts = line.ask("browser.getUserContexts", json!({}));
    line.ask("session.end", json!({}));
    let count = |list: &Value| list.as_array().expect("a list").len();
    (count(&pages["contexts"]), count(&contexts["userContexts"]))
}
