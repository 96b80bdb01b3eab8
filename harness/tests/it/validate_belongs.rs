//! `glare validate` puts each accusation where it belongs: in the case that asks for what went wrong, and shows it with nothing else beside it.

use std::path::Path;
use std::sync::Arc;

use glare::names::Stack;
use glare::record::Limit;
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Setting, play};
use glare::suite;
use glare::validate::{Answer, Case, Says, Script, ask_all, every_case};
use glare_signaling_server::{Fault, Policy, RoomSize};

use crate::stage_support::setting;

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");
const OF_THREE: &str =
    include_str!("../../../fixtures/servers/reference/rooms-of-three.dialect.yaml");

fn faulty(fault: Fault) -> Setting {
    Setting {
        server: ServerSpec::faulty(fault),
        ..setting()
    }
}

fn spoken(text: &str) -> Arc<Dialect> {
    Arc::new(Dialect::read(Path::new("d.yaml"), text).expect("a dialect"))
}

/// The reference server with rooms of this size.
fn of_size(size: usize, fault: Option<Fault>, dialect: &str) -> Setting {
    Setting {
        server: ServerSpec::Embedded {
            faults: fault.into_iter().collect(),
            policy: Policy {
                room_size: RoomSize::new(size).expect("a size"),
                ..Policy::default()
            },
        },
        dialect: spoken(dialect),
        ..setting()
    }
}

fn numbered(wanted: &[&str]) -> Vec<Case> {
    let all = every_case();
    let found: Vec<Case> = all
        .filter(|case| wanted.contains(&&*case.number.to_string()))
        .collect();
    assert_eq!(found.len(), wanted.len(), "{wanted:?}");
    found
}

async fn asked(wanted: &[&str], setting: Setting) -> Vec<Answer> {
    ask_all(&numbered(wanted), &Arc::new(setting), &|_| ()).await
}

/// Those of the first are broken; those of the second are not, and say whose matter it is.
async fn belongs(setting: Setting, broken: &[&str], beside: &[&str], to: &str) {
    for answer in asked(broken, setting.clone()).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert!(matches!(answer.says, Says::Broken(_)), "{told}");
    }
    for answer in asked(beside, setting).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert!(matches!(answer.says, Says::Inconclusive(_)), "{told}");
        assert!(answer.says.why().contains(to), "{told}");
    }
}

/// What a server writes behind its close frames is on the way of each case: one asks for it, and the others say what they ask.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_behind_a_close_frame_is_the_matter_of_one_case() {
    let wrong = || faulty(Fault::SpeaksBehindItsClose);
    let says = asked(&["8.13"], wrong()).await;
    let Says::Broken(why) = &says[0].says else {
        panic!("{:?}\n{}", says[0].says, says[0].log);
    };
    assert!(why.contains("a message after its close frame"), "{why}");
    for answer in asked(&["3.4", "8.1", "4.1"], wrong()).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        assert_eq!(answer.says, Says::Holds, "{told}");
        let beside = answer
            .evidence
            .first()
            .filter(|line| line.starts_with("beside it, "));
        assert!(beside.is_some(), "{told}");
    }
    // Where the server ends no line nothing can stand behind its close.
    let says = asked(&["8.14"], setting()).await;
    assert_eq!(says[0].says.word(), "unsupported", "{:?}", says[0].says);
}

