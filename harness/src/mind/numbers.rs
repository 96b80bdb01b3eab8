//! The numbers that a mind gives.

use super::input::{Call, Mark};

/// The numbers that a mind gives: each once.
#[derive(Clone, Debug)]
pub struct Numbers {
    /// The number of the last connection.
    pub conn: u32,
    call: u64,
    mark: u64,
}

impl Numbers {
    /// None is given yet; the first connection will have the number after this.
    pub fn after(conn: u32) -> Self {
        Self {
            conn,
            call: 0,
            mark: 0,
        }
    }

    pub(super) fn conn(&mut self) -> u32 {
        self.conn += 1;
        self.conn
    }

    pub(super) fn call(&mut self) -> Call {
        self.call += 1;
        Call(self.call)
    }

    pub(super) fn mark(&mut self) -> Mark {
        self.mark += 1;
        Mark(self.mark)
    }
}
