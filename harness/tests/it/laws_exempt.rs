//! What each law exempts, and the premises of each, on traces made by hand: one condition a test, since a condition that no test needs can
//! go unnoticed, and then the law accuses a right server or says nothing of a wrong one.

mod places;

use std::time::Duration;

use glare::laws::{Law, judge};
use glare::names::Link;
use glare::record::{Seq, TraceBuilder, What};
use glare::signaling::Terms;
use glare::signaling::{Dialect, Kind, Notice, Request, Signal, Word};
use glare::terms::{Carrier, Ending, Fate, ServerLife, Side};

use crate::traces_support::{link, room};

const SECOND: u64 = 1_000_000;

/// What the reference server promises, for a room of any size.
pub fn promised() -> Terms {
    Terms {
        room_size: None,
        ..Terms::of(&Dialect::reference())
    }
}

/// A server that has rooms and promises nothing more.
pub fn nothing() -> Terms {
    Terms {
        rooms: Some(true),
        ..Terms::default()
    }
}

pub fn broken(b: &TraceBuilder, terms: &Terms) -> Vec<(u8, Seq)> {
    judge(&b.events, terms)
        .iter()
        .flat_map(|finding| finding.breaches.iter().map(|b| (b.law.number(), b.event)))
        .collect()
}

/// Where these laws are broken.
pub fn of(laws: &[u8], b: &TraceBuilder, terms: &Terms) -> Vec<(u8, Seq)> {
    let mut all = broken(b, terms);
    all.retain(|(law, _)| laws.contains(law));
    all
}

fn premises(b: &TraceBuilder, law: Law, terms: &Terms) -> usize {
    let findings = judge(&b.events, terms);
    let of = findings.iter().find(|finding| finding.law == law);
    of.map_or(0, |finding| finding.premises)
}

pub fn news(b: &mut TraceBuilder, to: &Link, who: &str, here: bool) -> Seq {
    let peer = who.to_owned();
    let notice = match here {
        true => Notice::PeerJoined { peer },
        false => Notice::PeerLeft { peer, how: None },
    };
    b.tell(to, notice, Some(who), &[])
}

pub fn ask(b: &mut TraceBuilder, who: &Link, name: &str) -> Seq {
    b.ask(who, Request::Join { room: room(name) }, &[])
}

pub fn let_in(b: &mut TraceBuilder, who: &Link, name: &str, with: &[&str]) -> Seq {
    let with = with.iter().map(ToString::to_string).collect();
    let room = room(name);
    b.tell(who, Notice::Joined { room, with }, None, &[])
}

pub fn refuse(b: &mut TraceBuilder, who: &Link, request: Kind) -> Seq {
    let (request, reason) = (Some(request), "no".to_owned());
    b.tell(who, Notice::Refused { request, reason }, None, &[])
}

/// Comes into the lobby, and those inside hear it.
pub fn enters(b: &mut TraceBuilder, who: &Link, others: &[&Link]) -> Seq {
    b.connect(who);
    ask(b, who, "lobby");
    let with: Vec<&str> = others.iter().map(|link| link.peer.as_str()).collect();
    let entered = let_in(b, who, "lobby", &with);
    for other in others {
        news(b, other, who.peer.as_str(), true);
    }
    entered
}

pub fn leaves(b: &mut TraceBuilder, who: &Link) -> (Seq, Seq) {
    let lobby = || room("lobby");
    let asked = b.ask(who, Request::Leave { room: lobby() }, &[]);
    (
        asked,
        b.tell(who, Notice::Left { room: lobby() }, None, &[]),
    )
}

pub fn drops(b: &mut TraceBuilder, who: &Link) -> Seq {
    b.ends(who, Side::Peer, Ending::Reset, &[])
}

fn stalls(b: &mut TraceBuilder, who: &Link) {
    let link = who.clone();
    let stalled = true;
    b.add(What::Stalled { link, stalled }, &[]);
}

