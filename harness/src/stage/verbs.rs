//! What each verb of a scenario does, and what it waits for.

use super::actor::Actor;
use super::director::{Miss, Stage, Stop, fail, fail_as};
use super::hope::Waiting;
use super::order::{Done, Order};
use super::rules::Fault;
use super::waits::World;
use crate::hand::Deed;
use crate::names::{Link, PeerName, Stack};
use crate::record::{FailureKind, InconclusiveKind, Seq, What, payload};
use crate::scenario::{Action, Answer, Condition, Cut, Raw, Step};
use crate::signaling::{DescriptionKind, Kind, Notice, Request};
use crate::tap;
use crate::terms::{Data, Kill};

/// A request, and what its answer must be.
pub(super) struct Asked<'a> {
    pub peer: &'a PeerName,
    pub kind: Kind,
    pub answer: &'a Answer,
}

/// The answer to a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replied {
    pub granted: bool,
    /// When it was heard.
    pub seq: Seq,
}

impl Asked<'_> {
    /// The answer, once it is there, or why it will not do.
    pub fn replied(
        &self,
        world: &mut World,
        begun: Seq,
        waiting: &Waiting,
    ) -> Option<Result<Replied, Miss>> {
        let Asked { peer, kind, answer } = self;
        let Some((notice, seq)) = world.reply(peer, *kind, begun) else {
            let why = world.hope.deaf(peer, waiting)?;
            let why = format!("{peer} waited for the server's answer to its {kind}, and {why}");
            return Some(Err(why.into()));
        };
        let granted = !matches!(notice, Notice::Refused { .. });
        Some(match (notice, answer) {
            (Notice::Refused { reason, .. }, Answer::Granted) => {
                let message = format!("the server refused {peer}'s {kind}: {reason:?}");
                Err(Miss::new(FailureKind::Refused, message))
            }
            (Notice::Refused { reason, .. }, Answer::RefusedWith(text))
                if let Some(wanted) = world.refusals.wanted(text)
                    && !reason.contains(wanted) =>
            {
                let named = match wanted == text {
                    true => String::new(),
                    false => format!(", which is what `{text}` is called here"),
                };
                let message = format!(
                    "the server refused {peer}'s {kind} with {reason:?}, expected {wanted:?} in it{named}"
                );
                Err(Miss::new(FailureKind::Refused, message))
            }
            (Notice::Refused { .. }, _) | (_, Answer::Granted | Answer::Any) => {
                Ok(Replied { granted, seq })
            }
            (_, _) => {
                let message = format!("the server granted {peer}'s {kind}, which it had to refuse");
                Err(Miss::new(FailureKind::NotRefused, message))
            }
        })
    }
}

