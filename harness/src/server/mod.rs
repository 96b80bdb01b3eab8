//! The server under test: embedded, a child process, or one that runs already; readiness, kill, restart, and what it says.

mod app;
mod ask;
mod child;
mod elsewhere;
mod embedded;
mod files;
mod output;
mod ready;
mod translator;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::{
    Certificate, Fault, Faults, Memory, Options, Policy, RoomSize, SameId,
};
use tokio::net::TcpSocket;

use crate::run::{Port, Run, Stranger};
use crate::tap::Site;
use crate::terms::ServerLife;
use crate::tls::{Security, TlsError};

pub(crate) use app::called;
pub use app::{AppFrom, AppServer, AppSpec};
pub use elsewhere::{ServerUrl, UrlSpec};
pub(crate) use translator::Program;
pub use translator::TranslatorSpec;

/// How long the port of a server that was killed may stay busy.
const FREED_WITHIN: Duration = Duration::from_secs(20);

/// Where a server's life is told.
pub type Sink = Arc<dyn Fn(ServerLife) + Send + Sync>;

/// Which server is tested.
#[derive(Clone, Debug)]
pub enum ServerSpec {
    /// The reference server, in this process, on a port of its own.
    Embedded {
        /// Planted faults.
        faults: Faults,
        /// What it does otherwise, though not wrongly.
        policy: Policy,
    },
    /// A program.
    Command(CommandSpec),
    /// One that runs already.
    Url(UrlSpec),
}

impl ServerSpec {
    /// The reference server as it should be.
    pub fn reference() -> Self {
        Self::faulty(Faults::none())
    }

    /// The reference server with these faults planted.
    pub fn faulty(faults: impl Into<Faults>) -> Self {
        Self::Embedded {
            faults: faults.into(),
            policy: Policy::default(),
        }
    }

    /// The reference server with another policy.
    pub fn variant(policy: Policy) -> Self {
        Self::Embedded {
            faults: Faults::none(),
            policy,
        }
    }

    /// The same with this done to a second line of a user, where that is its own matter: one that is embedded and was told nothing else.
    #[must_use]
    pub fn with_same_id(&self, same_id: SameId) -> Option<Self> {
        let Self::Embedded { faults, policy } = self else {
            return None;
        };
        let usual = policy.same_id == SameId::default();
        let (faults, policy) = (faults.clone(), policy.clone());
        usual.then_some(Self::Embedded {
            faults,
            policy: Policy { same_id, ..policy },
        })
    }

    /// The same with rooms that hold so many, where its rooms are its own matter: one that is embedded and was given no other size.
    /// `None`: they are as they are.
    #[must_use]
    pub fn with_rooms_of(&self, size: usize) -> Option<Self> {
        let Self::Embedded { faults, policy } = self else {
            return None;
        };
        let usual = policy.room_size == RoomSize::default();
        let policy = Policy {
            room_size: RoomSize::new(size).ok().filter(|_| usual)?,
            ..policy.clone()
        };
        let faults = faults.clone();
        Some(Self::Embedded { faults, policy })
    }
}

/// A server that is a program.
#[derive(Clone, Debug)]
pub struct CommandSpec {
    /// The command line, for `/bin/sh`. `{port}` becomes the port it must listen on at 127.0.0.1; it is in `PORT` too. With TLS, `{cert}`,
    /// `{key}` and `{ca}` become the paths of its certificate, the private key, and the certificate of the run's authority (PEM); they are
    /// in `GLARE_CERT`, `GLARE_KEY` and `GLARE_CA` too.
    pub command: String,
    /// More environment.
    pub env: Vec<(String, String)>,
    /// Where it runs; the current folder if `None`.
    pub folder: Option<PathBuf>,
    /// How it shows that it is ready.
    pub ready: Ready,
    /// How long it may take.
    pub within: Duration,
}

/// How a program shows that it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// One of its processes listens on its port.
    Port,
    /// The same, and this path answers over HTTP with 2xx or 3xx.
    Http(String),
    /// The same, and a line of its output contains this text.
    Line(String),
}

impl CommandSpec {
    /// A command in the current folder, ready when its port is, within [`CommandSpec::WITHIN`].
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            env: Vec::new(),
            folder: None,
            ready: Ready::Port,
            within: Self::WITHIN,
        }
    }

    /// How long a server may take to get ready where nobody says.
    pub const WITHIN: Duration = Duration::from_secs(30);
}