/// A request and its answer.
fn asked_and_answered(b: &mut TraceBuilder, who: &Link) -> Seq {
    let asked = b.ask(who, Request::Fence, &[]);
    refuse(b, who, Kind::Fence);
    asked
}

pub fn fenced(b: &mut TraceBuilder, all: &[&Link]) {
    b.fence(all);
}

pub fn later(b: &mut TraceBuilder) {
    b.later(Duration::from_secs(10));
}

/// What nobody understands.
pub fn garbage(b: &mut TraceBuilder, who: &Link) {
    let at = b.ask(who, Request::Fence, &[]);
    let What::Message { word, .. } = &mut b.events[at as usize].what else {
        panic!("a message");
    };
    *word = None;
}

/// This message goes by HTTP.
fn by_http(b: &mut TraceBuilder, seq: Seq) {
    let What::Message { carrier, .. } = &mut b.events[seq as usize].what else {
        panic!("a message");
    };
    *carrier = Carrier::Http;
}

/// This message is for nobody by name.
pub fn for_anybody(b: &mut TraceBuilder, seq: Seq) {
    let What::Message { about, word, .. } = &mut b.events[seq as usize].what else {
        panic!("a message");
    };
    *about = None;
    if let Some(Word::Signal { peer, .. }) = word {
        *peer = None;
    }
}

fn offer(text: &str) -> Signal {
    Signal::Offer { sdp: text.into() }
}

pub fn up(b: &mut TraceBuilder, from: &Link, to: &Link, text: &str) -> Seq {
    b.up(from, to.peer.as_str(), offer(text), Fate::Passed, &[])
}

pub fn down(b: &mut TraceBuilder, to: &Link, from: &Link, text: &str) -> Seq {
    b.down(to, from.peer.as_str(), offer(text), Fate::Passed)
}

fn relay(b: &mut TraceBuilder, from: &Link, to: &Link) -> Seq {
    up(b, from, to, "o");
    down(b, to, from, "o")
}

/// Alice is in the lobby.
pub fn alice() -> (TraceBuilder, Link) {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    b.create(&link("alice", 1), "lobby");
    (b, link("alice", 1))
}

/// Alice and Bob are.
pub fn pair() -> (TraceBuilder, Link, Link) {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    enters(&mut b, &bob, &[&alice]);
    (b, alice, bob)
}

#[test]
fn who_gets_back_what_he_said_outside_is_no_stranger() {
    let (mut b, alice, bob) = pair();
    leaves(&mut b, &alice);
    news(&mut b, &bob, "alice", false);
    up(&mut b, &alice, &bob, "o");
    ask(&mut b, &alice, "lobby");
    down(&mut b, &alice, &alice, "o");
    let echoes = Terms {
        echoes: true,
        ..promised()
    };
    assert_eq!(broken(&b, &echoes), []);
}

#[test]
fn news_to_who_has_left_breaks_law_2() {
    let (mut b, alice, bob) = pair();
    leaves(&mut b, &alice);
    news(&mut b, &bob, "alice", false);
    let told = news(&mut b, &alice, "bob", false);
    assert_eq!(broken(&b, &promised()), [(2, told)]);
}

#[test]
fn news_that_names_nobody_may_be_of_anybody() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &bob);
    let notice = Notice::PeerLeft {
        peer: "?".into(),
        how: None,
    };
    b.tell(&alice, notice, None, &[]);
    later(&mut b);
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn news_from_before_a_stay_is_not_of_its_end() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob, "lobby");
    news(&mut b, &alice, "bob", false);
    let_in(&mut b, &bob, "lobby", &["alice"]);
    news(&mut b, &alice, "bob", true);
    let gone = drops(&mut b, &bob);
    later(&mut b);
    assert_eq!(of(&[1], &b, &promised()), [(1, gone)]);
}

