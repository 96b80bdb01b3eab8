//! One peer's connection to one other: its state, its queue, and what it does with each thing that comes in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::doing::{Doing, Then, Unsent};
use super::input::{Call, Cause, End, Mark, OrderId, Output};
use super::item::Item;
use super::numbers::Numbers;
use super::policy::Policy;
use super::remote::Remote;
use crate::hand::{Command, HandError, Happening, PeerFault, Reply};
use crate::names::PeerName;
use crate::record::{Applied, Seq, What, payload};
use crate::signaling::{Candidate, Description, DescriptionKind, Signal};
use crate::terms::Machine;

/// One peer's connection to one other.
#[derive(Clone, Debug)]
pub struct Pair {
    pub(super) me: PeerName,
    pub(super) with: PeerName,
    pub(super) policy: Policy,
    /// The newest connection.
    pub(super) connection: Option<Connection>,
    doing: Option<Doing>,
    /// A description that waits for its candidates: nothing else is done until it is sent.
    pub(super) unsent: Option<Unsent>,
    /// What came in while something was under way.
    queue: VecDeque<Item>,
    /// The server has told of the other side's present stay: it was found inside, or its coming was told.
    announced: bool,
    /// Remote candidates that came before their description.
    pub(super) early: VecDeque<(Option<Candidate>, Seq)>,
    /// Candidates that the stack has been given, oldest first.
    pub(super) given: VecDeque<Given>,
    /// One more offer is due as soon as the one that is out is answered.
    pub(super) again: Option<Vec<Cause>>,
    /// What a client with a fault says behind what should follow it.
    pub(super) late_offer: Option<(Signal, Mark, Option<OrderId>)>,
    /// A client with a fault: the other side has gone before, or its first message has been lost.
    pub(super) shuns: bool,
    listens: bool,
    /// By hand: what was heard and not yet used.
    pub(super) descriptions: BTreeMap<DescriptionKind, (Description, Seq)>,
    pub(super) candidates: VecDeque<(Option<Candidate>, Seq)>,
    /// What is to be done, until it is handed out.
    out: Vec<Output>,
}

/// One `RTCPeerConnection`.
#[derive(Clone, Debug)]
pub(super) struct Connection {
    /// Its number at the hand.
    pub conn: u32,
    /// An offer of its own is out, not answered yet.
    pub offering: bool,
    /// The newest remote description that was taken in.
    pub remote: Option<Remote>,
    /// The descriptions taken in so far.
    pub applied: Vec<Cause>,
    /// Those of them that began an ICE generation, to its answer: what connects is caused by them. To negotiate again leads to no connection.
    pub leads: Vec<Cause>,
    /// The generations that those began.
    ufrags: BTreeSet<String>,
    /// The newest generation has its answer.
    answered: bool,
    /// Local candidates that wait for their description to be sent, `None` for the end.
    pub gathered: VecDeque<(Option<Candidate>, Mark)>,
    /// The local description has been sent.
    pub described: bool,
    /// The ICE generation of the local description, where candidates go with it.
    pub generation: BTreeSet<String>,
    /// All candidates of that generation are there.
    pub whole: bool,
    /// An offer of the other side was ignored (glare, impolite): its candidates mean nothing.
    pub ignoring: bool,
    /// By hand: what was created or set and not yet sent.
    pub kept: Option<(Description, Option<Mark>)>,
    /// The channels that it has made, by label.
    pub channels: Vec<String>,
    pub closed: bool,
    /// The server said that the other side went or came anew: nothing of this connection is meant for whoever has its name now.
    pub departed: bool,
}

/// A candidate that the stack has been given.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub call: Call,
    pub conn: u32,
    pub applied: Applied,
    pub cause: Vec<Cause>,
    pub result: Option<Result<Reply, HandError>>,
}

impl Connection {
    fn new(conn: u32) -> Self {
        Self {
            conn,
            offering: false,
            remote: None,
            applied: Vec::new(),
            leads: Vec::new(),
            ufrags: BTreeSet::new(),
            answered: false,
            gathered: VecDeque::new(),
            described: false,
            generation: BTreeSet::new(),
            whole: false,
            ignoring: false,
            kept: None,
            channels: Vec::new(),
            closed: false,
            departed: false,
        }
    }

