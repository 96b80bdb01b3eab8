//! Where the taps of peers are.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicU32, Ordering};

/// An address of its own for a peer, so that browsers keep cookies apart: 127.1.0.1, 127.1.0.2, … Ports are chosen by the system.
pub(crate) fn next_address() -> Ipv4Addr {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % (250 * 250);
    let [high, low] = [number / 250, number % 250].map(|part| u8::try_from(part).unwrap_or(0));
    Ipv4Addr::new(127, 1, high, low + 1)
}
