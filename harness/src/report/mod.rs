//! What a run says of itself: reads the log and the verdict, nothing else.

mod again;
mod last;
mod laws;
mod logs;
mod planted;
mod repeats;
mod terminal;

pub use again::Again;
pub use laws::laws;
pub use logs::logs;
pub use planted::planted;
pub use repeats::parting;
pub use terminal::{case_line, failure, summary};
