//! A server that somebody else has started: it is neither started nor ended.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::{Host, Url};

use super::{Lives, ServerError};
use crate::tap::Site;
use crate::tls::Security;

/// Between two attempts to reach it.
const AGAIN_AFTER: Duration = Duration::from_millis(100);

/// How long it may take to show whether it is there still.
const LOOKS_FOR: Duration = Duration::from_secs(5);

/// Where a server is: `http://host:port/prefix`, or `https`. It is told as it was read, in lower case and without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerUrl {
    url: Url,
    host: Host,
    port: u16,
}

/// A server that runs already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UrlSpec {
    /// Where it is.
    pub url: ServerUrl,
    /// Whoever runs this owns it: it may be sent garbage, have its lines cut, and be asked by strangers whether it bore that.
    pub owned: bool,
    /// How long it may take to be reached.
    pub within: Duration,
}

impl UrlSpec {
    /// Somebody else's, to be reached within [`UrlSpec::WITHIN`].
    pub fn new(url: ServerUrl) -> Self {
        Self {
            url,
            owned: false,
            within: Self::WITHIN,
        }
    }

    /// How long a server may take to be reached where nobody says.
    pub const WITHIN: Duration = Duration::from_secs(10);

    /// Makes one connection to it, with TLS if there is any, and closes it. Tries again until it is there or the time is up.
    ///
    /// # Errors
    /// What was dialled, and what came of the last attempt.
    pub(super) async fn reach(
        &self,
        security: Option<&Security>,
    ) -> Result<SocketAddr, ServerError> {
        let until = Instant::now() + self.within;
        let mut last = "nothing came".to_owned();
        loop {
            match timeout_at(until, self.try_once(security)).await {
                Ok(Ok(address)) => return Ok(address),
                Ok(Err(why)) => last = why,
                Err(_) => {}
            }
            if Instant::now() + AGAIN_AFTER >= until {
                return Err(ServerError::Unreachable {
                    url: self.url.to_string(),
                    after: self.within,
                    why: last,
                });
            }
            sleep(AGAIN_AFTER).await;
        }
    }

    async fn try_once(&self, security: Option<&Security>) -> Result<SocketAddr, String> {
        let (host, port) = (self.url.host(), self.url.port);
        let addresses: Vec<SocketAddr> = match &self.url.host {
            Host::Ipv4(ip) => vec![(*ip, port).into()],
            Host::Ipv6(ip) => vec![(*ip, port).into()],
            Host::Domain(name) => lookup_host((name.as_str(), port))
                .await
                .map_err(|error| format!("no address of {host}: {error}"))?
                .collect(),
        };
        let mut why = format!("{host} has no address");
        for address in addresses {
            let reached = async {
                let stream = TcpStream::connect(address)
                    .await
                    .map_err(|error| format!("dialled {address}: {error}"))?;
                match security {
                    Some(security) => {
                        let shaken = security.servers().shake(stream, address.ip()).await;
                        shaken
                            .map(drop)
                            .map_err(|error| format!("dialled {address}: no TLS with it: {error}"))
                    }
                    None => Ok(()),
                }
            };
            match reached.await {
                Ok(()) => return Ok(address),
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

impl ServerUrl {
    /// Whether it speaks TLS.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Its host, as a certificate names it.
    pub fn host(&self) -> String {
        match &self.host {
            Host::Ipv6(ip) => ip.to_string(),
            other => other.to_string(),
        }
    }

    /// How pages call it, with its port: `signal.test:443`.
    pub fn called(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// What requests to it name.
    pub fn site(&self) -> Site {
        let authority = match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        };
        Site {
            origin: format!("{}://{authority}", self.url.scheme()),
            authority,
            prefix: self.url.path().trim_end_matches('/').to_owned(),
        }
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

impl FromStr for ServerUrl {
    /// What is wrong with it, and what is expected.
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str =
            "expected http://host:port, https://host:port, and a path if it lives below one";
        let url = Url::parse(text.trim()).map_err(|error| format!("{error}: {EXPECTED}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("{}: is not spoken: {EXPECTED}", url.scheme()));
        }
        // Not told again: a password may stand in it.
        if !url.username().is_empty() || url.password().is_some() {
            return Err("a name or password in it is not sent: put `authorization` into `[headers]` of a project file".into());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(format!("it ends with a query or a fragment: {EXPECTED}"));
        }
        let host = url.host().ok_or(EXPECTED)?.to_owned();
        let port = url.port_or_known_default().ok_or(EXPECTED)?;
        Ok(Self { url, host, port })
    }
}

/// Whether one that runs elsewhere is there still. Only a refusal is certain: then nothing listens at its address. `ask`: it may not have got
/// to what was sent last; only its owner has it asked.
pub(super) async fn look(
    spec: &UrlSpec,
    address: SocketAddr,
    security: Option<&Security>,
    ask: bool,
) -> Lives {
    if ask && spec.owned {
        let path = format!("{}/", spec.url.site().prefix);
        let answer = super::ask::ask(address, security, &path, LOOKS_FOR).await;
        tracing::debug!(?answer, "asked whether it goes on");
    }
    match timeout(LOOKS_FOR, TcpStream::connect(address)).await {
        Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => Lives::Refuses,
        _ => Lives::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(url: &str) -> Site {
        url.parse::<ServerUrl>().expect(url).site()
    }

    #[test]
    fn a_url_says_what_requests_name() {
        let plain = site("HTTP://Signal.Test:80/");
        assert_eq!(plain.authority, "signal.test");
        let called = |url: &str| url.parse::<ServerUrl>().expect(url).called();
        assert_eq!(called("http://Signal.Test/"), "signal.test:80");
        assert_eq!(called("https://signal.test"), "signal.test:443");
        assert_eq!(called("https://[::1]:8443/a"), "[::1]:8443");
        assert_eq!(plain.origin, "http://signal.test");
        assert_eq!(plain.prefix, "");
        let below = site("https://[::1]:8443/a/b/");
        assert_eq!(below.authority, "[::1]:8443");
        assert_eq!(below.origin, "https://[::1]:8443");
        assert_eq!(below.prefix, "/a/b");
    }

    #[test]
    fn what_is_no_servers_url_is_refused_and_a_password_is_not_told() {
        for text in [
            "",
            "host:80",
            "ws://host",
            "ftp://host",
            "http://",
            "http://host/?a",
            "http://host/#a",
            "/path",
        ] {
            let refused = text.parse::<ServerUrl>();
            assert!(refused.is_err(), "{text}");
        }
        let why = "http://me:hunter2@host".parse::<ServerUrl>().unwrap_err();
        assert!(
            why.contains("authorization") && !why.contains("hunter2"),
            "{why}"
        );
    }
}
