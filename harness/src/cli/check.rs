//! `glare check`: all mistakes of files, each underlined, and all warnings; nothing is booted.

use std::path::PathBuf;
use std::sync::Arc;

use super::narrow::Narrow;
use super::paths::{Looked, look, named};
use super::{Exit, complain, say, show_mistakes};
use crate::mistake::{Mistakes, quoted};
use crate::project::unfilled;
use crate::scenario::{Scenario, Sequences};
use crate::suite::{self, SelectError};

/// The scenario files and the files of sequences under these paths.
fn files(paths: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<PathBuf>), SelectError> {
    let mut scenarios = suite::files(paths)?;
    scenarios.retain(|path| !Sequences::is_name_of(path));
    Ok((scenarios, suite::sequence_files(paths)?))
}

/// Show all mistakes of scenario files, and what is probably not meant; nothing is booted
#[derive(clap::Args)]
pub(super) struct Check {
    /// Scenario files, or folders with them; without any, those of the project file, or `scenarios`
    paths: Vec<PathBuf>,
    #[command(flatten)]
    narrow: Narrow,
    /// The project file that gives secrets and logins; `glare.toml` in this folder if there is one
    #[arg(long, value_name = "FILE")]
    project: Option<PathBuf>,
    /// Warnings count as mistakes: the exit status is 3 if there is one
    #[arg(long)]
    strict: bool,
}

impl Check {
    pub(super) fn execute(self) -> Exit {
        let project = look(self.project.as_deref());
        let paths = match self.paths.is_empty() {
            true => match named(project.as_ref()) {
                Ok(paths) => paths,
                Err(exit) => return exit,
            },
            false => self.paths,
        };
        execute(&paths, &self.narrow, project, self.strict)
    }
}

/// What is wrong with the project file, or with what it gives to these scenarios; and what is warned of.
fn of_project(
    project: Option<Looked>,
    scenarios: &[Arc<Scenario>],
) -> (Vec<Mistakes>, Vec<Mistakes>) {
    let (mut mistakes, mut warnings) = (Vec::new(), Vec::new());
    match project {
        None => {
            let unfilled = scenarios.iter().map(|one| unfilled(one));
            suite::merge(&mut warnings, unfilled.collect());
        }
        Some(Err(wrong)) => mistakes.push(wrong),
        Some(Ok((project, unset))) => {
            let lacking = scenarios.iter().map(|one| project.lacks(one));
            suite::merge(&mut mistakes, lacking.collect());
            suite::merge(
                &mut warnings,
                vec![unset, project.dialect.doubts().into_warnings()],
            );
        }
    }
    (mistakes, warnings)
}

fn execute(paths: &[PathBuf], narrow: &Narrow, project: Option<Looked>, strict: bool) -> Exit {
    let (files, sequence_files) = match files(paths) {
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
    let mut warnings = Vec::new();
    if mistakes.is_empty() && !narrow.is_some() {
        for (file, name) in suite::unused(&sequences, &good) {
            let mut of_file = Mistakes::new(file.source().clone());
            let found = format!("no scenario beside it uses {}", quoted(name));
            if let Some(span) = file.span_of(name) {
                of_file.warn(span, found).expect("unused");
            }
            suite::merge(&mut warnings, vec![of_file]);
        }
    }
    // A file with mistakes may have lost the very name or tag that it would be known by: it is always shown.
    let good = match narrow.apply(good) {
        Ok(good) => good,
        Err(exit) if mistakes.is_empty() => return exit,
        Err(_) => Vec::new(),
    };
    suite::merge(&mut warnings, suite::warnings(&good));
    let (lacking, doubts) = of_project(project, &good);
    suite::merge(&mut mistakes, lacking);
    suite::merge(&mut warnings, doubts);
    show_mistakes(&warnings);
    show_mistakes(&mistakes);
    let number = |lists: &[Mistakes]| lists.iter().map(Mistakes::len).sum::<usize>();
    let bad = match (mistakes.len(), number(&mistakes)) {
        (0, _) => String::new(),
        (files, number) => format!(", {files} with {number} mistakes"),
    };
    let doubtful = match number(&warnings) {
        0 => String::new(),
        1 => ", 1 warning".to_owned(),
        number => format!(", {number} warnings"),
    };
    say(format!("{} good{bad}{doubtful}", good.len()));
    match mistakes.is_empty() && (warnings.is_empty() || !strict) {
        true => Exit::Pass,
        false => Exit::Invalid,
    }
}
