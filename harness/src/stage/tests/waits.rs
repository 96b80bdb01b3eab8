//! What the events so far have told, and what satisfies a wait.

use serde_json::{Value as Json, json};

use super::{answer, asks, line, message, peer, refuses, world};
use crate::record::Seq;
use crate::scenario::Condition;
use crate::signaling::{Kind, Notice};

#[test]
fn a_reply_is_one_to_a_request_of_its_kind() {
    let [no, heard] = refuses(4, "create");
    let mut world = world(&[line("link-up", 1), asks("create"), asks("join"), no, heard]);
    let alice = peer("alice");
    assert_eq!(world.reply(&alice, Kind::Join, 1), None);
    // From before the request: that is another's.
    assert_eq!(world.reply(&alice, Kind::Create, 2), None);
    assert_eq!(world.reply(&peer("bob"), Kind::Create, 1), None);
    let (notice, heard) = world.reply(&alice, Kind::Create, 1).expect("its own");
    assert!(matches!(notice, Notice::Refused { .. }));
    assert_eq!(heard, 5);
    assert_eq!(world.reply(&alice, Kind::Create, 1), None, "once");
}

#[test]
fn a_bare_refusal_that_may_be_of_a_signal_is_no_reply_to_who_is_to_be_let_in() {
    let alice = peer("alice");
    let bye = json!({ "word": "signal", "peer": "bob", "signal": { "signal": "bye" } });
    for (said, is_reply) in [(Some(bye), false), (None, true)] {
        let mut all = vec![line("link-up", 1)];
        all.extend(said.map(|word| message("up", "text", word)));
        all.push(asks("join"));
        let asked = u64::try_from(all.len()).expect("few");
        let refused = json!({ "notice": "refused", "request": null, "reason": "no bob here" });
        all.extend(answer(asked + 1, "refused", refused));
        let mut world = world(&all);
        let reply = world.reply(&alice, Kind::Join, asked - 1);
        assert_eq!(reply.is_some(), is_reply);
        // Where it is to be refused it may be that refusal.
        let refused = world.reply_or_refusal(&alice, Kind::Join, asked - 1);
        assert_eq!(refused.is_some(), !is_reply);
    }
}

#[test]
fn the_end_of_an_older_line_leaves_the_newest_up() {
    let alice = peer("alice");
    let mut all = vec![line("link-up", 1), line("link-up", 2), line("link-down", 1)];
    let told = world(&all);
    assert_eq!((told.link(&alice), told.is_up(&alice)), (Some(2), true));
    all.push(line("link-down", 2));
    let told = world(&all);
    assert_eq!((told.link(&alice), told.is_up(&alice)), (Some(2), false));
}

#[test]
fn one_that_is_refused_after_it_stood_is_not_the_line_that_the_peer_speaks_on() {
    let alice = peer("alice");
    let mut all = vec![line("link-up", 1), line("link-up", 2), line("link-down", 2)];
    let told = world(&all);
    assert_eq!((told.link(&alice), told.is_up(&alice)), (Some(1), true));
    // One whose end the peer itself has seen is the one that it spoke on.
    all.push(line("link-closed", 2));
    let told = world(&all);
    assert_eq!((told.link(&alice), told.is_up(&alice)), (Some(2), false));
}

#[test]
fn the_end_of_an_older_line_is_not_that_of_the_newest() {
    let alice = peer("alice");
    let (up, closed) = (|n| line("link-up", n), |n| line("link-closed", n));
    let mut told = world(&[up(1), up(2), line("link-down", 2), closed(2), closed(1)]);
    assert!(told.has_closed(&alice, 2));
    let ended = Condition::Disconnected {
        peer: alice.clone(),
    };
    assert_eq!(told.satisfied(&ended), Some(vec![4]));
}

#[test]
fn a_connection_that_was_closed_before_the_step_is_none() {
    let state = |peer: &str, conn: u32, state: &str| json!({ "event": "state", "peer": peer, "conn": conn, "machine": "connection", "state": state });
    let step = json!({ "event": "step", "index": 1, "line": 1, "text": "" });
    let connected = |all: &[Json]| {
        let peers = vec![peer("alice")];
        let at = world(all).satisfied(&Condition::Connected { peers })?;
        at.first().copied()
    };
    let mut all = vec![state("alice", 1, "connected"), state("alice", 1, "closed")];
    assert_eq!(connected(&all), Some(1), "it was reached, however short");
    all.push(step);
    assert_eq!(connected(&all), None);
    all.push(state("alice", 2, "connected"));
    assert_eq!(connected(&all), Some(4));
    // Closed while it is waited for: it was reached.
    all.push(state("alice", 2, "closed"));
    assert_eq!(connected(&all), Some(4));
}

