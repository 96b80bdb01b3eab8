//! The small words that every floor shares: which way, by whom, how it ended. No logic, no I/O.

mod connection;
mod rule;
mod server;
mod via;
mod wire;

pub use connection::{ChannelOptions, Data, Kill, Machine, Payload};
pub use rule::Rule;
pub use server::ServerLife;
pub use via::{Engine, LINE, Start, Via};
pub use wire::{
    Carrier, Corruption, Direction, Ending, Fate, ONE_MORE, ONE_MORE_LET_IN, RawFrame, Side,
    Silence,
};
