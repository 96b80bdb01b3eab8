//! More of what each law exempts, and what it waits for, on traces made by hand: one condition a test.

use glare::laws::{awaited, emptied};
use glare::record::{Event, What};
use glare::signaling::{Kind, Terms, Word};
use glare::terms::{Ending, ServerLife, Side};

use crate::laws_exempt::*;
use crate::traces_support::link;

#[test]
fn law_1_waits_as_long_as_somebody_who_certainly_stays_may_still_be_told() {
    let (mut b, alice, bob) = pair();
    let waits = |events: &[Event]| awaited(events, &promised()).is_some();
    assert!(!waits(&b.events));
    let gone = drops(&mut b, &bob) as usize;
    let until = awaited(&b.events, &promised()).expect("she may still be told");
    let within = promised().announces_leaving_within.expect("it is promised");
    let since = std::time::Duration::from_micros(b.events[gone].at);
    assert!(until >= since + within, "{until:?}");
    let mut told = b.clone();
    news(&mut told, &alice, "bob", false);
    assert!(!waits(&told.events), "she has been told");
    let mut both = b.clone();
    drops(&mut both, &alice);
    assert!(!waits(&both.events), "nobody is there to be told");
    later(&mut b);
    assert!(!waits(&b.events), "it is too late");
}

/// The server, where it is glare's own, shares the machine that had no time.
#[test]
fn news_that_is_late_by_no_more_than_the_machine_kept_glare_waiting_is_not_late() {
    for (starved, late) in [(None, true), (Some(500), true), (Some(2500), false)] {
        let (mut b, alice, bob) = pair();
        drops(&mut b, &bob);
        if let Some(millis) = starved {
            b.add(What::Starved { millis }, &[]);
        }
        b.later(std::time::Duration::from_secs(5));
        let told = news(&mut b, &alice, "bob", false);
        let expected: &[(u8, u64)] = if late { &[(1, told)] } else { &[] };
        assert_eq!(of(&[1], &b, &promised()), expected, "{starved:?}");
    }
}

#[test]
fn one_of_two_lines_may_be_told_for_what_the_other_left() {
    let (mut b, alice, bob) = pair();
    let second = link("bob", 2);
    b.connect(&second);
    leaves(&mut b, &second);
    news(&mut b, &alice, "bob", false);
    let carol = link("carol", 1);
    enters(&mut b, &carol, &[&alice, &bob]);
    assert_eq!(of(&[2], &b, &nothing()), []);
    // The line on which he left is out.
    let told = news(&mut b, &second, "carol", true);
    assert_eq!(of(&[2], &b, &nothing()), [(2, told)]);
}

#[test]
fn where_one_is_who_says_on_another_line_what_nobody_understands_nobody_knows() {
    for garbled in [false, true] {
        let (mut b, alice, bob) = pair();
        let second = link("bob", 2);
        b.connect(&second);
        leaves(&mut b, &second);
        news(&mut b, &alice, "bob", false);
        if garbled {
            // It may have asked to come in.
            garbage(&mut b, &bob);
        }
        enters(&mut b, &link("carol", 1), &[&alice]);
        let told = news(&mut b, &second, "carol", true);
        let expected: &[(u8, u64)] = if garbled { &[] } else { &[(2, told)] };
        assert_eq!(of(&[2], &b, &nothing()), expected, "{garbled}");
    }
}

#[test]
fn where_one_is_after_the_server_has_died_nobody_knows() {
    let replaces = Terms {
        rejects_same_id: false,
        ..nothing()
    };
    for died in [false, true] {
        let (mut b, alice, bob) = pair();
        leaves(&mut b, &bob);
        news(&mut b, &alice, "bob", false);
        if died {
            server(&mut b, ServerLife::Killed);
            server(&mut b, ServerLife::Ready);
        }
        // The tap sees the old line's end after the new line: a twin, for all that it knows.
        let second = link("bob", 2);
        b.connect(&second);
        drops(&mut b, &bob);
        let told = news(&mut b, &second, "alice", true);
        let expected: &[(u8, u64)] = if died { &[] } else { &[(2, told)] };
        assert_eq!(of(&[2], &b, &replaces), expected, "{died}");
    }
}

#[test]
fn of_two_lines_that_say_the_same_a_refusal_to_one_may_mean_either() {
    let (mut b, first, bob) = pair();
    let second = link("alice", 2);
    b.connect(&second);
    up(&mut b, &first, &bob, "o");
    refuse(&mut b, &first, Kind::Offer);
    up(&mut b, &second, &bob, "o");
    let last = up(&mut b, &first, &bob, "o");
    let mut lost = b.clone();
    down(&mut b, &bob, &first, "o");
    down(&mut b, &bob, &first, "o");
    fenced(&mut b, &[&first, &bob]);
    assert_eq!(of(&[3], &b, &nothing()), []);
    // Nothing has come of any of them.
    fenced(&mut lost, &[&first, &bob]);
    assert_eq!(of(&[3], &lost, &nothing()), [(3, last)]);
}

