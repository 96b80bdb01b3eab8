//! The answer to a long poll: nothing, one message, or a JSON array of which each item is one.

use std::ops::Range;

/// What a body carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nothing came.
    Nothing,
    /// The body is the message.
    One,
    /// A JSON array: where its items stand.
    List(Vec<Range<usize>>),
}

/// What a body carries. What is no JSON array is one message, whatever it is.
pub(crate) fn answer(body: &[u8]) -> Answer {
    let text = body.trim_ascii();
    if text.is_empty() {
        return Answer::Nothing;
    }
    let json = std::str::from_utf8(text)
        .is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok());
    let is_list = text[0] == b'[' && json;
    if !is_list {
        return Answer::One;
    }
    let mut items = Vec::new();
    let (mut depth, mut inside, mut from) = (0_usize, false, 0);
    let mut bytes = body.iter().enumerate();
    let item = |range: Range<usize>| {
        let text = &body[range.clone()];
        let start = range.start + (text.len() - text.trim_ascii_start().len());
        let end = start + text.trim_ascii().len();
        (start < end).then_some(start..end)
    };
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if inside => drop(bytes.next()),
            b'"' => inside = !inside,
            _ if inside => {}
            b'[' | b'{' => {
                depth += 1;
                if depth == 1 {
                    from = at + 1;
                }
            }
            b']' | b'}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    items.extend(item(from..at));
                }
            }
            b',' if depth == 1 => {
                items.extend(item(from..at));
                from = at + 1;
            }
            _ => {}
        }
    }
    match items.is_empty() {
        true => Answer::Nothing,
        false => Answer::List(items),
    }
}

/// A body that carries these items.
pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [b"[", &items.join(&b","[..])[..], b"]"].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Vec<String> {
        match answer(body.as_bytes()) {
            Answer::Nothing => vec![],
            Answer::One => vec![format!("={body}")],
            Answer::List(items) => items.into_iter().map(|at| body[at].to_owned()).collect(),
        }
    }

    #[test]
    fn an_array_is_a_message_for_each_item_and_all_else_is_one() {
        for (body, expected) in [
            ("", vec![]),
            (" \r\n", vec![]),
            ("[]", vec![]),
            ("[ ]", vec![]),
            ("hello", vec!["=hello"]),
            ("{\"a\":[1,2]}", vec!["={\"a\":[1,2]}"]),
            (
                "[1, {\"a\": [2,3]} ,\"x,]\\\"\\\\\",null]\n",
                vec!["1", "{\"a\": [2,3]}", "\"x,]\\\"\\\\\"", "null"],
            ),
            (" [[1,2],[]]", vec!["[1,2]", "[]"]),
            ("[\"é\",\"]\"]", vec!["\"é\"", "\"]\""]),
            // What only begins like an array.
            ("[1,", vec!["=[1,"]),
            ("[1]]", vec!["=[1]]"]),
            ("[a]", vec!["=[a]"]),
        ] {
            assert_eq!(read(body), expected, "{body}");
        }
        assert_eq!(answer(b"\xff\xfe"), Answer::One);
        assert_eq!(answer(b"[\"\xff\"]"), Answer::One);
        let deep = "[".repeat(100_000);
        assert_eq!(answer(deep.as_bytes()), Answer::One);
    }

    #[test]
    fn a_list_is_read_as_it_was_written() {
        let items: Vec<Vec<u8>> = ["{\"a\":1}", "\"x\""].map(|item| item.into()).into();
        let body = list(&items);
        assert_eq!(body, b"[{\"a\":1},\"x\"]");
        let Answer::List(places) = answer(&body) else {
            panic!("no list");
        };
        let again: Vec<_> = places.into_iter().map(|at| body[at].to_vec()).collect();
        assert_eq!(again, items);
    }
}
