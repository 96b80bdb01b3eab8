//! Steps that begin together: what is gathered, who gets which name, and that the log is the same whoever wins.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::cli_support::Stand;
use crate::stage_support::*;
use glare::record::{FailureKind, What};
use glare::scenario::{Action, Place, Scenario};
use glare::stage::{Outcome, Setting, play};
use glare::terms::Direction;
use glare_signaling_server::{Fault, Faults};

/// Three on the wire, the room made.
fn three(steps: &str) -> String {
    format!(
        "scenario: x\npeers: {{ alice: {{ stack: wire }}, bob: {{ stack: wire }}, carol: {{ stack: wire }} }}\nsteps:\n  - create: {{ peer: alice, room: lobby }}\n{steps}"
    )
}

const LAST_PLACE: &str = "  - together:
      - join: { peer: bob, room: lobby, answer: any }
      - join: { peer: carol, room: lobby, answer: any }
    let-in: winner
    turned-away: loser
";

async fn shaken(text: &str, runs: u64) -> Vec<Outcome> {
    let case = case(text);
    let mut outcomes = Vec::new();
    for run in 0..runs {
        let shake = Some(run);
        let setting = Setting { shake, ..setting() };
        outcomes.push(play(&case, Arc::new(setting)).await);
    }
    outcomes
}

/// Whose a name was.
fn whose<'o>(outcome: &'o Outcome, name: &str) -> Option<&'o str> {
    outcome.events.iter().find_map(|event| match &event.what {
        What::Outcome { names, .. } => names
            .iter()
            .find(|(bound, _)| bound.as_str() == name)
            .map(|(_, peer)| peer.as_str()),
        _ => None,
    })
}

/// Each of these runs passes, both peers win now and then, and there is one log.
#[track_caller]
fn one_log_whoever_wins(outcomes: &[Outcome], name: &str) -> String {
    let logs: BTreeSet<String> = outcomes.iter().map(passes).collect();
    let mut won: BTreeMap<&str, usize> = BTreeMap::new();
    for outcome in outcomes {
        *won.entry(whose(outcome, name).expect("a name"))
            .or_default() += 1;
    }
    assert_eq!(won.len(), 2, "one of them always wins: {won:?}");
    assert_eq!(logs.len(), 1, "{logs:#?}");
    logs.into_iter().next().expect("a log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_shaken_runs_have_one_log_whoever_gets_the_last_place() {
    let text = three(&format!(
        "{LAST_PLACE}  - await: {{ peer: alice, hears: peer-joined, from: winner }}\n  - create: {{ peer: loser, room: other }}\n  - leave: {{ peer: winner }}\n"
    ));
    let log = one_log_whoever_wins(&shaken(&text, 100).await, "winner");
    let told = [
        "winner -> server: join lobby",
        "server -> winner: joined lobby with alice",
        "server -> alice: peer-joined winner",
        "loser -> server: join lobby",
        "server -> loser: refused join \"room lobby is full\"",
        "loser -> server: create other",
        "server -> loser: created other",
        "winner -> server: leave lobby",
        "server -> winner: left lobby",
        "server -> alice: peer-left winner (left)",
    ];
    let lines: Vec<&str> = log.lines().skip(2).collect();
    assert_eq!(lines, told);
}

/// With connections, a stay of one of them before, and a line of another that is not his first.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_count_links_and_connections_anew() {
    let text = format!(
        "scenario: x\npeers: {{ alice: {{}}, bob: {{}} }}\nsteps:\n{TOGETHER}{}",
        "  - kill: { peer: bob, how: socket }
  - leave: { peer: alice }
  - together:
      - create: { peer: alice, room: again, answer: any }
      - create: { peer: bob, room: again, answer: any }
    let-in: host
    turned-away: guest
  - join: { peer: guest, room: again }
  - await: { connected: [host, guest] }
  - say: { from: guest, text: here }
  - kill: { peer: host, how: socket }
  - connect: { peer: host }
  - create: { peer: host, room: third }
"
    );
    let log = one_log_whoever_wins(&shaken(&text, 24).await, "host");
    let lines: Vec<&str> = log.lines().collect();
    let at = lines
        .iter()
        .position(|line| line.starts_with("host -> server: create again"))
        .expect("what was asked at once");
    assert!(
        lines[..at]
            .iter()
            .all(|line| !line.contains("host") && !line.contains("guest"))
    );
    assert!(
        lines[at..]
            .iter()
            .all(|line| !line.contains("alice") && !line.contains("bob")),
        "{log}"
    );
    assert!(
        log.contains("guest -> host: offer application, ice <guest 1>"),
        "{log}"
    );
    assert!(log.contains("\nhost#2 -> server: create third"), "{log}");
}