impl fmt::Display for Ready {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ready::Port => f.write_str("port"),
            Ready::Http(path) => write!(f, "http:{path}"),
            Ready::Line(line) => write!(f, "line:{line}"),
        }
    }
}

impl FromStr for Ready {
    /// What is expected.
    type Err = &'static str;

    /// `port`, `http:/path` or `line:text`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            None if text == "port" => Ok(Ready::Port),
            Some(("http", path)) if path.starts_with('/') => Ok(Ready::Http(path.into())),
            Some(("line", line)) if !line.is_empty() => Ok(Ready::Line(line.into())),
            _ => Err("expected `port`, `http:/path` or `line:text`"),
        }
    }
}

impl ServerSpec {
    /// The name for traces and people.
    pub fn name(&self) -> String {
        match self {
            ServerSpec::Embedded { faults, policy } => {
                let mut name = "reference".to_owned();
                if *policy != Policy::default() {
                    name.push_str(&format!(" {policy}"));
                }
                let names: Vec<&str> = faults.iter().map(Fault::as_str).collect();
                if !names.is_empty() {
                    name.push_str(&format!(" with {}", names.join(", ")));
                }
                name
            }
            ServerSpec::Command(spec) => spec.command.clone(),
            ServerSpec::Url(spec) => spec.url.to_string(),
        }
    }

    /// The one that runs already, if it is such.
    pub fn elsewhere(&self) -> Option<&UrlSpec> {
        match self {
            ServerSpec::Url(spec) => Some(spec),
            ServerSpec::Embedded { .. } | ServerSpec::Command(_) => None,
        }
    }

    /// What requests to it name; their tap, where it is glare's own.
    pub fn site(&self) -> Option<Arc<Site>> {
        self.elsewhere().map(|spec| Arc::new(spec.url.site()))
    }

    /// Looks whether a server that should run already can be reached. One that glare starts is not looked for.
    ///
    /// # Errors
    /// What was dialled, and what came.
    pub async fn reach(&self, security: Option<&Security>) -> Result<(), ServerError> {
        match self.elsewhere() {
            Some(spec) => spec.reach(security).await.map(drop),
            None => Ok(()),
        }
    }
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// No port to be had.
    #[error("no port for the server: {0}")]
    Port(std::io::Error),
    /// The program could not be started.
    #[error("the server `{command}` could not be started: {error}")]
    Spawn {
        /// The command line.
        command: String,
        /// Why.
        error: std::io::Error,
    },
    /// The program ended before it was ready.
    #[error("the server ended ({status}) before it was ready; its last lines:\n{}", indent(.lines))]
    Exited {
        /// Its exit status.
        status: String,
        /// The last lines of its output.
        lines: Vec<String>,
    },
    /// The program did not get ready.
    #[error("the server was not ready after {} s (waited for {waited}); its last lines:\n{}", .after.as_secs(), indent(.lines))]
    NotReady {
        /// What was waited for.
        waited: String,
        /// How long.
        after: Duration,
        /// The last lines of its output.
        lines: Vec<String>,
    },
    /// Another program listens where it should.
    #[error("port {port}, where the server must listen, is held by another program ({}); the server's last lines:\n{}", stranger(.by), indent(.lines))]
    Taken {
        /// The port.
        port: u16,
        /// Who listens there; `None` if that is hidden.
        by: Option<Stranger>,
        /// The last lines of the server's output.
        lines: Vec<String>,
    },
    /// One that should run already is not there.
    #[error("the server at {url} could not be reached in {} s; {why}", .after.as_secs_f32())]
    Unreachable {
        /// Where it should be.
        url: String,
        /// How long it was tried.
        after: Duration,
        /// What was dialled, and what came of it.
        why: String,
    },
    /// It is not the harness's to end, start, pause or resume.
    #[error("the server at {0} was not started by glare, which neither ends nor pauses it")]
    NotOurs(String),
    /// No certificate for it.
    #[error("no TLS for the server: {0}")]
    Tls(#[from] TlsError),
    /// Its certificate cannot be written into the run's folder.
    #[error("no place for the server's certificate: {0}")]
    Files(std::io::Error),
    /// There is none to pause or resume.
    #[error("the server does not run")]
    Gone,
    /// It did not stop.
    #[error("the server could not be paused")]
    NotPaused,
}

fn stranger(by: &Option<Stranger>) -> String {
    match by {
        Some(stranger) => crate::mistake::shown(&stranger.to_string()),
        None => "whose process is hidden from this user".into(),
    }
}

fn indent(lines: &[String]) -> String {
    if lines.is_empty() {
        return "    (it wrote nothing)".into();
    }
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("    {}", crate::mistake::shown(line)))
        .collect();
    lines.join("\n")
}

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
struct Place {
    port: Port,
    /// An embedded server lets it be bound beside it; not every program would listen where another socket is bound.
    _reserved: Option<TcpSocket>,
    /// What an embedded one with a fault keeps beside it.
    memory: Memory,
}

