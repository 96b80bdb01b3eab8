//! How much is recorded of a case.

/// So many events are recorded. A case in which more happens ends there, and is inconclusive.
pub const MAX_EVENTS: usize = 1_000_000;

/// So much memory may they take, about (bytes): few long messages fill it as well.
pub const MAX_BYTES: usize = 512 * 1024 * 1024;

/// How much is recorded before something is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// So many events.
    pub events: usize,
    /// So much memory, about (bytes).
    pub bytes: usize,
}

impl Default for Limit {
    fn default() -> Self {
        Self {
            events: MAX_EVENTS,
            bytes: MAX_BYTES,
        }
    }
}
