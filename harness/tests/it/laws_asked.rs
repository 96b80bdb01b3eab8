//! The stage asks the laws at the end of every run: what a breach does to the verdict, and what excuses it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use glare::laws::Law;
use glare::names::Stack;
use glare::record::{Failure, Verdict};
use glare::scenario::{Place, Scenario};
use glare::stage::{Case, Judged, Outcome, Setting, play};
use glare_signaling_server::{Fault, Faults};

async fn played(head: &str, steps: &str, faults: Faults) -> Outcome {
    let peers = "  alice: { stack: wire }\n  bob: { stack: wire }\n";
    let text = format!("scenario: x\n{head}peers:\n{peers}steps:\n{steps}");
    let scenario = match Scenario::read(Path::new("x.yaml"), &text) {
        Ok(scenario) => Arc::new(scenario),
        Err(mistakes) => panic!("{}", mistakes.render(false)),
    };
    let cast = scenario.casts().into_iter().next().expect("a cast");
    assert!(cast.stacks().values().all(|stack| *stack == Stack::Wire));
    let setting = Setting::reference(faults).expect("a run");
    play(&Case { scenario, cast }, Arc::new(setting)).await
}

fn law(outcome: &Outcome, law: Law) -> &Judged {
    let found = outcome.laws.iter().find(|judged| judged.finding.law == law);
    found.expect("every observed law is asked")
}

#[track_caller]
fn failure(outcome: &Outcome, place: Place) -> &Failure {
    let Verdict::Fail(failure) = &outcome.verdict else {
        panic!("{:#?}\n{}", outcome.verdict, outcome.log);
    };
    assert_eq!(failure.place, Some(place), "{failure:#?}");
    failure
}

const BOB_VANISHES: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - kill: { peer: bob, how: socket }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_no_step_waits_for_is_waited_for_and_counts() {
    let outcome = played("", BOB_VANISHES, Faults::none()).await;
    assert!(
        matches!(outcome.verdict, Verdict::Pass),
        "{:#?}",
        outcome.verdict
    );
    assert_eq!(law(&outcome, Law::LeavingIsAnnounced).finding.premises, 1);
    assert!(outcome.took < Duration::from_secs(2), "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_breach_fails_a_run_whose_steps_all_passed() {
    let outcome = played("", BOB_VANISHES, Fault::GhostOnDisconnect.into()).await;
    let failure = failure(&outcome, Place::Law(1));
    assert!(failure.message.contains("a ghost"), "{failure:#?}");
    assert_eq!(failure.breaches.len(), 1);
    assert!(
        outcome.took >= Duration::from_secs(3),
        "the declared time was waited for"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_law_that_is_excused_may_be_broken_and_is_told_of_if_it_was_not() {
    let head = "breaks: { 1: this server never says so }\n";
    let broken = played(head, BOB_VANISHES, Fault::GhostOnDisconnect.into()).await;
    assert!(
        matches!(broken.verdict, Verdict::Pass),
        "{:#?}",
        broken.verdict
    );
    let judged = law(&broken, Law::LeavingIsAnnounced);
    assert_eq!(judged.excused.as_deref(), Some("this server never says so"));
    assert_eq!(judged.finding.breaches.len(), 1);
    assert!(!judged.is_excused_in_vain());
    let held = played(head, BOB_VANISHES, Faults::none()).await;
    assert!(matches!(held.verdict, Verdict::Pass));
    assert!(law(&held, Law::LeavingIsAnnounced).is_excused_in_vain());
}

/// The links are fenced after a failed step too: without that, silence is not seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_failed_keeps_its_place_and_the_breach_beside_it_explains() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - connect: { peer: bob }\n  - join: { peer: bob, room: attic, refused: true, within: 500ms }\n";
    let outcome = played("", steps, Fault::SilentRefusal.into()).await;
    let failure = failure(&outcome, Place::Step(3));
    let laws: Vec<Law> = failure
        .breaches
        .iter()
        .filter_map(|breach| Law::from_number(breach.law))
        .collect();
    assert_eq!(laws, [Law::RequestsAreAnswered], "{failure:#?}");
    assert!(outcome.took < Duration::from_secs(3), "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_died_is_not_asked_for_a_fence() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - connect: { peer: bob }\n  - send-raw: { peer: bob, text: garbage }\n  - await: { peer: bob, hears: error, within: 500ms }\n";
    let outcome = played("", steps, Fault::CrashesOnBadJson.into()).await;
    failure(&outcome, Place::Step(4));
    assert!(outcome.took < Duration::from_secs(2), "{:?}", outcome.took);
}

/// What strangers say to the server after the steps is nobody's business: neither trace nor log has it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_count_and_leave_no_trace() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - connect: { peer: bob }\n  - send-raw: { peer: bob, text: garbage }\n  - kill: { peer: bob, how: socket }\n  - kill: { peer: alice, how: socket }\n";
    let outcome = played("", steps, Faults::none()).await;
    assert!(
        matches!(outcome.verdict, Verdict::Pass),
        "{:#?}",
        outcome.verdict
    );
    // The pair, and two that come back; the lobby; two taps and the server.
    let premises = |asked| law(&outcome, asked).finding.premises;
    assert_eq!(premises(Law::GarbageHarmsNobodyElse), 3);
    assert_eq!(premises(Law::EmptyRoomsAreFree), 1);
    assert_eq!(premises(Law::NothingLeftBehind), 3);
    let trace = format!("{:?}", outcome.events);
    assert!(!trace.contains("probe"), "{trace}");
}

/// Who did no harm is not asked for more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_harm_nobody_is_probed() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n";
    let outcome = played("", steps, Faults::none()).await;
    assert!(
        law(&outcome, Law::GarbageHarmsNobodyElse)
            .finding
            .is_vacuous()
    );
    assert!(law(&outcome, Law::EmptyRoomsAreFree).finding.is_vacuous());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tap_that_outlives_its_case_breaks_law_8() {
    let text = format!(
        "scenario: x\npeers:\n  alice: {{ stack: wire }}\n  bob: {{ stack: wire }}\nsteps:\n{BOB_VANISHES}"
    );
    let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("a scenario");
    let cast = scenario.casts().into_iter().next().expect("a cast");
    let setting = Setting {
        peer_fault: Some(glare::hand::PeerFault::StaysOnStage),
        ..Setting::reference(Faults::none()).expect("a run")
    };
    let scenario = Arc::new(scenario);
    let outcome = play(&Case { scenario, cast }, Arc::new(setting)).await;
    let failure = failure(&outcome, Place::Law(8));
    assert_eq!(failure.breaches.len(), 2, "{failure:#?}");
}
