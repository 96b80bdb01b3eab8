//! The log of whole runs: what it says, that races leave no trace in it, and that deeds do.

use std::time::Duration;

use crate::time_support;
use crate::traces_support::{self, link, room};
use glare::facts::Facts;
use glare::log::{Log, causal, check};
use glare::names::Link;
use glare::record::{Event, TraceBuilder, What};
use glare::signaling::{Kind, Notice, Request, Signal, Terms};
use glare::terms::{Ending, Fate, Side};
use proptest::prelude::*;

fn story(events: &[Event]) -> String {
    Log::of(events).to_string()
}

#[test]
fn a_happy_run_reads_as_a_story() {
    insta::assert_snapshot!(story(&traces_support::happy()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    server -> alice: peer-joined bob
    bob -> alice: offer application, ice <bob 1>
    alice -> bob: answer application, ice <alice 1>
    alice: connection connected
    bob: connection connected
    bob ~> alice: chat "hello"
    alice ~> bob: chat "hello yourself"
    bob -> server: leave lobby
    server -> bob: left lobby
    server -> alice: peer-left bob
    "#);
}

#[test]
fn a_mid_join_disconnect_shows_what_found_nobody() {
    insta::assert_snapshot!(story(&traces_support::mid_join()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    hold answer to bob
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    server -> alice: peer-joined bob
    bob -> alice: offer application, ice <bob 1>
    alice -> server: answer for bob application, ice <alice 1>
    server -> bob: answer from alice application, ice <alice 1> (held)
    bob: killed (socket)
    server -> alice: peer-left bob (lost)
    release answer to bob
    tap: answer to bob undeliverable
    bob#2 -> server: join lobby
    server -> bob#2: joined lobby with alice
    server -> alice: peer-joined bob
    bob#2 -> alice: offer application, ice <bob 2>
    alice -> bob#2: answer application, ice <alice 2>
    alice: connection connected
    bob: connection connected
    bob ~> alice: chat "back again"
    "#);
}

/// No step says that a page dials again.
#[test]
fn what_a_page_says_on_a_line_that_it_dialled_by_itself_stands_below_the_end_of_the_one_before() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob, again) = (link("alice", 1), link("bob", 1), link("bob", 2));
    let (peer, path) = ("bob".into(), "/".to_owned());
    b.add(What::App { peer, path }, &[]);
    b.create(&alice, "lobby");
    let asks = |link: &Link| What::LinkAsked {
        link: link.clone(),
        text: "GET /ws".to_owned(),
    };
    let enters = |b: &mut TraceBuilder, link: &Link, click| {
        b.add(asks(link), &[]);
        b.connect(link);
        let room = room("lobby");
        // What a page says comes of what its user did last.
        b.ask(link, Request::Join { room: room.clone() }, &[click]);
        let with = vec!["alice".to_owned()];
        let let_in = b.tell(link, Notice::Joined { room, with }, None, &[]);
        b.hears(link, Kind::Joined, None, let_in)
    };
    let click = b.step("click: { peer: bob }", Some("bob: clicks button \"Join\""));
    let inside = enters(&mut b, &bob, click);
    b.wait(inside);
    let kill = b.step(
        "kill: { peer: bob, how: socket }",
        Some("bob: killed (socket)"),
    );
    let down = b.ends(&bob, Side::Tap, Ending::Reset, &[kill]);
    b.wait(down);
    b.step("see: { peer: bob }", Some("bob: sees text \"Lost\""));
    enters(&mut b, &again, click);
    let story = story(&b.end(&[&alice, &again]));
    let at = |line: &str| story.lines().position(|there| there == line);
    let killed = at("bob: killed (socket)").expect("the kill");
    let first = at("bob -> server: join lobby").expect("the first one");
    let second = at("bob#2 -> server: join lobby").expect("the second one");
    assert!(first < killed && killed < second, "{story}");
}

#[test]
fn early_candidates_come_before_the_offer() {
    insta::assert_snapshot!(story(&traces_support::early()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    server -> alice: peer-joined bob
    hold offer from alice to bob
    alice -> server: offer for bob application, ice <alice 1>
    server -> bob: offer from alice application, ice <alice 1> (held)
    alice -> bob: candidate host, ice <alice 1>
    release offer from alice to bob
    server -> bob: offer from alice application, ice <alice 1> (released)
    bob -> alice: answer application, ice <bob 1>
    alice: connection connected
    bob: connection connected
    "#);
}

#[test]
fn what_steps_do_to_messages_is_told_where_it_is_done() {
    insta::assert_snapshot!(story(&traces_support::harmed()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    server -> alice: peer-joined bob
    tap: duplicate offer from bob
    bob -> alice: offer application, ice <bob 1>
    bob -> server: offer for alice application, ice <bob 1> (duplicate)
    server -> alice: offer from bob application, ice <bob 1>
    tap: duplicate bye to alice
    bob -> alice: bye
    server -> alice: bye from bob (duplicate)
    tap: corrupt offer from bob (letter)
    bob -> server: offer for alice application, ice <bob 2> (corrupted)
    bob -> server: offer for alice (forged)
    server -> alice: offer from bob
    tap: delay answer from bob by 1s
    bob -> server: answer for alice application, ice <bob 2> (delayed)
    server -> alice: answer from bob application, ice <bob 2>
    server: paused
    bob -> server: offer for alice application, ice <bob 3>
    tap: stall alice
    bob -> server: answer for alice application, ice <bob 3>
    server: resumed
    server -> alice: offer from bob application, ice <bob 3>
    tap: mend alice
    server -> alice: answer from bob application, ice <bob 3>
    "#);
}

#[test]
fn what_a_silent_link_swallows_is_not_told() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (
        traces_support::link("alice", 1),
        traces_support::link("bob", 1),
    );
    b.create(&link("alice", 1), "lobby");
    b.join(&bob, "lobby", &[&alice]);
    let step = b.step(
        "cut: { peer: bob, how: silence }",
        Some("tap: cut bob (silence, both)"),
    );
    b.add(What::LinkEnded { link: bob.clone() }, &[step]);
    let told = |swallowed: &[bool]| {
        let mut b = b.clone();
        for fate in swallowed {
            let fate = if *fate { Fate::Swallowed } else { Fate::Passed };
            let step = b.step("send: { from: bob }", None);
            b.up(&bob, "alice", Signal::Bye, fate, &[step]);
            b.down(&bob, "alice", Signal::Bye, fate);
        }
        story(&b.end(&[&link("alice", 1)]))
    };
    let log = told(&[true, true]);
    assert!(log.ends_with("tap: cut bob (silence, both)\n"), "{log}");
    assert_eq!(told(&[false, true]), log);
    assert_eq!(told(&[false]), log);
}

#[test]
fn a_full_room_refuses_in_the_servers_words() {
    insta::assert_snapshot!(story(&traces_support::full()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    server -> alice: peer-joined bob
    carol -> server: join lobby
    server -> carol: refused join "room lobby is full"
    bob -> server: leave lobby
    server -> bob: left lobby
    server -> alice: peer-left bob
    carol -> server: join lobby
    server -> carol: joined lobby with alice
    server -> alice: peer-joined carol
    "#);
}

#[test]
fn a_dead_server_is_a_line_and_the_pair_goes_on() {
    insta::assert_snapshot!(story(&traces_support::killed()), @r#"
    alice -> server: create lobby
    server -> alice: created lobby
    bob -> server: join lobby
    server -> bob: joined lobby with alice
    bob -> alice: offer application, ice <bob 1>
    alice -> bob: answer application, ice <alice 1>
    alice: connection connected
    bob: connection connected
    server: killed
    server -> alice: connection lost
    server -> bob: connection lost
    bob ~> alice: chat "still here"
    server: ready
    alice#2 -> server: create lobby
    server -> alice#2: created lobby
    "#);
}

#[test]
fn every_causally_valid_reordering_gives_the_same_log() {
    for (name, events) in traces_support::all() {
        let expected = story(&events);
        let mut moved = 0;
        for seed in 0..1_000 {
            let other = check::reorder(&events, seed);
            moved += usize::from(other.iter().zip(&events).any(|(a, b)| a.what != b.what));
            assert_eq!(story(&other), expected, "{name}, seed {seed}");
        }
        assert!(
            moved > 900,
            "{name}: only {moved} of 1,000 reorderings differ from the trace"
        );
    }
}

#[test]
fn at_least_95_percent_of_the_mutants_change_the_log() {
    let (mut all, mut noticed) = (0, 0);
    for (name, events) in traces_support::all() {
        let expected = story(&events);
        for mutant in check::mutants(&events) {
            all += 1;
            if story(&mutant.events) == expected {
                println!("unnoticed in {name}: {}", mutant.name);
            } else {
                noticed += 1;
            }
        }
    }
    println!("{noticed} of {all} mutants change the log");
    assert!(all > 200, "only {all} mutants");
    assert!(noticed * 100 >= all * 95, "{noticed} of {all}");
}

/// The traces above one after the other, as one long run.
fn long(count: usize) -> Vec<Event> {
    let mut out: Vec<Event> = Vec::new();
    let parts = traces_support::all();
    'all: loop {
        for (_, part) in &parts {
            let base = out.len() as u64;
            for event in part {
                if out.len() == count {
                    break 'all;
                }
                let mut event = event.clone();
                event.seq += base;
                event.cause.iter_mut().for_each(|cause| *cause += base);
                if let What::Released { message, .. } = &mut event.what {
                    *message += base;
                }
                out.push(event);
            }
        }
    }
    out
}

#[test]
fn ten_thousand_events_take_well_under_a_second() {
    let events = long(10_000);
    let began = time_support::of_this_thread();
    let lines = Log::of(&events).lines.len();
    let took = time_support::of_this_thread().saturating_sub(began);
    println!("{lines} lines of 10,000 events in {took:?}");
    assert!(lines > 1_000);
    // Unoptimised it took 0.7 s on a busy 2-core machine.
    assert!(took < Duration::from_secs(5), "{took:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Causes into the future or in circles, gaps, doubles, missing halves: any text, but no panic and no hang.
    #[test]
    fn a_hostile_trace_gives_some_log(
        which in 0..5usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..6u8), 0..40),
    ) {
        let mut events = traces_support::all()[which].1.clone();
        for (at, other, how) in edits {
            if events.len() < 2 {
                break;
            }
            let (i, j) = (at.index(events.len()), other.index(events.len()));
            match how {
                0 => { events.remove(i); }
                1 => events[i].cause.push(j as u64),
                2 => events[i].seq = j as u64,
                3 => events.swap(i, j),
                4 => { let copy = events[j].clone(); events.insert(i, copy); }
                _ => if let What::Released { message, .. } = &mut events[i].what { *message = j as u64 },
            }
        }
        let _ = story(&events);
        let _ = check::reorder(&events, 7);
    }
}

/// Bob asks first and is let in last: Carol hears of him, and he of her, after she has asked to come in herself.
#[test]
fn who_asks_first_and_comes_in_last_is_not_told_of_before_the_others_have_asked() {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    b.create(&link("alice", 1), "lobby");
    let (alice, bob, carol) = (link("alice", 1), link("bob", 1), link("carol", 1));
    b.connect(&bob);
    b.connect(&carol);
    let asks = |b: &mut TraceBuilder, who: &Link| {
        let step = b.step(&format!("send-raw: {{ peer: {} }}", who.peer), None);
        let room = room("lobby");
        b.ask(who, Request::Join { room }, &[step]);
    };
    asks(&mut b, &bob);
    asks(&mut b, &carol);
    let joined = |b: &mut TraceBuilder, who: &Link, with: &[&str]| {
        let notice = Notice::Joined {
            room: room("lobby"),
            with: with.iter().map(ToString::to_string).collect(),
        };
        b.tell(who, notice, None, &[]);
    };
    let news = |b: &mut TraceBuilder, to: &Link, who: &str| {
        let notice = Notice::PeerJoined { peer: who.into() };
        b.tell(to, notice, Some(who), &[])
    };
    joined(&mut b, &carol, &["alice"]);
    news(&mut b, &alice, "carol");
    let told = news(&mut b, &carol, "bob");
    joined(&mut b, &bob, &["alice", "carol"]);
    news(&mut b, &alice, "bob");
    let heard = b.hears(&carol, Kind::PeerJoined, Some("bob"), told);
    b.wait(heard);
    let events = b.end(&[&link("alice", 1), &link("bob", 1), &link("carol", 1)]);
    let log = Log::of(&events);
    assert_eq!(
        causal(
            &log,
            &events,
            &Facts::of(&events, &Terms::default()).edges()
        ),
        Ok(()),
        "{log}"
    );
    let place = |line: &str| log.lines.iter().position(|one| one.text == line);
    let asked = place("carol -> server: join lobby").expect("a request");
    let told = place("server -> carol: peer-joined bob").expect("news");
    let named = place("server -> bob: joined lobby with alice, carol").expect("a reply");
    assert!(asked < told && asked < named, "{log}");
}
