//! What happened (events, the trace on disk) and what a person reads of it (the log).
//!
//! - [`Event`]: one thing that happened. [`Recorder`] numbers events as they happen, redacts them and writes the trace.
//! - [`Fingerprint`] is what a message is known by, hashed when somebody asks; [`elide`] leaves out of its text the description that its word has.
//! - What was sent, delivered, answered and told comes from [`facts`](crate::facts).
//! - [`Log`]: the canonical text of a run. `graph` has the edges, `inside` decides what is logged, `canonical` orders and folds,
//!   `lines` writes the arrow notation.
//! - [`Watch`], [`seen`], [`in_order`] and [`passed`] compare with what a scenario expects.
//! - [`causal`] holds a log against what led to what, whatever made it.
//! - [`check`] proves that the log says neither too much nor too little.

mod canonical;
mod causal;
#[doc(hidden)]
pub mod check;
mod expect;
mod folds;
mod generations;
mod graph;
mod inside;
mod lane;
mod lines;
mod passed;
mod quote;
mod roles;
mod spoken;

pub use canonical::{Line, Log, OUTCOME};
pub use causal::{Violation, causal};
pub use expect::{Watch, matches, seen};
pub use passed::{Misordered, Passed, in_order, passed};
pub(crate) use quote::word;
