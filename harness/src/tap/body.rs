//! HTTP/1.1 bodies (RFC 9112, sections 6 and 7): where they end, and what they say.

use thiserror::Error;

/// The longest line between chunks, and all trailers together (bytes).
const LONGEST_LINE: usize = 16 * 1024;

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// `Content-Length`
    Length(u64),
    /// `Transfer-Encoding: chunked`
    Chunked,
    /// To the end of the stream.
    UntilClose,
}

/// A chunked body that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the chunked body is malformed")]
pub(super) struct BodyError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Rest(u64),
    UntilClose,
    /// In a chunk's size: the number so far, its digits.
    Size(u64, u32),
    /// In what follows the size on its line.
    Extension(u64),
    Chunk(u64),
    /// At the line end after a chunk.
    AfterChunk,
    /// In the trailers: the length of the current line.
    Trailer(usize),
    Done,
}

/// Follows a body without changing it.
#[derive(Debug)]
pub(super) struct Body {
    state: State,
    line: usize,
}

impl Body {
    pub(super) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::Empty | Framing::Length(0) => State::Done,
            Framing::Length(length) => State::Rest(length),
            Framing::Chunked => State::Size(0, 0),
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, line: 0 }
    }

    /// The body is complete.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The end of the stream is this body's end.
    pub(super) fn ends_with_stream(&self) -> bool {
        self.state == State::UntilClose
    }

    /// Between two chunks.
    pub(super) fn is_between_chunks(&self) -> bool {
        matches!(self.state, State::Size(_, 0))
    }

    /// Nothing but the line end behind a chunk is missing.
    pub(super) fn is_behind_chunk(&self) -> bool {
        self.state == State::AfterChunk
    }

    /// How many bytes at the beginning of `input` belong to the body; what they say is appended to `data`.
    pub(super) fn take(&mut self, input: &[u8], data: &mut Vec<u8>) -> Result<usize, BodyError> {
        self.take_until(input, data, |_| false)
    }

    /// The same, and no further than to the end of a chunk.
    pub(super) fn take_chunk(
        &mut self,
        input: &[u8],
        data: &mut Vec<u8>,
    ) -> Result<usize, BodyError> {
        self.take_until(input, data, Body::is_between_chunks)
    }

    fn take_until(
        &mut self,
        input: &[u8],
        data: &mut Vec<u8>,
        enough: impl Fn(&Self) -> bool,
    ) -> Result<usize, BodyError> {
        let mut at = 0;
        while at < input.len() && !self.is_done() && !(at > 0 && enough(self)) {
            let rest = &input[at..];
            at += match self.state {
                State::UntilClose => {
                    data.extend_from_slice(rest);
                    rest.len()
                }
                State::Rest(left) | State::Chunk(left) => {
                    // Fits: it is no more than `rest`.
                    let count = left.min(rest.len() as u64) as usize;
                    data.extend_from_slice(&rest[..count]);
                    let left = left - count as u64;
                    self.state = match (self.state, left) {
                        (State::Rest(_), 0) => State::Done,
                        (State::Rest(_), _) => State::Rest(left),
                        (_, 0) => State::AfterChunk,
                        _ => State::Chunk(left),
                    };
                    count
                }
                _ => {
                    self.line += 1;
                    if self.line > LONGEST_LINE {
                        return Err(BodyError);
                    }
                    self.state = self.line_byte(rest[0])?;
                    1
                }
            };
        }
        Ok(at)
    }

    /// One byte of what stands between chunks.
    fn line_byte(&mut self, byte: u8) -> Result<State, BodyError> {
        let started = |size| match size {
            0 => State::Trailer(0),
            size => State::Chunk(size),
        };
        let state = match (self.state, byte) {
            (State::Size(_, 0), b'\n' | b'\r' | b';') => return Err(BodyError),
            (State::Size(size, _) | State::Extension(size), b'\n') => started(size),
            (State::Size(size, digits), _) => match (byte as char).to_digit(16) {
                // 15 digits are 2^60 bytes.
                Some(digit) if digits < 15 => State::Size(size * 16 + u64::from(digit), digits + 1),
                None if matches!(byte, b';' | b'\r' | b' ' | b'\t') => State::Extension(size),
                _ => return Err(BodyError),
            },
            (State::Extension(size), _) => State::Extension(size),
            (State::AfterChunk, b'\r') => State::AfterChunk,
            (State::AfterChunk, b'\n') => State::Size(0, 0),
            (State::Trailer(0), b'\n') => State::Done,
            (State::Trailer(_), b'\n') => State::Trailer(0),
            (State::Trailer(length), b'\r') => State::Trailer(length),
            (State::Trailer(length), _) => State::Trailer(length + 1),
            _ => return Err(BodyError),
        };
        // Trailers are limited together, chunk lines each.
        if byte == b'\n' && !matches!(state, State::Trailer(_)) {
            self.line = 0;
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(stream: &[u8]) -> Result<bool, BodyError> {
        let mut body = Body::new(Framing::Chunked);
        body.take(stream, &mut Vec::new())?;
        Ok(body.is_done())
    }

    #[test]
    fn a_chunk_that_says_no_size_is_none() {
        for line in ["\r\n", "\n", ";name=value\r\n"] {
            assert_eq!(take(line.as_bytes()), Err(BodyError), "{line:?}");
            let later = format!("1\r\nx\r\n{line}\r\n");
            assert_eq!(take(later.as_bytes()), Err(BodyError), "{later:?}");
        }
    }

    #[test]
    fn the_lines_of_chunks_are_limited_each_and_trailers_together() {
        let line = "n: v\r\n";
        let count = LONGEST_LINE / line.len();
        let trailers = |count| format!("0\r\n{}\r\n", line.repeat(count));
        assert_eq!(take(trailers(count - 2).as_bytes()), Ok(true));
        assert_eq!(take(trailers(count + 1).as_bytes()), Err(BodyError));
        let chunks = "1;n=v\r\nx\r\n".repeat(2 * count) + "0\r\n\r\n";
        assert_eq!(take(chunks.as_bytes()), Ok(true));
        let long = format!("1;{}\r\n", "n".repeat(LONGEST_LINE));
        assert_eq!(take(long.as_bytes()), Err(BodyError));
    }
}
