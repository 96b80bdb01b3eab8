//! Whether something can still come.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::super::hope::{Hope, Waiting};
use super::{answer, asks, events, line, message, peer, refuses, world};
use crate::scenario::{Condition, Pattern};
use crate::signaling::Kind;

fn waiting() -> Waiting {
    Waiting {
        dead: BTreeSet::new(),
        since: 0,
    }
}

fn hope(all: &[Json]) -> Hope {
    let mut hope = Hope::default();
    events(all).iter().for_each(|event| hope.feed(event));
    hope
}

fn lost(instance: u32) -> Json {
    let mut closed = line("link-closed", instance);
    closed["code"] = json!(1006);
    closed
}

#[test]
fn who_has_asked_by_http_is_not_deaf_until_the_answer() {
    let asked = message("up", "http", Json::Null);
    let answered = message("down", "http", Json::Null);
    for closed in [vec![], vec![line("link-up", 1), lost(1)]] {
        let deaf = |more: &[&Json]| {
            let more = more.iter().copied().cloned();
            let all: Vec<Json> = closed.iter().cloned().chain(more).collect();
            hope(&all).deaf(&peer("alice"), &waiting())
        };
        assert_eq!(deaf(&[&asked]), None);
        assert_eq!(deaf(&[&asked, &asked, &answered]), None);
        let told = deaf(&[&asked, &answered]).expect("nothing more can come");
        assert!(told.contains("signaling connection"), "{told}");
    }
}

#[test]
fn a_tap_may_see_something_until_it_has_seen_the_end_of_the_line() {
    let pattern = Pattern {
        message: Kind::Offer,
        from: Some(peer("alice")),
        to: None,
        nth: None,
    };
    let mut all = vec![line("link-up", 1), line("link-closed", 1)];
    assert_eq!(hope(&all).idle(&pattern, &waiting()), None);
    all.push(line("link-down", 1));
    let told = hope(&all).idle(&pattern, &waiting());
    let told = told.expect("nothing more passes");
    assert!(
        told.starts_with("the server closed alice's signaling"),
        "{told}"
    );
    // That of another line is not the end of this one.
    all.splice(1..1, [line("link-up", 2)]);
    all[2] = line("link-closed", 2);
    assert_eq!(hope(&all).idle(&pattern, &waiting()), None);
}

#[test]
fn a_line_that_a_step_ended_or_that_came_again_is_not_lost() {
    let [up, again] = [1, 2].map(|instance| line("link-up", instance));
    let ended = line("link-ended", 1);
    for (all, expected) in [
        (vec![up.clone(), lost(1)], true),
        (vec![up.clone(), ended.clone(), lost(1)], false),
        (vec![up.clone(), lost(1), again.clone()], false),
        (vec![up.clone(), ended, again, lost(2)], true),
        (vec![up, line("link-closed", 1)], false),
    ] {
        assert_eq!(hope(&all).lost_a_line(), expected, "{all:?}");
    }
}

#[test]
fn a_refusal_ends_a_wait_only_if_nothing_else_can_bring_the_answer() {
    let hopeless = |all: &[Json]| {
        let mut world = world(all);
        world.hope.quiet = true;
        let (kind, from) = (Kind::Created, None);
        let peer = peer("alice");
        world.hopeless(&Condition::Hears { peer, kind, from }, &waiting())
    };
    let [up, asked] = [line("link-up", 1), asks("create")];
    let [no, heard] = refuses(3, "create");
    let refused = [up.clone(), asked.clone(), no, heard];
    let told = hopeless(&refused).expect("it is refused");
    assert!(told.contains("refused its create: \"no\""), "{told}");
    // Another one is on its way.
    let [no, heard] = refuses(4, "create");
    let two = [up.clone(), asked.clone(), asked.clone(), no, heard];
    assert_eq!(hopeless(&two), None);
    // So may what nobody understands be; one from before was no answer's question.
    let unread = message("up", "text", Json::Null);
    let after = [&refused[..], std::slice::from_ref(&unread)].concat();
    assert_eq!(hopeless(&after), None);
    let [no, heard] = refuses(4, "create");
    let before = [up.clone(), unread, asked.clone(), no, heard];
    assert!(hopeless(&before).is_some());
    // A refusal of something else says nothing of it.
    let [no, heard] = refuses(3, "join");
    assert_eq!(hopeless(&[up.clone(), asked.clone(), no, heard]), None);
    // Granted, though it cannot be heard a second time.
    let notice = json!({ "notice": "created", "room": "lobby" });
    let [yes, heard] = answer(3, "created", notice);
    assert_eq!(hopeless(&[up, asked, yes, heard]), None);
}
