//! Servers of others, and the example servers: each in its true protocol, by its dialect alone.
//!
//! A binary of its own, so that nothing else is busy meanwhile. `ci/test` installs them first (`ci/servers --install quick`). `GLARE_SERVERS=off` leaves them out, and says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

#[path = "support/cli.rs"]
mod cli_support;

use cli_support::{Ran, Stand};
use glare::names::Stack;

/// One server at a time: each run boots a process for each of its cases, and fills the machine by itself.
static ONE: Mutex<()> = Mutex::new(());

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fixtures/servers")
        .canonicalize()
        .expect("the servers")
}

/// Servers that are Debian packages, each by its program.
const PACKAGED: [&str; 3] = ["mosquitto", "prosody", "kamailio"];

/// Whether there is such a program. Debian has servers in a folder that is on root's path alone.
fn is_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
    folders
        .map(|folder| folder.join(name))
        .any(|program| program.is_file())
}

/// Whether they are to be played at all. One that is, and is not installed, is a failure that says what to do.
fn wanted(name: &str) -> bool {
    if std::env::var("GLARE_SERVERS").is_ok_and(|value| value == "off") {
        eprintln!("GLARE_SERVERS=off: {name} is left out");
        return false;
    }
    if PACKAGED.contains(&name) {
        assert!(
            is_program(name),
            "no program {name}: `ci/servers --install {name}` installs Debian's package, and GLARE_SERVERS=off leaves it out"
        );
        return true;
    }
    let installed = folder().join(name).join("node_modules");
    assert!(
        installed.exists(),
        "{} is not there: `ci/servers --install {name}` puts it there, and GLARE_SERVERS=off leaves it out",
        installed.display()
    );
    true
}

fn play(project: &Path) -> Ran {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let project = project.to_str().expect("a plain path");
    Stand::new().glare(&["run", "--project", project])
}

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

fn examples() -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder().join("examples")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").path());
    names
        .filter(|path| path.join("glare.toml").exists())
        .map(|path| path.file_name().expect("a name").to_string_lossy().into())
        .collect()
}

#[test]
fn two_peers_meet_on_each_example() {
    if !wanted("examples") {
        return;
    }
    let wrong: Vec<String> = examples()
        .into_iter()
        .filter_map(|name| {
            let ran = play(&folder().join("examples").join(&name).join("glare.toml"));
            let met = ran.status == 0
                && ran
                    .out
                    .lines()
                    .any(|line| line.contains(" passed, 0 failed in "));
            (!met).then(|| format!("── {name}: {}\n{}\n{}", ran.status, ran.out, ran.err))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_table_of_examples_has_each_of_them() {
    let readme = std::fs::read_to_string(folder().join("examples/README.md")).expect("a text");
    let listed: BTreeSet<String> = readme
        .lines()
        .filter_map(|line| line.rsplit_once("](")?.1.strip_suffix(") |"))
        .map(str::to_owned)
        .collect();
    assert_eq!(listed, examples());
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
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
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
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let meet = folder().join("examples/two-meet.yaml");
    for (name, polls) in servers {
        if !wanted(name.split('/').next().expect("a name")) {
            continue;
        }
        let stand = Stand::new();
        let mut arguments = vec![
            "run".to_owned(),
            meet.to_str().expect("a plain path").into(),
            "--cast=alice=chromium,bob=firefox".into(),
            format!(
                "--project={}",
                folder().join(name).join("glare.toml").display()
            ),
        ];
        if polls {
            stand.write("polling.yaml", &polling_first(name));
            arguments.push("--dialect=polling.yaml".into());
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = stand.command(&arguments);
        let ran = cli_support::run(command.env("GLARE_STACKS", "chromium,firefox"));
        assert!(
            ran.status == 0 && ran.out.contains("1 passed, 0 failed"),
            "{name}, polling first: {polls}\n{}\n{}",
            ran.out,
            ran.err
        );
    }
}

#[test]
fn two_nodes_of_socketio_behind_redis_play_what_they_support() {
    if !wanted("socketio-cluster") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
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
    ]);
    holds(&ran, &BTreeSet::new());
}

#[test]
fn a_trial_speaks_of_no_rooms_where_there_are_none() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dialect = folder().join("examples/no-rooms/dialect.yaml");
    let server = folder().join("examples/no-rooms/server.js");
    let command = format!("exec node {} {{port}}", server.display());
    let dialect = dialect.to_str().expect("a plain path");
    let ran = Stand::new().glare(&["dialect", "try", dialect, "--server", &command]);
    assert!(ran.status == 0, "{}\n{}", ran.out, ran.err);
    for line in [
        "1. Alice connects, and is there by that",
        "2. Bob connects, and offers",
        "   bob    . hears \"hello\"",
        "4. Bob leaves",
        "They met, signalled, talked and parted.",
    ] {
        assert!(ran.out.contains(line), "no {line:?} in\n{}", ran.out);
    }
    for word in ["lobby", " room", "worked out"] {
        assert!(!ran.out.contains(word), "{word:?} in\n{}", ran.out);
    }
}

/// The command of an example's server that a test has changed, as `server.js` in its own folder.
fn changed_server() -> String {
    let modules = folder().join("examples/node_modules");
    format!(
        "NODE_PATH='{}' exec node server.js {{port}}",
        modules.display()
    )
}

#[test]
fn what_becomes_of_a_second_line_is_not_proposed_where_no_line_has_a_name() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let ran = Stand::new()
        .glare(&["dialect", "try", dialect, "--server", &server])
        .ends(0)
        .says("no line is dialled with a name");
    assert!(!ran.out.contains("same-id: "), "{}", ran.out);
}

