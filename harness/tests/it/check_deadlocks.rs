//! What can only run out of time is found before anything boots; what may still come is left alone.

use std::path::Path;

use crate::cli_support::Stand;
use glare::scenario::Scenario;

const HEAD: &str = "scenario: x\npeers: { alice: {}, bob: {}, carol: { stack: wire } }\nsteps:\n";
const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";
const JOIN: &str = "  - join: { peer: bob, room: lobby }\n";

fn read(steps: &str) -> Result<Scenario, String> {
    Scenario::read(Path::new("x.yaml"), &format!("{HEAD}{steps}"))
        .map_err(|mistakes| mistakes.render(false))
}

#[test]
fn a_step_that_waits_for_what_is_held_is_a_mistake() {
    let hold = |what: &str| format!("  - hold: {{ {what} }}\n");
    for (steps, word) in [
        (
            format!("{CREATE}{}{JOIN}", hold("message: joined, to: bob")),
            "this waits for the answer to bob's join, which step 2 holds",
        ),
        (
            format!("{CREATE}{}{JOIN}", hold("message: joined, to: bob, nth: 1")),
            "which step 2 holds",
        ),
        (
            format!("{CREATE}{}{JOIN}", hold("message: join, from: bob")),
            "put `release` of join from bob before it",
        ),
        (
            format!("{}{CREATE}", hold("message: created, to: alice")),
            "the answer to alice's create, which step 1 holds",
        ),
        (
            format!(
                "{CREATE}{JOIN}{}  - leave: {{ peer: bob }}\n",
                hold("message: left, to: bob")
            ),
            "the answer to bob's leave, which step 3 holds",
        ),
        (
            format!(
                "{CREATE}{}  - join: {{ peer: bob, room: hall, refused: true }}\n",
                hold("message: refused, to: bob")
            ),
            "the answer to bob's join, which step 2 holds",
        ),
        (
            format!("{CREATE}  - drop: {{ message: joined, to: bob }}\n{JOIN}"),
            "which step 2 drops",
        ),
        (
            format!(
                "{CREATE}{}{JOIN}  - release: {{ message: joined, to: bob }}\n",
                hold("message: joined, to: bob")
            ),
            "step 4 releases it, and is not reached",
        ),
        (
            format!(
                "{CREATE}{}{JOIN}  - await: {{ peer: alice, hears: peer-joined, from: bob }}\n",
                hold("message: peer-joined, to: alice")
            ),
            "this waits for peer-joined at alice, which step 2 holds",
        ),
        (
            format!(
                "{}{CREATE}{JOIN}  - await: {{ peer: alice, hears: offer }}\n",
                hold("message: offer, to: alice")
            ),
            "this waits for offer at alice, which step 1 holds",
        ),
    ] {
        let told = read(&steps).expect_err(&steps);
        assert!(told.contains(word), "no {word:?} in {told}");
        assert!(told.contains("it can only run out of time"), "{told}");
    }
}

#[test]
fn what_may_still_come_is_no_mistake() {
    let release = "  - release: { message: joined, to: bob }\n";
    let hold = "  - hold: { message: joined, to: bob }\n";
    for steps in [
        format!("{CREATE}{hold}{release}{JOIN}"),
        // Another's answer, another message, another turn.
        format!("{CREATE}  - hold: {{ message: joined, to: carol }}\n{JOIN}"),
        format!("{CREATE}  - hold: {{ message: offer, to: bob }}\n{JOIN}"),
        format!("{CREATE}  - hold: {{ message: joined, to: bob, nth: 2 }}\n{JOIN}"),
        format!("{CREATE}{hold}  - join: {{ peer: bob, room: hall, refused: true }}\n"),
        format!(
            "{CREATE}  - hold: {{ message: joined, to: bob, nth: 1 }}\n  - join: {{ peer: bob, room: hall, refused: true }}\n{JOIN}"
        ),
        // It may have been heard before it was held.
        format!(
            "{CREATE}{JOIN}  - hold: {{ message: offer, to: alice }}\n  - await: {{ peer: alice, hears: offer }}\n"
        ),
        // Only what one sender says.
        format!(
            "{CREATE}  - hold: {{ message: offer, from: bob, to: alice }}\n{JOIN}  - await: {{ peer: alice, hears: offer }}\n"
        ),
        format!("{CREATE}{hold}  - send-raw: {{ peer: bob, text: \"{{}}\" }}\n{JOIN}"),
        format!(
            "{CREATE}  - hold: {{ message: answer, to: bob }}\n{JOIN}  - await: {{ held: answer, to: bob }}\n"
        ),
        format!("{CREATE}  - delay: {{ message: joined, to: bob, by: 1s }}\n{JOIN}"),
    ] {
        read(&steps).unwrap_or_else(|told| panic!("{told}"));
    }
}

#[test]
fn a_line_that_no_step_leads_to_is_told_by_check() {
    let stand = Stand::new();
    let told = |expect: &str| {
        let steps = format!("{CREATE}  - join: {{ peer: bob, room: hall, refused: true }}\n");
        stand.write("x.yaml", &format!("{HEAD}{steps}expect:\n{expect}"));
        stand.glare(&["check", "x.yaml"]).ends(0).err
    };
    for (expect, word) in [
        (
            "  seen: |\n    server -> alice: joined lobby\n",
            "warning: no step lets alice join, or",
        ),
        (
            "  seen: |\n    carol -> server: join lobby\n",
            "warning: no step lets carol join",
        ),
        (
            "  seen: |\n    server -> bob: joined hall\n",
            "or the server has to refuse it",
        ),
        (
            "  order: |\n    server -> bob: left hall\n",
            "no step lets bob leave",
        ),
        (
            "  count:\n    \"server -> bob: created\": 1\n",
            "no step lets bob create",
        ),
    ] {
        let said = told(expect);
        assert!(said.contains(word), "no {word:?} in {said}");
        assert!(said.contains("x.yaml:8:"), "{said}");
    }
    // What a page does is in no step.
    let page = "scenario: x\npeers: { alice: { app: / } }\nsteps:\n  - click: { peer: alice, button: Leave }\nexpect:\n  seen: |\n    alice -> server: leave\n";
    stand.write("page.yaml", page);
    let said = stand.glare(&["check", "page.yaml"]).ends(0).err;
    assert!(!said.contains("no step lets"), "{said}");
    for expect in [
        "  seen: |\n    server -> alice: created lobby\n    bob -> server: join hall\n    server -> bob: refused\n",
        "  never: |\n    server -> bob: joined\n",
        "  count:\n    \"server -> bob: joined\": 0\n    \"server -> carol: joined\": at most 1\n",
    ] {
        let said = told(expect);
        assert!(!said.contains("no step lets"), "{said}");
    }
}
