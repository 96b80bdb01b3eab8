//! The tap as the proxy of a browser's user context: whom a page may call there, and by which names.
//!
//! A request names its server itself (absolute form, RFC 9112, section 3.2.2), or asks for a tunnel to it (`CONNECT`, RFC 9110, section 9.3.6),
//! in which the requests then come as they would without a proxy. What is for the server under test is judged as ever; what is for the server
//! of the page passes; all else is refused and told.

use std::net::SocketAddr;

use crate::tls::{Identity, Trust};

/// Whom the browser may call through the tap.
#[derive(Clone, Debug, Default)]
pub struct Forward {
    /// `host:port` by which pages call the server under test. Its TLS, if it has any, is [`TapOptions::trust`](super::TapOptions::trust),
    /// and what the tap shows in the server's place [`TapOptions::identity`](super::TapOptions::identity): also where the server has none, to pages
    /// that ask for it.
    pub server: Vec<String>,
    /// The server that pages come from, if that is another one. What goes there is neither judged nor recorded.
    pub pages: Option<PageServer>,
}

/// The server that pages come from.
#[derive(Clone, Debug)]
pub struct PageServer {
    /// `host:port` by which pages call it.
    pub names: Vec<String>,
    /// Where it is.
    pub address: SocketAddr,
    /// Whom to trust as it, and what is shown in its place; plain if `None`.
    pub tls: Option<(Trust, Identity)>,
}

/// A name with its port, in small letters: `signal.test:80`. `port` is that of the scheme.
pub(super) fn with_port(authority: &str, port: u16) -> String {
    let authority = authority.to_ascii_lowercase();
    // The port of `[::1]:80` stands behind the bracket.
    let after = authority.rsplit(']').next().unwrap_or_default();
    match after.contains(':') {
        true => authority,
        false => format!("{authority}:{port}"),
    }
}
