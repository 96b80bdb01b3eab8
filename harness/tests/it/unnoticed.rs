//! Faults of the harness that its tests did not see: each has one here that does.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::cli_support::Stand;
use crate::stage_support::far::Far;
use crate::stage_support::{case, fails, passes, played, scenario, setting};
use crate::traces_support::link;
use futures_util::{SinkExt as _, StreamExt as _};
use glare::log::Log;
use glare::names::RoomName;
use glare::record::{Applied, TraceBuilder, What};
use glare::scenario::{Place, Scenario};
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::{Candidate, DescriptionKind, Notice, Request, Signal};
use glare::stage::{Outcome, Setting, play};
use glare::terms::{Fate, Side};
use glare_signaling_server::{Options, Server};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::broadcast;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

const MET: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: carol, room: lobby, offer: false }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_goes_on_in_the_order_in_which_it_came() {
    let send = "  - send: { from: carol, message: candidate }\n  - await: { held: candidate, from: carol }\n".repeat(3);
    let text = scenario(&format!(
        "{MET}  - hold: {{ message: candidate, from: carol }}\n{send}  - release: {{ message: candidate, from: carol }}\n"
    ));
    let outcome = played(&text).await;
    passes(&outcome);
    let released: Vec<u64> = (outcome.events.iter())
        .filter_map(|event| match event.what {
            What::Released { message, .. } => Some(message),
            _ => None,
        })
        .collect();
    assert_eq!(released.len(), 3);
    assert!(released.is_sorted(), "{released:?}");
}

/// Alice's last word is long under way to the server, and what Bob hears to him: his first answer after the steps is there before it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_arrives_only_after_the_first_answer_is_waited_for() {
    let far = Far::start(|user| {
        let ms = Duration::from_millis;
        if user.starts_with("alice") {
            (ms(100), ms(0))
        } else {
            (ms(0), ms(150))
        }
    })
    .await;
    let text = scenario(&format!(
        "{MET}  - send-raw: {{ peer: alice, text: '{{\"type\":\"bye\"}}' }}\n"
    ));
    let near = Setting {
        server: far.spec(),
        ..setting()
    };
    let log = passes(&play(&case(&text), Arc::new(near)).await);
    assert!(log.ends_with("alice -> carol: bye\n"), "{log}");
}

async fn between(fault: Fault) -> Outcome {
    let between = Between::start(fault).await;
    let text = scenario(&format!(
        "{MET}  - send-raw: {{ peer: carol, text: garbage }}\n"
    ));
    let near = Setting {
        server: between.spec(),
        ..setting()
    };
    play(&case(&text), Arc::new(near)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_relays_no_answers_after_garbage_breaks_law_5() {
    fails(
        &between(Fault::DropsAnswers).await,
        Place::Law(5),
        "never got the answer of",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_throws_a_bystander_out_for_garbage_breaks_law_5() {
    fails(
        &between(Fault::ThrowsAliceOut).await,
        Place::Law(5),
        "the server ended the connection of alice",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_harms_nobody_keeps_law_5() {
    passes(&between(Fault::None).await);
}

/// A request may go without an answer where the step says so, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_a_line_to_nowhere_unanswered_is_at_fault_unless_it_may() {
    let between = Between::start(Fault::None).await;
    let ask = async |status: &str| {
        let text = scenario(&format!(
            "{MET}  - send-raw: {{ peer: carol, path: /no/where{status} }}\n"
        ));
        let near = Setting {
            server: between.spec(),
            ..setting()
        };
        play(&case(&text), Arc::new(near)).await
    };
    passes(&ask(", answered: false").await);
    for asked in ["", ", status: 404"] {
        fails(
            &ask(asked).await,
            Place::Step(3),
            "the server does not answer a request for a WebSocket on /no/where",
        );
    }
}

const IDLE: Duration = Duration::from_millis(700);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ends_the_lines_of_all_who_are_silent_for_long_keeps_law_5() {
    let between = Between::start(Fault::EndsTheIdle).await;
    let text = "
scenario: silent for long
peers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire }, dave: { stack: wire } }
steps:
  - create: { peer: bob, room: lobby }
  - join: { peer: dave, room: lobby, offer: false }
  - connect: { peer: alice }
  - connect: { peer: carol }
  - send-raw: { peer: carol, text: garbage }
  - delay: { message: offer, to: bob, by: 1500ms }
  - send: { from: dave, message: offer }
  - await: { peer: bob, hears: offer }
";
    let near = Setting {
        server: between.spec(),
        ..setting()
    };
    let outcome = play(&case(text), Arc::new(near)).await;
    passes(&outcome);
    let ended = |event: &What| matches!(event, What::LinkDown { link, by: Side::Server, .. } if link.peer.as_str() == "alice");
    assert!(outcome.events.iter().any(|event| ended(&event.what)));
}

/// What a server between does wrong after it has seen garbage.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    DropsAnswers,
    ThrowsAliceOut,
    EndsTheIdle,
}

/// The reference server, and somebody before it who reads along.
struct Between {
    address: std::net::SocketAddr,
    _lines: JoinSet<()>,
    _server: Server,
}

impl Between {
    async fn start(fault: Fault) -> Self {
        let server = Server::start(Options::default()).await.expect("a server");
        let behind = server.address();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut lines = JoinSet::new();
        let (garbage, _) = broadcast::channel(8);
        let spoilt = Arc::new(AtomicBool::new(false));
        lines.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let spoilt = spoilt.clone();
                open.spawn(line(near, behind, fault, (garbage.clone(), spoilt)));
            }
        });
        Self {
            address,
            _lines: lines,
            _server: server,
        }
    }

    fn spec(&self) -> ServerSpec {
        let url = format!("http://{}", self.address);
        ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(url.parse().expect("a URL"))
        })
    }
}

