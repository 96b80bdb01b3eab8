//! What one server was asked, beside others.

use super::play::Answer;

/// One server, and what it was found to be.
#[derive(Clone, Debug)]
pub struct Column {
    /// What it is called beside others; `None` if it is the only one.
    pub name: Option<String>,
    /// The server.
    pub server: String,
    /// What it was found to be.
    pub answers: Vec<Answer>,
}
