//! A brain's connections: offer, answer and trickle as a well-behaved client does them (RFC 9429).

use super::PeerFault;
use super::brain::{Brain, default_channel, payload};
use super::order::Done;
use super::session::{Remote, Session};
use crate::names::PeerName;
use crate::peer::{Command, HandError, Happening, Reply};
use crate::record::{Applied, Seq, What};
use crate::scenario::EarlyCandidates;
use crate::signaling::{Candidate, Description, DescriptionKind, Signal};

/// The values of an SDP attribute, sorted, each once.
fn attributes(sdp: &str, name: &str) -> Vec<String> {
    let mut found: Vec<String> = sdp
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .map(|value| value.trim().to_owned())
        .collect();
    found.sort();
    found.dedup();
    found
}

fn fingerprints(sdp: &str) -> Vec<String> {
    attributes(&sdp.to_ascii_lowercase(), "a=fingerprint:")
}

fn candidate_kind(candidate: Option<&Candidate>) -> Applied {
    match candidate {
        Some(candidate) if !candidate.candidate.is_empty() => Applied::Candidate,
        _ => Applied::EndOfCandidates,
    }
}

pub(super) fn join(cause: &[Seq], more: Seq) -> Vec<Seq> {
    let mut all = cause.to_vec();
    all.push(more);
    all
}

impl Brain {
    /// Replaces whatever connection there was to this peer with a new one.
    pub(super) async fn renew(&mut self, with: &PeerName) -> Result<u32, HandError> {
        if let Some(old) = self.sessions.remove(with)
            && !old.closed
        {
            self.hand
                .perform(Command::CloseConnection { conn: old.conn })
                .await?;
        }
        self.last_conn += 1;
        let conn = self.last_conn;
        self.hand.perform(Command::NewConnection { conn }).await?;
        self.sessions.insert(with.clone(), Session::new(conn));
        Ok(conn)
    }

    /// Makes a connection with a channel, and offers it.
    pub(super) async fn offer(&mut self, to: &PeerName, cause: Vec<Seq>) -> Done {
        if !self.hand.connects() {
            return Done::No("a wire peer has no connection to offer".into());
        }
        let keeps = self.fault == Some(PeerFault::KeepsOldConnection);
        let live = self.sessions.get(to).filter(|session| {
            !session.closed && (keeps || !session.departed) && session.remote.is_some()
        });
        let conn = match live.map(|session| session.conn) {
            Some(conn) => conn,
            None => {
                let conn = match self.renew(to).await {
                    Ok(conn) => conn,
                    Err(error) => return Done::No(error.to_string()),
                };
                let (label, options) = default_channel();
                if let Err(error) = self
                    .hand
                    .perform(Command::CreateChannel {
                        conn,
                        label,
                        options,
                    })
                    .await
                {
                    return Done::No(error.to_string());
                }
                conn
            }
        };
        self.send_offer(to.clone(), conn, cause).await
    }

    pub(super) async fn send_offer(&mut self, to: PeerName, conn: u32, cause: Vec<Seq>) -> Done {
        if let Some(session) = self.sessions.get_mut(&to) {
            session.described = None;
        }
        match self.set_local(&to, conn, None, &cause).await {
            Ok((description, seq)) => {
                if let Some(session) = self.sessions.get_mut(&to) {
                    session.offering = true;
                }
                let done = self
                    .signal(
                        &to,
                        Signal::Offer {
                            sdp: description.sdp.into(),
                        },
                        vec![seq],
                    )
                    .await;
                self.described(&to, seq).await;
                done
            }
            Err(done) => done,
        }
    }

    /// `setLocalDescription`, recorded.
    pub(super) async fn set_local(
        &mut self,
        with: &PeerName,
        conn: u32,
        description: Option<Description>,
        cause: &[Seq],
    ) -> Result<(Description, Seq), Done> {
        match self
            .hand
            .perform(Command::SetLocal { conn, description })
            .await
        {
            Ok(Reply::Description(description)) => {
                let seq = self.applied(with, conn, Applied::Local(description.kind), cause);
                Ok((description, seq))
            }
            Ok(_) => Err(Done::No("the peer set no local description".into())),
            Err(error) => Err(self.refused(conn, "set-local", error, cause)),
        }
    }