/// To be let into the room where one is already is against `refusals: inside`; to be let from a room into another is not.
#[test]
fn a_server_that_moves_who_asks_for_another_room_is_accused_of_nothing() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("given-id/server.js")).expect("a text");
    let refuses = "if (line.room) return say(line, { refused: 'already inside' })";
    assert!(text.contains(refuses), "{text}");
    let mover = "if (line.room === message.join) return say(line, { refused: 'already inside' })\n      if (line.room) out()";
    let dialect = examples.join("given-id/dialect.yaml");
    for (instead, status, told) in [
        (
            mover,
            0,
            ["1 holds, 1 fact", "the server granted bob's create"],
        ),
        ("", 1, ["1 broken, 1 fact", "the server granted bob's join"]),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text.replace(refuses, instead));
        let server = changed_server();
        let dialect = dialect.to_str().expect("a plain path");
        let flags = ["validate", "--server", &server, "--dialect", dialect];
        let cases = ["--case", "6.4", "--case", "6.5"];
        let ran = stand.glare(&[&flags[..], &cases].concat()).ends(status);
        for told in told {
            assert!(ran.out.contains(told), "no {told:?} in\n{}", ran.out);
        }
    }
}

/// The example that gives tickets, and its dialect, with places that are kept for so long that a slow machine is in time.
fn kept_for_long(server: &str, spoken: &str) -> (String, String) {
    let (kept, told) = ("KEPT = 1000", "keeps-places: 1s ");
    assert!(server.contains(kept) && spoken.contains(told));
    (
        server.replace(kept, "KEPT = 3500"),
        spoken.replace(told, "keeps-places: { at-least: 3s, at-most: 4s } "),
    )
}

