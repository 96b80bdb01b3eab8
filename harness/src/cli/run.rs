//! `glare run`: play scenarios.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::driver_flags::{self, DriverFlags};
use super::narrow::Narrow;
use super::server_flags::ServerFlags;
use super::{Exit, colour, complain, say, show_doubts, show_mistakes};
use crate::names::Stack;
use crate::peer::browser::Programs;
use crate::record::runs::{self, RunFolder};
use crate::record::{Entry, Sums, Verdict, Weight};
use crate::report::{self, Told};
use crate::scenario::Cast;
use crate::stage::{Case, Setting, Turns};
use crate::suite::{self, Plan, Progress, Shelf};

/// Play scenarios
#[derive(clap::Args)]
pub(super) struct Run {
    /// Scenario files, or folders with them; without any, those of the project file, or `scenarios`
    paths: Vec<PathBuf>,
    #[command(flatten)]
    narrow: Narrow,
    /// Only this cast, `alice=chromium,bob=native` (a part of it is enough); may be given more than once
    #[arg(long, value_name = "CAST")]
    cast: Vec<Cast>,
    /// Play each case this often; says how many different logs there were
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    repeat: u32,
    /// With --repeat: end with the first run that is not green, or whose log differs from those before it
    #[arg(long, requires = "repeat")]
    until_failure: bool,
    /// Small random delays at the tap, from this seed
    #[arg(long, value_name = "SEED")]
    shake: Option<u64>,
    /// How many cases may be busy at once (those that only wait do not count); twice the number of cores by default
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,
    /// How long one case may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    max_time: u64,
    /// Write the logs of passing cases as their snapshots (never in CI)
    #[arg(long)]
    accept: bool,
    /// Print the logs, each once, with the casts that had it
    #[arg(long)]
    logs: bool,
    /// Where records are written: FOLDER/<time>/<case>/trace.jsonl, and FOLDER/latest is the newest run
    #[arg(long, value_name = "FOLDER", default_value = runs::FOLDER)]
    records: PathBuf,
    /// So many runs are kept in that folder; the oldest go
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..))]
    keep_runs: u16,
    #[command(flatten)]
    drivers: DriverFlags,
    #[command(flatten)]
    server: ServerFlags,
}

impl Run {
    pub(super) fn execute(self) -> Exit {
        let logs = self.logs;
        match self.prepare() {
            Ok((cases, setting, plan)) => perform(cases, setting, plan, logs),
            Err(exit) => exit,
        }
    }

    /// What a case needs to be played again as it was now.
    fn again(&self) -> Vec<String> {
        let mut arguments = self.server.arguments();
        arguments.extend(self.drivers.arguments());
        if self.max_time != Setting::MAX_TIME.as_secs() {
            arguments.extend(["--max-time".into(), self.max_time.to_string()]);
        }
        arguments
    }

