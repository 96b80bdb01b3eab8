//! A line that HTTP requests carry together: long polls, and the polling of engine.io with the WebSocket that it may change to.
//!
//! Its messages down wait in a queue until an answer to the peer takes them; with nothing done to any, the answer goes on as it came.

mod upgraded;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::BytesMut;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::link::Command;
use super::policy::{HoldId, LinkChange, Passing, Policy, Verdict};
use super::queue::{Go, Queue};
use super::violation::{Told, Violation};
use super::wire::Wire;
use crate::carrier::engine;
use crate::lock::lock;
use crate::terms::{Carrier, Direction, Ending, Engine, Side, Silence};

pub(super) use upgraded::{Joined, LATER};

/// What a line's bodies are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Answers to long polls.
    Poll,
    /// Packets of engine.io.
    Engine(Engine),
}

impl Kind {
    fn carrier(self) -> Carrier {
        match self {
            Kind::Poll => Carrier::Poll,
            Kind::Engine(_) => Carrier::Packet,
        }
    }
}

/// A message as it stands in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) bytes: Vec<u8>,
    /// A binary packet of engine.io 3.
    pub(super) binary: bool,
    /// Says nothing, and is not judged: a noop.
    pub(super) mute: bool,
}

impl Item {
    /// Ends the session.
    pub(super) fn closes(&self) -> bool {
        self.mute && self.bytes == engine::CLOSE
    }
}

/// What an exchange shall do.
pub(super) enum Turn {
    /// Give this to the peer.
    Give(Vec<Given>),
    /// Something waits, until then if that is known.
    Wait(Option<Instant>),
    /// Nothing waits.
    Nothing,
    /// The line is silent that way.
    Silent,
    /// The tap has cut it.
    Cut,
}

/// A message on its way to the peer, and who waits to know.
pub(super) type Given = super::queue::Waiting<Item>;

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: Queue<Item>,
    pub(super) holds: HashMap<HoldId, (Direction, Item)>,
    pub(super) gathered: HashMap<HoldId, Go>,
    next_hold: u32,
    silent_up: bool,
    silent_down: bool,
    pub(super) stalled: bool,
    pub(super) cut: bool,
    down: bool,
    /// Requests that stand, and since when none does.
    standing: usize,
    idle: Option<Instant>,
    /// A connection to the server on which a poll stands that the peer has its answer to already.
    pub(super) orphan: Option<(SocketAddr, Wire)>,
    /// The head of the last answer that brought messages, and whether they stood in a list.
    pub(super) shape: Option<BytesMut>,
    pub(super) list: bool,
    /// The head of the last request that brought packets up.
    pub(super) post: Option<BytesMut>,
    /// A WebSocket is asked for that the line is to change to, and neither refused nor given up.
    changing: bool,
    /// The WebSocket that the line changes to; whether it has.
    pub(super) socket: Option<mpsc::UnboundedSender<Command>>,
    pub(super) upgraded: bool,
    told: [Told; 2],
}

/// A line.
pub(super) struct Polled {
    pub(super) number: u32,
    pub(super) kind: Kind,
    /// By what its requests are known, and what such lines have in common.
    pub(super) key: String,
    pub(super) route: String,
    policy: Arc<dyn Policy>,
    state: Mutex<State>,
    news: watch::Sender<()>,
    /// One request that brings packets up at a time: a server takes a second for a fault.
    pub(super) posting: tokio::sync::Mutex<()>,
}

impl Polled {
    /// A new line.
    pub(super) fn new(
        number: u32,
        kind: Kind,
        (key, route): (String, String),
        policy: Arc<dyn Policy>,
    ) -> Arc<Self> {
        Arc::new(Self {
            number,
            kind,
            key,
            route,
            policy,
            state: Mutex::default(),
            news: watch::Sender::new(()),
            posting: tokio::sync::Mutex::default(),
        })
    }

