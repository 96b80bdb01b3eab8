//! Plays a page of tests in a browser.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use glare::names::Stack;
use glare::peer::browser::Pool;
use glare::peer::page::{Route, UserPage, Wanted};
use glare::tap::{
    Forward, HoldId, LinkChange, PageServer, Passing, Policy, Tap, TapOptions, Verdict,
};
use glare::tls::{Authority, Trust};
use serde::Deserialize;
use tokio::task::JoinHandle;

use super::found::{Mode, Outcome};

/// So many pages of tests are played in one window: starting one is what takes the time.
const MOST: usize = 20;
/// So long may a page take beyond its own time (10 or 60 s): to load, and to report.
const MORE: Duration = Duration::from_secs(25);
/// The hosts by which the tests call their server.
const HOSTS: [&str; 9] = [
    "localhost",
    "www.localhost",
    "www1.localhost",
    "www2.localhost",
    "xn--n8j6ds53lwwkrqhv28a.localhost",
    "xn--lve-6lad.localhost",
    "alt.localhost",
    "www.alt.localhost",
    "127.0.0.1",
];

/// A page of tests.
#[derive(Clone, Debug)]
pub struct Test {
    pub url: String,
    pub within: Duration,
}

impl Test {
    /// Whether the page comes by TLS, and whether its sockets do.
    fn secure(&self) -> (bool, bool) {
        let page = self.url.starts_with("https:");
        (page, page || self.url.contains("?wss"))
    }
}

/// Where the server of the tests listens.
#[derive(Clone, Copy, Debug, Deserialize)]
pub struct Ports {
    http: u16,
    https: u16,
    ws: u16,
    wss: u16,
}

/// What playing takes.
pub struct Setting {
    pub pool: Pool,
    /// Where the server keeps what pages report.
    pub reports: PathBuf,
    pub ports: Ports,
    pub authority: Authority,
    /// Whom the taps trust to be the server.
    pub trust: Trust,
}

/// A window of one mode, for several tests.
pub struct Window {
    page: UserPage,
    listening: JoinHandle<()>,
    tap: Option<Tap>,
    secure: (bool, bool),
    played: usize,
}

/// One worker's windows.
pub type Windows = BTreeMap<Mode, Window>;

impl Window {
    async fn open(
        setting: &Setting,
        stack: Stack,
        mode: Mode,
        test: &Test,
    ) -> Result<Self, String> {
        let route = match mode {
            Mode::Tapped => Route::Proxy,
            _ => Route::Direct,
        };
        let wanted = Wanted {
            route,
            ..Wanted::new(stack)
        };
        let arrival = match mode {
            Mode::Bare => UserPage::start_unwatched(&setting.pool, wanted).await,
            _ => UserPage::start(&setting.pool, wanted).await,
        };
        let arrival = arrival.map_err(|error| error.to_string())?;
        let mut events = arrival.events;
        let tap = match arrival.proxy {
            Some(proxy) => {
                let options = setting.tapped(test.secure())?;
                let tap = Tap::start_on(proxy, options, Arc::new(Passes)).await;
                Some(tap.map_err(|error| error.to_string())?)
            }
            None => None,
        };
        Ok(Self {
            page: arrival.page,
            listening: tokio::spawn(async move { while events.recv().await.is_some() {} }),
            tap,
            secure: test.secure(),
            played: 0,
        })
    }

    /// Closes it.
    pub async fn close(self) {
        self.page.finish().await;
        self.listening.abort();
        if let Some(tap) = self.tap {
            tap.stop().await;
        }
    }
}

impl Setting {
    /// Plays a page, in the window of the mode if there is one that will do.
    pub async fn play(
        &self,
        stack: Stack,
        test: &Test,
        mode: Mode,
        windows: &mut Windows,
    ) -> Outcome {
        let mut window = match windows.remove(&mode) {
            Some(known) if known.played < MOST && known.secure == test.secure() => known,
            other => {
                if let Some(old) = other {
                    old.close().await;
                }
                match Window::open(self, stack, mode, test).await {
                    Ok(window) => window,
                    Err(why) => return Outcome::none(&why),
                }
            }
        };
        window.played += 1;
        let report = self.reports.join(file_name(stack, &test.url));
        // Of an earlier round, if there is one.
        let _ = std::fs::remove_file(&report);
        let within = test.within + MORE;
        let opening = window.page.open(&test.url, within);
        let played = async {
            tokio::pin!(opening);
            let reported = reported(&report);
            tokio::pin!(reported);
            // A page that does not finish loading may report all the same, and one that goes elsewhere has not loaded.
            tokio::select! {
                outcome = &mut reported => outcome,
                opened = &mut opening => match opened {
                    Ok(()) => reported.await,
                    Err(error) => match tokio::time::timeout(test.within, reported).await {
                        Ok(outcome) => outcome,
                        Err(_) => Outcome::none(&error.to_string()),
                    },
                },
            }
        };
        let outcome = match tokio::time::timeout(within, played).await {
            Ok(outcome) => outcome,
            Err(_) => Outcome::none("nothing was reported in time"),
        };
        match outcome.status == "OK" {
            true => drop(windows.insert(mode, window)),
            false => window.close().await,
        }
        outcome
    }

    /// A tap before the server of sockets, past which the pages come.
    fn tapped(&self, (page, socket): (bool, bool)) -> Result<TapOptions, String> {
        let Ports {
            http,
            https,
            ws,
            wss,
        } = self.ports;
        let sockets = if socket { wss } else { ws };
        let pages = if page { https } else { http };
        let here = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let names = |port: u16| HOSTS.map(|host| format!("{host}:{port}")).to_vec();
        let identity = || {
            let identity = self.authority.identity(&HOSTS);
            identity.map_err(|error| error.to_string())
        };
        let mut options = TapOptions::new([127, 0, 0, 1].into(), here(sockets));
        if socket {
            options.trust = Some(self.trust.clone());
            options.identity = Some(identity()?);
        }
        let tls = match page {
            true => Some((self.trust.clone(), identity()?)),
            false => None,
        };
        options.forward = Some(Forward {
            server: names(sockets),
            pages: Some(PageServer {
                names: names(pages),
                address: here(pages),
                tls,
            }),
        });
        Ok(options)
    }
}

async fn reported(report: &PathBuf) -> Outcome {
    loop {
        let read = std::fs::read_to_string(report).ok();
        if let Some(outcome) = read.and_then(|text| Outcome::read(&text)) {
            return outcome;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

/// As `glare-report.py` calls it.
fn file_name(stack: Stack, url: &str) -> String {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
    let name: String = url
        .chars()
        .map(|c| if plain(c) { c } else { '_' })
        .collect();
    format!("{stack}_{name}.json")
}

/// Lets all pass.
struct Passes;

impl Policy for Passes {
    fn judge(&self, _: &Passing<'_>, _: HoldId) -> Verdict {
        Verdict::Pass
    }

    fn link(&self, _: u32, _: LinkChange) {}
}
