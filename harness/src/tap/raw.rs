//! Frames that no client of the server would send, written up by the tap in a peer's place.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::timeout;

use super::frame;
use super::head;
use super::site::Site;
use super::wire::Wire;
use crate::terms::RawFrame;
use crate::tls::Trust;

/// Payload of each of them.
const PAYLOAD: &[u8] = br#"{"type":"glare"}"#;
/// So many bytes more than there are are promised by [`RawFrame::FalseLength`].
const PROMISED: usize = 100;
/// Any key does; a fixed one makes the bytes the same in every run.
const KEY: [u8; 4] = *b"glar";
/// How long an answer to an upgrade may take.
const ANSWER: Duration = Duration::from_secs(10);

impl RawFrame {
    /// All of them.
    pub const ALL: [RawFrame; 6] = [
        RawFrame::Unmasked,
        RawFrame::ReservedBit,
        RawFrame::NotUtf8,
        RawFrame::OddClose,
        RawFrame::FalseLength,
        RawFrame::Binary,
    ];

    /// The name as scenario files write it.
    pub fn as_str(self) -> &'static str {
        match self {
            RawFrame::Unmasked => "unmasked",
            RawFrame::ReservedBit => "reserved-bit",
            RawFrame::NotUtf8 => "not-utf8",
            RawFrame::OddClose => "odd-close",
            RawFrame::FalseLength => "false-length",
            RawFrame::Binary => "binary",
        }
    }

    /// The frame, always the same bytes.
    pub fn bytes(self) -> Vec<u8> {
        match self {
            RawFrame::Unmasked => frame::write(0x81, PAYLOAD, None),
            RawFrame::ReservedBit => frame::write(0xc1, PAYLOAD, Some(KEY)),
            RawFrame::NotUtf8 => frame::write(0x81, b"\xff\xfe", Some(KEY)),
            RawFrame::OddClose => frame::write(0x88, &1005_u16.to_be_bytes(), Some(KEY)),
            RawFrame::Binary => frame::write(0x82, PAYLOAD, Some(KEY)),
            RawFrame::FalseLength => {
                let mut bytes = frame::write(0x81, PAYLOAD, Some(KEY));
                // Short form: together below 126.
                bytes[1] = 0x80 | (PAYLOAD.len() + PROMISED) as u8;
                bytes
            }
        }
    }
}

/// Asks for a WebSocket on this path (RFC 6455, section 4.1) and returns the status of the answer.
pub(super) async fn knock(
    (server, trust): (SocketAddr, Option<&Trust>),
    site: Option<&Site>,
    path: &str,
) -> io::Result<u16> {
    let (host, prefix) = match site {
        Some(site) => (site.authority.clone(), site.prefix.as_str()),
        None => (server.to_string(), ""),
    };
    let request = format!(
        "GET {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: Z2xhcmUgaXMgYXQgaXQhIQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    );
    let answer = async {
        let mut wire = Wire::connect(server, trust).await?;
        wire.send(request.as_bytes()).await?;
        let mut seen = 0;
        loop {
            match head::response(&mut wire.inbox, &mut seen, false) {
                Ok(Some(response)) if response.status == 101 || response.status >= 200 => {
                    return Ok(response.status);
                }
                Ok(Some(_)) => {}
                Ok(None) if wire.ended => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(None) => drop(wire.fill().await?),
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
    };
    match timeout(ANSWER, answer).await {
        Ok(status) => status,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}
