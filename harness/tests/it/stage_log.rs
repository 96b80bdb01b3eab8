//! The log from both sides, on traces of real runs: races leave no trace in it, and deeds do.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli_support;
use glare::facts::Facts;
use glare::log::{Log, Watch, check, seen};
use glare::names::Stack;
use glare::record::{Event, Role, Seq, Verdict, What};
use glare::report;
use glare::scenario::Scenario;
use glare::signaling::{Dialect, Kind, Terms, Word};
use glare::stage::{Case, Setting, play};
use glare::suite;
use glare_signaling_server::Faults;
use tokio::sync::OnceCell;

const SEEDS: u64 = 200;

/// Longer waits are for a stack's time-outs, and tell the log nothing new.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

struct Real {
    scenario: Arc<Scenario>,
    events: Vec<Event>,
}

/// Every scenario once, all native, recorded.
async fn recorded() -> &'static [Real] {
    static ONCE: OnceCell<Vec<Real>> = OnceCell::const_new();
    ONCE.get_or_init(|| async {
        let (scenarios, mistakes) =
            suite::read(&suite::files(&[cli_support::scenarios()]).expect("the scenarios"));
        assert!(mistakes.is_empty());
        let setting = Arc::new(Setting::reference(Faults::none()).expect("a run"));
        let mut real = Vec::new();
        for scenario in scenarios {
            let native = |stack: &Stack| matches!(stack, Stack::Native | Stack::Wire);
            let cast = scenario
                .casts()
                .into_iter()
                .find(|cast| cast.stacks().values().all(native));
            let Some(cast) = cast.filter(|_| {
                scenario
                    .steps
                    .iter()
                    .all(|step| step.within <= LONGEST_WAIT)
            }) else {
                continue;
            };
            let outcome = play(
                &Case {
                    scenario: scenario.clone(),
                    cast,
                },
                setting.clone(),
            )
            .await;
            assert!(
                matches!(outcome.verdict, Verdict::Pass),
                "{}: {:#?}\n{}",
                scenario.name,
                outcome.verdict,
                outcome.log
            );
            let events = outcome
                .events
                .iter()
                .map(|event| (**event).clone())
                .collect();
            real.push(Real { scenario, events });
        }
        assert!(real.len() >= 5, "only {} scenarios", real.len());
        real
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_causal_reordering_of_a_real_run_has_its_log() {
    let mut wrong = Vec::new();
    let mut moved = 0;
    for real in recorded().await {
        let known = Log::of(&real.events).to_string();
        let mut others: BTreeMap<String, Vec<u64>> = BTreeMap::new();
        for seed in 0..SEEDS {
            let shuffled = check::reorder(&real.events, seed);
            moved += usize::from(
                shuffled
                    .iter()
                    .zip(&real.events)
                    .any(|(one, other)| one.what != other.what),
            );
            let log = Log::of(&shuffled).to_string();
            if log != known {
                others.entry(log).or_default().push(seed);
            }
        }
        for (log, seeds) in others {
            let diff = report::diff(&known, &log, "the run", "reordered");
            wrong.push(format!(
                "{}: {} of {SEEDS} seeds (first {}):\n{diff}",
                real.scenario.name,
                seeds.len(),
                seeds[0]
            ));
        }
    }
    assert!(moved > 500, "only {moved} reorderings moved anything");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn kind(event: &Event) -> Option<Kind> {
    match &event.what {
        What::Message { word, .. } => word.as_ref().map(Word::kind),
        _ => None,
    }
}

/// What the server owes that was played with, by the dialect in the record.
fn terms(events: &[Event]) -> Terms {
    let dialect = events.iter().find_map(|event| match &event.what {
        What::Source {
            role: Role::Dialect,
            path,
            text,
        } => Some(Dialect::read(Path::new(path), text).expect("a dialect")),
        _ => None,
    });
    Terms::of(&dialect.expect("it is in the record"))
}

/// What is known of a run beside the recorded causes: which event led to which, told by what they are and by which of that sort, as numbers
/// and times follow the order.
fn known(events: &[Event]) -> BTreeSet<(String, String)> {
    let mut count: HashMap<String, usize> = HashMap::new();
    let mut named: HashMap<Seq, String> = HashMap::new();
    for event in events {
        let what = match &event.what {
            What::Message {
                link,
                direction,
                carrier,
                word,
                about,
                digest,
                ..
            } => match word.as_ref().map(Word::kind) {
                // All ends are alike: which is whose is not told by what they are.
                Some(Kind::EndOfCandidates) => continue,
                Some(kind) if kind.is_signal() => {
                    format!("{link} {direction:?} {kind:?} {}", digest.as_str())
                }
                kind => format!("{link} {direction:?} {carrier:?} {kind:?} {about:?}"),
            },
            What::Released { .. } => "released".to_owned(),
            what => format!("{what:?}"),
        };
        let nth = count.entry(what.clone()).or_default();
        *nth += 1;
        named.insert(event.seq, format!("{what} {nth}"));
    }
    let edges = Facts::of(events, &terms(events)).edges();
    // Which of several signals of a kind a refusal means is not told by the wire: any that was there by then.
    let word = |seq: Seq| events.iter().find(|event| event.seq == seq).map(kind);
    let is_signal = |kind: Option<Kind>| kind.is_some_and(Kind::is_signal);
    let told = |(cause, effect): &(Seq, Seq)| {
        !is_signal(word(*cause).flatten()) || is_signal(word(*effect).flatten())
    };
    edges
        .into_iter()
        .filter(told)
        .filter_map(|(cause, effect)| {
            Some((named.get(&cause)?.clone(), named.get(&effect)?.clone()))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_causal_reordering_of_a_real_run_has_its_facts() {
    let mut wrong = Vec::new();
    // A server that takes over knows of the new line, and of the end that it gives the old one, before the tap sees either: which of them some
    // news tells of is not told by the wire.
    let told = |real: &&Real| !terms(&real.events).takes_over;
    for real in recorded().await.iter().filter(told) {
        let facts = known(&real.events);
        assert!(facts.len() > 5, "{}: {facts:?}", real.scenario.name);
        for seed in 0..SEEDS {
            let others = known(&check::reorder(&real.events, seed));
            if others != facts {
                let more: Vec<_> = others.symmetric_difference(&facts).take(6).collect();
                wrong.push(format!("{}, seed {seed}: {more:#?}", real.scenario.name));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The log, or what the scenario expects of it: `None` for a pass, else where it fails.
fn judged(scenario: &Scenario, events: &[Event]) -> (String, Option<String>) {
    let log = Log::of(events);
    let never: Vec<&str> = scenario
        .expect
        .never
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    let mut watch = Watch::new(&never, &Terms::default());
    let wanted: Vec<&str> = scenario
        .expect
        .seen
        .iter()
        .map(|line| line.text.as_str())
        .collect();
    let failure = events
        .iter()
        .find_map(|event| watch.feed(event))
        .map(|line| format!("never {}", line + 1))
        .or_else(|| {
            seen(&wanted, &log)
                .err()
                .map(|line| format!("seen {}", line + 1))
        });
    (log.to_string(), failure)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deeds_change_the_log_or_the_verdict() {
    let (mut caught, mut all) = (0, 0);
    let mut survivors = Vec::new();
    let mut rates = Vec::new();
    for real in recorded().await {
        assert!(
            real.events
                .iter()
                .any(|event| matches!(event.what, What::End))
        );
        let known = judged(&real.scenario, &real.events);
        let mutants = check::mutants(&real.events);
        let mut of_this = 0;
        for mutant in &mutants {
            if judged(&real.scenario, &mutant.events) == known {
                survivors.push(format!("{}: {}", real.scenario.name, mutant.name));
            } else {
                of_this += 1;
            }
        }
        rates.push(format!(
            "{}: {of_this} of {}",
            real.scenario.name,
            mutants.len()
        ));
        caught += of_this;
        all += mutants.len();
    }
    println!(
        "{}\nin all {caught} of {all}\nnot caught:\n{}",
        rates.join("\n"),
        survivors.join("\n")
    );
    assert!(all > 300, "only {all} mutants");
    assert!(
        caught * 100 >= all * 95,
        "{caught} of {all}; not caught:\n{}",
        survivors.join("\n")
    );
}
