//! What is sent, and what is meant by it.

use super::Out;
use crate::signaling::Kind;

/// What whoever sends a message means by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meant {
    /// This word.
    Word(Kind),
    /// No word: part of how one talks to this server.
    Aside,
    /// No word, though it looks like one: it is written in another's name, or spoilt.
    Nothing,
}

/// Something to send, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// What is sent.
    pub out: Out,
    /// The word that it says, or that it says none.
    pub means: Meant,
}
