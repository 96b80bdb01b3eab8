//! The server that pages of the user's come from, where that is not the server under test.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{CommandSpec, ServerError, ServerSpec, ServerUnderTest, ServerUrl, UrlSpec, Wanted};
use crate::run::Run;
use crate::tls::{Identity, Security, TlsError, Trust};

/// What the address of the server under test stands for in a command or its environment.
const SERVER: &str = "{server}";

/// The server of pages, and how they call the server under test.
#[derive(Clone, Debug)]
pub struct AppSpec {
    /// Where it is, or how it is started.
    pub from: AppFrom,
    /// `host:port` by which pages call the server under test, besides its own address: what stands in them for the real one.
    pub names: Vec<String>,
}

/// Where pages come from.
#[derive(Clone, Debug)]
pub enum AppFrom {
    /// A program, started for each case. `{port}` is the port it must listen on, `{server}` the address of the server under test.
    Command(CommandSpec),
    /// One that runs already. By https: whom to trust as it, and by whose certificates taps stand in its place.
    Url(ServerUrl, Option<Security>),
}

/// A server of pages that is up.
pub struct AppServer {
    /// What comes before each path of its pages: `http://127.0.0.1:5173`.
    pub origin: String,
    /// `host:port` by which it is called.
    pub names: Vec<String>,
    /// Where it is.
    pub address: SocketAddr,
    security: Option<Security>,
    server: ServerUnderTest,
}

impl AppServer {
    /// Starts it, or looks whether it is there.
    ///
    /// # Errors
    /// What kept it from getting ready.
    pub async fn start(spec: &AppSpec, server: SocketAddr, run: Run) -> Result<Self, ServerError> {
        let fill = |text: &str| text.replace(SERVER, &server.to_string());
        let (spec, named, security) = match &spec.from {
            AppFrom::Command(command) => {
                let env = command.env.iter();
                let command = CommandSpec {
                    command: fill(&command.command),
                    env: env
                        .map(|(name, value)| (name.clone(), fill(value)))
                        .collect(),
                    ..command.clone()
                };
                (ServerSpec::Command(command), None, None)
            }
            AppFrom::Url(url, security) => {
                let spec = ServerSpec::Url(UrlSpec::new(url.clone()));
                (spec, Some(url), security.clone())
            }
        };
        let wanted = Wanted {
            security: security.clone(),
            ..Wanted::default()
        };
        let server = ServerUnderTest::start_as(spec, run, Arc::new(|_| ()), wanted).await?;
        let address = server.address();
        let mut names = called(address);
        let mut origin = format!("http://{address}");
        if let Some(url) = named {
            let site = url.site();
            names.insert(0, url.called());
            origin = format!("{}{}", site.origin, site.prefix);
        }
        Ok(Self {
            origin,
            names,
            address,
            security,
            server,
        })
    }

    /// Whom taps trust as it, and what they show in its place; `None` if it speaks no TLS.
    ///
    /// # Errors
    /// No certificate can be made for its names.
    pub fn tls(&self) -> Result<Option<(Trust, Identity)>, TlsError> {
        let Some(security) = &self.security else {
            return Ok(None);
        };
        let shown = security.called(&hosts(&self.names))?;
        Ok(Some((security.servers().clone(), shown)))
    }

    /// What taps show its pages in the place of the server under test, whose names these are, where that speaks no TLS itself: a page that came by
    /// https may call nobody without it. `None` if the pages came without.
    ///
    /// # Errors
    /// As for [`AppServer::tls`].
    pub fn before(&self, names: &[String]) -> Result<Option<Identity>, TlsError> {
        let security = self.security.as_ref();
        security.map(|one| one.called(&hosts(names))).transpose()
    }

    /// Ends it, if it was started.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// The hosts of names with a port.
pub fn hosts(names: &[String]) -> Vec<&str> {
    let host = |name: &'_ String| name.rsplit_once(':').map(|(host, _)| host.len());
    let hosts = names.iter().filter_map(|name| Some(&name[..host(name)?]));
    hosts.map(|host| host.trim_matches(['[', ']'])).collect()
}

/// How a server at this address is called by pages: on loopback by its name, too.
pub fn called(address: SocketAddr) -> Vec<String> {
    let mut names = vec![address.to_string()];
    if address.ip().is_loopback() {
        names.push(format!("localhost:{}", address.port()));
    }
    names
}
