//! How a value is changed on its way into text, and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// `{name|filter}`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filter {
    /// Percent-encoded (RFC 3986, section 2.1).
    Url,
    /// As JSON text.
    Json,
    /// Base64, with padding (RFC 4648, section 4).
    Base64,
    /// Twenty characters that are the same for the same value: the first hexadecimal digits of its SHA-256. Nothing leads back.
    Digest,
    /// A list, with commas between.
    Commas,
    /// A list, with spaces between.
    Spaces,
}

/// So many characters has a digest: as many as BitTorrent's ids.
const DIGEST: usize = 20;

impl Filter {
    const NAMES: [(&str, Filter); 6] = [
        ("url", Filter::Url),
        ("json", Filter::Json),
        ("base64", Filter::Base64),
        ("digest", Filter::Digest),
        ("commas", Filter::Commas),
        ("spaces", Filter::Spaces),
    ];

    /// The filter of this name.
    ///
    /// # Errors
    /// There is none: in words.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::NAMES.into_iter().find(|(there, _)| *there == name);
        found.map(|(_, filter)| filter).ok_or_else(|| {
            let names: Vec<String> = (Self::NAMES.iter())
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            format!(
                "there is no filter {}, only {}",
                crate::mistake::quoted(name),
                names.join(", ")
            )
        })
    }

    /// A value, changed.
    pub(super) fn apply(self, value: &Json) -> String {
        match self {
            Filter::Url => encode(&plain(value)),
            Filter::Json => value.to_string(),
            Filter::Base64 => STANDARD.encode(plain(value)),
            Filter::Digest => digest(&plain(value)),
            Filter::Commas => join(value, ","),
            Filter::Spaces => join(value, " "),
        }
    }

    /// The value that a text was made of. `None`: of none, or nothing leads back.
    pub(super) fn undo(self, text: &str) -> Option<Json> {
        match self {
            Filter::Url => decode(text).map(Json::String),
            Filter::Json => serde_json::from_str(text).ok(),
            Filter::Base64 => {
                let bytes = STANDARD.decode(text).ok()?;
                String::from_utf8(bytes).ok().map(Json::String)
            }
            Filter::Digest => None,
            Filter::Commas => Some(list(text.split(','))),
            Filter::Spaces => Some(list(text.split(' '))),
        }
    }
}

fn join(value: &Json, between: &str) -> String {
    match value {
        Json::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(between),
        other => plain(other),
    }
}

/// Nothing, and what stands between two separators that follow each other, is no item.
fn list<'a>(items: impl Iterator<Item = &'a str>) -> Json {
    let items = items.map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| Json::String(item.into())).collect()
}

/// A value within text.
pub(crate) fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn digest(text: &str) -> String {
    let bytes = Sha256::digest(text.as_bytes());
    let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
    digits.take(DIGEST / 2).collect()
}

fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte as char);
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = (bytes.next()? as char).to_digit(16)?;
            let low = (bytes.next()? as char).to_digit(16)?;
            out.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}
