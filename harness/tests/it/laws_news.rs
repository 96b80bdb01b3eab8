//! Laws 9, 10 and 12, and what law 1 and law 4 say of coming back and of silence, on traces made by hand: each is seen broken, and right servers
//! of other manners keep it.

mod at_once;
mod standing;

use std::time::Duration;

use glare::laws::{Law, judge};
use glare::names::Link;
use glare::record::{Event, Seq, TraceBuilder, What};
use glare::signaling::Terms;
use glare::signaling::{Dialect, Notice, Request, Signal};
use glare::terms::{Ending, Fate, Side};

use crate::traces_support::{link, room};

const SECOND: u64 = 1_000_000;

/// What the reference server promises.
fn promised() -> Terms {
    Terms::of(&Dialect::reference())
}

/// A server that has rooms and promises nothing more.
fn nothing() -> Terms {
    Terms {
        rooms: Some(true),
        ..Terms::default()
    }
}

fn broken(b: &TraceBuilder, terms: &Terms) -> Vec<(u8, Seq)> {
    judge(&b.events, terms)
        .iter()
        .flat_map(|finding| finding.breaches.iter().map(|b| (b.law.number(), b.event)))
        .collect()
}

fn premises(b: &TraceBuilder, law: Law, terms: &Terms) -> usize {
    let findings = judge(&b.events, terms);
    let of = findings.iter().find(|finding| finding.law == law);
    of.map_or(0, |finding| finding.premises)
}

fn news(b: &mut TraceBuilder, to: &Link, who: &str, here: bool) -> Seq {
    let peer = who.to_owned();
    let notice = match here {
        true => Notice::PeerJoined { peer },
        false => Notice::PeerLeft { peer, how: None },
    };
    b.tell(to, notice, Some(who), &[])
}

/// Asks to come in; answered by whoever calls.
fn ask(b: &mut TraceBuilder, who: &Link) -> Seq {
    let room = room("lobby");
    b.ask(who, Request::Join { room }, &[])
}

fn let_in(b: &mut TraceBuilder, who: &Link, with: &[&str]) -> Seq {
    let notice = Notice::Joined {
        room: room("lobby"),
        with: with.iter().map(ToString::to_string).collect(),
    };
    b.tell(who, notice, None, &[])
}

fn enters(b: &mut TraceBuilder, who: &Link, with: &[&str]) {
    b.connect(who);
    ask(b, who);
    let_in(b, who, with);
}

fn drops(b: &mut TraceBuilder, who: &Link) -> Seq {
    b.ends(who, Side::Peer, Ending::Reset, &[])
}

fn fenced(b: &mut TraceBuilder, who: &Link) {
    b.fence(&[who]);
}

/// So many µs go by.
fn later(b: &mut TraceBuilder, micros: u64) {
    b.later(std::time::Duration::from_micros(micros));
}

/// Alice is inside.
fn alice() -> (TraceBuilder, Link) {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let alice = link("alice", 1);
    b.create(&link("alice", 1), "lobby");
    (b, alice)
}

fn offer(b: &mut TraceBuilder, from: &Link, to: &Link) -> Seq {
    let signal = || Signal::Offer { sdp: "v=0".into() };
    b.up(from, to.peer.as_str(), signal(), Fate::Passed, &[]);
    b.down(to, from.peer.as_str(), signal(), Fate::Passed)
}

#[test]
fn news_of_a_stay_that_is_over_is_untrue_once_the_next_has_been_told() {
    let (mut b, alice) = alice();
    let (bob, back) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    news(&mut b, &alice, "bob", false);
    enters(&mut b, &back, &["alice"]);
    news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), [], "each in its turn");
    assert!(premises(&b, Law::NewsIsTrue, &promised()) >= 3);
    let stale = news(&mut b, &alice, "bob", false);
    assert_eq!(broken(&b, &promised()), [(9, stale)]);
    assert_eq!(broken(&b, &nothing()), [(9, stale)], "owed by all who tell");
}

#[test]
fn late_news_of_the_first_stay_alone_is_the_last_word_and_wrong() {
    let (mut b, alice) = alice();
    let (bob, back) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    enters(&mut b, &back, &["alice"]);
    let late = news(&mut b, &alice, "bob", false);
    later(&mut b, 10 * SECOND);
    let loose = Terms {
        news_once: false,
        ..promised()
    };
    assert!(
        broken(&b, &loose).iter().any(|(law, _)| *law == 9),
        "{late}"
    );
    assert_eq!(
        broken(&b, &nothing()),
        [],
        "who never tells of comings may leave it at that"
    );
}

