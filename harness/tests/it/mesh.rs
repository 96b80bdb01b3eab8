//! Rooms of more than two: who is connected with whom, and one log for it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::stage_support::*;
use glare::record::Verdict;
use glare::scenario::Place;
use glare::stage::{Outcome, Setting, play};

const NAMES: [&str; 4] = ["alice", "bob", "carol", "dora"];

/// So many native peers, and these steps.
fn mesh(peers: usize, steps: &str) -> String {
    let peers: String = (NAMES[..peers].iter())
        .map(|name| format!("  {name}: {{ stack: native }}\n"))
        .collect();
    format!("scenario: x\npeers:\n{peers}steps:\n{steps}")
}

const THREE: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - join: { peer: carol, room: lobby }\n";

async fn shaken(text: &str, seed: u64) -> Outcome {
    let setting = Setting {
        shake: Some(seed),
        ..setting()
    };
    play(&case(text), Arc::new(setting)).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mesh_has_one_log_however_it_is_shaken() {
    let couples = "  - await: { connected: [alice, bob] }\n  - await: { connected: [alice, carol] }\n  - await: { connected: [bob, carol] }\n";
    let text = mesh(3, &format!("{THREE}{couples}"));
    let mut logs = BTreeSet::new();
    for seed in 0..40 {
        logs.insert(passes(&shaken(&text, seed).await));
    }
    let logs: Vec<String> = logs.into_iter().collect();
    let [log] = logs.as_slice() else {
        panic!("{} logs:\n{}", logs.len(), logs.join("\n---\n"));
    };
    for line in [
        "bob -> alice: offer application, ice <bob 1>",
        "carol -> alice: offer application, ice <carol 1>",
        "carol -> bob: offer application, ice <carol 2>",
        "alice: connection connected (with bob)",
        "bob: connection connected (with alice)",
        "alice: connection connected (with carol)",
        "carol: connection connected (with alice)",
        "bob: connection connected (with carol)",
        "carol: connection connected (with bob)",
    ] {
        assert_eq!(
            log.lines().filter(|other| *other == line).count(),
            1,
            "{line}\n{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_names_are_each_connected_with_each() {
    let steps = |room: usize| {
        let joins: String = (NAMES[1..room].iter())
            .map(|name| format!("  - join: {{ peer: {name}, room: lobby }}\n"))
            .collect();
        let names = NAMES[..room].join(", ");
        format!(
            "  - create: {{ peer: alice, room: lobby }}\n{joins}  - await: {{ connected: [{names}] }}\n"
        )
    };
    for (room, connections) in [(3, 6), (4, 12)] {
        let log = passes(&played(&mesh(room, &steps(room))).await);
        let connected = log
            .lines()
            .filter(|line| line.contains("connection connected"));
        assert_eq!(connected.count(), connections, "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_who_are_connected_with_a_third_are_not_connected_with_each_other() {
    let steps = THREE.replace("bob, room: lobby", "bob, room: lobby, offer: false");
    let text = mesh(
        3,
        &format!("{steps}  - await: {{ connected: [alice, bob], within: 3s }}\n"),
    );
    let outcome = played(&text).await;
    let headline = "alice and bob are connected, but not with each other: alice is with carol, bob with carol (after 3 s)";
    fails(&outcome, Place::Step(4), headline);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_rooms_are_too_small_is_not_accused() {
    let outcome = played_with(&mesh(3, THREE), program()).await;
    let Verdict::Unsupported(unsupported) = &outcome.verdict else {
        panic!("{:#?}", outcome.verdict);
    };
    let why = "the scenario needs a room of 3, and a room of reference holds 2";
    assert_eq!(unsupported.why, why);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_more_than_a_room_is_for_is_refused_by_the_reference_server() {
    let text = mesh(
        4,
        &format!("{THREE}  - join: {{ peer: dora, room: lobby, refused: full }}\n"),
    );
    passes(&played(&text).await);
}
