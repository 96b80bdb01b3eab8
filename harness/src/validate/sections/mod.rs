//! The sections, one file each: rows that a person can read.

mod endings;
mod endurance;
mod errors;
mod identity;
mod peers;
mod presence;
mod relay;
mod robustness;
mod rooms;
mod standing;
mod transport;

use super::case::{Case, Section};

/// All sections, by number.
pub fn sections() -> Vec<Section> {
    vec![
        identity::section(),
        rooms::section(),
        presence::section(),
        relay::section(),
        endings::section(),
        errors::section(),
        robustness::section(),
        transport::section(),
        endurance::section(),
        peers::section(),
    ]
}

/// All their cases, by number.
pub fn every_case() -> impl Iterator<Item = Case> {
    sections().into_iter().flat_map(|section| section.cases)
}