impl Stage {
    /// Does one step and answers the events that its waits were satisfied by.
    pub(super) async fn step(&mut self, step: &Step, begun: Seq) -> Result<Vec<Seq>, Stop> {
        let cause = vec![begun];
        match &step.action {
            Action::Connect {
                peer,
                answer: Answer::Granted,
            } => self.connect(peer, begun).await?,
            Action::Connect {
                peer,
                answer: Answer::Any,
            } => {
                let order = match self.is_half_open(peer) {
                    true => Order::ConnectAnew,
                    false => Order::Connect,
                };
                let done = self.order(peer, order, cause).await?;
                self.take_in()?;
                let replied = self.let_in(peer, done, begun)?;
                self.tell_outcome(peer, "connect", &replied, begun);
            }
            Action::Connect {
                peer,
                answer: Answer::Refused | Answer::RefusedWith(_),
            } => {
                if let Done::Yes = self.order(peer, Order::ConnectMore, cause).await? {
                    return Err(fail_as(
                        FailureKind::NotRefused,
                        format!("the server let {peer} in a second time, which it had to refuse"),
                    ));
                }
            }
            Action::Create { peer, room, answer } => {
                self.rooms.insert(peer.clone(), room.clone());
                return self
                    .ask(
                        peer,
                        Request::Create { room: room.clone() },
                        None,
                        answer,
                        begun,
                    )
                    .await;
            }
            Action::Join {
                peer,
                room,
                offer,
                answer,
            } => {
                self.rooms.insert(peer.clone(), room.clone());
                return self
                    .ask(
                        peer,
                        Request::Join { room: room.clone() },
                        *offer,
                        answer,
                        begun,
                    )
                    .await;
            }
            Action::Leave { peer, answer } => {
                let Some(room) = self.rooms.get(peer).cloned() else {
                    return Err(fail(format!(
                        "{peer} has neither created nor joined a room that it could leave"
                    )));
                };
                return self
                    .ask(peer, Request::Leave { room }, None, answer, begun)
                    .await;
            }
            Action::Destroy { peer, room, answer } => {
                return self
                    .ask(
                        peer,
                        Request::Destroy { room: room.clone() },
                        None,
                        answer,
                        begun,
                    )
                    .await;
            }
            Action::Disconnect { peer } => {
                let link = self.ending(peer, begun);
                self.must(peer, Order::Disconnect, cause).await?;
                self.closed(peer, link).await?;
            }
            Action::Negotiate { from, to } => {
                let to = match to.clone().or_else(|| self.other(from)) {
                    Some(to) => to,
                    None => {
                        return Err(fail(format!(
                            "{from} has more than one peer to offer to: say `to:`"
                        )));
                    }
                };
                self.must(
                    from,
                    Order::Deed {
                        to: Some(to),
                        deed: Deed::Negotiate,
                    },
                    cause,
                )
                .await?;
            }
            Action::CreateOffer { peer, to } => {
                self.must(
                    peer,
                    Order::with(
                        to,
                        Deed::Create {
                            kind: DescriptionKind::Offer,
                        },
                    ),
                    cause,
                )
                .await?
            }
            Action::CreateAnswer { peer, to } => {
                self.must(
                    peer,
                    Order::with(
                        to,
                        Deed::Create {
                            kind: DescriptionKind::Answer,
                        },
                    ),
                    cause,
                )
                .await?
            }
            Action::SetLocal {
                peer,
                to,
                kind,
                fails,
            } => {
                return self
                    .by_hand(
                        peer,
                        Order::with(to, Deed::SetLocal { kind: *kind }),
                        fails,
                        begun,
                    )
                    .await;
            }
            Action::SetRemote {
                peer,
                to,
                kind,
                fails,
            } => {
                return self
                    .by_hand(
                        peer,
                        Order::with(to, Deed::SetRemote { kind: *kind }),
                        fails,
                        begun,
                    )
                    .await;
            }
            Action::AddCandidate { peer, to, fails } => {
                return self
                    .by_hand(peer, Order::with(to, Deed::AddCandidate), fails, begun)
                    .await;
            }
            Action::Send {
                from,
                to,
                message,
                gathered,
            } => {
                let order = Order::with(
                    to,
                    Deed::Send {
                        kind: *message,
                        gathered: *gathered,
                    },
                );
                self.must(from, order, cause).await?
            }
            Action::RestartIce { peer, to } => {
                self.must(peer, Order::with(to, Deed::RestartIce), cause)
                    .await?
            }
            Action::OpenChannel {
                peer,
                to,
                label,
                options,
            } => {
                self.must(
                    peer,
                    Order::with(
                        to,
                        Deed::OpenChannel {
                            label: label.clone(),
                            options: options.clone(),
                        },
                    ),
                    cause,
                )
                .await?;
            }
            Action::Say {
                from,
                to,
                channel,
                data,
                heard,
            } => {
                let to = to.as_ref();
                return self.say((from, to), channel, data, *heard, begun).await;
            }
            Action::CloseChannel { peer, to, channel } => {
                self.must(
                    peer,
                    Order::with(
                        to,
                        Deed::CloseChannel {
                            label: channel.clone(),
                        },
                    ),
                    cause,
                )
                .await?;
            }
            Action::Close { peer, to } => {
                self.must(peer, Order::with(to, Deed::Close), cause).await?
            }
            Action::Kill { peer, how } => {
                let link = self.ending(peer, begun);
                self.actor(peer)?.kill(*how).await?;
                match how {
                    Kill::Socket => self.closed(peer, link).await?,
                    // Of its end the server hears nothing.
                    Kill::Tab | Kill::Browser if self.is_half_open(peer) => {}
                    Kill::Tab | Kill::Browser => {
                        self.wait(
                            self.until,
                            || format!("the end of {peer}'s signaling connection"),
                            |world| (!world.is_up(peer)).then_some(Ok(())),
                        )
                        .await?;
                    }
                }
            }
            Action::Hold(pattern) => self.rules.place(pattern.clone(), Fault::Hold),
            Action::Drop(pattern) => self.rules.place(pattern.clone(), Fault::Drop),
            Action::Delay { pattern, by } => self.rules.place(pattern.clone(), Fault::Delay(*by)),
            Action::Duplicate(pattern) => self.rules.place(pattern.clone(), Fault::Duplicate),
            Action::Reorder { pattern, behind } => {
                self.rules.place(pattern.clone(), Fault::Reorder(*behind));
            }
            Action::Corrupt { pattern, how } => {
                self.rules.place(pattern.clone(), Fault::Corrupt(*how));
            }
            Action::Release(pattern) => self.release(pattern, begun).await?,
            Action::Cut {
                peer,
                how: Cut::Silence(how),
            } => self.silence(peer, *how, begun).await?,
            Action::Stall { peer } => self.stall(peer, begun).await?,
            Action::Mend { peer } => self.mend(peer, begun).await?,
            Action::Pause => self.pause(begun).await?,
            Action::Resume => self.resume(begun).await?,
            Action::Cut { peer, how } => {
                let link = self.ending(peer, begun);
                let how = match how {
                    Cut::Close => tap::Cut::Close {
                        code: 1000,
                        reason: String::new(),
                    },
                    Cut::Reset | Cut::Silence(_) => tap::Cut::Reset,
                };
                self.actor(peer)?.tap.cut(None, how).await;
                self.closed(peer, link).await?;
            }
            Action::KillServer => self.kill_server(begun).await?,
            Action::Restart => {
                self.kill_server(begun).await?;
                if let Err(error) = self.server.restart().await {
                    return Err(Stop::Trouble(InconclusiveKind::NoServer, error.to_string()));
                }
            }
            Action::SendRaw { peer, raw } => match raw {
                Raw::Text(text) => {
                    self.must(peer, Order::SendRaw { text: text.clone() }, cause)
                        .await?
                }
                Raw::Garbage { kind, of, answered } => {
                    return self.garbage(peer, (*kind, *of), *answered, begun).await;
                }
                Raw::Frame(frame) => self.raw_frame(peer, *frame, begun).await?,
                Raw::Upgrade { path, status } => {
                    self.foreign_upgrade(peer, path, *status).await?;
                }
            },
            Action::Http {
                peer,
                method,
                path,
                body,
                status,
            } => {
                let order = Order::Http {
                    method: method.clone(),
                    path: path.clone(),
                    body: body.clone(),
                };
                match (self.order(peer, order, cause).await?, status) {
                    (Done::Status(got, _), Some(wanted)) if got != *wanted => {
                        return Err(fail_as(
                            FailureKind::Refused,
                            format!("the answer has status {got}, expected {wanted}"),
                        ));
                    }
                    (Done::Status(_, answer), _) => return Ok(answer.into_iter().collect()),
                    (Done::No(why), _) => return Err(fail(format!("{peer} could not: {why}"))),
                    (done, _) => return Err(fail(format!("{peer} answered {done:?}"))),
                }
            }
            Action::Wait(time) => self.idle(*time).await?,
            Action::Await(condition) => return self.condition(condition, begun).await,
            Action::Together(together) => return self.together(together, begun).await,
        }
        Ok(Vec::new())
    }

