//! The end of a case: until all is here that the laws need.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::{Instant, timeout_at};

use super::actor::Actor;
use super::director::{Miss, Stage, Stop, Until};
use super::order::{Done, Order};
use crate::names::{Link, PeerName};
use crate::record::{FailureKind, Seq, What};
use crate::signaling::{Kind, Request, Terms};

/// How long the last replies may take before a link counts as not fenced.
const FENCE_WITHIN: Duration = Duration::from_secs(5);
/// So long must nothing come where no fence can show that nothing more does: some rounds through a server on a busy machine.
///
/// A WebSocket's ping is no such fence. Its pong shows that the server's library has read what came before (RFC 6455, section 5.5.3), not
/// that the server has done with it: who looks somebody up before he lets him in answers the ping meanwhile. Pages cannot send
/// pings, and other carriers have none.
const QUIET: Duration = Duration::from_millis(200);

/// How often a link is asked until all is here that the peers have sent.
const ROUNDS: u32 = 2;

impl Stage {
    /// Until all is here that the laws need.
    pub(super) async fn settle(&mut self, terms: &Terms) -> Result<(), Stop> {
        self.until = Until::case(self.end);
        // Whoever dials again by itself would take a name that is looked at in the end.
        let living = self.actors.values_mut();
        let living = living.filter(|actor| actor.lives() && !actor.is_page());
        let rest = join_all(living.map(|actor| actor.order(Order::Rest, Vec::new())));
        // One that is busy for longer than this dials nobody meanwhile.
        drop(timeout_at(Instant::now() + FENCE_WITHIN, rest).await);
        self.go_on(self.ended).await?;
        self.hear_what_is_owed(terms).await?;
        self.fence(self.ended).await?;
        self.actors.values().for_each(Actor::is_done_with);
        // What a node has answered shows nothing of what comes from another; and nobody can have a page ask for a last answer.
        let spread = self.server.has_several_nodes() && self.fences_are_spoken;
        match spread || self.actors.values().any(Actor::is_page) {
            true => self.quiet().await,
            false => Ok(()),
        }
    }

    /// Until nothing new has come for a while.
    pub(super) async fn quiet(&mut self) -> Result<(), Stop> {
        let deadline = Instant::now() + FENCE_WITHIN;
        loop {
            let count = self.recorder.count();
            let more = self.recorder.next_from(count);
            let until = (Instant::now() + QUIET).min(deadline);
            if timeout_at(until, more).await.is_err() {
                return self.take_in();
            }
        }
    }

    /// Asks each link that stands for a refusal: when it is here, all that the server had queued is here. Twice, because what one
    /// peer sent before its first fence may reach another after that one's first.
    ///
    /// What waits for a successor can be told from what has one only when all is here; let go, it may be relayed in turn, so that two
    /// more are asked.
    async fn fence(&mut self, ended: Seq) -> Result<(), Stop> {
        self.take_in()?;
        if !self.fences_are_spoken {
            // Nothing can show that all is here. What is absent accuses nobody; what is under way is waited for.
            return self.quiet().await;
        }
        let within = FENCE_WITHIN + 2 * self.rules.longest_delay();
        let mut standing: Vec<(PeerName, u32)> = self
            .actors
            .values()
            .filter(|actor| actor.lives() && !actor.is_page() && self.world.is_up(&actor.name))
            .filter_map(|actor| Some((actor.name.clone(), self.world.link(&actor.name)?)))
            .filter(|(peer, instance)| {
                !self.disturbed.is_mute(&Link {
                    peer: peer.clone(),
                    instance: *instance,
                })
            })
            .collect();
        let mut replies = BTreeMap::new();
        self.fences = standing
            .iter()
            .map(|(peer, _)| (peer.clone(), false))
            .collect();
        let mut rounds = ROUNDS;
        let mut round = 0;
        while round < rounds {
            let from = self.recorder.count();
            let order = || Order::Ask {
                request: Request::Fence,
                offer: None,
            };
            let asked = self
                .actors
                .values_mut()
                .filter(|actor| standing.iter().any(|(peer, _)| *peer == actor.name))
                .map(|actor| actor.order(order(), vec![]));
            let deadline = Instant::now() + within;
            for done in timeout_at(deadline, join_all(asked))
                .await
                .unwrap_or_default()
            {
                if let Done::No(why) | Done::NotLetIn(why) = done? {
                    tracing::debug!(why, "no fence");
                }
            }
            let mut fenced = Vec::new();
            for (peer, instance) in standing {
                let until = Until {
                    within: deadline.saturating_duration_since(Instant::now()),
                    at: deadline,
                };
                let reply = self
                    .wait(
                        until,
                        || format!("the answer to {peer}'s last request"),
                        |world| {
                            let reply = world.reply(&peer, Kind::Fence, from.saturating_sub(1));
                            match reply {
                                None if !world.is_up(&peer) => Some(Err(Miss::new(
                                    FailureKind::ConnectionLost,
                                    format!("{peer} is gone, and cannot be fenced"),
                                ))),
                                reply => reply.map(Ok),
                            }
                        },
                    )
                    .await;
                match reply {
                    Ok((_, seq)) => {
                        replies.insert(peer.clone(), seq);
                        fenced.push((peer, instance));
                    }
                    Err(Stop::Fail {
                        kind: FailureKind::TimedOut | FailureKind::ConnectionLost,
                        place: None,
                        message,
                    }) => {
                        self.recorder.record(
                            What::Note {
                                peer: Some(peer),
                                text: message,
                            },
                            &[],
                        );
                    }
                    Err(stop) => return Err(stop),
                }
            }
            standing = fenced;
            round += 1;
            if round == ROUNDS && self.give_up_reordering(ended).await {
                rounds += ROUNDS;
            }
        }
        for (peer, instance) in standing {
            self.fences.insert(peer.clone(), true);
            let cause: Vec<Seq> = replies.get(&peer).copied().into_iter().collect();
            let link = Link { peer, instance };
            if !self.disturbed.is_broken(&link) {
                self.recorder.record(What::Fenced { link }, &cause);
            }
        }
        Ok(())
    }
}
