//! Each law on traces made by hand: kept, broken, and what must not be taken for a breach.

mod answered;
mod answered_relays;
mod kept;
mod relayed;

use std::time::Duration;

use crate::traces_support::{link, room};
use glare::laws::{Finding, Law, judge};
use glare::names::Link;
use glare::record::{Event, Seq, TraceBuilder, What};
use glare::signaling::{Audience, Terms};
use glare::signaling::{Candidate, Dialect, Kind, Notice, Request, Signal, Word};
use glare::terms::{Carrier, Direction, Ending, Fate, ServerLife, Side};

const SECOND: u64 = 1_000_000;

fn terms() -> Terms {
    Terms::of(&Dialect::reference())
}

fn offer(text: &str) -> Signal {
    Signal::Offer { sdp: text.into() }
}

fn answer(text: &str) -> Signal {
    Signal::Answer { sdp: text.into() }
}

fn candidate(n: u32) -> Signal {
    Signal::Candidate {
        candidate: Candidate {
            candidate: format!("number {n}"),
            ..Candidate::default()
        },
    }
}

/// Alice and Bob in one room.
fn pair() -> (TraceBuilder, Link, Link) {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create(&link("alice", 1), "lobby");
    b.join(&bob, "lobby", &[&alice]);
    (b, alice, bob)
}

fn relay(b: &mut TraceBuilder, from: &Link, to: &Link, signal: &Signal) -> Seq {
    b.up(from, to.peer.as_str(), signal.clone(), Fate::Passed, &[]);
    b.down(to, from.peer.as_str(), signal.clone(), Fate::Passed)
}

fn down(b: &mut TraceBuilder, link: &Link) -> Seq {
    b.ends(link, Side::Peer, Ending::Reset, &[])
}

fn tell_left(b: &mut TraceBuilder, to: &Link, who: &str) -> Seq {
    b.tell(
        to,
        Notice::PeerLeft {
            peer: who.to_owned(),
            how: None,
        },
        Some(who),
        &[],
    )
}

/// Something that happens so many µs after all else.
fn later(b: &mut TraceBuilder, micros: u64) -> Seq {
    b.later(Duration::from_micros(micros))
}

/// Gives an event another time.
fn at(b: &mut TraceBuilder, seq: Seq, micros: u64) {
    b.events[seq as usize].at = micros;
}

fn finding(events: &[Event], law: Law, terms: &Terms) -> Finding {
    judge(events, terms)
        .into_iter()
        .find(|f| f.law == law)
        .expect("an observed law")
}

/// Where each broken law shows; every other one is kept.
fn broken(b: &TraceBuilder) -> Vec<(u8, Seq)> {
    broken_by(b, &terms())
}

fn broken_by(b: &TraceBuilder, terms: &Terms) -> Vec<(u8, Seq)> {
    let findings = judge(&b.events, terms);
    for breach in findings.iter().flat_map(|f| &f.breaches) {
        assert!(
            breach
                .because
                .iter()
                .all(|seq| (*seq as usize) < b.events.len())
        );
        assert!(!breach.message.is_empty());
    }
    findings
        .iter()
        .flat_map(|f| f.breaches.iter().map(|b| (b.law.number(), b.event)))
        .collect()
}

#[test]
fn the_laws_have_their_numbers() {
    assert!(Law::ALL.is_sorted_by_key(|law| law.number()));
    for law in Law::ALL {
        assert_eq!(Law::from_number(law.number()), Some(law));
    }
    let terms = terms();
    let judged: Vec<Law> = judge::<Event>(&[], &terms).iter().map(|f| f.law).collect();
    assert_eq!(judged, Law::OBSERVED);
    assert!(judge::<Event>(&[], &terms).iter().all(Finding::is_vacuous));
    assert!(terms.answers_leave && terms.announces_leaving_within == Some(Duration::from_secs(1)));
}

