//! How an event is known.

/// The number of an event in its trace, from 0, without gaps.
pub type Seq = u64;
