//! Where somebody may be: from when on he is certainly in a room, or out of it, and what is held against nobody before that.

use super::*;

#[test]
fn who_may_have_been_gone_before_he_went_need_not_be_announced() {
    for blur in [None, Some(true), Some(false)] {
        let (mut b, _, bob) = pair();
        match blur {
            Some(true) => garbage(&mut b, &bob),
            Some(false) => {
                ask(&mut b, &bob, "elsewhere");
                let_in(&mut b, &bob, "elsewhere", &[]);
            }
            None => {}
        }
        let gone = drops(&mut b, &bob);
        later(&mut b);
        let expected = if blur.is_some() {
            vec![]
        } else {
            vec![(1, gone)]
        };
        assert_eq!(of(&[1], &b, &promised()), expected, "{blur:?}");
    }
}

#[test]
fn who_came_after_the_request_to_leave_need_not_hear_of_it() {
    let (mut b, alice, bob) = pair();
    let lobby = || room("lobby");
    b.ask(&bob, Request::Leave { room: lobby() }, &[]);
    let carol = link("carol", 1);
    b.connect(&carol);
    ask(&mut b, &carol, "lobby");
    let_in(&mut b, &carol, "lobby", &["alice"]);
    news(&mut b, &alice, "carol", true);
    b.tell(&bob, Notice::Left { room: lobby() }, None, &[]);
    news(&mut b, &alice, "bob", false);
    later(&mut b);
    assert_eq!(of(&[1], &b, &promised()), []);
}

#[test]
fn a_new_line_is_in_no_room_where_the_old_one_excludes_it() {
    let (mut b, alice, bob) = pair();
    drops(&mut b, &bob);
    news(&mut b, &alice, "bob", false);
    let back = link("bob", 2);
    b.connect(&back);
    let got = relay(&mut b, &alice, &back);
    assert_eq!(of(&[2], &b, &promised()), [(2, got)]);
    let takes_over = Terms {
        rejects_same_id: false,
        ..promised()
    };
    assert_eq!(of(&[2], &b, &takes_over), [], "he may be inside again");
    // And a refusal leaves it at that.
    ask(&mut b, &back, "lobby");
    refuse(&mut b, &back, Kind::Join);
    relay(&mut b, &alice, &back);
    assert_eq!(of(&[2], &b, &takes_over), []);
}

#[test]
fn who_leaves_by_another_name_of_the_room_has_left() {
    let (mut b, _, bob) = pair();
    let other = || room("LOBBY");
    b.ask(&bob, Request::Leave { room: other() }, &[]);
    let left = b.tell(&bob, Notice::Left { room: other() }, None, &[]);
    later(&mut b);
    assert_eq!(of(&[1], &b, &promised()), [(1, left)]);
}

#[test]
fn a_get_says_nothing() {
    let (mut b, alice, bob) = pair();
    let at = b.ask(&bob, Request::Fence, &[]) as usize;
    let What::Message {
        word,
        text,
        carrier,
        ..
    } = &mut b.events[at].what
    else {
        panic!("a message");
    };
    (*word, *text, *carrier) = (None, "GET /health".into(), Carrier::Http);
    let again = news(&mut b, &alice, "bob", true);
    assert_eq!(of(&[12], &b, &promised()), [(12, again)]);
}

#[test]
fn who_is_not_let_go_is_there_as_before() {
    let (mut b, alice, bob) = pair();
    let lobby = room("lobby");
    b.ask(&bob, Request::Leave { room: lobby }, &[]);
    refuse(&mut b, &bob, Kind::Leave);
    let lost = up(&mut b, &alice, &bob, "o");
    fenced(&mut b, &[&alice, &bob]);
    assert_eq!(of(&[3], &b, &promised()), [(3, lost)]);
}

#[test]
fn who_leaves_by_http_may_still_get_what_was_on_its_way() {
    let leaves_by_http = |b: &mut TraceBuilder, bob: &Link| {
        let (asked, left) = leaves(b, bob);
        by_http(b, asked);
        by_http(b, left);
    };
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "o");
    // A request on the line before it does not settle what came after.
    b.ask(&bob, Request::Fence, &[]);
    leaves_by_http(&mut b, &bob);
    refuse(&mut b, &bob, Kind::Fence);
    down(&mut b, &bob, &alice, "o");
    assert_eq!(of(&[2], &b, &promised()), []);
    asked_and_answered(&mut b, &bob);
    let got = relay(&mut b, &alice, &bob);
    assert_eq!(of(&[2], &b, &promised()), [(2, got)]);
    let (mut b, alice, bob) = pair();
    up(&mut b, &alice, &bob, "o");
    leaves_by_http(&mut b, &bob);
    down(&mut b, &bob, &alice, "o");
    assert_eq!(of(&[2], &b, &promised()), []);
}

#[test]
fn a_request_by_http_settles_nothing_on_the_line() {
    for http in [true, false] {
        let (mut b, alice, bob) = pair();
        let lost = up(&mut b, &alice, &bob, "o");
        let asked = asked_and_answered(&mut b, &alice);
        if http {
            by_http(&mut b, asked);
        }
        asked_and_answered(&mut b, &bob);
        let expected = if http { vec![] } else { vec![(3, lost)] };
        assert_eq!(of(&[3], &b, &promised()), expected);
    }
}

#[test]
fn of_who_asks_for_very_many_rooms_it_is_not_known_which_news_are_foreign() {
    for (rooms, foreign) in [(1, true), (20, false)] {
        let (mut b, alice) = alice();
        for n in 0..rooms {
            ask(&mut b, &alice, &format!("room {n}"));
        }
        let bob = link("bob", 1);
        b.connect(&bob);
        ask(&mut b, &bob, "elsewhere");
        news(&mut b, &alice, "bob", true);
        assert_eq!(!of(&[2], &b, &nothing()).is_empty(), foreign);
    }
}

#[test]
fn where_who_is_not_understood_is_nobody_knows() {
    for opaque in [None, Some("alice"), Some("carol")] {
        let (mut b, alice, _) = pair();
        let carol = link("carol", 1);
        if let Some(who) = opaque {
            garbage(&mut b, &link(who, 1));
        }
        b.connect(&carol);
        ask(&mut b, &carol, "elsewhere");
        let_in(&mut b, &carol, "elsewhere", &[]);
        let got = relay(&mut b, &alice, &carol);
        let expected = if opaque.is_some() {
            vec![]
        } else {
            vec![(2, got)]
        };
        assert_eq!(of(&[2], &b, &promised()), expected, "{opaque:?}");
    }
}

#[test]
fn what_goes_by_http_needs_no_room_of_its_line() {
    for (http_up, http_down) in [(true, false), (false, true), (false, false)] {
        let (mut b, alice, _) = pair();
        let carol = link("carol", 1);
        b.connect(&carol);
        let (from, to) = if http_up {
            (&carol, &alice)
        } else {
            (&alice, &carol)
        };
        let sent = up(&mut b, from, to, "o");
        let got = down(&mut b, to, from, "o");
        if http_up {
            by_http(&mut b, sent);
        }
        if http_down {
            by_http(&mut b, got);
        }
        let by_line = !http_up && !http_down;
        let expected = if by_line { vec![(2, got)] } else { vec![] };
        assert_eq!(of(&[2], &b, &promised()), expected);
    }
}
