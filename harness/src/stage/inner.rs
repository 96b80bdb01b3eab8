//! One of the steps that begin together: how it begins, and what it waits for.

use super::director::{Miss, Stage, Stop, fail, fail_as};
use super::hope::Waiting;
use super::order::{Done, Order};
use super::verbs::{Asked, Replied, by_hand};
use super::waits::World;
use crate::hand::Deed;
use crate::names::PeerName;
use crate::record::{FailureKind, Seq, payload};
use crate::scenario::{Action, Answer, Raw};
use crate::signaling::{DescriptionKind, Kind, Request};
use crate::terms::Payload;

/// One of the steps.
pub(super) struct Inner {
    /// Among them, from 1.
    pub number: usize,
    /// As the file writes it, on one line.
    pub text: String,
    pub action: Action,
    pub peer: PeerName,
    /// Its event.
    pub step: Seq,
    pub begins: Begins,
    /// What still has to come; `None` once it has ended.
    pub due: Option<Due>,
    /// What its waits were satisfied by.
    pub waited: Vec<Seq>,
    pub replied: Option<Replied>,
}

/// How a step begins.
pub(super) enum Begins {
    /// With a message to the server, which is gathered.
    Sending(Order),
    /// With a request for a connection, which is gathered.
    Connecting(Order),
    /// In its turn: it sends nothing to the server.
    InTurn(Option<Order>),
}

/// What a step waits for.
pub(super) enum Due {
    /// Its turn.
    Turn,
    /// How its order ended.
    Order,
    /// The server's answer.
    Reply(Kind),
    /// The end of its signaling connection, as the peer sees it.
    Closed(u32),
    /// The same, as the tap sees it.
    Down,
    /// What it said is heard by this one.
    Heard(PeerName, String, Payload),
}

impl Stage {
    /// How a step begins.
    pub(super) fn begins(&mut self, action: &Action) -> Result<Begins, Stop> {
        let ask = |request, offer| Begins::Sending(Order::Ask { request, offer });
        let by_hand = |to: &_, deed| Begins::InTurn(Some(Order::with(to, deed)));
        Ok(match action {
            Action::Connect { peer, answer } => Begins::Connecting(match answer {
                Answer::Refused | Answer::RefusedWith(_) => Order::ConnectMore,
                Answer::Granted | Answer::Any if self.is_half_open(peer) => Order::ConnectAnew,
                Answer::Granted | Answer::Any => Order::Connect,
            }),
            Action::Create { peer, room, .. } => {
                self.rooms.insert(peer.clone(), room.clone());
                ask(Request::Create { room: room.clone() }, None)
            }
            Action::Join {
                peer, room, offer, ..
            } => {
                self.rooms.insert(peer.clone(), room.clone());
                ask(Request::Join { room: room.clone() }, *offer)
            }
            Action::Leave { peer, .. } => match self.rooms.get(peer).cloned() {
                Some(room) => ask(Request::Leave { room }, None),
                None => {
                    return Err(fail(format!(
                        "{peer} has neither created nor joined a room that it could leave"
                    )));
                }
            },
            Action::Destroy { room, .. } => ask(Request::Destroy { room: room.clone() }, None),
            Action::Negotiate { from, to } => match to.clone().or_else(|| self.other(from)) {
                Some(to) => Begins::Sending(Order::Deed {
                    to: Some(to),
                    deed: Deed::Negotiate,
                }),
                None => {
                    return Err(fail(format!(
                        "{from} has more than one peer to offer to: say `to:`"
                    )));
                }
            },
            Action::Send {
                from: _,
                to,
                message,
                gathered,
            } => {
                let (kind, gathered) = (*message, *gathered);
                Begins::Sending(Order::with(to, Deed::Send { kind, gathered }))
            }
            Action::RestartIce { peer: _, to } => {
                Begins::Sending(Order::with(to, Deed::RestartIce))
            }
            Action::SendRaw {
                raw: Raw::Text(text),
                ..
            } => Begins::Sending(Order::SendRaw { text: text.clone() }),
            Action::SendRaw {
                raw: Raw::Garbage { kind, of, .. },
                ..
            } => Begins::Sending(Order::Garbage {
                kind: *kind,
                of: *of,
            }),
            Action::Http {
                method, path, body, ..
            } => Begins::Sending(Order::Http {
                method: method.clone(),
                path: path.clone(),
                body: body.clone(),
            }),
            Action::Disconnect { .. } => Begins::InTurn(Some(Order::Disconnect)),
            Action::CreateOffer { peer: _, to } => by_hand(
                to,
                Deed::Create {
                    kind: DescriptionKind::Offer,
                },
            ),
            Action::CreateAnswer { peer: _, to } => by_hand(
                to,
                Deed::Create {
                    kind: DescriptionKind::Answer,
                },
            ),
            Action::SetLocal {
                peer: _,
                to,
                kind,
                fails: _,
            } => by_hand(to, Deed::SetLocal { kind: *kind }),
            Action::SetRemote {
                peer: _,
                to,
                kind,
                fails: _,
            } => by_hand(to, Deed::SetRemote { kind: *kind }),
            Action::AddCandidate {
                peer: _,
                to,
                fails: _,
            } => by_hand(to, Deed::AddCandidate),
            Action::OpenChannel {
                peer: _,
                to,
                label,
                options,
            } => {
                let (label, options) = (label.clone(), options.clone());
                by_hand(to, Deed::OpenChannel { label, options })
            }
            Action::CloseChannel {
                peer: _,
                to,
                channel,
            } => {
                let label = channel.clone();
                by_hand(to, Deed::CloseChannel { label })
            }
            Action::Close { peer: _, to } => by_hand(to, Deed::Close),
            Action::Say {
                from,
                to,
                channel,
                data,
                heard: _,
            } => {
                let (label, data) = (channel.clone(), data.clone());
                let to = Some(self.addressee(from, to.as_ref())?);
                by_hand(&to, Deed::Say { label, data })
            }
            Action::Kill { .. } | Action::Cut { .. } => Begins::InTurn(None),
            other => {
                return Err(fail(format!(
                    "`{}` cannot begin together with something else",
                    other.verb()
                )));
            }
        })
    }

