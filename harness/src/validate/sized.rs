//! Messages as long as a server takes them: how long to make them.

use crate::mind::longest;
use crate::signaling::{Dialect, Kind, Word};

/// Where nobody says how much is taken, these are tried, in bytes: limits are at powers of two.
pub(super) const TRIED: [u32; 4] = [8_000, 16_000, 32_000, 64_000];

/// No scenario makes up more.
const MOST: usize = 1_000_000;

/// So often a size is bettered: a message grows evenly with what is in it.
const STEPS: usize = 8;

/// The sizes of what is sent, one after the other.
pub(super) fn sizes(message: &str, dialect: &Dialect) -> Vec<u32> {
    match dialect.properties().takes_up_to {
        None => TRIED.to_vec(),
        Some(limit) => fitting(message, limit, dialect).into_iter().collect(),
    }
}

/// Why nothing can be made that is as long.
pub(super) fn lacking(step: &str, dialect: &Dialect) -> Option<String> {
    let message = step.strip_prefix("sized ")?.split_whitespace().nth(2)?;
    let limit = dialect.properties().takes_up_to?;
    let name = dialect.name();
    fitting(message, limit, dialect).is_none().then(|| {
        format!("with the dialect `{name}` nobody can tell which `{message}` is a message of {limit} bytes, or none is as short")
    })
}

/// The size of a content whose message is hardly shorter than this, and not longer.
fn fitting(message: &str, limit: usize, dialect: &Dialect) -> Option<u32> {
    let kind: Kind = message.parse().ok()?;
    let limit = limit.min(MOST);
    let length = |size: u32| {
        let peer = Some("a-peer-of-some-name-that-is-48-bytes-long-at-most".to_owned());
        let signal = longest(kind, size)?;
        dialect.length_of(&Word::Signal { peer, signal })
    };
    let mut size = u32::try_from(limit).ok()?;
    for _ in 0..STEPS {
        let found = length(size)?;
        if found <= limit {
            return Some(size);
        }
        let smaller = u64::from(size) * limit as u64 / found as u64;
        size = u32::try_from(smaller).ok()?.saturating_sub(100);
    }
    None
}
