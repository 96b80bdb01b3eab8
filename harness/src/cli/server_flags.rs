//! Which server is tested, from flags.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use glare_signaling_server::{Fault, Faults};

use super::{Exit, complain, show_mistakes};
use crate::project::{PROJECT_FILE, Project};
use crate::server::{CommandSpec, Ready, ServerSpec, ServerUrl, TranslatorSpec, UrlSpec};
use crate::signaling::Dialect;
use crate::tls::{Security, Trust};

/// The server under test.
#[derive(Clone, clap::Args)]
#[command(next_help_heading = "Server under test")]
pub(super) struct ServerFlags {
    /// A project file: server, dialect, headers, scenarios; `glare.toml` in this folder if there is one
    #[arg(long, value_name = "FILE")]
    project: Vec<PathBuf>,
    /// A command that starts your server; `{port}` is the port it must listen on at 127.0.0.1 (it is in PORT too). It runs in this
    /// folder, with the environment that the project file gives its server, its `nodes`, and what is `[[beside]]` it. Without this, the reference server is tested
    #[arg(long, value_name = "COMMAND", group = "one")]
    server: Option<String>,
    /// Where your server runs already, `http://host:port` or `https://…`, with a path if it lives below one. It is neither started
    /// nor ended: what needs that is unsupported
    #[arg(long, value_name = "URL", group = "one")]
    server_url: Option<String>,
    /// The server at --server-url (or `url` of the project file) is yours: play also what is nasty to it (garbage, broken frames, lines that
    /// are cut, stalled or altered), and let strangers ask it for laws 5 and 6. A URL on loopback needs this as well
    #[arg(long)]
    i_own_this_server: bool,
    /// How your server shows that it is ready: `port`, `http:/path`, or `line:text` for a line of its output
    #[arg(long, value_name = "HOW", default_value = "port", value_parser = Ready::from_str, requires = "server")]
    ready: Ready,
    /// How long your server may take to get ready, in seconds: 30 from its start, 10 at a URL
    #[arg(long, value_name = "SECONDS", requires = "one", value_parser = clap::value_parser!(u64).range(1..=3600))]
    ready_within: Option<u64>,
    /// A file that says how to talk to your server; without it, as to the reference server
    #[arg(long, value_name = "FILE")]
    dialect: Option<PathBuf>,
    /// A program that reads and writes your server's messages, for a dialect with `framing: program`; it runs in this folder
    #[arg(long, value_name = "COMMAND")]
    translator: Option<String>,
    /// wss and https: peers, taps and server speak TLS, with a certificate authority of this run's own. Your server's command gets
    /// the paths of PEM files by `{cert}`, `{key}` and `{ca}`, and in GLARE_CERT, GLARE_KEY and GLARE_CA
    #[arg(long)]
    tls: bool,
    /// Whom to trust, if your server has a certificate of its own (PEM); an https URL needs it
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// The host that your server's certificate names, if not 127.0.0.1 or that of its URL
    #[arg(long, value_name = "NAME")]
    tls_name: Option<String>,
    /// A planted fault of the reference server; may be given more than once
    #[arg(long, value_name = "NAME", conflicts_with = "one")]
    fault: Vec<Fault>,
}

impl ServerFlags {
    /// The same with this dialect.
    pub(super) fn with_dialect(mut self, file: PathBuf) -> Self {
        self.dialect = Some(file);
        self
    }

    /// What the servers are called beside each other, by their project files; `None` for the only one.
    pub(super) fn names(&self) -> Vec<Option<String>> {
        match self.project.as_slice() {
            [] | [_] => vec![None],
            several => {
                let name = |path: &PathBuf| {
                    let is_usual = path.file_name().is_some_and(|name| name == PROJECT_FILE);
                    let folder = path.parent().and_then(Path::file_name);
                    let name = match (is_usual, folder) {
                        (true, Some(folder)) => folder,
                        _ => path.file_stem()?,
                    };
                    Some(name.to_string_lossy().into_owned())
                };
                let short: Vec<Option<String>> = several.iter().map(name).collect();
                let is_unique = |name| short.iter().filter(|one| *one == name).count() == 1;
                let names = several.iter().zip(&short).map(|(path, name)| match name {
                    Some(_) if is_unique(name) => name.clone(),
                    _ => Some(path.display().to_string()),
                });
                names.collect()
            }
        }
    }