/// Where more happens than is recorded no law can be asked, whatever stands behind a close frame.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_law_was_asked_of_does_not_hold_for_a_fault_of_the_wire() {
    let long = "given meet\ngiven apart\ngiven tell bob alice offer\ndo send-raw: { peer: bob, frame: reserved-bit }\ndo await: { peer: bob, disconnected: true }\ndo tell carol dave offer\ndo send carol dave candidate 180";
    let case = Case {
        steps: long.into(),
        ..numbered(&["4.1"]).remove(0)
    };
    let wrong = || faulty(Fault::SpeaksBehindItsClose);
    let scenario = Script::of(&case, &setting().dialect).scenario("case.yaml");
    let scenario = scenario.unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let (cases, _) = suite::cases(&[scenario], &[], &[Stack::Native]);
    let whole = play(&cases[0], Arc::new(wrong())).await;
    for (limit, word) in [
        (Limit::default().events, "holds"),
        // It is full when the last line ends.
        (whole.events.len() + 5, "inconclusive"),
    ] {
        let mut setting = wrong();
        setting.limit.events = limit;
        let says = ask_all(std::slice::from_ref(&case), &Arc::new(setting), &|_| ()).await;
        assert_eq!(says[0].says.word(), word, "{limit}: {:?}", says[0].says);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_that_came_to_nothing_is_told_by_what_a_law_knows_of_it() {
    let setting = faulty(Fault::RelaysToTheNext);
    for answer in asked(&["10.9", "4.11"], setting).await {
        let Says::Broken(why) = &answer.says else {
            panic!("{} {:?}", answer.number, answer.says);
        };
        let first = why.lines().next().expect("a line");
        assert!(first.contains(" got "), "{} {why}", answer.number);
        assert!(why.contains("\n  seen by this: "), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_never_freed_is_no_matter_of_garbage() {
    belongs(faulty(Fault::RoomNeverFreed), &["2.10"], &["7.7"], "2.10").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_sender_is_accused_of_that_alone() {
    let beside = [
        "1.1", "1.7", "2.1", "2.13", "2.14", "2.15", "2.17", "3.10", "3.12", "5.4", "6.4", "7.11",
    ];
    belongs(
        faulty(Fault::WrongSender),
        &["4.12"],
        &beside,
        "this belongs to 4.",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_of_any_long_run_is_no_matter_of_a_flood() {
    let long = || faulty(Fault::LosesLongRuns);
    let beside = ["9.8", "9.9", "9.10", "9.11", "9.13"];
    belongs(
        long(),
        &["4.18"],
        &beside,
        "without the harm it goes wrong as well",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_ask_at_once_each_case_asks_its_own() {
    for (fault, broken) in [(Fault::LetsBothIn, "2.3"), (Fault::LetsNeitherIn, "2.4")] {
        let answers = asked(&["2.3", "2.4"], faulty(fault)).await;
        for answer in answers {
            let number = answer.number.to_string();
            let wanted = if number == broken {
                "broken"
            } else {
                "inconclusive"
            };
            assert_eq!(
                answer.says.word(),
                wanted,
                "{fault:?} {number} {:?}",
                answer.says
            );
        }
    }
}

/// A dialect whose server gives each line its id.
const GIVES_IDS: &str = r#"
dialect: gives-ids
framing: json
connect:
  path: /
  then:
    - hear: { type: welcome, id: "{self}" }
say:
  create: join
  join: { message: { type: join, room: "{room}" } }
  offer: { message: { type: offer, to: "{peer}", sdp: "{sdp}" } }
  answer: { message: { type: answer, to: "{peer}", sdp: "{sdp}" } }
hear:
  joined: { message: { type: joined, room: "{room}", peers: "{with}" } }
  offer: { message: { type: offer, from: "{peer}", sdp: "{sdp}" } }
  answer: { message: { type: answer, from: "{peer}", sdp: "{sdp}" } }
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_id_is_asked_for_that_no_client_says() {
    let setting = Setting {
        dialect: spoken(GIVES_IDS),
        ..setting()
    };
    for answer in asked(&["1.10", "1.11", "1.12", "1.13", "1.14"], setting).await {
        let told = format!("{} {:?}", answer.number, answer.says);
        assert_eq!(answer.says.word(), "unsupported", "{told}");
        assert!(answer.says.why().contains("the server gives ids"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_is_asked_for_only_where_the_room_is_full() {
    let of_four = OF_THREE.replace("room-size: 3", "room-size: 4");
    // The place of who was lost is kept, in a room of whatever size.
    for (size, dialect) in [(2, REFERENCE), (3, OF_THREE), (4, of_four.as_str())] {
        let keeps = of_size(size, Some(Fault::KeepsDeadPlaces), dialect);
        for answer in asked(&["1.8", "2.14"], keeps).await {
            let told = format!("{size}: {} {:?}", answer.number, answer.says);
            assert_eq!(answer.says.word(), "broken", "{told}");
        }
        for answer in asked(&["1.8", "2.14"], of_size(size, None, dialect)).await {
            assert_eq!(answer.says, Says::Holds, "{size}: {}", answer.number);
        }
    }
    // A room without a limit, or one that nobody can fill, shows nothing of a place.
    let unlimited = OF_THREE.replace("room-size: 3\n", "");
    let of_eight = OF_THREE.replace("room-size: 3", "room-size: 8");
    for (dialect, why) in [(&unlimited, "room-size"), (&of_eight, "8")] {
        let cases = ["1.8", "2.13", "2.14", "3.12"];
        for answer in asked(&cases, of_size(8, None, dialect)).await {
            let told = format!("{} {:?}", answer.number, answer.says);
            assert_eq!(answer.says.word(), "unsupported", "{told}");
            assert!(answer.says.why().contains(why), "{told}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_in_is_told_of_nobody_who_was_lost() {
    let of_three = |fault| of_size(3, fault, OF_THREE);
    let answers = asked(&["3.15", "3.18"], of_three(Some(Fault::ListsTheGone))).await;
    for answer in answers {
        assert_eq!(
            answer.says.word(),
            "broken",
            "{} {:?}",
            answer.number,
            answer.says
        );
    }
    for answer in asked(&["3.15", "3.18"], of_three(None)).await {
        assert_eq!(answer.says, Says::Holds, "{}", answer.number);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_that_a_sender_is_told_of_is_a_fact() {
    let limits = Setting {
        server: ServerSpec::variant(Policy {
            says_at_most: Some(24),
            ..Policy::default()
        }),
        ..setting()
    };
    for answer in asked(&["4.18", "4.1", "1.7"], limits).await {
        let told = format!("{} {:?}\n{}", answer.number, answer.says, answer.log);
        match &*answer.number.to_string() {
            "4.18" => {
                assert!(matches!(answer.says, Says::Fact(_)), "{told}");
                assert!(answer.says.why().contains("slow down"), "{told}");
            }
            _ => assert_eq!(answer.says, Says::Holds, "{told}"),
        }
    }
}
