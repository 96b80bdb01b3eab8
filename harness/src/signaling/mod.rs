//! What can be said: the semantic words, and the dialects that map them to a server's wire format.

mod word;

pub use word::{Candidate, Description, DescriptionKind, Kind, Notice, Request, Signal, Word};
