//! YAML read into a tree with a place on every key and value, and the little that is written back.

mod file;
mod parse;
mod tree;
mod words;
mod write;

pub(crate) use file::read_text;
pub use parse::{MAX_BYTES, parse};
pub use tree::{Key, Node, Scalar, Value};
pub(crate) use words::{duration, word, write_duration};
pub use write::{flow, scalar};
