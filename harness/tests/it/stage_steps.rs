//! What each step of a scenario does, by small scenarios played natively: where it fails, with what words, and how soon.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::stage_support::*;
use glare::record::What;
use glare::scenario::Place;
use glare::stage::{Setting, play};
use glare::terms::Fate;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_never_holds_fails_at_its_step_in_its_time() {
    let outcome = played(&scenario(
        "  - create: { peer: alice, room: lobby }\n  - await: { peer: alice, hears: offer, from: bob, within: 700ms }\n  - connect: { peer: bob }\n",
    ))
    .await;
    let failure = fails(&outcome, Place::Step(2), "did not happen (after 0.7 s)");
    assert_eq!(
        failure.states,
        [
            "alice (native): signaling up, no connection",
            "bob (native): signaling never connected, no connection",
            "carol (wire): signaling never connected, no connection"
        ]
    );
    assert_eq!(failure.span.as_ref().map(|span| span.line), Some(8));
    let took = outcome.took;
    assert!(
        took >= Duration::from_millis(700) && took < Duration::from_secs(8),
        "{took:?}"
    );
    assert!(
        !outcome
            .events
            .iter()
            .any(|event| matches!(event.what, What::Step { index: 3, .. })),
        "no step after it"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn max_time_ends_a_run_whatever_its_waits_say() {
    let case = case(&scenario(
        "  - connect: { peer: alice }\n  - await: { peer: alice, disconnected: true, within: 5m }\n",
    ));
    let began = Instant::now();
    let outcome = play(
        &case,
        Arc::new(Setting {
            max_time: Duration::from_secs(2),
            ..setting()
        }),
    )
    .await;
    fails(&outcome, Place::Step(2), "the case's time was up");
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_are_judged_both_ways() {
    let create = "  - create: { peer: alice, room: lobby }\n";
    let refused = |how: &str| {
        scenario(&format!(
            "{create}  - create: {{ peer: bob, room: lobby{how} }}\n"
        ))
    };
    passes(&played(&refused(", refused: true")).await);
    let log = passes(&played(&refused(", refused: already")).await);
    assert!(
        log.contains("server -> bob: refused create \"room lobby already exists\""),
        "{log}"
    );
    fails(
        &played(&refused("")).await,
        Place::Step(2),
        "the server refused bob's create: \"room lobby already exists\"",
    );
    fails(
        &played(&refused(", refused: nonsense")).await,
        Place::Step(2),
        "expected \"nonsense\" in it",
    );
    let granted = scenario("  - create: { peer: alice, room: lobby, refused: true }\n");
    fails(
        &played(&granted).await,
        Place::Step(1),
        "the server granted alice's create, which it had to refuse",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_never_be_stops_the_run_at_once() {
    let steps = format!("{TOGETHER}  - await: {{ peer: bob, said: nothing, within: 20s }}\n");
    let text =
        scenario(&steps) + "expect:\n  never: |\n    alice: error\n    bob -> alice: offer\n";
    let outcome = played(&text).await;
    fails(&outcome, Place::Never(2), "must never happen");
    assert!(outcome.took < Duration::from_secs(10), "{:?}", outcome.took);
    assert!(
        !outcome.log.to_string().contains("channel chat open"),
        "{}",
        outcome.log
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_seen_is_looked_for_in_order() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - create: { peer: bob, room: loft }\n";
    let seen = |lines: &str| scenario(steps) + "expect:\n  seen: |\n" + lines;
    passes(
        &played(&seen(
            "    alice -> server: create lobby\n    bob -> server: create\n",
        ))
        .await,
    );
    let missing = played(&seen(
        "    alice -> server: create lobby\n    bob -> server: destroy\n",
    ))
    .await;
    fails(&missing, Place::Seen(2), "bob -> server: destroy");
    let swapped = played(&seen(
        "    server -> bob: created loft\n    alice -> server: create lobby\n",
    ))
    .await;
    fails(&swapped, Place::Seen(2), "after the ones before it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_dropped_arrives_nowhere() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - drop: { message: offer, to: alice, nth: 1 }\n  - join: { peer: bob, room: lobby }\n  - await: { peer: alice, hears: peer-joined }\n  - await: { connected: [alice, bob], within: 1s }\n";
    let outcome = played(&scenario(steps)).await;
    fails(&outcome, Place::Step(5), "did not happen");
    let dropped = outcome
        .events
        .iter()
        .filter(|event| {
            matches!(
                &event.what,
                What::Message {
                    fate: Fate::Dropped,
                    ..
                }
            )
        })
        .count();
    assert_eq!(dropped, 1);
    // Only the second answer is dropped here, and there is none.
    passes(
        &played(&scenario(&format!(
            "  - drop: {{ message: answer, from: alice, nth: 2 }}\n{TOGETHER}"
        )))
        .await,
    );
}

/// Of three byes only the one that is not held is still to be heard.
const HEARS_TWO_MORE: &str = "  - await: { peer: alice, hears: bye }\n  - await: { peer: alice, hears: bye, within: 300ms }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nth_is_held_and_the_others_pass() {
    let raw = |text: &str| format!("  - send-raw: {{ peer: carol, text: '{text}' }}\n");
    let bye = raw("{\"type\": \"bye\"}");
    let steps = format!(
        "  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: carol, room: lobby, offer: false }}\n  - hold: {{ message: bye, to: alice, nth: 2 }}\n{bye}{bye}{bye}  - await: {{ held: bye, to: alice, nth: 2 }}\n  - await: {{ peer: alice, hears: bye, from: carol }}\n"
    );
    let released = format!(
        "{steps}  - release: {{ message: bye, to: alice, nth: 2 }}\n  - await: {{ peer: alice, hears: bye }}\n  - await: {{ peer: alice, hears: bye }}\n"
    );
    let outcome = played(&scenario(&released)).await;
    passes(&outcome);
    let held = outcome
        .events
        .iter()
        .filter(|event| {
            matches!(
                &event.what,
                What::Message {
                    fate: Fate::Held,
                    ..
                }
            )
        })
        .count();
    assert_eq!(held, 1);
    fails(
        &played(&scenario(&format!("{steps}{HEARS_TWO_MORE}"))).await,
        Place::Step(10),
        "did not happen",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_are_cut_with_and_without_a_close_frame() {
    for (how, code) in [("close", 1000), ("reset", 1006)] {
        let steps = format!(
            "{TOGETHER}  - cut: {{ peer: bob, how: {how} }}\n  - await: {{ peer: bob, disconnected: true }}\n  - await: {{ peer: alice, hears: peer-left, from: bob }}\n  - say: {{ from: bob, text: still here }}\n"
        );
        let outcome = played(&scenario(&steps)).await;
        passes(&outcome);
        let closed = outcome.events.iter().find_map(|event| match &event.what {
            What::LinkClosed { link, code, .. } if link.peer.as_str() == "bob" => Some(*code),
            _ => None,
        });
        assert_eq!(closed, Some(code), "{how}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_gets_an_error_and_the_others_are_unharmed() {
    for garbage in [
        "not JSON",
        "{\"type\": null}",
        "[[[[",
        "{\"type\": \"offer\"}",
        "",
    ] {
        let steps = format!(
            "{TOGETHER}  - connect: {{ peer: carol }}\n  - send-raw: {{ peer: carol, text: '{garbage}' }}\n  - await: {{ peer: carol, hears: error }}\n  - say: {{ from: alice, text: unharmed }}\n"
        );
        let text = scenario(&steps)
            + "expect:\n  never: |\n    alice: error\n    server -> alice: error\n    server -> bob: error\n";
        passes(&played(&text).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_http_answer_is_judged_by_its_status() {
    let http = |status: u16| {
        scenario(&format!(
            "  - http: {{ peer: carol, method: POST, path: /create, body: \"{{\", status: {status} }}\n"
        ))
    };
    passes(&played(&http(400)).await);
    fails(
        &played(&http(200)).await,
        Place::Step(1),
        "the answer has status 400, expected 200",
    );
}

/// Alice and Bob by hand.
fn by_hand(steps: &str) -> String {
    let peers = "  alice: { negotiation: manual }\n  bob: { negotiation: manual }\n";
    format!(
        "scenario: x\npeers:\n{peers}steps:\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby, offer: false }}\n{steps}"
    )
}

const OFFER: &str = "  - open-channel: { peer: alice, label: chat }\n  - create-offer: { peer: alice }\n  - set-local: { peer: alice, kind: offer }\n  - send: { from: alice, message: offer }\n  - await: { peer: bob, hears: offer, from: alice }\n";
const ANSWER: &str = "  - set-remote: { peer: bob, kind: offer }\n  - create-answer: { peer: bob }\n  - set-local: { peer: bob, kind: answer }\n  - send: { from: bob, message: answer }\n  - await: { peer: alice, hears: answer, from: bob }\n  - set-remote: { peer: alice, kind: answer }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_negotiation_by_hand_connects() {
    let candidates = "  - await: { peer: alice, state: { ice-gathering: complete } }\n  - send: { from: alice, message: candidate }\n  - await: { peer: bob, hears: candidate, from: alice }\n  - add-candidate: { peer: bob }\n  - await: { connected: [alice, bob] }\n  - say: { from: alice, text: by hand }\n";
    let log = passes(&played(&by_hand(&format!("{OFFER}{ANSWER}{candidates}"))).await);
    assert!(log.contains("alice ~> bob: chat \"by hand\""), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_hand_nothing_happens_by_itself() {
    let outcome = played(&by_hand(&format!(
        "{OFFER}  - await: {{ peer: alice, hears: answer, within: 1s }}\n"
    )))
    .await;
    fails(&outcome, Place::Step(8), "did not happen");
    let early = played(&by_hand("  - set-remote: { peer: bob, kind: offer }\n")).await;
    fails(&early, Place::Step(3), "it has heard no offer");
    let wrong = played(&by_hand(&format!(
        "{OFFER}  - create-answer: {{ peer: alice }}\n"
    )))
    .await;
    fails(&wrong, Place::Step(8), "alice's stack refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_by_the_stack_is_judged_both_ways() {
    let again = |how: &str| {
        by_hand(&format!(
            "{OFFER}{ANSWER}  - set-remote: {{ peer: alice, kind: answer{how} }}\n"
        ))
    };
    passes(&played(&again(", fails: true")).await);
    fails(
        &played(&again("")).await,
        Place::Step(14),
        "alice's stack refused",
    );
    fails(
        &played(&again(", fails: no such text")).await,
        Place::Step(14),
        "expected \"no such text\" in it",
    );
    let took = played(&by_hand(&format!(
        "{OFFER}  - set-remote: {{ peer: bob, kind: offer, fails: true }}\n"
    )))
    .await;
    fails(&took, Place::Step(8), "took it, which it had to refuse");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn channels_open_and_close() {
    let open = "  - await: { peer: alice, channel: chat, is: open }\n  - await: { peer: bob, channel: chat, is: open }\n";
    let steps = format!(
        "{TOGETHER}{open}  - open-channel: {{ peer: alice, label: files, ordered: false }}\n  - await: {{ peer: bob, channel: files, is: open }}\n  - say: {{ from: bob, channel: files, bytes: AAECAw== }}\n  - close-channel: {{ peer: alice, channel: files }}\n  - await: {{ peer: bob, channel: files, is: closed }}\n  - say: {{ from: bob, text: chat is open }}\n"
    );
    passes(&played(&scenario(&steps)).await);
    let unopened =
        format!("{TOGETHER}  - say: {{ from: bob, channel: nowhere, text: x, within: 300ms }}\n");
    fails(
        &played(&scenario(&unopened)).await,
        Place::Step(4),
        "bob's channel nowhere open did not happen",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_ice_offers_again_and_the_chat_goes_on() {
    let steps = format!(
        "{TOGETHER}  - await: {{ peer: bob, hears: answer, from: alice }}\n  - restart-ice: {{ peer: bob }}\n  - await: {{ peer: bob, hears: answer, from: alice }}\n  - say: {{ from: alice, text: after }}\n"
    );
    let log = passes(&played(&scenario(&steps)).await);
    assert!(
        log.contains("ice <bob 1>") && log.contains("ice <bob 2>"),
        "new credentials: {log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wire_peers_signal_and_have_no_connection() {
    let text = "scenario: x\npeers:\n  alice: { stack: wire }\n  bob: { stack: wire }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - await: { peer: alice, hears: peer-joined, from: bob }\n  - leave: { peer: bob }\n  - await: { peer: alice, hears: peer-left, from: bob }\n  - destroy: { peer: alice, room: lobby }\n";
    let outcome = played(text).await;
    let log = passes(&outcome);
    assert!(log.contains("server -> alice: destroyed lobby"), "{log}");
    assert!(
        !outcome
            .events
            .iter()
            .any(|event| matches!(event.what, What::State { .. }))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trace_reads_back_as_what_happened() {
    let folder = tempfile::tempdir().expect("a folder");
    let traces: Option<PathBuf> = Some(folder.path().to_owned());
    let outcome = play(
        &case(&scenario(TOGETHER)),
        Arc::new(Setting {
            traces,
            ..setting()
        }),
    )
    .await;
    passes(&outcome);
    let path = outcome.trace.clone().expect("a trace");
    let text = std::fs::read_to_string(path).expect("a file");
    for line in text.lines() {
        serde_json::from_str::<serde_json::Value>(line).expect("JSON");
    }
    let read = glare::record::read_trace(text.as_bytes()).expect("a trace");
    let events: Vec<_> = outcome
        .events
        .iter()
        .map(|event| (**event).clone())
        .collect();
    assert_eq!(read.events[..events.len()], events);
    assert_eq!(
        glare::log::Log::of(&read.events).to_string(),
        outcome.log.to_string()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_dials_again_by_itself_takes_no_name_that_is_looked_at_in_the_end() {
    let text = "scenario: cut off at the very end\npeers:\n  alice: { stack: wire }\n  bob: { stack: wire, reconnects: { within: 5s } }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - kill: { peer: bob, how: socket }\n";
    let case = case(text);
    let mut asked = 0;
    for seed in 0..40 {
        let setting = Setting {
            shake: Some(seed),
            ..setting()
        };
        let outcome = play(&case, Arc::new(setting)).await;
        passes(&outcome);
        let law = (outcome.laws.iter()).find(|judged| judged.finding.law.number() == 5);
        asked += law.map_or(0, |judged| judged.finding.premises);
    }
    assert!(asked > 0, "law 5 was not asked");
}
