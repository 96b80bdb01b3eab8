//! Whole traces as the stage writes them, made by hand.

use glare::names::{Link, RoomName};
use glare::record::{Applied, Endpoint, Event, Seq, TraceBuilder, What};
use glare::signaling::{DescriptionKind, Kind, Notice, Request, Signal};
use glare::terms::{Ending, Fate, ServerLife, Side};

pub fn link(peer: &str, instance: u32) -> Link {
    Link::new(peer, instance)
}

pub fn room(name: &str) -> RoomName {
    RoomName::new(name)
}

pub fn sdp(ufrag: &str) -> std::sync::Arc<str> {
    Endpoint::new(&link("somebody", 1), 1, ufrag).sdp().into()
}

/// Alice makes a room, Bob joins and offers, both connect and talk.
pub fn happy() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create(&alice, "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    let (from, to) = (Endpoint::new(&bob, 1, "BB"), Endpoint::new(&alice, 1, "AA"));
    b.step("await: { connected: [alice, bob] }", None);
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    for seq in b.connected(from, to, answer) {
        b.wait(seq);
    }
    b.say(("bob", 1), ("alice", 1), "hello");
    b.say(("alice", 1), ("bob", 1), "hello yourself");
    b.leave(&bob, "lobby", &[&alice]);
    b.end(&[&alice, &bob])
}

/// Bob's socket dies with Alice's answer held on its way to him; he comes back.
pub fn mid_join() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob, again) = (link("alice", 1), link("bob", 1), link("bob", 2));
    b.create(&alice, "lobby");
    b.step(
        "hold: { message: answer, to: bob }",
        Some("hold answer to bob"),
    );
    let joined = b.join(&bob, "lobby", &[&alice]);
    b.step("await: { held: answer, to: bob }", None);
    let answer = b.negotiate(
        Endpoint::new(&bob, 1, "B1"),
        Endpoint::new(&alice, 1, "A1"),
        joined,
        Fate::Held,
    );
    b.wait(answer);
    b.candidate(Endpoint::new(&alice, 1, "A1"), &bob, 1, "udp");
    let step = b.step(
        "kill: { peer: bob, how: socket }",
        Some("bob: killed (socket)"),
    );
    b.add(What::LinkEnded { link: bob.clone() }, &[step]);
    let down = b.ends(&bob, Side::Tap, Ending::Reset, &[step]);
    b.wait(down);
    b.step("await: { peer: alice, hears: peer-left }", None);
    let news = Notice::PeerLeft {
        peer: "bob".into(),
        how: Some("lost".into()),
    };
    let news = b.tell(&alice, news, Some("bob"), &[]);
    let heard = b.hears(&alice, Kind::PeerLeft, Some("bob"), news);
    b.wait(heard);
    let step = b.step(
        "release: { message: answer, to: bob }",
        Some("release answer to bob"),
    );
    let released = b.add(
        What::Released {
            message: answer,
            delivered: false,
        },
        &[step],
    );
    b.wait(released);
    let joined = b.join(&again, "lobby", &[&alice]);
    b.step("await: { connected: [alice, bob] }", None);
    let (from, to) = (
        Endpoint::new(&again, 2, "B2"),
        Endpoint::new(&alice, 2, "A2"),
    );
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    for seq in b.connected(from, to, answer) {
        b.wait(seq);
    }
    b.say(("bob", 2), ("alice", 2), "back again");
    b.end(&[&alice, &again])
}

