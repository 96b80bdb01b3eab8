//! Law 4, of what is relayed: where the dialect declares an answer to it, each is answered, and once.

use std::collections::BTreeSet;

use super::answered::number;
use super::*;

/// Offers are answered within a second.
fn answering() -> Terms {
    Terms {
        answers_within: Some(Duration::from_secs(1)),
        answers_relays: [Kind::Offer].into(),
        ..terms()
    }
}

fn taken(kind: Kind) -> Notice {
    Notice::Granted { request: kind }
}

fn no(request: Option<Kind>) -> Notice {
    Notice::Refused {
        request,
        reason: "no such peer".into(),
    }
}

#[test]
fn an_offer_that_nobody_answers_breaks_law_4_once_the_time_is_over() {
    for (after, answered, expected) in [
        (4 * SECOND, None, true),
        // It may still come.
        (2 * SECOND, None, false),
        (4 * SECOND, Some(taken(Kind::Offer)), false),
        // It counts as an answer that it is refused, by whatever word.
        (4 * SECOND, Some(no(Some(Kind::Offer))), false),
        (4 * SECOND, Some(no(None)), false),
        (
            4 * SECOND,
            Some(Notice::Error { reason: "x".into() }),
            false,
        ),
        // That is to another word.
        (4 * SECOND, Some(taken(Kind::Answer)), true),
    ] {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        let notice = answered.clone();
        notice.map(|notice| b.tell(&bob, notice, None, &[]));
        later(&mut b, after);
        let case = format!("{answered:?} after {after}");
        let expected = if expected { vec![(4, said)] } else { vec![] };
        assert_eq!(broken_by(&b, &answering()), expected, "{case}");
        // Neither the kind is declared, nor a time, nor both.
        for terms in [
            Terms {
                answers_relays: BTreeSet::new(),
                ..answering()
            },
            Terms {
                answers_within: None,
                ..answering()
            },
        ] {
            assert_eq!(broken_by(&b, &terms), [], "{case}");
        }
    }
}

/// A busy machine may hold up all: so much later an answer is late, but not less late because of what comes after that.
#[test]
fn the_time_that_glare_got_none_is_added_as_far_as_it_came_before() {
    for (first, expected) in [(true, false), (false, true)] {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        let starves = |b: &mut TraceBuilder| b.add(What::Starved { millis: 2000 }, &[]);
        if first {
            starves(&mut b);
        }
        later(&mut b, 4 * SECOND);
        if !first {
            starves(&mut b);
        }
        let expected = if expected { vec![(4, said)] } else { vec![] };
        assert_eq!(broken_by(&b, &answering()), expected, "{first}");
    }
}

/// The answer may come before who is to get it has, or after.
#[test]
fn an_answer_is_counted_wherever_it_comes() {
    for first in [true, false] {
        let (mut b, alice, bob) = pair();
        b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        if first {
            b.tell(&bob, taken(Kind::Offer), None, &[]);
        }
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        if !first {
            b.tell(&bob, taken(Kind::Offer), None, &[]);
        }
        let found = |b: &TraceBuilder| finding(&b.events, Law::RequestsAreAnswered, &answering());
        let asked = finding(&b.events, Law::RequestsAreAnswered, &terms()).premises;
        assert_eq!(found(&b).premises, asked + 1);
        assert_eq!(broken_by(&b, &answering()), []);
    }
}

