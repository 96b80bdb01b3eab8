//! A WebDriver server's process.

use std::collections::VecDeque;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

use super::EnvironmentError;
use crate::names::Stack;
use crate::run::{Group, Run};

/// How long a driver may take to tell its port (measured: well under 1 s).
const START_DEADLINE: Duration = Duration::from_secs(20);
/// How many of its last lines are kept.
const KEPT_LINES: usize = 50;

/// A driver, and every process that comes from it.
#[derive(Debug)]
pub(super) struct Driver {
    /// `http://127.0.0.1:<port>`
    pub(super) url: String,
    pub(super) group: Arc<Group>,
    output: Output,
    child: Child,
}

/// The last lines that a driver wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Output(Arc<Mutex<VecDeque<String>>>);

impl Output {
    pub(super) fn lines(&self) -> Vec<String> {
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

impl Driver {
    /// Starts a driver on a port of its own choice: on a port that is taken chromedriver warns, and one silently talks to
    /// whoever was there before.
    pub(super) async fn start(
        stack: Stack,
        program: &Path,
        profiles: &Path,
        run: &Run,
    ) -> Result<Self, EnvironmentError> {
        let mut attempts = 1..=5;
        loop {
            let last = attempts.next().is_none_or(|attempt| attempt == 5);
            match Self::start_once(stack, program, profiles, run).await {
                // chromedriver picks a port free on IPv6 and gives up when the same one is taken on IPv4.
                Err(EnvironmentError::Driver { output, .. })
                    if !last
                        && output
                            .iter()
                            .any(|line| line.contains("port not available")) => {}
                started => return started,
            }
        }
    }

    async fn start_once(
        stack: Stack,
        program: &Path,
        profiles: &Path,
        run: &Run,
    ) -> Result<Self, EnvironmentError> {
        let mut command = Command::new(program);
        match stack {
            Stack::Firefox => {
                command.args(["--port", "0", "--websocket-port", "0", "--profile-root"]);
                command.arg(profiles);
            }
            _ => {
                command.arg("--port=0");
            }
        }
        // What browsers keep outside their profile (crash reports, shader caches) goes away with the run as well.
        command
            .env("XDG_CONFIG_HOME", profiles.join("config"))
            .env("XDG_CACHE_HOME", profiles.join("cache"))
            .current_dir(profiles)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let group = run.group(command.as_std_mut());
        let failed = |why: String, output: Vec<String>| EnvironmentError::Driver {
            driver: program.display().to_string(),
            why,
            output,
        };
        let mut child = command
            .spawn()
            .map_err(|error| failed(error.to_string(), Vec::new()))?;
        if let Some(id) = child.id() {
            group.started(id);
        }

        let output = Output::default();
        let (port_sender, mut port) = mpsc::unbounded_channel();
        drain(child.stdout.take(), &output, &port_sender);
        drain(child.stderr.take(), &output, &port_sender);
        drop(port_sender);
        let port = match tokio::time::timeout(START_DEADLINE, port.recv()).await {
            Ok(Some(port)) => Ok(port),
            Ok(None) => Err("it ended before it told its port".to_owned()),
            Err(_) => Err(format!(
                "it did not tell its port in {} s",
                START_DEADLINE.as_secs()
            )),
        };
        let driver = Self {
            url: String::new(),
            group: Arc::new(group),
            output,
            child,
        };
        match port {
            Ok(port) => Ok(Self {
                url: format!("http://127.0.0.1:{port}"),
                ..driver
            }),
            Err(why) => {
                let output = driver.output.clone();
                driver.end().await;
                Err(failed(why, output.lines()))
            }
        }
    }

    /// What it wrote last.
    pub(super) fn output(&self) -> Output {
        self.output.clone()
    }

    /// Kills it with its browser, and reaps it. A browser of a test has nothing to save.
    pub(super) async fn end(mut self) {
        let group = Arc::clone(&self.group);
        let killed = tokio::task::spawn_blocking(move || group.kill()).await;
        if !matches!(killed, Ok(true)) {
            tracing::warn!(url = self.url, "a browser did not die at once");
        }
        if let Err(error) = self.child.wait().await {
            tracing::warn!(%error, "a driver could not be reaped");
        }
    }
}

/// Reads line by line until the end, so that the driver never blocks on a full pipe.
fn drain<R>(stream: Option<R>, output: &Output, port: &mpsc::UnboundedSender<u16>)
where
    R: AsyncRead + Unpin + Send + 'static,
{
    let Some(stream) = stream else { return };
    let (output, port) = (output.clone(), port.clone());
    tokio::spawn(async move {
        let mut port = Some(port);
        let mut reader = BufReader::new(stream);
        let mut line = Vec::new();
        while matches!(reader.read_until(b'\n', &mut line).await, Ok(read) if read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if let Some(number) = port_in(&text)
                && let Some(sender) = port.take()
            {
                let _ = sender.send(number);
            }
            output.add(text);
        }
    });
}

/// The port in `ChromeDriver was started successfully on port 38149.` or `… Listening on 127.0.0.1:40063`.
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line
        .split_once("started successfully on port ")
        .or_else(|| line.split_once("Listening on 127.0.0.1:"))?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_what_both_drivers_print() {
        let chrome = "ChromeDriver was started successfully on port 38149.";
        let gecko = "1795382364725\tgeckodriver\tINFO\tListening on 127.0.0.1:40063";
        assert_eq!(port_in(chrome), Some(38149));
        assert_eq!(port_in(gecko), Some(40063));
        assert_eq!(port_in("Starting ChromeDriver 156 on port 0"), None);
    }
}
