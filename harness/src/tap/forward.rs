//! The tap as the proxy of a browser's user context: whom a page may call there, and by which names.
//!
//! A request names its server itself (absolute form, RFC 9112, section 3.2.2), or asks for a tunnel to it (`CONNECT`, RFC 9110, section 9.3.6),
//! in which the requests then come as they would without a proxy. What is for the server under test is judged as ever; what is for the server
//! of the page passes; all else is refused and told.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use super::shared::Shared;
use crate::lock::lock;
use crate::tls::{Identity, Trust};

/// So many hosts are told of that nobody named. A page can make up as many as it likes.
const MOST_FOREIGN: usize = 50;

/// Whom the browser may call through the tap.
#[derive(Clone, Debug, Default)]
pub struct Forward {
    /// `host:port` by which pages call the server under test. Its TLS, if it has any, is [`TapOptions::trust`](super::TapOptions::trust),
    /// and what it shows in the server's place [`TapOptions::identity`](super::TapOptions::identity).
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

/// The servers of a tap that is a proxy.
pub(super) struct Routes {
    server: Arc<Shared>,
    pages: Option<Arc<Shared>>,
    told: Mutex<HashSet<String>>,
}

impl Routes {
    pub(super) fn new(forward: Forward, server: Arc<Shared>, stop: &CancellationToken) -> Self {
        let pages = forward.pages.map(|pages| {
            let shared = Shared::of_pages(Arc::new(Passes), server.address, pages, stop.clone());
            Arc::new(shared)
        });
        Self {
            server,
            pages,
            told: Mutex::default(),
        }
    }

    /// The server of this name.
    pub(super) fn to(&self, authority: &str) -> Option<&Arc<Shared>> {
        let all = [Some(&self.server), self.pages.as_ref()];
        let knows = |shared: &&Arc<Shared>| shared.knows_host(authority.as_bytes());
        all.into_iter().flatten().find(knows)
    }

    /// Nobody has named this one. Each is told once.
    pub(super) fn tell_foreign(&self, authority: &str) {
        let mut told = lock(&self.told);
        if told.len() < MOST_FOREIGN && told.insert(authority.to_owned()) {
            self.server.policy.foreign(authority);
        }
    }

    /// For a person.
    pub(super) fn names(&self) -> String {
        let names = [Some(&self.server), self.pages.as_ref()];
        let names = names.into_iter().flatten();
        let names: Vec<&str> = names
            .filter_map(|shared| shared.hosts.first().map(String::as_str))
            .collect();
        names.join(" and ")
    }
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

/// Lets all pass.
struct Passes;

impl Policy for Passes {
    fn judge(&self, _: &Passing<'_>, _: HoldId) -> Verdict {
        Verdict::Pass
    }

    fn link(&self, _: u32, _: LinkChange) {}
}
