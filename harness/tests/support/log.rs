//! Traces as the stage writes them, made by hand.

use std::collections::BTreeMap;

use glare::names::{Link, PeerName, RoomName, Stack};
use glare::record::{Applied, Event, Seq, TRACE_VERSION, What};
use glare::signaling::{Candidate, DescriptionKind, Kind, Notice, Request, Signal, Word};
use glare::terms::{Carrier, Direction, Fate, Machine, Payload};

/// Builds a trace event by event.
#[derive(Clone)]
pub struct Builder {
    pub events: Vec<Event>,
    step: Option<Seq>,
    awaited: Vec<Seq>,
    steps: usize,
}

pub fn link(peer: &str, instance: u32) -> Link {
    Link {
        peer: PeerName::new(peer),
        instance,
    }
}

pub fn room(name: &str) -> RoomName {
    RoomName::new(name)
}

pub fn sdp(ufrag: &str) -> std::sync::Arc<str> {
    format!(
        "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:x\r\na=sctp-port:5000\r\n"
    )
    .into()
}

impl Builder {
    pub fn new(peers: &[&str]) -> Self {
        let cast: BTreeMap<_, _> = peers
            .iter()
            .map(|peer| (PeerName::new(peer), Stack::Native))
            .collect();
        let mut builder = Self {
            events: Vec::new(),
            step: None,
            awaited: Vec::new(),
            steps: 0,
        };
        builder.add(
            What::Run {
                version: TRACE_VERSION,
                scenario: "made by hand".into(),
                cast,
                server: "none".into(),
                shake: None,
            },
            &[],
        );
        builder
    }

    pub fn add(&mut self, what: What, cause: &[Seq]) -> Seq {
        let seq = self.events.len() as Seq;
        self.events.push(Event {
            seq,
            at: seq * 10,
            cause: cause.to_vec(),
            what,
        });
        seq
    }

    /// A step, caused by the one before and by what that waited for.
    pub fn step(&mut self, text: &str, log: Option<&str>) -> Seq {
        let mut cause = std::mem::take(&mut self.awaited);
        cause.extend(self.step);
        cause.sort_unstable();
        self.steps += 1;
        let index = self.steps;
        let step = self.add(
            What::Step {
                index,
                inner: None,
                line: index as u32,
                text: text.into(),
                log: log.map(Into::into),
            },
            &cause,
        );
        self.step = Some(step);
        step
    }

    /// The step that runs waits for this.
    pub fn wait(&mut self, seq: Seq) -> Seq {
        self.awaited.push(seq);
        seq
    }

    /// The last step is over; each link is fenced.
    pub fn end(mut self, fenced: &[(&str, u32)]) -> Vec<Event> {
        let mut cause = std::mem::take(&mut self.awaited);
        cause.extend(self.step);
        cause.sort_unstable();
        let end = self.add(What::End, &cause);
        for (peer, instance) in fenced {
            let request = self.ask(&link(peer, *instance), Request::Fence, &[end]);
            let notice = Notice::Refused {
                request: None,
                reason: "no such thing".into(),
            };
            let reply = self.tell(&link(peer, *instance), notice, None, &[]);
            let link = link(peer, *instance);
            self.add(What::Fenced { link }, &[request, reply]);
        }
        self.events
    }

    pub fn connect(&mut self, link: &Link) -> Seq {
        let step = self.step.unwrap_or(0);
        self.add(What::LinkUp { link: link.clone() }, &[step])
    }

    #[allow(clippy::too_many_arguments, reason = "as many as a message has parts")]
    fn message(
        &mut self,
        link: &Link,
        direction: Direction,
        word: Word,
        about: Option<&str>,
        digest: String,
        fate: Fate,
        cause: &[Seq],
    ) -> Seq {
        let text = serde_json::to_string(&word).unwrap();
        self.add(
            What::Message {
                link: link.clone(),
                direction,
                carrier: Carrier::Text,
                size: text.len(),
                word: Some(word),
                about: about.map(PeerName::new),
                fate,
                digest: digest.into(),
                text,
                of: None,
            },
            cause,
        )
    }

