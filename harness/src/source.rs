//! Where something stands in a file: what every mistake and every finding points at.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

/// A file that a person wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as the user wrote it; for display and for the snapshot's place.
    pub path: PathBuf,
    /// The whole text, for underlining.
    pub text: Arc<str>,
}

/// A place in the source: byte range and line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Bytes in [`Source::text`].
    pub bytes: Range<usize>,
    /// From 1.
    pub line: u32,
}
