//! Waits end when their time is up, and before that as soon as nothing can satisfy them any more; never while something can.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stage_support::*;
use futures_util::{SinkExt as _, StreamExt as _};
use glare::names::Stack;
use glare::record::Story;
use glare::scenario::{Cast, Place, Scenario};
use glare::server::{ServerSpec, UrlSpec};
use glare::stage::{Case, Outcome, play};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Long before any wait's time is up, on a machine with much else to do.
const SOON: Duration = Duration::from_secs(15);

/// Longer than a step takes that only sends, on a busy machine too.
const A_MOMENT: Duration = Duration::from_secs(2);

const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";

/// Alice's stack is said; her create's answer, which comes over HTTP, is held. The request before it keeps `check` from being certain of that.
async fn held_create(stack: &str) -> (Outcome, Duration) {
    let text = format!(
        "scenario: held\npeers: {{ alice: {{ stack: {stack} }} }}\nsteps:\n  - http: {{ peer: alice, method: GET, path: /health }}\n  - hold: {{ message: created, to: alice }}\n  - create: {{ peer: alice, room: lobby, within: 1s }}\n"
    );
    let scenario = Scenario::read(std::path::Path::new("x.yaml"), &text).expect("a scenario");
    let scenario = Arc::new(scenario);
    let cast: Cast = scenario.casts().remove(0);
    let began = Instant::now();
    let outcome = play(&Case { scenario, cast }, Arc::new(setting())).await;
    (outcome, began.elapsed())
}

