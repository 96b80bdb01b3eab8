//! The goodbye of a carrier: what its clients say before they close a line, or without closing it.

use super::{Dialect, Framing};
use crate::carrier::Packets;

impl Dialect {
    /// What a client says who ends what it has begun on its line, and leaves the line open: a namespace of socket.io, a stream of XMPP
    /// (RFC 7395, section 3.6). A DISCONNECT of MQTT is none: others are not told of it (its will is thrown away).
    pub fn goodbye(&self) -> Option<&'static str> {
        match self.framing {
            Framing::SocketIo(_) => Some("41"),
            Framing::Packets(Packets::Xmpp) => {
                Some("<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\"/>")
            }
            Framing::Json | Framing::Text | Framing::Program | Framing::Packets(_) => None,
        }
    }
}
