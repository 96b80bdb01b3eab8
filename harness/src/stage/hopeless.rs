//! Whether a condition can hold no more, and why.

use super::hope::{Waiting, cut};
use super::waits::World;
use crate::names::PeerName;
use crate::scenario::{Condition, Sought};
use crate::signaling::Kind;
use crate::terms::{Direction, Machine};

impl World {
    /// Why this condition can hold no more, if so, after what was waited for.
    pub(super) fn hopeless(&self, condition: &Condition, waiting: &Waiting) -> Option<String> {
        let why = match condition {
            Condition::Hears { peer, kind, .. } => {
                let deaf = self.hope.deaf(peer, waiting);
                deaf.or_else(|| self.refused_instead(peer, *kind))
            }
            Condition::RoomEnded { peer } => self.hope.deaf(peer, waiting),
            Condition::Held(pattern) => self.hope.idle(pattern, waiting),
            Condition::Connected { peers } => match peers.as_slice() {
                [peer] if self.was_connected(peer) => None,
                [peer] => self.unreachable(peer, None, waiting),
                peers => self
                    .apart(peers)
                    .find_map(|(peer, with)| self.unreachable(peer, Some(with), waiting)),
            },
            Condition::State {
                peer,
                with,
                machine: Machine::Connection | Machine::Ice,
                ..
            } => self.unreachable(peer, with.as_ref(), waiting),
            Condition::State { peer, .. } => killed(peer, waiting),
            Condition::Channel {
                peer, with, state, ..
            } if state == "open" => self.unreachable(peer, with.as_ref(), waiting),
            Condition::Channel { peer, .. } => killed(peer, waiting),
            Condition::Said { peer, from, .. } => self.unreachable(peer, from.as_ref(), waiting),
            // A description is taken in before the next thing is heard; candidates are begun and not waited for.
            Condition::Applied {
                peer,
                what: Kind::Offer | Kind::Answer,
            } => self.hope.deaf(peer, waiting),
            Condition::Applied { peer, .. } => killed(peer, waiting),
            Condition::Error { peer, during } if during == "set-remote" => {
                self.hope.deaf(peer, waiting)
            }
            Condition::Error { peer, .. } => killed(peer, waiting),
            Condition::Passes(Sought {
                peer, direction, ..
            }) => match direction {
                Direction::Up => killed(peer, waiting),
                Direction::Down => self.hope.deaf(peer, waiting),
            },
            Condition::Disconnected { peer } => killed(peer, waiting).or_else(|| {
                let never = self.link(peer).is_none();
                never.then(|| self.hope.deaf(peer, waiting)).flatten()
            }),
        }?;
        Some(format!("{}, and {why}", condition.waited()))
    }

    /// Why no connection of this peer, or none with that one, can come to be: nothing more comes to it, and it has no description of another.
    fn unreachable(
        &self,
        peer: &PeerName,
        with: Option<&PeerName>,
        waiting: &Waiting,
    ) -> Option<String> {
        if let Some(why) = killed(peer, waiting) {
            return Some(why);
        }
        let why = self.hope.deaf(peer, waiting)?;
        let why = why.replace("its signaling", &format!("{peer}'s signaling"));
        let why = why.replace("it has", &format!("{peer} has"));
        let lacks = self.lacks(peer, with)?;
        Some(format!("{why}, and {lacks}"))
    }

    /// The refusal that came instead of an answer of this kind, which no step expected, if nothing else can bring one.
    fn refused_instead(&self, peer: &PeerName, kind: Kind) -> Option<String> {
        let request = match kind {
            Kind::Created => Kind::Create,
            Kind::Joined => Kind::Join,
            Kind::Left => Kind::Leave,
            Kind::Destroyed => Kind::Destroy,
            _ => return None,
        };
        if self.hope.is_open(peer, request) || !self.hope.quiet {
            return None;
        }
        let (reason, seq) = self.unexpected_refusal(peer, request)?;
        if self
            .hope
            .unread
            .get(peer)
            .is_some_and(|unread| *unread > seq)
        {
            return None;
        }
        Some(format!(
            "the server refused its {request}: {:?}",
            cut(reason)
        ))
    }
}

fn killed(peer: &PeerName, waiting: &Waiting) -> Option<String> {
    let dead = waiting.dead.contains(peer);
    dead.then(|| format!("{peer} was killed"))
}
