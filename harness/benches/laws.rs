//! What it costs to ask the laws, and to make the log and check it, on the trace of a real run, laid end to end until it is long.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use glare::facts::Facts;
use glare::laws::judge;
use glare::log::{Log, causal};
use glare::record::{Event, Seq, What};
use glare::scenario::Scenario;
use glare::signaling::Dialect;
use glare::signaling::Terms;
use glare::stage::{Case, Setting, play};
use glare::suite::native;
use glare_signaling_server::Faults;

/// At most 1 ms for so many events is the limit.
const EVENTS: usize = 1_000;

/// At most 1 s for so many, log and check included, is the limit: nothing grows faster than the trace.
const MANY: usize = 100_000;

/// A run with offers, candidates, a kill and a rejoin.
fn recorded() -> Vec<Event> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../scenarios/rooms/mid-join-disconnect.yaml");
    let scenario =
        Scenario::load(&path).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let cast = native(&scenario).expect("a native cast");
    let case = Case {
        scenario: Arc::new(scenario),
        cast,
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let setting = Setting::reference(Faults::none()).expect("a run");
    let outcome = runtime.block_on(play(&case, Arc::new(setting)));
    let events = outcome.events.iter();
    events.map(|event| Event::clone(event)).collect()
}

/// The same once more, later, until there are so many: to the laws, peers that come back again and again.
fn long(once: &[Event], count: usize) -> Vec<Event> {
    let mut all: Vec<Event> = Vec::with_capacity(count);
    let length = once.last().map_or(0, |last| last.at) + 1;
    while all.len() < count {
        let (from, since) = (all.len() as Seq, all.len() / once.len());
        all.extend(once.iter().map(|event| {
            let mut event = event.clone();
            event.seq += from;
            event.at += length * since as u64;
            event.cause.iter_mut().for_each(|cause| *cause += from);
            if let What::Released { message, .. } = &mut event.what {
                *message += from;
            }
            event
        }));
    }
    all.truncate(count);
    all
}

fn laws(criterion: &mut Criterion) {
    let once = recorded();
    let terms = Terms::of(&Dialect::reference());
    let mut group = criterion.benchmark_group("laws");
    for count in [EVENTS, 50 * EVENTS, MANY] {
        let events = long(&once, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} events"), |bencher| {
            bencher.iter(|| judge(black_box(&events), &terms));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("log and laws");
    group.sample_size(10);
    for count in [EVENTS, MANY] {
        let events = long(&once, count);
        group.throughput(Throughput::Elements(count as u64));
        group.bench_function(format!("{count} events"), |bencher| {
            bencher.iter(|| {
                let log = Log::with(black_box(&events), &terms);
                let kept = causal(&log, &events, &Facts::of(&events, &terms).edges()).is_ok();
                (kept, judge(&events, &terms))
            });
        });
    }
    group.finish();
}

criterion_group!(benches, laws);
criterion_main!(benches);
