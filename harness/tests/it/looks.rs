//! Steps that look at messages as they stand on the wire, whatever the dialect makes of them.

use crate::cli_support::Stand;

fn ran(steps: &str) -> (Stand, String) {
    let scenario = format!(
        "scenario: looks\npeers:\n  alice: {{ stack: wire }}\n  bob: {{ stack: wire }}\nsteps:\n  - connect: {{ peer: alice }}\n  - create: {{ peer: alice, room: r }}\n  - connect: {{ peer: bob }}\n{steps}"
    );
    let stand = Stand::new();
    stand.write("x.yaml", &scenario);
    (stand, scenario)
}

#[test]
fn a_message_is_found_by_its_text_or_by_its_members() {
    let (stand, _) = ran(r#"  - never: { peer: alice, gets: { type: nothing } }
  - join: { peer: bob, room: r }
  - await: { peer: alice, gets: '"bob"' }
  - send-raw: { peer: bob, text: '{"type":"hello","x":[1,{"y":null}]}' }
  - await: { peer: bob, sends: { x: [1, { y: null }] } }
  - await: { peer: bob, gets: { type: error } }
  - never: { peer: alice, gets: bob }
  - never: { peer: bob, sends: hello }
"#);
    stand.glare(&["run", "x.yaml"]).ends(0);
}

#[test]
fn each_message_satisfies_one_wait_only() {
    let (stand, _) = ran("  - join: { peer: bob, room: r }
  - await: { peer: bob, gets: { type: joined } }
  - await: { peer: bob, gets: { type: joined }, within: 300ms }
");
    stand
        .glare(&["run", "x.yaml"])
        .ends(1)
        .complains("step 6 failed")
        .complains("bob gets {\"type\":\"joined\"} did not happen (after 0.3 s); since then nothing for bob passed");
}

#[test]
fn what_passed_instead_is_told() {
    let (stand, _) = ran("  - join: { peer: bob, room: r }
  - kill: { peer: alice, how: socket }
  - await: { peer: bob, gets: { type: card }, within: 2s }
");
    // Its news comes 600 ms after the loss.
    let arguments = ["run", "x.yaml", "--fault", "late-expire"];
    (stand.glare(&arguments).ends(1))
        .complains("bob gets {\"type\":\"card\"} did not happen (after 2 s); since then for bob passed {\"type\":\"peer-left\"");
}

#[test]
fn what_must_never_come_fails_the_step_in_which_it_comes() {
    for (never, told) in [
        (
            "{ peer: alice, gets: \"left\" }",
            "alice gets \"left\" (event",
        ),
        (
            "{ peer: alice, gets: { type: peer-left, peer: bob } }",
            "alice gets {\"peer\":\"bob\",\"type\":\"peer-left\"}",
        ),
        ("{ peer: bob, sends: leave }", "bob sends \"leave\""),
    ] {
        let (stand, _) = ran(&format!(
            "  - join: {{ peer: bob, room: r }}\n  - never: {never}\n  - leave: {{ peer: bob }}\n  - await: {{ peer: alice, hears: peer-left }}\n"
        ));
        (stand.glare(&["run", "x.yaml"]).ends(1))
            .complains(told)
            .complains("which must never be from step 5 on");
    }
    // Nor behind the last step, while the run ends.
    let (stand, _) = ran("  - join: { peer: bob, room: r }
  - hold: { message: peer-joined, to: alice }
  - never: { peer: alice, gets: { type: error } }
  - send-raw: { peer: alice, text: 'nonsense' }
");
    (stand.glare(&["run", "x.yaml"]).ends(1)).complains("alice gets {\"type\":\"error\"}");
}

/// What is kept back has not come, and comes with its release; what is thrown away never does.
#[test]
fn what_a_step_keeps_back_comes_when_it_is_let_go() {
    let (stand, _) = ran("  - hold: { message: peer-joined, to: alice }
  - join: { peer: bob, room: r }
  - await: { held: peer-joined, to: alice }
  - release: { message: peer-joined, to: alice }
  - await: { peer: alice, gets: { type: peer-joined } }
");
    stand.glare(&["run", "x.yaml"]).ends(0);
    for deed in ["hold", "drop"] {
        let (stand, _) = ran(&format!(
            "  - {deed}: {{ message: peer-joined, to: alice }}
  - join: {{ peer: bob, room: r }}
  - await: {{ peer: alice, gets: {{ type: peer-joined }}, within: 300ms }}
"
        ));
        (stand.glare(&["run", "x.yaml"]).ends(1)).complains("did not happen");
    }
}

#[test]
fn what_cannot_be_looked_for_is_a_mistake() {
    for (step, told) in [
        (
            "await: { peer: bob, gets: {} }",
            "expected at least one member: `{ type: card }`",
        ),
        ("await: { peer: bob, gets: \"\" }", "text"),
        ("await: { peer: bob, gets: 5 }", "put it in quotes"),
        (
            "never: { peer: bob }",
            "`never` needs one of `gets`, `sends`",
        ),
        (
            "never: { peer: bob, gets: a, sends: b }",
            "`never` has `gets` and `sends` at once",
        ),
        ("never: { peer: carol, gets: a }", "carol"),
    ] {
        let (stand, _) = ran(&format!("  - {step}\n"));
        stand.glare(&["run", "x.yaml"]).ends(3).complains(told);
    }
}
