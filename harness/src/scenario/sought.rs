//! What a scenario looks for in messages, whatever the dialect makes of them: words that it ignores, or has no pattern for.

use std::fmt;

use serde_json::Value as Json;

use crate::names::PeerName;
use crate::terms::Direction;

/// Something in the messages of one peer's line or requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Sought {
    /// Whose.
    pub peer: PeerName,
    /// `Up`: what the peer sends. `Down`: what is sent to it.
    pub direction: Direction,
    /// What is in them.
    pub what: Wanted,
}

/// What a message must have in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// This text, somewhere.
    Text(String),
    /// These members of a JSON message, each with this value, whatever others it has; of a list as many elements.
    Json(Json),
}

impl Wanted {
    /// Whether a message has it: as it stands on the wire, and as JSON, if it is that.
    pub fn is_in(&self, text: &str, json: &[Json]) -> bool {
        match self {
            Self::Text(wanted) => text.contains(wanted),
            Self::Json(wanted) => json.iter().any(|json| has(json, wanted)),
        }
    }
}

/// For a person: text in quotes, JSON as it is.
impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Json(json) => write!(f, "{json}"),
        }
    }
}

impl Sought {
    /// The key that tells of what goes this way: `gets` or `sends`.
    pub fn key_of(direction: Direction) -> &'static str {
        match direction {
            Direction::Up => "sends",
            Direction::Down => "gets",
        }
    }

    /// The key that tells of it.
    pub fn key(&self) -> &'static str {
        Self::key_of(self.direction)
    }
}

/// `bob gets {"type":"card"}`
impl fmt::Display for Sought {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.peer, self.key(), self.what)
    }
}

/// The depth of a file bounds that of `wanted`.
fn has(there: &Json, wanted: &Json) -> bool {
    match (there, wanted) {
        (Json::Object(there), Json::Object(wanted)) => {
            let mut members = wanted.iter();
            members.all(|(key, wanted)| there.get(key).is_some_and(|there| has(there, wanted)))
        }
        (Json::Array(there), Json::Array(wanted)) => {
            there.len() == wanted.len()
                && there
                    .iter()
                    .zip(wanted)
                    .all(|(there, wanted)| has(there, wanted))
        }
        (Json::Number(there), Json::Number(wanted)) => {
            there == wanted || there.as_f64() == wanted.as_f64()
        }
        (there, wanted) => there == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_has_what_all_its_members_say() {
        let wanted = |json: Json| Wanted::Json(json);
        let there =
            [json!({ "type": "card", "of": { "id": "alice", "card": [1, "x"] }, "n": 2.0 })];
        for (what, is_in) in [
            (json!({ "type": "card" }), true),
            (json!({ "of": { "card": [1, "x"] } }), true),
            (json!({ "n": 2 }), true),
            (json!({}), true),
            (json!({ "type": "car" }), false),
            (json!({ "of": { "card": [1] } }), false),
            (json!({ "of": { "nobody": null } }), false),
            (json!(["card"]), false),
        ] {
            assert_eq!(wanted(what.clone()).is_in("", &there), is_in, "{what}");
        }
        let text = Wanted::Text("card\",".into());
        assert!(text.is_in("{\"type\":\"card\",}", &[]));
        assert!(!text.is_in("{\"type\":\"card\"}", &there));
    }
}
