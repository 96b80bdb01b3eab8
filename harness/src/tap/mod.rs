//! Sits on the wire between every peer and the server: records, decodes, holds, drops, cuts.

mod policy;

pub use policy::{HoldId, LinkChange, Passing, Policy, Verdict};
