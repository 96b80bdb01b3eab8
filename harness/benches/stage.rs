//! What a run costs, each figure beside the one that it is measured against, taken in turns in one run.
//!
//! `ci/bench` prints the table; `ci/bench native` leaves the browsers out, `ci/bench tap` all but the tap, `ci/bench mesh` all but the room of four, `ci/bench validate` all but `glare validate`, `ci/bench chat` all but what the page of the
//! chat keeps, `ci/bench steps` all but what a step of a page takes. Medians, since the machines are shared. A figure above
//! its limit is marked MISSED and is no error: how busy the machine was is said at the head of the table, and at its end.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use glare::hand::{Command, Hand, Happening, Happenings, Reply};
use glare::names::Stack;
use glare::peer::NativePeer;
use glare::peer::browser::Pool;
use glare::record::Verdict;
use glare::run::Run;
use glare::scenario::{PeerSpec, Scenario};
use glare::server::ServerSpec;
use glare::signaling::{Description, Dialect};
use glare::stage::{Case, Setting, Turns, play};
use glare::suite::{self, Plan};
use glare::terms::ChannelOptions;

#[path = "parts/chat.rs"]
mod chat;
#[path = "parts/steps.rs"]
mod steps;
#[path = "parts/tapped.rs"]
mod tapped;
#[path = "parts/validate.rs"]
mod validate;

fn main() {
    // `cargo bench` adds `--bench`, `cargo test --benches` asks for a list: neither is for this program.
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments
        .iter()
        .any(|argument| argument == "--list" || argument == "--test")
    {
        return;
    }
    let asked = |part: &str| arguments.iter().any(|argument| argument == part);
    if let [first, port, ..] = arguments.as_slice()
        && first == validate::SERVE
    {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        return runtime.block_on(validate::serve(port.parse().expect("a port")));
    }
    let tap_only = asked("tap");
    let native_only = tap_only || asked("native");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let run = Run::global().expect("a run").clone();
    let pool = Pool::start(run.clone()).expect("a pool");
    runtime.block_on(async {
        load();
        if asked("mesh") {
            mesh(&pool, &run).await;
            pool.shutdown().await;
            return load();
        }
        if asked("validate") {
            validated(&pool, &run).await;
            pool.shutdown().await;
            return load();
        }
        if asked("chat") {
            kept(&pool).await;
            pool.shutdown().await;
            return load();
        }
        if asked("steps") {
            driven(&pool).await;
            pool.shutdown().await;
            return load();
        }
        if !tap_only {
            native(&pool, &run).await;
            mesh(&pool, &run).await;
            validated(&pool, &run).await;
            pairs().await;
        }
        // On a task, as peers are: this thread's waking would be part of each round trip.
        tokio::spawn(tap(run.clone())).await.expect("measured");
        if !native_only {
            browsers(&pool, &run).await;
            kept(&pool).await;
            driven(&pool).await;
            everything(&pool, &run).await;
        }
        pool.shutdown().await;
        load();
    });
    run.end().expect("nothing left behind");
}

fn setting(pool: &Pool, run: &Run, busy: usize) -> Arc<Setting> {
    let server = ServerSpec::reference();
    Arc::new(Setting {
        turns: Turns::new(busy),
        ..Setting::new(server, Dialect::reference(), pool.clone(), run.clone())
    })
}

fn happy_path(first: Stack, second: Stack) -> Case {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/rooms/happy-path.yaml");
    let scenario =
        Scenario::load(&path).unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let cast = scenario
        .casts()
        .into_iter()
        .find(|cast| cast.iter().map(|(_, stack)| stack).collect::<Vec<_>>() == [first, second])
        .expect("the cast");
    Case {
        scenario: Arc::new(scenario),
        cast,
    }
}

/// A row of the table: a figure without a limit.
fn line(what: &str, figure: String) {
    println!("{what:<66} {figure:>14}");
}

/// A row with the most that the figure may be, both in `unit`.
fn at_most(what: &str, figure: f64, limit: f64, unit: &str) {
    held(what, figure, "≤", limit, unit, figure <= limit);
}

/// A row with the least that the figure may be.
fn at_least(what: &str, figure: f64, limit: f64, unit: &str) {
    held(what, figure, "≥", limit, unit, figure >= limit);
}

