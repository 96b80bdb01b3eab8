//! Garbage made from a dialect's own templates, so that it is garbage wherever the dialect is spoken.
//!
//! A word is said of what nobody is called; then what came of it is spoilt. Where a message holds JSON, behind whatever its framing puts before
//! it, a field is spoilt within it; elsewhere the text is.

use serde_json::Value as Json;

use super::{Alias, Book, Conversation, Out, Say, Unspeakable};
use crate::names::RoomName;
use crate::signaling::{Candidate, Garbage, Kind, Notice, Request, Signal, Word};

/// What every variable of the word is filled with: where it stands, a field is.
const MARK: &str = "glare-garbage";
/// A word that no server knows.
const NONSENSE: &str = "glare-nonsense";
/// More than most servers take, and than any needs to.
const HUGE: usize = 1_200_000;
/// Deeper than a reader that recurses should follow.
const DEPTH: usize = 500;

impl Conversation {
    /// What to send so that it is garbage of this kind, where this word was meant.
    ///
    /// # Errors
    /// The server has no such word, or the word lacks something that the server wants.
    pub fn garbage(&self, kind: Garbage, of: Option<Kind>) -> Result<Vec<Say>, Unspeakable> {
        let usual = [Kind::Join, Kind::Create];
        let usual = usual.into_iter().find(|kind| self.dialect.passes(*kind));
        let of = of.or(usual).unwrap_or(Kind::Offer);
        let mut sound = self.clone();
        // Nobody has an id by that name, and a field stands where one would.
        sound.book = Book::default();
        // What is cut in half has the same half everywhere.
        sound.alias = Alias::default();
        let mut outs = sound.say(&marked(of))?;
        // What prepares the word is as it should be.
        if let Some(last) = outs.last_mut() {
            match &mut last.out {
                Out::Text(text) => *text = spoilt(kind, text),
                Out::Close => {}
                Out::Fetch { body, .. } => {
                    let sound = body.take().unwrap_or_default();
                    *body = Some(spoilt(kind, &sound));
                }
            }
        }
        Ok(outs)
    }
}

/// A word whose every variable is the mark.
fn marked(of: Kind) -> Word {
    let room = RoomName::new(MARK);
    let request = |request| Word::Request { request };
    let signal = |signal| Word::Signal {
        peer: Some(MARK.to_owned()),
        signal,
    };
    match of {
        Kind::Create => request(Request::Create { room }),
        Kind::Join => request(Request::Join { room }),
        Kind::Leave => request(Request::Leave { room }),
        Kind::Destroy => request(Request::Destroy { room }),
        Kind::Fence => request(Request::Fence),
        Kind::Offer => signal(Signal::Offer { sdp: MARK.into() }),
        Kind::Answer => signal(Signal::Answer { sdp: MARK.into() }),
        Kind::Candidate => signal(Signal::Candidate {
            candidate: Candidate {
                candidate: MARK.into(),
                ..Candidate::default()
            },
        }),
        Kind::EndOfCandidates => signal(Signal::EndOfCandidates),
        Kind::Bye => signal(Signal::Bye),
        // No peer says these: the dialect has no way to.
        _ => Word::Notice {
            notice: Notice::Error {
                reason: String::new(),
            },
        },
    }
}

fn spoilt(kind: Garbage, text: &str) -> String {
    let json = text.find(['{', '[']).and_then(|at| {
        let value: Json = serde_json::from_str(text.get(at..)?).ok()?;
        Some((text.get(..at)?, value))
    });
    match (kind, json) {
        (Garbage::Empty, _) => String::new(),
        (Garbage::CutShort, _) => text.chars().take(text.chars().count() / 2).collect(),
        (_, Some((before, value))) => format!("{before}{}", spoilt_json(kind, value)),
        (_, None) => spoilt_text(kind, text),
    }
}

fn spoilt_json(kind: Garbage, mut value: Json) -> String {
    let is_field = |leaf: &Json| leaf.as_str().is_some_and(|text| text.contains(MARK));
    let is_word = |leaf: &Json| leaf.as_str().is_some_and(|text| !text.contains(MARK));
    match kind {
        Garbage::Null => return Json::Null.to_string(),
        Garbage::WrongType => {
            let texts = alter(&mut value, &is_field, &|leaf| *leaf = Json::from(5))
                || alter(&mut value, &is_word, &|leaf| *leaf = Json::from(5));
            // Where there is no text at all, a text is of the wrong type.
            if !texts {
                alter(&mut value, &|_| true, &|leaf| *leaf = Json::from(NONSENSE));
            }
        }
        Garbage::FieldMissing => {
            if !remove(&mut value, &is_field) {
                remove(&mut value, &|_| true);
            }
        }
        Garbage::UnknownWord => {
            if !alter_one(&mut value, &is_word, &|leaf| *leaf = Json::from(NONSENSE)) {
                value = serde_json::json!({ NONSENSE: value });
            }
        }
        Garbage::Deep | Garbage::Huge | Garbage::CutShort | Garbage::Empty => {
            let much = match kind {
                Garbage::Deep => format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
                _ => format!("\"{}\"", "x".repeat(HUGE)),
            };
            let mark = |leaf: &mut Json| *leaf = Json::from(NONSENSE);
            if !alter_one(&mut value, &is_field, &mark) {
                alter_one(&mut value, &|_| true, &mark);
            }
            return value
                .to_string()
                .replacen(&format!("\"{NONSENSE}\""), &much, 1);
        }
    }
    value.to_string()
}

