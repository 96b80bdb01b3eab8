//! What commands share that play against servers, and leave nothing behind.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Exit, complain};
use crate::peer::browser::Pool;
use crate::project::Project;
use crate::run::Run;
use crate::stage::Setting;

/// How long what is still under way may take once the work is done.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// Looks whether the servers of these projects can be reached, does the work with a setting for each, in their order, and ends the run. Ctrl-C
/// cancels their `interrupt`, which they share; a second one waits for nothing more.
pub(super) fn playing(
    projects: Vec<Project>,
    work: impl AsyncFnOnce(Vec<Arc<Setting>>) -> Exit,
) -> Exit {
    match prepared(projects) {
        Ok((runtime, run, settings)) => {
            let exit = runtime.block_on(interruptible(settings, work));
            runtime.shutdown_timeout(ENDS_WITHIN);
            match run.end() {
                Ok(()) => exit,
                Err(error) => {
                    complain(error);
                    Exit::Fail
                }
            }
        }
        Err(why) => {
            complain(why);
            Exit::Environment
        }
    }
}

/// What the work needs of this machine, or what it lacks.
fn prepared(
    projects: Vec<Project>,
) -> Result<(tokio::runtime::Runtime, Run, Vec<Arc<Setting>>), String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|error| format!("no runtime: {error}"))?;
    for project in &projects {
        runtime
            .block_on(project.server.reach(project.security.as_ref()))
            .map_err(|error| error.to_string())?;
    }
    let run = Run::global().map_err(|error| error.to_string())?;
    let pool = Pool::global().map_err(|error| error.to_string())?;
    let interrupt = CancellationToken::new();
    let settings = projects.into_iter().map(|project| {
        Arc::new(Setting {
            headers: project.headers.into(),
            security: project.security,
            logins: project.logins.into(),
            secrets: project.secrets.into(),
            filled: project.filled.into(),
            translator: project.translator,
            interrupt: interrupt.clone(),
            ..Setting::new(project.server, project.dialect, pool.clone(), run.clone())
        })
    });
    let settings = settings.collect();
    Ok((runtime, run.clone(), settings))
}

async fn interruptible(
    settings: Vec<Arc<Setting>>,
    work: impl AsyncFnOnce(Vec<Arc<Setting>>) -> Exit,
) -> Exit {
    let interrupts: Vec<CancellationToken> = settings
        .iter()
        .map(|setting| setting.interrupt.clone())
        .collect();
    let mut working = std::pin::pin!(work(settings));
    tokio::select! {
        exit = &mut working => exit,
        _ = tokio::signal::ctrl_c() => {
            interrupts.iter().for_each(CancellationToken::cancel);
            tokio::select! {
                exit = working => exit,
                _ = tokio::signal::ctrl_c() => Exit::Inconclusive,
            }
        }
    }
}
