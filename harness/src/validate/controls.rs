//! What several cases ask of the server beside their own steps: it is played once, by whichever of them wants it first.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

use super::again::LOOKS;
use super::belongs::{belongs, breaks_behind_close, homes, shows_behind_close, wire_homes};
use super::case::{Case, Number};
use super::once::run;
use super::script::Script;
use crate::record::Failure;
use crate::stage::{Outcome, Setting};

/// What several cases ask of the server, played once.
#[derive(Default)]
pub(super) struct Controls {
    /// By their steps.
    played: Mutex<HashMap<String, Control>>,
    /// Whether it writes behind a close frame in this case.
    behind_close: Mutex<HashMap<Number, Arc<OnceCell<bool>>>>,
}

/// Played once, by whoever wants it first; `None`: it is no scenario.
type Control = Arc<OnceCell<Option<Arc<Outcome>>>>;

impl Controls {
    pub(super) async fn of(
        &self,
        control: &Script,
        setting: &Arc<Setting>,
    ) -> Option<Arc<Outcome>> {
        let steps = control.text.split_once("peers:")?.1.to_owned();
        let cell = self.played.lock().await.entry(steps).or_default().clone();
        let played = async { run(control, "control", setting).await.ok().map(Arc::new) };
        cell.get_or_init(|| played).await.clone()
    }

    /// Whether the server writes behind a close frame in this case, which asks for that.
    async fn behind_close(&self, home: &Case, setting: &Arc<Setting>) -> bool {
        let cell = (self.behind_close.lock().await.entry(home.number))
            .or_default()
            .clone();
        let shows = async {
            let script = Script::of(home, &setting.dialect);
            let mut there = self.of(&script, setting).await;
            // It comes in a moment that a run may miss.
            for left in (0..LOOKS).rev() {
                match &there {
                    Some(there) if shows_behind_close(there) => return true,
                    Some(_) if left > 0 => {}
                    _ => break,
                }
                there = run(&script, "control", setting).await.ok().map(Arc::new);
            }
            false
        };
        *cell.get_or_init(|| shows).await
    }
}

/// Whether nothing went wrong here but on the wire, and another case shows that as well.
pub(super) async fn is_of_the_wire(
    case: &Case,
    failure: &Failure,
    outcome: &Outcome,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> bool {
    if !breaks_behind_close(outcome) {
        return false;
    }
    for home in wire_homes(case, failure) {
        if controls.behind_close(&home, setting).await {
            return true;
        }
    }
    false
}

/// Whose matter a failure is, where another case asks for it and shows it as well.
pub(super) async fn elsewhere(
    case: &Case,
    script: &Script,
    failure: &Failure,
    setting: &Arc<Setting>,
    controls: &Controls,
) -> Option<String> {
    for home in homes(case, script, failure) {
        let plain = Script::of(&home, &setting.dialect);
        // It is not asked here, and shows nothing.
        if plain.lacking().is_some() {
            continue;
        }
        if let Some(there) = controls.of(&plain, setting).await
            && let Some(why) = belongs(failure, &home, &there)
        {
            return Some(why);
        }
    }
    None
}
