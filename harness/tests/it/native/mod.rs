//! Native peers among themselves, and their sockets against real servers. No signaling server is needed: a shuttle carries the signals.

mod candidates;
mod links;
mod pairs;
mod peer;
