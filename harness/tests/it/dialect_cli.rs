//! `glare dialect`: a file to begin with, its mistakes, and two peers that meet by it.

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;

use crate::cli_support::{GLARE, Stand};

const REFERENCE: &str = include_str!("../../../fixtures/servers/reference/dialect.yaml");

#[test]
fn a_new_file_passes_the_check_and_is_never_written_over() {
    let stand = Stand::new();
    for (carrier, file) in [
        ("websocket", "mine.yaml"),
        ("text", "b.yaml"),
        ("http", "c.yaml"),
    ] {
        let new = [
            "dialect",
            "new",
            "mine",
            "--carrier",
            carrier,
            "--out",
            file,
        ];
        stand.glare(&new).ends(0).says(file);
        stand
            .glare(&["dialect", "check", file])
            .ends(0)
            .says(&format!("{file}: good"));
    }
    stand.write("mine.yaml", "dialect: edited\n");
    stand
        .glare(&["dialect", "new", "mine"])
        .ends(2)
        .complains("mine.yaml is there already, and stays as it is");
    let text = std::fs::read_to_string(stand.path("mine.yaml")).expect("the file");
    assert_eq!(text, "dialect: edited\n");
    stand
        .glare(&["dialect", "new", "../mine"])
        .ends(2)
        .complains("cannot be the name of a dialect");
}

#[test]
fn the_check_lists_all_that_can_be_said_and_heard() {
    let stand = Stand::new();
    stand.write("reference.yaml", REFERENCE);
    stand
        .glare(&["dialect", "check", "reference.yaml"])
        .ends(0)
        .says("bye, fence\n")
        .says("error, fenced\n");
}

#[test]
fn the_check_underlines_all_mistakes_and_what_can_never_happen() {
    let stand = Stand::new();
    stand.write(
        "bad.yaml",
        "dialect: bad\nconnect: { path: / }\nsay:\n  jion: { message: x }\n  offer: { message: { sdp: \"{sdq}\" } }\nhear: {}\n",
    );
    let ran = stand.glare(&["dialect", "check", "bad.yaml"]).ends(3);
    let ran = ran
        .complains("there is no word `jion`")
        .complains("did you mean `join`?");
    ran.complains("`{sdq}` is not known here");
    let error = "  error:       { message: { type: error, reason: \"{reason}\" } }\n";
    let wide = REFERENCE.replace(error, "");
    assert_ne!(wide, REFERENCE);
    let wide = wide.replace(
        "  created:\n    http: POST /create\n    status",
        "  error: { message: { type: \"{_}\" } }\n  created:\n    http: POST /create\n    status",
    );
    stand.write("wide.yaml", &wide);
    stand
        .glare(&["dialect", "check", "wide.yaml"])
        .ends(3)
        .complains("`hear.joined` is never heard")
        .complains("`hear.error` above takes all of its messages");
    stand.glare(&["dialect", "check", "none.yaml"]).ends(2);
}

#[test]
fn two_meet_and_each_message_stands_beside_what_was_understood() {
    let stand = Stand::new();
    stand.write("own.yaml", REFERENCE);
    let ran = stand
        .glare(&["dialect", "try", "own.yaml", "--width", "80"])
        .ends(0);
    for line in [
        "own.yaml with reference",
        "2. Alice makes a room",
        "   alice -> create lobby ",
        "POST /create {\"userId\":\"alice\",\"r",
        "   bob   <- joined lobby with alice ",
        "   bob   -> offer ",
        "   alice  . WebRTC connected",
        "   bob    . hears \"hello\"",
        "5. Bob leaves",
        "   alice <- peer-left bob (left) ",
        "   alice <- peer-left bob (lost) ",
        "Never said, so not tried: destroy, bye",
        "same-id: reject",
        "room-size: 2",
        "absent-peer: error",
        "garbage: word",
    ] {
        assert!(ran.out.contains(line), "no {line:?} in\n{}", ran.out);
    }
    assert!(!ran.out.contains("fence"), "{}", ran.out);
    let (table, _) = ran.out.split_once("They met").expect("an end");
    for line in table.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    assert!(!ran.out.contains('\u{1b}'), "no colours without a terminal");
}

