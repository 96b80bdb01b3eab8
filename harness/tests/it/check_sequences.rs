//! Steps that scenario files of one folder share: `sequences.yaml` and `use:`.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli_support::Stand;
use glare::mistake::Mistakes;
use glare::scenario::{Place, Scenario, Sequences};

const SEQUENCES: &str = r#"about: How two meet.
sequences:
  meet:
    with: [first, second]
    steps:
      - create: { peer: "${first}", room: lobby }
      - join: { peer: "${second}", room: lobby }
  meet-and-greet:
    about: They meet and talk.
    with: [text]
    steps:
      - use: { sequence: meet, first: alice, second: bob }
      - say: { from: bob, text: "${text}, not $${text}" }
"#;

fn read(sequences: &str, steps: &str) -> Result<Scenario, Mistakes> {
    let mut text = String::from("scenario: x\npeers: { alice: {}, bob: {} }\nsteps:\n");
    text.push_str(steps);
    let sequences = Sequences::read(Path::new("sequences.yaml"), sequences);
    Scenario::read_with(Path::new("x.yaml"), &text, Some(&sequences))
        .map(|mut all| all.pop().expect("one scenario"))
}

/// The mistakes, a line each.
fn mistakes(sequences: &str, steps: &str) -> String {
    match read(sequences, steps) {
        Ok(scenario) => panic!("it is read: {}", scenario.to_yaml()),
        Err(mistakes) => mistakes.to_string(),
    }
}

#[test]
fn a_use_stands_for_the_steps_of_its_sequence() {
    let scenario = read(
        SEQUENCES,
        "  - use: { sequence: meet-and-greet, text: hello }\n  - leave: { peer: bob }\n",
    )
    .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
    let told: Vec<String> = scenario.steps.iter().map(|step| step.text()).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    create: { peer: alice, room: lobby }
    join: { peer: bob, room: lobby }
    say: { from: bob, text: "hello, not ${text}" }
    leave: { peer: bob }
    "#);
    assert_eq!(
        scenario.sequences().into_iter().collect::<Vec<_>>(),
        ["meet", "meet-and-greet"]
    );
    // Each step stands where it is written, and knows how it came.
    for (step, line) in [(1, 6), (2, 7), (3, 13)] {
        let span = scenario.span_of(&Place::Step(step)).expect("a step");
        let via = scenario.via(&Place::Step(step)).expect("a use");
        assert_eq!((span.line, via.line()), (line, 4));
        let written = &via.source.text[span.bytes.clone()];
        assert!(
            written.starts_with("- ") && written.ends_with('}'),
            "{written}"
        );
    }
    assert_eq!(scenario.via(&Place::Step(4)), None);
    assert_eq!(scenario.span_of(&Place::Step(4)).expect("a step").line, 5);
    // Written out, it needs no sequences.
    let again = Scenario::read(Path::new("x.yaml"), &scenario.to_yaml()).expect("a scenario");
    assert_eq!(again.steps.len(), 4);
}

#[test]
fn its_steps_count_as_steps_of_the_scenario() {
    let steps = "  - use: { sequence: meet, first: alice, second: bob }\n  - leave: { peer: bob }\ncatches:\n  ghost-on-disconnect: step 3\n";
    let scenario = read(SEQUENCES, steps).expect("three steps");
    assert_eq!(scenario.catches["ghost-on-disconnect"], Place::Step(3));
    let told = mistakes(SEQUENCES, &steps.replace("step 3", "step 4"));
    insta::assert_snapshot!(told, @"x.yaml:7:24: there is no step 4 (steps: 3, counted from 1)");
}

#[test]
fn a_variant_gives_values_to_a_use() {
    let text = "scenario: x\nwith:\n  - { name: one, who: alice, other: bob, how: meet }\n  - { name: two, who: bob, other: carol, how: meet }\npeers: { alice: {}, bob: {} }\nsteps:\n  - use: { sequence: \"${how}\", first: \"${who}\", second: \"${other}\" }\n";
    let sequences = Sequences::read(Path::new("sequences.yaml"), SEQUENCES);
    let read = |text: &str| Scenario::read_with(Path::new("x.yaml"), text, Some(&sequences));
    let told = read(text).expect_err("nobody is called carol").to_string();
    insta::assert_snapshot!(told, @"sequences.yaml:7:23: [two] there is no peer `carol` (expected one of: alice, bob); used at x.yaml:7");
    let all = read(&text.replace("carol", "alice")).expect("two variants");
    assert_eq!(all[1].steps[0].text(), "create: { peer: bob, room: lobby }");
}

#[test]
fn a_mistake_in_a_sequence_is_shown_there_with_those_who_use_it() {
    let told = mistakes(
        SEQUENCES,
        "  - use: { sequence: meet, first: alice, second: carol }\n  - use: { sequence: meet, first: bob, second: carol }\n",
    );
    insta::assert_snapshot!(told, @"sequences.yaml:7:23: there is no peer `carol` (expected one of: alice, bob); used at x.yaml:4 and x.yaml:5");
    // What cannot come true is found by the steps together.
    let steps = "  - create: { peer: alice, room: lobby }\n  - use: hide\n  - use: hide\n";
    let told = mistakes(
        "sequences:\n  hide:\n    steps:\n      - hold: { message: answer, to: bob }\n",
        steps,
    );
    insta::assert_snapshot!(told, @"sequences.yaml:4:9: answer to bob is held already (a second time); step 2 holds it; used at x.yaml:6");
}

