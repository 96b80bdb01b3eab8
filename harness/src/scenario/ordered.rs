//! Whose wire `order:` follows: all its lines are of one link.

use super::expected::bare;
use super::model::{Expect, Line};
use crate::mistake::{Mistakes, quoted};
use crate::names::PeerName;

/// A link as lines name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneLink {
    /// Whose.
    pub peer: PeerName,
    /// Which of that peer's, if a line says so.
    pub instance: Option<u32>,
}

impl OneLink {
    /// The link on whose wire a line passes; `None` if it is of no wire, or does not say of which.
    pub fn of(line: &str) -> Option<Self> {
        let (head, _) = line.split_once(": ")?;
        let (from, to) = head.split_once(" -> ")?;
        // What goes from peer to peer is followed where it arrives.
        let name = match (from.trim(), to.trim()) {
            (from, "server") => from,
            (_, to) => to,
        };
        if name.is_empty() || name == "server" || name.contains(['*', '"', ' ']) {
            return None;
        }
        let peer = bare(name);
        Some(Self {
            peer: PeerName::new(peer),
            instance: name[peer.len()..]
                .strip_prefix('#')
                .and_then(|n| n.parse().ok()),
        })
    }

    /// Both, if they can be one.
    fn and(self, other: Self) -> Option<Self> {
        let clash = (self.instance.zip(other.instance)).is_some_and(|(one, other)| one != other);
        (self.peer == other.peer && !clash).then(|| Self {
            instance: self.instance.or(other.instance),
            peer: self.peer,
        })
    }
}

impl std::fmt::Display for OneLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.instance {
            Some(number) => write!(f, "{}#{number}", self.peer),
            None => self.peer.fmt(f),
        }
    }
}

impl Expect {
    /// The link that `order:` follows.
    pub fn ordered(&self) -> Option<OneLink> {
        let mut links = self.order.iter().map(|line| OneLink::of(&line.text));
        let first = links.next()??;
        links.try_fold(first, |one, other| one.and(other?))
    }
}

/// Notes lines of `order:` that are of no wire, or of another than those before.
pub(super) fn lines(order: &[Line], mistakes: &mut Mistakes) {
    let mut followed: Option<OneLink> = None;
    for line in order {
        let Some(link) = OneLink::of(&line.text) else {
            mistakes
                .add(
                    &line.span,
                    format!("{} passes on nobody's line", quoted(&line.text)),
                )
                .expect("`order` follows the wire of one peer")
                .advise(
                    "write `server -> alice: …`, `alice -> server: …`, or `bob -> alice: …` for what reaches her; any other line can be `seen`",
                );
            continue;
        };
        let Some(before) = followed.take() else {
            followed = Some(link);
            continue;
        };
        followed = before.clone().and(link.clone());
        if followed.is_none() {
            mistakes
                .add(
                    &line.span,
                    format!("this line is of {link}, those before are of {before}"),
                )
                .expect("`order` follows the wire of one link")
                .advise("another order can be a scenario of its own");
            followed = Some(before);
        }
    }
}
