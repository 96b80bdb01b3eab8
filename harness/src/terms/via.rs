//! What a peer's line to the server goes over.

use serde::{Deserialize, Serialize};

/// The header by which a peer of the harness says to its tap which line a poll is for. The tap takes it out.
pub const LINE: &str = "glare-line";

/// The carrier of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Via {
    /// A WebSocket.
    #[default]
    WebSocket,
    /// Server-sent events, down only. Events with one of these names are heard besides those without a name.
    Events { names: Vec<String> },
    /// One GET after the other, down only.
    LongPoll,
    /// Packets of engine.io, as socket.io has them below itself.
    SocketIo { engine: Engine, start: Start },
}

/// Which engine.io: what `EIO=` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Engine {
    /// Protocol 3, of socket.io 1 and 2.
    V3,
    /// Protocol 4, of socket.io 3 and 4.
    V4,
}

impl Engine {
    /// The number that requests name.
    pub fn number(self) -> u8 {
        match self {
            Engine::V3 => 3,
            Engine::V4 => 4,
        }
    }
}

/// How a line of engine.io begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// By polling, then the upgrade to a WebSocket if the server offers it: as its real client does.
    Upgrade,
    /// By polling, and it stays there.
    Polling,
    /// With a WebSocket at once.
    WebSocket,
}
