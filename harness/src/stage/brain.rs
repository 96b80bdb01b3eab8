//! A peer's brain: what to say, and what to do with what is heard. The same for every kind of peer.
//!
//! It does one thing at a time, in the order in which things come in: an order of the stage, or a happening told by the hand.
//! What comes in while a command is under way waits in its queue, which is what keeps candidates behind the description that
//! they belong to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use super::PeerFault;
use super::directory::Directory;
use super::order::{Done, Order, Task};
use super::session::Session;
use super::wire::Wire;
use crate::lock::lock;
use crate::names::{Link, PeerName};
use crate::peer::{Command, Hand, HandError, Happening, Happenings, Reply};
use crate::record::{Digest, Recorder, Seq, What};
use crate::scenario::{DEFAULT_CHANNEL, PeerSpec};
use crate::signaling::{
    Conversation, Description, DescriptionKind, Dialect, Kind, Notice, Out, Request, Signal, Word,
};
use crate::terms::Payload;
use crate::terms::{ChannelOptions, Data};

/// All that a brain needs to begin.
pub struct Setup {
    pub name: PeerName,
    pub spec: PeerSpec,
    pub hand: Arc<dyn Hand>,
    pub happenings: Happenings,
    pub wire: Arc<Wire>,
    pub recorder: Recorder,
    pub directory: Directory,
    pub dialect: Arc<Dialect>,
    /// The numbers of the first link and connection that this brain may use: a peer that was killed and comes back goes on counting.
    pub first_link: u32,
    pub first_conn: u32,
    /// Where a peer that is gone without having been told to is reported.
    pub lost: Lost,
    /// What it does wrong.
    pub fault: Option<PeerFault>,
}

/// Peers that are gone without having been told to, and why.
pub type Lost = Arc<Mutex<Vec<(PeerName, String)>>>;

/// A peer's brain.
pub struct Brain {
    pub(super) name: PeerName,
    pub(super) spec: PeerSpec,
    pub(super) hand: Arc<dyn Hand>,
    pub(super) wire: Arc<Wire>,
    pub(super) recorder: Recorder,
    directory: Directory,
    dialect: Arc<Dialect>,
    link: Option<OpenLink>,
    /// The one beside it, until the server has let it in or not.
    more: Option<(u32, oneshot::Sender<Done>)>,
    last_link: u32,
    pub(super) last_conn: u32,
    /// Connections, by the peer at the other end; the newest of each.
    pub(super) sessions: BTreeMap<PeerName, Session>,
    /// Joins under way whose peer is to offer.
    offers_due: VecDeque<bool>,
    /// By hand: what was heard and not yet used.
    pub(super) heard: Heard,
    /// Whom it met last: who was inside, came in, or signalled.
    pub(super) met: Option<PeerName>,
    /// How many signals it has made up.
    pub(super) carried: u32,
    pub(super) fault: Option<PeerFault>,
    lost: Lost,
    /// The ends of commands that were begun and not waited for.
    ends: mpsc::UnboundedSender<BoxFuture<'static, ()>>,
    /// The answers to HTTP requests come in here.
    answers: mpsc::UnboundedSender<Answered>,
}

/// An HTTP request of the stage's is over. Its answer may be long in coming, and a peer has more to do meanwhile.
struct Answered {
    /// The link whose conversation it belongs to; `None` for a request as a step writes it.
    link: Option<u32>,
    method: String,
    path: String,
    result: Result<Reply, HandError>,
    done: oneshot::Sender<Done>,
}

/// By hand: what was heard and not yet used.
#[derive(Default)]
pub(super) struct Heard {
    pub from: Option<PeerName>,
    pub descriptions: BTreeMap<DescriptionKind, (Description, Seq)>,
    pub candidates: VecDeque<(Option<crate::signaling::Candidate>, Seq)>,
}

struct OpenLink {
    number: u32,
    open: bool,
    conversation: Conversation,
    /// Told when it stands, or why it does not.
    waiting: Vec<oneshot::Sender<Done>>,
    /// What is to be done once it stands.
    then: Vec<Task>,
}

