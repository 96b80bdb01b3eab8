//! One process of a server, and a program that runs beside it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::{Certificate, Memory, Options};
use tokio::net::TcpSocket;

use super::child::{Child, Named};
use super::embedded::Embedded;
use super::{CommandSpec, ServerError, ServerSpec, Sink, Wanted};
use crate::run::{Port, Run};
use crate::terms::ServerLife;

/// How long the port of a server that was killed may stay busy.
const FREED_WITHIN: Duration = Duration::from_secs(20);

/// So many further ports are taken where one is gone the moment after it was free.
const TRIES: usize = 5;

/// Binds a port and never listens on it: what connects is refused, who asks for it as any program does cannot have it, and who binds with
/// `SO_REUSEADDR`, and to this very port, can listen (socket(7)).
fn reserved(port: &Port) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(port.address())?;
    Ok(socket)
}

/// The port of a server that glare starts, its own until it is done with, also while it is down: whoever asks one that has crashed must not
/// be answered by another case's.
pub(super) struct Place {
    port: Port,
    /// An embedded server lets it be bound beside it; not every program would listen where another socket is bound.
    _reserved: Option<TcpSocket>,
    /// What an embedded one with a fault keeps beside it.
    memory: Memory,
}

impl Place {
    fn address(&self) -> SocketAddr {
        self.port.address()
    }

    fn of(spec: &ServerSpec) -> Result<Option<Self>, ServerError> {
        let taken = |embedded: bool| {
            let mut tries = 0;
            let (port, reserved) = loop {
                let port = Port::take()?;
                match embedded.then(|| reserved(&port)).transpose() {
                    Ok(reserved) => break (port, reserved),
                    // Somebody who knows nothing of these ports has it since it was looked at.
                    Err(error) if error.kind() == ErrorKind::AddrInUse && tries < TRIES => {
                        tries += 1;
                    }
                    Err(error) => return Err(error),
                }
            };
            std::io::Result::Ok(Self {
                port,
                _reserved: reserved,
                memory: Memory::default(),
            })
        };
        match spec {
            ServerSpec::Embedded { .. } => taken(true).map(Some).map_err(ServerError::Port),
            ServerSpec::Command(_) => taken(false).map(Some).map_err(ServerError::Port),
            ServerSpec::Url(_) | ServerSpec::Lent(_) => Ok(None),
        }
    }
}

enum Life {
    Embedded(Embedded),
    Child(Child),
    /// Not ours to end, or not this case's.
    Elsewhere,
}

/// The same sink for one of several: what it says and how it ends names it, in two ways.
fn named(sink: &Sink, name: Option<(String, String)>) -> Sink {
    let Some((says, ends)) = name else {
        return sink.clone();
    };
    let sink = sink.clone();
    Arc::new(move |life| {
        sink(match life {
            ServerLife::Line { text } => ServerLife::Line {
                text: format!("{says}: {text}"),
            },
            ServerLife::Exited { status } => ServerLife::Exited {
                status: format!("{ends}: {status}"),
            },
            other => other,
        });
    })
}

/// One process of a server, or the one that it is.
pub(super) struct Node {
    number: u32,
    pub address: SocketAddr,
    life: Option<Life>,
    words: Vec<(String, String)>,
    who: String,
    sink: Sink,
    run: Run,
    /// After its life: what was its own till then is let go last.
    place: Option<Place>,
}

impl Node {
    /// One that does not run yet: its number among how many, and what its command may name.
    pub(super) fn of(
        spec: &ServerSpec,
        (number, count): (u32, u32),
        mut words: Vec<(String, String)>,
        run: &Run,
        sink: &Sink,
    ) -> Result<Self, ServerError> {
        let place = Place::of(spec)?;
        if count > 1 {
            words.push(("node".into(), number.to_string()));
        }
        let name = (count > 1).then(|| format!("node {number}"));
        let who = name.clone().map(|name| format!("{name} of the server"));
        Ok(Self {
            number,
            address: (place.as_ref()).map_or_else(|| ([0, 0, 0, 0], 0).into(), Place::address),
            life: None,
            words,
            who: who.unwrap_or_else(|| "the server".into()),
            sink: named(sink, name.map(|name| (name.clone(), name))),
            run: run.clone(),
            place,
        })
    }

    /// Starts it, and waits until it is ready.
    pub(super) async fn boot(
        &mut self,
        spec: &ServerSpec,
        wanted: &Wanted,
    ) -> Result<(), ServerError> {
        let security = wanted.security.as_ref();
        let life = match spec {
            ServerSpec::Embedded { faults, policy } => {
                let place = self.place.as_ref().ok_or(ServerError::Gone)?;
                let mut options = Options {
                    faults: faults.clone(),
                    policy: policy.clone(),
                    listen: place.address(),
                    memory: place.memory.clone(),
                    ..Options::default()
                };
                if let Some(security) = security {
                    let shown = security.server()?;
                    let certificate = Certificate::from_pem(shown.certificate(), shown.key());
                    options.certificate = Some(certificate.map_err(ServerError::Files)?);
                }
                let server = bind(options, wanted.pausable, &self.sink).await;
                let server = server.map_err(ServerError::Port)?;
                self.address = server.address().ok_or(ServerError::Gone)?;
                Life::Embedded(server)
            }
            ServerSpec::Command(spec) => {
                let named = Named {
                    who: &self.who,
                    words: &self.words,
                };
                let sink = self.sink.clone();
                let child =
                    Child::start(spec, named, self.address, security, &self.run, sink).await?;
                Life::Child(child)
            }
            ServerSpec::Url(spec) => {
                self.address = spec.reach(security).await?;
                Life::Elsewhere
            }
            ServerSpec::Lent(shared) => {
                self.address = shared.address_of(self.number);
                Life::Elsewhere
            }
        };
        self.life = Some(life);
        Ok(())
    }

