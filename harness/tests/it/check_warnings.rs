//! What a scenario may say and probably does not mean is told, underlined, and is no mistake.

use std::path::Path;

use crate::cli_support::{Stand, scenarios};
use glare::scenario::Scenario;
use glare::suite;

const CREATE: &str = "  - create: { peer: alice, room: lobby }\n";
const JOIN: &str = "  - join: { peer: bob, room: lobby }\n";

fn file(peers: &str, steps: &str) -> String {
    format!("scenario: x\npeers: {{ {peers} }}\nsteps:\n{steps}")
}

/// The warnings of a scenario, as they are shown; nothing where there is none.
fn warned(peers: &str, steps: &str) -> String {
    let scenario = Scenario::read(Path::new("x.yaml"), &file(peers, steps))
        .unwrap_or_else(|mistakes| panic!("{steps}: {mistakes}"));
    let warnings = scenario.warnings();
    match warnings.is_empty() {
        true => String::new(),
        false => warnings.render(false),
    }
}

/// The mistakes of a scenario, as they are shown.
fn wrong(peers: &str, steps: &str) -> String {
    match Scenario::read(Path::new("x.yaml"), &file(peers, steps)) {
        Ok(_) => panic!("no mistake in\n{steps}"),
        Err(mistakes) => mistakes.render(false),
    }
}

const TWO: &str = "alice: {}, bob: {}";

#[test]
fn a_join_that_contradicts_its_peers_policy_is_told() {
    let with = |policy: &str, offer: &str| {
        let join = format!("  - join: {{ peer: bob, room: lobby, offer: {offer} }}\n");
        warned(
            &format!("alice: {{}}, bob: {{ {policy} }}"),
            &format!("{CREATE}{join}"),
        )
    };
    for (policy, offer, then) in [
        ("offers: nobody", "true", "it offers this time"),
        ("offers: insider", "true", "it offers to those inside"),
        ("offers: both", "false", "it offers to nobody inside"),
        ("offers: joiner", "false", "it does not offer this time"),
    ] {
        let told = with(policy, offer);
        let found = format!("warning: `offer: {offer}`, and bob is `{policy}`");
        assert!(told.contains(&found) && told.contains(then), "{told}");
        assert!(told.contains("1 warning in x.yaml"), "{told}");
    }
    let told = with("negotiation: manual", "true");
    assert!(told.contains("nothing comes of `offer: true`"), "{told}");
    for (policy, offer) in [
        ("offers: nobody", "false"),
        ("offers: insider", "false"),
        ("offers: both", "true"),
        ("offers: joiner", "true"),
        ("", "false"),
        ("negotiation: manual", "false"),
    ] {
        assert_eq!(with(policy, offer), "", "{policy} {offer}");
    }
}

#[test]
fn a_wait_that_old_news_satisfies_is_told() {
    let back = format!("{CREATE}{JOIN}  - leave: {{ peer: bob }}\n{JOIN}");
    let joined = "  - await: { peer: alice, hears: peer-joined, from: bob }\n";
    let told = warned(TWO, &format!("{back}{joined}"));
    insta::assert_snapshot!(told);
    let again = "  - negotiate: { from: bob }\n  - await: { peer: alice, hears: offer }\n";
    let third = "  - join: { peer: carol, room: lobby }\n";
    let three = "alice: {}, bob: {}, carol: {}";
    for (peers, steps, word) in [
        (
            TWO,
            format!("{CREATE}{JOIN}{again}"),
            "alice hears `offer` of bob since step 2",
        ),
        (
            TWO,
            format!(
                "{CREATE}{JOIN}  - await: {{ connected: [alice, bob] }}\n  - restart-ice: {{ peer: bob }}\n  - await: {{ peer: bob, hears: answer }}\n"
            ),
            "bob hears `answer` of alice since step 2",
        ),
        (
            three,
            format!("{CREATE}{JOIN}{third}  - await: {{ peer: alice, hears: peer-joined }}\n"),
            "say `from:`, or `await` that one as well, after step 2",
        ),
        (
            TWO,
            format!(
                "{CREATE}{JOIN}  - leave: {{ peer: bob }}\n{JOIN}  - kill: {{ peer: bob, how: socket }}\n  - await: {{ peer: alice, hears: peer-left, from: bob }}\n"
            ),
            "alice hears `peer-left` of bob since step 3",
        ),
    ] {
        let told = warned(peers, &steps);
        assert!(told.contains(word), "no {word:?} in {told}");
    }
}

