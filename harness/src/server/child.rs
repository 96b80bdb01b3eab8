//! A server that is a program of its own.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use super::files::Files;
use super::output::Output;
use super::ready::{Patience, Readiness};
use super::{CommandSpec, Ready, ServerError, Sink, ask};
use crate::run::{Group, Holder, Listening, Run};
use crate::terms::ServerLife;
use crate::tls::Security;

/// How long a program whose leader has ended may take to die.
const DIES_WITHIN: Duration = Duration::from_millis(500);

/// A line longer than this is cut: a server that never ends its line must not fill the memory.
const LINE_LIMIT: u64 = 64 * 1024;
/// So much of a line is kept, in bytes.
const KEPT_OF_LINE: usize = 4 * 1024;
/// So many lines and bytes of each of its two streams are told; the rest is read, so that the server does not block, and forgotten.
const TOLD_LINES: usize = 10_000;
const TOLD_BYTES: usize = 4 * 1024 * 1024;
/// How often it is looked whether what a program has left in the background still listens.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long an answer may take that shows that the program goes on.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);
/// How long nothing may listen before that counts as an end: a listener that is renewed is away for a moment.
const DEAF_FOR: Duration = Duration::from_secs(2);

/// What a program is called where its errors are told, and what its command may name.
#[derive(Clone, Copy)]
pub(super) struct Named<'a> {
    pub who: &'a str,
    /// Names as a command writes them between braces, and what they become.
    pub words: &'a [(String, String)],
}

/// The program, from start to its end.
pub(super) struct Child {
    address: SocketAddr,
    group: Arc<Group>,
    exited: watch::Receiver<Option<String>>,
    wanted: watch::Sender<bool>,
    /// It was asked to end.
    asked: bool,
    /// Who listened when it got ready; nobody where that cannot be told.
    holders: Vec<Holder>,
    path: String,
    security: Option<Security>,
    sink: Sink,
    /// Removed with it.
    _files: Option<Files>,
}

impl Child {
    pub(super) async fn start(
        spec: &CommandSpec,
        Named { who, words }: Named<'_>,
        address: SocketAddr,
        security: Option<&Security>,
        run: &Run,
        sink: Sink,
    ) -> Result<Self, ServerError> {
        let files = security.map(|security| Files::write(security, run.folder()));
        let files = files.transpose()?;
        let mut line = spec.command.replace("{port}", &address.port().to_string());
        for (name, path) in files.iter().flat_map(Files::paths) {
            line = line.replace(&format!("{{{name}}}"), path);
        }
        for (name, value) in words {
            line = line.replace(&format!("{{{name}}}"), value);
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
            who: who.into(),
            command: line,
            error,
        })?;
        group.started(child.id().unwrap_or_default());

        let output = Arc::new(Mutex::new(Output::default()));
        let (changed, changes) = watch::channel(());
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
        let mut left = Left {
            group: group.clone(),
            port: address.port(),
            wanted: wanted_end,
            was_ready: Arc::default(),
        };
        let (was_ready, told) = (left.was_ready.clone(), sink.clone());
        tokio::spawn(async move {
            let (status, fine) = match child.wait().await {
                Ok(status) => (status.to_string(), status.success()),
                Err(error) => (error.to_string(), false),
            };
            // At once: what is wanted from now on does not make it an end that was wanted.
            let mut asked = *left.wanted.borrow();
            for reader in readers {
                // Its output may be held open by a grandchild; what it wrote itself is in the pipe by now.
                drop(timeout(Duration::from_millis(200), reader).await);
            }
            if !asked {
                asked = left.goes_on(fine).await;
            }
            if !asked {
                told(ServerLife::Exited {
                    status: status.clone(),
                });
            }
            tell_exit.send_replace(Some(status));
        });

