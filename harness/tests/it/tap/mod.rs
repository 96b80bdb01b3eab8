//! The tap between real sockets: a peer, a server, and what the policy says.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cuts;
mod ends;
mod events;
mod faults;
mod forward;
mod harm;
mod http;
mod links;
mod messages;
mod refusals;
mod tls;
mod violations;
