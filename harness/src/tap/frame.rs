//! The WebSocket frame (RFC 6455, section 5.2): reading headers, unmasking, and the frames that the tap writes itself.

use bytes::Buf;
use thiserror::Error;

use crate::terms::Rule;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opcode {
    Continuation,
    Text,
    Binary,
    Close,
    Ping,
    Pong,
}

impl Opcode {
    /// Control frames may stand between the fragments of a message (section 5.4).
    pub(super) fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// A frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) fin: bool,
    pub(super) opcode: Opcode,
    pub(super) mask: Option<[u8; 4]>,
    /// Length of the header itself in bytes, 2 to 14.
    pub(super) size: usize,
    /// Length of the payload in bytes.
    pub(super) payload: u64,
    /// The length takes no more bytes than it must.
    pub(super) minimal: bool,
}

/// Why bytes are no WebSocket frames that the tap can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Malformed {
    #[error("a reserved bit is set, though no extension was agreed on")]
    ReservedBit,
    #[error("reserved opcode {0:#x}")]
    ReservedOpcode(u8),
    #[error("a control frame is fragmented or longer than 125 bytes")]
    Control,
    #[error("a payload length of 2^63 bytes or more")]
    Length,
    #[error("a client's frame without a mask")]
    Unmasked,
    #[error("a server's frame with a mask")]
    Masked,
    #[error("a continuation frame without a message to continue")]
    Continuation,
    #[error("a new message within an unfinished one")]
    Interleaved,
}

impl Malformed {
    /// The rule that this breaks.
    pub(super) fn rule(self) -> Rule {
        match self {
            Malformed::ReservedBit => Rule::ReservedBit,
            Malformed::ReservedOpcode(_) => Rule::Opcode,
            Malformed::Control => Rule::Control,
            Malformed::Length => Rule::Length,
            Malformed::Unmasked | Malformed::Masked => Rule::Mask,
            Malformed::Continuation | Malformed::Interleaved => Rule::Fragments,
        }
    }
}

/// Reads the header at the beginning of `bytes`; `None` if it is not complete yet. `masked` says what the sender must do:
/// clients mask, servers do not (section 5.1).
pub(super) fn header(bytes: &[u8], masked: bool) -> Result<Option<Header>, Malformed> {
    let [first, second, ..] = *bytes else {
        return Ok(None);
    };
    if first & 0x70 != 0 {
        return Err(Malformed::ReservedBit);
    }
    let opcode = match first & 0x0f {
        0x0 => Opcode::Continuation,
        0x1 => Opcode::Text,
        0x2 => Opcode::Binary,
        0x8 => Opcode::Close,
        0x9 => Opcode::Ping,
        0xa => Opcode::Pong,
        other => return Err(Malformed::ReservedOpcode(other)),
    };
    let fin = first & 0x80 != 0;
    let short = second & 0x7f;
    if opcode.is_control() && (!fin || short > 125) {
        return Err(Malformed::Control);
    }
    match (second & 0x80 != 0, masked) {
        (true, false) => return Err(Malformed::Masked),
        (false, true) => return Err(Malformed::Unmasked),
        _ => {}
    }
    let extended = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let size = 2 + extended + if masked { 4 } else { 0 };
    if bytes.len() < size {
        return Ok(None);
    }
    let mut rest = &bytes[2..size];
    let (payload, least) = match short {
        126 => (u64::from(rest.get_u16()), 126),
        127 => (rest.get_u64(), 1 << 16),
        short => (u64::from(short), 0),
    };
    if payload >> 63 != 0 {
        return Err(Malformed::Length);
    }
    let mask = masked.then(|| {
        let mut key = [0; 4];
        rest.copy_to_slice(&mut key);
        key
    });
    Ok(Some(Header {
        fin,
        opcode,
        mask,
        size,
        payload,
        minimal: payload >= least,
    }))
}

/// Masks or unmasks in place (section 5.3).
pub(super) fn mask(data: &mut [u8], key: [u8; 4]) {
    let (quads, rest) = data.as_chunks_mut::<4>();
    for quad in quads {
        *quad = (u32::from_ne_bytes(*quad) ^ u32::from_ne_bytes(key)).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key) {
        *byte ^= key;
    }
}

/// A close frame (section 5.5.1), masked if it goes to a server. A reason that is too long for a control frame is cut at a
/// character's border.
pub(super) fn close(code: u16, reason: &str, key: Option<[u8; 4]>) -> Vec<u8> {
    let reason = &reason[..reason.floor_char_boundary(123)];
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    write(0x88, &payload, key)
}

/// A whole frame: `first` is its first byte (section 5.2: FIN, reserved bits, opcode). Masked if it goes to a server.
pub(super) fn write(first: u8, payload: &[u8], key: Option<[u8; 4]>) -> Vec<u8> {
    let masked = if key.is_some() { 0x80 } else { 0 };
    let mut frame = Vec::with_capacity(payload.len() + 14);
    frame.push(first);
    match payload.len() {
        length @ 0..126 => frame.push(masked | length as u8),
        length @ 126..65536 => {
            frame.push(masked | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(masked | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(key.iter().flatten());
    let start = frame.len();
    frame.extend(payload);
    if let Some(key) = key {
        mask(&mut frame[start..], key);
    }
    frame
}

/// What a close frame's payload (unmasked) says. One byte alone is no code, and a reason that is not UTF-8 is shown as well as it
/// goes.
pub(super) fn close_payload(payload: &[u8]) -> (Option<u16>, String) {
    match payload {
        [high, low, reason @ ..] => (
            Some(u16::from_be_bytes([*high, *low])),
            String::from_utf8_lossy(reason).into_owned(),
        ),
        _ => (None, String::new()),
    }
}
