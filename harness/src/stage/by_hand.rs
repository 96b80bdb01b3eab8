//! A brain's connections by hand: one call of the stack a step, with what was created or heard before.

use super::brain::{Brain, payload, plain};
use super::negotiate::join;
use super::order::{Done, Order};
use crate::names::PeerName;
use crate::peer::{Command, HandError, Reply};
use crate::record::{Applied, Seq, What};
use crate::signaling::{Description, DescriptionKind, Kind, Signal};

impl Brain {
    /// By hand: what is heard is kept until a step uses it.
    pub(super) fn keep(&mut self, from: PeerName, signal: Signal, heard: Seq) {
        self.heard.from = Some(from);
        let (kind, sdp) = match signal {
            Signal::Offer { sdp } => (DescriptionKind::Offer, sdp),
            Signal::Answer { sdp } => (DescriptionKind::Answer, sdp),
            Signal::Candidate { candidate } => {
                return self.heard.candidates.push_back((Some(candidate), heard));
            }
            Signal::EndOfCandidates => return self.heard.candidates.push_back((None, heard)),
            Signal::Bye => return,
        };
        self.heard.descriptions.insert(
            kind,
            (
                Description {
                    kind,
                    sdp: sdp.to_string(),
                },
                heard,
            ),
        );
    }

    /// An order about a connection.
    pub(super) async fn session_order(&mut self, order: Order, cause: Vec<Seq>) -> Done {
        if let (Order::Send { kind, .. }, false) = (&order, self.hand.connects()) {
            return self.carry(*kind, cause).await;
        }
        let Some(with) = self.counterpart() else {
            return Done::No("it has no connection yet".into());
        };
        if !self.sessions.contains_key(&with) {
            if !matches!(
                order,
                Order::Create { .. }
                    | Order::SetRemote { .. }
                    | Order::OpenChannel { .. }
                    | Order::AddCandidate
            ) {
                return Done::No("it has no connection yet".into());
            }
            if let Err(error) = self.renew(&with).await {
                return Done::No(error.to_string());
            }
        }
        let Some(conn) = self.sessions.get(&with).map(|session| session.conn) else {
            return Done::No("it has no connection yet".into());
        };
        match order {
            Order::Say { label, data } => {
                let payload = payload(&data);
                let said = self.recorder.record(
                    What::Said {
                        peer: self.name.clone(),
                        conn,
                        label: label.clone(),
                        payload,
                    },
                    &cause,
                );
                match self.hand.perform(Command::Say { conn, label, data }).await {
                    Ok(_) => Done::Yes,
                    Err(error) => self.refused(conn, "say", error, &[said]),
                }
            }
            Order::OpenChannel { label, options } => {
                let done = self
                    .hand
                    .perform(Command::CreateChannel {
                        conn,
                        label,
                        options,
                    })
                    .await;
                self.outcome(conn, "create-channel", done, cause)
            }
            Order::CloseChannel { label } => {
                let done = self
                    .hand
                    .perform(Command::CloseChannel { conn, label })
                    .await;
                self.outcome(conn, "close-channel", done, cause)
            }
            Order::Close => {
                if let Some(session) = self.sessions.get_mut(&with) {
                    session.closed = true;
                }
                plain(self.hand.perform(Command::CloseConnection { conn }).await)
            }
            Order::RestartIce => {
                if let Err(error) = self.hand.perform(Command::RestartIce { conn }).await {
                    return self.refused(conn, "restart-ice", error, &cause);
                }
                self.send_offer(with, conn, cause).await
            }
            Order::Create { kind } => {
                let command = match kind {
                    DescriptionKind::Offer => Command::CreateOffer {
                        conn,
                        ice_restart: false,
                    },
                    _ => Command::CreateAnswer { conn },
                };
                match self.hand.perform(command).await {
                    Ok(Reply::Description(description)) => {
                        if let Some(session) = self.sessions.get_mut(&with) {
                            session.kept = Some((description, None));
                        }
                        Done::Yes
                    }
                    Ok(_) => Done::No("the peer made no description".into()),
                    Err(error) => self.refused(conn, "create", error, &cause),
                }
            }
            Order::SetLocal { kind } => {
                let kept = self
                    .sessions
                    .get(&with)
                    .and_then(|session| session.kept.clone());
                let description = match (kind, kept) {
                    (DescriptionKind::Rollback, _) => Description {
                        kind,
                        sdp: String::new(),
                    },
                    (_, Some((description, _))) if description.kind == kind => description,
                    _ => return Done::No(format!("it has created no {}", kind.as_str())),
                };
                match self.set_local(&with, conn, Some(description), &cause).await {
                    Ok((description, seq)) => {
                        if let Some(session) = self
                            .sessions
                            .get_mut(&with)
                            .filter(|_| kind != DescriptionKind::Rollback)
                        {
                            session.kept = Some((description, Some(seq)));
                        }
                        Done::Yes
                    }
                    Err(done) => done,
                }
            }
            Order::SetRemote { kind } => {
                let (description, heard) = match (kind, self.heard.descriptions.get(&kind)) {
                    (DescriptionKind::Rollback, _) => (
                        Description {
                            kind,
                            sdp: String::new(),
                        },
                        None,
                    ),
                    (_, Some((description, heard))) => (description.clone(), Some(*heard)),
                    _ => return Done::No(format!("it has heard no {}", kind.as_str())),
                };
                match self
                    .hand
                    .perform(Command::SetRemote { conn, description })
                    .await
                {
                    Ok(_) => {
                        let cause: Vec<Seq> = cause.into_iter().chain(heard).collect();
                        self.applied(&with, conn, Applied::Remote(kind), &cause);
                        Done::Yes
                    }
                    Err(error) => self.refused(conn, "set-remote", error, &cause),
                }
            }
            Order::AddCandidate => match self.heard.candidates.pop_front() {
                Some((candidate, heard)) => {
                    self.add_candidate(&with, candidate, join(&cause, heard))
                        .await
                }
                None => Done::No("it has heard no candidate that it has not added".into()),
            },
            Order::Send { kind, gathered } => {
                if gathered && let Err(done) = self.keep_gathered(&with, conn, &cause).await {
                    return done;
                }
                self.send_kept(with, kind, cause).await
            }
            Order::Connect
            | Order::ConnectMore
            | Order::Disconnect
            | Order::Ask { .. }
            | Order::Negotiate { .. }
            | Order::SendRaw { .. }
            | Order::Http { .. } => Done::No("not an order for a connection".into()),
        }
    }

