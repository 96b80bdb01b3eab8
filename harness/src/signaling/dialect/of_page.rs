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

    /// Whether what it hears is for another: its own name is not known here, so that `{me}` fits whatever stands there.
    pub(super) fn is_for_another(&self, heard: &Variables<'_>) -> bool {
        let Some(id) = heard.text("me").filter(|_| self.page) else {
            return false;
        };
        match self.book.peer_told(id, self.place()) {
            Some(whose) => *whose != *self.me,
            // Nobody's yet: it is another's if this one has an id.
            None => self.is_named(),
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

#[cfg(test)]
mod tests {
    use crate::names::RoomName;
    use crate::signaling::{Book, Conversation, Dialect, Request, Signal, Word};

    #[test]
    fn a_page_is_known_by_the_id_that_it_gives_itself() {
        let book = Book::default();
        let of = |name: &str, page: bool| {
            let conversation = Conversation::new(Dialect::reference(), name);
            match page {
                true => conversation.of_a_page().with(book.clone()),
                false => conversation.with(book.clone()),
            }
        };
        let (mut alice, mut bob) = (of("alice", true), of("bob", false));
        // In the body of a request, whatever it is.
        let body = r#"{"userId":"u-17","room":"lobby"}"#;
        let create = alice.overhear_request("POST", "/create", body, None);
        let room = RoomName::new("lobby");
        let request = Request::Create { room };
        assert_eq!(create.word, Some(Word::Request { request }));
        let hears = |bob: &mut Conversation, from: &str| {
            let text = format!(r#"{{"type":"offer","from":"{from}","sdp":"v=0"}}"#);
            match bob.hear_text(&text).words.pop() {
                Some(Word::Signal {
                    peer,
                    signal: Signal::Offer { .. },
                }) => peer,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(hears(&mut bob, "u-17").as_deref(), Some("alice"));
        // In the path that it dials, and another one each time; an older one stays its own.
        of("alice", true).overhear_path("/?userId=u%2D18");
        assert_eq!(hears(&mut bob, "u-18").as_deref(), Some("alice"));
        assert_eq!(hears(&mut bob, "u-17").as_deref(), Some("alice"));
        assert_eq!(hears(&mut bob, "u-19").as_deref(), Some("u-19"));
    }
}
