//! Sits on the wire between every peer and the server: records, decodes, holds, drops, delays, doubles, corrupts, silences, cuts.
//!
//! Each peer has a [`Tap`] of its own, which forwards what it reads byte for byte and asks a [`Policy`] for each message. The changes
//! that it makes: it leaves out `Sec-WebSocket-Extensions` when a peer asks for a WebSocket, puts in the headers that a project has for its
//! server (in the place of those of the same name), and on the way to a server at a URL names that (see [`Site`]). With TLS, to either side, these are the bytes
//! within; the handshakes are its own.
//!
//! It speaks HTTP/1.1 to either side, and in TLS offers and takes no other protocol (ALPN): HTTP/2, and a WebSocket that is one of its streams (RFC
//! 8441), never occur.
//!
//! With a [`Forward`] it is the proxy of a browser's user context: pages keep their origin, their cookies and their URLs. There WebSockets to one
//! server are asked for one after another, as by a browser without a proxy.
//!
//! A *line* is what carries messages, each with a number:
//! - a WebSocket, from its 101;
//! - an event stream: an answer whose type is `text/event-stream`, each event a message. `Accept-Encoding` is left out of a request that asks for
//!   nothing else, and a body with a length goes on in chunks. Chunks keep their borders, unless an event is complete before its chunk is;
//! - long polls: requests by a [`PollRoute`], or that name a line of the hand's in a header, which goes no further
//!   ([`LINE`](crate::terms::LINE)). It comes up when the first has gone to the server, and down when one is refused or breaks off, or when for a
//!   minute there is none;
//! - a session of engine.io (`EIO=` in the query), each packet a message, on polls and on the WebSocket that it changes to. Packets that only
//!   serve the transport are not judged (`6`, `2probe`, `3probe`, `5`, `1`). With a WebSocket at once it is a WebSocket like any other. A cut
//!   between the two waits until it is one of them.
//!
//! Where messages share a body, a fault on one of them makes body and length anew: of what stays, and of a noop or nothing if nothing does. What
//! is released while a poll stands goes as the answer to that one, and the server's own answer with the next.

mod answer;
mod body;
mod corrupt;
mod forward;
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
mod routes;
mod session;
mod shared;
mod site;
mod splitter;
mod stream;
#[cfg(test)]
mod tests;
mod violation;
mod wire;

pub use forward::{Forward, PageServer};
pub use options::{Cut, Delivery, MESSAGE_CAP, PollRoute, TapOptions};
pub use pages::{PREFIX, Page, Pages};
pub use policy::{HoldId, LinkChange, Passing, Policy, Refused, Verdict};
pub use proxy::Tap;
pub use site::Site;
pub use violation::Violation;
