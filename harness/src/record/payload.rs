//! What went through a channel, as the record keeps it.

use super::digest::Digest;
use crate::terms::{Data, Payload};

/// A payload as the trace keeps it: long ones by length and digest.
pub fn payload(data: &Data) -> Payload {
    const LIMIT: usize = 1024;
    // It is written into the log, which must be the same in every run.
    let digest = Digest::public();
    match data {
        Data::Text(text) if text.len() <= LIMIT => Payload::Text(text.clone()),
        Data::Bytes(bytes) if bytes.len() <= LIMIT => Payload::Bytes(bytes.clone()),
        Data::Text(text) => Payload::Text(format!(
            "{} characters, {}",
            text.chars().count(),
            digest.of(text.as_bytes())
        )),
        Data::Bytes(bytes) => Payload::Bytes(format!(
            "{} characters of base64, {}",
            bytes.len(),
            digest.of(bytes.as_bytes())
        )),
    }
}