    /// Whether this can stand in a list.
    pub(super) fn is_json(item: &[u8]) -> bool {
        serde_json::from_slice::<serde::de::IgnoredAny>(item).is_ok()
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Tells when something has changed.
    pub(super) fn news(&self) -> watch::Receiver<()> {
        self.news.subscribe()
    }

    pub(super) fn tell(&self) {
        self.news.send_replace(());
    }

    /// A request of this line stands until this is dropped.
    pub(super) fn stand(self: &Arc<Self>) -> Standing {
        self.state().standing += 1;
        Standing(Arc::clone(self))
    }

    /// Whether nobody asks just now.
    pub(super) fn is_idle(&self) -> bool {
        let state = self.state();
        state.standing == 0 && !state.upgraded && !state.down
    }

    pub(super) fn idle_since(&self) -> Option<Instant> {
        let state = self.state();
        state
            .idle
            .filter(|_| state.standing == 0 && !state.upgraded)
    }

    pub(super) fn is_down(&self) -> bool {
        self.state().down
    }

    /// Once down it does not come up again under its key: cut, or the hand's own number.
    pub(super) fn is_final(&self) -> bool {
        self.state().cut || self.key != self.route && self.kind == Kind::Poll
    }

    /// It is a WebSocket by now.
    pub(super) fn is_upgraded(&self) -> bool {
        self.state().upgraded
    }

    /// It is asked to change to a WebSocket, or that has come to nothing.
    pub(super) fn changes(&self, changing: bool) {
        self.state().changing = changing;
        self.tell();
    }

    /// Whether it is between polls and a WebSocket, and nothing that the tap does keeps it there.
    pub(super) fn is_changing(&self) -> bool {
        let state = self.state();
        let kept = state.silent_up || state.silent_down || state.stalled;
        state.changing && !state.upgraded && !state.down && !kept && state.gathered.is_empty()
    }

    /// What there is to do for a peer who waits.
    pub(super) fn turn(&self) -> Turn {
        let mut state = self.state();
        if state.cut {
            return Turn::Cut;
        }
        if state.down {
            // Closed by one side while the other's request stood: that comes to its end.
            return Turn::Nothing;
        }
        if state.silent_down || state.silent_up {
            return Turn::Silent;
        }
        let now = Instant::now();
        let mut given = state.queue.take(now);
        if given.is_empty() {
            return match state.queue.is_empty() {
                true => Turn::Nothing,
                false => Turn::Wait(state.queue.due()),
            };
        }
        if self.kind == Kind::Poll {
            let end = fit(&given, state.list);
            state.queue.put_back(given.split_off(end));
        }
        Turn::Give(given)
    }

    /// Judges messages that came down together; whether they go on as they came. What does not is in the queue.
    pub(super) fn judge_down(&self, items: Vec<Item>, truncated: bool) -> Judged {
        let mut state = self.state();
        if state.down {
            return Judged::Untouched(0);
        }
        let carrier = self.kind.carrier();
        let mut untouched = state.queue.is_empty();
        let mut passed = Vec::new();
        let mut count = 0;
        for item in items {
            if item.mute {
                passed.push(item);
                continue;
            }
            count += 1;
            let silent = state.silent_down;
            let verdict = self.judge(&state, Direction::Down, carrier, &item, truncated, silent);
            if silent {
                continue;
            }
            if verdict == Verdict::Pass {
                passed.push(item);
                continue;
            }
            untouched = false;
            if truncated {
                return match verdict {
                    Verdict::Drop => Judged::Dropped,
                    _ => Judged::Untouched(1),
                };
            }
            for item in passed.drain(..) {
                state.queue.push(item, None);
            }
            self.carry_out(&mut state, verdict, item);
        }
        if state.silent_down {
            return Judged::Swallowed;
        }
        if untouched {
            return Judged::Untouched(count);
        }
        for item in passed {
            state.queue.push(item, None);
        }
        Judged::Queued
    }

    fn hold(&self, state: &State) -> HoldId {
        (HoldId::from(self.number) << 32) | HoldId::from(state.next_hold)
    }

    fn judge(
        &self,
        state: &State,
        direction: Direction,
        carrier: Carrier,
        item: &Item,
        truncated: bool,
        swallowed: bool,
    ) -> Verdict {
        let passing = Passing {
            link: self.number,
            direction,
            carrier: match item.binary {
                true => Carrier::Binary,
                false => carrier,
            },
            data: &item.bytes,
            text: std::str::from_utf8(&item.bytes).ok(),
            head: "",
            truncated,
            swallowed,
        };
        self.policy.judge(&passing, self.hold(state))
    }

    fn carry_out(&self, state: &mut State, verdict: Verdict, mut item: Item) {
        match verdict {
            Verdict::Pass => state.queue.push(item, None),
            Verdict::Delay(time) => state.queue.push(item, Some(time)),
            Verdict::Drop => {}
            Verdict::Hold => {
                let hold = self.hold(state);
                state.next_hold += 1;
                state.holds.insert(hold, (Direction::Down, item));
            }
            Verdict::Gather => {
                let hold = self.hold(state);
                state.next_hold += 1;
                state.queue.push_closed(item, hold);
            }
            Verdict::Duplicate => {
                state.queue.push(item.clone(), None);
                state.queue.push(item, None);
            }
            Verdict::Corrupt(how) => {
                item.bytes = how.apply(&item.bytes);
                state.queue.push(item, None);
            }
            Verdict::Then(held, time) => {
                state.queue.push(item, time);
                match state.holds.remove(&held) {
                    Some((Direction::Down, held)) => state.queue.push(held, None),
                    Some(other) => drop(state.holds.insert(held, other)),
                    None => {}
                }
            }
        }
    }

    /// Judges messages that came up together.
    pub(super) fn judge_up(&self, items: Vec<Item>, truncated: bool) -> Raised {
        let mut state = self.state();
        let mut raised = Raised {
            untouched: true,
            silent: state.silent_up,
            ..Raised::default()
        };
        for item in items {
            if item.mute {
                raised.items.push(item);
                continue;
            }
            let silent = state.silent_up;
            let carrier = self.kind.carrier();
            let verdict = self.judge(&state, Direction::Up, carrier, &item, truncated, silent);
            if silent {
                continue;
            }
            raised.count += 1;
            raised.untouched &= verdict == Verdict::Pass || truncated;
            let hold = self.hold(&state);
            match verdict {
                _ if truncated => raised.dropped |= verdict == Verdict::Drop,
                Verdict::Pass => raised.items.push(item),
                Verdict::Drop => {}
                Verdict::Delay(time) => {
                    raised.wait = raised.wait.max(time);
                    raised.items.push(item);
                }
                Verdict::Hold => {
                    state.next_hold += 1;
                    state.holds.insert(hold, (Direction::Up, item));
                }
                Verdict::Gather => {
                    state.next_hold += 1;
                    let (go, gone) = oneshot::channel();
                    state.gathered.insert(hold, go);
                    raised.gathered.push(gone);
                    raised.items.push(item);
                }
                Verdict::Duplicate => {
                    raised.items.push(item.clone());
                    raised.items.push(item);
                }
                Verdict::Corrupt(how) => {
                    let bytes = how.apply(&item.bytes);
                    raised.items.push(Item { bytes, ..item });
                }
                Verdict::Then(held, time) => {
                    raised.wait = raised.wait.max(time.unwrap_or_default());
                    raised.items.push(item);
                    match state.holds.remove(&held) {
                        Some((Direction::Up, held)) => raised.items.push(held),
                        Some(other) => drop(state.holds.insert(held, other)),
                        None => {}
                    }
                }
            }
        }
        raised
    }

    /// Tells what is wrong, the first time.
    pub(super) fn blame(&self, direction: Direction, violation: &Violation) {
        let told = &mut self.state().told[usize::from(direction == Direction::Down)];
        if told.is_news(violation.rule) {
            (self.policy).violation(self.number, direction, violation);
        }
    }

    pub(super) fn lost(&self, count: usize, direction: Direction) {
        for _ in 0..count {
            self.policy.undeliverable(self.number, direction);
        }
    }

    /// The line has ended; told once. What has become a WebSocket ends with that.
    pub(super) fn ended(&self, by: Side, ending: Ending) {
        if !self.is_upgraded() {
            self.over(by, ending);
        }
    }

    fn over(&self, by: Side, ending: Ending) {
        let lost = {
            let mut state = self.state();
            if std::mem::replace(&mut state.down, true) {
                return;
            }
            state.orphan = None;
            state.holds.clear();
            state.gathered.clear();
            let lost = state.queue.forget();
            lost.into_iter().filter(|lost| lost.counts()).count()
        };
        self.policy
            .link(self.number, LinkChange::Down { by, ending });
        self.lost(lost, Direction::Down);
        self.tell();
    }
}

/// How many of these one answer can carry. A list takes what is JSON, all else goes alone.
fn fit(given: &[Given], list: bool) -> usize {
    let is_json = |one: &&Given| Polled::is_json(&one.what.bytes);
    match list {
        true => given.iter().take_while(is_json).count().max(1),
        false => 1,
    }
}

/// What became of messages that came down together.
pub(super) enum Judged {
    /// So many are to go on as they came.
    Untouched(usize),
    /// What goes on is in the queue.
    Queued,
    /// The line is silent.
    Swallowed,
    /// One that is too long, and is not to go on.
    Dropped,
}

/// What became of messages that came up together.
#[derive(Default)]
pub(super) struct Raised {
    pub(super) items: Vec<Item>,
    /// They go on as they came.
    pub(super) untouched: bool,
    /// How many were judged to go on or wait.
    pub(super) count: usize,
    pub(super) wait: std::time::Duration,
    pub(super) gathered: Vec<oneshot::Receiver<oneshot::Sender<super::Delivery>>>,
    pub(super) silent: bool,
    pub(super) dropped: bool,
}

/// A request of a line stands.
pub(super) struct Standing(Arc<Polled>);

impl Drop for Standing {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.standing -= 1;
        if state.standing == 0 {
            state.idle = Some(Instant::now());
            drop(state);
            self.0.tell();
        }
    }
}

impl State {
    pub(super) fn silence(&mut self, how: Silence) {
        self.silent_up |= how.up;
        self.silent_down |= how.down;
    }

    pub(super) fn mend(&mut self) {
        self.silent_up = false;
        self.silent_down = false;
        self.stalled = false;
    }
}
