//! The WebSocket that a line of engine.io changes to: its packets are the line's, its end is the line's end once the change is made.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{Kind, Polled};
use crate::carrier::engine;
use crate::tap::link::Command;
use crate::tap::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use crate::tap::violation::Violation;
use crate::terms::{Carrier, Direction};

/// Held messages of the WebSocket are numbered from here, those of its line's polls below.
pub(in crate::tap) const LATER: u32 = 1 << 31;

/// The policy of that WebSocket.
pub(in crate::tap) struct Joined(pub(in crate::tap) Arc<Polled>);

impl Polled {
    /// A WebSocket for this session has been granted: where commands for it go from here on.
    pub(in crate::tap) fn join(&self) -> mpsc::UnboundedReceiver<Command> {
        let (sender, commands) = mpsc::unbounded_channel();
        let mut state = self.state();
        let how = crate::terms::Silence {
            up: state.silent_up,
            down: state.silent_down,
        };
        if how.up || how.down {
            let _ = sender.send(Command::Silence(how, tokio::sync::oneshot::channel().0));
        }
        state.socket = Some(sender);
        commands
    }
}

impl Policy for Joined {
    fn judge(&self, passing: &Passing<'_>, hold: HoldId) -> Verdict {
        let line = &self.0;
        if matches!(line.kind, Kind::Engine(_)) && engine::is_of_transport(passing.data) {
            if passing.data == b"5" && passing.direction == Direction::Up && !passing.swallowed {
                line.state().upgraded = true;
                line.tell();
            }
            return Verdict::Pass;
        }
        let carrier = match passing.carrier {
            Carrier::Text => Carrier::Packet,
            other => other,
        };
        line.policy.judge(
            &Passing {
                carrier,
                ..*passing
            },
            hold,
        )
    }

    fn link(&self, _: u32, change: LinkChange) {
        let line = &self.0;
        if let LinkChange::Down { .. } = change {
            line.state().socket = None;
            line.changes(false);
        }
        if !line.is_upgraded() {
            return;
        }
        match change {
            LinkChange::Down { by, ending } => line.over(by, ending),
            change => line.policy.link(line.number, change),
        }
    }

    fn violation(&self, link: u32, direction: Direction, violation: &Violation) {
        self.0.policy.violation(link, direction, violation);
    }

    fn undeliverable(&self, link: u32, direction: Direction) {
        self.0.policy.undeliverable(link, direction);
    }
}
