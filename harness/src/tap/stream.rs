//! Cuts an event stream into events, out of the chunks or whatever else its body stands in.
//!
//! Where the borders of chunks and events meet, the bytes can go as they came. An event does not wait for the rest of a chunk: then, and where
//! a fault changes something, the chunks are written anew, each event in one of its own.

use bytes::{Buf, BytesMut};

use super::body::{Body, Framing};
use super::violation::Violation;
use crate::carrier::events::{self, Borders, Event};
use crate::terms::Rule;

/// A block of the stream, and what it says; no event if it is a comment.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) bytes: Vec<u8>,
    pub(super) event: Option<Event>,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Flow {
    /// Whole blocks; `raw` is all of them as they came, if that can go on.
    Blocks {
        raw: Option<BytesMut>,
        blocks: Vec<Block>,
    },
    /// The beginning of an event that is too long, and what it says so far; then `Tail`s follow.
    Beginning { bytes: BytesMut, data: Vec<u8> },
    /// More of it, the last at `end`.
    Tail { bytes: BytesMut, end: bool },
    /// What cannot be read as events.
    Raw(BytesMut),
    /// The body's end.
    Last(BytesMut),
}

/// An incremental reader of one event stream. It owns no raw bytes: what may go on as it came stays in the caller's buffer.
#[derive(Debug)]
pub(super) struct Stream {
    body: Body,
    /// The body goes to the end of the stream: no chunks are written.
    plain: bool,
    /// It has a length in its head, and goes on in chunks.
    anew: bool,
    cap: usize,
    /// How much of the buffer is read already.
    scanned: usize,
    /// What the body says, without what has gone on.
    said: Vec<u8>,
    /// How much of that was looked at, and where blocks end in it.
    looked: usize,
    ends: Vec<usize>,
    borders: Borders,
    /// The bytes at the beginning of the buffer are not needed: a part of their chunk has gone on already.
    torn: bool,
    overlong: bool,
    /// It cannot be read as events: it is encoded, or its body is broken.
    opaque: bool,
    broken: bool,
    done: bool,
    noted: Option<Violation>,
}

impl Stream {
    pub(super) fn new(framing: Framing, codings: &str, cap: usize) -> Self {
        let anew = matches!(framing, Framing::Length(_));
        let plain = framing == Framing::UntilClose;
        let opaque = !matches!(codings.trim(), "" | "identity");
        let noted = opaque.then(|| {
            let detail =
                format!("an event stream is encoded as {codings:?}, though nobody asked for that");
            Violation::new(Rule::Coding, detail)
        });
        Self {
            body: Body::new(framing),
            plain,
            anew,
            cap,
            scanned: 0,
            said: Vec::new(),
            looked: 0,
            ends: Vec::new(),
            borders: Borders::default(),
            torn: plain || anew,
            overlong: false,
            opaque,
            broken: false,
            done: false,
            noted,
        }
    }

    /// Whether the head must say that chunks follow, in the place of a length.
    pub(super) fn is_anew(&self) -> bool {
        self.anew && !self.opaque
    }

    /// The body has ended: what follows is no part of it.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// What was wrong; told once.
    pub(super) fn take_noted(&mut self) -> Option<Violation> {
        self.noted.take()
    }

    /// A block as it is written into the stream.
    pub(super) fn framed(&self, block: &[u8]) -> BytesMut {
        if self.plain || block.is_empty() {
            return BytesMut::from(block);
        }
        let mut chunk = BytesMut::from(format!("{:x}\r\n", block.len()).as_bytes());
        chunk.extend_from_slice(block);
        chunk.extend_from_slice(b"\r\n");
        chunk
    }

    /// What ends the stream between two blocks, before the end of the connection.
    pub(super) fn end(&self) -> BytesMut {
        BytesMut::from(match self.plain {
            true => &b""[..],
            false => b"0\r\n\r\n",
        })
    }

    /// The unfinished block that is left when the connection ends.
    pub(super) fn rest(&mut self, inbox: &mut BytesMut) -> BytesMut {
        match (self.done, self.torn && !self.opaque) {
            (true, _) => BytesMut::new(),
            (false, false) => inbox.split(),
            (false, true) => {
                let said = std::mem::take(&mut self.said);
                let mut rest = self.framed(&said);
                rest.unsplit(inbox.split());
                rest
            }
        }
    }

