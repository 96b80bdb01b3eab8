//! From words to variables and back.

use std::sync::Arc;

use serde_json::Value as Json;

use super::template::Variables;
use crate::names::RoomName;
use crate::signaling::{Candidate, Kind, Notice, Request, Signal, Word};

/// What a dialect can be told to hear: a word, or the refusal that a fence waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
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
    let mut names = vec!["me"];
    match kind {
        Kind::Create | Kind::Join | Kind::Leave | Kind::Destroy => names.push("room"),
        Kind::Offer | Kind::Answer => names.extend(["room", "peer", "sdp"]),
        Kind::Candidate => {
            names.extend(["room", "peer"]);
            names.extend(CANDIDATE);
        }
        Kind::EndOfCandidates | Kind::Bye => names.extend(["room", "peer"]),
        _ => {}
    }
    names
}

/// The variables that make a word of this kind when a peer hears it: those that must be captured (one of each group), and
/// those that may be.
pub(crate) fn heard_variables(
    heard: Heard,
) -> (&'static [&'static [&'static str]], Vec<&'static str>) {
    let Heard::Kind(kind) = heard else {
        return (&[], vec!["me", "reason"]);
    };
    let (needed, more): (&[&[&str]], &[&str]) = match kind {
        Kind::Created | Kind::Left | Kind::Destroyed => (&[], &["room"]),
        Kind::Joined => (&[], &["room", "with"]),
        Kind::Refused => (&[], &["request", "reason"]),
        Kind::PeerJoined => (&[&["peer"]], &["room"]),
        Kind::PeerLeft => (&[&["peer"]], &["room", "how"]),
        Kind::Error => (&[], &["reason"]),
        Kind::Offer | Kind::Answer => (&[&["sdp"]], &["peer", "room"]),
        Kind::Candidate => (
            &[&["candidate", "candidate-line"]],
            &["peer", "room", "sdp-mid", "sdp-mline-index", "ufrag"],
        ),
        _ => (&[], &["peer", "room"]),
    };
    let mut all = vec!["me"];
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

/// The word that was said, of what a template captured. `None`: a capture has the wrong type, so it is not this word.
pub(crate) fn said(kind: Kind, captured: &Variables<'_>, room: Option<&RoomName>) -> Option<Word> {
    let room = || match captured.get("room") {
        Some(Json::String(name)) => Some(RoomName::new(name)),
        Some(_) => None,
        None => Some(room.cloned().unwrap_or_else(|| RoomName::new("?"))),
    };
    let request = match kind {
        Kind::Create => Request::Create { room: room()? },
        Kind::Join => Request::Join { room: room()? },
        Kind::Leave => Request::Leave { room: room()? },
        Kind::Destroy => Request::Destroy { room: room()? },
        Kind::Fence => Request::Fence,
        _ => return signal(kind, captured),
    };
    Some(Word::Request { request })
}

fn signal(kind: Kind, captured: &Variables<'_>) -> Option<Word> {
    let peer = optional(captured, "peer")?;
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

/// The word that was heard, of what a pattern captured. `None`: a capture has the wrong type, so it is not this word.
pub(crate) fn heard(
    heard: Heard,
    captured: &Variables<'_>,
    room: Option<&RoomName>,
) -> Option<Word> {
    let reason = || Some(optional(captured, "reason")?.unwrap_or_default());
    let room = || match captured.get("room") {
        Some(Json::String(name)) => Some(RoomName::new(name)),
        Some(_) => None,
        None => Some(room.cloned().unwrap_or_else(|| RoomName::new("?"))),
    };
    let peer = || captured.text("peer").map(str::to_owned);
    let Heard::Kind(kind) = heard else {
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
            with: with(captured)?,
        },
        Kind::Left => Notice::Left { room: room()? },
        Kind::Destroyed => Notice::Destroyed { room: room()? },
        Kind::Refused => Notice::Refused {
            request: optional(captured, "request")?.and_then(|name| name.parse().ok()),
            reason: reason()?,
        },
        Kind::PeerJoined => Notice::PeerJoined { peer: peer()? },
        Kind::PeerLeft => Notice::PeerLeft {
            peer: peer()?,
            how: optional(captured, "how")?,
        },
        Kind::Error => Notice::Error { reason: reason()? },
        _ => return signal(kind, captured),
    };
    Some(Word::Notice { notice })
}

fn with(captured: &Variables<'_>) -> Option<Vec<String>> {
    match captured.get("with") {
        None | Some(Json::Null) => Some(Vec::new()),
        Some(Json::String(one)) => Some(vec![one.clone()]),
        Some(Json::Array(all)) => all
            .iter()
            .map(|id| id.as_str().map(str::to_owned))
            .collect(),
        Some(_) => None,
    }
}
