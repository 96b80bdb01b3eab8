//! Drivers and browsers that run elsewhere: where they are, and a session with a driver there.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use tokio::time::timeout;
use url::{Host, Url};

use crate::names::Stack;

/// How long a browser may take to start there (on a grid it may have to wait for its turn).
const OPEN_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end.
const CLOSE_WITHIN: Duration = Duration::from_secs(20);
/// The longest answer that is read, in bytes.
const MOST: usize = 16 << 20;

/// Where a driver runs already: `http://name:password@host:9515/path`; or a Firefox that speaks WebDriver BiDi by itself:
/// `ws://host:9222`. Shown without name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct DriverUrl {
    /// Without name and password; ends with a slash.
    url: Url,
    /// `Basic …` (RFC 7617).
    authorization: Option<String>,
    password: Option<String>,
}

impl DriverUrl {
    /// What must not be shown: the password, as it is and as it is sent.
    pub fn secrets(&self) -> Vec<String> {
        let sent = self.authorization.iter();
        let sent = sent.filter_map(|text| text.strip_prefix("Basic ").map(str::to_owned));
        sent.chain(self.password.clone()).collect()
    }

    /// The WebSocket of a Firefox that needs no driver, where it gives sessions. It listens on its loopback alone, and answers to that
    /// address and its own port alone, whatever tunnel is before it: so it is dialled where it is said to be, and called so.
    pub(super) fn direct(&self) -> Option<Socket> {
        if !self.is_direct() {
            return None;
        }
        let path = self.url.path().trim_end_matches('/');
        let path = path.strip_suffix("/session").unwrap_or(path);
        let port = self.url.port_or_known_default().unwrap_or(80);
        Some(Socket {
            url: format!("ws://127.0.0.1:{port}{path}/session"),
            dial: format!("{}:{port}", self.url.host_str().unwrap_or_default()),
            authorization: self.authorization.clone(),
        })
    }

    /// Whether it is a browser that needs no driver.
    pub fn is_direct(&self) -> bool {
        self.url.scheme() == "ws"
    }

    /// A driver's WebSocket, of where it says that it is. A driver that does not know by which name it is called tells an address that means
    /// itself: it is dialled where the driver is, and called by the name that it gave, which is the one that it answers to.
    pub(super) fn socket(&self, told: &str) -> Result<Socket, String> {
        let url = Url::parse(told).map_err(|error| format!("its webSocketUrl is none: {error}"))?;
        if url.scheme() != "ws" {
            let scheme = url.scheme();
            return Err(format!(
                "its webSocketUrl is {scheme}://, which is not spoken"
            ));
        }
        let itself = match url.host() {
            Some(Host::Ipv4(ip)) => ip.is_unspecified() || ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_unspecified() || ip.is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => return Err(format!("its webSocketUrl has no host: {told}")),
        };
        let host = if itself { &self.url } else { &url };
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Socket {
            dial: format!("{}:{port}", host.host_str().unwrap_or_default()),
            url: url.into(),
            authorization: self.authorization.clone(),
        })
    }

    fn without_secrets(&self, text: String) -> String {
        (self.secrets().iter()).fold(text, |text, secret| text.replace(secret, "<redacted>"))
    }
}

impl fmt::Display for DriverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for DriverUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriverUrl({self})")
    }
}

impl FromStr for DriverUrl {
    /// What is wrong with it, without a word of it: a password may stand in it.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected http://host:port, with a path if it has one, or a Firefox's own ws://host:port";
        let mut url = Url::parse(text).map_err(|error| format!("{error}: {EXPECTED}"))?;
        if !matches!(url.scheme(), "http" | "ws") {
            return Err(format!(
                "a driver is called by http only, a Firefox by ws: {EXPECTED} (through a tunnel, if need be)"
            ));
        }
        let (name, password) = (decoded(url.username()), url.password().map(decoded));
        let authorization = (!name.is_empty() || password.is_some()).then(|| {
            let pair = format!("{name}:{}", password.as_deref().unwrap_or_default());
            format!("Basic {}", STANDARD.encode(pair))
        });
        if url.set_username("").and(url.set_password(None)).is_err() || url.host().is_none() {
            return Err(EXPECTED.into());
        }
        url.set_query(None);
        url.set_fragment(None);
        if !url.path().ends_with('/') {
            let path = format!("{}/", url.path());
            url.set_path(&path);
        }
        Ok(Self {
            url,
            authorization,
            password,
        })
    }
}

