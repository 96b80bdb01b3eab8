//! What all connections of one tap share.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::forward::{Forward, PageServer, with_port};
use super::link::Command;
use super::pages::Pages;
use super::policy::{HoldId, Policy};
use super::polled::Polled;
use super::queue::Go;
use super::site::Site;
use super::{Delivery, PollRoute, TapOptions};
use crate::lock::lock;
use crate::tls::{Identity, Trust};

/// State of one tap.
pub(super) struct Shared {
    pub(super) policy: Arc<dyn Policy>,
    pub(super) pages: Option<Arc<Pages>>,
    pub(super) address: SocketAddr,
    /// `host:port` that requests may name besides the tap's own.
    pub(super) hosts: Vec<String>,
    /// What requests name in the tap's place.
    pub(super) site: Option<Arc<Site>>,
    /// What every request to the server gets, in the place of its own headers of the same name.
    pub(super) headers: Arc<[(String, String)]>,
    /// What the peer is shown; plain if `None`.
    pub(super) identity: Option<Identity>,
    /// Whom to trust as the server; plain if `None`.
    pub(super) trust: Option<Trust>,
    /// It is a browser's proxy: requests come by the server's own names, and from pages of any origin.
    forwards: bool,
    /// Whose turn it is to ask for a WebSocket, at such a tap.
    asking: Arc<tokio::sync::Mutex<()>>,
    /// Routes whose requests are long polls.
    polls: Arc<[PollRoute]>,
    /// Everything is over.
    pub(super) stop: CancellationToken,
    upstream: Mutex<SocketAddr>,
    last_link: AtomicU32,
    last_hold: AtomicU32,
    links: Mutex<HashMap<u32, mpsc::UnboundedSender<Command>>>,
    /// Lines that requests carry together, by their keys.
    lines: Mutex<HashMap<String, Arc<Polled>>>,
    /// Keys of lines that are over and must not come up again: browsers make a request anew whose connection is reset.
    dead: Mutex<HashSet<String>>,
    holds: Mutex<HashMap<HoldId, Go>>,
}

impl Shared {
    pub(super) fn new(policy: Arc<dyn Policy>, address: SocketAddr, options: TapOptions) -> Self {
        let mut hosts = options.hosts;
        let forwards = options.forward.is_some();
        if let Some(forward) = options.forward {
            hosts = forward.server;
        }
        Self {
            policy,
            pages: options.pages,
            address,
            hosts,
            forwards,
            asking: Arc::default(),
            site: options.site,
            headers: options.headers,
            identity: options.identity,
            trust: options.trust,
            polls: options.polls,
            stop: CancellationToken::new(),
            upstream: Mutex::new(options.upstream),
            last_link: AtomicU32::new(0),
            last_hold: AtomicU32::new(0),
            links: Mutex::default(),
            lines: Mutex::default(),
            dead: Mutex::default(),
            holds: Mutex::default(),
        }
    }

    /// Of the server that pages come from, at a tap that is their browser's proxy.
    pub(super) fn of_pages(
        policy: Arc<dyn Policy>,
        address: SocketAddr,
        pages: PageServer,
        stop: CancellationToken,
    ) -> Self {
        let mut options = TapOptions::new(address.ip(), pages.address);
        let (trust, identity) = pages.tls.unzip();
        (options.trust, options.identity) = (trust, identity);
        options.forward = Some(Forward {
            server: pages.names,
            pages: None,
        });
        Self {
            stop,
            ..Self::new(policy, address, options)
        }
    }

    /// For whom asks for a WebSocket: the lock to wait for, if others must not ask meanwhile.
    ///
    /// Browsers open WebSockets to one server one after another (RFC 6455, section 4.1). Behind a proxy they do not know which server it is, and
    /// Chromium asks for all at once: so the proxy does it in its place.
    pub(super) fn asking(&self) -> Option<Arc<tokio::sync::Mutex<()>>> {
        self.forwards.then(|| Arc::clone(&self.asking))
    }

    pub(super) fn upstream(&self) -> SocketAddr {
        *lock(&self.upstream)
    }

    pub(super) fn set_upstream(&self, upstream: SocketAddr) {
        *lock(&self.upstream) = upstream;
    }

