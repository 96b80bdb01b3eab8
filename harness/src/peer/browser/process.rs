//! A program that tells where it listens: a driver, or a browser that needs none.

use std::collections::VecDeque;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::EnvironmentError;
use super::fate::Fate;
use super::starved::{Starved, Watch};
use crate::run::{Group, Run};

/// How long the last lines of a program that has ended may take to be read.
const LAST_LINES: Duration = Duration::from_secs(2);
/// How many of its last lines are kept.
const KEPT_LINES: usize = 50;

/// A program that was started, and every process that comes from it.
#[derive(Debug)]
pub(super) struct Process {
    program: String,
    fate: Fate,
    group: Arc<Group>,
    output: Output,
    watch: Watch,
    child: Child,
    /// Each reads one of its streams until the end.
    readers: JoinSet<()>,
}

/// The last lines that a program wrote.
#[derive(Clone, Debug, Default)]
struct Output(Arc<Mutex<VecDeque<String>>>);

impl Output {
    fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().cloned().collect()
    }

    fn add(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == KEPT_LINES {
            lines.pop_front();
        }
        lines.push_back(line);
    }
}

/// A command for a program whose files all lie in `folder`: what browsers keep outside their profile (crash reports, shader caches) goes
/// away with the run as well.
pub(super) fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env("XDG_CONFIG_HOME", folder.join("config"))
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

impl Process {
    /// Starts a program, and waits until it has written the line that `told` reads. One that does not is killed.
    pub(super) async fn start<T: Send + 'static>(
        mut command: Command,
        run: &Run,
        within: Duration,
        told: fn(&str) -> Option<T>,
    ) -> Result<(Self, T), EnvironmentError> {
        let program = command.as_std().get_program().display().to_string();
        let group = run.group(command.as_std_mut());
        let mut child = command.spawn().map_err(|error| EnvironmentError::Start {
            program: program.clone(),
            why: error.to_string(),
            output: Vec::new(),
        })?;
        if let Some(id) = child.id() {
            group.started(id);
        }
        let output = Output::default();
        let (sender, mut line) = mpsc::unbounded_channel();
        let mut readers = JoinSet::new();
        drain(child.stdout.take(), &output, &sender, told, &mut readers);
        drain(child.stderr.take(), &output, &sender, told, &mut readers);
        drop(sender);
        let group = Arc::new(group);
        let this = Self {
            fate: Fate::of(&program, child.id()),
            program,
            watch: Watch::start(Arc::clone(&group)),
            group,
            output,
            child,
            readers,
        };
        let told = tokio::select! {
            // First of all: a line that is there counts, whatever happened since.
            biased;
            line = timeout(within, line.recv()) => line,
            // Its output may stay open: helpers can outlive a program that crashes.
            () = this.has_ended() => Ok(None),
        };
        let why = match told {
            Ok(Some(told)) => return Ok((this, told)),
            Ok(None) => "it ended before it told where it listens".to_owned(),
            Err(_) => format!("it did not tell where it listens in {within:?}"),
        };
        let ended = timeout(LAST_LINES, this.has_ended()).await.is_ok();
        let program = this.program.clone();
        let (status, output) = this.end().await;
        let why = match status.filter(|_| ended) {
            Some(status) => format!("{why} ({status})"),
            None => why,
        };
        Err(EnvironmentError::Start {
            program,
            why,
            output,
        })
    }

    /// How long the machine kept it waiting.
    pub(super) fn starved(&self) -> Arc<Starved> {
        Arc::clone(&self.watch.seen)
    }

    /// How it ended, once it has.
    pub(super) fn fate(&self) -> Fate {
        self.fate.clone()
    }

    /// Waits until it has ended, and leaves it unreaped: until it is reaped its number is its own, and its group can be killed by it.
    async fn has_ended(&self) {
        while self.child.id().is_some() && !self.fate.has_ended() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Kills it with all that came from it, reaps it, and gives its status and its last lines. A browser of a test has nothing to save.
    pub(super) async fn end(mut self) -> (Option<ExitStatus>, Vec<String>) {
        self.fate.is_sealed();
        let group = Arc::clone(&self.group);
        let killed = tokio::task::spawn_blocking(move || group.kill()).await;
        if !matches!(killed, Ok(true)) {
            tracing::warn!(self.program, "a program did not die at once");
        }
        let status = self.child.wait().await;
        if let Err(error) = &status {
            tracing::warn!(%error, self.program, "a program could not be reaped");
        }
        let read = timeout(LAST_LINES, async {
            while self.readers.join_next().await.is_some() {}
        });
        if read.await.is_err() {
            tracing::debug!(self.program, "somebody else holds its output");
        }
        (status.ok(), self.output.lines())
    }
}

/// Reads line by line until the end, so that the program never blocks on a full pipe.
fn drain<R, T>(
    stream: Option<R>,
    output: &Output,
    sender: &mpsc::UnboundedSender<T>,
    told: fn(&str) -> Option<T>,
    readers: &mut JoinSet<()>,
) where
    R: AsyncRead + Unpin + Send + 'static,
    T: Send + 'static,
{
    let Some(stream) = stream else { return };
    let (output, sender) = (output.clone(), sender.clone());
    readers.spawn(async move {
        let mut sender = Some(sender);
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            let found = told(&text);
            output.add(text);
            if let Some(found) = found
                && let Some(sender) = sender.take()
            {
                // Who waited may have given up.
                let _ = sender.send(found);
            }
        }
    });
}