#[test]
fn a_leaving_that_is_told_keeps_law_1() {
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    later(&mut b, 60 * SECOND);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::LeavingIsAnnounced, &terms()).premises,
        1
    );
}

/// A server tells the others of who is replaced, and then ends his line: that news is of this end, and what comes later is of the next.
#[test]
fn news_that_comes_before_the_end_of_a_line_is_not_wanted_once_more() {
    let (mut b, alice, bob) = pair();
    let second = link("bob", 2);
    tell_left(&mut b, &alice, "bob");
    b.ends(
        &bob,
        Side::Server,
        Ending::Close {
            code: Some(4001),
            reason: String::new(),
        },
        &[],
    );
    b.join(&second, "lobby", &[&alice]);
    b.leave(&second, "lobby", &[&alice]);
    b.join(&second, "lobby", &[&alice]);
    later(&mut b, 60 * SECOND);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_leaving_that_is_never_told_is_a_ghost() {
    let (mut b, _, bob) = pair();
    let gone = down(&mut b, &bob);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), [(1, gone)]);
    let silent = Terms {
        announces_leaving_within: None,
        ..terms()
    };
    assert_eq!(broken_by(&b, &silent), []);
}

#[test]
fn who_never_signaled_with_who_left_need_not_be_told_where_that_is_declared() {
    let partly = Terms {
        announces_leaving_to: Audience::Signaled,
        ..terms()
    };
    let (mut b, _, bob) = pair();
    let gone = down(&mut b, &bob);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), [(1, gone)]);
    assert_eq!(broken_by(&b, &partly), []);
    // Either way of the signaling counts, and who has signaled with him must be told.
    for to_alice in [true, false] {
        let (mut b, alice, bob) = pair();
        let (from, to) = if to_alice {
            (&bob, &alice)
        } else {
            (&alice, &bob)
        };
        relay(&mut b, from, to, &offer("one"));
        let gone = down(&mut b, &bob);
        later(&mut b, 10 * SECOND);
        assert_eq!(broken_by(&b, &partly), [(1, gone)], "to alice: {to_alice}");
    }
    // What was relayed in a stay before is of that stay.
    let (mut b, alice, bob) = pair();
    relay(&mut b, &bob, &alice, &offer("one"));
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let again = link("bob", 2);
    b.join(&again, "lobby", &[&alice]);
    down(&mut b, &again);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken_by(&b, &partly), []);
}

#[test]
fn a_server_may_say_goodbye_for_who_has_gone_and_for_nobody_else() {
    let goodbye = |gone: bool| {
        let (mut b, alice, bob) = pair();
        if gone {
            down(&mut b, &bob);
        }
        let said = b.down(&alice, "bob", Signal::Bye, Fate::Passed);
        tell_left(&mut b, &alice, "bob");
        (b, said)
    };
    let (b, _) = goodbye(true);
    assert_eq!(broken(&b), []);
    let (b, said) = goodbye(false);
    assert!(broken(&b).contains(&(3, said)), "{:?}", broken(&b));
    // Nothing else is said for him.
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    let said = b.down(&alice, "bob", offer("one"), Fate::Passed);
    tell_left(&mut b, &alice, "bob");
    assert_eq!(broken(&b), [(3, said)]);
}

#[test]
fn one_who_leaves_by_asking_must_be_announced_too() {
    let (mut b, _, bob) = pair();
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    let left = b.tell(
        &bob,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), [(1, left)]);
}

#[test]
fn news_told_before_the_reply_to_leave_counts() {
    let (mut b, alice, bob) = pair();
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    tell_left(&mut b, &alice, "bob");
    b.tell(
        &bob,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_refused_leave_is_no_leaving() {
    let (mut b, _, bob) = pair();
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    b.tell(
        &bob,
        Notice::Refused {
            request: Some(Kind::Leave),
            reason: "no".into(),
        },
        None,
        &[],
    );
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::LeavingIsAnnounced, &terms()).premises,
        0
    );
}

