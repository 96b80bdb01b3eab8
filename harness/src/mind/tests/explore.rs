//! Two minds with fake hands, and every order in which replies, happenings, signals and wishes can come: each line between them keeps its own order,
//! and nothing else does.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use crate::hand::fake::{FakeHand, FakeState};
use crate::hand::{Deed, HandError, Reply};
use crate::mind::{Call, End, Input, Mind, OrderId, Output, Policy};
use crate::names::PeerName;
use crate::record::What;
use crate::signaling::Signal;

/// What somebody does at some time of his choosing, in the order of his list.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    Deed(Deed),
    /// The line to the server is gone, and he comes back with nothing but his name: the other side is told of his going in its turn, and of
    /// his coming at any time from then on. What it says before it knows is for nobody.
    ComesBack,
    /// He comes in, and finds the other: the other side is told at any time from then on.
    Joins,
}

#[derive(Clone, Debug)]
struct Side {
    name: PeerName,
    policy: Policy,
    mind: Mind,
    hand: FakeHand,
    replies: VecDeque<(Call, Result<Reply, HandError>)>,
    /// What the server has for this side, in order.
    line: VecDeque<Heard>,
    /// News that may come at any time.
    news: VecDeque<Heard>,
    wishes: VecDeque<Wish>,
    /// The other side does not know yet that he has been away.
    ghost: bool,
    orders: u64,
    over: u64,
}

#[derive(Clone, Debug)]
enum Heard {
    Signal(Signal),
    Came,
    Went,
}

/// Both sides at one moment.
#[derive(Clone, Debug)]
pub(super) struct World {
    sides: [Side; 2],
    /// What a stack has refused, or an order could not do.
    pub wrong: Vec<String>,
    /// How it came to this.
    path: Vec<&'static str>,
}

/// What came of all orders.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub states: usize,
    pub ends: usize,
    /// The first end, or moment, that is not right: what is wrong with it, and how it came to this.
    pub wrong: Option<String>,
}

/// More moments than any of these plays has: a play that goes on for ever is found by it.
const MOST: usize = 400_000;

impl World {
    /// Alice and Bob, with what each of them wishes.
    pub fn new(alice: &[Wish], bob: &[Wish], policy: &Policy) -> Self {
        let side = |me: &str, other: &str, wishes: &[Wish]| {
            let (me, other) = (name(me), name(other));
            Side {
                mind: Mind::new(me.clone(), vec![other], policy.clone(), true, 0),
                hand: FakeHand::new(me.as_str()),
                name: me,
                policy: policy.clone(),
                replies: VecDeque::new(),
                line: VecDeque::new(),
                news: VecDeque::new(),
                wishes: wishes.iter().cloned().collect(),
                ghost: false,
                orders: 0,
                over: 0,
            }
        };
        Self {
            sides: [side("alice", "bob", alice), side("bob", "alice", bob)],
            wrong: Vec::new(),
            path: Vec::new(),
        }
    }

    /// Every order, depth first.
    pub fn explore(self) -> Seen {
        let mut seen = Seen::default();
        let mut known = HashSet::new();
        let mut open = vec![self];
        while let Some(world) = open.pop() {
            if !known.insert(world.digest()) {
                continue;
            }
            seen.states += 1;
            assert!(
                seen.states < MOST,
                "it does not come to an end: {:?}",
                world.path
            );
            let next = world.next();
            let wrong = match next.is_empty() {
                true => world.wrong_end(),
                false => world.wrong.first().cloned(),
            };
            seen.ends += usize::from(next.is_empty());
            if let (Some(wrong), None) = (wrong, &seen.wrong) {
                seen.wrong = Some(format!("{wrong}, after {:?}", world.path));
                return seen;
            }
            open.extend(next);
        }
        seen
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        format!("{:?}{:?}", self.sides, self.wrong).hash(&mut hasher);
        hasher.finish()
    }

