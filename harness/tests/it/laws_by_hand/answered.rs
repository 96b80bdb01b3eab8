//! Law 4: each request has an answer, its own where numbers say which is whose.

use super::*;

#[test]
fn a_request_without_an_answer_breaks_law_4_once_fenced() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    let asked = b.ask(
        &carol,
        Request::Join {
            room: room("lobby"),
        },
        &[],
    );
    assert_eq!(broken(&b), []);
    b.fence(&[&alice, &carol]);
    assert_eq!(broken(&b), [(4, asked)]);
}

/// What nobody can read may be the answer; before the request it is none.
#[test]
fn a_request_that_something_not_understood_came_after_breaks_nothing() {
    for after in [false, true] {
        let (mut b, alice, bob) = pair();
        let unread = |b: &mut TraceBuilder| {
            let came = b.tell(&bob, Notice::Error { reason: "x".into() }, None, &[]);
            if let What::Message { word, .. } = &mut b.events[came as usize].what {
                *word = None;
            }
        };
        if !after {
            unread(&mut b);
        }
        let asked = b.ask(
            &bob,
            Request::Leave {
                room: room("lobby"),
            },
            &[],
        );
        if after {
            unread(&mut b);
        }
        b.fence(&[&alice, &bob]);
        assert_eq!(broken(&b), if after { vec![] } else { vec![(4, asked)] });
    }
}

#[test]
fn a_refusal_is_an_answer() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    b.ask(
        &carol,
        Request::Join {
            room: room("lobby"),
        },
        &[],
    );
    b.tell(
        &carol,
        Notice::Refused {
            request: None,
            reason: "full".into(),
        },
        None,
        &[],
    );
    b.fence(&[&alice, &carol]);
    assert_eq!(broken(&b), []);
    assert_eq!(
        finding(&b.events, Law::RequestsAreAnswered, &terms()).premises,
        7
    );
}

/// The message of this event has this number.
pub(super) fn number(b: &mut TraceBuilder, seq: Seq, is: &str) {
    let event = b.events.iter_mut().find(|event| event.seq == seq);
    if let Some(What::Message { number, .. }) = event.map(|event| &mut event.what) {
        *number = Some(is.to_owned());
    }
}

/// A request to come in, under this number.
fn asks(b: &mut TraceBuilder, line: &Link, of: &str, is: &str) -> Seq {
    let seq = b.ask(line, Request::Join { room: room(of) }, &[]);
    number(b, seq, is);
    seq
}

/// It is refused.
fn no() -> Notice {
    Notice::Refused {
        request: Some(Kind::Join),
        reason: "full".into(),
    }
}

/// This message goes by HTTP.
fn by_http(b: &mut TraceBuilder, seq: Seq) {
    if let What::Message { carrier, .. } = &mut b.events[seq as usize].what {
        *carrier = Carrier::Http;
    }
}

/// A request that asks only what there is to hear.
fn polls(b: &mut TraceBuilder, line: &Link) -> Seq {
    let seq = b.ask(line, Request::Fence, &[]);
    by_http(b, seq);
    if let What::Message { word, text, .. } = &mut b.events[seq as usize].what {
        (*word, *text) = (None, "GET /poll".into());
    }
    seq
}

/// Two who ask at once are answered each in the other's place.
#[test]
fn an_answer_is_to_the_request_whose_number_it_repeats() {
    for (answers, swapped) in [(["1", "2"], false), (["2", "1"], true)] {
        let (mut b, alice, bob) = pair();
        let lines = [link("carol", 1), link("dave", 1)];
        let asked = [("1", "attic"), ("2", "attic")];
        for (line, (is, of)) in lines.iter().zip(asked) {
            b.connect(line);
            asks(&mut b, line, of, is);
        }
        let mut told = Vec::new();
        for (line, is) in lines.iter().zip(answers) {
            let seq = b.tell(line, no(), None, &[]);
            number(&mut b, seq, is);
            told.push((4, seq));
        }
        b.fence(&[&alice, &bob]);
        assert_eq!(broken(&b), if swapped { told } else { vec![] });
    }
}

