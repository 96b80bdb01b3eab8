//! Where a peer gets its login before each connection.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::Setting;
use crate::lock::lock;
use crate::names::PeerName;
use crate::record::Recorder;
use crate::run::Run;
use crate::scenario::Pretence;
use crate::server::{Logins, ServerUnderTest, altered};
use crate::signaling::Conversation;

/// Hands out the logins of a case.
#[derive(Clone, Default)]
pub struct Desk {
    logins: Arc<Logins>,
    words: Arc<[(String, String)]>,
    /// Whose processes make them.
    run: Option<Run>,
    /// What is handed out is struck out of this.
    recorder: Option<Recorder>,
    /// Who logs in with what is not its own.
    pretences: Arc<Mutex<BTreeMap<PeerName, Pretence>>>,
    /// Who takes part.
    peers: Arc<[PeerName]>,
    /// What was handed out.
    given: Arc<Mutex<BTreeSet<String>>>,
    /// Why the first that could not be made was not.
    trouble: Arc<Mutex<Option<String>>>,
}

impl Desk {
    /// The same, for those whose words are recorded.
    #[must_use]
    pub fn recorded(self, recorder: Recorder) -> Self {
        Self {
            recorder: Some(recorder),
            ..self
        }
    }

    /// The conversation of this peer's next line, with its login.
    ///
    /// # Errors
    /// There is none, or it could not be made.
    pub async fn given(&self, peer: &str, new: Conversation) -> Result<Conversation, String> {
        let names = new.logins();
        let Some(run) = self.run.as_ref().filter(|_| !names.is_empty()) else {
            return Ok(new);
        };
        let pretence = lock(&self.pretences).get(&PeerName::new(peer)).cloned();
        let owner = pretence.as_ref().and_then(Pretence::owner);
        let owner = owner.map_or(peer, PeerName::as_str);
        let id = new.id_of(owner);
        let made = self.logins.of((owner, &id), names, &self.words, run).await;
        let mut given = made.inspect_err(|why| {
            lock(&self.trouble).get_or_insert_with(|| why.clone());
        })?;
        if pretence == Some(Pretence::WrongLogin) {
            for (name, value) in &mut given {
                *value = altered(value, |text| {
                    let as_another = |other: &PeerName| {
                        let others = new.id_of(other.as_str());
                        others != id && value.replace(&id, &others) == text
                    };
                    self.logins.is_somebodys(name, text)
                        || lock(&self.given).contains(text)
                        // It may be made of the id, and for somebody who has yet to dial.
                        || self.peers.iter().any(as_another)
                });
            }
        } else {
            lock(&self.given).extend(given.values().cloned());
        }
        for value in given.values() {
            if let Some(recorder) = &self.recorder {
                recorder.strike_out(value);
            }
        }
        Ok(new.given(&given))
    }

    /// From here on this peer logs in so.
    pub(super) fn pretends(&self, peer: &PeerName, how: &Pretence) {
        lock(&self.pretences).insert(peer.clone(), how.clone());
    }

    /// Why somebody went without a login, which is no fault of the server's.
    pub(super) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }
}

/// The desk of this server, for these, of whom nobody records anything.
pub(super) fn desk(
    server: &ServerUnderTest,
    setting: &Setting,
    peers: impl IntoIterator<Item = PeerName>,
) -> Desk {
    Desk {
        logins: setting.logins.clone(),
        words: server.words().into(),
        run: Some(setting.run.clone()),
        recorder: None,
        pretences: Arc::default(),
        peers: peers.into_iter().collect(),
        given: Arc::default(),
        trouble: Arc::default(),
    }
}
