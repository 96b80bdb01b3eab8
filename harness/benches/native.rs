//! How quick and how small native peers are: from description to open channel, and 50 pairs at rest.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group};
use glare::hand::{Command, Hand, Happening, Happenings, Reply};
use glare::peer::NativePeer;
use glare::terms::ChannelOptions;
use tokio::runtime::Runtime;

const C: u32 = 1;
const PAIRS: usize = 50;
const REST: Duration = Duration::from_secs(10);

struct Peer(NativePeer, Happenings);

impl Peer {
    async fn start() -> Self {
        let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        let (hand, happenings) = NativePeer::start(nowhere).await;
        let peer = Self(hand, happenings);
        peer.ok(Command::NewConnection { conn: C }).await;
        peer
    }

    async fn ok(&self, command: Command) -> Reply {
        self.0.perform(command).await.expect("refused")
    }
}

async fn ready() -> (Peer, Peer) {
    let (alice, bob) = tokio::join!(Peer::start(), Peer::start());
    let options = ChannelOptions::default();
    let label = "chat".into();
    alice
        .ok(Command::CreateChannel {
            conn: C,
            label,
            options,
        })
        .await;
    (alice, bob)
}

async fn describe(from: &Peer, to: &Peer) {
    let local = Command::SetLocal {
        conn: C,
        description: None,
    };
    let Reply::Description(description) = from.ok(local).await else {
        panic!("no description");
    };
    to.ok(Command::SetRemote {
        conn: C,
        description,
    })
    .await;
}

/// Describes, trickles, and waits until both channels are open.
async fn connect(alice: &mut Peer, bob: &mut Peer) {
    describe(alice, bob).await;
    describe(bob, alice).await;
    let mut open = (false, false);
    while open != (true, true) {
        let (to, happening, opened) = tokio::select! {
            Some(happening) = alice.1.recv() => (&*bob, happening, &mut open.0),
            Some(happening) = bob.1.recv() => (&*alice, happening, &mut open.1),
        };
        match happening {
            Happening::Candidate { candidate, .. } => {
                to.ok(Command::AddCandidate { conn: C, candidate }).await;
            }
            Happening::ChannelState { state, .. } => *opened |= state == "open",
            _ => {}
        }
    }
}

fn pair(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("no runtime");
    criterion.bench_function("description to open channel", |bencher| {
        bencher.to_async(&runtime).iter_custom(|rounds| async move {
            let mut total = Duration::ZERO;
            for _ in 0..rounds {
                let (mut alice, mut bob) = ready().await;
                let begun = Instant::now();
                connect(&mut alice, &mut bob).await;
                total += begun.elapsed();
                tokio::join!(alice.0.finish(), bob.0.finish());
            }
            total
        });
    });
}

/// Resident memory in bytes and CPU time used, of this process.
fn usage() -> (i64, Duration) {
    let read = |file: &str| std::fs::read_to_string(file).expect("no /proc");
    let statm = read("/proc/self/statm");
    let pages: i64 = statm
        .split(' ')
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("statm");
    let stat = read("/proc/self/stat");
    let after = stat.rsplit(')').next().expect("stat");
    // utime and stime, the 14th and 15th field, in ticks of 10 ms.
    let ticks: u64 = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|n| n.parse::<u64>().ok())
        .sum();
    (pages * 4096, Duration::from_millis(ticks * 10))
}

fn at_rest() {
    let runtime = Runtime::new().expect("no runtime");
    runtime.block_on(async {
        let before = usage().0;
        let begun = Instant::now();
        let pairs = (0..PAIRS).map(|_| {
            tokio::spawn(async {
                let (mut alice, mut bob) = ready().await;
                connect(&mut alice, &mut bob).await;
                (alice, bob)
            })
        });
        let mut open = Vec::new();
        for pair in pairs.collect::<Vec<_>>() {
            open.push(pair.await.expect("a pair failed"));
        }
        let took = begun.elapsed();
        let memory = (usage().0 - before) as f64 / 1e6;
        let (cpu, begun) = (usage().1, Instant::now());
        tokio::time::sleep(REST).await;
        let share = (usage().1 - cpu).as_secs_f64() / begun.elapsed().as_secs_f64();
        eprintln!(
            "{PAIRS} pairs: open in {took:.0?}, {memory:.1} MB, at rest {:.2} % of a core",
            100.0 * share
        );
        for (alice, bob) in open {
            tokio::join!(alice.0.finish(), bob.0.finish());
        }
    });
}

criterion_group!(benches, pair);

fn main() {
    at_rest();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