    /// The stack has taken in a description.
    fn took(&mut self, applied: Applied, mut ufrags: BTreeSet<String>, mark: Cause) {
        self.applied.push(mark);
        if !ufrags.is_subset(&self.ufrags) {
            self.ufrags.append(&mut ufrags);
            self.answered = false;
        }
        if !self.answered {
            self.leads.push(mark);
        }
        let (Applied::Local(kind) | Applied::Remote(kind)) = applied else {
            return;
        };
        self.answered |= kind == DescriptionKind::Answer;
    }

    /// Whether it can still be what connects these two.
    pub fn is_live(&self) -> bool {
        !self.closed && !self.departed
    }
}

impl Pair {
    /// Nothing is between these two yet.
    pub fn new(me: PeerName, with: PeerName, policy: Policy) -> Self {
        Self {
            me,
            with,
            policy,
            connection: None,
            doing: None,
            unsent: None,
            queue: VecDeque::new(),
            announced: false,
            early: VecDeque::new(),
            given: VecDeque::new(),
            again: None,
            late_offer: None,
            shuns: false,
            listens: false,
            descriptions: BTreeMap::new(),
            candidates: VecDeque::new(),
            out: Vec::new(),
        }
    }

    /// The number of the newest connection.
    pub fn number(&self) -> Option<u32> {
        self.connection.as_ref().map(|connection| connection.conn)
    }

    /// Takes something in and says what is to be done.
    pub fn handle(&mut self, item: Item, numbers: &mut Numbers) -> Vec<Output> {
        match item {
            Item::Reply { call, result } => self.reply(call, result, numbers),
            Item::Happening(Happening::NegotiationNeeded { .. }) if self.is_describing() => {}
            // What waits of him who has gone is for nobody, and what is under way is not for who comes next.
            Item::Went { heard } => {
                let of_him = |item: &Item| matches!(item, Item::Signal { .. } | Item::Came);
                self.queue.retain(|item| !of_him(item));
                self.went(heard);
            }
            item => self.queue.push_back(item),
        }
        while let Some(item) = self.next() {
            self.take(item, numbers);
        }
        std::mem::take(&mut self.out)
    }

    /// What comes next, unless something is under way. A description that waits for its candidates lets nothing by but these.
    fn next(&mut self) -> Option<Item> {
        if self.doing.is_some() {
            return None;
        }
        if self.unsent.is_none() {
            return self.queue.pop_front();
        }
        let candidate = |item: &Item| matches!(item, Item::Happening(Happening::Candidate { .. }));
        let place = self.queue.iter().position(candidate)?;
        self.queue.remove(place)
    }

    fn take(&mut self, item: Item, numbers: &mut Numbers) {
        match item {
            Item::Found => {
                self.announced = true;
                self.depart();
            }
            Item::Came => {
                // News may come behind the first signals of the stay that it tells of: only of a stay that is known already it tells
                // that it is over.
                let described = self
                    .connection
                    .as_ref()
                    .is_some_and(|connection| connection.remote.is_some());
                let again = std::mem::replace(&mut self.announced, true);
                if described && (again || self.policy.has(PeerFault::TakesLateNewsForAnother)) {
                    self.depart();
                }
            }
            Item::LineLost if self.policy.has(PeerFault::DiesWithItsLine) => {
                self.close(None, numbers);
            }
            Item::LineLost => {}
            Item::Signal { .. } if self.shuns => {}
            Item::Signal { signal, heard } => self.signalled(signal, heard, numbers),
            Item::Deed { order, deed, cause } => {
                let cause = cause.into_iter().map(Cause::Event).collect();
                self.deed(order, deed, cause, numbers);
            }
            Item::Happening(happening) => self.happened(happening, numbers),
            Item::Time { number } => self.clean_up(number, numbers),
            Item::Reply { .. } | Item::Went { .. } => {}
        }
    }

    /// Whether an exchange has begun that says anew what is needed: the stack tells it again at the end, if it still is.
    fn is_describing(&self) -> bool {
        if self.unsent.is_some() {
            return true;
        }
        let then = self.doing.as_ref().map(|doing| &doing.then);
        match then {
            Some(Then::Offered { .. } | Then::Restarted { .. } | Then::Whole(_)) => true,
            Some(Then::Took { kind, .. }) => *kind == DescriptionKind::Offer,
            _ => false,
        }
    }

