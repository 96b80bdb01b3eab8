//! One vocabulary for every kind of peer: what it is told to do, and what it tells.
//!
//! A hand does as it is told and reports; it decides nothing. The mind is the same for all of them.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::signaling::{Candidate, Description};
use crate::terms::{ChannelOptions, Data, Kill, Machine, Via};

/// What a hand can be told. `link` and `conn` are numbers that who commands chooses, from 1, never used twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Command {
    /// Open a line: a WebSocket, or what else `via` says. Answers [`Reply::Done`] at once; [`Happening::LinkOpened`] or `LinkClosed`
    /// follows. What is no WebSocket is dialled once, as it is: no second try, and nobody is redirected.
    OpenLink {
        link: u32,
        /// Path and query; scheme and host are the peer's tap.
        path: String,
        /// For a WebSocket alone.
        protocols: Vec<String>,
        /// Further headers, with each request of the line. A page can send none.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        headers: Vec<(String, String)>,
        #[serde(default)]
        via: Via,
    },
    /// Send a text message; on a line of engine.io a packet. Lines that only go down refuse it.
    SendText { link: u32, text: String },
    /// Send a binary message of these bytes, base64.
    SendBinary { link: u32, bytes: String },
    /// Close: a WebSocket with a close frame; no code means 1005 on the wire. Other lines have neither code nor reason.
    CloseLink {
        link: u32,
        code: Option<u16>,
        reason: String,
    },
    /// An HTTP request to the peer's tap. Answers [`Reply::Response`], which may take as long as the server does: there is no time-out, and
    /// other commands do not wait for it.
    Fetch {
        method: String,
        /// Path and query.
        path: String,
        headers: Vec<(String, String)>,
        body: Option<String>,
    },
    /// Make an `RTCPeerConnection`.
    NewConnection { conn: u32 },
    /// Make a data channel.
    CreateChannel {
        conn: u32,
        label: String,
        options: ChannelOptions,
    },
    /// `createOffer`. Answers [`Reply::Description`].
    CreateOffer { conn: u32, ice_restart: bool },
    /// `createAnswer`. Answers [`Reply::Description`].
    CreateAnswer { conn: u32 },
    /// `setLocalDescription`; without one the stack makes what its state asks for (an offer or an answer), and an offer or
    /// a rollback may be given. Answers [`Reply::Description`]: what is now the local description.
    SetLocal {
        conn: u32,
        description: Option<Description>,
    },
    /// `localDescription`, with the candidates that were gathered by now. Answers [`Reply::Description`].
    LocalDescription { conn: u32 },
    /// `setRemoteDescription`.
    SetRemote { conn: u32, description: Description },
    /// `addIceCandidate`; `None` is the end of candidates.
    AddCandidate {
        conn: u32,
        candidate: Option<Candidate>,
    },
    /// `restartIce`.
    RestartIce { conn: u32 },
    /// `send` on a channel, by its label.
    Say {
        conn: u32,
        label: String,
        data: Data,
    },
    /// `close` on a channel, by its label.
    CloseChannel { conn: u32, label: String },
    /// `close` on the connection.
    CloseConnection { conn: u32 },
    /// `getStats`. Answers [`Reply::Stats`].
    Stats { conn: u32 },
}

/// What a hand answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// It is done.
    Done,
    /// The description made or set.
    Description(Description),
    /// The HTTP response.
    Response { status: u16, body: String },
    /// The stats, as the stack's own `RTCStatsReport`: id → object.
    Stats(serde_json::Value),
}

/// What a hand tells by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "saw",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase"
)]
pub enum Happening {
    /// `open` on a WebSocket; the head of an event stream; the first poll is on its way; the handshake of engine.io.
    LinkOpened { link: u32 },
    /// `message` on a WebSocket; an event's data; a message of a poll's answer (each item, if it is a JSON array); a packet of engine.io,
    /// except those by which it changes its transport (`6`, `3probe`).
    LinkMessage { link: u32, data: Data },
    /// `close` on a WebSocket. Other lines end with 1006, or with 1005 if this side closed them.
    LinkClosed {
        link: u32,
        code: u16,
        reason: String,
    },
    /// `icecandidate`. Browsers may tell the end of a generation (`candidate: ""`) and the end of all (`None`).
    Candidate {
        conn: u32,
        candidate: Option<Candidate>,
    },
    /// A state machine moved, in the order in which the stack fired.
    State {
        conn: u32,
        machine: Machine,
        state: String,
    },
    /// `datachannel`.
    ChannelAdded { conn: u32, label: String },
    /// `open`, `closing`, `close` (told as `closed`) or `error` on a channel, whoever made it.
    ChannelState {
        conn: u32,
        label: String,
        state: String,
    },
    /// `message` on a channel.
    ChannelMessage {
        conn: u32,
        label: String,
        data: Data,
    },
    /// `negotiationneeded`.
    NegotiationNeeded { conn: u32 },
    /// A page's console, or an exception nobody caught.
    Console { level: String, text: String },
    /// The hand is gone (page closed, browser dead) without having been told to.
    Gone { why: String },
}

/// A refusal: the stack's own error, word for word, or the harness's own failure to carry the command out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum HandError {
    /// The stack refused: `InvalidStateError`, `The remote description was null`.
    #[error("{name}: {message}")]
    Refused { name: String, message: String },
    /// The hand is gone: browser dead, page closed, killed by a step.
    #[error("the peer is gone: {0}")]
    Gone(String),
    /// The hand lives, but this command's answer did not come in time.
    #[error("the peer's stack gave {0}")]
    Late(String),
    /// The command cannot be carried out by this kind of peer.
    #[error("{0}")]
    Unsupported(String),
}

/// A peer that does as it is told.
///
/// Commands for one connection take effect in the order of the calls to `perform`, even when the futures are awaited together.
#[async_trait]
pub trait Hand: Send + Sync {
    /// Carries out one command. A command to a dead hand answers [`HandError::Gone`], it never waits for ever.
    async fn perform(&self, command: Command) -> Result<Reply, HandError>;

    /// Whether it has an `RTCPeerConnection`; a wire peer has none.
    fn connects(&self) -> bool {
        true
    }

    /// Makes the peer die. What `Kill::Socket` needs is done by the tap; a hand only takes note.
    async fn kill(&self, how: Kill) -> Result<(), HandError>;

    /// Gives everything back: connections closed, page returned to its pool.
    async fn finish(&self);
}

/// Where a hand tells what happens.
pub type Happenings = tokio::sync::mpsc::UnboundedReceiver<Happening>;
