//! What a step says of keys and clicks, as input events.

use serde_json::{Value, json};

use super::error::PageError;

/// Keys by their names (W3C UI Events KeyboardEvent key Values), as WebDriver knows them, with what Windows calls them: `keyCode`, in a browser.
const NAMED: [(&str, &str, u8); 31] = [
    ("Enter", "\u{e007}", 13),
    ("Escape", "\u{e00c}", 27),
    ("Tab", "\u{e004}", 9),
    ("Space", " ", 32),
    ("Backspace", "\u{e003}", 8),
    ("Delete", "\u{e017}", 46),
    ("Insert", "\u{e016}", 45),
    ("Home", "\u{e011}", 36),
    ("End", "\u{e010}", 35),
    ("PageUp", "\u{e00e}", 33),
    ("PageDown", "\u{e00f}", 34),
    ("ArrowLeft", "\u{e012}", 37),
    ("ArrowUp", "\u{e013}", 38),
    ("ArrowRight", "\u{e014}", 39),
    ("ArrowDown", "\u{e015}", 40),
    ("Control", "\u{e009}", 17),
    ("Shift", "\u{e008}", 16),
    ("Alt", "\u{e00a}", 18),
    ("Meta", "\u{e03d}", 91),
    ("F1", "\u{e031}", 112),
    ("F2", "\u{e032}", 113),
    ("F3", "\u{e033}", 114),
    ("F4", "\u{e034}", 115),
    ("F5", "\u{e035}", 116),
    ("F6", "\u{e036}", 117),
    ("F7", "\u{e037}", 118),
    ("F8", "\u{e038}", 119),
    ("F9", "\u{e039}", 120),
    ("F10", "\u{e03a}", 121),
    ("F11", "\u{e03b}", 122),
    ("F12", "\u{e03c}", 123),
];

/// The keys of a US keyboard that write something else than letters and digits: without Shift, with it, `code` and `keyCode`.
const OTHERS: [(char, char, &str, u8); 21] = [
    ('`', '~', "Backquote", 192),
    ('-', '_', "Minus", 189),
    ('=', '+', "Equal", 187),
    ('[', '{', "BracketLeft", 219),
    (']', '}', "BracketRight", 221),
    ('\\', '|', "Backslash", 220),
    (';', ':', "Semicolon", 186),
    ('\'', '"', "Quote", 222),
    (',', '<', "Comma", 188),
    ('.', '>', "Period", 190),
    ('/', '?', "Slash", 191),
    ('1', '!', "Digit1", 49),
    ('2', '@', "Digit2", 50),
    ('3', '#', "Digit3", 51),
    ('4', '$', "Digit4", 52),
    ('5', '%', "Digit5", 53),
    ('6', '^', "Digit6", 54),
    ('7', '&', "Digit7", 55),
    ('8', '*', "Digit8", 56),
    ('9', '(', "Digit9", 57),
    ('0', ')', "Digit0", 48),
];

/// The key that selects all, with `a`.
const COMMAND: &str = match cfg!(target_os = "macos") {
    true => "\u{e03d}",
    false => "\u{e009}",
};

/// One input event.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stroke {
    Move([i64; 2]),
    /// The main button, for the click of that number of those at once.
    Press(usize),
    Release(usize),
    /// By what WebDriver calls the key.
    KeyDown(String),
    KeyUp(String),
}

impl Stroke {
    fn is_of_keys(&self) -> bool {
        matches!(self, Self::KeyDown(_) | Self::KeyUp(_))
    }
}

/// Input events, one after the other.
#[derive(Debug, Default)]
pub(super) struct Input(Vec<Stroke>);

impl Input {
    /// So many clicks there, at once.
    pub(super) fn clicks(mut self, at: [i64; 2], times: usize) -> Self {
        self.0.push(Stroke::Move(at));
        for time in 1..=times {
            self.0.extend([Stroke::Press(time), Stroke::Release(time)]);
        }
        self
    }