    /// Whom a word in a channel is for.
    pub(super) fn addressee(
        &self,
        from: &PeerName,
        to: Option<&PeerName>,
    ) -> Result<PeerName, Stop> {
        let mut known = self.acquainted.of(from);
        let only = known.next().filter(|_| known.next().is_none());
        let one = to.cloned().or_else(|| self.other(from)).or(only.cloned());
        one.ok_or_else(|| fail(format!("{from} may be connected with several: say `to:`")))
    }

    /// What a step waits for when its order has ended so.
    pub(super) fn after(&self, inner: &mut Inner, done: Done) -> Result<Option<Due>, Stop> {
        let peer = &inner.peer;
        match (&inner.action, done) {
            (
                Action::Connect {
                    answer: Answer::Any,
                    ..
                },
                done,
            ) => {
                inner.replied = Some(self.let_in(peer, done, inner.step)?);
                Ok(None)
            }
            (
                Action::Connect {
                    answer: Answer::Refused | Answer::RefusedWith(_),
                    ..
                },
                Done::Yes,
            ) => {
                let message =
                    format!("the server let {peer} in a second time, which it had to refuse");
                Err(fail_as(FailureKind::NotRefused, message))
            }
            (
                Action::Connect {
                    answer: Answer::Refused | Answer::RefusedWith(_),
                    ..
                },
                _,
            ) => Ok(None),
            (
                Action::SetLocal { fails, .. }
                | Action::SetRemote { fails, .. }
                | Action::AddCandidate { fails, .. },
                done,
            ) => {
                inner.waited.extend(by_hand(peer, done, fails.as_deref())?);
                Ok(None)
            }
            (
                Action::Http {
                    status: Some(wanted),
                    ..
                },
                Done::Status(got, _),
            ) if got != *wanted => Err(fail_as(
                FailureKind::Refused,
                format!("the answer has status {got}, expected {wanted}"),
            )),
            (_, Done::No(why)) => Err(fail(format!("{peer} could not: {why}"))),
            (_, Done::Refused { name, message, .. }) => Err(fail_as(
                FailureKind::StackRefused,
                format!("{peer}'s stack refused: {name}: {message}"),
            )),
            (Action::Create { .. }, _) => Ok(Some(Due::Reply(Kind::Create))),
            (Action::Join { .. }, _) => Ok(Some(Due::Reply(Kind::Join))),
            (Action::Leave { .. }, _) => Ok(Some(Due::Reply(Kind::Leave))),
            (Action::Destroy { .. }, _) => Ok(Some(Due::Reply(Kind::Destroy))),
            (Action::Disconnect { .. }, _) => Ok(self.world.link(peer).map(Due::Closed)),
            (
                Action::Say {
                    from,
                    to,
                    channel,
                    data,
                    heard: true,
                },
                _,
            ) => {
                let by = self.addressee(from, to.as_ref())?;
                Ok(Some(Due::Heard(by, channel.clone(), payload(data))))
            }
            (_, Done::Status(_, answer)) => {
                inner.waited.extend(answer);
                Ok(None)
            }
            (_, Done::Yes) => Ok(None),
        }
    }
}

/// What a step has waited for, once it is there, or why it cannot come any more.
pub(super) fn come(
    world: &mut World,
    inner: &mut Inner,
    waiting: &Waiting,
) -> Option<Result<Vec<Seq>, Miss>> {
    let peer = &inner.peer;
    match inner.due.as_ref()? {
        Due::Turn | Due::Order => None,
        Due::Reply(kind) => {
            let answer = inner.action.answer()?;
            let asked = Asked {
                peer,
                kind: *kind,
                answer,
            };
            let replied = asked.replied(world, inner.step, waiting)?;
            Some(replied.map(|replied| {
                inner.replied = Some(replied);
                vec![replied.seq]
            }))
        }
        Due::Closed(link) => world.has_closed(peer, *link).then(|| Ok(Vec::new())),
        Due::Down => (!world.is_up(peer)).then(|| Ok(Vec::new())),
        Due::Heard(by, channel, payload) => match world.heard(by, peer, channel, payload) {
            Some(seqs) => Some(Ok(seqs)),
            None => (waiting.dead.contains(by))
                .then(|| Err(format!("{peer} spoke to {by}, who was killed").into())),
        },
    }
}
