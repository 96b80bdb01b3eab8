//! What happened, as it is told: events, the clocked recorder, the trace on disk.
//!
//! - [`Event`]: one thing that happened. [`Recorder`] numbers events as they happen, redacts them and writes the trace.
//! - [`Story`]: a record as a whole, from memory or from its file. [`runs`]: where records stand.
//! - [`TraceBuilder`]: traces made by hand, to try a law or a report with (there is an example).
//! - [`Verdict`]: how it ended, with what that does to the exit status; the last event of every record.
//! - [`Fingerprint`] is what a message is known by, hashed when somebody asks; [`elide`] leaves out of its text the description that its word has.

mod builder;
mod digest;
mod elide;
mod event;
mod fingerprint;
mod ledger;
mod let_in;
mod limit;
mod payload;
mod recorder;
mod redact;
pub mod runs;
mod seq;
mod story;
mod trace;
mod verdict;

pub use builder::{Endpoint, TraceBuilder};
pub use digest::Digest;
pub use elide::elide;
pub use event::{Applied, CaseFacts, Event, MEASURED, Role, TRACE_VERSION, UNASKED, What};
pub use fingerprint::Fingerprint;
pub use ledger::{CaseEntry, Entry, LawEntry, LogEntry, NameEntry, Sums};
pub use let_in::{LetIn, let_in};
pub use limit::{Limit, MAX_BYTES, MAX_EVENTS};
pub use payload::payload;
pub use recorder::Recorder;
pub use redact::redact;
pub use seq::Seq;
pub use story::{Story, StoryError};
pub use trace::{MAX_LINE, Trace, TraceError, TraceWriter, read_trace};
pub use verdict::{
    Broken, Failure, FailureKind, Inconclusive, InconclusiveKind, LawFound, Spot, Unsupported,
    UnsupportedKind, Verdict, Weight,
};
