//! Looking a verb or a condition up.

use super::conditions::CONDITIONS;
use super::peers::OF_PEERS;
use super::spec::Verb;
use super::surroundings::AROUND_PEERS;

/// Every verb that has a row.
pub(crate) fn verbs() -> impl Iterator<Item = &'static Verb> {
    OF_PEERS.iter().chain(AROUND_PEERS)
}

/// The verb of this name.
pub(crate) fn verb(name: &str) -> Option<&'static Verb> {
    verbs().find(|verb| verb.name == name)
}

/// The condition of this name.
pub(crate) fn condition(name: &str) -> Option<&'static Verb> {
    CONDITIONS.iter().find(|condition| condition.name == name)
}
