//! What a page does by itself.

use tokio::sync::mpsc;

use crate::signaling::{Candidate, DescriptionKind};
use crate::terms::Machine;

/// Where a page tells what happens. Bounded: a page that floods is counted ([`PageEvent::Flood`]), and blocks nobody.
pub type PageEvents = mpsc::Receiver<Told>;

/// A window or tab of one user page, from 1 in the order in which they opened.
pub type WindowId = u32;

/// An event, and the window that it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The window or tab.
    pub window: WindowId,
    /// What happened.
    pub event: PageEvent,
}

/// What happened. Texts are the page's own, cut to a length; they are to be escaped where they are shown.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PageEvent {
    /// What the observer saw: connections, channels, tracks.
    Saw(Seen),
    /// A line of the console.
    Console {
        /// `error`, `warn`, `info` or `debug`
        level: String,
        /// The text.
        text: String,
    },
    /// An error that nobody caught, or a promise's rejection that nobody handled.
    Uncaught {
        /// The text.
        text: String,
    },
    /// A dialog of the browser's: it was answered at once.
    Dialog {
        /// Which kind.
        kind: DialogKind,
        /// Its text.
        message: String,
        /// Whether it was accepted.
        accepted: bool,
    },
    /// A new document is there.
    Navigated {
        /// Its URL.
        url: String,
        /// The connections that went away with the document before it.
        lost: Vec<u32>,
    },
    /// Another URL for the same document: a fragment, or `history.pushState`.
    Moved {
        /// The URL.
        url: String,
    },
    /// Another window or tab was opened; `by_page`: by a page's script or link.
    Opened {
        /// Whether a page opened it.
        by_page: bool,
    },
    /// A window beyond the most that a page may have was opened, and was closed at once.
    TooManyWindows {
        /// The most.
        most: usize,
    },
    /// A file began to come down.
    Download {
        /// Its URL.
        url: String,
        /// The name that it is to have.
        file: String,
    },
    /// A page told more than is passed on: so many of this kind were left out.
    Flood {
        /// `console`, `connections`, …
        what: &'static str,
        /// How many since the last time.
        count: u64,
    },
    /// The window is gone: closed, crashed, its browser dead.
    Gone {
        /// Why.
        why: String,
    },
}

/// A kind of dialog.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialogKind {
    /// `alert`
    Alert,
    /// `confirm`
    Confirm,
    /// `prompt`
    Prompt,
    /// `beforeunload`
    BeforeUnload,
}

/// What the observer saw. `conn` and `channel` are numbers from 1, in the order of creation, never used twice for one [`UserPage`](super::UserPage).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Seen {
    /// `new RTCPeerConnection`
    Connection {
        /// Its number.
        conn: u32,
    },
    /// A state machine moved, in the order in which the stack fired; `close()` is told as `closed`, which fires nothing.
    State {
        /// Which connection.
        conn: u32,
        /// Which machine.
        machine: Machine,
        /// The state.
        state: String,
    },
    /// A description is set: the signaling state has moved with it.
    Description {
        /// Which connection.
        conn: u32,
        /// Whether it is the local one.
        local: bool,
        /// `offer` or `answer`.
        kind: DescriptionKind,
        /// The certificate's fingerprint, as it stands in the description: `sha-256 4A:AD:…`.
        fingerprint: Option<String>,
    },
    /// `icecandidate`; `None` is the end of candidates.
    Candidate {
        /// Which connection.
        conn: u32,
        /// The candidate.
        candidate: Option<Candidate>,
    },
    /// `icecandidateerror`
    CandidateError {
        /// Which connection.
        conn: u32,
        /// `errorCode`
        code: u16,
        /// `errorText`
        text: String,
    },
    /// `addIceCandidate` was called.
    CandidateGiven {
        /// Which connection.
        conn: u32,
        /// While no remote description was there nor on its way: the stack refuses it.
        early: bool,
    },
    /// `negotiationneeded`
    NegotiationNeeded {
        /// Which connection.
        conn: u32,
    },
    /// A channel is there.
    ChannelAdded {
        /// Which connection.
        conn: u32,
        /// The channel.
        channel: Channel,
        /// Whether the other side made it (`datachannel`).
        remote: bool,
    },
    /// `open`, `closing`, `closed` or `error` on a channel.
    ChannelState {
        /// Which connection.
        conn: u32,
        /// The channel.
        channel: Channel,
        /// The state.
        state: String,
    },
    /// A message went or came through a channel.
    ChannelMessage {
        /// Which connection.
        conn: u32,
        /// The channel.
        channel: Channel,
        /// Whether this page sent it.
        sent: bool,
        /// Its size in bytes; of text in UTF-8.
        size: u64,
        /// A text, if it is short.
        text: Option<String>,
    },
    /// A track: of the other side (`track`), or one that the page adds.
    Track {
        /// Which connection.
        conn: u32,
        /// `audio` or `video`
        kind: String,
        /// Whether it is the other side's.
        remote: bool,
    },
    /// `getUserMedia` or `getDisplayMedia` was called.
    MediaAsked {
        /// Whether the screen is asked for.
        display: bool,
        /// Whether sound is.
        audio: bool,
        /// Whether pictures are.
        video: bool,
    },
    /// A call on a connection or channel threw: `InvalidStateError: …`.
    Refused {
        /// Which connection; none was made if its constructor threw.
        conn: Option<u32>,
        /// `createDataChannel`
        call: String,
        /// The error.
        error: String,
    },
}

/// A data channel of one connection.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel {
    /// Its number.
    pub id: u32,
    /// Its label.
    pub label: String,
}
