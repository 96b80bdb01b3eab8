//! What a tap is started with, what it is told, and what it tells of that.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::forward::Forward;
use super::pages::Pages;
use super::site::Site;
use crate::tls::{Identity, Trust};

/// The longest message that is decoded (bytes, with its frames' headers): 16 MiB. A longer one is judged by its beginning and then
/// passed or dropped as it comes; it cannot be held.
pub const MESSAGE_CAP: usize = 16 * 1024 * 1024;

/// What became of a released message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Written into its socket.
    Delivered,
    /// Its socket had gone, or there was no such hold.
    Undeliverable,
}

/// How a WebSocket is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Each end gets a close frame (RFC 6455, section 5.5.1), as if the other had sent it. What comes after is thrown away.
    Close {
        /// The status code.
        code: u16,
        /// The reason; cut to 123 bytes.
        reason: String,
    },
    /// Each end gets a TCP reset.
    Reset,
}

/// Requests that are long polls: `GET` and paths that begin with `/poll`. Those with the same path are one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollRoute {
    /// The method.
    pub method: String,
    /// How the path begins.
    pub path: String,
}

/// What a tap is started with.
#[derive(Clone, Debug)]
pub struct TapOptions {
    /// Where it listens, on a port of the system's choice: `127.3.1.1`, an address of each peer's own.
    pub address: IpAddr,
    /// The server under test.
    pub upstream: SocketAddr,
    /// What requests name in the place of the tap; as they come if `None`.
    pub site: Option<Arc<Site>>,
    /// What the tap serves itself under `/.glare/`.
    pub pages: Option<Arc<Pages>>,
    /// `host:port` that requests and origins may name besides the tap's own address.
    pub hosts: Vec<String>,
    /// Routes whose requests are long polls, each answer's messages a line's.
    pub polls: Arc<[PollRoute]>,
    /// Headers that every request to the server gets, in the place of its own of the same name.
    pub headers: Arc<[(String, String)]>,
    /// What it shows its peer, for whom it is at `https` and `wss` then.
    pub identity: Option<Identity>,
    /// Whom it trusts to be the server, with which it speaks TLS then.
    pub trust: Option<Trust>,
    /// It is the proxy of a browser's user context, and who may be called there; `hosts`, `pages` and `site` mean nothing then.
    pub forward: Option<Forward>,
}

impl TapOptions {
    /// A tap without pages, other names and TLS.
    pub fn new(address: IpAddr, upstream: SocketAddr) -> Self {
        Self {
            address,
            upstream,
            site: None,
            pages: None,
            hosts: Vec::new(),
            polls: Arc::default(),
            headers: Arc::default(),
            identity: None,
            trust: None,
            forward: None,
        }
    }
}
