//! The reader on whole scenario files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use glare::scenario::{Action, Condition, Cut, Raw, Scenario};
use glare::signaling::Kind;
use glare::terms::{Corruption, RawFrame, Silence};

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/read")
}

fn load(name: &str) -> Scenario {
    Scenario::load(&scenarios().join(name))
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

#[test]
fn the_happy_path_is_read() {
    let scenario = load("happy-path.yaml");
    assert_eq!(scenario.name, "happy path");
    assert_eq!(scenario.peers.len(), 2);
    assert_eq!(scenario.steps.len(), 9);
    assert_eq!(scenario.expect.never.len(), 2);
    assert!(
        matches!(&scenario.steps[3].action, Action::Await(Condition::Connected { peers }) if peers.len() == 2)
    );
}

#[test]
fn every_place_is_the_place_in_the_file() {
    let scenario = load("happy-path.yaml");
    let text = &scenario.source.text;
    for (index, step) in scenario.steps.iter().enumerate() {
        let source = &text[step.span.bytes.clone()];
        assert!(
            source.starts_with("- ") && source.ends_with('}'),
            "{source:?}"
        );
        assert_eq!(step.span.line as usize, 8 + index);
    }
    for line in scenario.expect.seen.iter().chain(&scenario.expect.never) {
        assert_eq!(text[line.span.bytes.clone()], line.text);
        assert_eq!(
            text.lines()
                .nth(line.span.line as usize - 1)
                .unwrap()
                .trim(),
            line.text
        );
    }
}

#[test]
fn lines_among_comments_and_gaps_keep_their_places() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/every-step.yaml");
    let scenario = Scenario::load(&path).unwrap();
    let text = &scenario.source.text;
    assert_eq!(scenario.expect.seen.len(), 2);
    for line in scenario.expect.seen.iter().chain(&scenario.expect.never) {
        assert_eq!(text[line.span.bytes.clone()], line.text);
        assert_eq!(
            text.lines()
                .nth(line.span.line as usize - 1)
                .unwrap()
                .trim(),
            line.text
        );
    }
}

#[test]
fn the_faults_of_a_builder_are_those_of_a_file() {
    let built = Scenario::builder("faults")
        .peer("alice")
        .peer("bob")
        .delay_to(Kind::Offer, "alice", Duration::from_millis(200))
        .duplicate_to(Kind::Answer, "bob")
        .reorder_to(Kind::Candidate, "bob")
        .corrupt_to(Kind::Bye, "bob", Corruption::NotJson)
        .cut(
            "bob",
            Cut::Silence(Silence {
                up: true,
                down: false,
            }),
        )
        .stall("bob")
        .mend("bob")
        .pause()
        .resume()
        .send_raw("bob", Raw::Frame(RawFrame::Unmasked))
        .build()
        .unwrap();
    let told: Vec<String> = built
        .steps
        .iter()
        .map(|step| format!("{} | {}", step.text(), step.log().unwrap_or_default()))
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    delay: { message: offer, to: alice, by: 200ms } | tap: delay offer to alice by 200ms
    duplicate: { message: answer, to: bob } | tap: duplicate answer to bob
    reorder: { message: candidate, to: bob } | tap: reorder candidate to bob behind the next
    corrupt: { message: bye, to: bob, as: not-json } | tap: corrupt bye to bob (not-json)
    cut: { peer: bob, how: silence, direction: up } | tap: cut bob (silence, up)
    stall: { peer: bob } | tap: stall bob
    mend: { peer: bob } | tap: mend bob
    pause | server: paused
    resume | server: resumed
    send-raw: { peer: bob, frame: unmasked } | bob: sends a frame (unmasked)
    ");
}

#[test]
fn a_step_is_told_on_one_line() {
    let scenario = load("early-candidates.yaml");
    let told: Vec<String> = scenario.steps.iter().map(|step| step.text()).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    create: { peer: alice, room: lobby }
    join: { peer: bob, room: lobby, offer: false }
    hold: { message: offer, from: alice, to: bob }
    negotiate: { from: alice }
    await: { held: offer, from: alice, to: bob }
    await: { peer: bob, hears: candidate, from: alice }
    release: { message: offer, from: alice, to: bob }
    await: { peer: bob, applied: candidate }
    await: { connected: [alice, bob] }
    say: { from: bob, text: all there }
    ");
    let logged: Vec<String> = scenario
        .steps
        .iter()
        .filter_map(|step| step.log())
        .collect();
    insta::assert_snapshot!(logged.join("\n"), @r"
    tap: hold offer from alice to bob
    tap: release offer from alice to bob
    ");
}
