//! The end of a case, after the laws that the peers' links show: does the server go on after all that was sent to it?
//!
//! A fence shows that a server has taken in what its link sent before. Where none was answered (a dialect without one, a link that is
//! gone) the links that stand are closed: a WebSocket's close is answered in its turn, behind all messages. Then the server is asked
//! something on a connection of its own, for the sake of the links that are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::director::Stage;
use super::order::Order;
use crate::names::{Link, PeerName};
use crate::record::What;
use crate::server::Lives;
use crate::terms::{Direction, Fate, ServerLife};

/// How long a server may take to answer the last closes.
const CLOSED_WITHIN: Duration = Duration::from_secs(3);

impl Stage {
    /// Looks whether the server goes on. What it says is recorded; see law 11.
    pub(super) async fn part(&mut self) -> Lives {
        let unproven = self.unproven();
        if self.server.is_up() {
            self.close(&unproven).await;
        }
        self.server.look(!unproven.is_empty()).await
    }

    /// The links whose last message the server has not shown to have taken in.
    fn unproven(&self) -> BTreeSet<Link> {
        let mut unproven = BTreeSet::new();
        let mut held = BTreeMap::new();
        for event in self.recorder.events_from(0) {
            match &event.what {
                What::Message {
                    link,
                    direction: Direction::Up,
                    fate,
                    ..
                } if fate.arrives() => {
                    unproven.insert(link.clone());
                }
                What::Message {
                    link,
                    direction: Direction::Up,
                    fate: Fate::Held,
                    ..
                } => {
                    held.insert(event.seq, link.clone());
                }
                What::Released {
                    message,
                    delivered: true,
                } => unproven.extend(held.remove(message)),
                What::Fenced { link } => {
                    unproven.remove(link);
                }
                What::Server {
                    life: ServerLife::Killed | ServerLife::Ready,
                } => unproven.clear(),
                What::Node {
                    node,
                    life: ServerLife::Killed | ServerLife::Ready,
                } => unproven.retain(|link: &Link| self.placed.get(&link.peer) != Some(node)),
                _ => {}
            }
        }
        for actor in self.actors.values() {
            // What has not come to the tap yet has not come to the server either.
            let pending = actor.wire.pending();
            unproven.extend(pending.into_iter().map(|instance| Link {
                peer: actor.name.clone(),
                instance,
            }));
        }
        unproven
    }

    /// Closes these links, as far as they stand, and waits until the server has answered that or is gone.
    async fn close(&mut self, links: &BTreeSet<Link>) {
        let standing: Vec<(PeerName, u32)> = self
            .actors
            .values()
            .filter(|actor| actor.lives() && self.world.is_up(&actor.name))
            .filter_map(|actor| Some((actor.name.clone(), self.world.link(&actor.name)?)))
            .filter(|(peer, instance)| {
                let link = Link {
                    peer: peer.clone(),
                    instance: *instance,
                };
                links.contains(&link) && !self.disturbed.is_mute(&link)
            })
            .collect();
        let deadline = Instant::now() + CLOSED_WITHIN;
        let from = self.recorder.count();
        let orders = self
            .actors
            .values_mut()
            .filter(|actor| standing.iter().any(|(peer, _)| *peer == actor.name))
            .map(|actor| actor.order(Order::Disconnect, Vec::new()));
        if timeout_at(deadline, join_all(orders)).await.is_err() {
            return;
        }
        let mut open: BTreeSet<(PeerName, u32)> = standing.into_iter().collect();
        let mut next = from;
        while !open.is_empty() {
            for event in self.recorder.events_from(next) {
                next = event.seq + 1;
                match &event.what {
                    What::LinkClosed { link, .. } => {
                        open.remove(&(link.peer.clone(), link.instance));
                    }
                    What::Server {
                        life: ServerLife::Exited { .. },
                    } => return,
                    _ => {}
                }
            }
            let more = self.recorder.next_from(next);
            if !open.is_empty() && timeout_at(deadline, more).await.is_err() {
                return;
            }
        }
    }
}
