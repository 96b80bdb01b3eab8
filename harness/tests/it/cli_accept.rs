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
