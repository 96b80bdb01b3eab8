//! What should happen: the model of a scenario, and the reader that makes one from YAML.

mod address;
mod build;
mod check;
mod model;
mod need;
mod read;
mod table;
mod text;
mod value;

pub(crate) use read::read_text;
pub(crate) use value::duration;

pub use model::{
    Action, Answer, Condition, Cut, DEFAULT_CHANNEL, DEFAULT_WITHIN, EarlyCandidates, Expect, Line,
    Need, Pattern, PeerSpec, Place, Scenario, Source, Span, Step,
};
