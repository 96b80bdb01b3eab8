//! What a step wants done with one connection of a peer.

use crate::signaling::{DescriptionKind, Kind};
use crate::terms::{ChannelOptions, Data};

/// What a step wants done with one connection of a peer.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// Make an offer, on a connection that is made where there is none; the rest goes by itself.
    Negotiate,
    /// By hand: create an offer or answer and keep it.
    Create { kind: DescriptionKind },
    /// By hand: set what was kept, or roll back.
    SetLocal { kind: DescriptionKind },
    /// By hand: set the last one heard.
    SetRemote { kind: DescriptionKind },
    /// By hand: add the oldest candidate heard.
    AddCandidate,
    /// By hand: send what was kept, the candidates gathered since, or a bye.
    Send {
        kind: Kind,
        /// A description with the candidates that were gathered by now.
        gathered: bool,
        /// So many bytes at least, of a description that is made up.
        size: Option<u32>,
    },
    /// `restartIce()` and a new offer.
    RestartIce,
    /// Make a channel.
    OpenChannel {
        label: String,
        options: ChannelOptions,
    },
    /// Send through a channel.
    Say { label: String, data: Data },
    /// Close a channel.
    CloseChannel { label: String },
    /// `pc.close()`.
    Close,
}
