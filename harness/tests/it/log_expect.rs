//! Expectations: lines that must be in the log, and lines that must never be; and what relays turn out to be.

use crate::traces_support;
use crate::traces_support::{link, sdp};
use glare::facts::Delivery;
use glare::facts::Facts;
use glare::log::{Log, Watch, matches, seen};
use glare::names::PeerName;
use glare::record::{Applied, Endpoint, TraceBuilder, What};
use glare::signaling::Terms;
use glare::signaling::{Kind, Notice, Signal};
use glare::terms::Fate;

#[test]
fn a_pattern_is_the_beginning_of_a_line_up_to_a_words_end() {
    let line = r#"bob: error add-candidate InvalidStateError "The remote description was null""#;
    for pattern in [
        "bob: error",
        "bob:",
        "bob: error add-candidate",
        "* error",
        "bob: * InvalidStateError",
        "bob: error*",
        "*null\"",
    ] {
        assert!(matches(pattern, line), "{pattern}");
    }
    for pattern in [
        "bob: err",
        "bo",
        "error",
        "bob: error add",
        "alice: *",
        "",
        "*Invalid",
        "* null *",
    ] {
        assert!(!matches(pattern, line), "{pattern}");
    }
    assert!(!matches("server -> bob#2", "server -> bob#22: joined"));
    assert!(matches(
        "a -> b: candidate host",
        "a -> b: candidate host, ice <a 1>"
    ));
}

#[test]
fn seen_lines_come_in_order_and_either_way_of_writing_a_relay_will_do() {
    let log = Log::of(&traces_support::happy());
    assert_eq!(
        seen(
            &[
                "bob -> alice: offer",
                "alice: connection connected",
                "bob ~> alice: chat"
            ],
            &log
        ),
        Ok(())
    );
    assert_eq!(
        seen(
            &["bob -> server: offer for alice", "alice -> bob: answer"],
            &log
        ),
        Ok(())
    );
    assert_eq!(seen(&["server -> alice: offer from bob"], &log), Ok(()));
    assert_eq!(
        seen(&["alice -> bob: answer", "bob -> alice: offer"], &log),
        Err(1)
    );
    assert_eq!(seen(&["carol -> server: join"], &log), Err(0));
}

#[test]
fn a_watch_sees_what_the_log_does_not_show() {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let heard = b.hears(&link("bob", 1), Kind::Candidate, Some("alice"), 0);
    b.applied("bob", 1, Applied::Candidate, &[heard]);
    let refused = b.add(
        What::PeerError {
            peer: PeerName::new("bob"),
            conn: 1,
            during: "add-candidate".into(),
            name: "InvalidStateError".into(),
            message: "The remote description was null".into(),
        },
        &[],
    );
    b.add(
        What::Note {
            peer: Some(PeerName::new("bob")),
            text: "echo of its own offer".into(),
        },
        &[],
    );
    let mut watch = Watch::new(
        &["alice: error", "bob: error", "bob: note echo"],
        &Terms::default(),
    );
    let hits: Vec<_> = b.events.iter().map(|event| watch.feed(event)).collect();
    assert_eq!(hits[refused as usize], Some(1));
    assert_eq!(hits[refused as usize + 1], Some(2));
    assert_eq!(hits.iter().flatten().count(), 2);
    assert_eq!(Log::of(&b.events).to_string(), "");
}

#[test]
fn a_watch_knows_a_relay_in_one_line_and_in_two() {
    for pattern in [
        "bob -> alice: offer",
        "bob -> server: offer for alice",
        "server -> alice: offer from bob application",
    ] {
        let mut watch = Watch::new(&[pattern], &Terms::default());
        let hits = traces_support::happy()
            .iter()
            .filter(|event| watch.feed(event).is_some())
            .count();
        assert_eq!(hits, 1, "{pattern}");
    }
}

fn offer(ice: &str) -> Signal {
    Signal::Offer { sdp: sdp(ice) }
}

