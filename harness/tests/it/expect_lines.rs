//! Lines of `expect`: a peer without a number means each of its links, and what nothing can match is told before anything boots.

use std::path::Path;

use crate::cli_support::Stand;
use crate::stage_support::{TOGETHER, fails, passes, played, scenario};
use glare::log::matches;
use glare::scenario::{Place, Scenario};

#[test]
fn a_peer_without_a_number_means_each_of_its_links() {
    for (pattern, line) in [
        ("server -> alice: joined", "server -> alice: joined lobby"),
        ("server -> alice: joined", "server -> alice#2: joined lobby"),
        (
            "server -> alice#2: joined",
            "server -> alice#2: joined lobby",
        ),
        ("server -> alice#1: joined", "server -> alice: joined lobby"),
        ("server -> alice", "server -> alice#12: joined lobby"),
        ("bob -> alice: offer", "bob#2 -> alice#3: offer application"),
        (
            "bob -> alice#3: offer",
            "bob#2 -> alice#3: offer application",
        ),
        ("* -> alice: joined", "server -> alice#2: joined lobby"),
        ("alice: disconnected", "alice#2: disconnected (1006)"),
        ("server -> alice*lobby", "server -> alice#2: joined lobby"),
        (
            "tap: offer to alice undeliverable",
            "tap: offer to alice#2 undeliverable",
        ),
    ] {
        assert!(matches(pattern, line), "{pattern}\n{line}");
    }
    for (pattern, line) in [
        (
            "server -> alice#1: joined",
            "server -> alice#2: joined lobby",
        ),
        ("server -> alice#2: joined", "server -> alice: joined lobby"),
        (
            "server -> alice#2: joined",
            "server -> alice#22: joined lobby",
        ),
        ("server -> alice#2", "server -> alice#22: joined lobby"),
        ("server -> ali: joined", "server -> alice#2: joined lobby"),
        ("server -> alice: joined", "server -> alice-2: joined lobby"),
        // What somebody said is not a link.
        (
            "server -> bob: refused join \"user alice is",
            "server -> bob: refused join \"user alice#2 is here\"",
        ),
        ("bob: console log \"alice\"", "bob: console log \"alice#2\""),
    ] {
        assert!(!matches(pattern, line), "{pattern}\n{line}");
    }
}

