//! A scenario as text: the line of a step, its line in the log, what it waits for, and the whole file.

mod condition;
mod file;
mod keys;
mod step;
mod words;

pub(crate) use words::pattern_text;
pub(super) use words::target_text;