    pub fn ask(&mut self, link: &Link, request: Request, cause: &[Seq]) -> Seq {
        let digest = format!("r{}", self.events.len());
        let word = Word::Request { request };
        self.message(link, Direction::Up, word, None, digest, Fate::Passed, cause)
    }

    pub fn tell(&mut self, link: &Link, notice: Notice, about: Option<&str>, cause: &[Seq]) -> Seq {
        let digest = format!("n{}", self.events.len());
        let word = Word::Notice { notice };
        self.message(
            link,
            Direction::Down,
            word,
            about,
            digest,
            Fate::Passed,
            cause,
        )
    }

    pub fn up(&mut self, from: &Link, to: &str, signal: Signal, fate: Fate, cause: &[Seq]) -> Seq {
        let digest = format!("{signal:?}")
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        let word = Word::Signal {
            peer: Some(format!("id-{to}")),
            signal,
        };
        self.message(from, Direction::Up, word, Some(to), digest, fate, cause)
    }

    pub fn down(&mut self, to: &Link, from: &str, signal: Signal, fate: Fate) -> Seq {
        let digest = format!("{signal:?}")
            .chars()
            .filter(|c| c.is_alphanumeric())
            .collect();
        let word = Word::Signal {
            peer: Some(format!("id-{from}")),
            signal,
        };
        self.message(to, Direction::Down, word, Some(from), digest, fate, &[])
    }

    pub fn hears(&mut self, link: &Link, kind: Kind, about: Option<&str>, message: Seq) -> Seq {
        self.add(
            What::Hears {
                peer: link.peer.clone(),
                link: link.clone(),
                kind,
                about: about.map(PeerName::new),
            },
            &[message],
        )
    }

    pub fn applied(&mut self, peer: &str, conn: u32, applied: Applied, cause: &[Seq]) -> Seq {
        let peer = PeerName::new(peer);
        self.add(
            What::Applied {
                peer,
                conn,
                applied,
            },
            cause,
        )
    }

    pub fn state(&mut self, peer: &str, conn: u32, machine: Machine, state: &str) -> Seq {
        let (peer, state) = (PeerName::new(peer), state.to_owned());
        self.add(
            What::State {
                peer,
                conn,
                machine,
                state,
            },
            &[],
        )
    }

    pub fn channel(&mut self, peer: &str, conn: u32, state: &str) -> Seq {
        let (peer, label, state) = (PeerName::new(peer), "chat".to_owned(), state.to_owned());
        self.add(
            What::Channel {
                peer,
                conn,
                label,
                state,
            },
            &[],
        )
    }

    pub fn candidate(
        &mut self,
        from: &Link,
        to: &Link,
        ufrag: &str,
        n: u32,
        transport: &str,
    ) -> (Seq, Seq, Seq) {
        let (from_name, to_name) = (from.peer.to_string(), to.peer.to_string());
        let gathered = self.add(
            What::Gathered {
                peer: from.peer.clone(),
                conn: 1,
                sort: Some(format!("host/{transport}")),
            },
            &[],
        );
        let signal = || Signal::Candidate {
            candidate: Candidate {
                candidate: format!("candidate:{n} 1 {transport} 1 192.0.2.{n} 4000 typ host"),
                username_fragment: Some(ufrag.into()),
                ..Candidate::default()
            },
        };
        let up = self.up(from, &to_name, signal(), Fate::Passed, &[gathered]);
        let down = self.down(to, &from_name, signal(), Fate::Passed);
        (
            up,
            down,
            self.hears(to, Kind::Candidate, Some(&from_name), down),
        )
    }