fn spoilt_text(kind: Garbage, text: &str) -> String {
    let put = |what: &str| match text.contains(MARK) {
        true => text.replace(MARK, what),
        false => format!("{text} {what}"),
    };
    match kind {
        Garbage::Null => "null".into(),
        Garbage::WrongType => put("5"),
        Garbage::FieldMissing => text.split_whitespace().next().unwrap_or_default().into(),
        Garbage::UnknownWord => match text.split_once(char::is_whitespace) {
            Some((_, rest)) => format!("{NONSENSE} {rest}"),
            None => NONSENSE.into(),
        },
        Garbage::Deep => put(&format!("{}{}", "[".repeat(DEPTH), "]".repeat(DEPTH))),
        Garbage::Huge => put(&"x".repeat(HUGE)),
        Garbage::CutShort | Garbage::Empty => String::new(),
    }
}

/// Changes all leaves that are meant. Whether there was one.
fn alter(value: &mut Json, meant: &dyn Fn(&Json) -> bool, change: &dyn Fn(&mut Json)) -> bool {
    let mut found = false;
    match value {
        Json::Array(items) => {
            for item in items {
                found |= alter(item, meant, change);
            }
            found
        }
        Json::Object(fields) => {
            for field in fields.values_mut() {
                found |= alter(field, meant, change);
            }
            found
        }
        leaf if meant(leaf) => {
            change(leaf);
            true
        }
        _ => false,
    }
}

/// Changes the first leaf that is meant. Whether there was one.
fn alter_one(value: &mut Json, meant: &dyn Fn(&Json) -> bool, change: &dyn Fn(&mut Json)) -> bool {
    match value {
        Json::Array(items) => items.iter_mut().any(|item| alter_one(item, meant, change)),
        Json::Object(fields) => fields
            .values_mut()
            .any(|field| alter_one(field, meant, change)),
        leaf if meant(leaf) => {
            change(leaf);
            true
        }
        _ => false,
    }
}

/// Takes the first leaf that is meant out of what holds it. Whether there was one.
fn remove(value: &mut Json, meant: &dyn Fn(&Json) -> bool) -> bool {
    let is_leaf = |value: &Json| !value.is_array() && !value.is_object() && meant(value);
    match value {
        Json::Array(items) => match items.iter().position(is_leaf) {
            Some(at) => {
                items.remove(at);
                true
            }
            None => items.iter_mut().any(|item| remove(item, meant)),
        },
        Json::Object(fields) => {
            let key = fields.iter().find(|(_, field)| is_leaf(field));
            match key.map(|(key, _)| key.clone()) {
                Some(key) => fields.remove(&key).is_some(),
                None => fields.values_mut().any(|field| remove(field, meant)),
            }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = r#"{"type":"join","room":"glare-garbage"}"#;
    const EVENT: &str = r#"42["enter",{"room":"glare-garbage"}]"#;
    const TEXT: &str = "JOIN glare-garbage";

    #[test]
    fn each_kind_spoils_what_the_dialect_would_say() {
        let rows: &[(Garbage, &str, &str, &str)] = &[
            (
                Garbage::CutShort,
                r#"{"type":"join","roo"#,
                r#"42["enter",{"room""#,
                "JOIN glar",
            ),
            (
                Garbage::WrongType,
                r#"{"type":"join","room":5}"#,
                r#"42["enter",{"room":5}]"#,
                "JOIN 5",
            ),
            (
                Garbage::FieldMissing,
                r#"{"type":"join"}"#,
                r#"42["enter",{}]"#,
                "JOIN",
            ),
            (
                Garbage::UnknownWord,
                r#"{"type":"glare-nonsense","room":"glare-garbage"}"#,
                r#"42["glare-nonsense",{"room":"glare-garbage"}]"#,
                "glare-nonsense glare-garbage",
            ),
            (Garbage::Null, "null", "42null", "null"),
            (Garbage::Empty, "", "", ""),
        ];
        for (kind, json, event, text) in rows {
            let parsed = |text: &str| serde_json::from_str::<Json>(text).map_err(drop);
            let made = spoilt(*kind, JSON);
            assert!(
                made == *json || parsed(&made).is_ok() && parsed(&made) == parsed(json),
                "{kind}: {made}"
            );
            assert_eq!(spoilt(*kind, EVENT), *event, "{kind}");
            assert_eq!(spoilt(*kind, TEXT), *text, "{kind}");
        }
    }

    #[test]
    fn a_word_without_any_text_is_spoilt_too() {
        let sound = r#"{"find":true}"#;
        assert_eq!(
            spoilt(Garbage::WrongType, sound),
            r#"{"find":"glare-nonsense"}"#
        );
        assert_eq!(spoilt(Garbage::FieldMissing, sound), "{}");
        assert_eq!(
            spoilt(Garbage::UnknownWord, sound),
            r#"{"glare-nonsense":{"find":true}}"#
        );
        for kind in Garbage::ALL {
            assert_ne!(spoilt(kind, sound), sound, "{kind}");
        }
    }

    #[test]
    fn what_is_deep_or_huge_is_so_in_a_field() {
        for sound in [JSON, EVENT, TEXT] {
            let deep = spoilt(Garbage::Deep, sound);
            assert_eq!(
                deep.matches('[').count() - sound.matches('[').count(),
                DEPTH
            );
            let huge = spoilt(Garbage::Huge, sound);
            assert!(
                huge.len() > HUGE && huge.starts_with(&sound[..1]),
                "{sound}"
            );
        }
    }
}
