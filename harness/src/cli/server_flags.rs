//! Which server is tested, from flags.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::{Fault, Faults};

use super::{Exit, complain, show_mistakes};
use crate::project::{PROJECT_FILE, Project};
use crate::server::{CommandSpec, Ready, ServerSpec};
use crate::signaling::Dialect;
use crate::tls::{Security, Trust};

/// How long a server may take to get ready where nobody says, in seconds.
const READY_WITHIN: u64 = 30;

/// The server under test.
#[derive(clap::Args)]
#[command(next_help_heading = "Server under test")]
pub(super) struct ServerFlags {
    /// A project file: server, dialect, headers, scenarios; `glare.toml` in this folder if there is one
    #[arg(long, value_name = "FILE")]
    project: Option<PathBuf>,
    /// A command that starts your server; `{port}` is the port it must listen on at 127.0.0.1 (it is in PORT too).
    /// Without this, the reference server is tested
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
    /// How your server shows that it is ready: `port`, `http:/path`, or `line:text` for a line of its output
    #[arg(long, value_name = "HOW", default_value = "port", value_parser = Ready::from_str, requires = "server")]
    ready: Ready,
    /// How long your server may take to get ready, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = READY_WITHIN,
        requires = "server"
    )]
    ready_within: u64,
    /// A file that says how to talk to your server; without it, as to the reference server
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,
    /// wss and https: peers, taps and server speak TLS, with a certificate authority of this run's own. Your server's command gets
    /// the paths of PEM files by `{cert}`, `{key}` and `{ca}`, and in GLARE_CERT, GLARE_KEY and GLARE_CA
    #[arg(long)]
    tls: bool,
    /// Whom to trust, if your server has a certificate of its own (PEM)
    #[arg(long, value_name = "FILE", requires = "tls")]
    tls_ca: Option<PathBuf>,
    /// The host that your server's certificate names, if not 127.0.0.1
    #[arg(long, value_name = "NAME", requires = "tls")]
    tls_name: Option<String>,
    /// A planted fault of the reference server; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "server")]
    fault: Vec<Fault>,
}

impl ServerFlags {
    /// The project: that of its file, changed as the flags say; or the exit status after a word about what is wrong.
    pub(super) fn resolve(self) -> Result<Project, Exit> {
        let mut project = self.file()?;
        if let Some(path) = self.dialect {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                complain(format!("{}: {error}", path.display()));
                Exit::Usage
            })?;
            let dialect = Dialect::read(&path, &text).map_err(|mistakes| {
                show_mistakes(&[mistakes]);
                Exit::Invalid
            })?;
            project.dialect = Arc::new(dialect);
        }
        if self.tls {
            let usage = |error: String| {
                complain(error);
                Exit::Usage
            };
            let trust = match &self.tls_ca {
                None => None,
                Some(path) => {
                    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
                    let trust = read
                        .and_then(|text| Trust::from_pem(&text).map_err(|error| error.to_string()));
                    Some(trust.map_err(|error| usage(format!("{}: {error}", path.display())))?)
                }
            };
            let security = Security::new(trust, self.tls_name.as_deref());
            project.security = Some(security.map_err(|error| usage(error.to_string()))?);
        }
        if let Some(command) = self.server {
            project.server = ServerSpec::Command(CommandSpec {
                ready: self.ready,
                within: Duration::from_secs(self.ready_within),
                ..CommandSpec::new(command)
            });
        } else if !self.fault.is_empty() {
            project.server = ServerSpec::Embedded {
                faults: self.fault.into_iter().collect(),
            };
            project.dialect = Dialect::reference();
        }
        Ok(project)
    }

    /// The same flags as arguments of a command line, those that say what is so anyway left out.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut flag = |name: &str, value: String| out.extend([name.to_owned(), value]);
        let path = |path: &PathBuf| path.display().to_string();
        if let Some(project) = &self.project {
            flag("--project", path(project));
        }
        if let Some(command) = &self.server {
            flag("--server", command.clone());
            if self.ready != Ready::Port {
                flag("--ready", self.ready.to_string());
            }
            if self.ready_within != READY_WITHIN {
                flag("--ready-within", self.ready_within.to_string());
            }
        }
        if let Some(dialect) = &self.dialect {
            flag("--dialect", path(dialect));
        }
        for fault in &self.fault {
            flag("--fault", fault.to_string());
        }
        out
    }

    /// What the project file says: the one that was named, or the one in this folder, which is told.
    fn file(&self) -> Result<Project, Exit> {
        let here = PathBuf::from(PROJECT_FILE);
        let path = match &self.project {
            Some(path) => path,
            None if here.is_file() => {
                complain(format!("server and scenarios as ./{PROJECT_FILE} says"));
                &here
            }
            None => {
                return Ok(Project::new(
                    ["scenarios"],
                    ServerSpec::Embedded {
                        faults: Faults::none(),
                    },
                    Dialect::reference(),
                ));
            }
        };
        Project::load(path).map_err(|mistakes| {
            show_mistakes(&[mistakes]);
            Exit::Invalid
        })
    }
}
