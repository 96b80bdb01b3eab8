//! What happened (events, the trace on disk) and what a person reads of it (the log).
//!
//! - [`Event`]: one thing that happened. [`Recorder`] numbers events as they happen, redacts them and writes the trace.
//! - [`Fingerprint`] is what a message is known by, hashed when somebody asks; [`elide`] leaves out of its text the description that its word has.
//! - [`Relays`] matches what was sent with what was delivered, across a server that says nothing about it.
//! - [`Log`]: the canonical text of a run. `graph` has the edges, `inside` decides what is logged, `canonical` orders and folds,
//!   `lines` writes the arrow notation.
//! - [`Watch`] and [`seen`] compare with what a scenario expects.
//! - [`causal`] holds a log against what led to what, whatever made it.
//! - [`check`] proves that the log says neither too much nor too little.

mod canonical;
mod causal;
#[doc(hidden)]
pub mod check;
mod expect;
mod generations;
mod graph;
mod infer;
mod inside;
mod lane;
mod lines;
mod presence;
mod quote;
mod relay;

pub use crate::record::Fingerprint;
pub use crate::record::elide;
pub use crate::record::{Applied, Event, Seq, TRACE_VERSION, What};
pub use crate::record::{Digest, redact};
pub use crate::record::{MAX_BYTES, MAX_EVENTS, Recorder};
pub use crate::record::{MAX_LINE, Trace, TraceError, TraceWriter, read_trace};
pub use crate::terms::{Carrier, Direction, Ending, Fate, Machine, Payload, ServerLife, Side};
pub use canonical::{Line, Log, Rules};
pub use causal::{Violation, causal, certain};
pub use expect::{Watch, matches, seen};
pub use relay::{Delivery, Relays};
