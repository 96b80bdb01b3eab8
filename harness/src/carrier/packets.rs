//! Wires of packets that no template of JSON or text can write, and that are JSON to a dialect. What a payload says does not depend on what was
//! read before, since both ends of a link and the tap between them ask.

use std::ops::Range;

use serde_json::Value as Json;

use super::{mqtt, sip, xmpp};

/// Such a wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packets {
    /// MQTT 3.1.1 over WebSocket.
    Mqtt,
    /// XMPP over WebSocket.
    Xmpp,
    /// SIP over WebSocket.
    Sip,
}

impl Packets {
    /// As a dialect's `framing` says it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Packets::Mqtt => "mqtt",
            Packets::Xmpp => "xmpp",
            Packets::Sip => "sip",
        }
    }

    /// Whether its messages are binary frames.
    pub(crate) fn is_binary(self) -> bool {
        match self {
            Packets::Mqtt => true,
            Packets::Xmpp | Packets::Sip => false,
        }
    }

    /// Whether its packets are a stream, whose borders the frames need not keep.
    pub(crate) fn is_stream(self) -> bool {
        match self {
            Packets::Mqtt => true,
            Packets::Xmpp | Packets::Sip => false,
        }
    }

    /// The packets of a stream that are whole in these bytes, in order.
    ///
    /// # Errors
    /// No packet begins there, or one of more bytes than `longest`: nothing behind it can be found any more.
    pub(crate) fn split(self, bytes: &[u8], longest: usize) -> Result<Vec<Range<usize>>, String> {
        match self {
            Packets::Mqtt => mqtt::split(bytes, longest),
            Packets::Xmpp | Packets::Sip => Ok(std::iter::once(0..bytes.len()).collect()),
        }
    }

    /// The message that a payload is, as JSON text; `None`: it is none.
    pub(crate) fn read(self, payload: &[u8]) -> Option<String> {
        Some(match self {
            Packets::Mqtt => text(mqtt::read(payload)?),
            Packets::Sip => text(sip::read(std::str::from_utf8(payload).ok()?)?),
            Packets::Xmpp => {
                let (name, element) = xmpp::read(std::str::from_utf8(payload).ok()?)?;
                serde_json::json!({ name: element }).to_string()
            }
        })
    }

    /// The payload that this message is, JSON text; `None`: there is no such message.
    pub(crate) fn write(self, message: &str) -> Option<Vec<u8>> {
        let message: Json = serde_json::from_str(message).ok()?;
        match self {
            Packets::Mqtt => mqtt::write(&message),
            Packets::Xmpp => xmpp::write(&message).map(String::into_bytes),
            Packets::Sip => sip::write(&message).map(String::into_bytes),
        }
    }
}

/// An object of these fields, in this order.
fn text(fields: Vec<(&'static str, Json)>) -> String {
    let fields = fields.into_iter();
    let fields: Vec<String> = fields
        .map(|(key, value)| format!("\"{key}\":{value}"))
        .collect();
    format!("{{{}}}", fields.join(","))
}
