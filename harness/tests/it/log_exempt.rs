//! What the log tells apart and what it shows, on traces made by hand: one condition a test.

use glare::log::{Line, Log};
use glare::names::{Link, PeerName};
use glare::record::{Applied, Endpoint, Event, Seq, TraceBuilder, What};
use glare::signaling::{Candidate, DescriptionKind, Kind, Notice, Request, Signal};
use glare::terms::{Carrier, Ending, Fate, Machine, Side};

use crate::traces_support::{link, room, sdp};

fn lines(events: &[Event]) -> Vec<String> {
    let log = Log::of(events);
    log.lines.into_iter().map(|line| line.text).collect()
}

fn has(events: &[Event], text: &str) -> bool {
    lines(events).iter().any(|line| line.contains(text))
}

/// A trace in which Alice's first step has begun.
fn begun() -> (TraceBuilder, Link, Link, Seq) {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let step = b.step("a step", None);
    b.connect(&alice);
    b.connect(&bob);
    (b, alice, bob, step)
}

#[test]
fn candidates_of_two_types_are_two_lines() {
    let (mut b, alice, _, step) = begun();
    for kind in ["host", "host", "srflx"] {
        let candidate = Candidate {
            candidate: format!("candidate:1 1 udp 1 192.0.2.1 4000 typ {kind}"),
            username_fragment: Some("abcd".into()),
            ..Candidate::default()
        };
        let signal = Signal::Candidate { candidate };
        b.up(&alice, "bob", signal, Fate::Passed, &[step]);
    }
    let told = lines(&b.end(&[]));
    let count = |word: &str| told.iter().filter(|line| line.contains(word)).count();
    assert_eq!(
        (
            count("candidate for bob host"),
            count("candidate for bob srflx")
        ),
        (1, 1),
        "{told:?}"
    );
}

#[test]
fn errors_with_other_texts_are_lines_of_their_own() {
    let (mut b, ..) = begun();
    for message in ["one", "two"] {
        let error = b.add(
            What::PeerError {
                peer: PeerName::new("alice"),
                conn: 1,
                during: "set-remote".into(),
                name: "OperationError".into(),
                message: message.into(),
            },
            &[],
        );
        b.wait(error);
    }
    let events = b.end(&[]);
    assert!(
        has(&events, "\"one\"") && has(&events, "\"two\""),
        "{:?}",
        lines(&events)
    );
}

#[test]
fn a_line_of_two_legs_stands_for_both() {
    let (mut b, alice, bob, step) = begun();
    let offer = || Signal::Offer { sdp: sdp("abcd") };
    let sent = b.up(&alice, "bob", offer(), Fate::Passed, &[step]);
    let got = b.down(&bob, "alice", offer(), Fate::Passed);
    let heard = b.hears(&bob, Kind::Offer, Some("alice"), got);
    b.wait(heard);
    let log = Log::of(&b.end(&[]));
    let both: Vec<&Line> = log
        .lines
        .iter()
        .filter(|line| !line.forms.is_empty())
        .collect();
    assert_eq!(both.len(), 1, "{log}");
    assert_eq!(both[0].events, [sent, got]);
}

#[test]
fn a_bundled_section_is_not_rejected() {
    for (bundled, rejected) in [("", true), ("a=bundle-only\r\n", false)] {
        let (mut b, alice, _, step) = begun();
        let text = format!("v=0\r\nm=audio 0 UDP/TLS/RTP/SAVPF 0\r\n{bundled}a=ice-ufrag:abcd\r\n");
        let offer = Signal::Offer { sdp: text.into() };
        b.up(&alice, "bob", offer, Fate::Passed, &[step]);
        let events = b.end(&[]);
        assert!(has(&events, "audio"), "{:?}", lines(&events));
        assert_eq!(has(&events, "rejected"), rejected);
    }
}

#[test]
fn a_query_is_not_told() {
    let (mut b, alice, _, step) = begun();
    let at = b.ask(&alice, Request::Fence, &[step]) as usize;
    if let What::Message {
        word,
        text,
        carrier,
        ..
    } = &mut b.events[at].what
    {
        *word = None;
        *text = "GET /rooms?since=17#top HTTP/1.1\r\n\r\n".into();
        *carrier = Carrier::Http;
    }
    let told = lines(&b.end(&[]));
    assert!(
        told.iter()
            .any(|line| line == "alice -> server: http GET /rooms"),
        "{told:?}"
    );
}

#[test]
fn which_of_two_connections_is_told() {
    let (mut b, alice, ..) = begun();
    for (conn, with) in [(1, "bob"), (2, "carol")] {
        let offer = Signal::Offer { sdp: sdp(with) };
        let got = b.down(&alice, with, offer, Fate::Passed);
        let heard = b.hears(&alice, Kind::Offer, Some(with), got);
        b.applied(
            "alice",
            conn,
            Applied::Remote(DescriptionKind::Offer),
            &[heard],
        );
        let connected = b.state("alice", conn, Machine::Connection, "connected");
        b.wait(connected);
    }
    let events = b.end(&[]);
    for with in ["(with bob)", "(with carol)"] {
        assert!(has(&events, with), "{:?}", lines(&events));
    }
}

