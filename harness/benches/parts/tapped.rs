//! A message through a tap as a case has it, which decodes, digests, redacts and records each, beside one without a tap and one through a proxy
//! that only copies bytes; and what decoding takes of it, beside parsing alone.

use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use glare::names::PeerName;
use glare::record::{Recorder, TraceWriter};
use glare::run::Run;
use glare::signaling::{Conversation, Dialect};
use glare::tap::{Tap, TapOptions};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::median;

type Peer = WebSocketStream<MaybeTlsStream<TcpStream>>;

const ROUNDS: usize = 60;
const TRIPS: usize = 300;
const STREAM: usize = 3_000;

/// Medians of one way to the server.
pub struct Way {
    /// A 1 KB offer up, a 1 KB offer down.
    pub trip: Duration,
    /// `STREAM` answers of 1 KB, each flushed, and a round trip.
    pub stream: Duration,
}

/// Direct, through a proxy that copies, tapped, and tapped with a trace on disk.
pub async fn measure(run: &Run) -> [Way; 4] {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let server = listener.local_addr().expect("bound");
    let serving = tokio::spawn(serve(listener));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let proxy = listener.local_addr().expect("bound");
    let copying = tokio::spawn(copy(listener, server));
    let mut times = [const { [Vec::new(), Vec::new()] }; 4];
    for round in 0..ROUNDS {
        let path = run.folder().join(format!("tapped-{round}.jsonl"));
        let trace = TraceWriter::create(&path).expect("a file");
        // New ones for each round: what a recorder keeps is as much as a case's, not as a benchmark's.
        let taps = [tap(server, None).await, tap(server, Some(trace)).await];
        let ways = [server, proxy, taps[0].address(), taps[1].address()];
        for (way, [trips, streams]) in ways.into_iter().zip(&mut times) {
            let mut peer = connect(way).await;
            let offer = message("offer", None);
            for _ in 0..TRIPS {
                let began = Instant::now();
                round_trip(&mut peer, &offer).await;
                trips.push(began.elapsed());
            }
            let answer = message("answer", None);
            let began = Instant::now();
            for _ in 0..STREAM {
                peer.send(answer.clone()).await.expect("sent");
            }
            round_trip(&mut peer, &offer).await;
            streams.push(began.elapsed());
        }
        for tap in taps {
            tap.stop().await;
        }
        std::fs::remove_file(path).expect("removed");
    }
    serving.abort();
    copying.abort();
    times.map(|[trips, streams]| Way {
        trip: median(trips),
        stream: median(streams),
    })
}

async fn tap(server: SocketAddr, trace: Option<TraceWriter>) -> Tap {
    let [alice, bob] = ["alice", "bob"].map(PeerName::new);
    let policy = glare::stage::recording(alice, &[bob], Recorder::new(trace), Dialect::reference());
    let options = TapOptions::new([127, 3, 1, 1].into(), server);
    Tap::start(options, policy).await.expect("a tap")
}

/// The least that a proxy can do.
async fn copy(listener: TcpListener, server: SocketAddr) {
    while let Ok((mut peer, _)) = listener.accept().await {
        tokio::spawn(async move {
            let mut server = TcpStream::connect(server).await.expect("the server");
            let _ = peer.set_nodelay(true);
            let _ = server.set_nodelay(true);
            let _ = tokio::io::copy_bidirectional(&mut peer, &mut server).await;
        });
    }
}

/// What it takes to hear a 1 KB offer through the reference dialect's conversation, and to parse it as a JSON value; in turns.
pub fn decoding() -> [Duration; 2] {
    let offer = message("offer", Some("bob"));
    let text = offer.to_text().expect("a text");
    let mut alice = Conversation::new(Dialect::reference(), "alice");
    assert!(alice.hear_text(text).understood);
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS * TRIPS {
        let began = Instant::now();
        black_box(alice.hear_text(black_box(text)));
        times[0].push(began.elapsed());
        let began = Instant::now();
        let parsed = serde_json::from_str::<serde_json::Value>(black_box(text));
        black_box(parsed.expect("JSON"));
        times[1].push(began.elapsed());
    }
    times.map(median)
}

/// Answers offers; takes all else in.
async fn serve(listener: TcpListener) {
    let reply = message("offer", Some("bob"));
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let reply = reply.clone();
        tokio::spawn(async move {
            let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                return;
            };
            while let Some(Ok(message)) = socket.next().await {
                let asks = message
                    .to_text()
                    .is_ok_and(|text| text.starts_with(r#"{"type":"offer""#));
                if asks && socket.send(reply.clone()).await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn connect(address: SocketAddr) -> Peer {
    let url = format!("ws://{address}/?userId=alice");
    let (peer, _) = tokio_tungstenite::connect_async_with_config(url, None, true)
        .await
        .expect("the server accepts");
    peer
}

/// About 1 KB, in the reference server's dialect.
fn message(kind: &str, from: Option<&str>) -> Message {
    let lines = "a=candidate:1 1 udp 2130706431 192.0.2.1 50000 typ host\\r\\n".repeat(17);
    let from = from.map_or(String::new(), |from| format!(r#""from":"{from}","#));
    let text = format!(r#"{{"type":"{kind}",{from}"sdp":"{lines}"}}"#);
    assert!((950..1100).contains(&text.len()), "{}", text.len());
    Message::text(text)
}

async fn round_trip(peer: &mut Peer, message: &Message) {
    peer.send(message.clone()).await.expect("sent");
    peer.next().await.expect("answered").expect("whole");
}

/// Messages a second.
pub fn rate(way: &Way) -> f64 {
    STREAM as f64 / way.stream.as_secs_f64()
}
