//! What steps look for in messages as they stand on the wire: found at the tap, where all of a message is there.

use serde_json::Value as Json;

use crate::names::PeerName;
use crate::scenario::{Action, Condition, Scenario, Sought, Wanted};
use crate::terms::Direction;

/// All that steps of a scenario look for, in whoever's messages: by which name a step means whom is known when it is played.
#[derive(Default)]
pub(super) struct Looks(Vec<(Direction, Wanted)>);

impl Looks {
    pub fn of(scenario: &Scenario) -> Self {
        let mut all = Vec::new();
        for (_, step) in scenario.each_step() {
            let (Action::Await(Condition::Passes(sought)) | Action::Never(sought)) = &step.action
            else {
                continue;
            };
            let look = (sought.direction, sought.what.clone());
            if !all.contains(&look) {
                all.push(look);
            }
        }
        Self(all)
    }

    /// Whether anything is looked for in what goes this way.
    pub fn any(&self, direction: Direction) -> bool {
        self.0.iter().any(|(there, _)| *there == direction)
    }

    /// What of it is in a message of this peer's, each as a step says it.
    pub fn found(
        &self,
        peer: &PeerName,
        direction: Direction,
        (text, json): (&str, &[Json]),
    ) -> Vec<String> {
        let there =
            |(way, what): &&(Direction, Wanted)| *way == direction && what.is_in(text, json);
        let told = |(_, what): &(Direction, Wanted)| {
            let sought = Sought {
                peer: peer.clone(),
                direction,
                what: what.clone(),
            };
            sought.to_string()
        };
        self.0.iter().filter(there).map(told).collect()
    }
}
