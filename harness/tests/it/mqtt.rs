//! MQTT over WebSocket: packets that the broker splits over frames or joins in one, as section 6 of the standard lets it, are packets all the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use futures_util::{SinkExt as _, StreamExt as _};
use glare::scenario::Place;
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::HeaderValue;

use crate::stage_support::{case, fails, passes, setting};

/// How a broker puts its packets into frames.
#[derive(Clone, Copy, Debug)]
enum Frames {
    /// One in each.
    One,
    /// Each byte by itself.
    Split,
    /// Each behind an answer to a ping that nobody sent, and in front of half of another.
    Joined,
    /// Each behind a packet that there is not.
    Broken,
}

const DIALECT: &str = r#"
dialect: broker
framing: mqtt
connect:
  path: /
  protocols: [mqtt]
  then:
    - message: { packet: connect, client: "{me}", keep-alive: 30 }
    - hear: { packet: connack, code: 0 }
    - message: { packet: subscribe, id: 1, topics: ["{me}"] }
    - hear: { packet: suback, id: 1, codes: [0] }
absent-peer: silence
ignore:
  - { message: { packet: pingresp } }
say:
  create: join
  join: { message: { packet: publish, topic: "{me}", payload: "in {room}" } }
  offer: { message: { packet: publish, topic: "{peer}", payload: { $json: { from: "{me}", offer: "{sdp}" } } } }
  answer: { message: { packet: publish, topic: "{peer}", payload: { $json: { from: "{me}", answer: "{sdp}" } } } }
  candidate: { message: { packet: publish, topic: "{peer}", payload: { $json: { from: "{me}", candidate: "{candidate}" } } } }
  end-of-candidates: { message: { packet: publish, topic: "{peer}", payload: { $json: { from: "{me}", candidate: null } } } }
hear:
  joined: { message: { packet: publish, topic: "{me}", payload: "in {room}" } }
  offer: { message: { packet: publish, payload: { $json: { from: "{peer}", offer: "{sdp}" } } } }
  answer: { message: { packet: publish, payload: { $json: { from: "{peer}", answer: "{sdp}" } } } }
  candidate: { message: { packet: publish, payload: { $json: { from: "{peer}", candidate: "{candidate}" } } } }
  end-of-candidates: { message: { packet: publish, payload: { $json: { from: "{peer}", candidate: null } } } }
"#;

type Lines = Arc<Mutex<BTreeMap<String, mpsc::UnboundedSender<Vec<u8>>>>>;

/// Each client has the topic of its own name, and hears what is published there.
async fn serve(listener: TcpListener, frames: Frames) {
    let lines = Lines::default();
    let mut open = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        open.spawn(line(stream, lines.clone(), frames));
    }
}

/// The text behind a length of two bytes.
fn text(bytes: &[u8]) -> String {
    let length = usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    String::from_utf8(bytes[2..2 + length].to_vec()).expect("a text")
}

#[expect(clippy::result_large_err, reason = "as the library's callback is")]
async fn line(stream: TcpStream, lines: Lines, frames: Frames) {
    let accepted =
        tokio_tungstenite::accept_hdr_async(stream, |_: &Request, mut answer: Response| {
            let mqtt = HeaderValue::from_static("mqtt");
            answer.headers_mut().insert("sec-websocket-protocol", mqtt);
            Ok(answer)
        });
    let Ok(mut socket) = accepted.await else {
        return;
    };
    let (says, mut listens) = mpsc::unbounded_channel::<Vec<u8>>();
    // What a joined frame has begun.
    let mut begun = Vec::new();
    loop {
        tokio::select! {
            Some(packet) = listens.recv() => {
                let sent: Vec<Vec<u8>> = match frames {
                    Frames::One => vec![packet],
                    Frames::Split => packet.into_iter().map(|byte| vec![byte]).collect(),
                    Frames::Joined => {
                        let pong = b"\xd0\x00";
                        let frame = [&begun, &packet[..], &pong[..1]].concat();
                        begun = pong[1..].to_vec();
                        vec![frame]
                    }
                    Frames::Broken => vec![[b"\xf0\x00", &packet[..]].concat()],
                };
                for frame in sent {
                    if socket.send(Message::binary(frame)).await.is_err() { return }
                }
            }
            message = socket.next() => {
                let Some(Ok(Message::Binary(packet))) = message else { return };
                // Behind the length.
                let at = 1 + packet[1..].iter().position(|byte| byte & 0x80 == 0).expect("a length") + 1;
                match packet[0] >> 4 {
                    1 => {
                        // `connect`: behind the protocol's name, its version, flags and the time.
                        let me = text(&packet[at + 10..]);
                        drop(says.send(b"\x20\x02\x00\x00".to_vec()));
                        lines.lock().expect("nobody panics").insert(me, says.clone());
                    }
                    8 => drop(says.send(b"\x90\x03\x00\x01\x00".to_vec())),
                    3 => {
                        let lines = lines.lock().expect("nobody panics");
                        if let Some(line) = lines.get(&text(&packet[at..])) {
                            drop(line.send(packet.to_vec()));
                        }
                    }
                    _ => return,
                }
            }
        }
    }
}

async fn played(frames: Frames, text: &str) -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = JoinSet::new();
    server.spawn(serve(listener, frames));
    let dialect = Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect");
    let near = Setting {
        server: ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(format!("http://{address}").parse().expect("a URL"))
        }),
        dialect: Arc::new(dialect),
        ..setting()
    };
    play(&case(text), Arc::new(near)).await
}

const MEET: &str = "
scenario: two meet
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - say: { from: bob, text: hello }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_meet_however_the_broker_frames_its_packets_and_the_log_is_the_same() {
    let log = passes(&played(Frames::One, MEET).await);
    for frames in [Frames::Split, Frames::Joined] {
        assert_eq!(passes(&played(frames, MEET).await), log, "{frames:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_holds_one_packet_of_a_frame_and_the_others_go_on() {
    let text = "
scenario: the answer is held
peers: { alice: { stack: wire }, bob: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby, offer: false }
  - hold: { message: answer, to: bob }
  - send: { from: bob, message: offer }
  - await: { peer: alice, hears: offer, from: bob }
  - send: { from: alice, message: answer }
  - await: { held: answer, to: bob }
  # behind it, in the same frame or the next
  - send: { from: alice, message: offer }
  - await: { peer: bob, hears: offer, from: alice }
  - release: { message: answer, to: bob }
  - await: { peer: bob, hears: answer, from: alice }
";
    let log = passes(&played(Frames::One, text).await);
    for frames in [Frames::Split, Frames::Joined] {
        assert_eq!(passes(&played(frames, text).await), log, "{frames:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_packet_fails_the_step_that_waits_and_is_named() {
    let outcome = played(Frames::Broken, MEET).await;
    fails(
        &outcome,
        Place::Step(1),
        "no packet of MQTT begins with the byte 0xf0",
    );
}