    /// Whether the server has let a peer in that asked for a connection, where either is right.
    pub(super) fn let_in(&self, peer: &PeerName, done: Done, begun: Seq) -> Result<Replied, Stop> {
        let replied = |granted| Replied {
            granted,
            seq: begun,
        };
        let refused = || {
            let events = self.recorder.events_from(begun);
            events.iter().any(|event| {
                matches!(&event.what, What::LinkRefused { link, status: Some(_), .. } if link.peer == *peer)
            })
        };
        match done {
            Done::No(_) if refused() => Ok(replied(false)),
            Done::No(why) => Err(fail(format!("{peer} could not: {why}"))),
            _ => Ok(replied(true)),
        }
    }

    /// Records that a step ends this peer's link, if there is one.
    pub(super) fn ending(&mut self, peer: &PeerName, begun: Seq) -> Option<u32> {
        // What the tap has seen by now decides which link it is.
        drop(self.take_in());
        let instance = self.world.link(peer).filter(|_| self.world.is_up(peer))?;
        let link = Link {
            peer: peer.clone(),
            instance,
        };
        self.recorder.record(What::LinkEnded { link }, &[begun]);
        Some(instance)
    }

    /// Waits until the peer itself has seen its link end, so that the next step finds it without one.
    pub(super) async fn closed(&mut self, peer: &PeerName, link: Option<u32>) -> Result<(), Stop> {
        let Some(link) = link else { return Ok(()) };
        self.wait(
            self.until,
            || format!("{peer} noticing the end of its signaling connection"),
            |world| world.has_closed(peer, link).then_some(Ok(())),
        )
        .await
    }

