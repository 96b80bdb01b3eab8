//! Two nodes behind one bus, each a process of this test binary.

use crate::cli_support::{Ran, Stand};
use crate::cluster;

/// Not a test: a part of the server that the other tests start. Does nothing when it is not asked to.
#[test]
#[ignore = "started by the other tests"]
fn part() {
    cluster::run();
}

/// This test binary as a part of the server, for a shell.
pub fn command(what: &str) -> String {
    let binary = std::env::current_exe().expect("this binary");
    let path = module_path!()
        .split_once("::")
        .map(|(_, path)| format!("{path}::"));
    let name = format!("{}part", path.unwrap_or_default());
    format!(
        "exec env {}={what} '{}' --exact {name} --ignored --nocapture",
        cluster::PART,
        binary.display()
    )
}

/// A project whose bus takes so long for what goes to others (milliseconds).
pub fn project(late: u32, nodes: u32) -> String {
    let bus = format!("{} ", command("bus"));
    let node = format!(
        "{}={{bus}} NUMBER={{node}} {}",
        cluster::BUS,
        command("node")
    );
    format!(
        "scenarios = [\"x.yaml\"]\n[server]\ncommand = \"\"\"{node}\"\"\"\nnodes = {nodes}\nready-within = 60\ndialect = \"cluster.yaml\"\n\
         [[beside]]\nname = \"bus\"\ncommand = \"\"\"{bus}\"\"\"\nready-within = 60\nenv = {{ {} = \"{late}\" }}\n",
        cluster::LATE
    )
}

fn stand(late: u32, scenario: &str) -> Stand {
    let stand = Stand::new();
    stand.write("cluster.yaml", cluster::DIALECT);
    stand.write("glare.toml", &project(late, 2));
    stand.write("x.yaml", scenario);
    stand
}

fn play(late: u32, scenario: &str) -> (Stand, Ran) {
    let stand = stand(late, scenario);
    let ran = stand.glare(&["run"]);
    (stand, ran)
}

/// Everything that peers in two places do: they meet, talk, one goes and is back, both go.
const ALL: &str = "
scenario: meet
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - await: { connected: [alice, bob] }
  - say: { from: alice, text: hello }
  - leave: { peer: bob }
  - await: { peer: alice, hears: peer-left, from: bob }
  - join: { peer: bob, room: lobby, offer: false }
  - await: { peer: alice, hears: peer-joined, from: bob }
  - kill: { peer: bob, how: tab }
  - leave: { peer: alice }
";

