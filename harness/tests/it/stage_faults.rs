//! What is done to messages, links and the server by steps, by small scenarios played natively.

use std::time::Duration;

use crate::stage_support::*;
use glare::record::{Verdict, What};
use glare::scenario::Place;
use glare::terms::Fate;

/// Alice and Carol are in one room, Carol says so many goodbyes, and Alice hears the first of them.
fn byes(faults: &str, count: usize, then: &str) -> String {
    let bye = "  - send-raw: { peer: carol, text: '{\"type\": \"bye\"}' }\n".repeat(count);
    scenario(&format!(
        "  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: carol, room: lobby, offer: false }}\n{faults}{bye}{then}"
    ))
}

const HEARS: &str = "  - await: { peer: alice, hears: bye, from: carol }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_duplicated_is_heard_twice_on_either_side_of_the_server() {
    for (place, line) in [
        ("from: carol", "carol -> server: bye (duplicate)"),
        ("to: alice", "server -> alice: bye from carol (duplicate)"),
        (
            "from: carol, to: alice",
            "server -> alice: bye from carol (duplicate)",
        ),
    ] {
        let fault = format!("  - duplicate: {{ message: bye, {place}, nth: 1 }}\n");
        let log = passes(&played(&byes(&fault, 1, &HEARS.repeat(2))).await);
        assert!(log.contains(line), "{log}");
        let outcome = played(&byes(
            &fault,
            1,
            &HEARS.repeat(3).replace("carol }", "carol, within: 300ms }"),
        ))
        .await;
        fails(&outcome, Place::Step(7), "did not happen");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_delayed_comes_late_and_what_follows_behind_it() {
    for place in ["from: carol", "to: alice"] {
        let fault = format!("  - delay: {{ message: bye, {place}, nth: 1, by: 600ms }}\n");
        let early = "  - await: { peer: alice, hears: bye, within: 200ms }\n";
        let outcome = played(&byes(&fault, 2, early)).await;
        fails(&outcome, Place::Step(6), "did not happen");
        let outcome = played(&byes(&fault, 2, &HEARS.repeat(2))).await;
        let log = passes(&outcome);
        assert!(log.contains("bye"), "{log}");
        assert_eq!(log.matches("(delayed)").count(), 1, "{log}");
        assert!(outcome.took >= Duration::from_millis(600));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_messages_swap_places() {
    let say =
        "  - send-raw: { peer: carol, text: '{\"type\": \"candidate\", \"candidate\": null}' }\n";
    let order = |faults: &str| {
        byes(
            faults,
            1,
            &format!("{say}{HEARS}  - await: {{ peer: alice, hears: end-of-candidates }}\n"),
        )
    };
    for (place, behind) in [
        ("from: carol", ""),
        ("to: alice", ""),
        ("to: alice", ", behind: end-of-candidates"),
    ] {
        let fault = format!("  - reorder: {{ message: bye, {place}{behind} }}\n");
        let outcome = played(&order(&fault)).await;
        let log = passes(&outcome);
        assert!(
            log.contains("(held)") && log.contains("(released)"),
            "{log}"
        );
        let heard: Vec<&str> = outcome
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::Hears { peer, kind, .. } if peer.as_str() == "alice" && kind.is_signal() => {
                    Some(kind.as_str())
                }
                _ => None,
            })
            .collect();
        assert_eq!(heard, ["end-of-candidates", "bye"], "{fault}");
    }
    // Nothing of that kind follows: it goes at the end, and the log says so.
    let fault = "  - reorder: { message: bye, to: alice, behind: offer }\n";
    let log = passes(&played(&byes(fault, 1, "")).await);
    assert!(
        log.contains("server -> alice: bye from carol (held)"),
        "{log}"
    );
    assert!(
        log.ends_with("server -> alice: bye from carol (released)\n"),
        "{log}"
    );
    let early = HEARS.replace("carol }", "carol, within: 300ms }");
    let outcome = played(&byes(fault, 1, &format!("{say}{early}"))).await;
    fails(&outcome, Place::Step(6), "did not happen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_corrupted_reaches_the_other_side_so() {
    // One letter: the server knows no such word; what is no JSON it cannot read; what is no UTF-8 ends the connection.
    for (how, hears) in [
        ("", "hears: error"),
        (", as: not-json", "hears: error"),
        (", as: not-utf8", "disconnected: true"),
    ] {
        let fault = format!("  - corrupt: {{ message: bye, from: carol{how} }}\n");
        let then = format!("  - await: {{ peer: carol, {hears} }}\n");
        let outcome = played(&byes(&fault, 1, &then)).await;
        passes(&outcome);
        let forged = outcome.events.iter().find_map(|event| match &event.what {
            What::Message {
                fate: Fate::Forged,
                text,
                ..
            } => Some(text.clone()),
            _ => None,
        });
        let text = match how {
            "" => "{\"type\": \"cye\"}",
            ", as: not-json" => "#\"type\": \"bye\"}",
            _ => "\u{fffd}\"type\": \"bye\"}",
        };
        assert_eq!(forged.as_deref(), Some(text));
    }
    // After the server: Alice cannot read it, and the server is not to blame.
    let fault = "  - corrupt: { message: bye, to: alice, nth: 1 }\n";
    let log = passes(&played(&byes(fault, 2, HEARS)).await);
    assert!(log.contains("bye from carol (corrupted)"), "{log}");
    assert!(log.contains("server -> alice: opaque (forged)"), "{log}");
    let wanted = HEARS.repeat(2).replace("carol }", "carol, within: 300ms }");
    fails(
        &played(&byes(fault, 2, &wanted)).await,
        Place::Step(7),
        "did not happen",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_swallows_in_its_direction_until_it_is_mended() {
    let hears = |who: &str, within: &str| {
        format!("  - await: {{ peer: {who}, hears: bye, within: {within} }}\n")
    };
    let say =
        |who: &str| format!("  - send-raw: {{ peer: {who}, text: '{{\"type\": \"bye\"}}' }}\n");
    for (direction, deaf) in [
        (", direction: up", "alice"),
        (", direction: down", "carol"),
        ("", "both"),
    ] {
        let silence = format!("  - cut: {{ peer: carol, how: silence{direction} }}\n");
        for (from, to) in [("carol", "alice"), ("alice", "carol")] {
            let said = format!("{silence}{}", say(from));
            let lost = played(&byes("", 0, &format!("{said}{}", hears(to, "400ms")))).await;
            if deaf == to || deaf == "both" {
                fails(&lost, Place::Step(5), "did not happen");
                let swallowed = lost.events.iter().filter(|event| {
                    matches!(
                        &event.what,
                        What::Message {
                            fate: Fate::Swallowed,
                            ..
                        }
                    )
                });
                assert_eq!(swallowed.count(), 1);
            } else {
                passes(&lost);
            }
            // What is sent then is heard.
            let mended = format!(
                "{said}  - mend: {{ peer: carol }}\n{}{}",
                say(from),
                hears(to, "5s")
            );
            // How much came through on a link that was silent once is chance, so a last fence says nothing.
            let outcome = played(&byes("", 0, &mended)).await;
            passes(&outcome);
            let fenced: Vec<&str> = outcome
                .events
                .iter()
                .filter_map(|event| match &event.what {
                    What::Fenced { link } => Some(link.peer.as_str()),
                    _ => None,
                })
                .collect();
            assert_eq!(fenced, ["alice"]);
        }
    }
    let nobody = scenario("  - cut: { peer: bob, how: silence }\n");
    fails(
        &played(&nobody).await,
        Place::Step(1),
        "bob has no signaling connection",
    );
    let nobody = scenario("  - stall: { peer: bob }\n");
    fails(
        &played(&nobody).await,
        Place::Step(1),
        "bob has no signaling connection",
    );
}

/// The end: what was fenced, and what cannot answer, is not closed to see whether the server goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_server_is_seen_to_go_on_only_lines_with_something_unanswered_are_closed() {
    use glare::terms::ServerLife;

    let played = |last: &'static str| async move {
        let join = "  - join: { peer: carol, room: lobby }\n";
        let together = "  - create: { peer: alice, room: lobby }\n";
        let outcome = played(&scenario(&format!("{together}{join}{last}"))).await;
        passes(&outcome);
        let events = outcome.record.iter().map(|event| &event.what);
        let closing: Vec<What> = events
            .skip_while(|what| **what != What::Clearing)
            .take_while(|what| {
                !matches!(
                    what,
                    What::Server {
                        life: ServerLife::Alive
                    }
                )
            })
            .skip(1)
            .cloned()
            .collect();
        closing
    };
    assert_eq!(played("").await, []);
    let silent = "  - cut: { peer: carol, how: silence }\n";
    assert_eq!(played(silent).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_peer_hears_nothing_and_all_of_it_later() {
    let stall = "  - stall: { peer: alice }\n";
    let deaf = HEARS.replace("carol }", "carol, within: 400ms }");
    fails(
        &played(&byes(stall, 3, &deaf)).await,
        Place::Step(7),
        "did not happen",
    );
    let later = format!("  - mend: {{ peer: alice }}\n{}", HEARS.repeat(3));
    passes(&played(&byes(stall, 3, &later)).await);
    // A stall that nobody mends ends with the case: nothing is lost, and the log is the same.
    let outcome = played(&byes(stall, 1, "")).await;
    passes(&outcome);
    let heard = outcome
        .events
        .iter()
        .any(|event| matches!(&event.what, What::Hears { kind, .. } if kind.as_str() == "bye"));
    assert!(heard);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_server_answers_when_it_goes_on() {
    for server in [setting().server, program()] {
        let name = server.name();
        let paused = |then: &str| {
            byes(
                "  - pause\n",
                1,
                &format!("  - send-raw: {{ peer: carol, text: x }}\n{then}"),
            )
        };
        let early = "  - await: { peer: carol, hears: error, within: 400ms }\n";
        let outcome = played_with(&paused(early), server.clone()).await;
        fails(&outcome, Place::Step(6), "did not happen");
        let outcome = played_with(
            &paused("  - resume\n  - await: { peer: carol, hears: error }\n"),
            server.clone(),
        )
        .await;
        let log = passes(&outcome);
        assert!(log.contains("server: paused\n"), "{name}: {log}");
        assert!(log.contains("server: resumed\n"), "{name}: {log}");
        // Left paused, it is resumed for the last replies; killed while paused, it comes back awake.
        passes(&played_with(&paused(""), server.clone()).await);
        let again = "  - restart\n  - create: { peer: alice, room: lobby }\n";
        passes(&played_with(&paused(again), server.clone()).await);
        let dead = "  - kill-server\n";
        passes(&played_with(&paused(dead), server).await);
    }
}

/// It used to go on without a word, and whatever came next failed in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_send_for_which_there_is_no_room_says_so() {
    let large = "  - send: { from: carol, to: alice, message: offer, size: 900000, within: 1s }\n";
    let steps = format!(
        "  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: carol, room: lobby, offer: false }}\n  - pause\n{}",
        // How much fits on its way is for the machine to say.
        large.repeat(40)
    );
    let outcome = played(&scenario(&steps)).await;
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{outcome:?}");
    };
    assert!(
        matches!(failure.place, Some(Place::Step(5..))),
        "{failure:?}"
    );
    assert!(
        failure.message.contains("the line takes no more"),
        "{failure:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broken_frames_end_their_connection_and_no_other() {
    for frame in ["unmasked", "reserved-bit", "not-utf8"] {
        let steps = format!(
            "{TOGETHER}  - connect: {{ peer: carol }}\n  - send-raw: {{ peer: carol, frame: {frame} }}\n  - await: {{ peer: carol, disconnected: true }}\n  - say: {{ from: alice, text: unharmed }}\n  - create: {{ peer: carol, room: attic }}\n"
        );
        let log = passes(&played(&scenario(&steps)).await);
        let line = format!("carol: sends a frame ({frame})\n");
        assert!(log.contains(&line), "{log}");
    }
    let begin = "  - create: { peer: carol, room: attic }\n  - send-raw: { peer: carol, frame: false-length }\n";
    // The next message is taken for the rest of it.
    let steps = format!(
        "{begin}  - send-raw: {{ peer: carol, text: x }}\n  - await: {{ peer: carol, hears: error, within: 500ms }}\n"
    );
    fails(
        &played(&scenario(&steps)).await,
        Place::Step(4),
        "did not happen",
    );
    let steps = format!(
        "{begin}  - kill: {{ peer: carol, how: socket }}\n  - create: {{ peer: carol, room: attic }}\n"
    );
    passes(&played(&scenario(&steps)).await);
    let nobody = scenario("  - send-raw: { peer: carol, frame: unmasked }\n");
    fails(
        &played(&nobody).await,
        Place::Step(1),
        "carol has no signaling connection",
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_on_a_foreign_path_is_refused_and_the_first_one_stays() {
    let ask = |status: &str| {
        format!(
            "  - connect: {{ peer: carol }}\n  - send-raw: {{ peer: carol, path: /no/where{status} }}\n  - create: {{ peer: carol, room: attic }}\n"
        )
    };
    let log = passes(&played(&scenario(&ask(", status: 404"))).await);
    assert!(
        log.contains("carol: asks for a WebSocket on /no/where: 404\n"),
        "{log}"
    );
    passes(&played(&scenario(&ask(""))).await);
    fails(
        &played(&scenario(&ask(", status: 101"))).await,
        Place::Step(2),
        "the answer has status 404, expected 101",
    );
}
