//! What is not done to a server or a browser that somebody else has started.

use super::Case;
use crate::peer::browser::Pool;
use crate::scenario::{Action, Demands};
use crate::server::UrlSpec;
use crate::signaling::Need;
use crate::terms::Kill;

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
