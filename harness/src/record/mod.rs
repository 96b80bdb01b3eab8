//! What happened, as it is told: events, the clocked recorder, the trace on disk.
//!
//! - [`Event`]: one thing that happened. [`Recorder`] numbers events as they happen, redacts them and writes the trace.
//! - [`Fingerprint`] is what a message is known by, hashed when somebody asks; [`elide`] leaves out of its text the description that its word has.

mod elide;
mod event;
mod fingerprint;
mod recorder;
mod redact;
mod trace;

pub use elide::elide;
pub use event::{Applied, Event, Seq, TRACE_VERSION, What};
pub use fingerprint::Fingerprint;
pub use recorder::{MAX_BYTES, MAX_EVENTS, Recorder};
pub use redact::{Digest, redact};
pub use trace::{MAX_LINE, Trace, TraceError, TraceWriter, read_trace};
