//! Joins a mind to its hand, its line to the server and the stage: brings in what happens, and does what the mind says. The same for
//! every kind of peer.
//!
//! It takes one thing at a time, in the order in which things come in. Commands for the hand are given in the mind's order and not waited for;
//! signals leave in the mind's order, too: one that goes by HTTP keeps those behind it back until its answer is there.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::desk::Desk;
use super::directory::Directory;
use super::frames::{self, Frame};
use super::line::{Answered, Begun, Line, Outgoing, Whose, begin, fetch_command, tell};
use super::order::{Done, Order, Task};
use super::wire::{Told, Wire};
use crate::hand::{Command, Hand, HandError, Happening, Happenings, PeerFault, Reply};
use crate::lock::lock;
use crate::mind::{Call, Cause, End, HangsUp, Input, Mark, Mind, OrderId, Output, Policy};
use crate::names::{Link, PeerName};
use crate::record::{Recorder, Seq, What};
use crate::scenario::Reconnects;
use crate::signaling::{Dialect, Kind, Meant, Notice, Out, Request, Say, Signal, Word};
use crate::terms::{Machine, Via};

/// All that a peer needs to begin.
pub struct Setup {
    pub name: PeerName,
    pub policy: Policy,
    pub reconnects: Option<Reconnects>,
    pub hand: Arc<dyn Hand>,
    pub happenings: Happenings,
    pub wire: Arc<Wire>,
    pub recorder: Recorder,
    pub directory: Directory,
    pub desk: Desk,
    pub dialect: Arc<Dialect>,
    /// The numbers of the first link and connection that it may use: a peer that was killed and comes back goes on counting.
    pub first_link: u32,
    pub first_conn: u32,
    /// Where a peer that is gone without having been told to is reported.
    pub lost: Lost,
}

/// Peers that are gone without having been told to, and why.
pub type Lost = Arc<Mutex<Vec<(PeerName, String)>>>;

/// A peer at work.
pub struct Driver {
    pub(super) name: PeerName,
    pub(super) fault: Option<PeerFault>,
    pub(super) reconnects: Option<Reconnects>,
    pub(super) hand: Arc<dyn Hand>,
    pub(super) wire: Arc<Wire>,
    pub(super) recorder: Recorder,
    pub(super) directory: Directory,
    pub(super) desk: Desk,
    pub(super) dialect: Arc<Dialect>,
    pub(super) line: Line,
    mind: Mind,
    /// A planted fault that ends in a goodbye.
    hangs_up: Option<HangsUp>,
    /// What the mind has yet to hear, in order.
    inputs: VecDeque<Input>,
    /// The numbers of the events that the mind has had recorded.
    marks: HashMap<Mark, Seq>,
    last_order: u64,
    /// Where the ends of orders under way are told.
    orders: HashMap<OrderId, oneshot::Sender<Done>>,
    /// Commands of the mind that have no reply yet.
    calls: FuturesUnordered<BoxFuture<'static, (Call, Result<Reply, HandError>)>>,
    /// What the wire tells.
    told: mpsc::UnboundedReceiver<Told>,
    /// The times after which the mind wants to be told.
    times: FuturesUnordered<BoxFuture<'static, Input>>,
    lost: Lost,
}

impl Driver {
    /// Begins; runs until the sender of tasks is dropped. Answers the numbers of the last link and connection used.
    pub fn start(
        setup: Setup,
    ) -> (
        mpsc::UnboundedSender<Task>,
        tokio::task::JoinHandle<(u32, u32)>,
    ) {
        let (tasks, inbox) = mpsc::unbounded_channel();
        let (answers, answered) = mpsc::unbounded_channel();
        let others = setup.directory.others(&setup.name);
        let connects = setup.hand.connects();
        let last_conn = setup.first_conn.saturating_sub(1);
        let driver = Driver {
            fault: setup.policy.fault,
            hangs_up: HangsUp::of(setup.policy.fault, Instant::now()),
            reconnects: setup.reconnects,
            mind: Mind::new(
                setup.name.clone(),
                others,
                setup.policy,
                connects,
                last_conn,
            ),
            name: setup.name,
            hand: setup.hand,
            told: setup.wire.listen(),
            wire: setup.wire,
            recorder: setup.recorder,
            directory: setup.directory,
            desk: setup.desk,
            dialect: setup.dialect,
            line: Line::new(setup.first_link.saturating_sub(1), answers),
            inputs: VecDeque::new(),
            marks: HashMap::new(),
            last_order: 0,
            orders: HashMap::new(),
            calls: FuturesUnordered::new(),
            times: FuturesUnordered::new(),
            lost: setup.lost,
        };
        (
            tasks,
            tokio::spawn(driver.live(inbox, setup.happenings, answered)),
        )
    }

