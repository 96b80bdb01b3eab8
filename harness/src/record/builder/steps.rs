//! The frame of a trace: its first event, steps and what they wait for, times, the end.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::names::{Link, PeerName, Stack};
use crate::record::{CaseFacts, Event, Seq, TRACE_VERSION, What};
use crate::signaling::{Kind, Notice, Request};

/// So much time is between two events, unless [`TraceBuilder::later`] says more (microseconds).
const TICK: u64 = 10;

/// How often each link is asked at the end until all is here that the peers have sent, as the stage does.
const ROUNDS: usize = 2;

/// Builds a trace event by event, for whoever writes a law or a report of their own and wants to try it.
///
/// It has a method for most things that are told of a case ([`TraceBuilder::add`] takes any), and a few for runs of them that many traces
/// begin with: a room with two in it, a negotiation, a connection. Events are numbered as the stage numbers them, and have its causes. It
/// judges nothing: a message that no right server would send is written like any other.
///
/// ```
/// use glare::laws::{Law, judge};
/// use glare::names::Link;
/// use glare::record::TraceBuilder;
/// use glare::signaling::{Dialect, Signal, Terms};
/// use glare::terms::Fate;
///
/// let (alice, bob) = (Link::new("alice", 1), Link::new("bob", 1));
/// let mut trace = TraceBuilder::new(&["alice", "bob"]);
/// trace.create(&alice, "lobby");
/// trace.join(&bob, "lobby", &[&alice]);
/// // Bob says goodbye once, and the server delivers it twice.
/// let step = trace.step("send: { from: bob, message: bye }", None);
/// trace.up(&bob, "alice", Signal::Bye, Fate::Passed, &[step]);
/// trace.down(&alice, "bob", Signal::Bye, Fate::Passed);
/// let again = trace.down(&alice, "bob", Signal::Bye, Fate::Passed);
/// let events = trace.end(&[&alice, &bob]);
///
/// let terms = Terms::of(&Dialect::reference());
/// let findings = judge(&events, &terms);
/// let breaches: Vec<_> = findings.iter().flat_map(|found| &found.breaches).collect();
/// assert_eq!(breaches.len(), 1);
/// assert_eq!((breaches[0].law, breaches[0].event), (Law::RelayedOnceInOrder, again));
/// ```
#[derive(Clone, Debug)]
pub struct TraceBuilder {
    /// All so far. Each one's `seq` is its place; whoever changes an event leaves that.
    pub events: Vec<Event>,
    /// The step that runs.
    pub(super) step: Option<Seq>,
    /// What it waits for.
    awaited: Vec<Seq>,
    steps: usize,
    /// The descriptions that each connection has taken in, which is what moves it.
    pub(super) descriptions: BTreeMap<(PeerName, u32), Vec<Seq>>,
}

impl TraceBuilder {
    /// A trace of these peers, each of them native, in which nothing has happened yet.
    pub fn new(peers: &[&str]) -> Self {
        let native = |peer: &&str| (PeerName::new(peer), Stack::Native);
        let mut trace = Self {
            events: Vec::new(),
            step: None,
            awaited: Vec::new(),
            steps: 0,
            descriptions: BTreeMap::new(),
        };
        let run = What::Run {
            version: TRACE_VERSION,
            scenario: "made by hand".into(),
            cast: peers.iter().map(native).collect(),
            server: "none".into(),
            shake: None,
        };
        trace.add(run, &[]);
        trace
    }

    /// Adds whatever happens, with what led to it. Answers its number, which is its place.
    pub fn add(&mut self, what: What, cause: &[Seq]) -> Seq {
        let seq = self.events.len() as Seq;
        let at = self.events.last().map_or(0, |last| last.at + TICK);
        let cause = cause.to_vec();
        self.events.push(Event {
            seq,
            at,
            cause,
            what,
        });
        seq
    }

    /// The server has several nodes, and these peers are on these.
    pub fn placed(&mut self, peers: &[(&str, u32)]) -> Seq {
        let placed = peers
            .iter()
            .map(|(peer, node)| (PeerName::new(peer), *node));
        let facts = CaseFacts {
            placed: placed.collect(),
            ..CaseFacts::default()
        };
        self.add(What::Case(Box::new(facts)), &[])
    }

    /// What comes from now on is so much later than what was.
    pub fn later(&mut self, time: Duration) -> Seq {
        let (peer, text) = (None, "time passes".to_owned());
        let seq = self.add(What::Note { peer, text }, &[]);
        if let Some(note) = self.events.last_mut() {
            note.at += u64::try_from(time.as_micros()).unwrap_or(u64::MAX) - TICK;
        }
        seq
    }

    /// A step begins, as the file writes it (`close: { peer: bob }`), with the line that it has in the log, if it has one (`bob: close()`).
    /// It is caused by the step before and by what that has waited for.
    pub fn step(&mut self, text: &str, log: Option<&str>) -> Seq {
        self.steps += 1;
        let index = self.steps;
        let what = What::Step {
            index,
            inner: None,
            line: u32::try_from(index).unwrap_or(u32::MAX),
            text: text.into(),
            log: log.map(Into::into),
        };
        let cause = self.past();
        let step = self.add(what, &cause);
        self.step = Some(step);
        step
    }

    /// The step that runs waits for this event.
    pub fn wait(&mut self, seq: Seq) -> Seq {
        self.awaited.push(seq);
        seq
    }

    fn past(&mut self) -> Vec<Seq> {
        let mut cause = std::mem::take(&mut self.awaited);
        cause.extend(self.step);
        cause.sort_unstable();
        cause
    }

    /// The last step is over, and these links are fenced: all that the server had for them is here.
    pub fn end(mut self, fenced: &[&Link]) -> Vec<Event> {
        let cause = self.past();
        self.add(What::End, &cause);
        self.fence(fenced);
        self.events
    }

    /// Each of these links asks what the server must refuse, twice: with the second refusal all is here that any of them was sent.
    pub fn fence(&mut self, links: &[&Link]) {
        let mut replies = Vec::new();
        for _ in 0..ROUNDS {
            for link in links {
                self.ask(link, Request::Fence, &[]);
            }
            replies.clear();
            for link in links {
                let refused = Notice::Refused {
                    request: Some(Kind::Fence),
                    reason: "it is unknown".into(),
                };
                let told = self.tell(link, refused, None, &[]);
                replies.push(self.hears(link, Kind::Refused, None, told));
            }
        }
        for (link, reply) in links.iter().zip(replies) {
            let link = (*link).clone();
            self.add(What::Fenced { link }, &[reply]);
        }
    }
}
