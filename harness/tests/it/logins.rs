//! Logins of the project: the same each time, or made anew for each connection by a command or a request. A token of this server is good once.

use crate::cli_support::{Ran, Stand};
use crate::{cluster, nodes};

/// A stand with the cluster, whose nodes let in whoever says a token of which there is a file in `tokens`.
fn stand(logins: &str, scenario: &str) -> Stand {
    let stand = Stand::new();
    let dialect = cluster::DIALECT.replace(
        "connect: { path: \"/?id={me|url}\" }",
        "connect: { path: \"/?id={me|url}&token={token|url}\", login: [token] }",
    );
    // Said once more where it stands in the record.
    let dialect = dialect.replace(
        "{ type: join, room: \"{room}\" }",
        "{ type: join, room: \"{room}\", pass: \"{token}\" }",
    );
    assert_eq!(dialect.matches("{token").count(), 2);
    stand.write("cluster.yaml", &dialect);
    let tokens = stand.path("tokens");
    std::fs::create_dir(&tokens).expect("a folder");
    let tokens = tokens.display();
    let project = nodes::project(0, 2).replace(
        "nodes = 2",
        &format!("nodes = 2\nenv = {{ TOKENS = \"{tokens}\" }}"),
    );
    let auth = format!(
        "[[beside]]\nname = \"auth\"\ncommand = \"\"\"{}\"\"\"\nready-within = 60\nenv = {{ TOKENS = \"{tokens}\" }}\n",
        nodes::command("auth")
    );
    stand.write("glare.toml", &format!("{project}{auth}{logins}"));
    stand.write("x.yaml", scenario);
    stand
}

/// Two connections of each, and one of somebody who was killed.
const COME_BACK: &str = "
scenario: come back
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - await: { connected: [alice, bob] }
  - disconnect: { peer: bob }
  - await: { peer: alice, hears: peer-left, from: bob }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - kill: { peer: bob, how: tab }
  - await: { peer: alice, hears: peer-left, from: bob }
  - leave: { peer: alice }
";

const MINT: &str = "[logins.all]\ntoken = { command = \"mktemp -p tokens {me}-XXXXXXXXXX | xargs basename | tee -a minted\" }\n";

