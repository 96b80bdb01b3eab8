//! `glare dialect`: write a dialect, see what is wrong with it, try it on its server.

mod check;
mod create;
mod trial;

use super::{Exit, say};
use crate::signaling::{dialect_reference, dialect_schema};

/// Write a dialect: how your server is talked to
#[derive(clap::Args)]
pub(super) struct Dialect {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Write a file to begin with
    New(create::New),
    /// Show all mistakes of dialect files, and what in them can never happen; nothing is booted
    Check(check::Check),
    /// Let two native peers meet on your server, and show each message beside what was understood of it
    Try(Box<trial::Try>),
    /// Print the JSON schema of dialect files, for editors
    Schema,
    /// Print the page of reference: each key, its shape, what is so without it, what it says, an example
    Reference,
}

impl Dialect {
    pub(super) fn execute(self) -> Exit {
        match self.command {
            Command::New(new) => new.execute(),
            Command::Check(check) => check.execute(),
            Command::Try(trial) => trial.execute(),
            Command::Schema => {
                say(format!("{:#}", dialect_schema()));
                Exit::Pass
            }
            Command::Reference => {
                say(dialect_reference().trim_end());
                Exit::Pass
            }
        }
    }
}
