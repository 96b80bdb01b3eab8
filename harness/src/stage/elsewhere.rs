//! What is not done to a server or a browser that somebody else has started, and how strangers reach such a server.

use std::sync::Arc;

use super::{Case, Setting};
use crate::peer::browser::Pool;
use crate::peer::{Kill, next_address};
use crate::scenario::{Action, Demands, Need};
use crate::server::UrlSpec;
use crate::tap::{HoldId, LinkChange, Passing, Policy, Tap, TapOptions, Verdict};

/// Why this case is not played against that server: it wants the server's process, or what only its owner may allow.
pub(super) fn withheld(case: &Case, server: &UrlSpec) -> Option<String> {
    let demanding = |demands: Demands| {
        let mut steps = case.scenario.steps.iter().enumerate();
        steps.find_map(|(index, step)| {
            (step.action.demands() == demands)
                .then(|| format!("step {} (`{}`)", index + 1, step.action.verb()))
        })
    };
    let url = &server.url;
    if let Some(step) = demanding(Demands::Control) {
        return Some(format!(
            "{step} needs a server that glare has started; the one at {url} it neither ends nor pauses"
        ));
    }
    if case.scenario.needs.contains(&Need::Restart) {
        return Some(format!("nothing restarts the server at {url}"));
    }
    let step = demanding(Demands::Consent).filter(|_| !server.owned)?;
    Some(format!(
        "{step} is nasty to the server: with --i-own-this-server it is played against {url} all the same"
    ))
}

/// Why this case is not played with browsers elsewhere: to end a session is to ask the browser to go, which is not how a crash looks to others.
pub(super) fn unkillable(case: &Case, pool: &Pool) -> Option<String> {
    case.scenario
        .steps
        .iter()
        .enumerate()
        .find_map(|(index, step)| {
            let Action::Kill {
                peer,
                how: Kill::Browser,
            } = &step.action
            else {
                return None;
            };
            let stack = case.stack(peer);
            let driver = pool.remote(stack)?;
            Some(format!(
                "step {} kills a browser, and the {stack} at {driver} can only be asked to end",
                index + 1
            ))
        })
}

/// Passes everything, and writes nothing down.
struct Open;

impl Policy for Open {
    fn link(&self, _: u32, _: LinkChange) {}

    fn judge(&self, _: &Passing<'_>, _: HoldId) -> Verdict {
        Verdict::Pass
    }
}

/// The way by which strangers go to a server at a URL, where they must name it and may have to speak TLS as peers do: a tap that looks away.
/// `None` if the server is glare's own.
pub(super) async fn way(
    setting: &Setting,
    server: std::net::SocketAddr,
) -> std::io::Result<Option<Tap>> {
    let Some(site) = setting.server.site() else {
        return Ok(None);
    };
    let mut options = TapOptions::new(next_address().into(), server);
    options.site = Some(site);
    options.headers = setting.headers.clone();
    options.trust = (setting.security.as_ref()).map(|security| security.servers().clone());
    Tap::start(options, Arc::new(Open)).await.map(Some)
}
