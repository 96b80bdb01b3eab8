//! Sinks of a record: what a run says of itself. They read the record alone, so that what is told of a file long after is, letter for letter,
//! what was told while it was written.

mod again;
mod last;
mod laws;
mod logs;
mod page;
mod pictures;
mod repeats;
mod terminal;
mod text;
mod told;
mod tried;
mod unread;

pub use again::quoted as shell_word;
pub use laws::laws;
pub use logs::logs;
pub(crate) use page::Html;
pub use page::page;
pub use pictures::pictures;
pub use repeats::parting;
pub use terminal::{case_line, failure, is_all_unsupported, summary};
pub use text::{diff, tame};
pub use told::{Asked, Take, Told, differing, log};
pub use tried::{Look, PEERS, ROOM, not_understood, passed, stopped, stranger};