#[test]
fn an_answer_under_a_number_that_nobody_said_or_under_one_twice_is_wrong() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    asks(&mut b, &carol, "attic", "7");
    b.up(&carol, "alice", offer("o"), Fate::Passed, &[]);
    let tell = |b: &mut TraceBuilder, is: &str| {
        let seq = b.tell(&carol, no(), None, &[]);
        number(b, seq, is);
        seq
    };
    tell(&mut b, "7");
    let twice = tell(&mut b, "7");
    let nobodys = tell(&mut b, "8");
    b.fence(&[&alice]);
    assert_eq!(broken(&b), [(4, twice), (4, nobodys)]);
    // It may be that of something of hers that nobody understood.
    for event in &mut b.events {
        if let What::Message {
            word,
            direction: Direction::Up,
            ..
        } = &mut event.what
            && matches!(word, Some(Word::Signal { .. }))
        {
            *word = None;
        }
    }
    assert!(!broken(&b).contains(&(4, nobodys)));
}

/// Pages number each from the same beginning: what one of them said that nobody understood may have had the number of another's request.
#[test]
fn a_number_may_be_that_of_what_nobody_understood() {
    for unread in [false, true] {
        let (mut b, alice, bob) = pair();
        let said = b.up(&bob, "alice", offer("o"), Fate::Passed, &[]);
        b.down(&alice, "bob", offer("o"), Fate::Passed);
        let carol = link("carol", 1);
        b.connect(&carol);
        asks(&mut b, &carol, "attic", "3");
        let told = b.tell(&bob, no(), None, &[]);
        number(&mut b, told, "3");
        let refused = b.tell(&carol, no(), None, &[]);
        number(&mut b, refused, "3");
        if unread {
            let said = b.events.iter_mut().find(|event| event.seq == said);
            if let Some(What::Message { word, .. }) = said.map(|said| &mut said.what) {
                *word = None;
            }
        }
        b.fence(&[&alice]);
        assert_eq!(broken(&b).contains(&(4, told)), !unread);
    }
}

/// A text is not the number that it looks like, nor a number the text: a record has texts that look like one in quotation marks.
#[test]
fn an_answer_under_what_only_looks_like_its_number_is_wrong_and_an_answer() {
    for (said, told, wrong) in [
        ("7", "7", false),
        ("\"7\"", "\"7\"", false),
        ("7", "\"7\"", true),
        ("\"7\"", "7", true),
    ] {
        let (mut b, alice, _) = pair();
        let carol = link("carol", 1);
        b.connect(&carol);
        let asked = b.ask(
            &carol,
            Request::Join {
                room: room("attic"),
            },
            &[],
        );
        number(&mut b, asked, said);
        let notice = Notice::Refused {
            request: Some(Kind::Join),
            reason: "full".into(),
        };
        let answered = b.tell(&carol, notice, None, &[]);
        number(&mut b, answered, told);
        b.fence(&[&alice, &carol]);
        let expected = if wrong { vec![(4, answered)] } else { vec![] };
        assert_eq!(broken(&b), expected, "{said} {told}");
    }
}

/// Who makes a room may be told that it is made, and that he is inside.
#[test]
fn one_request_may_have_two_answers_that_say_different_things() {
    let (mut b, alice, _) = pair();
    let carol = link("carol", 1);
    b.connect(&carol);
    let attic = || room("attic");
    let asked = b.ask(&carol, Request::Create { room: attic() }, &[]);
    number(&mut b, asked, "3");
    let inside = || Notice::Joined {
        room: attic(),
        with: vec![],
    };
    let mut twice = 0;
    for notice in [Notice::Created { room: attic() }, inside(), inside()] {
        twice = b.tell(&carol, notice, None, &[]);
        number(&mut b, twice, "3");
    }
    b.fence(&[&alice, &carol]);
    assert_eq!(broken(&b), [(4, twice)]);
}

/// Two requests of one peer on one line are answered in whichever order, and each answer has the number of its own.
#[test]
fn two_answers_on_one_line_have_the_numbers_of_two_requests() {
    let yes = || Notice::Joined {
        room: room("attic"),
        with: vec![],
    };
    for (numbers, wrong) in [
        (["1", "2"], false),
        (["2", "1"], false),
        (["1", "1"], true),
        (["2", "2"], true),
    ] {
        for notices in [[yes(), no()], [no(), yes()]] {
            let (mut b, alice, _) = pair();
            let carol = link("carol", 1);
            b.connect(&carol);
            for is in ["1", "2"] {
                asks(&mut b, &carol, "attic", is);
            }
            let mut told = 0;
            for (notice, is) in notices.into_iter().zip(numbers) {
                told = b.tell(&carol, notice, None, &[]);
                number(&mut b, told, is);
            }
            b.fence(&[&alice]);
            let expected = if wrong { vec![(4, told)] } else { vec![] };
            assert_eq!(broken(&b), expected, "{numbers:?}");
        }
    }
}

