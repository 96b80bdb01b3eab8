//! The command line; see [`glare::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    glare::cli::main()
}
