//! A page that is borrowed, the shelf that it is from, and how it is given back.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::EnvironmentError;
use super::guest::Guest;
use super::page::Page;
use super::running::Browser;
use crate::lock::lock;
use crate::names::Stack;

/// One kind of browser.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) stack: Stack,
    /// Each page has a user context to itself and serves once.
    pub(super) apart: bool,
    pub(super) permits: Arc<Semaphore>,
    /// The browser, once it was wanted. A start that failed is not tried again: every later borrower hears why.
    pub(super) browser: tokio::sync::Mutex<Option<Result<Arc<Browser>, EnvironmentError>>>,
    /// Pages that were given back, longest ago first; each can be taken when it is renewed. Nothing comes out of one that
    /// could not be.
    pub(super) idle: Mutex<VecDeque<Idle>>,
    /// Guests with a proxy whom nobody has yet.
    pub(super) spares: Mutex<Spares>,
}

/// Guests that are kept ready: as many as were wanted at once, up to a few.
#[derive(Debug, Default)]
pub(super) struct Spares {
    /// Each can be taken when it is made. Nothing comes out of one that could not be.
    pub(super) ready: VecDeque<oneshot::Receiver<Guest>>,
    /// How many are at large.
    pub(super) lent: usize,
    /// How many were, at most.
    pub(super) most: usize,
}

/// A page that nobody has.
#[derive(Debug)]
pub(super) struct Idle {
    pub(super) home: IpAddr,
    pub(super) page: oneshot::Receiver<Arc<Page>>,
}

/// A borrowed page, or a browser of one's own; how to give it back.
#[derive(Debug)]
pub(super) struct Lease {
    pub(super) handle: Handle,
    pub(super) browser: Arc<Browser>,
    pub(super) origin: String,
    /// `None`: the browser is the borrower's own.
    pub(super) from: Option<(Arc<Shelf>, OwnedSemaphorePermit, IpAddr)>,
}

impl Lease {
    pub(super) fn owns_browser(&self) -> bool {
        self.from.is_none()
    }

    /// Gives the page back; one that is not `fit` is closed. Returns at once.
    pub(super) fn give_back(self, page: Arc<Page>, fit: bool) {
        let Self {
            handle,
            browser,
            origin,
            from,
        } = self;
        let Some((shelf, permit, home)) = from else {
            handle.spawn(async move { browser.end("it was given back").await });
            return;
        };
        let (renewed, idle_page) = oneshot::channel();
        let fit = fit && !shelf.apart;
        if fit {
            lock(&shelf.idle).push_back(Idle {
                home,
                page: idle_page,
            });
        }
        // From here the next in line may have it, and waits for its renewal.
        drop(permit);
        handle.spawn(async move {
            if fit {
                match browser.renew(&page, &origin).await {
                    Ok(()) => {
                        // Only a shelf that is gone has no use for it.
                        let _ = renewed.send(page);
                        return;
                    }
                    Err(error) => tracing::debug!(%error, "a page could not be renewed"),
                }
            }
            close(browser, page).await;
        });
    }

    /// Kills the browser with everything in it.
    pub(super) async fn kill_browser(self) {
        let browser = self.browser;
        let ended = self
            .handle
            .spawn(async move { browser.end("its browser was killed").await });
        if let Err(error) = ended.await {
            tracing::warn!(%error, "a browser is left to the end of the run");
        }
    }
}

/// Closes a page that is of no more use.
pub(super) async fn close(browser: Arc<Browser>, page: Arc<Page>) {
    if let Err(error) = browser.close(&page).await {
        tracing::debug!(%error, "a page could not be closed");
    }
}