async fn line(
    mut near: TcpStream,
    behind: std::net::SocketAddr,
    fault: Fault,
    (garbage, spoilt): (broadcast::Sender<()>, Arc<AtomicBool>),
) {
    let mut head = [0; 2048];
    let Ok(length) = near.peek(&mut head).await else {
        return;
    };
    let head = String::from_utf8_lossy(&head[..length]).into_owned();
    if !head.to_lowercase().contains("upgrade: websocket") {
        if let Ok(mut far) = TcpStream::connect(behind).await {
            drop(copy_bidirectional(&mut near, &mut far).await);
        }
        return;
    }
    let path = head.split(' ').nth(1).unwrap_or("/").to_owned();
    let url = format!("ws://{behind}{path}");
    // The server first: who hears yes before it knows of the line may be refused a room as one who is not there.
    let Ok((mut far, _)) = tokio_tungstenite::connect_async(url).await else {
        return;
    };
    let Ok(mut near) = tokio_tungstenite::accept_async(near).await else {
        return;
    };
    let mut seen = garbage.subscribe();
    let is_alice = path.contains("alice");
    let idles = is_alice || path.contains("glare-probe-idle");
    loop {
        tokio::select! {
            up = near.next() => {
                let Some(Ok(up)) = up else { return };
                if up.to_text().is_ok_and(|text| text == "garbage") {
                    spoilt.store(true, Ordering::Relaxed);
                    drop(garbage.send(()));
                }
                if far.send(up).await.is_err() { return }
            }
            down = far.next() => {
                let Some(Ok(down)) = down else { return };
                let answer = matches!(&down, Message::Text(text) if text.contains("\"answer\""));
                // Before it had garbage it was right.
                let spoilt = spoilt.load(Ordering::Relaxed);
                if answer && spoilt && fault == Fault::DropsAnswers { continue }
                if near.send(down).await.is_err() { return }
            }
            () = tokio::time::sleep(IDLE), if idles && fault == Fault::EndsTheIdle => return,
            _ = seen.recv(), if is_alice && fault == Fault::ThrowsAliceOut => return,
        }
    }
}

#[track_caller]
fn mistaken(steps: &str, word: &str) {
    let text = format!("scenario: x\npeers: {{ alice: {{}}, bob: {{}} }}\nsteps:\n{steps}");
    let told = Scenario::read(Path::new("x.yaml"), &text).expect_err(steps);
    assert!(told.to_string().contains(word), "no {word:?} in {told}");
}

const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";

#[test]
fn nobody_signals_to_itself() {
    for verb in ["hold", "drop", "duplicate"] {
        mistaken(
            &format!("{CREATE}  - {verb}: {{ message: offer, from: alice, to: alice }}\n"),
            "`alice` twice",
        );
    }
}

