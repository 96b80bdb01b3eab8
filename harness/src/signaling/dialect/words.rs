//! From words to variables and back.

use std::sync::Arc;

use serde_json::Value as Json;

use super::number::NUMBER;
use super::template::{Variables, id_text, plain};
use crate::names::RoomName;
use crate::signaling::{Candidate, Kind, Notice, Request, Signal, Word};

/// What a dialect can be told to hear: a word, or the refusal that a fence waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    Kind(Kind),
    Fenced,
}

/// The pieces of a candidate, for servers that do not carry it whole.
const CANDIDATE: &[&str] = &[
    "candidate",
    "candidate-line",
    "sdp-mid",
    "sdp-mline-index",
    "ufrag",
];

/// The variables that a word of this kind has when a peer says it.
pub(crate) fn said_variables(kind: Kind) -> Vec<&'static str> {
    let mut names = vec!["me", "self", NUMBER];
    match kind {
        Kind::Create | Kind::Join | Kind::Leave | Kind::Destroy => {
            names.extend(["room", "room-id"])
        }
        Kind::SetState => names.extend(["room", "room-id", "state"]),
        Kind::Kick => names.extend(["room", "room-id", "peer"]),
        Kind::Offer | Kind::Answer => names.extend(["room", "room-id", "peer", "sdp"]),
        Kind::Candidate => {
            names.extend(["room", "room-id", "peer"]);
            names.extend(CANDIDATE);
        }
        Kind::EndOfCandidates | Kind::Bye => names.extend(["room", "room-id", "peer"]),
        _ => {}
    }
    names
}

/// The variables that make a word of this kind when a peer hears it: those that must be captured (one of each group), and
/// those that may be.
pub(crate) fn heard_variables(
    hears: Hears,
) -> (&'static [&'static [&'static str]], Vec<&'static str>) {
    let Hears::Kind(kind) = hears else {
        return (&[], vec!["me", "self", NUMBER, "reason"]);
    };
    let (needed, more): (&[&[&str]], &[&str]) = match kind {
        Kind::Created | Kind::Left | Kind::Destroyed | Kind::Kicked => (&[], &["room", "room-id"]),
        Kind::Granted => (&[], &["room", "room-id"]),
        Kind::Joined => (&[], &["room", "room-id", "with", "state", "host"]),
        Kind::PeerState => (&[&["peer"], &["state"]], &["room", "room-id"]),
        Kind::Refused => (&[], &["request", "reason"]),
        Kind::PeerJoined | Kind::PeerAway | Kind::PeerBack | Kind::Host => {
            (&[&["peer"]], &["room", "room-id"])
        }
        Kind::PeerLeft => (&[&["peer"]], &["room", "room-id", "how"]),
        Kind::Error => (&[], &["reason"]),
        Kind::Offer | Kind::Answer => (&[&["sdp"]], &["peer", "room"]),
        Kind::Candidate => (
            &[&["candidate", "candidate-line"]],
            &["peer", "room", "sdp-mid", "sdp-mline-index", "ufrag"],
        ),
        _ => (&[], &["peer", "room"]),
    };
    let mut all = vec!["me", "self", NUMBER];
    all.extend(needed.iter().flat_map(|group| group.iter().copied()));
    all.extend(more);
    (needed, all)
}

/// What a word fills templates with.
pub(crate) fn variables(word: &Word, out: &mut Variables<'_>) {
    match word {
        Word::Request { request } => match request {
            Request::Create { room }
            | Request::Join { room }
            | Request::Leave { room }
            | Request::Destroy { room } => out.set("room", room.as_str()),
            Request::Kick { room, peer } => {
                out.set("room", room.as_str());
                out.set("peer", peer.as_str());
            }
            Request::SetState { room, state } => {
                out.set("room", room.as_str());
                out.set("state", state.as_str());
            }
            Request::Fence => {}
        },
        Word::Signal { peer, signal } => {
            if let Some(peer) = peer {
                out.set("peer", peer.as_str());
            }
            match signal {
                Signal::Offer { sdp } | Signal::Answer { sdp } => out.set("sdp", &**sdp),
                Signal::Candidate { candidate } => candidate_variables(candidate, out),
                Signal::EndOfCandidates | Signal::Bye => {}
            }
        }
        Word::Notice { .. } => {}
    }
}

/// What somebody sets is said as the dialect writes it: `true` is no text.
pub(crate) fn state_as_declared(word: &Word, states: &[Json], out: &mut Variables<'_>) {
    let Word::Request {
        request: Request::SetState { state, .. },
    } = word
    else {
        return;
    };
    if let Some(value) = states.iter().find(|value| plain(value) == *state) {
        out.replace("state", Some(value.clone()));
    }
}

fn candidate_variables(candidate: &Candidate, out: &mut Variables<'_>) {
    // A struct of strings and numbers always becomes JSON; without it the template says what is missing.
    if let Ok(whole) = serde_json::to_value(candidate) {
        out.set("candidate", whole);
    }
    out.set("candidate-line", candidate.candidate.as_str());
    if let Some(mid) = &candidate.sdp_mid {
        out.set("sdp-mid", mid.as_str());
    }
    if let Some(index) = candidate.sdp_mline_index {
        out.set("sdp-mline-index", index);
    }
    if let Some(ufrag) = &candidate.username_fragment {
        out.set("ufrag", ufrag.as_str());
    }
}

/// Whom and what the ids on the wire mean.
#[derive(Clone, Copy)]
pub(crate) struct Called<'a> {
    /// What the case calls whoever has this id.
    pub peer: &'a dyn Fn(String) -> String,
    /// The room of this id, if the server has named one so.
    pub room: &'a dyn Fn(&str) -> Option<String>,
    /// The room that it must be where none is named.
    pub here: Option<&'a RoomName>,
}

