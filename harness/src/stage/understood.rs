//! What a message at the tap says.

use crate::signaling::{Heard, Overheard, Word};

/// What a message at the tap says.
#[derive(Default)]
pub(super) struct Understood {
    pub(super) word: Option<Word>,
    /// What else it says.
    pub(super) more: Vec<Word>,
    /// It is known, and says nothing.
    pub(super) aside: bool,
    /// What it takes the place of on the way down, once it has gone on.
    pub(super) implied: Vec<Word>,
}

impl From<Heard> for Understood {
    fn from(heard: Heard) -> Self {
        let mut words = heard.words.into_iter();
        let word = words.next();
        Self {
            aside: word.is_none() && heard.understood,
            word,
            more: words.collect(),
            implied: Vec::new(),
        }
    }
}

impl From<Overheard> for Understood {
    fn from(overheard: Overheard) -> Self {
        Self {
            aside: overheard.word.is_none() && overheard.understood,
            word: overheard.word,
            more: Vec::new(),
            implied: overheard.implied,
        }
    }
}
