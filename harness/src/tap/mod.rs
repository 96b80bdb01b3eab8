//! Sits on the wire between every peer and the server: records, decodes, holds, drops, delays, doubles, corrupts, silences, cuts.
//!
//! Each peer has a [`Tap`] of its own, which forwards what it reads byte for byte and asks a [`Policy`] for each message. The changes
//! that it makes: it leaves out `Sec-WebSocket-Extensions` when a peer asks for a WebSocket, puts in the headers that a project has for its
//! server (in the place of those of the same name), and on the way to a server at a URL names that (see [`Site`]). With TLS, to either side, these are the bytes
//! within; the handshakes are its own.

mod answer;
mod body;
mod corrupt;
mod frame;
mod head;
mod link;
mod options;
mod outbox;
mod pages;
mod policy;
mod polled;
mod proxy;
mod queue;
mod raw;
mod session;
mod shared;
mod site;
mod splitter;
mod stream;
#[cfg(test)]
mod tests;
mod violation;
mod wire;

pub use options::{Cut, Delivery, MESSAGE_CAP, PollRoute, TapOptions};
pub use pages::{PREFIX, Page, Pages};
pub use policy::{HoldId, LinkChange, Passing, Policy, Refused, Verdict};
pub use proxy::Tap;
pub use site::Site;
pub use violation::Violation;