    /// A step in which a peer makes a room.
    pub fn create(&mut self, peer: &str, name: &str) {
        let step = self.step(&format!("create: {{ peer: {peer}, room: {name} }}"), None);
        let link = link(peer, 1);
        self.connect(&link);
        self.ask(&link, Request::Create { room: room(name) }, &[step]);
        let reply = self.tell(&link, Notice::Created { room: room(name) }, None, &[]);
        let heard = self.hears(&link, Kind::Created, None, reply);
        self.wait(heard);
    }

    /// A step in which a peer enters a room where others are. Gives what it hears.
    pub fn join(&mut self, peer: &Link, name: &str, inside: &[&Link]) -> Seq {
        let step = self.step(
            &format!("join: {{ peer: {}, room: {name} }}", peer.peer),
            None,
        );
        self.connect(peer);
        self.ask(peer, Request::Join { room: room(name) }, &[step]);
        for other in inside {
            let id = format!("id-{}", peer.peer);
            let about = peer.peer.to_string();
            let news = self.tell(other, Notice::PeerJoined { peer: id }, Some(&about), &[]);
            self.hears(other, Kind::PeerJoined, Some(&about), news);
        }
        let with = inside.iter().map(|l| format!("id-{}", l.peer)).collect();
        let reply = self.tell(
            peer,
            Notice::Joined {
                room: room(name),
                with,
            },
            None,
            &[],
        );
        let heard = self.hears(peer, Kind::Joined, None, reply);
        self.wait(heard)
    }

    /// The offer of who has joined, up to the partner's answer on its way. Gives the answer at the tap.
    pub fn negotiate(
        &mut self,
        from: (&Link, u32, &str),
        to: (&Link, u32, &str),
        cause: Seq,
        answer: Fate,
    ) -> Seq {
        let ((a, a_conn, a_ice), (b, b_conn, b_ice)) = (from, to);
        let (a_name, b_name) = (a.peer.to_string(), b.peer.to_string());
        let local = self.applied(
            &a_name,
            a_conn,
            Applied::Local(DescriptionKind::Offer),
            &[cause],
        );
        let offer = || Signal::Offer { sdp: sdp(a_ice) };
        self.up(a, &b_name, offer(), Fate::Passed, &[local]);
        let down = self.down(b, &a_name, offer(), Fate::Passed);
        let heard = self.hears(b, Kind::Offer, Some(&a_name), down);
        let remote = self.applied(
            &b_name,
            b_conn,
            Applied::Remote(DescriptionKind::Offer),
            &[heard],
        );
        let local = self.applied(
            &b_name,
            b_conn,
            Applied::Local(DescriptionKind::Answer),
            &[remote],
        );
        let signal = || Signal::Answer { sdp: sdp(b_ice) };
        self.up(b, &a_name, signal(), Fate::Passed, &[local]);
        self.down(a, &b_name, signal(), answer)
    }

    /// The offerer takes the answer, candidates go both ways, both connect. Gives both `connected`.
    pub fn connected(
        &mut self,
        from: (&Link, u32, &str),
        to: (&Link, u32, &str),
        answer: Seq,
    ) -> [Seq; 2] {
        let ((a, a_conn, a_ice), (b, b_conn, b_ice)) = (from, to);
        let (a_name, b_name) = (a.peer.to_string(), b.peer.to_string());
        let heard = self.hears(a, Kind::Answer, Some(&b_name), answer);
        self.applied(
            &a_name,
            a_conn,
            Applied::Remote(DescriptionKind::Answer),
            &[heard],
        );
        for (from, to, ice, conn) in [(a, b, a_ice, b_conn), (b, a, b_ice, a_conn)] {
            for n in 1..3 {
                let (_, _, heard) = self.candidate(from, to, ice, n, "udp");
                self.applied(to.peer.as_str(), conn, Applied::Candidate, &[heard]);
            }
        }
        let mut out = [0; 2];
        for (at, (name, conn)) in [(&a_name, a_conn), (&b_name, b_conn)]
            .into_iter()
            .enumerate()
        {
            self.state(name, conn, Machine::Ice, "checking");
            self.state(name, conn, Machine::Connection, "connecting");
            self.state(name, conn, Machine::Ice, "connected");
            out[at] = self.state(name, conn, Machine::Connection, "connected");
            self.channel(name, conn, "open");
        }
        out
    }