    async fn live(
        mut self,
        mut inbox: mpsc::UnboundedReceiver<Task>,
        mut happenings: Happenings,
        mut answered: mpsc::UnboundedReceiver<Answered>,
    ) -> (u32, u32) {
        let mut hand_lives = true;
        loop {
            tokio::select! {
                // What the hand told came before what the stage orders now.
                biased;
                happening = happenings.recv(), if hand_lives => match happening {
                    Some(happening) => self.on(happening).await,
                    None => hand_lives = false,
                },
                Some((call, result)) = self.calls.next() => self.inputs.push_back(Input::Reply { call, result }),
                Some(answer) = answered.recv() => self.answered(answer),
                Some(time) = self.times.next() => self.inputs.push_back(time),
                Some(told) = self.told.recv() => self.wire_tells(told).await,
                () = self.line.redials() => self.redial().await,
                () = self.line.beat() => self.beat(),
                task = inbox.recv() => match task {
                    Some(task) => self.obey(task).await,
                    None => break,
                },
            }
            if self.line.open.is_none() {
                for task in std::mem::take(&mut self.line.later) {
                    self.obey(task).await;
                }
            }
            self.think();
        }
        (self.line.last, self.mind.last_conn())
    }

    async fn wire_tells(&mut self, told: Told) {
        match told {
            Told::Word(link, word, seq) => self.told(link, word, seq),
            Told::Stands(link) => self.opened(link).await,
        }
    }

    /// Lets the mind have what it has yet to hear, and does what it says.
    fn think(&mut self) {
        while let Some(input) = self.inputs.pop_front() {
            let hangs_up = self.hangs_up_on(&input);
            let cause = input.heard();
            for output in self.mind.handle(input) {
                self.put_out(output);
            }
            for peer in hangs_up {
                self.hang_up(&peer, cause);
            }
        }
    }

    /// On whom a planted fault hangs up because of this.
    fn hangs_up_on(&mut self, input: &Input) -> Vec<PeerName> {
        let Some(hangs_up) = &mut self.hangs_up else {
            return Vec::new();
        };
        if let Input::Happening(Happening::ChannelMessage { conn, .. }) = input {
            let by = self.mind.owner(*conn);
            return by
                .filter(|by| hangs_up.is_spoken_to(by))
                .cloned()
                .into_iter()
                .collect();
        }
        hangs_up.takes(input, Instant::now())
    }

    /// Says goodbye, and nothing else: the other side closes.
    fn hang_up(&mut self, on: &PeerName, cause: Option<Seq>) {
        let (peer, signal) = (Some(self.directory.id(on)), Signal::Bye);
        self.say(
            Word::Signal { peer, signal },
            cause.into_iter().collect(),
            None,
        );
    }

    fn put_out(&mut self, output: Output) {
        match output {
            Output::Do { call, command } => {
                if let Command::NewConnection { conn } = command
                    && let Some(with) = self.mind.owner(conn).cloned()
                {
                    let peer = self.name.clone();
                    self.recorder
                        .record(What::ConnectionMade { peer, conn, with }, &[]);
                }
                self.give(call, command);
            }
            Output::Record { mark, what, cause } => {
                let cause = self.causes(&cause);
                let seq = self.recorder.record(what, &cause);
                self.marks.insert(mark, seq);
            }
            Output::Signal {
                to,
                signal,
                cause,
                ends,
            } => {
                let peer = Some(self.directory.id(&to));
                let word = Word::Signal { peer, signal };
                let cause = self.causes(&cause);
                self.say(word, cause, ends);
                if self.hangs_up.as_mut().is_some_and(|it| it.sends(&to)) {
                    self.hang_up(&to, None);
                }
            }
            Output::Over { order, end } => {
                let done = match end {
                    End::Yes => Done::Yes,
                    End::No(why) => Done::No(why),
                    End::Refused { name, message, at } => Done::Refused {
                        name,
                        message,
                        seq: self.marks.get(&at).copied().unwrap_or_default(),
                    },
                };
                self.over(order, done);
            }
            Output::After { with, number, time } => {
                let input = Input::Time { with, number };
                self.times.push(Box::pin(sleep(time).map(|()| input)));
            }
        }
    }