impl Called<'_> {
    /// `None`: what is captured is no room.
    fn the_room(&self, captured: &Variables<'_>) -> Option<RoomName> {
        if let Some(id) = captured.id("room-id") {
            let known = (self.room)(&id).map(RoomName::new);
            return Some(
                known
                    .or_else(|| self.here.cloned())
                    .unwrap_or_else(|| RoomName::new(&id)),
            );
        }
        match captured.get("room") {
            Some(Json::String(name)) => Some(RoomName::new(name)),
            Some(_) => None,
            None => Some(self.here.cloned().unwrap_or_else(|| RoomName::new("?"))),
        }
    }

    /// Somebody who may be left out or null; `None` if it has another type.
    fn somebody(&self, captured: &Variables<'_>) -> Option<Option<String>> {
        match captured.get("peer") {
            None | Some(Json::Null) => Some(None),
            Some(_) => Some(Some((self.peer)(captured.id("peer")?))),
        }
    }
}

/// The word that was said, of what a template captured. `None`: a capture has the wrong type, so it is not this word.
pub(crate) fn said(kind: Kind, captured: &Variables<'_>, called: Called<'_>) -> Option<Word> {
    let room = || called.the_room(captured);
    let request = match kind {
        Kind::Create => Request::Create { room: room()? },
        Kind::Join => Request::Join { room: room()? },
        Kind::Leave => Request::Leave { room: room()? },
        Kind::Destroy => Request::Destroy { room: room()? },
        Kind::Kick => Request::Kick {
            room: room()?,
            peer: captured.id("peer").map(called.peer)?,
        },
        Kind::SetState => Request::SetState {
            room: room()?,
            state: state(captured.get("state")?)?,
        },
        Kind::Fence => Request::Fence,
        _ => {
            let mut word = signal(kind, captured, called)?;
            // Nobody says for whom it is and means all by that: it is for somebody who cannot be.
            if let (Word::Signal { peer, .. }, Some(Json::Null)) = (&mut word, captured.get("peer"))
            {
                *peer = Some("null".to_owned());
            }
            return Some(word);
        }
    };
    Some(Word::Request { request })
}

fn signal(kind: Kind, captured: &Variables<'_>, called: Called<'_>) -> Option<Word> {
    let peer = called.somebody(captured)?;
    let sdp = || captured.text("sdp").map(Arc::from);
    let signal = match kind {
        Kind::Offer => Signal::Offer { sdp: sdp()? },
        Kind::Answer => Signal::Answer { sdp: sdp()? },
        Kind::Candidate => Signal::Candidate {
            candidate: candidate(captured)?,
        },
        Kind::EndOfCandidates => Signal::EndOfCandidates,
        Kind::Bye => Signal::Bye,
        _ => return None,
    };
    Some(Word::Signal { peer, signal })
}

fn candidate(captured: &Variables<'_>) -> Option<Candidate> {
    if let Some(whole) = captured.get("candidate") {
        // Only an object is a candidate: serde would take a list as well.
        return whole
            .is_object()
            .then(|| serde_json::from_value(whole.clone()).ok())
            .flatten();
    }
    let index = match captured.get("sdp-mline-index") {
        None | Some(Json::Null) => None,
        // Within a text it is text.
        Some(Json::String(text)) => Some(text.parse().ok()?),
        Some(index) => Some(u16::try_from(index.as_u64()?).ok()?),
    };
    Some(Candidate {
        candidate: captured.text("candidate-line")?.to_owned(),
        sdp_mid: optional(captured, "sdp-mid")?,
        sdp_mline_index: index,
        username_fragment: optional(captured, "ufrag")?,
    })
}

/// Text that may be missing or null; `None` if it has another type.
fn optional(captured: &Variables<'_>, name: &str) -> Option<Option<String>> {
    match captured.get(name) {
        None | Some(Json::Null) => Some(None),
        Some(Json::String(text)) => Some(Some(text.clone())),
        Some(_) => None,
    }
}

