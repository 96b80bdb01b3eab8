//! The server under test: embedded, a child process, or one that runs already; readiness, kill, restart, and what it says.

mod app;
mod ask;
mod child;
mod elsewhere;
mod embedded;
mod files;
mod logins;
mod node;
mod output;
mod ready;
mod shared;
mod translator;
mod usage;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use glare_signaling_server::{Fault, Faults, Policy, RoomSize, SameId};

use crate::run::{Run, Stranger};
use crate::tap::Site;
use crate::terms::ServerLife;
use crate::tls::{Security, TlsError};

pub use app::{AppFrom, AppServer, AppSpec};
pub(crate) use app::{called, hosts};
use node::{Companion, Node};
pub(crate) use translator::Program;
pub use translator::TranslatorSpec;

pub use elsewhere::{ServerUrl, UrlSpec};
pub use logins::{EVERYBODY, HttpLogin, Login, Logins, altered};
pub use shared::Shared;
pub use usage::Usage;

/// How long a program may take to end that was asked to.
pub(crate) const ENDS_WITHIN: Duration = Duration::from_secs(5);

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
    /// One that glare has started for several cases, and that this one neither ends nor pauses.
    Lent(Arc<Shared>),
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
    /// in `GLARE_CERT`, `GLARE_KEY` and `GLARE_CA` too. `{node}` becomes the number of the node, from 1, and the name of what runs beside
    /// it, between braces, that one's port.
    pub command: String,
    /// More environment.
    pub env: Vec<(String, String)>,
    /// Where it runs; the current folder if `None`.
    pub folder: Option<PathBuf>,
    /// How it shows that it is ready.
    pub ready: Ready,
    /// How long it may take.
    pub within: Duration,
    /// How many processes of it make up the server, each on a port of its own.
    pub nodes: u32,
    /// What the nodes share: started before them, in this order, and ended after them.
    pub beside: Vec<Beside>,
    /// `glare validate` may ask harmless cases of one process of it: none is accused by what is seen there.
    pub one_process: bool,
}

