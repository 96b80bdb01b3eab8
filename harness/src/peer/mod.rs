//! Who acts: native peers, browsers, and wire peers that only signal.

pub mod browser;
mod hand;

pub use hand::{ChannelOptions, Command, Data, Hand, HandError, Happening, Happenings, Kill, Reply};