    fn prepare(self) -> Result<(Vec<Case>, Setting, Plan), Exit> {
        let options = self.again();
        if self.accept && std::env::var_os("CI").is_some_and(|value| !value.is_empty()) {
            complain("--accept: CI is set, and under CI nothing is ever written");
            return Err(Exit::Usage);
        }
        let usage = |error: String| {
            complain(error);
            Exit::Usage
        };
        let stacks = suite::stacks().map_err(usage)?;
        let remotes = self.drivers.resolve()?;
        let mut project = self.server.resolve()?;
        project
            .secrets
            .extend(driver_flags::secrets(remotes.as_ref()));
        let paths = if self.paths.is_empty() {
            &project.scenarios
        } else {
            &self.paths
        };
        let files = suite::files(paths).map_err(|error| usage(error.to_string()))?;
        let (scenarios, mistakes) = suite::read(&files);
        if !mistakes.is_empty() {
            show_mistakes(&mistakes);
            return Err(Exit::Invalid);
        }
        if self.paths.is_empty()
            && let Err(error) = project.logins_are_for(scenarios.iter().map(|one| &**one))
        {
            complain(error);
            return Err(Exit::Invalid);
        }
        let scenarios = self.narrow.apply(scenarios)?;
        if let Err(error) = project.has_secrets_of(scenarios.iter().map(|one| &**one)) {
            complain(error);
            return Err(Exit::Invalid);
        }
        show_doubts(&project.dialect);
        show_mistakes(&suite::warnings(&scenarios));
        suite::known_peers(&self.cast, &scenarios)
            .map_err(|error| usage(format!("--cast: {error}")))?;
        let (cases, left_out) = suite::cases(&scenarios, &self.cast, &stacks);
        if left_out > 0 {
            let casts = if left_out == 1 {
                "1 cast is".into()
            } else {
                format!("{left_out} casts are")
            };
            complain(format!(
                "{casts} left out: GLARE_STACKS allows only {}",
                names(&stacks)
            ));
        }
        if cases.is_empty() {
            complain(match (scenarios.is_empty(), left_out) {
                (true, _) => "nothing selected: there is no scenario file (*.yaml)",
                (false, 0) => {
                    "nothing selected: no scenario has a cast as --cast says; `glare list` shows the files"
                }
                (false, _) => "nothing selected: GLARE_STACKS leaves nothing over",
            });
            return Err(Exit::Nothing);
        }
        let is_elsewhere = |stack| (remotes.as_ref()).is_some_and(|all| all.get(stack).is_some());
        if !has_programs(&cases, is_elsewhere) {
            return Err(Exit::Environment);
        }
        let reached = tokio::runtime::Runtime::new()
            .map_err(|error| format!("no runtime: {error}"))
            .and_then(|runtime| {
                let reaching = project.server.reach(project.security.as_ref());
                runtime
                    .block_on(reaching)
                    .map_err(|error| error.to_string())
            });
        if let Err(error) = reached {
            complain(error);
            return Err(Exit::Environment);
        }
        let run = crate::run::Run::global().map_err(|error| {
            complain(error);
            Exit::Environment
        })?;
        let pool = driver_flags::pool(run.clone(), remotes).map_err(|error| {
            complain(error);
            Exit::Environment
        })?;
        let mut setting = Setting {
            shake: self.shake,
            max_time: Duration::from_secs(self.max_time),
            options: options.into(),
            headers: project.headers.into(),
            app: project.app,
            security: project.security,
            logins: project.logins.into(),
            secrets: project.secrets.into(),
            filled: project.filled.into(),
            translator: project.translator,
            ..Setting::new(project.server, project.dialect, pool, run.clone())
        };
        let records = RunFolder::create(&self.records, usize::from(self.keep_runs));
        let records = records.map_err(|error| {
            let folder = self.records.display();
            complain(format!("records cannot be written to {folder}: {error}"));
            Exit::Environment
        })?;
        if let Some(jobs) = self.jobs {
            setting.turns = Turns::new(usize::from(jobs));
        }
        Ok((
            cases,
            setting,
            Plan {
                repeat: self.repeat,
                until_failure: self.until_failure,
                accept: self.accept,
                records: Some(records),
                home: project.home,
            },
        ))
    }
}

/// Whether the browsers that these cases need are installed, with their drivers; says what is missing.
fn has_programs(cases: &[Case], is_elsewhere: impl Fn(Stack) -> bool) -> bool {
    let wanted: BTreeSet<Stack> = cases
        .iter()
        .flat_map(|case| case.cast.stacks().values().copied())
        .collect();
    let mut all = true;
    let here = |stack: &Stack| stack.is_browser() && !is_elsewhere(*stack);
    for stack in wanted.into_iter().filter(here) {
        if let Err(error) = Programs::find(stack) {
            complain(error);
            all = false;
        }
    }
    if !all {
        complain("GLARE_STACKS=native does without browsers, and says what it leaves out");
    }
    all
}

fn names(stacks: &[Stack]) -> String {
    let names: Vec<&str> = stacks.iter().map(|stack| stack.as_str()).collect();
    names.join(", ")
}

/// How long what is under way may take to end once somebody has interrupted.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

