//! The steps that disturb the wire and the server, and how a case gets over them at its end.

use super::director::{Stage, Stop, fail_as};
use super::disturbed::Disturbed;
use super::rules::Held;
use crate::names::{Link, PeerName};
use crate::record::{Digest, FailureKind, InconclusiveKind, Seq, What};
use crate::scenario::Pattern;
use crate::tap::{self};
use crate::terms::{Carrier, Direction, Fate, ServerLife};
use crate::terms::{RawFrame, Silence};

/// What a step does to the server, or to one node of it.
pub(super) fn life_of(node: Option<u32>, life: ServerLife) -> What {
    match node {
        None => What::Server { life },
        Some(node) => What::Node { node, life },
    }
}

impl Stage {
    /// The link that a step is about to disturb for good.
    fn breaking(&mut self, peer: &PeerName, begun: Seq) -> Result<Link, Stop> {
        let Some(instance) = self.ending(peer, begun) else {
            return Err(fail_as(
                FailureKind::ConnectionLost,
                format!("{peer} has no signaling connection"),
            ));
        };
        let link = Link {
            peer: peer.clone(),
            instance,
        };
        self.disturbed.broken.insert(link.clone());
        self.disturbed.mute.insert(link.clone());
        Ok(link)
    }

    pub(super) async fn silence(
        &mut self,
        peer: &PeerName,
        how: Silence,
        begun: Seq,
    ) -> Result<(), Stop> {
        let link = self.breaking(peer, begun)?;
        self.disturbed.silent.insert(link.clone());
        let tap = &self.actor(peer)?.tap;
        match tap.silence(Some(link.instance), how).await {
            0 => Err(fail_as(
                FailureKind::ConnectionLost,
                format!("{peer}'s signaling connection has just ended by itself"),
            )),
            _ => Ok(()),
        }
    }

    pub(super) async fn stall(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        drop(self.take_in());
        let up = self.world.link(peer).filter(|_| self.world.is_up(peer));
        let (Some(instance), tap) = (up, &self.actor(peer)?.tap) else {
            return Err(fail_as(
                FailureKind::ConnectionLost,
                format!("{peer} has no signaling connection"),
            ));
        };
        tap.stall(Some(instance)).await;
        let link = Link {
            peer: peer.clone(),
            instance,
        };
        self.disturbed.stalled.insert(link.clone());
        let stalled = true;
        self.recorder
            .record(What::Stalled { link, stalled }, &[begun]);
        Ok(())
    }

    /// Ends the peer's silence and stall. Its link may have ended meanwhile; then there is nothing to end.
    pub(super) async fn mend(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        self.disturbed.mute.retain(|link| link.peer != *peer);
        self.disturbed.silent.retain(|link| link.peer != *peer);
        for link in self
            .disturbed
            .stalled
            .iter()
            .filter(|link| link.peer == *peer)
        {
            let (link, stalled) = (link.clone(), false);
            // Before what is read then.
            self.recorder
                .record(What::Stalled { link, stalled }, &[begun]);
        }
        self.disturbed.stalled.retain(|link| link.peer != *peer);
        self.actor(peer)?.tap.mend(None).await;
        Ok(())
    }

    /// Pauses one node of the server, or all.
    pub(super) async fn pause(&mut self, node: Option<u32>, begun: Seq) -> Result<(), Stop> {
        self.disturbed.paused.insert(node);
        let paused = self.server.pause(node).await;
        self.recorder
            .record(life_of(node, ServerLife::Paused), &[begun]);
        paused.map_err(|error| Stop::Trouble(InconclusiveKind::Environment, error.to_string()))
    }

    /// Lets one node of the server go on, or all.
    pub(super) async fn resume(&mut self, node: Option<u32>, begun: Seq) -> Result<(), Stop> {
        match node {
            None => self.disturbed.paused.clear(),
            node => drop(self.disturbed.paused.remove(&node)),
        }
        // Before what it says then.
        self.recorder
            .record(life_of(node, ServerLife::Resumed), &[begun]);
        let resumed = self.server.resume(node).await;
        resumed.map_err(|error| Stop::Trouble(InconclusiveKind::Environment, error.to_string()))
    }

    /// After the server's end, or that of a node, nothing is left of what was disturbed on the way to it.
    pub(super) fn server_ended(&mut self, node: Option<u32>) {
        let on_it = self.on_node(node);
        let all = node.is_none();
        for actor in self.actors.values() {
            if all || on_it.contains(&actor.name) {
                actor.wire.has_nothing_to_come_back_to();
            }
        }
        if node.is_none() {
            self.disturbed = Disturbed::default();
            return;
        }
        self.disturbed.paused.remove(&node);
        for peer in self.on_node(node) {
            self.disturbed.forget(&peer);
        }
    }

