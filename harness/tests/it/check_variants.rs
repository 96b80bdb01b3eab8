//! One file, several scenarios: `with:` and `${…}`.

use std::path::Path;
use std::time::Duration;

use glare::mistake::Mistakes;
use glare::scenario::{Action, Condition, Pattern, Place, Scenario};
use glare::signaling::Kind;

const FILE: &str = r#"scenario: lost
about: "The ${message} is lost."
with:
  - { name: offer, message: offer, who: alice, nth: 1, wait: 2, place: 3, text: "a: b" }
  - { name: the 2nd answer, message: answer, who: bob, nth: 2, wait: 30, place: 4, text: "12" }
peers: { alice: { stack: native }, bob: { stack: native } }
catches:
  ghost-on-disconnect: "step ${place}"
steps:
  - create: { peer: alice, room: lobby }
  - drop: { message: "${message}", to: "${who}", nth: "${nth}" }
  - join:
      peer: bob
      room: lobby
  - await: { connected: [alice, bob], within: "${wait}s" }
  - say: { from: bob, text: "${name} is ${text}, not $${text} or ${ this } or $${" }
expect:
  never: |
    # not for long
    ${who}: connection failed
    server -> ${who}: ${message}
"#;

fn read(text: &str) -> Vec<Scenario> {
    Scenario::read_all(Path::new("x.yaml"), text)
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)))
}

fn mistakes(text: &str) -> Mistakes {
    Scenario::read_all(Path::new("x.yaml"), text).expect_err("a file with mistakes")
}

#[test]
fn each_set_makes_a_scenario_with_its_values() {
    let [offer, answer] = read(FILE).try_into().expect("two variants");
    assert_eq!(offer.name, "lost [offer]");
    assert_eq!(answer.name, "lost [the 2nd answer]");
    assert_eq!(answer.file(), "x.yaml [the 2nd answer]");
    assert_eq!(answer.about, "The answer is lost.");
    assert_eq!(
        answer.steps[1].action,
        Action::Drop(Pattern {
            message: Kind::Answer,
            from: None,
            to: Some("bob".into()),
            nth: Some(2),
        })
    );
    assert_eq!(answer.steps[3].within, Duration::from_secs(30));
    assert_eq!(answer.catches["ghost-on-disconnect"], Place::Step(4));
    assert!(matches!(
        &answer.steps[3].action,
        Action::Await(Condition::Connected { .. })
    ));
    assert_eq!(
        offer.steps[4].text(),
        r#"say: { from: bob, text: "offer is a: b, not ${text} or ${ this } or ${" }"#
    );
    assert_eq!(offer.expect.never[1].text, "server -> alice: offer");
    // A place is the one in the file, whatever was put in there.
    let text = &offer.source.text;
    for (one, other) in offer.steps.iter().zip(&answer.steps) {
        assert_eq!(one.span, other.span);
        assert!(text[one.span.bytes.clone()].starts_with("- "));
    }
    assert_eq!(
        &text[answer.expect.never[0].span.bytes.clone()],
        "${who}: connection failed"
    );
    for variant in [&offer, &answer] {
        let again = Scenario::read(Path::new("x.yaml"), &variant.to_yaml()).expect("a scenario");
        assert_eq!(again.name, variant.name);
        let actions = |of: &Scenario| -> Vec<Action> {
            of.steps.iter().map(|step| step.action.clone()).collect()
        };
        assert_eq!(actions(&again), actions(variant));
    }
}

#[test]
fn a_file_without_sets_keeps_its_signs() {
    let text = "scenario: x\npeers: { bob: {} }\nabout: \"${a} $${b}\"\nsteps:\n  - connect: { peer: bob }\n";
    assert_eq!(read(text)[0].about, "${a} $${b}");
}

#[test]
fn one_scenario_is_not_read_of_many() {
    let mistakes = Scenario::read(Path::new("x.yaml"), FILE).expect_err("two variants");
    assert!(mistakes.to_string().contains("this file holds 2 variants"));
}

#[test]
fn mistakes_of_parameters_are_told_at_their_places() {
    let text = FILE
        .replace("\"${nth}\"", "\"${nht}\"")
        .replace("server -> ${who}", "server -> ${hwo}")
        .replace("wait: 2, ", "")
        .replace("message: answer, ", "message: answr, ")
        .replace("room: lobby\n  - await", "room: lobbi\n  - await");
    insta::assert_snapshot!(mistakes(&text).to_string());
}

#[test]
fn mistakes_of_sets_are_told() {
    let text = "scenario: x
with:
  - { message: offer }
  - { name: a/b, message: offer }
  - { name: one.two, message: [offer], 5: x }
  - { name: One-Two, message: }
  - offer
peers: { bob: {} }
steps:
  - drop: { message: \"${message}\", to: bob }
";
    insta::assert_snapshot!(mistakes(text).to_string());
    for with in ["[]", "{}", "5", "offer", ""] {
        let text = format!("scenario: x\nwith: {with}\npeers: {{ bob: {{}} }}\nsteps: [pause]\n");
        assert!(!mistakes(&text).is_empty(), "{with}");
    }
}

#[test]
fn the_number_of_sets_and_the_length_of_values_are_capped() {
    let file = |sets: usize, value: usize| {
        let sets: Vec<String> = (0..sets)
            .map(|set| format!("  - {{ name: s{set}, text: {} }}\n", "x".repeat(value)))
            .collect();
        format!(
            "scenario: x\nwith:\n{}peers: {{ bob: {{}} }}\nabout: \"${{text}}\"\nsteps:\n  - connect: {{ peer: bob }}\n",
            sets.concat()
        )
    };
    assert_eq!(read(&file(64, 200)).len(), 64);
    assert!(mistakes(&file(65, 1)).to_string().contains("at most 64"));
    assert!(mistakes(&file(1, 201)).to_string().contains("at most 200"));
}
