//! JSON as signaling messages mostly are, read in one pass: objects of texts. All else is left to `serde_json`.
//!
//! A description has an escape at each line's end, and is the longest that is ever sent.

use memchr::memchr2;
use serde_json::{Map, Value as Json};

/// Objects within objects are read to this depth.
const DEPTH: usize = 8;

/// What `serde_json` would make of the text, if it is nothing but an object of texts and of such objects. `None` does not say that
/// it is no JSON.
pub(super) fn read(text: &str) -> Option<Json> {
    // One look at all of it: there is no line end between the values, and no control character in a text.
    if text
        .bytes()
        .fold(false, |found, byte| found | (byte < b' '))
    {
        return None;
    }
    let mut reader = Reader { text, at: 0 };
    reader.space();
    let value = reader.object(DEPTH)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    /// Whether this is what comes next, and if so, steps over it and what space is behind it.
    fn takes(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        if there {
            self.at += 1;
            self.space();
        }
        there
    }

    fn object(&mut self, depth: usize) -> Option<Json> {
        let mut map = Map::new();
        if !self.takes(b'{') {
            return None;
        }
        if self.takes(b'}') {
            return Some(Json::Object(map));
        }
        loop {
            let key = self.string()?;
            self.space();
            if !self.takes(b':') {
                return None;
            }
            let value = match self.peek()? {
                b'"' => Json::String(self.string()?),
                _ => self.object(depth.checked_sub(1)?)?,
            };
            map.insert(key, value);
            self.space();
            if self.takes(b'}') {
                return Some(Json::Object(map));
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let text = &self.text[self.at + 1..];
        let bytes = text.as_bytes();
        let mut end = memchr2(b'"', b'\\', bytes)?;
        if bytes[end] == b'"' {
            self.at += end + 2;
            return Some(text[..end].to_owned());
        }
        // More than enough, so that it need not grow.
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        loop {
            out.push_str(&text[from..end]);
            if bytes[end] == b'"' {
                self.at += end + 2;
                return Some(out);
            }
            out.push(match bytes.get(end + 1)? {
                b'"' => '"',
                b'\\' => '\\',
                b'/' => '/',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'n' => '\n',
                b'r' => '\r',
                b't' => '\t',
                _ => return None,
            });
            from = end + 2;
            end = match bytes.get(from)? {
                // A line ends with two of them.
                b'\\' => from,
                _ => from + memchr2(b'"', b'\\', &bytes[from..])?,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_description_is_read() {
        let text = r#" {"type":"offer", "sdp" : "v=0\r\no=- \"ü\" \\ \/\t\b\f", "more":{"to":"bob","":{}}} "#;
        let value = read(text).expect("it is read");
        assert_eq!(value, serde_json::from_str::<Json>(text).unwrap());
        assert_eq!(value["sdp"], "v=0\r\no=- \"ü\" \\ /\t\u{8}\u{c}");
    }

    #[test]
    fn what_is_no_object_of_texts_is_left_alone() {
        for text in [
            "",
            "{",
            "}",
            "[]",
            "\"x\"",
            "{}}",
            "{} x",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1}",
            "{\"a\":\"b\",}",
            "{\"a\":\"\\u0041\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\",
            "{\"a\":\"b",
            "{\"a\":\"\n\"}",
            "{a:\"b\"}",
            "{,}",
            "{\"a\":\"b\" \"c\":\"d\"}",
            "{\"a\":\"b\\\"}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        let deep = "{\"a\":".repeat(50_000) + "{}" + &"}".repeat(50_000);
        assert_eq!(read(&deep), None);
    }

    proptest! {
        #[test]
        fn whatever_is_read_serde_json_reads_the_same(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "\"", ":", ",", " ", "\\", "\\\\", "\\n", "\\r\\n", "\\\"", "\\u0041", "a", "ü", "\n", "1", "[", "]",
                "null", "{\"a\":", "\"b\":\"c\"", "\"sdp\":\"v=0\\r\\n\"", "\"a\":\"x\",", "{}", "{\"", "\":\"", "\",\"", "\"}",
            ]), 0..14),
        ) {
            let text = pieces.concat();
            if let Some(value) = read(&text) {
                let other = serde_json::from_str::<Json>(&text).ok();
                prop_assert_eq!(other, Some(value), "{}", text);
            }
        }

        #[test]
        fn every_object_of_texts_without_odd_characters_is_read(
            map in prop::collection::btree_map("[a-z]{0,3}", "[ -~ü\\r\\n\\t]{0,40}", 0..5),
        ) {
            let text = serde_json::to_string(&map).unwrap();
            prop_assert_eq!(read(&text), serde_json::to_value(&map).ok(), "{}", text);
        }
    }
}
