//! Laws where a server has several nodes: each trace is broken with one, and held against nobody with two, since a bus may take its time. What no
//! bus excuses is held against them all the same.

use std::time::Duration;

use crate::traces_support::{link, room};
use glare::laws::{emptied, judge};
use glare::names::Link;
use glare::record::{Seq, TraceBuilder, What};
use glare::signaling::{Dialect, Kind, Notice, Request, Signal, Terms};
use glare::terms::{Ending, Fate, ServerLife, Side};

fn offer(text: &str) -> Signal {
    Signal::Offer { sdp: text.into() }
}

fn terms() -> Terms {
    Terms::of(&Dialect::reference())
}

/// Which laws are broken, each once.
fn broken(b: &TraceBuilder) -> Vec<u8> {
    let findings = judge(&b.events, &terms());
    let broken = findings.iter().filter(|f| !f.breaches.is_empty());
    broken.map(|f| f.law.number()).collect()
}

/// The trace on a server of one process, and on one of two.
fn both(make: impl Fn(&mut TraceBuilder)) -> (Vec<u8>, Vec<u8>) {
    let made = |nodes: bool| {
        let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
        if nodes {
            b.placed(&[("alice", 1), ("bob", 2), ("carol", 1)]);
        }
        make(&mut b);
        broken(&b)
    };
    (made(false), made(true))
}

fn pair(b: &mut TraceBuilder) -> (Link, Link) {
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create(&alice, "lobby");
    b.join(&bob, "lobby", &[&alice]);
    (alice, bob)
}

fn fence(b: &mut TraceBuilder, link: &Link) -> Seq {
    b.ask(link, Request::Fence, &[]);
    let refused = Notice::Refused {
        request: Some(Kind::Fence),
        reason: String::new(),
    };
    b.tell(link, refused, None, &[])
}