#[test]
fn a_line_that_was_fenced_after_its_end_is_told_whole() {
    for fenced in [true, false] {
        let (mut b, alice, _, step) = begun();
        b.up(&alice, "bob", Signal::Bye, Fate::Passed, &[step]);
        let (by, ending) = (Side::Peer, Ending::Reset);
        let link = || alice.clone();
        b.add(
            What::LinkDown {
                link: link(),
                by,
                ending,
            },
            &[],
        );
        if fenced {
            b.add(What::Fenced { link: link() }, &[]);
        }
        assert_eq!(has(&b.end(&[]), "bye"), fenced);
    }
}

#[test]
fn news_of_who_came_by_a_released_request_is_told() {
    let (mut b, alice, bob, step) = begun();
    let lobby = || room("lobby");
    b.ask(&alice, Request::Create { room: lobby() }, &[step]);
    b.tell(&alice, Notice::Created { room: lobby() }, None, &[]);
    let held = b.ask(&bob, Request::Join { room: lobby() }, &[step]);
    if let What::Message { fate, .. } = &mut b.events[held as usize].what {
        *fate = Fate::Held;
    }
    let what = What::Released {
        message: held,
        delivered: true,
    };
    b.add(what, &[step]);
    let with = vec!["alice".to_owned()];
    b.tell(
        &bob,
        Notice::Joined {
            room: lobby(),
            with,
        },
        None,
        &[],
    );
    let peer = "bob".to_owned();
    b.tell(&alice, Notice::PeerJoined { peer }, Some("bob"), &[]);
    let events = b.end(&[&link("alice", 1), &link("bob", 1)]);
    assert!(
        has(&events, "server -> alice: peer-joined bob"),
        "{:?}",
        lines(&events)
    );
}

#[test]
fn who_was_there_before_the_hearer_came_is_no_news_to_it() {
    let (mut b, alice, bob, step) = begun();
    let lobby = || room("lobby");
    b.ask(&alice, Request::Create { room: lobby() }, &[step]);
    b.tell(&alice, Notice::Created { room: lobby() }, None, &[]);
    b.ask(&bob, Request::Join { room: lobby() }, &[step]);
    let (room, with) = (lobby(), vec!["alice".to_owned()]);
    b.tell(&bob, Notice::Joined { room, with }, None, &[]);
    for (to, who) in [(&bob, "alice"), (&alice, "bob")] {
        let peer = who.to_owned();
        let told = b.tell(to, Notice::PeerJoined { peer }, Some(who), &[]);
        let heard = b.hears(to, Kind::PeerJoined, Some(who), told);
        b.wait(heard);
    }
    let told = lines(&b.end(&[&link("alice", 1), &link("bob", 1)]));
    let line = |text: &str| told.iter().any(|line| line == text);
    assert!(
        line("server -> bob: peer-joined alice (unasked)"),
        "{told:?}"
    );
    assert!(line("server -> alice: peer-joined bob"), "{told:?}");
}

/// The end, with both fenced.
fn ended(b: TraceBuilder) -> Vec<Event> {
    b.end(&[&link("alice", 1), &link("bob", 1)])
}

/// Bob comes while Alice is inside, goes and comes again; she goes out and in between, and all news of him reaches her after that.
fn told_late(words: &[Kind]) -> Vec<String> {
    let (mut b, alice, bob, step) = begun();
    let lobby = || room("lobby");
    let comes = |b: &mut TraceBuilder, who: &Link, with: &[&str]| {
        b.ask(who, Request::Join { room: lobby() }, &[step]);
        let with = with.iter().map(ToString::to_string).collect();
        let room = lobby();
        b.tell(who, Notice::Joined { room, with }, None, &[]);
    };
    let goes = |b: &mut TraceBuilder, who: &Link| {
        b.ask(who, Request::Leave { room: lobby() }, &[step]);
        b.tell(who, Notice::Left { room: lobby() }, None, &[]);
    };
    b.ask(&alice, Request::Create { room: lobby() }, &[step]);
    b.tell(&alice, Notice::Created { room: lobby() }, None, &[]);
    comes(&mut b, &bob, &["alice"]);
    goes(&mut b, &alice);
    comes(&mut b, &alice, &[]);
    goes(&mut b, &bob);
    comes(&mut b, &bob, &["alice"]);
    for word in words {
        let peer = "bob".to_owned();
        let notice = match word {
            Kind::PeerJoined => Notice::PeerJoined { peer },
            _ => Notice::PeerLeft { peer, how: None },
        };
        let told = b.tell(&alice, notice, Some("bob"), &[]);
        let heard = b.hears(&alice, *word, Some("bob"), told);
        b.wait(heard);
    }
    let mut told = lines(&b.end(&[&link("alice", 1), &link("bob", 1)]));
    told.retain(|line| line.contains("peer-"));
    told
}

