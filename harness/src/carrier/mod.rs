//! What carries messages when it is no WebSocket: where one message ends and the next begins, and how they are written. Pure: bytes in, borders
//! out. The tap cuts by it, and peers that are no browsers read by it.

pub(crate) mod engine;
pub(crate) mod events;
pub(crate) mod poll;
