//! Servers of others play what they support, and two browsers talk through each.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use glare::names::{PeerName, Stack};
use glare::project::Project;
use glare::record::Verdict;
use glare::scenario::{Cast, Scenario};
use glare::signaling::Dialect;
use glare::{stage, suite};

use crate::cli_support::{Ran, Stand};
use crate::{JOBS, Seat, folder, play, wanted};

/// The dialect of a socket.io server as its real client speaks it: polling first, and then the upgrade. The one that stands there says the
/// rest, and dials a WebSocket at once.
fn polling_first(name: &str) -> String {
    let text = std::fs::read_to_string(folder().join(name).join("dialect.yaml")).expect("a text");
    let at_once = |line: &&str| line.contains("transport=websocket");
    let line = text
        .lines()
        .find(at_once)
        .expect("a path that asks for one");
    let path = line.replace("EIO=3&", "").replace("EIO=4&", "");
    let path = path.replace("transport=websocket", "").replace("?&", "?");
    text.replace(line, &format!("{path}\n  via: socket.io"))
}

/// What a line of a case says: the verdict, and the scenario with its parameters.
fn verdict(line: &str) -> Option<(&str, &str)> {
    let (word, rest) = line.split_once(' ')?;
    let known = [
        "pass",
        "new",
        "flaky",
        "FAIL",
        "unsupported",
        "INCONCLUSIVE",
    ];
    let scenario = rest.trim_start().split("  ").next()?;
    let scenario = scenario
        .rsplit_once("/scenarios/")
        .map_or(scenario, |(_, path)| path);
    known.contains(&word).then_some((word, scenario))
}

