//! What law 9 says of two who come at once: of whatever server, one of them hears of the other.

use glare::laws::Law;
use glare::names::Link;
use glare::record::{Seq, TraceBuilder, What};
use glare::signaling::{Notice, Request, Terms};

use super::{SECOND, alice, ask, broken, drops, later, let_in, news, nothing, premises, promised};
use crate::traces_support::{link, room};

fn of_three() -> Terms {
    Terms {
        room_size: Some(3),
        ..promised()
    }
}

/// Bob and Carol have asked for Alice's room, and neither has an answer.
fn two_ask() -> (TraceBuilder, [Link; 3]) {
    let (mut b, alice) = alice();
    let (bob, carol) = (link("bob", 1), link("carol", 1));
    for link in [&bob, &carol] {
        b.connect(link);
    }
    ask(&mut b, &bob);
    ask(&mut b, &carol);
    (b, [alice, bob, carol])
}

/// Both are inside with Alice, who was told; what they are told is given.
fn both_in(bobs: &[&str], carols: &[&str]) -> (TraceBuilder, [Link; 3], Seq) {
    let (mut b, all) = two_ask();
    let_in(&mut b, &all[1], bobs);
    let entered = let_in(&mut b, &all[2], carols);
    news(&mut b, &all[0], "bob", true);
    news(&mut b, &all[0], "carol", true);
    (b, all, entered)
}

#[test]
fn a_blind_pair_is_accused_once_news_is_due() {
    let (mut b, _, entered) = both_in(&["alice"], &["alice"]);
    assert_eq!(broken(&b, &of_three()), [], "it may still come");
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &of_three()), [(9, entered)]);
    assert_eq!(broken(&b, &nothing()), [], "no news, no promise");
}

#[test]
fn one_who_is_told_of_the_other_is_enough_be_it_by_news_or_by_a_list() {
    let told: [(&[&str], Option<usize>); 3] = [
        (&["alice", "bob"], None),
        (&["alice"], Some(1)),
        (&["alice"], Some(2)),
    ];
    for (carols, hearer) in told {
        let (mut b, all, _) = both_in(&["alice"], carols);
        if let Some(hearer) = hearer {
            let other = ["", "carol", "bob"][hearer];
            news(&mut b, &all[hearer], other, true);
        }
        later(&mut b, 10 * SECOND);
        assert_eq!(broken(&b, &of_three()), [], "{carols:?} {hearer:?}");
        assert!(premises(&b, Law::NewsIsTrue, &of_three()) >= 3);
    }
}

/// Where the server tells nobody who is inside, the stage does, of what it knows itself.
#[test]
fn what_the_stage_knows_is_no_news() {
    let (mut b, _, entered) = both_in(&[], &["alice", "bob"]);
    later(&mut b, 10 * SECOND);
    let unlisted = Terms {
        lists_nobody: true,
        ..of_three()
    };
    assert_eq!(broken(&b, &unlisted), [(9, entered)]);
}

/// The id of somebody who is about to be told his is in the list before it is anybody's.
#[test]
fn an_id_that_is_nobodys_yet_may_be_the_others() {
    let (mut b, _, _) = both_in(&["alice"], &["alice", "seat-2"]);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &of_three()), []);
}

#[test]
fn who_does_not_stay_or_does_not_read_is_owed_nothing() {
    let (mut b, all, _) = both_in(&["alice"], &["alice"]);
    drops(&mut b, &all[1]);
    news(&mut b, &all[0], "bob", false);
    later(&mut b, 10 * SECOND);
    let laws = broken(&b, &of_three()).into_iter();
    let of_news: Vec<_> = laws.filter(|(law, _)| *law == 9).collect();
    assert_eq!(of_news, [], "bob has left");

    let (mut b, all, _) = both_in(&["alice"], &["alice"]);
    let link = all[2].clone();
    b.add(What::LinkEnded { link }, &[]);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &of_three()), [], "carol's line is cut");
}

/// Who has a place from before may never have been out for the server.
#[test]
fn who_is_back_may_have_been_inside_all_the_while() {
    let (mut b, alice) = alice();
    let (bob, back, carol) = (link("bob", 1), link("bob", 2), link("carol", 1));
    super::enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    b.connect(&back);
    b.connect(&carol);
    ask(&mut b, &back);
    ask(&mut b, &carol);
    let_in(&mut b, &back, &["alice"]);
    let_in(&mut b, &carol, &["alice"]);
    news(&mut b, &alice, "carol", true);
    later(&mut b, 10 * SECOND);
    let resumes = Terms {
        coalesces: true,
        ..of_three()
    };
    assert_eq!(broken(&b, &resumes), []);
}

/// Each may have made one of that name, where names are no ids.
#[test]
fn two_who_both_make_a_room_may_be_in_two() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let both = [link("alice", 1), link("bob", 1)];
    for who in &both {
        b.connect(who);
    }
    for who in &both {
        let room = room("lobby");
        b.ask(who, Request::Create { room }, &[]);
    }
    for who in &both {
        let room = room("lobby");
        b.tell(who, Notice::Created { room }, None, &[]);
    }
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &of_three()), []);
}