#[test]
fn nothing_is_owed_where_somebody_may_have_gone_or_a_line_is_cut() {
    /// What happens to Bob's offer to Alice.
    type Happens = fn(&mut TraceBuilder, &Link, &Link);
    let happens: [(&str, Happens, bool); 8] = [
        ("nothing", |_, _, _| (), true),
        (
            "alice leaves",
            |b, alice, bob| {
                b.leave(alice, "lobby", &[bob]);
            },
            false,
        ),
        (
            "bob leaves",
            |b, alice, bob| {
                b.leave(bob, "lobby", &[alice]);
            },
            false,
        ),
        (
            "bob's line ends",
            |b, alice, bob| {
                down(b, bob);
                tell_left(b, alice, "bob");
            },
            false,
        ),
        (
            "alice's line ends",
            |b, alice, bob| {
                down(b, alice);
                tell_left(b, bob, "alice");
            },
            false,
        ),
        (
            "alice reads nothing",
            |b, alice, _| {
                b.add(
                    What::Stalled {
                        link: alice.clone(),
                        stalled: true,
                    },
                    &[],
                );
            },
            false,
        ),
        (
            "it stands still",
            |b, _, _| {
                b.add(
                    What::Server {
                        life: ServerLife::Paused,
                    },
                    &[],
                );
            },
            false,
        ),
        // By then it was overdue.
        (
            "bob leaves later",
            |b, alice, bob| {
                later(b, 4 * SECOND);
                b.leave(bob, "lobby", &[alice]);
            },
            true,
        ),
    ];
    for (what, happens, expected) in happens {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        happens(&mut b, &alice, &bob);
        later(&mut b, 4 * SECOND);
        let expected = if expected { vec![(4, said)] } else { vec![] };
        let told: Vec<_> = broken_by(&b, &answering())
            .into_iter()
            .filter(|(law, _)| *law == 4)
            .collect();
        assert_eq!(told, expected, "{what}");
    }
    // To somebody who is not there nothing is owed, a step may keep it from the server, and who has it twice may answer once.
    let made = [
        ("carol", Fate::Passed),
        ("alice", Fate::Dropped),
        ("alice", Fate::Copy),
    ];
    for (to, fate) in made {
        let (mut b, _, bob) = pair();
        b.up(&bob, to, offer("o"), fate, &[]);
        later(&mut b, 4 * SECOND);
        assert_eq!(broken_by(&b, &answering()), [], "{to} {fate:?}");
    }
}

/// It has not got to what was said meanwhile when it goes on.
#[test]
fn nothing_is_overdue_that_was_said_to_a_server_which_stood_still() {
    let life = |life| What::Server { life };
    let (mut b, alice, bob) = pair();
    b.add(life(ServerLife::Paused), &[]);
    b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
    later(&mut b, 4 * SECOND);
    b.add(life(ServerLife::Resumed), &[]);
    b.down(&alice, "bob", offer("o"), Fate::Passed);
    assert_eq!(broken_by(&b, &answering()), []);
}

/// What is answered without a number is so in its order, and nobody knows which of two an answer is to when the first may have none.
#[test]
fn an_answer_may_be_to_the_second_where_nobody_owes_one_to_the_first() {
    let no_such = Notice::Error { reason: "x".into() };
    for (first_is_told, numbered) in [
        (None, false),
        (Some(no_such.clone()), false),
        (Some(no(None)), false),
        // A number that no answer repeats.
        (None, true),
        (Some(no_such), true),
    ] {
        let (mut b, alice, bob) = pair();
        // She is not inside.
        let one = b.up(&bob, "carol", offer("one"), Fate::Passed, &[]);
        let told = first_is_told.clone();
        told.map(|notice| b.tell(&bob, notice, None, &[]));
        let two = b.up(&bob, "alice", offer("two"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("two"), Fate::Passed);
        b.tell(&bob, taken(Kind::Offer), None, &[]);
        if numbered {
            number(&mut b, one, "1");
            number(&mut b, two, "2");
        }
        later(&mut b, 4 * SECOND);
        let case = format!("{first_is_told:?}, {numbered}");
        assert_eq!(broken_by(&b, &answering()), [], "{case}");
    }
    // Two were owed, or the first was answered before there was a second.
    for first in ["alice", "carol"] {
        let (mut b, alice, bob) = pair();
        b.up(&bob, first, offer("one"), Fate::Passed, &[]);
        if first == "alice" {
            b.down(&alice, "bob", offer("one"), Fate::Passed);
        }
        b.tell(&bob, taken(Kind::Offer), None, &[]);
        let said = b.up(&bob, "alice", offer("two"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("two"), Fate::Passed);
        later(&mut b, 4 * SECOND);
        assert_eq!(broken_by(&b, &answering()), [(4, said)], "{first}");
    }
}

#[test]
fn an_offer_whose_number_is_answered_twice_breaks_law_4() {
    let (mut b, alice, bob) = pair();
    let signal = offer("o");
    let said = b.up(&bob, "alice", signal.clone(), Fate::Passed, &[]);
    number(&mut b, said, "7");
    b.down(&alice, "bob", signal, Fate::Passed);
    let tell = |b: &mut TraceBuilder, notice: Notice, is: &str| {
        let seq = b.tell(&bob, notice, None, &[]);
        number(b, seq, is);
        seq
    };
    tell(&mut b, taken(Kind::Offer), "7");
    // What is taken in hand may still go wrong.
    tell(&mut b, no(Some(Kind::Offer)), "7");
    assert_eq!(broken_by(&b, &answering()), []);
    let twice = tell(&mut b, no(Some(Kind::Offer)), "7");
    let nobodys = tell(&mut b, taken(Kind::Offer), "8");
    assert_eq!(broken_by(&b, &answering()), [(4, twice), (4, nobodys)]);
}

/// It may be who gets it that answers: each of those that the tap made of it, and none that it kept back.
#[test]
fn what_a_step_does_to_it_on_its_way_down_is_nobodys_fault() {
    for fate in [
        Fate::Passed,
        Fate::Held,
        Fate::Dropped,
        Fate::Delayed,
        Fate::Corrupted,
    ] {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), fate);
        later(&mut b, 4 * SECOND);
        let expected = if fate == Fate::Passed {
            vec![(4, said)]
        } else {
            vec![]
        };
        assert_eq!(broken_by(&b, &answering()), expected, "{fate:?}");
    }
    for numbered in [true, false] {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        b.down(&alice, "bob", offer("o"), Fate::Copy);
        let answers = [(); 2].map(|()| b.tell(&bob, taken(Kind::Offer), None, &[]));
        if numbered {
            for seq in [said].into_iter().chain(answers) {
                number(&mut b, seq, "7");
            }
        }
        assert_eq!(broken_by(&b, &answering()), []);
    }
}

