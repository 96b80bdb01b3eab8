//! Cuts one direction of a WebSocket into messages and control frames without changing a byte.

use std::ops::Range;

use bytes::BytesMut;

use super::frame::{self, Header, Malformed, Opcode};
use super::violation::Violation;
use crate::terms::Carrier;
use crate::terms::Rule;

/// A message of more fragments than this counts as too long to decode.
const FRAGMENTS: usize = 64 * 1024;

/// A frame that says it is longer than this (bytes) is one that no peer takes: browsers and libraries keep messages in memory.
const ENDLESS: u64 = 1 << 32;

/// What comes next in the stream. Put together, the pieces are the stream.
#[derive(Debug)]
pub(super) enum Piece {
    /// A ping, a pong or a close frame; for the last, what it says.
    Control {
        frame: BytesMut,
        close: Option<(Option<u16>, String)>,
    },
    /// A whole data message, or the beginning of one that is too long; then `Tail`s follow. Its payload is told by
    /// [`Splitter::payload`].
    Message {
        carrier: Carrier,
        frames: BytesMut,
        truncated: bool,
    },
    /// More of a message that is too long, the last of it at `end`.
    Tail { bytes: BytesMut, end: bool },
    /// What cannot be read as messages.
    Raw(BytesMut),
}

/// The payload of one fragment, as a place in the buffer.
#[derive(Debug)]
struct Part {
    at: Range<usize>,
    mask: Option<[u8; 4]>,
}

/// Where a message that is too long stands.
#[derive(Debug)]
struct Overlong {
    /// Bytes of the current frame that are still to come.
    rest: u64,
    /// Whether the current frame is the message's last.
    fin: bool,
}

/// What is wrong with a length that is written with more bytes than it needs (section 5.2), or that nobody takes.
#[cold]
fn oddity(header: &Header) -> Violation {
    let length = header.payload;
    let (rule, detail) = match header.minimal {
        false => (
            Rule::Length,
            format!("a payload length of {length}, written with more bytes than it needs"),
        ),
        true => (
            Rule::Endless,
            format!("a frame of {length} bytes, which no peer takes"),
        ),
    };
    Violation::new(rule, detail)
}

/// An incremental reader of one direction. It owns no buffer: the unread bytes stay in the caller's.
#[derive(Debug)]
pub(super) struct Splitter {
    masked: bool,
    cap: usize,
    /// How much of the buffer is read already: whole frames of an unfinished message.
    scanned: usize,
    /// Carrier of the message in hand.
    open: Option<Carrier>,
    parts: Vec<Part>,
    /// Control frames between the fragments of the message in hand.
    controls: Vec<Range<usize>>,
    overlong: Option<Overlong>,
    violation: Option<Malformed>,
    /// What a header shows that the stream can be followed in spite of.
    noted: Option<Violation>,
    unmasked: Vec<u8>,
}

impl Splitter {
    /// `masked` for the direction from the client; `cap` in bytes, frames and all.
    pub(super) fn new(masked: bool, cap: usize) -> Self {
        Self {
            masked,
            cap,
            scanned: 0,
            open: None,
            parts: Vec::new(),
            controls: Vec::new(),
            overlong: None,
            violation: None,
            noted: None,
            unmasked: Vec::new(),
        }
    }

    /// Why the stream is passed on unread from here on, if it is.
    pub(super) fn violation(&self) -> Option<Malformed> {
        self.violation
    }

    /// What was wrong with a header, though the stream can be followed; told once.
    pub(super) fn take_noted(&mut self) -> Option<Violation> {
        self.noted.take()
    }

    /// The payload of the message that `next` has just returned, of which `frames` are the bytes.
    pub(super) fn payload<'a>(&'a mut self, frames: &'a [u8]) -> &'a [u8] {
        if let [Part { at, mask: None }] = self.parts.as_slice() {
            return &frames[at.clone()];
        }
        self.unmasked.clear();
        for part in &self.parts {
            let start = self.unmasked.len();
            self.unmasked.extend_from_slice(&frames[part.at.clone()]);
            if let Some(key) = part.mask {
                frame::mask(&mut self.unmasked[start..], key);
            }
        }
        // One long message must not be remembered by a link's whole life.
        if self.unmasked.len() < 64 * 1024 {
            self.unmasked.shrink_to(256 * 1024);
        }
        &self.unmasked
    }

