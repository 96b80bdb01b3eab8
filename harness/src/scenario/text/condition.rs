//! What a step waits for, for a person.

use super::words::with;
use crate::names::PeerName;
use crate::scenario::model::{Condition, Pattern};

impl Condition {
    /// The condition as words: what did not happen.
    pub fn describe(&self) -> String {
        let from = |from: &Option<PeerName>| {
            from.as_ref()
                .map(|from| format!(" from {from}"))
                .unwrap_or_default()
        };
        match self {
            Condition::Hears {
                peer,
                kind,
                from: who,
            } => format!("{peer} hears {kind}{}", from(who)),
            Condition::Held(Pattern {
                message,
                from: who,
                to,
                ..
            }) => {
                let to = to
                    .as_ref()
                    .map(|to| format!(" to {to}"))
                    .unwrap_or_default();
                format!("the tap holds {message}{}{to}", from(who))
            }
            Condition::Connected { peers } => {
                let peers: Vec<&str> = peers.iter().map(PeerName::as_str).collect();
                format!("{} connected", peers.join(" and "))
            }
            Condition::State {
                peer,
                with: who,
                machine,
                state,
            } => format!("{peer}'s {} state {state}{}", machine.as_str(), with(who)),
            Condition::Channel {
                peer,
                with: who,
                label,
                state,
            } => format!("{peer}'s channel {label} {state}{}", with(who)),
            Condition::Said {
                peer,
                from: who,
                text,
            } => format!("{peer} hears {text:?}{} through a channel", from(who)),
            Condition::Applied { peer, what } => format!("{peer}'s stack takes in a remote {what}"),
            Condition::Error { peer, during } => format!("{peer}'s stack refuses {during}"),
            Condition::RoomEnded { peer } => format!("{peer} is told that the room is gone"),
            Condition::Disconnected { peer } => format!("{peer}'s signaling connection ends"),
            Condition::Passes(sought) => sought.to_string(),
        }
    }

    /// What was waited for, for a person; what came instead follows: `alice waited for peer-left from bob`.
    pub fn waited(&self) -> String {
        match self {
            Condition::Hears { peer, kind, from } => {
                let from = from.as_ref().map(|from| format!(" from {from}"));
                format!("{peer} waited for {kind}{}", from.unwrap_or_default())
            }
            Condition::Said { peer, from, text } => {
                let from = from.as_ref().map(|from| format!(" from {from}"));
                let from = from.unwrap_or_default();
                format!("{peer} waited for {text:?}{from} through a channel")
            }
            other => format!("this step waited until {}", other.until()),
        }
    }

    /// What holds then.
    fn until(&self) -> String {
        match self {
            Condition::Connected { peers } => {
                let peers: Vec<&str> = peers.iter().map(PeerName::as_str).collect();
                let verb = if peers.len() == 1 { "is" } else { "are" };
                format!("{} {verb} connected", peers.join(" and "))
            }
            Condition::State {
                peer,
                with: who,
                machine,
                state,
            } => format!(
                "{peer}'s {} state is {state}{}",
                machine.as_str(),
                with(who)
            ),
            Condition::Channel {
                peer,
                with: who,
                label,
                state,
            } => format!("{peer}'s channel {label} is {state}{}", with(who)),
            other => other.describe(),
        }
    }
}
