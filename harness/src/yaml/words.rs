//! Scalars that mean more than their text: one of a few words, a duration.

use std::time::Duration;

use super::Node;
use crate::mistake::{Mistakes, quoted};

/// The longest duration that a file may ask for: 5 minutes.
const MAX_DURATION_MS: u64 = 5 * 60 * 1000;

/// One of `words`; a mistake otherwise.
pub(crate) fn word(
    node: &Node,
    words: &[&'static str],
    mistakes: &mut Mistakes,
) -> Option<&'static str> {
    let text = node.text(&format!("one of: {}", words.join(", ")), mistakes)?;
    let found = words.iter().copied().find(|word| *word == text);
    if found.is_none() {
        mistakes
            .add(&node.span, format!("{} is not known here", quoted(text)))
            .expect(format!("expected one of: {}", words.join(", ")))
            .suggest(text, words.iter().copied());
    }
    found
}

/// `10s`, `500ms`, `2m`; a mistake otherwise.
pub(crate) fn duration(node: &Node, mistakes: &mut Mistakes) -> Option<Duration> {
    let expected = "a duration: `500ms`, `10s`, `2m`";
    let Some(scalar) = node.scalar().filter(|scalar| !scalar.is_null()) else {
        node.wrong(expected, mistakes);
        return None;
    };
    let digits = scalar.text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = scalar.text.split_at(digits);
    let factor = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        _ => None,
    };
    match number
        .parse::<u64>()
        .ok()
        .zip(factor)
        .map(|(number, factor)| number.saturating_mul(factor))
    {
        Some(0) => {
            mistakes
                .add(&node.span, "no time at all")
                .expect("nothing can come by then");
            None
        }
        Some(ms) if ms > MAX_DURATION_MS => {
            mistakes
                .add(&node.span, format!("{} is too long", quoted(&scalar.text)))
                .expect("at most `5m`");
            None
        }
        Some(ms) => Some(Duration::from_millis(ms)),
        None => {
            let mistake = mistakes.add(
                &node.span,
                format!("{} is no duration", quoted(&scalar.text)),
            );
            mistake.expect(format!("expected {expected}"));
            if unit.is_empty() && digits > 0 {
                mistake.advise(format!("say the unit: `{number}s`"));
            }
            None
        }
    }
}

/// A duration as files write it.
pub(crate) fn write_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    if ms.is_multiple_of(60_000) && ms > 0 {
        format!("{}m", ms / 60_000)
    } else if ms.is_multiple_of(1000) {
        format!("{}s", ms / 1000)
    } else {
        format!("{ms}ms")
    }
}