fn perform(cases: Vec<Case>, setting: Setting, plan: Plan, logs: bool) -> Exit {
    let began = Instant::now();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(format!("no runtime: {error}"));
            return Exit::Environment;
        }
    };
    let (pool, own) = (setting.pool.clone(), setting.run.clone());
    let interrupt = setting.interrupt.clone();
    let number = cases.len();
    let records = plan.records.clone();
    let uncompared = !plan.accept && !Shelf::of(&setting.dialect, &plan.home).compares();
    let progress = super::progress::Progress::new();
    // What is done by then is kept, however the rest ends.
    let done: Mutex<Vec<Told>> = Mutex::default();
    let played = runtime.block_on(async {
        let tell = |step: Progress<'_>| match step {
            Progress::Begins(case) => progress.begins(case),
            Progress::Ends(played) => {
                progress.ends(played);
                lock(&done).extend(played.told());
            }
        };
        let mut playing = std::pin::pin!(suite::run(cases, Arc::new(setting), plan, &tell));
        tokio::select! {
            played = &mut playing => Some(played),
            _ = tokio::signal::ctrl_c() => {
                interrupt.cancel();
                tokio::select! {
                    played = tokio::time::timeout(ENDS_WITHIN, playing) => played.ok(),
                    _ = tokio::signal::ctrl_c() => None,
                }
            }
        }
    });
    progress.finish();
    runtime.block_on(pool.shutdown());
    runtime.shutdown_timeout(Duration::from_secs(2));
    let cleared = own.end();
    let told: Vec<Told> = match played {
        Some(played) => (played.iter()).filter_map(|one| one.told().ok()).collect(),
        None => std::mem::take(&mut *lock(&done)),
    };
    let sums = Sums {
        took: u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
        order: (told.iter())
            .filter_map(|told| {
                records
                    .as_ref()?
                    .inside(told.story.facts.record.as_ref()?.as_ref())
            })
            .collect(),
        not_played: number - told.len(),
        interrupted: interrupt.is_cancelled(),
        ci: std::env::var_os("CI").is_some_and(|value| !value.is_empty()),
        uncompared,
    };
    tell_end(&told, &sums, logs);
    if let Some(Err(error)) = records.map(|run| run.note(&Entry::Over(sums.clone()))) {
        complain(format!("the record of the run cannot be written: {error}"));
        return match exit(&told, &sums) {
            Exit::Pass => Exit::Inconclusive,
            exit => exit,
        };
    }
    if let Err(error) = cleared {
        complain(error);
        return Exit::Fail;
    }
    exit(&told, &sums)
}

/// What is said when all is over: live, and again from the records.
pub(super) fn tell_end(told: &[Told], sums: &Sums, logs: bool) {
    for explained in (told.iter()).filter_map(|told| report::failure(told, colour())) {
        complain(format!("\n{}", explained.trim_end()));
    }
    let mut summary = report::summary(told);
    if sums.not_played > 0 {
        summary.push_str(&format!(", {} not played", sums.not_played));
    }
    let took = Duration::from_micros(sums.took);
    say(format!("{summary} in {:.1} s", took.as_secs_f64()));
    let passed = |told: &Told| matches!(told.story.verdict, Verdict::Pass);
    if sums.uncompared && told.iter().any(passed) {
        say("no snapshot yet, so no log was compared with one: --accept writes them");
    }
    if let Some(line) = report::laws(told) {
        say(line);
    }
    for line in report::pictures(told) {
        say(line);
    }
    if logs {
        say(format!("\n{}", report::logs(told).trim_end()));
    }
    let is_new = |told: &&Told| matches!(told.story.verdict, Verdict::New { .. });
    let new = told.iter().filter(is_new).count();
    if sums.ci && new > 0 {
        complain(format!(
            "{new} without a snapshot, and CI is set: play with --accept elsewhere, read what it writes, and commit it"
        ));
    }
    if report::is_all_unsupported(told) {
        complain("nothing was played: all that was selected is unsupported");
    }
    if sums.interrupted {
        complain("interrupted; everything that was started is ended");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the verdicts make of the exit status: see [`Verdict`].
fn exit(told: &[Told], sums: &Sums) -> Exit {
    let weight = told.iter().map(|told| match told.differing().as_slice() {
        [] => told.story.verdict.weight(sums.ci),
        _ => Weight::Red,
    });
    match weight.max() {
        Some(Weight::Red) => Exit::Fail,
        Some(Weight::Nothing) => Exit::Inconclusive,
        _ if sums.not_played > 0 || sums.interrupted => Exit::Inconclusive,
        // Where a dialect lacks a word, say, that every scenario needs: nobody should take that for green.
        _ if report::is_all_unsupported(told) => Exit::Nothing,
        Some(Weight::Green) | None => Exit::Pass,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_which_something_was_not_played_says_nothing() {
        let of = |not_played, interrupted| Sums {
            took: 0,
            order: Vec::new(),
            not_played,
            interrupted,
            ci: false,
            uncompared: false,
        };
        assert!(matches!(exit(&[], &of(0, false)), Exit::Pass));
        assert!(matches!(exit(&[], &of(1, false)), Exit::Inconclusive));
        assert!(matches!(exit(&[], &of(0, true)), Exit::Inconclusive));
    }
}