    /// All that can come next.
    fn next(&self) -> Vec<World> {
        let mut next = Vec::new();
        for at in 0..2 {
            let mut with = |text: &'static str, step: &dyn Fn(&mut World) -> bool| {
                let mut world = self.clone();
                world.path.push(text);
                if step(&mut world) {
                    next.push(world);
                }
            };
            with(["alice's reply", "bob's reply"][at], &|world| {
                let Some((call, result)) = world.sides[at].replies.pop_front() else {
                    return false;
                };
                world.put(at, Input::Reply { call, result });
                true
            });
            with(["alice's stack", "bob's stack"][at], &|world| {
                let Some(happening) = world.sides[at].hand.happenings.pop_front() else {
                    return false;
                };
                world.put(at, Input::Happening(happening));
                true
            });
            with(["to alice", "to bob"][at], &|world| {
                let heard = world.sides[at].line.pop_front();
                world.hear(at, heard)
            });
            with(["news to alice", "news to bob"][at], &|world| {
                let heard = world.sides[at].news.pop_front();
                world.hear(at, heard)
            });
            with(["alice's wish", "bob's wish"][at], &|world| {
                match world.sides[at].wishes.pop_front() {
                    Some(wish) => world.wish(at, wish),
                    None => return false,
                }
                true
            });
        }
        next
    }

    fn hear(&mut self, at: usize, heard: Option<Heard>) -> bool {
        let from = self.sides[1 - at].name.clone();
        let input = match heard {
            Some(Heard::Signal(signal)) => Input::Signal {
                from,
                signal,
                heard: 0,
            },
            Some(Heard::Came) => Input::Came {
                peer: from,
                heard: 0,
            },
            Some(Heard::Went) => {
                // News keeps its order.
                while let Some(news) = self.sides[at].news.pop_front() {
                    self.hear(at, Some(news));
                }
                self.sides[1 - at].ghost = false;
                self.sides[at].news.push_back(Heard::Came);
                Input::Went {
                    peer: from,
                    heard: 0,
                }
            }
            None => return false,
        };
        self.put(at, input);
        true
    }

    fn wish(&mut self, at: usize, wish: Wish) {
        match wish {
            Wish::Deed(deed) => {
                let side = &mut self.sides[at];
                side.orders += 1;
                let order = OrderId(side.orders);
                let cause = Vec::new();
                self.put(
                    at,
                    Input::Deed {
                        order,
                        to: None,
                        deed,
                        cause,
                    },
                );
            }
            Wish::Joins => {
                self.sides[1 - at].news.push_back(Heard::Came);
                self.join(at);
            }
            Wish::ComesBack => {
                let other = self.sides[1 - at].name.clone();
                let side = &mut self.sides[at];
                // What was on its way to him is lost; what he sent before is not.
                side.line.clear();
                side.news.clear();
                side.replies.clear();
                side.hand.happenings.clear();
                for connection in side.hand.connections.values_mut() {
                    connection.state = FakeState::Closed;
                }
                side.over = side.orders;
                let last = side.mind.last_conn();
                let policy = side.policy.clone();
                side.mind = Mind::new(side.name.clone(), vec![other], policy, true, last);
                self.sides[at].ghost = true;
                self.sides[1 - at].line.push_back(Heard::Went);
                self.join(at);
            }
        }
    }

    fn join(&mut self, at: usize) {
        let inside = vec![self.sides[1 - at].name.clone()];
        self.put(at, Input::Joining { offers: None });
        self.put(at, Input::Joined { inside, heard: 0 });
    }

    fn put(&mut self, at: usize, input: Input) {
        for output in self.sides[at].mind.handle(input) {
            let name = self.sides[at].name.clone();
            match output {
                Output::Do { call, command } => {
                    let result = self.sides[at].hand.perform(command);
                    self.sides[at].replies.push_back((call, result));
                }
                Output::Signal { signal, ends, .. } => {
                    if !self.sides[1 - at].ghost {
                        self.sides[1 - at].line.push_back(Heard::Signal(signal));
                    }
                    self.sides[at].over += u64::from(ends.is_some());
                }
                Output::Record {
                    what:
                        What::PeerError {
                            during, message, ..
                        },
                    ..
                } => self
                    .wrong
                    .push(format!("{name}: {during} refused: {message}")),
                Output::Record { .. } | Output::After { .. } => {}
                Output::Over { end, .. } => {
                    self.sides[at].over += 1;
                    if end != End::Yes {
                        self.wrong.push(format!("{name} could not: {end:?}"));
                    }
                }
            }
        }
    }

    /// What is not right where nothing can come any more: each has heard of the other's newest connection, and both are at rest.
    fn wrong_end(&self) -> Option<String> {
        if let Some(wrong) = self.wrong.first() {
            return Some(wrong.clone());
        }
        let [alice, bob] = &self.sides;
        for side in [alice, bob] {
            if side.over != side.orders {
                return Some(format!(
                    "{} has {} orders open",
                    side.name,
                    side.orders - side.over
                ));
            }
        }
        let newest = |side: &Side| side.hand.connections.keys().last().copied();
        let (Some(a), Some(b)) = (newest(alice), newest(bob)) else {
            return Some("there is no connection".into());
        };
        for (side, conn, other, theirs) in [(alice, a, bob, b), (bob, b, alice, a)] {
            let connection = &side.hand.connections[&conn];
            let remote = connection
                .remote
                .as_ref()
                .map(|(remote, _)| remote.as_str());
            if remote != Some(other.hand.fingerprint(theirs).as_str()) {
                return Some(format!("{}'s connection {conn} has {remote:?}", side.name));
            }
            if connection.state != FakeState::Stable {
                return Some(format!("{} is in {:?}", side.name, connection.state));
            }
            if connection.candidates == 0 {
                return Some(format!("{} has no candidate", side.name));
            }
        }
        None
    }
}

fn name(text: &str) -> PeerName {
    PeerName::from(text)
}
