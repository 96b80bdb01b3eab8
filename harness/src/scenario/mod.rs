//! What should happen: the model of a scenario, and the reader that makes one from YAML.

mod model;

pub use model::{
    Action, Answer, Condition, Cut, DEFAULT_CHANNEL, DEFAULT_WITHIN, EarlyCandidates, Expect, Line,
    Need, Pattern, PeerSpec, Place, Scenario, Source, Span, Step,
};
