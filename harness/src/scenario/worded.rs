//! Which messages a line of `expect` is about, where those are messages that only a dialect can tell.

use super::expected::bare;
use super::model::Line;
use crate::names::PeerName;
use crate::signaling::Kind;
use crate::terms::Direction;

/// Messages on the wire of one peer, or of any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worded {
    /// Whose wire; `None`: anybody's.
    pub peer: Option<PeerName>,
    /// Which way they go.
    pub direction: Direction,
}

impl Line {
    /// Whose messages have to be understood, for anybody to tell whether this line is there; `None` where that takes no dialect.
    pub fn worded(&self) -> Option<Worded> {
        let (head, body) = self.text.split_once(": ")?;
        let (from, to) = head.split_once(" -> ")?;
        // A message that is not understood stands there without its text, so that no `*` finds it.
        let said = match body.split_once(' ').map_or(body, |(word, _)| word) {
            word if word.contains('*') => {
                let begins = word.split('*').next().unwrap_or_default();
                Kind::ALL
                    .iter()
                    .any(|kind| kind.as_str().starts_with(begins))
            }
            word => word.parse::<Kind>().is_ok(),
        };
        if !said {
            return None;
        }
        // What goes from peer to peer is told where it arrives.
        let (name, direction) = match (from.trim(), to.trim()) {
            (from, "server") => (from, Direction::Up),
            (_, to) => (to, Direction::Down),
        };
        let one = !name.contains(['*', '"', ' ']);
        Some(Worded {
            peer: one.then(|| PeerName::new(bare(name))),
            direction,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    #[test]
    fn what_only_a_dialect_can_tell_is_a_word_of_one() {
        let worded = |text: &str| {
            let span = Span {
                bytes: 0..0,
                line: 1,
            };
            let text = text.to_owned();
            Line { span, text }.worded()
        };
        let of = |peer: Option<&str>, direction| {
            let peer = peer.map(PeerName::new);
            Some(Worded { peer, direction })
        };
        let alice = Some("alice");
        for (line, wanted) in [
            ("alice -> server: join", of(alice, Direction::Up)),
            ("alice#2 -> server: join lobby", of(alice, Direction::Up)),
            ("server -> alice: peer-left*", of(alice, Direction::Down)),
            ("bob -> alice: offer", of(alice, Direction::Down)),
            ("* -> server: create", of(None, Direction::Up)),
            ("alice -> server: connect", None),
            ("alice -> server: http POST /join", None),
            ("alice -> server: opaque", None),
            ("server -> alice: close 1000", None),
            ("alice -> server", None),
            ("alice -> server: *lobby", of(alice, Direction::Up)),
            ("alice -> server: *", of(alice, Direction::Up)),
            ("server -> alice: peer* bob", of(alice, Direction::Down)),
            ("server -> alice: clo*", None),
            ("alice -> server: http*secret", None),
            ("alice: error", None),
            ("~> alice: chat", None),
        ] {
            assert_eq!(worded(line), wanted, "{line}");
        }
    }
}
