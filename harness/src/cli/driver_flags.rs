//! Which browsers are elsewhere, from flags.

use std::collections::BTreeMap;
use std::net::{IpAddr, TcpListener};

use super::{Exit, complain};
use crate::names::Stack;
use crate::peer::browser::{DriverUrl, EnvironmentError, Pool, Remotes};
use crate::run::Run;

/// Browsers elsewhere.
#[derive(clap::Args)]
#[command(next_help_heading = "Browsers elsewhere")]
pub(super) struct DriverFlags {
    /// A WebDriver server that runs already, for one stack: `chromium=http://host:9515`, `firefox=http://name:password@grid:4444`. It must
    /// speak WebDriver BiDi. Or a Firefox that does so itself: `firefox=ws://host:9222`. May be given once for each stack
    #[arg(long, value_name = "STACK=URL", requires = "advertise")]
    webdriver: Vec<String>,
    /// One more argument for such a browser: `chromium=--no-sandbox`, where its driver runs as root. May be given more than once
    #[arg(long, value_name = "STACK=ARGUMENT", requires = "webdriver")]
    browser_arg: Vec<String>,
    /// The address of this machine at which those browsers reach it. Taps, pages and native peers are put there: whoever reaches it reaches
    /// them while scenarios run
    #[arg(long, value_name = "ADDRESS", requires = "webdriver")]
    advertise: Option<IpAddr>,
}

impl DriverFlags {
    /// The drivers and the address; or the exit status after a word about what is wrong.
    pub(super) fn resolve(&self) -> Result<Option<Remotes>, Exit> {
        let Some(address) = self.advertise else {
            return Ok(None);
        };
        let usage = |why: String| {
            complain(why);
            Exit::Usage
        };
        let mut drivers = BTreeMap::new();
        for given in &self.webdriver {
            // What was given is not told again: a password may stand in it.
            let (stack, url) = given.split_once('=').ok_or_else(|| {
                usage("--webdriver: expected a stack and a URL, chromium=http://host:9515".into())
            })?;
            let stack: Stack = stack
                .parse()
                .ok()
                .filter(|stack: &Stack| stack.is_browser())
                .ok_or_else(|| {
                    usage("--webdriver: expected chromium= or firefox= and a URL".into())
                })?;
            let driver: DriverUrl = url
                .parse()
                .map_err(|why| usage(format!("--webdriver {stack}=…: {why}")))?;
            if driver.is_direct() && stack != Stack::Firefox {
                return Err(usage(format!(
                    "--webdriver {stack}=ws://…: expected {stack}=http://host:9515, its driver; a Firefox alone needs none"
                )));
            }
            if drivers.insert(stack, driver).is_some() {
                return Err(usage(format!("--webdriver {stack}=… is there twice")));
            }
        }
        let mut arguments = Vec::new();
        for given in &self.browser_arg {
            let known = given.split_once('=').and_then(|(stack, argument)| {
                let stack: Stack = stack.parse().ok()?;
                drivers.contains_key(&stack).then_some((stack, argument))
            });
            arguments.push(known.ok_or_else(|| {
                usage(format!("--browser-arg {given}: expected chromium= or firefox=, as with --webdriver, and an argument"))
            })?);
        }
        let runs_already = |stack: &Stack| drivers.get(stack).is_some_and(DriverUrl::is_direct);
        if let Some((stack, _)) = arguments.iter().find(|(stack, _)| runs_already(stack)) {
            return Err(usage(format!(
                "--browser-arg {stack}=…: that {stack} runs already, with the arguments that it was started with"
            )));
        }
        if address.is_unspecified() || address.is_multicast() {
            return Err(usage(format!(
                "--advertise {address}: expected an address that others can dial"
            )));
        }
        if let Err(error) = TcpListener::bind((address, 0)) {
            complain(format!(
                "--advertise {address}: {error}; it must be an address of this machine (`ip address` shows them)"
            ));
            return Err(Exit::Environment);
        }
        let remotes = Remotes::new(drivers, address);
        let with = |remotes: Remotes, (stack, argument)| remotes.with_argument(stack, argument);
        Ok(Some(arguments.into_iter().fold(remotes, with)))
    }

    /// The same flags as arguments of a command line, without passwords.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut out = Vec::new();
        for given in &self.webdriver {
            if let Some((stack, url)) = given.split_once('=')
                && let Ok(url) = url.parse::<DriverUrl>()
            {
                out.extend(["--webdriver".into(), format!("{stack}={url}")]);
            }
        }
        for given in &self.browser_arg {
            out.extend(["--browser-arg".into(), given.clone()]);
        }
        if let Some(address) = self.advertise {
            out.extend(["--advertise".into(), address.to_string()]);
        }
        out
    }
}

/// What must not be shown of these.
pub(super) fn secrets(remotes: Option<&Remotes>) -> Vec<String> {
    let drivers = [Stack::Chromium, Stack::Firefox];
    let known = drivers.iter().filter_map(|stack| remotes?.get(*stack));
    known.flat_map(DriverUrl::secrets).collect()
}

/// A pool with these browsers, and with this machine's for the other stacks.
pub(super) fn pool(run: Run, remotes: Option<Remotes>) -> Result<Pool, EnvironmentError> {
    match remotes {
        Some(remotes) => Pool::with_remotes(run, remotes),
        None => Pool::start(run),
    }
}
