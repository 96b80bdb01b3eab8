//! What can be said of a connection, its channels, and the end of a peer.

use serde::{Deserialize, Serialize};

/// The state machines of a connection (W3C WebRTC, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Machine {
    /// `signalingState`
    Signaling,
    /// `iceGatheringState`
    IceGathering,
    /// `iceConnectionState`
    Ice,
    /// `connectionState`
    Connection,
}

impl Machine {
    /// The name as scenario files and the log write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Machine::Signaling => "signaling",
            Machine::IceGathering => "ice-gathering",
            Machine::Ice => "ice",
            Machine::Connection => "connection",
        }
    }
}

/// `RTCDataChannelInit`, the part that is used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChannelOptions {
    /// Default true.
    pub ordered: bool,
    /// How often a lost message is sent again; `None`: until it arrives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retransmits: Option<u16>,
    /// The id that both sides agreed on beforehand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub negotiated: Option<u16>,
}

impl Default for ChannelOptions {
    fn default() -> Self {
        Self {
            ordered: true,
            max_retransmits: None,
            negotiated: None,
        }
    }
}

/// What goes through a channel.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// A string.
    Text(String),
    /// Bytes, base64.
    Bytes(String),
}

/// What goes through a data channel. Long payloads are kept by their length and digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Payload {
    /// A string.
    Text(String),
    /// Bytes, base64.
    Bytes(String),
}

/// How a peer can be made to die.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kill {
    /// The signaling socket is reset; the peer lives. Done by the tap, for every kind of peer.
    Socket,
    /// The page is closed. Native: UDP cut and socket reset.
    Tab,
    /// The browser's processes are killed. Native: UDP cut and socket reset.
    Browser,
}
