//! A pattern to begin with, made from a message that nobody understood.

use serde_json::Value as Json;

use crate::yaml;

/// What a value stands for, where that shows.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// Whose line it is.
    pub me: &'a str,
    /// The others.
    pub peers: &'a [&'a str],
    /// The room.
    pub room: &'a str,
}

/// Deeper than this a message is not looked into.
const DEPTH: usize = 6;
/// A longer pattern helps nobody (bytes).
const LONGEST: usize = 400;
/// What servers number their words by stays below; ids and times do not.
const LARGEST_WORD: u64 = 9999;
/// The keys in which servers write what a message is.
const KINDS: [&str; 12] = [
    "type", "event", "op", "kind", "cmd", "command", "action", "method", "msg", "message", "what",
    "status",
];

/// A pattern that this message would fit, as one line of YAML: what names the kind of message stands as it is, what is known is a hole, and
/// the rest is `{_}`. Some servers number their words. `None` for what is neither an object nor a list.
pub fn sketch(text: &str, names: Names<'_>) -> Option<String> {
    let value: Json = serde_json::from_str(text).ok()?;
    let pattern = match &value {
        Json::Object(map) if !map.is_empty() => pattern(&value, names, 0),
        Json::Array(items) if !items.is_empty() => {
            // What it is stands first.
            let items = items.iter().enumerate().map(|(at, item)| {
                let word = word(item).filter(|_| at == 0);
                word.unwrap_or_else(|| pattern(item, names, 1))
            });
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        _ => return None,
    };
    (pattern.len() <= LONGEST).then_some(pattern)
}

fn pattern(value: &Json, names: Names<'_>, depth: usize) -> String {
    match value {
        Json::Object(_) if is_candidate(value) => hole("candidate"),
        Json::Object(map) if !map.is_empty() && depth < DEPTH => {
            // What it is comes first: the order of the message is not known any more.
            let is_kind = |(key, _): &(&String, &Json)| KINDS.contains(&key.as_str());
            let (kinds, others): (Vec<_>, Vec<_>) = map.iter().partition(is_kind);
            let entries = kinds.into_iter().chain(others).map(|(key, value)| {
                let word = word(value).filter(|_| KINDS.contains(&key.as_str()));
                let value = word.unwrap_or_else(|| pattern(value, names, depth + 1));
                format!("{}: {value}", yaml::scalar(&escaped_key(key)))
            });
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) if !items.is_empty() => {
            let known = |item: &Json| {
                item.as_str()
                    .is_some_and(|id| id == names.me || names.peers.contains(&id))
            };
            match items.iter().all(known) {
                true => hole("with"),
                false => hole("_"),
            }
        }
        Json::String(text) => match text.as_str() {
            text if text == names.me => hole("me"),
            text if text == names.room => hole("room"),
            text if names.peers.contains(&text) => hole("peer"),
            text if text.starts_with("v=0") || text == "<offer>" || text == "<answer>" => {
                hole("sdp")
            }
            text if text.starts_with("candidate:") => hole("candidate-line"),
            _ => hole("_"),
        },
        _ => hole("_"),
    }
}

/// What can be the word of a message, as it stands: a short text, or a small whole number.
fn word(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if text.len() <= 40 => Some(yaml::scalar(text)),
        Json::Number(number) => {
            let small = number.as_i64()?.unsigned_abs() <= LARGEST_WORD;
            small.then(|| number.to_string())
        }
        _ => None,
    }
}

fn is_candidate(value: &Json) -> bool {
    let line = value.get("candidate").and_then(Json::as_str);
    line.is_some_and(|line| line.starts_with("candidate:")) && value.get("sdpMid").is_some()
}

fn hole(name: &str) -> String {
    format!("\"{{{name}}}\"")
}

/// A key that begins with `$` or ends with `?` means something in a pattern.
fn escaped_key(key: &str) -> String {
    match key.starts_with('$') {
        true => format!("${key}"),
        false => key.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_a_hole_and_what_names_the_message_stays() {
        let names = Names {
            me: "alice",
            peers: &["bob"],
            room: "lobby",
        };
        for (text, expected) in [
            (
                r#"{"event":"members","data":{"room":"lobby","members":["alice","bob"],"count":2}}"#,
                r#"{ event: members, data: { count: "{_}", members: "{with}", room: "{room}" } }"#,
            ),
            (
                r#"{"offer":"v=0\r\n","from":"bob","to":"alice"}"#,
                r#"{ from: "{peer}", offer: "{sdp}", to: "{me}" }"#,
            ),
            (
                r#"{"type":"ice","ice":{"candidate":"candidate:1 1 udp","sdpMid":"0"},"odd key":[]}"#,
                r#"{ type: ice, ice: "{candidate}", odd key: "{_}" }"#,
            ),
            (
                r#"{"welcome":"u1","$x":1}"#,
                r#"{ "$$x": "{_}", welcome: "{_}" }"#,
            ),
            (
                r#"["in","lobby",["bob"],3]"#,
                r#"[in, "{room}", "{with}", "{_}"]"#,
            ),
            (
                r#"[1,{"room":"lobby"},2]"#,
                r#"[1, { room: "{room}" }, "{_}"]"#,
            ),
            (r#"[-7,"bob"]"#, r#"[-7, "{peer}"]"#),
            (
                r#"{"op":10,"d":{"heartbeat":41250}}"#,
                r#"{ op: 10, d: { heartbeat: "{_}" } }"#,
            ),
            // A time, a share: no words.
            (r#"[1764190000000,"in"]"#, r#"["{_}", "{_}"]"#),
            (r#"[0.5,"in"]"#, r#"["{_}", "{_}"]"#),
        ] {
            assert_eq!(sketch(text, names).as_deref(), Some(expected));
        }
        for text in ["[]", "{}", "17", "no", "{\"a\":"] {
            assert_eq!(sketch(text, names), None, "{text}");
        }
    }
}