#[test]
fn one_piece_of_news_is_of_one_leaving() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &bob);
    let back = link("bob", 2);
    b.connect(&back);
    ask(&mut b, &back, "lobby");
    let_in(&mut b, &back, "lobby", &["alice"]);
    let gone = drops(&mut b, &back);
    news(&mut b, &alice, "bob", false);
    later(&mut b);
    assert_eq!(of(&[1], &b, &promised()), [(1, gone)]);
}

#[test]
fn who_is_refused_has_not_come_back() {
    let (mut b, _, bob) = pair();
    let gone = drops(&mut b, &bob);
    let back = link("bob", 2);
    b.connect(&back);
    ask(&mut b, &back, "lobby");
    refuse(&mut b, &back, Kind::Join);
    later(&mut b);
    assert_eq!(of(&[1], &b, &promised()), [(1, gone)]);
}

#[test]
fn who_is_back_too_late_must_have_been_announced() {
    let (mut b, _, bob) = pair();
    let gone = drops(&mut b, &bob);
    later(&mut b);
    let back = link("bob", 2);
    b.connect(&back);
    ask(&mut b, &back, "lobby");
    let back = let_in(&mut b, &back, "lobby", &["alice"]) as usize;
    for event in &mut b.events[back - 2..] {
        event.at += 11 * SECOND;
    }
    assert_eq!(of(&[1], &b, &promised()), [(1, gone)]);
}

#[test]
fn who_comes_into_another_room_was_not_skipped() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &bob);
    let back = link("bob", 2);
    b.connect(&back);
    ask(&mut b, &back, "elsewhere");
    let_in(&mut b, &back, "elsewhere", &[]);
    news(&mut b, &alice, "bob", true);
    assert_eq!(of(&[1], &b, &promised()), []);
}

#[test]
fn who_was_only_listed_was_known_of_too() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &alice);
    let back = link("alice", 2);
    b.connect(&back);
    ask(&mut b, &back, "lobby");
    let_in(&mut b, &back, "lobby", &["bob"]);
    let skipped = news(&mut b, &bob, "alice", true);
    assert_eq!(of(&[1], &b, &promised()), [(1, skipped)]);
}

#[test]
fn a_fence_shows_nothing_of_what_was_asked_after_it() {
    let (mut b, alice, _) = pair();
    fenced(&mut b, &[&alice]);
    ask(&mut b, &alice, "elsewhere");
    assert_eq!(of(&[4], &b, &nothing()), []);
    fenced(&mut b, &[&alice]);
    assert_eq!(of(&[4], &b, &nothing()).len(), 1);
}

#[test]
fn an_error_may_be_the_answer() {
    let (mut b, alice, _) = pair();
    ask(&mut b, &alice, "elsewhere");
    let reason = "no".to_owned();
    b.tell(&alice, Notice::Error { reason }, None, &[]);
    fenced(&mut b, &[&alice]);
    assert_eq!(of(&[4], &b, &nothing()), []);
}

#[test]
fn who_cannot_hear_is_owed_no_answer_in_time() {
    for stalled in [true, false] {
        let (mut b, alice, _) = pair();
        if stalled {
            stalls(&mut b, &alice);
        }
        let asked = ask(&mut b, &alice, "elsewhere");
        later(&mut b);
        let expected = if stalled { vec![] } else { vec![(4, asked)] };
        assert_eq!(of(&[4], &b, &promised()), expected);
        by_http(&mut b, asked);
        assert_eq!(of(&[4], &b, &promised()), []);
    }
}

#[test]
fn a_first_session_replaces_nobody() {
    let (mut b, alice, bob) = pair();
    relay(&mut b, &alice, &bob);
    assert_eq!(premises(&b, Law::NothingLateToNewcomers, &promised()), 0);
}