    /// How the peer's URLs begin.
    pub(super) fn scheme(&self) -> &'static str {
        match self.identity {
            Some(_) => "https://",
            None => "http://",
        }
    }

    /// The next link's number, from 1.
    pub(super) fn next_link(&self) -> u32 {
        self.last_link.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Opens the way to a link's task; it closes with the guard.
    pub(super) fn register(
        self: &Arc<Self>,
        number: u32,
    ) -> (Registered, mpsc::UnboundedReceiver<Command>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        lock(&self.links).insert(number, sender);
        let guard = Registered {
            shared: Arc::clone(self),
            number,
        };
        (guard, receiver)
    }

    pub(super) fn link(&self, number: u32) -> Option<mpsc::UnboundedSender<Command>> {
        lock(&self.links).get(&number).cloned()
    }

    pub(super) fn links(&self) -> Vec<mpsc::UnboundedSender<Command>> {
        lock(&self.links).values().cloned().collect()
    }

    /// Whether a request is a long poll by its route.
    pub(super) fn is_poll(&self, method: &str, path: &str) -> bool {
        (self.polls.iter()).any(|route| route.method == method && path.starts_with(&route.path))
    }

    /// The line that such requests carry.
    pub(super) fn line(&self, key: &str) -> Option<Arc<Polled>> {
        lock(&self.lines).get(key).cloned()
    }

    /// A line came up; those of the same route that nobody asks for any more are given back.
    pub(super) fn keep(&self, line: &Arc<Polled>) -> Vec<Arc<Polled>> {
        let mut lines = lock(&self.lines);
        let old = lines.values().filter(|one| one.route == line.route);
        let old = old.filter(|one| one.is_idle()).cloned().collect();
        lines.insert(line.key.clone(), Arc::clone(line));
        old
    }

    /// Whether the line of this key is over for good.
    pub(super) fn is_dead(&self, key: &str) -> bool {
        lock(&self.dead).contains(key)
    }

    /// A line went down.
    pub(super) fn forget(&self, line: &Arc<Polled>) {
        if line.is_final() {
            lock(&self.dead).insert(line.key.clone());
        }
        let mut lines = lock(&self.lines);
        if lines
            .get(&line.key)
            .is_some_and(|one| Arc::ptr_eq(one, line))
        {
            lines.remove(&line.key);
        }
    }

    /// Registers a hold of an HTTP message before the policy is asked, so that a release cannot come too early.
    pub(super) fn hold(&self) -> (HoldId, oneshot::Receiver<oneshot::Sender<Delivery>>) {
        // Holds of links carry the link's number in the upper half; plain HTTP is link 0.
        let hold = HoldId::from(self.last_hold.fetch_add(1, Ordering::Relaxed));
        let (go, gone) = oneshot::channel();
        lock(&self.holds).insert(hold, go);
        (hold, gone)
    }

    pub(super) fn take_hold(&self, hold: HoldId) -> Option<Go> {
        lock(&self.holds).remove(&hold)
    }

    /// Whether a `Host` header (RFC 9110, section 7.2) names this tap. A page that reached the tap through a name of its own (DNS
    /// rebinding) must get nothing.
    pub(super) fn knows_host(&self, host: &[u8]) -> bool {
        if self.forwards {
            // Where the port is the scheme's it may be left out.
            let named = |host: &str| {
                let ports = [80, 443].map(|port| with_port(host, port));
                let known = |name: &String| ports.contains(&name.to_ascii_lowercase());
                self.hosts.iter().any(known)
            };
            return std::str::from_utf8(host).is_ok_and(named);
        }
        host == self.address.to_string().as_bytes()
            || self
                .hosts
                .iter()
                .any(|known| host.eq_ignore_ascii_case(known.as_bytes()))
    }

    /// Whether an `Origin` header (RFC 6454) is the tap's own.
    pub(super) fn knows_origin(&self, origin: &[u8]) -> bool {
        if self.forwards {
            // A page of a host that nobody named could not be loaded; frames without an origin are the page's own.
            return true;
        }
        origin
            .strip_prefix(self.scheme().as_bytes())
            .is_some_and(|host| self.knows_host(host))
    }
}

/// Keeps a link reachable while its task lives.
pub(super) struct Registered {
    shared: Arc<Shared>,
    number: u32,
}

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&self.shared.links).remove(&self.number);
    }
}
