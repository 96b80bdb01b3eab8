//! `[logins]`: what each peer is given to be let in.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::Path;

use toml::Spanned;

use super::Project;
use super::file::Reader;
use super::tables::{LoginTable, LoginTables};
use crate::mistake::{nearest, quoted};
use crate::scenario::Scenario;
use crate::server::{EVERYBODY, HttpLogin, Login, Logins};
use crate::signaling::Dialect;

impl Reader {
    /// The logins, of which each must be one that the dialect names.
    pub(super) fn logins(
        &mut self,
        tables: LoginTables,
        dialect: &Dialect,
        folder: &Path,
    ) -> Logins {
        let mut peers = BTreeMap::new();
        for (peer, given) in tables {
            let mut logins = BTreeMap::new();
            for (name, value) in given {
                self.is_named(&name, dialect);
                let span = value.span();
                let login = self.login(value.into_inner(), &span);
                logins.extend(login.map(|login| (name.into_inner(), login)));
            }
            peers.insert(peer.into_inner(), logins);
        }
        Logins {
            peers,
            folder: folder.to_owned(),
        }
    }

    fn is_named(&mut self, name: &Spanned<String>, dialect: &Dialect) {
        let names = dialect.logins();
        let text = name.get_ref().as_str();
        if names.iter().any(|known| known == text) {
            return;
        }
        let near = nearest(text, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        let found = format!(
            "the dialect `{}` names no login {}",
            dialect.name(),
            quoted(text)
        );
        self.mistake(name.span(), found)
            .expect("a name that stands in its `connect: { login: [token] }`")
            .advise(near.unwrap_or_else(|| "name it there, or take it out here".into()));
    }

    fn login(&mut self, value: toml::Value, span: &Range<usize>) -> Option<Login> {
        const EXPECTED: &str = "a text, `{ command = \"mint {me}\" }`, or `{ http = \"POST http://127.0.0.1:8000/token\" }`";
        let mut table: LoginTable = match value {
            toml::Value::String(text) => return self.secret(text, span).map(Login::Value),
            toml::Value::Table(_) => match value.try_into() {
                Ok(table) => table,
                Err(error) => {
                    self.mistake(span.clone(), error.message()).expect(EXPECTED);
                    return None;
                }
            },
            _ => {
                self.mistake(span.clone(), "this is no login")
                    .expect(EXPECTED);
                return None;
            }
        };
        for text in [&mut table.command, &mut table.http, &mut table.body] {
            if let Some(given) = text.take() {
                *text = Some(self.secret(given, span)?);
            }
        }
        match (table.command, table.http) {
            (Some(command), None) if !command.trim().is_empty() => {
                if table.body.is_some() || table.take.is_some() {
                    self.mistake(span.clone(), "`body` and `take` are for `http`")
                        .advise("take them out");
                }
                Some(Login::Command(command))
            }
            (None, Some(http)) => self.http(&http, table.body, table.take, span),
            _ => {
                self.mistake(span.clone(), "a login is made in one of two ways")
                    .expect(EXPECTED);
                None
            }
        }
    }

    fn http(
        &mut self,
        text: &str,
        body: Option<String>,
        take: Option<String>,
        span: &Range<usize>,
    ) -> Option<Login> {
        let parts = text.split_once(' ');
        let parts = parts.filter(|(method, url)| {
            matches!(*method, "GET" | "POST") && url.starts_with("http://") && !url.contains(' ')
        });
        let Some((method, url)) = parts else {
            self.mistake(span.clone(), "this is no request")
                .expect("`GET` or `POST` and a URL: `POST http://127.0.0.1:{auth}/token`; for https a `command` with curl");
            return None;
        };
        if take.as_ref().is_some_and(|take| !take.starts_with('/')) {
            self.mistake(span.clone(), "`take` is no place in a JSON answer")
                .expect("a JSON pointer (RFC 6901): `/access_token`");
        }
        Some(Login::Http(HttpLogin {
            method: method.to_owned(),
            url: url.to_owned(),
            body,
            take,
        }))
    }

    /// The text with its `${NAME}`.
    fn secret(&mut self, text: String, span: &Range<usize>) -> Option<String> {
        self.filled(&Spanned::new(span.clone(), text))
    }
}

impl Project {
    /// What is wrong with the logins where these are all its scenarios: they are for somebody whom no scenario has.
    ///
    /// # Errors
    /// In words.
    pub fn logins_are_for<'s>(
        &self,
        scenarios: impl IntoIterator<Item = &'s Scenario>,
    ) -> Result<(), String> {
        let scenarios = scenarios.into_iter();
        let peers = scenarios.flat_map(|scenario| scenario.peers.iter().map(|(name, _)| name));
        let peers: BTreeSet<&str> = peers.map(|name| name.as_str()).collect();
        let given = self.logins.peers.keys().map(String::as_str);
        let mut strangers = given.filter(|peer| *peer != EVERYBODY && !peers.contains(peer));
        let Some(stranger) = strangers.next().filter(|_| !peers.is_empty()) else {
            return Ok(());
        };
        let near = nearest(stranger, peers);
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        Err(format!(
            "[logins.{stranger}]: no scenario of the project has a peer {}{}",
            quoted(stranger),
            near.unwrap_or_default()
        ))
    }
}