#[test]
fn what_goes_by_http_is_not_done_with_because_the_line_answered() {
    for http in [true, false] {
        let (mut b, alice, bob) = pair();
        let sent = up(&mut b, &alice, &bob, "o");
        if http {
            by_http(&mut b, sent);
        }
        drops(&mut b, &bob);
        news(&mut b, &alice, "bob", false);
        asked_and_answered(&mut b, &alice);
        let back = link("bob", 2);
        enters(&mut b, &back, &[&alice]);
        let late = down(&mut b, &back, &alice, "o");
        let expected = if http { vec![] } else { vec![(7, late)] };
        assert_eq!(of(&[7], &b, &promised()), expected);
    }
}

#[test]
fn a_request_that_waits_begins_no_session() {
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "o");
    asked_and_answered(&mut b, &alice);
    ask(&mut b, &bob, "lobby");
    down(&mut b, &bob, &alice, "o");
    assert_eq!(of(&[7], &b, &promised()), []);
}

#[test]
fn of_two_alike_the_newer_one_is_late() {
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "o");
    asked_and_answered(&mut b, &alice);
    up(&mut b, &alice, &bob, "o");
    drops(&mut b, &bob);
    news(&mut b, &alice, "bob", false);
    let back = link("bob", 2);
    enters(&mut b, &back, &[&alice]);
    down(&mut b, &back, &alice, "o");
    assert_eq!(of(&[7], &b, &promised()), []);
}

fn two() -> Terms {
    Terms {
        room_size: Some(2),
        ..promised()
    }
}

#[test]
fn who_asks_again_is_not_one_more() {
    let (mut b, alice, bob) = pair();
    ask(&mut b, &bob, "lobby");
    refuse(&mut b, &bob, Kind::Join);
    fenced(&mut b, &[&alice, &bob]);
    assert_eq!(premises(&b, Law::LimitHolds, &two()), 0);
}

#[test]
fn who_is_not_understood_may_not_be_inside() {
    for opaque in [true, false] {
        let (mut b, alice) = alice();
        let [bob, carol] = ["bob", "carol"].map(|peer| link(peer, 1));
        if opaque {
            garbage(&mut b, &bob);
        }
        enters(&mut b, &bob, &[&alice]);
        let third = enters(&mut b, &carol, &[&alice, &bob]);
        fenced(&mut b, &[&alice, &bob]);
        let expected = if opaque { vec![] } else { vec![(10, third)] };
        assert_eq!(of(&[10], &b, &two()), expected);
    }
}

pub fn server(b: &mut TraceBuilder, life: ServerLife) -> Seq {
    b.add(What::Server { life }, &[])
}

fn exits(b: &mut TraceBuilder) -> Seq {
    let status = "status 1".to_owned();
    server(b, ServerLife::Exited { status })
}

/// What law 11 says of the server's end.
fn last_words(b: &TraceBuilder) -> String {
    let findings = judge(&b.events, &promised());
    let of = findings.iter().find(|f| f.law == Law::ServerLives);
    let breach = of.and_then(|finding| finding.breaches.first());
    breach.expect("an end by itself").message.clone()
}

#[test]
fn a_signal_that_ended_the_server_is_told_as_that() {
    for (status, told) in [
        (
            "exit status: 137",
            "exit status: 137 (SIGKILL: from outside, or by the system for want of memory), before",
        ),
        ("signal: 9 (SIGKILL)", "(SIGKILL: from outside"),
        ("exit status: 143", "(SIGTERM: from outside)"),
        (
            "signal: 11 (SIGSEGV) (core dumped)",
            "(SIGSEGV: it crashed)",
        ),
        ("signal: 6 (SIGABRT)", "(SIGABRT: it gave up)"),
        ("exit status: 9", "exit status: 9, before"),
        ("exit status: 1", "exit status: 1, before"),
    ] {
        let mut b = TraceBuilder::new(&["alice"]);
        server(&mut b, ServerLife::Ready);
        let exited = ServerLife::Exited {
            status: status.to_owned(),
        };
        server(&mut b, exited);
        let words = last_words(&b);
        assert!(words.contains(told), "{status}: {words}");
    }
}

