//! How a message is corrupted: always the same way for the same bytes, never longer or shorter, its frame or head still valid.

use crate::terms::Corruption;

impl Corruption {
    /// The corrupted payload, as long as the one given.
    pub fn apply(self, payload: &[u8]) -> Vec<u8> {
        let mut bytes = payload.to_vec();
        let letter = match self {
            Corruption::Letter => letter(payload),
            _ => None,
        };
        match (letter, self) {
            (Some(at), _) => bytes[at] = next(bytes[at]),
            (None, Corruption::NotUtf8) => replace_first(&mut bytes, 0xff),
            (None, _) => replace_first(&mut bytes, b'#'),
        }
        bytes
    }
}

fn replace_first(bytes: &mut [u8], by: u8) {
    if let Some(first) = bytes.first_mut() {
        *first = by;
    }
}

fn next(byte: u8) -> u8 {
    match byte {
        b'z' => b'a',
        b'Z' => b'A',
        b'9' => b'0',
        other => other + 1,
    }
}

/// The letter or digit that is altered: inside a string, and no part of an escape.
fn letter(payload: &[u8]) -> Option<usize> {
    let middle = payload.len() / 2;
    let (mut inside, mut at, mut last) = (false, 0, None);
    while let Some(byte) = payload.get(at) {
        match byte {
            b'\\' if inside => {
                // `\u` has four digits after it (RFC 8259, section 7).
                at += if payload.get(at + 1) == Some(&b'u') {
                    6
                } else {
                    2
                };
                continue;
            }
            b'"' => inside = !inside,
            byte if inside && byte.is_ascii_alphanumeric() => {
                last = Some(at);
                if at >= middle {
                    break;
                }
            }
            _ => {}
        }
        at += 1;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_of_a_string_becomes_the_next() {
        for (before, after) in [
            (r#"{"type":"bye"}"#, r#"{"type":"cye"}"#),
            (r#"{"a":"\r\n9z"}"#, r#"{"a":"\r\n0z"}"#),
            (r#"["x","\u00e9\n"]"#, r#"["y","\u00e9\n"]"#),
            (r#"{"é":null}"#, "#\"é\":null}"),
            ("[1,2,true]", "#1,2,true]"),
            ("", ""),
            ("\"\\", "#\\"),
        ] {
            let corrupted = Corruption::Letter.apply(before.as_bytes());
            assert_eq!(String::from_utf8_lossy(&corrupted), after, "{before}");
        }
    }

    #[test]
    fn what_is_no_json_and_what_is_no_utf8_keep_their_length() {
        assert_eq!(Corruption::NotJson.apply(b"{}"), b"#}");
        assert_eq!(Corruption::NotUtf8.apply(b"{}"), b"\xff}");
        assert!(Corruption::NotUtf8.apply(b"").is_empty());
    }
}
