//! What the tap costs: a 1 KB round trip, and the throughput of a stream of 1 KB messages, direct and tapped.
//!
//! The ends are tokio-tungstenite. `decoded` goes through a tap whose policy parses each message as a JSON value, to stand for decoding;
//! `passed` through one whose policy looks at nothing, which shows what the tap itself costs. A stream is sent in two ways: flushed with
//! each message, as a peer does, and batched, as no peer does, where parsing JSON (about 4 µs a message) is the narrowest place. All runs
//! take turns, and the medians over all turns are compared at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use futures_util::{SinkExt, StreamExt};
use glare::tap::{HoldId, LinkChange, Passing, Policy, Tap, TapOptions, Verdict};
use glare::terms::Carrier;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

struct Blind;

impl Policy for Blind {
    fn judge(&self, _: &Passing<'_>, _: HoldId) -> Verdict {
        Verdict::Pass
    }

    fn link(&self, _: u32, _: LinkChange) {}
}

struct Decode;

impl Policy for Decode {
    fn judge(&self, passing: &Passing<'_>, _: HoldId) -> Verdict {
        match passing.carrier {
            Carrier::Http => Verdict::Pass,
            _ => match serde_json::from_slice::<serde_json::Value>(passing.data) {
                Ok(value) if value.get("type").is_some() => Verdict::Pass,
                _ => Verdict::Drop,
            },
        }
    }

    fn link(&self, _: u32, _: LinkChange) {}
}

type Peer = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A server that answers `echo` messages with themselves, and a `last` one with itself after a stream.
async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                let stream = message
                    .to_text()
                    .is_ok_and(|text| text.starts_with(r#"{"type":"stream""#));
                if !stream && socket.send(message).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn connect(address: SocketAddr) -> Peer {
    let url = format!("ws://{address}/");
    let (peer, _) = tokio_tungstenite::connect_async_with_config(url, None, true)
        .await
        .expect("the server accepts");
    peer
}

/// About 1 KB, shaped as an offer.
fn message(kind: &str) -> Message {
    let lines = "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\\r\\n".repeat(16);
    let text = format!(
        r#"{{"type":"{kind}","to":"bob","description":{{"type":"offer","sdp":"{lines}"}}}}"#
    );
    assert!((950..1100).contains(&text.len()), "{}", text.len());
    Message::text(text)
}

async fn round_trip(peer: &mut Peer, message: &Message) {
    peer.send(message.clone()).await.expect("sent");
    peer.next().await.expect("answered").expect("whole");
}

const STREAM: usize = 5_000;

/// Sends a stream and waits until the last of it was read.
async fn stream(peer: &mut Peer, flowing: &Message, last: &Message, batched: bool) {
    for _ in 0..STREAM {
        match batched {
            true => peer.feed(flowing.clone()).await,
            false => peer.send(flowing.clone()).await,
        }
        .expect("sent");
    }
    round_trip(peer, last).await;
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// All in turns, so that other load on the machine falls on all of them.
#[expect(clippy::print_stdout, reason = "a benchmark's result")]
async fn compare(ways: [(&str, SocketAddr); 3]) {
    let (echo, flowing, last) = (message("echo"), message("stream"), message("last"));
    let mut peers = Vec::new();
    for (_, address) in ways {
        peers.push(connect(address).await);
    }
    let mut times = [const { [const { Vec::new() }; 3] }; 3];
    for _ in 0..20 {
        for (peer, [trips, flushed, batched]) in peers.iter_mut().zip(&mut times) {
            for _ in 0..500 {
                let begun = Instant::now();
                round_trip(peer, &echo).await;
                trips.push(begun.elapsed());
            }
            for (times, batches) in [(flushed, false), (batched, true)] {
                let begun = Instant::now();
                stream(peer, &flowing, &last, batches).await;
                times.push(begun.elapsed());
            }
        }
    }
    let medians = times.map(|times| times.map(|mut times| median(&mut times).as_secs_f64()));
    for ((name, _), of) in ways.iter().zip(&medians) {
        let rate = |way: usize| STREAM as f64 / of[way];
        let share = |way: usize| medians[0][way] / of[way] * 100.0;
        println!(
            "{name}: round trip {:.1} µs ({:+.1}); flushed {:.0}/s ({:.0} %); batched {:.0}/s ({:.0} %)",
            of[0] * 1e6,
            (of[0] - medians[0][0]) * 1e6,
            rate(1),
            share(1),
            rate(2),
            share(2),
        );
    }
}

async fn tap(server: SocketAddr, policy: Arc<dyn Policy>) -> Tap {
    let options = TapOptions::new([127, 3, 1, 1].into(), server);
    Tap::start(options, policy).await.expect("a tap")
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let (direct, blind, decoding) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(serve(listener));
        let blind = tap(address, Arc::new(Blind)).await;
        (address, blind, tap(address, Arc::new(Decode)).await)
    });
    let ways = [
        ("direct", direct),
        ("passed", blind.address()),
        ("decoded", decoding.address()),
    ];

    let mut criterion = Criterion::default().configure_from_args();
    for (name, address) in ways {
        let (echo, flowing, last) = (message("echo"), message("stream"), message("last"));
        let mut group = criterion.benchmark_group("round trip of 1 KB");
        let mut peer = runtime.block_on(connect(address));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(round_trip(&mut peer, &echo)));
        });
        group.finish();
        for (how, batched) in [("flushed", false), ("batched", true)] {
            let mut group = criterion.benchmark_group(format!("{how} stream of 1 KB messages"));
            group
                .throughput(Throughput::Elements(STREAM as u64))
                .sample_size(10);
            group.bench_function(name, |bencher| {
                bencher.iter(|| runtime.block_on(stream(&mut peer, &flowing, &last, batched)));
            });
            group.finish();
        }
    }
    criterion.final_summary();
    runtime.block_on(async {
        // On a task of its own, as peers are: `block_on` would add a thread's waking to each round trip.
        tokio::spawn(compare(ways)).await.expect("compared");
        blind.stop().await;
        decoding.stop().await;
    });
}