    /// Whether it was started and no step has ended it.
    pub(super) fn is_up(&self) -> bool {
        self.life.is_some()
    }

    /// Asks it to end.
    pub(super) async fn ask_to_end(&mut self) {
        match &mut self.life {
            Some(Life::Child(child)) => child.ask_to_end().await,
            // It is asked by waiting for it.
            Some(Life::Embedded(_)) | Some(Life::Elsewhere) | None => {}
        }
    }

    /// Whether what was asked to end does so in this time.
    pub(super) async fn ends(&mut self, within: Duration) -> bool {
        match &mut self.life {
            Some(Life::Embedded(server)) => server.ends(within).await,
            Some(Life::Child(child)) => child.ends(within).await,
            Some(Life::Elsewhere) | None => false,
        }
    }

    /// Its processes, where it has some of its own.
    pub(super) fn processes(&self) -> Vec<u32> {
        match &self.life {
            Some(Life::Child(child)) => child.processes(),
            Some(Life::Embedded(_) | Life::Elsewhere) | None => Vec::new(),
        }
    }

    /// Ends it as a crash would; whether it ran till then.
    pub(super) async fn kill(&mut self) -> bool {
        match self.life.take() {
            Some(Life::Embedded(server)) => server.kill().await,
            Some(Life::Child(child)) => child.kill().await,
            Some(Life::Elsewhere) | None => false,
        }
    }

    /// Whether it goes on, if it is up.
    pub(super) async fn goes_on(&self, ask: bool) -> bool {
        match &self.life {
            Some(Life::Embedded(server)) => server.goes_on(ask).await,
            Some(Life::Child(child)) => child.goes_on(ask).await,
            Some(Life::Elsewhere) | None => true,
        }
    }

    /// Stops it where it stands; whether that could be.
    pub(super) async fn pause(&mut self) -> bool {
        match &mut self.life {
            Some(Life::Embedded(server)) => server.pause().await,
            Some(Life::Child(child)) => child.pause().await,
            Some(Life::Elsewhere) | None => false,
        }
    }

    /// Lets it go on.
    pub(super) async fn resume(&mut self) {
        match &mut self.life {
            Some(Life::Embedded(server)) => server.resume(),
            Some(Life::Child(child)) => child.resume().await,
            Some(Life::Elsewhere) | None => {}
        }
    }
}

/// A process that is just being started holds copies of this one's sockets until it has become another program, so the
/// port of a server that was killed may be busy for a moment more.
async fn bind(options: Options, pausable: bool, sink: &Sink) -> std::io::Result<Embedded> {
    let deadline = tokio::time::Instant::now() + FREED_WITHIN;
    loop {
        match Embedded::start(options.clone(), pausable, sink.clone()).await {
            Err(error)
                if error.kind() == std::io::ErrorKind::AddrInUse
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            started => return started,
        }
    }
}

/// A program that runs beside a server, for all its nodes.
pub(super) struct Companion {
    name: String,
    child: Child,
    /// After its life.
    port: Port,
}

impl Companion {
    /// Starts all that a server needs, one after the other; each may name the ports of those before.
    pub(super) async fn start_all(
        spec: &CommandSpec,
        run: &Run,
        sink: &Sink,
        started: &mut Vec<Self>,
    ) -> Result<(), ServerError> {
        for beside in &spec.beside {
            let port = Port::take().map_err(ServerError::Port)?;
            let words: Vec<(String, String)> = started.iter().map(Self::word).collect();
            let who = format!("`{}`, which runs beside the server,", beside.name);
            let name = (
                beside.name.clone(),
                format!("`{}`, which runs beside it", beside.name),
            );
            let named_it = Named {
                who: &who,
                words: &words,
            };
            let (at, sink) = (port.address(), named(sink, Some(name)));
            let child = Child::start(&beside.spec, named_it, at, None, run, sink).await?;
            started.push(Self {
                name: beside.name.clone(),
                child,
                port,
            });
        }
        Ok(())
    }

    /// What commands may name it by, and what that becomes.
    pub(super) fn word(&self) -> (String, String) {
        let port = self.port.address().port();
        (self.name.clone(), port.to_string())
    }

    /// Whether it goes on.
    pub(super) async fn goes_on(&self) -> bool {
        self.child.goes_on(false).await
    }

    /// Ends them, the last first.
    pub(super) async fn end_all(all: Vec<Self>) {
        for one in all.into_iter().rev() {
            one.child.kill().await;
        }
    }
}