    /// The next part of the stream, taken out of `inbox`; `None` when more bytes are needed, or none belong to it.
    pub(super) fn next(&mut self, inbox: &mut BytesMut) -> Option<Flow> {
        if self.done {
            return None;
        }
        if self.broken {
            return (!inbox.is_empty()).then(|| Flow::Raw(inbox.split()));
        }
        if self.opaque {
            return self.pass(inbox);
        }
        loop {
            let known = self.said.len();
            match (self.body).take_chunk(&inbox[self.scanned..], &mut self.said) {
                Ok(taken) => self.scanned += taken,
                Err(_) => {
                    self.said.truncate(known);
                    return Some(self.give_up(inbox));
                }
            }
            self.borders
                .look(&self.said[self.looked..], self.looked, &mut self.ends);
            self.looked = self.said.len();
            if self.torn {
                inbox.advance(std::mem::take(&mut self.scanned));
            }
            let more = self.scanned < inbox.len() && !self.body.is_done();
            if self.overlong && self.looked > 0 {
                return Some(self.tail());
            }
            let whole = self.ends.last() == Some(&self.said.len());
            if whole && self.body.is_between_chunks() {
                let raw = (!self.torn).then(|| inbox.split_to(std::mem::take(&mut self.scanned)));
                let blocks = self.take_blocks();
                self.torn = self.anew;
                return Some(Flow::Blocks { raw, blocks });
            }
            if self.ends.is_empty() {
                if self.body.is_done() {
                    return Some(self.last(inbox));
                }
                if self.said.len() > self.cap {
                    self.tear(inbox);
                    return Some(self.beginning());
                }
                if self.scanned > self.cap {
                    // Next to nothing in a great many chunks.
                    self.tear(inbox);
                }
            } else if !more && (!whole || !self.body.is_behind_chunk() || self.torn) {
                self.tear(inbox);
                let blocks = self.take_blocks();
                return Some(Flow::Blocks { raw: None, blocks });
            }
            if !more {
                return None;
            }
        }
    }

    /// A stream that cannot be read as events is followed to its end all the same.
    fn pass(&mut self, inbox: &mut BytesMut) -> Option<Flow> {
        if inbox.is_empty() {
            return None;
        }
        let Ok(taken) = self.body.take(inbox, &mut Vec::new()) else {
            return Some(self.give_up(inbox));
        };
        let bytes = inbox.split_to(taken);
        self.done = self.body.is_done();
        Some(match self.done {
            true => Flow::Last(bytes),
            false => Flow::Raw(bytes),
        })
    }

    fn give_up(&mut self, inbox: &mut BytesMut) -> Flow {
        self.broken = true;
        let detail = "the chunks of an event stream are malformed; it is passed on unread";
        self.noted = Some(Violation::new(Rule::Body, detail));
        Flow::Raw(self.rest(inbox))
    }

    /// From here to the next place where borders meet, the raw bytes do not count.
    fn tear(&mut self, inbox: &mut BytesMut) {
        self.torn = true;
        inbox.advance(std::mem::take(&mut self.scanned));
    }

    /// What was said up to there, and forgets it.
    fn take_said(&mut self, end: usize) -> Vec<u8> {
        let rest = self.said.split_off(end);
        self.looked -= end;
        for one in &mut self.ends {
            *one -= end;
        }
        std::mem::replace(&mut self.said, rest)
    }

    fn take_blocks(&mut self) -> Vec<Block> {
        let ends = std::mem::take(&mut self.ends);
        let all = self.take_said(ends.last().copied().unwrap_or(0));
        let mut from = 0;
        ends.into_iter()
            .map(|end| {
                let bytes = all[std::mem::replace(&mut from, end)..end].to_vec();
                let event = events::event(&bytes);
                Block { bytes, event }
            })
            .collect()
    }

    fn beginning(&mut self) -> Flow {
        self.overlong = true;
        let said = self.take_said(self.said.len());
        // A line that is cut says what it has so far.
        let data = events::event(&said).map_or_else(Vec::new, |event| event.data);
        Flow::Beginning {
            bytes: self.framed(&said),
            data,
        }
    }

    fn tail(&mut self) -> Flow {
        let end = self.ends.first().copied();
        let said = self.take_said(end.unwrap_or(self.said.len()));
        if end.is_some() {
            self.ends.remove(0);
            self.overlong = false;
        }
        Flow::Tail {
            bytes: self.framed(&said),
            end: end.is_some(),
        }
    }

