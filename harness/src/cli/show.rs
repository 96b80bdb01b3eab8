//! `glare show`: what a record tells, on the terminal as it was live, or as a page.

use std::path::{Path, PathBuf};

use super::run::tell_end;
use super::{Exit, colour, complain, say};
use crate::record::runs::{self, RunFolder};
use crate::record::{CaseEntry, Story, StoryError, Sums};
use crate::report::{self, Told};

/// Show what the record of a case tells
#[derive(clap::Args)]
pub(super) struct Show {
    /// A record (trace.jsonl), a case's folder, or a run's folder with several; without it, the newest run of .glare/runs
    record: Option<PathBuf>,
    /// Write the case as one HTML page to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Of a run: print the logs, each once, with the casts that had it
    #[arg(long)]
    logs: bool,
}

impl Show {
    pub(super) fn execute(self) -> Exit {
        let latest = || Path::new(runs::FOLDER).join(runs::LATEST);
        let asked = match self.record {
            None => latest(),
            Some(word) if word.as_os_str() == runs::LATEST && !word.exists() => latest(),
            Some(path) => path,
        };
        if self.html.is_none() && !asked.join(runs::TRACE).exists() {
            let (cases, sums) = RunFolder::told(&asked);
            if !cases.is_empty() {
                return run(&asked, &cases, sums, self.logs);
            }
        }
        let mut stories = Vec::new();
        for path in records(&asked) {
            match Story::open(&path) {
                Ok(story) => stories.push(story),
                Err(error) => {
                    let unreadable = matches!(error, StoryError::Unreadable { .. });
                    complain(report::tame(&error.to_string()));
                    return if unreadable {
                        Exit::Usage
                    } else {
                        Exit::Invalid
                    };
                }
            }
        }
        if let Some(file) = &self.html {
            return page(&stories, file);
        }
        let told: Vec<Told> = stories.into_iter().map(Told::from).collect();
        for told in &told {
            say(report::case_line(told));
        }
        for explained in (told.iter()).filter_map(|told| report::failure(told, colour())) {
            complain(format!("\n{}", explained.trim_end()));
        }
        Exit::Pass
    }
}

fn refuse(error: &StoryError) -> Exit {
    complain(report::tame(&error.to_string()));
    match error {
        StoryError::Unreadable { .. } => Exit::Usage,
        StoryError::Wrong { .. } => Exit::Invalid,
    }
}

/// A whole run, as it was told: the cases as they ended, then what is said when all is over.
fn run(folder: &Path, cases: &[CaseEntry], sums: Option<Sums>, logs: bool) -> Exit {
    let mut all = Vec::new();
    for entry in cases {
        match Told::read(folder, entry) {
            Ok(told) => {
                say(report::case_line(&told));
                all.push((&entry.record, told));
            }
            Err(error) => return refuse(&error),
        }
    }
    let Some(sums) = sums else {
        complain(
            "the run did not come to its end: what is not here was not played, or has no verdict",
        );
        return Exit::Pass;
    };
    all.sort_by_key(|(record, _)| sums.order.iter().position(|one| one == *record));
    let told: Vec<Told> = all.into_iter().map(|(_, told)| told).collect();
    tell_end(&told, &sums, logs);
    Exit::Pass
}

/// The record itself, or, for a run's folder, those of its cases by their names.
fn records(asked: &Path) -> Vec<PathBuf> {
    let cases = RunFolder::cases(asked);
    if asked.join(runs::TRACE).exists() || cases.is_empty() {
        return vec![asked.to_owned()];
    }
    cases
}

fn page(stories: &[Story], file: &Path) -> Exit {
    let [story] = stories else {
        complain(format!(
            "a page is of one case, and this run has {}: name the folder of one",
            stories.len()
        ));
        return Exit::Usage;
    };
    match runs::write_whole(file, report::page(story).as_bytes()) {
        Ok(()) => {
            say(format!("written to {}", file.display()));
            Exit::Pass
        }
        Err(error) => {
            complain(format!("{} cannot be written: {error}", file.display()));
            Exit::Environment
        }
    }
}
