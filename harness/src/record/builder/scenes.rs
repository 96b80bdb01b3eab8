//! Runs of events that many traces have: a room, a negotiation, a connection, a word.

use super::endpoint::Endpoint;
use super::steps::TraceBuilder;
use crate::names::{Link, RoomName};
use crate::record::{Applied, Seq};
use crate::signaling::{DescriptionKind, Kind, Notice, Request, Signal};
use crate::terms::{Fate, Machine};

/// The channel that the one who offers makes.
const CHANNEL: &str = "chat";

impl TraceBuilder {
    /// A step in which a peer connects and makes a room.
    pub fn create(&mut self, link: &Link, name: &str) -> Seq {
        let peer = &link.peer;
        let step = self.step(&format!("create: {{ peer: {peer}, room: {name} }}"), None);
        self.connect(link);
        let room = RoomName::new(name);
        self.ask(link, Request::Create { room: room.clone() }, &[step]);
        let reply = self.tell(link, Notice::Created { room }, None, &[]);
        let heard = self.hears(link, Kind::Created, None, reply);
        self.wait(heard)
    }

    /// A step in which a peer connects and enters a room where others are, who hear of it. Answers that it hears that it is in.
    pub fn join(&mut self, link: &Link, name: &str, inside: &[&Link]) -> Seq {
        let peer = link.peer.as_str();
        let step = self.step(&format!("join: {{ peer: {peer}, room: {name} }}"), None);
        self.connect(link);
        let room = RoomName::new(name);
        self.ask(link, Request::Join { room: room.clone() }, &[step]);
        for other in inside {
            let came = Notice::PeerJoined { peer: peer.into() };
            let news = self.tell(other, came, Some(peer), &[]);
            self.hears(other, Kind::PeerJoined, Some(peer), news);
        }
        let with = inside.iter().map(|other| other.peer.to_string()).collect();
        let reply = self.tell(link, Notice::Joined { room, with }, None, &[]);
        let heard = self.hears(link, Kind::Joined, None, reply);
        self.wait(heard)
    }

    /// A step in which a peer leaves a room where others stay, who hear of it.
    pub fn leave(&mut self, link: &Link, name: &str, inside: &[&Link]) -> Seq {
        let peer = link.peer.as_str();
        let step = self.step(&format!("leave: {{ peer: {peer} }}"), None);
        let room = RoomName::new(name);
        self.ask(link, Request::Leave { room: room.clone() }, &[step]);
        let reply = self.tell(link, Notice::Left { room }, None, &[]);
        for other in inside {
            let (peer, how) = (peer.to_owned(), None);
            let news = self.tell(
                other,
                Notice::PeerLeft { peer, how },
                Some(link.peer.as_str()),
                &[],
            );
            self.hears(other, Kind::PeerLeft, Some(link.peer.as_str()), news);
        }
        let heard = self.hears(link, Kind::Left, None, reply);
        self.wait(heard)
    }

    /// One offers, because of something that it has heard, and the other answers. What the tap did with the answer is told; the number
    /// is that of the answer at its second tap.
    pub fn negotiate(&mut self, from: Endpoint, to: Endpoint, cause: Seq, answer: Fate) -> Seq {
        let (offer, described) = (DescriptionKind::Offer, DescriptionKind::Answer);
        self.makes(from.peer(), from.conn, to.peer());
        let local = self.applied(from.peer(), from.conn, Applied::Local(offer), &[cause]);
        let sdp = || Signal::Offer {
            sdp: from.sdp().into(),
        };
        self.up(from.link, to.peer(), sdp(), Fate::Passed, &[local]);
        let down = self.down(to.link, from.peer(), sdp(), Fate::Passed);
        let heard = self.hears(to.link, Kind::Offer, Some(from.peer()), down);
        self.makes(to.peer(), to.conn, from.peer());
        let remote = self.applied(to.peer(), to.conn, Applied::Remote(offer), &[heard]);
        let local = self.applied(to.peer(), to.conn, Applied::Local(described), &[remote]);
        let sdp = || Signal::Answer {
            sdp: to.sdp().into(),
        };
        self.up(to.link, from.peer(), sdp(), Fate::Passed, &[local]);
        self.down(from.link, to.peer(), sdp(), answer)
    }

    /// Who has offered takes in the answer, candidates go both ways, both connect and open a channel. Answers both `connected`.
    pub fn connected(&mut self, from: Endpoint, to: Endpoint, answer: Seq) -> [Seq; 2] {
        let heard = self.hears(from.link, Kind::Answer, Some(to.peer()), answer);
        let applied = Applied::Remote(DescriptionKind::Answer);
        self.applied(from.peer(), from.conn, applied, &[heard]);
        for (one, other) in [(from, to), (to, from)] {
            for n in 1..3 {
                let (_, _, heard) = self.candidate(one, other.link, n, "udp");
                self.applied(other.peer(), other.conn, Applied::Candidate, &[heard]);
            }
        }
        [from, to].map(|end| {
            let (peer, conn) = (end.peer(), end.conn);
            self.state(peer, conn, Machine::Ice, "checking");
            self.state(peer, conn, Machine::Connection, "connecting");
            self.state(peer, conn, Machine::Ice, "connected");
            let connected = self.state(peer, conn, Machine::Connection, "connected");
            self.channel(peer, conn, CHANNEL, "open");
            connected
        })
    }

    /// A step in which one says something to the other, who has it. Each is a peer and which of its connections.
    pub fn say(&mut self, from: (&str, u32), to: (&str, u32), text: &str) -> Seq {
        let step = self.step(&format!("say: {{ from: {}, text: {text} }}", from.0), None);
        let said = self.said(from.0, from.1, CHANNEL, text, &[step]);
        let heard = self.heard(to.0, to.1, CHANNEL, text);
        self.wait(said);
        self.wait(heard)
    }
}
