//! The words of signaling, free of any server's way of writing them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::names::RoomName;

/// What a peer asks of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case")]
pub enum Request {
    /// Make a room and be in it.
    Create { room: RoomName },
    /// Enter a room that exists.
    Join { room: RoomName },
    /// Go out of a room.
    Leave { room: RoomName },
    /// Remove a room.
    Destroy { room: RoomName },
    /// Put somebody out of one's room, who is called as the server writes ids.
    Kick { room: RoomName, peer: String },
    /// Show something else of oneself to those in one's room.
    SetState { room: RoomName, state: String },
    /// A request made only for its refusal: when the reply is here, all that the server had queued before is here too.
    Fence,
}

/// Whether a description offers, answers or takes back (RFC 9429, section 4.1.10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DescriptionKind {
    /// `offer`
    Offer,
    /// `pranswer`
    Pranswer,
    /// `answer`
    Answer,
    /// `rollback`; its SDP is empty
    Rollback,
}

impl DescriptionKind {
    /// The `RTCSdpType` of the browser API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offer => "offer",
            Self::Pranswer => "pranswer",
            Self::Answer => "answer",
            Self::Rollback => "rollback",
        }
    }
}

/// An `RTCSessionDescription`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// `type`
    #[serde(rename = "type")]
    pub kind: DescriptionKind,
    /// The SDP, CRLF line ends, as the stack wrote it.
    pub sdp: String,
}

/// An `RTCIceCandidateInit` (W3C WebRTC, section 4.8.1). An empty `candidate` marks the end of a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// `candidate:…`, the attribute without `a=`.
    pub candidate: String,
    /// The media section's `mid`.
    #[serde(rename = "sdpMid", default, skip_serializing_if = "Option::is_none")]
    pub sdp_mid: Option<String>,
    /// The media section's index, from 0.
    #[serde(
        rename = "sdpMLineIndex",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub sdp_mline_index: Option<u16>,
    /// The ICE user name fragment of its generation.
    #[serde(
        rename = "usernameFragment",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub username_fragment: Option<String>,
}

impl Candidate {
    /// `host`, `srflx`, `prflx` or `relay` (RFC 8839, section 5.1), or whatever stands there; `unreadable` if nothing does.
    pub fn kind(&self) -> &str {
        let mut fields = self.candidate.split_ascii_whitespace().skip(6);
        match (fields.next(), fields.next()) {
            (Some("typ"), Some(kind)) => kind,
            _ => "unreadable",
        }
    }

    /// `host/udp`, `srflx/udp`, `host/tcp`: type and transport (RFC 8839, section 5.1), or `unreadable`.
    pub fn sort(&self) -> String {
        let fields: Vec<&str> = self.candidate.split_ascii_whitespace().collect();
        match (fields.get(2), fields.get(6), fields.get(7)) {
            (Some(transport), Some(&"typ"), Some(kind)) => {
                format!("{}/{}", kind.to_lowercase(), transport.to_lowercase())
            }
            _ => "unreadable".into(),
        }
    }
}

/// What one peer says to another through the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "kebab-case")]
pub enum Signal {
    /// An offer.
    Offer { sdp: Arc<str> },
    /// An answer.
    Answer { sdp: Arc<str> },
    /// One trickled candidate.
    Candidate { candidate: Candidate },
    /// No candidate follows for this generation.
    EndOfCandidates,
    /// The connection was closed on purpose.
    Bye,
}

/// What the server says by itself: replies and news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "notice", rename_all = "kebab-case")]
pub enum Notice {
    /// Reply: the room is made.
    Created { room: RoomName },
    /// Reply: you are in, together with these (ids as the server writes them).
    Joined { room: RoomName, with: Vec<String> },
    /// Reply: you are out.
    Left { room: RoomName },
    /// Reply: the room is gone.
    Destroyed { room: RoomName },
    /// Reply: what was asked is done, and one is where one was; or what was said to a peer is taken in hand.
    Granted { request: Kind },
    /// Reply: no. `request` says to what, where the server says so.
    Refused {
        request: Option<Kind>,
        reason: String,
    },
    /// News: somebody came into your room.
    PeerJoined { peer: String },
    /// News: somebody is gone from your room; `how` is the server's word for it, where it has one.
    PeerLeft { peer: String, how: Option<String> },
    /// News: somebody's line has ended, and his place in your room is kept.
    PeerAway { peer: String },
    /// News: who was away has his place in your room again.
    PeerBack { peer: String },
    /// News: what somebody in your room shows of himself.
    PeerState { peer: String, state: String },
    /// News: who is host of your room from now on; it may be you.
    Host { peer: String },
    /// News: somebody has put you out of your room.
    Kicked { room: RoomName },
    /// News: something is wrong that answers no request.
    Error { reason: String },
}

/// One message, understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum Word {
    /// Peer to server.
    Request { request: Request },
    /// Peer to peer through the server. `peer` is the addressee on the way up and the sender on the way down, as the
    /// server writes ids; `None` where the wire does not say ("the other one").
    Signal {
        peer: Option<String>,
        signal: Signal,
    },
    /// Server to peer.
    Notice { notice: Notice },
}

impl Notice {
    /// Whom it is news of, as the server writes ids.
    pub fn about(&self) -> Option<&str> {
        match self {
            Notice::PeerJoined { peer }
            | Notice::PeerLeft { peer, .. }
            | Notice::PeerAway { peer }
            | Notice::PeerBack { peer }
            | Notice::PeerState { peer, .. }
            | Notice::Host { peer } => Some(peer),
            _ => None,
        }
    }

