//! What carries messages where a frame of a WebSocket is not one: where one message ends and the next begins, and how they are written. Pure: bytes
//! in, borders out. The tap cuts by it, and peers that are no browsers read by it. Wires of packets are made into JSON here, too.

pub(crate) mod engine;
pub(crate) mod events;
mod mqtt;
mod packets;
pub(crate) mod poll;
mod sip;
mod xmpp;

pub use packets::Packets;
