//! A description is told once: the word has it, and the text around it says where it stood.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2};

/// Shorter descriptions stay where they are (bytes).
const SHORT: usize = 128;

/// A place that begins with so much of it is the only one that is looked at: a text may be long and made to be slow.
const BEGINNING: usize = 16;

/// The text with `<name>` in the place of this description, where it stands in it as it is or as JSON mostly writes it.
pub fn elide<'a>(text: &'a str, description: &str, name: &str) -> Cow<'a, str> {
    match place(text, description) {
        Some(place) => {
            let (before, after) = (&text[..place.start], &text[place.end..]);
            format!("{before}<{name}>{after}").into()
        }
        None => text.into(),
    }
}

fn place(text: &str, description: &str) -> Option<Range<usize>> {
    let (text, rest) = (text.as_bytes(), description.as_bytes());
    // One with a backslash could end in the middle of an escape.
    if rest.len() < SHORT || rest.len() > text.len() || memchr(b'\\', rest).is_some() {
        return None;
    }
    let first = memchr2(b'\r', b'\n', &rest[..BEGINNING]).unwrap_or(BEGINNING);
    let start = memchr_iter(rest[0], text).find(|at| text[*at..].starts_with(&rest[..first]))?;
    let mut at = start;
    let mut rest = rest;
    while !rest.is_empty() {
        let line = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        if !text[at..].starts_with(&rest[..line]) {
            return None;
        }
        at += line;
        rest = &rest[line..];
        while let [end @ (b'\r' | b'\n'), more @ ..] = rest {
            let escaped: &[u8] = if *end == b'\r' { b"\\r" } else { b"\\n" };
            at += match text[at..].first()? {
                there if there == end => 1,
                _ if text[at..].starts_with(escaped) => 2,
                _ => return None,
            };
            rest = more;
        }
    }
    Some(start..at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_description_in_json_or_as_it_is_leaves_its_name() {
        let sdp = format!("v=0\r\n{}", "a=x\r\n".repeat(40));
        let json = serde_json::json!({"to": "bob", "sdp": sdp, "n": 1}).to_string();
        assert_eq!(
            elide(&json, &sdp, "offer"),
            r#"{"n":1,"sdp":"<offer>","to":"bob"}"#
        );
        assert_eq!(elide(&sdp, &sdp, "answer"), "<answer>");
        // Written in another way, or another one.
        let other = json.replace("\\r", "\\u000d");
        assert_eq!(elide(&other, &sdp, "offer"), other);
        let other = json.replace("a=x\\r\\n\"", "a=y\\r\\n\"");
        assert_eq!(elide(&other, &sdp, "offer"), other);
        assert_eq!(
            elide(r#"{"sdp":"v=0"}"#, "v=0", "offer"),
            r#"{"sdp":"v=0"}"#
        );
    }

    proptest! {
        #[test]
        fn what_is_left_out_can_be_put_back(
            sdp in "[a-z\\\\\"ü\r\n]{0,60}",
            times in 1_usize..8,
            before in "[a-z\\\\\" ]{0,9}",
        ) {
            let sdp = sdp.repeat(times);
            let text = serde_json::json!({"a": before, "sdp": sdp}).to_string();
            let told = elide(&text, &sdp, "sdp");
            let escaped = serde_json::to_string(&sdp).unwrap();
            let back = told.replacen("<sdp>", &escaped[1..escaped.len() - 1], 1);
            prop_assert_eq!(back, text);
        }
    }
}