        let mut this = Self {
            address,
            group,
            exited,
            wanted,
            asked: false,
            holders: Vec::new(),
            path: match &spec.ready {
                Ready::Http(path) => path.clone(),
                Ready::Port | Ready::Line(_) => "/".into(),
            },
            security: security.cloned(),
            sink,
            _files: files,
        };
        let mut readiness = Readiness {
            how: &spec.ready,
            address,
            security,
            group: this.group.clone(),
            output: output.clone(),
            seen: String::new(),
            taken: None,
        };
        let deadline = Instant::now() + spec.within;
        let mut exited = this.exited.clone();
        let patience = tokio::select! {
            patience = readiness.wait(changes) => patience,
            _ = exited.wait_for(Option::is_some) => Patience::Ended,
            _ = tokio::time::sleep_until(deadline) => Patience::Over,
        };
        let lines = || {
            let output = output.lock().unwrap_or_else(PoisonError::into_inner);
            output.last()
        };
        match patience {
            Patience::Ready(holders) => {
                was_ready.store(true, Ordering::SeqCst);
                this.holders = holders;
                Ok(this)
            }
            Patience::Ended => {
                // What it started may outlive it, and hold the port.
                this.end_group().await;
                let status = this.exited.borrow().clone().unwrap_or_default();
                Err(ServerError::Exited {
                    who: who.into(),
                    status,
                    lines: lines(),
                })
            }
            Patience::Taken(by) => {
                this.kill().await;
                Err(ServerError::Taken {
                    who: who.into(),
                    port: address.port(),
                    by,
                    lines: lines(),
                })
            }
            Patience::Over => {
                let waited = readiness.told().await;
                this.kill().await;
                Err(ServerError::NotReady {
                    who: who.into(),
                    waited,
                    after: spec.within,
                    lines: lines(),
                })
            }
        }
    }

    /// Whether it goes on; if it does not, that has been told. `ask`: it may not have got to what was sent last, so it is asked something
    /// that it can only answer if it goes on after that.
    pub(super) async fn goes_on(&self, ask: bool) -> bool {
        if ask {
            // Whatever comes: an answer shows that it goes on, and where there is none it has had its time.
            let security = self.security.as_ref();
            let answer = ask::ask(self.address, security, &self.path, ANSWERS_WITHIN).await;
            tracing::debug!(?answer, "asked whether it goes on");
        }
        let deadline = Instant::now() + DEAF_FOR;
        let mut exited = self.exited.clone();
        loop {
            if exited.borrow().is_some() {
                return false;
            }
            if self.holders.iter().any(Holder::still_holds) {
                return true;
            }
            let over = self.group.leader_has_ended();
            let end = match (self.listening().await, over) {
                (Listening::Ours(now), _) => match self.renewed(&now) {
                    true => return true,
                    false => format!(
                        "the process that listened has ended, and another (pid {}) listens in its place",
                        now.first().map_or(0, |holder| holder.pid)
                    ),
                },
                // More cannot be known there.
                (Listening::Unknown, false) => return true,
                _ if !over && Instant::now() >= deadline => format!(
                    "nothing of it listens on port {} any more, though its first process goes on",
                    self.address.port()
                ),
                _ => {
                    drop(timeout(LOOK_EVERY, exited.wait_for(Option::is_some)).await);
                    continue;
                }
            };
            self.wanted.send_replace(true);
            (self.sink)(ServerLife::Exited { status: end });
            return false;
        }
    }

    /// Whether these listen in the name of those who listened at the beginning: the same processes, or children of theirs while they live.
    fn renewed(&self, now: &[Holder]) -> bool {
        let alive = self.group.alive();
        let known = |holder: &Holder| {
            now.iter().any(|now| now.pid == holder.pid) || alive.contains(&holder.pid)
        };
        self.holders.is_empty() || self.holders.iter().any(known)
    }

    /// Whether nothing of it listens any more, now or in a moment: a program that dies ends thread by thread, and its sockets with the last.
    async fn hears_nobody_soon(&self) -> bool {
        let until = Instant::now() + DIES_WITHIN;
        loop {
            if !matches!(self.listening().await, Listening::Ours(_)) {
                return true;
            }
            if Instant::now() >= until {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn listening(&self) -> Listening {
        let (group, port) = (self.group.clone(), self.address.port());
        let listening = tokio::task::spawn_blocking(move || group.listening(port)).await;
        listening.unwrap_or(Listening::Unknown)
    }

    /// Asks the whole group to end. From here on its end is wanted.
    pub(super) async fn ask_to_end(&mut self) {
        self.asked = true;
        self.wanted.send_replace(true);
        let group = self.group.clone();
        drop(tokio::task::spawn_blocking(move || group.terminate()).await);
    }

    /// Whether it ends in this time.
    pub(super) async fn ends(&mut self, within: Duration) -> bool {
        let ended = self.exited.wait_for(Option::is_some);
        timeout(within, ended).await.is_ok()
    }

    /// Its processes, by id.
    pub(super) fn processes(&self) -> Vec<u32> {
        self.group.alive()
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

    /// Kills the whole group and waits until it is gone. `false` if it had ended by itself before, which has been told then.
    pub(super) async fn kill(mut self) -> bool {
        let told = || !*self.wanted.borrow() && self.exited.borrow().is_some();
        let ends = self.group.leader_has_ended() || self.group.leader_is_ending();
        let over = !self.asked && ends && self.hears_nobody_soon().await;
        let by_itself = over || told();
        if !by_itself {
            self.wanted.send_replace(true);
        }
        self.end_group().await;
        drop(
            timeout_at(
                Instant::now() + Duration::from_secs(5),
                self.exited.wait_for(Option::is_some),
            )
            .await,
        );
        !by_itself
    }

    async fn end_group(&self) {
        let group = self.group.clone();
        // It blocks while the system does away with the processes.
        drop(tokio::task::spawn_blocking(move || group.kill()).await);
    }
}

/// What a program has left when its first process has ended.
struct Left {
    group: Arc<Group>,
    port: u16,
    /// Whether its end is wanted.
    wanted: watch::Receiver<bool>,
    was_ready: Arc<AtomicBool>,
}

impl Left {
    /// Waits while something in the background listens, or may yet do so after a start that went well; whether its end was wanted.
    async fn goes_on(&mut self, fine: bool) -> bool {
        loop {
            let (group, port) = (self.group.clone(), self.port);
            let was_ready = self.was_ready.load(Ordering::SeqCst);
            let there = tokio::task::spawn_blocking(move || match was_ready {
                true => matches!(group.listening(port), Listening::Ours(_)),
                false => fine && !group.alive().is_empty(),
            });
            if !there.await.unwrap_or(false) {
                return *self.wanted.borrow();
            }
            // There is nothing that tells of the end of a process that is not one's own child.
            let wanted = self.wanted.wait_for(|wanted| *wanted);
            match timeout(LOOK_EVERY, wanted).await {
                Err(_) => {}
                Ok(_) => return true,
            }
        }
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