#[test]
fn a_use_that_does_not_fit_is_shown_where_it_stands() {
    for (steps, expected) in [
        (
            "use: meat",
            "x.yaml:4:10: there is no sequence `meat` (`sequences.yaml` has: meet, meet-and-greet); did you mean `meet`?",
        ),
        (
            "use: { sequence: meet, first: alice }",
            "x.yaml:4:22: `meet` needs the parameter `second` (incomplete); write it as: `use: { sequence: meet, second: … }`",
        ),
        (
            "use: { sequence: meet, first: alice, secnd: bob }",
            "x.yaml:4:42: `meet` has no parameter `secnd` (its parameters: first, second); did you mean `second`?",
        ),
        (
            "use: { sequence: meet, first: alice, second: bob, third: bob }",
            "x.yaml:4:55: `meet` has no parameter `third` (its parameters: first, second)",
        ),
        (
            "use: { sequence: meet, first: [alice], second: bob }",
            "x.yaml:4:35: a list does not fit here (expected a word, a number or a flag)",
        ),
        (
            "use: { first: alice }",
            "x.yaml:4:5: `use` needs the key `sequence` (incomplete); write it as: `use: { sequence: name, … }`",
        ),
        (
            "use",
            "x.yaml:4:5: `use` does not say what (expected the name of a sequence, or `{ sequence: name, … }`)",
        ),
        (
            "use:",
            "x.yaml:4:5: `use` does not say what (expected the name of a sequence, or `{ sequence: name, … }`)",
        ),
        (
            "use: [meet]",
            "x.yaml:4:10: a list does not fit here (expected the name of a sequence, or `{ sequence: name, … }`)",
        ),
        (
            "sequence: meet",
            "x.yaml:4:5: there is no verb `sequence` (unknown verb); write `use: name`, and the steps in `sequences.yaml` beside the scenario",
        ),
    ] {
        let told = mistakes(SEQUENCES, &format!("  - {steps}\n"));
        assert_eq!(told, expected, "{steps}");
    }
    let alone = "scenario: x\npeers: { alice: {} }\nsteps:\n  - use: meet\n";
    let told = Scenario::read(Path::new("x.yaml"), alone).expect_err("no sequences");
    assert_eq!(
        told.to_string(),
        "x.yaml:4:10: there is no sequence `meet` (no `sequences.yaml` stands beside this file)"
    );
}

#[test]
fn a_file_of_sequences_has_its_own_mistakes() {
    for (text, expected) in [
        (
            "sequences:\n",
            "1:10: nothing does not fit here (expected at least one sequence)",
        ),
        (
            "about: x\n",
            "1:1: the key `sequences:` is missing (expected in this file)",
        ),
        (
            "sequences: { a: { steps: [restart] } }\npeers: {}\n",
            "2:1: a file of sequences has no key `peers` (its keys: version, about, sequences)",
        ),
        (
            "sequences: { A: { steps: [restart] } }\n",
            "1:14: `A` cannot be the name of a sequence (a small letter, then up to 31 of: A-Z a-z 0-9 _ -)",
        ),
        (
            "sequences: { a: { stops: [restart] } }\n",
            "1:14: `a` has no steps (expected `steps:`)\n1:19: a sequence has no key `stops` (its keys: about, with, steps); did you mean `steps`?",
        ),
        (
            "sequences: { a: { steps: [] } }\n",
            "1:26: a list does not fit here (expected at least one step)",
        ),
        (
            "sequences: { a: { with: [x], steps: [restart] } }\n",
            "1:26: nothing uses the parameter `x` (expected `${x}` somewhere below)",
        ),
        (
            "sequences: { a: { with: [x, x], steps: [leave: { peer: \"${x}\" }] } }\n",
            "1:29: `x` is in this list twice (a second time)",
        ),
        (
            "sequences: { a: { with: [sequence], steps: [restart] } }\n",
            "1:26: `sequence` cannot be the name of a parameter (a small letter, then up to 31 of: A-Z a-z 0-9 _ -; not `sequence`)",
        ),
        (
            "sequences: { a: { with: [peer], steps: [leave: { peer: \"${pear}\" }, leave: { peer: \"${peer}\" }] } }\n",
            "1:57: no parameter is called `pear` (`with: [peer]`); did you mean `peer`?",
        ),
        (
            "sequences: { a: { steps: [laeve: { peer: \"bob\" }] } }\n",
            "1:27: there is no verb `laeve` (unknown verb); did you mean `leave`?",
        ),
        (
            "sequences: { a: { with: [x], steps: [kill: { peer: \"${x}\", how: sockt }] } }\n",
            "1:65: `sockt` is not known here (expected one of: socket, tab, browser); did you mean `socket`?",
        ),
    ] {
        let file = Sequences::read(Path::new("s.yaml"), text);
        let told = file.check().expect_err(text).to_string();
        assert_eq!(told.replace("s.yaml:", ""), expected, "{text}");
    }
    Sequences::read(Path::new("s.yaml"), SEQUENCES)
        .check()
        .unwrap_or_else(|mistakes| panic!("{}", mistakes.render(false)));
}

