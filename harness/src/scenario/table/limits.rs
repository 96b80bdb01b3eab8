//! How much of something there may be.

/// The highest number of a law.
pub(crate) const LAWS: usize = 12;
/// Limits on a scenario.
pub(crate) const MAX_PEERS: usize = 8;
/// The highest number of a node of a server.
pub(crate) const MAX_NODE: u64 = 8;
/// The highest number of a tab: closed ones keep theirs.
pub(super) const MAX_TAB: u64 = 99;
/// Most mixes of stacks.
pub(crate) const MAX_MIXES: usize = 16;
/// Most steps, with those that sequences put in.
pub(crate) const MAX_STEPS: usize = 200;
/// Most sequences of a file, and most parameters of one.
pub(crate) const MAX_SEQUENCES: usize = 64;
pub(crate) const MAX_PARAMETERS: usize = 16;
/// How deep sequences may use each other.
pub(crate) const MAX_NESTED: usize = 8;
/// Most steps that begin together.
pub(crate) const MAX_AT_ONCE: usize = 16;
/// Most often that strangers do something.
pub(super) const MAX_TIMES: u64 = 100_000;
pub(crate) const MAX_TAGS: usize = 16;
/// Most parameter sets of a file.
pub(crate) const MAX_VARIANTS: usize = 64;
/// Longest value of a parameter, bytes.
pub(crate) const MAX_VALUE: usize = 200;
pub(crate) const MAX_ROOMS: usize = 16;
pub(crate) const MAX_LINES: usize = 200;
/// Longest line of an expectation, bytes.
pub(crate) const MAX_LINE: usize = 1000;
/// Longest text of a message, bytes.
pub(crate) const MAX_TEXT: usize = 64 * 1024;
/// Longest made-up message, bytes.
pub(crate) const MAX_SIZE: u64 = 1_000_000;
/// Longest label of a channel, reason, or text to compare with, bytes.
pub(super) const MAX_LABEL: usize = 200;