    fn causes(&self, causes: &[Cause]) -> Vec<Seq> {
        let seq = |cause: &Cause| match cause {
            Cause::Event(seq) => Some(*seq),
            Cause::Mark(mark) => self.marks.get(mark).copied(),
        };
        causes.iter().filter_map(seq).collect()
    }

    /// Gives the hand a command now, in its turn; its reply comes in later.
    fn give(&mut self, call: Call, command: Command) {
        if let Command::CloseConnection { conn } = &command {
            // No stack tells of what its own user closes.
            let closed = What::State {
                peer: self.wire.peer.clone(),
                conn: *conn,
                machine: Machine::Connection,
                state: "closed".to_owned(),
            };
            self.recorder.record(closed, &[]);
        }
        match begin(&self.hand, command) {
            Begun::Ended(result) => self.inputs.push_back(Input::Reply { call, result }),
            Begun::Goes(work) => self
                .calls
                .push(Box::pin(work.map(move |result| (call, result)))),
        }
    }

    fn over(&mut self, order: OrderId, done: Done) {
        if let Some(waiting) = self.orders.remove(&order) {
            tell(waiting, done);
        }
    }

    /// Says a word to the server in its turn: behind what waits for an answer by HTTP.
    fn say(&mut self, word: Word, cause: Vec<Seq>, ends: Option<OrderId>) {
        let done = match self.frames(&word, &cause) {
            // What must be heard first says the rest.
            Ok((_, frames)) if frames.is_empty() => Done::Yes,
            Ok((link, frames)) => return self.send_says(link, frames, &cause, ends),
            Err(done) => done,
        };
        if let Some(order) = ends {
            self.over(order, done);
        }
    }

    /// Sends this in its turn, in order; the order is over with the last.
    pub(super) fn send_says(
        &mut self,
        link: u32,
        says: Vec<Say>,
        cause: &[Seq],
        ends: Option<OrderId>,
    ) {
        let last = says.len().saturating_sub(1);
        for (at, Say { out, means }) in says.into_iter().enumerate() {
            self.line.outgoing.push_back(Outgoing {
                link,
                means,
                frame: out,
                cause: cause.to_vec(),
                ends: ends.filter(|_| at == last),
            });
        }
        self.send_on();
    }

    /// Sends what is to be said, until something goes by HTTP.
    fn send_on(&mut self) {
        while !self.line.waits
            && let Some(next) = self.line.outgoing.pop_front()
        {
            let Outgoing {
                link,
                means,
                frame,
                cause,
                ends,
            } = next;
            match frame {
                Out::Text(text) => {
                    self.wire.intend(link, Some(means), cause.clone());
                    self.send_in_turn(link, means, text, cause);
                    if let Some(order) = ends {
                        self.over(order, Done::Yes);
                    }
                }
                // The next signal must not overtake this one.
                fetch @ Out::Fetch { .. } => {
                    if let Some(fetch) = fetch_command(fetch) {
                        self.line.waits = true;
                        let whose = Whose::Signal(ends);
                        self.begin_fetch(Some(link), Some(means), fetch, cause, whose);
                    }
                }
                // A signal never closes its line: the reader lets that in for requests alone.
                Out::Close => {}
            }
        }
    }

