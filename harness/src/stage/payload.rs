//! What a message carries, and what the record keeps of it.

use std::borrow::Cow;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use super::directory::Directory;
use crate::names::PeerName;
use crate::record::{Digest, Fingerprint, elide};
use crate::signaling::{Signal, Word};

/// What a word speaks of: the addressee on the way up, the sender or the subject on the way down.
pub(super) fn about(directory: &Directory, word: &Word) -> Option<PeerName> {
    match word {
        Word::Signal { peer, .. } => peer.as_deref().and_then(|id| directory.peer(id)),
        Word::Notice { notice } => notice.about().and_then(|id| directory.peer(id)),
        Word::Request { .. } => word.addressee().and_then(|id| directory.peer(id)),
    }
}

/// The digest of what must arrive unchanged: a signal's own content, else the whole payload.
pub(super) fn fingerprint(word: Option<&Word>, payload: &[u8], digest: &Digest) -> Fingerprint {
    let Some(Word::Signal { signal, .. }) = word else {
        return digest.of(payload).into();
    };
    match signal {
        Signal::Offer { sdp } | Signal::Answer { sdp } => {
            Fingerprint::owed(Arc::clone(sdp), digest.clone())
        }
        Signal::Candidate { candidate } => {
            let content = serde_json::to_vec(candidate).unwrap_or_default();
            digest.of(&content).into()
        }
        Signal::EndOfCandidates | Signal::Bye => digest.of(b"").into(),
    }
}

/// What a message carries.
#[derive(Clone, Copy)]
pub(super) struct Payload<'a> {
    pub(super) bytes: &'a [u8],
    /// What it says, if it is text, or a program makes text of it.
    pub(super) text: Option<&'a str>,
}

/// A payload as the trace keeps it: its beginning, without a description that the word has.
pub(super) fn shown(word: Option<&Word>, payload: Payload<'_>) -> String {
    let Some(text) = payload.text else {
        let beginning = &payload.bytes[..payload.bytes.len().min(TEXT_LIMIT)];
        return String::from_utf8_lossy(beginning).into_owned();
    };
    let told = match word {
        Some(Word::Signal { signal, .. }) => match signal {
            Signal::Offer { sdp } => elide(text, sdp, "offer"),
            Signal::Answer { sdp } => elide(text, sdp, "answer"),
            _ => text.into(),
        },
        _ => text.into(),
    };
    let end = told.floor_char_boundary(TEXT_LIMIT);
    match told {
        Cow::Borrowed(text) => text[..end].to_owned(),
        Cow::Owned(mut text) => {
            text.truncate(end);
            text
        }
    }
}

/// Tells payloads apart, within this process.
pub(super) fn mark(payload: &[u8]) -> u64 {
    let mut hasher = std::hash::DefaultHasher::new();
    payload.hash(&mut hasher);
    hasher.finish()
}

/// How much of a payload the trace keeps.
const TEXT_LIMIT: usize = 4096;