#[test]
fn law_6_asks_for_no_room_where_somebody_who_is_not_understood_may_be() {
    let (mut b, alice) = alice();
    let carol = link("carol", 1);
    b.connect(&carol);
    garbage(&mut b, &carol);
    leaves(&mut b, &alice);
    assert_eq!(emptied(&b.events, &nothing()), []);
    drops(&mut b, &carol);
    assert_eq!(emptied(&b.events, &nothing()).len(), 1);
}

#[test]
fn law_6_asks_for_no_room_that_was_lost_with_the_server() {
    let (mut b, alice) = alice();
    leaves(&mut b, &alice);
    assert_eq!(emptied(&b.events, &nothing()).len(), 1);
    server(&mut b, ServerLife::Killed);
    server(&mut b, ServerLife::Ready);
    assert_eq!(emptied(&b.events, &nothing()), []);
}

#[test]
fn who_asks_to_come_in_again_may_be_told_to_have_gone_and_come() {
    let (mut b, alice, bob) = pair();
    ask(&mut b, &bob, "lobby");
    news(&mut b, &alice, "bob", false);
    news(&mut b, &alice, "bob", true);
    let_in(&mut b, &bob, "lobby", &["alice"]);
    assert_eq!(broken(&b, &nothing()), []);
    assert_eq!(broken(&b, &promised()), []);
    // That he went once is no reason to say it twice.
    let told = news(&mut b, &alice, "bob", false);
    assert_eq!(of(&[9], &b, &nothing()), [(9, told)]);
}

#[test]
fn who_asks_to_come_in_elsewhere_may_be_told_to_have_gone() {
    let (mut b, alice, bob) = pair();
    ask(&mut b, &bob, "elsewhere");
    news(&mut b, &alice, "bob", false);
    let_in(&mut b, &bob, "elsewhere", &[]);
    fenced(&mut b, &[&alice, &bob]);
    later(&mut b);
    assert_eq!(broken(&b, &nothing()), []);
    assert_eq!(broken(&b, &promised()), []);
    // A refusal leaves him where he was.
    let (mut b, alice, bob) = pair();
    ask(&mut b, &bob, "elsewhere");
    refuse(&mut b, &bob, Kind::Join);
    let told = news(&mut b, &alice, "bob", false);
    assert_eq!(of(&[9], &b, &nothing()), [(9, told)]);
}

#[test]
fn the_first_line_of_somebody_is_no_return() {
    let (mut b, alice) = alice();
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob, "lobby");
    refuse(&mut b, &bob, Kind::Join);
    let told = news(&mut b, &alice, "bob", true);
    ask(&mut b, &bob, "lobby");
    let_in(&mut b, &bob, "lobby", &["alice"]);
    let replaces = Terms {
        rejects_same_id: false,
        ..nothing()
    };
    assert_eq!(of(&[9], &b, &replaces), [(9, told)]);
}

#[test]
fn news_of_a_room_that_one_was_refused_is_not_true_there() {
    let (mut b, alice) = alice();
    ask(&mut b, &alice, "elsewhere");
    refuse(&mut b, &alice, Kind::Join);
    let bob = link("bob", 1);
    b.connect(&bob);
    ask(&mut b, &bob, "elsewhere");
    let_in(&mut b, &bob, "elsewhere", &[]);
    let told = news(&mut b, &alice, "bob", true);
    assert_eq!(of(&[9], &b, &nothing()), [(9, told)]);
}

/// A server that goes by ids has nobody to give it to; that another is in the room is nothing to it.
#[test]
fn what_is_for_somebody_who_is_not_there_need_reach_nobody() {
    for stranger in [false, true] {
        let (mut b, alice, bob) = pair();
        let sent = up(&mut b, &bob, &alice, "o");
        let event = b.events.iter_mut().find(|event| event.seq == sent);
        if let Some(What::Message {
            about,
            word: Some(Word::Signal { peer, .. }),
            ..
        }) = event.map(|event| &mut event.what)
            && stranger
        {
            (*about, *peer) = (None, Some("nobody-of-the-case".into()));
        }
        fenced(&mut b, &[&alice, &bob]);
        let expected: &[(u8, u64)] = if stranger { &[] } else { &[(3, sent)] };
        assert_eq!(of(&[3], &b, &promised()), expected, "{stranger}");
    }
}

#[test]
fn who_is_addressed_by_name_in_another_room_may_be_reached_unless_rooms_are_promised_to_be_apart() {
    for (named, apart, broken) in [
        (true, false, false),
        (true, true, true),
        (false, false, true),
        (false, true, true),
    ] {
        let (mut b, _, bob) = pair();
        let carol = link("carol", 1);
        b.connect(&carol);
        ask(&mut b, &carol, "attic");
        let_in(&mut b, &carol, "attic", &[]);
        let said = up(&mut b, &bob, &carol, "o");
        if !named {
            for_anybody(&mut b, said);
        }
        let got = down(&mut b, &carol, &bob, "o");
        let terms = Terms {
            rooms_apart: apart,
            ..nothing()
        };
        let expected: &[(u8, u64)] = if broken { &[(2, got)] } else { &[] };
        assert_eq!(of(&[2, 3], &b, &terms), expected, "{named} {apart}");
    }
}