#[test]
fn a_command_makes_each_connection_a_token_of_its_own_and_none_is_recorded() {
    let stand = stand(MINT, COME_BACK);
    stand
        .glare(&["run"])
        .ends(0)
        .says("1 passed")
        .says("5 held");
    let minted = std::fs::read_to_string(stand.path("minted")).expect("what was made");
    let of = |peer: &str| {
        minted
            .lines()
            .filter(|token| token.starts_with(peer))
            .count()
    };
    // The stranger who comes in bob's name in the end has one as well.
    assert_eq!((of("alice"), of("bob")), (1, 3), "{minted}");
    assert!(of("glare-probe") >= 2, "{minted}");
    let records = stand.records();
    assert!(records.contains(r#"\"pass\":\"<redacted>\""#));
    for token in minted.lines() {
        assert!(!records.contains(token), "{token}");
    }
}

#[test]
fn a_request_makes_one_too() {
    let http = "[logins.all]\ntoken = { http = \"POST http://127.0.0.1:{auth}/token\", body = '{\"user\":\"{me}\"}', take = \"/access_token\" }\n";
    let there = stand(http, COME_BACK);
    there.glare(&["run"]).ends(0).says("1 passed");
    assert!(!there.records().contains("-by-http-"));
    let nowhere = stand(&http.replace("/token\"", "/nowhere\""), COME_BACK);
    nowhere
        .glare(&["run"])
        .ends(5)
        .says("no login `token` for alice: 127.0.0.1:")
        .says("404 Not Found");
}

#[test]
fn a_token_that_has_expired_when_its_peer_comes_back_is_told_as_the_server_says_it() {
    let logins = "[logins.alice]\ntoken = \"good-once\"\n[logins.bob]\ntoken = \"never-good\"\n";
    let stand = stand(
        logins,
        "
scenario: back too late
peers: { alice: {}, bob: {} }
steps:
  - connect: { peer: alice }
  - disconnect: { peer: alice }
  - connect: { peer: alice }
",
    );
    stand.write("tokens/good-once", "");
    stand
        .glare(&["run"])
        .ends(1)
        .complains("step 3 failed")
        .complains("the server refused the connection: 401 Unauthorized, \"token expired\"");
    let records = stand.records();
    assert!(!records.contains("good-once"));
}

fn refused(logins: &str) -> Ran {
    stand(logins, COME_BACK).glare(&["run"])
}

#[test]
fn who_has_no_login_or_gets_none_accuses_nobody() {
    refused("[logins.alice]\ntoken = \"x\"\n").ends(5).says(
        "the dialect `cluster` lets nobody in without `token`, and the project file gives bob none",
    );
    refused("[logins.all]\ntoken = { command = \"echo no key >&2; exit 3\" }\n")
        .ends(5)
        .says("no login `token` for alice: the command ended (exit status: 3): no key");
    refused("[logins.all]\ntoken = { command = \"true\" }\n")
        .ends(5)
        .says("no login `token` for alice: the command wrote nothing");
}

#[test]
fn a_login_for_somebody_whom_no_scenario_has_is_a_mistake() {
    refused(&format!("{MINT}[logins.bobb]\ntoken = \"x\"\n"))
        .ends(3)
        .complains(
            "[logins.bobb]: no scenario of the project has a peer `bobb`; did you mean `bob`?",
        );
}

#[test]
fn what_is_wrong_with_a_login_is_said_where_it_stands() {
    for (login, words) in [
        ("tokn = \"x\"", "did you mean `token`?"),
        ("token = 7", "this is no login"),
        ("token = { comand = \"x\" }", "unknown field `comand`"),
        ("token = {}", "made in one of two ways"),
        ("token = { command = \" \" }", "made in one of two ways"),
        (
            "token = { command = \"x\", take = \"/a\" }",
            "are for `http`",
        ),
        ("token = { http = \"https://x/\" }", "this is no request"),
        (
            "token = { http = \"POST https://x/\" }",
            "this is no request",
        ),
        (
            "token = { http = \"GET http://x/\", take = \"a\" }",
            "RFC 6901",
        ),
        (
            "token = \"${GLARE_TEST_NOT_SET}\"",
            "export GLARE_TEST_NOT_SET=",
        ),
    ] {
        let stand = stand(&format!("[logins.alice]\n{login}\n"), COME_BACK);
        let text = std::fs::read_to_string(stand.path("glare.toml")).expect("a text");
        let line = text.lines().position(|line| line == login).expect("a line") + 1;
        stand
            .glare(&["run"])
            .ends(3)
            .complains(words)
            .complains(&format!("glare.toml:{line}:"));
    }
}

/// What `pretend` has a peer say is made as its own is, or its owner's, and is no secret of anybody's that could stand in a record.
#[test]
fn who_pretends_logs_in_wrongly_or_as_another_does() {
    let steps = |steps: &str| {
        format!("scenario: pretends\npeers: {{ alice: {{}}, bob: {{}} }}\nsteps:\n{steps}")
    };
    let stand_of = |text: &str| stand(MINT, &steps(text));
    let right = stand_of(
        "  - pretend: { peer: alice, login: wrong }
  - connect: { peer: alice, refused: \"token expired\" }
  - pretend: { peer: alice, login: own }
  - connect: { peer: alice }
  - pretend: { peer: alice, login-of: bob }
  - disconnect: { peer: alice }
  - connect: { peer: alice }
",
    );
    right
        .glare(&["run", "--cast", "alice=native,bob=native"])
        .ends(0)
        .says("1 passed");
    let minted = std::fs::read_to_string(right.path("minted")).expect("what was made");
    let of = |peer: &str| {
        minted
            .lines()
            .filter(|token| token.starts_with(peer))
            .count()
    };
    assert_eq!((of("alice"), of("bob")), (2, 1), "{minted}");
    for token in minted.lines() {
        assert!(!right.records().contains(token), "{token}");
    }
    stand_of(
        "  - pretend: { peer: alice, login: wrong }
  - connect: { peer: alice, refused: \"no such user\" }
",
    )
    .glare(&["run"])
    .ends(1)
    .complains("alice was not let in: the server refused the connection: 401 Unauthorized, \"token expired\"; expected \"no such user\" in it");
    // A token of this server is good for whoever says it.
    stand_of(
        "  - pretend: { peer: alice, login-of: bob }
  - connect: { peer: alice, refused: true }
",
    )
    .glare(&["run"])
    .ends(1)
    .complains("the server let alice in, which it had to refuse");
    stand(
        "[logins.all]\ntoken = \"x\"\n",
        &steps("  - pretend: { peer: alice, login-of: bob }\n"),
    )
    .glare(&["run"])
    .ends(6)
    .says("alice and bob are given one login by the project file");
}

/// A login may be so short that another one beside it is somebody's.
#[test]
fn a_wrong_login_is_no_other_peers() {
    let steps = "scenario: short\npeers: { a: {}, b: {} }\nsteps:
  - pretend: { peer: a, login: wrong }
  - connect: { peer: a, refused: \"token expired\" }
";
    for logins in [
        "[logins.a]\ntoken = \"a\"\n[logins.b]\ntoken = \"b\"\n",
        "[logins.all]\ntoken = { command = \"echo {me}\" }\n",
    ] {
        let stand = stand(logins, steps);
        // It is good, and nobody has said it yet.
        stand.write("tokens/b", "");
        stand.glare(&["run"]).ends(0).says("1 passed");
    }
}