#[track_caller]
fn is_late_in_its_time((outcome, took): &(Outcome, Duration)) {
    let failure = fails(
        outcome,
        Place::Step(3),
        "the server's answer to alice's create did not happen (after 1 s)",
    );
    assert!(!failure.message.contains("gone"), "{failure:#?}");
    assert!(outcome.took < SOON, "{:?}", outcome.took);
    // Nor does the stage wait for it when it is cleared.
    assert!(*took < SOON, "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http_that_does_not_come_ends_in_its_time_on_the_wire() {
    is_late_in_its_time(&held_create("wire").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http_that_does_not_come_ends_in_its_time_natively() {
    is_late_in_its_time(&held_create("native").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_over_http_that_does_not_come_ends_in_its_time_in_chromium() {
    if !glare::suite::stacks()
        .expect("stacks")
        .contains(&Stack::Chromium)
    {
        return;
    }
    let (outcome, _) = held_create("chromium").await;
    // A browser starts and ends in its own time; the step does not.
    fails(
        &outcome,
        Place::Step(3),
        "the server's answer to alice's create did not happen (after 1 s)",
    );
    let at = |index| {
        let step = outcome.events.iter().find(
            |event| matches!(&event.what, glare::record::What::Step { index: is, .. } if *is == index),
        );
        step.expect("a step").at
    };
    let last = outcome.events.last().expect("events").at;
    assert!(
        Duration::from_micros(last - at(3)) < SOON,
        "{}",
        last - at(3)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_request_that_is_not_answered_ends_in_its_time() {
    let began = Instant::now();
    let server = Strange::start(Manner::Slow).await;
    let text = scenario(
        "  - http: { peer: carol, method: GET, path: /slow, status: 200, within: 500ms }\n",
    );
    let outcome = played_with(&text, server.spec()).await;
    fails(
        &outcome,
        Place::Step(1),
        "the answer to carol's GET /slow did not happen (after 0.5 s)",
    );
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_nobody_answers_ends_in_its_time() {
    let began = Instant::now();
    let server = Strange::start(Manner::Mute).await;
    let text = scenario("  - connect: { peer: carol, within: 500ms }\n");
    let outcome = played_with(&text, server.spec()).await;
    fails(
        &outcome,
        Place::Step(1),
        "carol's signaling connection did not happen (after 0.5 s)",
    );
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_when_the_line_that_it_listens_on_is_gone() {
    let text = scenario(&format!(
        "{CREATE}  - cut: {{ peer: alice, how: reset }}\n  - await: {{ peer: alice, hears: peer-left, from: bob, within: 1m }}\n"
    ));
    let outcome = played(&text).await;
    let failure = fails(
        &outcome,
        Place::Step(3),
        "alice waited for peer-left from bob, and",
    );
    assert!(failure.message.contains("1006"), "{failure:#?}");
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_when_the_server_ends_the_line_meanwhile() {
    let server = Strange::start(Manner::Kicks).await;
    let text = scenario(
        "  - connect: { peer: carol }\n  - send-raw: { peer: carol, text: x }\n  - await: { peer: carol, hears: peer-left, from: bob, within: 1m }\n",
    );
    let outcome = played_with(&text, server.spec()).await;
    fails(
        &outcome,
        Place::Step(3),
        "carol waited for peer-left from bob, and the server closed its signaling connection (close code 4001, \"kicked\") after",
    );
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_ends_when_the_server_ends_the_line_instead() {
    let server = Strange::start(Manner::Kicks).await;
    let text = scenario("  - join: { peer: carol, room: lobby, refused: true, within: 1m }\n");
    let outcome = played_with(&text, server.spec()).await;
    fails(
        &outcome,
        Place::Step(1),
        "carol waited for the server's answer to its join, and the server closed its signaling connection (close code 4001, \"kicked\") after",
    );
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_ends_when_a_refusal_comes_instead() {
    let join = r#"'{"type":"join","room":"nowhere"}'"#;
    let text = scenario(&format!(
        "  - connect: {{ peer: carol }}\n  - send-raw: {{ peer: carol, text: {join} }}\n  - await: {{ peer: carol, hears: joined, within: 1m }}\n"
    ));
    let outcome = played(&text).await;
    fails(
        &outcome,
        Place::Step(3),
        "carol waited for joined, and the server refused its join: \"room nowhere does not exist\"",
    );
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_goes_on_after_a_refusal_that_another_step_expected() {
    let join = r#"'{"type":"join","room":"lobby"}'"#;
    let text = scenario(&format!(
        "  - join: {{ peer: carol, room: lobby, refused: true }}\n{CREATE}  - delay: {{ message: joined, to: carol, by: 500ms }}\n  - send-raw: {{ peer: carol, text: {join} }}\n  - await: {{ peer: carol, hears: joined }}\n"
    ));
    passes(&played(&text).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_goes_on_while_a_second_request_of_the_kind_is_unanswered() {
    let join = |room: &str| {
        format!(
            "  - send-raw: {{ peer: carol, text: '{{\"type\":\"join\",\"room\":\"{room}\"}}' }}\n"
        )
    };
    let text = scenario(&format!(
        "{CREATE}  - connect: {{ peer: carol }}\n  - delay: {{ message: joined, to: carol, by: 700ms }}\n{}{}  - await: {{ peer: carol, hears: joined }}\n",
        join("nowhere"),
        join("lobby")
    ));
    passes(&played(&text).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_goes_on_while_the_tap_still_holds_something_back() {
    let text = scenario(&format!(
        "{CREATE}  - delay: {{ message: peer-joined, to: alice, by: 1s }}\n  - join: {{ peer: carol, room: lobby }}\n  - await: {{ peer: alice, hears: peer-joined, from: carol }}\n"
    ));
    passes(&played(&text).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_peer_that_is_dead_ends_at_once() {
    let text = scenario(&format!(
        "{TOGETHER}  - kill: {{ peer: bob, how: tab }}\n  - await: {{ peer: bob, hears: bye, within: 1m }}\n"
    ));
    let outcome = played(&text).await;
    fails(
        &outcome,
        Place::Step(5),
        "bob waited for bye, and bob was killed",
    );
    let text = scenario(&format!(
        "{CREATE}  - join: {{ peer: bob, room: lobby, offer: false }}\n  - hold: {{ message: peer-left, to: alice }}\n  - kill: {{ peer: bob, how: tab }}\n  - negotiate: {{ from: alice, to: bob }}\n  - await: {{ connected: [alice, bob], within: 1m }}\n"
    ));
    let outcome = played(&text).await;
    fails(
        &outcome,
        Place::Step(6),
        "this step waited until alice and bob are connected, and bob was killed",
    );
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_is_not_waited_for_without_a_line_and_a_description() {
    let text = scenario(&format!(
        "{CREATE}  - hold: {{ message: answer, to: bob, nth: 1 }}\n  - join: {{ peer: bob, room: lobby }}\n  - await: {{ held: answer, to: bob, nth: 1 }}\n  - cut: {{ peer: bob, how: reset }}\n  - await: {{ connected: [alice, bob], within: 1m }}\n"
    ));
    let outcome = played(&text).await;
    fails(
        &outcome,
        Place::Step(6),
        "this step waited until alice and bob are connected, and bob's signaling connection was lost (close code 1006) before this step, and bob never had a remote description",
    );
    assert!(outcome.took < SOON, "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_word_matches_is_shown_with_each_peer() {
    let server = Strange::start(Manner::Chats).await;
    let text = scenario(
        "  - connect: { peer: carol }\n  - send-raw: { peer: carol, text: \"hello \\e[31m\" }\n  - await: { peer: carol, hears: peer-left, within: 700ms }\n",
    );
    let outcome = played_with(&text, server.spec()).await;
    let failure = fails(
        &outcome,
        Place::Step(3),
        "carol hears peer-left did not happen (after 0.7 s)",
    );
    assert!(
        failure
            .states
            .iter()
            .all(|state| !state.contains("weather"))
    );
    let story = Story::of(outcome.record.clone()).expect("a record");
    let told = glare::report::failure(&story.into(), false).expect("a failure");
    for line in [
        "What no word of the dialect matches:",
        "  carol -> server: hello \\u{1b}[31m",
        "    framing: expected JSON, found \"hello \\u001b[31m\"",
        "  server -> carol: {\"type\":\"weather\"",
        "    no pattern of `hear` has \"weather\" at /type; they have \"created\", ",
    ] {
        assert!(told.contains(line), "no {line:?} in\n{told}");
    }
    assert!(!told.contains('\u{1b}'), "{told:?}");
}

/// How a strange server behaves.
#[derive(Clone, Copy)]
enum Manner {
    /// It answers nothing, not even a request for a connection.
    Mute,
    /// It does not answer a request for `/slow`.
    Slow,
    /// It closes the line of whoever says something, a moment later.
    Kicks,
    /// It says what no word of the dialect matches.
    Chats,
}

struct Strange {
    address: std::net::SocketAddr,
    _lines: JoinSet<()>,
}

impl Strange {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let mut lines = JoinSet::new();
        lines.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                open.spawn(async move {
                    let mut head = [0; 256];
                    let head = match stream.peek(&mut head).await {
                        Ok(length) => String::from_utf8_lossy(&head[..length]).into_owned(),
                        Err(_) => return,
                    };
                    let slow = matches!(manner, Manner::Slow) && head.contains("/slow");
                    if slow || matches!(manner, Manner::Mute) {
                        return std::future::pending().await;
                    }
                    let Ok(mut socket) = tokio_tungstenite::accept_async(stream).await else {
                        return;
                    };
                    while let Some(Ok(message)) = socket.next().await {
                        if !message.is_text() {
                            continue;
                        }
                        if let Manner::Kicks = manner {
                            // By then the next step has begun.
                            tokio::time::sleep(A_MOMENT).await;
                        }
                        let said = match manner {
                            Manner::Kicks => Message::Close(Some(CloseFrame {
                                code: 4001.into(),
                                reason: "kicked".into(),
                            })),
                            _ => Message::text(format!(
                                "{{\"type\":\"weather\",\"is\":\"{}\"}}",
                                "fine ".repeat(2000)
                            )),
                        };
                        if socket.send(said).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Self {
            address,
            _lines: lines,
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
