//! Addresses in what a scenario gives to peers.

use std::net::{IpAddr, Ipv6Addr};

/// The first address outside this machine in a text that peers may take for a description or a candidate. JSON is looked
/// through string by string, also JSON inside strings, so that escapes hide nothing.
pub(crate) fn foreign(text: &str) -> Option<String> {
    look(text, 4)
}

fn look(text: &str, depth: usize) -> Option<String> {
    if let Some(found) = in_words(text) {
        return Some(found);
    }
    let next = depth.checked_sub(1)?;
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    in_json(&value, next)
}

fn in_json(value: &serde_json::Value, depth: usize) -> Option<String> {
    match value {
        serde_json::Value::String(text) => look(text, depth),
        serde_json::Value::Array(items) => items.iter().find_map(|item| in_json(item, depth)),
        serde_json::Value::Object(map) => map
            .iter()
            .find_map(|(key, item)| look(key, depth).or_else(|| in_json(item, depth))),
        _ => None,
    }
}

fn in_words(text: &str) -> Option<String> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '.' || c == ':'));
    let ip = words
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.len() >= 3)
        .find(|word| word.parse().is_ok_and(|address| !is_here(address)));
    if let Some(ip) = ip {
        return Some(ip.to_owned());
    }
    // The connection address of a candidate may also be a name (RFC 8839, section 5.1); none resolves on the stage.
    let mut rest = text;
    while let Some(at) = rest.find("candidate:") {
        rest = &rest[at + "candidate:".len()..];
        let host = rest.split_ascii_whitespace().nth(4).unwrap_or_default();
        let host = host.trim_matches(['"', '\\', ',', '}']);
        if host.parse::<IpAddr>().is_err()
            && host.contains(|c: char| c.is_ascii_alphanumeric())
            && !host.ends_with(".local")
        {
            return Some(host.to_owned());
        }
    }
    None
}

fn is_here(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_unspecified(),
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => is_here(IpAddr::V4(v4)),
            None => v6 == Ipv6Addr::LOCALHOST || v6.is_unspecified(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::foreign;

    #[test]
    fn loopback_and_ordinary_text_pass() {
        for text in [
            "hello",
            "candidate:1 1 udp 1 127.0.0.1 9 typ host",
            "c=IN IP4 0.0.0.0",
            r#"{"type":"offer","sdp":"v=0\r\nc=IN IP6 ::1"}"#,
            "12:30:45 and 1.2",
            "candidate:1 1 udp 1 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 9 typ host",
        ] {
            assert_eq!(foreign(text), None, "{text}");
        }
    }

    #[test]
    fn foreign_addresses_are_found_even_behind_escapes() {
        for (text, address) in [
            ("c=IN IP4 8.8.8.8", "8.8.8.8"),
            ("candidate:1 1 udp 1 192.168.1.1 9 typ host", "192.168.1.1"),
            (
                "candidate:1 1 udp 1 evil.example 9 typ host",
                "evil.example",
            ),
            (
                r#"{"candidate":"\u0063andidate:1 1 udp 1 \u0038.8.8.8 9 typ host"}"#,
                "8.8.8.8",
            ),
            (r#"{"a":"{\"b\":\"2001\\u003adb8::1\"}"}"#, "2001:db8::1"),
            ("[::ffff:10.0.0.1]", "::ffff:10.0.0.1"),
        ] {
            assert_eq!(foreign(text).as_deref(), Some(address), "{text}");
        }
    }
}
