//! One end of a connection.

use crate::names::Link;

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint<'a> {
    /// Whose, and over which line it signals.
    pub link: &'a Link,
    /// Which of that peer's connections, from 1.
    pub conn: u32,
    /// What its descriptions and candidates are known by (RFC 8839, section 5.4).
    pub ufrag: &'a str,
}

impl<'a> Endpoint<'a> {
    /// The end of a peer with this line.
    pub fn new(link: &'a Link, conn: u32, ufrag: &'a str) -> Self {
        Self { link, conn, ufrag }
    }

    pub(super) fn peer(&self) -> &'a str {
        self.link.peer.as_str()
    }

    /// A description of a connection with a data channel, as short as one can be.
    pub fn sdp(&self) -> String {
        let ufrag = self.ufrag;
        format!(
            "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\
             a=ice-ufrag:{ufrag}\r\na=ice-pwd:x\r\na=sctp-port:5000\r\n"
        )
    }
}