#[test]
fn whoever_tells_a_thing_twice_breaks_only_a_promise() {
    let (mut b, alice) = alice();
    enters(&mut b, &link("bob", 1), &["alice"]);
    news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), []);
    let again = news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), [(12, again)]);
    assert_eq!(broken(&b, &nothing()), []);
}

#[test]
fn whoever_comes_in_again_may_be_told_again_of_those_inside() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    b.ask(
        &alice,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    let left = Notice::Left {
        room: room("lobby"),
    };
    b.tell(&alice, left, None, &[]);
    ask(&mut b, &alice);
    let_in(&mut b, &alice, &[]);
    news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), []);
    let again = news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), [(12, again)], "in one stay");
}

#[test]
fn a_list_that_names_somebody_is_no_news_told_twice() {
    let (mut b, _) = alice();
    let bob = link("bob", 1);
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &bob, "alice", true);
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn two_who_come_at_once_may_hear_of_each_other_either_way() {
    for bob_first in [true, false] {
        let (mut b, alice) = alice();
        let (bob, carol) = (link("bob", 1), link("carol", 1));
        b.connect(&bob);
        b.connect(&carol);
        ask(&mut b, &bob);
        ask(&mut b, &carol);
        let (first, second) = if bob_first {
            (&bob, &carol)
        } else {
            (&carol, &bob)
        };
        let_in(&mut b, first, &["alice"]);
        news(&mut b, &alice, first.peer.as_str(), true);
        let_in(&mut b, second, &["alice", first.peer.as_str()]);
        news(&mut b, &alice, second.peer.as_str(), true);
        news(&mut b, first, second.peer.as_str(), true);
        let three = Terms {
            room_size: Some(3),
            ..promised()
        };
        assert_eq!(broken(&b, &three), []);
    }
}

#[test]
fn who_is_never_told_of_a_coming_is_owed_it_only_where_a_time_is_promised() {
    let (mut b, _) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob);
    let entered = let_in(&mut b, &bob, &["alice"]);
    assert_eq!(broken(&b, &promised()), [], "it may still come");
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &promised()), [(9, entered)]);
    assert_eq!(broken(&b, &nothing()), []);
}

#[test]
fn a_second_line_that_takes_over_may_be_announced_as_gone_and_there() {
    let (mut b, alice) = alice();
    let (bob, over) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    b.connect(&over);
    news(&mut b, &alice, "bob", false);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    let takes_over = Terms {
        rejects_same_id: false,
        ..promised()
    };
    assert_eq!(broken(&b, &takes_over), []);
}

#[test]
fn the_end_of_a_stay_is_told_before_the_next_is_unless_that_is_coalesced() {
    let (mut b, alice) = alice();
    let (bob, back) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    enters(&mut b, &back, &["alice"]);
    let skipped = news(&mut b, &alice, "bob", true);
    assert_eq!(broken(&b, &promised()), [(1, skipped)]);
    let coalesces = Terms {
        coalesces: true,
        ..promised()
    };
    assert_eq!(broken(&b, &coalesces), []);
    assert_eq!(broken(&b, &nothing()), []);
}

#[test]
fn who_is_back_in_time_and_told_of_neither_way_is_coalesced() {
    let (mut b, _) = alice();
    let (bob, back) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &link("alice", 1), "bob", true);
    drops(&mut b, &bob);
    enters(&mut b, &back, &["alice"]);
    later(&mut b, 10 * SECOND);
    let coalesces = Terms {
        coalesces: true,
        ..promised()
    };
    assert_eq!(broken(&b, &coalesces), []);
}

