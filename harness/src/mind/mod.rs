//! What a peer that the harness drives decides: a machine without I/O.
//!
//! [`Mind`] is a peer's; it has a [`Pair`] for each peer that it has to do with: the connection to that one and how far it is negotiated (RFC 9429,
//! and the perfect negotiation of the W3C WebRTC specification, section 10.7). What happens goes in as an [`Input`], what is to be done comes out as
//! [`Output`]s, in order: commands for the hand, signals for the server, events for the record. Whoever drives it (`stage`) brings the replies back.
//!
//! A pair does one thing at a time. What comes in while commands are under way waits in its queue, which is what keeps candidates behind the
//! description that they belong to; other pairs go on meanwhile.

mod by_hand;
mod carried;
mod doing;
mod gathers;
mod hangs_up;
mod input;
mod item;
mod negotiate;
mod numbers;
mod pair;
mod policy;
mod remote;
#[cfg(test)]
mod tests;
mod trickle;
mod whole;

pub use carried::{candidate, description, longest, whole_description};
pub use hangs_up::HangsUp;
pub use input::{Call, Cause, End, Input, Mark, OrderId, Output};
pub use item::Item;
pub use numbers::Numbers;
pub use pair::Pair;
pub use policy::Policy;
pub use whole::Mind;
