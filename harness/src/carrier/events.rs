//! Server-sent events (HTML, section 9.2): blocks of lines, each with an empty line at its end.

use std::borrow::Cow;

/// Finds where blocks end, in text that comes in pieces. Lines end with LF, CR, or both.
#[derive(Debug, Default)]
pub(crate) struct Borders {
    /// Characters in the line at hand.
    line: usize,
    /// The last byte was a CR: an LF behind it belongs to it.
    returned: bool,
}

impl Borders {
    /// Looks at the next bytes; the places behind the blocks that end in them, oldest first, go to `ends`, with `base` added.
    pub(crate) fn look(&mut self, bytes: &[u8], base: usize, ends: &mut Vec<usize>) {
        let mut at = 0;
        while at < bytes.len() {
            let here = memchr::memchr2(b'\n', b'\r', &bytes[at..]).map(|found| at + found);
            let Some(here) = here else {
                self.line += bytes.len() - at;
                self.returned = false;
                return;
            };
            if here > at {
                self.line += here - at;
                self.returned = false;
            }
            at = here + 1;
            if bytes[here] == b'\n' && std::mem::take(&mut self.returned) {
                // The second half of a line end: a block that ended with the first half takes it along.
                if let Some(end) = ends.last_mut().filter(|end| **end == base + here) {
                    *end = base + at;
                }
                continue;
            }
            self.returned = bytes[here] == b'\r';
            if std::mem::take(&mut self.line) == 0 {
                ends.push(base + at);
            }
        }
    }
}

/// What a block says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// Its `event:`; empty for a plain message.
    pub(crate) name: String,
    /// Its lines of data, joined.
    pub(crate) data: Vec<u8>,
}

/// The lines of a block, without their ends.
fn lines(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(block);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = memchr::memchr2(b'\n', b'\r', text) else {
            rest = None;
            return Some(text).filter(|line| !line.is_empty());
        };
        let both = text[end..].starts_with(b"\r\n");
        rest = Some(&text[end + 1 + usize::from(both)..]);
        Some(&text[..end])
    })
}

/// A line's field and value; `None` for a comment.
fn field(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(colon) = memchr::memchr(b':', line) else {
        return Some((line, b""));
    };
    let value = &line[colon + 1..];
    let value = value.strip_prefix(b" ").unwrap_or(value);
    (colon > 0).then_some((&line[..colon], value))
}

/// What a whole block says; `None` if it is no event: comments, a time to wait, an id. A byte order mark may stand before the first.
pub(crate) fn event(block: &[u8]) -> Option<Event> {
    let block = block.strip_prefix(b"\xef\xbb\xbf").unwrap_or(block);
    let mut event = Event::default();
    let mut any = false;
    for (name, value) in lines(block).filter_map(field) {
        match name {
            b"data" => {
                if any {
                    event.data.push(b'\n');
                }
                any = true;
                event.data.extend_from_slice(value);
            }
            b"event" => event.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }
    any.then_some(event)
}

/// The block with other data: its other lines stay, the new data stands where the first of its own did.
pub(crate) fn with_data(block: &[u8], data: &[u8]) -> Vec<u8> {
    let (mark, text) = match block.strip_prefix(b"\xef\xbb\xbf") {
        Some(text) => (&block[..3], text),
        None => (&b""[..], block),
    };
    let mut written = mark.to_vec();
    let mut put = false;
    for line in lines(text).filter(|line| !line.is_empty()) {
        let data_line = field(line).is_some_and(|(name, _)| name == b"data");
        let line: Vec<Cow<'_, [u8]>> = match (data_line, put) {
            (true, true) => continue,
            (false, _) => vec![line.into()],
            (true, false) => {
                put = true;
                data.split(|byte| matches!(byte, b'\n' | b'\r'))
                    .map(|part| [b"data: ", part].concat().into())
                    .collect()
            }
        };
        for line in line {
            written.extend_from_slice(&line);
            written.push(b'\n');
        }
    }
    written.push(b'\n');
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ends(pieces: &[&[u8]]) -> Vec<usize> {
        let (mut borders, mut ends, mut base) = (Borders::default(), Vec::new(), 0);
        for piece in pieces {
            borders.look(piece, base, &mut ends);
            base += piece.len();
        }
        ends
    }

    #[test]
    fn a_block_ends_with_an_empty_line_whatever_ends_its_lines() {
        for (text, expected) in [
            ("data: 1\n\n", vec![9]),
            ("data: 1\r\n\r\n", vec![11]),
            ("data: 1\r\r", vec![9]),
            ("data: 1\n\r\n", vec![10]),
            ("data: 1\n\ndata: 2\n\n", vec![9, 18]),
            ("data: 1\r\n\r\ndata: 2\r\n\r\n", vec![11, 22]),
            ("\n", vec![1]),
            (": keep\n\n:\n\n", vec![8, 11]),
            ("data: 1\n", vec![]),
            ("data: 1", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(ends(&[text.as_bytes()]), expected, "{text:?}");
            let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
            // Byte by byte the last half of a line end comes too late for a cut, and not for a list.
            assert_eq!(ends(&bytes), expected, "{text:?} byte by byte");
        }
    }

    #[test]
    fn a_block_says_what_its_lines_of_data_say() {
        let plain = |data: &str| {
            Some(Event {
                name: String::new(),
                data: data.into(),
            })
        };
        for (block, expected) in [
            ("data: {\"a\":1}\n\n", plain("{\"a\":1}")),
            ("data:x\r\ndata: y\r\n\r\n", plain("x\ny")),
            ("data:  two\n\n", plain(" two")),
            ("data\n\n", plain("")),
            ("data\ndata\n\n", plain("\n")),
            ("\u{feff}data: x\n\n", plain("x")),
            ("id: 7\ndata: a:b\nretry: 10\nelse: z\n\n", plain("a:b")),
            (": keep\n\n", None),
            ("retry: 10\nid: 3\n\n", None),
            ("event: offer\n\n", None),
            ("Data: x\n\n", None),
            ("\n", None),
            (
                "event: offer\ndata: x\n\n",
                Some(Event {
                    name: "offer".into(),
                    data: b"x".into(),
                }),
            ),
        ] {
            assert_eq!(event(block.as_bytes()), expected, "{block:?}");
        }
        assert_eq!(event(b"data: \xff\n\n").unwrap().data, b"\xff");
    }

    #[test]
    fn other_data_stands_where_the_old_stood() {
        for (block, data, expected) in [
            ("data: x\n\n", "y", "data: y\n\n"),
            (
                "event: a\r\ndata:x\r\ndata:z\r\nid: 1\r\n\r\n",
                "1\n2",
                "event: a\ndata: 1\ndata: 2\nid: 1\n\n",
            ),
            ("\u{feff}:c\ndata\n\n", "", "\u{feff}:c\ndata: \n\n"),
        ] {
            let written = with_data(block.as_bytes(), data.as_bytes());
            assert_eq!(String::from_utf8_lossy(&written), expected, "{block:?}");
            assert_eq!(event(&written).unwrap().data, data.as_bytes());
        }
    }
}
