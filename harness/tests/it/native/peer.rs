//! A peer under test, all that it told, and the shuttle that carries signals between two of them.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use glare::hand::{Command, Hand, HandError, Happening, Happenings, Reply};
use glare::peer::NativePeer;
use glare::signaling::{Candidate, Description};
use glare::terms::Machine;
use glare::terms::{ChannelOptions, Data};

/// Above every wait: what takes longer has hung.
pub const SOON: Duration = Duration::from_secs(30);
/// No tap is needed where nothing is signaled.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);
pub const C: u32 = 1;

/// A peer and all it told.
pub struct Peer {
    pub hand: NativePeer,
    pub happenings: Happenings,
    pub told: Vec<Happening>,
    /// Candidates not yet carried over.
    pub candidates: VecDeque<Option<Candidate>>,
}

impl Peer {
    pub async fn start() -> Self {
        Self::start_at(None).await
    }

    /// One that gathers this address alone.
    pub async fn start_at(address: Option<std::net::IpAddr>) -> Self {
        let (hand, happenings) = NativePeer::start_at(NOWHERE, address).await;
        let mut peer = Self {
            hand,
            happenings,
            told: Vec::new(),
            candidates: VecDeque::new(),
        };
        peer.ok(Command::NewConnection { conn: C }).await;
        peer
    }

    pub async fn ok(&mut self, command: Command) -> Reply {
        let said = format!("{command:?}");
        self.hand
            .perform(command)
            .await
            .unwrap_or_else(|error| panic!("{said}: {error}"))
    }

    pub async fn refusal(&mut self, command: Command) -> String {
        match self.hand.perform(command).await {
            Err(HandError::Refused { name, message }) => format!("{name}: {message}"),
            other => panic!("not refused: {other:?}"),
        }
    }

    pub async fn describe(&mut self, command: Command) -> Description {
        match self.ok(command).await {
            Reply::Description(description) => description,
            other => panic!("no description but {other:?}"),
        }
    }

    pub async fn channel(&mut self, label: &str) {
        self.ok(Command::CreateChannel {
            conn: C,
            label: label.into(),
            options: ChannelOptions::default(),
        })
        .await;
    }

    pub async fn set_local(&mut self) -> Description {
        let command = Command::SetLocal {
            conn: C,
            description: None,
        };
        self.describe(command).await
    }

    pub async fn set_remote(&mut self, description: Description) {
        self.ok(Command::SetRemote {
            conn: C,
            description,
        })
        .await;
    }

    pub async fn say(&mut self, label: &str, data: Data) {
        self.ok(Command::Say {
            conn: C,
            label: label.into(),
            data,
        })
        .await;
    }

    pub fn note(&mut self, happening: Happening) {
        if let Happening::Candidate { candidate, .. } = &happening {
            self.candidates.push_back(candidate.clone());
        }
        self.told.push(happening);
    }

    /// Waits until something was told, now or before.
    pub async fn until(&mut self, what: &str, test: impl Fn(&Happening) -> bool) {
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

    pub async fn until_state(&mut self, machine: Machine, state: &str) {
        self.until(&format!("{machine:?} {state}"), |happening| {
            matches!(happening, Happening::State { machine: m, state: s, .. } if *m == machine && s == state)
        })
        .await;
    }

    pub async fn until_channel(&mut self, label: &str, state: &str) {
        self.until(&format!("channel {label} {state}"), |happening| {
            matches!(happening, Happening::ChannelState { label: l, state: s, .. } if l == label && s == state)
        })
        .await;
    }

    pub async fn until_gathered(&mut self) {
        self.until("end of candidates", |happening| {
            matches!(
                happening,
                Happening::Candidate {
                    candidate: None,
                    ..
                }
            )
        })
        .await;
    }

    pub fn count(&mut self, test: impl Fn(&Happening) -> bool) -> usize {
        self.drain();
        self.told.iter().filter(|happening| test(happening)).count()
    }

    pub fn states(&self, machine: Machine) -> Vec<&str> {
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
    pub fn drain(&mut self) {
        while let Ok(happening) = self.happenings.try_recv() {
            self.note(happening);
        }
    }

    pub async fn carry_to(&mut self, other: &mut Peer) {
        self.drain();
        while let Some(candidate) = self.candidates.pop_front() {
            other.ok(Command::AddCandidate { conn: C, candidate }).await;
        }
    }
}

/// Offer and answer, then all candidates of both.
pub async fn negotiate(from: &mut Peer, to: &mut Peer) {
    let offer = from.set_local().await;
    to.set_remote(offer).await;
    let answer = to.set_local().await;
    from.set_remote(answer).await;
    from.until_gathered().await;
    to.until_gathered().await;
    from.carry_to(to).await;
    to.carry_to(from).await;
}

pub async fn pair() -> (Peer, Peer) {
    let (mut alice, mut bob) = (Peer::start().await, Peer::start().await);
    alice.channel("chat").await;
    negotiate(&mut alice, &mut bob).await;
    alice.until_channel("chat", "open").await;
    bob.until_channel("chat", "open").await;
    (alice, bob)
}

pub fn heard(data: Data) -> impl Fn(&Happening) -> bool {
    move |happening| matches!(happening, Happening::ChannelMessage { data: d, .. } if *d == data)
}
