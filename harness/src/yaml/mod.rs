//! YAML read into a tree with a place on every key and value, and the little that is written back.

mod parse;
mod tree;
mod write;

pub use parse::{MAX_BYTES, parse};
pub use tree::{Key, Node, Scalar, Value};
pub use write::{flow, scalar};