impl Brain {
    /// Begins; runs until the sender of tasks is dropped. Answers the numbers of the last link and connection used.
    pub fn start(
        setup: Setup,
    ) -> (
        mpsc::UnboundedSender<Task>,
        tokio::task::JoinHandle<(u32, u32)>,
    ) {
        let (tasks, inbox) = mpsc::unbounded_channel();
        let Setup {
            name,
            spec,
            hand,
            happenings,
            wire,
            recorder,
            directory,
            dialect,
            first_link,
            first_conn,
            lost,
            fault,
        } = setup;
        let (ends, mut begun) = mpsc::unbounded_channel::<BoxFuture<'static, ()>>();
        tokio::spawn(async move {
            while let Some(end) = begun.recv().await {
                end.await;
            }
        });
        let (answers, answered) = mpsc::unbounded_channel();
        let brain = Brain {
            name,
            spec,
            hand,
            wire,
            recorder,
            directory,
            dialect,
            link: None,
            more: None,
            last_link: first_link.saturating_sub(1),
            last_conn: first_conn.saturating_sub(1),
            sessions: BTreeMap::new(),
            offers_due: VecDeque::new(),
            heard: Heard::default(),
            met: None,
            carried: 0,
            fault,
            lost,
            ends,
            answers,
        };
        (tasks, tokio::spawn(brain.live(inbox, happenings, answered)))
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
                Some(answer) = answered.recv() => self.answered(answer).await,
                task = inbox.recv() => match task {
                    Some(task) => self.obey(task).await,
                    None => break,
                },
            }
        }
        (self.last_link, self.last_conn)
    }

    async fn obey(&mut self, task: Task) {
        if let Order::ConnectMore = task.order {
            match self.begin_link().await {
                Ok((number, _)) => self.more = Some((number, task.done)),
                Err(error) => tell(task.done, Done::No(format!("cannot connect: {error}"))),
            }
            return;
        }
        let needs_link = matches!(task.order, Order::Connect | Order::Ask { .. });
        if needs_link && !self.link.as_ref().is_some_and(|link| link.open) {
            if self.link.is_none()
                && let Err(error) = self.open_link().await
            {
                tell(task.done, Done::No(format!("cannot connect: {error}")));
                return;
            }
            if let Some(link) = &mut self.link {
                match task.order {
                    Order::Connect => link.waiting.push(task.done),
                    _ => link.then.push(task),
                }
            }
            return;
        }
        self.fulfil(task).await;
    }

    /// Carries out an order and tells its end, now or, for what is asked by HTTP, when the answer is there.
    async fn fulfil(&mut self, task: Task) {
        let Task { order, cause, done } = task;
        match order {
            Order::Ask { request, offer } => {
                if matches!(request, Request::Join { .. }) {
                    self.offers_due.push_back(offer && !self.spec.manual);
                }
                self.ask(request, cause, done).await;
            }
            Order::Http { method, path, body } => {
                let headers = body
                    .iter()
                    .map(|_| ("content-type".to_owned(), "application/json".to_owned()))
                    .collect();
                let fetch = Out::Fetch {
                    method,
                    path,
                    headers,
                    body,
                };
                self.begin_fetch(None, fetch, cause, done);
            }
            order => tell(done, self.carry_out(order, cause).await),
        }
    }

    async fn carry_out(&mut self, order: Order, cause: Vec<Seq>) -> Done {
        match order {
            Order::Connect | Order::ConnectMore | Order::Ask { .. } | Order::Http { .. } => {
                Done::Yes
            }
            Order::Disconnect => match &self.link {
                Some(link) => {
                    let command = Command::CloseLink {
                        link: link.number,
                        code: Some(1000),
                        reason: String::new(),
                    };
                    plain(self.hand.perform(command).await)
                }
                None => Done::No("it has no signaling connection".into()),
            },
            Order::Negotiate { to } => self.offer(&to, cause).await,
            Order::SendRaw { text } => match self.open_number() {
                Some(link) => self.send_text(link, text, cause).await,
                None => Done::No("it has no signaling connection".into()),
            },
            order => self.session_order(order, cause).await,
        }
    }

    async fn open_link(&mut self) -> Result<(), HandError> {
        let (number, conversation) = self.begin_link().await?;
        self.link = Some(OpenLink {
            number,
            open: false,
            conversation,
            waiting: Vec::new(),
            then: Vec::new(),
        });
        Ok(())
    }

    async fn begin_link(&mut self) -> Result<(u32, Conversation), HandError> {
        self.last_link += 1;
        let number = self.last_link;
        let conversation = (self.directory).conversation(self.dialect.clone(), &self.name);
        let connect = conversation.connect();
        self.hand
            .perform(Command::OpenLink {
                link: number,
                path: connect.path,
                protocols: connect.protocols,
            })
            .await?;
        Ok((number, conversation))
    }

    fn open_number(&self) -> Option<u32> {
        self.link
            .as_ref()
            .filter(|link| link.open)
            .map(|link| link.number)
    }

    /// Begins a command now, in its turn, and leaves its end to `then`. For what the brain need not know before it goes on: a
    /// reply costs a round trip to the browser, and candidates come in dozens.
    pub(super) fn begin(
        &self,
        command: Command,
        then: impl FnOnce(Result<Reply, HandError>) + Send + 'static,
    ) {
        let hand = self.hand.clone();
        let mut work = Box::pin(async move { hand.perform(command).await });
        // A hand takes its commands in the order in which they are first polled.
        let ready = (&mut work).now_or_never();
        // Ends are told in the order of the beginnings; the receiver lives as long as the brain.
        drop(self.ends.send(Box::pin(async move {
            then(match ready {
                Some(result) => result,
                None => work.await,
            });
        })));
    }

    async fn send_text(&mut self, link: u32, text: String, cause: Vec<Seq>) -> Done {
        self.wire.intend(link, cause);
        plain(self.hand.perform(Command::SendText { link, text }).await)
    }

    /// A word as its link's conversation puts it, with the link's number.
    fn frames(&mut self, word: &Word, cause: &[Seq]) -> Result<(u32, Vec<Out>), Done> {
        let kind = word.kind();
        let Some(link) = self.link.as_mut().filter(|link| link.open) else {
            self.note(format!("{kind} not sent: no signaling connection"), cause);
            return Err(Done::No(format!(
                "cannot send {kind}: it has no signaling connection"
            )));
        };
        match link.conversation.say(word) {
            Ok(frames) => Ok((link.number, frames)),
            Err(error) => Err(Done::No(error.to_string())),
        }
    }

    /// Says a word to the server, in its dialect.
    pub(super) async fn say(&mut self, word: Word, cause: Vec<Seq>) -> Done {
        let kind = word.kind();
        let (number, frames) = match self.frames(&word, &cause) {
            Ok(frames) => frames,
            Err(done) => return done,
        };
        for frame in frames {
            match self.put(number, kind, frame, cause.clone()).await {
                Done::Yes => {}
                other => return other,
            }
        }
        Done::Yes
    }

    /// Asks the server something for the stage. Where that goes by HTTP the answer is not waited for here.
    async fn ask(&mut self, request: Request, cause: Vec<Seq>, done: oneshot::Sender<Done>) {
        let kind = request.kind();
        let (number, mut frames) = match self.frames(&Word::Request { request }, &cause) {
            Ok(frames) => frames,
            Err(no) => return tell(done, no),
        };
        let last = frames.pop_if(|frame| matches!(frame, Out::Fetch { .. }));
        for frame in frames {
            match self.put(number, kind, frame, cause.clone()).await {
                Done::Yes => {}
                other => return tell(done, other),
            }
        }
        match last {
            Some(fetch) => self.begin_fetch(Some(number), fetch, cause, done),
            None => tell(done, Done::Yes),
        }
    }

    /// One frame of a word, in its turn.
    async fn put(&mut self, number: u32, kind: Kind, frame: Out, cause: Vec<Seq>) -> Done {
        match frame {
            Out::Text(text) if kind.is_signal() => {
                self.wire.intend(number, cause.clone());
                let (recorder, peer) = (self.recorder.clone(), self.name.clone());
                self.begin(Command::SendText { link: number, text }, move |result| {
                    if let Err(error) = result {
                        let text = format!("{kind} not sent: {error}");
                        recorder.record(
                            What::Note {
                                peer: Some(peer),
                                text,
                            },
                            &cause,
                        );
                    }
                });
                Done::Yes
            }
            Out::Text(text) => self.send_text(number, text, cause).await,
            // The next signal must not overtake this one.
            fetch @ Out::Fetch { .. } => {
                let Some((method, path, command)) = fetch_command(fetch) else {
                    return Done::Yes;
                };
                self.wire.intend(0, cause);
                let result = self.hand.perform(command).await;
                self.response(Some(number), &method, &path, result).await
            }
        }
    }

    /// Begins an HTTP request whose answer the brain does not wait for.
    fn begin_fetch(
        &mut self,
        link: Option<u32>,
        fetch: Out,
        cause: Vec<Seq>,
        done: oneshot::Sender<Done>,
    ) {
        let Some((method, path, command)) = fetch_command(fetch) else {
            return tell(done, Done::Yes);
        };
        self.wire.intend(0, cause);
        let hand = self.hand.clone();
        let mut work = Box::pin(async move { hand.perform(command).await });
        // A hand takes its commands in the order in which they are first polled.
        let ready = (&mut work).now_or_never();
        let answers = self.answers.clone();
        tokio::spawn(async move {
            let result = match ready {
                Some(result) => result,
                None => work.await,
            };
            // A brain that has ended asks for no answer.
            drop(answers.send(Answered {
                link,
                method,
                path,
                result,
                done,
            }));
        });
    }

    async fn answered(&mut self, answered: Answered) {
        let Answered {
            link,
            method,
            path,
            result,
            done,
        } = answered;
        let end = self.response(link, &method, &path, result).await;
        tell(done, end);
    }

    /// What came of an HTTP request: the words in the answer are heard.
    async fn response(
        &mut self,
        link: Option<u32>,
        method: &str,
        path: &str,
        result: Result<Reply, HandError>,
    ) -> Done {
        let (status, body) = match result {
            Ok(Reply::Response { status, body }) => (status, body),
            Ok(_) => return Done::No("the peer answered a fetch with something else".into()),
            Err(error) => return Done::No(error.to_string()),
        };
        let seq = self.wire.heard(0, &body);
        let Some(number) = link else {
            return Done::Status(status, seq);
        };
        let words = match self.link.as_mut().filter(|link| link.number == number) {
            Some(link) => link.conversation.hear_response(method, path, status, &body),
            None => Vec::new(),
        };
        for word in words {
            Box::pin(self.hear(number, word, seq)).await;
        }
        Done::Yes
    }

    /// Sends a signal to one peer.
    pub(super) async fn signal(&mut self, to: &PeerName, signal: Signal, cause: Vec<Seq>) -> Done {
        let peer = Some(self.directory.id(to));
        self.say(Word::Signal { peer, signal }, cause).await
    }

    async fn on(&mut self, happening: Happening) {
        match happening {
            Happening::LinkOpened { link } => {
                if let Some((_, done)) = self.more.take_if(|(more, _)| *more == link) {
                    tell(done, Done::Yes);
                }
                let Some(own) = self.link.as_mut().filter(|own| own.number == link) else {
                    return;
                };
                own.open = true;
                let (waiting, then) = (
                    std::mem::take(&mut own.waiting),
                    std::mem::take(&mut own.then),
                );
                for done in waiting {
                    tell(done, Done::Yes);
                }
                for task in then {
                    self.fulfil(task).await;
                }
            }
            Happening::LinkMessage { link, data } => {
                let Data::Text(text) = data else { return };
                let seq = self.wire.heard(link, &text);
                let Some(own) = self.link.as_mut().filter(|own| own.number == link) else {
                    return;
                };
                let words = own.conversation.hear_text(&text);
                if words.is_empty() && self.fault == Some(PeerFault::ChokesOnTheUnknown) {
                    let done = self.carry_out(Order::Disconnect, Vec::new()).await;
                    tracing::debug!(?done, "choked");
                }
                for word in words {
                    self.hear(link, word, seq).await;
                }
            }
            Happening::LinkClosed { link, code, reason } => {
                if let Some((_, done)) = self.more.take_if(|(more, _)| *more == link) {
                    let why =
                        (self.wire.refusal(link)).unwrap_or_else(|| format!("close code {code}"));
                    tell(done, Done::No(why));
                }
                let Some(own) = self.link.take_if(|own| own.number == link) else {
                    return;
                };
                self.recorder.record(
                    What::LinkClosed {
                        link: Link {
                            peer: self.name.clone(),
                            instance: link,
                        },
                        code,
                        reason: reason.clone(),
                    },
                    &[],
                );
                let why = match (self.wire.refusal(link), reason.as_str()) {
                    (Some(why), _) => why,
                    (None, "") => {
                        format!("the signaling connection was not opened (close code {code})")
                    }
                    (None, reason) => {
                        format!(
                            "the signaling connection was not opened (close code {code}, {reason:?})"
                        )
                    }
                };
                for done in own
                    .waiting
                    .into_iter()
                    .chain(own.then.into_iter().map(|task| task.done))
                {
                    tell(done, Done::No(why.clone()));
                }
                self.offers_due.clear();
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
            happening => self.session_happening(happening).await,
        }
    }

    /// A word has come in; `seq` is the message that brought it.
    async fn hear(&mut self, link: u32, word: Word, seq: Option<Seq>) {
        let cause: Vec<Seq> = seq.into_iter().collect();
        let about = match &word {
            Word::Signal { peer: Some(id), .. } => self.directory.peer(id),
            Word::Signal { peer: None, .. } => self.directory.other(&self.name),
            Word::Notice {
                notice: Notice::PeerJoined { peer } | Notice::PeerLeft { peer, .. },
            } => self.directory.peer(peer),
            _ => None,
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
        if !matches!(word.kind(), Kind::PeerLeft)
            && let Some(about) = about.as_ref().filter(|about| **about != self.name)
        {
            self.met = Some(about.clone());
        }
        match word {
            Word::Notice {
                notice: Notice::Joined { with, .. },
            } => {
                let offers = self.offers_due.pop_front().unwrap_or(false);
                let inside: Vec<PeerName> = with
                    .iter()
                    .filter_map(|id| self.directory.peer(id))
                    .filter(|peer| *peer != self.name)
                    .collect();
                self.met = inside.first().cloned().or(self.met.take());
                for peer in &inside {
                    // Whatever there was before, this is another meeting.
                    if let Some(session) = self.sessions.get_mut(peer) {
                        session.departed = true;
                    }
                }
                for peer in inside.iter().filter(|_| offers) {
                    if let Done::No(why) = self.offer(peer, vec![heard]).await {
                        self.note(format!("no offer to {peer}: {why}"), &[heard]);
                    }
                }
            }
            Word::Notice {
                notice: Notice::Refused { request, .. },
            } => {
                if matches!(request, Some(Kind::Join) | None) {
                    self.offers_due.pop_front();
                }
            }
            Word::Notice {
                notice: notice @ (Notice::PeerLeft { .. } | Notice::PeerJoined { .. }),
            } => {
                if let Some(session) = about.and_then(|peer| self.sessions.get_mut(&peer)) {
                    // An offer may have been made to a newcomer before the news of him was read: that session is his.
                    session.departed |=
                        matches!(notice, Notice::PeerLeft { .. }) || session.is_described();
                }
            }
            Word::Notice { .. } | Word::Request { .. } => {}
            Word::Signal { signal, .. } => match about {
                Some(from) if from == self.name => {
                    self.note("echo: the server sent back its own signal".into(), &[heard])
                }
                Some(from) => self.hear_signal(from, signal, heard).await,
                None => self.note("a signal from nobody in this scenario".into(), &[heard]),
            },
        }
    }

    /// The only other peer of the scenario, if there is just one.
    pub(super) fn only_other(&self) -> Option<PeerName> {
        self.directory.other(&self.name)
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

/// A request as a hand is told to make it, with its method and path.
fn fetch_command(fetch: Out) -> Option<(String, String, Command)> {
    let Out::Fetch {
        method,
        path,
        headers,
        body,
    } = fetch
    else {
        return None;
    };
    let command = Command::Fetch {
        method: method.clone(),
        path: path.clone(),
        headers,
        body,
    };
    Some((method, path, command))
}

/// The label under which a peer's own channel goes.
pub(super) fn default_channel() -> (String, ChannelOptions) {
    (DEFAULT_CHANNEL.into(), ChannelOptions::default())
}

/// A payload as the trace keeps it: long ones by length and digest.
pub(super) fn payload(data: &Data) -> Payload {
    const LIMIT: usize = 1024;
    // It is written into the log, which must be the same in every run.
    let digest = Digest::public();
    match data {
        Data::Text(text) if text.len() <= LIMIT => Payload::Text(text.clone()),
        Data::Bytes(bytes) if bytes.len() <= LIMIT => Payload::Bytes(bytes.clone()),
        Data::Text(text) => Payload::Text(format!(
            "{} characters, {}",
            text.chars().count(),
            digest.of(text.as_bytes())
        )),
        Data::Bytes(bytes) => Payload::Bytes(format!(
            "{} characters of base64, {}",
            bytes.len(),
            digest.of(bytes.as_bytes())
        )),
    }
}

pub(super) fn plain(result: Result<Reply, HandError>) -> Done {
    match result {
        Ok(_) => Done::Yes,
        Err(error) => Done::No(error.to_string()),
    }
}

/// The stage may have given up waiting; that is its right.
fn tell(done: oneshot::Sender<Done>, value: Done) {
    drop(done.send(value));
}
