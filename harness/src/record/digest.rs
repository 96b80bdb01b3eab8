//! What stands for a text that must arrive unchanged.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

/// A keyed digest of what must arrive unchanged (HMAC-SHA-256, RFC 2104, the first 64 bits as hex). The key is made anew for
/// each run, so that a digest tells nothing to who has not got the run's memory.
#[derive(Clone)]
pub struct Digest(Arc<Hashes>);

/// Both hashes with the key taken in (RFC 2104, section 4), which need not be done for each text.
struct Hashes {
    inner: Sha256,
    outer: Sha256,
}

impl Digest {
    /// With a random key.
    pub fn new() -> Self {
        Self::with_key(&rand::random::<[u8; 32]>())
    }

    /// With a key that everybody knows: the same bytes have the same digest in every run, so it must not be taken of a secret.
    pub fn public() -> Self {
        Self::with_key(&[0; 32])
    }

    fn with_key(key: &[u8]) -> Self {
        const BLOCK: usize = 64;
        let mut block = [0u8; BLOCK];
        let short: &[u8] = if key.len() > BLOCK {
            &Sha256::digest(key)
        } else {
            key
        };
        block[..short.len()].copy_from_slice(short);
        Self(Arc::new(Hashes {
            inner: Sha256::new().chain_update(block.map(|b| b ^ 0x36)),
            outer: Sha256::new().chain_update(block.map(|b| b ^ 0x5c)),
        }))
    }

    /// The digest of these bytes: 16 hex digits.
    pub fn of(&self, bytes: &[u8]) -> String {
        let whole = self.whole(bytes);
        let digits = whole[..8]
            .iter()
            .flat_map(|byte| [byte >> 4, byte & 0xf])
            .filter_map(|digit| char::from_digit(digit.into(), 16));
        let mut hex = String::with_capacity(16);
        hex.extend(digits);
        hex
    }

    fn whole(&self, bytes: &[u8]) -> [u8; 32] {
        let inner = self.0.inner.clone().chain_update(bytes).finalize();
        self.0.outer.clone().chain_update(inner).finalize().into()
    }
}

impl Default for Digest {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Digest").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_hmac_sha_256() {
        // RFC 4231, test cases 2 and 6.
        let hex = |bytes: [u8; 32]| {
            format!(
                "{:02x}{:02x}{:02x}{:02x}",
                bytes[0], bytes[1], bytes[2], bytes[31]
            )
        };
        assert_eq!(
            hex(Digest::with_key(b"Jefe").whole(b"what do ya want for nothing?")),
            "5bdcc143"
        );
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        assert_eq!(hex(Digest::with_key(&[0xaa; 131]).whole(long)), "60e43154");
    }

    #[test]
    fn digests_of_two_runs_differ() {
        let (one, other) = (Digest::new(), Digest::new());
        assert_eq!(one.of(b"x"), one.of(b"x"));
        assert_ne!(one.of(b"x"), other.of(b"x"));
        assert_eq!(one.of(b"x").len(), 16);
        assert_eq!(Digest::public().of(b"x"), "4cbc96099a6467ce");
    }
}
