//! `glare faults`: whether scenarios catch the planted faults that they name, and where they say.

use glare_signaling_server::Faults as Planted;

use super::paths::Paths;
use super::{Exit, complain, say, show_mistakes};
use crate::stage::Setting;
use crate::suite;

/// Play scenarios with each planted fault that they name, natively where they can be: is it caught, and where they say?
#[derive(clap::Args)]
pub(super) struct Faults {
    #[command(flatten)]
    paths: Paths,
    /// Small random delays at the tap, from this seed: a fault that is only caught by luck is not caught then
    #[arg(long, value_name = "SEED")]
    shake: Option<u64>,
}

impl Faults {
    pub(super) fn execute(self) -> Exit {
        execute(&self.paths, self.shake)
    }
}

fn execute(paths: &Paths, shake: Option<u64>) -> Exit {
    let files = match paths.files() {
        Ok(files) => files,
        Err(exit) => return exit,
    };
    let (scenarios, mistakes) = suite::read(&files);
    if !mistakes.is_empty() {
        show_mistakes(&mistakes);
        return Exit::Invalid;
    }
    if scenarios.is_empty() {
        complain("no scenario file there: expected *.yaml");
        return Exit::Nothing;
    }
    let scenarios = match paths.narrow.apply(scenarios) {
        Ok(scenarios) => scenarios,
        Err(exit) => return exit,
    };
    let stacks = match suite::stacks() {
        Ok(stacks) => stacks,
        Err(error) => {
            complain(error);
            return Exit::Usage;
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain(format!("no runtime: {error}"));
            return Exit::Environment;
        }
    };
    let setting = match Setting::reference(Planted::none()) {
        Ok(setting) => Setting { shake, ..setting },
        Err(error) => {
            complain(error);
            return Exit::Environment;
        }
    };
    let table = runtime.block_on(async {
        tokio::select! {
            table = suite::planted(&scenarios, &setting, &stacks) => Some(table),
            _ = tokio::signal::ctrl_c() => None,
        }
    });
    runtime.block_on(setting.pool.shutdown());
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    let cleared = setting.run.end();
    let Some(mut table) = table else {
        complain("interrupted; everything that was started is ended");
        return Exit::Inconclusive;
    };
    if paths.narrow.is_some() {
        // A part of the scenarios need not catch every fault.
        table.uncaught.clear();
    }
    say(suite::table(&table).trim_end());
    if let Err(error) = cleared {
        complain(error);
        return Exit::Fail;
    }
    if table.is_whole() {
        Exit::Pass
    } else {
        Exit::Fail
    }
}
