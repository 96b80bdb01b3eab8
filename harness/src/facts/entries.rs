//! What is kept of each stay, request, piece of news, peer and link.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::names::{Link, PeerName};
use crate::record::Seq;
use crate::signaling::Kind;

/// Indices into the lists of [`Rooms`](super::rooms::Rooms); events are told by their place in the trace.
pub(crate) type LinkId = usize;
pub(crate) type PeerId = usize;
pub(crate) type StayId = usize;
pub(crate) type RoomId = usize;
pub(crate) type AskId = usize;

/// How a stay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// It asked, and was let go.
    Left,
    /// Its link ended.
    Ended,
    /// The room, or the server, went; or it never began. Nobody must hear of it.
    Void,
}

/// One stay of a peer in a room, from the request on.
#[derive(Debug)]
pub(crate) struct Stay {
    pub peer: PeerId,
    /// None while it is held by no link (asked by HTTP before the WebSocket is up).
    pub link: Option<LinkId>,
    pub room: RoomId,
    /// When it was asked for.
    pub asked: usize,
    /// It was asked for by making the room.
    pub made: bool,
    /// When the server said yes.
    pub entered: Option<usize>,
    /// When it was certainly over.
    pub gone: Option<usize>,
    /// How it was over.
    pub how: Option<How>,
    /// It was refused.
    pub refused: bool,
    /// It was refused for want of room, by the dialect's own words for that.
    pub found_full: bool,
    /// Something that nobody understands may have ended it before it was seen to end.
    pub blurred: bool,
    /// Where the server put the peer out: the first event after the last that it certainly took in with him inside. It knew of the end before the
    /// tap saw it, and how long before nobody can tell.
    pub(super) unseen: Option<usize>,
    /// From when on it may be over, and the request that this hangs on: its refusal takes the doubt away.
    pub(super) doubts: Vec<(Option<AskId>, usize)>,
}

impl Stay {
    /// The first event from which on the peer may be out.
    pub fn certain_until(&self) -> Option<usize> {
        let doubts = self.doubts.iter().map(|(_, at)| *at);
        doubts.chain(self.gone).chain(self.unseen).min()
    }

    /// Where the server put the peer out: the event from which on he may have been out, unseen.
    pub fn put_out(&self) -> Option<usize> {
        self.unseen
    }

    /// Whether the peer is certainly in, at this event and since an earlier one.
    pub fn certain_over(&self, from: usize, to: usize) -> bool {
        self.entered.is_some_and(|entered| entered < from)
            && self.certain_until().is_none_or(|until| until > to)
    }
}

/// Somebody went while others stayed.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub stay: StayId,
    pub how: How,
    /// From when on the server may know of it: the request, or the end of the link.
    pub since: usize,
    /// From when on the server does know.
    pub at: usize,
    /// The others' stays in that room.
    pub staying: Vec<StayId>,
}

/// A request that reached the server.
#[derive(Debug)]
pub(crate) struct Ask {
    pub link: LinkId,
    /// Its message's event.
    pub message: usize,
    /// When it reached the server.
    pub at: usize,
    pub kind: Kind,
    pub http: bool,
    /// It stands on the wire.
    pub(super) spoken: bool,
    pub reply: Option<usize>,
    /// The stay that it asks for.
    pub stay: Option<StayId>,
    /// The room that it is to remove.
    pub(super) removes: Option<RoomId>,
    /// The stays that it may end.
    pub(super) touches: Vec<StayId>,
    /// Where the peer was before.
    pub place: Place,
    /// It is taken for granted: the server does not answer it.
    pub granted: bool,
    /// It may have been refused, by words that may as well mean something else.
    pub(super) unsure: bool,
}

/// What was said under a number that its answer repeats.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbered {
    pub link: LinkId,
    pub message: usize,
    /// What it asks for, if that.
    pub ask: Option<AskId>,
    /// What answered it last.
    pub answer: Option<Kind>,
}

/// What one peer said under one number.
#[derive(Debug, Default)]
pub(crate) struct SaidUnder {
    /// What has no answer yet, the oldest first.
    pub open: VecDeque<Numbered>,
    /// What was answered last.
    pub last: Option<Numbered>,
}

/// An answer under a number that it should not have.
#[derive(Debug)]
pub(crate) struct Misnumbered {
    pub at: usize,
    pub link: LinkId,
    pub of: NumberOf,
}