/// The scenarios in which this server is at fault: `known.txt`, a line each. What is at fault is said in its README.
fn known(server: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(server.join("known.txt")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Every scenario of the project that it supports, with native peers: nothing is held against it but what is known.
fn plays(name: &str) {
    if wanted(name) {
        let server = folder().join(name);
        holds(&play(&server.join("glare.toml")), &known(&server));
    }
}

/// What it has to do with rooms and their ends, where each line begins by polling.
fn plays_polling_first(name: &str) {
    if !wanted(name) {
        return;
    }
    let _seat = Seat::take();
    let stand = Stand::new();
    stand.write("polling.yaml", &polling_first(name));
    let project = folder().join(name).join("glare.toml");
    let scenarios = folder().join("../../scenarios");
    let some = ["rooms", "closing"].map(|some| scenarios.join(some));
    let ran = stand.glare(&[
        "run",
        some[0].to_str().expect("a plain path"),
        some[1].to_str().expect("a plain path"),
        "--project",
        project.to_str().expect("a plain path"),
        "--dialect",
        "polling.yaml",
        JOBS,
    ]);
    holds(&ran, &BTreeSet::new());
}

#[track_caller]
fn holds(ran: &Ran, known: &BTreeSet<String>) {
    let of = |wanted: &[&str]| -> BTreeSet<String> {
        let cases = ran.out.lines().filter_map(verdict);
        let cases = cases.filter(|(word, _)| wanted.contains(word));
        cases.map(|(_, scenario)| scenario.to_owned()).collect()
    };
    let all = format!("{}\n{}", ran.out, ran.err);
    assert!(!of(&["pass", "new"]).is_empty(), "{all}");
    assert_eq!(of(&["INCONCLUSIVE", "flaky"]), BTreeSet::new(), "{all}");
    assert_eq!(of(&["FAIL"]), *known, "{all}");
}

#[test]
fn peerjs_plays_what_it_supports() {
    plays("peerjs");
}

#[test]
fn bittorrent_tracker_plays_what_it_supports() {
    plays("bittorrent-tracker");
}

#[test]
fn simple_signal_server_plays_what_it_supports() {
    plays("simple-signal-server");
}

#[test]
fn signalhub_plays_what_it_supports() {
    plays("signalhub");
}

#[test]
fn y_webrtc_plays_what_it_supports() {
    plays("y-webrtc");
}

#[test]
fn rtcmulticonnection_server_plays_what_it_supports() {
    plays("rtcmulticonnection-server");
}

#[test]
fn mosquitto_plays_what_it_supports() {
    plays("mosquitto");
}

#[test]
fn prosody_plays_what_it_supports() {
    plays("prosody");
}

#[test]
fn kamailio_plays_what_it_supports() {
    plays("kamailio");
}

#[test]
fn simple_signal_server_plays_polling_first_and_then_the_upgrade() {
    plays_polling_first("simple-signal-server");
}

#[test]
fn rtcmulticonnection_server_plays_polling_first_and_then_the_upgrade() {
    plays_polling_first("rtcmulticonnection-server");
}

/// Chromium and Firefox talk through each of them, over whatever carries its lines: WebSocket, socket.io of both majors at once and polling
/// first, server-sent events, a GET that waits, packets of MQTT, stanzas of XMPP, SIP.
#[test]
fn two_browsers_talk_through_each_server() {
    let allowed = glare::suite::stacks().expect("GLARE_STACKS");
    let both = [Stack::Chromium, Stack::Firefox];
    if !both.iter().all(|stack| allowed.contains(stack)) {
        eprintln!("LEFT OUT: two browsers on servers of others (GLARE_STACKS)");
        return;
    }
    let servers = [
        ("peerjs", false),
        ("y-webrtc", false),
        ("bittorrent-tracker", false),
        ("simple-signal-server", false),
        ("simple-signal-server", true),
        ("rtcmulticonnection-server", false),
        ("rtcmulticonnection-server", true),
        ("signalhub", false),
        ("mosquitto", false),
        ("prosody", false),
        ("kamailio", false),
        ("examples/long-poll", false),
    ];
    let _seat = Seat::take();
    let meet = folder().join("examples/two-meet.yaml");
    let text = std::fs::read_to_string(&meet).expect("a text");
    let meet = Scenario::read(&meet, &text).expect("a scenario");
    let cast = [("alice", Stack::Chromium), ("bob", Stack::Firefox)];
    let cast = cast.map(|(peer, stack)| (PeerName::new(peer), stack));
    let cast = Cast::from_iter(cast);
    let (cases, _) = suite::cases(&[Arc::new(meet)], &[cast], &both);
    let [meet] = &cases[..] else {
        panic!("{} cases", cases.len());
    };
    let wanted = servers.into_iter().filter(|(name, _)| {
        let server = name.split('/').next();
        wanted(server.expect("a name"))
    });
    // They share two browsers, which take longer to begin than all this to play.
    let played = stream::iter(wanted.map(async |(name, polls)| {
        let project = Project::in_test(folder().join(name).join("glare.toml"));
        let mut setting = project.setting().expect("a run");
        if polls {
            let dialect = Dialect::read(Path::new("polling.yaml"), &polling_first(name));
            setting.dialect = Arc::new(dialect.expect("a dialect"));
        }
        let outcome = stage::play(meet, Arc::new(setting)).await;
        (name, polls, outcome)
    }));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let played: Vec<_> = runtime.block_on(played.buffered(2).collect());
    for (name, polls, outcome) in played {
        assert!(
            matches!(outcome.verdict, Verdict::Pass),
            "{name}, polling first: {polls}\n{:#?}\n{}",
            outcome.verdict,
            outcome.log
        );
    }
}

#[test]
fn two_nodes_of_socketio_behind_redis_play_what_they_support() {
    if !wanted("socketio-cluster") {
        return;
    }
    let _seat = Seat::take();
    // Each case boots three processes: `ci/servers` plays all scenarios.
    let server = folder().join("socketio-cluster");
    let paths = [
        server.join("scenarios"),
        folder().join("../../scenarios/rooms"),
    ];
    let project = server.join("glare.toml");
    let ran = Stand::new().glare(&[
        "run",
        paths[0].to_str().expect("a plain path"),
        paths[1].to_str().expect("a plain path"),
        "--project",
        project.to_str().expect("a plain path"),
        JOBS,
    ]);
    holds(&ran, &BTreeSet::new());
}
