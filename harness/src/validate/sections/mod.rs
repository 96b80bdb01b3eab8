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

use super::case::Section;

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
