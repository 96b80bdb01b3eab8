//! `connect`: done when the line that the peer speaks on from then on stands, or else failed.

use super::director::{Stage, Stop};
use super::order::Order;
use crate::names::{Link, PeerName};
use crate::record::Seq;

impl Stage {
    /// Opens the peer's line. In the place of one that a step has silenced it dials a new one, as somebody does who comes back on another network:
    /// the server may still hold the old one for alive.
    pub(super) async fn connect(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        self.take_in()?;
        if self.dials_by_room {
            // It is dialled by the step that enters a room.
            return self.must(peer, Order::Connect, vec![begun]).await;
        }
        let before = self.world.link(peer);
        if self.is_half_open(peer) {
            return self.must(peer, Order::ConnectAnew, vec![begun]).await;
        }
        loop {
            self.must(peer, Order::Connect, vec![begun]).await?;
            self.take_in()?;
            // It has said yes to a line of which it has yet to see the end.
            let Some(dead) = before
                .filter(|link| self.world.link(peer) == Some(*link) && !self.world.is_up(peer))
            else {
                return Ok(());
            };
            self.wait(
                self.until,
                || format!("{peer} noticing the end of its signaling connection"),
                |world| world.has_closed(peer, dead).then_some(Ok(())),
            )
            .await?;
        }
    }

    /// Whether a step has silenced the peer's newest line, and the peer has not seen it end.
    pub(super) fn is_half_open(&self, peer: &PeerName) -> bool {
        self.world.link(peer).is_some_and(|instance| {
            let link = Link {
                peer: peer.clone(),
                instance,
            };
            self.disturbed.is_silent(&link) && !self.world.has_closed(peer, instance)
        })
    }
}