    async fn kill_server(&mut self, begun: Seq) -> Result<(), Stop> {
        let peers: Vec<PeerName> = self.actors.keys().cloned().collect();
        let links: Vec<_> = peers.iter().map(|peer| self.ending(peer, begun)).collect();
        self.server.kill().await;
        self.server_ended();
        for (peer, link) in peers.iter().zip(links) {
            if self.actors.get(peer).is_some_and(Actor::lives) {
                self.closed(peer, link).await?;
            }
        }
        Ok(())
    }

    pub(super) fn other(&self, of: &PeerName) -> Option<PeerName> {
        let mut others = self
            .actors
            .values()
            .filter(|actor| actor.name != *of && actor.stack() != Stack::Wire);
        match (others.next(), others.next()) {
            (Some(one), None) => Some(one.name.clone()),
            _ => None,
        }
    }

    async fn ask(
        &mut self,
        peer: &PeerName,
        request: Request,
        offer: Option<bool>,
        answer: &Answer,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let kind = request.kind();
        self.must(peer, Order::Ask { request, offer }, vec![begun])
            .await?;
        let waiting = self.waiting(begun);
        let what = format!("the server's answer to {peer}'s {kind}");
        let asked = Asked { peer, kind, answer };
        let replied = self
            .wait(
                self.until,
                || what.clone(),
                |world| asked.replied(world, begun, &waiting),
            )
            .await?;
        if *answer == Answer::Any {
            self.tell_outcome(peer, kind.as_str(), &replied, begun);
        }
        if self.world.fenced.contains(&kind) {
            self.done_by_now(peer, begun).await?;
        }
        Ok(vec![replied.seq])
    }

    /// Waits until the server has done what a peer has asked without an answer: it has answered what was asked next.
    async fn done_by_now(&mut self, peer: &PeerName, begun: Seq) -> Result<(), Stop> {
        let fence = Order::Ask {
            request: Request::Fence,
            offer: None,
        };
        self.must(peer, fence, vec![begun]).await?;
        let waiting = self.waiting(begun);
        self.wait(
            self.until,
            || format!("the server having done what {peer} asked"),
            |world| match world.reply(peer, Kind::Fence, begun) {
                Some(_) => Some(Ok(())),
                None => {
                    let why = world.hope.deaf(peer, &waiting)?;
                    Some(Err(format!(
                        "{peer} waited for the server's answer, and {why}"
                    )
                    .into()))
                }
            },
        )
        .await
    }