fn goes(b: &mut TraceBuilder, who: &Link) {
    b.ask(
        who,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    let left = Notice::Left {
        room: room("lobby"),
    };
    b.tell(who, left, None, &[]);
}

fn tell(b: &mut TraceBuilder, to: &Link, who: &str, here: bool) -> Seq {
    let peer = who.to_owned();
    let notice = match here {
        true => Notice::PeerJoined { peer },
        false => Notice::PeerLeft { peer, how: None },
    };
    b.tell(to, notice, Some(who), &[])
}

/// A step kills the node of this peer, and starts it again.
fn restart(b: &mut TraceBuilder, node: u32, peer: &Link) {
    let step = b.step("restart: { node: 2 }", None);
    let link = peer.clone();
    b.add(What::LinkEnded { link }, &[step]);
    let life = ServerLife::Killed;
    b.add(What::Node { node, life }, &[step]);
    b.ends(peer, Side::Server, Ending::Reset, &[]);
    let life = ServerLife::Ready;
    b.add(What::Node { node, life }, &[step]);
}

#[test]
fn a_message_that_is_still_on_its_way_to_another_node_is_not_lost() {
    let (one, two) = both(|b| {
        let (alice, bob) = pair(b);
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        fence(b, &alice);
        fence(b, &bob);
    });
    assert_eq!((one, two), (vec![3], vec![]));
}

#[test]
fn what_comes_from_another_node_may_come_when_its_hearer_has_left() {
    let (one, two) = both(|b| {
        let (alice, bob) = pair(b);
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        goes(b, &bob);
        b.down(&bob, "alice", offer("o"), Fate::Passed);
        tell(b, &alice, "bob", false);
    });
    assert_eq!((one, two), (vec![2], vec![]));
}

#[test]
fn what_comes_from_a_room_that_its_hearer_has_left_for_another_may_be_late() {
    let (one, two) = both(|b| {
        let (alice, bob) = pair(b);
        goes(b, &bob);
        tell(b, &alice, "bob", false);
        b.ask(
            &bob,
            Request::Join {
                room: room("other"),
            },
            &[],
        );
        let (room, with) = (room("other"), Vec::new());
        b.tell(&bob, Notice::Joined { room, with }, None, &[]);
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        b.down(&bob, "alice", offer("o"), Fate::Passed);
    });
    assert_eq!((one, two), (vec![2], vec![]));
}

#[test]
fn what_comes_from_a_room_in_which_its_hearer_never_was_is_held_against_any_server() {
    let (one, two) = both(|b| {
        let (alice, _) = pair(b);
        let carol = link("carol", 1);
        b.create(&carol, "other");
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        b.down(&carol, "alice", offer("o"), Fate::Passed);
    });
    assert_eq!((one.contains(&2), two.contains(&2)), (true, true));
}

#[test]
fn what_arrives_with_other_content_is_held_against_any_server() {
    let (one, two) = both(|b| {
        let (alice, bob) = pair(b);
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        b.down(&bob, "alice", offer("p"), Fate::Passed);
    });
    assert_eq!((one, two), (vec![3], vec![3]));
}

#[test]
fn that_one_node_was_done_with_a_message_says_nothing_of_the_others() {
    let (one, two) = both(|b| {
        let (alice, bob) = pair(b);
        b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
        b.ends(&bob, Side::Peer, Ending::Reset, &[]);
        tell(b, &alice, "bob", false);
        fence(b, &alice);
        let second = link("bob", 2);
        b.join(&second, "lobby", &[&alice]);
        b.down(&second, "alice", offer("o"), Fate::Passed);
    });
    assert_eq!((one, two), (vec![7], vec![]));
}

/// A third one is let in, and those inside stay for so long.
fn one_too_many(b: &mut TraceBuilder, stays: Duration) {
    let (alice, bob) = pair(b);
    let carol = link("carol", 1);
    b.join(&carol, "lobby", &[&alice, &bob]);
    for peer in [&alice, &bob] {
        fence(b, peer);
    }
    b.later(stays);
}

#[test]
fn who_may_have_been_put_out_elsewhere_counts_only_after_a_while() {
    let (one, two) = both(|b| one_too_many(b, Duration::from_millis(100)));
    assert_eq!((one, two), (vec![10], vec![]));
    let (one, two) = both(|b| one_too_many(b, Duration::from_secs(10)));
    assert_eq!((one, two), (vec![10], vec![10]));
}

#[test]
fn news_that_somebody_is_gone_may_come_when_he_is_back_if_his_node_had_ended() {
    let story = |b: &mut TraceBuilder| {
        let (alice, bob) = pair(b);
        restart(b, 2, &bob);
        let second = link("bob", 2);
        b.join(&second, "lobby", &[&alice]);
        tell(b, &alice, "bob", false);
        b.later(Duration::from_secs(10));
    };
    let (one, two) = both(story);
    // On one without nodes nothing of the kind can happen; the words are the same.
    assert_eq!((one, two), (vec![9], vec![]));
}

#[test]
fn nobody_need_be_told_of_who_was_on_a_node_that_ended() {
    let (one, two) = both(|b| {
        let (_, bob) = pair(b);
        restart(b, 2, &bob);
        b.later(Duration::from_secs(10));
    });
    assert_eq!((one, two), (vec![1], vec![]));
}

#[test]
fn who_leaves_long_before_his_node_ends_is_owed_to_those_who_stay() {
    let (one, two) = both(|b| {
        let (_, bob) = pair(b);
        goes(b, &bob);
        b.later(Duration::from_secs(10));
        restart(b, 2, &bob);
    });
    assert_eq!((one, two), (vec![1], vec![1]));
}

#[test]
fn a_room_in_which_somebody_was_whose_node_ended_need_not_be_free() {
    let free = |ends: bool| {
        let mut b = TraceBuilder::new(&["alice", "bob"]);
        b.placed(&[("alice", 1), ("bob", 2)]);
        let (alice, bob) = pair(&mut b);
        match ends {
            true => restart(&mut b, 2, &bob),
            false => goes(&mut b, &bob),
        }
        tell(&mut b, &alice, "bob", false);
        goes(&mut b, &alice);
        emptied(&b.events, &terms()).len()
    };
    assert_eq!((free(false), free(true)), (1, 0));
}
