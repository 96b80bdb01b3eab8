//! What is overheard of a page of the user's: it calls itself as it likes, and so it is known by what it dials and says.

use serde_json::Value as Json;

use super::conversation::Conversation;
use super::template::{Variables, matches_text};

impl Conversation {
    /// The same, of a page: how it calls itself is yet to be overheard.
    #[must_use]
    pub fn of_a_page(mut self) -> Self {
        self.page = true;
        self.link.remove("self");
        self
    }

    /// It has dialled this path, in which its id may stand.
    pub fn overhear_path(&mut self, path: &str) {
        let dialect = self.dialect.clone();
        let mut variables = Variables::default();
        let path = self.alias.take_off(path).into_owned();
        if matches_text(&dialect.connect.path, &path, &mut variables) {
            let captured = Self::captures(&variables, 0);
            self.learn_own(&captured);
        }
    }

    /// How it calls itself, if that was captured.
    pub(super) fn learn_own(&self, captured: &[(String, Json)]) {
        if !self.page {
            return;
        }
        if let Some((_, id)) = captured.iter().find(|(name, _)| name == "me") {
            self.book.learn_peer(&self.me, id);
        }
    }
}
