//! Text that a peer or a server chose, made harmless.

use std::fmt::Write;

/// The most characters of a foreign text that a line shows.
const MAX_SHOWN: usize = 300;

/// As a JSON string: it cannot end early, break the line, or reach the terminal as a control or direction character.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MAX_SHOWN) + 2);
    out.push('"');
    for (n, c) in text.chars().enumerate() {
        if n == MAX_SHOWN {
            out.push('…');
            break;
        }
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if is_unsafe(c) => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// As it is if it is one plain word, else quoted.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.');
    if !text.is_empty() && text.len() <= 64 && text.chars().all(plain) {
        text.to_owned()
    } else {
        quote(text)
    }
}

/// Control characters, and what changes direction, joins or hides (Unicode UAX #9, section 2; general category Cf).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_cannot_forge_a_line_or_turn_it_around() {
        assert_eq!(quote("a\"\nbob: x"), r#""a\"\nbob: x""#);
        assert_eq!(quote("\u{1b}[31m\u{202e}"), r#""\u001b[31m\u202e""#);
        assert_eq!(quote("\u{e0041}"), r#""\udb40\udc41""#);
        assert_eq!(quote("grün 🦀"), "\"grün 🦀\"");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(quote(&"x".repeat(10_000)).chars().count(), MAX_SHOWN + 3);
    }
}