/// Where answers have no numbers their order tells: one that comes when all are answered is one too many, if nothing else can have caused it.
#[test]
fn an_answer_without_a_number_that_is_one_too_many_breaks_law_4() {
    for (else_said, expected) in [
        ("nothing", true),
        ("a candidate", false),
        ("an aside", false),
    ] {
        let (mut b, alice, bob) = pair();
        match else_said {
            "a candidate" => drop(relay(&mut b, &bob, &alice, &candidate(1))),
            "an aside" => drop(b.add(
                What::Aside {
                    link: bob.clone(),
                    direction: Direction::Up,
                    carrier: Carrier::Text,
                    fate: Fate::Passed,
                    size: 4,
                    text: "ping".into(),
                },
                &[],
            )),
            _ => {}
        }
        for text in ["one", "two"] {
            relay(&mut b, &bob, &alice, &offer(text));
        }
        b.tell(&bob, taken(Kind::Offer), None, &[]);
        b.tell(&bob, taken(Kind::Offer), None, &[]);
        assert_eq!(broken_by(&b, &answering()), [], "{else_said}");
        let more = b.tell(&bob, taken(Kind::Offer), None, &[]);
        let expected = if expected { vec![(4, more)] } else { vec![] };
        assert_eq!(broken_by(&b, &answering()), expected, "{else_said}");
    }
}

/// One text for all: who reads it can only say that it is of the oldest, and may be wrong where a step kept that from the server.
#[test]
fn answers_that_are_alike_are_counted_together() {
    let alike: BTreeSet<Kind> = [Kind::Offer, Kind::Candidate].into();
    let terms = |alike: &BTreeSet<Kind>| Terms {
        answers_relays: [Kind::Offer, Kind::Candidate].into(),
        answers_relays_alike: alike.clone(),
        ..answering()
    };
    let (mut b, alice, bob) = pair();
    b.up(&bob, "alice", offer("o"), Fate::Dropped, &[]);
    let said = b.up(&bob, "alice", candidate(1), Fate::Passed, &[]);
    b.down(&alice, "bob", candidate(1), Fate::Passed);
    b.tell(&bob, taken(Kind::Offer), None, &[]);
    later(&mut b, 4 * SECOND);
    assert_eq!(broken_by(&b, &terms(&alike)), []);
    // Where each says its kind, that one is not answered.
    assert_eq!(broken_by(&b, &terms(&BTreeSet::new())), [(4, said)]);
}
