//! `--accept`: what becomes a snapshot.

use crate::cli_support::{GLARE, Stand};

const SCENARIO: &str = "scenario: x
peers: { alice: { stack: wire }, bob: { stack: wire } }
breaks: { 3: the server may repeat an offer }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - send: { from: bob, message: offer }
  - await: { peer: alice, hears: offer }
";

/// A server that first does this, and is sound from then on.
fn first(other: &str) -> String {
    format!("if [ ! -e booted ]; then : > booted; {other}; fi; exec {GLARE} serve --port {{port}}")
}

#[test]
fn where_a_run_failed_that_had_the_same_log_nothing_is_accepted() {
    let stand = Stand::new();
    // That nobody is told of Bob's end is in no log: it breaks a law.
    stand.write(
        "x.yaml",
        "scenario: x
peers: { alice: { stack: wire }, bob: { stack: wire } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - kill: { peer: bob, how: socket }
",
    );
    let server = first(&format!(
        "exec {GLARE} serve --port {{port}} --fault ghost-on-disconnect"
    ));
    let run = ["run", "x.yaml", "--server", &server, "--accept", "--repeat"];
    let ran = stand.glare(&[&run[..], &["2"]].concat()).ends(1);
    assert!(ran.err.contains("a ghost"), "{}", ran.err);
    assert!(!ran.err.contains("different logs"), "{}", ran.err);
    assert!(!stand.path("x.snap").exists(), "a run has failed");
    stand.glare(&[&run[..], &["2"]].concat()).ends(0);
    assert!(stand.path("x.snap").exists());
}

#[test]
fn a_failure_counts_for_more_than_a_run_that_says_nothing() {
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        "scenario: x
peers: { alice: { stack: wire } }
steps:
  - connect: { peer: alice }
  - await: { peer: alice, hears: peer-joined, within: 100ms }
",
    );
    let server = first("exit 3");
    let run = ["run", "x.yaml", "--server", &server, "--repeat"];
    let played = |times| stand.glare(&[&run[..], &[times]].concat());
    played("1").ends(5);
    std::fs::remove_file(stand.path("booted")).expect("it was booted");
    played("2").ends(1);
}

#[test]
fn until_failure_ends_with_the_first_log_that_differs() {
    let stand = Stand::new();
    stand.write("x.yaml", SCENARIO);
    let server = server();
    let run = ["run", "x.yaml", "--server", &server, "--repeat", "9"];
    let ran = stand
        .glare(&[&run[..], &["--until-failure"]].concat())
        .ends(1);
    assert!(ran.out.contains("2 runs"), "{}", ran.out);
}

/// A server that is sound when it is booted first, and repeats offers from then on.
fn server() -> String {
    format!(
        "if [ -e booted ]; then exec {GLARE} serve --port {{port}} --fault duplicates-offers; fi; : > booted; exec {GLARE} serve --port {{port}}"
    )
}

#[test]
fn one_of_several_logs_is_not_accepted() {
    let stand = Stand::new();
    stand.write("x.yaml", SCENARIO);
    let server = server();
    let run = ["run", "x.yaml", "--server", &server, "--accept", "--repeat"];
    let played = |times| stand.glare(&[&run[..], &[times]].concat());
    let first = played("1").ends(0);
    let log = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    assert!(log.contains("bob -> alice: offer"), "{log}{}", first.out);

    std::fs::remove_file(stand.path("booted")).expect("it was booted");
    let second = played("3").ends(1);
    assert!(
        second
            .err
            .contains("3 runs had 2 different logs: none of them is accepted"),
        "{}",
        second.err
    );
    let kept = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    assert_eq!(kept, log, "a run that differs has overwritten it");

    // All alike, and not like the snapshot: that is what `--accept` is for.
    played("3").ends(0);
    let accepted = std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    assert_ne!(accepted, log);
}

/// A snapshot belongs to a scenario and to a server: the one beside the scenario is the reference server's.
#[test]
fn another_servers_snapshots_stand_by_its_name_in_the_projects_own_folder() {
    let stand = Stand::new();
    let text = SCENARIO.replace("breaks: { 3: the server may repeat an offer }\n", "");
    stand.write("deep/x.yaml", &text);
    stand.write(
        "deep/x.snap",
        "---\nexpression: log\n---\nnothing like it\n",
    );
    let reference = include_str!("../../../fixtures/servers/reference/dialect.yaml");
    let mine = reference.replace("dialect: reference\n", "dialect: mine\n");
    stand.write("mine.yaml", &mine);
    let server = format!("exec {GLARE} serve --port {{port}}");
    let run = ["run", "deep/x.yaml", "--server", &server];
    stand
        .glare(&run)
        .ends(1)
        .complains("the log is not the one in");
    let other = [&run[..], &["--dialect", "mine.yaml"]].concat();
    // Until one is accepted for it, expectations and laws judge alone.
    let uncompared = "no snapshot yet, so no log was compared with one: --accept writes them\n";
    let first = stand.glare(&other).ends(0).says("1 passed");
    assert_eq!(first.out.matches(uncompared).count(), 1, "{}", first.out);
    assert!(!stand.path("snapshots").exists());
    stand.glare(&["show"]).ends(0).says(uncompared);
    stand.glare(&[&other[..], &["--accept"]].concat()).ends(0);
    let own = stand.path("snapshots/mine/deep/x.snap");
    let log = std::fs::read_to_string(&own).expect("it was accepted");
    assert!(log.contains("bob -> alice: offer"), "{log}");
    let second = stand.glare(&other).ends(0).says("1 passed");
    assert!(!second.out.contains(uncompared), "{}", second.out);
    std::fs::write(&own, log.replace("bob -> alice: offer\n", "")).expect("writable");
    stand
        .glare(&other)
        .ends(1)
        .complains("snapshots/mine/deep/x.snap");
}
