//! What a pair is handed.

use super::input::{Call, OrderId};
use crate::hand::{Deed, HandError, Happening, Reply};
use crate::record::Seq;
use crate::signaling::Signal;

/// What a pair is handed.
#[derive(Clone, Debug)]
pub enum Item {
    /// The other side was inside when this one was let in: whatever there was before, this is another meeting.
    Found,
    /// The server told that the other side came in.
    Came,
    /// The server told that the other side went.
    Went { heard: Seq },
    /// The line to the server is gone.
    LineLost,
    /// The other side's signal.
    Signal { signal: Signal, heard: Seq },
    /// What a step wants (with the number of its order), or the mind itself.
    Deed {
        order: Option<OrderId>,
        deed: Deed,
        cause: Vec<Seq>,
    },
    /// What the hand tells of a connection.
    Happening(Happening),
    /// What came of a command.
    Reply {
        call: Call,
        result: Result<Reply, HandError>,
    },
    /// The time to clean up has come for this connection.
    Time { number: u32 },
}
