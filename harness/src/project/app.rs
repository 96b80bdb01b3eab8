//! `[app]`: where the pages of peers with `app:` come from, if not from the server under test.

use std::path::Path;

use toml::Spanned;

use super::file::Reader;
use super::tables::App;
use crate::server::{AppFrom, AppSpec, CommandSpec, ServerUrl};

impl Reader {
    /// Where pages come from.
    pub(super) fn app(&mut self, app: App, folder: &Path) -> Option<AppSpec> {
        let mut names = Vec::new();
        for name in &app.names {
            names.extend(self.authority(name));
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
                match text.parse::<ServerUrl>() {
                    Ok(known) if !known.is_tls() => AppFrom::Url(known),
                    Ok(_) => {
                        self.mistake(url.span(), "the pages come by https")
                            .expect("`http://…`: a secure context on loopback as well");
                        return None;
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
