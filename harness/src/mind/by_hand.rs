//! What a step wants of a connection, and what it does by hand: one call of the stack a step, with what was created or heard before.

use super::doing::{Then, described};
use super::input::{Cause, End, OrderId};
use super::negotiate::Came;
use super::numbers::Numbers;
use super::pair::Pair;
use super::trickle::candidate_kind;
use crate::hand::{Command, Deed, PeerFault, Reply};
use crate::record::{Applied, Seq, What, payload};
use crate::signaling::sdp::ufrags;
use crate::signaling::{Description, DescriptionKind, Kind, Signal};

impl Pair {
    /// By hand: what is heard is kept until a step uses it.
    pub(super) fn keep(&mut self, signal: Signal, heard: Seq) {
        let (kind, sdp) = match signal {
            Signal::Offer { sdp } => (DescriptionKind::Offer, sdp.to_string()),
            Signal::Answer { sdp } => (DescriptionKind::Answer, sdp.to_string()),
            Signal::Candidate { candidate } => {
                return self.candidates.push_back((Some(candidate), heard));
            }
            Signal::EndOfCandidates => return self.candidates.push_back((None, heard)),
            Signal::Bye => return,
        };
        let description = Description { kind, sdp };
        self.descriptions.insert(kind, (description, heard));
    }

    /// Begins what a step wants.
    pub(super) fn deed(
        &mut self,
        order: Option<OrderId>,
        deed: Deed,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) {
        if self.keeps_an_offer(&deed) {
            return self.over(order, End::Yes);
        }
        let mut commands = Vec::new();
        let conn = match (&deed, self.number()) {
            (Deed::Negotiate, _) => return self.offer(order, cause, numbers),
            (_, Some(conn)) => conn,
            (
                Deed::Create { .. }
                | Deed::SetRemote { .. }
                | Deed::OpenChannel { .. }
                | Deed::AddCandidate,
                None,
            ) => {
                let (conn, new) = self.renew(numbers);
                commands = new;
                conn
            }
            (_, None) => return self.over(order, no("it has no connection yet")),
        };
        let (command, during, then) = match deed {
            Deed::Negotiate => return,
            Deed::Say { label, data } => {
                let said = What::Said {
                    peer: self.me.clone(),
                    conn,
                    label: label.clone(),
                    payload: payload(&data),
                };
                let cause = vec![self.record(said, cause, numbers).into()];
                let command = Command::Say { conn, label, data };
                (command, "say", Then::Plain { order, cause })
            }
            Deed::OpenChannel { label, options } => {
                if let Some(connection) = &mut self.connection {
                    connection.channels.push(label.clone());
                }
                let command = Command::CreateChannel {
                    conn,
                    label,
                    options,
                };
                (command, "create-channel", Then::Plain { order, cause })
            }
            Deed::CloseChannel { label } => {
                let command = Command::CloseChannel { conn, label };
                (command, "close-channel", Then::Plain { order, cause })
            }
            Deed::Close => {
                if let Some(connection) = &mut self.connection {
                    connection.closed = true;
                }
                let close = vec![(Command::CloseConnection { conn }, None)];
                return self.begin(close, Then::Plain { order, cause }, numbers);
            }
            Deed::RestartIce => {
                let command = Command::RestartIce { conn };
                (command, "restart-ice", Then::Restarted { order, cause })
            }
            Deed::Create { kind } => {
                let command = match kind {
                    DescriptionKind::Offer => Command::CreateOffer {
                        conn,
                        ice_restart: false,
                    },
                    _ => Command::CreateAnswer { conn },
                };
                (command, "create", Then::Created { order, cause })
            }
            Deed::SetLocal { kind } => {
                let kept = self.connection.as_ref().and_then(|it| it.kept.as_ref());
                let description = match (kind, kept) {
                    (DescriptionKind::Rollback, _) => rollback(),
                    (_, Some((kept, _))) if kept.kind == kind => kept.clone(),
                    _ => {
                        let why = format!("it has created no {}", kind.as_str());
                        return self.over(order, End::No(why));
                    }
                };
                let description = Some(description);
                let command = Command::SetLocal { conn, description };
                (command, "set-local", Then::SetLocal { order, kind, cause })
            }
            Deed::SetRemote { kind } => {
                let (description, heard) = match (kind, self.descriptions.get(&kind)) {
                    (DescriptionKind::Rollback, _) => (rollback(), None),
                    (_, Some((description, heard))) => (description.clone(), Some(*heard)),
                    _ => {
                        let why = format!("it has heard no {}", kind.as_str());
                        return self.over(order, End::No(why));
                    }
                };
                let cause = with(cause, heard.map(Cause::Event));
                let ufrags = ufrags(&description.sdp);
                let command = Command::SetRemote { conn, description };
                let then = Then::SetRemote {
                    order,
                    kind,
                    ufrags,
                    cause,
                };
                (command, "set-remote", then)
            }
            Deed::AddCandidate => {
                let Some((candidate, heard)) = self.candidates.pop_front() else {
                    let why = "it has heard no candidate that it has not added";
                    return self.over(order, no(why));
                };
                let then = Then::Added {
                    order,
                    applied: candidate_kind(candidate.as_ref()),
                    cause: with(cause, Some(heard.into())),
                };
                let command = Command::AddCandidate { conn, candidate };
                (command, "add-candidate", then)
            }
            Deed::Send {
                kind,
                gathered: true,
                ..
            } => {
                let command = Command::LocalDescription { conn };
                let then = Then::Gathered { order, kind, cause };
                (command, "local-description", then)
            }
            Deed::Send { kind, .. } => return self.send_kept(order, kind, cause),
        };
        commands.push((command, Some(during)));
        self.begin(commands, then, numbers);
    }