    pub fn say(&mut self, from: (&str, u32), to: (&str, u32), text: &str) -> Seq {
        let step = self.step(&format!("say: {{ from: {}, text: {text} }}", from.0), None);
        let words = |peer: &str| {
            (
                PeerName::new(peer),
                "chat".to_owned(),
                Payload::Text(text.into()),
            )
        };
        let (peer, label, payload) = words(from.0);
        let said = self.add(
            What::Said {
                peer,
                conn: from.1,
                label,
                payload,
            },
            &[step],
        );
        let (peer, label, payload) = words(to.0);
        let heard = self.add(
            What::Heard {
                peer,
                conn: to.1,
                label,
                payload,
            },
            &[],
        );
        self.wait(said);
        self.wait(heard)
    }
}

/// Alice makes a room, Bob joins and offers, both connect and talk.
pub fn happy() -> Vec<Event> {
    let mut b = Builder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create("alice", "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    let (from, to) = ((&bob, 1, "BB"), (&alice, 1, "AA"));
    b.step("await: { connected: [alice, bob] }", None);
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    for seq in b.connected(from, to, answer) {
        b.wait(seq);
    }
    b.say(("bob", 1), ("alice", 1), "hello");
    b.say(("alice", 1), ("bob", 1), "hello yourself");
    let step = b.step("leave: { peer: bob }", None);
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[step],
    );
    let left = b.tell(
        &bob,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
    let news = Notice::PeerLeft {
        peer: "id-bob".into(),
        how: None,
    };
    let news = b.tell(&alice, news, Some("bob"), &[]);
    b.hears(&alice, Kind::PeerLeft, Some("bob"), news);
    let heard = b.hears(&bob, Kind::Left, None, left);
    b.wait(heard);
    b.end(&[("alice", 1), ("bob", 1)])
}

/// Bob's socket dies with Alice's answer held on its way to him; he comes back.
pub fn mid_join() -> Vec<Event> {
    let mut b = Builder::new(&["alice", "bob"]);
    let (alice, bob, again) = (link("alice", 1), link("bob", 1), link("bob", 2));
    b.create("alice", "lobby");
    b.step(
        "hold: { message: answer, to: bob }",
        Some("hold answer to bob"),
    );
    let joined = b.join(&bob, "lobby", &[&alice]);
    b.step("await: { held: answer, to: bob }", None);
    let answer = b.negotiate((&bob, 1, "B1"), (&alice, 1, "A1"), joined, Fate::Held);
    b.wait(answer);
    b.candidate(&alice, &bob, "A1", 1, "udp");
    let step = b.step(
        "kill: { peer: bob, how: socket }",
        Some("bob: killed (socket)"),
    );
    b.add(What::LinkEnded { link: bob.clone() }, &[step]);
    let (by, ending) = (glare::terms::Side::Tap, glare::terms::Ending::Reset);
    let link = bob.clone();
    let down = b.add(What::LinkDown { link, by, ending }, &[step]);
    b.wait(down);
    b.step("await: { peer: alice, hears: peer-left }", None);
    let news = Notice::PeerLeft {
        peer: "id-bob".into(),
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
    let (from, to) = ((&again, 2, "B2"), (&alice, 2, "A2"));
    let answer = b.negotiate(from, to, joined, Fate::Passed);
    for seq in b.connected(from, to, answer) {
        b.wait(seq);
    }
    b.say(("bob", 2), ("alice", 2), "back again");
    b.end(&[("alice", 1), ("bob", 2)])
}

/// Alice's candidates overtake her held offer.
pub fn early() -> Vec<Event> {
    let mut b = Builder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    b.create("alice", "lobby");
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
    let (_, _, heard) = b.candidate(&alice, &bob, "AA", 1, "udp");
    b.wait(heard);
    let (_, _, other) = b.candidate(&alice, &bob, "AA", 2, "tcp");
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
    for seq in b.connected((&alice, 1, "AA"), (&bob, 1, "BB"), down) {
        b.wait(seq);
    }
    b.end(&[("alice", 1), ("bob", 1)])
}

/// Carol finds the room full.
pub fn full() -> Vec<Event> {
    let mut b = Builder::new(&["alice", "bob", "carol"]);
    let (alice, bob, carol) = (link("alice", 1), link("bob", 1), link("carol", 1));
    b.create("alice", "lobby");
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
    let step = b.step("leave: { peer: bob }", None);
    b.ask(
        &bob,
        Request::Leave {
            room: room("lobby"),
        },
        &[step],
    );
    let left = b.tell(
        &bob,
        Notice::Left {
            room: room("lobby"),
        },
        None,
        &[],
    );
    let heard = b.hears(&bob, Kind::Left, None, left);
    b.wait(heard);
    let news = Notice::PeerLeft {
        peer: "id-bob".into(),
        how: None,
    };
    b.tell(&alice, news, Some("bob"), &[]);
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
        with: vec!["id-alice".into()],
    };
    let joined = b.tell(&carol, joined, None, &[]);
    b.tell(
        &alice,
        Notice::PeerJoined {
            peer: "id-carol".into(),
        },
        Some("carol"),
        &[],
    );
    let heard = b.hears(&carol, Kind::Joined, None, joined);
    b.wait(heard);
    b.end(&[("alice", 1), ("bob", 1), ("carol", 1)])
}

/// The server dies under a pair, and the pair goes on talking; then it is started again and Alice comes back.
pub fn killed() -> Vec<Event> {
    use glare::terms::{Ending, ServerLife, Side};
    let mut b = Builder::new(&["alice", "bob"]);
    let (alice, bob, back) = (link("alice", 1), link("bob", 1), link("alice", 2));
    b.add(
        What::Server {
            life: ServerLife::Ready,
        },
        &[],
    );
    b.create("alice", "lobby");
    let joined = b.join(&bob, "lobby", &[&alice]);
    let (from, to) = ((&bob, 1, "BB"), (&alice, 1, "AA"));
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
        let (link, by) = (link.clone(), Side::Server);
        let down = b.add(What::LinkDown { link, by, ending }, &[]);
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
    let step = b.step("create: { peer: alice, room: lobby }", None);
    b.connect(&back);
    b.ask(
        &back,
        Request::Create {
            room: room("lobby"),
        },
        &[step],
    );
    let created = b.tell(
        &back,
        Notice::Created {
            room: room("lobby"),
        },
        None,
        &[],
    );
    let heard = b.hears(&back, Kind::Created, None, created);
    b.wait(heard);
    b.end(&[("alice", 2)])
}

/// What steps do to messages, links and the server.
pub fn harmed() -> Vec<Event> {
    let mut b = Builder::new(&["alice", "bob"]);
    let (alice, bob) = (link("alice", 1), link("bob", 1));
    let sdp = |ufrag: &str| -> std::sync::Arc<str> {
        format!("v=0\r\na=ice-ufrag:{ufrag}\r\nm=application 9 x y\r\n").into()
    };
    let offer = |ufrag: &str| Signal::Offer { sdp: sdp(ufrag) };
    let answer = |ufrag: &str| Signal::Answer { sdp: sdp(ufrag) };
    b.create("alice", "lobby");
    b.join(&bob, "lobby", &[&alice]);
    let said = |b: &mut Builder, signal: Signal, fate: Fate| {
        let step = b.step("send: { from: bob }", None);
        b.up(&bob, "alice", signal, fate, &[step])
    };
    let hears = |b: &mut Builder, message: Seq, kind: Kind| {
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
    let life = glare::terms::ServerLife::Paused;
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
    let life = glare::terms::ServerLife::Resumed;
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
    b.end(&[("alice", 1), ("bob", 1)])
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
