//! Reads `glare.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::tables::{App, BesideTable, LoginTables};
use crate::mistake::Mistakes;
use crate::server::{
    AppSpec, CommandSpec, Logins, Ready, ServerSpec, ServerUrl, TranslatorSpec, UrlSpec,
};
use crate::signaling::Dialect;
use crate::source::{Source, Span};
use crate::tls::Security;
use crate::yaml::MAX_BYTES;
use crate::yaml::read_text;

/// What a project file is called.
pub const PROJECT_FILE: &str = "glare.toml";

/// A secret shorter than this would be struck out of words that only look like it.
pub(super) const SHORTEST_SECRET: usize = 4;

/// A server, how to talk to it, and the scenarios for it.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its folder: that of its file, or that in which glare runs.
    pub home: PathBuf,
    /// Scenario files, and folders with them.
    pub scenarios: Vec<PathBuf>,
    /// The server under test.
    pub server: ServerSpec,
    /// Where pages of the user's come from, if not from the server under test.
    pub app: Option<AppSpec>,
    /// How to talk to it.
    pub dialect: Arc<Dialect>,
    /// The program that reads and writes for the dialect, where it is one with `framing: program`.
    pub translator: Option<TranslatorSpec>,
    /// Everything speaks TLS, if it is there.
    pub security: Option<Security>,
    /// Sent with every request to the server.
    pub headers: Vec<(String, String)>,
    /// What each peer is given to be let in.
    pub logins: Logins,
    /// Values of environment variables that were put in: struck out wherever something is recorded.
    pub secrets: Vec<String>,
    /// What `fill: { secret: NAME }` puts into a field of a page, by name. Each is among the `secrets` as well.
    pub filled: BTreeMap<String, String>,
    /// What `glare run` has to be told to play the same.
    pub(super) again: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct File {
    scenarios: Option<Vec<PathBuf>>,
    server: Option<Server>,
    app: Option<App>,
    #[serde(default)]
    headers: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    beside: Vec<BesideTable>,
    #[serde(default)]
    logins: LoginTables,
    #[serde(default)]
    secrets: BTreeMap<Spanned<String>, Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Server {
    command: Option<Spanned<String>>,
    url: Option<Spanned<String>>,
    ready: Option<Spanned<String>>,
    ready_within: Option<Spanned<u64>>,
    #[serde(default)]
    env: BTreeMap<String, Spanned<String>>,
    dialect: Option<Spanned<PathBuf>>,
    translator: Option<Spanned<String>>,
    tls: Option<Spanned<bool>>,
    tls_ca: Option<Spanned<PathBuf>>,
    tls_name: Option<Spanned<String>>,
    nodes: Option<Spanned<i64>>,
    one_process: Option<Spanned<bool>>,
}

/// Reads one file and collects what is wrong with it.
pub(super) struct Reader {
    pub(super) source: Source,
    pub(super) mistakes: Mistakes,
    /// Asked for the value of an environment variable.
    variable: fn(&str) -> Option<String>,
    pub(super) secrets: Vec<String>,
    /// Where the file is only looked at: environment variables that there are not, which are no mistakes then.
    pub(super) unset: Option<Mistakes>,
}

impl Project {
    /// Scenarios for a server that speaks this dialect.
    pub fn new(
        scenarios: impl IntoIterator<Item = impl Into<PathBuf>>,
        server: ServerSpec,
        dialect: Arc<Dialect>,
    ) -> Self {
        Self {
            home: PathBuf::from("."),
            scenarios: scenarios.into_iter().map(Into::into).collect(),
            server,
            app: None,
            dialect,
            translator: None,
            security: None,
            headers: Vec::new(),
            logins: Logins::default(),
            secrets: Vec::new(),
            filled: BTreeMap::new(),
            again: Vec::new(),
        }
    }

    /// Reads a project file. Paths in it are taken from its folder, and the server runs there.
    ///
    /// # Errors
    /// All its mistakes, each with its place; those of the dialect file are told with that file's name.
    pub fn load(path: &Path) -> Result<Self, Mistakes> {
        let text = read_text(path)?;
        Self::read(path, &text, |name| std::env::var(name).ok())
    }

    /// Reads a project file's text; `variable` is asked for environment variables.
    ///
    /// # Errors
    /// As [`Project::load`].
    pub fn read(
        path: &Path,
        text: &str,
        variable: fn(&str) -> Option<String>,
    ) -> Result<Self, Mistakes> {
        Reader::new(path, text, variable).read()
    }

    /// The same project, where the server at its `url` is one's own: what is nasty to it is played as well, and strangers ask it for laws 5
    /// and 6. Changes nothing for a server that glare starts.
    #[must_use]
    pub fn owning_the_server(mut self) -> Self {
        if let ServerSpec::Url(spec) = &mut self.server {
            spec.owned = true;
            self.again.push("--i-own-this-server".into());
        }
        self
    }

    /// The same project with its server started by this command: a crate's own binary, `env!("CARGO_BIN_EXE_my-server")`.
    /// `{port}` stands for the port.
    #[must_use]
    pub fn with_command(mut self, command: impl Into<String>) -> Self {
        let command = command.into();
        self.again.extend(["--server".into(), command.clone()]);
        if let ServerSpec::Command(spec) = &self.server
            && spec.ready != Ready::Port
        {
            self.again
                .extend(["--ready".into(), spec.ready.to_string()]);
        }
        match &mut self.server {
            ServerSpec::Command(spec) => spec.command = command,
            other => *other = ServerSpec::Command(CommandSpec::new(command)),
        }
        self
    }
}

impl Reader {
    pub(super) fn new(path: &Path, text: &str, variable: fn(&str) -> Option<String>) -> Self {
        let source = Source {
            path: path.to_owned(),
            text: Arc::from(text),
        };
        Self {
            mistakes: Mistakes::new(source.clone()),
            source,
            variable,
            secrets: Vec::new(),
            unset: None,
        }
    }

    pub(super) fn read(&mut self) -> Result<Project, Mistakes> {
        let text = Arc::clone(&self.source.text);
        if text.len() > MAX_BYTES {
            self.mistake(0..0, "this file is too long")
                .expect(format!("at most {} KiB", MAX_BYTES / 1024));
            return Err(self.mistakes.clone());
        }
        let file: File = match toml::from_str(&text) {
            Ok(file) => file,
            Err(error) => {
                self.mistake(error.span().unwrap_or(0..0), error.message());
                return Err(self.mistakes.clone());
            }
        };
        self.project(file)
    }

    fn project(&mut self, file: File) -> Result<Project, Mistakes> {
        let folder = match self.source.path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        let scenarios = file
            .scenarios
            .unwrap_or_else(|| vec!["scenarios".into()])
            .into_iter()
            .map(|path| folder.join(path))
            .collect();
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, value) in file.headers {
            let text = name.get_ref();
            if headers
                .iter()
                .any(|(there, _)| there.eq_ignore_ascii_case(text))
            {
                self.mistake(
                    name.span(),
                    format!("{text:?} is here twice, once in other letters"),
                )
                .advise("keep one: capitals make no difference to a header's name");
                continue;
            }
            headers.extend(self.header(&name, &value));
        }
        let app = file.app.and_then(|app| self.app(app, &folder));
        let url = match &file.server {
            Some(server) => self.url(server),
            None => None,
        };
        let security = match &file.server {
            Some(server) => self.security(server, url.as_ref(), &folder),
            None => None,
        };
        let named = file
            .server
            .as_ref()
            .and_then(|server| server.translator.clone());
        let (server, dialect) = match file.server {
            Some(server) => self.server(server, url, file.beside, &folder)?,
            None => {
                self.no_nodes(None, &file.beside);
                (ServerSpec::reference(), Dialect::reference())
            }
        };
        let logins = self.logins(file.logins, &dialect, &folder);
        let filled = self.secrets(file.secrets);
        let translator = named.map(|command| self.translator(command, &dialect, &folder));
        if !self.mistakes.is_empty() {
            return Err(self.mistakes.clone());
        }
        Ok(Project {
            translator,
            home: folder,
            scenarios,
            server,
            app,
            dialect,
            security,
            headers,
            logins,
            secrets: std::mem::take(&mut self.secrets),
            filled,
            again: vec!["--project".into(), self.source.path.display().to_string()],
        })
    }

    fn server(
        &mut self,
        server: Server,
        url: Option<ServerUrl>,
        beside: Vec<BesideTable>,
        folder: &Path,
    ) -> Result<(ServerSpec, Arc<Dialect>), Mistakes> {
        if server.command.is_none() {
            self.no_nodes(server.nodes.as_ref(), &beside);
            self.no_process(server.one_process.as_ref());
        }
        let dialect = match &server.dialect {
            None => Dialect::reference(),
            Some(path) => self.dialect(&folder.join(path.get_ref()), path.span())?,
        };
        if let Some(url) = url {
            let mut spec = UrlSpec::new(url);
            self.within(server.ready_within, &mut spec.within);
            return Ok((ServerSpec::Url(spec), dialect));
        }
        let Some(command) = server.command else {
            return Ok((ServerSpec::reference(), dialect));
        };
        if command.get_ref().trim().is_empty() {
            self.mistake(command.span(), "the command is empty")
                .expect("a command that starts your server, `my-server --port {port}`");
        }
        let nodes = self.nodes(server.nodes.as_ref(), &command);
        let mut spec = CommandSpec::new(command.into_inner());
        spec.folder = Some(folder.to_owned());
        spec.nodes = nodes;
        spec.beside = self.beside(beside, folder);
        spec.one_process = server.one_process.is_some_and(Spanned::into_inner);
        self.readiness(server.ready, &mut spec);
        self.within(server.ready_within, &mut spec.within);
        self.environment(server.env, &mut spec);
        Ok((ServerSpec::Command(spec), dialect))
    }

    /// `ready:`
    pub(super) fn readiness(&mut self, given: Option<Spanned<String>>, spec: &mut CommandSpec) {
        if let Some(ready) = given {
            match ready.get_ref().parse() {
                Ok(how) => spec.ready = how,
                Err(expected) => {
                    let _: &Ready = &spec.ready;
                    let found = format!("{:?} is no way to be ready", ready.get_ref());
                    self.mistake(ready.span(), found).expect(expected);
                }
            }
        }
    }

    /// `env:`
    pub(super) fn environment(
        &mut self,
        given: BTreeMap<String, Spanned<String>>,
        spec: &mut CommandSpec,
    ) {
        for (name, value) in given {
            if let Some(value) = self.filled(&value) {
                spec.env.push((name, value));
            }
        }
    }

    /// The program that reads and writes for the dialect. That one is needed is told where the dialect is chosen at last: by a flag, perhaps.
    fn translator(
        &mut self,
        command: Spanned<String>,
        dialect: &Dialect,
        folder: &Path,
    ) -> TranslatorSpec {
        if command.get_ref().trim().is_empty() {
            self.mistake(command.span(), "the command is empty")
                .expect("a command that starts your translator, `node wire.js`");
        } else if !dialect.is_translated() {
            let found = format!(
                "the dialect `{}` needs no translator: it says `framing: {}`",
                dialect.name(),
                dialect.framing()
            );
            self.mistake(command.span(), found)
                .advise("take it out, or say `framing: program` in the dialect");
        }
        TranslatorSpec {
            command: command.into_inner(),
            folder: Some(folder.to_owned()),
        }
    }

    pub(super) fn within(&mut self, given: Option<Spanned<u64>>, within: &mut Duration) {
        match given.as_ref().map(|given| (given.span(), *given.get_ref())) {
            None => {}
            Some((_, seconds @ 1..=3600)) => *within = Duration::from_secs(seconds),
            Some((span, seconds)) => {
                let found = format!("{seconds} seconds");
                self.mistake(span, found).expect("1 to 3600");
            }
        }
    }

    /// Where a server is that runs already.
    fn url(&mut self, server: &Server) -> Option<ServerUrl> {
        let given = server.url.as_ref()?;
        if server.command.is_some() {
            let found = "a server is started by its `command` or runs already at its `url`";
            self.mistake(given.span(), found)
                .advise("take one of them out");
        }
        if let Some(ready) = &server.ready {
            let found = "`ready` is for a `command`; at a `url` one connection must succeed";
            self.mistake(ready.span(), found).advise("take it out");
        }
        let text = self.filled(given)?;
        if self.is_open(&text) {
            return None;
        }
        match text.parse() {
            Ok(url) => Some(url),
            Err(why) => {
                let why: String = why;
                self.mistake(given.span(), why);
                None
            }
        }
    }

    /// What `tls`, `tls-ca` and `tls-name` say, and the scheme of `url`.
    fn security(
        &mut self,
        server: &Server,
        url: Option<&ServerUrl>,
        folder: &Path,
    ) -> Option<Security> {
        let is_https = url.is_some_and(ServerUrl::is_tls);
        if let (Some(url), true) = (&server.url, is_https && server.tls_ca.is_none()) {
            self.mistake(
                url.span(),
                "https needs `tls-ca`, whom to trust: the system's certificates are not looked at",
            )
            .advise("add `tls-ca = \"ca.pem\"`");
        }
        if !is_https && server.tls.as_ref().is_none_or(|tls| !*tls.get_ref()) {
            let ca = server.tls_ca.as_ref().map(|path| ("tls-ca", path.span()));
            let name = server
                .tls_name
                .as_ref()
                .map(|name| ("tls-name", name.span()));
            for (key, span) in ca.into_iter().chain(name) {
                let found = format!("`{key}` says something about TLS, which is not spoken");
                self.mistake(span, found).advise("add `tls = true`");
            }
            return None;
        }
        let ca = server.tls_ca.as_ref();
        let trust = ca.and_then(|path| self.authorities(path, folder));
        let name = server.tls_name.as_ref();
        let host = url.map(ServerUrl::host);
        let named = name.map(|name| name.get_ref().as_str());
        match Security::new(trust, named.or(host.as_deref())) {
            Ok(security) => Some(security),
            Err(error) => {
                let span = name.map_or(0..0, Spanned::span);
                self.mistake(span, error.to_string());
                None
            }
        }
    }

    fn dialect(
        &mut self,
        path: &Path,
        span: std::ops::Range<usize>,
    ) -> Result<Arc<Dialect>, Mistakes> {
        if let Err(error) = std::fs::metadata(path) {
            let found = format!("{} cannot be read: {error}", path.display());
            self.mistake(span, found)
                .expect("the path of a dialect file, from the folder of this file");
            return Ok(Dialect::reference());
        }
        Dialect::read(path, &read_text(path)?).map(Arc::new)
    }

    fn header(
        &mut self,
        name: &Spanned<String>,
        value: &Spanned<String>,
    ) -> Option<(String, String)> {
        let text = name.get_ref();
        if http::HeaderName::try_from(text.as_str()).is_err() {
            self.mistake(name.span(), format!("{text:?} is no header's name"));
            return None;
        }
        // Each of these says how the request is to be read, which is the peer's to say.
        const TAKEN: [&str; 7] = [
            "host",
            "connection",
            "upgrade",
            "content-length",
            "transfer-encoding",
            "expect",
            "trailer",
        ];
        let lower = text.to_ascii_lowercase();
        if TAKEN.contains(&lower.as_str()) || lower.starts_with("sec-websocket-") {
            self.mistake(name.span(), format!("{text:?} is for the peer to send"))
                .advise("take it out");
            return None;
        }
        let filled = self.filled(value)?;
        if http::HeaderValue::try_from(filled.as_str()).is_err() {
            self.mistake(value.span(), "no header can have this value");
            return None;
        }
        Some((text.clone(), filled))
    }

    /// The text with the values of its `${NAME}`.
    pub(super) fn filled(&mut self, value: &Spanned<String>) -> Option<String> {
        let mut rest = value.get_ref().as_str();
        let mut out = String::new();
        while let Some(start) = rest.find("${") {
            out.push_str(&rest[..start]);
            let Some(length) = rest[start + 2..].find('}') else {
                self.mistake(value.span(), "`${` without its `}`");
                return None;
            };
            let name = &rest[start + 2..start + 2 + length];
            let set = (self.variable)(name).filter(|secret| !secret.is_empty());
            let secret = set.or_else(|| self.unset(name, value))?;
            out.push_str(&secret);
            if secret.len() >= SHORTEST_SECRET && !self.secrets.contains(&secret) {
                self.secrets.push(secret);
            }
            rest = &rest[start + 3 + length..];
        }
        out.push_str(rest);
        Some(out)
    }

    /// There is no such environment variable: what stands for its value, where the file is only looked at.
    fn unset(&mut self, name: &str, value: &Spanned<String>) -> Option<String> {
        let span = self.span(value.span());
        let found = format!("there is no environment variable {name:?}");
        let advice = format!("set it: export {name}=…");
        if let Some(unset) = &mut self.unset {
            unset
                .warn(&span, found)
                .expect("set where `glare run` is called")
                .advise(advice);
            return Some(format!("${{{name}}}"));
        }
        self.mistakes.add(&span, found).advise(advice);
        None
    }

    /// Whether this is no text to be read further: a variable in it is not set here.
    pub(super) fn is_open(&self, text: &str) -> bool {
        self.unset.is_some() && text.contains("${")
    }

    fn span(&self, bytes: std::ops::Range<usize>) -> Span {
        let before = self.source.text.get(..bytes.start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        Span {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            bytes,
        }
    }

    pub(super) fn mistake(
        &mut self,
        bytes: std::ops::Range<usize>,
        found: impl Into<String>,
    ) -> &mut crate::mistake::Mistake {
        let span = self.span(bytes);
        self.mistakes.add(&span, found)
    }
}