    pub(super) fn applied(
        &mut self,
        with: &PeerName,
        conn: u32,
        applied: Applied,
        cause: &[Seq],
    ) -> Seq {
        let seq = self.recorder.record(
            What::Applied {
                peer: self.name.clone(),
                conn,
                applied,
            },
            cause,
        );
        if matches!(applied, Applied::Local(_) | Applied::Remote(_))
            && let Some(session) = self.sessions.get_mut(with)
        {
            session.applied.push(seq);
        }
        seq
    }

    /// Records a stack's refusal.
    pub(super) fn refused(&self, conn: u32, during: &str, error: HandError, cause: &[Seq]) -> Done {
        match error {
            HandError::Refused { name, message } => {
                let seq = self.recorder.record(
                    What::PeerError {
                        peer: self.name.clone(),
                        conn,
                        during: during.into(),
                        name: name.clone(),
                        message: message.clone(),
                    },
                    cause,
                );
                Done::Refused { name, message, seq }
            }
            error => Done::No(error.to_string()),
        }
    }

    /// The local description is on its way: what was gathered before it may follow.
    async fn described(&mut self, to: &PeerName, seq: Seq) {
        let Some(session) = self.sessions.get_mut(to) else {
            return;
        };
        session.described = Some(seq);
        let gathered = std::mem::take(&mut session.gathered);
        for (candidate, seq) in gathered {
            self.trickle(to, candidate, seq).await;
        }
    }

    pub(super) async fn trickle(&mut self, to: &PeerName, candidate: Option<Candidate>, seq: Seq) {
        let signal = match candidate {
            Some(candidate) => Signal::Candidate { candidate },
            None if self.fault == Some(PeerFault::NoEndOfCandidates) => return,
            None => Signal::EndOfCandidates,
        };
        // A link that has gone is noted by `say`; the connection may outlive it.
        let _sent = self.signal(to, signal, vec![seq]).await;
    }

    /// A signal from another peer.
    pub(super) async fn hear_signal(&mut self, from: PeerName, signal: Signal, heard: Seq) {
        if !self.hand.connects() {
            return;
        }
        if self.spec.manual {
            return self.keep(from, signal, heard);
        }
        match signal {
            Signal::Offer { sdp } => self.hear_offer(from, sdp.to_string(), heard).await,
            Signal::Answer { sdp } => {
                let description = Description {
                    kind: DescriptionKind::Answer,
                    sdp: sdp.to_string(),
                };
                if self.sessions.contains_key(&from) {
                    let _recorded = self.set_remote(&from, description, heard).await;
                } else {
                    self.note(
                        format!("an answer from {from}, who was made no offer"),
                        &[heard],
                    );
                }
            }
            Signal::Candidate { candidate } => {
                self.hear_candidate(from, Some(candidate), heard).await
            }
            Signal::EndOfCandidates => self.hear_candidate(from, None, heard).await,
            Signal::Bye if self.fault == Some(PeerFault::IgnoresBye) => {}
            Signal::Bye => {
                if let Some(session) = self
                    .sessions
                    .get_mut(&from)
                    .filter(|session| !session.closed)
                {
                    session.closed = true;
                    let command = Command::CloseConnection { conn: session.conn };
                    if let Err(error) = self.hand.perform(command).await {
                        self.note(format!("closing after a bye: {error}"), &[heard]);
                    }
                }
            }
        }
    }

    async fn hear_offer(&mut self, from: PeerName, sdp: String, heard: Seq) {
        let theirs = fingerprints(&sdp);
        let session = self.sessions.get(&from);
        // Two offers on the way at once: the one whose name comes first insists, the other gives way (perfect negotiation, W3C WebRTC section 10.7).
        let collision =
            session.is_some_and(|session| session.offering && !session.closed && !session.departed);
        let insists = self.fault == Some(PeerFault::OffersOnGlareAndNeverRollsBack);
        if collision && (insists || self.name < from) {
            if let Some(session) = self.sessions.get_mut(&from) {
                session.ignoring = true;
            }
            return self.note(format!("glare: the offer of {from} is ignored"), &[heard]);
        }
        let keeps = self.fault == Some(PeerFault::KeepsOldConnection);
        let same = session.is_some_and(|session| {
            !session.closed
                && !session.departed
                && session
                    .remote
                    .as_ref()
                    .is_none_or(|remote| remote.fingerprints == theirs)
        });
        let kept = keeps && session.is_some_and(|session| !session.closed);
        if !same && !kept {
            let early = self
                .sessions
                .get_mut(&from)
                .map(|session| std::mem::take(&mut session.early));
            match self.renew(&from).await {
                Ok(_) => {
                    if let (Some(session), Some(early)) = (self.sessions.get_mut(&from), early) {
                        session.early = early;
                    }
                }
                Err(error) => {
                    return self.note(
                        format!("no connection for the offer of {from}: {error}"),
                        &[heard],
                    );
                }
            }
        }
        let Some(session) = self.sessions.get_mut(&from) else {
            return;
        };
        let conn = session.conn;
        session.offering = false;
        session.described = None;
        let description = Description {
            kind: DescriptionKind::Offer,
            sdp,
        };
        let Some(remote) = self.set_remote(&from, description, heard).await else {
            return;
        };
        if let Ok((description, seq)) = self.set_local(&from, conn, None, &[remote]).await {
            if self.fault == Some(PeerFault::AnswersTwice) {
                let sdp = description.sdp.clone().into();
                let _sent = self.signal(&from, Signal::Answer { sdp }, vec![seq]).await;
            }
            let _sent = self
                .signal(
                    &from,
                    Signal::Answer {
                        sdp: description.sdp.into(),
                    },
                    vec![seq],
                )
                .await;
            self.described(&from, seq).await;
        }
    }