/// The word that was heard, of what a pattern captured; `of` is the request that it answers, where the dialect says so. `None`: a capture has
/// the wrong type, so it is not this word.
pub(crate) fn heard(
    hears: Hears,
    captured: &Variables<'_>,
    of: Option<Kind>,
    called: Called<'_>,
) -> Option<Word> {
    let reason = || match captured.get("reason") {
        None | Some(Json::Null) => Some(String::new()),
        Some(Json::String(text)) => Some(text.clone()),
        // Servers also say numbers for reasons.
        Some(Json::Number(number)) => Some(number.to_string()),
        Some(_) => None,
    };
    let room = || called.the_room(captured);
    let peer = || captured.id("peer").map(called.peer);
    let Hears::Kind(kind) = hears else {
        let notice = Notice::Refused {
            request: Some(Kind::Fence),
            reason: reason()?,
        };
        return Some(Word::Notice { notice });
    };
    let notice = match kind {
        Kind::Created => Notice::Created { room: room()? },
        Kind::Joined => Notice::Joined {
            room: room()?,
            with: with(captured, "with")?
                .into_iter()
                .map(called.peer)
                .collect(),
        },
        Kind::Left => Notice::Left { room: room()? },
        Kind::Destroyed => Notice::Destroyed { room: room()? },
        Kind::Granted => Notice::Granted { request: of? },
        Kind::PeerAway => Notice::PeerAway { peer: peer()? },
        Kind::PeerState => Notice::PeerState {
            peer: peer()?,
            state: state(captured.get("state")?)?,
        },
        Kind::Host => Notice::Host { peer: peer()? },
        Kind::PeerBack => Notice::PeerBack { peer: peer()? },
        Kind::Kicked => Notice::Kicked { room: room()? },
        Kind::Refused => Notice::Refused {
            request: of.or(optional(captured, "request")?.and_then(|name| name.parse().ok())),
            reason: reason()?,
        },
        Kind::PeerJoined => Notice::PeerJoined { peer: peer()? },
        Kind::PeerLeft => Notice::PeerLeft {
            peer: peer()?,
            how: optional(captured, "how")?,
        },
        Kind::Error => Notice::Error { reason: reason()? },
        _ => return signal(kind, captured, called),
    };
    Some(Word::Notice { notice })
}

/// The words that were heard: news whose `{peer}` is a list is a word for each in it. `None`: it is not this word.
pub(crate) fn heard_of_each(
    hears: Hears,
    captured: &mut Variables<'_>,
    of: Option<Kind>,
    called: Called<'_>,
) -> Option<Vec<Word>> {
    let news = matches!(hears, Hears::Kind(kind) if kind.is_of_a_peer());
    let peers = captured.get("peer").and_then(Json::as_array).cloned();
    let Some(peers) = peers.filter(|peers| news && !peers.is_empty()) else {
        return heard(hears, captured, of, called).map(|word| vec![word]);
    };
    let each = peers.into_iter().map(|peer| {
        captured.replace("peer", Some(peer));
        heard(hears, captured, of, called)
    });
    each.collect()
}

/// What somebody shows of himself, as a text; `None`: a list or an object is none.
fn state(value: &Json) -> Option<String> {
    let one = !matches!(value, Json::Null | Json::Array(_) | Json::Object(_));
    one.then(|| plain(value))
}

/// Who is host, where who comes in is told that.
pub(crate) fn host(captured: &Variables<'_>, called: Called<'_>) -> Option<Word> {
    let peer = captured.id("host").map(called.peer)?;
    let notice = Notice::Host { peer };
    Some(Word::Notice { notice })
}

/// What each who is inside shows of himself, where who comes in is told that in the same order as who they are.
pub(crate) fn states(captured: &Variables<'_>, called: Called<'_>) -> Vec<Word> {
    let (with, states) = (captured.get("with"), captured.get("state"));
    let (Some(Json::Array(with)), Some(Json::Array(states))) = (with, states) else {
        return Vec::new();
    };
    if with.len() != states.len() {
        return Vec::new();
    }
    let each = with.iter().zip(states).filter_map(|(peer, shown)| {
        let notice = Notice::PeerState {
            peer: (called.peer)(id_text(peer)?),
            state: state(shown)?,
        };
        Some(Word::Notice { notice })
    });
    each.collect()
}

/// The ids of a list: text and numbers, or one of them alone. `None`: it is none.
pub(crate) fn with(captured: &Variables<'_>, name: &str) -> Option<Vec<String>> {
    match captured.get(name) {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::Array(all)) => all.iter().map(id_text).collect(),
        Some(one) => id_text(one).map(|id| vec![id]),
    }
}