/// Alice's candidates overtake her held offer.
pub fn early() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create(&alice, "lobby");
    b.join(&bob, "lobby", &[&alice]);
    b.step(
        "hold: { message: offer, from: alice, to: bob }",
        Some("hold offer from alice to bob"),
    );
    let step = b.step("negotiate: { from: alice }", None);
    let local = b.applied("alice", 1, Applied::Local(DescriptionKind::Offer), &[step]);
    let offer = || Signal::Offer { sdp: sdp("AA") };
    let up = b.up(&alice, "bob", offer(), Fate::Passed, &[local]);
    let held = b.down(&bob, "alice", offer(), Fate::Held);
    b.wait(up);
    b.step("await: { peer: bob, hears: candidate, from: alice }", None);
    let (_, _, heard) = b.candidate(Endpoint::new(&alice, 1, "AA"), &bob, 1, "udp");
    b.wait(heard);
    let (_, _, other) = b.candidate(Endpoint::new(&alice, 1, "AA"), &bob, 2, "tcp");
    let step = b.step(
        "release: { message: offer, from: alice, to: bob }",
        Some("release offer from alice to bob"),
    );
    b.add(
        What::Released {
            message: held,
            delivered: true,
        },
        &[step],
    );
    b.step("await: { connected: [alice, bob] }", None);
    let offered = b.hears(&bob, Kind::Offer, Some("alice"), held);
    let remote = b.applied(
        "bob",
        1,
        Applied::Remote(DescriptionKind::Offer),
        &[offered],
    );
    b.applied("bob", 1, Applied::Candidate, &[heard, remote]);
    b.applied("bob", 1, Applied::Candidate, &[other, remote]);
    let local = b.applied("bob", 1, Applied::Local(DescriptionKind::Answer), &[remote]);
    let answer = || Signal::Answer { sdp: sdp("BB") };
    b.up(&bob, "alice", answer(), Fate::Passed, &[local]);
    let down = b.down(&alice, "bob", answer(), Fate::Passed);
    for seq in b.connected(
        Endpoint::new(&alice, 1, "AA"),
        Endpoint::new(&bob, 1, "BB"),
        down,
    ) {
        b.wait(seq);
    }
    b.end(&[&alice, &bob])
}

/// Carol finds the room full.
pub fn full() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob", "carol"]);
    let (alice, bob, carol) = (link("alice", 1), link("bob", 1), link("carol", 1));
    b.create(&alice, "lobby");
    b.join(&bob, "lobby", &[&alice]);
    let step = b.step("join: { peer: carol, room: lobby, refused: full }", None);
    b.connect(&carol);
    b.ask(
        &carol,
        Request::Join {
            room: room("lobby"),
        },
        &[step],
    );
    let reason = "room lobby is full".to_owned();
    let refused = Notice::Refused {
        request: Some(Kind::Join),
        reason,
    };
    let refused = b.tell(&carol, refused, None, &[]);
    let heard = b.hears(&carol, Kind::Refused, None, refused);
    b.wait(heard);
    b.leave(&bob, "lobby", &[&alice]);
    let step = b.step("join: { peer: carol, room: lobby }", None);
    b.ask(
        &carol,
        Request::Join {
            room: room("lobby"),
        },
        &[step],
    );
    let joined = Notice::Joined {
        room: room("lobby"),
        with: vec!["alice".into()],
    };
    let joined = b.tell(&carol, joined, None, &[]);
    b.tell(
        &alice,
        Notice::PeerJoined {
            peer: "carol".into(),
        },
        Some("carol"),
        &[],
    );
    let heard = b.hears(&carol, Kind::Joined, None, joined);
    b.wait(heard);
    b.end(&[&alice, &bob, &carol])
}

/// The server dies under a pair, and the pair goes on talking; then it is started again and Alice comes back.
pub fn killed() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob, back) = (link("alice", 1), link("bob", 1), link("alice", 2));
    b.add(
        What::Server {
            life: ServerLife::Ready,
        },
        &[],
    );
    b.create(&alice, "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    let (from, to) = (Endpoint::new(&bob, 1, "BB"), Endpoint::new(&alice, 1, "AA"));
    b.step("await: { connected: [alice, bob] }", None);
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    for seq in b.connected(from, to, answer) {
        b.wait(seq);
    }
    let step = b.step("kill-server: {}", None);
    let killed = b.add(
        What::Server {
            life: ServerLife::Killed,
        },
        &[step],
    );
    b.wait(killed);
    for link in [&alice, &bob] {
        b.add(What::LinkEnded { link: link.clone() }, &[step]);
    }
    for (link, ending) in [(&alice, Ending::Eof), (&bob, Ending::Reset)] {
        let down = b.ends(link, Side::Server, ending, &[]);
        b.wait(down);
    }
    b.say(("bob", 1), ("alice", 1), "still here");
    let step = b.step("restart: {}", None);
    let ready = b.add(
        What::Server {
            life: ServerLife::Ready,
        },
        &[step],
    );
    b.wait(ready);
    b.create(&back, "lobby");
    b.end(&[&back])
}

