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

    /// Whether a message is that, in whichever namespace.
    pub(super) fn says_goodbye(&self, text: &str) -> bool {
        self.goodbye()
            .is_some_and(|goodbye| text.starts_with(goodbye))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::signaling::Conversation;

    /// Whoever has said it may be anywhere: a server that tells the others that he has gone tells the truth.
    #[test]
    fn who_says_the_goodbye_of_socket_io_has_said_more_than_an_aside() {
        let text = "dialect: own\nframing: socket.io-4\nconnect: { path: / }\nsay:\n  offer: { message: [o, \"{sdp}\"] }\n  answer: { message: [a, \"{sdp}\"] }\n\
            hear:\n  offer: { message: [o, \"{sdp}\"] }\n  answer: { message: [a, \"{sdp}\"] }\n";
        let dialect = Dialect::read(Path::new("own.yaml"), text);
        let dialect = dialect.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
        let mut line = Conversation::new(Arc::new(dialect), "bob");
        for (said, aside) in [("3", true), ("40", true), ("1", true), ("41", false)] {
            let heard = line.overhear_text(said, None);
            assert_eq!((heard.understood, heard.word), (aside, None), "{said}");
        }
    }
}