#[test]
fn a_wait_for_the_only_word_or_for_all_in_turn_is_not() {
    let joined = |who: &str| format!("  - await: {{ peer: alice, hears: peer-joined{who} }}\n");
    let (any, bob) = (joined(""), joined(", from: bob"));
    let leave = "  - leave: { peer: bob }\n";
    let third = "  - join: { peer: carol, room: lobby }\n";
    let three = "alice: {}, bob: {}, carol: {}";
    for (peers, steps) in [
        (TWO, format!("{CREATE}{JOIN}{bob}{leave}{JOIN}{bob}")),
        (TWO, format!("{CREATE}{JOIN}{leave}{JOIN}{bob}{bob}")),
        (three, format!("{CREATE}{JOIN}{third}{any}{any}")),
        (
            three,
            format!("{CREATE}{JOIN}{third}{}", joined(", from: carol")),
        ),
        (
            three,
            format!(
                "{CREATE}  - together:\n      - join: {{ peer: bob, room: lobby }}\n      - join: {{ peer: carol, room: lobby }}\n{any}{any}"
            ),
        ),
        // He was elsewhere when she came; she has made another room.
        (
            TWO,
            format!("{CREATE}{JOIN}{leave}  - leave: {{ peer: alice }}\n{CREATE}{JOIN}{bob}{bob}"),
        ),
        // What becomes of one is a fault's matter.
        (
            TWO,
            format!(
                "{CREATE}  - drop: {{ message: peer-joined, to: alice, nth: 1 }}\n{JOIN}{leave}{JOIN}{bob}"
            ),
        ),
        // Whoever dials again by himself may come in at any time.
        (
            "alice: {}, bob: { reconnects: {} }",
            format!("{CREATE}{JOIN}{leave}{JOIN}{bob}"),
        ),
    ] {
        let told = warned(peers, &steps);
        assert_eq!(told, "", "{steps}");
    }
}

#[test]
fn two_joins_of_one_peer_at_once_are_told_unless_either_answer_is_right() {
    let at_once = |more: &str| {
        format!(
            "{CREATE}  - create: {{ peer: carol, room: hall }}\n  - together:\n      - join: {{ peer: bob, room: lobby{more} }}\n      - join: {{ peer: bob, room: hall{more} }}\n"
        )
    };
    let peers = "alice: {}, bob: {}, carol: { stack: wire }";
    let told = warned(peers, &at_once(""));
    assert!(told.contains("bob asks to come in twice at once"), "{told}");
    assert!(told.contains("x.yaml:8:"), "the second: {told}");
    assert_eq!(warned(peers, &at_once(", answer: any")), "");
}

#[test]
fn a_wire_peers_policy_is_a_mistake_where_it_is_pinned_and_told_where_a_cast_may_say_otherwise() {
    for policy in [
        "offers: both",
        "polite: true",
        "early-candidates: drop",
        "on-bye: ignore",
        "cleans-up-in: 1s",
        "fault: answers-twice",
    ] {
        let pinned = format!("alice: {{}}, bob: {{}}, carol: {{ stack: wire, {policy} }}");
        let told = wrong(&pinned, CREATE);
        let key = policy.split(':').next().unwrap_or_default();
        let found = format!("carol only signals, and has `{key}`");
        assert!(told.contains(&found) && !told.contains("warning"), "{told}");
        let free = format!("alice: {{}}, bob: {{}}, carol: {{ {policy} }}");
        let told = warned(&free, CREATE);
        assert!(told.contains(&format!("warning: {found}")), "{told}");
        assert!(told.contains("pin it"), "{told}");
        // The first two have connections.
        assert_eq!(
            warned(&format!("alice: {{}}, bob: {{ {policy} }}"), CREATE),
            ""
        );
    }
    for policy in [
        "offers: nobody",
        "reconnects: {}",
        "fault: never-rejoins",
        "fault: chokes-on-the-unknown",
    ] {
        let peers = format!("alice: {{}}, bob: {{ stack: wire, {policy} }}");
        assert_eq!(warned(&peers, CREATE), "", "{policy}");
    }
}

