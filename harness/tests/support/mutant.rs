//! Breaks texts and traces.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng as _};
use serde_json::Value;

/// What is random in the mutants of this number.
pub fn random(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// What YAML, JSON and the readers give a meaning to.
pub const SPECIALS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ":",
    ": ",
    "- ",
    "? ",
    "|",
    ">",
    "&a",
    "*a",
    "!!str",
    "!x ",
    "%",
    "@",
    "`",
    "#",
    " #",
    "\"",
    "'",
    ",",
    "\n",
    "\t",
    "\n---\n",
    "\n...\n",
    "<<: ",
    "~",
    "null",
    "true",
    "1e999",
    "0x7f",
    ".inf",
    "-1",
    "99999999999999999999",
    "{x}",
    "{{",
    "$json",
    "$all",
    "\u{feff}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "é",
    "😀",
    "\r\n",
    "   ",
    "within: 1h",
    "peer: bob",
    "- kill-server\n",
    "%YAML 1.2\n",
    "|2-",
    ">+",
];

/// The text with one to four changes of any kind.
pub fn mutate(text: &str, random: &mut StdRng) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..random.random_range(1..=4) {
        let at = random.random_range(0..=bytes.len().saturating_sub(1));
        match random.random_range(0..8) {
            0 if !bytes.is_empty() => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes.truncate(at),
            2 => {
                let special = SPECIALS[random.random_range(0..SPECIALS.len())];
                bytes.splice(at..at, special.bytes());
            }
            3 => lines(&mut bytes, random, |lines, at, _| {
                lines.remove(at);
            }),
            4 => lines(&mut bytes, random, |lines, at, to| {
                let line = lines[at].clone();
                lines.insert(to, line);
            }),
            5 => lines(&mut bytes, random, |lines, at, to| lines.swap(at, to)),
            6 => words(&mut bytes, random),
            _ => {
                let to = (at + random.random_range(0..40)).min(bytes.len());
                let piece = bytes[at.min(to)..to].to_vec();
                let times = random.random_range(1..60);
                bytes.splice(at..at, piece.repeat(times));
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn lines(
    bytes: &mut Vec<u8>,
    random: &mut StdRng,
    change: impl Fn(&mut Vec<Vec<u8>>, usize, usize),
) {
    let mut lines: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    let (at, to) = (
        random.random_range(0..lines.len()),
        random.random_range(0..lines.len()),
    );
    change(&mut lines, at, to);
    *bytes = lines.join(&b'\n');
}

/// Swaps two words.
fn words(bytes: &mut Vec<u8>, random: &mut StdRng) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut words: Vec<&str> = text.split_inclusive([' ', ',', '\n', ':']).collect();
    if words.len() > 1 {
        let (one, two) = (
            random.random_range(0..words.len()),
            random.random_range(0..words.len()),
        );
        words.swap(one, two);
    }
    *bytes = words.concat().into_bytes();
}

/// The trace with one to six changes to its events, renumbered so that it is read, and in one of four cases to its bytes too.
pub fn mutate_trace(lines: &[Value], random: &mut StdRng) -> String {
    let mut lines = lines.to_vec();
    for _ in 0..random.random_range(1..=6) {
        // The head stays in its place: without it nothing is read.
        let at = random.random_range(1..lines.len());
        let to = random.random_range(1..lines.len());
        match random.random_range(0..7) {
            0 if lines.len() > 2 => drop(lines.remove(at)),
            1 => {
                let line = lines[at].clone();
                lines.insert(to, line);
            }
            2 => lines.swap(at, to),
            3 => lines.truncate(at.max(2)),
            4 => {
                let seqs = [0, 1, at as u64, to as u64, u64::MAX, lines.len() as u64];
                let cause = seqs[random.random_range(0..seqs.len())];
                lines[at]["cause"] = Value::from(vec![cause; random.random_range(1..3)]);
            }
            _ => {
                let with = scalars(&lines[to]);
                let count = scalars(&lines[at]).len();
                if count > 0 {
                    let other = with.get(random.random_range(0..with.len().max(1))).cloned();
                    let value = match (random.random_range(0..4), other) {
                        (0, _) => Value::from(SPECIALS[random.random_range(0..SPECIALS.len())]),
                        (1, _) | (_, None) => Value::from(u64::MAX >> random.random_range(0..64)),
                        (_, Some(other)) => other,
                    };
                    let mut nth = random.random_range(0..count);
                    put(&mut lines[at], &mut nth, &value);
                }
            }
        }
    }
    let mut text = String::new();
    for (seq, line) in lines.iter_mut().enumerate() {
        line["seq"] = Value::from(seq);
        text.push_str(&line.to_string());
        text.push('\n');
    }
    match random.random_range(0..4) {
        0 => mutate(&text, random),
        _ => text,
    }
}

fn scalars(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(scalars).collect(),
        Value::Object(map) => map.values().flat_map(scalars).collect(),
        scalar => vec![scalar.clone()],
    }
}

/// Puts a value in the place of the nth scalar.
fn put(value: &mut Value, nth: &mut usize, with: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().any(|item| put(item, nth, with)),
        Value::Object(map) => map.values_mut().any(|item| put(item, nth, with)),
        scalar if *nth == 0 => {
            *scalar = with.clone();
            true
        }
        _ => {
            *nth -= 1;
            false
        }
    }
}