/// Seen at the tap: all that begins together is there before the first of it is answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_begins_together_is_gathered_over_http_and_websocket_alike() {
    let steps = "  - connect: { peer: bob }
  - together:
      - join: { peer: bob, room: lobby, answer: any }
      - destroy: { peer: alice, room: lobby, answer: any }
      - create: { peer: carol, room: other }
";
    for outcome in shaken(&three(steps), 12).await {
        passes(&outcome);
        let together = outcome.events.iter().position(|event| {
            matches!(
                event.what,
                What::Step {
                    index: 3,
                    inner: None,
                    ..
                }
            )
        });
        let after = &outcome.events[together.expect("the step")..];
        let request = |peer: &str, way: Direction| {
            after.iter().position(|event| {
                matches!(&event.what, What::Message { link, direction, word: Some(_), .. }
                    if link.peer.as_str() == peer && *direction == way)
            })
        };
        let peers = ["alice", "bob", "carol"];
        let asked = peers
            .iter()
            .map(|peer| request(peer, Direction::Up).expect("a request"));
        let answered = peers
            .iter()
            .map(|peer| request(peer, Direction::Down).expect("an answer"));
        assert!(asked.max() < answered.min());
    }
}

/// The first request of a step on its own line: a hold does not hinder what is not held, and nothing stays behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_asked_for_together_are_gathered_too() {
    let steps = "  - together:
      - connect: { peer: bob }
      - connect: { peer: carol }
  - join: { peer: carol, room: lobby }
