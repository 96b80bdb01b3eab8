//! The rules of the wire that a server can break, each with the place where it is written.

use serde::{Deserialize, Serialize};

/// What was written wrongly, or so that nobody can be expected to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// An answer with status 101 that says `Upgrade: websocket` and `Connection: Upgrade`.
    Upgrade,
    /// `Sec-WebSocket-Accept` is made of the key that was sent.
    Accept,
    /// No extension that was not asked for.
    Extension,
    /// No subprotocol that was not asked for.
    ForeignSubprotocol,
    /// No reserved bit without an extension.
    ReservedBit,
    /// Only the opcodes that there are.
    Opcode,
    /// A server masks nothing, a client everything.
    Mask,
    /// Control frames are whole, and 125 bytes long at most.
    Control,
    /// A payload's length takes as few bytes as it can, and its first bit is 0.
    Length,
    /// A message goes on only where it was begun, and ends before the next.
    Fragments,
    /// Text is UTF-8, and so is the reason of a close frame.
    Utf8,
    /// A close frame is empty or has a code.
    ClosePayload,
    /// The code of a close frame is one that may be sent.
    CloseCode,
    /// No message after a close frame.
    AfterClose,
    /// Where subprotocols are asked for, one is chosen: the RFC lets a server choose none, and browsers give up then.
    NoSubprotocol,
    /// Signaling is text: so says the dialect.
    Binary,
    /// No frame or message is longer than peers take: each has a limit of its own.
    Endless,
    /// A body is what its `Content-Encoding` says, in a coding that can be read.
    Coding,
    /// A body ends where it says, and the messages in it do: chunks, packets with a length, items of a list.
    Body,
}

impl Rule {
    /// Where it is written, if an RFC says it: `RFC 6455, section 5.2`.
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Rule::Upgrade | Rule::Accept | Rule::Extension | Rule::ForeignSubprotocol => {
                "RFC 6455, section 4.1"
            }
            Rule::ReservedBit | Rule::Opcode | Rule::Length => "RFC 6455, section 5.2",
            Rule::Mask => "RFC 6455, section 5.1",
            Rule::Control => "RFC 6455, section 5.5",
            Rule::Fragments => "RFC 6455, section 5.4",
            Rule::Utf8 => "RFC 6455, section 8.1",
            Rule::ClosePayload | Rule::AfterClose => "RFC 6455, section 5.5.1",
            Rule::CloseCode => "RFC 6455, section 7.4",
            Rule::Coding => "RFC 9110, section 8.4",
            Rule::NoSubprotocol | Rule::Binary | Rule::Endless | Rule::Body => return None,
        })
    }

    /// Whether every server owes it, whatever its dialect declares: a run in which it is broken has failed. The others explain a step that
    /// fails, and accuse nobody.
    pub fn is_owed(self) -> bool {
        !matches!(
            self,
            Rule::NoSubprotocol | Rule::Binary | Rule::Endless | Rule::Coding | Rule::Body
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_written_in_the_rfc_of_websockets() {
        for rule in [Rule::Upgrade, Rule::Control, Rule::AfterClose, Rule::Utf8] {
            assert!(rule.is_owed());
            assert!(rule.section().is_some_and(|at| at.starts_with("RFC 6455")));
        }
        for rule in [Rule::Binary, Rule::Endless, Rule::NoSubprotocol] {
            assert!(!rule.is_owed());
            assert_eq!(rule.section(), None);
        }
    }
}