/// Nobody was told of the first end, since he was back in time: what comes after the second is of that.
#[test]
fn news_of_the_second_end_is_not_taken_for_the_first_that_was_coalesced() {
    let (mut b, alice) = alice();
    let (bob, back) = (link("bob", 1), link("bob", 2));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    drops(&mut b, &bob);
    enters(&mut b, &back, &["alice"]);
    later(&mut b, 20 * SECOND);
    let gone = drops(&mut b, &back);
    let coalesces = Terms {
        coalesces: true,
        ..promised()
    };
    let mut told = b.clone();
    news(&mut told, &alice, "bob", false);
    later(&mut told, 20 * SECOND);
    assert_eq!(broken(&told, &coalesces), []);
    // He goes by a word, and the others hear of it before he has his answer.
    let mut leaves = b.clone();
    leaves.events.pop();
    let room = room("lobby");
    leaves.ask(&back, Request::Leave { room: room.clone() }, &[]);
    news(&mut leaves, &alice, "bob", false);
    leaves.tell(&back, Notice::Left { room }, None, &[]);
    later(&mut leaves, 20 * SECOND);
    assert_eq!(broken(&leaves, &coalesces), []);
    // Of the second he must be told all the same.
    later(&mut b, 20 * SECOND);
    assert_eq!(broken(&b, &coalesces), [(1, gone)]);
}

#[test]
fn a_room_holds_no_more_than_is_promised() {
    let (mut b, alice) = alice();
    let (bob, carol) = (link("bob", 1), link("carol", 1));
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    b.connect(&carol);
    ask(&mut b, &carol);
    let third = let_in(&mut b, &carol, &["alice", "bob"]);
    assert_eq!(
        broken(&b, &promised()),
        [],
        "they may have been put out for her"
    );
    fenced(&mut b, &alice);
    fenced(&mut b, &bob);
    assert_eq!(broken(&b, &promised()), [(10, third)]);
    assert_eq!(broken(&b, &nothing()), [], "no limit, no promise");
    let three = Terms {
        room_size: Some(3),
        ..promised()
    };
    assert_eq!(broken(&b, &three), []);
}