/// Who comes back with what the server gave him is asked what everybody is; each of these servers does one thing wrong.
#[test]
fn who_comes_back_by_a_ticket_is_judged_as_everybody_is() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let sections = [
        "--section",
        "1",
        "--section",
        "3",
        "--section",
        "4",
        "--section",
        "5",
    ];
    for (right, wrong, broken) in [
        ("", "", None),
        // The time of a place is over though its user is back.
        ("clearTimeout(mine().timer)", "", Some("3.13")),
        // A room that only one has who is lost is found by nobody else.
        (
            "      free(line.ticket)\n",
            "      const left = mine().room\n      free(line.ticket)\n      if (!inside(left).some(place => place.line)) for (const place of inside(left)) place.room = Object(left)\n",
            Some("2.25"),
        ),
        // What waited comes in another order, or once more.
        (
            "waiting.splice(0))",
            "waiting.splice(0).reverse())",
            Some("4.26"),
        ),
        ("waiting.splice(0))", "waiting)", Some("4.26")),
        // The end of the line that was replaced is taken for its user's.
        (
            "if (mine()?.line !== line) return",
            "if (!mine()) return",
            Some("1.16"),
        ),
        // Who has to come in within a time is not told apart from who came back.
        (
            "line.on('error', () => {})",
            "line.on('error', () => {})\n  const late = setTimeout(() => line.close(4002), 1500)\n  line.on('message', text => { if (`${text}`.includes('enter')) clearTimeout(late) })",
            Some("3.19"),
        ),
        // A ticket is good for ever, or until the server ends.
        (
            "if (line.ticket || !places.has(ticket)) return say({ no: 'ticket' })",
            "if (line.ticket) return say({ no: 'ticket' })\n    if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: 'bob', waiting: [] })",
            Some("3.21"),
        ),
        // Others hear that he has gone, and come.
        (
            "before?.close(4001)",
            "before?.close(4001)\n    for (const place of others()) if (place.line) say({ out: mine().name }, place.line), say({ came: mine().name }, place.line)",
            Some("1.5"),
        ),
        // The line on which he came back is told what happens in the room that he has left.
        (
            "      free(line.ticket)\n      line.ticket = undefined\n",
            "      free(line.ticket)\n      line.ticket = undefined\n      const { set } = places\n      places.set = (ticket, place) => (say({ came: place.name }), set.call(places, ticket, place))\n",
            Some("3.25"),
        ),
        // A ticket is good after its user has left.
        (
            "      free(line.ticket)\n      line.ticket = undefined\n",
            "      const place = mine()\n      free(line.ticket)\n      places.set(line.ticket, { ...place, line: undefined })\n      line.ticket = undefined\n",
            Some("3.26"),
        ),
        // A place is kept once.
        (
            "mine().timer = setTimeout(() => free(ticket), KEPT)",
            "if (mine().lost) return free(ticket)\n    mine().lost = true\n    mine().timer = setTimeout(() => free(ticket), KEPT)",
            Some("3.27"),
        ),
        // Who is lost is not counted.
        (
            "if (there.length >= 3)",
            "if (there.filter(place => place.line).length >= 3)",
            Some("3.28"),
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match right {
            "" => text.clone(),
            right => text.replace(right, wrong),
        };
        // Where somebody must be back in time, also on a slow machine.
        let long = matches!(broken, Some("2.25" | "3.27" | "3.28" | "4.26"));
        let (text, spoken) = if long {
            kept_for_long(&text, &spoken)
        } else {
            (text, spoken.clone())
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        let case = broken.map(|number: &str| ["--case", number]);
        let asked = case.as_ref().map_or(&sections[..], |case| &case[..]);
        let ran = stand.glare(&[&flags[..], asked, &["--patience", "3"]].concat());
        let accused: Vec<&str> = ran
            .out
            .lines()
            .filter_map(|line| line.strip_prefix("  broken "))
            .map(str::trim_start)
            .collect();
        match broken {
            None => assert!(accused.is_empty(), "{accused:?}\n{}", ran.out),
            Some(number) => assert!(
                accused.iter().any(|line| line.starts_with(number)),
                "{number} with {wrong:?}: {accused:?}\n{}",
                ran.out
            ),
        }
    }
}

/// Of these cases the server in `server.js` breaks these, and holds all others.
fn breaks_alone(stand: &Stand, cases: &[&str], broken: &[&str]) {
    let server = changed_server();
    let mut flags = vec!["validate", "--server", &server, "--dialect", "d.yaml"];
    for number in cases {
        flags.extend(["--case", number]);
    }
    let ran = stand.glare(&flags);
    let accused: Vec<&str> = (ran.out.lines())
        .filter_map(|line| line.strip_prefix("  broken ")?.split_whitespace().next())
        .collect();
    assert_eq!(accused, broken, "{}", ran.out);
    let others = cases.len() - broken.len();
    let holds = format!("{others} holds");
    assert!(others == 0 || ran.out.contains(&holds), "{}", ran.out);
}

/// Each of these servers of meetings does one thing wrong, or nothing; of these cases each breaks what is named beside it.
fn meetings_break(cases: &[&str], servers: &[(&[&str], &str, &str)]) {
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/meeting");
    let text = std::fs::read_to_string(example.join("server.js")).expect("a text");
    let spoken = std::fs::read_to_string(example.join("dialect.yaml")).expect("a text");
    for (broken, right, wrong) in servers {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match *right {
            "" => text.clone(),
            right => text.replacen(right, wrong, 1),
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, cases, broken);
    }
}

#[test]
fn who_is_put_out_of_a_room_is_out() {
    if !wanted("examples") {
        return;
    }
    let cases = ["3.40", "3.41", "3.42", "3.43", "3.44", "3.45"];
    let out = "tell(room, { out: place.name })";
    meetings_break(
        &cases,
        &[
            (&[], "", ""),
            // His line ends with it, he is told late or never, or who asked for it is told nothing more.
            (
                &[],
                "say(word, line)",
                "say(word, line)\n  if (word.kicked) line?.close(4005)",
            ),
            (
                &[],
                "say(word, line)",
                "setTimeout(() => say(word, line), word.kicked ? 100 : 0)",
            ),
            (&[], "say(word, line)", "if (!word.kicked) say(word, line)"),
            (
                &[],
                out,
                "tell(room, { out: place.name }, word.kicked && host)",
            ),
            // His line is told on what happens there: by law 2 that shows wherever he was told to be out.
            (
                &["3.40", "3.42"],
                out,
                "tell(room, { out: place.name })\n  const { set } = places\n  if (word.kicked) places.set = (ticket, place) => (say({ came: place.name }, line), set.call(places, ticket, place))",
            ),
            // His place is taken.
            (
                &["3.42"],
                "places.delete(ticket)\n",
                "places.delete(ticket)\n  if (word.kicked) places.set('', { room, name: '', muted: false })\n",
            ),
            (&["3.43"], "if (me !== hostOf(me.room)) return 'host'", ""),
            (
                &["3.44"],
                "if (line.ticket || !places.has(ticket)) return 'ticket'",
                "if (line.ticket) return 'ticket'\n      if (!places.has(ticket)) places.set(ticket, { room: 'lobby', name: line.name, muted: false })",
            ),
            (
                &["3.45"],
                "place.room === me.room && place !== me",
                "place !== me",
            ),
        ],
    );
    meetings_break(
        &cases[..2],
        &[(
            &["3.41"],
            out,
            "if (!word.kicked) tell(room, { out: place.name })",
        )],
    );
}

#[test]
fn who_is_away_is_told_to_be_away_and_then_to_be_back_or_gone() {
    if !wanted("examples") {
        return;
    }
    meetings_break(
        &["3.46", "3.47", "3.48"],
        &[
            (&[], "", ""),
            (&["3.46", "3.47"], "tell(me.room, { away: me.name })", ""),
            (&["3.46"], "else tell(me.room, { here: me.name }, me)", ""),
            // Who has not come back is told to be there before he is told to have gone.
            (
                &["3.47"],
                "() => put(ticket, {})",
                "() => (tell(me.room, { here: me.name }), put(ticket, {}))",
            ),
            // The end of a line is news, though its user has left.
            (
                &["3.48"],
                "if (line) line.ticket = undefined",
                "if (line && word.left) line.on('close', () => tell(room, { away: place.name }))\n  if (line) line.ticket = undefined",
            ),
        ],
    );
}

#[test]
fn what_somebody_shows_is_told_to_all_in_his_room_as_it_is() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(me.room, { of: me.name, muted: me.muted }, me)";
    meetings_break(
        &["3.49", "3.50", "3.51", "3.52"],
        &[
            (&[], "", ""),
            (
                &["3.49"],
                told,
                "say({ of: me.name, muted: me.muted }, hostOf(me.room).line)",
            ),
            (
                &["3.49"],
                told,
                "places.forEach(place => place !== me && say({ of: me.name, muted: me.muted }, place.line))",
            ),
            (
                &["3.50"],
                told,
                "for (const _ of [1, 2]) tell(me.room, { of: me.name, muted: me.muted }, me)",
            ),
            // Told as when they came.
            (
                &["3.51", "3.52"],
                "({ name, muted }) => ({ name, muted })",
                "({ name }) => ({ name, muted: false })",
            ),
            (
                &["3.52"],
                "const before = places.get(ticket).line",
                "places.get(ticket).muted = false\n      const before = places.get(ticket).line",
            ),
        ],
    );
}