fn held(what: &str, figure: f64, sign: &str, limit: f64, unit: &str, holds: bool) {
    let (figure, limit) = (
        format!("{figure:.1} {unit}"),
        format!("{sign} {limit} {unit}"),
    );
    let mark = if holds { "" } else { "  MISSED" };
    println!("{what:<66} {figure:>14} {limit:>12}{mark}");
}

fn load() {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load: Vec<&str> = load.split(' ').take(2).collect();
    println!(
        "(load average over 1 and 5 minutes: {}, on {cores} cores)",
        load.join(" and ")
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", millis(time))
}

/// Played until the verdict; clearing up is not part of the time that a person waits for a verdict, but runs before the next.
async fn verdict_time(case: &Case, setting: &Arc<Setting>) -> Duration {
    let outcome = play(case, setting.clone()).await;
    assert!(
        matches!(outcome.verdict, Verdict::Pass),
        "{:?}\n{}",
        outcome.verdict,
        outcome.log
    );
    outcome.took
}

/// Two native peers without server, tap, log: from the first description to the open channel.
async fn bare_pair() -> Duration {
    let nowhere: std::net::SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let (a, mut from_a) = NativePeer::start(nowhere).await;
    let (b, mut from_b) = NativePeer::start(nowhere).await;
    let took = connect(&a, &mut from_a, &b, &mut from_b).await;
    a.finish().await;
    b.finish().await;
    took
}

async fn connect(
    a: &NativePeer,
    from_a: &mut Happenings,
    b: &NativePeer,
    from_b: &mut Happenings,
) -> Duration {
    let began = Instant::now();
    for peer in [a, b] {
        peer.perform(Command::NewConnection { conn: 1 })
            .await
            .expect("a connection");
    }
    let channel = Command::CreateChannel {
        conn: 1,
        label: "chat".into(),
        options: ChannelOptions::default(),
    };
    a.perform(channel).await.expect("a channel");
    let offer = local(a).await;
    b.perform(Command::SetRemote {
        conn: 1,
        description: offer,
    })
    .await
    .expect("the offer");
    let answer = local(b).await;
    a.perform(Command::SetRemote {
        conn: 1,
        description: answer,
    })
    .await
    .expect("the answer");
    let mut open = [false, false];
    while open != [true, true] {
        tokio::select! {
            Some(happening) = from_a.recv() => relay(happening, b, &mut open[0]).await,
            Some(happening) = from_b.recv() => relay(happening, a, &mut open[1]).await,
        }
    }
    began.elapsed()
}

async fn local(peer: &NativePeer) -> Description {
    match peer
        .perform(Command::SetLocal {
            conn: 1,
            description: None,
        })
        .await
        .expect("a description")
    {
        Reply::Description(description) => description,
        other => panic!("{other:?}"),
    }
}

async fn relay(happening: Happening, to: &NativePeer, open: &mut bool) {
    match happening {
        Happening::Candidate { candidate, .. } => {
            to.perform(Command::AddCandidate { conn: 1, candidate })
                .await
                .expect("a candidate");
        }
        Happening::ChannelState { state, .. } if state == "open" => *open = true,
        _ => {}
    }
}

async fn native(pool: &Pool, run: &Run) {
    let setting = setting(pool, run, 1);
    let case = happy_path(Stack::Native, Stack::Native);
    let (mut bare, mut staged) = (Vec::new(), Vec::new());
    for _ in 0..50 {
        bare.push(bare_pair().await);
        staged.push(verdict_time(&case, &setting).await);
    }
    let (bare, staged) = (median(bare), median(staged));
    at_most(
        "two bare native peers, first description to open channel",
        millis(bare),
        30.0,
        "ms",
    );
    line("native × native happy path, boot to verdict", ms(staged));
    at_most(
        "  above the bare peers",
        millis(staged) - millis(bare),
        15.0,
        "ms",
    );
}

/// Four native peers in one room, each connected with each: six pairs.
async fn mesh(pool: &Pool, run: &Run) {
    let setting = setting(pool, run, 1);
    let names = ["alice", "bob", "carol", "dora"];
    let mut builder = Scenario::builder("mesh of four");
    for name in names {
        let spec = PeerSpec {
            stack: Some(Stack::Native),
            ..PeerSpec::default()
        };
        builder = builder.peer_with(name, spec);
    }
    builder = builder.create(names[0], "lobby");
    for name in &names[1..] {
        builder = builder.join(*name, "lobby");
    }
    let scenario = builder.connected(names).build().expect("a scenario");
    let cast = scenario.casts().remove(0);
    let case = Case {
        scenario: Arc::new(scenario),
        cast,
    };
    let (mut bare, mut staged) = (Vec::new(), Vec::new());
    for _ in 0..30 {
        bare.push(bare_pair().await);
        staged.push(verdict_time(&case, &setting).await);
    }
    line(
        "two bare native peers, in turns with the next",
        ms(median(bare)),
    );
    let staged = millis(median(staged));
    at_most("mesh of four, native, boot to verdict", staged, 60.0, "ms");
}

/// What `glare validate` takes.
async fn validated(pool: &Pool, run: &Run) {
    let brisk = validate::cases(true);
    let mut times = Vec::new();
    for _ in 0..5 {
        times.push(validate::measure(&brisk, ServerSpec::reference(), pool, run).await);
    }
    let rate = brisk.len() as f64 / median(times).as_secs_f64();
    let what = format!(
        "validate: {} cases that only signal and wait for nothing, a second",
        brisk.len()
    );
    at_least(&what, rate, 150.0, "");
    let all = validate::cases(false);
    for (how, server) in [
        ("embedded", ServerSpec::reference()),
        ("in a process", validate::in_a_process()),
    ] {
        let took = validate::measure(&all, server, pool, run).await;
        let what = format!("  all {} cases on the reference server {how}", all.len());
        at_most(&what, took.as_secs_f64(), 60.0, "s");
    }
}

/// What a step of a page takes.
async fn driven(pool: &Pool) {
    for stack in [Stack::Chromium, Stack::Firefox] {
        let steps = steps::measure(pool, stack, 50).await.expect("50 rounds");
        for (step, took) in steps {
            line(&format!("{step} in a page, {stack}"), ms(median(took)));
        }
    }
}

async fn kept(pool: &Pool) {
    let kept = chat::measure(pool, 200).await.expect("200 rounds");
    line(
        "two meet in the chat's pages and part, Chromium",
        ms(kept.round),
    );
    for (page, [tenth, last]) in ["who stays", "who comes and goes"].iter().zip(kept.heaps) {
        let what = format!("heap of {page}, 200th round above the 10th");
        at_most(&what, (last - tenth) / 1e6, 2.0, "MB");
    }
}

async fn tap(run: Run) {
    let [direct, copied, tapped, traced] = tapped::measure(&run).await;
    let micros = |way: &tapped::Way| way.trip.as_secs_f64() * 1e6;
    line(
        "1 KB round trip, direct",
        format!("{:.1} µs", micros(&direct)),
    );
    for (what, way) in [
        ("through a tap that decodes and records", &tapped),
        ("the same, with the trace on disk", &traced),
    ] {
        at_most(
            &format!("  {what}: more"),
            micros(way) - micros(&direct),
            30.0,
            "µs",
        );
    }
    line(
        "  through a proxy that only copies",
        format!("{:.1} µs", micros(&copied)),
    );
    at_most(
        "  through a tap that decodes and records: times that",
        micros(&tapped) / micros(&copied),
        1.5,
        "",
    );
    let [heard, parsed] = tapped::decoding().map(|time| time.as_secs_f64() * 1e6);
    line(
        "1 KB offer heard through the conversation",
        format!("{heard:.1} µs, parsed as JSON alone {parsed:.1} µs"),
    );
    line(
        "1 KB messages a second, direct",
        format!("{:.0}", tapped::rate(&direct)),
    );
    for (what, way) in [
        ("through a tap that decodes and records", &tapped),
        ("the same, with the trace on disk", &traced),
    ] {
        let share = tapped::rate(way) / tapped::rate(&direct) * 100.0;
        at_least(&format!("  {what}"), share, 50.0, "%");
    }
}

/// Memory in MB (`VmRSS`) and CPU time of this process.
fn usage() -> (f64, Duration) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kilobytes: f64 = status
        .lines()
        .find_map(|line| {
            line.strip_prefix("VmRSS:")?
                .trim()
                .strip_suffix("kB")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or_default();
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = after_name
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|ticks| ticks.parse::<u64>().ok())
        .sum();
    (kilobytes / 1024.0, Duration::from_millis(ticks * 10))
}

async fn pairs() {
    let (before, _) = usage();
    let nowhere: std::net::SocketAddr = "127.0.0.1:9".parse().expect("an address");
    let mut pairs = Vec::new();
    let began = Instant::now();
    for _ in 0..50 {
        let (a, mut from_a) = NativePeer::start(nowhere).await;
        let (b, mut from_b) = NativePeer::start(nowhere).await;
        connect(&a, &mut from_a, &b, &mut from_b).await;
        pairs.push((a, from_a, b, from_b));
    }
    line("50 native pairs, one after the other", ms(began.elapsed()));
    let (all, busy) = usage();
    at_most(
        "memory of the whole program with 50 native pairs",
        all,
        60.0,
        "MB",
    );
    line("  of that, by the pairs", format!("{:.1} MB", all - before));
    let window = Duration::from_secs(20);
    tokio::time::sleep(window).await;
    let (_, later) = usage();
    let share = (later - busy).as_secs_f64() / window.as_secs_f64() * 100.0;
    at_most("50 idle native pairs, share of a core", share, 0.6, "%");
    for (a, _, b, _) in pairs {
        a.finish().await;
        b.finish().await;
    }
}

const FRESH: &str = "  the same with a fresh context and page for each peer";

async fn browsers(pool: &Pool, run: &Run) {
    let fresh = Pool::with_fresh_contexts(run.clone()).expect("a pool");
    for stack in [Stack::Chromium, Stack::Firefox] {
        let began = Instant::now();
        pool.warm_up(stack).await.expect("a browser");
        line(&format!("{stack} started"), ms(began.elapsed()));
        fresh.warm_up(stack).await.expect("a browser");
        let case = happy_path(stack, stack);
        let (with_warm, with_fresh) = (setting(pool, run, 4), setting(&fresh, run, 4));
        // The first of each opens what the others find.
        verdict_time(&case, &with_warm).await;
        verdict_time(&case, &with_fresh).await;
        let (mut warm, mut cold) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            warm.push(verdict_time(&case, &with_warm).await);
            cold.push(verdict_time(&case, &with_fresh).await);
        }
        let what = format!("{stack} × {stack} happy path, warm pages");
        match stack {
            Stack::Chromium => at_most(&what, millis(median(warm)), 250.0, "ms"),
            _ => line(&what, ms(median(warm))),
        }
        line(FRESH, ms(median(cold)));
        let what = format!("40 {stack} × {stack} happy paths in one run, warm pages");
        let all = forty(&case, &with_warm).await;
        match stack {
            Stack::Chromium => at_most(&what, all.as_secs_f64(), 10.0, "s"),
            _ => line(&what, format!("{:.1} s", all.as_secs_f64())),
        }
        let all = forty(&case, &with_fresh).await;
        line(FRESH, format!("{:.1} s", all.as_secs_f64()));
    }
    fresh.shutdown().await;
}

