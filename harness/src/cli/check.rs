//! `glare check`: all mistakes of files, each underlined; nothing is booted.

use std::path::PathBuf;

use super::{Exit, complain, say, show_mistakes};
use crate::suite;

pub(super) fn execute(paths: &[PathBuf]) -> Exit {
    let files = match suite::files(paths) {
        Ok(files) => files,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    if files.is_empty() {
        complain("no scenario file there: expected *.yaml");
        return Exit::Nothing;
    }
    let (good, mistakes) = suite::read(&files);
    show_mistakes(&mistakes);
    let number: usize = mistakes.iter().map(|of| of.len()).sum();
    say(format!(
        "{} good, {} with {number} mistakes",
        good.len(),
        mistakes.len()
    ));
    if mistakes.is_empty() {
        Exit::Pass
    } else {
        Exit::Invalid
    }
}