#[test]
fn who_can_never_be_connected_is_a_mistake() {
    let meet = "  - await: { connected: [alice, bob] }\n";
    let say = "  - say: { from: bob, text: hi }\n";
    let nobody = "alice: { offers: nobody }, bob: { offers: nobody }";
    for (peers, steps) in [
        (nobody, format!("{CREATE}{JOIN}{meet}")),
        (
            "alice: {}, bob: { offers: insider }",
            format!("{CREATE}{JOIN}{meet}"),
        ),
        (nobody, format!("{CREATE}{JOIN}{say}")),
        (
            "alice: {}, bob: {}, carol: { stack: native }",
            format!("{CREATE}{JOIN}  - await: {{ connected: [alice, bob, carol] }}\n"),
        ),
    ] {
        let told = wrong(peers, &steps);
        assert!(
            told.contains("nobody has negotiated a connection yet")
                || told.contains("has offered to the other by this step"),
            "{told}"
        );
    }
    for (peers, steps) in [
        (
            nobody,
            format!("{CREATE}{JOIN}  - negotiate: {{ from: alice }}\n{meet}"),
        ),
        (
            nobody,
            format!("{CREATE}  - join: {{ peer: bob, room: lobby, offer: true }}\n{meet}"),
        ),
        (
            "alice: { offers: insider }, bob: { offers: nobody }",
            format!("{CREATE}{JOIN}{meet}{say}"),
        ),
        // A server without rooms, where to be connected is to be inside.
        (
            "alice: { offers: insider }, bob: { offers: nobody }",
            format!("  - connect: {{ peer: alice }}\n  - connect: {{ peer: bob }}\n{meet}"),
        ),
        (
            "alice: { offers: nobody }, bob: { offers: nobody, fault: offers-before-the-answer }",
            format!("{CREATE}{JOIN}  - negotiate: {{ from: bob }}\n{meet}"),
        ),
    ] {
        // No mistake, whatever is warned of.
        warned(peers, &steps);
    }
}

#[test]
fn a_connection_whose_offers_or_answers_are_kept_back_is_a_mistake() {
    let meet = "  - await: { connected: [alice, bob] }\n";
    let say = "  - say: { from: bob, text: hi }\n";
    let kept = |verb: &str, what: &str| format!("  - {verb}: {{ {what} }}\n");
    for (before, word) in [
        (
            kept("hold", "message: offer, to: alice"),
            "step 2 holds each offer",
        ),
        (
            kept("hold", "message: offer, from: bob"),
            "step 2 holds each offer",
        ),
        (
            kept("hold", "message: answer, to: bob"),
            "step 2 holds each answer",
        ),
        (
            kept("drop", "message: answer, from: alice"),
            "step 2 drops each answer",
        ),
        (
            kept("drop", "message: offer, from: bob, to: alice"),
            "say which one: `nth: 1`",
        ),
    ] {
        for wait in [meet, say] {
            let told = wrong(TWO, &format!("{CREATE}{before}{JOIN}{wait}"));
            assert!(told.contains(word), "no {word:?} in {told}");
            assert!(told.contains("it can only run out of time"), "{told}");
        }
        // The same of one who offers once more while they are kept back.
        let again = "  - negotiate: { from: bob }\n";
        wrong(TWO, &format!("{CREATE}{before}{JOIN}{again}{meet}"));
    }
    let hold = kept("hold", "message: offer, to: alice");
    for (peers, steps) in [
        (
            TWO,
            format!("{CREATE}{hold}{JOIN}  - release: {{ message: offer, to: alice }}\n{meet}"),
        ),
        // He may have offered before.
        (TWO, format!("{CREATE}{JOIN}{hold}{meet}")),
        (
            TWO,
            format!(
                "{CREATE}{}{JOIN}{meet}",
                kept("hold", "message: offer, to: alice, nth: 1")
            ),
        ),
        // She offers, too.
        (
            "alice: { offers: insider }, bob: {}",
            format!("{CREATE}{hold}{JOIN}{meet}"),
        ),
        (
            TWO,
            format!("{CREATE}{hold}{JOIN}  - negotiate: {{ from: alice }}\n{meet}"),
        ),
        (
            TWO,
            format!(
                "{CREATE}{}{JOIN}{meet}",
                kept("delay", "message: offer, to: alice, by: 1s")
            ),
        ),
        (
            TWO,
            format!(
                "{CREATE}{}{JOIN}{meet}",
                kept("hold", "message: candidate, to: alice")
            ),
        ),
        (
            TWO,
            format!("{CREATE}{hold}{JOIN}  - send-raw: {{ peer: bob, text: \"{{}}\" }}\n{meet}"),
        ),
        (
            "alice: {}, bob: { reconnects: {} }",
            format!("{CREATE}{hold}{JOIN}{meet}"),
        ),
    ] {
        assert_eq!(warned(peers, &steps), "", "{steps}");
    }
}

#[test]
fn check_and_run_show_warnings_once_and_only_strict_minds() {
    let stand = Stand::new();
    let steps = format!("{CREATE}  - join: {{ peer: bob, room: lobby, offer: true }}\n");
    let warned = "warning: `offer: true`, and bob is `offers: nobody`";
    stand.write(
        "x.yaml",
        &file("alice: {}, bob: { offers: nobody }", &steps),
    );
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    let ran = ran.says("1 good, 1 warning").complains(warned);
    assert_eq!(ran.err.matches("warning:").count(), 1, "{}", ran.err);
    let strict = stand.glare(&["check", "--strict", "x.yaml"]).ends(3);
    strict.complains(warned);

    let ran = stand.glare(&["run", "x.yaml", "--repeat", "3"]).ends(0);
    assert_eq!(ran.err.matches(warned).count(), 1, "{}", ran.err);
    stand.write("x.yaml", &file(TWO, CREATE));
    stand
        .glare(&["check", "--strict", "x.yaml"])
        .ends(0)
        .says("1 good");
}

