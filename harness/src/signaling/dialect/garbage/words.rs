//! What of a message says which word it is.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::super::patterns::Pattern;
use super::super::template::Template;
use super::super::{Body, Dialect};

/// What of a message is its word.
#[derive(Default)]
pub(super) struct Words {
    /// The one key of its object: `{ sit: { … } }`, where others have another.
    pub are_keys: bool,
    /// What stands behind this key, where more than one could be taken for it.
    pub behind: Option<String>,
    /// Texts that are none: what the server knows the peer by.
    pub own: Vec<String>,
    /// What its answer repeats is none either.
    pub number: Option<String>,
}

impl Words {
    /// Whether this is said of whoever says it, or numbers what he says.
    pub fn is_own(&self, text: &str) -> bool {
        let number = self.number.as_deref();
        self.own.iter().any(|own| own == text) || number.is_some_and(|number| text.contains(number))
    }

    /// What stands behind the key that is the word.
    pub fn behind_the_key<'v>(&self, value: &'v Json) -> Option<&'v Json> {
        let fields = value
            .as_object()
            .filter(|fields| self.are_keys && fields.len() == 1)?;
        fields.values().next()
    }

    /// The key behind which the word stands, where that is known and this has it.
    pub fn place_in(&self, value: &Json) -> Option<&str> {
        let key = self.behind.as_deref()?;
        value.get(key).is_some().then_some(key)
    }
}

impl Dialect {
    /// Whether each word is an object of one key, and these differ: then the key says which it is.
    pub(super) fn words_are_keys(&self) -> bool {
        let steps = self.say.iter().flat_map(|(_, way)| &way.steps);
        let mut keys = BTreeSet::new();
        for step in steps {
            match &step.body {
                Body::None => {}
                Body::Template(Template::Map(entries)) if entries.len() == 1 => {
                    keys.extend(entries.iter().map(|entry| entry.key.as_str()));
                }
                Body::Template(_) => return false,
            }
        }
        keys.len() > 1
    }

    /// The key behind which the word stands, where that can be told: each word has a fixed value behind it, and not all the same one, as a version
    /// is. Of several such keys one that an answer says again tells which request it answers, as `id` of JSON-RPC does, beside whose `method`
    /// nothing of it would be noticed.
    pub(super) fn word_key(&self) -> Option<&str> {
        let said = self.said_words();
        let mut fixed: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (key, value) in said.iter().flat_map(constants) {
            fixed.entry(key).or_default().insert(value.to_string());
        }
        let maps =
            |pattern: &&Pattern<'_>| matches!(pattern.body, Body::Template(Template::Map(_)));
        let everywhere = |key: &str| {
            let mut all = said.iter().filter(maps);
            all.all(|pattern| constants(pattern).iter().any(|(there, _)| *there == key))
        };
        // What some words lack is no word's name.
        fixed.retain(|key, values| values.len() > 1 && everywhere(key));
        if fixed.len() == 1 {
            return fixed.into_keys().next();
        }
        let spoken: BTreeSet<&str> = (said.iter())
            .filter_map(|pattern| pattern.word().strip_prefix("say."))
            .collect();
        // What is passed on comes as it was said.
        let is_answer = |pattern: &Pattern<'_>| {
            let word = pattern.word().strip_prefix("hear.");
            word.is_some_and(|word| !spoken.contains(word))
        };
        let heard = self.heard_words();
        for (key, value) in heard
            .iter()
            .filter(|one| is_answer(one))
            .flat_map(constants)
        {
            if fixed
                .get(key)
                .is_some_and(|values| values.contains(&value.to_string()))
            {
                fixed.remove(key);
            }
        }
        let mut left = fixed.into_keys();
        left.next().filter(|_| left.next().is_none())
    }
}

/// The fixed texts and numbers at the top of a message.
fn constants<'d>(pattern: &Pattern<'d>) -> Vec<(&'d str, &'d Json)> {
    let Body::Template(Template::Map(entries)) = pattern.body else {
        return Vec::new();
    };
    let fixed = entries.iter().filter_map(|entry| match &entry.value {
        Template::Value(value) if value.is_string() || value.is_number() => {
            Some((entry.key.as_str(), value))
        }
        _ => None,
    });
    fixed.collect()
}
