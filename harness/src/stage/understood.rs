//! What a message at the tap says.

use crate::names::PeerName;
use crate::signaling::{Heard, Overheard, Word};

/// What a message at the tap is recorded as.
pub(super) struct Said {
    pub(super) word: Option<Word>,
    pub(super) number: Option<String>,
    /// Of whom the word speaks.
    pub(super) about: Option<PeerName>,
    /// It is known, and says nothing.
    pub(super) aside: bool,
}

/// A word, and the number that ties it to a request, if there is one.
pub(super) type Numbered = (Word, Option<String>);

/// What a message at the tap says.
#[derive(Default)]
pub(super) struct Understood {
    pub(super) word: Option<Word>,
    /// The number that ties it to a request, if there is one.
    pub(super) number: Option<String>,
    /// What else it says, and the number of each.
    pub(super) more: Vec<Numbered>,
    /// It is known, and says nothing.
    pub(super) aside: bool,
    /// What it takes the place of on the way down, once it has gone on.
    pub(super) implied: Vec<Word>,
}

impl From<Heard> for Understood {
    fn from(heard: Heard) -> Self {
        let numbers = heard.numbers.into_iter().chain(std::iter::repeat(None));
        let mut words = heard.words.into_iter().zip(numbers);
        let (word, number) = words.next().unzip();
        Self {
            aside: word.is_none() && heard.understood,
            word,
            number: number.flatten(),
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
            number: overheard.number,
            more: Vec::new(),
            implied: overheard.implied,
        }
    }
}