    fn last(&mut self, inbox: &mut BytesMut) -> Flow {
        self.done = true;
        let bytes = match self.torn {
            false => inbox.split_to(std::mem::take(&mut self.scanned)),
            true => {
                let said = std::mem::take(&mut self.said);
                let mut bytes = self.framed(&said);
                bytes.extend_from_slice(&self.end());
                bytes
            }
        };
        Flow::Last(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes out: bytes, and events, `~` before those whose raw bytes do not go on, `+` the beginning of one that is too long.
    fn flow(framing: Framing, pieces: &[&[u8]], cap: usize) -> (Vec<u8>, Vec<String>, Stream) {
        let mut stream = Stream::new(framing, "", cap);
        let (mut inbox, mut out, mut seen) = (BytesMut::new(), Vec::new(), Vec::new());
        for piece in pieces {
            inbox.extend_from_slice(piece);
            while let Some(flow) = stream.next(&mut inbox) {
                match flow {
                    Flow::Blocks { raw, blocks } => {
                        let mark = if raw.is_none() { "~" } else { "" };
                        let framed = blocks.iter().map(|block| stream.framed(&block.bytes));
                        let framed: Vec<u8> = framed.flatten().collect();
                        out.extend_from_slice(raw.as_deref().unwrap_or(&framed));
                        for event in blocks.into_iter().filter_map(|block| block.event) {
                            seen.push(format!("{mark}{}", String::from_utf8_lossy(&event.data)));
                        }
                    }
                    Flow::Beginning { bytes, data } => {
                        out.extend_from_slice(&bytes);
                        seen.push(format!("+{}", data.len()));
                    }
                    Flow::Tail { bytes, end } => {
                        out.extend_from_slice(&bytes);
                        if end {
                            seen.push(".".into());
                        }
                    }
                    Flow::Raw(bytes) => {
                        out.extend_from_slice(&bytes);
                        seen.push("?".into());
                    }
                    Flow::Last(bytes) => {
                        out.extend_from_slice(&bytes);
                        seen.push("end".into());
                    }
                }
            }
        }
        out.extend_from_slice(&stream.rest(&mut inbox));
        (out, seen, stream)
    }

    /// What chunks say.
    fn said(chunks: &[u8]) -> (Vec<u8>, bool) {
        let (mut body, mut said) = (Body::new(Framing::Chunked), Vec::new());
        assert_eq!(body.take(chunks, &mut said), Ok(chunks.len()));
        (said, body.is_done())
    }

    fn chunk(text: &str) -> String {
        format!("{:x}\r\n{text}\r\n", text.len())
    }

    #[test]
    fn chunks_that_come_whole_go_on_as_they_came() {
        let long = "x".repeat(100_000);
        for (chunks, events) in [
            (vec!["data: 1\n\n"], vec!["1"]),
            (vec!["data: 1\n\ndata: 2\n\n"], vec!["1", "2"]),
            (vec!["data: 1\n", "\n"], vec!["1"]),
            (vec!["data: 1\n\ndat", "a: 2\n\n"], vec!["1", "2"]),
            (vec![": hello\n\n", "data: 1\n\n"], vec!["1"]),
            (vec!["data: é\n\n"], vec!["é"]),
            (vec![&long], vec![]),
        ] {
            let stream: String = chunks.iter().map(|text| chunk(text)).collect();
            let stream = stream + "0;x=y\r\nTrailer: 1\r\n\r\n";
            let (out, seen, stream_) = flow(Framing::Chunked, &[stream.as_bytes()], 1 << 20);
            assert!(out == stream.as_bytes(), "{chunks:?}");
            assert_eq!(seen, [events, vec!["end"]].concat(), "{chunks:?}");
            assert!(stream_.is_done());
        }
    }

    #[test]
    fn an_event_does_not_wait_for_the_rest_of_its_chunk() {
        let text = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
        let stream = chunk(text) + "0\r\n\r\n";
        // Behind every byte of it.
        for cut in 1..stream.len() {
            let pieces = [&stream.as_bytes()[..cut], &stream.as_bytes()[cut..]];
            let (out, seen, _) = flow(Framing::Chunked, &pieces, 1000);
            assert_eq!(said(&out), (text.as_bytes().to_vec(), true), "cut at {cut}");
            let seen: Vec<_> = seen.iter().map(|one| one.trim_matches('~')).collect();
            assert_eq!(seen, ["1", "2", "3", "end"], "cut at {cut}");
        }
        let bytes: Vec<&[u8]> = stream.as_bytes().chunks(1).collect();
        let (out, seen, _) = flow(Framing::Chunked, &bytes, 1000);
        assert_eq!(said(&out), (text.as_bytes().to_vec(), true));
        assert_eq!(seen, ["~1", "~2", "~3", "end"]);
        let (_, seen, _) = flow(Framing::Chunked, &[&stream.as_bytes()[..13]], 1000);
        assert_eq!(seen, ["~1"], "before its chunk is here");
        // Once the borders meet again, bytes go on as they come.
        let again = format!("{}{}", &stream[..stream.len() - 5], chunk("data: 4\n\n"));
        let (_, seen, _) = flow(
            Framing::Chunked,
            &[&again.as_bytes()[..13], &again.as_bytes()[13..]],
            1000,
        );
        assert_eq!(seen, ["~1", "~2", "~3", "4"]);
    }

    #[test]
    fn a_body_to_the_end_of_the_stream_goes_on_as_it_comes() {
        let stream = b"data: 1\r\n\r\n: c\r\n\r\ndata: 2\r\n\r\ndata: unfinished";
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        for pieces in [&[&stream[..]][..], &bytes] {
            let (out, seen, stream_) = flow(Framing::UntilClose, pieces, 1000);
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(stream)
            );
            assert_eq!(seen, ["~1", "~2"]);
            assert!(!stream_.is_done());
        }
    }

    #[test]
    fn a_body_with_a_length_goes_on_in_chunks_and_ends_there() {
        let stream = b"data: 1\n\ndata: 2\n\nHTTP/1.1 200 OK";
        let (out, seen, stream_) = flow(Framing::Length(18), &[stream], 1000);
        assert!(stream_.is_anew());
        assert_eq!(said(&out), (b"data: 1\n\ndata: 2\n\n".to_vec(), true));
        assert_eq!(seen, ["~1", "~2", "end"]);
    }

    #[test]
    fn an_event_without_an_end_is_told_by_its_beginning_and_kept_no_longer() {
        let head = "data: ".to_owned() + &"x".repeat(200);
        let mut pieces = vec![chunk(&head)];
        pieces.extend((0..50).map(|_| chunk(&"y".repeat(100))));
        let endless: Vec<&[u8]> = pieces.iter().map(String::as_bytes).collect();
        let (out, seen, stream) = flow(Framing::Chunked, &endless, 150);
        assert_eq!(seen, ["+200"]);
        assert_eq!(said(&out).0.len(), head.len() + 50 * 100);
        assert!(stream.said.is_empty());
        // It ends after all, and what follows is read as ever.
        let behind = ["z\n\ndata: 2\n\n", "data: 3\n\n"].map(chunk);
        let mut ends = endless.clone();
        ends.extend(behind.iter().map(String::as_bytes));
        let (out, seen, _) = flow(Framing::Chunked, &ends, 150);
        assert_eq!(seen, ["+200", ".", "~2", "3"]);
        assert!(said(&out).0.ends_with(b"yz\n\ndata: 2\n\ndata: 3\n\n"));
    }

    #[test]
    fn a_great_many_empty_chunk_lines_are_not_kept() {
        let line = format!("1;{}\r\nx\r\n", "x".repeat(500));
        let mut stream = Stream::new(Framing::Chunked, "", 1000);
        let mut inbox = BytesMut::new();
        for _ in 0..100 {
            inbox.extend_from_slice(&line.as_bytes()[..300]);
            while stream.next(&mut inbox).is_some() {}
            inbox.extend_from_slice(&line.as_bytes()[300..]);
            while stream.next(&mut inbox).is_some() {}
            assert!(inbox.len() < 2000, "{}", inbox.len());
        }
    }

    #[test]
    fn chunks_that_are_none_pass_unread_and_are_told_of() {
        for (stream, seen_) in [
            ("9\r\ndata: 1\n\n\r\nzz\r\n", vec!["1", "?"]),
            ("ffffffffffffffffff\r\n", vec!["?"]),
            ("12\r\ndata: 1\n\nX", vec!["~1"]),
            ("9\r\ndata: 1\n\nXX", vec!["?"]),
        ] {
            let (out, seen, mut stream_) = flow(Framing::Chunked, &[stream.as_bytes()], 1000);
            assert_eq!(seen, seen_, "{stream:?}");
            if seen.contains(&"?".to_owned()) {
                assert_eq!(out, stream.as_bytes());
                assert_eq!(stream_.take_noted().unwrap().rule, Rule::Body);
            }
        }
    }

    #[test]
    fn a_stream_that_is_encoded_passes_unread_to_its_end() {
        let mut stream = Stream::new(Framing::Length(4), "gzip", 1000);
        let mut inbox = BytesMut::from(&b"abcdHTTP"[..]);
        assert!(!stream.is_anew());
        assert!(
            matches!(stream.next(&mut inbox), Some(Flow::Last(bytes)) if &bytes[..] == b"abcd")
        );
        assert!(stream.is_done() && stream.next(&mut inbox).is_none());
        assert_eq!(&inbox[..], b"HTTP");
        assert_eq!(stream.take_noted().unwrap().rule, Rule::Coding);
    }
}
