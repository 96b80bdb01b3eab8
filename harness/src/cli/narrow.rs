//! `--filter` and `--tag`, the same for every command that takes scenario files.

use std::sync::Arc;

use super::{Exit, complain};
use crate::scenario::Scenario;
use crate::suite::Filter;

#[derive(clap::Args)]
pub(super) struct Narrow {
    /// Only scenarios with this in their name or path; of several, one is enough
    #[arg(long, value_name = "TEXT")]
    filter: Vec<String>,
    /// Only scenarios with this tag; of several, one is enough
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

impl Narrow {
    /// Whether anything is asked for.
    pub(super) fn is_some(&self) -> bool {
        !self.filter.is_empty() || !self.tag.is_empty()
    }

    /// The scenarios that are wanted; says why if none is left of some.
    pub(super) fn apply(&self, scenarios: Vec<Arc<Scenario>>) -> Result<Vec<Arc<Scenario>>, Exit> {
        let filter = Filter {
            texts: self.filter.clone(),
            tags: self.tag.clone(),
        };
        filter.narrow(scenarios).map_err(|why| {
            complain(why);
            Exit::Nothing
        })
    }
}