#[test]
fn when_the_host_has_gone_all_hear_of_the_same_next_one() {
    if !wanted("examples") {
        return;
    }
    let told = "tell(room, { host: next.name })";
    meetings_break(
        &["3.53", "3.54", "3.55"],
        &[
            (&[], "", ""),
            (&["3.53", "3.54", "3.55"], told, "{}"),
            (
                &["3.53", "3.54"],
                told,
                "say({ host: next.name }, next.line)",
            ),
            // Each is told that he is.
            (
                &["3.53", "3.54"],
                told,
                "inside(room).forEach(place => say({ host: place.name }, place.line))",
            ),
            // All are told of who came last.
            (
                &["3.54", "3.55"],
                "inside(room)[0]",
                "places.size < 3 && inside(room).length === 2 ? inside(room)[1] : inside(room)[0]",
            ),
            // Nobody may do what only the first one might.
            (
                &["3.55"],
                "if (me !== hostOf(me.room)) return 'host'",
                "if (me !== hostOf(me.room) || me.name !== 'alice') return 'host'",
            ),
        ],
    );
}

/// A server of its own that speaks Socket.IO, with acknowledgements.
const ACKS: &str = r#"const { WebSocketServer } = require('ws')
const rooms = new Map()
let born = 0
new WebSocketServer({ port: process.argv[2], host: '127.0.0.1' }).on('connection', line => {
  const me = { id: `n${++born}`, line }
  let room
  const others = () => [...rooms.get(room) ?? []].filter(one => one !== me)
  const tell = (to, ...event) => to.line.send('42' + JSON.stringify(event))
  const leaves = () => {
    for (const one of others()) tell(one, 'gone', { id: me.id })
    rooms.get(room)?.delete(me)
    room = undefined
  }
  const asked = {
    join: wants => {
      if (typeof wants?.room !== 'string') return { no: 'room' }
      if (room) return { no: 'inside' }
      room = wants.room
      if (!rooms.has(room)) rooms.set(room, new Set())
      const inside = others().map(one => one.id)
      for (const one of others()) tell(one, 'came', { id: me.id })
      rooms.get(room).add(me)
      return { yes: inside }
    },
    leave: () => room ? (leaves(), { left: true }) : { no: 'outside' },
  }
  line.send('0' + JSON.stringify({ sid: me.id, upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000 }))
  line.on('message', packet => {
    const text = `${packet}`
    if (text.startsWith('40')) {
      line.send('40' + JSON.stringify({ sid: me.id }))
      return tell(me, 'hello', { id: me.id })
    }
    const [, number, json] = /^42(\d*)(\[.*)$/s.exec(text) ?? []
    let word, wants
    try { [word, wants] = JSON.parse(json) } catch { return }
    const ack = number ? answer => line.send(`43${number}` + JSON.stringify([answer])) : undefined
    if (word === 'say') others().filter(one => one.id === wants?.to).forEach(one => tell(one, 'said', { from: me.id, data: wants.data }))
    else if (Object.hasOwn(asked, word)) ack?.(asked[word](wants))
    else ack?.({ no: 'word' })
  })
  line.on('close', () => { if (room) leaves() })
  line.on('error', () => {})
})
"#;

const ACKS_SPOKEN: &str = r#"dialect: acks
framing: socket.io-4
connect:
  path: /socket.io/?EIO=4&transport=websocket
  then:
    - hear: [hello, { id: "{self}" }]
announces-joining-within: 1s
announces-leaving-within: 1s
say:
  create: join
  join: { message: [join, { room: "{room}" }], ack: true }
  leave: { message: [leave], ack: true }
  offer: { message: [say, { to: "{peer}", data: { offer: "{sdp}" } }] }
  answer: { message: [say, { to: "{peer}", data: { answer: "{sdp}" } }] }
  candidate: { message: [say, { to: "{peer}", data: { candidate: "{candidate}" } }] }
  end-of-candidates: { message: [say, { to: "{peer}", data: { candidate: null } }] }
hear:
  joined: { ack: [{ yes: "{with}" }] }
  left: { ack: [{ left: true }], of: leave }
  refused: { ack: [{ no: "{reason}" }] }
  peer-joined: { message: [came, { id: "{peer}" }] }
  peer-left: { message: [gone, { id: "{peer}" }] }
  offer: { message: [said, { from: "{peer}", data: { offer: "{sdp}" } }] }
  answer: { message: [said, { from: "{peer}", data: { answer: "{sdp}" } }] }
  candidate: { message: [said, { from: "{peer}", data: { candidate: "{candidate}" } }] }
  end-of-candidates: { message: [said, { from: "{peer}", data: { candidate: null } }] }
"#;

/// An event of Socket.IO may come without what goes with it, and without the wish for an acknowledgement.
#[test]
fn an_event_may_come_without_what_goes_with_it() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    for (broken, right, wrong) in [
        (&[][..], "", ""),
        (&["7.114", "7.118"], "wants?.", "wants."),
        (&["7.121", "7.122"], "ack?.(asked", "ack(asked"),
    ] {
        assert!(ACKS.contains(right), "{right}");
        let text = match right {
            "" => ACKS.to_owned(),
            right => ACKS.replace(right, wrong),
        };
        let stand = Stand::new();
        stand.write("server.js", &text);
        stand.write("d.yaml", ACKS_SPOKEN);
        breaks_alone(&stand, &["7.114", "7.118", "7.121", "7.122"], broken);
    }
}

