//! Other names on the wire: on a server that outlives a run and serves several cases at once, `alice` of one must not be `alice` of another.

use std::borrow::Cow;
use std::sync::Arc;

use super::template::Variables;

/// The variables that name somebody or something on the server.
const NAMES: [&str; 3] = ["me", "peer", "room"];
/// The letters of an ending. Each means itself in JSON, in a URL, and in a protocol's token.
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
/// So many letters: 36¹² endings.
const LENGTH: usize = 12;

/// An ending that the names of users and rooms have on the wire and nowhere else: said they get it, heard they lose it. The default
/// changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Alias(Option<Arc<str>>);

impl Alias {
    /// An ending that nobody else has.
    pub fn random() -> Self {
        let letters = (0..LENGTH).map(|_| {
            let letter = rand::random_range(0..LETTERS.len());
            char::from(LETTERS[letter])
        });
        let ending: String = std::iter::once('-').chain(letters).collect();
        Self(Some(ending.into()))
    }

    /// Gives the names among these their ending.
    pub(super) fn put_on(&self, variables: &mut Variables) {
        let Some(ending) = &self.0 else { return };
        for name in NAMES {
            variables.extend(name, ending);
        }
    }

    /// Text from the wire as it would be without endings, wherever they stand in it: a reason may quote a room's name.
    pub(super) fn take_off<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.0 {
            Some(ending) if text.contains(&**ending) => text.replace(&**ending, "").into(),
            _ => text.into(),
        }
    }
}