    fn outcome(
        &self,
        conn: u32,
        during: &str,
        result: Result<Reply, HandError>,
        cause: Vec<Seq>,
    ) -> Done {
        match result {
            Ok(_) => Done::Yes,
            Err(error) => self.refused(conn, during, error, &cause),
        }
    }

    /// Whom an order about "the connection" means: the peer of the newest one, else whoever was heard, else the only other.
    fn counterpart(&self) -> Option<PeerName> {
        self.sessions
            .iter()
            .max_by_key(|(_, session)| session.conn)
            .map(|(peer, _)| peer.clone())
            .or_else(|| self.heard.from.clone())
            .or_else(|| self.only_other())
    }

    /// By hand: what was created becomes what it is now, with the candidates that were gathered since.
    async fn keep_gathered(
        &mut self,
        with: &PeerName,
        conn: u32,
        cause: &[Seq],
    ) -> Result<(), Done> {
        let local = match self.hand.perform(Command::LocalDescription { conn }).await {
            Ok(Reply::Description(local)) => local,
            Ok(_) => return Err(Done::No("the peer has no description".into())),
            Err(error) => return Err(self.refused(conn, "local-description", error, cause)),
        };
        if let Some(session) = self.sessions.get_mut(with)
            && let Some((kept, _)) = &mut session.kept
        {
            *kept = local;
        }
        Ok(())
    }

    /// By hand: sends what was created, the candidates gathered since, or a bye.
    async fn send_kept(&mut self, to: PeerName, kind: Kind, cause: Vec<Seq>) -> Done {
        let Some(session) = self.sessions.get_mut(&to) else {
            return Done::No("it has no connection yet".into());
        };
        match kind {
            Kind::Bye => self.signal(&to, Signal::Bye, cause).await,
            Kind::Candidate | Kind::EndOfCandidates => {
                for (candidate, seq) in std::mem::take(&mut session.gathered) {
                    self.trickle(&to, candidate, seq).await;
                }
                Done::Yes
            }
            kind => {
                let Some((description, seq)) = session.kept.clone() else {
                    return Done::No(format!("it has created no {kind}"));
                };
                let sdp = description.sdp.into();
                let signal = if description.kind == DescriptionKind::Offer {
                    Signal::Offer { sdp }
                } else {
                    Signal::Answer { sdp }
                };
                self.signal(&to, signal, cause.into_iter().chain(seq).collect())
                    .await
            }
        }
    }
}
