//! How peers and rooms may be called, and which names are one.
//!
//! A name goes to the server byte for byte, and a peer's stands in the log as it is: so it is one word, forges no line, turns no line around, and
//! shows all of itself. Names that a server or a reader may take for one another are not two in one file.

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup};
use icu_properties::{CodePointMapData, CodePointSetData};

use crate::mistake::{Mistakes, quoted};
use crate::source::Span;

/// The longest name, in bytes of UTF-8. On a server elsewhere an ending of 13 bytes is added, and servers that take 64 are many.
pub(super) const MAX_NAME: usize = 48;

/// What joins letters and emoji into one (Unicode Standard, section 23.2); a room's name is quoted where it has one.
const JOINERS: [char; 2] = ['\u{200c}', '\u{200d}'];

/// What may be a room's name, for a mistake.
pub(super) const ROOM: &str = "letters and digits of any script, emoji, `_` and `-`; 1 to 48 bytes";
/// What may be a peer's name, for a mistake.
pub(super) const PEER: &str = "a small letter, or one of another script, then letters, digits, emoji, `_` and `-`; at most 48 bytes";

/// Whether it can be the name of a room.
pub(super) fn is_room(name: &str) -> bool {
    is_word(name, |c| JOINERS.contains(&c) || is_variation(c))
}

/// Whether it can be the name of a peer, which stands in the log without quotes.
pub(super) fn is_peer(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || !c.is_ascii());
    begins && is_word(name, |_| false)
}

/// Names with one key are one name: to a server that normalises (NFC or NFKC; Unicode Standard Annex #15), or to the eye, which sees
/// nothing of what is to be ignored.
pub(super) fn key(name: &str) -> String {
    let ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let seen: String = name.chars().filter(|c| !ignored.contains(*c)).collect();
    normalised(&seen)
}

/// Notes that a name is one with another of the same file.
pub(super) fn one(there: &str, name: &str, span: &Span, mistakes: &mut Mistakes) {
    mistakes
        .add(
            span,
            format!("{} and {} are one name", quoted(name), quoted(there)),
        )
        .expect("alike when they are normalised (NFKC), and to the eye")
        .advise(format!(
            "this one is {}, the one before {}: call one of them otherwise",
            code_points(name),
            code_points(there)
        ));
}

/// The characters of a name that is not what it seems: `U+0065 U+0301`.
fn code_points(name: &str) -> String {
    let points: Vec<String> = (name.chars())
        .map(|c| format!("U+{:04X}", u32::from(c)))
        .collect();
    points.join(" ")
}

fn normalised(name: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc()
        .normalize(name)
        .into_owned()
}

fn is_word(name: &str, more: impl Fn(char) -> bool) -> bool {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let ignored = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let mark = |c: char| GeneralCategoryGroup::Mark.contains(categories.get(c));
    let fits = |c: char| {
        if c.is_ascii() {
            return c.is_ascii_alphanumeric() || c == '_' || c == '-';
        }
        let category = categories.get(c);
        let groups = [
            GeneralCategoryGroup::Letter,
            GeneralCategoryGroup::Mark,
            GeneralCategoryGroup::Number,
        ];
        let of_words = groups.iter().any(|group| group.contains(category));
        let symbol = matches!(
            category,
            GeneralCategory::OtherSymbol | GeneralCategory::ModifierSymbol
        );
        (of_words || symbol) && !ignored.contains(c)
    };
    (1..=MAX_NAME).contains(&name.len())
        // One that nothing carries would join what stands before the name.
        && !name.starts_with(mark)
        && !name.starts_with(&more)
        && name.chars().all(|c| fits(c) || more(c))
        // No sign of the log in disguise: `：` is a colon to whoever normalises.
        && key(name).chars().all(fits)
        && !key(name).is_empty()
}

/// How the character before it is to look: as text or as an emoji.
fn is_variation(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_every_script_are_names() {
        for name in [
            "alice",
            "zoë",
            "zoe\u{308}",
            "דנה",
            "محمد",
            "李雷",
            "ひかる",
            "🎉",
            "a🦀",
            "नमस्ते",
            "x-1_b",
            &"é".repeat(24),
        ] {
            assert!(is_peer(name), "{name}");
            assert!(is_room(name), "{name}");
        }
        for name in ["Lobby", "1", "👩\u{200d}🚀", "❤\u{fe0f}", "می\u{200c}خواهم"] {
            assert!(is_room(name), "{name}");
            assert!(!is_peer(name), "{name}");
        }
    }

    #[test]
    fn no_name_forges_turns_or_hides() {
        for name in [
            "",
            "a b",
            "a:b",
            "a\u{ff1a}b",
            "a\u{ff03}2",
            "a\u{a0}b",
            "a\u{3000}b",
            "a\nb",
            "a\u{202e}b",
            "a\u{200f}",
            "a\u{2066}b",
            "\u{301}a",
            "a->b",
            "a→b",
            "a\u{2026}",
            "a\u{e000}",
            "a\u{feff}",
            "a\u{e0041}",
            "\u{200d}a",
            "\u{200d}",
            "\u{fe0f}",
            "\u{3164}",
            &"é".repeat(25),
        ] {
            assert!(!is_peer(name) && !is_room(name), "{}", code_points(name));
        }
    }

    #[test]
    fn names_that_normalise_to_one_have_one_key() {
        for (one, other) in [
            ("zoë", "zoe\u{308}"),
            ("ﬁ", "fi"),
            ("ｂｏｂ", "bob"),
            ("❤", "❤\u{fe0f}"),
            ("가", "\u{1100}\u{1161}"),
        ] {
            assert_eq!(key(one), key(other));
        }
        assert_ne!(key("zoe"), key("zoë"));
        assert_ne!(key("Bob"), key("bob"));
    }
}
