//! Where the peers of a scenario are when a server has several nodes.

use std::collections::BTreeMap;

use super::model::{Action, Scenario, Step};
use crate::names::PeerName;

impl Step {
    /// The node of the server that it does something to, if it names one.
    pub fn node(&self) -> Option<u32> {
        match self.action {
            Action::KillServer { node, .. }
            | Action::Restart { node }
            | Action::Pause { node }
            | Action::Resume { node } => node,
            _ => None,
        }
    }
}

impl Scenario {
    /// On which node each peer is, of so many: where the scenario puts it; else the first on the first one, the second on the second, round
    /// and round.
    pub fn placed(&self, nodes: u32) -> BTreeMap<PeerName, u32> {
        let turns = (1..=nodes.max(1)).cycle();
        let peers = self.peers.iter().zip(turns);
        peers
            .map(|((name, spec), turn)| (name.clone(), spec.node.unwrap_or(turn)))
            .collect()
    }

    /// Why a server of so many nodes cannot play it, in one sentence; `None` if it can.
    pub fn lacking_nodes(&self, nodes: u32) -> Option<String> {
        let peers = self.peers.iter();
        let peers = peers.filter_map(|(name, spec)| Some((format!("{name} is"), spec.node?)));
        let steps = self.each_step().filter_map(|(number, step)| {
            let what = format!("step {number} (`{}`) is", step.action.verb());
            Some((what, step.node()?))
        });
        let (what, node) = peers.chain(steps).find(|(_, node)| *node > nodes)?;
        let has = match nodes {
            1 => "the server has no nodes (`nodes = 2` in the project file)".into(),
            nodes => format!("the server has {nodes}"),
        };
        Some(format!("{what} for node {node}, and {has}"))
    }
}
