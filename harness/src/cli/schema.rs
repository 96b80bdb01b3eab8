//! `glare schema`: the JSON schema of scenario files.

use super::{Exit, say};

pub(super) fn execute() -> Exit {
    say(format!("{:#}", crate::scenario::schema()));
    Exit::Pass
}
