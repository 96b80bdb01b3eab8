//! What scenarios need of their project file is told by `glare check`, before anything is booted.

use crate::cli_support::Stand;
use crate::cluster;

const FILLS: &str = "scenario: x\npeers: { alice: { app: / } }\nsteps:\n  - fill: { peer: alice, field: Password, secret: password }\n";

#[test]
fn a_secret_that_the_project_file_does_not_have_is_a_mistake_in_the_step_that_fills_it_in() {
    let stand = Stand::new();
    stand.write("x.yaml", FILLS);
    stand.write("glare.toml", "[secrets]\npasswort = \"long enough\"\n");
    let ran = stand.glare(&["check", "x.yaml"]).ends(3);
    ran.says("1 good, 1 with 1 mistakes")
        .complains("x.yaml:4:")
        .complains("the project file has no secret `password`")
        .complains("did you mean `passwort`?");
    stand.write("other.toml", "[secrets]\npassword = \"long enough\"\n");
    let ran = stand.glare(&["check", "x.yaml", "--project", "other.toml"]);
    let ran = ran.ends(0).says("1 good\n");
    assert_eq!(ran.err, "");
    // Of a step of a sequence it is told there, and of several variants once.
    stand.write("sequences.yaml", "sequences:\n  login:\n    steps:\n      - fill: { peer: alice, field: Password, secret: password }\n");
    stand.write("x.yaml", "scenario: x\nwith: [{ name: one, path: /a }, { name: two, path: /b }]\npeers: { alice: { app: / } }\nsteps:\n  - use: login\n  - open: { peer: alice, path: \"${path}\" }\n");
    let ran = stand.glare(&["check", "x.yaml"]).ends(3);
    let ran = ran.complains("sequences.yaml:4:").complains("x.yaml:5");
    assert_eq!(ran.err.matches("has no secret").count(), 1, "{}", ran.err);
}

#[test]
fn an_environment_variable_that_is_not_set_here_is_told_and_may_be_set_where_it_is_played() {
    let stand = Stand::new();
    stand.write("x.yaml", FILLS);
    stand.write(
        "glare.toml",
        "[server]\nurl = \"http://${GLARE_TEST_NO_HOST}:80\"\n[secrets]\npassword = \"${GLARE_TEST_NO_PASSWORD}\"\n",
    );
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    ran.says("1 good, 2 warnings")
        .complains("glare.toml:2:")
        .complains("warning: there is no environment variable \"GLARE_TEST_NO_PASSWORD\"")
        .complains("export GLARE_TEST_NO_PASSWORD=…");
    stand.glare(&["check", "--strict", "x.yaml"]).ends(3);
    let set = |arguments: &[&str]| {
        let mut command = stand.command(arguments);
        command
            .env("GLARE_TEST_NO_HOST", "127.0.0.1")
            .env("GLARE_TEST_NO_PASSWORD", "a-secret-of-mine");
        let ran = command.output().expect("to run");
        let told = String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned();
        (ran.status.code(), told)
    };
    let (status, told) = set(&["check", "--strict", "x.yaml"]);
    assert_eq!((status, told.contains("1 good")), (Some(0), true), "{told}");
    // Too short to be struck out: whoever plays it is told the same.
    stand.write("glare.toml", "[secrets]\npassword = \"abc\"\n");
    let ran = stand.glare(&["check", "x.yaml"]).ends(3);
    ran.complains("a secret that is too short to be struck out");
}

#[test]
fn where_there_is_no_project_file_a_secret_is_told_to_need_one() {
    let stand = Stand::new();
    stand.write("x.yaml", FILLS);
    let ran = stand.glare(&["check", "x.yaml"]).ends(0);
    ran.says("1 good, 1 warning")
        .complains("x.yaml:4:")
        .complains("warning: the secret `password` is a project file's");
    let ran = stand.glare(&["check", "x.yaml", "--project", "none.toml"]);
    ran.ends(3).complains("none.toml");
}

