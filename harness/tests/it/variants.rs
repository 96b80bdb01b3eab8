//! The reference server's other policies: honest servers, each with a dialect of its own, on which nobody is accused.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::stage_support::{case, passes, setting};
use glare::names::Stack;
use glare::record::Verdict;
use glare::scenario::Scenario;
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Case, Outcome, Setting, play};
use glare::suite;
use glare_signaling_server::{Fault, Form, News, Policy, RoomSize, SameId};

fn dialect(name: &str) -> Arc<Dialect> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/servers/reference");
    match Dialect::load(&folder.join(format!("{name}.dialect.yaml"))) {
        Ok(dialect) => Arc::new(dialect),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    }
}

/// Each variant: the name of its dialect, and its policy.
fn variants() -> [(&'static str, Policy); 11] {
    let usual = Policy::default();
    [
        (
            "takeover",
            Policy {
                same_id: SameId::Takeover,
                ..usual.clone()
            },
        ),
        (
            "resuming",
            Policy {
                same_id: SameId::Resume,
                ..usual.clone()
            },
        ),
        (
            "debounced",
            Policy {
                debounce_news: Some(Duration::from_millis(300)),
                ..usual.clone()
            },
        ),
        (
            "queueing",
            Policy {
                queue_for_absent: true,
                ..usual.clone()
            },
        ),
        (
            "late",
            Policy {
                answer_late: Some(Duration::from_millis(200)),
                ..usual.clone()
            },
        ),
        (
            "rooms-of-three",
            Policy {
                room_size: RoomSize::new(3).expect("a size"),
                ..usual.clone()
            },
        ),
        (
            "lists",
            Policy {
                news: News::List,
                ..usual.clone()
            },
        ),
        (
            "tickets",
            Policy {
                keeps_places: Some(Duration::from_secs(1)),
                ..usual.clone()
            },
        ),
        (
            "meetings",
            Policy {
                room_size: RoomSize::new(3).expect("a size"),
                keeps_places: Some(Duration::from_secs(1)),
                meetings: true,
                ..usual.clone()
            },
        ),
        (
            "named-rooms",
            Policy {
                names_rooms: true,
                ..usual.clone()
            },
        ),
        (
            "enveloped",
            Policy {
                wire: Form::Enveloped,
                ..usual
            },
        ),
    ]
}

async fn played_on(name: &str, policy: Policy, text: &str) -> Outcome {
    let setting = Setting {
        server: ServerSpec::variant(policy),
        dialect: dialect(name),
        ..setting()
    };
    play(&case(text), Arc::new(setting)).await
}

#[test]
fn each_dialect_is_called_as_its_file() {
    for (name, _) in variants() {
        assert_eq!(dialect(name).name(), name);
    }
}

#[test]
fn a_variant_is_named_by_its_flags_and_its_faults() {
    for (spec, name) in [
        (ServerSpec::reference(), "reference"),
        (
            ServerSpec::faulty(Fault::ToldTwice),
            "reference with told-twice",
        ),
        (
            ServerSpec::variant(variants()[0].1.clone()),
            "reference --same-id takeover",
        ),
        (
            ServerSpec::Embedded {
                faults: Fault::ToldTwice.into(),
                policy: variants()[5].1.clone(),
            },
            "reference --room-size 3 with told-twice",
        ),
    ] {
        assert_eq!(spec.name(), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_every_variant_two_meet_talk_and_part() {
    let steps = "
scenario: they meet, talk and part
peers: { alice: { stack: native }, bob: { stack: native } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - say: { from: bob, text: hello }
  - leave: { peer: bob }
  - await: { peer: alice, hears: peer-left, from: bob }
";
    for (name, policy) in variants() {
        passes(&played_on(name, policy, steps).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_every_variant_one_who_is_lost_is_told_of_and_let_in_again() {
    let steps = "
scenario: lost, and back when that is known
peers: { alice: { stack: wire }, bob: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - kill: { peer: bob, how: socket }
  - await: { peer: alice, hears: peer-left, from: bob }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: peer-joined, from: bob }
";
    for (name, policy) in variants() {
        passes(&played_on(name, policy, steps).await);
    }
}

/// The second stay is asked for on a second line: it is the asking that is told of, though to connect may be to be inside again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_second_line_takes_over_the_news_of_a_second_stay_is_in_the_log() {
    let steps = "
scenario: lost, and back
peers: { alice: { stack: wire }, bob: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - kill: { peer: bob, how: socket }
  - join: { peer: bob, room: lobby }
";
    let (name, policy) = variants()[0].clone();
    let log = passes(&played_on(name, policy, steps).await);
    let told = "server -> alice: peer-joined bob";
    assert_eq!(log.lines().filter(|line| *line == told).count(), 2, "{log}");
}

const TAKEN: &str = "
scenario: another takes the id
peers: { alice: { stack: wire }, bob: { stack: wire }, carol: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_replaced_by_one_who_uses_his_id_is_no_bystander() {
    for path in ["/?userId=bob", "/?x=1&userId=%62ob"] {
        let step = format!("  - send-raw: {{ peer: carol, path: \"{path}\", status: 101 }}\n");
        let (name, policy) = variants()[0].clone();
        passes(&played_on(name, policy, &format!("{TAKEN}{step}")).await);
    }
}

/// Alice alone is lost and connects again at once: where that may be to be inside again, nobody can say that her room is empty.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_second_line_goes_on_nobody_says_that_the_room_of_one_who_is_back_is_free() {
    let steps = "
scenario: alone, lost and back
peers: { alice: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - cut: { peer: alice, how: silence }
  - connect: { peer: alice }
";
    let (name, policy) = variants()[1].clone();
    passes(&played_on(name, policy, steps).await);
}

/// One says garbage, the other nothing, and her line is ended for that.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_ends_the_lines_of_the_silent_harms_no_bystander() {
    let steps = "
scenario: garbage and silence
peers: { alice: { stack: wire }, bob: { stack: wire } }
steps:
  - connect: { peer: alice }
  - connect: { peer: bob }
  - send-raw: { peer: bob, text: garbage }
  - await: { peer: alice, disconnected: true }
";
    let idle = Policy {
        ends_idle_lines: Some(Duration::from_millis(600)),
        ..Policy::default()
    };
    // A fresh pair is silent too while it waits for answers.
    let late = Policy {
        answer_late: Some(Duration::from_millis(400)),
        ..idle.clone()
    };
    for (name, policy) in [("late", idle), ("late", late)] {
        passes(&played_on(name, policy, steps).await);
    }
}

/// Presence told as full lists holds all that is promised, whatever the scenario, in whatever order what races comes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_tells_presence_as_full_lists_holds_all_laws_plain_and_shaken() {
    let (name, policy) = variants()[6].clone();
    let scenarios = suite::files(&[Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")]);
    let (scenarios, _) = suite::read(&scenarios.expect("files"));
    let on_the_wire = |scenario: &&Arc<Scenario>| {
        scenario
            .peers
            .iter()
            .all(|(_, spec)| spec.stack == Some(Stack::Wire))
    };
    let (mut passed, mut unsupported) = (0, Vec::new());
    for scenario in scenarios.iter().filter(on_the_wire) {
        for shake in [None, Some(1), Some(2)] {
            let cast = scenario.casts().remove(0);
            let case = Case {
                scenario: scenario.clone(),
                cast,
            };
            let setting = Setting {
                server: ServerSpec::variant(policy.clone()),
                dialect: dialect(name),
                shake,
                ..setting()
            };
            let outcome = play(&case, Arc::new(setting)).await;
            match &outcome.verdict {
                Verdict::Pass => passed += 1,
                Verdict::Unsupported(why) => unsupported.push(why.why.clone()),
                other => panic!("{} {shake:?}: {other:#?}\n{}", scenario.file(), outcome.log),
            }
        }
    }
    assert!(passed > 60, "{passed} passed; {unsupported:#?}");
    let wire = |why: &&String| {
        why.contains("of the wire")
            || why.contains("no message of its own")
            || why.contains("a second line with the same id")
    };
    let other: Vec<_> = unsupported.iter().filter(|why| !wire(why)).collect();
    assert!(other.is_empty(), "{other:#?}");
}

/// Whoever keeps places need not let anybody make the room that the only one in it has just been lost from.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_places_are_kept_no_room_is_made_anew_that_may_be_there() {
    let (name, policy) = variants()[7].clone();
    let steps = |wait: &str, who: &str| {
        format!(
            "
scenario: alone and lost
peers: {{ alice: {{ stack: wire }}, bob: {{ stack: wire }} }}
steps:
  - create: {{ peer: alice, room: lobby }}
  - connect: {{ peer: bob }}
  - kill: {{ peer: alice, how: socket }}
  - connect: {{ peer: alice }}
{wait}  - create: {{ peer: {who}, room: lobby }}
"
        )
    };
    for who in ["alice", "bob"] {
        let outcome = played_on(name, policy.clone(), &steps("", who)).await;
        let Verdict::Unsupported(why) = &outcome.verdict else {
            panic!("{who} {:?}", outcome.verdict);
        };
        assert!(why.why.contains("may be kept"), "{who} {}", why.why);
        let waits = steps("  - wait: 1500ms\n", who);
        passes(&played_on(name, policy.clone(), &waits).await);
        passes(&played_on("late", Policy::default(), &steps("", who)).await);
    }
}
