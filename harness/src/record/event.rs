//! What happened: one line of the trace.
//!
//! The trace is JSON Lines, one [`Event`] a line, the first a [`What::Run`] with the format's version. It is complete: a
//! report, the log and a replay can be built from it alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fingerprint, LawFound, Seq, Verdict};
use crate::names::{Link, PeerName, Stack};
use crate::signaling::{DescriptionKind, Kind, Word};
use crate::terms::Rule;
use crate::terms::{Carrier, Direction, Ending, Fate, Machine, Payload, ServerLife, Side};

/// What a note begins with that tells how the server bore something, in figures.
pub const MEASURED: &str = "measured: ";

/// What begins what a strain tells where it did not come to what it asks.
pub const UNASKED: &str = "nothing is asked: ";

/// The version of the trace format that this build writes.
pub const TRACE_VERSION: u32 = 3;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number; the order of recording.
    pub seq: Seq,
    /// Microseconds since the run began (monotonic clock). Never part of the log.
    pub at: u64,
    /// The events that made this one happen, known where it happened. Never inferred.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cause: Vec<Seq>,
    /// What it was.
    #[serde(flatten)]
    pub what: What,
}

/// What a stack took in without an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "applied", content = "kind", rename_all = "kebab-case")]
pub enum Applied {
    /// A local description.
    Local(DescriptionKind),
    /// A remote description.
    Remote(DescriptionKind),
    /// A remote candidate.
    Candidate,
    /// The end of the remote candidates.
    EndOfCandidates,
}

/// What a record says of its case besides [`What::Run`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseFacts {
    /// The scenario's file, as the user wrote it.
    pub path: String,
    /// The parameter set that the scenario was made with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
    /// The dialect's name; its text is a [`What::Source`].
    pub dialect: String,
    /// Where the record was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Which repetition it is, from 1.
    pub take: u32,
    /// What glare was told besides scenarios, casts and the seed, as arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// On which node of the server each peer is, where it has several.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub placed: BTreeMap<PeerName, u32>,
    /// Everything speaks TLS.
    #[serde(default)]
    pub tls: bool,
    /// How long the case may take (milliseconds).
    pub max_time: u64,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The scenario.
    Scenario,
    /// The sequences that it uses.
    Sequences,
    /// How the server is talked to.
    Dialect,
}

