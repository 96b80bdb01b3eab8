//! Chromium, through a chromedriver of our own.

use std::path::Path;
use std::time::Duration;

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

use super::EnvironmentError;
use super::capabilities::chromium_here;
use super::deadlines::SESSION_DEADLINE;
use super::process::{Process, command};
use super::remote::Socket;
use crate::run::Run;

/// How long a driver may take to tell its port (measured: well under 1 s).
const START_DEADLINE: Duration = Duration::from_secs(20);

/// Starts a driver on a port of its own choice: on a port that is taken chromedriver warns, and one silently talks to whoever was there
/// before. With it comes its URL.
pub(super) async fn start(
    driver: &Path,
    folder: &Path,
    run: &Run,
) -> Result<(Process, String), EnvironmentError> {
    let mut attempts = 1..=5;
    loop {
        let last = attempts.next().is_none_or(|attempt| attempt == 5);
        let mut command = command(driver, folder);
        command.arg("--port=0");
        match Process::start(command, run, START_DEADLINE, port_in).await {
            // It picks a port free on IPv6 and gives up when the same one is taken on IPv4.
            Err(EnvironmentError::Start { output, .. })
                if !last
                    && output
                        .iter()
                        .any(|line| line.contains("port not available")) => {}
            started => {
                let (process, port) = started?;
                return Ok((process, format!("http://127.0.0.1:{port}")));
            }
        }
    }
}

/// A session with a new Chromium, and where its WebDriver BiDi is spoken. The session lives as long as the client.
pub(super) async fn session(
    url: &str,
    browser: &Path,
    folder: &Path,
) -> Result<(Client, Socket), String> {
    let mut builder = ClientBuilder::new(HttpConnector::new());
    builder.capabilities(chromium_here(browser, folder));
    let client = tokio::time::timeout(SESSION_DEADLINE, builder.connect(url))
        .await
        .map_err(|_| format!("none in {} s", SESSION_DEADLINE.as_secs()))?
        .map_err(|error| error.to_string())?;
    let socket = client
        .capabilities()
        .and_then(|capabilities| capabilities.get("webSocketUrl"))
        .and_then(Value::as_str)
        .ok_or("the driver speaks no WebDriver BiDi (no webSocketUrl)")
        .map(Socket::here)??;
    Ok((client, socket))
}

/// The port in `ChromeDriver was started successfully on port 38149.`
fn port_in(line: &str) -> Option<u16> {
    let (_, rest) = line.split_once("started successfully on port ")?;
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    rest[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_read_from_what_the_driver_prints() {
        let started = "ChromeDriver was started successfully on port 38149.";
        assert_eq!(port_in(started), Some(38149));
        assert_eq!(port_in("Starting ChromeDriver 156 on port 0"), None);
    }
}
