//! What a person reads of the laws and of the planted faults.

use crate::cli_support::{GLARE, Stand, scenarios};

fn project(scenario: &str) -> String {
    scenarios().join(scenario).display().to_string()
}

#[test]
fn a_run_says_how_often_each_law_was_put_to_the_test() {
    Stand::new()
        .glare(&["run", &project("rooms/vanishes-unasked.yaml")])
        .ends(0)
        .says("laws: 1 held once, 2 held 2 times, 3 vacuous, 4 held 4 times, 5 held 3 times, 6 vacuous, 7 vacuous, 8 held 3 times, 9 held 4 times, 10 vacuous, 11 held once, 12 held 2 times");
}

#[test]
fn a_broken_law_is_told_with_its_statement_its_premise_and_the_events() {
    Stand::new()
        .glare(&[
            "run",
            &project("signaling/relayed-once-in-order.yaml"),
            "--fault",
            "duplicates-offers",
        ])
        .ends(1)
        .says("3 broken once in 9")
        .complains("law 3 is broken: alice got bob's offer once more")
        .complains("law 3 (what is relayed arrives once, in order per pair, byte for byte) was put to the test 9 times and is broken:")
        .complains("  bob -> server: offer")
        .complains("  server -> alice: offer from bob (again)");
}

/// The end of the program and the end of its sockets are told in whichever order: the place is the same.
#[test]
fn a_program_that_garbage_ends_is_caught_at_law_11_each_time() {
    let server = format!("{GLARE} serve --port {{port}} --fault crashes-on-bad-json");
    let path = project("signaling/garbage-at-the-end.yaml");
    for _ in 0..5 {
        Stand::new()
            .glare(&["run", &path, "--server", &server])
            .ends(1)
            .complains(
                "law 11 is broken: the server ended by itself: exit status: 1, after a message of carol that",
            )
            .complains("carol -> server: opaque \"{\\\"type\\\":\\\"join\\\",\\\"roo\"")
            .complains("server's output: the server has crashed, as a planted fault wants");
    }
}

#[test]
fn an_excuse_that_was_not_needed_is_told() {
    let stand = Stand::new();
    let text = std::fs::read_to_string(project("reference/refusal-unasked.yaml")).expect("a file");
    let text = text.replace("steps:\n", "breaks:\n  4: it says nothing\nsteps:\n");
    stand.write("silent.yaml", &text);
    stand
        .glare(&["list", "silent.yaml"])
        .ends(0)
        .says("breaks law 4: it says nothing");
    stand
        .glare(&["run", "silent.yaml", "--accept"])
        .ends(0)
        .says("law 4 is excused (it says nothing) and was not broken");
    stand
        .glare(&[
            "run",
            "silent.yaml",
            "--fault",
            "silent-refusal",
            "--accept",
        ])
        .ends(0)
        .says("1 passed")
        .says("4 broken with an excuse once in 6");
}

#[test]
fn faults_says_where_each_was_caught_and_which_have_no_scenario() {
    Stand::new()
        .glare(&["faults", &project("rooms/two-rooms.yaml")])
        .ends(1)
        .says("crosses-rooms                         law 2     ")
        .says("wrong-sender                          law 2     ")
        .says("alters-sdp                            NO SCENARIO CATCHES IT");
}

#[test]
fn a_fault_that_is_caught_elsewhere_or_not_at_all_or_is_none_is_told() {
    let stand = Stand::new();
    let text = std::fs::read_to_string(project("rooms/name-taken.yaml")).expect("a file");
    let text = text
        .replace(
            "name-check-never-matches: step 2",
            "name-check-never-matches: step 3",
        )
        .replace(
            "catches:\n",
            "catches:\n  alters-sdp: law 3\n  no-such-fault: law 1\n",
        );
    stand.write("wrong.yaml", &text);
    stand
        .glare(&["faults", "wrong.yaml"])
        .ends(1)
        .says("CAUGHT ELSEWHERE, at step 2: ")
        .says("NOT CAUGHT: it passed")
        .says("no-such-fault  NO SUCH FAULT, in wrong.yaml");
    stand.glare(&["faults", "nothing-there"]).ends(2);
}