#[test]
fn a_circle_is_named() {
    let text = "sequences:\n  a: { steps: [use: b] }\n  b: { steps: [use: c] }\n  c: { steps: [use: b] }\n  d: { steps: [use: d] }\n";
    assert_eq!(
        mistakes(text, "  - use: a\n  - use: d\n"),
        "sequences.yaml:4:21: `b` uses itself (b → c → b); used at x.yaml:4\nsequences.yaml:5:21: `d` uses itself (d → d); used at x.yaml:5"
    );
    let told = Sequences::read(Path::new("s.yaml"), text).check();
    assert_eq!(told.expect_err("circles").len(), 3);
}

#[test]
fn depth_and_length_are_bounded() {
    let mut text = String::from("sequences:\n  s0: { steps: [restart] }\n");
    for n in 1..10 {
        let _ = writeln!(text, "  s{n}: {{ steps: [use: s{}] }}", n - 1);
    }
    read(&text, "  - use: s7\n").expect("eight deep");
    let told = mistakes(&text, "  - use: s8\n");
    assert_eq!(
        told,
        "sequences.yaml:3:22: more than 8 sequences deep (sequences may not use each other deeper); used at x.yaml:4"
    );
    // Each ten times as long as the one before it.
    let mut text = String::from("sequences:\n  s0: { steps: [restart] }\n");
    for n in 1..8 {
        let ten = vec![format!("use: s{}", n - 1); 10].join(", ");
        let _ = writeln!(text, "  s{n}: {{ steps: [{ten}] }}");
    }
    read(&text, "  - use: s2\n  - use: s2\n").expect("two hundred steps");
    for steps in [
        "  - use: s2\n  - use: s2\n  - restart\n",
        "  - use: s2\n  - restart\n  - use: s7\n",
    ] {
        let told = mistakes(&text, steps);
        assert_eq!(
            told.split_once(':')
                .expect("a place")
                .1
                .split_once(": ")
                .expect("a text")
                .1,
            "more than 200 steps (at most 200, with those that sequences put in)"
        );
        assert!(told.starts_with("x.yaml:6:"), "{told}");
    }
    // Nor do uses that lead nowhere go on for ever.
    let text = text.replace("[restart]", "[use: s0]");
    assert!(mistakes(&text, "  - use: s7\n").len() < 4000);
}

#[test]
fn the_commands_know_the_file() {
    let stand = Stand::new();
    stand.write(
        "all/sequences.yaml",
        &SEQUENCES.replace("room: lobby", "room: hall"),
    );
    let scenario = "scenario: x\npeers: { alice: { stack: wire }, bob: { stack: wire } }\nsteps:\n  - use: { sequence: meet, first: alice, second: bob }\n  - await: { peer: bob, hears: bye, within: 100ms }\n";
    stand.write("all/x.yaml", scenario);
    let listed = stand.glare(&["list", "all"]).ends(0);
    assert_eq!(listed.out.lines().count(), 1, "{}", listed.out);
    // What nobody uses is told, and no mistake.
    let checked = stand.glare(&["check", "all"]).ends(0);
    let checked = checked.complains("warning: no scenario beside it uses `meet-and-greet`");
    checked.complains("all/sequences.yaml:8:3");
    assert!(stand.glare(&["check", "all/sequences.yaml"]).status == 0);
    let ran = stand.glare(&["run", "all/sequences.yaml"]).ends(3);
    assert!(
        ran.err.contains("this file holds sequences, no scenario"),
        "{}",
        ran.err
    );
    // A step that fails is underlined in the file that holds it.
    stand.write(
        "all/y.yaml",
        &scenario.replace("first: alice", "first: bob"),
    );
    let ran = stand.glare(&["run", "all/y.yaml"]).ends(1);
    for text in [
        "step 2 failed",
        "all/sequences.yaml:7:7",
        "used at all/y.yaml:4",
    ] {
        assert!(ran.err.contains(text), "{text}\n{}", ran.err);
    }
    // What is wrong in it is told once, with the places that use it.
    stand.write(
        "all/sequences.yaml",
        &SEQUENCES.replace("lobby", "the lobby"),
    );
    let checked = stand.glare(&["check", "all"]).ends(3);
    for text in [
        "used at all/x.yaml:4 and all/y.yaml:4",
        "2 mistakes in all/sequences.yaml",
        "0 good, 1 with 2 mistakes",
    ] {
        assert!(
            format!("{}{}", checked.out, checked.err).contains(text),
            "{text}\n{}",
            checked.err
        );
    }
}