#[test]
fn late_news_of_a_first_coming_leaves_that_of_the_second_explained() {
    let (here, gone) = (
        "server -> alice: peer-joined bob",
        "server -> alice: peer-left bob",
    );
    let (joined, left) = (Kind::PeerJoined, Kind::PeerLeft);
    assert_eq!(told_late(&[joined, left, joined]), [here, gone, here]);
    assert_eq!(told_late(&[joined, joined]), [here, here]);
    assert_eq!(told_late(&[left, joined]), [gone, here]);
    assert_eq!(told_late(&[joined]), [here]);
    // He came twice.
    let unasked = format!("{here} (unasked)");
    assert_eq!(told_late(&[joined, joined, joined]), [here, here, &unasked]);
}

/// Alice and Bob connect; the events of Alice's and of Bob's `connected`.
fn connected() -> (TraceBuilder, Link, Link, [Seq; 2]) {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create(&link("alice", 1), "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    b.step("await: { state: connected }", None);
    let (from, to) = (Endpoint::new(&bob, 1, "BB"), Endpoint::new(&alice, 1, "AA"));
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    let [of_bob, of_alice] = b.connected(from, to, answer);
    (b, alice, bob, [of_alice, of_bob])
}

#[test]
fn what_happens_inside_a_peer_stands_where_a_step_waited_for_it() {
    for first in [0, 1] {
        let (mut b, .., states) = connected();
        b.wait(states[first]);
        b.step("hold: { message: bye }", Some("tap: hold bye"));
        b.wait(states[1 - first]);
        b.step("release: { message: bye }", Some("tap: release bye"));
        let told = lines(&ended(b));
        let names = ["alice", "bob"].map(|who| format!("{who}: connection connected"));
        let last: Vec<&str> = told[told.len() - 4..].iter().map(String::as_str).collect();
        let expected = [
            &names[first],
            "tap: hold bye",
            &names[1 - first],
            "tap: release bye",
        ];
        assert_eq!(last, expected);
    }
}

#[test]
fn which_candidate_made_a_connection_is_not_told() {
    let (mut b, .., states) = connected();
    for seq in states {
        b.wait(seq);
    }
    let heard = |event: &&Event| {
        matches!(
            &event.what,
            What::Hears {
                kind: Kind::Candidate,
                ..
            }
        )
    };
    let heard: Vec<Seq> = b
        .events
        .iter()
        .filter(heard)
        .map(|event| event.seq)
        .collect();
    assert!(heard.len() > 2);
    let without = lines(&ended(b.clone()));
    for candidate in heard {
        let mut b = b.clone();
        for seq in states {
            b.events[seq as usize].cause = vec![candidate];
        }
        assert_eq!(lines(&ended(b)), without, "{candidate}");
    }
}

#[test]
fn a_connection_waits_for_its_first_exchange_alone() {
    let (mut b, alice, bob, states) = connected();
    for seq in states {
        b.wait(seq);
    }
    let without = lines(&ended(b.clone()));
    // Another one, by itself, which no step waits for.
    let at = b.events.len();
    let answer = b.negotiate(
        Endpoint::new(&bob, 1, "B2"),
        Endpoint::new(&alice, 1, "A2"),
        0,
        Fate::Passed,
    );
    let heard = b.hears(&bob, Kind::Answer, Some("alice"), answer);
    b.applied("bob", 1, Applied::Remote(DescriptionKind::Answer), &[heard]);
    b.events[at].cause.clear();
    assert_eq!(lines(&ended(b)), without);
}

#[test]
fn what_is_said_a_second_time_is_heard_only_where_a_step_waits_for_it() {
    let (mut b, ..) = connected();
    b.say(("bob", 1), ("alice", 1), "hello");
    b.say(("bob", 1), ("alice", 1), "hello");
    let whole = ended(b.clone());
    assert!(
        has(&whole, "bob ~> alice: chat \"hello\""),
        "{:?}",
        lines(&whole)
    );
    // The second one is not waited for: it may have come after the end.
    let heard = b.events.len() - 1;
    let said = b.events.len() - 2;
    let mut alone = TraceBuilder::clone(&b);
    alone.events.truncate(heard);
    let end = |mut b: TraceBuilder| {
        let step = b.events[said].cause[0];
        b.add(What::End, &[step, said as Seq]);
        lines(&b.events)
    };
    assert_eq!(end(b), end(alone));
}

#[test]
fn what_the_tap_makes_of_a_message_is_told_with_it() {
    let (mut b, alice, bob, step) = begun();
    b.up(&bob, "alice", Signal::Bye, Fate::Passed, &[step]);
    let got = b.down(&alice, "bob", Signal::Bye, Fate::Passed);
    let copy = b.down(&alice, "bob", Signal::Bye, Fate::Copy);
    b.events[copy as usize].cause = vec![got];
    let heard = b.hears(&alice, Kind::Bye, Some("bob"), got);
    b.wait(heard);
    let log = Log::of(&ended(b));
    let told = |seq: Seq| log.lines.iter().any(|line| line.events.contains(&seq));
    assert!(told(got) && told(copy), "{log}");
}