    /// `setRemoteDescription`, recorded, and the candidates that waited for it added.
    async fn set_remote(
        &mut self,
        from: &PeerName,
        description: Description,
        heard: Seq,
    ) -> Option<Seq> {
        let conn = self.sessions.get(from)?.conn;
        let kind = description.kind;
        let remote = Remote {
            fingerprints: fingerprints(&description.sdp),
            ufrags: attributes(&description.sdp, "a=ice-ufrag:"),
        };
        match self
            .hand
            .perform(Command::SetRemote { conn, description })
            .await
        {
            Ok(_) => {
                let seq = self.applied(from, conn, Applied::Remote(kind), &[heard]);
                let session = self.sessions.get_mut(from)?;
                session.remote = Some(remote);
                session.ignoring = false;
                if kind == DescriptionKind::Answer {
                    session.offering = false;
                }
                for (candidate, heard) in std::mem::take(&mut session.early) {
                    self.begin_candidate(from, candidate, vec![heard, seq]);
                }
                Some(seq)
            }
            Err(error) => {
                if let Done::No(why) = self.refused(conn, "set-remote", error, &[heard]) {
                    self.note(format!("set-remote: {why}"), &[heard]);
                }
                None
            }
        }
    }

    async fn hear_candidate(&mut self, from: PeerName, candidate: Option<Candidate>, heard: Seq) {
        if !self.sessions.contains_key(&from) {
            // It came before the offer: the connection that the offer will use has to be there to refuse or to keep it.
            if let Err(error) = self.renew(&from).await {
                return self.note(
                    format!("no connection for a candidate of {from}: {error}"),
                    &[heard],
                );
            }
        }
        let Some(session) = self.sessions.get_mut(&from) else {
            return;
        };
        if session.ignoring || session.closed {
            return;
        }
        let ready = session.remote.is_some() && !session.offering;
        let early = match self.fault {
            Some(PeerFault::DropsCandidates) => return,
            Some(PeerFault::AppliesCandidatesEarly) => EarlyCandidates::Apply,
            _ => self.spec.early_candidates,
        };
        match early {
            EarlyCandidates::Buffer if !ready => session.early.push_back((candidate, heard)),
            EarlyCandidates::Drop if !ready => {}
            _ => {
                self.begin_candidate(&from, candidate, vec![heard]);
            }
        }
    }

    /// Whether a candidate names another generation than the description that is in force.
    fn is_late(&self, from: &PeerName, candidate: Option<&Candidate>) -> bool {
        let ufrag = candidate.and_then(|candidate| candidate.username_fragment.as_ref());
        let remote = self
            .sessions
            .get(from)
            .and_then(|session| session.remote.as_ref());
        match (ufrag, remote) {
            (Some(ufrag), Some(remote)) => !remote.ufrags.contains(ufrag),
            _ => false,
        }
    }

