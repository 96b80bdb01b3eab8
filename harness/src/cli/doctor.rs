//! `glare doctor`: whether this machine can play scenarios, and what to do if not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::driver_flags::{self, DriverFlags};
use super::{Exit, complain, say};
use crate::names::Stack;
use crate::peer::browser::{Pool, Programs};
use crate::record::{Inconclusive, Unsupported, Verdict};
use crate::run::{Leftover, Run, leftovers};
use crate::scenario::Scenario;
use crate::server::ServerSpec;
use crate::signaling::Dialect;
use crate::stage::{Case, Setting, play};

/// Look whether this machine can play scenarios, and say what to do
#[derive(clap::Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    drivers: DriverFlags,
}

/// Two peers of one stack gather, connect and talk.
const PROBE: &str = "\
scenario: doctor
about: Two peers of one stack gather candidates, connect and talk.
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: doctor }
  - join: { peer: bob, room: doctor }
  - await: { peer: alice, hears: candidate, from: bob }
  - await: { connected: [alice, bob] }
  - say: { from: bob, text: \"ah\" }
";

impl Doctor {
    pub(super) fn execute(self) -> Exit {
        let remotes = match self.drivers.resolve() {
            Ok(remotes) => remotes,
            Err(exit) => return exit,
        };
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => {
                complain(format!("no runtime: {error}"));
                return Exit::Environment;
            }
        };
        let run = match Run::global() {
            Ok(run) => run.clone(),
            Err(error) => {
                complain(error);
                return Exit::Environment;
            }
        };
        let pool = match driver_flags::pool(run.clone(), remotes) {
            Ok(pool) => pool,
            Err(error) => {
                complain(error);
                return Exit::Environment;
            }
        };
        let healthy = runtime.block_on(async {
            let mut healthy = true;
            for stack in Stack::CONNECTING {
                match examine(stack, &pool, &run).await {
                    Ok(line) => say(format!("{stack:<10} {line}")),
                    Err(why) => {
                        healthy = false;
                        say(format!(
                            "{stack:<10} NOT WELL: {}",
                            crate::mistake::shown(&why)
                        ));
                    }
                }
            }
            pool.shutdown().await;
            healthy
        });
        runtime.shutdown_timeout(Duration::from_secs(2));
        if let Err(error) = run.end() {
            complain(error);
        }
        let left = leftovers();
        say(format!(
            "{:<10} {}",
            "leftovers",
            if left.is_empty() {
                "none".into()
            } else {
                format!("{} of runs that are over:", left.len())
            }
        ));
        for one in &left {
            say(match one {
                Leftover::Process { pid, command } => format!(
                    "{:<10} process {pid}: {}",
                    "",
                    crate::mistake::shown(command)
                ),
                Leftover::Folder(path) => format!("{:<10} folder {}", "", path.display()),
            });
        }
        if healthy && left.is_empty() {
            Exit::Pass
        } else {
            Exit::Environment
        }
    }
}

async fn examine(stack: Stack, pool: &Pool, run: &Run) -> Result<String, String> {
    let versions = if let Some(driver) = pool.remote(stack) {
        match driver.is_direct() {
            true => format!("the one at {driver}"),
            false => format!("the driver at {driver}"),
        }
    } else if stack.is_browser() {
        let programs = Programs::find(stack).map_err(|error| error.to_string())?;
        programs.versions().await?.to_string()
    } else {
        "the webrtc crate, built in".into()
    };
    let scenario = Scenario::read(Path::new("doctor.yaml"), PROBE)
        .map_err(|mistakes| mistakes.render(false))?;
    let cast = scenario
        .casts()
        .into_iter()
        .find(|cast| cast.stacks().values().all(|plays| *plays == stack))
        .ok_or("the probe has no such cast")?;
    let server = ServerSpec::reference();
    let setting = Setting {
        max_time: Duration::from_secs(60),
        ..Setting::new(server, Dialect::reference(), pool.clone(), run.clone())
    };
    let case = Case {
        scenario: Arc::new(scenario),
        cast,
    };
    if stack.is_browser() {
        pool.warm_up(stack)
            .await
            .map_err(|error| error.to_string())?;
    }
    let outcome = play(&case, Arc::new(setting)).await;
    match outcome.verdict {
        Verdict::Pass | Verdict::New { .. } | Verdict::Flaky { .. } => Ok(format!(
            "{versions}; two of them connect and talk in {} ms",
            outcome.took.as_millis()
        )),
        Verdict::Fail(failure) => Err(format!(
            "{versions}; two of them do not connect: {}\n{}\n{}",
            failure.message,
            failure.states.join("\n"),
            advice(stack)
        )),
        Verdict::Unsupported(Unsupported { why, .. })
        | Verdict::Inconclusive(Inconclusive { why, .. }) => Err(format!("{versions}; {why}")),
    }
}

/// Measured: neither browser gathers a candidate without a default route; on loopback alone Firefox never does.
fn advice(stack: Stack) -> &'static str {
    match stack {
        Stack::Chromium | Stack::Firefox => {
            "if no candidate was gathered: browsers need a default route and an address that is not loopback (`ip route`, `ip address`)"
        }
        Stack::Native | Stack::Wire => {
            "see whether a firewall drops UDP between this machine's own addresses"
        }
    }
}
