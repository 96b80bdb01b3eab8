//! A server that is a program of its own.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::{CommandSpec, Ready, ServerError, Sink};
use crate::run::{Group, Run};
use crate::terms::ServerLife;
use crate::tls::{Security, Stream};

use super::files::Files;

/// How many last lines of each of its two streams are kept for errors: a flood on one must not wash away the reason on the other.
const KEPT_LINES: usize = 12;
/// A line longer than this is cut: a server that never ends its line must not fill the memory.
const LINE_LIMIT: u64 = 64 * 1024;
/// So much of a line is kept, in bytes.
const KEPT_OF_LINE: usize = 4 * 1024;
/// So many lines and bytes of each of its two streams are told; the rest is read, so that the server does not block, and forgotten.
const TOLD_LINES: usize = 10_000;
const TOLD_BYTES: usize = 4 * 1024 * 1024;

/// What it wrote, as far as it is kept.
#[derive(Default)]
struct Output {
    /// The last lines of each stream, with their place among all lines.
    last: [VecDeque<(u64, String)>; 2],
    lines: u64,
    ready: bool,
}

impl Output {
    fn keep(&mut self, stream: usize, line: String) {
        let last = &mut self.last[stream];
        if last.len() == KEPT_LINES {
            last.pop_front();
        }
        last.push_back((self.lines, line));
        self.lines += 1;
    }

    /// The last lines of both streams, in the order in which they came.
    fn last(&self) -> Vec<String> {
        let mut all: Vec<_> = self.last.iter().flatten().collect();
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, line)| line.clone()).collect()
    }
}

/// The program, from start to its end.
pub(super) struct Child {
    address: SocketAddr,
    group: Arc<Group>,
    exited: watch::Receiver<Option<String>>,
    wanted: watch::Sender<bool>,
    /// Removed with it.
    _files: Option<Files>,
}

