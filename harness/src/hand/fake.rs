//! A hand without sockets, for tests of what commands it: the signaling states of RFC 9429 (section 4.1.11) and W3C WebRTC (section 4.3.1), strict about
//! every candidate, and nothing else. What a stack really does is tested with real ones.

use std::collections::{BTreeMap, VecDeque};

use super::{Command, HandError, Happening, Reply};
use crate::signaling::{Candidate, Description, DescriptionKind};

/// A hand without sockets.
#[derive(Clone, Debug)]
pub(crate) struct FakeHand {
    /// Goes into its fingerprints.
    name: String,
    pub connections: BTreeMap<u32, FakeConnection>,
    /// What it has to tell, in order.
    pub happenings: VecDeque<Happening>,
}

/// One connection of a fake hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct FakeConnection {
    pub state: FakeState,
    /// Its ICE generation, from 1.
    generation: u32,
    /// A restart was asked for, and no offer since has been made.
    restart: bool,
    channels: Vec<String>,
    /// Its first offer was taken back: what it gathers next is of another generation.
    taken_back: bool,
    /// Its channels have a section.
    pub agreed: bool,
    /// What the other side is known by: fingerprint and generation.
    pub remote: Option<(String, String)>,
    /// The generation that it has gathered for.
    gathered: u32,
    /// How many candidates it has taken.
    pub candidates: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum FakeState {
    #[default]
    Stable,
    HaveLocalOffer,
    HaveRemoteOffer,
    Closed,
}

impl FakeHand {
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            connections: BTreeMap::new(),
            happenings: VecDeque::new(),
        }
    }

    /// What a connection of this hand is known by.
    pub fn fingerprint(&self, conn: u32) -> String {
        format!("{}-{conn}", self.name)
    }

    /// Carries out one command.
    pub fn perform(&mut self, command: Command) -> Result<Reply, HandError> {
        let conn = match &command {
            Command::NewConnection { conn } => {
                let old = self.connections.insert(*conn, FakeConnection::default());
                return match old {
                    None => Ok(Reply::Done),
                    Some(_) => Err(refused("InvalidStateError", "it is there already")),
                };
            }
            Command::CreateChannel { conn, .. }
            | Command::CreateOffer { conn, .. }
            | Command::CreateAnswer { conn }
            | Command::SetLocal { conn, .. }
            | Command::LocalDescription { conn }
            | Command::SetRemote { conn, .. }
            | Command::AddCandidate { conn, .. }
            | Command::RestartIce { conn }
            | Command::Say { conn, .. }
            | Command::CloseChannel { conn, .. }
            | Command::CloseConnection { conn }
            | Command::Stats { conn } => *conn,
            Command::OpenLink { .. }
            | Command::SendText { .. }
            | Command::SendBinary { .. }
            | Command::CloseLink { .. }
            | Command::Fetch { .. } => return Ok(Reply::Done),
        };
        let fingerprint = self.fingerprint(conn);
        let Some(connection) = self.connections.get_mut(&conn) else {
            return Err(refused("NotFoundError", "there is no such connection"));
        };
        if connection.state == FakeState::Closed
            && !matches!(command, Command::CloseConnection { .. })
        {
            return Err(refused("InvalidStateError", "the connection is closed"));
        }
        let reply = connection.perform(command, &fingerprint)?;
        if connection.gathered < connection.generation {
            connection.gathered = connection.generation;
            let candidate = Candidate {
                candidate: format!("candidate:1 1 udp 1 127.0.0.1 {conn} typ host"),
                sdp_mid: Some("0".into()),
                sdp_mline_index: Some(0),
                username_fragment: Some(connection.ufrag(&fingerprint)),
            };
            let candidate = Some(candidate);
            self.happenings
                .push_back(Happening::Candidate { conn, candidate });
        }
        let needs = connection.restart || !connection.agreed && !connection.channels.is_empty();
        let told = Happening::NegotiationNeeded { conn };
        if connection.state == FakeState::Stable && needs && !self.happenings.contains(&told) {
            self.happenings.push_back(told);
        }
        // It is told only if it is still so by then.
        if connection.state != FakeState::Stable || !needs {
            self.happenings
                .retain(|happening| *happening != told_of(conn));
        }
        Ok(reply)
    }
}

fn told_of(conn: u32) -> Happening {
    Happening::NegotiationNeeded { conn }
}

