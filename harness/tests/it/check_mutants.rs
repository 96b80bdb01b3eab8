//! Broken files: each is read, or refused with places; none panics or hangs. Ten thousand are tried each time, as many as
//! `GLARE_MUTANTS` says in the test that is ignored.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::cli_support::{Stand, scenarios};
use crate::mutant_support;
use crate::mutant_support::{mutate, mutate_trace};
use crate::time_support;
use glare::laws::{awaited, emptied, judge};
use glare::log::{Log, Watch};
use glare::mistake::{Mistake, Mistakes};
use glare::project::Project;
use glare::record::{TraceError, read_trace};
use glare::scenario::{Scenario, Sequences};
use glare::signaling::Dialect;
use glare::signaling::Terms;
use rand::RngExt;
use rand::rngs::StdRng;

const SEED: u64 = 0x9_1a7e;
const LONGEST: Duration = Duration::from_secs(1);

/// What is broken, and who reads it.
enum Original {
    Scenario(String),
    /// Of these sequences, for this scenario.
    Sequences(String, String),
    /// A scenario that uses these sequences.
    Using(String, String),
    Dialect(String),
    Project(PathBuf, String),
    Trace(Vec<serde_json::Value>),
}

/// A mutant, and what its reader says of it.
struct Read {
    text: String,
    mistakes: Option<Mistakes>,
    refused: bool,
    took: Duration,
}

impl Original {
    fn mutant(&self, random: &mut StdRng) -> String {
        match self {
            Original::Scenario(text)
            | Original::Sequences(text, _)
            | Original::Using(_, text)
            | Original::Dialect(text)
            | Original::Project(_, text) => mutate(text, random),
            Original::Trace(lines) => mutate_trace(lines, random),
        }
    }

    fn read(&self, text: &str) -> Read {
        let begun = time_support::of_this_thread();
        let mut refused = false;
        let path = Path::new("mutant.yaml");
        let mistakes = match self {
            Original::Scenario(_) => Scenario::read(path, text).err(),
            Original::Sequences(_, user) => {
                refused = !sequences(text, user);
                None
            }
            Original::Using(beside, _) => {
                refused = !sequences(beside, text);
                None
            }
            Original::Dialect(_) => Dialect::read(path, text).err(),
            Original::Project(path, _) => {
                Project::read(path, text, |_| Some("a secret".into())).err()
            }
            Original::Trace(_) => {
                refused = !trace(text);
                None
            }
        };
        Read {
            refused: refused || mistakes.is_some(),
            text: text.to_owned(),
            mistakes,
            took: time_support::of_this_thread().saturating_sub(begun),
        }
    }
}

/// Whether these sequences are good, and the scenario that uses them; whatever is wrong stands in one of the two files.
fn sequences(text: &str, user: &str) -> bool {
    let found = Sequences::read(Path::new("sequences.yaml"), text);
    let with = Scenario::read_with(Path::new("user.yaml"), user, Some(&found));
    let lists = [found.check().err(), with.err()];
    for mistakes in lists.iter().flatten() {
        for mistake in mistakes.iter() {
            let own = mistake.path() == "user.yaml";
            is_placed(mistake, if own { user } else { text });
        }
        is_harmless(mistakes);
    }
    lists.iter().all(Option::is_none)
}

/// Whether it is a trace; if so it has a log, and the laws speak of it.
fn trace(text: &str) -> bool {
    let events = match read_trace(text.as_bytes()) {
        Ok(trace) => trace.events,
        Err(TraceError::Line { line, message }) => {
            assert!(
                (1..=text.matches('\n').count() + 1).contains(&line),
                "line {line}"
            );
            assert!(!message.is_empty());
            return false;
        }
        Err(TraceError::Version { .. } | TraceError::Empty) => return false,
        Err(TraceError::Io(error)) => panic!("{error}"),
    };
    let terms = Terms::of(&Dialect::reference());
    for rewrites in [false, true] {
        let log = Log::with(
            &events,
            &Terms {
                rewrites,
                ..Terms::default()
            },
        );
        let again = Log::with(
            &events,
            &Terms {
                rewrites,
                ..Terms::default()
            },
        );
        assert_eq!(log, again, "the same trace, the same log");
        assert!(log.lines.len() <= events.len());
    }
    let mut watch = Watch::new(&["alice: *"], &Terms::default());
    for event in &events {
        watch.feed(event);
    }
    let findings = judge(&events, &terms);
    assert!(
        findings
            .iter()
            .all(|finding| finding.premises >= finding.breaches.len())
    );
    let (_, _) = (awaited(&events, &terms), emptied(&events, &terms));
    true
}

fn check(mistakes: &Mistakes, mutant: &str, shown: bool) {
    assert!(!mistakes.is_empty());
    // A project names another file, whose mistakes are told as that file's.
    let text = &*mistakes.source().text;
    assert!(text == mutant || mistakes.source().path.ends_with("dialect.yaml") || text.is_empty());
    mistakes.iter().for_each(|mistake| is_placed(mistake, text));
    if shown {
        is_harmless(mistakes);
    }
}