impl Child {
    pub(super) async fn start(
        spec: &CommandSpec,
        at: Option<SocketAddr>,
        security: Option<&Security>,
        run: &Run,
        sink: Sink,
    ) -> Result<Self, ServerError> {
        let address = match at {
            Some(address) => address,
            None => free_port().await.map_err(ServerError::Port)?,
        };
        let files = security.map(|security| Files::write(security, run.folder()));
        let files = files.transpose()?;
        let mut line = spec.command.replace("{port}", &address.port().to_string());
        for (name, path) in files.iter().flat_map(Files::paths) {
            line = line.replace(&format!("{{{name}}}"), path);
        }
        let mut command = tokio::process::Command::new("/bin/sh");
        command
            .args(["-c", &line])
            .env("PORT", address.port().to_string())
            .envs(files.iter().flat_map(Files::variables))
            .envs(spec.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let group = Arc::new(run.group(command.as_std_mut()));
        if let Some(folder) = &spec.folder {
            command.current_dir(folder);
        }
        let mut child = command.spawn().map_err(|error| ServerError::Spawn {
            command: line,
            error,
        })?;
        group.started(child.id().unwrap_or_default());

        let output = Arc::new(Mutex::new(Output::default()));
        let (changed, mut changes) = watch::channel(());
        let wanted_line = match &spec.ready {
            Ready::Line(text) => Some(text.clone()),
            _ => None,
        };
        let mut readers = Vec::new();
        let streams: [Option<Box<dyn AsyncRead + Send + Unpin>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        for (index, stream) in streams.into_iter().enumerate() {
            let Some(stream) = stream else { continue };
            readers.push(tokio::spawn(listen(
                (index, stream),
                output.clone(),
                wanted_line.clone(),
                changed.clone(),
                sink.clone(),
            )));
        }
        drop(changed);

        let (tell_exit, exited) = watch::channel(None);
        let (wanted, wanted_end) = watch::channel(false);
        tokio::spawn(async move {
            let status = match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            };
            for reader in readers {
                // Its output may be held open by a grandchild; what it wrote itself is in the pipe by now.
                drop(timeout(Duration::from_millis(200), reader).await);
            }
            if !*wanted_end.borrow() {
                sink(ServerLife::Exited {
                    status: status.clone(),
                });
            }
            tell_exit.send_replace(Some(status));
        });

        let this = Self {
            address,
            group,
            exited,
            wanted,
            _files: files,
        };
        let deadline = Instant::now() + spec.within;
        let ready = async {
            loop {
                if ready(&spec.ready, address, security, &output).await {
                    return;
                }
                // A line of output is news; a port has to be asked again.
                drop(timeout(Duration::from_millis(20), changes.changed()).await);
                if matches!(spec.ready, Ready::Port | Ready::Http(_)) {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        };
        let mut exited = this.exited.clone();
        let failed = tokio::select! {
            _ = ready => None,
            _ = exited.wait_for(Option::is_some) => Some(true),
            _ = tokio::time::sleep_until(deadline) => Some(false),
        };
        let lines = || {
            let output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.last()
        };
        match failed {
            None => Ok(this),
            Some(true) => {
                // What it started may outlive it, and hold the port.
                this.end_group().await;
                let status = this.exited.borrow().clone().unwrap_or_default();
                Err(ServerError::Exited {
                    status,
                    lines: lines(),
                })
            }
            Some(false) => {
                let waited = match &spec.ready {
                    Ready::Port => format!("port {}", address.port()),
                    Ready::Http(path) => match security {
                        Some(_) => format!("https://{address}{path}"),
                        None => format!("http://{address}{path}"),
                    },
                    Ready::Line(text) => format!("a line with {text:?}"),
                };
                this.kill().await;
                Err(ServerError::NotReady {
                    waited,
                    after: spec.within,
                    lines: lines(),
                })
            }
        }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the whole group; `false` if some of it could not be.
    pub(super) async fn pause(&self) -> bool {
        let group = self.group.clone();
        let paused = tokio::task::spawn_blocking(move || group.pause()).await;
        paused.unwrap_or(false)
    }

    /// Lets the whole group go on.
    pub(super) async fn resume(&self) {
        let group = self.group.clone();
        drop(tokio::task::spawn_blocking(move || group.resume()).await);
    }

    /// Kills the whole group and waits until it is gone.
    pub(super) async fn kill(mut self) {
        self.wanted.send_replace(true);
        self.end_group().await;
        drop(
            timeout_at(
                Instant::now() + Duration::from_secs(5),
                self.exited.wait_for(Option::is_some),
            )
            .await,
        );
    }

    async fn end_group(&self) {
        let group = self.group.clone();
        // It blocks while the system does away with the processes.
        drop(tokio::task::spawn_blocking(move || group.kill()).await);
    }
}

async fn listen(
    (index, stream): (usize, Box<dyn AsyncRead + Send + Unpin>),
    output: Arc<Mutex<Output>>,
    wanted: Option<String>,
    changed: watch::Sender<()>,
    sink: Sink,
) {
    let mut reader = BufReader::new(stream);
    let (mut lines, mut told) = (0, 0);
    loop {
        let mut bytes = Vec::new();
        match (&mut reader)
            .take(LINE_LIMIT)
            .read_until(b'\n', &mut bytes)
            .await
        {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let mut text = String::from_utf8_lossy(&bytes)
            .trim_end_matches(['\n', '\r'])
            .to_owned();
        {
            let mut output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.ready |= wanted.as_ref().is_some_and(|wanted| text.contains(wanted));
            text.truncate(text.floor_char_boundary(KEPT_OF_LINE));
            output.keep(index, text.clone());
        }
        if lines < TOLD_LINES && told < TOLD_BYTES {
            lines += 1;
            told += text.len();
            sink(ServerLife::Line { text });
            if lines == TOLD_LINES || told >= TOLD_BYTES {
                sink(ServerLife::Line {
                    text: "(glare: the server writes too much, the rest is left out)".into(),
                });
            }
        }
        changed.send_replace(());
    }
}

async fn ready(
    how: &Ready,
    address: SocketAddr,
    security: Option<&Security>,
    output: &Mutex<Output>,
) -> bool {
    match how {
        Ready::Port => TcpStream::connect(address).await.is_ok(),
        Ready::Line(_) => output.lock().unwrap_or_else(PoisonError::into_inner).ready,
        Ready::Http(path) => {
            let asked = async {
                let socket = TcpStream::connect(address).await.ok()?;
                let mut socket = match security {
                    Some(security) => security.servers().shake(socket, address.ip()).await.ok()?,
                    None => Stream::Plain(socket),
                };
                let request =
                    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
                socket.write_all(request.as_bytes()).await.ok()?;
                socket.flush().await.ok()?;
                let mut head = [0; 12];
                socket.read_exact(&mut head).await.ok()?;
                // "HTTP/1.1 200": a server that still starts may answer 502 or 503.
                std::str::from_utf8(head.get(9..)?)
                    .ok()?
                    .parse::<u16>()
                    .ok()
            };
            let status = timeout(Duration::from_secs(2), asked).await.ok().flatten();
            status.is_some_and(|status| status < 500)
        }
    }
}

async fn free_port() -> std::io::Result<SocketAddr> {
    TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()
}