/// Those of a crowd who are there already answer what their lines are asked while the others still come.
#[test]
fn a_crowd_that_comes_slowly_is_there_all_the_time() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/keepalive");
    let text = std::fs::read_to_string(example.join("server.js")).expect("a text");
    let (begins, misses) = ("host: '127.0.0.1' }", "missed > 10");
    assert!(text.contains(begins) && text.contains(misses));
    // One line after the other, each a while after the one before it.
    let slow = "host: '127.0.0.1', verifyClient: (_, done) => { at = Math.max(Date.now(), at) + 4; setTimeout(done, at - Date.now(), true) } }";
    let text = text.replace(misses, "missed > 5").replace(begins, slow);
    let stand = Stand::new();
    stand.write("server.js", &format!("let at = 0\n{text}"));
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let server = changed_server();
    let flags = ["validate", "--server", &server, "--dialect", dialect];
    stand
        .glare(&[&flags[..], &["--case", "9.6"]].concat())
        .says("lines at once in the crowd");
}

/// What a message holds beside its word may be missing, or nothing that holds anything.
#[test]
fn what_comes_with_a_word_may_be_anything() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let swap = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    };
    let flat = "{ enter: \"{room}\", as: \"{me}\" }";
    let spoken = swap(
        &spoken,
        flat,
        "{ enter: { room: \"{room}\", as: \"{me}\" } }",
    );
    let asks =
        "if (typeof message?.enter === 'string' && typeof message.as === 'string') enter(message)";
    let looks = "if (typeof message?.enter?.room === 'string' && typeof message.enter.as === 'string') enter({ enter: message.enter.room, as: message.enter.as })";
    let text = swap(&text, asks, looks);
    // What is no other word is one that comes in; and what is said is an object.
    let takes = "if (message && !message.back && !message.to && !message.leave && !message.glare) { if ('room' in message.enter) enter({ enter: message.enter.room, as: message.enter.as }) }";
    let other = "const other = others().find";
    let reads =
        "if ('offer' in message.say) line.offered = true\n      const other = others().find";
    let joins = ["7.113", "7.114", "7.115", "7.116"];
    let offers = ["7.117", "7.118", "7.119", "7.120"];
    for (broken, text) in [
        (&[][..], text.clone()),
        (&joins, swap(&text, looks, takes)),
        (&offers, swap(&text, other, reads)),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        breaks_alone(&stand, &[joins, offers].concat(), broken);
    }
}

