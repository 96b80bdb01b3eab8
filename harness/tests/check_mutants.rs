//! Ten thousand broken files: each is read, or refused with places; none panics or hangs.

use std::path::Path;
use std::time::{Duration, Instant};

use glare::mistake::Mistakes;
use glare::scenario::Scenario;
use glare::signaling::Dialect;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const FILES: usize = 10_000;
const SEED: u64 = 0x9_1a7e;
const LONGEST: Duration = Duration::from_secs(1);

/// What YAML, JSON and the readers give a meaning to.
const SPECIALS: &[&str] = &[
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

fn mutate(text: &str, random: &mut StdRng) -> String {
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

fn judge(mistakes: &Mistakes, text: &str, shown: bool) {
    assert!(!mistakes.is_empty());
    for mistake in mistakes.iter() {
        let span = mistake.span();
        assert!(span.bytes.end <= text.len(), "{span:?}\n{text}");
        assert!(text.is_char_boundary(span.bytes.start) && text.is_char_boundary(span.bytes.end));
        let line = text[..span.bytes.start].matches('\n').count() + 1;
        assert_eq!(span.line as usize, line, "{}\n{text}", mistake.line());
        assert!(!mistake.found().is_empty() && mistake.column() > 0);
    }
    if !shown {
        return;
    }
    let rendered = mistakes.render(false);
    let hostile = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    assert!(!rendered.contains(hostile), "{rendered:?}");
    assert!(rendered.len() < 400 * 1024, "{} bytes", rendered.len());
}

fn timed(text: &str, is_scenario: bool) -> (Option<Mistakes>, Duration) {
    let path = Path::new("mutant.yaml");
    let begun = Instant::now();
    let mistakes = if is_scenario {
        Scenario::read(path, text).err()
    } else {
        Dialect::read(path, text).err()
    };
    (mistakes, begun.elapsed())
}

#[test]
fn ten_thousand_mutants_are_read_or_refused_with_places() {
    let happy = (include_str!("../../scenarios/rooms/happy-path.yaml"), true);
    let early = (
        include_str!("../../scenarios/ice/early-candidates-buffered.yaml"),
        true,
    );
    let every = (include_str!("every-step.yaml"), true);
    let dialect = (
        include_str!("../../fixtures/servers/reference/dialect.yaml"),
        false,
    );
    // The long one is rarer: a debug build spends its time on it.
    let seeds = [happy, early, dialect, happy, early, dialect, happy, every];
    let mut random = StdRng::seed_from_u64(SEED);
    let (mut read, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for number in 0..FILES {
        let (seed, is_scenario) = seeds[number % seeds.len()];
        let text = mutate(seed, &mut random);
        let (mistakes, mut took) = timed(&text, is_scenario);
        if took > LONGEST {
            // A busy machine may have taken the processor away; a hang hangs again.
            took = timed(&text, is_scenario).1;
        }
        match mistakes {
            None => read += 1,
            Some(mistakes) => {
                judge(&mistakes, &text, number % 10 == 0);
                refused += 1;
            }
        }
        assert!(took < LONGEST, "mutant {number} took {took:?}:\n{text}");
        slowest = slowest.max(took);
    }
    println!("{read} read, {refused} refused, the slowest took {slowest:?}");
    assert!(
        read > FILES / 100 && refused > FILES / 2,
        "{read} read, {refused} refused: the mutants are dull"
    );
}
