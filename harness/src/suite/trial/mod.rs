//! A dialect tried on its server: two meet, talk and part, and what the server does besides is seen.
//!
//! Nothing here plays by itself: scenes are scenarios, played on the stage as any other, and what is told is read from their records.

mod names;
mod promises;
mod returning;
mod scenes;
mod seen;

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;

pub use promises::{seen, told_after};
pub use scenes::{Scene, Shows, WAITS, meeting, others};
pub use seen::{Proposal, Seen, Stands};

use super::select;
use crate::names::Stack;
use crate::stage::{Case, Outcome, Setting, play};

/// Plays one scene with native peers.
pub async fn act(scene: &Scene, setting: Arc<Setting>) -> Option<Outcome> {
    let (cases, _) = select::cases(std::slice::from_ref(&scene.scenario), &[], &[Stack::Native]);
    let case: &Case = cases.first()?;
    Some(play(case, setting).await)
}

/// Plays these scenes: at once, each on a server of its own, or one after the other where all have the same server.
pub async fn act_all(scenes: &[Scene], setting: &Arc<Setting>) -> BTreeMap<Shows, Outcome> {
    let mut played = BTreeMap::new();
    if setting.server.elsewhere().is_some() {
        for scene in scenes {
            if let Some(outcome) = act(scene, setting.clone()).await {
                played.insert(scene.shows, outcome);
            }
        }
        return played;
    }
    let acts = scenes.iter().map(|scene| act(scene, setting.clone()));
    for (scene, outcome) in scenes.iter().zip(join_all(acts).await) {
        played.extend(outcome.map(|outcome| (scene.shows, outcome)));
    }
    played
}