#[test]
fn of_two_at_once_the_refused_one_puts_the_limit_to_the_test() {
    let (mut b, alice) = alice();
    let (bob, carol) = (link("bob", 1), link("carol", 1));
    b.connect(&bob);
    b.connect(&carol);
    ask(&mut b, &bob);
    ask(&mut b, &carol);
    let_in(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    let request = Some(glare::signaling::Kind::Join);
    let reason = "full".to_owned();
    b.tell(&carol, Notice::Refused { request, reason }, None, &[]);
    fenced(&mut b, &alice);
    fenced(&mut b, &bob);
    assert_eq!(broken(&b, &promised()), []);
    assert_eq!(premises(&b, Law::LimitHolds, &promised()), 1);
}

/// Alice is inside, Bob and Carol ask at once and are both refused; what happens between is the caller's.
fn two_are_refused(between: impl Fn(&mut TraceBuilder)) -> (TraceBuilder, Seq) {
    two_are_refused_with(["room lobby is full"; 2], between)
}

fn two_are_refused_with(
    reasons: [&str; 2],
    between: impl Fn(&mut TraceBuilder),
) -> (TraceBuilder, Seq) {
    let (mut b, alice) = alice();
    let (bob, carol) = (link("bob", 1), link("carol", 1));
    b.connect(&bob);
    b.connect(&carol);
    between(&mut b);
    ask(&mut b, &bob);
    ask(&mut b, &carol);
    refuses_with(&mut b, &bob, reasons[0]);
    let last = refuses_with(&mut b, &carol, reasons[1]);
    fenced(&mut b, &alice);
    (b, last)
}

fn refuses(b: &mut TraceBuilder, who: &Link) -> Seq {
    refuses_with(b, who, "room lobby is full")
}

fn refuses_with(b: &mut TraceBuilder, who: &Link, reason: &str) -> Seq {
    let request = Some(glare::signaling::Kind::Join);
    let reason = reason.to_owned();
    b.tell(who, Notice::Refused { request, reason }, None, &[])
}

#[test]
fn who_is_refused_for_another_reason_than_room_need_not_get_the_place() {
    let other = "too many requests";
    for reasons in [[other, other], [other, "room lobby is full"]] {
        let (b, _) = two_are_refused_with(reasons, |_| {});
        assert_eq!(broken(&b, &promised()), [], "{reasons:?}");
    }
    // A dialect that does not say how its server names the limit lets nobody tell.
    let (b, last) = two_are_refused(|_| {});
    let unnamed = Terms {
        full: None,
        ..promised()
    };
    assert_eq!(broken(&b, &unnamed), []);
    assert_eq!(broken(&b, &promised()), [(10, last)]);
}

#[test]
fn somebody_gets_the_last_place_if_it_is_free() {
    let (b, last) = two_are_refused(|_| {});
    assert_eq!(broken(&b, &promised()), [(10, last)]);
    assert_eq!(broken(&b, &nothing()), [], "no limit, no promise");
    // One who left with a word has gone, and leaves a place.
    let (b, last) = two_are_refused(|b| {
        let dave = link("dave", 1);
        enters(b, &dave, &["alice"]);
        news(b, &link("alice", 1), "dave", true);
        let room = room("lobby");
        b.ask(&dave, Request::Leave { room: room.clone() }, &[]);
        b.tell(&dave, Notice::Left { room }, None, &[]);
        news(b, &link("alice", 1), "dave", false);
    });
    assert_eq!(broken(&b, &promised()), [(10, last)]);
}

#[test]
fn nobody_need_get_a_place_that_may_be_taken() {
    // Somebody is inside, or may be: asked without an answer yet, or gone without a word that the server has certainly seen.
    let (b, _) = two_are_refused(|b| {
        enters(b, &link("dave", 1), &["alice"]);
        news(b, &link("alice", 1), "dave", true);
    });
    assert_eq!(broken(&b, &promised()), []);
    let (b, _) = two_are_refused(|b| {
        b.connect(&link("dave", 1));
        ask(b, &link("dave", 1));
    });
    assert!(broken(&b, &promised()).iter().all(|(law, _)| *law != 10));
    let (b, _) = two_are_refused(|b| {
        enters(b, &link("dave", 1), &["alice"]);
        news(b, &link("alice", 1), "dave", true);
        drops(b, &link("dave", 1));
        news(b, &link("alice", 1), "dave", false);
    });
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn nobody_need_get_a_place_in_a_room_that_may_be_gone_nor_one_alone() {
    // One after the other is each for reasons of his own.
    let (mut b, alice) = alice();
    for name in ["bob", "carol"] {
        let who = link(name, 1);
        b.connect(&who);
        ask(&mut b, &who);
        refuses(&mut b, &who);
    }
    fenced(&mut b, &alice);
    assert_eq!(broken(&b, &promised()), []);
    // Nobody shows that the room is still there.
    let (mut b, alice) = self::alice();
    let (bob, carol) = (link("bob", 1), link("carol", 1));
    b.connect(&bob);
    b.connect(&carol);
    ask(&mut b, &bob);
    ask(&mut b, &carol);
    drops(&mut b, &alice);
    refuses(&mut b, &bob);
    refuses(&mut b, &carol);
    assert_eq!(broken(&b, &promised()), []);
    // Who is in another room already is refused for that.
    let (b, _) = two_are_refused(|b| {
        let other = room("elsewhere");
        let bob = link("bob", 1);
        b.ask(
            &bob,
            Request::Join {
                room: other.clone(),
            },
            &[],
        );
        let with = Vec::new();
        b.tell(&bob, Notice::Joined { room: other, with }, None, &[]);
    });
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn news_comes_before_what_the_newcomer_sends_where_that_is_promised() {
    for late in [true, false] {
        let (mut b, alice) = alice();
        let bob = link("bob", 1);
        enters(&mut b, &bob, &["alice"]);
        if !late {
            news(&mut b, &alice, "bob", true);
        }
        let first = offer(&mut b, &bob, &alice);
        offer(&mut b, &bob, &alice);
        if late {
            news(&mut b, &alice, "bob", true);
        }
        let expected = if late { vec![(12, first)] } else { vec![] };
        let of_12 = |terms: &Terms| -> Vec<(u8, Seq)> {
            let all = broken(&b, terms);
            all.into_iter().filter(|(law, _)| *law == 12).collect()
        };
        assert_eq!(of_12(&promised()), expected);
        assert_eq!(of_12(&nothing()), []);
    }
}

/// Who may be back without news is one who was there before.
#[test]
fn news_of_who_comes_for_the_first_time_comes_first_also_where_a_place_is_kept() {
    let kept = Terms {
        coalesces: true,
        ..promised()
    };
    let of_12 = |b: &TraceBuilder| -> Vec<(u8, Seq)> {
        let all = broken(b, &kept);
        all.into_iter().filter(|(law, _)| *law == 12).collect()
    };
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    enters(&mut b, &bob, &["alice"]);
    let first = offer(&mut b, &bob, &alice);
    news(&mut b, &alice, "bob", true);
    assert_eq!(of_12(&b), [(12, first)]);

    let (mut b, alice) = self::alice();
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    offer(&mut b, &bob, &alice);
    drops(&mut b, &bob);
    let again = link("bob", 2);
    enters(&mut b, &again, &["alice"]);
    offer(&mut b, &again, &alice);
    assert_eq!(of_12(&b), [], "nobody was told that he had gone");
}

#[test]
fn silence_to_the_end_is_no_answer_where_a_time_is_promised() {
    let (mut b, _) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    let asked = ask(&mut b, &bob);
    assert_eq!(broken(&b, &promised()), [], "it may still come");
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &promised()), [(4, asked)]);
    assert_eq!(broken(&b, &nothing()), []);
    let patient = Terms {
        answers_within: Some(Duration::from_secs(30)),
        ..promised()
    };
    assert_eq!(broken(&b, &patient), []);
    drops(&mut b, &bob);
    assert_eq!(
        broken(&b, &promised()),
        [],
        "nobody is there to be answered"
    );
}

#[test]
fn a_server_that_stood_still_owes_no_answer_in_time() {
    let (mut b, _) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob);
    let life = glare::terms::ServerLife::Paused;
    b.add(What::Server { life }, &[]);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn what_nobody_understood_excuses_what_is_told_of_its_sender() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    enters(&mut b, &bob, &["alice"]);
    news(&mut b, &alice, "bob", true);
    let at = b.ask(&bob, Request::Fence, &[]) as usize;
    let mut said: Event = b.events[at].clone();
    if let What::Message { word, .. } = &mut said.what {
        *word = None;
    }
    b.events[at] = said;
    news(&mut b, &alice, "bob", true);
    news(&mut b, &alice, "bob", false);
    news(&mut b, &alice, "bob", false);
    let of_news = broken(&b, &promised());
    assert!(
        of_news.iter().all(|(law, _)| ![9, 12].contains(law)),
        "{of_news:?}"
    );
}

