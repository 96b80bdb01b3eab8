//! `glare check`: all mistakes of files, each underlined; nothing is booted.

use super::{Exit, Paths, complain, say, show_mistakes};
use crate::suite;

pub(super) fn execute(paths: &Paths) -> Exit {
    let files = match suite::files(&paths.paths) {
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
    // A file with mistakes may have lost the very name or tag that it would be known by: it is always shown.
    let good = match paths.narrow.apply(good) {
        Ok(good) => good,
        Err(exit) if mistakes.is_empty() => return exit,
        Err(_) => Vec::new(),
    };
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