#[test]
fn a_trace_that_ends_too_soon_shows_no_ghost() {
    let (mut b, _, bob) = pair();
    down(&mut b, &bob);
    later(&mut b, SECOND);
    assert_eq!(broken(&b), []);
    assert!(finding(&b.events, Law::LeavingIsAnnounced, &terms()).is_vacuous());
}

#[test]
fn nobody_must_be_told_who_goes_as_well() {
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    b.add(What::LinkEnded { link: alice }, &[]);
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), []);
}

#[test]
fn news_that_comes_too_late_breaks_law_1() {
    let (mut b, alice, bob) = pair();
    let gone = down(&mut b, &bob);
    let news = tell_left(&mut b, &alice, "bob");
    let due = b.events[gone as usize].at + 5 * SECOND;
    at(&mut b, news, due);
    assert_eq!(broken(&b), [(1, news)]);
}

/// Where the place of one whose line has ended is kept, those who stay hear of it so much later; of who leaves by a word they hear at once.
#[test]
fn a_place_that_is_kept_is_for_who_is_lost() {
    let keeps = Terms {
        keeps_places: Duration::from_secs(4),
        ..terms()
    };
    let told_after = |by_word: bool, seconds: u64| {
        let (mut b, alice, bob) = pair();
        let gone = match by_word {
            true => {
                let room = room("lobby");
                b.ask(&bob, Request::Leave { room: room.clone() }, &[]);
                b.tell(&bob, Notice::Left { room }, None, &[])
            }
            false => down(&mut b, &bob),
        };
        let news = tell_left(&mut b, &alice, "bob");
        let due = b.events[gone as usize].at + seconds * SECOND;
        at(&mut b, news, due);
        broken_by(&b, &keeps)
            .into_iter()
            .map(|(law, _)| law)
            .collect::<Vec<u8>>()
    };
    assert_eq!(told_after(false, 6), [0_u8; 0]);
    assert_eq!(told_after(false, 8), [1]);
    assert_eq!(told_after(true, 6), [1]);
    let (mut b, _, bob) = pair();
    let gone = down(&mut b, &bob);
    later(&mut b, 6 * SECOND);
    assert_eq!(broken_by(&b, &keeps), []);
    later(&mut b, 4 * SECOND);
    assert_eq!(broken_by(&b, &keeps), [(1, gone)]);
}

#[test]
fn a_machine_that_is_slow_in_all_it_does_is_given_more_time() {
    let (mut b, alice, bob) = pair();
    b.ask(&alice, Request::Fence, &[]);
    let slow = b.tell(
        &alice,
        Notice::Refused {
            request: Some(Kind::Fence),
            reason: String::new(),
        },
        None,
        &[],
    );
    at(&mut b, slow, 4 * SECOND);
    let gone = down(&mut b, &bob);
    at(&mut b, gone, 4 * SECOND);
    let news = tell_left(&mut b, &alice, "bob");
    at(&mut b, news, 9 * SECOND);
    assert_eq!(broken(&b), []);
}

#[test]
fn news_told_twice_breaks_law_12() {
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let again = tell_left(&mut b, &alice, "bob");
    assert_eq!(broken(&b), [(12, again)]);
}

#[test]
fn each_of_two_leavings_has_its_news() {
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let second = link("bob", 2);
    b.join(&second, "lobby", &[&alice]);
    down(&mut b, &second);
    tell_left(&mut b, &alice, "bob");
    later(&mut b, 10 * SECOND);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::LeavingIsAnnounced, &terms()).premises,
        2
    );
}

#[test]
fn nothing_is_delivered_after_left() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    // In flight: fair.
    b.down(&bob, "alice", offer("o"), Fate::Passed);
    tell_left(&mut b, &alice, "bob");
    b.tell(
        &bob,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
    assert_eq!(broken(&b), []);
    let sent = relay(&mut b, &alice, &bob, &candidate(1));
    assert_eq!(broken(&b), [(2, sent)]);
}