#[test]
fn what_a_server_died_of_is_what_was_said_last_and_not_a_fence() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    server(&mut b, ServerLife::Ready);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    enters(&mut b, &alice, &[]);
    enters(&mut b, &bob, &[&alice]);
    let held = b.up(&alice, "bob", offer("o"), Fate::Held, &[]);
    b.ask(&bob, Request::Fence, &[]);
    let mut unreleased = b.clone();
    exits(&mut unreleased);
    assert!(last_words(&unreleased).ends_with("after bob's join"));
    let what = What::Released {
        message: held,
        delivered: true,
    };
    b.add(what, &[]);
    exits(&mut b);
    assert!(last_words(&b).ends_with("after alice's offer"));
}

#[test]
fn a_life_is_put_to_the_test_once_and_only_by_what_reaches_it() {
    let mut b = TraceBuilder::new(&["alice"]);
    server(&mut b, ServerLife::Ready);
    server(&mut b, ServerLife::Alive);
    assert_eq!(premises(&b, Law::ServerLives, &promised()), 0);
    server(&mut b, ServerLife::Ready);
    enters(&mut b, &link("alice", 1), &[]);
    server(&mut b, ServerLife::Alive);
    exits(&mut b);
    assert_eq!(premises(&b, Law::ServerLives, &promised()), 1);
}

#[test]
fn a_list_after_the_news_repeats_nothing() {
    let (mut b, alice, _) = pair();
    ask(&mut b, &alice, "lobby");
    let_in(&mut b, &alice, "lobby", &["bob"]);
    assert_eq!(of(&[9, 12], &b, &promised()), []);
}

#[test]
fn who_cannot_hear_is_owed_no_news() {
    for stalled in [true, false] {
        let (mut b, alice) = alice();
        if stalled {
            stalls(&mut b, &alice);
        }
        let bob = link("bob", 1);
        b.connect(&bob);
        ask(&mut b, &bob, "lobby");
        let entered = let_in(&mut b, &bob, "lobby", &["alice"]);
        later(&mut b);
        let expected = if stalled { vec![] } else { vec![(9, entered)] };
        assert_eq!(broken(&b, &promised()), expected);
    }
}

#[test]
fn a_second_coming_is_told_like_the_first() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &bob);
    news(&mut b, &alice, "bob", false);
    let back = link("bob", 2);
    b.connect(&back);
    ask(&mut b, &back, "lobby");
    let entered = let_in(&mut b, &back, "lobby", &["alice"]);
    later(&mut b);
    let all = of(&[9], &b, &promised());
    assert!(all.contains(&(9, entered)), "{all:?}");
}

#[test]
fn the_last_word_is_judged_in_its_time_and_where_it_is_heard() {
    let loose = Terms {
        news_once: false,
        announces_leaving_within: None,
        ..promised()
    };
    for stalled in [true, false] {
        let (mut b, alice, bob) = pair();
        if stalled {
            stalls(&mut b, &alice);
        }
        drops(&mut b, &bob);
        let back = link("bob", 2);
        enters(&mut b, &back, &[&alice]);
        let last = news(&mut b, &alice, "bob", false);
        assert_eq!(of(&[9], &b, &loose), [], "more may come");
        later(&mut b);
        let expected = if stalled { vec![] } else { vec![(9, last)] };
        assert_eq!(of(&[9], &b, &loose), expected);
    }
}

#[test]
fn what_comes_by_http_has_no_place_among_news() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob, "lobby");
    let_in(&mut b, &bob, "lobby", &["alice"]);
    let got = relay(&mut b, &bob, &alice);
    news(&mut b, &alice, "bob", true);
    assert_eq!(of(&[12], &b, &promised()), [(12, got)]);
    by_http(&mut b, got);
    assert_eq!(of(&[12], &b, &promised()), []);
}