async fn forty(case: &Case, setting: &Arc<Setting>) -> Duration {
    let began = Instant::now();
    let cases: Vec<Case> = (0..40).map(|_| case.clone()).collect();
    let played = suite::run(
        cases,
        setting.clone(),
        Plan {
            repeat: 1,
            until_failure: false,
            accept: false,
            records: None,
            home: ".".into(),
        },
        &|_| {},
    )
    .await;
    for played in &played {
        let verdict = &played.outcome.verdict;
        assert!(matches!(verdict, Verdict::Pass), "{verdict:#?}");
    }
    began.elapsed()
}

async fn everything(pool: &Pool, run: &Run) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let (scenarios, _) = suite::read(&suite::files(&[folder]).expect("scenarios"));
    let (cases, _) = suite::cases(&scenarios, &[], &Stack::CONNECTING);
    let number = cases.len();
    let began = Instant::now();
    let played = suite::run(
        cases,
        setting(pool, run, 4),
        Plan {
            repeat: 1,
            until_failure: false,
            accept: false,
            records: None,
            home: ".".into(),
        },
        &|_| {},
    )
    .await;
    let failed = played
        .iter()
        .filter(|played| !matches!(played.outcome.verdict, Verdict::Pass))
        .count();
    at_most(
        &format!("all scenarios × nine casts: {number} cases, {failed} not passed"),
        began.elapsed().as_secs_f64(),
        120.0,
        "s",
    );
}
