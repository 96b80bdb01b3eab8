//! The server that pages of the user's come from, where that is not the server under test.

use std::net::SocketAddr;
use std::sync::Arc;

use super::{CommandSpec, ServerError, ServerSpec, ServerUnderTest, ServerUrl, UrlSpec};
use crate::run::Run;

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
    /// One that runs already, by plain http.
    Url(ServerUrl),
}

/// A server of pages that is up.
pub struct AppServer {
    /// What comes before each path of its pages: `http://127.0.0.1:5173`.
    pub origin: String,
    /// `host:port` by which it is called.
    pub names: Vec<String>,
    /// Where it is.
    pub address: SocketAddr,
    server: ServerUnderTest,
}

impl AppServer {
    /// Starts it, or looks whether it is there.
    ///
    /// # Errors
    /// What kept it from getting ready.
    pub async fn start(spec: &AppSpec, server: SocketAddr, run: Run) -> Result<Self, ServerError> {
        let fill = |text: &str| text.replace(SERVER, &server.to_string());
        let (spec, named) = match &spec.from {
            AppFrom::Command(command) => {
                let env = command.env.iter();
                let command = CommandSpec {
                    command: fill(&command.command),
                    env: env
                        .map(|(name, value)| (name.clone(), fill(value)))
                        .collect(),
                    ..command.clone()
                };
                (ServerSpec::Command(command), None)
            }
            AppFrom::Url(url) => (ServerSpec::Url(UrlSpec::new(url.clone())), Some(url.site())),
        };
        let server = ServerUnderTest::start(spec, run, Arc::new(|_| ())).await?;
        let address = server.address();
        let mut names = called(address);
        let mut origin = format!("http://{address}");
        if let Some(site) = named {
            names.insert(0, site.authority);
            origin = format!("{}{}", site.origin, site.prefix);
        }
        Ok(Self {
            origin,
            names,
            address,
            server,
        })
    }

    /// Ends it, if it was started.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}

/// How a server at this address is called by pages: on loopback by its name, too.
pub fn called(address: SocketAddr) -> Vec<String> {
    let mut names = vec![address.to_string()];
    if address.ip().is_loopback() {
        names.push(format!("localhost:{}", address.port()));
    }
    names
}
