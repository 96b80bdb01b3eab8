//! What stacks tell of connections and channels.

use super::endpoint::Endpoint;
use super::steps::TraceBuilder;
use crate::names::{Link, PeerName};
use crate::record::{Applied, Seq, What};
use crate::signaling::{Candidate, Kind, Signal};
use crate::terms::{Fate, Machine, Payload};

impl TraceBuilder {
    /// A peer makes a connection that is to be with this one.
    pub fn makes(&mut self, peer: &str, conn: u32, with: &str) -> Seq {
        let (peer, with) = (PeerName::new(peer), PeerName::new(with));
        self.add(What::ConnectionMade { peer, conn, with }, &[])
    }

    /// A description or candidate is taken in.
    pub fn applied(&mut self, peer: &str, conn: u32, applied: Applied, cause: &[Seq]) -> Seq {
        let peer = PeerName::new(peer);
        let of = (peer.clone(), conn);
        let what = What::Applied {
            peer,
            conn,
            applied,
        };
        let seq = self.add(what, cause);
        if matches!(applied, Applied::Local(_) | Applied::Remote(_)) {
            self.descriptions.entry(of).or_default().push(seq);
        }
        seq
    }

    /// A state machine of a connection moves, because of the descriptions that it has taken in.
    pub fn state(&mut self, peer: &str, conn: u32, machine: Machine, state: &str) -> Seq {
        let cause = self.moved_by(peer, conn);
        let what = What::State {
            peer: PeerName::new(peer),
            conn,
            machine,
            state: state.to_owned(),
        };
        self.add(what, &cause)
    }

    /// A channel moves, because of the descriptions that its connection has taken in.
    pub fn channel(&mut self, peer: &str, conn: u32, label: &str, state: &str) -> Seq {
        let cause = self.moved_by(peer, conn);
        let what = What::Channel {
            peer: PeerName::new(peer),
            conn,
            label: label.to_owned(),
            state: state.to_owned(),
        };
        self.add(what, &cause)
    }

    /// A stack finds the nth way to reach its end, over `udp` or `tcp`; the candidate goes up, comes down and is heard. Answers its sending,
    /// its delivery, and the hearing.
    pub fn candidate(
        &mut self,
        from: Endpoint,
        to: &Link,
        n: u32,
        transport: &str,
    ) -> (Seq, Seq, Seq) {
        let Endpoint { link, conn, ufrag } = from;
        let (from, cause) = (from.peer(), self.moved_by(from.peer(), conn));
        let what = What::Gathered {
            peer: link.peer.clone(),
            conn,
            sort: Some(format!("host/{transport}")),
        };
        let gathered = self.add(what, &cause);
        let candidate = Candidate {
            candidate: format!("candidate:{n} 1 {transport} 1 192.0.2.{n} 4000 typ host"),
            username_fragment: Some(ufrag.into()),
            ..Candidate::default()
        };
        let signal = Signal::Candidate { candidate };
        let up = self.up(
            link,
            to.peer.as_str(),
            signal.clone(),
            Fate::Passed,
            &[gathered],
        );
        let down = self.down(to, from, signal, Fate::Passed);
        (up, down, self.hears(to, Kind::Candidate, Some(from), down))
    }

    /// A peer says something through a channel of its connection.
    pub fn said(&mut self, peer: &str, conn: u32, label: &str, text: &str, cause: &[Seq]) -> Seq {
        let said = What::Said {
            peer: PeerName::new(peer),
            conn,
            label: label.to_owned(),
            payload: Payload::Text(text.into()),
        };
        self.add(said, cause)
    }

    /// A peer hears something through a channel of its connection.
    pub fn heard(&mut self, peer: &str, conn: u32, label: &str, text: &str) -> Seq {
        let heard = What::Heard {
            peer: PeerName::new(peer),
            conn,
            label: label.to_owned(),
            payload: Payload::Text(text.into()),
        };
        self.add(heard, &[])
    }

    fn moved_by(&self, peer: &str, conn: u32) -> Vec<Seq> {
        let of = (PeerName::new(peer), conn);
        self.descriptions.get(&of).cloned().unwrap_or_default()
    }
}
