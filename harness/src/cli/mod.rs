//! The command line: one file a command.

mod check;
mod dialect;
mod doctor;
mod driver_flags;
mod faults;
mod list;
mod narrow;
mod paths;
mod playing;
mod progress;
mod run;
mod schema;
mod serve;
mod server_flags;
mod show;
mod validate;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::mistake::Mistakes;

/// How the command ends. The numbers are an interface: scripts read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything passed, or is new; what a server cannot do is counted and does not change this. Which verdict does what:
    /// [`Verdict`](crate::record::Verdict).
    Pass = 0,
    /// A scenario failed, or, under CI, has no snapshot.
    Fail = 1,
    /// The command line is wrong.
    Usage = 2,
    /// A scenario, dialect or record has mistakes.
    Invalid = 3,
    /// Something this machine must have is missing: a browser, a driver, a port.
    Environment = 4,
    /// Something says nothing: the environment broke, laws were not asked, the record is not whole, or the run was interrupted.
    Inconclusive = 5,
    /// Nothing was selected, or nothing of it could be played.
    Nothing = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// Headless integration test harness for WebRTC signaling.
#[derive(Parser)]
#[command(name = "glare", version, after_help = EXITS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXITS: &str = "Exit status: 0 passed, 1 failed, 2 wrong usage, 3 a file has mistakes, \
4 a browser, driver or port is missing, 5 inconclusive, 6 nothing selected, or all of it unsupported";

#[derive(Subcommand)]
enum Command {
    /// Play scenarios
    Run(Box<run::Run>),
    /// Show what the record of a case tells, on the terminal as it was live, or as an HTML page
    Show(show::Show),
    /// Show all mistakes of scenario files, and what is probably not meant; nothing is booted
    Check(check::Check),
    /// Play scenarios natively with each planted fault that they name: is it caught, and where they say?
    Faults(faults::Faults),
    /// Ask a server numbered cases: what can it be trusted with?
    Validate(Box<validate::Validate>),
    /// List scenarios with their casts
    List(paths::Paths),
    /// Look whether this machine can play scenarios, and say what to do
    Doctor(doctor::Doctor),
    /// Write a dialect: how your server is talked to
    Dialect(dialect::Dialect),
    /// Print the JSON schema of scenario files, for editors
    Schema,
    /// Run the reference signaling server
    Serve(serve::Serve),
    /// Print a completion script for a shell
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
}

/// Reads the arguments, does what they say, and answers the exit status.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let status = if error.use_stderr() {
                Exit::Usage
            } else {
                Exit::Pass
            };
            drop(error.print());
            return status.into();
        }
    };
    let exit = match arguments.command {
        Command::Run(run) => run.execute(),
        Command::Show(show) => show.execute(),
        Command::Check(check) => check.execute(),
        Command::Faults(faults) => faults.execute(),
        Command::Validate(validate) => validate.execute(),
        Command::List(paths) => list::execute(&paths),
        Command::Doctor(doctor) => doctor.execute(),
        Command::Dialect(dialect) => dialect.execute(),
        Command::Schema => schema::execute(),
        Command::Serve(serve) => serve.execute(),
        Command::Completions { shell } => {
            let mut command = <Arguments as clap::CommandFactory>::command();
            // Into memory first: `generate` panics when its reader went away.
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut command, "glare", &mut script);
            drop(std::io::stdout().write_all(&script));
            Exit::Pass
        }
    };
    exit.into()
}

/// A line on standard output. A reader that went away is no error: `glare list | head` is right.
fn say(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}

/// A line on standard error.
fn complain(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Whether standard error is a terminal that wants colours (<https://no-color.org>).
fn colour() -> bool {
    use std::io::IsTerminal as _;
    std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Warns of what a dialect says that can never happen: it can be played, but nobody means it.
fn show_doubts(dialect: &crate::signaling::Dialect) {
    let doubts = dialect.doubts().into_warnings();
    if !doubts.is_empty() {
        show_mistakes(&[doubts]);
    }
}

fn show_mistakes(all: &[Mistakes]) {
    for mistakes in all {
        complain(mistakes.render(colour()));
    }
}
