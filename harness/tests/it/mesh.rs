//! Rooms of more than two: who is connected with whom, and one log for it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::stage_support::*;
use glare::record::Verdict;
use glare::scenario::Place;
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
use glare_signaling_server::{Fault, Policy, RoomSize};

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
    let steps = format!("  - drop: {{ message: offer, from: bob, nth: 1 }}\n{THREE}");
    let text = mesh(
        3,
        &format!("{steps}  - await: {{ connected: [alice, bob], within: 3s }}\n"),
    );
    let outcome = played(&text).await;
    let headline = "alice and bob are connected, but not with each other: alice is with carol, bob with carol (after 3 s)";
    fails(&outcome, Place::Step(5), headline);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_rooms_are_too_small_is_not_accused() {
    let outcome = played_with(&mesh(3, THREE), program()).await;
    let Verdict::Unsupported(unsupported) = &outcome.verdict else {
        panic!("{:#?}", outcome.verdict);
    };
    let why = "line 9 is the third in one room: a room of `reference` holds 2";
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

const CONNECTED: &str = "  - await: { connected: [alice, bob, carol] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_to_one_is_heard_by_that_one_alone() {
    let says = "  - say: { from: carol, to: alice, text: one }\n  - await: { peer: alice, said: one, from: carol }\n  - say: { from: alice, text: each }\n";
    let log = passes(&played(&mesh(3, &format!("{THREE}{CONNECTED}{says}"))).await);
    let spoken: Vec<&str> = log.lines().filter(|line| line.contains("~>")).collect();
    let expected = [
        "carol ~> alice: chat \"one\"",
        "alice ~> bob: chat \"each\"",
        "alice ~> carol: chat \"each\"",
    ];
    assert_eq!(spoken, expected, "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_is_about_the_connection_that_it_names() {
    let steps = "  - open-channel: { peer: alice, to: bob, label: files }
  - await: { peer: bob, with: alice, channel: files, is: open }
  - restart-ice: { peer: bob, to: alice }
  - await: { peer: alice, hears: offer, from: bob }
  - close: { peer: carol, to: alice }
  - say: { from: carol, to: bob, text: still }
  - say: { from: alice, to: bob, channel: files, text: here }
  - close-channel: { peer: alice, to: bob, channel: files }
  - await: { peer: bob, with: alice, channel: files, is: closed }
";
    let log = passes(&played(&mesh(3, &format!("{THREE}{CONNECTED}{steps}"))).await);
    for line in [
        "alice: open channel files (with bob)",
        "bob: channel files open (with alice)",
        "bob -> alice: offer application, ice <bob 3>",
        "carol: close() (with alice)",
        "carol ~> bob: chat \"still\"",
        "alice ~> bob: files \"here\"",
        "alice: close channel files (with bob)",
        "bob: channel files closed (with alice)",
    ] {
        assert!(log.lines().any(|other| other == line), "{line}\n{log}");
    }
    assert!(!log.contains("carol: channel files"), "{log}");
}

/// The association that carries channels is still being negotiated when both are connected: a channel of the answering side's is not lost in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_that_is_opened_at_once_opens() {
    let steps = "  - open-channel: { peer: alice, label: files }\n  - await: { peer: bob, channel: files, is: open }\n";
    let text = format!(
        "scenario: x\npeers:\n  alice: {{ stack: native }}\n  bob: {{ stack: native }}\nsteps:\n{TOGETHER}{steps}"
    );
    for _ in 0..60 {
        passes(&played(&text).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_peer_sends_to_whom_the_step_names() {
    let peers: String = (NAMES[..3].iter())
        .map(|name| format!("  {name}: {{ stack: wire }}\n"))
        .collect();
    let sends = "  - send: { from: carol, to: bob, message: offer }\n  - await: { peer: bob, hears: offer, from: carol }\n  - send: { from: carol, to: alice, message: bye }\n  - await: { peer: alice, hears: bye, from: carol }\n";
    let text = format!(
        "scenario: x\npeers:\n{peers}steps:\n{THREE}{sends}expect:\n  never: |\n    carol -> alice: offer\n    carol -> bob: bye\n"
    );
    passes(&played(&text).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_by_hand_each_description_is_for_the_one_who_is_named() {
    let peers = "  alice: { stack: native }\n  bob: { stack: native }\n  carol: { stack: native, negotiation: manual }\n";
    let steps = "  - create-offer: { peer: carol, to: bob }
  - set-local: { peer: carol, to: bob, kind: offer }
  - send: { from: carol, to: bob, message: offer, gathered: true }
  - await: { peer: carol, hears: answer, from: bob }
  - set-remote: { peer: carol, to: bob, kind: answer }
  - await: { peer: carol, hears: candidate, from: bob }
  - add-candidate: { peer: carol, to: bob }
  - await: { connected: [bob, carol] }
";
    let text = format!(
        "scenario: x\npeers:\n{peers}steps:\n{THREE}  - open-channel: {{ peer: carol, to: bob, label: chat }}\n{steps}  - say: {{ from: bob, to: carol, text: by hand }}\n"
    );
    let log = passes(&played(&text).await);
    assert!(log.contains("bob ~> carol: chat \"by hand\""), "{log}");
    assert!(!log.contains("carol -> alice: offer"), "{log}");
}

/// A connection that nobody has described yet is another one's.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_to_a_third_is_in_nobodys_way() {
    let joins = THREE.replace("carol, room: lobby", "carol, room: lobby, offer: false");
    let steps = "  - negotiate: { from: carol, to: alice }
  - await: { connected: [carol, alice] }
  - open-channel: { peer: carol, to: bob, label: later }
  - await: { connected: [alice, carol], within: 3s }
  - await: { peer: carol, with: alice, state: { connection: connected }, within: 3s }
  - say: { from: carol, to: alice, text: still here }
";
    passes(&played(&mesh(3, &format!("{joins}{steps}"))).await);
}

/// So many peers that only signal.
fn wires(peers: usize, steps: &str) -> String {
    mesh(peers, steps).replace("stack: native", "stack: wire")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_relays_to_all_others_and_says_so_breaks_no_law() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference");
    let dialect = Dialect::load(&folder.join("rooms-of-three.dialect.yaml"));
    let policy = Policy {
        room_size: RoomSize::new(3).expect("a size"),
        ..Policy::default()
    };
    let setting = Setting {
        server: ServerSpec::variant(policy),
        dialect: Arc::new(dialect.expect("a dialect")),
        ..setting()
    };
    let steps = "  - send: { from: carol, message: offer }
  - await: { peer: alice, hears: offer, from: carol }
  - await: { peer: bob, hears: offer, from: carol }
  - send: { from: bob, message: answer }
  - send: { from: alice, message: bye }
  - await: { peer: carol, hears: answer, from: bob }
  - await: { peer: carol, hears: bye, from: alice }
  - leave: { peer: bob }
  - await: { peer: carol, hears: peer-left, from: bob }
";
    let text = wires(3, &format!("{THREE}{steps}"));
    passes(&play(&case(&text), Arc::new(setting)).await);
}

/// Each with what a room of more than two alone can show.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_among_more_than_two_breaks_the_law_that_it_must() {
    let full = "  - join: { peer: dora, room: lobby, refused: full }\n";
    let bye = "  - send: { from: carol, to: alice, message: bye }\n  - await: { peer: carol, hears: peer-left, from: alice, within: 1s }\n";
    let late = "  - join: { peer: dora, room: lobby }\n";
    for (fault, steps, law) in [
        (Fault::AcceptsThirdPeer, full, 10),
        (Fault::RelaysToTheNext, bye, 3),
        (Fault::RelaysToRoom, bye, 3),
        (Fault::JoiningToldToOne, late, 9),
        (Fault::ToldTwice, late, 12),
        (Fault::WrongSender, bye, 2),
    ] {
        let text = wires(4, &format!("{THREE}{steps}"));
        let outcome = played_with(&text, ServerSpec::faulty(fault)).await;
        let Verdict::Fail(failure) = &outcome.verdict else {
            panic!("{fault}: {:#?}\n{}", outcome.verdict, outcome.log);
        };
        let broken: Vec<_> = failure.breaches.iter().map(|broken| broken.law).collect();
        assert!(broken.contains(&law), "{fault}: {failure:#?}");
    }
}