/// A program that the nodes of a server share: a bus, a database.
#[derive(Clone, Debug)]
pub struct Beside {
    /// Its name. `{name}` in the commands after it becomes its port.
    pub name: String,
    /// How it is started. It neither has nodes nor speaks TLS.
    pub spec: CommandSpec,
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
            nodes: 1,
            beside: Vec::new(),
            one_process: false,
        }
    }

    /// Most nodes of a server.
    pub const MAX_NODES: u32 = 8;

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
            ServerSpec::Lent(shared) => shared.spec().name(),
        }
    }

    /// The one that runs already, if it is such.
    pub fn elsewhere(&self) -> Option<&UrlSpec> {
        match self {
            ServerSpec::Url(spec) => Some(spec),
            ServerSpec::Embedded { .. } | ServerSpec::Command(_) | ServerSpec::Lent(_) => None,
        }
    }

    /// Whether others are on it besides the case that is played, before it and after.
    pub fn outlives_a_case(&self) -> bool {
        match self {
            ServerSpec::Url(_) | ServerSpec::Lent(_) => true,
            ServerSpec::Embedded { .. } | ServerSpec::Command(_) => false,
        }
    }

    /// How many processes make it up.
    pub fn nodes(&self) -> u32 {
        match self {
            ServerSpec::Command(spec) => spec.nodes.max(1),
            ServerSpec::Lent(shared) => shared.spec().nodes(),
            ServerSpec::Embedded { .. } | ServerSpec::Url(_) => 1,
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
    #[error("{who} `{command}` could not be started: {error}")]
    Spawn {
        /// Which program.
        who: String,
        /// The command line.
        command: String,
        /// Why.
        error: std::io::Error,
    },
    /// The program ended before it was ready.
    #[error("{who} ended ({status}) before it was ready; its last lines:\n{}", indent(.lines))]
    Exited {
        /// Which program.
        who: String,
        /// Its exit status.
        status: String,
        /// The last lines of its output.
        lines: Vec<String>,
    },
    /// The program did not get ready.
    #[error("{who} was not ready after {} s (waited for {waited}); its last lines:\n{}", .after.as_secs(), indent(.lines))]
    NotReady {
        /// Which program.
        who: String,
        /// What was waited for.
        waited: String,
        /// How long.
        after: Duration,
        /// The last lines of its output.
        lines: Vec<String>,
    },
    /// Another program listens where it should.
    #[error("port {port}, where {who} must listen, is held by another program ({}); its own last lines:\n{}", stranger(.by), indent(.lines))]
    Taken {
        /// Which program.
        who: String,
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
    /// Other cases are on it.
    #[error(
        "other cases are asked of the same process of `{0}`, which is neither ended nor paused for one of them"
    )]
    Lent(String),
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

/// A server that is up, or was: all its nodes, and what runs beside them.
pub struct ServerUnderTest {
    spec: ServerSpec,
    wanted: Wanted,
    sink: Sink,
    /// By their number, from 1. There is always one.
    nodes: Vec<Node>,
    /// After the nodes: ended last.
    beside: Vec<Companion>,
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
        let mut beside = Vec::new();
        if let ServerSpec::Command(command) = &spec
            && let Err(error) = Companion::start_all(command, &run, &sink, &mut beside).await
        {
            Companion::end_all(beside).await;
            return Err(error);
        }
        let words: Vec<(String, String)> = beside.iter().map(Companion::word).collect();
        let mut this = Self {
            nodes: Vec::new(),
            beside,
            spec,
            wanted,
            sink,
        };
        match this.boot_all(&run, words).await {
            Ok(()) => Ok(this),
            Err(error) => {
                this.stop().await;
                Err(error)
            }
        }
    }

    /// All nodes at once: some get ready only when the others are there.
    async fn boot_all(
        &mut self,
        run: &Run,
        words: Vec<(String, String)>,
    ) -> Result<(), ServerError> {
        let count = self.spec.nodes();
        for number in 1..=count {
            let node = Node::of(&self.spec, (number, count), words.clone(), run, &self.sink)?;
            self.nodes.push(node);
        }
        let (spec, wanted) = (&self.spec, &self.wanted);
        let nodes = self.nodes.iter_mut();
        let booted = join_all(nodes.map(|node| node.boot(spec, wanted))).await;
        booted.into_iter().collect::<Result<(), ServerError>>()?;
        (self.sink)(ServerLife::Ready);
        Ok(())
    }

    /// Where its first node listens, also while it is down.
    pub fn address(&self) -> SocketAddr {
        self.address_of(1)
    }

    /// Where the node of this number, from 1, listens, also while it is down.
    pub fn address_of(&self, node: u32) -> SocketAddr {
        let index = (node as usize).saturating_sub(1);
        let node = self.nodes.get(index).or(self.nodes.first());
        node.map_or_else(|| (Ipv4Addr::LOCALHOST, 0).into(), |node| node.address)
    }

    /// Whether any of it was started and no step has ended it. It may have ended by itself.
    pub fn is_up(&self) -> bool {
        self.nodes.iter().any(Node::is_up)
    }

    /// What commands of the project may name between braces, beside what each has of its own: the ports of what runs beside it, and that of its
    /// first node.
    pub fn words(&self) -> Vec<(String, String)> {
        let port = ("port".to_owned(), self.address().port().to_string());
        let beside = self.beside.iter().map(Companion::word);
        match &self.spec {
            ServerSpec::Lent(shared) => shared.words(),
            _ => beside.chain([port]).collect(),
        }
    }

    /// The numbers of the nodes that were started and that no step has ended.
    pub fn up(&self) -> Vec<u32> {
        let numbers = (1..).zip(&self.nodes);
        let up = numbers.filter(|(_, node)| node.is_up());
        up.map(|(number, _)| number).collect()
    }

    /// Whether it is more than one process.
    pub fn has_several_nodes(&self) -> bool {
        self.nodes.len() > 1
    }

    /// Whether it was started here, and so is ended here.
    pub fn is_ours(&self) -> bool {
        !self.spec.outlives_a_case()
    }

    fn not_ours(&self) -> Result<(), ServerError> {
        match &self.spec {
            ServerSpec::Url(spec) => Err(ServerError::NotOurs(spec.url.to_string())),
            ServerSpec::Lent(shared) => Err(ServerError::Lent(shared.spec().name())),
            ServerSpec::Embedded { .. } | ServerSpec::Command(_) => Ok(()),
        }
    }

    /// The nodes that are meant: that of this number, or all.
    fn meant(&mut self, node: Option<u32>) -> impl Iterator<Item = &mut Node> {
        let numbers = (1..).zip(&mut self.nodes);
        let meant = numbers.filter(move |(number, _)| node.is_none_or(|node| node == *number));
        meant.map(|(_, node)| node)
    }

    /// Ends it as a crash would: sockets reset, nobody told. One that is not ours stays. Whether it ran till then: of one that had ended by
    /// itself that is told, and not that it was killed. What runs beside it stays.
    pub async fn kill(&mut self) -> bool {
        let ran = self.kill_node(None).await;
        if ran {
            (self.sink)(ServerLife::Killed);
        }
        ran
    }

    /// Asks one node to end, or all, as the system does that is shut down (SIGTERM); whether it has ended in this time.
    /// One that is not ours is not asked. It is to be killed next.
    pub async fn ask_to_end(&mut self, node: Option<u32>, within: Duration) -> bool {
        if !self.is_ours() {
            return false;
        }
        join_all(self.meant(node).map(Node::ask_to_end)).await;
        self.ends(node, within).await
    }

    /// Whether what was asked to end does so in this time.
    pub async fn ends(&mut self, node: Option<u32>, within: Duration) -> bool {
        let ended = join_all(self.meant(node).map(|node| node.ends(within))).await;
        ended.into_iter().all(|ended| ended)
    }

    /// The same for one node, or all. That it was killed is for whoever asks to tell.
    pub async fn kill_node(&mut self, node: Option<u32>) -> bool {
        if !self.is_ours() {
            return false;
        }
        let killed = join_all(self.meant(node).map(Node::kill)).await;
        killed.into_iter().any(|ran| ran)
    }

    /// Looks whether it goes on, after all that was sent to it; that, or its end, is told to the sink. `ask`: not all that was sent is known
    /// to have been taken in, so it is asked something that it cannot answer before that. One that a step has ended is not looked for.
    pub async fn look(&self, ask: bool) -> Lives {
        if let Some(spec) = self.spec.elsewhere() {
            let security = self.wanted.security.as_ref();
            return elsewhere::look(spec, self.address(), security, ask).await;
        }
        if !self.is_up() {
            return Lives::Unknown;
        }
        let goes_on = match &self.spec {
            ServerSpec::Lent(shared) => self.lent_goes_on(shared, ask).await,
            _ => self.all_goes_on(ask).await,
        };
        if !goes_on {
            return Lives::No;
        }
        (self.sink)(ServerLife::Alive);
        Lives::Yes
    }

    /// Whether what of it was started goes on; of what does not, that has been told to the sink by then. One that is not ours is taken to.
    pub async fn goes_on(&self) -> bool {
        match &self.spec {
            ServerSpec::Url(_) => true,
            ServerSpec::Lent(shared) => self.lent_goes_on(shared, false).await,
            ServerSpec::Embedded { .. } | ServerSpec::Command(_) => {
                !self.is_up() || self.nodes_go_on(false).await
            }
        }
    }

    /// Whether one that is lent goes on; if it does not, that is told here, too.
    async fn lent_goes_on(&self, shared: &Shared, ask: bool) -> bool {
        let goes_on = shared.goes_on(ask).await;
        if let Err(status) = goes_on {
            (self.sink)(ServerLife::Exited { status });
            return false;
        }
        true
    }

    /// Whether its nodes go on, and what runs beside them.
    async fn all_goes_on(&self, ask: bool) -> bool {
        let nodes = self.nodes_go_on(ask).await;
        let beside = join_all(self.beside.iter().map(Companion::goes_on)).await;
        nodes && beside.into_iter().all(|goes_on| goes_on)
    }

    async fn nodes_go_on(&self, ask: bool) -> bool {
        let nodes = join_all(self.nodes.iter().map(|node| node.goes_on(ask))).await;
        nodes.into_iter().all(|goes_on| goes_on)
    }

    /// Ends it if it runs, and starts it again on the same address.
    ///
    /// # Errors
    /// As for [`ServerUnderTest::start`].
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.not_ours()?;
        self.kill().await;
        self.restart_node(None).await?;
        (self.sink)(ServerLife::Ready);
        Ok(())
    }

    /// The same for one node, or all. That it was killed, and is ready, is for whoever asks to tell.
    ///
    /// # Errors
    /// As for [`ServerUnderTest::start`].
    pub async fn restart_node(&mut self, node: Option<u32>) -> Result<(), ServerError> {
        self.not_ours()?;
        self.kill_node(node).await;
        let (spec, wanted) = (self.spec.clone(), self.wanted.clone());
        let booted = join_all(self.meant(node).map(|node| node.boot(&spec, &wanted))).await;
        booted.into_iter().collect()
    }

    /// What its processes hold now; `None` of one that is no process of its own, or that glare has not started.
    pub fn usage(&self) -> Option<Usage> {
        Usage::of(self.nodes.iter().flat_map(Node::processes))
    }

    /// Stops it where it stands, as SIGSTOP does: its port and its connections stay, nothing answers, no timer runs out. A child is
    /// stopped with its whole group; an embedded one has its only thread blocked. When this returns it does nothing any more.
    /// One node, or all.
    ///
    /// # Errors
    /// It does not run, does not stop, or was not started as pausable.
    pub async fn pause(&mut self, node: Option<u32>) -> Result<(), ServerError> {
        self.not_ours()?;
        let paused = join_all(
            self.meant(node)
                .filter(|node| node.is_up())
                .map(Node::pause),
        )
        .await;
        match paused.as_slice() {
            [] => Err(ServerError::Gone),
            all => (all.iter().all(|paused| *paused))
                .then_some(())
                .ok_or(ServerError::NotPaused),
        }
    }

    /// Lets it go on after a pause: one node, or all.
    ///
    /// # Errors
    /// It does not run.
    pub async fn resume(&mut self, node: Option<u32>) -> Result<(), ServerError> {
        self.not_ours()?;
        let up = self.meant(node).filter(|node| node.is_up());
        let resumed = join_all(up.map(Node::resume)).await;
        (!resumed.is_empty()).then_some(()).ok_or(ServerError::Gone)
    }

    /// Ends it for good, and then what runs beside it. Of one that had ended by itself that is told.
    pub async fn stop(mut self) {
        join_all(self.nodes.iter_mut().map(Node::kill)).await;
        Companion::end_all(self.beside).await;
    }
}
