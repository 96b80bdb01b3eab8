//! What can be said: the semantic words, and the dialects that map them to a server's wire format.

mod dialect;
mod garbage;
mod need;
mod reason;
pub mod sdp;
mod terms;
mod translator;
mod word;

pub(crate) use dialect::plain;
pub use dialect::{
    AbsentPeer, Alias, Audience, Book, Connect, Conversation, Dialect, Difference, Explained,
    Heard, Meant, Names, NewCarrier, Out, Overheard, Properties, SameId, Say, Unread, Unspeakable,
    Ways, WhoMay, dialect_reference, dialect_schema, skeleton, sketch,
};
pub use garbage::{Field, Garbage, Garbled, OnGarbage};
pub use need::Need;
pub use reason::{Reason, Refusals};
pub use terms::Terms;
pub use translator::Translator;
pub use word::{Candidate, Description, DescriptionKind, Kind, Notice, Request, Signal, Word};