/// Whose number it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NumberOf {
    /// Of this request of whoever hears it, which was answered under it before.
    Answered(usize),
    /// Of this message, which was said on somebody else's line.
    Another(LinkId, usize),
    /// Of this message of whoever hears it, but for what it stands as: a text that looks like the number, or a number that looks like the text.
    Text(usize),
    Number(usize),
    Nobody,
}

/// An answer to something that was relayed, all of which was answered before.
#[derive(Debug)]
pub(crate) struct Repeated {
    pub at: usize,
    pub link: LinkId,
    pub kind: Kind,
    /// The last message that it may answer.
    pub of: usize,
}

/// News of a coming or going, as the server sent it.
#[derive(Debug)]
pub(crate) struct News {
    pub at: usize,
    pub link: LinkId,
    pub about: Option<PeerId>,
    pub joined: bool,
    /// Whoever gets it is certainly in no room.
    pub out: Option<usize>,
    /// Whom it tells of has never asked for a room of whoever gets it.
    pub foreign: bool,
}

/// Somebody who is said to be host of the room of whoever hears it.
#[derive(Debug)]
pub(crate) struct HostTold {
    pub at: usize,
    pub link: LinkId,
    pub about: PeerId,
}

/// Somebody who is said to be inside, to one who comes in.
#[derive(Debug)]
pub(crate) struct Listed {
    pub at: usize,
    pub link: LinkId,
    pub about: PeerId,
}

/// Whether a peer is in no room. (In a room is what its stays say.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It may be in one.
    Doubt,
    /// It is out once the WebSocket shows that what was queued before this event is here.
    Leaving(usize),
    /// Certainly out, by this event.
    Out(usize),
}

/// One event, as far as findings need it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub seq: Seq,
    /// µs since the run began.
    pub at: u64,
    /// It is a message of a peer's.
    pub up: bool,
}

#[derive(Debug)]
pub(crate) struct PeerLife {
    pub name: PeerName,
    /// Its stays that are not over, refused or forgotten.
    pub open: Vec<StayId>,
    /// All its stays, in the order of asking.
    pub stays: Vec<StayId>,
    /// Those that are over, in the order of ending.
    pub past: Vec<StayId>,
    /// It has sent something that nobody understands.
    pub opaque: bool,
    /// Its links, oldest first.
    pub links: Vec<LinkId>,
    pub(super) newest: Option<LinkId>,
    pub(super) place: Place,
    pub(super) asked_for: HashSet<RoomId>,
}

#[derive(Debug)]
pub(crate) struct LinkLife {
    pub link: Link,
    pub peer: PeerId,
    /// When it was first seen.
    pub began: usize,
    pub up: Option<usize>,
    pub down: Option<usize>,
    /// The server ended it, so that it knew before the tap saw.
    pub by_server: bool,
    /// It ended without a close, and not by the server: its peer was lost.
    pub lost: bool,
    pub fenced: Option<usize>,
    /// A step ended it, or silenced it.
    pub ended: Option<usize>,
    /// A step kept the tap from reading it, for a while.
    pub stalled: bool,
    /// The newest message of the server's that nobody understands: it may be any answer.
    pub unread: Option<usize>,
    /// The newest refusal or error that may mean any signal sent so far, and per kind.
    pub refused: Option<usize>,
    pub refused_kind: HashMap<Kind, usize>,
    pub(super) opaque: bool,
    /// Its peer said something that may be answered though no answer to it is known.
    pub(super) says_else: bool,
    /// The newest request to come in that the server does not answer, and has not shown yet to have taken in.
    pub(super) granted: Option<(AskId, Kind)>,
    pub(super) pending: HashMap<Kind, VecDeque<AskId>>,
    /// HTTP requests without a response, oldest first, by event.
    pub(super) fetched: VecDeque<usize>,
    /// The newest signal of each kind, by event.
    pub(super) signalled: HashMap<Kind, usize>,
    /// The newest message on the WebSocket that is no request and that the server may refuse.
    pub(super) refusable: Option<usize>,
    /// The newest request on the WebSocket that is answered: what came before it is done with.
    pub(super) done_with: Option<usize>,
    /// WebSocket requests and their replies, by event; after [`Rooms::finish`](super::rooms::Rooms::finish) sorted, each with the earliest reply from there on.
    pub(super) settled: Vec<(usize, usize)>,
}