/// Whoever says what he came back with wrongly ends nobody else's call; each of these servers reads it without looking first.
#[test]
fn what_one_comes_back_with_may_be_anything() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let looks = "typeof message?.back === 'string'";
    let reads = "const back = ticket => {";
    let there = "!places.has(ticket)";
    let knows = |more: &str| format!("{reads}\n    {more}");
    for (broken, right, wrong) in [
        (&[][..], "", String::new()),
        // Who says something else than a ticket comes in as anybody does.
        (
            &[],
            "if (there.some(place => place.name === name)) return say({ no: 'name' })",
            String::new(),
        ),
        // An object without a key is taken for one that has a word.
        (
            &["7.106"],
            "let message\n",
            "let message\n    if (`${text}` === '{}') Object.keys(JSON.parse(text))[0].trim()\n"
                .into(),
        ),
        // Whatever it is, it is taken for a text.
        (
            &["7.107", "7.108", "7.109"],
            looks,
            "'back' in message && message.back.trim() && true".into(),
        ),
        (
            &["7.110"],
            reads,
            knows("if (ticket.length > 1e6) throw RangeError(ticket.length)"),
        ),
        (&["7.111"], reads, knows("ticket[0].trim()")),
        // A table that is an object has it already.
        (
            &["7.112"],
            there,
            "!places.has(ticket) && !({})[ticket]".into(),
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let stand = Stand::new();
        let text = match right {
            "" => text.clone(),
            right => text.replace(right, &wrong),
        };
        let by_join = broken.is_empty() && !right.is_empty();
        let (text, spoken) = match by_join {
            true => (
                text.replace(
                    "if (typeof message?.enter",
                    "if (places.has(message?.back)) back(message.back)\n    else if (typeof message?.enter",
                ),
                spoken.replace(
                    "{ back: \"{ticket}\" }",
                    "{ enter: \"{room}\", as: \"{me}\", back: \"{ticket}\" }",
                ),
            ),
            false => (text, spoken.clone()),
        };
        stand.write("server.js", &text);
        stand.write("d.yaml", &spoken);
        let server = changed_server();
        let mut flags = vec!["validate", "--server", &server, "--dialect", "d.yaml"];
        let all: Vec<String> = (106..=112).map(|number| format!("7.{number}")).collect();
        let asked = match broken {
            [] => all.iter().map(String::as_str).collect(),
            some => some.to_vec(),
        };
        flags.extend(asked.iter().flat_map(|number| ["--case", number]));
        let ran = stand.glare(&[&flags[..], &["--patience", "3"]].concat());
        let lines = ran.out.lines().map(str::split_whitespace);
        let accused: Vec<&str> = lines
            .filter_map(|mut words| {
                words
                    .next()
                    .filter(|word| *word == "broken")
                    .and(words.next())
            })
            .collect();
        assert_eq!(accused, broken, "{wrong:?}\n{}", ran.out);
        let all_hold = ran.out.contains("7 of 7 hold");
        assert!(all_hold || !broken.is_empty(), "{}", ran.out);
    }
}