/// Feeds a trace; what each delivery turned out to be.
fn deliveries(b: &TraceBuilder, rewrites: bool) -> Vec<Delivery> {
    let mut facts = Facts::new(&Terms {
        rewrites,
        ..Terms::default()
    });
    let told = b.events.iter().filter_map(|event| {
        facts.take(event);
        facts.newest_delivery()
    });
    told.collect()
}

#[test]
fn a_relay_is_known_from_a_repeat_a_change_and_an_invention() {
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let one = b.up(&bob, "alice", offer("1"), Fate::Passed, &[]);
    let two = b.up(&bob, "alice", offer("2"), Fate::Passed, &[]);
    b.down(&alice, "bob", offer("1"), Fate::Passed);
    b.down(&alice, "bob", offer("1"), Fate::Passed);
    b.down(&alice, "bob", offer("3"), Fate::Passed);
    b.down(&alice, "bob", offer("3"), Fate::Passed);
    b.down(&alice, "bob", Signal::Bye, Fate::Passed);
    let expected = [
        Delivery::Relay(one),
        Delivery::Again(one),
        Delivery::Altered(two),
        Delivery::Invented,
        Delivery::Invented,
    ];
    assert_eq!(deliveries(&b, false), expected);
    assert_eq!(
        deliveries(&b, true),
        [
            Delivery::Relay(one),
            Delivery::Relay(two),
            Delivery::Again(two),
            Delivery::Again(two),
            Delivery::Invented
        ]
    );
}

#[test]
fn what_goes_to_somebody_else_is_no_relay() {
    let (alice, bob, carol) = (link("alice", 1), link("bob", 1), link("carol", 1));
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let one = b.up(&bob, "alice", offer("1"), Fate::Passed, &[]);
    b.down(&carol, "bob", offer("1"), Fate::Passed);
    b.down(&alice, "bob", offer("1"), Fate::Passed);
    b.down(&alice, "carol", offer("1"), Fate::Passed);
    assert_eq!(
        deliveries(&b, false),
        [
            Delivery::Again(one),
            Delivery::Relay(one),
            Delivery::Invented
        ]
    );
}

#[test]
fn a_held_message_reaches_the_server_when_it_is_released() {
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let held = b.up(&bob, "alice", offer("1"), Fate::Held, &[]);
    b.up(&bob, "alice", offer("2"), Fate::Dropped, &[]);
    b.down(&alice, "bob", offer("1"), Fate::Passed);
    b.add(
        What::Released {
            message: held,
            delivered: true,
        },
        &[],
    );
    b.down(&alice, "bob", offer("1"), Fate::Passed);
    assert_eq!(
        deliveries(&b, false),
        [Delivery::Invented, Delivery::Relay(held)]
    );
}

#[test]
fn what_a_server_repeats_or_makes_up_is_marked_in_the_log() {
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    b.create(&link("alice", 1), "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    b.step("await: { peer: bob, hears: answer }", None);
    let (from, to) = (Endpoint::new(&bob, 1, "BB"), Endpoint::new(&alice, 1, "AA"));
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    let heard = b.hears(&bob, Kind::Answer, Some("alice"), answer);
    b.wait(heard);
    b.down(&alice, "bob", offer("BB"), Fate::Passed);
    b.down(&alice, "bob", offer("ZZ"), Fate::Passed);
    b.tell(
        &alice,
        Notice::PeerLeft {
            peer: "bob".into(),
            how: None,
        },
        Some("bob"),
        &[],
    );
    let log = Log::of(&b.end(&[&link("alice", 1), &link("bob", 1)])).to_string();
    assert!(
        log.contains("server -> alice: offer from bob application, ice <bob 1> (again)\n"),
        "{log}"
    );
    assert!(
        log.contains("server -> alice: offer from bob application, ice <bob 2> (invented)\n"),
        "{log}"
    );
    assert!(
        log.contains("server -> alice: peer-left bob (unasked)\n"),
        "{log}"
    );
}
