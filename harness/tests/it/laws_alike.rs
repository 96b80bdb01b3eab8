//! Messages that cannot be told apart: which of them a delivery comes from is not certain, and what a right server may have done accuses nobody.

use glare::names::Link;
use glare::record::{Seq, TraceBuilder};
use glare::signaling::{Candidate, Notice, Signal, Terms};
use glare::terms::Fate;

use crate::laws_exempt::*;
use crate::traces_support::{link, room};

fn candidate(text: &str) -> Signal {
    Signal::Candidate {
        candidate: Candidate {
            candidate: text.into(),
            ..Candidate::default()
        },
    }
}

const END: Signal = Signal::EndOfCandidates;

fn says(b: &mut TraceBuilder, from: &Link, signal: &Signal) -> Seq {
    let seq = b.up(from, "?", signal.clone(), Fate::Passed, &[]);
    for_anybody(b, seq);
    seq
}

fn hears(b: &mut TraceBuilder, to: &Link, signal: &Signal) -> Seq {
    let seq = b.down(to, "?", signal.clone(), Fate::Passed);
    for_anybody(b, seq);
    seq
}

/// Bob leaves, and is not understood to be out yet when he says one more thing; then he is back.
fn says_while_leaving(b: &mut TraceBuilder, alice: &Link, bob: &Link) -> Seq {
    let lobby = || room("lobby");
    b.ask(bob, glare::signaling::Request::Leave { room: lobby() }, &[]);
    let said = says(b, bob, &END);
    news(b, alice, "bob", false);
    b.tell(
        bob,
        glare::signaling::Notice::Left { room: lobby() },
        None,
        &[],
    );
    comes_back(b, alice, bob);
    said
}

fn comes_back(b: &mut TraceBuilder, alice: &Link, bob: &Link) {
    ask(b, bob, "lobby");
    let_in(b, bob, "lobby", &["alice"]);
    news(b, alice, "bob", true);
}

#[test]
fn what_was_said_on_the_way_out_and_again_inside_may_be_the_later_one() {
    let (mut b, alice, bob) = pair();
    says_while_leaving(&mut b, &alice, &bob);
    says(&mut b, &bob, &candidate("one"));
    says(&mut b, &bob, &END);
    hears(&mut b, &alice, &candidate("one"));
    hears(&mut b, &alice, &END);
    fenced(&mut b, &[&alice, &bob]);
    assert_eq!(broken(&b, &nothing()), []);
    // Twice, and one of them is behind what was said after it.
    let late = hears(&mut b, &alice, &END);
    assert_eq!(of(&[2, 3], &b, &nothing()), [(3, late)]);
}

#[test]
fn what_was_said_outside_and_again_inside_is_what_was_said_inside() {
    for inside in [true, false] {
        let (mut b, alice, bob) = pair();
        leaves(&mut b, &bob);
        news(&mut b, &alice, "bob", false);
        says(&mut b, &bob, &END);
        comes_back(&mut b, &alice, &bob);
        if inside {
            says(&mut b, &bob, &END);
        }
        let told = hears(&mut b, &alice, &END);
        fenced(&mut b, &[&alice, &bob]);
        let expected: &[(u8, Seq)] = if inside { &[] } else { &[(2, told)] };
        assert_eq!(broken(&b, &nothing()), expected, "{inside}");
    }
}

/// The one that arrived may be the first, and then the second is lost; or the second, and the first was nobody's due.
#[test]
fn of_two_alike_the_one_that_was_nobodys_due_is_the_one_that_is_missing() {
    for due in [true, false] {
        let (mut b, alice, bob) = pair();
        if due {
            says(&mut b, &bob, &END);
        } else {
            says_while_leaving(&mut b, &alice, &bob);
        }
        let second = says(&mut b, &bob, &END);
        hears(&mut b, &alice, &END);
        fenced(&mut b, &[&alice, &bob]);
        let expected: &[(u8, Seq)] = if due { &[(3, second)] } else { &[] };
        assert_eq!(broken(&b, &nothing()), expected, "{due}");
    }
}

/// Of three, two say the same, and the third hears it in the order in which it pleases the server to tell of different peers.
#[test]
fn what_two_others_said_alike_may_be_of_either() {
    for lost in [false, true] {
        let (mut b, alice, bob) = pair();
        let carol = link("carol", 1);
        enters(&mut b, &carol, &[&alice, &bob]);
        says(&mut b, &bob, &candidate("of bob"));
        says(&mut b, &bob, &END);
        says(&mut b, &carol, &candidate("of carol"));
        let last = says(&mut b, &carol, &END);
        hears(&mut b, &alice, &candidate("of carol"));
        hears(&mut b, &alice, &END);
        hears(&mut b, &alice, &candidate("of bob"));
        if !lost {
            hears(&mut b, &alice, &END);
        }
        for (from, to) in [("of bob", &carol), ("of carol", &bob)] {
            hears(&mut b, to, &candidate(from));
            hears(&mut b, to, &END);
        }
        fenced(&mut b, &[&alice, &bob, &carol]);
        assert_eq!(broken(&b, &nothing()), [], "{lost}");
        let _ = last;
        // One more than all have said is a repeat, whoever said it.
        if !lost {
            let again = hears(&mut b, &alice, &END);
            let strict = Terms {
                echoes: false,
                ..nothing()
            };
            assert_eq!(of(&[2, 3], &b, &strict), [(3, again)]);
        }
    }
}

