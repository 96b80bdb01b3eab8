//! Harmless cases are asked first of one process of the server, which they share; of what is seen there counts only that a case holds.
//!
//! Whoever breaks something is accused by what a process shows that is this case's own. And where a case does not hold there that holds alone, cases
//! get in each other's way, and nothing counts that was seen there: what hits another case's room in place of one's own may look as if all were well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, Semaphore};

use super::again::{Ran, conclusive, may_miss};
use super::case::{Case, Source};
use super::promised::is_promised;
use super::script::{LONG, Role, Script};
use super::verdict::Says;
use crate::scenario::Scenario;
use crate::server::{ServerSpec, Shared, Wanted};
use crate::stage::{Outcome, Setting, wants_its_own};

/// So often one is started in place of one that has ended.
const STARTS: usize = 3;

/// So many cases are on it at once.
const AT_ONCE: usize = 8;

/// What strains a server, and measures it.
const ENDURANCE: u8 = 9;

/// What one process said of a case.
pub(super) enum There {
    /// It was not asked, or it is not known what it said.
    Nothing,
    /// It holds.
    Holds(Box<Outcome>),
    /// Anything else, which is to be seen on a process of its own.
    Otherwise,
}

/// The process that harmless cases share.
pub(super) struct OneProcess {
    /// Whether anything is asked of one.
    wanted: bool,
    /// Whether what was seen there counts.
    trusted: AtomicBool,
    running: Mutex<Running>,
    places: Semaphore,
}

#[derive(Default)]
struct Running {
    server: Option<Arc<Shared>>,
    starts: usize,
}

impl OneProcess {
    /// None is started before the first case is asked of it.
    pub fn of(setting: &Setting) -> Self {
        Self {
            wanted: matches!(&setting.server, ServerSpec::Command(spec) if spec.one_process),
            trusted: AtomicBool::new(true),
            running: Mutex::default(),
            places: Semaphore::new(AT_ONCE),
        }
    }

    /// Whether this case is to be asked there: it does no harm, has its own names, and asks for nothing that time shows.
    pub fn may_ask(&self, case: &Case, script: &Script, setting: &Setting) -> bool {
        let harmless = || {
            let waits = case.waits() || script.patience() > LONG || may_miss(case);
            let owed = case.source != Source::Nobody && is_promised(case, &setting.dialect);
            owed && !waits
                && case.number.section != ENDURANCE
                && !script.roles.contains(&Role::Harm)
                && script.lacking().is_none()
        };
        let shares = |scenario: Arc<Scenario>| wants_its_own(&scenario, &setting.dialect).is_none();
        self.wanted && harmless() && script.scenario("case.yaml").is_ok_and(shares)
    }

