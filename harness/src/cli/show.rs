//! `glare show`: what a record tells, on the terminal as it was live, or as a page.

use std::path::{Path, PathBuf};

use super::{Exit, colour, complain, say};
use crate::record::runs::{self, RunFolder};
use crate::record::{Story, StoryError};
use crate::report::{self, Told};

/// Show what the record of a case tells
#[derive(clap::Args)]
pub(super) struct Show {
    /// A record (trace.jsonl), a case's folder, or a run's folder with several; without it, the newest run of .glare/runs
    record: Option<PathBuf>,
    /// Write the case as one HTML page to FILE
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

impl Show {
    pub(super) fn execute(self) -> Exit {
        let latest = || Path::new(runs::FOLDER).join(runs::LATEST);
        let asked = match self.record {
            None => latest(),
            Some(word) if word.as_os_str() == runs::LATEST && !word.exists() => latest(),
            Some(path) => path,
        };
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
