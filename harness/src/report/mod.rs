//! What a run says of itself: reads the log and the verdict, nothing else.

mod terminal;

pub use terminal::{case_line, failure, summary};
