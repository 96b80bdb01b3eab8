//! How a verb, a condition or a key is told in the table.

use crate::scenario::build::Build;

/// What a key's value looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A peer of this scenario.
    Peer,
    /// Several peers of this scenario.
    Peers,
    /// A room's name.
    Room,
    /// Text; at most so many bytes.
    Text(usize),
    /// Bytes in base64; at most so many of them.
    Base64(usize),
    /// A whole number.
    Number(u64, u64),
    /// `true` or `false`.
    Flag,
    /// Only `true` says anything.
    True,
    /// `true`, or text that the reason contains.
    Reason,
    /// `10s`, `500ms`, `2m`.
    Duration,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `{ connection: failed }`
    State,
    /// A path on the server, with its query.
    Path,
    /// What a message has in it: text of at most so many bytes, or members of JSON.
    Wanted(usize),
}

/// One key of a verb.
#[derive(Debug)]
pub(crate) struct KeySpec {
    pub name: &'static str,
    pub shape: Shape,
    pub needed: bool,
    pub about: &'static str,
}

/// One verb, or one condition of `await`.
pub(crate) struct Verb {
    /// As files write it. For a condition: the key that tells it from the others.
    pub name: &'static str,
    pub about: &'static str,
    pub keys: &'static [KeySpec],
    /// Exactly one of these keys must be there.
    pub one_of: &'static [&'static str],
    /// What it asks of whoever runs it.
    pub demands: Demands,
    /// Makes the action of the values.
    pub build: Build,
}

/// What a verb asks of whoever runs it. Matters where the server is somebody else's: one that glare has started bears everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Demands {
    /// A client does it.
    Nothing,
    /// The owner's consent: garbage, broken frames, lines that are cut, silent, stalled or altered.
    Consent,
    /// The server's process in one's hands.
    Control,
}

pub(super) const fn must(name: &'static str, shape: Shape, about: &'static str) -> KeySpec {
    KeySpec {
        name,
        shape,
        needed: true,
        about,
    }
}

pub(super) const fn may(name: &'static str, shape: Shape, about: &'static str) -> KeySpec {
    KeySpec {
        name,
        shape,
        needed: false,
        about,
    }
}

pub(super) const fn verb(
    name: &'static str,
    about: &'static str,
    keys: &'static [KeySpec],
    demands: Demands,
    build: Build,
) -> Verb {
    Verb {
        name,
        about,
        keys,
        one_of: &[],
        demands,
        build,
    }
}

/// A condition only watches: it asks nothing of anybody.
pub(super) const fn condition(
    name: &'static str,
    about: &'static str,
    keys: &'static [KeySpec],
    build: Build,
) -> Verb {
    verb(name, about, keys, Demands::Nothing, build)
}
