//! What a step says of keys and clicks, as input events.

use serde_json::{Value, json};

use super::error::PageError;

/// Keys by their names (W3C UI Events KeyboardEvent key Values), as WebDriver knows them.
const NAMED: [(&str, &str); 31] = [
    ("Enter", "\u{e007}"),
    ("Escape", "\u{e00c}"),
    ("Tab", "\u{e004}"),
    ("Space", " "),
    ("Backspace", "\u{e003}"),
    ("Delete", "\u{e017}"),
    ("Insert", "\u{e016}"),
    ("Home", "\u{e011}"),
    ("End", "\u{e010}"),
    ("PageUp", "\u{e00e}"),
    ("PageDown", "\u{e00f}"),
    ("ArrowLeft", "\u{e012}"),
    ("ArrowUp", "\u{e013}"),
    ("ArrowRight", "\u{e014}"),
    ("ArrowDown", "\u{e015}"),
    ("Control", "\u{e009}"),
    ("Shift", "\u{e008}"),
    ("Alt", "\u{e00a}"),
    ("Meta", "\u{e03d}"),
    ("F1", "\u{e031}"),
    ("F2", "\u{e032}"),
    ("F3", "\u{e033}"),
    ("F4", "\u{e034}"),
    ("F5", "\u{e035}"),
    ("F6", "\u{e036}"),
    ("F7", "\u{e037}"),
    ("F8", "\u{e038}"),
    ("F9", "\u{e039}"),
    ("F10", "\u{e03a}"),
    ("F11", "\u{e03b}"),
    ("F12", "\u{e03c}"),
];

/// The key that selects all, with `a`.
const COMMAND: &str = match cfg!(target_os = "macos") {
    true => "\u{e03d}",
    false => "\u{e009}",
};

/// Input events, one after the other.
#[derive(Debug, Default)]
pub(super) struct Input {
    pointer: Vec<Value>,
    keys: Vec<Value>,
}

impl Input {
    /// So many clicks there, at once.
    pub(super) fn clicks(mut self, [x, y]: [i64; 2], times: usize) -> Self {
        self.pointer
            .push(json!({ "type": "pointerMove", "x": x, "y": y }));
        for _ in 0..times {
            self.pointer.extend([
                json!({ "type": "pointerDown", "button": 0 }),
                json!({ "type": "pointerUp", "button": 0 }),
            ]);
        }
        // The keys of before are done by then, those of after wait.
        while self.keys.len() < self.pointer.len() {
            self.keys.push(json!({ "type": "pause" }));
        }
        self
    }

    /// Presses and releases a key, by what WebDriver calls it.
    fn key(mut self, value: &str) -> Self {
        self.keys.extend([
            json!({ "type": "keyDown", "value": value }),
            json!({ "type": "keyUp", "value": value }),
        ]);
        self
    }

    /// Presses and releases a key so many times.
    pub(super) fn times(self, name: &str, count: u64) -> Result<Self, PageError> {
        let value = value_of(name)?;
        Ok((0..count).fold(self, |input, _| input.key(&value)))
    }

    /// Types text, given as what a reader sees as characters.
    pub(super) fn text(self, characters: &[String]) -> Self {
        characters.iter().fold(self, |input, character| {
            input.key(match character.as_str() {
                "\n" => "\u{e007}",
                "\t" => "\u{e004}",
                other => other,
            })
        })
    }

    /// Selects all that a field holds.
    pub(super) fn select_all(mut self) -> Self {
        self.keys
            .push(json!({ "type": "keyDown", "value": COMMAND }));
        self = self.key("a");
        self.keys.push(json!({ "type": "keyUp", "value": COMMAND }));
        self
    }