    /// Takes the control frames out of the message that `next` has just returned: they go on even if the message does not.
    pub(super) fn take_controls(&mut self, frames: &mut BytesMut) -> BytesMut {
        let mut taken = BytesMut::new();
        for at in &self.controls {
            taken.extend_from_slice(&frames[at.clone()]);
        }
        // What stays moves up, in one pass.
        let mut kept = self.controls.first().map_or(frames.len(), |at| at.start);
        for (i, at) in self.controls.iter().enumerate() {
            let next = self.controls.get(i + 1).map_or(frames.len(), |at| at.start);
            frames.copy_within(at.end..next, kept);
            kept += next - at.end;
        }
        frames.truncate(kept);
        self.controls.clear();
        taken
    }

    /// The unfinished message that is left when the stream ends.
    pub(super) fn rest(&mut self, inbox: &mut BytesMut) -> BytesMut {
        self.forget();
        inbox.split()
    }

    /// The next piece of the stream, taken out of `inbox`; `None` when more bytes are needed.
    pub(super) fn next(&mut self, inbox: &mut BytesMut) -> Option<Piece> {
        if inbox.is_empty() {
            return None;
        }
        if self.violation.is_some() {
            return Some(Piece::Raw(inbox.split()));
        }
        if self.open.is_none() {
            self.parts.clear();
            self.controls.clear();
        }
        let piece = if self.overlong.is_some() {
            self.tail(inbox)
        } else {
            self.frames(inbox)
        };
        piece.unwrap_or_else(|violation| {
            self.violation = Some(violation);
            Some(Piece::Raw(self.rest(inbox)))
        })
    }

    fn forget(&mut self) {
        self.scanned = 0;
        self.open = None;
        self.parts.clear();
        self.controls.clear();
        self.overlong = None;
    }

    fn frames(&mut self, inbox: &mut BytesMut) -> Result<Option<Piece>, Malformed> {
        loop {
            let Some(header) = frame::header(&inbox[self.scanned..], self.masked)? else {
                return Ok(self.starved(inbox, None));
            };
            if !header.minimal || header.payload > ENDLESS {
                self.noted.get_or_insert_with(|| oddity(&header));
            }
            match (header.opcode, self.open) {
                (Opcode::Continuation, None) => return Err(Malformed::Continuation),
                (Opcode::Text | Opcode::Binary, Some(_)) => return Err(Malformed::Interleaved),
                _ => {}
            }
            let have = (inbox.len() - self.scanned - header.size) as u64;
            if have < header.payload {
                return Ok(self.starved(inbox, Some(header)));
            }
            // Fits: it is in memory already.
            let start = self.scanned + header.size;
            let end = start + header.payload as usize;
            let frame = self.scanned..end;
            match header.opcode {
                Opcode::Close => return Ok(Some(self.close(inbox, frame, header))),
                Opcode::Ping | Opcode::Pong if self.open.is_none() => {
                    return Ok(Some(Piece::Control {
                        frame: inbox.split_to(end),
                        close: None,
                    }));
                }
                Opcode::Ping | Opcode::Pong => {
                    self.controls.push(frame);
                    self.scanned = end;
                }
                Opcode::Text | Opcode::Binary | Opcode::Continuation => {
                    let carrier = self.begin(header.opcode);
                    self.parts.push(Part {
                        at: start..end,
                        mask: header.mask,
                    });
                    self.scanned = end;
                    if header.fin {
                        self.scanned = 0;
                        self.open = None;
                        return Ok(Some(Piece::Message {
                            carrier,
                            frames: inbox.split_to(end),
                            truncated: false,
                        }));
                    }
                }
            }
        }
    }

    fn begin(&mut self, opcode: Opcode) -> Carrier {
        *self.open.get_or_insert(match opcode {
            Opcode::Binary => Carrier::Binary,
            _ => Carrier::Text,
        })
    }