#[test]
fn what_promises_nothing_is_told_what_it_may_promise() {
    let stand = Stand::new();
    let text: String = REFERENCE
        .lines()
        .filter(|line| !line.contains("within:") && !line.starts_with("room-size"))
        .map(|line| format!("{line}\n"))
        .collect();
    stand.write("own.yaml", &text);
    let ran = stand.glare(&["dialect", "try", "own.yaml"]).ends(0);
    let (_, proposed) = ran
        .out
        .split_once("to paste into the dialect")
        .expect("lines");
    let (proposed, _) = proposed.split_once("already, and seen so").expect("others");
    for line in [
        "announces-leaving-within: ",
        "announces-joining-within: ",
        "answers-within: ",
        "room-size: 2 ",
    ] {
        let line = format!("\n{line}");
        assert!(proposed.contains(&line), "no {line:?} in\n{}", ran.out);
    }
}

#[test]
fn what_is_promised_and_not_seen_is_no_advice_to_promise_less() {
    let stand = Stand::new();
    stand.write("own.yaml", REFERENCE);
    let fault = "ghost-on-disconnect";
    let ran = stand
        .glare(&["dialect", "try", "own.yaml", "--fault", fault])
        .ends(0);
    let (_, unkept) = ran
        .out
        .split_once("Promised, and not seen so (mend the server, or the promise):")
        .expect("it is told");
    let told = "announces-leaving-within: 1s, and nobody was told within 5 s after a lost line";
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words(unkept).contains(told), "{}", ran.out);
    assert!(
        !ran.out.contains("no `announces-leaving-within`"),
        "{}",
        ran.out
    );
}

#[test]
fn a_server_with_rules_for_names_is_told_of_them() {
    let stand = Stand::new();
    let text = REFERENCE.replace("takes-any-name: true\n", "");
    assert_ne!(text, REFERENCE);
    stand.write("own.yaml", &text);
    let tried = ["dialect", "try", "own.yaml"];
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let ran = stand.glare(&tried).ends(0);
    let (_, proposed) = ran
        .out
        .split_once("to paste into the dialect")
        .expect("lines");
    let (proposed, _) = proposed.split_once("already, and seen so").expect("others");
    assert!(proposed.contains("\ntakes-any-name: true"), "{}", ran.out);
    let ruled = [&tried[..], &["--fault", "wants-plain-ids"]].concat();
    let ran = stand.glare(&ruled).ends(0);
    let told = words(&ran.out);
    assert!(
        told.contains("peers called like `zoË`, `foX🦊` and `דנה` are not taken ("),
        "{}",
        ran.out
    );
    assert!(!told.contains("takes-any-name: true"), "{}", ran.out);

    let rooms = [&tried[..], &["--fault", "wants-plain-rooms"]].concat();
    let ran = stand.glare(&rooms).ends(0);
    let told = words(&ran.out);
    let whose = "rooms called like `party🎉👩";
    assert!(told.contains(whose), "{}", ran.out);
    assert!(!told.contains("takes-any-name: true"), "{}", ran.out);

    stand.write("own.yaml", REFERENCE);
    let ran = stand.glare(&ruled).ends(0);
    let (_, unkept) = ran.out.split_once("not seen so").expect("it is told");
    assert!(unkept.contains("takes-any-name"), "{}", ran.out);
}

/// A server that can be started but once: how the two part needs more.
#[test]
fn what_could_not_be_played_is_not_told_to_have_been_seen() {
    let stand = Stand::new();
    stand.write("own.yaml", REFERENCE);
    let server = format!("mkdir once || exit 7; exec {GLARE} serve --port {{port}}");
    let ran = stand
        .glare(&["dialect", "try", "own.yaml", "--server", &server])
        .ends(5)
        .says("They met, signalled and talked.")
        .says("How they part was not seen: ")
        .says("exit status: 7");
    assert!(!ran.out.contains("and parted"), "{}", ran.out);
}

