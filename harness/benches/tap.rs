//! What the tap costs: a 1 KB round trip, and the throughput of a stream of 1 KB messages, direct and tapped.
//!
//! The ends are tokio-tungstenite; the policy parses each message as JSON, to stand for decoding. Direct and tapped runs take turns, and
//! the medians over all turns are compared at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use futures_util::{SinkExt, StreamExt};
use glare::log::Carrier;
use glare::tap::{HoldId, LinkChange, Passing, Policy, Tap, TapOptions, Verdict};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

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
                let stream = message.to_text().is_ok_and(|text| text.starts_with(r#"{"type":"stream""#));
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
    let text = format!(r#"{{"type":"{kind}","to":"bob","description":{{"type":"offer","sdp":"{lines}"}}}}"#);
    assert!((950..1100).contains(&text.len()), "{}", text.len());
    Message::text(text)
}

async fn round_trip(peer: &mut Peer, message: &Message) {
    peer.send(message.clone()).await.expect("sent");
    peer.next().await.expect("answered").expect("whole");
}

const STREAM: usize = 5_000;

/// Sends a stream as quickly as the sender's batching allows, and waits until the last of it was read.
async fn stream(peer: &mut Peer, flowing: &Message, last: &Message) {
    for _ in 0..STREAM {
        peer.feed(flowing.clone()).await.expect("sent");
    }
    round_trip(peer, last).await;
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Direct and tapped in turns, so that other load on the machine falls on both.
#[expect(clippy::print_stdout, reason = "a benchmark's result")]
fn compare(runtime: &Runtime, direct: SocketAddr, tapped: SocketAddr) {
    let (echo, flowing, last) = (message("echo"), message("stream"), message("last"));
    runtime.block_on(async {
        let (mut direct, mut tapped) = (connect(direct).await, connect(tapped).await);
        let (mut trips, mut streams) = ([vec![], vec![]], [vec![], vec![]]);
        for turn in 0..40 {
            for (i, peer) in [&mut direct, &mut tapped].into_iter().enumerate() {
                for _ in 0..250 {
                    let begun = Instant::now();
                    round_trip(peer, &echo).await;
                    trips[i].push(begun.elapsed());
                }
                if turn % 2 == 0 {
                    let begun = Instant::now();
                    stream(peer, &flowing, &last).await;
                    streams[i].push(begun.elapsed());
                }
            }
        }
        let [direct, tapped] = trips.each_mut().map(|times| median(times));
        println!(
            "round trip of 1 KB: direct {direct:?}, tapped {tapped:?}, the tap costs {:?}",
            tapped.saturating_sub(direct)
        );
        let [direct, tapped] = streams.each_mut().map(|times| STREAM as f64 / median(times).as_secs_f64());
        println!(
            "throughput of 1 KB: direct {direct:.0}/s, tapped {tapped:.0}/s, {:.0} %",
            tapped / direct * 100.0
        );
    });
}

fn main() {
    let runtime = Runtime::new().expect("a runtime");
    let (direct, tap) = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        tokio::spawn(serve(listener));
        let options = TapOptions::new([127, 3, 1, 1].into(), address);
        let tap = Tap::start(options, Arc::new(Decode)).await.expect("a tap");
        (address, tap)
    });

    let mut criterion = Criterion::default().configure_from_args();
    for (name, address) in [("direct", direct), ("tapped", tap.address())] {
        let (echo, flowing, last) = (message("echo"), message("stream"), message("last"));
        let mut group = criterion.benchmark_group("round trip of 1 KB");
        let mut peer = runtime.block_on(connect(address));
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(round_trip(&mut peer, &echo)));
        });
        group.finish();
        let mut group = criterion.benchmark_group("stream of 1 KB messages");
        group.throughput(Throughput::Elements(STREAM as u64)).sample_size(10);
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(stream(&mut peer, &flowing, &last)));
        });
        group.finish();
    }
    criterion.final_summary();
    compare(&runtime, direct, tap.address());
    runtime.block_on(tap.stop());
}