/// Percent-decoded (RFC 3986, section 2.1).
fn decoded(text: &str) -> String {
    let (mut out, mut bytes) = (Vec::new(), text.as_bytes().iter());
    while let Some(&byte) = bytes.next() {
        let rest = bytes.as_slice();
        let code = rest.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(meant) if byte == b'%' => {
                out.push(meant);
                bytes.nth(1);
            }
            _ => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Where WebDriver BiDi is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    /// As it calls itself.
    pub(super) url: String,
    /// `host:port`
    pub(super) dial: String,
    /// `Basic …`
    pub(super) authorization: Option<String>,
}

impl Socket {
    /// On this machine.
    pub(super) fn here(url: &str) -> Result<Self, String> {
        let parsed =
            Url::parse(url).map_err(|error| format!("its webSocketUrl is none: {error}"))?;
        let host = parsed.host_str().unwrap_or_default();
        Ok(Self {
            dial: format!("{host}:{}", parsed.port_or_known_default().unwrap_or(80)),
            url: url.to_owned(),
            authorization: None,
        })
    }
}

/// The drivers and browsers that are used in the place of this machine's own, and the address at which their browsers reach this machine.
#[derive(Clone, Debug)]
pub struct Remotes {
    drivers: BTreeMap<Stack, DriverUrl>,
    address: IpAddr,
    arguments: Vec<(Stack, String)>,
}

impl Remotes {
    /// `address` is one of this machine's.
    pub fn new(drivers: BTreeMap<Stack, DriverUrl>, address: IpAddr) -> Self {
        Self {
            drivers,
            address,
            arguments: Vec::new(),
        }
    }

    /// The same, with one more argument for this stack's browsers: `--no-sandbox`, where a driver of Chromium's runs as root.
    #[must_use]
    pub fn with_argument(mut self, stack: Stack, argument: impl Into<String>) -> Self {
        self.arguments.push((stack, argument.into()));
        self
    }

    /// What this stack's browsers are given besides.
    pub(super) fn arguments(&self, stack: Stack) -> impl Iterator<Item = &str> {
        let own = self
            .arguments
            .iter()
            .filter(move |(whose, _)| *whose == stack);
        own.map(|(_, argument)| argument.as_str())
    }

    /// The address at which browsers reach this machine.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The driver of this stack's browsers, or the browser.
    pub fn get(&self, stack: Stack) -> Option<&DriverUrl> {
        self.drivers.get(&stack)
    }
}

/// A session with a browser elsewhere.
#[derive(Debug)]
pub(super) struct RemoteSession {
    driver: DriverUrl,
    id: String,
    pub(super) capabilities: Value,
}

impl RemoteSession {
    /// Asks for a session. If it comes after the time is up it is deleted.
    pub(super) async fn open(driver: &DriverUrl, wanted: Value) -> Result<Self, String> {
        let driver = driver.clone();
        let mut opening = tokio::spawn(async move {
            let body = json!({ "capabilities": { "alwaysMatch": wanted } });
            let answer = ask(&driver, Method::POST, "session", Some(body)).await?;
            let id = answer["sessionId"].as_str().unwrap_or_default().to_owned();
            if id.is_empty() || id.contains(['/', '?', '#', '%']) {
                return Err("its answer names no session".to_owned());
            }
            let capabilities = answer["capabilities"].clone();
            Ok(Self {
                driver,
                id,
                capabilities,
            })
        });
        match timeout(OPEN_WITHIN, &mut opening).await {
            Ok(opened) => opened.unwrap_or_else(|error| Err(error.to_string())),
            Err(_) => {
                tokio::spawn(async move {
                    if let Ok(Ok(late)) = opening.await {
                        late.close().await;
                    }
                });
                Err(format!("none in {} s", OPEN_WITHIN.as_secs()))
            }
        }
    }

    /// Where its WebDriver BiDi is.
    pub(super) fn socket(&self) -> Result<Socket, String> {
        let told = self.capabilities["webSocketUrl"].as_str();
        self.driver
            .socket(told.ok_or("the driver speaks no WebDriver BiDi (no webSocketUrl)")?)
    }

    /// Deletes it, and its browser with it. There is no process here that could be ended instead.
    pub(super) async fn close(self) {
        let path = format!("session/{}", self.id);
        let deleted = timeout(CLOSE_WITHIN, ask(&self.driver, Method::DELETE, &path, None)).await;
        let why = match deleted {
            Ok(Ok(_)) => return,
            Ok(Err(why)) => why,
            Err(_) => format!("no answer in {} s", CLOSE_WITHIN.as_secs()),
        };
        tracing::warn!(why, "a session at {} may be left", self.driver);
    }
}

/// One command of W3C WebDriver (section 6): the `value` of its answer.
async fn ask(
    driver: &DriverUrl,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> Result<Value, String> {
    let asked = async {
        let url = driver.url.join(path).map_err(|error| error.to_string())?;
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(authorization) = &driver.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json; charset=utf-8");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = (request.body(Full::new(bytes::Bytes::from(body))))
            .map_err(|error| error.to_string())?;
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        let answer = (client.request(request).await).map_err(|error| told(&error))?;
        let status = answer.status();
        let read = Limited::new(answer.into_body(), MOST).collect().await;
        let bytes = read.map_err(|error| error.to_string())?.to_bytes();
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() && said.is_object() {
            return Ok(said["value"].clone());
        }
        let error = &said["value"];
        Err(
            match (status, error["error"].as_str(), error["message"].as_str()) {
                (StatusCode::UNAUTHORIZED, ..) => {
                    format!("it wants another name or password ({status})")
                }
                (_, Some(code), message) => format!("{code}: {}", message.unwrap_or_default()),
                _ => format!("its answer is not WebDriver's ({status})"),
            },
        )
    };
    asked.await.map_err(|why| driver.without_secrets(why))
}

/// An error with what is behind it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_sent_and_never_shown() {
        let driver: DriverUrl = "http://me:p%40ss@grid.test:4444/wd/hub"
            .parse()
            .expect("a URL");
        assert_eq!(driver.to_string(), "http://grid.test:4444/wd/hub");
        assert!(!format!("{driver:?}").contains("ss@"));
        let sent = STANDARD.encode("me:p@ss");
        assert_eq!(driver.authorization, Some(format!("Basic {sent}")));
        assert_eq!(driver.secrets(), [sent, "p@ss".to_owned()]);
        assert_eq!(
            driver.url.join("session").unwrap().path(),
            "/wd/hub/session"
        );
        for bad in [
            "me:hunter2",
            "https://me:hunter2@host",
            "http://me:hunter2@",
            "wss://me:hunter2@host",
        ] {
            let why = bad.parse::<DriverUrl>().unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn a_socket_that_means_the_driver_itself_is_looked_for_where_the_driver_is() {
        let driver: DriverUrl = "http://10.1.2.3:9515".parse().expect("a URL");
        for (told, dialled) in [
            ("ws://localhost:9515/session/1", "10.1.2.3:9515"),
            ("ws://127.0.0.1:4321/session/1", "10.1.2.3:4321"),
            ("ws://0.0.0.0:9515/session/1", "10.1.2.3:9515"),
            ("ws://[::]:9515/session/1", "10.1.2.3:9515"),
            ("ws://grid:4444/x", "grid:4444"),
            ("ws://[fd00::1]/x", "[fd00::1]:80"),
        ] {
            let socket = driver.socket(told).expect(told);
            assert_eq!((&*socket.url, &*socket.dial), (told, dialled));
        }
        assert!(driver.socket("wss://grid/x").is_err());
        assert!(driver.socket("nonsense").is_err());
    }

    #[test]
    fn a_firefox_that_needs_no_driver_is_called_by_the_only_name_that_it_answers_to() {
        for (given, asked, dialled) in [
            (
                "ws://10.1.2.3:9222",
                "ws://127.0.0.1:9222/session",
                "10.1.2.3:9222",
            ),
            (
                "ws://host:9222/session",
                "ws://127.0.0.1:9222/session",
                "host:9222",
            ),
            (
                "ws://me:p@[fd00::1]",
                "ws://127.0.0.1:80/session",
                "[fd00::1]:80",
            ),
        ] {
            let browser: DriverUrl = given.parse().expect(given);
            let socket = browser.direct().expect(given);
            assert_eq!((&*socket.url, &*socket.dial), (asked, dialled));
            assert_eq!(socket.authorization.is_some(), given.contains("me:p"));
        }
        let driver: DriverUrl = "http://10.1.2.3:9515".parse().expect("a URL");
        assert_eq!(driver.direct(), None);
    }
}