#[test]
fn nothing_is_delivered_to_who_never_came_in() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    let sent = relay(&mut b, &alice, &carol, &candidate(1));
    let news = b.tell(
        &carol,
        Notice::PeerJoined { peer: "bob".into() },
        Some("bob"),
        &[],
    );
    assert_eq!(broken(&b), [(2, sent), (2, news)]);
}

#[test]
fn nothing_goes_to_another_room() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.join(&carol, "elsewhere", &[]);
    assert_eq!(broken(&b), []);
    let sent = relay(&mut b, &alice, &carol, &candidate(1));
    let news = tell_left(&mut b, &carol, "bob");
    assert_eq!(broken(&b), [(2, sent), (2, news)]);
}

#[test]
fn nothing_comes_under_another_name() {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|peer| link(peer, 1));
    b.create(&link("alice", 1), "lobby");
    b.join(&bob, "lobby", &[&alice]);
    b.join(&carol, "lobby", &[&alice, &bob]);
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    let lie = b.down(&bob, "carol", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(2, lie)]);
}

#[test]
fn what_nobody_understands_excuses_what_nobody_sent() {
    let (mut b, alice, bob) = pair();
    let lie = b.down(&alice, "bob", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), [(3, lie)]);
    let (mut b, alice, bob_2) = pair();
    assert_eq!(bob, bob_2);
    let raw = b.up(&bob, "alice", offer("x"), Fate::Passed, &[]);
    if let What::Message { word, .. } = &mut b.events[raw as usize].what {
        *word = None;
    }
    b.down(&alice, "bob", offer("o"), Fate::Passed);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_late_answer_to_the_next_session_breaks_law_7() {
    let (mut b, alice, bob) = pair();
    relay(&mut b, &bob, &alice, &offer("o"));
    // The tap kept it back, so the first session never saw it; the server had sent it.
    b.up(&alice, "bob", answer("a"), Fate::Passed, &[]);
    b.down(&bob, "alice", answer("a"), Fate::Held);
    down(&mut b, &bob);
    tell_left(&mut b, &alice, "bob");
    let second = link("bob", 2);
    b.join(&second, "lobby", &[&alice]);
    assert_eq!(broken(&b), []);
    let late = b.down(&second, "alice", answer("a"), Fate::Passed);
    assert_eq!(broken(&b), [(7, late)]);
}

#[test]
fn what_the_server_was_done_with_must_not_come_later() {
    let sent = |fenced: bool| {
        let (mut b, alice, bob) = pair();
        b.up(&alice, "bob", answer("a"), Fate::Passed, &[]);
        down(&mut b, &bob);
        tell_left(&mut b, &alice, "bob");
        if fenced {
            b.ask(&alice, Request::Fence, &[]);
            b.tell(
                &alice,
                Notice::Refused {
                    request: Some(Kind::Fence),
                    reason: String::new(),
                },
                None,
                &[],
            );
        }
        let second = link("bob", 2);
        b.join(&second, "lobby", &[&alice]);
        let late = b.down(&second, "alice", answer("a"), Fate::Passed);
        (b, late)
    };
    let (b, late) = sent(true);
    assert_eq!(broken(&b), [(7, late)]);
    assert_eq!(
        broken_by(
            &b,
            &Terms {
                queues: true,
                ..terms()
            }
        ),
        []
    );
    // The message may have reached the server after the second session.
    let (b, _) = sent(false);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::NothingLateToNewcomers, &terms()).premises,
        1
    );
}

#[test]
fn a_server_that_dies_owes_nothing() {
    let (mut b, alice, bob) = pair();
    b.up(&alice, "bob", offer("o"), Fate::Passed, &[]);
    b.add(
        What::Server {
            life: glare::terms::ServerLife::Killed,
        },
        &[],
    );
    down(&mut b, &bob);
    later(&mut b, 5 * SECOND);
    down(&mut b, &alice);
    later(&mut b, 5 * SECOND);
    assert_eq!(broken(&b), []);
}
