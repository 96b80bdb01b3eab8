//! What a run says of itself: reads the log and the verdict, nothing else.

mod laws;
mod logs;
mod planted;
mod terminal;

pub use laws::laws;
pub use logs::logs;
pub use planted::planted;
pub use terminal::{case_line, failure, summary};
