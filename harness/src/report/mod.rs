//! What a run says of itself: reads the log and the verdict, nothing else.

mod logs;
mod terminal;

pub use logs::logs;
pub use terminal::{case_line, failure, summary};