    /// The peers on this node of the server, or all.
    pub(super) fn on_node(&self, node: Option<u32>) -> Vec<PeerName> {
        let placed = self.placed.iter();
        let placed = placed.filter(|(_, on)| node.is_none_or(|node| node == **on));
        placed.map(|(peer, _)| peer.clone()).collect()
    }

    /// Writes a frame that breaks the protocol up in the peer's place. What becomes of the link then is the server's to say.
    pub(super) async fn raw_frame(
        &mut self,
        peer: &PeerName,
        frame: RawFrame,
        begun: Seq,
    ) -> Result<(), Stop> {
        let link = self.breaking(peer, begun)?;
        let bytes = frame.bytes();
        self.recorder.record(
            What::Message {
                link: link.clone(),
                direction: Direction::Up,
                carrier: Carrier::Text,
                word: None,
                about: None,
                fate: Fate::Forged,
                size: bytes.len(),
                digest: Digest::public().of(&bytes).into(),
                text: format!("({})", frame.as_str()),
                of: None,
                number: None,
            },
            &[begun],
        );
        match self.actor(peer)?.tap.inject(link.instance, frame).await {
            tap::Delivery::Delivered => Ok(()),
            tap::Delivery::Undeliverable => Err(fail_as(
                FailureKind::ConnectionLost,
                format!("{peer}'s signaling connection has just ended by itself"),
            )),
        }
    }

    pub(super) async fn foreign_upgrade(
        &mut self,
        peer: &PeerName,
        path: &str,
        status: Option<u16>,
    ) -> Result<(), Stop> {
        let until = self.until;
        let knocked = until.do_it(self.actor(peer)?.tap.knock(path)).await;
        match (knocked, status) {
            (None, _) => {
                let what = format!("the server's answer to a request for a WebSocket on {path}");
                Err(self.late(&what, until))
            }
            (Some(Ok(got)), Some(wanted)) if got != wanted => Err(fail_as(
                FailureKind::Refused,
                format!("the answer has status {got}, expected {wanted}"),
            )),
            (Some(Ok(_)), _) => Ok(()),
            (Some(Err(error)), _) => Err(fail_as(
                FailureKind::ConnectionLost,
                format!("the server does not answer a request for a WebSocket on {path}: {error}"),
            )),
        }
    }

    pub(super) async fn release(&mut self, pattern: &Pattern, begun: Seq) -> Result<(), Stop> {
        let held = self.rules.release(pattern);
        self.let_go(held, begun).await;
        Ok(())
    }

    /// Before the fences: the server goes on, and readers read.
    pub(super) async fn go_on(&mut self, ended: Seq) -> Result<(), Stop> {
        for node in self.disturbed.paused.clone() {
            self.resume(node, ended).await?;
        }
        let stalled: Vec<PeerName> = (self.disturbed.stalled.iter())
            .filter(|link| !self.disturbed.mute.contains(link))
            .map(|link| link.peer.clone())
            .collect();
        for peer in stalled {
            self.mend(&peer, ended).await?;
        }
        Ok(())
    }

    /// Ends all that steps have disturbed, so that nobody says goodbye into the void and waits for an answer.
    pub(super) async fn undisturb(&mut self) {
        if !self.disturbed.paused.is_empty() {
            // One that cannot go on is killed in a moment.
            drop(self.server.resume(None).await);
        }
        for link in self.disturbed.mute.iter().chain(&self.disturbed.stalled) {
            if let Some(actor) = self.actors.get(&link.peer) {
                actor.tap.mend(None).await;
            }
        }
    }

    /// Lets go what waited for a successor that has not come; whether there was any.
    pub(super) async fn give_up_reordering(&mut self, ended: Seq) -> bool {
        let held = self.rules.unfollowed();
        let any = !held.is_empty();
        self.let_go(held, ended).await;
        any
    }

    async fn let_go(&mut self, held: Vec<Held>, begun: Seq) {
        for held in held {
            let Some(actor) = self.actors.get_mut(&held.peer) else {
                continue;
            };
            let link = held.link.instance;
            let gone = actor.wire.is_down(link);
            let seq = self.recorder.record(
                What::Released {
                    message: held.seq,
                    delivered: !gone,
                },
                &[begun, held.seq],
            );
            if gone {
                actor.tap.discard(held.id).await;
                continue;
            }
            actor.wire.let_through(&held, seq);
            if actor.tap.release(held.id).await == tap::Delivery::Undeliverable {
                let text = "a released message found its socket gone".into();
                self.recorder.record(
                    What::Note {
                        peer: Some(held.peer),
                        text,
                    },
                    &[seq],
                );
            }
        }
    }
}