#[test]
fn peers_on_two_nodes_meet_and_nothing_is_held_against_a_bus_that_takes_its_time() {
    for late in [0, 400] {
        let (stand, ran) = play(late, ALL);
        ran.ends(0).says("1 passed");
        let record = stand.records();
        assert!(record.contains(r#""placed":{"alice":1,"bob":2}"#));
        for line in ["node 1: node 1 is up", "node 2: node 2 is up"] {
            assert!(record.contains(line), "{line}");
        }
    }
}

const RESTART: &str = "
scenario: a node restarts
peers: { alice: { node: 1 }, bob: { node: 2 } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - restart: { node: 2 }
  - await: { peer: bob, disconnected: true }
  - join: { peer: bob, room: lobby }
  - await: { peer: alice, hears: offer, from: bob }
  - kill-server: { node: 2 }
  - leave: { peer: alice }
";

#[test]
fn a_node_that_restarts_takes_the_lines_of_its_own_peers_with_it() {
    for late in [0, 400] {
        let (stand, ran) = play(late, RESTART);
        ran.ends(0).says("1 passed");
        let record = stand.records();
        let closed = |peer: &str| {
            record.contains(&format!(
                r#""event":"link-closed","link":{{"peer":"{peer}","instance":1}},"code":1006"#
            ))
        };
        assert!(closed("bob") && !closed("alice"));
    }
}

#[test]
fn a_node_that_is_paused_answers_when_it_goes_on() {
    let (_, ran) = play(
        0,
        "
scenario: a node stands still
peers: { alice: {}, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - connect: { peer: bob }
  - pause: { node: 1 }
  - join: { peer: bob, room: lobby, offer: false }
  - resume: { node: 1 }
  - await: { peer: alice, hears: peer-joined, from: bob }
",
    );
    ran.ends(0).says("1 passed");
}

#[test]
fn what_a_server_has_no_node_for_is_not_played_and_says_so() {
    let (_, ran) = play(
        0,
        "
scenario: three
peers: { alice: {}, bob: { node: 3 } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
",
    );
    ran.ends(6)
        .says("1 unsupported")
        .says("bob is for node 3, and the server has 2");
    let stand = Stand::new();
    stand.write("x.yaml", RESTART);
    stand
        .glare(&["run", "x.yaml"])
        .ends(6)
        .says("bob is for node 2, and the server has no nodes");
    stand.write(
        "x.yaml",
        "
scenario: a node
peers: { alice: {}, bob: {} }
steps:
  - connect: { peer: alice }
  - pause: { node: 1 }
  - restart: { node: 2 }
",
    );
    stand
        .glare(&["run", "x.yaml"])
        .ends(6)
        .says("step 3 (`restart`) is for node 2, and the server has no nodes");
}

#[test]
fn news_of_who_was_on_a_node_that_ended_is_waited_for_in_no_server() {
    let (_, ran) = play(
        0,
        "
scenario: told by nobody
peers: { alice: { node: 1 }, bob: { node: 2 } }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - kill-server: { node: 2 }
  - await: { peer: alice, hears: peer-left, from: bob }
",
    );
    ran.ends(6)
        .says("1 unsupported")
        .says("whether other nodes notice the end of one, no dialect can promise");
}

fn dies(word: &str) -> Ran {
    let (_, ran) = play(
        0,
        &format!(
            "
scenario: something dies
wire: cluster
peers: {{ alice: {{}}, bob: {{}} }}
steps:
  - create: {{ peer: alice, room: lobby }}
  - join: {{ peer: bob, room: lobby }}
  - send-raw: {{ peer: bob, text: '{{\"type\":\"{word}\"}}' }}
  - leave: {{ peer: alice }}
"
        ),
    );
    ran
}

#[test]
fn a_node_or_what_is_beside_it_that_dies_is_named() {
    dies("fall")
        .ends(1)
        .complains("the server ended by itself: node 2: exit status: 4");
    dies("die")
        .ends(1)
        .complains("the server ended by itself: `bus`, which runs beside it: exit status: 3");
}

#[test]
fn what_never_gets_ready_is_named() {
    let stand = stand(0, ALL);
    let beside = |command: &str| {
        project(0, 2)
            .replace(&format!("{} ", command_of_bus()), command)
            .replace("ready-within = 60\nenv", "ready-within = 1\nenv")
    };
    stand.write("glare.toml", &beside("sleep 100"));
    stand
        .glare(&["run"])
        .ends(5)
        .says("`bus`, which runs beside the server, was not ready after 1 s");
    stand.write("glare.toml", &beside("echo no room; exit 9"));
    stand
        .glare(&["run"])
        .ends(5)
        .says("`bus`, which runs beside the server, ended (exit status: 9) before it was ready")
        .says("no room");
    let node = project(0, 2).replace(
        "exec env CLUSTER_PART=node",
        "test {node} = 1 || exit 8; exec env CLUSTER_PART=node",
    );
    stand.write(
        "glare.toml",
        &node.replace(
            "command = \"\"\"CLUSTER_BUS={bus} NUMBER={node} ",
            "command = \"\"\"export CLUSTER_BUS={bus} NUMBER={node}; ",
        ),
    );
    stand
        .glare(&["run"])
        .ends(5)
        .says("node 2 of the server ended (exit status: 8) before it was ready");
}

fn command_of_bus() -> String {
    command("bus")
}

#[test]
fn the_one_node_of_a_server_is_all_of_it() {
    let stand = Stand::new();
    stand.write(
        "x.yaml",
        "
scenario: the only one
peers: { alice: { node: 1 }, bob: {} }
steps:
  - create: { peer: alice, room: lobby }
  - join: { peer: bob, room: lobby }
  - await: { connected: [alice, bob] }
  - restart: { node: 1 }
  - await: { peer: bob, disconnected: true }
  - create: { peer: alice, room: lobby }
",
    );
    stand.glare(&["run", "x.yaml"]).ends(0).says("1 new");
    let record = stand.records();
    let of_server = |life: &str| record.contains(&format!(r#""event":"server","server":"{life}""#));
    assert!(of_server("killed") && !record.contains(r#""event":"node""#));
}
