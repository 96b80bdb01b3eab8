//! What happened (events, the trace on disk) and what a person reads of it (the log).
//!
//! - [`Event`]: one thing that happened. [`Recorder`] numbers events as they happen, redacts them and writes the trace.
//! - [`Fingerprint`] is what a message is known by, hashed when somebody asks; [`elide`] leaves out of its text the description that its word has.
//! - [`Relays`] matches what was sent with what was delivered, across a server that says nothing about it.
//! - [`Log`]: the canonical text of a run. `graph` has the edges, `inside` decides what is logged, `canonical` orders and folds,
//!   `lines` writes the arrow notation.
//! - [`Watch`] and [`seen`] compare with what a scenario expects.
//! - [`check`] proves that the log says neither too much nor too little.

mod canonical;
#[doc(hidden)]
pub mod check;
mod elide;
mod event;
mod expect;
mod fingerprint;
mod generations;
mod graph;
mod infer;
mod inside;
mod lane;
mod lines;
mod presence;
mod quote;
mod recorder;
mod redact;
mod relay;
mod rule;
mod trace;

pub use canonical::{Line, Log, Rules};
pub use elide::elide;
pub use event::{
    Applied, Carrier, Direction, Ending, Event, Fate, Machine, Payload, Seq, ServerLife, Side,
    TRACE_VERSION, What,
};
pub use expect::{Watch, matches, seen};
pub use fingerprint::Fingerprint;
pub use recorder::{MAX_BYTES, MAX_EVENTS, Recorder};
pub use redact::{Digest, redact};
pub use relay::{Delivery, Relays};
pub use rule::Rule;
pub use trace::{MAX_LINE, Trace, TraceError, TraceWriter, read_trace};