impl FakeConnection {
    fn ufrag(&self, fingerprint: &str) -> String {
        format!("{fingerprint}-{}", self.generation)
    }

    fn perform(&mut self, command: Command, fingerprint: &str) -> Result<Reply, HandError> {
        match command {
            Command::CreateChannel { label, .. } => self.channels.push(label),
            Command::SetLocal { description, .. } => {
                return self.set_local(description, fingerprint);
            }
            Command::SetRemote { description, .. } => return self.set_remote(&description),
            Command::AddCandidate { candidate, .. } => return self.add(candidate),
            Command::RestartIce { .. } => self.restart = self.generation > 0,
            Command::CloseConnection { .. } => self.state = FakeState::Closed,
            Command::CreateOffer { .. } | Command::CreateAnswer { .. } => {
                let kind = match self.state {
                    FakeState::HaveRemoteOffer => DescriptionKind::Answer,
                    _ => DescriptionKind::Offer,
                };
                return Ok(Reply::Description(self.description(kind, fingerprint)));
            }
            _ => {}
        }
        Ok(Reply::Done)
    }

    fn description(&self, kind: DescriptionKind, fingerprint: &str) -> Description {
        let ufrag = self.ufrag(fingerprint);
        let sdp = format!("m=application\na=fingerprint:{fingerprint}\na=ice-ufrag:{ufrag}\n");
        Description { kind, sdp }
    }

    fn set_local(
        &mut self,
        given: Option<Description>,
        fingerprint: &str,
    ) -> Result<Reply, HandError> {
        let kind = match (given.map(|given| given.kind), self.state) {
            (Some(DescriptionKind::Rollback), FakeState::HaveLocalOffer) => {
                self.state = FakeState::Stable;
                return Ok(Reply::Done);
            }
            (Some(DescriptionKind::Rollback), _) => {
                return Err(refused(
                    "InvalidStateError",
                    "there is nothing to take back",
                ));
            }
            (_, FakeState::HaveRemoteOffer) => DescriptionKind::Answer,
            _ => DescriptionKind::Offer,
        };
        if kind == DescriptionKind::Offer {
            self.state = FakeState::HaveLocalOffer;
            if self.generation == 0 || std::mem::take(&mut self.restart) {
                self.generation += 1;
            }
        } else {
            self.state = FakeState::Stable;
            self.agreed = true;
            let anew = std::mem::take(&mut self.taken_back);
            self.generation = self.generation.max(1) + u32::from(anew);
        }
        Ok(Reply::Description(self.description(kind, fingerprint)))
    }

    fn set_remote(&mut self, given: &Description) -> Result<Reply, HandError> {
        let value = |name: &str| {
            let line = given.sdp.lines().find_map(|line| line.strip_prefix(name));
            line.unwrap_or_default().to_owned()
        };
        let theirs = (value("a=fingerprint:"), value("a=ice-ufrag:"));
        let known = self.remote.as_ref().map(|(fingerprint, _)| fingerprint);
        if known.is_some_and(|known| *known != theirs.0) {
            return Err(refused("OperationError", "another certificate than before"));
        }
        match (given.kind, self.state) {
            // The offer of its own is taken back.
            (DescriptionKind::Offer, FakeState::Stable | FakeState::HaveLocalOffer) => {
                self.taken_back = self.state == FakeState::HaveLocalOffer && !self.agreed;
                self.state = FakeState::HaveRemoteOffer;
            }
            (DescriptionKind::Answer, FakeState::HaveLocalOffer) => {
                self.state = FakeState::Stable;
                self.agreed = true;
            }
            (kind, state) => {
                let why = format!("{} in {state:?}", kind.as_str());
                return Err(refused("InvalidStateError", &why));
            }
        }
        self.remote = Some(theirs);
        Ok(Reply::Done)
    }

    fn add(&mut self, candidate: Option<Candidate>) -> Result<Reply, HandError> {
        let Some((_, ufrag)) = &self.remote else {
            return Err(refused(
                "InvalidStateError",
                "the remote description was null",
            ));
        };
        let of = candidate.and_then(|candidate| candidate.username_fragment);
        if of.is_some_and(|of| of != *ufrag) {
            return Err(refused("OperationError", "unknown ufrag"));
        }
        self.candidates += 1;
        Ok(Reply::Done)
    }
}

fn refused(name: &str, message: &str) -> HandError {
    HandError::Refused {
        name: name.into(),
        message: message.into(),
    }
}