#[test]
fn what_comes_back_to_its_sender_without_a_name_is_an_echo() {
    for echoes in [true, false] {
        let (mut b, alice, bob) = pair();
        says(&mut b, &alice, &END);
        let own = hears(&mut b, &alice, &END);
        hears(&mut b, &bob, &END);
        says(&mut b, &bob, &candidate("one"));
        says(&mut b, &bob, &END);
        hears(&mut b, &alice, &candidate("one"));
        let second = hears(&mut b, &alice, &END);
        fenced(&mut b, &[&alice, &bob]);
        let terms = Terms {
            echoes,
            ..nothing()
        };
        let expected: &[(u8, Seq)] = if echoes { &[] } else { &[(3, own)] };
        assert_eq!(broken(&b, &terms), expected, "{echoes}");
        let _ = second;
    }
}

/// Her own, back, and Bob's: in which order they come nobody knows.
#[test]
fn an_echo_without_a_name_stands_in_no_order_with_what_others_said() {
    let (mut b, alice, bob) = pair();
    says(&mut b, &alice, &END);
    says(&mut b, &bob, &candidate("one"));
    says(&mut b, &bob, &END);
    hears(&mut b, &alice, &END);
    hears(&mut b, &alice, &candidate("one"));
    hears(&mut b, &alice, &END);
    hears(&mut b, &bob, &END);
    fenced(&mut b, &[&alice, &bob]);
    let echoes = Terms {
        echoes: true,
        ..nothing()
    };
    assert_eq!(broken(&b, &echoes), []);
}

/// The server refuses without a word about what.
fn refuses(b: &mut TraceBuilder, who: &Link, reason: &str) -> Seq {
    let reason = reason.to_owned();
    let request = None;
    b.tell(who, Notice::Refused { request, reason }, None, &[])
}

/// Bob's last word reaches the server when he has left; he asks to come in again before he hears of that.
fn says_too_late(b: &mut TraceBuilder, alice: &Link, bob: &Link) {
    leaves(b, bob);
    news(b, alice, "bob", false);
    says(b, bob, &END);
    ask(b, bob, "lobby");
}

#[test]
fn a_bare_refusal_may_be_of_what_was_said_before_the_request() {
    for granted in [true, false] {
        let (mut b, alice, bob) = pair();
        says_too_late(&mut b, &alice, &bob);
        refuses(&mut b, &bob, "no alice here");
        if granted {
            let_in(&mut b, &bob, "lobby", &["alice"]);
            news(&mut b, &alice, "bob", true);
            says(&mut b, &bob, &candidate("one"));
            hears(&mut b, &alice, &candidate("one"));
            says(&mut b, &alice, &candidate("two"));
            hears(&mut b, &bob, &candidate("two"));
        } else {
            // So it was the join that was refused: he asks once more.
            comes_back(&mut b, &alice, &bob);
        }
        fenced(&mut b, &[&alice, &bob]);
        assert_eq!(broken(&b, &promised()), [], "{granted}");
    }
}

#[test]
fn a_bare_refusal_is_of_the_request_where_nothing_else_was_said() {
    for said in [true, false] {
        let (mut b, alice, bob) = pair();
        if said {
            says(&mut b, &bob, &END);
            hears(&mut b, &alice, &END);
        }
        // What was said before a request that has been answered is done with.
        leaves(&mut b, &bob);
        news(&mut b, &alice, "bob", false);
        ask(&mut b, &bob, "lobby");
        refuses(&mut b, &bob, "no seat left");
        let told = news(&mut b, &alice, "bob", true);
        fenced(&mut b, &[&alice, &bob]);
        assert_eq!(of(&[9], &b, &promised()), [(9, told)], "{said}");
    }
}

#[test]
fn a_bare_refusal_is_of_the_request_whose_declared_words_it_has() {
    for words in ["no seat left", "no alice here"] {
        let (mut b, alice, bob) = pair();
        says_too_late(&mut b, &alice, &bob);
        refuses(&mut b, &bob, words);
        let told = news(&mut b, &alice, "bob", true);
        fenced(&mut b, &[&alice, &bob]);
        let terms = Terms {
            refusals: vec!["no seat left".to_owned()],
            ..promised()
        };
        let expected: &[(u8, Seq)] = if words == "no seat left" {
            &[(9, told)]
        } else {
            &[]
        };
        assert_eq!(of(&[9], &b, &terms), expected, "{words}");
    }
}