";
    let log = passes(&played(&three(steps)).await);
    assert!(
        log.ends_with("server -> alice: peer-joined carol\n"),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_server_hears_has_its_turn_among_the_rest() {
    let text = scenario(&format!(
        "{TOGETHER}{}",
        "  - together:
      - say: { from: alice, text: from alice }
      - say: { from: bob, text: from bob }
      - create: { peer: carol, room: other }
  - together:
      - kill: { peer: bob, how: socket }
      - leave: { peer: carol }
  - await: { peer: alice, hears: peer-left, from: bob }
"
    ));
    let outcomes = shaken(&text, 6).await;
    let logs: BTreeSet<String> = outcomes.iter().map(passes).collect();
    assert_eq!(logs.len(), 1, "{logs:#?}");
    let log = logs.into_iter().next().expect("a log");
    for line in [
        "chat \"from alice\"",
        "chat \"from bob\"",
        "\nbob: killed (socket)\n",
        "server -> carol: left other",
    ] {
        assert!(log.contains(line), "{line}\n{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failure_names_and_underlines_the_step_within_and_the_others_end() {
    let steps = "  - together:
      - join: { peer: bob, room: nowhere, refused: lobby }
      - create: { peer: carol, room: other }
";
    let text = three(steps);
    let outcome = played(&text).await;
    let failure = fails(
        &outcome,
        Place::Step(2),
        "number 1 of those that begin together",
    );
    assert_eq!(failure.kind, FailureKind::Refused);
    let span = failure.span.as_ref().expect("a place in the file");
    assert_eq!(
        &text[span.start..span.end],
        "- join: { peer: bob, room: nowhere, refused: lobby }"
    );
    // Carol has her answer, so that no law finds her without.
    let answered = outcome.events.iter().any(|event| {
        matches!(&event.what, What::Message { link, direction: Direction::Down, .. } if link.peer.as_str() == "carol")
    });
    assert!(answered && failure.breaches.is_empty(), "{failure:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_within_that_never_ends_is_named_when_the_time_of_all_is_up() {
    let steps = "  - delay: { message: refused, to: carol, by: 1m }
  - together:
      - join: { peer: bob, room: lobby }
      - join: { peer: carol, room: nowhere, refused: true }
    within: 900ms
";
    let outcome = played(&three(steps)).await;
    let failure = fails(
        &outcome,
        Place::Step(3),
        "the server's answer to carol's join did not happen (after 0.9 s)",
    );
    assert!(
        failure
            .message
            .contains("number 2 of those that begin together"),
        "{failure:#?}"
    );
    assert!(outcome.took < Duration::from_secs(30), "{:?}", outcome.took);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_many_are_let_in_as_names_say_or_the_step_fails_with_what_came() {
    let server = |fault: Fault| glare::server::ServerSpec::faulty(Faults::from(fault));
    let both = played_with(&three(LAST_PLACE), server(Fault::LetsBothIn)).await;
    let failure = fails(
        &both,
        Place::Step(2),
        "1 granted (winner) and 1 refused (loser) had to be",
    );
    assert!(
        failure
            .message
            .ends_with("granted were: bob's join and carol's join; refused: none"),
        "{failure:#?}"
    );
    assert_eq!(failure.kind, FailureKind::NotRefused);
    let none = played_with(&three(LAST_PLACE), server(Fault::LetsNeitherIn)).await;
    let failure = fails(
        &none,
        Place::Step(2),
        "granted were: none; refused: bob's join and carol's join",
    );
    assert_eq!(failure.kind, FailureKind::Refused);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_and_seen_know_who_was_let_in_from_the_step_on_that_tells() {
    let expecting = |expect: &str| three(&format!("{LAST_PLACE}expect:\n  {expect}\n"));
    for outcome in shaken(&expecting("never: |\n    server -> loser: joined"), 6).await {
        passes(&outcome);
    }
    // It happens before anybody knows who has won.
    for outcome in shaken(&expecting("never: |\n    server -> winner: joined"), 6).await {
        fails(&outcome, Place::Never(1), "must never happen");
    }
    let seen = "seen: |\n    server -> winner: joined\n    server -> loser: refused";
    passes(&played(&expecting(seen)).await);
    let outcome = played(&expecting("seen: |\n    server -> loser: joined")).await;
    fails(&outcome, Place::Seen(1), "has no line");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_contest_gives_new_names_to_those_who_have_some() {
    let steps = format!(
        "{LAST_PLACE}{}",
        "  - leave: { peer: winner }
  - together:
      - join: { peer: winner, room: lobby, answer: any }
      - join: { peer: loser, room: lobby, answer: any }
    let-in: first
    turned-away: second
  - await: { peer: alice, hears: peer-joined, from: first }
"
    );
    let outcomes = shaken(&three(&steps), 24).await;
    let log = one_log_whoever_wins(&outcomes, "first");
    assert!(
        log.contains("server -> alice: peer-left winner (left)\nfirst -> server: join lobby"),
        "{log}"
    );
    // Who won first need not win again.
    let again = outcomes
        .iter()
        .filter(|outcome| whose(outcome, "winner") == whose(outcome, "first"));
    let again = again.count();
    assert!(again > 0 && again < outcomes.len(), "{again}");
}

#[test]
fn a_snapshot_has_a_section_for_each_outcome() {
    let stand = Stand::new();
    let steps = "  - together:
      - join: { peer: bob, room: lobby, answer: any }
      - destroy: { peer: alice, room: lobby, answer: any }
    let-in: 1
";
    stand.write("x.yaml", &three(steps));
    // One run has one outcome.
    stand.glare(&["run", "x.yaml", "--accept"]).ends(0);
    let snapshot = || std::fs::read_to_string(stand.path("x.snap")).expect("a snapshot");
    let first = snapshot();
    let (granted, refused) = (
        "# bob's join granted, alice's destroy refused\n",
        "# bob's join refused, alice's destroy granted\n",
    );
    assert!(
        first.contains(granted) != first.contains(refused),
        "{first}"
    );
    let repeat = ["run", "x.yaml", "--repeat", "20", "--shake", "1"];
    let new = stand.glare(&repeat).ends(0);
    assert!(
        new.out.contains("20 runs, 2 logs, one for each outcome"),
        "{}",
        new.out
    );
    assert!(
        new.out
            .contains("times: bob's join refused, alice's destroy granted"),
        "{}",
        new.out
    );
    assert!(
        new.out
            .contains("there is no snapshot x.snap of the outcome"),
        "{}",
        new.out
    );
    stand.glare(&[&repeat[..], &["--accept"]].concat()).ends(0);
    let both = snapshot();
    assert!(both.contains(granted) && both.contains(refused), "{both}");
    let head = "---\nexpression: log\n---\n";
    let old = first.strip_prefix(head).expect("a snapshot's head");
    assert!(
        both.contains(old.trim_end()),
        "what was there is kept: {both}"
    );
    stand.glare(&repeat).ends(0);
    // A run is compared with its own: one that is altered is told, and not as a difference from the other.
    let wrong = both.replace("server -> bob: refused", "server -> bob: let in");
    stand.write("x.snap", &wrong);
    let red = stand.glare(&repeat).ends(1);
    assert!(red.err.contains("-server -> bob: let in"), "{}", red.err);
    assert!(!red.err.contains("different logs"), "{}", red.err);
}

#[test]
fn a_file_with_steps_together_is_read_as_it_is_written() {
    let text = three(LAST_PLACE);
    let scenario = Scenario::read(Path::new("x.yaml"), &text).expect("a scenario");
    let Action::Together(together) = &scenario.steps[1].action else {
        panic!("{:?}", scenario.steps[1]);
    };
    assert_eq!(together.steps.len(), 2);
    assert!(together.alike());
    assert_eq!(
        scenario.steps[1].text(),
        "{ together: [{ join: { peer: bob, room: lobby, answer: any } }, { join: { peer: carol, room: lobby, answer: any } }], let-in: winner, turned-away: loser }"
    );
    let again = Scenario::read(Path::new("x.yaml"), &scenario.to_yaml()).expect("a scenario");
    assert_eq!(again.to_yaml(), scenario.to_yaml());
}

/// What `glare check` says of it.
#[track_caller]
fn wrong(steps: &str, words: &[&str]) {
    let mistakes = Scenario::read(Path::new("x.yaml"), &three(steps)).expect_err("a mistake");
    let told = mistakes.render(false);
    for word in words {
        assert!(told.contains(word), "{word:?} is not in\n{told}");
    }
}

#[test]
fn what_cannot_begin_together_is_said() {
    let two = |inner: &str| format!("  - together: [{inner}, {{ leave: {{ peer: alice }} }}]\n");
    wrong(
        &two("{ await: { peer: alice, hears: joined } }"),
        &["`await` within `together`", "`await` it after this step"],
    );
    wrong(
        &two("{ hold: { message: join, from: bob } }"),
        &["`hold` within `together`", "a step of its own"],
    );
    wrong(&two("restart"), &["`restart` within `together`"]);
    wrong(
        &two("{ together: [restart, pause] }"),
        &["`together` within `together`", "begin together already"],
    );
    wrong(
        &two("{ cut: { peer: bob, how: silence } }"),
        &["`cut` by silence within `together`"],
    );
    wrong(
        &two("{ send-raw: { peer: bob, frame: not-utf8 } }"),
        &["this `send-raw` within `together`"],
    );
    wrong(
        &two("{ join: { peer: bob, room: lobby, within: 1s } }"),
        &["a time of its own", "stands beside `together:`"],
    );
    wrong(
        "  - together: [{ leave: { peer: alice } }]\n",
        &["1 steps together", "expected 2 to 16"],
    );
    wrong(
        "  - together: { leave: { peer: alice } }\n",
        &["a list of steps"],
    );
    wrong(
        &format!("{LAST_PLACE}    winner: bob\n"),
        &[
            "`together` has no key `winner`",
            "let-in, turned-away, within",
        ],
    );
    wrong(
        "  - join: { peer: bob, room: lobby, answer: any, refused: true }\n",
        &["`refused` and `answer` at once"],
    );
    wrong(
        "  - join: { peer: bob, room: lobby, answer: some }\n",
        &["any"],
    );
}

#[test]
fn names_are_known_from_the_step_on_that_binds_them_and_no_earlier() {
    wrong(
        &format!("  - connect: {{ peer: winner }}\n{LAST_PLACE}"),
        &["there is no peer `winner`"],
    );
    wrong(
        &format!("{LAST_PLACE}  - leave: {{ peer: bob }}\n"),
        &[
            "since step 2 `bob` goes by another name",
            "`winner` or `loser`",
        ],
    );
    wrong(
        &LAST_PLACE.replace("winner", "alice"),
        &["`alice` is somebody already", "a new name"],
    );
    wrong(
        &LAST_PLACE.replace("loser", "winner"),
        &["`winner` is somebody already"],
    );
    wrong(
        &LAST_PLACE.replace("winner", "server"),
        &["`server` cannot be the name of a peer"],
    );
    wrong(
        &format!("{LAST_PLACE}  - negotiate: {{ from: winner, to: alice }}\n"),
        &["`winner` only signals"],
    );
    wrong(
        &format!("{LAST_PLACE}expect:\n  never: |\n    looser: error\n"),
        &["did you mean `loser`"],
    );
}

#[test]
fn as_many_are_named_as_ask() {
    wrong(
        &LAST_PLACE.replace(", answer: any", ""),
        &[
            "`let-in`, and no request here may be either",
            "say `answer: any`",
        ],
    );
    wrong(
        &LAST_PLACE.replace("winner", "[winner, second]"),
        &[
            "2 let in and 1 turned away",
            "requests with `answer: any`: 2",
        ],
    );
    wrong(&LAST_PLACE.replace("winner", "3"), &["`let-in` is for 3"]);
    wrong(
        &LAST_PLACE.replace("peer: carol", "peer: bob"),
        &["`bob` asks twice, and would get two names"],
    );
}

#[test]
fn a_together_that_waits_for_itself_is_found_with_both_places() {
    let hold = "  - hold: { message: joined, to: bob }\n";
    let join =
        "  - together: [{ join: { peer: bob, room: lobby } }, { connect: { peer: carol } }]\n";
    wrong(
        &format!("{hold}{join}"),
        &[
            "step 2 keeps back joined to bob",
            "it would wait for itself",
            "`release` it before",
        ],
    );
    wrong(
        &format!("  - drop: {{ message: join, from: bob }}\n{join}"),
        &["step 2 throws away join from bob"],
    );
    // A refusal may come all the same.
    let any = format!("  - hold: {{ message: refused, to: bob }}\n{join}");
    Scenario::read(Path::new("x.yaml"), &three(&any)).expect("a join that is to be granted");
    wrong(
        "  - together:\n      - create: { peer: bob, room: other }\n      - join: { peer: carol, room: other }\n",
        &[
            "needs the room `other`, which bob's `create` is to bring (line 6)",
            "waits for what it holds up itself",
        ],
    );
    wrong(
        "  - together:\n      - join: { peer: bob, room: lobby }\n      - leave: { peer: bob }\n",
        &["needs `bob` in a room, which bob's `join` is to bring (line 6)"],
    );
    wrong(
        "  - together:\n      - kill: { peer: bob, how: socket }\n      - join: { peer: bob, room: lobby }\n",
        &["`bob` waits for an answer here, and bob's `kill` ends its connection at once (line 6)"],
    );
    wrong(
        "  - pause\n  - together: [{ join: { peer: bob, room: lobby } }, { connect: { peer: carol } }]\n",
        &["this waits for the server, which is paused"],
    );
}

/// A server that opens one WebSocket and refuses every further one; told where it is.
async fn one_at_most() -> glare::server::ServerSpec {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let address = listener.local_addr().expect("an address");
    let taken = Arc::new(std::sync::atomic::AtomicBool::new(false));
    tokio::spawn(async move {
        let mut lines = tokio::task::JoinSet::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let taken = taken.clone();
            lines.spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    match stream.read_u8().await {
                        Ok(byte) => head.push(byte),
                        Err(_) => return,
                    }
                }
                let head = String::from_utf8_lossy(&head);
                let key = head.lines().find_map(|line| {
                    let (name, value) = line.split_once(':')?;
                    let is = name.eq_ignore_ascii_case("sec-websocket-key");
                    is.then(|| value.trim().to_owned())
                });
                let free = !taken.swap(true, std::sync::atomic::Ordering::SeqCst);
                let answer = match key.filter(|_| free) {
                    Some(key) => format!(
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {}\r\n\r\n",
                        tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes())
                    ),
                    None => "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".to_owned(),
                };
                drop(stream.write_all(answer.as_bytes()).await);
                // What comes is read until the peer ends it.
                while stream.read_u8().await.is_ok() {}
            });
        }
    });
    let url = format!("http://{address}").parse().expect("a URL");
    glare::server::ServerSpec::Url(glare::server::UrlSpec::new(url))
}

/// Which of them it lets in is told by a name. That no request at all is answered there is not what is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_may_be_granted_or_refused_as_well() {
    let text = "scenario: x
peers: { alice: { stack: wire }, bob: { stack: wire } }
breaks: { 4: it answers nothing }
steps:
  - together:
      - connect: { peer: alice, answer: any }
      - connect: { peer: bob, answer: any }
    let-in: inside
    turned-away: outside
  - disconnect: { peer: inside }
";
    let case = case(text);
    // Side by side: each waits to hear of the one who has gone.
    let runs = (0..12).map(async |shake| {
        let server = one_at_most().await;
        let shake = Some(shake);
        let setting = Setting {
            shake,
            server,
            ..setting()
        };
        play(&case, Arc::new(setting)).await
    });
    let mut inside = BTreeSet::new();
    for outcome in futures_util::future::join_all(runs).await {
        passes(&outcome);
        assert_eq!(outcome.log.to_string(), "inside: disconnects\n");
        inside.insert(whose(&outcome, "inside").expect("a name").to_owned());
    }
    assert_eq!(inside.len(), 2, "{inside:?}");
}

#[test]
fn repeats_say_whose_each_name_was_and_the_record_says_it_again() {
    let stand = Stand::new();
    let steps = "  - together:
      - join: { peer: bob, room: lobby, answer: any }
      - join: { peer: carol, room: lobby, answer: any }
    let-in: winner
    turned-away: loser
";
    stand.write("x.yaml", &three(steps));
    let ran = stand.glare(&["run", "x.yaml", "--repeat", "12", "--shake", "1"]);
    let ran = ran.ends(0).says("12 runs, 1 log");
    let line = |name: &str| {
        let head = format!("      {name}: ");
        let mut lines = ran.out.lines();
        let line = lines.find_map(|line| line.strip_prefix(&head));
        line.unwrap_or_else(|| panic!("no {name} in {}", ran.out))
            .to_owned()
    };
    let often = |line: &str, peer: &str| -> u32 {
        let mut parts = line.split(", ").filter_map(|part| part.split_once(' '));
        match parts.find(|(name, _)| *name == peer) {
            Some((_, "once")) => 1,
            Some((_, times)) => times.trim_end_matches(" times").parse().expect("a number"),
            None => 0,
        }
    };
    let (winner, loser) = (line("winner"), line("loser"));
    assert_eq!(
        often(&winner, "bob") + often(&winner, "carol"),
        12,
        "{winner}"
    );
    // Whoever does not win loses.
    assert_eq!(
        often(&winner, "bob"),
        often(&loser, "carol"),
        "{winner}; {loser}"
    );
    let told = stand.glare(&["show"]).ends(0);
    told.says(&format!("winner: {winner}"))
        .says(&format!("loser: {loser}"));
    let once = stand.glare(&["run", "x.yaml"]).ends(0);
    assert!(!once.out.contains("winner: "), "{}", once.out);
}