fn is_placed(mistake: &Mistake, text: &str) {
    let span = mistake.span();
    assert!(span.bytes.end <= text.len(), "{span:?}\n{text}");
    assert!(text.is_char_boundary(span.bytes.start) && text.is_char_boundary(span.bytes.end));
    let line = text[..span.bytes.start].matches('\n').count() + 1;
    assert_eq!(span.line as usize, line, "{}\n{text}", mistake.line());
    assert!(!mistake.found().is_empty() && mistake.column() > 0);
}

fn is_harmless(mistakes: &Mistakes) {
    let rendered = mistakes.render(false);
    let hostile = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || ('\u{202a}'..='\u{202e}').contains(&c)
    };
    assert!(!rendered.contains(hostile), "{rendered:?}");
    assert!(rendered.len() < 400 * 1024, "{} bytes", rendered.len());
}

/// Feeds so many mutants of these, one after the other.
fn feed(originals: &[Original], number: usize, seed: u64) {
    let mut random = mutant_support::random(seed);
    let (mut read, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for nth in 0..number {
        let original = &originals[nth % originals.len()];
        let text = original.mutant(&mut random);
        let mutant = original.read(&text);
        if let Some(mistakes) = &mutant.mistakes {
            check(
                mistakes,
                &mutant.text,
                nth % 10 == 0 || random.random_range(0..50) == 0,
            );
        }
        if mutant.refused {
            refused += 1;
        } else {
            read += 1;
        }
        let took = mutant.took;
        assert!(
            took < LONGEST,
            "mutant {nth} of seed {seed} took {took:?}:\n{text}"
        );
        slowest = slowest.max(took);
    }
    println!("{read} read, {refused} refused, the slowest took {slowest:?}");
    assert!(
        read > number / 100 && refused > number / 5,
        "{read} read, {refused} refused: the mutants are dull"
    );
}

fn scenario(path: &str) -> Original {
    Original::Scenario(std::fs::read_to_string(scenarios().join(path)).expect("a scenario"))
}

/// Sequences with all that they can have, and a scenario that uses them in all ways.
const SEQUENCES: (&str, &str) = (
    include_str!("read/sequences.yaml"),
    include_str!("read/uses.yaml"),
);

fn sequences_of() -> [Original; 2] {
    let (sequences, user) = SEQUENCES;
    [
        Original::Sequences(sequences.to_owned(), user.to_owned()),
        Original::Using(sequences.to_owned(), user.to_owned()),
    ]
}

fn dialect() -> Original {
    Original::Dialect(include_str!("../../../fixtures/servers/reference/dialect.yaml").to_owned())
}

fn project() -> Original {
    let path = scenarios().join("../fixtures/outside/glare.toml");
    let text = std::fs::read_to_string(&path).expect("a project file");
    Original::Project(path, text)
}

/// A trace of this scenario, just recorded.
fn recorded(scenario: &str) -> Original {
    let stand = Stand::new();
    let path = scenarios().join(scenario).display().to_string();
    stand.glare(&["run", &path]).ends(0);
    let text = stand.records();
    let line = |line| serde_json::from_str(line).expect("an event");
    Original::Trace(text.lines().map(line).collect())
}

#[test]
fn ten_thousand_files_are_read_or_refused_with_places() {
    let (happy, early) = (
        "rooms/happy-path.yaml",
        "ice/early-candidates-buffered.yaml",
    );
    // The long one is rarer: a debug build spends its time on it.
    let every = Original::Scenario(include_str!("every-step.yaml").to_owned());
    let [sequences, using] = sequences_of();
    let originals = [
        scenario(happy),
        sequences,
        using,
        dialect(),
        project(),
        scenario(happy),
        scenario(early),
        dialect(),
        project(),
        scenario(happy),
        every,
    ];
    feed(&originals, 10_000, SEED);
}

#[test]
fn a_thousand_traces_are_read_and_judged_or_refused_with_their_line() {
    let originals = [
        recorded("signaling/relayed-once-in-order.yaml"),
        recorded("rooms/mid-join-disconnect.yaml"),
    ];
    feed(&originals, 1_000, SEED);
}

/// `GLARE_MUTANTS=1000000 cargo test -p glare --test it check_mutants -- --ignored --nocapture`
#[test]
#[ignore = "takes as long as one wants"]
fn as_many_as_one_wants() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let wanted: usize = number("GLARE_MUTANTS").unwrap_or(100_000);
    let seed = number("GLARE_SEED").unwrap_or(1) as u64;
    let mut originals: Vec<Original> = Vec::new();
    for path in glare::suite::files(&[scenarios()]).expect("scenarios") {
        originals.push(scenario(&path.display().to_string()));
        originals.push(if originals.len() % 4 == 1 {
            dialect()
        } else {
            project()
        });
    }
    originals.extend(sequences_of());
    originals.push(recorded("signaling/relayed-once-in-order.yaml"));
    originals.push(recorded("rooms/mid-join-disconnect.yaml"));
    let begun = Instant::now();
    // In rounds, each with a seed of its own, so that a mutant that fails is found again soon.
    const ROUND: usize = 10_000;
    for round in 0..wanted.div_ceil(ROUND) {
        let number = ROUND.min(wanted - round * ROUND);
        feed(&originals, number, seed + round as u64);
        println!("{} in {:?}", round * ROUND + number, begun.elapsed());
    }
}
