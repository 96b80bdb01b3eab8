//! Law 1 where a place is kept for some time at least: news of a loss that comes earlier.

use super::*;

fn keeps() -> Terms {
    Terms {
        keeps_places: Duration::from_secs(6),
        keeps_places_at_least: Some(Duration::from_secs(4)),
        coalesces: true,
        ..terms()
    }
}

/// Which law is broken by news that comes so long after this, in ms, and what is told of it.
fn told(
    goes: impl FnOnce(&mut TraceBuilder, &Link) -> Seq,
    meanwhile: impl FnOnce(&mut TraceBuilder, &Link),
    millis: u64,
) -> Vec<(u8, String)> {
    let (mut b, alice, bob) = pair();
    let gone = goes(&mut b, &bob);
    meanwhile(&mut b, &alice);
    let news = tell_left(&mut b, &alice, "bob");
    let due = b.events[gone as usize].at + millis * 1000;
    let due = due.max(b.events[news as usize].at);
    at(&mut b, news, due);
    // With room for what else may be missed.
    later(&mut b, 60 * SECOND);
    let findings = judge(&b.events, &keeps()).into_iter();
    let breaches = findings.flat_map(|finding| finding.breaches);
    breaches
        .map(|one| (one.law.number(), one.message))
        .collect()
}

fn nothing(_: &mut TraceBuilder, _: &Link) {}

#[test]
fn a_place_that_is_free_before_its_time_breaks_law_1() {
    let early = told(down, nothing, 120);
    let [(1, message)] = early.as_slice() else {
        panic!("{early:?}");
    };
    assert_eq!(
        message,
        "bob's place was to be kept for at least 4 s, and alice was told after 120 ms that he is gone"
    );
    assert_eq!(told(down, nothing, 3_900).len(), 1);
    assert_eq!(told(down, nothing, 4_000), []);
    assert_eq!(told(down, nothing, 7_000), []);
    // Late is late all the same.
    assert_eq!(told(down, nothing, 10_000).len(), 1);
    // The time runs from when the server can have known of it first.
    let long_dying = |b: &mut TraceBuilder, bob: &Link| {
        let ended = b.add(What::LinkEnded { link: bob.clone() }, &[]);
        let gone = down(b, bob);
        at(b, gone, b.events[ended as usize].at + 2 * SECOND);
        ended
    };
    assert_eq!(told(long_dying, nothing, 4_000), []);
    assert_eq!(told(long_dying, nothing, 3_000).len(), 1);
}

#[test]
fn who_is_lost_a_second_time_has_his_place_kept_again() {
    let twice = |after: u64| {
        move |b: &mut TraceBuilder, bob: &Link| {
            let second = link("bob", 2);
            down(b, bob);
            later(b, after);
            b.join(&second, "lobby", &[]);
            later(b, SECOND);
            down(b, &second)
        }
    };
    let early = told(twice(SECOND), nothing, 120);
    assert!(matches!(early.as_slice(), [(1, _)]), "{early:?}");
    assert_eq!(told(twice(SECOND), nothing, 4_000), []);
    // Back when his place may have been free, he may have been told of late.
    assert_eq!(told(twice(5 * SECOND), nothing, 120), []);
}

#[test]
fn a_place_is_kept_for_nobody_but_who_is_lost() {
    let room = || room("lobby");
    // He left by a word, or had asked to.
    let left = |b: &mut TraceBuilder, bob: &Link| {
        b.ask(bob, Request::Leave { room: room() }, &[]);
        b.tell(bob, Notice::Left { room: room() }, None, &[])
    };
    let leaving = |b: &mut TraceBuilder, bob: &Link| {
        b.ask(bob, Request::Leave { room: room() }, &[]);
        down(b, bob)
    };
    // The line was closed in order, which may be his word; or by the server, which knew before.
    let closed = |by: Side| {
        move |b: &mut TraceBuilder, bob: &Link| {
            let ending = Ending::Close {
                code: Some(1000),
                reason: String::new(),
            };
            b.ends(bob, by, ending, &[])
        }
    };
    let put_out = |b: &mut TraceBuilder, bob: &Link| b.ends(bob, Side::Server, Ending::Reset, &[]);
    assert_eq!(told(left, nothing, 120), []);
    assert_eq!(told(leaving, nothing, 120), []);
    assert_eq!(told(closed(Side::Peer), nothing, 120), []);
    assert_eq!(told(closed(Side::Server), nothing, 120), []);
    assert_eq!(told(put_out, nothing, 120), []);
    // He is back, or has a line again.
    let back = |b: &mut TraceBuilder, alice: &Link| {
        b.join(&link("bob", 2), "lobby", &[alice]);
    };
    let again = |b: &mut TraceBuilder, _: &Link| {
        b.connect(&link("bob", 2));
    };
    let leaves_then = |b: &mut TraceBuilder, alice: &Link| {
        let second = link("bob", 2);
        b.join(&second, "lobby", &[alice]);
        b.ask(&second, Request::Leave { room: room() }, &[]);
        b.tell(&second, Notice::Left { room: room() }, None, &[]);
    };
    let of_law_1 = |told: Vec<(u8, String)>| told.into_iter().filter(|(law, _)| *law == 1).count();
    assert_eq!(of_law_1(told(down, back, 120)), 0);
    assert_eq!(of_law_1(told(down, again, 120)), 0);
    assert_eq!(of_law_1(told(down, leaves_then, 120)), 0);
    // The room is gone.
    let destroyed = |b: &mut TraceBuilder, alice: &Link| {
        b.ask(alice, Request::Destroy { room: room() }, &[]);
    };
    assert_eq!(of_law_1(told(down, destroyed, 120)), 0);
    // The line is silent, and nobody knows when the server takes it for lost; it ends when all is over.
    let (mut b, alice, bob) = pair();
    b.add(What::LinkEnded { link: bob.clone() }, &[]);
    tell_left(&mut b, &alice, "bob");
    later(&mut b, SECOND);
    down(&mut b, &bob);
    assert_eq!(broken_by(&b, &keeps()), []);
}

/// News of an earlier loss that he came back from may still be on its way.
#[test]
fn news_that_may_be_of_an_earlier_loss_is_not_early() {
    let (mut b, alice, bob) = pair();
    down(&mut b, &bob);
    let second = link("bob", 2);
    b.join(&second, "lobby", &[&alice]);
    down(&mut b, &second);
    tell_left(&mut b, &alice, "bob");
    let told = broken_by(&b, &keeps());
    assert!(!told.iter().any(|(law, _)| *law == 1), "{told:?}");
}