    /// `Enter`, `Control+Shift+a`
    pub(super) fn chord(mut self, chord: &str) -> Result<Self, PageError> {
        // `+` itself, and `Control++`.
        let (held, last) = match chord.strip_suffix('+') {
            Some(held) => (held.strip_suffix('+').unwrap_or(held), "+"),
            None => chord.rsplit_once('+').unwrap_or(("", chord)),
        };
        let held: Vec<_> = held.split('+').filter(|name| !name.is_empty()).collect();
        let held: Result<Vec<_>, _> = held.into_iter().map(value_of).collect();
        let (held, last) = (held?, value_of(last)?);
        for value in &held {
            self.keys.push(json!({ "type": "keyDown", "value": value }));
        }
        self = self.key(&last);
        for value in held.iter().rev() {
            self.keys.push(json!({ "type": "keyUp", "value": value }));
        }
        Ok(self)
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.pointer.is_empty() && self.keys.is_empty()
    }

    /// The sources of `input.performActions`.
    pub(super) fn sources(self) -> Value {
        let mut sources = Vec::new();
        if !self.pointer.is_empty() {
            sources.push(json!({ "type": "pointer", "id": "mouse", "actions": self.pointer }));
        }
        if self.keys.iter().any(|action| action["type"] != "pause") {
            sources.push(json!({ "type": "key", "id": "keyboard", "actions": self.keys }));
        }
        sources.into()
    }
}

/// What WebDriver calls a key.
fn value_of(name: &str) -> Result<String, PageError> {
    let known = NAMED.iter().find(|(known, _)| *known == name);
    if let Some((_, value)) = known {
        return Ok((*value).to_owned());
    }
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) if !char.is_control() => Ok(name.to_owned()),
        _ => {
            let alike = NAMED
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name));
            let advice = match alike {
                Some((known, _)) => format!("it is called `{known}`"),
                None => "a key is one character, or `Enter`, `Escape`, `Tab`, `Space`, `Backspace`, `Delete`, `ArrowLeft`, `Home`, `PageUp`, `F1`, …, \
                         with `Control+`, `Shift+`, `Alt+` or `Meta+` before it"
                    .to_owned(),
            };
            Err(PageError::Mistake(format!("no key {name:?}: {advice}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(input: Input) -> Vec<String> {
        let actions = input.keys.iter();
        let said = actions.map(|action| {
            let kind = action["type"].as_str().unwrap_or_default();
            format!(
                "{kind} {}",
                action["value"]
                    .as_str()
                    .unwrap_or_default()
                    .escape_unicode()
            )
        });
        said.collect()
    }

    #[test]
    fn a_chord_holds_its_first_keys_while_the_last_is_pressed() {
        let chord = Input::default().chord("Control+Shift+a").expect("keys");
        let said = keys(chord);
        let held = [r"\u{e009}", r"\u{e008}", r"\u{61}"];
        let down = held.map(|key| format!("keyDown {key}"));
        let up = [held[2], held[1], held[0]].map(|key| format!("keyUp {key}"));
        assert_eq!(said, [down.as_slice(), up.as_slice()].concat());
    }

    #[test]
    fn a_plus_is_a_key_too() {
        for (chord, count) in [("+", 2), ("Control++", 4)] {
            let said = keys(Input::default().chord(chord).expect("keys"));
            assert_eq!(said.len(), count, "{chord}: {said:?}");
            assert!(said.contains(&r"keyDown \u{2b}".to_owned()), "{said:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_a_mistake_that_says_what_is() {
        let said = |chord| {
            Input::default()
                .chord(chord)
                .expect_err("no key")
                .to_string()
        };
        assert!(
            said("enter").contains("it is called `Enter`"),
            "{}",
            said("enter")
        );
        for none in ["Entr", "Ctrl+a", "\n", ""] {
            assert!(said(none).contains("a key is one character"), "{none}");
        }
    }

    #[test]
    fn keys_after_a_click_wait_for_it() {
        let input = Input::default().clicks([1, 2], 1).text(&["x".to_owned()]);
        let sources = input.sources();
        assert_eq!(sources[0]["actions"].as_array().map(Vec::len), Some(3));
        let keys = sources[1]["actions"].as_array().expect("keys");
        assert_eq!(keys.iter().filter(|key| key["type"] == "pause").count(), 3);
        assert_eq!(keys[3]["value"], "x");
        let alone = Input::default().clicks([1, 2], 1).sources();
        assert_eq!(alone.as_array().map(Vec::len), Some(1), "no keys at all");
    }
}
