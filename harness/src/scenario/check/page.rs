//! What is for a user's page, and what is not.

use super::Walk;
use crate::names::PeerName;
use crate::scenario::model::{Action, Raw};
use crate::scenario::page::{PageDeed, Target};
use crate::scenario::placed::Placed;
use crate::scenario::table::{KEYS, MODIFIERS};

impl Walk<'_> {
    /// Whether this peer is a page of the user's.
    pub(super) fn is_page(&self, peer: &PeerName) -> bool {
        let mut peers = self.peers.iter();
        peers.any(|(name, spec)| name == peer && spec.is_app())
    }

    /// Whether anybody is: what a page asks for, and to whom it offers, is in no step.
    pub(super) fn has_pages(&self) -> bool {
        self.peers.iter().any(|(_, spec)| spec.is_app())
    }

    /// A page does by itself what steps have other peers do, and only a page has a user.
    pub(super) fn page(&mut self, at: &Placed) {
        let action = &at.step.action;
        let Some(peer) = action.actor() else { return };
        let key = match at.values.span("peer") {
            Some(_) => "peer",
            None => "from",
        };
        let verb = action.verb();
        match (action, self.is_page(peer)) {
            (Action::Page { deed, .. }, true) => self.deed(at, deed),
            (Action::Page { .. }, false) => {
                self.note(
                    at,
                    key,
                    format!("`{peer}` is no page, so it has no user who could `{verb}`"),
                )
                .expect("a peer with `app:`")
                .advise(format!("make it one: `{peer}: {{ app: / }}`"));
            }
            (
                Action::Kill { .. }
                | Action::Cut { .. }
                | Action::Stall { .. }
                | Action::Mend { .. }
                | Action::SendRaw {
                    raw: Raw::Frame(_) | Raw::Upgrade { .. },
                    ..
                },
                true,
            )
            | (_, false) => {}
            (_, true) => {
                self.note(at, key, format!("`{peer}` is a page of yours, and does what it does by itself: nobody can have it `{verb}`"))
                    .expect("a step of its user's: open, fill, click, press, see, …")
                    .advise("do what its user does to have that happen, and `await` it");
            }
        }
    }

    fn deed(&mut self, at: &Placed, deed: &PageDeed) {
        let target = match deed {
            PageDeed::Fill { target, .. }
            | PageDeed::Click { target, .. }
            | PageDeed::See { target, .. } => Some(target),
            PageDeed::Press { key, target } => {
                if !is_key(key) {
                    let found = format!("there is no key {}", crate::mistake::quoted(key));
                    let last = key.rsplit('+').next().unwrap_or_default();
                    self.note(at, "key", found)
                        .expect(format!(
                            "one character, or one of {}; before it {} with `+`",
                            KEYS.join(", "),
                            MODIFIERS.join(", ")
                        ))
                        .suggest(last, KEYS.iter().copied());
                }
                target.as_ref()
            }
            _ => None,
        };
        let there = |key: &str| at.values.span(key).is_some();
        for (key, with) in [("name", "role"), ("role", "name")] {
            if there(key) && !there(with) {
                self.note(at, key, format!("`{key}` is said, and no `{with}`"))
                    .expect("`role: …` and `name: …`");
            }
        }
        let ways: Vec<&str> = ["gone", "is", "value"]
            .into_iter()
            .filter(|key| there(key))
            .collect();
        if let [first, second, ..] = ways.as_slice() {
            self.note(at, second, format!("`{first}` and `{second}` at once"))
                .expect("one thing that is to be seen of it")
                .advise("make two steps of it");
        }
        if matches!(deed, PageDeed::Fill { .. }) {
            match (there("text"), there("secret")) {
                (true, true) => {
                    self.note(at, "secret", "`text` and `secret` at once".into())
                        .expect("one of them");
                }
                (false, false) => {
                    self.mistakes
                        .add(&at.verb, "it is not said what to fill in")
                        .expect("`text:`, or `secret:` with a name of the project file");
                }
                _ => {}
            }
        }
        let text = target.map(|target| match target {
            Target::Role { name, .. } => name,
            Target::Label(text) | Target::Text(text) | Target::Selector(text) => text,
        });
        if text.is_some_and(|text| text.trim().is_empty()) {
            self.mistakes
                .add(&at.verb, "nothing can be found by an empty text")
                .expect("what is to be found: its name, or a text that it shows");
        }
    }
}

/// Whether a keyboard has it: `Enter`, `a`, `Control+a`.
fn is_key(key: &str) -> bool {
    let (before, last) = match key.strip_suffix('+') {
        // The key `+` itself.
        Some(before) => (before.strip_suffix('+').unwrap_or(before), "+"),
        None => key.rsplit_once('+').unwrap_or(("", key)),
    };
    let is_last = KEYS.contains(&last)
        || (last.chars().count() == 1 && !last.contains(crate::mistake::is_hidden));
    is_last
        && before
            .split('+')
            .filter(|part| !part.is_empty())
            .all(|part| MODIFIERS.contains(&part))
}
