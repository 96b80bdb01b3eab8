//! What stands between the messages of a dialect and a wire that no template can write.

use std::fmt;

use crate::terms::Direction;

/// Puts payloads of a wire into JSON and back, for a dialect with `framing: program`.
///
/// Several links and both ends of each ask it, so what it says of one payload must not depend on what it was asked before.
pub trait Translator: fmt::Debug + Send + Sync {
    /// The message that this payload is, as JSON text; `None`: it is none that is known, or nothing can be told any more.
    fn read(&self, direction: Direction, payload: &[u8]) -> Option<String>;

    /// The payload that this message is, JSON text, on its way to the server; `None`: there is no such message, or nothing can be told any more.
    fn write(&self, message: &str) -> Option<Vec<u8>>;

    /// Why nothing can be told any more, for a person.
    fn failure(&self) -> Option<String>;
}