/// The tap sees that the server has put somebody out when his line ends, and what was queued on it may take long to come before that. Who
/// came in meanwhile did not find him there, unless something shows it.
#[test]
fn who_came_in_before_the_tap_saw_a_line_end_may_have_come_when_it_had_ended() {
    let shows: [Shows; 6] = [
        ("nothing", false, |_, _, _| {}),
        ("he heard of her", true, |b, bob, _| {
            news(b, bob, "carol", true);
        }),
        ("he heard from her", true, |b, bob, carol| {
            up(b, carol, bob, "o");
            down(b, bob, carol, "o");
        }),
        ("she heard from him", true, |b, bob, carol| {
            up(b, bob, carol, "o");
            down(b, carol, bob, "o");
        }),
        ("he was answered", true, |b, bob, _| fenced(b, &[bob])),
        ("another was answered", false, |b, _, carol| {
            fenced(b, &[carol]);
        }),
    ];
    for (shown, owed, shows) in shows {
        for by in [Side::Server, Side::Peer] {
            let (mut b, alice, bob) = pair();
            let carol = link("carol", 1);
            enters(&mut b, &carol, &[&alice]);
            shows(&mut b, &bob, &carol);
            let gone = b.ends(&bob, by, Ending::Reset, &[]);
            news(&mut b, &alice, "bob", false);
            later(&mut b);
            fenced(&mut b, &[&alice, &carol]);
            let owed = owed || by == Side::Peer;
            let expected: &[(u8, u64)] = if owed { &[(1, gone)] } else { &[] };
            assert_eq!(of(&[1], &b, &promised()), expected, "{shown}, {by:?}");
        }
    }
}

type Shows = (
    &'static str,
    bool,
    fn(&mut glare::record::TraceBuilder, &glare::names::Link, &glare::names::Link),
);

/// She is told of those inside when she comes in: who is among them was there.
#[test]
fn who_is_listed_to_a_newcomer_was_there() {
    let (mut b, alice, bob) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    ask(&mut b, &carol, "lobby");
    let_in(&mut b, &carol, "lobby", &["alice", "bob"]);
    news(&mut b, &alice, "carol", true);
    let gone = b.ends(&bob, Side::Server, Ending::Reset, &[]);
    news(&mut b, &alice, "bob", false);
    later(&mut b);
    fenced(&mut b, &[&alice, &carol]);
    assert_eq!(of(&[1], &b, &promised()), [(1, gone)]);
}

/// What is not told to somebody whom the server put out some time later, as the tap saw it, may have been nobody's due.
#[test]
fn who_was_put_out_may_have_been_out_since_the_server_last_showed_him_inside() {
    for (by, answered) in [
        (Side::Server, false),
        (Side::Server, true),
        (Side::Peer, false),
    ] {
        let (mut b, alice, bob) = pair();
        fenced(&mut b, &[&bob]);
        let carol = link("carol", 1);
        let entered = enters(&mut b, &carol, &[&alice]);
        later(&mut b);
        if answered {
            fenced(&mut b, &[&bob]);
        }
        b.ends(&bob, by, Ending::Reset, &[]);
        let accused = of(&[9], &b, &promised());
        let expected: &[(u8, u64)] = match (by, answered) {
            (Side::Server, false) => &[],
            _ => &[(9, entered)],
        };
        assert_eq!(accused, expected, "{by:?}, {answered}");
    }
}

/// Where ids are the server's, whoever comes again is somebody new, and the one before him may be put out later; but once for each.
#[test]
fn of_an_id_that_has_been_followed_by_another_it_may_be_told_later_that_it_is_gone() {
    let gives_ids = |gives_ids| glare::signaling::Terms {
        gives_ids,
        ..promised()
    };
    let (mut b, alice, bob) = pair();
    let gone = drops(&mut b, &bob);
    let again = link("bob", 2);
    enters(&mut b, &again, &[&alice]);
    let came = b.events.len() as u64 - 1;
    let mut never = b.clone();
    let first = news(&mut b, &alice, "bob", false);
    later(&mut b);
    fenced(&mut b, &[&alice, &again]);
    assert_eq!(of(&[1, 9], &b, &gives_ids(true)), []);
    assert_eq!(of(&[1, 9], &b, &gives_ids(false)), [(9, first)]);
    let second = news(&mut b, &alice, "bob", false);
    assert_eq!(of(&[1, 9], &b, &gives_ids(true)), [(9, second)]);

    // It has to be told all the same.
    assert!(awaited(&never.events, &gives_ids(true)).is_some());
    later(&mut never);
    fenced(&mut never, &[&alice, &again]);
    assert_eq!(of(&[1], &never, &gives_ids(true)), [(1, gone)]);
    assert_eq!(of(&[1], &never, &gives_ids(false)), [(1, came)]);
}
