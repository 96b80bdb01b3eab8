//! What is asked of a server only where no other case is on it.

use super::elsewhere::MEANT;
use crate::names::RoomName;
use crate::scenario::{Action, Demands, Scenario};
use crate::signaling::Dialect;

/// Why this scenario wants a server to itself; `None`: other cases may be on it, with other names.
pub(crate) fn wants_its_own(scenario: &Scenario, dialect: &Dialect) -> Option<String> {
    let harms = scenario
        .each_step()
        .find(|(_, step)| step.action.demands() != Demands::Nothing);
    if let Some((number, step)) = harms {
        let verb = step.action.verb();
        return Some(format!(
            "step {number} (`{verb}`) may harm whoever is on the server"
        ));
    }
    let takes_time = |action: &Action| matches!(action, Action::Wait(_) | Action::Delay { .. });
    if let Some((number, _)) = (scenario.each_step()).find(|(_, step)| takes_time(&step.action)) {
        return Some(format!(
            "step {number} lets time pass, which others on the server fill"
        ));
    }
    if scenario.peers.iter().any(|(_, spec)| spec.is_app()) {
        return Some("a page says the names of its own user".to_owned());
    }
    if !dialect.names_rooms() {
        return Some("the server puts together whom it likes".to_owned());
    }
    if !dialect.logins().is_empty() {
        return Some("the server knows its users by what they log in with".to_owned());
    }
    let rooms = rooms(scenario);
    if let [_, other, ..] = rooms.as_slice() {
        return Some(format!(
            "what becomes of {other} is seen where there are no more rooms"
        ));
    }
    let peers = scenario.peers.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = peers
        .chain(rooms.iter().map(|room| room.as_str()))
        .collect();
    means_itself(&names).map(|name| format!("the letters of the name `{name}` matter"))
}

fn rooms(scenario: &Scenario) -> Vec<&RoomName> {
    let mut rooms: Vec<&RoomName> = scenario
        .each_step()
        .filter_map(|(_, step)| match &step.action {
            Action::Create { room, .. } | Action::Join { room, .. } => Some(room),
            _ => None,
        })
        .collect();
    rooms.sort_unstable();
    rooms.dedup();
    rooms
}

/// So many letters a plain name has at most.
const PLAIN: usize = 16;

/// A name that is another one when something stands at its end, or that is told from another of them by its end.
fn means_itself<'a>(names: &[&'a str]) -> Option<&'a str> {
    let is_plain = |name: &str| {
        name.len() <= PLAIN
            && name.bytes().all(|byte| byte.is_ascii_lowercase())
            && !MEANT.contains(&name)
    };
    let begins_another = |name: &str| {
        let mut others = names.iter().filter(|other| **other != name);
        others.any(|other| other.starts_with(name))
    };
    let mut all = names.iter().copied();
    all.find(|name| !is_plain(name) || begins_another(name))
}
