//! Scenarios as a test of another crate.

use std::path::Path;
use std::sync::Arc;

use super::Project;
use crate::peer::browser::Pool;
use crate::record::Weight;
use crate::record::runs::{self, RunFolder};
use crate::report::{self, Told};
use crate::run::Run;
use crate::stage::Setting;
use crate::suite::{self, Plan, Played};

impl Project {
    /// [`Project::load`] for a test.
    ///
    /// # Panics
    /// If the file has mistakes, with all of them.
    pub fn in_test(path: impl AsRef<Path>) -> Self {
        match Self::load(path.as_ref()) {
            Ok(project) => project,
            Err(mistakes) => panic!("{}", mistakes.render(false)),
        }
    }

    /// Plays every scenario with every cast and compares the logs with their snapshots, for use in a test:
    ///
    /// ```no_run
    /// #[test]
    /// fn signaling() {
    ///     glare::project::Project::in_test("glare.toml").verify();
    /// }
    /// ```
    ///
    /// `GLARE_STACKS=native` leaves out all casts with other stacks; otherwise a missing browser is a failure. `GLARE_ACCEPT=1` writes the logs
    /// of passing cases as their snapshots, except under CI, where a case without a snapshot is a failure. The records stand in `.glare/runs`.
    /// Answers the summary that `glare run` prints.
    ///
    /// # Panics
    /// If anything is not green, with all that a person needs; if nothing could be played, or all is unsupported.
    pub fn verify(&self) -> String {
        match self.play() {
            Ok((played, left_out)) => {
                let told: Vec<Told> = (played.iter()).filter_map(|one| one.told().ok()).collect();
                let explained: Vec<String> = (told.iter())
                    .filter_map(|told| match report::failure(told, false) {
                        None if is_green(told) => None,
                        None => Some(report::case_line(told)),
                        explained => explained,
                    })
                    .collect();
                let mut summary = report::summary(&told);
                if left_out > 0 {
                    summary.push_str(&format!(", {left_out} casts left out by GLARE_STACKS"));
                }
                assert!(
                    explained.is_empty() && told.len() == played.len(),
                    "{summary}\n\n{}",
                    explained.join("\n")
                );
                let why: Vec<String> = told.iter().map(report::case_line).collect();
                assert!(
                    !report::is_all_unsupported(&told),
                    "{summary}: nothing was played\n\n{}",
                    why.join("\n")
                );
                summary
            }
            Err(why) => panic!("{why}"),
        }
    }

    /// What was played, and how many casts were left out.
    fn play(&self) -> Result<(Vec<Played>, usize), String> {
        let stacks = suite::stacks()?;
        let files = suite::files(&self.scenarios).map_err(|error| error.to_string())?;
        let (scenarios, mistakes) = suite::read(&files);
        if !mistakes.is_empty() {
            let told: Vec<String> = mistakes.iter().map(|file| file.render(false)).collect();
            return Err(told.join("\n"));
        }
        self.logins_are_for(scenarios.iter().map(|one| &**one))?;
        self.has_secrets_of(scenarios.iter().map(|one| &**one))?;
        let (cases, left_out) = suite::cases(&scenarios, &[], &stacks);
        if cases.is_empty() {
            return Err(format!(
                "nothing to play: {} scenario files, {left_out} casts left out by GLARE_STACKS",
                files.len()
            ));
        }
        let plan = Plan {
            repeat: 1,
            until_failure: false,
            accept: is_set("GLARE_ACCEPT") && !is_set("CI"),
            records: Some(
                RunFolder::create(Path::new(runs::FOLDER), runs::KEPT)
                    .map_err(|error| format!("no folder {} for records: {error}", runs::FOLDER))?,
            ),
            home: self.home.clone(),
        };
        let setting = self.setting().map_err(|error| error.to_string())?;
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|error| format!("no runtime for the scenarios: {error}"))?;
        let played = runtime.block_on(suite::run(cases, Arc::new(setting), plan, &|_| ()));
        Ok((played, left_out))
    }

    /// The setting of a run of this project, in this process's own run and pool.
    ///
    /// # Errors
    /// The run's folder or watchdog, or the pool, cannot be had.
    pub fn setting(&self) -> Result<Setting, crate::peer::browser::EnvironmentError> {
        let mut setting = Setting::new(
            self.server.clone(),
            self.dialect.clone(),
            Pool::global()?.clone(),
            Run::global()?.clone(),
        );
        setting.options = self.again.clone().into();
        setting.translator = self.translator.clone();
        setting.security = self.security.clone();
        setting.headers = self.headers.clone().into();
        setting.logins = self.logins.clone().into();
        setting.app.clone_from(&self.app);
        setting.secrets = self.secrets.clone().into();
        setting.filled = self.filled.clone().into();
        Ok(setting)
    }
}

fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty())
}

fn is_green(told: &Told) -> bool {
    told.story.verdict.weight(is_set("CI")) == Weight::Green
}