    /// The flags of each server, where there are several project files.
    pub(super) fn one_each(self) -> Result<Vec<Self>, Exit> {
        if self.project.len() < 2 {
            return Ok(vec![self]);
        }
        let given = [
            ("--server", self.server.is_some()),
            ("--server-url", self.server_url.is_some()),
            ("--dialect", self.dialect.is_some()),
            ("--translator", self.translator.is_some()),
            ("--fault", !self.fault.is_empty()),
        ];
        if let Some((flag, _)) = given.iter().find(|(_, given)| *given) {
            complain(format!(
                "{flag} is about one server, and {} project files are given: write it into the file that it is about",
                self.project.len()
            ));
            return Err(Exit::Usage);
        }
        let one = |project: &PathBuf| Self {
            project: vec![project.clone()],
            ..self.clone()
        };
        Ok(self.project.iter().map(one).collect())
    }

    /// The project: that of its file, changed as the flags say; or the exit status after a word about what is wrong.
    pub(super) fn resolve(self) -> Result<Project, Exit> {
        let mut project = self.file()?;
        let named = self.dialect.is_some();
        if let Some(path) = self.dialect {
            let text = crate::input::read_to_string(&path).map_err(|error| {
                complain(format!("{}: {error}", path.display()));
                Exit::Usage
            })?;
            let dialect = Dialect::read(&path, &text).map_err(|mistakes| {
                show_mistakes(&[mistakes]);
                Exit::Invalid
            })?;
            project.dialect = Arc::new(dialect);
        }
        let usage = |error: &str| {
            complain(error);
            Exit::Usage
        };
        if let Some(command) = self.translator {
            project.translator = Some(TranslatorSpec {
                command,
                folder: None,
            });
        }
        let (dialect, framing) = (project.dialect.name(), project.dialect.framing());
        match (project.dialect.is_translated(), &project.translator) {
            (true, None) => {
                return Err(usage(&format!(
                    "the dialect `{dialect}` says `framing: program`: add --translator 'COMMAND', a program that reads and writes its messages, or `translator` to the project file"
                )));
            }
            (false, Some(_)) => {
                return Err(usage(&format!(
                    "the dialect `{dialect}` needs no translator: it says `framing: {framing}`"
                )));
            }
            _ => {}
        }
        // Read here: what reads the flags tells again what it cannot take, and a password may stand in it.
        let server_url: Option<ServerUrl> = match self.server_url.as_deref().map(str::parse) {
            Some(Ok(url)) => Some(url),
            Some(Err(error)) => return Err(usage(&format!("--server-url: {error}"))),
            None => None,
        };
        let is_https = server_url.as_ref().is_some_and(ServerUrl::is_tls);
        if !self.tls && !is_https && (self.tls_ca.is_some() || self.tls_name.is_some()) {
            return Err(usage(
                "--tls-ca and --tls-name say something about TLS, which is not spoken: add --tls",
            ));
        }
        if self.tls && server_url.as_ref().is_some_and(|url| !url.is_tls()) {
            return Err(usage("--tls: the URL says http; write https"));
        }
        if is_https && self.tls_ca.is_none() {
            return Err(usage(
                "an https URL needs --tls-ca FILE, the certificate (PEM) to trust: the system's are not looked at",
            ));
        }
        if self.tls || is_https {
            let trust = match &self.tls_ca {
                None => None,
                Some(path) => {
                    let read =
                        crate::input::read_to_string(path).map_err(|error| error.to_string());
                    let trust = read
                        .and_then(|text| Trust::from_pem(&text).map_err(|error| error.to_string()));
                    Some(trust.map_err(|error| usage(&format!("{}: {error}", path.display())))?)
                }
            };
            let host = server_url.as_ref().map(ServerUrl::host);
            let name = self.tls_name.as_deref().or(host.as_deref());
            let security = Security::new(trust, name);
            project.security = Some(security.map_err(|error| usage(&error.to_string()))?);
        } else if server_url.is_some() {
            project.security = None;
        }
        if let Some(command) = self.server {
            let given = match project.server {
                ServerSpec::Command(spec) => CommandSpec {
                    command,
                    folder: None,
                    ..spec
                },
                _ => CommandSpec::new(command),
            };
            project.server = ServerSpec::Command(CommandSpec {
                ready: self.ready,
                within: self
                    .ready_within
                    .map_or(CommandSpec::WITHIN, Duration::from_secs),
                ..given
            });
        } else if let Some(url) = server_url {
            project.server = ServerSpec::Url(UrlSpec {
                within: self
                    .ready_within
                    .map_or(UrlSpec::WITHIN, Duration::from_secs),
                ..UrlSpec::new(url)
            });
        } else if !self.fault.is_empty() {
            project.server = ServerSpec::faulty(self.fault.into_iter().collect::<Faults>());
            // The project's is of the project's server.
            if !named {
                project.dialect = Dialect::reference();
            }
        }
        if self.i_own_this_server {
            let ServerSpec::Url(spec) = &mut project.server else {
                return Err(usage(
                    "--i-own-this-server: there is no --server-url; what glare starts itself is yours anyway",
                ));
            };
            spec.owned = true;
        }
        Ok(project)
    }

