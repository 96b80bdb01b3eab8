//! `[app]`: where the pages of peers with `app:` come from, if not from the server under test.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;

use super::file::Reader;
use super::tables::App;
use crate::server::{AppFrom, AppSpec, CommandSpec, ServerUrl};
use crate::tls::{Security, Trust};

/// Whether a URL is one by TLS, as far as can be seen before it is read.
fn is_https(url: &str) -> bool {
    let start = url.trim_start().get(..6);
    start.is_some_and(|start| start.eq_ignore_ascii_case("https:")) || url.starts_with("${")
}

impl Reader {
    /// Where pages come from.
    pub(super) fn app(&mut self, app: App, folder: &Path) -> Option<AppSpec> {
        let mut names = Vec::new();
        for name in &app.names {
            names.extend(self.authority(name));
        }
        let https = app.url.as_ref().filter(|url| is_https(url.get_ref()));
        let tls_ca = app.tls_ca.as_ref();
        let tls_name = app.tls_name.as_ref();
        if https.is_none() {
            let ca = tls_ca.map(|path| ("tls-ca", path.span()));
            let name = tls_name.map(|name| ("tls-name", name.span()));
            for (key, span) in ca.into_iter().chain(name) {
                let found = format!("`{key}` says something about TLS, which is not spoken");
                self.mistake(span, found)
                    .expect("a `url` of the pages that begins with https://");
            }
        }
        let from = match (app.command, app.url) {
            (Some(command), None) => {
                let mut spec = CommandSpec::new(command.into_inner());
                spec.folder = Some(folder.to_owned());
                self.readiness(app.ready, &mut spec);
                self.within(app.ready_within, &mut spec.within);
                self.environment(app.env, &mut spec);
                AppFrom::Command(spec)
            }
            (None, Some(url)) => {
                let text = self.filled(&url)?;
                if self.is_open(&text) {
                    return None;
                }
                match text.parse::<ServerUrl>() {
                    Ok(known) if !known.is_tls() => AppFrom::Url(known, None),
                    Ok(known) => {
                        let keys = (url.span(), tls_ca, tls_name);
                        let security = self.trusting(keys, &known, folder)?;
                        AppFrom::Url(known, Some(security))
                    }
                    Err(why) => {
                        self.mistake(url.span(), why);
                        return None;
                    }
                }
            }
            (Some(command), Some(_)) => {
                let found = "the server of the pages is started by its `command` or runs already at its `url`";
                self.mistake(command.span(), found)
                    .advise("take one of them out");
                return None;
            }
            (None, None) => {
                let place = app.names.first().map_or(0..0, Spanned::span);
                self.mistake(place, "`[app]` says nowhere where its pages come from")
                    .expect("`command` with `{port}`, or `url`")
                    .advise("leave `[app]` out, if the server under test serves them");
                return None;
            }
        };
        Some(AppSpec { from, names })
    }

    /// Whom to trust as the server at an https URL, by its `tls-ca` and `tls-name`.
    fn trusting(
        &mut self,
        (span, ca, name): (
            Range<usize>,
            Option<&Spanned<PathBuf>>,
            Option<&Spanned<String>>,
        ),
        url: &ServerUrl,
        folder: &Path,
    ) -> Option<Security> {
        let Some(ca) = ca else {
            self.mistake(
                span,
                "https needs `tls-ca`, whom to trust: the system's certificates are not looked at",
            )
            .expect("a file of certificates in PEM; that of the server itself, if it signs itself")
            .advise("add `tls-ca = \"cert.pem\"` to [app]");
            return None;
        };
        let trust = self.authorities(ca, folder)?;
        let host = url.host();
        let named = name.map_or(host.as_str(), |name| name.get_ref());
        match Security::new(Some(trust), Some(named)) {
            Ok(security) => Some(security),
            Err(error) => {
                let span = name.map_or(span, Spanned::span);
                self.mistake(span, error.to_string());
                None
            }
        }
    }

    /// The certificates of a file.
    pub(super) fn authorities(&mut self, path: &Spanned<PathBuf>, folder: &Path) -> Option<Trust> {
        let file = folder.join(path.get_ref());
        let read = crate::input::read_to_string(&file).map_err(|error| error.to_string());
        match read.and_then(|text| Trust::from_pem(&text).map_err(|error| error.to_string())) {
            Ok(trust) => Some(trust),
            Err(error) => {
                self.mistake(path.span(), format!("{}: {error}", file.display()))
                    .expect("a file of certificates in PEM, from the folder of this file");
                None
            }
        }
    }

    /// `host:port`, as pages call a server.
    fn authority(&mut self, name: &Spanned<String>) -> Option<String> {
        let text = name.get_ref();
        let fits = text.rsplit_once(':').is_some_and(|(host, port)| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._[]:".contains(&byte);
            !host.is_empty()
                && host.bytes().all(plain)
                && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !fits {
            self.mistake(
                name.span(),
                format!("{text:?} is not how a page calls a server"),
            )
            .expect("`host:port`, `localhost:8080`");
            return None;
        }
        Some(text.to_ascii_lowercase())
    }
}