/// All that can happen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum What {
    /// The first line of every trace.
    Run {
        version: u32,
        scenario: String,
        cast: BTreeMap<PeerName, Stack>,
        server: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        shake: Option<u64>,
    },
    /// Which case it is, and how it is played.
    Case(Box<CaseFacts>),
    /// A file that the case is made of, with all its text.
    Source {
        role: Role,
        /// As the user wrote it.
        path: String,
        text: String,
    },
    /// A step begins. `cause` holds the step before it and the events that satisfied that step's waits.
    Step {
        /// From 1.
        index: usize,
        /// Which of the steps that begin together in it, from 1.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        inner: Option<usize>,
        /// Line in the scenario file, from 1: the step's, or that of the `use` that puts it there.
        line: u32,
        /// The step as the file writes it, on one line.
        text: String,
        /// The line it has in the log, for steps that no message shows (`bob: killed (socket)`, `hold answer to bob`).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        log: Option<String>,
    },
    /// What came of requests that may be granted or refused. `cause` holds the step, and what told it.
    Outcome {
        /// Names that are bound by it, and whose they are; from the step on the log uses them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        names: Vec<(PeerName, PeerName)>,
        /// In words, where logs differ by it: `bob's join granted, alice's destroy refused`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// A step ends a link by will (kill, cut, disconnect, the server killed): what was on its way then may or may not have
    /// come through, so it is logged only if something waited for it.
    LinkEnded { link: Link },
    /// A peer asks for a line: the tap passes on the request for its WebSocket, its event stream, or its first poll; and, of a line that has
    /// begun by polling, for its WebSocket. In no log.
    LinkAsked {
        link: Link,
        /// `GET /ws?room=lobby`, as it goes to the server, and below that a line for each header that somebody chose, redacted.
        text: String,
    },
    /// The tap saw the server accept the WebSocket (101).
    LinkUp { link: Link },
    /// A request for a WebSocket was not granted, or the tap could not make it.
    LinkRefused {
        link: Link,
        /// The status of the server's answer; `None`: it did not answer, or was not reached.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// For a person: `the server refused the connection: 401 Unauthorized, "token expired"`.
        text: String,
    },
    /// Something was written so that it breaks a rule of the wire, or that it explains what nobody understood. Told once for each rule and
    /// link (for HTTP, and each request); the bytes went on as they were.
    Violation {
        link: Link,
        /// Who wrote it: down, the server; up, the peer.
        direction: Direction,
        rule: Rule,
        /// Where the rule is written: `RFC 6455, section 5.2`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        section: Option<String>,
        /// What was found, for a person: `a server's frame with a mask`.
        detail: String,
    },
    /// The tap saw the WebSocket end.
    LinkDown {
        link: Link,
        by: Side,
        #[serde(flatten)]
        ending: Ending,
    },
    /// The peer itself saw its WebSocket close, with this code (RFC 6455, section 7.4; 1006: without a close frame).
    LinkClosed {
        link: Link,
        code: u16,
        reason: String,
    },
    /// A message went through the tap.
    Message {
        link: Link,
        direction: Direction,
        carrier: Carrier,
        /// What it means, if the dialect understands it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        word: Option<Word>,
        /// The name of the scenario's peer that the word speaks of: the addressee (up), the sender (down), or the subject of news.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<PeerName>,
        fate: Fate,
        /// Payload length in bytes.
        size: usize,
        /// Keyed digest of what must arrive unchanged: for a signal its description or candidate, else the payload.
        digest: Fingerprint,
        /// The payload as text, redacted, at most 4 KiB of it; for HTTP the head's first line, a line end, and the body. A description
        /// that the word has is left out: `"sdp":"<offer>"`.
        text: String,
        /// Nothing of it stands on the wire by itself: what it is worked out from. Another message that says more than one word, or is not
        /// answered; or the step that asks for what this server has no word for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        of: Option<Seq>,
        /// The number that a request has and its answer repeats, as the dialect finds it in the message.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<String>,
    },
    /// A message went through the tap that the dialect knows and that says nothing: a login, a heartbeat, an echo. In no log.
    Aside {
        link: Link,
        direction: Direction,
        carrier: Carrier,
        fate: Fate,
        /// Payload length in bytes.
        size: usize,
        /// As a message's.
        text: String,
    },
    /// A held message goes on, or finds nobody (`delivered: false`).
    Released { message: Seq, delivered: bool },
    /// A message that goes on has in it what a step looks for, as the step says it: `bob gets "card"`; `cause` is the message. In no log.
    Passes { link: Link, what: String },
    /// A peer has heard a word; `cause` is the message.
    Hears {
        peer: PeerName,
        link: Link,
        kind: Kind,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        about: Option<PeerName>,
    },
    /// A peer makes a connection that is to be with this one.
    ConnectionMade {
        peer: PeerName,
        conn: u32,
        with: PeerName,
    },
    /// This peer is a page of the user's, at this path: what it does it does by itself. Comes before all that it does.
    App { peer: PeerName, path: String },
    /// A description that a page has set names this certificate, in small letters (RFC 8122, section 5): its own (`local`), or that of the other
    /// side. Of peers that the harness drives, their messages tell it.
    Certificate {
        peer: PeerName,
        conn: u32,
        local: bool,
        fingerprint: String,
    },
    /// A stack gathered a local candidate, `host/udp`; `None` at the end.
    Gathered {
        peer: PeerName,
        conn: u32,
        sort: Option<String>,
    },
    /// A description or candidate was taken in.
    Applied {
        peer: PeerName,
        conn: u32,
        #[serde(flatten)]
        applied: Applied,
    },
    /// A state machine moved.
    State {
        peer: PeerName,
        conn: u32,
        machine: Machine,
        state: String,
    },
    /// A data channel moved: `connecting`, `open`, `closing`, `closed`, `error`.
    Channel {
        peer: PeerName,
        conn: u32,
        label: String,
        state: String,
    },
    /// A peer sent something through a channel.
    Said {
        peer: PeerName,
        conn: u32,
        label: String,
        payload: Payload,
    },
    /// A peer got something through a channel.
    Heard {
        peer: PeerName,
        conn: u32,
        label: String,
        payload: Payload,
    },
    /// A stack refused something: what was asked (`add-candidate`), the error's name and text word for word.
    PeerError {
        peer: PeerName,
        conn: u32,
        during: String,
        name: String,
        message: String,
    },
    /// A page wrote to its console, or threw.
    Console {
        peer: PeerName,
        level: String,
        text: String,
    },
    /// Something worth a line that is none of the others (`echo of its own offer`); `log` decides whether expectations see it.
    Note {
        peer: Option<PeerName>,
        text: String,
    },
    /// The server's life.
    Server {
        #[serde(flatten)]
        life: ServerLife,
    },
    /// What a step does to one node of several. What a node says, and its end by itself, are the server's.
    Node {
        node: u32,
        #[serde(flatten)]
        life: ServerLife,
    },
    /// The tap stops reading from the server for this link, on a step's order, or reads again.
    Stalled { link: Link, stalled: bool },
    /// All that the server had queued for this link is here.
    Fenced { link: Link },
    /// Glare itself got no time from the machine for so long, up to now.
    Starved { millis: u64 },
    /// The last step is over. `cause` holds what satisfied its waits.
    End,
    /// From here on the harness ends peers and server itself: what follows, but for laws and the verdict, is in no log and before no law.
    Clearing,
    /// What the run showed of one law.
    Law(Box<LawFound>),
    /// How it ended: the last event.
    Verdict {
        verdict: Box<Verdict>,
        /// From the first boot to the verdict, clearing up not counted (microseconds).
        took: u64,
    },
}

impl What {
    /// The link that it is about.
    pub fn link(&self) -> Option<&Link> {
        match self {
            What::LinkEnded { link, .. }
            | What::LinkAsked { link, .. }
            | What::LinkUp { link, .. }
            | What::LinkRefused { link, .. }
            | What::Violation { link, .. }
            | What::LinkDown { link, .. }
            | What::LinkClosed { link, .. }
            | What::Message { link, .. }
            | What::Hears { link, .. }
            | What::Passes { link, .. }
            | What::Stalled { link, .. }
            | What::Fenced { link, .. } => Some(link),
            _ => None,
        }
    }

    /// The same, to be told otherwise.
    pub(super) fn link_mut(&mut self) -> Option<&mut Link> {
        match self {
            What::LinkEnded { link, .. }
            | What::LinkAsked { link, .. }
            | What::LinkUp { link, .. }
            | What::LinkRefused { link, .. }
            | What::Violation { link, .. }
            | What::LinkDown { link, .. }
            | What::LinkClosed { link, .. }
            | What::Message { link, .. }
            | What::Hears { link, .. }
            | What::Passes { link, .. }
            | What::Stalled { link, .. }
            | What::Fenced { link, .. } => Some(link),
            _ => None,
        }
    }
}
