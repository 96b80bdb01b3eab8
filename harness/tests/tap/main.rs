//! The tap between real sockets: a peer, a server, and what the policy says.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod cuts;
mod ends;
mod faults;
mod http;
mod messages;
mod refusals;
