//! Where a peer gets its login before each connection.

use std::sync::{Arc, Mutex};

use super::Setting;
use crate::lock::lock;
use crate::record::Recorder;
use crate::run::Run;
use crate::server::{Logins, ServerUnderTest};
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
        let id = new.id();
        let made = self.logins.of((peer, &id), names, &self.words, run).await;
        let given = made.inspect_err(|why| {
            lock(&self.trouble).get_or_insert_with(|| why.clone());
        })?;
        for value in given.values() {
            if let Some(recorder) = &self.recorder {
                recorder.strike_out(value);
            }
        }
        Ok(new.given(&given))
    }

    /// Why somebody went without a login, which is no fault of the server's.
    pub(super) fn trouble(&self) -> Option<String> {
        lock(&self.trouble).clone()
    }
}

/// The desk of this server, for whom nobody records.
pub(super) fn desk(server: &ServerUnderTest, setting: &Setting) -> Desk {
    Desk {
        logins: setting.logins.clone(),
        words: server.words().into(),
        run: Some(setting.run.clone()),
        recorder: None,
        trouble: Arc::default(),
    }
}
