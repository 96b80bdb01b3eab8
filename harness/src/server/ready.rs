//! When a program is ready: one of its own processes listens on its port, and shows what was asked for.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use super::Ready;
use super::ask::{Answer, ask};
use super::output::Output;
use crate::run::{Group, Holder, Listening, Stranger};
use crate::tls::Security;

/// How long one answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

/// How long another program may hold the port: one that is just being started can look like another for a moment.
const TAKEN_FOR: Duration = Duration::from_secs(2);

/// How waiting for a program came to its end.
pub(super) enum Patience {
    /// It is ready; these listen, where that can be told.
    Ready(Vec<Holder>),
    /// It has ended.
    Ended,
    /// Another program has its port.
    Taken(Option<Stranger>),
    /// It had its time.
    Over,
}

/// What is waited for, and what has been seen so far.
pub(super) struct Readiness<'a> {
    pub how: &'a Ready,
    pub address: SocketAddr,
    pub security: Option<&'a Security>,
    pub group: Arc<Group>,
    pub output: Arc<Mutex<Output>>,
    /// What was seen last, for a person.
    pub seen: String,
    /// Since when another program has the port.
    pub taken: Option<Instant>,
}

impl Readiness<'_> {
    /// Waits until it is ready, or certainly never will be. `changes`: a line of its output came.
    pub async fn wait(&mut self, mut changes: watch::Receiver<()>) -> Patience {
        loop {
            if let Some(end) = self.look().await {
                return end;
            }
            // A line of output is news; a port has to be asked again.
            if let Ok(Err(_)) = timeout(Duration::from_millis(20), changes.changed()).await {
                sleep(Duration::from_millis(20)).await;
            }
            sleep(Duration::from_millis(5)).await;
        }
    }

    async fn look(&mut self) -> Option<Patience> {
        let port = self.address.port();
        if matches!(self.how, Ready::Line(_)) && !self.line_came() {
            self.seen = "it has not come".into();
            return None;
        }
        if TcpStream::connect(self.address).await.is_err() {
            self.taken = None;
            self.seen = format!("nothing listens on port {port}");
            return None;
        }
        let group = self.group.clone();
        let listening = tokio::task::spawn_blocking(move || group.listening(port)).await;
        let holders = match listening.unwrap_or(Listening::Unknown) {
            Listening::Ours(holders) => holders,
            // Somebody has just taken the connection, whom the system does not show.
            Listening::Unknown | Listening::Nobody => Vec::new(),
            Listening::Another(by) => {
                let since = *self.taken.get_or_insert_with(Instant::now);
                self.seen = format!("another program listens on port {port}");
                return (since.elapsed() >= TAKEN_FOR).then_some(Patience::Taken(by));
            }
        };
        self.taken = None;
        let Ready::Http(path) = self.how else {
            return Some(Patience::Ready(holders));
        };
        match ask(self.address, self.security, path, ANSWERS_WITHIN).await {
            Answer::Status(200..=399) => return Some(Patience::Ready(holders)),
            Answer::Status(status) => {
                self.seen = format!("the last answer had status {status}, expected 2xx or 3xx");
            }
            Answer::NoHttp => self.seen = "what it answered is no HTTP response".into(),
            Answer::NoConnection if self.security.is_some() => {
                self.seen = format!("no connection with TLS can be made on port {port}");
            }
            Answer::NoConnection => self.seen = format!("nothing listens on port {port}"),
            Answer::Silence => self.seen = "it did not answer".into(),
        }
        None
    }

    fn line_came(&self) -> bool {
        let output = self.output.lock();
        output.unwrap_or_else(PoisonError::into_inner).ready
    }

    /// What was waited for, and what came instead, for a person.
    pub async fn told(&self) -> String {
        let (address, port) = (self.address, self.address.port());
        let waited = match self.how {
            Ready::Port => format!("port {port}"),
            Ready::Http(path) if self.security.is_some() => format!("https://{address}{path}"),
            Ready::Http(path) => format!("http://{address}{path}"),
            Ready::Line(text) => format!("a line with {text:?}"),
        };
        let group = self.group.clone();
        let ports = tokio::task::spawn_blocking(move || group.ports()).await;
        let ports = ports.unwrap_or_default();
        let elsewhere = match ports.as_slice() {
            [] => String::new(),
            ports if ports.contains(&port) => String::new(),
            ports => {
                let ports: Vec<String> = ports.iter().map(u16::to_string).collect();
                format!(
                    "; it listens on port {} instead: the one that it must listen on is {{port}} in its command, and PORT in its environment",
                    ports.join(" and ")
                )
            }
        };
        match self.seen.as_str() {
            "" => format!("{waited}{elsewhere}"),
            seen => format!("{waited}: {seen}{elsewhere}"),
        }
    }
}