#[test]
fn a_server_that_was_killed_has_forgotten_who_was_where() {
    mistaken(
        &format!("{CREATE}  - kill-server\n  - restart\n  - leave: {{ peer: alice }}\n"),
        "`alice` is in no room",
    );
    mistaken(
        &format!("{CREATE}  - kill-server\n  - leave: {{ peer: alice }}\n"),
        "`alice` is in no room",
    );
    mistaken(
        &format!("{CREATE}  - kill-server\n  - join: {{ peer: bob, room: lobby }}\n"),
        "the room `lobby` is gone since step 2",
    );
}

#[test]
fn the_difference_to_a_snapshot_is_tamed() {
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        "scenario: x\npeers: { alice: { stack: wire }, bob: { stack: wire } }\nsteps:\n  - create: { peer: alice, room: lobby }\n",
    );
    stand.write(
        "x.snap",
        "alice -> server: create lobby\n\u{1b}[2J\u{202e}owned\n::error::owned\nserver -> alice: created lobby\n",
    );
    let ran = stand.glare(&["run", "x.yaml"]).ends(1);
    assert!(ran.err.contains("owned"), "{}", ran.err);
    assert!(!ran.err.contains(['\u{1b}', '\u{202e}']), "{:?}", ran.err);
}

fn candidate(n: u32) -> Signal {
    Signal::Candidate {
        candidate: Candidate {
            candidate: format!("candidate:{n} 1 udp 1 192.0.2.{n} 4000 typ host"),
            username_fragment: Some("ice".into()),
            ..Candidate::default()
        },
    }
}

/// Alice and Bob in a room.
fn together() -> TraceBuilder {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    b.create(&link("alice", 1), "lobby");
    b.join(&link("bob", 1), "lobby", &[&link("alice", 1)]);
    b
}

#[test]
fn candidates_that_fared_differently_are_lines_of_their_own() {
    let lines = |second: Fate| {
        let mut b = together();
        let step = b.step("send", Some("alice: sends"));
        let alice = link("alice", 1);
        let offer = Signal::Offer {
            sdp: crate::traces_support::sdp("ice"),
        };
        b.up(&alice, "bob", offer.clone(), Fate::Passed, &[step]);
        let heard = b.down(&link("bob", 1), "alice", offer, Fate::Passed);
        b.up(&alice, "bob", candidate(1), Fate::Passed, &[step]);
        b.up(&alice, "bob", candidate(2), second, &[step]);
        for n in [1, 2] {
            b.down(&link("bob", 1), "alice", candidate(n), Fate::Passed);
        }
        b.wait(heard);
        let log = Log::of(&b.end(&[&link("alice", 1), &link("bob", 1)])).to_string();
        let sent = log.lines().filter(|line| line.contains("candidate"));
        sent.map(str::to_owned).collect::<Vec<_>>()
    };
    let same = lines(Fate::Passed);
    let delayed = lines(Fate::Delayed);
    assert_eq!(same.len() + 1, delayed.len(), "{same:#?}\n{delayed:#?}");
    let marked = delayed.iter().filter(|line| line.contains("(delayed)"));
    assert_eq!(marked.count(), 1, "{delayed:#?}");
}

#[test]
fn a_signal_sent_after_leaving_stays_behind_it() {
    let mut b = together();
    let alice = link("alice", 1);
    let step = b.step("negotiate: { from: alice }", None);
    let local = Applied::Local(DescriptionKind::Offer);
    let described = b.applied("alice", 1, local, &[step]);
    let offer = Signal::Offer {
        sdp: crate::traces_support::sdp("ice"),
    };
    let offer = b.up(&alice, "bob", offer, Fate::Held, &[described]);
    b.wait(offer);
    let step = b.step("leave: { peer: alice }", None);
    let room = || RoomName::new("lobby");
    b.ask(&alice, Request::Leave { room: room() }, &[step]);
    let reply = b.tell(&alice, Notice::Left { room: room() }, None, &[]);
    b.wait(reply);
    b.step("await: { held: bye, from: alice }", None);
    // It could have been sent as soon as it was described, and was not.
    let held = b.up(&alice, "bob", Signal::Bye, Fate::Held, &[described]);
    b.wait(held);
    let log = Log::of(&b.end(&[&link("alice", 1), &link("bob", 1)])).to_string();
    let place = |text: &str| {
        let found = log.lines().position(|line| line.contains(text));
        found.unwrap_or_else(|| panic!("no {text:?} in\n{log}"))
    };
    assert!(place("bye") > place("leave lobby"), "{log}");
}
