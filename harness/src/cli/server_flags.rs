//! Which server is tested, from flags.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::Fault;

use super::{Exit, complain, show_mistakes};
use crate::server::{CommandSpec, Ready, ServerSpec};
use crate::signaling::Dialect;

/// The server under test.
#[derive(clap::Args)]
#[command(next_help_heading = "Server under test")]
pub(super) struct ServerFlags {
    /// A command that starts your server; `{port}` is the port it must listen on at 127.0.0.1 (it is in PORT too).
    /// Without this, the reference server is tested
    #[arg(long, value_name = "COMMAND")]
    server: Option<String>,
    /// How your server shows that it is ready: `port`, `http:/path`, or `line:text` for a line of its output
    #[arg(long, value_name = "HOW", default_value = "port", value_parser = ready, requires = "server")]
    ready: Ready,
    /// How long your server may take to get ready, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 30,
        requires = "server"
    )]
    ready_within: u64,
    /// A file that says how to talk to your server; without it, as to the reference server
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,
    /// A planted fault of the reference server; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "server")]
    fault: Vec<Fault>,
}

fn ready(text: &str) -> Result<Ready, String> {
    match text.split_once(':') {
        None if text == "port" => Ok(Ready::Port),
        Some(("http", path)) if path.starts_with('/') => Ok(Ready::Http(path.into())),
        Some(("line", line)) if !line.is_empty() => Ok(Ready::Line(line.into())),
        _ => Err("expected `port`, `http:/path` or `line:text`".into()),
    }
}

impl ServerFlags {
    /// The server and its dialect, or the exit status after a word about what is wrong.
    pub(super) fn resolve(self) -> Result<(ServerSpec, Arc<Dialect>), Exit> {
        let dialect = match self.dialect {
            None => Dialect::reference(),
            Some(path) => {
                let text = std::fs::read_to_string(&path).map_err(|error| {
                    complain(format!("{}: {error}", path.display()));
                    Exit::Usage
                })?;
                let dialect = Dialect::read(&path, &text).map_err(|mistakes| {
                    show_mistakes(&[mistakes]);
                    Exit::Invalid
                })?;
                Arc::new(dialect)
            }
        };
        let server = match self.server {
            None => ServerSpec::Embedded {
                faults: self.fault.into_iter().collect(),
            },
            Some(command) => ServerSpec::Command(CommandSpec {
                command,
                env: Vec::new(),
                folder: None,
                ready: self.ready,
                within: Duration::from_secs(self.ready_within),
            }),
        };
        Ok((server, dialect))
    }
}
