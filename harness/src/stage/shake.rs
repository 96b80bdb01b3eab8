//! Small delays, the same for the same seed.

use std::time::Duration;

/// A small deterministic source of delays.
pub(super) struct Shake(pub(super) u64);

impl Shake {
    /// Up to 5 ms for one message in two (splitmix64).
    pub(super) fn delay(&mut self) -> Option<Duration> {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        (z & 1 == 1).then(|| Duration::from_micros((z >> 1) % 5_000))
    }
}