    /// A close frame ends the stream; a message that it cuts short goes before it as it is.
    fn close(&mut self, inbox: &mut BytesMut, at: Range<usize>, header: Header) -> Piece {
        if at.start > 0 {
            self.forget();
            return Piece::Raw(inbox.split_to(at.start));
        }
        let frame = inbox.split_to(at.end);
        let mut payload = frame[header.size..].to_vec();
        if let Some(key) = header.mask {
            frame::mask(&mut payload, key);
        }
        Piece::Control {
            frame,
            close: Some(frame::close_payload(&payload)),
        }
    }

    /// More bytes are needed. Pings between fragments must not wait for them, and neither must what is too long to keep.
    fn starved(&mut self, inbox: &mut BytesMut, partial: Option<Header>) -> Option<Piece> {
        if let Some(first) = self.controls.first().map(|at| at.start) {
            let after = self.parts.partition_point(|part| part.at.start < first);
            let mut controls = self.controls.iter().peekable();
            let mut removed = 0;
            for part in &mut self.parts[after..] {
                while let Some(at) = controls.next_if(|at| at.end <= part.at.start) {
                    removed += at.len();
                }
                part.at = part.at.start - removed..part.at.end - removed;
            }
            self.scanned -= self.controls.iter().map(Range::len).sum::<usize>();
            return Some(Piece::Control {
                frame: self.take_controls(inbox),
                close: None,
            });
        }
        if inbox.len() < self.cap && self.parts.len() < FRAGMENTS {
            return None;
        }
        // A control frame is never that long: what is unfinished here is a data frame, or its header.
        match partial {
            Some(header) if !header.opcode.is_control() => {
                let carrier = self.begin(header.opcode);
                let start = self.scanned + header.size;
                self.parts.push(Part {
                    at: start..inbox.len(),
                    mask: header.mask,
                });
                self.overlong = Some(Overlong {
                    rest: header.payload - (inbox.len() - start) as u64,
                    fin: header.fin,
                });
                self.scanned = 0;
                Some(Piece::Message {
                    carrier,
                    frames: inbox.split(),
                    truncated: true,
                })
            }
            _ => {
                let carrier = self.open?;
                self.overlong = Some(Overlong {
                    rest: 0,
                    fin: false,
                });
                let frames = inbox.split_to(self.scanned);
                self.scanned = 0;
                Some(Piece::Message {
                    carrier,
                    frames,
                    truncated: true,
                })
            }
        }
    }

    fn tail(&mut self, inbox: &mut BytesMut) -> Result<Option<Piece>, Malformed> {
        let Some(overlong) = &mut self.overlong else {
            return Ok(None);
        };
        if overlong.rest > 0 {
            let take = overlong.rest.min(inbox.len() as u64);
            overlong.rest -= take;
            let end = overlong.rest == 0 && overlong.fin;
            let bytes = inbox.split_to(take as usize);
            if end {
                self.forget();
            }
            return Ok(Some(Piece::Tail { bytes, end }));
        }
        let Some(header) = frame::header(inbox, self.masked)? else {
            return Ok(None);
        };
        if !header.minimal || header.payload > ENDLESS {
            self.noted.get_or_insert_with(|| oddity(&header));
        }
        match header.opcode {
            Opcode::Text | Opcode::Binary => Err(Malformed::Interleaved),
            Opcode::Continuation => {
                overlong.rest = header.payload;
                overlong.fin = header.fin;
                let end = header.fin && header.payload == 0;
                let bytes = inbox.split_to(header.size);
                if end {
                    self.forget();
                }
                Ok(Some(Piece::Tail { bytes, end }))
            }
            // At most 125 bytes, see `frame::header`.
            _ if inbox.len() < header.size + header.payload as usize => Ok(None),
            Opcode::Close => {
                let end = header.size + header.payload as usize;
                Ok(Some(self.close(inbox, 0..end, header)))
            }
            _ => Ok(Some(Piece::Control {
                frame: inbox.split_to(header.size + header.payload as usize),
                close: None,
            })),
        }
    }
}
