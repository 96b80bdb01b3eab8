//! What happened (events, the trace on disk) and what a person reads of it (the log).

mod event;

pub use event::{
    Applied, Carrier, Direction, Ending, Event, Fate, Machine, Payload, Seq, ServerLife, Side,
    TRACE_VERSION, What,
};