    /// Closes the connection, if there is one, because of this.
    pub(super) fn close(&mut self, heard: Option<Cause>, numbers: &mut Numbers) {
        let Some(connection) = self.connection.as_mut().filter(|it| !it.closed) else {
            return;
        };
        connection.closed = true;
        let close = Command::CloseConnection {
            conn: connection.conn,
        };
        self.begin(vec![(close, None)], Then::Closed { heard }, numbers);
    }

    fn depart(&mut self) {
        self.again = None;
        if let Some(connection) = &mut self.connection {
            connection.departed = true;
        }
    }

    fn went(&mut self, heard: Seq) {
        self.announced = false;
        self.shuns = self.policy.has(PeerFault::NeverMeetsAgain);
        self.depart();
        let never = self.policy.has(PeerFault::NeverCleansUp);
        let time = self.policy.cleans_up_in.filter(|_| !never);
        if let (Some(time), Some(connection)) = (time, &mut self.connection)
            && !connection.closed
        {
            connection.applied.push(heard.into());
            connection.leads.push(heard.into());
            let (with, number) = (self.with.clone(), connection.conn);
            self.out.push(Output::After { with, number, time });
        }
    }

    fn clean_up(&mut self, number: u32, numbers: &mut Numbers) {
        let Some(connection) = &self.connection else {
            return;
        };
        if connection.conn == number && connection.departed {
            let heard = connection.applied.last().copied();
            self.close(heard, numbers);
        }
    }

    /// What a connection or channel tells.
    fn happened(&mut self, happening: Happening, numbers: &mut Numbers) {
        let peer = self.me.clone();
        let (conn, what) = match happening {
            Happening::Candidate { conn, candidate } => {
                return self.gathered(conn, candidate, numbers);
            }
            Happening::NegotiationNeeded { conn } => return self.needed(conn, numbers),
            Happening::State {
                machine: Machine::Connection,
                ref state,
                ..
            } if state == "disconnected" && self.policy.has(PeerFault::MissesTheDisconnect) => {
                return;
            }
            Happening::State {
                conn,
                machine,
                state,
            } => (
                conn,
                What::State {
                    peer,
                    conn,
                    machine,
                    state,
                },
            ),
            Happening::ChannelAdded { conn, label } => (
                conn,
                What::Channel {
                    peer,
                    conn,
                    label,
                    state: "connecting".into(),
                },
            ),
            Happening::ChannelState { ref state, .. }
                if state == "closed" && self.policy.has(PeerFault::MissesAChannelsClose) =>
            {
                return;
            }
            Happening::ChannelState { conn, label, state } => (
                conn,
                What::Channel {
                    peer,
                    conn,
                    label,
                    state,
                },
            ),
            Happening::ChannelMessage { .. }
                if self.policy.has(PeerFault::LosesTheFirstMessage) && !self.listens =>
            {
                self.listens = true;
                return;
            }
            Happening::ChannelMessage { conn, label, data } => {
                let payload = payload(&data);
                let heard = What::Heard {
                    peer,
                    conn,
                    label,
                    payload,
                };
                self.record(heard, Vec::new(), numbers);
                return;
            }
            Happening::LinkOpened { .. }
            | Happening::LinkMessage { .. }
            | Happening::LinkClosed { .. }
            | Happening::Console { .. }
            | Happening::Gone { .. } => return,
        };
        let signaling = matches!(
            what,
            What::State {
                machine: Machine::Signaling,
                ..
            }
        );
        let cause = match self.newest(conn) {
            Some(newest) if signaling => newest.applied.clone(),
            _ => self.led_to(conn),
        };
        self.record(what, cause, numbers);
    }

    fn newest(&self, conn: u32) -> Option<&Connection> {
        let newest = self.connection.as_ref();
        newest.filter(|connection| connection.conn == conn)
    }

    /// The descriptions by which a connection connects, and finds ways, if it is the newest.
    pub(super) fn led_to(&self, conn: u32) -> Vec<Cause> {
        let newest = self.newest(conn);
        newest.map_or_else(Vec::new, |newest| newest.leads.clone())
    }

