//! What a server said that no case looks at: what its dialect ignores, or has no word for. That nothing is broken says nothing of these.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::record::{Event, What};
use crate::signaling::{Conversation, Dialect};
use crate::terms::Direction;

/// How many of each kind came, by what they look like.
pub type Beyond = BTreeMap<Unjudged, BTreeMap<String, usize>>;

/// Why no case looks at a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unjudged {
    /// `ignore` passes over it.
    Ignored,
    /// No word of the dialect matches it.
    Unknown,
}

impl Unjudged {
    /// Each of them, with its word in JSON, and for a person.
    pub const WORDS: [(Self, &str, &str); 2] = [
        (Self::Ignored, "ignored", "that `ignore` passes over"),
        (
            Self::Unknown,
            "unknown",
            "that no word of the dialect matches",
        ),
    ];
}

/// So much of a text shows what it is, in characters.
const HEAD: usize = 40;

/// Members of JSON whose text says what a message is, where the dialect's own words have no such member. What may as well be somebody's name, an
/// id or what somebody says is none of them: it differs from one message to the next.
const KINDS: [&str; 10] = [
    "type", "event", "ev", "kind", "action", "cmd", "command", "op", "method", "t",
];

/// What came to anybody in these events and is judged by nothing.
pub(super) fn beyond(events: &[Arc<Event>], dialect: &Arc<Dialect>) -> Beyond {
    let ear = Conversation::new(dialect.clone(), "");
    let mut keys = dialect.keys_of_words();
    keys.extend(KINDS);
    let mut all = Beyond::new();
    for event in events {
        let (text, why, pattern) = match &event.what {
            What::Message {
                direction: Direction::Down,
                word: None,
                of: None,
                // A response without a body says nothing.
                size: 1..,
                fate,
                text,
                ..
            } if fate.arrives() => (text, Unjudged::Unknown, None),
            What::Aside {
                direction: Direction::Down,
                text,
                ..
            } => match ear.ignored_as(text) {
                Some(pattern) => (text, Unjudged::Ignored, pattern),
                None => continue,
            },
            _ => continue,
        };
        let message = || {
            let (_, readings) = ear.readings(text);
            readings.last().and_then(|message| looks(message, &keys))
        };
        let looks = pattern.map(|pattern| head(&pattern)).or_else(message);
        let looks = looks.unwrap_or_else(|| head(text));
        *all.entry(why).or_default().entry(looks).or_default() += 1;
    }
    all
}

/// All of it.
pub fn beyond_all<'a>(each: impl Iterator<Item = &'a Beyond>) -> Beyond {
    let mut all = Beyond::new();
    for (why, kinds) in each.flatten() {
        let sum = all.entry(*why).or_default();
        for (looks, number) in kinds {
            *sum.entry(looks.clone()).or_default() += number;
        }
    }
    all
}

/// `{"type":"card"}`, `["user-connected"]`: what a message of JSON is, without what differs from one to the next.
fn looks(message: &Json, keys: &[&str]) -> Option<String> {
    match message {
        Json::Object(members) => {
            let kind = keys.iter().find_map(|key| {
                let kind = members.get(*key)?.as_str()?;
                Some(format!(
                    "{{{}:{}}}",
                    Json::from(*key),
                    Json::from(head(kind))
                ))
            });
            let names = || {
                let names: Vec<_> = members.keys().take(4).map(|key| head(key)).collect();
                format!("{{{}}}", names.join(", "))
            };
            Some(kind.unwrap_or_else(names))
        }
        Json::Array(items) => match items.first()? {
            Json::String(kind) => Some(format!("[{}, …]", Json::from(head(kind)))),
            first => looks(first, keys).map(|first| format!("[{first}, …]")),
        },
        _ => None,
    }
}

fn head(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(HEAD) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_message_is_shows_without_what_differs() {
        for (message, shown) in [
            (
                json!({ "type": "card", "id": "alice" }),
                "{\"type\":\"card\"}",
            ),
            (json!({ "n": 5, "card": {} }), "{card, n}"),
            (
                json!(["user-connected", "alice"]),
                "[\"user-connected\", …]",
            ),
            (json!([{ "op": "x" }]), "[{\"op\":\"x\"}, …]"),
        ] {
            assert_eq!(looks(&message, &KINDS).as_deref(), Some(shown));
        }
        assert_eq!(looks(&json!(5), &KINDS), None);
        let answer = json!({ "type": "x", "id": "presenterResponse" });
        assert_eq!(
            looks(&answer, &["id", "type"]).as_deref(),
            Some("{\"id\":\"presenterResponse\"}")
        );
        // What is somebody's id tells no kind.
        let news = json!({ "id": "m_01272ef2fff112c0", "name": "bob" });
        assert_eq!(looks(&news, &KINDS).as_deref(), Some("{id, name}"));
        assert_eq!(head("PING :1\nrest"), "PING :1");
    }
}
