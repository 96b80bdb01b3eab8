//! A server that does not answer who comes in: nobody can know from when on somebody is inside, so nobody is accused for what came before.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use glare::server::{ServerSpec, UrlSpec};
use glare::signaling::Dialect;
use glare::stage::{Setting, play};
use glare::validate::{Case, ask_all, every_case};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;

use crate::stage_support::{case, passes, setting};

const DIALECT: &str = r#"
dialect: unconfirmed
connect: { path: / }
ignore:
  - { message: { from: "{_}" } }
broadcasts: true
absent-peer: silence
say:
  create: join
  join: { message: { in: "{room}" }, done: sent }
  offer: { message: { from: "{me}", to: "{peer}", offer: "{sdp}" } }
  answer: { message: { from: "{me}", to: "{peer}", answer: "{sdp}" } }
hear:
  offer: { message: { from: "{peer}", to: "{me}", offer: "{sdp}" } }
  answer: { message: { from: "{peer}", to: "{me}", answer: "{sdp}" } }
"#;

/// So long a server that has had garbage takes to let somebody in.
const TAKES: Duration = Duration::from_millis(300);

#[derive(Default)]
struct Inside {
    had_garbage: bool,
    /// By line: its room, and where it listens.
    lines: BTreeMap<SocketAddr, (Option<String>, mpsc::UnboundedSender<String>)>,
}

/// Whoever says `in` is inside, at once or after a while, and what is said there goes to all others who are.
async fn serve(listener: TcpListener, odd: Odd) {
    let inside = Arc::new(Mutex::new(Inside::default()));
    let mut open = JoinSet::new();
    while let Ok((stream, from)) = listener.accept().await {
        let inside = inside.clone();
        open.spawn(async move {
            if odd == Odd::Waits && is_odd(&stream).await {
                // For ever, as where no part of a program feels meant.
                std::future::pending::<()>().await;
            }
            line(stream, from, inside).await;
        });
    }
}

/// What becomes of a request that is for nothing that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Odd {
    Closed,
    Waits,
}

async fn is_odd(stream: &TcpStream) -> bool {
    let mut head = [0; 6];
    let sees = async {
        while stream
            .peek(&mut head)
            .await
            .is_ok_and(|got| 0 < got && got < head.len())
        {
            tokio::task::yield_now().await;
        }
    };
    drop(tokio::time::timeout(Duration::from_secs(5), sees).await);
    head != *b"GET / "
}

async fn line(stream: TcpStream, from: SocketAddr, inside: Arc<Mutex<Inside>>) {
    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let (says, mut listens) = mpsc::unbounded_channel();
    let all = || inside.lock().expect("nobody panics");
    all().lines.insert(from, (None, says));
    loop {
        tokio::select! {
            Some(text) = listens.recv() => {
                if socket.send(Message::text(text)).await.is_err() { break }
            }
            message = socket.next() => {
                let Some(Ok(message)) = message else { break };
                let Ok(text) = message.into_text() else { continue };
                let Ok(value) = serde_json::from_str::<Value>(&text) else {
                    all().had_garbage = true;
                    continue;
                };
                if let Some(room) = value["in"].as_str().map(str::to_owned) {
                    let inside = inside.clone();
                    let takes = if all().had_garbage { TAKES } else { Duration::ZERO };
                    let enter = move || {
                        let mut inside = inside.lock().expect("nobody panics");
                        if let Some(line) = inside.lines.get_mut(&from) { line.0 = Some(room) }
                    };
                    if takes.is_zero() { enter() } else {
                        tokio::spawn(async move { tokio::time::sleep(takes).await; enter() });
                    }
                    continue;
                }
                let all = all();
                let room = all.lines.get(&from).and_then(|(room, _)| room.clone());
                let others = all.lines.iter().filter(|(other, (there, _))| **other != from && room.is_some() && *there == room);
                for (_, (_, says)) in others { drop(says.send(text.to_string())) }
            }
        }
    }
    all().lines.remove(&from);
}

async fn near(odd: Odd) -> (Setting, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut server = JoinSet::new();
    server.spawn(serve(listener, odd));
    let dialect = Dialect::read(Path::new("d.yaml"), DIALECT).expect("a dialect");
    let near = Setting {
        server: ServerSpec::Url(UrlSpec {
            owned: true,
            ..UrlSpec::new(format!("http://{address}").parse().expect("a URL"))
        }),
        dialect: Arc::new(dialect),
        ..setting()
    };
    (near, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_answers_no_request_but_for_a_websocket_harms_nobody_by_that() {
    for odd in [Odd::Closed, Odd::Waits] {
        let (near, _server) = near(odd).await;
        let cases = every_case();
        let asked = ["8.9", "8.10", "8.11", "8.12"];
        let asked = |case: &Case| asked.contains(&case.number.to_string().as_str());
        let cases: Vec<Case> = cases.filter(asked).collect();
        assert_eq!(cases.len(), 4);
        for answer in ask_all(&cases, &Arc::new(near), &|_| ()).await {
            let told = format!("{odd:?} {}: {:?}", answer.number, answer.says);
            // Where the machine is so busy that who came in is not inside yet, it goes wrong without the harm as well.
            let busy = answer.says.why().starts_with("without the harm");
            assert!(answer.says.word() == "holds" || busy, "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_whose_coming_in_is_not_answered_say_again_what_may_have_come_too_early() {
    let (near, _server) = near(Odd::Closed).await;
    let text = "
scenario: garbage from a third
peers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby, offer: false }
  - connect: { peer: carol }
  - send-raw: { peer: carol, text: garbage }
";
    let outcome = play(&case(text), Arc::new(near)).await;
    passes(&outcome);
    let fifth = outcome
        .laws
        .iter()
        .find(|finding| finding.finding.law.number() == 5);
    assert_eq!(fifth.expect("law 5").finding.premises, 1, "it was asked");
}