#[test]
fn a_login_that_a_driven_peer_is_not_given_is_a_mistake_where_the_peer_is_named() {
    let stand = Stand::new();
    let dialect = cluster::DIALECT.replace(
        "connect: { path: \"/?id={me|url}\" }",
        "connect: { path: \"/?id={me|url}&token={token|url}\", login: [token] }",
    );
    assert!(dialect.contains("login: [token]"));
    stand.write("dialect.yaml", &dialect);
    stand.write(
        "glare.toml",
        "[server]\ncommand = \"true\"\ndialect = \"dialect.yaml\"\n[logins.bob]\ntoken = \"${GLARE_TEST_NO_TOKEN}\"\n",
    );
    let text = |alice: &str| {
        format!(
            "scenario: x\npeers:\n  alice: {alice}\n  bob: {{}}\nsteps:\n  - create: {{ peer: bob, room: lobby }}\n"
        )
    };
    stand.write("x.yaml", &text("{}"));
    let ran = stand.glare(&["check", "x.yaml"]).ends(3);
    ran.complains("x.yaml:3:")
        .complains("lets nobody in without `token`, and the project file gives alice none")
        .complains("[logins.alice]")
        .complains("warning: there is no environment variable \"GLARE_TEST_NO_TOKEN\"");
    // A page is let in by what its user fills in.
    stand.write("x.yaml", &text("{ app: / }"));
    stand
        .glare(&["check", "x.yaml"])
        .ends(0)
        .says("1 good, 1 warning");
}

#[test]
fn without_a_path_the_scenarios_of_the_project_file_are_looked_at() {
    let stand = Stand::new();
    let good = "scenario: x\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n";
    stand.write("glare.toml", "scenarios = [\"mine\"]\n");
    stand.write("mine/x.yaml", &good.replace("alice }", "bob }"));
    stand.write("scenarios/y.yaml", good);
    let ran = stand.glare(&["check"]).ends(3);
    ran.says("0 good, 1 with 1 mistakes")
        .complains("mine/x.yaml:4:");
    // Those that are named are looked at, and no others.
    stand
        .glare(&["check", "scenarios"])
        .ends(0)
        .says("1 good\n");
    // Its paths are from its folder.
    stand.write(
        "below/glare.toml",
        "scenarios = [\"../scenarios\", \"more\"]\n",
    );
    stand.write("below/more/z.yaml", good);
    let ran = stand.glare(&["check", "--project", "below/glare.toml"]);
    ran.ends(0).says("2 good\n");
    // One that cannot be read says so, and nothing is taken in its place.
    stand.write("glare.toml", "scenarios = [\"mine\"\n");
    let ran = stand.glare(&["check"]).ends(3).complains("glare.toml:1");
    assert!(!ran.out.contains("1 good"), "{ran}");
}

#[test]
fn list_and_faults_too_take_the_scenarios_of_the_project_file() {
    let stand = Stand::new();
    let good = "scenario: x\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n";
    stand.write("glare.toml", "scenarios = [\"mine\"]\n");
    stand.write("mine/x.yaml", good);
    stand.write("scenarios/y.yaml", good);
    let ran = stand.glare(&["list"]).ends(0).says("mine/x.yaml");
    assert!(!ran.out.contains("y.yaml"), "{ran}");
    stand.glare(&["list", "scenarios"]).says("scenarios/y.yaml");
    stand.write("below/glare.toml", "scenarios = [\"../scenarios\"]\n");
    let below = ["list", "--project", "below/glare.toml"];
    stand.glare(&below).ends(0).says("scenarios/y.yaml");
    // Nothing is booted for one with mistakes, so that it tells which were read.
    stand.write("mine/x.yaml", &good.replace("alice }", "bob }"));
    stand.glare(&["faults"]).ends(3).complains("mine/x.yaml:4:");
    stand.write("glare.toml", "scenarios = [\"mine\"\n");
    for command in ["list", "faults"] {
        let ran = stand.glare(&[command]).ends(3).complains("glare.toml:1");
        assert!(ran.out.is_empty(), "{ran}");
    }
}

#[test]
fn where_there_is_no_project_file_the_folder_scenarios_is_looked_at() {
    let stand = Stand::new();
    stand.write(
        "scenarios/y.yaml",
        "scenario: x\npeers: { alice: {} }\nsteps:\n  - connect: { peer: alice }\n",
    );
    stand.glare(&["check"]).ends(0).says("1 good\n");
}
