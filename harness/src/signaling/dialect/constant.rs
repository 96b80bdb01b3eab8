//! What is the same in all messages that a pattern fits, to tell of their kind by.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::heard::Message;
use super::template::{Piece, Template};
use super::{Body, Conversation, Dialect};

/// Stands for what differs.
const MORE: &str = "…";

impl Template {
    /// `{"ev":"away"}`, `["left", …]`, `PING …`: without what differs. `None`: all of it may.
    fn constant(&self) -> Option<String> {
        match self {
            Template::Text(pieces) => constant_text(pieces),
            Template::Value(Json::String(text)) => Some(text.clone()),
            _ => self.within(),
        }
    }

    /// The same as it stands within another.
    fn within(&self) -> Option<String> {
        match self {
            Template::Value(value) => Some(value.to_string()),
            Template::Text(pieces) => Some(Json::from(constant_text(pieces)?).to_string()),
            Template::List(items) => {
                let mut shown: Vec<_> = items.iter().map(Template::within).collect();
                while shown.last().is_some_and(Option::is_none) {
                    shown.pop();
                }
                let shown = shown.into_iter().map(|item| item.unwrap_or(MORE.into()));
                let shown: Vec<String> = shown.collect();
                (!shown.is_empty()).then(|| format!("[{}, {MORE}]", shown.join(", ")))
            }
            Template::Map(entries) => {
                let entries = entries.iter().filter(|entry| !entry.optional);
                let shown = entries.filter_map(|entry| {
                    let value = entry.value.within()?;
                    Some(format!("{}:{value}", Json::from(entry.key.as_str())))
                });
                let shown: Vec<String> = shown.collect();
                (!shown.is_empty()).then(|| format!("{{{}}}", shown.join(",")))
            }
            Template::Json(inner) => inner.within(),
            Template::All(all) => all.iter().find_map(Template::within),
            Template::Hole(_) | Template::Each(_) | Template::Keys(_) => None,
        }
    }
}

fn constant_text(pieces: &[Piece]) -> Option<String> {
    let shown = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text,
        Piece::Hole(_) => MORE,
    });
    let is_some = |piece: &Piece| matches!(piece, Piece::Literal(text) if text.contains(char::is_alphanumeric));
    pieces.iter().any(is_some).then(|| shown.collect())
}

impl Conversation {
    /// What the pattern of `ignore` that passes over this text says of all that it fits, if it says anything; `None`: none does.
    pub fn ignored_as(&self, text: &str) -> Option<Option<String>> {
        let (_, readings) = self.readings(text);
        readings.iter().find_map(|value| {
            let message = Message { value, ack: None };
            let (hearing, _) = self.first_that_fits(&self.dialect.ignore, &message)?;
            Some(match &hearing.body {
                Body::None => None,
                Body::Template(template) => template.constant(),
            })
        })
    }
}

impl Dialect {
    /// Keys at the top of a message by whose text what is heard is told apart, those first that most words have.
    pub fn keys_of_words(&self) -> Vec<&str> {
        let mut words: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
        for (_, hearing) in &self.hear {
            let Body::Template(Template::Map(entries)) = &hearing.body else {
                continue;
            };
            for entry in entries {
                if let Template::Value(Json::String(word)) = &entry.value {
                    let (number, all) = words.entry(&entry.key).or_default();
                    *number += 1;
                    all.insert(word);
                }
            }
        }
        // What has the same text wherever it stands tells nothing apart.
        words.retain(|_, (_, all)| all.len() > 1);
        let mut keys: Vec<_> = words.into_iter().collect();
        keys.sort_by_key(|(_, (number, _))| std::cmp::Reverse(*number));
        keys.into_iter().map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use super::*;

    const SAY: &str = "say:\n  create: join\n  join: { message: { do: join, in: \"{room}\" } }\n  offer: { message: { do: offer, sdp: \"{sdp}\" } }\n  answer: { message: { do: answer, sdp: \"{sdp}\" } }\nhear:\n  joined: { message: { ev: joined, id: \"{self}\" } }\n  offer: { message: { ev: said, id: server, kind: offer, sdp: \"{sdp}\" } }\n  answer: { message: { ev: said, id: server, kind: answer, sdp: \"{sdp}\" } }\n";

    fn dialect(ignored: &str) -> Arc<Dialect> {
        let text = format!(
            "dialect: x\nconnect: {{ path: / }}\n{SAY}ignore:\n  - {{ message: {ignored} }}\n"
        );
        Arc::new(Dialect::read(Path::new("x.yaml"), &text).expect("a dialect"))
    }

    #[test]
    fn a_pattern_is_shown_without_what_differs() {
        for (ignored, message, shown) in [
            (
                "{ ev: away }",
                r#"{"id":"m_1","ev":"away"}"#,
                Some(r#"{"ev":"away"}"#),
            ),
            (
                "{ of: { act: away, id: \"{_}\" }, n: \"{_}\" }",
                r#"{"of":{"act":"away","id":5},"n":1}"#,
                Some(r#"{"of":{"act":"away"}}"#),
            ),
            ("{ ev: \"{_}\" }", r#"{"ev":"away"}"#, None),
            (
                "[\"{_}\", left, \"{_}\"]",
                r#"["m_1","left","b"]"#,
                Some(r#"[…, "left", …]"#),
            ),
            ("[\"{_}\"]", r#"["m_1"]"#, None),
        ] {
            let ear = Conversation::new(dialect(ignored), "");
            let wanted = Some(shown.map(str::to_owned));
            assert_eq!(ear.ignored_as(message), wanted, "{ignored}");
        }
        let ear = Conversation::new(dialect("{ ev: away }"), "");
        assert_eq!(ear.ignored_as(r#"{"ev":"back"}"#), None);
    }

    #[test]
    fn words_are_told_apart_by_what_most_of_them_have() {
        let dialect = dialect("{ ev: away }");
        assert_eq!(dialect.keys_of_words(), ["ev", "kind"]);
    }
}