impl Place {
    fn of(spec: &ServerSpec) -> Result<Option<Self>, ServerError> {
        let taken = |embedded: bool| {
            let port = Port::take()?;
            let reserved = embedded.then(|| reserved(&port)).transpose()?;
            std::io::Result::Ok(Self {
                port,
                _reserved: reserved,
                memory: Memory::default(),
            })
        };
        match spec {
            ServerSpec::Embedded { .. } => taken(true).map(Some).map_err(ServerError::Port),
            ServerSpec::Command(_) => taken(false).map(Some).map_err(ServerError::Port),
            ServerSpec::Url(_) => Ok(None),
        }
    }
}

/// A server that is up, or was.
pub struct ServerUnderTest {
    spec: ServerSpec,
    address: SocketAddr,
    life: Option<Life>,
    wanted: Wanted,
    sink: Sink,
    run: Run,
    /// After the server: what was its own till then is let go last.
    place: Option<Place>,
}

/// What is wanted of a server besides that it runs.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// It is to be paused: an embedded one gets a thread to itself.
    pub pausable: bool,
    /// It speaks TLS.
    pub security: Option<Security>,
}

/// Whether a server goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lives {
    /// It does.
    Yes,
    /// It has ended by itself.
    No,
    /// One that glare has not started refuses connections: it has ended, or was ended, or goes on elsewhere.
    Refuses,
    /// A step has ended it, or it is not glare's to know.
    Unknown,
}

enum Life {
    Embedded(embedded::Embedded),
    Child(child::Child),
    /// Not ours to end.
    Elsewhere,
}

impl ServerUnderTest {
    /// Starts it and waits until it is ready.
    ///
    /// # Errors
    /// What kept it from getting ready, with the last lines that it wrote.
    pub async fn start(spec: ServerSpec, run: Run, sink: Sink) -> Result<Self, ServerError> {
        Self::start_as(spec, run, sink, Wanted::default()).await
    }

    /// The same for a server of whom more is wanted.
    ///
    /// # Errors
    /// As for [`ServerUnderTest::start`].
    pub async fn start_as(
        spec: ServerSpec,
        run: Run,
        sink: Sink,
        wanted: Wanted,
    ) -> Result<Self, ServerError> {
        let place = Place::of(&spec)?;
        let (address, life) = Self::boot(&spec, place.as_ref(), &wanted, &run, &sink).await?;
        Ok(Self {
            place,
            spec,
            address,
            life: Some(life),
            wanted,
            sink,
            run,
        })
    }

    async fn boot(
        spec: &ServerSpec,
        place: Option<&Place>,
        wanted: &Wanted,
        run: &Run,
        sink: &Sink,
    ) -> Result<(SocketAddr, Life), ServerError> {
        let at = place.map(|place| place.port.address());
        let at = at.ok_or(ServerError::Gone);
        let (address, life) = match spec {
            ServerSpec::Embedded { faults, policy } => {
                let mut options = Options {
                    faults: faults.clone(),
                    policy: policy.clone(),
                    listen: at?,
                    memory: place.map(|place| place.memory.clone()).unwrap_or_default(),
                    ..Options::default()
                };
                if let Some(security) = &wanted.security {
                    let shown = security.server()?;
                    let certificate = Certificate::from_pem(shown.certificate(), shown.key());
                    options.certificate = Some(certificate.map_err(ServerError::Files)?);
                }
                let server = Self::bind(options, wanted.pausable, sink).await;
                let server = server.map_err(ServerError::Port)?;
                let address = server.address().ok_or(ServerError::Gone)?;
                (address, Life::Embedded(server))
            }
            ServerSpec::Command(spec) => {
                let security = wanted.security.as_ref();
                let at = at?;
                let child = child::Child::start(spec, at, security, run, sink.clone()).await?;
                (at, Life::Child(child))
            }
            ServerSpec::Url(spec) => {
                let address = spec.reach(wanted.security.as_ref()).await?;
                (address, Life::Elsewhere)
            }
        };
        sink(ServerLife::Ready);
        Ok((address, life))
    }

