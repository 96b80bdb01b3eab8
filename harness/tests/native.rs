//! Native peers among themselves, and their sockets against real servers. No signaling server: a shuttle carries the signals.

use std::collections::VecDeque;
use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use glare::log::Machine;
use glare::peer::{
    ChannelOptions, Command, Data, Hand, HandError, Happening, Happenings, Kill, NativePeer, Reply,
    WirePeer,
};
use glare::signaling::{Candidate, Description, DescriptionKind};

/// Above every wait: what takes longer has hung.
const SOON: Duration = Duration::from_secs(10);
/// No tap is needed where nothing is signaled.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
const C: u32 = 1;

/// A peer and all it told.
struct Peer {
    hand: NativePeer,
    happenings: Happenings,
    told: Vec<Happening>,
    /// Candidates not yet carried over.
    candidates: VecDeque<Option<Candidate>>,
}

impl Peer {
    async fn start() -> Self {
        let (hand, happenings) = NativePeer::start(NOWHERE).await;
        let mut peer = Self {
            hand,
            happenings,
            told: Vec::new(),
            candidates: VecDeque::new(),
        };
        peer.ok(Command::NewConnection { conn: C }).await;
        peer
    }

    async fn ok(&mut self, command: Command) -> Reply {
        let said = format!("{command:?}");
        self.hand
            .perform(command)
            .await
            .unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    async fn refusal(&mut self, command: Command) -> String {
        match self.hand.perform(command).await {
            Err(HandError::Refused { name, message }) => format!("{name}: {message}"),
            other => panic!("not refused: {other:?}"),
        }
    }

    async fn channel(&mut self, label: &str) {
        self.ok(Command::CreateChannel {
            conn: C,
            label: label.into(),
            options: ChannelOptions::default(),
        })
        .await;
    }

    async fn set_local(&mut self) -> Description {
        let command = Command::SetLocal {
            conn: C,
            description: None,
        };
        match self.ok(command).await {
            Reply::Description(description) => description,
            other => panic!("{other:?}"),
        }
    }

    async fn set_remote(&mut self, description: Description) {
        self.ok(Command::SetRemote {
            conn: C,
            description,
        })
        .await;
    }

    async fn say(&mut self, label: &str, data: Data) {
        self.ok(Command::Say {
            conn: C,
            label: label.into(),
            data,
        })
        .await;
    }

    fn note(&mut self, happening: Happening) {
        if let Happening::Candidate { candidate, .. } = &happening {
            self.candidates.push_back(candidate.clone());
        }
        self.told.push(happening);
    }

    /// Waits until something was told, now or before.
    async fn until(&mut self, what: &str, test: impl Fn(&Happening) -> bool) {
        if self.told.iter().any(&test) {
            return;
        }
        let waiting = async {
            while let Some(happening) = self.happenings.recv().await {
                let hit = test(&happening);
                self.note(happening);
                if hit {
                    return;
                }
            }
            panic!("the peer fell silent before {what}");
        };
        if tokio::time::timeout(SOON, waiting).await.is_err() {
            panic!("no {what} within {SOON:?}, but {:#?}", self.told);
        }
    }

    async fn until_state(&mut self, machine: Machine, state: &str) {
        self.until(&format!("{machine:?} {state}"), |happening| {
            matches!(happening, Happening::State { machine: m, state: s, .. } if *m == machine && s == state)
        })
        .await;
    }

    async fn until_channel(&mut self, label: &str, state: &str) {
        self.until(&format!("channel {label} {state}"), |happening| {
            matches!(happening, Happening::ChannelState { label: l, state: s, .. } if l == label && s == state)
        })
        .await;
    }

    async fn until_gathered(&mut self) {
        self.until("end of candidates", |happening| {
            matches!(happening, Happening::Candidate { candidate: None, .. })
        })
        .await;
    }

    fn states(&self, machine: Machine) -> Vec<&str> {
        self.told
            .iter()
            .filter_map(|happening| match happening {
                Happening::State {
                    machine: m, state, ..
                } if *m == machine => Some(state.as_str()),
                _ => None,
            })
            .collect()
    }

    /// Takes in what was told so far.
    fn drain(&mut self) {
        while let Ok(happening) = self.happenings.try_recv() {
            self.note(happening);
        }
    }

    async fn carry_to(&mut self, other: &mut Peer) {
        self.drain();
        while let Some(candidate) = self.candidates.pop_front() {
            other
                .ok(Command::AddCandidate { conn: C, candidate })
                .await;
        }
    }
}

/// Offer and answer, then all candidates of both.
async fn negotiate(from: &mut Peer, to: &mut Peer) {
    let offer = from.set_local().await;
    to.set_remote(offer).await;
    let answer = to.set_local().await;
    from.set_remote(answer).await;
    from.until_gathered().await;
    to.until_gathered().await;
    from.carry_to(to).await;
    to.carry_to(from).await;
}

async fn pair() -> (Peer, Peer) {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    alice.channel("chat").await;
    negotiate(&mut alice, &mut bob).await;
    alice.until_channel("chat", "open").await;
    bob.until_channel("chat", "open").await;
    (alice, bob)
}

fn heard(data: Data) -> impl Fn(&Happening) -> bool {
    move |happening| matches!(happening, Happening::ChannelMessage { data: d, .. } if *d == data)
}

#[tokio::test]
async fn a_pair_connects_and_chats_both_ways() {
    let (mut alice, mut bob) = pair().await;
    let text = Data::Text("grüß dich".into());
    let bytes = Data::Bytes("AP8Q".into());
    for data in [text, bytes] {
        alice.say("chat", data.clone()).await;
        bob.until("alice's message", heard(data.clone())).await;
        bob.say("chat", data.clone()).await;
        alice.until("bob's message", heard(data)).await;
    }
    let added = bob.told.iter().position(|h| matches!(h, Happening::ChannelAdded { label, .. } if label == "chat"));
    let open = bob.told.iter().position(|h| matches!(h, Happening::ChannelState { state, .. } if state == "open"));
    assert!(added.unwrap() < open.unwrap());
    for peer in [&mut alice, &mut bob] {
        peer.until_state(Machine::Connection, "connected").await;
        assert_eq!(peer.states(Machine::Connection), ["connecting", "connected"]);
        assert_eq!(peer.states(Machine::IceGathering), ["gathering", "complete"]);
        assert_eq!(peer.states(Machine::Ice)[..2], ["checking", "connected"]);
    }
    assert_eq!(alice.states(Machine::Signaling), ["have-local-offer", "stable"]);
    assert_eq!(bob.states(Machine::Signaling), ["have-remote-offer", "stable"]);
    alice.hand.finish().await;
    bob.hand.finish().await;
}
