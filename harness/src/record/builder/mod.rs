//! Traces made by hand: their frame, what passes on lines, what stacks tell, and runs of events that many of them have.

mod connections;
mod endpoint;
mod messages;
mod scenes;
mod steps;

pub use endpoint::Endpoint;
pub use steps::TraceBuilder;
