//! The servers of a tap that is a browser's proxy, and which of them a request is for.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use super::forward::Forward;
use super::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use super::shared::Shared;
use crate::lock::lock;

/// So many hosts are told of that nobody named. A page can make up as many as it likes.
const MOST_FOREIGN: usize = 50;

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

/// Lets all pass.
struct Passes;

impl Policy for Passes {
    fn judge(&self, _: &Passing<'_>, _: HoldId) -> Verdict {
        Verdict::Pass
    }

    fn link(&self, _: u32, _: LinkChange) {}
}
