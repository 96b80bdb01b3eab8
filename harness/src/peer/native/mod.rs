//! The native peer: a hand made of the `webrtc` crate, in the harness's own process.
//!
//! `connection` carries out commands, `events` tells what happens. The rest makes the crate behave as browsers do where it is
//! laxer or silent: `candidates` (what is refused), `gathering` (candidates and their end), `description` (implicit offers,
//! answers and rollback), `runtime` (no waiting for timers; the wire that a kill cuts), `addresses` (host candidates only).

mod addresses;
mod candidates;
mod connection;
mod description;
mod events;
mod gathering;
mod peer;
mod refusal;
mod runtime;
mod sdp;
mod stats;
mod work;

pub use peer::NativePeer;
