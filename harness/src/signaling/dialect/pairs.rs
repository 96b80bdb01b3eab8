//! What two have between them alone: values that stand in all that they say to each other, and by which the wire may name them.

use std::sync::Arc;

use serde_json::Value as Json;

use super::conversation::{Conversation, nobody_elses};
use super::template::Variables;
use crate::signaling::{Signal, Word};

/// So many former values of pairs are known.
const MOST_OLDER: usize = 64;

impl Conversation {
    /// What stands in all that two say to each other, if this is the first of it.
    pub(super) fn make_up(&mut self, word: &Word) {
        let Word::Signal {
            peer: Some(peer), ..
        } = word
        else {
            return;
        };
        let dialect = Arc::clone(&self.dialect);
        let anew = self.parted.remove(peer);
        for name in &dialect.pair {
            let pair = self.pairs.entry(peer.clone()).or_default();
            if anew || !pair.contains_key(name) {
                pair.insert(name.clone(), nobody_elses());
            }
        }
        self.part(word);
    }

    /// After a goodbye, what they say next begins anew; what is still on its way is known by the old values.
    pub(super) fn part(&mut self, word: &Word) {
        if let Word::Signal {
            peer: Some(peer),
            signal: Signal::Bye,
        } = word
        {
            self.parted.insert(peer.clone());
        }
    }

    /// A value of a pair; the one before is not forgotten at once.
    pub(super) fn is_now(&mut self, with: &str, name: String, value: Json) {
        let pair = self.pairs.entry(with.to_owned()).or_default();
        let was = pair.insert(name.clone(), value.clone());
        let Some(was) = was.filter(|was| *was != value) else {
            return;
        };
        let older = (with.to_owned(), name, was);
        self.older.retain(|known| *known != older);
        self.older.push_back(older);
        if self.older.len() > MOST_OLDER {
            self.older.pop_front();
        }
    }

    /// Where the wire names a pair instead of a peer, the peer that it is the pair with.
    pub(super) fn meet_by_pair(&self, variables: &mut Variables<'_>, known: usize) {
        if variables.get("peer").is_some() {
            return;
        }
        let own = |(name, value): &(String, Json)| {
            let mut pairs = self.pairs.iter();
            pairs.find_map(|(peer, pair)| (pair.get(name) == Some(value)).then(|| peer.clone()))
        };
        if self.pairs.is_empty() {
            return;
        }
        let captured = Self::captures(variables, known);
        let older = |(name, value): &(String, Json)| {
            let mut older = self.older.iter().rev();
            let found = older.find(|(_, was, old)| was == name && old == value)?;
            Some(found.0.clone())
        };
        let peer = captured.iter().find_map(own);
        if let Some(peer) = peer.or_else(|| captured.iter().find_map(older)) {
            variables.put("peer", Json::from(peer));
        }
    }
}
