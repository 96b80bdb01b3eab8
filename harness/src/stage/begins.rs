//! What each verb has a peer do first: the one place where that is told.

use super::director::{Stage, Stop, fail};
use super::order::Order;
use crate::hand::Deed;
use crate::names::PeerName;
use crate::scenario::{Action, Answer, Raw};
use crate::signaling::{DescriptionKind, Reason, Request};

/// How a step begins.
pub(super) enum Begins {
    /// With a message to the server, which is gathered.
    Sending(Order),
    /// With a request for a connection, which is gathered.
    Connecting(Order),
    /// In its turn: it sends nothing to the server.
    InTurn(Option<Order>),
}

impl Begins {
    /// What the peer is told to do.
    pub fn order(self) -> Option<Order> {
        match self {
            Begins::Sending(order) | Begins::Connecting(order) => Some(order),
            Begins::InTurn(order) => order,
        }
    }
}

impl Stage {
    /// A peer asks to come into a room. Where it may be refused it stays where it is until it is let in.
    fn may_go(&mut self, action: &Action) {
        let (Action::Create { peer, room, answer }
        | Action::Join {
            peer, room, answer, ..
        }) = action
        else {
            return;
        };
        let before = self.rooms.entry(peer.clone());
        match answer {
            Answer::Granted => drop(before.insert_entry(room.clone())),
            _ => drop(before.or_insert_with(|| room.clone())),
        }
    }

    /// A request that might have been refused was granted.
    pub(super) fn went(&mut self, action: &Action) {
        if let Action::Create { peer, room, .. } | Action::Join { peer, room, .. } = action {
            self.rooms.insert(peer.clone(), room.clone());
        }
    }

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
            Action::Second { .. } => Begins::InTurn(Some(Order::ConnectAnew)),
            Action::Create { room, .. } => {
                self.may_go(action);
                ask(Request::Create { room: room.clone() }, None)
            }
            Action::Join {
                peer,
                room,
                offer,
                answer,
            } => {
                self.may_go(action);
                let expired = Reason::Expired.as_str();
                if matches!(answer, Answer::RefusedWith(text) if text == expired) {
                    self.actor(peer)?.wire.insists();
                }
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
            Action::Kick { peer, whom, .. } => match self.rooms.get(peer).cloned() {
                Some(room) => {
                    let peer = whom.as_str().to_owned();
                    ask(Request::Kick { room, peer }, None)
                }
                None => {
                    return Err(fail(format!(
                        "{peer} has neither created nor joined a room that it could put {whom} out of"
                    )));
                }
            },
            Action::SetState { peer, state, .. } => match self.rooms.get(peer).cloned() {
                Some(room) => {
                    let state = state.clone();
                    ask(Request::SetState { room, state }, None)
                }
                None => {
                    return Err(fail(format!(
                        "{peer} has neither created nor joined a room to show {state} in"
                    )));
                }
            },
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
                size,
            } => {
                let deed = Deed::Send {
                    kind: *message,
                    gathered: *gathered,
                    size: *size,
                };
                Begins::Sending(Order::with(to, deed))
            }
            Action::RestartIce { peer: _, to } => {
                Begins::Sending(Order::with(to, Deed::RestartIce))
            }
            Action::SendRaw {
                raw: Raw::Text(text),
                ..
            } => Begins::Sending(Order::SendRaw { text: text.clone() }),
            Action::SendRaw {
                raw:
                    Raw::Garbage {
                        kind,
                        of,
                        field,
                        to,
                        ..
                    },
                ..
            } => Begins::Sending(Order::Garbage {
                kind: *kind,
                of: *of,
                field: field.map(|field| (field, to.clone())),
            }),
            Action::SendRaw {
                raw: Raw::Forged { kind, to, claimed },
                ..
            } => Begins::Sending(Order::Forge {
                kind: *kind,
                to: to.clone(),
                claimed: claimed.clone(),
            }),
            Action::Http {
                method, path, body, ..
            } => Begins::Sending(Order::Http {
                method: method.clone(),
                path: path.clone(),
                body: body.clone(),
            }),
            Action::Retire { .. } => Begins::InTurn(Some(Order::Retire)),
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
            Action::Hold(_)
            | Action::Release(_)
            | Action::Drop(_)
            | Action::Delay { .. }
            | Action::Duplicate(_)
            | Action::Reorder { .. }
            | Action::Corrupt { .. }
            | Action::Stall { .. }
            | Action::Pretend { .. }
            | Action::Mend { .. }
            | Action::KillServer { .. }
            | Action::Restart { .. }
            | Action::Pause { .. }
            | Action::Resume { .. }
            | Action::SendRaw { .. }
            | Action::Page { .. }
            | Action::Strain { .. }
            | Action::Wait(_)
            | Action::Await(_)
            | Action::Never(_)
            | Action::Together(_) => {
                return Err(fail(format!(
                    "`{}` is nothing that a peer begins",
                    action.verb()
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
}