    /// A process that is just being started holds copies of this one's sockets until it has become another program, so the
    /// port of a server that was killed may be busy for a moment more.
    async fn bind(
        options: Options,
        pausable: bool,
        sink: &Sink,
    ) -> std::io::Result<embedded::Embedded> {
        let deadline = tokio::time::Instant::now() + FREED_WITHIN;
        loop {
            match embedded::Embedded::start(options.clone(), pausable, sink.clone()).await {
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

    /// Where it listens, also while it is down.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether it was started and no step has ended it. It may have ended by itself.
    pub fn is_up(&self) -> bool {
        self.life.is_some()
    }

    /// Whether the harness has started it, and so ends it.
    pub fn is_ours(&self) -> bool {
        self.spec.elsewhere().is_none()
    }

    fn not_ours(&self) -> Result<(), ServerError> {
        match self.spec.elsewhere() {
            Some(spec) => Err(ServerError::NotOurs(spec.url.to_string())),
            None => Ok(()),
        }
    }

    /// Ends it as a crash would: sockets reset, nobody told. One that is not ours stays. Whether it ran till then: of one that had ended by
    /// itself that is told, and not that it was killed.
    pub async fn kill(&mut self) -> bool {
        if !self.is_ours() {
            return false;
        }
        let ran = match self.life.take() {
            Some(Life::Embedded(server)) => server.kill().await,
            Some(Life::Child(child)) => child.kill().await,
            Some(Life::Elsewhere) | None => return false,
        };
        if ran {
            (self.sink)(ServerLife::Killed);
        }
        ran
    }

    /// Looks whether it goes on, after all that was sent to it; that, or its end, is told to the sink. `ask`: not all that was sent is known
    /// to have been taken in, so it is asked something that it cannot answer before that. One that a step has ended is not looked for.
    pub async fn look(&mut self, ask: bool) -> Lives {
        let goes_on = match &mut self.life {
            Some(Life::Embedded(server)) => server.goes_on(ask).await,
            Some(Life::Child(child)) => child.goes_on(ask).await,
            Some(Life::Elsewhere) => {
                let Some(spec) = self.spec.elsewhere() else {
                    return Lives::Unknown;
                };
                let security = self.wanted.security.as_ref();
                return elsewhere::look(spec, self.address, security, ask).await;
            }
            None => return Lives::Unknown,
        };
        if !goes_on {
            return Lives::No;
        }
        (self.sink)(ServerLife::Alive);
        Lives::Yes
    }

    /// Ends it if it runs, and starts it again on the same address.
    ///
    /// # Errors
    /// As for [`ServerUnderTest::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.not_ours()?;
        self.kill().await;
        let (place, wanted) = (self.place.as_ref(), &self.wanted);
        let (_, life) = Self::boot(&self.spec, place, wanted, &self.run, &self.sink).await?;
        self.life = Some(life);
        Ok(())
    }

    /// Stops it where it stands, as SIGSTOP does: its port and its connections stay, nothing answers, no timer runs out. A child is
    /// stopped with its whole group; an embedded one has its only thread blocked. When this returns it does nothing any more.
    ///
    /// # Errors
    /// It does not run, does not stop, or was not started as pausable.
    pub async fn pause(&mut self) -> Result<(), ServerError> {
        self.not_ours()?;
        let paused = match &mut self.life {
            Some(Life::Embedded(server)) => server.pause().await,
            Some(Life::Child(child)) => child.pause().await,
            Some(Life::Elsewhere) | None => return Err(ServerError::Gone),
        };
        paused.then_some(()).ok_or(ServerError::NotPaused)
    }

    /// Lets it go on after a pause.
    ///
    /// # Errors
    /// It does not run.
    pub async fn resume(&mut self) -> Result<(), ServerError> {
        self.not_ours()?;
        match &mut self.life {
            Some(Life::Embedded(server)) => server.resume(),
            Some(Life::Child(child)) => child.resume().await,
            Some(Life::Elsewhere) | None => return Err(ServerError::Gone),
        }
        Ok(())
    }

    /// Ends it for good. Of one that had ended by itself that is told.
    pub async fn stop(mut self) {
        match self.life.take() {
            Some(Life::Embedded(server)) => drop(server.kill().await),
            Some(Life::Child(child)) => drop(child.kill().await),
            Some(Life::Elsewhere) | None => {}
        }
    }
}
