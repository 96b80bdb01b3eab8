//! Frames, and the texts that conversations make of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hand::Command;
use crate::signaling::Dialect;
use crate::terms::{Data, Direction};

/// A message from the server, as it came.
pub(super) struct Frame {
    pub(super) payload: Vec<u8>,
    is_binary: bool,
}

impl Frame {
    /// `None`: what a peer tells of it is no base64.
    pub(super) fn new(data: Data) -> Option<Self> {
        Some(match data {
            Data::Text(text) => Self {
                payload: text.into_bytes(),
                is_binary: false,
            },
            Data::Bytes(bytes) => Self {
                payload: STANDARD.decode(bytes).ok()?,
                is_binary: true,
            },
        })
    }

    /// What it says, if the dialect's server says it in frames of this kind.
    pub(super) fn text(self, dialect: &Dialect) -> Option<String> {
        if self.is_binary && !dialect.is_binary(Direction::Down) {
            return None;
        }
        let text = dialect.read_payload(Direction::Down, &self.payload)?;
        Some(text.into_owned())
    }
}

/// How a text goes up, in a frame as the dialect's server wants it. `None`: a program should make the payload, and makes none.
pub(super) fn frame(dialect: &Dialect, link: u32, text: String) -> Option<Command> {
    let payload = dialect.write_payload(text)?;
    if dialect.is_binary(Direction::Up) {
        let bytes = STANDARD.encode(payload);
        return Some(Command::SendBinary { link, bytes });
    }
    let text = String::from_utf8(payload).ok()?;
    Some(Command::SendText { link, text })
}

/// How garbage goes up, whose text was spoilt: what a program makes no payload of goes as it is.
pub(super) fn garbage(dialect: &Dialect, link: u32, text: String) -> Command {
    match frame(dialect, link, text.clone()) {
        Some(command) => command,
        None if dialect.is_binary(Direction::Up) => {
            let bytes = STANDARD.encode(text);
            Command::SendBinary { link, bytes }
        }
        None => Command::SendText { link, text },
    }
}
