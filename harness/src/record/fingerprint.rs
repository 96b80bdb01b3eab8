//! What a message is known by: worked out when somebody asks, not while it is on its way.

use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Digest;

/// A [`Digest`] of what must arrive unchanged, of 16 hex digits. That of a description is owed until it is asked for: hashing it was
/// a sixth of what the tap did with a message of 1 KB.
#[derive(Clone, Default)]
pub struct Fingerprint {
    known: OnceLock<Box<str>>,
    owed: Option<(Arc<str>, Digest)>,
}

impl Fingerprint {
    /// Of this text, later.
    pub fn owed(text: Arc<str>, digest: Digest) -> Self {
        Self {
            known: OnceLock::new(),
            owed: Some((text, digest)),
        }
    }

    /// The digest.
    pub fn as_str(&self) -> &str {
        self.known.get_or_init(|| match &self.owed {
            Some((text, digest)) => digest.of(text.as_bytes()).into(),
            None => Box::default(),
        })
    }
}

impl<T: Into<Box<str>>> From<T> for Fingerprint {
    fn from(digest: T) -> Self {
        Self {
            known: OnceLock::from(digest.into()),
            owed: None,
        }
    }
}

impl PartialEq for Fingerprint {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_the_digest_of_its_text() {
        let digest = Digest::new();
        let owed = Fingerprint::owed("v=0".into(), digest.clone());
        assert_eq!(owed, Fingerprint::from(digest.of(b"v=0")));
        assert_ne!(owed, Fingerprint::from(digest.of(b"v=1")));
        assert_eq!(
            serde_json::to_string(&owed).unwrap(),
            format!("{:?}", digest.of(b"v=0"))
        );
    }
}