    /// The same flags as arguments of a command line, those that say what is so anyway left out.
    pub(super) fn arguments(&self) -> Vec<String> {
        let mut out = Vec::new();
        let mut flag = |name: &str, value: String| out.extend([name.to_owned(), value]);
        let path = |path: &PathBuf| path.display().to_string();
        for project in &self.project {
            flag("--project", path(project));
        }
        if let Some(command) = &self.server {
            flag("--server", command.clone());
            if self.ready != Ready::Port {
                flag("--ready", self.ready.to_string());
            }
        }
        if let Some(url) = &self.server_url {
            // As it is told elsewhere; one that is none goes no further.
            let url = url
                .parse()
                .map_or_else(|_| String::new(), |url: ServerUrl| url.to_string());
            flag("--server-url", url);
        }
        if let Some(within) = self.ready_within {
            flag("--ready-within", within.to_string());
        }
        if let Some(dialect) = &self.dialect {
            flag("--dialect", path(dialect));
        }
        if let Some(command) = &self.translator {
            flag("--translator", command.clone());
        }
        for (name, value) in [
            ("--tls-ca", self.tls_ca.as_ref().map(path)),
            ("--tls-name", self.tls_name.clone()),
        ] {
            if let Some(value) = value {
                flag(name, value);
            }
        }
        for fault in &self.fault {
            flag("--fault", fault.to_string());
        }
        for (name, given) in [
            ("--tls", self.tls),
            ("--i-own-this-server", self.i_own_this_server),
        ] {
            out.extend(given.then(|| name.to_owned()));
        }
        out
    }

    /// What the project file says: the one that was named, or the one in this folder, which is told.
    fn file(&self) -> Result<Project, Exit> {
        let here = PathBuf::from(PROJECT_FILE);
        let path = match self.project.as_slice() {
            [path] => path,
            [_, _, ..] => {
                complain(format!(
                    "--project is given {} times: only `glare validate` asks several servers",
                    self.project.len()
                ));
                return Err(Exit::Usage);
            }
            [] if here.is_file() => {
                complain(format!("server and scenarios as ./{PROJECT_FILE} says"));
                &here
            }
            [] => {
                return Ok(Project::new(
                    ["scenarios"],
                    ServerSpec::reference(),
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
