//! What can happen to a server under test.

use serde::{Deserialize, Serialize};

/// What happened to the server under test.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "server", rename_all = "kebab-case")]
pub enum ServerLife {
    /// It answers.
    Ready,
    /// It ended by itself; `status` is the exit status as text.
    Exited { status: String },
    /// After all that was sent it was seen to go on, at the end of a case.
    Alive,
    /// A step ended it.
    Killed,
    /// A step stopped it where it stands.
    Paused,
    /// A step let it go on.
    Resumed,
    /// A line of its output.
    Line { text: String },
}