/// An answer by HTTP, be it the response to its request or to a poll, has the number of that request.
#[test]
fn an_answer_by_http_is_to_the_request_whose_number_it_repeats() {
    for polled in [false, true] {
        for (is, wrong) in [("1", false), ("2", true), ("3", true)] {
            let (mut b, alice, bob) = pair();
            // Of somebody else, who is answered as he should be.
            asks(&mut b, &bob, "attic", "2");
            let to_bob = b.tell(&bob, no(), None, &[]);
            number(&mut b, to_bob, "2");
            let carol = link("carol", 1);
            b.connect(&carol);
            let asked = asks(&mut b, &carol, "attic", "1");
            by_http(&mut b, asked);
            let to = match polled {
                true => polls(&mut b, &carol),
                false => asked,
            };
            let told = b.tell(&carol, no(), None, &[to]);
            by_http(&mut b, told);
            number(&mut b, told, is);
            // What was answered under a wrong number by its response was answered.
            b.fence(&[&alice]);
            if !polled {
                b.fence(&[&carol]);
            }
            let expected = if wrong { vec![(4, told)] } else { vec![] };
            assert_eq!(broken(&b), expected, "{is}, polled: {polled}");
        }
    }
}

/// Who counts anew with each page has several requests under one number: a response is to its own.
#[test]
fn of_two_requests_under_one_number_a_response_is_to_its_own() {
    let (mut b, alice, _) = pair();
    let (carol, dave) = (link("carol", 1), link("dave", 1));
    b.connect(&carol);
    let asked = ["attic", "cellar"].map(|room| asks(&mut b, &carol, room, "1"));
    let cellar = Notice::Joined {
        room: room("cellar"),
        with: vec![],
    };
    // The second is answered first.
    let told = [(cellar, asked[1]), (no(), asked[0])];
    let told = told.map(|(notice, to)| b.tell(&carol, notice, None, &[to]));
    for seq in asked.into_iter().chain(told) {
        by_http(&mut b, seq);
    }
    told.iter().for_each(|told| number(&mut b, *told, "1"));
    b.join(&dave, "cellar", &[&carol]);
    b.fence(&[&alice]);
    assert_eq!(broken(&b), []);
}

#[test]
fn a_leave_needs_an_answer_only_where_there_is_one() {
    let (mut b, alice, bob) = pair();
    let asked = b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[],
    );
    b.fence(&[&alice, &bob]);
    assert_eq!(broken(&b), [(4, asked)]);
    assert_eq!(
        broken_by(
            &b,
            &Terms {
                answers_leave: false,
                ..terms()
            }
        ),
        []
    );
}

fn destroys(b: &mut TraceBuilder, who: &Link, name: &str) -> Seq {
    let room = room(name);
    b.ask(who, Request::Destroy { room }, &[])
}

fn destroyed(b: &mut TraceBuilder, to: &Link, name: &str) -> Seq {
    let room = room(name);
    b.tell(to, Notice::Destroyed { room }, None, &[])
}

/// The answer to who removes a room may go to all who are inside, and to everybody.
#[test]
fn who_has_not_asked_for_it_may_be_told_that_a_room_is_gone() {
    let (mut b, alice, bob) = pair();
    let carol = link("carol", 1);
    b.create(&carol, "attic");
    destroys(&mut b, &alice, "lobby");
    for each in [&bob, &carol, &alice] {
        destroyed(&mut b, each, "lobby");
    }
    b.fence(&[&alice, &bob, &carol]);
    assert_eq!(broken(&b), []);
    // Carol is where she was, and hears who comes and goes there.
    b.join(&bob, "attic", &[&carol]);
    let gone = down(&mut b, &bob);
    later(&mut b, 10 * SECOND);
    b.fence(&[&alice, &carol]);
    assert_eq!(broken(&b), [(1, gone)]);
}

/// That his own room is gone is no answer to who would remove another, and no word of that one.
#[test]
fn the_end_of_another_room_is_no_answer() {
    for refused in [true, false] {
        let (mut b, alice, bob) = pair();
        let carol = link("carol", 1);
        b.create(&carol, "attic");
        destroys(&mut b, &alice, "lobby");
        let asked = destroys(&mut b, &bob, "attic");
        destroyed(&mut b, &bob, "lobby");
        destroyed(&mut b, &alice, "lobby");
        if refused {
            let request = Some(Kind::Destroy);
            let reason = "not yours".into();
            b.tell(&bob, Notice::Refused { request, reason }, None, &[]);
        }
        b.fence(&[&alice, &bob, &carol]);
        assert_eq!(broken(&b), if refused { vec![] } else { vec![(4, asked)] });
    }
}