    /// Sends a signal in its turn; that it could not be sent is noted when it is known.
    fn send_in_turn(&mut self, link: u32, means: Meant, text: String, cause: Vec<Seq>) {
        let what = match means {
            Meant::Word(kind) => kind.as_str(),
            Meant::Aside => "a message of the dialect's own",
            Meant::Nothing => "a message that means nothing",
        };
        let frame = match self.frame(link, text) {
            Ok(frame) => frame,
            Err(why) => return self.note(format!("{what} not sent: {why}"), &cause),
        };
        let work = match begin(&self.hand, frame) {
            Begun::Ended(Ok(_)) => return,
            Begun::Ended(Err(error)) => {
                return self.note(format!("{what} not sent: {error}"), &cause);
            }
            Begun::Goes(work) => work,
        };
        let (recorder, peer) = (self.recorder.clone(), self.name.clone());
        tokio::spawn(async move {
            if let Err(error) = work.await {
                let text = format!("{what} not sent: {error}");
                let peer = Some(peer);
                recorder.record(What::Note { peer, text }, &cause);
            }
        });
    }

    async fn obey(&mut self, task: Task) {
        if let Order::ConnectMore = task.order {
            return self.connect_more(task.done).await;
        }
        if let Order::ConnectAnew = task.order {
            self.line.abandon();
        }
        if matches!(task.order, Order::Connect | Order::ConnectAnew) && self.dialect.dials_by_room()
        {
            // The line is dialled by who enters a room.
            return tell(task.done, Done::Yes);
        }
        let needs_link = matches!(
            task.order,
            Order::Connect | Order::ConnectAnew | Order::Ask { .. }
        );
        match needs_link {
            true => {
                if let Some(task) = self.connected(task).await {
                    self.fulfil(task).await;
                }
            }
            false => self.fulfil(task).await,
        }
    }

    /// Carries out an order and tells its end, now or when what it waits for is there.
    pub(super) async fn fulfil(&mut self, task: Task) {
        let Task { order, cause, done } = task;
        match order {
            Order::Connect | Order::ConnectAnew | Order::ConnectMore => tell(done, Done::Yes),
            Order::Rest => {
                self.line.rests = true;
                self.line.again = None;
                tell(done, Done::Yes);
            }
            Order::Ask { request, offer } => {
                if matches!(request, Request::Join { .. }) {
                    self.inputs.push_back(Input::Joining { offers: offer });
                    self.think();
                }
                self.ask(request, cause, done).await;
            }
            Order::Http { method, path, body } => self.http(method, path, body, cause, done),
            Order::Disconnect => {
                let end = self.disconnect().await;
                tell(done, end);
            }
            Order::Retire => {
                let end = self.retire().await;
                tell(done, end);
            }
            Order::Garbage { kind, of, field } => {
                self.garbage((kind, of, field), cause, done).await
            }
            Order::Forge { kind, to, claimed } => {
                self.forge((kind, &to, &claimed), cause, done).await;
            }
            Order::SendRaw { text } => {
                let end = match self.line.open_number() {
                    Some(link) => self.send_text(link, None, text, cause).await,
                    None => Done::No("it has no signaling connection".into()),
                };
                tell(done, end);
            }
            Order::Deed { to, deed } => {
                self.last_order += 1;
                let order = OrderId(self.last_order);
                self.orders.insert(order, done);
                self.inputs.push_back(Input::Deed {
                    order,
                    to,
                    deed,
                    cause,
                });
            }
        }
    }

    fn answered(&mut self, answered: Answered) {
        let Answered {
            link,
            method,
            path,
            result,
            whose,
        } = answered;
        let end = self.response(link, &method, &path, result);
        match whose {
            Whose::Order(done) => tell(done, end),
            Whose::Signal(ends) => {
                self.line.waits = false;
                // What was heard with it comes before what follows it.
                self.think();
                if let Some(order) = ends {
                    self.over(order, end);
                }
                self.send_on();
            }
        }
    }

