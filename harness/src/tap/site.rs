//! A server that is reached by a name of its own.

use std::ops::Range;

use bytes::BytesMut;
use httparse::Status;

use super::head::{MOST_HEADERS, Request};

/// What requests name in the place of their tap, where the server under test is at a URL: it may serve several names, check the origin
/// of its pages, or live below a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// `Host` (RFC 9110, section 7.2): `signal.test`, `signal.test:8443`.
    pub authority: String,
    /// `Origin` (RFC 6454, section 7), where a request has one: `https://signal.test:8443`.
    pub origin: String,
    /// What comes before every path, without a slash at its end: `/signaling`, or nothing.
    pub prefix: String,
}

impl Site {
    /// Changes what the request's bytes name: host, origin and path. All else stays as it is, and so does what the tap says of it.
    pub(super) fn readdress(&self, request: &mut Request) {
        let changed = self.changed(&request.raw);
        // It was parsed before, or it would be none.
        if let Some(changed) = changed {
            request.raw = changed;
        }
    }

    fn changed(&self, raw: &[u8]) -> Option<BytesMut> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let Ok(Status::Complete(_)) = parsed.parse(raw) else {
            return None;
        };
        let place = |part: &[u8]| -> Range<usize> {
            let start = part.as_ptr() as usize - raw.as_ptr() as usize;
            start..start + part.len()
        };
        let mut edits: Vec<(Range<usize>, &str)> = Vec::new();
        if let Some(path) = parsed.path.filter(|path| path.starts_with('/')) {
            let start = place(path.as_bytes()).start;
            edits.push((start..start, &self.prefix));
        }
        for header in parsed
            .headers
            .iter()
            .filter(|header| !header.value.is_empty())
        {
            if header.name.eq_ignore_ascii_case("host") {
                edits.push((place(header.value), &self.authority));
            } else if header.name.eq_ignore_ascii_case("origin") {
                edits.push((place(header.value), &self.origin));
            }
        }
        let mut out = BytesMut::with_capacity(raw.len() + 256);
        let mut from = 0;
        for (place, text) in edits {
            out.extend_from_slice(raw.get(from..place.start)?);
            out.extend_from_slice(text.as_bytes());
            from = place.end;
        }
        out.extend_from_slice(raw.get(from..)?);
        Some(out)
    }
}
