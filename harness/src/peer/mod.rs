//! Who acts: native peers, browsers, and wire peers that only signal.

mod address;
pub mod browser;
mod native;
mod socket;
mod teller;
mod wire;

pub use address::Origin;
pub(crate) use address::next_address;
pub use native::NativePeer;
pub use wire::WirePeer;