    async fn on(&mut self, happening: Happening) {
        match happening {
            // The tap tells when the first poll has gone to the server.
            Happening::LinkOpened { .. } if self.dialect.via() == Via::LongPoll => {}
            Happening::LinkOpened { link } => self.opened(link).await,
            Happening::LinkMessage { link, data } => {
                let Some(frame) = Frame::new(data) else {
                    return;
                };
                let seqs = self.wire.heard(link, &frame.payload);
                let Some(text) = frame.text(&self.dialect) else {
                    return;
                };
                let Some(heard) = self.line.hear(link, &text) else {
                    return;
                };
                if !heard.understood && self.fault == Some(PeerFault::ChokesOnTheUnknown) {
                    let done = self.disconnect().await;
                    tracing::debug!(?done, "choked");
                }
                self.heard(link, heard, &seqs).await;
            }
            Happening::LinkClosed { link, code, reason } => {
                // What has been told on it comes before its end.
                while let Some(Some(told)) = self.told.recv().now_or_never() {
                    self.wire_tells(told).await;
                }
                self.closed(link, code, &reason);
            }
            Happening::Console { level, text } => {
                self.recorder.record(
                    What::Console {
                        peer: self.name.clone(),
                        level,
                        text,
                    },
                    &[],
                );
            }
            Happening::Gone { why } => {
                lock(&self.lost).push((self.name.clone(), why));
                // The stage looks when something new is recorded.
                self.note("the peer is gone".into(), &[]);
            }
            happening => self.inputs.push_back(Input::Happening(happening)),
        }
    }

    /// A text up, in a frame as the dialect's server wants it.
    pub(super) fn frame(&self, link: u32, text: String) -> Result<Command, String> {
        frames::frame(&self.dialect, link, text).ok_or_else(|| {
            let why = self.dialect.failure();
            why.unwrap_or_else(|| "the dialect's program makes no message of it".into())
        })
    }

    /// The mind is told that its line is gone.
    pub(super) fn line_lost(&mut self) {
        self.inputs.push_back(Input::LineLost);
    }

    /// A word has come in; `seq` is the message that brought it.
    pub(super) fn hear(&mut self, link: u32, word: Word, seq: Option<Seq>) {
        let cause: Vec<Seq> = seq.into_iter().collect();
        let about = match &word {
            Word::Signal { peer: Some(id), .. } => self.directory.peer(id),
            Word::Signal { peer: None, .. } => self.directory.unnamed(&self.name),
            Word::Notice { notice } => notice.about().and_then(|id| self.directory.peer(id)),
            Word::Request { .. } => None,
        };
        let heard = self.recorder.record(
            What::Hears {
                peer: self.name.clone(),
                link: Link {
                    peer: self.name.clone(),
                    instance: link,
                },
                kind: word.kind(),
                about: about.clone(),
            },
            &cause,
        );
        // What is told of itself is no other's.
        let other = about.clone().filter(|about| *about != self.name);
        if let Word::Notice { notice } = &word {
            self.line.placed(notice);
        }
        let input = match word {
            Word::Notice {
                notice: Notice::Joined { with, .. },
            } => Some(Input::Joined {
                inside: with
                    .iter()
                    .filter_map(|id| self.directory.peer(id))
                    .filter(|peer| *peer != self.name)
                    .collect(),
                heard,
            }),
            Word::Notice {
                notice: Notice::Refused { request, .. },
            } => matches!(request, Some(Kind::Join) | None).then_some(Input::Refused {
                bare: request.is_none(),
            }),
            Word::Notice {
                notice: Notice::PeerJoined { .. },
            } => other.map(|peer| Input::Came { peer, heard }),
            Word::Notice {
                notice: Notice::PeerLeft { .. },
            } => other.map(|peer| Input::Went { peer, heard }),
            Word::Notice { .. } | Word::Request { .. } => None,
            Word::Signal { signal, .. } => {
                if about.is_none() {
                    self.note("a signal from nobody in this scenario".into(), &[heard]);
                } else if other.is_none() {
                    self.note("echo: the server sent back its own signal".into(), &[heard]);
                }
                other.map(|from| Input::Signal {
                    from,
                    signal,
                    heard,
                })
            }
        };
        self.inputs.extend(input);
    }

    pub(super) fn note(&self, text: String, cause: &[Seq]) {
        self.recorder.record(
            What::Note {
                peer: Some(self.name.clone()),
                text,
            },
            cause,
        );
    }
}
