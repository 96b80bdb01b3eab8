//! What the log tells apart and what it shows, on traces made by hand: one condition a test.

use glare::log::{Line, Log};
use glare::names::{Link, PeerName};
use glare::record::{Applied, Event, Seq, What};
use glare::signaling::{Candidate, DescriptionKind, Kind, Notice, Request, Signal};
use glare::terms::{Carrier, Ending, Fate, Machine, Side};

use crate::log_support::{Builder, link, room, sdp};

fn lines(events: &[Event]) -> Vec<String> {
    let log = Log::of(events);
    log.lines.into_iter().map(|line| line.text).collect()
}

fn has(events: &[Event], text: &str) -> bool {
    lines(events).iter().any(|line| line.contains(text))
}

/// A trace in which Alice's first step has begun.
fn begun() -> (Builder, Link, Link, Seq) {
    let mut b = Builder::new(&["alice", "bob", "carol"]);
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
    let events = b.end(&[("alice", 1), ("bob", 1)]);
    assert!(
        has(&events, "server -> alice: peer-joined bob"),
        "{:?}",
        lines(&events)
    );
}