/// How long a place is kept at most promises nothing of the least: who is not let in again has shown nothing of his room.
#[test]
fn a_place_that_is_soon_free_accuses_nobody_of_its_room() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let leaves = "      free(line.ticket)\n";
    assert!(text.contains(leaves));
    // With the last one who hears of it, all places of a room are free.
    let ends = "      const left = mine().room\n      free(line.ticket)\n      for (const [ticket, place] of places) if (place.room === left && !inside(left).some(place => place.line)) {\n        clearTimeout(place.timer)\n        places.delete(ticket)\n      }\n";
    // Who leaves is told so only when the place of him who is lost is free.
    let slow = leaves.to_owned() + "      return setTimeout(() => say({ left: true }), 1200)\n";
    let spoken = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let (long, spoken_long) = kept_for_long(&text, &spoken);
    let short = |text: &str| text.replace("= 1000", "= 300").replace(": 1s ", ": 300ms ");
    for (text, spoken, instead, says) in [
        (&long, &spoken_long, leaves, "1 holds"),
        (&long, &spoken_long, ends, "1 inconclusive"),
        (&text, &spoken, &slow, "1 inconclusive"),
        (&short(&text), &short(&spoken), leaves, "1 unsupported"),
    ] {
        let stand = Stand::new();
        stand.write("server.js", &text.replace(leaves, instead));
        stand.write("d.yaml", spoken);
        let server = changed_server();
        let flags = ["validate", "--server", &server, "--dialect", "d.yaml"];
        stand
            .glare(&[&flags[..], &["--case", "2.25"]].concat())
            .says(says);
    }
}

/// The end of a line that was replaced is no loss: long after it, its ticket is good for the one that came after it.
#[test]
fn a_ticket_is_good_after_the_line_that_was_replaced_has_ended() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/tickets");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    let stand = Stand::new();
    stand.write(
        "replaced.yaml",
        "scenario: replaced\n\
         peers: { alice: { stack: wire }, bob: { stack: wire } }\n\
         steps:\n\
         - create: { peer: alice, room: lobby }\n\
         - join: { peer: bob, room: lobby }\n\
         - connect: { peer: bob, second: resumes }\n\
         - join: { peer: bob, room: lobby }\n\
         - wait: 1500ms\n\
         - kill: { peer: bob, how: socket }\n\
         - connect: { peer: bob }\n\
         - join: { peer: bob, room: lobby }\n\
         - send: { from: alice, to: bob, message: offer }\n\
         - await: { peer: bob, hears: offer, from: alice }\n",
    );
    stand
        .glare(&[
            "run",
            "replaced.yaml",
            "--server",
            &server,
            "--dialect",
            dialect,
        ])
        .ends(0)
        .says("1 passed, 0 failed");
}

/// A place that is free before the least time is over is told of: by the news of it, or by whom it costs his place.
#[test]
fn a_place_that_is_free_too_early_is_told_of() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let dialect = std::fs::read_to_string(examples.join("tickets/dialect.yaml")).expect("a text");
    let server = changed_server();
    let (plain, told) = (
        "keeps-places: 1s ",
        "place of inside(room)) if (place.line) say({ out: name }, place.line)",
    );
    assert!(dialect.contains(plain) && text.contains("KEPT = 1000") && text.contains(told));
    let least = dialect.replace(plain, "keeps-places: { at-least: 3s, at-most: 4s } ");
    let right = text.replace("KEPT = 1000", "KEPT = 3500");
    let silent = text.replace(told, "place of []) say({ out: name }, place.line)");
    for (server_js, dialect, says) in [
        (&right, &least, "holds"),
        (
            &text,
            &least,
            "bob's place was to be kept for at least 3 s, and alice was told after 1",
        ),
        (&silent, &least, "broken"),
        (&text, &dialect, "1 fact"),
    ] {
        let stand = Stand::new();
        stand.write("server.js", server_js);
        stand.write("d.yaml", dialect);
        let ran = stand.glare(&[
            "validate",
            "--case",
            "3.20",
            "--server",
            &server,
            "--dialect",
            "d.yaml",
        ]);
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(says), "no {says:?} in\n{}", ran.out);
    }
}