/// Answers are on their way while the next is asked for: what was asked for later is not over when the first is granted.
#[test]
fn who_asks_in_and_out_and_in_again_without_waiting_is_told_of_each_time() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    enters(&mut b, &alice, &[]);
    b.connect(&bob);
    let leaves = |b: &mut TraceBuilder| {
        let room = room("lobby");
        b.ask(&bob, Request::Leave { room }, &[])
    };
    let let_go = |b: &mut TraceBuilder| {
        let room = room("lobby");
        b.tell(&bob, Notice::Left { room }, None, &[]);
    };
    ask(&mut b, &bob);
    leaves(&mut b);
    news(&mut b, &alice, "bob", true);
    news(&mut b, &alice, "bob", false);
    ask(&mut b, &bob);
    let_in(&mut b, &bob, &["alice"]);
    let_go(&mut b);
    leaves(&mut b);
    news(&mut b, &alice, "bob", true);
    news(&mut b, &alice, "bob", false);
    let_in(&mut b, &bob, &["alice"]);
    let_go(&mut b);
    assert_eq!(broken(&b, &promised()), []);
    let false_news = news(&mut b, &alice, "bob", false);
    assert_eq!(broken(&b, &promised()), [(12, false_news)]);
}

/// The server tells of one whom it throws out, and then closes his line; or the tap sees them the other way round.
#[test]
fn who_is_thrown_out_may_be_told_of_before_his_line_is_seen_to_end() {
    for (by, accused) in [(Side::Server, false), (Side::Peer, true)] {
        let mut b = TraceBuilder::new(&["alice", "bob"]);
        let (alice, bob) = (link("alice", 1), link("bob", 1));
        enters(&mut b, &alice, &[]);
        enters(&mut b, &bob, &["alice"]);
        news(&mut b, &alice, "bob", true);
        let gone = news(&mut b, &alice, "bob", false);
        let what = What::LinkDown {
            link: bob.clone(),
            by,
            ending: Ending::Reset,
        };
        b.add(what, &[]);
        let expected: &[_] = if accused { &[(9, gone)] } else { &[] };
        assert_eq!(broken(&b, &promised()), expected);
    }
}