    /// Whether what was seen there counts.
    pub fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::SeqCst)
    }

    /// A case holds alone that did not hold there, or it has ended.
    pub fn distrust(&self, case: &Case) {
        tracing::debug!(case = %case.number, "what others share says nothing");
        self.trusted.store(false, Ordering::SeqCst);
    }

    /// What it says of a case.
    pub async fn ask(&self, case: &Case, script: &Script, setting: &Arc<Setting>) -> There {
        let Ok(_place) = self.places.acquire().await else {
            return There::Nothing;
        };
        if !self.is_trusted() || setting.interrupt.is_cancelled() {
            return There::Nothing;
        }
        let Some(shared) = self.server(setting).await else {
            return There::Nothing;
        };
        let there = Arc::new(Setting {
            server: ServerSpec::Lent(shared.clone()),
            ..Setting::clone(setting)
        });
        let ran = Box::pin(conclusive(case, script, &there)).await;
        if let Ran::Says(Says::Holds, Some(outcome)) = ran {
            return There::Holds(Box::new(outcome));
        }
        if shared.goes_on(false).await.is_err() {
            // By whose doing nobody knows: it may be a case's that holds.
            self.distrust(case);
            self.gone(&shared).await;
        }
        match ran {
            Ran::Nothing(..) | Ran::Overtaken(..) => There::Nothing,
            Ran::Says(..) | Ran::Wrong(..) => There::Otherwise,
        }
    }

    /// The one that runs; else another, where there may be one.
    async fn server(&self, setting: &Setting) -> Option<Arc<Shared>> {
        let mut running = self.running.lock().await;
        if let Some(server) = &running.server {
            return Some(server.clone());
        }
        // Whoever waited for one that did not start waits no more.
        if running.starts == STARTS || setting.interrupt.is_cancelled() {
            return None;
        }
        running.starts += 1;
        let wanted = Wanted {
            pausable: false,
            security: setting.security.clone(),
        };
        match Shared::start(setting.server.clone(), setting.run.clone(), wanted).await {
            Ok(server) => Some(running.server.insert(Arc::new(server)).clone()),
            Err(error) => {
                running.starts = STARTS;
                // A case that is played alone says so.
                tracing::debug!(%error, "no process for several cases");
                None
            }
        }
    }

    /// Clears away one that has ended.
    async fn gone(&self, ended: &Arc<Shared>) {
        let is_it = |server: &mut Arc<Shared>| Arc::ptr_eq(server, ended);
        let server = self.running.lock().await.server.take_if(is_it);
        if let Some(server) = server {
            server.stop().await;
        }
    }

    /// Ends it, where it runs. None is started any more.
    pub async fn end(&self) {
        let server = {
            let mut running = self.running.lock().await;
            running.starts = STARTS;
            running.server.take()
        };
        if let Some(server) = server {
            server.stop().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use glare_signaling_server::Faults;

    use super::super::every_case;
    use super::super::once::run;
    use super::*;
    use crate::laws::Law;
    use crate::record::Verdict;
    use crate::server::CommandSpec;

    /// A law that found its premise in more runs of its own than in those that share would hold there by what is not seen.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn each_law_is_put_to_the_test_where_others_are_as_it_is_alone() {
        let alone = Arc::new(Setting::reference(Faults::none()).expect("a run"));
        let command = Setting {
            server: ServerSpec::Command(CommandSpec {
                one_process: true,
                ..CommandSpec::new("unused")
            }),
            ..Setting::clone(&alone)
        };
        let one = OneProcess::of(&command);
        let server = Shared::start(alone.server.clone(), alone.run.clone(), Wanted::default());
        let server = Arc::new(server.await.expect("it starts"));
        let shared = Arc::new(Setting {
            server: ServerSpec::Lent(server.clone()),
            ..Setting::clone(&alone)
        });
        let tested = |outcome: &Outcome| {
            let laws = outcome.laws.iter().map(|judged| &judged.finding);
            laws.filter(|finding| !finding.is_vacuous())
                .map(|finding| finding.law)
                .collect::<BTreeSet<Law>>()
        };
        let mut asked = 0;
        for case in every_case() {
            let script = Script::of(&case, &alone.dialect);
            // Of two that begin at once now the one is first, and now the other.
            let races = script.text.contains("together:");
            if races || !one.may_ask(&case, &script, &command) {
                continue;
            }
            let there = run(&script, "case", &shared).await.expect("a scenario");
            // Of its own the reference server is as each case needs it.
            if let Verdict::Unsupported(_) = there.verdict {
                continue;
            }
            asked += 1;
            let alone = run(&script, "case", &alone).await.expect("a scenario");
            for outcome in [&there, &alone] {
                assert_eq!(outcome.verdict, Verdict::Pass, "{}", script.text);
            }
            assert_eq!(tested(&there), tested(&alone), "{}", script.text);
        }
        assert!(asked > 40, "{asked}");
        assert_eq!(server.goes_on(true).await, Ok(()));
        server.stop().await;
        assert!(server.goes_on(false).await.is_err());
    }
}