    /// A client with a fault: nothing is taken back.
    fn keeps_an_offer(&self, deed: &Deed) -> bool {
        let fault = match deed {
            Deed::SetLocal {
                kind: DescriptionKind::Rollback,
            } => PeerFault::KeepsItsOwnOffer,
            Deed::SetRemote {
                kind: DescriptionKind::Rollback,
            } => PeerFault::KeepsTheOthersOffer,
            _ => return false,
        };
        self.policy.has(fault)
    }

    /// All commands of something by hand are answered.
    pub(super) fn go_on_by_hand(&mut self, then: Then, came: Came, numbers: &mut Numbers) {
        let (order, cause, done) = match then {
            Then::Created { order, cause } => match came {
                Ok(Some(Reply::Description(description))) => {
                    if let Some(connection) = &mut self.connection {
                        connection.kept = Some((description, None));
                    }
                    return self.over(order, End::Yes);
                }
                Ok(_) => return self.over(order, no("the peer made no description")),
                Err(failed) => (order, cause, Err(failed)),
            },
            Then::SetLocal { order, kind, cause } => match came {
                Ok(Some(Reply::Description(description))) => {
                    let set = self.set(
                        Applied::Local(description.kind),
                        ufrags(&description.sdp),
                        cause,
                        numbers,
                    );
                    if kind != DescriptionKind::Rollback
                        && let Some(connection) = &mut self.connection
                    {
                        connection.kept = Some((description, Some(set)));
                    }
                    return self.over(order, End::Yes);
                }
                Ok(_) => return self.over(order, no("the peer set no local description")),
                Err(failed) => (order, cause, Err(failed)),
            },
            Then::SetRemote {
                order,
                kind,
                ufrags,
                cause,
            } => {
                if came.is_ok() {
                    self.set(Applied::Remote(kind), ufrags, cause.clone(), numbers);
                }
                (order, cause, came.map(drop))
            }
            Then::Added {
                order,
                applied,
                cause,
            } => {
                if came.is_ok() {
                    self.applied(applied, cause.clone(), numbers);
                }
                (order, cause, came.map(drop))
            }
            Then::Gathered { order, kind, cause } => match came {
                Ok(Some(Reply::Description(local))) => {
                    let kept = self.connection.as_mut().and_then(|it| it.kept.as_mut());
                    if let Some((kept, _)) = kept {
                        *kept = local;
                    }
                    return self.send_kept(order, kind, cause);
                }
                Ok(_) => return self.over(order, no("the peer has no description")),
                Err(failed) => (order, cause, Err(failed)),
            },
            Then::Plain { order, cause } => (order, cause, came.map(drop)),
            _ => return,
        };
        self.end(order, done, cause, numbers);
    }

    /// By hand: sends what was created, the candidates gathered since, or a bye.
    fn send_kept(&mut self, order: Option<OrderId>, kind: Kind, cause: Vec<Cause>) {
        let Some(connection) = &mut self.connection else {
            return self.over(order, no("it has no connection yet"));
        };
        match kind {
            Kind::Bye => self.say(Signal::Bye, cause, order),
            Kind::Candidate | Kind::EndOfCandidates => {
                for (candidate, mark) in std::mem::take(&mut connection.gathered) {
                    self.trickle(candidate, mark);
                }
                self.over(order, End::Yes);
            }
            kind => {
                let Some((description, set)) = connection.kept.clone() else {
                    let why = format!("it has created no {kind}");
                    return self.over(order, End::No(why));
                };
                let signal = described(description.kind, description.sdp);
                self.say(signal, with(cause, set.map(Cause::Mark)), order);
            }
        }
    }
}

fn no(why: &str) -> End {
    End::No(why.into())
}

fn rollback() -> Description {
    Description {
        kind: DescriptionKind::Rollback,
        sdp: String::new(),
    }
}

fn with(mut cause: Vec<Cause>, more: Option<Cause>) -> Vec<Cause> {
    cause.extend(more);
    cause
}