    /// Hands a candidate to the stack, whose answer is recorded when it is there.
    fn begin_candidate(&mut self, from: &PeerName, candidate: Option<Candidate>, cause: Vec<Seq>) {
        let Some(conn) = self.sessions.get(from).map(|session| session.conn) else {
            return;
        };
        if self.is_late(from, candidate.as_ref()) {
            let text = format!("a candidate of {from} belongs to another generation");
            return self.note(text, &cause);
        }
        let applied = candidate_kind(candidate.as_ref());
        let (recorder, peer) = (self.recorder.clone(), self.name.clone());
        self.begin(Command::AddCandidate { conn, candidate }, move |result| {
            let what = match result {
                Ok(_) => What::Applied {
                    peer,
                    conn,
                    applied,
                },
                Err(HandError::Refused { name, message }) => What::PeerError {
                    peer,
                    conn,
                    during: "add-candidate".into(),
                    name,
                    message,
                },
                Err(error) => What::Note {
                    peer: Some(peer),
                    text: format!("add-candidate: {error}"),
                },
            };
            recorder.record(what, &cause);
        });
    }

    /// By hand: hands a candidate to the stack and waits for its answer.
    pub(super) async fn add_candidate(
        &mut self,
        from: &PeerName,
        candidate: Option<Candidate>,
        cause: Vec<Seq>,
    ) -> Done {
        let Some(conn) = self.sessions.get(from).map(|session| session.conn) else {
            return Done::No(format!("there is no connection to {from}"));
        };
        let applied = candidate_kind(candidate.as_ref());
        let command = Command::AddCandidate { conn, candidate };
        match self.hand.perform(command).await {
            Ok(_) => {
                self.applied(from, conn, applied, &cause);
                Done::Yes
            }
            Err(error) => self.refused(conn, "add-candidate", error, &cause),
        }
    }

    fn peer_of(&self, conn: u32) -> Option<PeerName> {
        self.sessions
            .iter()
            .find(|(_, session)| session.conn == conn)
            .map(|(peer, _)| peer.clone())
    }

    /// What a connection or channel tells.
    pub(super) async fn session_happening(&mut self, happening: Happening) {
        let peer = self.name.clone();
        match happening {
            Happening::Candidate { conn, candidate } => self.gathered(conn, candidate).await,
            Happening::State {
                conn,
                machine,
                state,
            } => {
                let cause = self.descriptions_of(conn);
                self.recorder.record(
                    What::State {
                        peer,
                        conn,
                        machine,
                        state,
                    },
                    &cause,
                );
            }
            Happening::ChannelAdded { conn, label } => {
                let cause = self.descriptions_of(conn);
                self.recorder.record(
                    What::Channel {
                        peer,
                        conn,
                        label,
                        state: "connecting".into(),
                    },
                    &cause,
                );
            }
            Happening::ChannelState { conn, label, state } => {
                let cause = self.descriptions_of(conn);
                self.recorder.record(
                    What::Channel {
                        peer,
                        conn,
                        label,
                        state,
                    },
                    &cause,
                );
            }
            Happening::ChannelMessage { conn, label, data } => {
                let payload = payload(&data);
                self.recorder.record(
                    What::Heard {
                        peer,
                        conn,
                        label,
                        payload,
                    },
                    &[],
                );
            }
            Happening::NegotiationNeeded { .. } => {}
            Happening::LinkOpened { .. }
            | Happening::LinkMessage { .. }
            | Happening::LinkClosed { .. }
            | Happening::Console { .. }
            | Happening::Gone { .. } => {}
        }
    }

    fn descriptions_of(&self, conn: u32) -> Vec<Seq> {
        self.sessions
            .values()
            .find(|session| session.conn == conn)
            .map(|session| session.applied.clone())
            .unwrap_or_default()
    }

    async fn gathered(&mut self, conn: u32, candidate: Option<Candidate>) {
        let sort = candidate
            .as_ref()
            .filter(|candidate| !candidate.candidate.is_empty())
            .map(Candidate::sort);
        let local = self.descriptions_of(conn);
        let seq = self.recorder.record(
            What::Gathered {
                peer: self.name.clone(),
                conn,
                sort,
            },
            &local,
        );
        // Browsers tell the end of a generation with an empty candidate, and then the end of all with none: one of them travels.
        if candidate
            .as_ref()
            .is_some_and(|candidate| candidate.candidate.is_empty())
        {
            return;
        }
        let Some(to) = self.peer_of(conn) else { return };
        let Some(session) = self.sessions.get_mut(&to) else {
            return;
        };
        if session.closed || session.departed {
            return;
        }
        if session.described.is_some() && !self.spec.manual {
            self.trickle(&to, candidate, seq).await;
        } else {
            session.gathered.push_back((candidate, seq));
        }
    }
}
