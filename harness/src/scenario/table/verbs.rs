//! Looking a verb or a condition up.

use super::alone::ALONE;
use super::at_once::AT_ONCE;
use super::conditions::CONDITIONS;
use super::page::PAGE;
use super::spec::Verb;

/// Every verb that has a row.
pub(crate) fn verbs() -> impl Iterator<Item = &'static Verb> {
    AT_ONCE.iter().chain(PAGE).chain(ALONE)
}

/// The verb of this name.
pub(crate) fn verb(name: &str) -> Option<&'static Verb> {
    verbs().find(|verb| verb.name == name)
}

/// The condition of this name.
pub(crate) fn condition(name: &str) -> Option<&'static Verb> {
    CONDITIONS.iter().find(|condition| condition.name == name)
}
