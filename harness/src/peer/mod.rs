//! Who acts: native peers, browsers, users' own pages, and wire peers that only signal.

mod address;
pub mod browser;
mod native;
pub mod page;
mod socket;
mod teller;
mod wire;

pub use address::Origin;
pub(crate) use address::next_address;
pub use native::NativePeer;
pub use wire::WirePeer;
