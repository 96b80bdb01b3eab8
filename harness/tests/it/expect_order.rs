//! `order:` and `count:`: what passed on one link's wire, as the tap saw it, and how often a line is in the trace.

use std::path::Path;
use std::sync::Arc;

use crate::cli_support::Stand;
use crate::stage_support::{case, fails, passes, played, setting};
use glare::record::{Failure, Story, Verdict};
use glare::scenario::{Place, Scenario, Times};
use glare::server::ServerSpec;
use glare::signaling::Dialect;
use glare::stage::{Outcome, Setting, play};
use glare_signaling_server::Fault;

const HEAD: &str = "scenario: x\npeers: { alice: { stack: wire }, bob: { stack: wire } }\nsteps:\n";

/// Bob joins, and offers by hand.
const OFFER: &str = "  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer, from: bob }\n  - await: { peer: alice, hears: peer-joined, from: bob }\n";

fn expecting(steps: &str, expect: &str) -> String {
    format!("{HEAD}{steps}expect:\n{expect}")
}

/// On a server that promises nothing of news and relays, so that no law speaks first.
async fn with_fault(text: &str, fault: Fault) -> Outcome {
    let dialect = include_str!("../../../fixtures/servers/reference/dialect.yaml")
        .replace("news-before-relays: true\n", "")
        .replace("news-once: true\n", "");
    let dialect = Dialect::read(Path::new("d.yaml"), &dialect).expect("a dialect");
    let setting = Setting {
        server: ServerSpec::faulty(fault),
        dialect: Arc::new(dialect),
        ..setting()
    };
    play(&case(text), Arc::new(setting)).await
}