#[test]
fn what_is_not_understood_is_shown_in_full_with_the_place_where_it_differs() {
    let stand = Stand::new();
    let text = REFERENCE.replace(
        "{ type: joined, room: \"{room}\", peers: \"{with}\" }",
        "{ type: joined, room: \"{room}\", members: \"{with}\" }",
    );
    assert_ne!(text, REFERENCE);
    stand.write("own.yaml", &text);
    let ran = stand.glare(&["dialect", "try", "own.yaml"]).ends(1);
    for line in [
        "   bob   <- not understood\n",
        "{\"type\":\"joined\",\"room\":\"lobby\",\"peers\":[\"alice\"]}\n",
        "hear.joined: /members: expected `{with}`, found no such key\n",
        "It stops here.",
        "as a pattern: { type: joined, peers: \"{with}\", room: \"{room}\" }\n",
        "It waited for `hear.joined` (line ",
        "Instead it said:\n",
        "      to bob, not understood: {\"type\":\"joined\"",
        "Change the pattern that is nearest",
    ] {
        assert!(ran.out.contains(line), "no {line:?} in\n{}", ran.out);
    }
    assert!(!ran.out.contains("They met"), "{}", ran.out);
}

/// All that is said is understood, and nobody knows who is meant by it.
#[test]
fn an_id_that_is_nobodys_name_is_told_with_what_to_do() {
    let stand = Stand::new();
    let text = REFERENCE.replace("{me}", "user {me}");
    let text = text.replace("{me|url}", "user%20{me|url}");
    assert!(text.contains("user {me}") && text.contains("user%20"));
    stand.write("own.yaml", &text);
    let ran = stand.glare(&["dialect", "try", "own.yaml"]).ends(1);
    let told: Vec<&str> = ran.out.split_whitespace().collect();
    let told = told.join(" ");
    for part in [
        "The server speaks of `user ",
        "`, and nobody here is known by that.",
        "`connect: { self: \"{me|…}\" }`, in own.yaml",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{}", ran.out);
    }
}

/// A server that greets each line with its number, and answers nothing.
async fn greeter() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            let greeting = format!("{{\"welcome\":{number}}}");
            tokio::spawn(async move {
                // Whoever only looks whether somebody listens says nothing.
                let Ok(mut line) = accept_async(stream).await else {
                    return;
                };
                let _ = line.send(Message::text(greeting)).await;
                while let Some(Ok(_)) = line.next().await {}
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_says_first_is_told_to_come_by_itself_and_then_awaited() {
    let port = greeter().await;
    let tried = move |dialect: &str| {
        let stand = Stand::new();
        stand.write("own.yaml", dialect);
        let url = format!("http://127.0.0.1:{port}");
        stand
            .glare(&["dialect", "try", "own.yaml", "--server-url", &url])
            .ends(1)
            .out
    };
    let words = REFERENCE.replace(
        "    http: POST /create\n    body: { userId: \"{me}\", room: \"{room}\" }\n",
        "    message: { type: create, room: \"{room}\" }\n",
    );
    let awaiting = words.replace(
        "  path: /?userId={me|url}\n",
        "  path: /\n  then: [{ hear: { welcome: \"{self}\" } }]\n",
    );
    assert_ne!(awaiting, words);
    let (ignorant, knowing) =
        tokio::task::spawn_blocking(move || (tried(&words), tried(&awaiting)))
            .await
            .expect("both are tried");
    for line in [
        "   alice <- not understood\n",
        "            as a pattern: { welcome: \"{_}\" }\n",
        "it comes by itself: `connect: { then: [{ hear: … }] }` waits for it",
        "It stops here.",
    ] {
        assert!(ignorant.contains(line), "no {line:?} in\n{ignorant}");
    }
    // Bob's welcome may come before the step that fails, or after it has begun.
    let instead = "   Instead it said:\n      to bob, not understood: {\"welcome\":";
    let nothing = "The server said nothing since this step began.";
    assert!(
        ignorant.contains(nothing) || ignorant.contains(instead),
        "{ignorant}"
    );
    assert!(
        knowing.contains("   alice <- (then[1]: {self} = "),
        "{knowing}"
    );
    assert!(!knowing.contains("not understood"), "{knowing}");
    assert!(
        knowing.contains("All that the server said was understood."),
        "{knowing}"
    );
}