#[test]
fn who_meets_anew_is_connected_only_by_what_comes_then() {
    let state = |peer: &str, conn: u32| json!({ "event": "state", "peer": peer, "conn": conn, "machine": "connection", "state": "connected" });
    let connected = |all: &[Json]| {
        ["alice", "bob"].map(|name| {
            let peers = vec![peer(name)];
            let at = world(all).satisfied(&Condition::Connected { peers })?;
            at.first().copied()
        })
    };
    let notice = json!({ "notice": "joined", "room": "lobby", "with": ["bob"] });
    let [word, heard] = answer(5, "joined", notice);
    let all = [
        line("link-up", 1),
        state("alice", 1),
        state("bob", 1),
        asks("join"),
        word,
        heard,
    ];
    assert_eq!(connected(&all[..4]), [Some(2), Some(3)]);
    assert_eq!(connected(&all), [None, None], "that was before they met");
    let again = [&all[..], &[state("bob", 2), state("alice", 2)]].concat();
    assert_eq!(connected(&again), [Some(8), Some(7)]);
    // Who is not in that room has met nobody.
    let notice = json!({ "notice": "joined", "room": "lobby", "with": [] });
    let [word, heard] = answer(5, "joined", notice);
    let alone = [&all[..4], &[word, heard]].concat();
    assert_eq!(connected(&alone), [None, Some(3)]);
}

/// One word answers who has removed a room, tells those who were in it, and may tell everybody.
#[test]
fn who_asks_for_the_end_of_his_room_is_not_told_of_it() {
    let ended = |all: &[Json]| {
        let made = json!({ "notice": "created", "room": "lobby" });
        let all = [&[asks("create")], &answer(2, "created", made)[..], all].concat();
        world(&all).satisfied(&Condition::RoomEnded {
            peer: peer("alice"),
        })
    };
    let told = |seq: Seq, kind: &str, room: &str| {
        answer(seq, kind, json!({ "notice": kind, "room": room }))
    };
    for kind in ["destroyed", "kicked"] {
        assert_eq!(ended(&told(4, kind, "lobby")), Some(vec![5]), "{kind}");
    }
    let asked = asks("destroy");
    let [word, heard] = told(5, "destroyed", "lobby");
    assert_eq!(ended(&[asked.clone(), word, heard]), None);
    // Of another room.
    let other = json!({ "word": "request", "request": { "ask": "destroy", "room": "attic" } });
    let [word, heard] = told(5, "destroyed", "attic");
    assert_eq!(ended(&[message("up", "text", other), word, heard]), None);
    // Held on its way it is what it was.
    let released =
        |of: Seq| json!({ "event": "released", "message": of, "delivered": true, "cause": [of] });
    let held = |seq: Seq| {
        let [mut word, _] = told(seq, "destroyed", "lobby");
        word["fate"] = json!("held");
        word
    };
    let [_, heard] = told(5, "destroyed", "lobby");
    assert_eq!(ended(&[held(4), released(4), heard]), Some(vec![6]));
    let [_, heard] = told(6, "destroyed", "lobby");
    assert_eq!(ended(&[asked, held(5), released(5), heard]), None);
}

/// He hears the same word, and the room goes on without him.
#[test]
fn who_is_put_out_because_somebody_asked_for_it_is_not_told_of_the_end_of_the_room() {
    let word = |ask: Json| json!({ "word": "request", "request": ask });
    let kicks = |whom: &str| {
        let kick = word(json!({ "ask": "kick", "room": "lobby", "peer": whom }));
        let mut message = message("up", "text", kick);
        message["link"] = json!({ "peer": "bob", "instance": 1 });
        message["about"] = json!(whom);
        message
    };
    let told = |all: &[Json]| {
        let made = json!({ "notice": "created", "room": "lobby" });
        let out = json!({ "notice": "kicked", "room": "lobby" });
        let begin = [&[asks("create")], &answer(2, "created", made)[..]].concat();
        let told = answer(4 + all.len() as Seq, "kicked", out);
        let world = &mut world(&[&begin[..], all, &told].concat());
        let peer = peer("alice");
        let ended = world.satisfied(&Condition::RoomEnded { peer: peer.clone() });
        let (kind, from) = (Kind::Kicked, None);
        let hears = world.satisfied(&Condition::Hears { peer, kind, from });
        (ended.is_some(), hears.is_some())
    };
    assert_eq!(told(&[kicks("alice")]), (false, true));
    // Another, whom this does not put out; and one who has come back since then.
    assert_eq!(told(&[kicks("carol")]), (true, false));
    assert_eq!(told(&[kicks("alice"), asks("join")]), (true, false));
}

/// It is a word heard like another.
#[test]
fn a_word_of_the_end_of_a_room_can_be_waited_for_by_its_name() {
    let made = json!({ "notice": "created", "room": "lobby" });
    let gone = json!({ "notice": "destroyed", "room": "lobby" });
    let all = [
        &[asks("create")],
        &answer(2, "created", made)[..],
        &answer(4, "destroyed", gone),
    ]
    .concat();
    let hears = Condition::Hears {
        peer: peer("alice"),
        kind: Kind::Destroyed,
        from: None,
    };
    let mut world = world(&all);
    assert_eq!(world.satisfied(&hears), Some(vec![5]));
    let peer = peer("alice");
    assert_eq!(world.satisfied(&Condition::RoomEnded { peer }), None);
}