    /// Whether it is the yes to what was relayed.
    pub fn grants_signal(&self) -> bool {
        matches!(self, Notice::Granted { request } if request.is_signal())
    }

    /// Whether it answers no request, though no news of a coming or going either: it comes when the server likes.
    pub fn comes_unasked(&self) -> bool {
        matches!(
            self,
            Notice::PeerAway { .. }
                | Notice::PeerBack { .. }
                | Notice::PeerState { .. }
                | Notice::Host { .. }
                | Notice::Kicked { .. }
                | Notice::Error { .. }
        )
    }
}

impl Request {
    /// The room that it is about.
    pub fn room(&self) -> Option<&RoomName> {
        match self {
            Request::Create { room }
            | Request::Join { room }
            | Request::Leave { room }
            | Request::Destroy { room }
            | Request::Kick { room, .. }
            | Request::SetState { room, .. } => Some(room),
            Request::Fence => None,
        }
    }

    /// Whether who asks is in that room then, or nobody is.
    pub fn moves(&self) -> bool {
        matches!(
            self,
            Request::Create { .. } | Request::Join { .. } | Request::Destroy { .. }
        )
    }

    /// The word's name, as scenario files write it.
    pub fn kind(&self) -> Kind {
        match self {
            Request::Create { .. } => Kind::Create,
            Request::Join { .. } => Kind::Join,
            Request::Leave { .. } => Kind::Leave,
            Request::Destroy { .. } => Kind::Destroy,
            Request::Kick { .. } => Kind::Kick,
            Request::SetState { .. } => Kind::SetState,
            Request::Fence => Kind::Fence,
        }
    }
}

impl Word {
    /// Whether it says no to a request.
    pub fn refuses(&self) -> bool {
        matches!(
            self,
            Word::Notice {
                notice: Notice::Refused { .. }
            }
        )
    }

    /// Whom it is for, or about, as it is said: as the server writes ids.
    pub fn addressee(&self) -> Option<&str> {
        match self {
            Word::Signal { peer, .. } => peer.as_deref(),
            Word::Request {
                request: Request::Kick { peer, .. },
            } => Some(peer),
            _ => None,
        }
    }

    /// The word's name, as scenario files write it.
    pub fn kind(&self) -> Kind {
        match self {
            Word::Request { request } => request.kind(),
            Word::Signal { signal, .. } => match signal {
                Signal::Offer { .. } => Kind::Offer,
                Signal::Answer { .. } => Kind::Answer,
                Signal::Candidate { .. } => Kind::Candidate,
                Signal::EndOfCandidates => Kind::EndOfCandidates,
                Signal::Bye => Kind::Bye,
            },
            Word::Notice { notice } => match notice {
                Notice::Created { .. } => Kind::Created,
                Notice::Joined { .. } => Kind::Joined,
                Notice::Left { .. } => Kind::Left,
                Notice::Destroyed { .. } => Kind::Destroyed,
                Notice::Granted { .. } => Kind::Granted,
                Notice::Refused { .. } => Kind::Refused,
                Notice::PeerJoined { .. } => Kind::PeerJoined,
                Notice::PeerLeft { .. } => Kind::PeerLeft,
                Notice::PeerAway { .. } => Kind::PeerAway,
                Notice::PeerBack { .. } => Kind::PeerBack,
                Notice::PeerState { .. } => Kind::PeerState,
                Notice::Host { .. } => Kind::Host,
                Notice::Kicked { .. } => Kind::Kicked,
                Notice::Error { .. } => Kind::Error,
            },
        }
    }
}

macro_rules! kinds {
    ($($variant:ident $name:literal,)*) => {
        /// The name of a word, as scenario files, dialects and the log write it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind {
            $(
                #[doc = concat!("`", $name, "`")]
                #[serde(rename = $name)]
                $variant,
            )*
        }

        impl Kind {
            /// All of them, requests first, then signals, then notices.
            pub const ALL: &'static [Kind] = &[$(Kind::$variant,)*];

            /// The name as files write it.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$variant => $name,)* }
            }
        }
    };
}

kinds! {
    Create "create",
    Join "join",
    Leave "leave",
    Destroy "destroy",
    Kick "kick",
    SetState "set-state",
    Fence "fence",
    Offer "offer",
    Answer "answer",
    Candidate "candidate",
    EndOfCandidates "end-of-candidates",
    Bye "bye",
    Created "created",
    Joined "joined",
    Left "left",
    Destroyed "destroyed",
    Granted "granted",
    Refused "refused",
    PeerJoined "peer-joined",
    PeerLeft "peer-left",
    PeerAway "peer-away",
    PeerBack "peer-back",
    PeerState "peer-state",
    Host "host",
    Kicked "kicked",
    Error "error",
}

impl Kind {
    /// Whether it is relayed from peer to peer.
    pub fn is_signal(self) -> bool {
        matches!(
            self,
            Kind::Offer | Kind::Answer | Kind::Candidate | Kind::EndOfCandidates | Kind::Bye
        )
    }

    /// Whether it is news of somebody in the room, who is named in it.
    pub fn is_of_a_peer(self) -> bool {
        matches!(
            self,
            Kind::PeerJoined
                | Kind::PeerLeft
                | Kind::PeerAway
                | Kind::PeerBack
                | Kind::PeerState
                | Kind::Host
        )
    }

    /// Whether a peer asks it of the server.
    pub fn is_request(self) -> bool {
        matches!(
            self,
            Kind::Create
                | Kind::Join
                | Kind::Leave
                | Kind::Destroy
                | Kind::Kick
                | Kind::SetState
                | Kind::Fence
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Kind::ALL
            .iter()
            .copied()
            .find(|kind| kind.as_str() == text)
            .ok_or(())
    }
}