/// A trial comes back by what the server gave, and says what became of it; what is told later than it waits for is no silence.
#[test]
fn a_trial_comes_back_by_what_the_server_gave() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let examples = folder().join("examples");
    let text = std::fs::read_to_string(examples.join("tickets/server.js")).expect("a text");
    let dialect = examples.join("tickets/dialect.yaml");
    let dialect = std::fs::read_to_string(dialect).expect("a text");
    let server = changed_server();
    let heading = "7. Bob's line is lost, and he comes back by what he was given";
    for (right, wrong, told) in [
        (
            "KEPT = 1000",
            "KEPT = 6000",
            "he was let in, and what alice and he then said to each other arrived",
        ),
        ("line.ticket || !places", "places", "he was not let in"),
        (
            "take(ticket)\n    before",
            "line.ticket = ticket\n    before",
            "he was neither let in nor refused; he was told nothing",
        ),
        (
            "mine().line = line\n",
            "mine().line ??= line\n",
            "what alice then said to him did not come",
        ),
        (
            "before?.close(4001)",
            "before?.close(4001)\n    line.removeAllListeners('message')",
            "what he then said to alice did not come to her",
        ),
    ] {
        assert!(text.contains(right), "{right}");
        let mut text = text.replace(right, wrong);
        if wrong.contains("??=") {
            text = text.replace("mine().line = undefined\n", "");
        }
        let stand = Stand::new();
        stand.write("server.js", &text);
        // A dialect before anything is promised in it.
        let kept = dialect
            .lines()
            .filter(|line| !line.starts_with("keeps-places"));
        stand.write("d.yaml", &kept.collect::<Vec<_>>().join("\n"));
        let ran = stand.glare(&["dialect", "try", "d.yaml", "--server", &server]);
        let words = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            words.contains(heading) && words.contains(told),
            "{told}\n{}",
            ran.out
        );
        if wrong == "KEPT = 6000" {
            assert!(
                words.contains(
                    "ms after the line had ended: later than the 5 s for which this waits"
                ),
                "{}",
                ran.out
            );
            assert!(!words.contains("did not happen"), "{}", ran.out);
            assert!(words.contains("keeps-places: 7s"), "{}", ran.out);
        }
        // Without the key nothing is claimed.
        if wrong == "KEPT = 6000" {
            let none = dialect.lines().filter(|line| !line.starts_with("rejoin"));
            stand.write("d.yaml", &none.collect::<Vec<_>>().join("\n"));
            let ran = stand.glare(&["dialect", "try", "d.yaml", "--server", &server]);
            assert!(
                !ran.out.contains("comes back") && !ran.out.contains("rejoin"),
                "{}",
                ran.out
            );
        }
    }
}

/// News of a loss that comes long after that of a leaving is not slow: a place was kept.
#[test]
fn how_long_a_place_is_kept_is_proposed_apart_from_when_a_leaving_is_told() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/tickets");
    let server = format!("exec node {}/server.js {{port}}", example.display());
    let text = std::fs::read_to_string(example.join("dialect.yaml")).expect("a text");
    let kept = text
        .lines()
        .filter(|line| !line.starts_with("keeps-places"));
    let stand = Stand::new();
    stand.write("d.yaml", &kept.collect::<Vec<_>>().join("\n"));
    stand
        .glare(&["dialect", "try", "d.yaml", "--server", &server])
        .ends(0)
        .says("keeps-places: ")
        .says("announces-leaving-within: ");
    let dialect = example.join("dialect.yaml");
    let dialect = dialect.to_str().expect("a plain path");
    stand
        .glare(&["dialect", "try", dialect, "--server", &server])
        .ends(0)
        .says("a place is kept for 1s (`keeps-places`)");
}

/// A server that begins to count anew gives ids that others had before: until it tells whose one is now, it is nobody's.
#[test]
fn an_id_of_the_old_process_is_nobodys_on_the_new_one() {
    if !wanted("examples") {
        return;
    }
    let _alone = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let example = folder().join("examples/given-id");
    let read = |name: &str| std::fs::read_to_string(example.join(name)).expect("a text");
    let change = |text: String, from: &str, to: &str| {
        assert!(text.contains(from), "no {from:?} in\n{text}");
        text.replace(from, to)
    };
    // The answer alone tells somebody his id, behind the news of him to the others.
    let server = change(read("server.js"), "  say(line, { welcome: id })\n", "");
    let server = change(
        server,
        "{ joined: line.room,",
        "{ joined: line.room, you: id,",
    );
    let dialect = change(
        read("dialect.yaml"),
        "  then:\n    - hear: { welcome: \"{self}\" }\n",
        "",
    );
    let dialect = change(
        dialect,
        "{ joined: \"{room}\",",
        "{ joined: \"{room}\", you: \"{self}\",",
    );
    let dialect = change(
        dialect,
        "takes-any-name: true\n",
        "takes-any-name: true\nannounces-joining-within: 1s\n",
    );
    let stand = Stand::new();
    stand.write("server.js", &server);
    stand.write("dialect.yaml", &dialect);
    let scenario = folder().join("../../scenarios/closing/server-dies.yaml");
    let server = changed_server();
    let scenario = scenario.to_str().expect("a plain path");
    let flags = [
        "run",
        scenario,
        "--server",
        &server,
        "--dialect",
        "dialect.yaml",
    ];
    let more = ["--repeat", "12", "--accept"];
    stand.glare(&[&flags[..], &more].concat()).ends(0);
}
