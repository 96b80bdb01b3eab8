//! The vocabulary between whoever decides and whoever does: commands, what comes of them, what happens by itself; what a step wants of a
//! peer's connection, and how that ended. Pure.

mod command;
mod deed;
#[cfg(test)]
pub(crate) mod fake;
mod fault;

pub use command::{Command, Hand, HandError, Happening, Happenings, Reply};
pub use deed::Deed;
pub use fault::PeerFault;