    /// Presses and releases a key, by what WebDriver calls it.
    fn key(mut self, value: &str) -> Self {
        let value = value.to_owned();
        self.0
            .extend([Stroke::KeyDown(value.clone()), Stroke::KeyUp(value)]);
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

    /// Presses a key while others are held.
    fn held(mut self, held: &[String], value: &str) -> Self {
        let down = held.iter().cloned().map(Stroke::KeyDown);
        self.0.extend(down);
        self = self.key(value);
        let up = held.iter().rev().cloned().map(Stroke::KeyUp);
        self.0.extend(up);
        self
    }

    /// Selects all that a field holds.
    pub(super) fn select_all(self) -> Self {
        self.held(&[COMMAND.to_owned()], "a")
    }

    /// `Enter`, `Control+Shift+a`
    pub(super) fn chord(self, chord: &str) -> Result<Self, PageError> {
        // `+` itself, and `Control++`.
        let (held, last) = match chord.strip_suffix('+') {
            Some(held) => (held.strip_suffix('+').unwrap_or(held), "+"),
            None => chord.rsplit_once('+').unwrap_or(("", chord)),
        };
        let held = held.split('+').filter(|name| !name.is_empty());
        let held: Result<Vec<_>, _> = held.map(value_of).collect();
        Ok(self.held(&held?, &value_of(last)?))
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The sources of `input.performActions` (W3C WebDriver BiDi). What one of them does, the other waits for.
    pub(super) fn sources(&self) -> Value {
        let (mut pointer, mut keys) = (Vec::new(), Vec::new());
        for stroke in &self.0 {
            let pause = json!({ "type": "pause" });
            let (of_pointer, of_keys) = match stroke {
                Stroke::Move([x, y]) => (json!({ "type": "pointerMove", "x": x, "y": y }), pause),
                Stroke::Press(_) => (json!({ "type": "pointerDown", "button": 0 }), pause),
                Stroke::Release(_) => (json!({ "type": "pointerUp", "button": 0 }), pause),
                Stroke::KeyDown(value) => (pause, json!({ "type": "keyDown", "value": value })),
                Stroke::KeyUp(value) => (pause, json!({ "type": "keyUp", "value": value })),
            };
            pointer.push(of_pointer);
            keys.push(of_keys);
        }
        let all = [("pointer", "mouse", pointer), ("key", "keyboard", keys)];
        let used = all.into_iter().filter_map(|(kind, id, mut actions)| {
            let last = actions
                .iter()
                .rposition(|action| action["type"] != "pause")?;
            actions.truncate(last + 1);
            Some(json!({ "type": kind, "id": id, "actions": actions }))
        });
        used.collect()
    }

    /// The same as commands of the Chrome DevTools Protocol (`Input.dispatchMouseEvent`, `Input.dispatchKeyEvent`). Those of one list may be on
    /// their way at once, since they arrive in their order. Where a page has frames, keys must wait until the mouse is done: the browser may look
    /// first at which of its processes that is for.
    pub(super) fn commands(&self, has_frames: bool) -> Vec<Vec<(&'static str, Value)>> {
        let (mut at, mut modifiers) = ([0, 0], 0);
        let together = |a: &Stroke, b: &Stroke| !has_frames || a.is_of_keys() == b.is_of_keys();
        let kinds = self.0.chunk_by(together);
        let commands = kinds.map(|strokes| {
            let command = |stroke: &Stroke| {
                let (kind, clicks) = match stroke {
                    Stroke::Move(to) => {
                        at = *to;
                        ("mouseMoved", 0)
                    }
                    Stroke::Press(click) => ("mousePressed", *click),
                    Stroke::Release(click) => ("mouseReleased", *click),
                    Stroke::KeyDown(value) => {
                        modifiers |= modifier(value);
                        return (KEY_EVENT, key_event(value, true, modifiers));
                    }
                    Stroke::KeyUp(value) => {
                        modifiers &= !modifier(value);
                        return (KEY_EVENT, key_event(value, false, modifiers));
                    }
                };
                let mut event = json!({ "type": kind, "x": at[0], "y": at[1], "modifiers": modifiers, "pointerType": "mouse" });
                if clicks > 0 {
                    event["button"] = "left".into();
                    event["buttons"] = u8::from(kind == "mousePressed").into();
                    event["clickCount"] = clicks.into();
                }
                ("Input.dispatchMouseEvent", event)
            };
            strokes.iter().map(command).collect()
        });
        commands.collect()
    }
}

const KEY_EVENT: &str = "Input.dispatchKeyEvent";

/// What a key held changes, by what WebDriver calls it: Alt 1, Control 2, Meta 4, Shift 8.
fn modifier(value: &str) -> u8 {
    match value {
        "\u{e00a}" => 1,
        "\u{e009}" => 2,
        "\u{e03d}" => 4,
        "\u{e008}" => 8,
        _ => 0,
    }
}

/// The parameters of `Input.dispatchKeyEvent`.
fn key_event(value: &str, down: bool, modifiers: u8) -> Value {
    let named = NAMED
        .iter()
        .find(|(name, of, _)| *of == value && *name != "Space");
    let (key, code, number, text) = match named {
        Some((name, _, number)) => {
            let code = match modifier(value) {
                0 => (*name).to_owned(),
                _ => format!("{name}Left"),
            };
            (
                *name,
                code,
                *number,
                if *name == "Enter" { "\r" } else { "" },
            )
        }
        None => {
            let (code, number) = position(value);
            (value, code, number, value)
        }
    };
    // With another key than Shift held nothing is written.
    let text = if modifiers & !8 == 0 { text } else { "" };
    let kind = match (down, text) {
        (true, "") => "rawKeyDown",
        (true, _) => "keyDown",
        (false, _) => "keyUp",
    };
    let mut event = json!({
        "type": kind,
        "modifiers": modifiers,
        "key": key,
        "code": code,
        "windowsVirtualKeyCode": number,
        "location": u8::from(modifier(value) != 0),
    });
    if kind == "keyDown" {
        event["text"] = text.into();
        event["unmodifiedText"] = text.into();
    }
    event
}

/// Which key of a US keyboard writes this: `code` and `keyCode`. Of what none does there is neither.
fn position(written: &str) -> (String, u8) {
    let mut chars = written.chars();
    let (Some(char), None) = (chars.next(), chars.next()) else {
        return (String::new(), 0);
    };
    let other = OTHERS
        .iter()
        .find(|(plain, shifted, ..)| [*plain, *shifted].contains(&char));
    match (char, other) {
        (' ', _) => ("Space".to_owned(), 32),
        ('a'..='z' | 'A'..='Z', _) => {
            let upper = char.to_ascii_uppercase();
            (format!("Key{upper}"), upper as u8)
        }
        (_, Some((.., code, number))) => ((*code).to_owned(), *number),
        _ => (String::new(), 0),
    }
}

/// What WebDriver calls a key.
fn value_of(name: &str) -> Result<String, PageError> {
    let known = NAMED.iter().find(|(known, ..)| *known == name);
    if let Some((_, value, _)) = known {
        return Ok((*value).to_owned());
    }
    let mut chars = name.chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) if !char.is_control() => Ok(name.to_owned()),
        _ => {
            let alike = NAMED
                .iter()
                .find(|(known, ..)| known.eq_ignore_ascii_case(name));
            let advice = match alike {
                Some((known, ..)) => format!("it is called `{known}`"),
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
        let said = input.0.iter().map(|stroke| match stroke {
            Stroke::KeyDown(value) => format!("keyDown {}", value.escape_unicode()),
            Stroke::KeyUp(value) => format!("keyUp {}", value.escape_unicode()),
            other => format!("{other:?}"),
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

    #[test]
    fn what_a_key_writes_goes_with_it_unless_another_is_held() {
        let events = |input: Input| -> Vec<String> {
            let commands = input.commands(true).concat();
            let said = commands.iter().map(|(_, event)| {
                let text = event["text"].as_str().unwrap_or("-");
                format!(
                    "{} {} {} {} {} {text:?}",
                    event["type"],
                    event["key"],
                    event["code"],
                    event["windowsVirtualKeyCode"],
                    event["modifiers"],
                )
            });
            said.map(|text| text.replace('"', "")).collect()
        };
        let chord = Input::default().chord("Shift+Enter").expect("keys");
        let written = [
            "rawKeyDown Shift ShiftLeft 16 8 -",
            r"keyDown Enter Enter 13 8 \r",
            "keyUp Enter Enter 13 8 -",
            "keyUp Shift ShiftLeft 16 0 -",
        ];
        assert_eq!(events(chord), written);
        let chord = Input::default().chord("Control+a").expect("keys");
        assert_eq!(events(chord)[1], "rawKeyDown a KeyA 65 2 -");
        let text = ["Q", "?", "é"].map(String::from);
        let down = events(Input::default().text(&text));
        let written = [
            "keyDown Q KeyQ 81 0 Q",
            "keyDown ? Slash 191 0 ?",
            "keyDown é  0 0 é",
        ];
        assert_eq!(down.into_iter().step_by(2).collect::<Vec<_>>(), written);
    }

    #[test]
    fn keys_are_not_on_their_way_before_the_click_is_done_where_there_are_frames() {
        let input = Input::default().clicks([1, 2], 2).text(&["x".to_owned()]);
        let commands = input.commands(true);
        let lengths: Vec<_> = commands.iter().map(Vec::len).collect();
        assert_eq!(lengths, [5, 2]);
        assert_eq!(input.commands(false), [commands.concat()]);
        let clicks = commands[0]
            .iter()
            .map(|(_, event)| event["clickCount"].as_u64());
        assert_eq!(
            clicks.collect::<Vec<_>>(),
            [None, Some(1), Some(1), Some(2), Some(2)]
        );
    }
}
