//! What a connection is told to do.

use tokio::sync::oneshot;

use crate::hand::{Command, HandError, Reply};

/// What a connection's task is told.
pub(super) enum Work {
    Do(Command, oneshot::Sender<Result<Reply, HandError>>),
    NegotiationNeeded,
}
