//! The tap between real sockets: a peer, a server, and what the policy says.

mod cuts;
mod ends;
mod faults;
mod http;
mod messages;
mod refusals;
