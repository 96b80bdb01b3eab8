//! What can be said: the semantic words, and the dialects that map them to a server's wire format.

mod dialect;
mod need;
pub mod sdp;
mod terms;
mod word;

pub use dialect::{
    AbsentPeer, Alias, Book, Connect, Conversation, Dialect, Heard, Meant, Out, Overheard,
    Properties, SameId, Say, Unspeakable,
};
pub use need::Need;
pub use terms::Terms;
pub use word::{Candidate, Description, DescriptionKind, Kind, Notice, Request, Signal, Word};