fn reconnects(expect: &str) -> String {
    format!(
        "scenario: x\npeers: {{ alice: {{ stack: wire }}, bob: {{ stack: wire }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n  - join: {{ peer: bob, room: lobby }}\n  - kill: {{ peer: alice, how: socket }}\n  - await: {{ peer: bob, hears: peer-left, from: alice }}\n  - join: {{ peer: alice, room: lobby }}\nexpect:\n  {expect}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_must_never_be_is_seen_on_a_later_link() {
    let joined = "    server -> alice: joined lobby with bob";
    let outcome = played(&reconnects(&format!("never: |\n{joined}"))).await;
    fails(&outcome, Place::Never(1), "must never happen");
    passes(&played(&reconnects(&format!("seen: |\n{joined}"))).await);
    let first = joined.replace("alice", "alice#1");
    passes(&played(&reconnects(&format!("never: |\n{first}"))).await);
    let second = joined.replace("alice", "alice#2");
    fails(
        &played(&reconnects(&format!("never: |\n{second}"))).await,
        Place::Never(1),
        "must never happen",
    );
}

const HEAD: &str = "scenario: x\npeers: { alice: {}, bob: {} }\nsteps:\n  - create: { peer: alice, room: lobby }\n  - pause\n  - resume\n  - kill: { peer: bob, how: tab }\nexpect:\n  never: |\n";

#[test]
fn what_the_log_never_writes_is_a_mistake() {
    for (line, word) in [
        (
            "server -> carol: joined",
            "`carol` is nobody in this scenario",
        ),
        ("server -> allice: joined", "did you mean `alice`?"),
        ("alise -> server: join", "did you mean `alice`?"),
        ("alice -> bobb: offer", "did you mean `bob`?"),
        ("carol: error", "`carol` is nobody in this scenario"),
        (
            "alice -> server: joined lobby",
            "no line from a peer to the server begins with `joined`",
        ),
        ("server -> alice: join lobby", "did you mean `joined`?"),
        (
            "server -> alice: peer-lefft bob",
            "did you mean `peer-left`?",
        ),
        (
            "alice -> bob: peer-left",
            "no line from peer to peer begins with `peer-left`",
        ),
        ("alice: conection failed", "did you mean `connection`?"),
        (
            "alice: disconnects",
            "no line of a peer by itself begins with `disconnects`",
        ),
        ("alice#2: connection failed", "`alice#2` names a link"),
        (
            "server: restarted",
            "no line of the server by itself begins with `restarted`",
        ),
        ("server -> server: offer", "nothing goes this way"),
        (
            "server -> alice: peer-joined carol",
            "`carol` is nobody in this scenario",
        ),
    ] {
        let read = Scenario::read(Path::new("x.yaml"), &format!("{HEAD}    {line}\n"));
        let told = read.expect_err(line).to_string();
        assert!(told.contains(word), "no {word:?} in {told}");
        assert!(told.contains("x.yaml:10"), "{told}");
    }
}

#[test]
fn what_the_log_may_write_is_none() {
    for line in [
        "alice: error",
        "alice: err*",
        "*: error",
        "* -> nobody*",
        "server -> alice: peer-left",
        "server -> alice: pe*",
        "server -> al*",
        "alice -> bob: offer",
        "alice -> server: connect",
        "alice#2 -> server: connection lost",
        "server -> bob: close 1000",
        "server: paused",
        "server: exited",
        "bob: killed (tab)",
        "alice: connection closed",
        "alice ~>: chat",
        "~> bob: chat",
        "tap: offer to alice undeliverable",
        "alice#2: disconnected (1006)",
        "server -> alice: peer-joined <id 1>",
        "note the server refused",
        "bob: console log \"a -> b: c\"",
        "alice -> server: opaque",
        "alice -> server: http POST /create",
        "server",
    ] {
        let read = Scenario::read(Path::new("x.yaml"), &format!("{HEAD}    {line}\n"));
        let scenario = read.unwrap_or_else(|mistakes| panic!("{line}: {mistakes}"));
        assert!(scenario.warnings().is_empty(), "{line}");
    }
}

/// The log writes so what was said and heard, where both stand together; what is counted and what must never be is looked for event by event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_and_heard_in_one_line_is_of_the_log_alone() {
    let steps = format!("{TOGETHER}  - say: {{ from: bob, text: hello }}\n");
    let file = |expect: &str| format!("{}expect:\n{expect}", scenario(&steps));
    let both = "bob ~> alice: chat";
    for expect in [
        format!("  never: |\n    {both}\n"),
        format!("  count:\n    '{both}': 0\n"),
        format!("  count:\n    '{both}': at least 1\n"),
    ] {
        let read = Scenario::read(Path::new("x.yaml"), &file(&expect));
        let told = read.expect_err(&expect).to_string();
        assert!(
            told.contains("`bob ~> alice: chat` stands in logs alone"),
            "{told}"
        );
        assert!(told.contains("write `~> alice: chat`"), "{told}");
    }
    let any = Scenario::read(
        Path::new("x.yaml"),
        &file("  never: |\n    * ~> alice: chat\n"),
    );
    let warnings = any.expect("it may match").warnings();
    assert_eq!(warnings.len(), 1, "{}", warnings.render(false));
    // As it is advised, and where the log is meant.
    let heard = "  seen: |\n    bob ~> alice: chat\n  count:\n    'bob ~>: chat': 1\n    '~> alice: chat': 1\n";
    passes(&played(&file(heard)).await);
    let never = "  never: |\n    ~> alice: chat\n";
    fails(&played(&file(never)).await, Place::Never(1), "must never");
}

#[test]
fn what_hardly_anything_matches_is_told_by_check() {
    let stand = Stand::new();
    let lines = "    alice -> server: offer (dropped)\n    server -> alice: offer application\n    alice -> server: offer*(dropped)\n";
    stand.write("x.yaml", &format!("{HEAD}{lines}"));
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    let ran = ran
        .complains("warning: what is in the offer stands before the mark: write `offer*(dropped)`");
    let ran = ran.complains(
        "warning: the sender stands behind the word: write `offer from <peer> application`",
    );
    let ran = ran.complains("x.yaml:10:5").complains("x.yaml:11:5");
    assert!(!ran.err.contains("x.yaml:12"), "{}", ran.err);
    // What a wire peer makes up has no such parts.
    stand.write(
        "x.yaml",
        &format!("{HEAD}{lines}").replace("alice: {}", "alice: { stack: wire }"),
    );
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    assert!(!ran.err.contains("x.yaml:10"), "{}", ran.err);
}
