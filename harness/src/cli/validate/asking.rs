//! Asks the servers one after another, tells what was found, and writes it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::told::{Counts, told, told_beyond};
use crate::cli::{Exit, complain, say};
use crate::report::tame;
use crate::server::ServerSpec;
use crate::stage::Setting;
use crate::validate::{self, Answer, Case, Column, Deviations, Section};

/// A server that is asked, besides its setting.
pub(super) struct Asked {
    /// What it is called beside others; `None` if it is the only one.
    pub name: Option<String>,
    /// What it is known to do otherwise.
    pub deviations: Deviations,
    /// What plays a case again, without its number.
    pub again: String,
}

/// What is to be told where.
pub(super) struct Sinks {
    pub json: bool,
    pub junit: Option<PathBuf>,
    pub html: Option<PathBuf>,
}

/// What one server was found to be.
struct Found {
    column: Column,
    exit: Exit,
    /// Its counts, and how long that took.
    last: String,
}

/// Asks each of them all cases.
pub(super) async fn perform(
    sections: &[Section],
    servers: Vec<(Arc<Setting>, Asked)>,
    sinks: &Sinks,
) -> Exit {
    let cases: Vec<Case> = sections
        .iter()
        .flat_map(|section| section.cases.iter().cloned())
        .collect();
    let mut all = Vec::new();
    for (setting, asked) in &servers {
        let found = ask(&cases, setting, asked).await;
        if !sinks.json {
            if let Some(name) = &asked.name {
                say(format!("{}: {}", tame(name), tame(&found.column.server)));
            }
            told(sections, &found.column.answers, &asked.again);
            told_beyond(&found.column.answers);
        }
        all.push(found);
    }
    let lasts: Vec<String> = all.iter().map(Found::last).collect();
    let exit = all.iter().map(|found| found.exit).max_by_key(weight);
    let columns: Vec<Column> = all.into_iter().map(|found| found.column).collect();
    if let Err(why) = written(sinks, sections, &columns) {
        complain(why);
        return Exit::Environment;
    }
    if sinks.json {
        say(format!("{:#}", validate::as_json(&columns)));
    }
    for last in lasts {
        match sinks.json {
            true => complain(last),
            false => say(last),
        }
    }
    exit.unwrap_or(Exit::Nothing)
}

impl Found {
    fn last(&self) -> String {
        match &self.column.name {
            Some(name) => format!("{}: {}", tame(name), self.last),
            None => self.last.clone(),
        }
    }
}

/// Of several servers the worst counts.
fn weight(exit: &Exit) -> u8 {
    match exit {
        Exit::Pass => 0,
        Exit::Fail => 2,
        _ => 1,
    }
}

/// So many letters are in a line.
const WIDTH: usize = 70;

async fn ask(cases: &[Case], setting: &Arc<Setting>, asked: &Asked) -> Found {
    let began = Instant::now();
    let of = asked.name.as_ref().map(|name| format!("{}: ", tame(name)));
    let of = of.unwrap_or_default();
    if !of.is_empty() {
        complain(of.trim_end());
    }
    // They are played side by side: in the order in which they end.
    let told = AtomicUsize::new(0);
    let tell = |answer: &Answer| {
        let mut out = std::io::stderr().lock();
        let before = told.fetch_add(1, Ordering::Relaxed);
        let turn = if before > 0 && before.is_multiple_of(WIDTH) {
            "\n"
        } else {
            ""
        };
        drop(write!(out, "{turn}{}", answer.says.letter()).and_then(|()| out.flush()));
    };
    let mut answers = validate::ask_all(cases, setting, &tell).await;
    complain("");
    for number in asked.deviations.mark(&mut answers) {
        complain(format!(
            "{of}deviations: {number} holds after all; take it out of the file"
        ));
    }
    let took = began.elapsed().as_secs_f64();
    let counts = Counts::of(&answers);
    let left = cases.len() - answers.len();
    let is_unsupported = |answer: &Answer| answer.says.word() == "unsupported";
    let exit = if counts.any("broken") {
        Exit::Fail
    } else if counts.any("inconclusive") || left > 0 {
        Exit::Inconclusive
    } else if !answers.is_empty() && answers.iter().all(is_unsupported) {
        complain(format!(
            "{of}nothing was asked: all that was selected is unsupported"
        ));
        Exit::Nothing
    } else {
        Exit::Pass
    };
    let shown = match (answers.is_empty(), left) {
        (_, 0) => counts.shown(),
        (true, left) => format!("{left} not played"),
        (false, left) => format!("{}, {left} not played", counts.shown()),
    };
    let column = Column {
        name: asked.name.clone(),
        server: setting.server.name(),
        answers,
    };
    Found {
        exit,
        last: format!("{shown} in {took:.1} s{}", on_one(setting, &column.answers)),
        column,
    }
}

/// How many were seen to hold on one process, where that was wanted.
fn on_one(setting: &Setting, answers: &[Answer]) -> String {
    let shared = answers.iter().filter(|answer| answer.shared).count();
    match (&setting.server, shared) {
        (ServerSpec::Command(spec), 0) if spec.one_process => {
            "; none was seen to hold on one process".to_owned()
        }
        (_, 0) => String::new(),
        (_, shared) => format!("; {shared} were seen to hold on one process"),
    }
}

/// What is wanted as files; or which of them cannot be written.
fn written(sinks: &Sinks, sections: &[Section], columns: &[Column]) -> Result<(), String> {
    let write = |path: &Path, text: String| {
        std::fs::write(path, text)
            .map_err(|error| format!("{} cannot be written: {error}", path.display()))
    };
    if let Some(path) = &sinks.junit {
        write(path, validate::as_junit(columns))?;
    }
    if let Some(path) = &sinks.html {
        write(path, validate::matrix(sections, columns))?;
    }
    Ok(())
}