fn failed(outcome: &Outcome) -> &Failure {
    match &outcome.verdict {
        Verdict::Fail(failure) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn news_that_comes_behind_the_offer_is_seen_on_the_wire_and_not_in_the_log() {
    let lines = "    server -> alice: peer-joined bob\n    server -> alice: offer from bob\n";
    let seen = expecting(OFFER, &format!("  seen: |\n{lines}"));
    let order = expecting(OFFER, &format!("  order: |\n{lines}"));
    passes(&played(&order).await);
    // The log has an order of its own.
    passes(&with_fault(&seen, Fault::OfferBeforeNews).await);
    let outcome = with_fault(&order, Fault::OfferBeforeNews).await;
    let failure = fails(
        &outcome,
        Place::Order(2),
        "before \"server -> alice: peer-joined bob\"",
    );
    let told: Vec<&str> = failure
        .instead
        .iter()
        .map(|line| line[5..].trim())
        .collect();
    assert_eq!(
        told,
        [
            "alice -> server: connect",
            "alice -> server: create lobby",
            "server -> alice: created lobby",
            "server -> alice: offer from bob",
            "server -> alice: peer-joined bob",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_is_followed_where_it_arrives_and_a_line_may_be_missing() {
    let arrives = "  order: |\n    server -> alice: created\n    bob -> alice: offer\n";
    passes(&played(&expecting(OFFER, arrives)).await);
    let more = format!("{arrives}    alice -> server: leave\n");
    let outcome = played(&expecting(OFFER, &more)).await;
    fails(
        &outcome,
        Place::Order(3),
        "no such line passed on alice's line after \"bob -> alice: offer\"",
    );
    let later = "  order: |\n    server -> alice#2: joined\n";
    let outcome = played(&expecting(OFFER, later)).await;
    fails(&outcome, Place::Order(1), "alice#2 had no such link");
}

/// What the tap holds keeps its place: it is the server's order that is followed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_step_holds_has_passed_when_the_server_sent_it() {
    let steps = "  - create: { peer: alice, room: lobby }\n  - hold: { message: peer-joined, to: alice }\n  - join: { peer: bob, room: lobby }\n  - send: { from: bob, message: offer }\n  - await: { peer: alice, hears: offer, from: bob }\n  - release: { message: peer-joined, to: alice }\n";
    let order = "  order: |\n    server -> alice: peer-joined bob\n    server -> alice: offer from bob\n  count:\n    \"server -> alice: peer-joined bob\": 1\n";
    passes(&played(&expecting(steps, order)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_counted_that_the_log_folds() {
    let candidates = "  - send: { from: bob, message: candidate }\n".repeat(3);
    let steps = format!("{OFFER}{candidates}");
    let count = |times: &str| {
        let lines = format!(
            "  count:\n    \"bob -> alice: offer\": 1\n    \"bob -> alice: candidate\": {times}\n"
        );
        expecting(&steps, &lines)
    };
    for times in ["3", "2..3", "at least 3", "at most 3"] {
        let outcome = played(&count(times)).await;
        let log = passes(&outcome);
        assert_eq!(log.matches("bob -> alice: candidate").count(), 1, "{log}");
    }
    for times in ["2", "4..5", "at least 4", "at most 2"] {
        let outcome = played(&count(times)).await;
        fails(
            &outcome,
            Place::Count(2),
            "this was there 3 times, expected",
        );
        let instead = &failed(&outcome).instead;
        assert!(
            instead[0].contains("bob -> alice") || instead[0].contains("from bob"),
            "{instead:?}"
        );
        assert_eq!(instead.len(), 1, "{instead:?}");
        assert!(instead[0].ends_with("(3 times)"), "{instead:?}");
    }
    // Where nothing was there, what passed on that link is told.
    let none = expecting(OFFER, "  count:\n    \"server -> bob: answer\": 1\n");
    let outcome = played(&none).await;
    fails(
        &outcome,
        Place::Count(1),
        "this was there never, expected 1",
    );
    let instead = failed(&outcome).instead.join("\n");
    assert!(instead.contains("server -> bob: joined lobby"), "{instead}");
}

/// The harness asks each link for a refusal at the end; that is nobody's line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_harness_asks_at_the_end_is_not_counted() {
    let count = "  count:\n    \"server -> alice: refused\": 0\n    \"server -> alice: error\": 0\n    \"alice -> server: *\": 2\n";
    passes(&played(&expecting(OFFER, count)).await);
}

#[test]
fn an_order_is_of_one_link() {
    for (lines, word) in [
        (
            "    server -> alice: offer\n    server -> bob: joined\n",
            "this line is of bob, those before are of alice",
        ),
        (
            "    server -> alice#1: joined\n    server -> alice#2: joined\n",
            "this line is of alice#2, those before are of alice#1",
        ),
        (
            "    alice: connection connected\n",
            "passes on nobody's line",
        ),
        ("    * -> alice*: joined\n", "passes on nobody's line"),
        (
            "    server -> carol: joined\n",
            "`carol` is nobody in this scenario",
        ),
        ("    server -> alice: join\n", "did you mean `joined`?"),
    ] {
        let text = expecting(OFFER, &format!("  order: |\n{lines}"));
        let told = Scenario::read(Path::new("x.yaml"), &text)
            .expect_err(lines)
            .to_string();
        assert!(told.contains(word), "no {word:?} in {told}");
    }
    let fine = "  order: |\n    alice -> server: create\n    server -> alice#2: created\n    bob -> alice: offer\n    server -> alice: close 1000\n";
    let scenario = Scenario::read(Path::new("x.yaml"), &expecting(OFFER, fine)).expect("an order");
    assert_eq!(
        scenario.expect.ordered().expect("a link").to_string(),
        "alice#2"
    );
}

#[test]
fn a_count_is_a_number_of_times() {
    for (entry, word) in [
        ("\"bob -> alice: offer\": once", "how often: `1`, `2..3`"),
        ("\"bob -> alice: offer\": -1", "how often: `1`, `2..3`"),
        ("\"bob -> alice: offer\": 3..2", "how often: `1`, `2..3`"),
        ("\"bob -> alice: offer\": [1]", "how often: `1`, `2..3`"),
        ("\"bob -> alice: offer\":", "how often: `1`, `2..3`"),
        ("\"bob -> alise: offer\": 1", "did you mean `alice`?"),
        ("\"\": 1", "this can be no line of the trace"),
        (
            "\" alice: error\": 1\n    \"alice: error\": 2",
            "is counted already",
        ),
    ] {
        let text = expecting(OFFER, &format!("  count:\n    {entry}\n"));
        let told = Scenario::read(Path::new("x.yaml"), &text)
            .expect_err(entry)
            .to_string();
        assert!(told.contains(word), "no {word:?} in {told}");
    }
    let place = HEAD.replace("steps:", "catches: { x: count 2 }\nsteps:");
    let text = format!("{place}{OFFER}expect:\n  count:\n    \"bob -> alice: offer\": 1\n");
    let told = Scenario::read(Path::new("x.yaml"), &text)
        .expect_err("one")
        .to_string();
    assert!(told.contains("there is no count 2"), "{told}");
}

#[test]
fn check_tells_of_a_counted_line_that_hardly_anything_matches() {
    let stand = Stand::new();
    let text = expecting(
        OFFER,
        "  count:\n    \"alice -> server: offer (dropped)\": 1\n",
    )
    .replace("{ stack: wire }", "{}");
    stand.write("x.yaml", &text);
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    ran.complains("write `offer*(dropped)`");
}

#[test]
fn parameters_may_stand_in_what_is_counted() {
    let text = expecting(OFFER, "  count:\n    \"bob -> alice: ${word}\": ${times}\n").replace(
        "peers:",
        "with: [{ name: a, word: offer, times: 1 }, { name: b, word: answer, times: at most 2 }]\npeers:",
    );
    let all = Scenario::read_all(Path::new("x.yaml"), &text).unwrap_or_else(|m| panic!("{m}"));
    let counts: Vec<String> = all
        .iter()
        .map(|one| {
            format!(
                "{}: {}",
                one.expect.count[0].line.text, one.expect.count[0].times
            )
        })
        .collect();
    assert_eq!(
        counts,
        ["bob -> alice: offer: 1", "bob -> alice: answer: at most 2"]
    );
}

#[test]
fn a_builder_says_the_same() {
    let built = Scenario::builder("x")
        .peer("alice")
        .peer("bob")
        .create("alice", "lobby")
        .join("bob", "lobby")
        .order("server -> alice: peer-joined bob")
        .order("bob -> alice: offer")
        .count("bob -> alice: offer", Times::exactly(1))
        .count("bob -> alice: candidate", Times::at_least(1))
        .build()
        .unwrap_or_else(|mistakes| panic!("{mistakes}"));
    assert_eq!(built.expect.order.len(), 2);
    assert_eq!(built.expect.count[1].times, Times::at_least(1));
    insta::assert_snapshot!(built.to_yaml(), @r#"
    scenario: x
    peers:
      alice: {}
      bob: {}
    steps:
      - create: { peer: alice, room: lobby }
      - join: { peer: bob, room: lobby }
    expect:
      order: |
        server -> alice: peer-joined bob
        bob -> alice: offer
      count:
        "bob -> alice: offer": 1
        "bob -> alice: candidate": at least 1
    "#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_in_the_trace_alone_is_told_as_such() {
    let expecting = |line: &str| {
        format!(
            "scenario: x\npeers: {{ alice: {{ stack: native }}, bob: {{ stack: native }} }}\nsteps:\n  - hold: {{ message: answer, from: alice }}\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby }}\n  - await: {{ peer: bob, state: {{ ice-gathering: complete }} }}\nexpect:\n  seen: |\n    {line}\n"
        )
    };
    // No step depends on it. (Candidates may be gathered for so long that an answer comes before the last of them, and with it the offer.)
    let left_out = played(&expecting("bob -> server: offer")).await;
    fails(&left_out, Place::Seen(1), "it is in the trace, but the log");
    let nowhere = played(&expecting("alice -> server: offer")).await;
    let failure = fails(&nowhere, Place::Seen(1), "the log has no line");
    assert!(!failure.message.contains("trace"), "{}", failure.message);
}

/// What a person reads of a run that failed.
fn told(outcome: &Outcome) -> String {
    let story = Story::of(outcome.record.clone()).expect("a record");
    glare::report::failure(&story.into(), false).expect("a failure")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_told_where_a_step_fails() {
    let steps = format!(
        "{OFFER}  - send: {{ from: bob, message: candidate }}\n  - await: {{ peer: bob, hears: answer, within: 100ms }}\n  - send: {{ from: bob, message: candidate }}\n"
    );
    let counts = "  count:\n    \"bob -> alice: offer\": 1\n    \"bob -> alice: candidate\": 2\n    \"server -> bob: answer\": at least 1\n";
    let outcome = played(&expecting(&steps, counts)).await;
    fails(&outcome, Place::Step(7), "");
    let expected = [
        "bob -> alice: offer: once, expected 1",
        "bob -> alice: candidate: once, expected 2",
        "server -> bob: answer: never, expected at least 1",
    ];
    assert_eq!(failed(&outcome).counts, expected);
    let told = told(&outcome);
    let list = format!(
        "What `expect: count` counts, by that moment:\n  {}\n",
        expected.join("\n  ")
    );
    assert!(told.contains(&list), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_is_told_where_something_else_that_is_expected_fails() {
    // A line that is not as often there as it should: of the others it is told how often they are.
    let counts = "  count:\n    \"bob -> alice: offer\": 2\n    \"server -> bob: joined\": 1\n";
    let outcome = played(&expecting(OFFER, counts)).await;
    fails(&outcome, Place::Count(1), "this was there once, expected 2");
    assert_eq!(
        failed(&outcome).counts,
        ["server -> bob: joined: once, expected 1"]
    );
    let never =
        "  never: |\n    server -> bob: joined\n  count:\n    \"alice -> server: create\": 1\n";
    let outcome = played(&expecting(OFFER, never)).await;
    fails(&outcome, Place::Never(1), "");
    assert_eq!(
        failed(&outcome).counts,
        ["alice -> server: create: once, expected 1"]
    );
    // A law that is broken beside it.
    let text = expecting(OFFER, "  count:\n    \"bob -> alice: offer\": 1\n");
    let setting = Setting {
        server: ServerSpec::faulty(Fault::DuplicatesOffers),
        ..setting()
    };
    let outcome = play(&case(&text), Arc::new(setting)).await;
    assert!(matches!(failed(&outcome).place, Some(Place::Law(_))));
    assert_eq!(
        failed(&outcome).counts.len(),
        1,
        "{:?}",
        failed(&outcome).counts
    );
    // And of a run in which all is well nothing.
    passes(&played(&text).await);
}
