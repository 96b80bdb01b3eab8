//! What Firefox is told to be.

use serde_json::{Map, Value};

/// The profile's preferences, as they are written there.
pub(super) const PREFERENCES: &str = include_str!("firefox.js");

/// The same by name, for a driver elsewhere that writes them itself.
pub(super) fn preferences() -> Map<String, Value> {
    let pairs = PREFERENCES.lines().filter_map(preference);
    pairs.collect()
}

/// `user_pref("name", value);`
pub(super) fn preference(line: &str) -> Option<(String, Value)> {
    let pair = line.strip_prefix("user_pref(")?.strip_suffix(");")?;
    serde_json::from_str(&format!("[{pair}]")).ok()
}