#[test]
fn what_is_so_in_some_variants_says_in_which_and_what_stands_in_a_sequence_is_told_there() {
    let stand = Stand::new();
    let with = "scenario: x\nwith:\n  - { name: one, offer: true }\n  - { name: two, offer: false }\npeers: { alice: {}, bob: { offers: nobody } }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - join: { peer: bob, room: lobby, offer: \"${offer}\" }\n";
    stand.write("x.yaml", with);
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    ran.says("2 good, 1 warning")
        .complains("warning: [one] `offer: true`, and bob");

    stand.write("sequences.yaml", "sequences:\n  meet:\n    steps:\n      - create: { peer: alice, room: lobby }\n      - join: { peer: bob, room: lobby, offer: true }\n");
    for name in ["x.yaml", "y.yaml"] {
        stand.write(
            name,
            &file("alice: {}, bob: { offers: nobody }", "  - use: meet\n"),
        );
    }
    let ran = stand
        .glare(&["check", "."])
        .ends(0)
        .says("2 good, 1 warning");
    let ran = ran.complains("sequences.yaml:5:").complains("y.yaml:4");
    assert_eq!(ran.err.matches("warning:").count(), 1, "{}", ran.err);
}

#[test]
fn nothing_is_warned_of_in_the_projects_scenarios() {
    let files = suite::files(&[scenarios()]).expect("files");
    let (scenarios, mistakes) = suite::read(&files);
    assert!(mistakes.is_empty() && scenarios.len() > 100);
    let told: Vec<String> = suite::warnings(&scenarios)
        .iter()
        .map(|warnings| warnings.render(false))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}

#[test]
fn a_name_that_an_outcome_binds_is_told_where_it_can_be_used_and_by_whom() {
    let peers = "alice: {}, bob: {}, carol: { stack: wire }";
    let together = |more: &str| {
        format!(
            "  - together:\n      - join: {{ peer: bob, room: lobby, answer: any }}\n      - join: {{ peer: carol, room: lobby, answer: any }}\n{more}"
        )
    };
    let named = together("    let-in: winner\n    turned-away: loser\n");
    for (steps, word) in [
        (
            format!("{CREATE}  - leave: {{ peer: winner }}\n{named}"),
            "step 3 binds that name: it can be used after it",
        ),
        (
            format!("{CREATE}{named}  - await: {{ connected: [alice, winner] }}\n"),
            "`winner` may be `carol` in a run, who only signals",
        ),
        (
            format!(
                "{CREATE}{}",
                together("    let-in: [winner, second, third]\n")
            ),
            "name fewer, or let more of the steps that begin together say `answer: any`",
        ),
        (
            format!("{CREATE}{}", together("    let-in: 3\n")),
            "say a smaller number",
        ),
        (
            format!(
                "{CREATE}{}",
                together("    let-in: winner\n    turned-away: 2\n")
            ),
            "each request is one or the other: both together are for 2",
        ),
    ] {
        let told = wrong(peers, &steps);
        assert!(
            told.contains(&format!("help: {word}")),
            "no {word:?} in {told}"
        );
    }
    // Bob goes by another name by now: he is not proposed.
    let told = wrong(
        peers,
        &format!("{CREATE}{named}  - leave: {{ peer: bobb }}\n"),
    );
    assert!(
        told.contains("expected one of: alice, winner, loser"),
        "{told}"
    );
    assert!(!told.contains("did you mean"), "{told}");
}

#[test]
fn nothing_is_proposed_that_would_be_refused_as_well() {
    for (steps, word) in [
        (
            "  - say: { from: bob, to: bobb, text: hi }\n",
            "no peer `bobb`",
        ),
        ("  - await: { connected: [bob, bobb] }\n", "no peer `bobb`"),
        (
            "  - create: { peer: alice, room: lobby, rom: hall }\n",
            "`room` is there already",
        ),
        (
            "  - together:\n      - connect: { peer: alice }\n      - connect: { peer: bob }\n    let-in: 0\n    let-inn: 0\n",
            "`let-in` is there already",
        ),
    ] {
        let told = wrong(TWO, steps);
        assert!(told.contains(word), "no {word:?} in {told}");
        assert!(!told.contains("did you mean"), "{told}");
    }
    let told = wrong(TWO, "  - say: { from: bob, to: alcie, text: hi }\n");
    assert!(told.contains("did you mean `alice`?"), "{told}");
}