#[test]
fn who_is_not_understood_may_be_told_anything() {
    let (mut b, alice, _) = pair();
    garbage(&mut b, &alice);
    news(&mut b, &alice, "bob", true);
    news(&mut b, &alice, "bob", false);
    assert_eq!(of(&[9, 12], &b, &promised()), []);
}

#[test]
fn a_line_that_stood_before_the_stay_is_no_return() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob, "lobby");
    refuse(&mut b, &bob, Kind::Join);
    let told = news(&mut b, &alice, "bob", true);
    ask(&mut b, &bob, "lobby");
    let_in(&mut b, &bob, "lobby", &["alice"]);
    assert_eq!(of(&[9], &b, &nothing()), [(9, told)]);
}

#[test]
fn what_is_fetched_has_no_order() {
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "1");
    up(&mut b, &alice, &bob, "2");
    down(&mut b, &bob, &alice, "2");
    let late = down(&mut b, &bob, &alice, "1");
    assert_eq!(broken(&b, &promised()), [(3, late)]);
    let unordered = Terms {
        unordered: true,
        ..promised()
    };
    assert_eq!(broken(&b, &unordered), []);
    by_http(&mut b, late);
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn what_the_tap_delayed_may_be_overtaken() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("1"), Fate::Delayed, &[]);
    up(&mut b, &alice, &bob, "2");
    down(&mut b, &bob, &alice, "2");
    down(&mut b, &bob, &alice, "1");
    assert_eq!(broken(&b, &promised()), []);
}

#[test]
fn what_is_for_anybody_must_reach_somebody_else() {
    let (mut b, alice, bob) = pair();
    let carol = link("carol", 1);
    enters(&mut b, &carol, &[&alice, &bob]);
    let sent = up(&mut b, &alice, &bob, "o");
    for_anybody(&mut b, sent);
    let mut lost = b.clone();
    down(&mut b, &bob, &alice, "o");
    fenced(&mut b, &[&alice, &bob, &carol]);
    assert_eq!(broken(&b, &promised()), []);
    // To have it back is not to have it delivered.
    down(&mut lost, &alice, &alice, "o");
    fenced(&mut lost, &[&alice, &bob, &carol]);
    let echoes = Terms {
        echoes: true,
        ..promised()
    };
    assert_eq!(broken(&lost, &echoes), [(3, sent)]);
}

#[test]
fn what_a_dialect_declares_is_no_breach() {
    let (mut b, alice, bob) = pair();
    let carol = link("carol", 1);
    enters(&mut b, &carol, &[&alice, &bob]);
    relay(&mut b, &alice, &bob);
    let mut strayed = b.clone();
    let again = down(&mut b, &bob, &alice, "o");
    assert_eq!(broken(&b, &promised()), [(3, again)]);
    let repeats = Terms {
        repeats: true,
        ..promised()
    };
    assert_eq!(broken(&b, &repeats), []);
    let to_carol = down(&mut strayed, &carol, &alice, "o");
    assert_eq!(broken(&strayed, &promised()), [(3, to_carol)]);
    let broadcasts = Terms {
        broadcasts: true,
        ..promised()
    };
    assert_eq!(broken(&strayed, &broadcasts), []);
}

#[test]
fn ones_own_under_anothers_name_was_never_sent_by_him() {
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "o");
    let got = down(&mut b, &alice, &bob, "o");
    assert_eq!(broken(&b, &promised()), [(3, got)]);
}

#[test]
fn the_first_of_two_lines_that_goes_is_no_leaving() {
    let (mut b, _, bob) = pair();
    b.connect(&link("bob", 2));
    drops(&mut b, &bob);
    later(&mut b);
    let takes_over = Terms {
        rejects_same_id: false,
        ..promised()
    };
    assert_eq!(of(&[1], &b, &takes_over), []);
}