    /// An order that may have to fail, with a text that the stack's error must contain.
    async fn by_hand(
        &mut self,
        peer: &PeerName,
        order: Order,
        fails: &Option<String>,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let done = self.order(peer, order, vec![begun]).await?;
        self.take_in()?;
        let seq = by_hand(peer, done, fails.as_deref())?;
        Ok(seq.into_iter().collect())
    }

    /// Says something to the one who is named, or to each whom it is for.
    async fn say(
        &mut self,
        (from, to): (&PeerName, Option<&PeerName>),
        channel: &str,
        data: &Data,
        heard: bool,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let to: Vec<PeerName> = match to.cloned().or_else(|| self.other(from)) {
            Some(one) => vec![one],
            None => self.acquainted.of(from).cloned().collect(),
        };
        if to.is_empty() {
            return Err(fail(format!(
                "{from} may be connected with several: say `to:`"
            )));
        }
        let mut waited = Vec::new();
        for to in &to {
            waited.extend(self.tell((from, to), channel, data, heard, begun).await?);
        }
        Ok(waited)
    }

    /// Says something to one of the others, and waits until that one has it.
    async fn tell(
        &mut self,
        (from, to): (&PeerName, &PeerName),
        channel: &str,
        data: &Data,
        heard: bool,
        begun: Seq,
    ) -> Result<Vec<Seq>, Stop> {
        let open = Condition::Channel {
            peer: from.clone(),
            // Of one who can have but one connection it goes without saying.
            with: self.other(from).is_none().then(|| to.clone()),
            label: channel.into(),
            state: "open".into(),
        };
        let mut waited = self.condition(&open, begun).await?;
        let mut cause = vec![begun];
        cause.extend(&waited);
        let order = Order::with(
            &Some(to.clone()),
            Deed::Say {
                label: channel.into(),
                data: data.clone(),
            },
        );
        self.must(from, order, cause).await?;
        if heard {
            let payload = payload(data);
            let waiting = self.waiting(begun);
            let what = || format!("what {from} said, heard by {to} on channel {channel}");
            let got = self
                .wait(self.until, what, |world| {
                    if let Some(seqs) = world.heard(to, from, channel, &payload) {
                        return Some(Ok(seqs));
                    }
                    let dead = waiting.dead.contains(to);
                    dead.then(|| Err(format!("{from} spoke to {to}, who was killed").into()))
                })
                .await?;
            waited.extend(got);
        }
        Ok(waited)
    }
}

/// What came of an order that the stack may have to refuse.
pub(super) fn by_hand(
    peer: &PeerName,
    done: Done,
    fails: Option<&str>,
) -> Result<Option<Seq>, Stop> {
    match (done, fails) {
        (Done::Refused { name, message, seq }, Some(text)) => {
            let whole = format!("{name}: {message}");
            if whole.contains(text) {
                return Ok(Some(seq));
            }
            let message = format!("{peer}'s stack refused with {whole:?}, expected {text:?} in it");
            Err(fail_as(FailureKind::StackRefused, message))
        }
        (Done::Refused { name, message, .. }, None) => Err(fail_as(
            FailureKind::StackRefused,
            format!("{peer}'s stack refused: {name}: {message}"),
        )),
        (Done::No(why), _) => Err(fail(format!("{peer} could not: {why}"))),
        (Done::Yes | Done::Status(..), Some(_)) => Err(fail_as(
            FailureKind::StackAccepted,
            format!("{peer}'s stack took it, which it had to refuse"),
        )),
        (Done::Yes | Done::Status(..), None) => Ok(None),
    }
}
