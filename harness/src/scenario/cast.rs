//! Which stack plays which peer.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::spelling;
use crate::mistake::{nearest, quoted};
use crate::names::{PeerName, Stack};

/// A stack for each peer: all of a scenario's peers, or, as `--cast` gives it, some of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cast(pub(super) BTreeMap<PeerName, Stack>);

/// A cast that a scenario lists, in place of every one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mix {
    /// Its name.
    pub name: String,
    /// A stack for each peer.
    pub cast: Cast,
}

/// Why a cast cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CastError {
    /// Not `peer=stack`.
    #[error("{0} is no cast: expected `alice=chromium,bob=native`")]
    Shape(String),
    /// No such stack.
    #[error("{0}")]
    Stack(String),
    /// The same peer twice.
    #[error("`{0}` is cast twice")]
    Twice(PeerName),
    /// The scenario has no such peer.
    #[error("the scenario has no peer {name}{}", help.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NoPeer {
        /// The name, escaped.
        name: String,
        /// One that is near.
        help: Option<String>,
    },
    /// It is a page.
    #[error("`{peer}` is a page, which {stack} cannot play: chromium or firefox")]
    Page {
        /// Who.
        peer: PeerName,
        /// By what.
        stack: Stack,
    },
    /// The scenario says otherwise.
    #[error("the scenario pins `{peer}` to {pinned}")]
    Pinned {
        /// Who.
        peer: PeerName,
        /// To what.
        pinned: Stack,
    },
}

impl Cast {
    /// The stack of a peer.
    pub fn get(&self, peer: &PeerName) -> Option<Stack> {
        self.0.get(peer).copied()
    }

    /// Peer by peer, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&PeerName, Stack)> {
        self.0.iter().map(|(peer, stack)| (peer, *stack))
    }

    /// As the trace has it.
    pub fn stacks(&self) -> &BTreeMap<PeerName, Stack> {
        &self.0
    }

    /// Whether a browser takes part.
    pub fn needs_browser(&self) -> bool {
        self.0.values().any(|stack| stack.is_browser())
    }

    /// Whether every peer of `part` plays the same stack here.
    pub fn includes(&self, part: &Cast) -> bool {
        part.iter()
            .all(|(peer, stack)| self.get(peer) == Some(stack))
    }
}

impl FromIterator<(PeerName, Stack)> for Cast {
    fn from_iter<I: IntoIterator<Item = (PeerName, Stack)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

impl From<Cast> for BTreeMap<PeerName, Stack> {
    fn from(cast: Cast) -> Self {
        cast.0
    }
}

impl fmt::Display for Cast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (peer, stack)) in self.0.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            write!(f, "{comma}{peer}={stack}")?;
        }
        Ok(())
    }
}

impl FromStr for Cast {
    type Err = CastError;

    fn from_str(text: &str) -> Result<Self, CastError> {
        let mut stacks = BTreeMap::new();
        for pair in text.split(',').map(str::trim) {
            let (peer, stack) = pair
                .split_once('=')
                .filter(|(peer, _)| spelling::is_room(peer.trim()))
                .ok_or_else(|| CastError::Shape(quoted(pair)))?;
            let stack = stack.trim();
            let stack = stack.parse().map_err(|_| {
                let names = ["native", "chromium", "firefox", "wire"];
                let near = nearest(stack, names).map(|near| format!("; did you mean `{near}`?"));
                CastError::Stack(format!(
                    "{} is no stack: expected {}{}",
                    quoted(stack),
                    names.join(", "),
                    near.unwrap_or_default()
                ))
            })?;
            let peer = PeerName::new(peer.trim());
            if stacks.insert(peer.clone(), stack).is_some() {
                return Err(CastError::Twice(peer));
            }
        }
        Ok(Self(stacks))
    }
}