    /// Replaces whatever connection there was with a new one: its number, and the commands that do it.
    pub(super) fn renew(
        &mut self,
        numbers: &mut Numbers,
    ) -> (u32, Vec<(Command, Option<&'static str>)>) {
        if let Some(old) = self.connection.take().filter(|old| !old.closed) {
            // How long its end takes is nothing to the new one.
            let call = numbers.call();
            self.give(call, Command::CloseConnection { conn: old.conn });
        }
        let conn = numbers.conn();
        self.connection = Some(Connection::new(conn));
        (conn, vec![(Command::NewConnection { conn }, None)])
    }

    /// Gives these commands, one right after the other, and goes on when all of them are answered.
    pub(super) fn begin(
        &mut self,
        commands: Vec<(Command, Option<&'static str>)>,
        then: Then,
        numbers: &mut Numbers,
    ) {
        let mut calls = Vec::new();
        for (command, during) in commands {
            let call = numbers.call();
            calls.push((call, during));
            self.out.push(Output::Do { call, command });
        }
        let Some((last, _)) = calls.last().copied() else {
            return;
        };
        self.doing = Some(Doing {
            calls,
            last,
            failed: None,
            reply: None,
            then,
        });
    }

    fn reply(&mut self, call: Call, result: Result<Reply, HandError>, numbers: &mut Numbers) {
        if let Some(given) = self.given.iter_mut().find(|given| given.call == call) {
            given.result = Some(result);
            return self.told_of_candidates(numbers);
        }
        let Some(mut doing) = self.doing.take() else {
            return;
        };
        let Some(place) = doing.calls.iter().position(|(of, _)| *of == call) else {
            self.doing = Some(doing);
            return;
        };
        let (_, during) = doing.calls.remove(place);
        match result {
            Ok(reply) if call == doing.last => doing.reply = Some(reply),
            Ok(_) => {}
            Err(error) => drop(doing.failed.get_or_insert((during, error))),
        }
        if !doing.calls.is_empty() {
            self.doing = Some(doing);
            return;
        }
        let result = match doing.failed {
            Some(failed) => Err(failed),
            None => Ok(doing.reply),
        };
        self.go_on(doing.then, result, numbers);
    }

    /// This comes next.
    pub(super) fn put_first(&mut self, item: Item) {
        self.queue.push_front(item);
    }

    /// Has an event recorded.
    pub(super) fn record(&mut self, what: What, cause: Vec<Cause>, numbers: &mut Numbers) -> Mark {
        let mark = numbers.mark();
        self.out.push(Output::Record { mark, what, cause });
        mark
    }

    pub(super) fn note(&mut self, text: String, cause: Vec<Cause>, numbers: &mut Numbers) {
        let peer = Some(self.me.clone());
        self.record(What::Note { peer, text }, cause, numbers);
    }

    /// Records that the stack has taken something in.
    pub(super) fn applied(
        &mut self,
        applied: Applied,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) -> Mark {
        let conn = self.number().unwrap_or_default();
        let peer = self.me.clone();
        let what = What::Applied {
            peer,
            conn,
            applied,
        };
        self.record(what, cause, numbers)
    }

    /// Records that the stack has taken in a description, of these ICE generations.
    pub(super) fn set(
        &mut self,
        applied: Applied,
        ufrags: BTreeSet<String>,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) -> Mark {
        let mark = self.applied(applied, cause, numbers);
        if let Some(connection) = &mut self.connection {
            connection.took(applied, ufrags, mark.into());
        }
        mark
    }

    /// How an order ends whose command failed. A stack's refusal is recorded, if it has a name for what was asked.
    pub(super) fn failed(
        &mut self,
        during: Option<&'static str>,
        error: HandError,
        cause: Vec<Cause>,
        numbers: &mut Numbers,
    ) -> End {
        let (during, name, message) = match (during, error) {
            (Some(during), HandError::Refused { name, message }) => (during, name, message),
            (_, error) => return End::No(error.to_string()),
        };
        let what = What::PeerError {
            peer: self.me.clone(),
            conn: self.number().unwrap_or_default(),
            during: during.into(),
            name: name.clone(),
            message: message.clone(),
        };
        let at = self.record(what, cause, numbers);
        End::Refused { name, message, at }
    }

    pub(super) fn over(&mut self, order: Option<OrderId>, end: End) {
        if let Some(order) = order {
            self.out.push(Output::Over { order, end });
        }
    }

    pub(super) fn say(&mut self, signal: Signal, cause: Vec<Cause>, ends: Option<OrderId>) {
        let to = self.with.clone();
        self.out.push(Output::Signal {
            to,
            signal,
            cause,
            ends,
        });
    }

    pub(super) fn give(&mut self, call: Call, command: Command) {
        self.out.push(Output::Do { call, command });
    }
}
