//! `glare check`: all mistakes of files, each underlined; nothing is booted.

use std::path::PathBuf;

use super::{Exit, Paths, complain, say, show_mistakes};
use crate::mistake::shown;
use crate::scenario::Sequences;
use crate::suite::{self, SelectError};

/// The scenario files and the files of sequences under these paths.
fn files(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>), SelectError> {
    let mut scenarios = suite::files(paths)?;
    scenarios.retain(|path| !Sequences::is_name_of(path));
    Ok((scenarios, suite::sequence_files(paths)?))
}

pub(super) fn execute(paths: &Paths) -> Exit {
    let (files, sequence_files) = match files(&paths.paths) {
        Ok(files) => files,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    if files.is_empty() && sequence_files.is_empty() {
        complain("no scenario file there: expected *.yaml");
        return Exit::Nothing;
    }
    let sequences: Vec<Sequences> = sequence_files
        .iter()
        .filter_map(|path| Sequences::load(path))
        .collect();
    let (good, told) = suite::read(&files);
    let mut mistakes: Vec<_> = sequences
        .iter()
        .filter_map(|file| file.check().err())
        .collect();
    // What is wrong with a sequence is told with those who use it.
    suite::merge(&mut mistakes, told);
    if mistakes.is_empty() && !paths.narrow.is_some() {
        for (file, name) in suite::unused(&sequences, &good) {
            let path = file.source().path.display().to_string();
            let line = file.span_of(name).map_or(1, |span| span.line);
            complain(format!(
                "{}:{line}: no scenario beside it uses `{name}`",
                shown(&path)
            ));
        }
    }
    for scenario in &good {
        for (span, why) in scenario.doubts() {
            let line = span.line;
            complain(format!(
                "{}:{line}: {}",
                shown(&scenario.file()),
                shown(&why)
            ));
        }
    }
    // A file with mistakes may have lost the very name or tag that it would be known by: it is always shown.
    let good = match paths.narrow.apply(good) {
        Ok(good) => good,
        Err(exit) if mistakes.is_empty() => return exit,
        Err(_) => Vec::new(),
    };
    show_mistakes(&mistakes);
    let number: usize = mistakes.iter().map(|of| of.len()).sum();
    let bad = match mistakes.len() {
        0 => String::new(),
        files => format!(", {files} with {number} mistakes"),
    };
    say(format!("{} good{bad}", good.len()));
    if mistakes.is_empty() {
        Exit::Pass
    } else {
        Exit::Invalid
    }
}