/// What steps do to messages, links and the server.
pub fn harmed() -> Vec<Event> {
    let mut b = TraceBuilder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let sdp = |ufrag: &str| -> std::sync::Arc<str> {
        format!("v=0\r\na=ice-ufrag:{ufrag}\r\nm=application 9 x y\r\n").into()
    };
    let offer = |ufrag: &str| Signal::Offer { sdp: sdp(ufrag) };
    let answer = |ufrag: &str| Signal::Answer { sdp: sdp(ufrag) };
    b.create(&alice, "lobby");
    b.join(&bob, "lobby", &[&alice]);
    let said = |b: &mut TraceBuilder, signal: Signal, fate: Fate| {
        let step = b.step("send: { from: bob }", None);
        b.up(&bob, "alice", signal, fate, &[step])
    };
    let hears = |b: &mut TraceBuilder, message: Seq, kind: Kind| {
        let heard = b.hears(&alice, kind, Some("bob"), message);
        b.wait(heard);
    };
    b.step(
        "duplicate: { message: offer, from: bob }",
        Some("tap: duplicate offer from bob"),
    );
    let offer_1 = said(&mut b, offer("B1"), Fate::Passed);
    b.up(&bob, "alice", offer("B1"), Fate::Copy, &[offer_1]);
    b.step("await: { peer: alice, hears: offer }", None);
    let first = b.down(&alice, "bob", offer("B1"), Fate::Passed);
    hears(&mut b, first, Kind::Offer);
    let second = b.down(&alice, "bob", offer("B1"), Fate::Passed);
    hears(&mut b, second, Kind::Offer);

    b.step(
        "duplicate: { message: bye, to: alice }",
        Some("tap: duplicate bye to alice"),
    );
    said(&mut b, Signal::Bye, Fate::Passed);
    b.step("await: { peer: alice, hears: bye }", None);
    let down = b.down(&alice, "bob", Signal::Bye, Fate::Passed);
    let copy = b.down(&alice, "bob", Signal::Bye, Fate::Copy);
    b.events[copy as usize].cause = vec![down];
    hears(&mut b, down, Kind::Bye);
    hears(&mut b, copy, Kind::Bye);

    b.step(
        "corrupt: { message: offer, from: bob }",
        Some("tap: corrupt offer from bob (letter)"),
    );
    let whole = said(&mut b, offer("B2"), Fate::Corrupted);
    b.up(&bob, "alice", offer("C2"), Fate::Forged, &[whole]);
    b.step("await: { peer: alice, hears: offer }", None);
    let down = b.down(&alice, "bob", offer("C2"), Fate::Passed);
    hears(&mut b, down, Kind::Offer);

    b.step(
        "delay: { message: answer, from: bob }",
        Some("tap: delay answer from bob by 1s"),
    );
    said(&mut b, answer("B2"), Fate::Delayed);
    b.step("await: { peer: alice, hears: answer }", None);
    let down = b.down(&alice, "bob", answer("B2"), Fate::Passed);
    hears(&mut b, down, Kind::Answer);

    let step = b.step("pause", Some("server: paused"));
    let life = ServerLife::Paused;
    b.add(What::Server { life }, &[step]);
    said(&mut b, offer("B3"), Fate::Passed);
    let step = b.step("stall: { peer: alice }", Some("tap: stall alice"));
    let link = alice.clone();
    b.add(
        What::Stalled {
            link,
            stalled: true,
        },
        &[step],
    );
    said(&mut b, answer("B3"), Fate::Passed);
    let step = b.step("resume", Some("server: resumed"));
    let life = ServerLife::Resumed;
    b.add(What::Server { life }, &[step]);
    let step = b.step("mend: { peer: alice }", Some("tap: mend alice"));
    let link = alice.clone();
    b.add(
        What::Stalled {
            link,
            stalled: false,
        },
        &[step],
    );
    b.step("await: { peer: alice, hears: offer }", None);
    let down = b.down(&alice, "bob", offer("B3"), Fate::Passed);
    hears(&mut b, down, Kind::Offer);
    let down = b.down(&alice, "bob", answer("B3"), Fate::Passed);
    hears(&mut b, down, Kind::Answer);
    b.end(&[&alice, &bob])
}

/// All of them, by name.
pub fn all() -> [(&'static str, Vec<Event>); 6] {
    [
        ("harmed", harmed()),
        ("happy", happy()),
        ("mid-join", mid_join()),
        ("early", early()),
        ("full", full()),
        ("killed", killed()),
    ]
}
